//! The entities that a bot gives, checked against the text.

use serde_json::Value;

use super::{ApiError, Detail, Entity, byte_at, checked_url};

/// The kinds of entities that a bot may give. Telegram finds the others by itself and ignores them in a request.
const GIVEN: [&str; 12] = [
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "text_mention",
    "custom_emoji",
];
/// The kinds that only Telegram finds.
pub(super) const FOUND: [&str; 8] =
    ["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"];

/// The kind of entities with this name.
pub(in crate::emulator::world) fn kind(name: &str) -> Option<&'static str> {
    GIVEN.iter().chain(&FOUND).copied().find(|known| *known == name)
}

/// Reads one; none if it is of a kind that Telegram finds by itself.
pub(super) fn read(value: &Value, text: &str, units: usize) -> Result<Option<Entity>, ApiError> {
    let wrong = |text: &str| ApiError::bad(format!("can't parse MessageEntity: {text}"));
    let number = |name: &str| {
        let field = value.get(name).ok_or_else(|| wrong(&format!("Can't find field \"{name}\"")))?;
        let number = field.as_i64().or_else(|| field.as_str().and_then(|text| text.parse().ok()));
        number.ok_or_else(|| wrong(&format!("Field \"{name}\" must be a valid Number")))
    };
    let string = |name: &str| {
        let field = value.get(name).and_then(Value::as_str);
        field.map(str::to_owned).ok_or_else(|| wrong(&format!("Can't find field \"{name}\"")))
    };
    let kind = string("type")?;
    let (offset, length) = (number("offset")?, number("length")?);
    if FOUND.contains(&kind.as_str()) {
        return Ok(None);
    }
    let Some(kind) = GIVEN.iter().find(|known| **known == kind) else {
        return Err(wrong("Unsupported type specified"));
    };
    let detail = match *kind {
        "text_link" => Detail::Url(checked_url(&string("url")?).ok_or_else(|| ApiError::bad("ENTITY_URL_INVALID"))?),
        "text_mention" => {
            let user = value.get("user").and_then(|user| user.get("id")).and_then(Value::as_i64);
            Detail::User(user.ok_or_else(|| ApiError::bad("ENTITY_MENTION_USER_INVALID"))?)
        }
        "pre" => value.get("language").and_then(Value::as_str).map_or(Detail::None, |l| Detail::Language(l.to_owned())),
        "custom_emoji" => Detail::Emoji(string("custom_emoji_id")?),
        _ => Detail::None,
    };
    let (Ok(offset), Ok(length)) = (usize::try_from(offset), usize::try_from(length)) else {
        return Err(wrong(if offset < 0 { "Offset must be non-negative" } else { "Length must be positive" }));
    };
    let end = offset.saturating_add(length);
    if offset > units {
        return Err(ApiError::bad(format!("entity begins after the end of the text at UTF-16 offset {offset}")));
    }
    if end > units {
        let text = "ends after the end of the text at UTF-16 offset";
        return Err(ApiError::bad(format!("entity beginning at UTF-16 offset {offset} {text} {end}")));
    }
    if byte_at(text, offset).is_none() {
        return Err(ApiError::bad(format!("entity begins in a middle of a UTF-16 symbol at UTF-16 offset {offset}")));
    }
    if byte_at(text, end).is_none() {
        let text = "ends in a middle of a UTF-16 symbol at UTF-16 offset";
        return Err(ApiError::bad(format!("entity beginning at UTF-16 offset {offset} {text} {end}")));
    }
    Ok(Some(Entity { kind, offset, length, detail }))
}
