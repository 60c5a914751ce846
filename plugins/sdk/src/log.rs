//! Lines in the host's log. Never write a person's message at `info` or above.
//!
//! ```no_run
//! use guesthouse_plugin::log;
//!
//! let count = 3;
//! log::info("started");
//! log::debug(format_args!("looked at {count} rows"));
//! ```

use std::fmt::Display;

use crate::bindings::guesthouse::plugin::log as raw;
pub use crate::bindings::guesthouse::plugin::log::Level;

/// Writes a line of this importance. Lines beyond the turn's limit are counted, not kept.
pub fn write(level: Level, message: impl Display) {
    raw::write(level, &message.to_string());
}

/// Writes a line for somebody who looks for an error.
pub fn debug(message: impl Display) {
    write(Level::Debug, message);
}

/// Writes a line that is worth knowing.
pub fn info(message: impl Display) {
    write(Level::Info, message);
}

/// Writes that something is not as it should be.
pub fn warn(message: impl Display) {
    write(Level::Warn, message);
}

/// Writes that something failed.
pub fn error(message: impl Display) {
    write(Level::Error, message);
}
