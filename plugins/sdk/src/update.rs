//! The turn, and the update behind its event.

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

/// The processor of the manifest that this turn belongs to; `None`: the plugin itself.
pub fn processor() -> Option<String> {
    raw::processor()
}

/// Says that this message or command is nothing for the plugin, and why, for the operator who wonders. The next plugin is
/// asked then; the one that does not pass has answered. What else the turn asked for takes effect all the same.
///
/// Returns whether there is a next plugin. If not, what this turn answers is all that the person gets.
///
/// ```no_run
/// use guesthouse_plugin::{Event, Failure, update};
///
/// fn handle(event: Event) -> Result<(), Failure> {
///     let Event::Message(message) = event else { return Ok(()) };
///     if !message.text.content.starts_with("card ") {
///         if !update::pass("it names no card") {
///             message.reply("Write “card” and its number.").send(message.chat.id)?;
///         }
///         return Ok(());
///     }
///     // …
///     Ok(())
/// }
/// ```
pub fn pass(reason: &str) -> bool {
    raw::pass(reason)
}
