//! The update behind the event of this turn.

use serde::de::DeserializeOwned;

use crate::Error;
use crate::bindings::guesthouse::plugin::update as raw;

/// The update as Telegram sent it, as JSON; everything that the typed event leaves out is here. For an album a JSON array of
/// its updates. Empty for an event that is not an update.
pub fn json() -> String {
    raw::json()
}

/// The update, read into a type that has the fields of interest.
///
/// # Errors
///
/// [`Error::Decoding`] if it does not fit.
pub fn parse<T: DeserializeOwned>() -> Result<T, Error> {
    serde_json::from_str(&json()).map_err(|error| Error::Decoding(format!("the update: {error}")))
}
