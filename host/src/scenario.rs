//! Scenarios: conversations as files, which are tests. `docs/testing.md` is their manual.
//!
//! [`form`] is what a file can say, for those who read and those who write such files; `read` finds what is wrong with one
//! and where. `stage` builds the house, `act` does what a step says, `outside` answers for sites and the language model,
//! `eyes` sees what comes; `run` puts them together. `diff` says what was wrong, `update` writes down what was seen.

/// What a file can say.
pub mod form;

/// Spans of time and points in it.
mod when;

/// From a text to a scenario.
mod read;

/// The house.
mod stage;

/// Sites and the language model.
mod outside;

/// What is done.
mod act;

/// What is seen.
mod eyes;

/// All of it together.
mod run;

/// What was wrong.
mod diff;

/// What was seen, written down.
mod update;

pub use diff::{Colours, explain};
pub use form::Scenario;
pub use read::{File, Problem};
pub use run::{Report, Runner, StepReport};
pub use update::update;
