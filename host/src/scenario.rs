//! Scenarios: conversations as files, which are tests. `docs/testing.md` is their manual.
//!
//! [`form`] is what a file can say, for those who read and those who write such files; `read` finds what is wrong with one
//! and where.

/// What a file can say.
pub mod form;

/// Spans of time and points in it.
mod when;

/// From a text to a scenario.
mod read;

pub use form::Scenario;
pub use read::{File, Problem};
