//! Any method of the Bot API that [`chat`](crate::chat) does not have.

use serde::Serialize;

use crate::Error;
use crate::bindings::guesthouse::plugin::telegram as raw;
pub use crate::bindings::guesthouse::plugin::telegram::Error as TelegramError;

/// Calls a method after the turn has committed, with parameters that serde writes as a JSON object. The answer is not
/// returned.
///
/// ```no_run
/// use guesthouse_plugin::{Error, Message, json, telegram};
///
/// fn like(message: &Message) -> Result<(), Error> {
///     let reaction = json!([{ "type": "emoji", "emoji": "👍" }]);
///     let parameters = json!({ "chat_id": message.chat.id, "message_id": message.id, "reaction": reaction });
///     telegram::call("setMessageReaction", &parameters)
/// }
/// ```
///
/// # Errors
///
/// [`Error::Telegram`] if the method is not granted, the parameters are no object or name a chat that is not granted, or
/// the turn has asked for too much; [`Error::Encoding`] if they cannot be written as JSON.
pub fn call<T: Serialize + ?Sized>(method: &str, parameters: &T) -> Result<(), Error> {
    let parameters = serde_json::to_string(parameters).map_err(|error| Error::Encoding(error.to_string()))?;
    Ok(raw::call(method, &parameters)?)
}
