//! Parsing rules.

#![allow(dead_code, missing_docs, reason = "under construction")]

pub mod page;
