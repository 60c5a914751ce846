//! Where a conversation stands: one state for each user in each chat and topic, of this plugin alone.
//!
//! The state is any type that serde writes, best an enum with a variant for each step that carries what has been gathered
//! so far.
//!
//! ```no_run
//! use guesthouse_plugin::{Error, Message, chat, dialogue};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! enum Step {
//!     Name,
//!     Age { name: String },
//! }
//!
//! fn talk(message: &Message) -> Result<(), Error> {
//!     let said = message.text.content.clone();
//!     let answer = match dialogue::get()? {
//!         None => {
//!             dialogue::set(&Step::Name, 600)?;
//!             "What is your name?".to_owned()
//!         }
//!         Some(Step::Name) => {
//!             dialogue::set(&Step::Age { name: said }, 600)?;
//!             "How old are you?".to_owned()
//!         }
//!         Some(Step::Age { name }) => {
//!             dialogue::clear()?;
//!             format!("{name} is {said}.")
//!         }
//!     };
//!     chat::message(answer).send(message.chat.id)?;
//!     Ok(())
//! }
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::guesthouse::plugin::dialogue as raw;
pub use crate::bindings::guesthouse::plugin::dialogue::Error as DialogueError;
use crate::{Error, log};

/// The state, if there is one and its time is not over.
///
/// A state that an older version of the plugin wrote and this one cannot read is as good as none; a warning in the log
/// says so.
///
/// # Errors
///
/// [`Error::Dialogue`] if the event has no user or the database did not answer.
pub fn get<T: DeserializeOwned>() -> Result<Option<T>, Error> {
    let Some(state) = raw::get()? else { return Ok(None) };
    match serde_json::from_str(&state.data) {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            log::warn(format_args!("the state of a conversation at `{}` cannot be read: {error}", state.step));
            Ok(None)
        }
    }
}

/// Sets the state; at most 64 KiB as JSON. After `seconds` without another call it is as if it had never been set; it
/// survives a restart of the host.
///
/// # Errors
///
/// [`Error::Dialogue`] if the event has no user or the state is too large; [`Error::Encoding`] if it cannot be written as
/// JSON.
pub fn set<T: Serialize + ?Sized>(state: &T, seconds: u64) -> Result<(), Error> {
    let encoding = |error: serde_json::Error| Error::Encoding(format!("a conversation's state: {error}"));
    let value = serde_json::to_value(state).map_err(encoding)?;
    let state = raw::State { step: step_name(&value), data: value.to_string() };
    Ok(raw::set(&state, seconds)?)
}

/// Ends the conversation.
///
/// # Errors
///
/// [`Error::Dialogue`] if the event has no user.
pub fn clear() -> Result<(), Error> {
    Ok(raw::clear()?)
}

/// The name of the step, which an operator sees beside the data: the variant, where the state is an enum as serde writes it
/// unless told otherwise.
fn step_name(state: &Value) -> String {
    match state {
        Value::String(variant) => variant.clone(),
        Value::Object(fields) if fields.len() == 1 => fields.keys().cloned().collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_is_named_after_its_variant() {
        assert_eq!(step_name(&json!("Name")), "Name");
        assert_eq!(step_name(&json!({ "Age": { "name": "Ada" } })), "Age");
        assert_eq!(step_name(&json!({ "name": "Ada", "age": 36 })), "");
    }
}
