//! `telegram`: any other method of the Bot API, from the granted list. The answer is not returned, so all that has to be
//! decided is whether the plugin may say this to these chats.

use serde_json::{Map, Value};

use crate::config::Grant;
use crate::config::grant::ChatScope;
use crate::model::effect::ChatEffect;
use crate::sandbox::bindings::guesthouse::plugin::telegram::{Error, Host};
use crate::sandbox::guest::{Entered, Guest};

/// Parameters that name a chat, wherever they stand: the one written to, one read from, one replied in.
const CHATS: [&str; 3] = ["chat_id", "from_chat_id", "sender_chat_id"];

impl Host for Guest {
    fn call(&mut self, method: String, parameters: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(call(self.enter("telegram")?, method, &parameters))
    }
}

fn call(entered: Entered<'_>, method: String, parameters: &str) -> Result<(), Error> {
    let grant = &entered.rules.grant;
    if !grant.methods.contains(&method) {
        return Err(Error::MethodNotGranted(method));
    }
    let parameters: Map<String, Value> = serde_json::from_str(parameters)
        .map_err(|error| Error::BadParameters(format!("the parameters are not a JSON object: {error}")))?;
    let admins = &entered.rules.settings.admins;
    only_granted_chats(&parameters, grant, entered.turn.origin, admins).map_err(Error::BadParameters)?;
    // Written anew, so that what was checked is what is sent: a key that stood there twice stands there once.
    let parameters = Value::Object(parameters).to_string();
    let bytes = method.len() + parameters.len();
    let effect = ChatEffect::Call { method, parameters };
    entered.turn.effects.send(effect, 1, bytes, Vec::new()).map_err(|exceeded| Error::Limit(exceeded.0))
}

/// That every chat these parameters name may be written to, however deep it stands: also in JSON within a string, which
/// is how the Bot API takes nested objects.
fn only_granted_chats(
    parameters: &Map<String, Value>,
    grant: &Grant,
    origin: Option<i64>,
    admins: &[i64],
) -> Result<(), String> {
    let mut waiting = vec![Value::Object(parameters.clone())];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    if CHATS.contains(&key.as_str()) {
                        chat_is_granted(&key, &value, grant, origin, admins)?;
                    } else {
                        waiting.push(value);
                    }
                }
            }
            Value::Array(items) => waiting.extend(items),
            Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
                waiting.extend(serde_json::from_str::<Value>(&text));
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    Ok(())
}

fn chat_is_granted(key: &str, value: &Value, grant: &Grant, origin: Option<i64>, admins: &[i64]) -> Result<(), String> {
    // A channel may be named "@name", which only the grant of all chats covers: ids are what grants are made of.
    let granted = match value {
        Value::Number(number) => number.as_i64().is_some_and(|chat| grant.may_write(chat, origin, admins)),
        Value::String(name) => match name.parse() {
            Ok(chat) => grant.may_write(chat, origin, admins),
            Err(_) => grant.chats.contains(&ChatScope::Any),
        },
        _ => false,
    };
    match granted {
        true => Ok(()),
        false => Err(format!("the grant does not include the chat in `{key}`: {value}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(chats: impl IntoIterator<Item = ChatScope>) -> Grant {
        Grant { chats: chats.into_iter().collect(), ..Grant::default() }
    }

    fn check(parameters: &str, grant: &Grant) -> Result<(), String> {
        only_granted_chats(&serde_json::from_str(parameters).unwrap(), grant, Some(5), &[1])
    }

    #[test]
    fn the_chat_of_the_event_may_be_named() {
        let none = grant([]);
        assert_eq!(check(r#"{"chat_id": 5, "message_id": 1}"#, &none), Ok(()));
        assert_eq!(check(r#"{"chat_id": "5"}"#, &none), Ok(()));
        assert_eq!(check(r#"{"user_id": 7}"#, &none), Ok(()));
        assert_eq!(check(r#"{"chat_id": 5, "text": "[chat_id] {6"}"#, &none), Ok(()));
    }

    #[test]
    fn another_chat_is_refused_wherever_it_stands() {
        let none = grant([]);
        for parameters in [
            r#"{"chat_id": 6}"#,
            r#"{"chat_id": "6"}"#,
            r#"{"chat_id": "@channel"}"#,
            r#"{"chat_id": 5.5}"#,
            r#"{"chat_id": null}"#,
            r#"{"chat_id": 5, "from_chat_id": 6}"#,
            r#"{"chat_id": 5, "reply_parameters": {"chat_id": 6, "message_id": 1}}"#,
            r#"{"chat_id": 5, "scopes": [[{"type": "chat", "chat_id": 6}]]}"#,
            r#"{"chat_id": 5, "scope": "{\"type\": \"chat\", \"chat_id\": 6}"}"#,
            r#"{"chat_id": 5, "scope": " [{\"chat\\u005fid\": 6}]"}"#,
            r#"{"chat_id": 6, "chat\u005fid": 6}"#,
        ] {
            assert!(check(parameters, &none).is_err(), "{parameters}");
        }
    }

    #[test]
    fn a_grant_opens_chats() {
        assert_eq!(check(r#"{"chat_id": 1}"#, &grant([ChatScope::Admins])), Ok(()));
        assert!(check(r#"{"chat_id": 2}"#, &grant([ChatScope::Admins])).is_err());
        assert_eq!(check(r#"{"chat_id": 6}"#, &grant([ChatScope::Id(6)])), Ok(()));
        assert_eq!(check(r#"{"chat_id": "@channel"}"#, &grant([ChatScope::Any])), Ok(()));
    }
}
