//! Parsing rules.

#![allow(dead_code, missing_docs, reason = "under construction")]

pub mod article;
pub mod page;
pub mod rules;
