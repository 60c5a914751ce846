//! Turns written down, so that each can be explained, and run again exactly or on another build.
//!
//! The boundary is the sandbox: what a turn is run with ([`Turn`](crate::sandbox::Turn)) and what its view answers is all
//! that a plugin can know, so a record of both is the whole turn. This module knows the sandbox and no database: the lane
//! hands what is written here to the commit of the turn, and whoever replays brings it back. Read on in this order:
//!
//! 1. [`record`]: a view that remembers what it answered, and the record of a turn.
//! 2. [`body`]: a record as bytes, small and bounded; `shapes` takes everybody's words out.
//! 3. [`play`]: a view that answers from a record; a question without an answer is a divergence. `columns` has what another
//!    build may ask for that the recorded one did not have.
//! 4. [`diff`]: what two runs did differently, without what has to differ. [`fold`] puts equal differences together.

pub mod body;

mod columns;

pub mod diff;

pub mod fold;

pub mod play;

pub mod record;

mod shapes;
