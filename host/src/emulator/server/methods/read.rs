//! What several methods read from their parameters: formatted text, keyboards, replies, files.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::params::Params;
use crate::emulator::world::{
    ApiError, ChatId, DraftMedia, FileKind, Formatted, Markup, MessageTarget, NewFile, Outgoing, ParseMode, Reply,
    Source,
};

/// Text with its markup or its entities.
pub(super) fn formatted(params: &Params, text: &str, entities: &str) -> Result<Formatted, ApiError> {
    let text = params.text(text).unwrap_or_default();
    let mode = params.text("parse_mode").unwrap_or_default();
    match (ParseMode::read(&mode)?, params.list(entities)?) {
        (Some(mode), _) => Formatted::parse(&text, mode),
        (None, Some(list)) => Formatted::with_entities(&text, &list),
        (None, None) => Ok(Formatted::typed(&text)),
    }
}

/// The same for the caption inside an `InputMedia`.
fn caption_of(media: &Value) -> Result<Formatted, ApiError> {
    let field = |name: &str| media.get(name).and_then(Value::as_str).unwrap_or_default();
    match (ParseMode::read(field("parse_mode"))?, media.get("caption_entities").and_then(Value::as_array)) {
        (Some(mode), _) => Formatted::parse(field("caption"), mode),
        (None, Some(list)) => Formatted::with_entities(field("caption"), list),
        (None, None) => Ok(Formatted::typed(field("caption"))),
    }
}

/// The parameter `text`, which must say something.
pub(super) fn text(params: &Params) -> Result<Formatted, ApiError> {
    if params.text("text").is_none_or(|text| text.trim().is_empty()) {
        return Err(ApiError::bad("message text is empty"));
    }
    formatted(params, "text", "entities")
}

/// How links are to be previewed.
pub(super) fn preview(params: &Params) -> Result<Option<Value>, ApiError> {
    if let Some(options) = params.json("link_preview_options")? {
        return Ok(Some(options.into_owned()));
    }
    Ok(params.flag("disable_web_page_preview").then(|| json!({ "is_disabled": true })))
}

/// The keyboard.
pub(super) fn markup(params: &Params) -> Result<Option<Arc<Markup>>, ApiError> {
    let wrong = |_| ApiError::bad("can't parse reply keyboard markup JSON object");
    match params.json("reply_markup").map_err(wrong)? {
        Some(value) => Ok(Markup::read(&value)?.map(Arc::new)),
        None => Ok(None),
    }
}

/// What all sends share.
pub(super) fn outgoing(params: &Params) -> Result<Outgoing, ApiError> {
    Ok(Outgoing { markup: markup(params)?, reply: reply(params)?, protected: params.flag("protect_content") })
}

fn reply(params: &Params) -> Result<Option<Reply>, ApiError> {
    if let Some(value) = params.json("reply_parameters")? {
        let id = value.get("message_id").and_then(Value::as_i64);
        let message_id =
            id.ok_or_else(|| ApiError::bad("can't parse ReplyParameters: Can't find field \"message_id\""))?;
        let allowed = value.get("allow_sending_without_reply").and_then(Value::as_bool);
        // An answer to a message of another chat is sent as if it answered nothing.
        let elsewhere = value.get("chat_id").is_some_and(|chat| {
            let here = params.text("chat_id").unwrap_or_default();
            chat.as_str().map_or_else(|| chat.to_string() != here, |chat| chat != here)
        });
        return Ok((!elsewhere).then_some(Reply { message_id, allow_missing: allowed.unwrap_or(false) }));
    }
    let id = params.integer("reply_to_message_id").filter(|id| *id != 0);
    Ok(id.map(|message_id| Reply { message_id, allow_missing: params.flag("allow_sending_without_reply") }))
}

/// The message to change.
pub(super) fn target(params: &Params) -> Result<MessageTarget, ApiError> {
    if params.text("inline_message_id").is_some_and(|id| !id.is_empty()) {
        return Err(ApiError::bad("MESSAGE_ID_INVALID"));
    }
    let chat: ChatId = params.chat_id()?;
    let message_id = params.integer("message_id").filter(|id| *id != 0);
    Ok(MessageTarget {
        chat,
        message_id: message_id.ok_or_else(|| ApiError::bad("message identifier is not specified"))?,
    })
}

/// A photo or document with its caption, from a `send` method's parameters.
pub(super) fn media(params: &Params, kind: FileKind) -> Result<DraftMedia, ApiError> {
    Ok(DraftMedia {
        kind,
        source: source(params, kind, kind.word(), params.text(kind.word()).as_deref())?,
        caption: formatted(params, "caption", "caption_entities")?,
        caption_above: params.flag("show_caption_above_media"),
        spoiler: params.flag("has_spoiler"),
    })
}

/// The same from an `InputMedia`.
pub(super) fn input_media(params: &Params, media: &Value) -> Result<DraftMedia, ApiError> {
    let wrong = |text: &str| ApiError::bad(format!("can't parse InputMedia: {text}"));
    let kind = match media.get("type").and_then(Value::as_str) {
        Some("photo") => FileKind::Photo,
        Some("document") => FileKind::Document,
        Some("video" | "animation" | "audio" | "live_photo") => {
            return Err(wrong("the emulator knows photos and documents only"));
        }
        Some(_) => return Err(wrong("type must be one of InputMediaPhoto, InputMediaDocument")),
        None => return Err(wrong("Can't find field \"type\"")),
    };
    let file = media.get("media").and_then(Value::as_str).ok_or_else(|| wrong("media not found"))?;
    let flag = |name: &str| media.get(name).and_then(Value::as_bool).unwrap_or(false);
    Ok(DraftMedia {
        kind,
        source: source(params, kind, "", Some(file))?,
        caption: caption_of(media)?,
        caption_above: flag("show_caption_above_media"),
        spoiler: flag("has_spoiler"),
    })
}

fn source(params: &Params, kind: FileKind, field: &str, value: Option<&str>) -> Result<Source, ApiError> {
    let value = value.unwrap_or_default().trim();
    let upload = match value.strip_prefix("attach://") {
        Some(name) => Some(params.file(name).ok_or_else(|| ApiError::bad("wrong file identifier/HTTP URL specified"))?),
        None => params.file(field),
    };
    if let Some(upload) = upload {
        let file = match kind {
            FileKind::Photo => NewFile::photo(upload.bytes.clone()),
            FileKind::Document => NewFile::document(&upload.name, &upload.mime, upload.bytes.clone()),
        };
        return file.map(Source::New);
    }
    if value.is_empty() {
        return Err(ApiError::bad(format!("there is no {} in the request", kind.word())));
    }
    if value.starts_with("http://") || value.starts_with("https://") {
        // The emulator fetches nothing from outside; Telegram says this of a URL it cannot reach.
        return Err(ApiError::bad("failed to get HTTP URL content"));
    }
    Ok(Source::Known(value.to_owned()))
}
