//! What is said when a picture or a file cannot be sent: its caption, as a message of its own. The answer to somebody who
//! asked must not be lost with a picture. A pure rule over bodies of calls.
//!
//! 1. Buttons, the answered message and how it is sent stay. What concerns the file alone goes.
//! 2. The captions of an album become one text, a blank line between them, as many as fit whole.
//! 3. Without any caption there is nothing to say.

use serde_json::{Map, Value, json};

/// What Telegram takes as one text, in UTF-16 units.
const MAX_TEXT: usize = 4096;
const BETWEEN: &str = "\n\n";
/// The parameters that mean the same in `sendMessage`.
const KEPT: [&str; 9] = [
    "chat_id",
    "message_thread_id",
    "direct_messages_topic_id",
    "business_connection_id",
    "disable_notification",
    "protect_content",
    "allow_paid_broadcast",
    "reply_parameters",
    "reply_markup",
];

/// The body of a `sendMessage` that says what this call was to say; `None` if it says nothing or sends no files.
pub(super) fn as_text(method: &str, body: &Map<String, Value>) -> Option<Map<String, Value>> {
    let captioned = match method {
        "sendPhoto" | "sendDocument" => vec![body],
        "sendMediaGroup" => body.get("media")?.as_array()?.iter().filter_map(Value::as_object).collect(),
        _ => return None,
    };
    let (mut text, mut units, mut entities) = (String::new(), 0, Vec::new());
    let mut mode = None;
    for item in captioned {
        let Some(caption) = item.get("caption").and_then(Value::as_str).filter(|caption| !caption.is_empty()) else {
            continue;
        };
        let between = if text.is_empty() { "" } else { BETWEEN };
        let length = between.len() + caption.encode_utf16().count();
        if units + length > MAX_TEXT {
            break;
        }
        let offset = units + between.len();
        text = text + between + caption;
        units += length;
        mode = mode.or(item.get("parse_mode"));
        for entity in item.get("caption_entities").and_then(Value::as_array).into_iter().flatten() {
            let Some(mut entity) = entity.as_object().cloned() else { continue };
            let from = entity.get("offset").and_then(Value::as_u64).unwrap_or(0);
            entity.insert("offset".into(), json!(from.saturating_add(offset as u64)));
            entities.push(entity);
        }
    }
    if text.is_empty() {
        return None;
    }
    let mut message: Map<String, Value> =
        KEPT.iter().filter_map(|key| Some(((*key).to_owned(), body.get(*key)?.clone()))).collect();
    message.insert("text".into(), json!(text));
    if let Some(mode) = mode {
        message.insert("parse_mode".into(), mode.clone());
    }
    if !entities.is_empty() {
        message.insert("entities".into(), json!(entities));
    }
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(method: &str, body: Value) -> Option<Value> {
        as_text(method, body.as_object().unwrap()).map(Value::Object)
    }

    #[test]
    fn a_caption_becomes_a_message_with_all_that_hangs_on_it() {
        let bold = json!([{ "type": "bold", "offset": 2, "length": 3 }]);
        let body = json!({ "chat_id": 5, "photo": "AgAC", "caption": "an amber", "caption_entities": bold,
            "show_caption_above_media": true, "has_spoiler": true, "reply_markup": { "inline_keyboard": [] },
            "reply_parameters": { "message_id": 7 }, "protect_content": true });
        let text = json!({ "chat_id": 5, "text": "an amber", "entities": bold, "protect_content": true,
            "reply_markup": { "inline_keyboard": [] }, "reply_parameters": { "message_id": 7 } });
        assert_eq!(said("sendPhoto", body.clone()), Some(text.clone()));
        assert_eq!(said("sendDocument", body.clone()), Some(text));
        assert_eq!(said("editMessageMedia", body), None, "the message is there already");
        assert_eq!(said("sendPhoto", json!({ "chat_id": 5, "photo": "AgAC" })), None);
        assert_eq!(said("sendPhoto", json!({ "chat_id": 5, "photo": "AgAC", "caption": "" })), None);
    }

    #[test]
    fn an_album_says_all_its_captions() {
        let bold = json!([{ "type": "bold", "offset": 0, "length": 2 }]);
        let body = json!({ "chat_id": 5, "media": [
            { "type": "photo", "media": "a", "caption": "😀" },
            { "type": "photo", "media": "b" },
            { "type": "photo", "media": "c", "caption": "of", "caption_entities": bold },
        ] });
        let moved = json!([{ "type": "bold", "offset": 4, "length": 2 }]);
        let text = json!({ "chat_id": 5, "text": "😀\n\nof", "entities": moved });
        assert_eq!(said("sendMediaGroup", body), Some(text), "offsets count UTF-16 units");
        let part = json!({ "media": "a", "caption": "x".repeat(1024) });
        let body = json!({ "chat_id": 5, "media": vec![part; 10] });
        let text = said("sendMediaGroup", body).unwrap();
        assert_eq!(text["text"].as_str().unwrap().len(), 3 * 1024 + 4, "three fit whole");
        assert_eq!(said("sendMediaGroup", json!({ "chat_id": 5, "media": [{ "media": "a" }] })), None);
    }
}
