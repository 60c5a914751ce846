//! The time.

use crate::Timestamp;
use crate::bindings::guesthouse::plugin::clock as raw;

/// A second in milliseconds.
pub const SECOND: Timestamp = 1000;
/// A minute in milliseconds.
pub const MINUTE: Timestamp = 60 * SECOND;
/// An hour in milliseconds.
pub const HOUR: Timestamp = 60 * MINUTE;
/// A day of 24 hours in milliseconds.
pub const DAY: Timestamp = 24 * HOUR;

/// The time at which this turn began, in milliseconds since 1970; the same however often it is asked, and when the turn
/// runs again.
pub fn now() -> Timestamp {
    raw::now()
}
