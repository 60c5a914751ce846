//! What a refused call says about its chat as a whole, and how a call finds a group that has become a supergroup. Pure.
//!
//! 1. Only a call into the very chat in whose order it was made says something about that chat: not one that names it by
//!    `@name`, nor one that names another chat besides, to forward from or to answer in.
//! 2. A chat is gone for all if a message cannot be put there or changed there. Whether a member can be asked about or a
//!    title set is a matter of that method.
//! 3. A basic group becomes a supergroup, once. Their ids cannot be mistaken for each other, so nothing goes in circles.
//! 4. The messages of the group stay behind: under their numbers the supergroup has others. What would change one is
//!    given up, and what answers one is sent as no answer.

use serde_json::{Map, Value, json};

use crate::telegram::Decision;

/// Ids of supergroups and channels lie below this one, those of basic groups between it and 0.
const SUPERGROUPS: i64 = -1_000_000_000_000;

/// What a refusal says about a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing can be sent there.
    Gone,
    /// It has this id now.
    Moved(i64),
}

/// What it says about the chat that a call with this decision was for. `was` is the group that the chat was.
pub(super) fn word(decision: Decision, method: &str, body: &str, chat: i64, was: Option<i64>) -> Option<Word> {
    let word = match decision {
        Decision::ChatGone if method.starts_with("send") || method.starts_with("edit") => Word::Gone,
        Decision::Migrate(to) if to < SUPERGROUPS && chat < 0 && chat > SUPERGROUPS => Word::Moved(to),
        _ => return None,
    };
    let body: Map<String, Value> = serde_json::from_str(body).ok()?;
    let names_another =
        body.contains_key("from_chat_id") || body.get("reply_parameters").is_some_and(|to| to.get("chat_id").is_some());
    let named = body.get("chat_id").and_then(number)?;
    ((named == chat || Some(named) == was) && !names_another).then_some(word)
}

/// Turns a call into the group `was` into one into the supergroup `chat`, or says why it cannot be one.
pub(super) fn rehome(body: &mut Map<String, Value>, was: i64, chat: i64) -> Result<(), &'static str> {
    const LEFT_BEHIND: &str = "it is about a message from before the group became a supergroup";
    if body.get("chat_id").and_then(number) != Some(was) {
        return Ok(());
    }
    // 0 is a number that is not known yet; it is filled in later.
    let is_known = |id: &Value| number(id).is_none_or(|id| id != 0);
    if body.get("message_id").is_some_and(is_known) || body.contains_key("message_ids") {
        return Err(LEFT_BEHIND);
    }
    if body.get("reply_parameters").and_then(|to| to.get("message_id")).is_some_and(is_known) {
        body.remove("reply_parameters");
    }
    body.insert("chat_id".into(), json!(chat));
    Ok(())
}

/// A number, which the Bot API also takes as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: i64 = -500;
    const SUPER: i64 = -1_000_000_000_500;

    #[test]
    fn only_a_call_into_the_chat_speaks_of_it() {
        let gone = |method, body| word(Decision::ChatGone, method, body, 7, None);
        for (method, body, expected) in [
            ("sendMessage", r#"{"chat_id":7}"#, Some(Word::Gone)),
            ("sendChatAction", r#"{"chat_id":"7"}"#, Some(Word::Gone)),
            ("editMessageText", r#"{"chat_id":7,"message_id":1}"#, Some(Word::Gone)),
            ("sendMessage", r#"{"chat_id":8}"#, None),
            ("sendMessage", r#"{"chat_id":"@channel"}"#, None),
            ("sendMessage", r#"{"chat_id":7,"reply_parameters":{"chat_id":8}}"#, None),
            ("sendMessage", r#"{"chat_id":7,"reply_parameters":{"message_id":8}}"#, Some(Word::Gone)),
            ("forwardMessage", r#"{"chat_id":7,"from_chat_id":8}"#, None),
            ("getChatMember", r#"{"chat_id":7,"user_id":8}"#, None),
            ("answerCallbackQuery", "{}", None),
            ("sendMessage", "nonsense", None),
        ] {
            assert_eq!(gone(method, body), expected, "{method} {body}");
        }
        assert_eq!(word(Decision::Dead, "sendMessage", r#"{"chat_id":7}"#, 7, None), None);
        assert_eq!(
            word(Decision::ChatGone, "sendMessage", r#"{"chat_id":-500}"#, SUPER, Some(GROUP)),
            Some(Word::Gone)
        );
    }

    #[test]
    fn groups_become_supergroups_and_never_back() {
        let moved = |chat: i64, to| {
            word(Decision::Migrate(to), "pinChatMessage", &json!({ "chat_id": chat }).to_string(), chat, None)
        };
        assert_eq!(moved(GROUP, SUPER), Some(Word::Moved(SUPER)));
        assert_eq!(moved(SUPER, SUPER - 1), None);
        assert_eq!(moved(GROUP, GROUP - 1), None);
        assert_eq!(moved(7, SUPER), None);
    }

    #[test]
    fn calls_move_and_messages_stay_behind() {
        let rehomed = |body: Value| {
            let Value::Object(mut body) = body else { panic!("an object") };
            rehome(&mut body, GROUP, SUPER).map(|()| Value::Object(body))
        };
        assert_eq!(rehomed(json!({ "chat_id": GROUP, "text": "a" })), Ok(json!({ "chat_id": SUPER, "text": "a" })));
        assert_eq!(rehomed(json!({ "chat_id": "-500" })), Ok(json!({ "chat_id": SUPER })));
        assert_eq!(
            rehomed(json!({ "chat_id": GROUP, "reply_parameters": { "message_id": 9 } })),
            Ok(json!({ "chat_id": SUPER }))
        );
        let waiting = json!({ "message_id": 0 });
        assert_eq!(
            rehomed(json!({ "chat_id": GROUP, "reply_parameters": waiting })),
            Ok(json!({ "chat_id": SUPER, "reply_parameters": waiting }))
        );
        assert!(rehomed(json!({ "chat_id": GROUP, "message_id": 9 })).is_err());
        assert!(rehomed(json!({ "chat_id": GROUP, "message_ids": [9] })).is_err());
        assert!(rehomed(json!({ "chat_id": GROUP, "message_id": 0 })).is_ok());
        for other in [json!({ "chat_id": 7, "message_id": -500 }), json!({ "user_id": 7 })] {
            assert_eq!(rehomed(other.clone()), Ok(other));
        }
    }
}
