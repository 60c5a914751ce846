//! `telegram`: any other method of the Bot API, from the granted list. The answer is not returned, so all that has to be
//! decided is whether the plugin may say this to these chats.

use serde_json::{Map, Value};

use crate::config::grant::ChatScope;
use crate::model::effect::ChatEffect;
use crate::sandbox::bindings::guesthouse::plugin::telegram::{Error, Host};
use crate::sandbox::guest::{Entered, Guest};
use crate::sandbox::reach::Unknown;

/// Parameters that name a chat, wherever they stand: the one written to, one read from, one replied in.
const CHATS: [&str; 3] = ["chat_id", "from_chat_id", "sender_chat_id"];

impl Host for Guest {
    async fn call(&mut self, method: String, parameters: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(call(self.enter("telegram")?, method, &parameters).await)
    }
}

async fn call(mut entered: Entered<'_>, method: String, parameters: &str) -> Result<(), Error> {
    if !entered.rules.grant.may_call(&method) {
        return Err(Error::MethodNotGranted(method));
    }
    let parameters: Map<String, Value> = serde_json::from_str(parameters)
        .map_err(|error| Error::BadParameters(format!("the parameters are not a JSON object: {error}")))?;
    for (key, value) in chats_in(&parameters) {
        let granted = match chat_of(&value) {
            Named::Id(chat) => entered.may_write_to(chat).await.map_err(|unknown| match unknown {
                Unknown::Limit(limit) => Error::Limit(limit),
                Unknown::Unavailable(reason) => Error::Other(reason),
            })?,
            // A channel may be named "@name", which only the grant of all chats covers: ids are what grants are made of.
            Named::Name => entered.rules.grant.chats.contains(&ChatScope::Any),
            Named::Nothing => false,
        };
        if !granted {
            return Err(Error::BadParameters(format!("the grant does not include the chat in `{key}`: {value}")));
        }
    }
    // Written anew, so that what was checked is what is sent: a key that stood there twice stands there once.
    let parameters = Value::Object(parameters).to_string();
    let bytes = method.len() + parameters.len();
    let effect = ChatEffect::Call { method, parameters };
    entered.turn.effects.send(effect, 1, bytes, Vec::new()).map_err(|exceeded| Error::Limit(exceeded.0))
}

/// Every chat that these parameters name, with the key, however deep it stands: also in JSON within a string, which is
/// how the Bot API takes nested objects.
fn chats_in(parameters: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let mut waiting = vec![Value::Object(parameters.clone())];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    if CHATS.contains(&key.as_str()) {
                        found.push((key, value));
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
    found
}

/// How a chat is named.
#[derive(Debug, PartialEq)]
enum Named {
    Id(i64),
    Name,
    Nothing,
}

fn chat_of(value: &Value) -> Named {
    match value {
        Value::Number(number) => number.as_i64().map_or(Named::Nothing, Named::Id),
        Value::String(name) => name.parse().map_or(Named::Name, Named::Id),
        _ => Named::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(parameters: &str) -> Vec<Named> {
        chats_in(&serde_json::from_str(parameters).unwrap()).iter().map(|(_, value)| chat_of(value)).collect()
    }

    #[test]
    fn chats_are_found_wherever_they_stand() {
        for (parameters, chats) in [
            (r#"{"user_id": 7}"#, &[][..]),
            (r#"{"chat_id": 5, "text": "[chat_id] {6"}"#, &[Named::Id(5)]),
            (r#"{"chat_id": "6"}"#, &[Named::Id(6)]),
            (r#"{"chat_id": "@channel"}"#, &[Named::Name]),
            (r#"{"chat_id": 5.5}"#, &[Named::Nothing]),
            (r#"{"chat_id": null}"#, &[Named::Nothing]),
            (r#"{"chat_id": 5, "from_chat_id": 6}"#, &[Named::Id(5), Named::Id(6)]),
            (r#"{"reply_parameters": {"chat_id": 6, "message_id": 1}}"#, &[Named::Id(6)]),
            (r#"{"scopes": [[{"type": "chat", "chat_id": 6}]]}"#, &[Named::Id(6)]),
            (r#"{"scope": "{\"type\": \"chat\", \"chat_id\": 6}"}"#, &[Named::Id(6)]),
            (r#"{"scope": " [{\"chat\\u005fid\": 6}]"}"#, &[Named::Id(6)]),
            (r#"{"chat_id": 6, "chat\u005fid": 7}"#, &[Named::Id(7)]),
        ] {
            assert_eq!(found(parameters), chats, "{parameters}");
        }
    }
}
