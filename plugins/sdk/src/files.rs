//! Files that people sent to the bot.

use crate::Error;
use crate::bindings::guesthouse::plugin::files as raw;
pub use crate::bindings::guesthouse::plugin::files::Error as FileError;

/// The content of a file, by its id. A turn that runs again gets the same answer without another call.
///
/// # Errors
///
/// [`Error::File`] if Telegram has no such file, it is larger than the limit (Telegram gives bots no more than 20 MB), or
/// Telegram did not answer.
pub fn fetch(file_id: &str) -> Result<Vec<u8>, Error> {
    Ok(raw::fetch(file_id)?)
}
