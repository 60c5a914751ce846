//! What a turn asks for, turned into Bot API calls with their bodies, written once and then stored. Pure.
//!
//! Two things are not known when a turn commits, and delivery fills them in (`delivery/send`):
//!
//! - the number of a message that has not been sent yet: `Call::about` names it, and the body holds 0 in its place;
//! - what Telegram calls a file that has not been uploaded yet: the body holds a [`BlobName`] in its place.
//!
//! A long text becomes several calls; an album becomes one call and, for each further message in it, a part that is no
//! call of its own but gets that message's number ([`ALBUM_PART`]). Read `parts` for how a text is cut, `nouns` for
//! entities, keyboards and files.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use teloxide_core::payloads::{
    AnswerCallbackQuery, DeleteMessage, EditMessageCaption, EditMessageMedia, EditMessageReplyMarkup, EditMessageText,
    SendDocument, SendLocation, SendMediaGroup, SendMessage, SendPhoto,
};
use teloxide_core::types::{CallbackQueryId, ChatId, LinkPreviewOptions, MessageId, Recipient, ReplyParameters};

use super::client::write;
use crate::model::effect::{AlbumItem, ChatEffect, MediaKind, MessageRef, Outgoing};
use crate::model::event::Text;

mod nouns;

mod parts;

pub use nouns::BlobName;
use nouns::{Files, entities, inline, input_media, markup, thread};

/// The method of an outbox row that only waits for its message's number: the album that `about` names brings it.
pub const ALBUM_PART: &str = "albumPart";

/// How long Telegram waits for the answer to a pressed button.
const CALLBACK: Duration = Duration::from_secs(150);
/// How long "… is typing" shows.
const ACTION: Duration = Duration::from_secs(5);
/// The longest text of one message, in UTF-16 units.
const LONGEST_TEXT: usize = 4096;

/// A call of the Bot API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The chat in whose order it is made.
    pub chat: i64,
    /// The number under which the plugin knows the message.
    pub reference: Option<i64>,
    /// The reference of the message that it edits, deletes or answers.
    pub about: Option<i64>,
    /// The method.
    pub method: Cow<'static, str>,
    /// Its parameters as JSON.
    pub body: String,
    /// How long it is worth anything.
    pub expires: Option<Duration>,
    /// Whether it is made at most once, even if its answer is lost.
    pub once: bool,
}

/// What became of an effect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encoded {
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// The files among them: the hexadecimal SHA-256 and the bytes.
    pub blobs: Vec<(String, Bytes)>,
}

/// Where a turn's event came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    /// The chat: calls that name none are made in its order.
    pub chat: i64,
    /// The forum topic: what is sent to this chat goes there.
    pub topic: Option<i64>,
}

/// The calls of one effect. `chat_of` tells the chat of a message that the plugin has sent, by its reference.
pub fn calls(effect: ChatEffect, origin: Origin, chat_of: impl Fn(i64) -> Option<i64>) -> Encoded {
    let mut files = Files::default();
    let target = |message: &MessageRef| match *message {
        MessageRef::Sent(reference) => {
            Target { chat: chat_of(reference).unwrap_or(origin.chat), id: 0, about: Some(reference) }
        }
        MessageRef::Received { chat, id } => Target { chat, id, about: None },
    };
    let calls = match effect {
        ChatEffect::SendText { chat, reference, message } => send_text(chat, reference, message, origin, target),
        ChatEffect::SendMedia { chat, reference, kind, media, message } => {
            let (reply, once) = (message.reply_to.as_ref().map(target), message.at_most_once);
            let file = files.input(media, kind);
            let (method, body) = media_body(chat, kind, file, message, reply.as_ref(), origin);
            let about = reply.and_then(|to| to.about);
            vec![Call { reference: Some(reference), about, once, ..call(chat, method, body) }]
        }
        ChatEffect::SendAlbum { chat, references, items, reply_to, at_most_once } => {
            let reply = reply_to.as_ref().map(target);
            let mut calls = album(chat, &references, items, reply.as_ref(), origin, &mut files);
            // The parts are no calls of their own; they end with the album.
            calls[0].once = at_most_once;
            calls
        }
        ChatEffect::SendLocation { chat, reference, latitude, longitude } => {
            let mut payload = SendLocation::new(to(chat), latitude, longitude);
            payload.message_thread_id = thread(chat, origin);
            vec![Call { reference: Some(reference), ..call(chat, "sendLocation", write(&payload)) }]
        }
        ChatEffect::EditText { message, text, keyboard } => {
            let at = target(&message);
            let mut payload = EditMessageText::new(to(at.chat), message_id(at.id), text.content);
            payload.entities = entities(text.entities);
            payload.reply_markup = keyboard.and_then(inline);
            vec![at.call("editMessageText", write(&payload))]
        }
        ChatEffect::EditCaption { message, caption, keyboard } => {
            let at = target(&message);
            let mut payload = EditMessageCaption::new(to(at.chat), message_id(at.id));
            payload.caption = Some(caption.content);
            payload.caption_entities = entities(caption.entities);
            payload.reply_markup = keyboard.and_then(inline);
            vec![at.call("editMessageCaption", write(&payload))]
        }
        ChatEffect::EditMedia { message, kind, media, caption, keyboard } => {
            let at = target(&message);
            let media = input_media(kind, files.input(media, kind), caption);
            let mut payload = EditMessageMedia::new(to(at.chat), message_id(at.id), media);
            payload.reply_markup = keyboard.and_then(inline);
            vec![at.call("editMessageMedia", write(&payload))]
        }
        ChatEffect::EditKeyboard { message, keyboard } => {
            let at = target(&message);
            let mut payload = EditMessageReplyMarkup::new(to(at.chat), message_id(at.id));
            payload.reply_markup = keyboard.and_then(inline);
            vec![at.call("editMessageReplyMarkup", write(&payload))]
        }
        ChatEffect::Delete { message } => {
            let at = target(&message);
            vec![at.call("deleteMessage", write(&DeleteMessage::new(to(at.chat), message_id(at.id))))]
        }
        ChatEffect::AnswerCallback { id, text, alert } => {
            let mut payload = AnswerCallbackQuery::new(CallbackQueryId(id));
            payload.text = text;
            payload.show_alert = alert.then_some(true);
            vec![answer(origin.chat, &payload)]
        }
        ChatEffect::Action { chat, action } => {
            let mut body = json!({ "chat_id": chat, "action": action });
            if let Some(thread) = thread(chat, origin) {
                body["message_thread_id"] = thread.0.0.into();
            }
            vec![Call { expires: Some(ACTION), ..call(chat, "sendChatAction", body.to_string()) }]
        }
        ChatEffect::Call { method, parameters } => vec![raw_call(method, &parameters, origin)],
    };
    Encoded { calls, blobs: files.blobs }
}

/// The answer to a pressed button, which ends the circle on it.
pub fn answer_callback(chat: i64, id: &str, text: Option<&str>) -> Call {
    let mut payload = AnswerCallbackQuery::new(CallbackQueryId(id.to_owned()));
    payload.text = text.map(str::to_owned);
    answer(chat, &payload)
}

fn answer(chat: i64, payload: &AnswerCallbackQuery) -> Call {
    Call { expires: Some(CALLBACK), ..call(chat, "answerCallbackQuery", write(payload)) }
}

/// A message that a call is about or answers.
struct Target {
    chat: i64,
    /// 0 if it is not known yet.
    id: i64,
    about: Option<i64>,
}

impl Target {
    fn call(&self, method: &'static str, body: String) -> Call {
        Call { about: self.about, ..call(self.chat, method, body) }
    }

    /// As the message that a message to `chat` answers.
    fn reply(&self, chat: i64) -> ReplyParameters {
        let mut reply = ReplyParameters::new(message_id(self.id)).allow_sending_without_reply();
        reply.chat_id = (self.chat != chat).then(|| to(self.chat));
        reply
    }
}

fn call(chat: i64, method: impl Into<Cow<'static, str>>, body: String) -> Call {
    Call { chat, reference: None, about: None, method: method.into(), body, expires: None, once: false }
}

fn send_text(
    chat: i64,
    reference: i64,
    message: Outgoing,
    origin: Origin,
    target: impl Fn(&MessageRef) -> Target,
) -> Vec<Call> {
    let reply = message.reply_to.as_ref().map(target);
    let parts = parts::split(message.text, LONGEST_TEXT);
    let last = parts.len() - 1;
    let mut keyboard = message.keyboard;
    let one = |(index, part): (usize, Text)| {
        let mut payload = SendMessage::new(to(chat), part.content);
        payload.entities = entities(part.entities);
        payload.message_thread_id = thread(chat, origin);
        payload.disable_notification = message.silent.then_some(true);
        payload.protect_content = message.protect.then_some(true);
        payload.link_preview_options = (!message.link_preview).then_some(LinkPreviewOptions {
            is_disabled: true,
            url: None,
            prefer_small_media: false,
            prefer_large_media: false,
            show_above_text: false,
        });
        // The first part is the answer, the last one is what the person acts on and what the plugin edits later.
        let reply = reply.as_ref().filter(|_| index == 0);
        payload.reply_parameters = reply.map(|to| to.reply(chat));
        let is_last = index == last;
        payload.reply_markup = if is_last { keyboard.take().map(markup) } else { None };
        Call {
            reference: is_last.then_some(reference),
            once: message.at_most_once,
            about: reply.and_then(|to| to.about),
            ..call(chat, "sendMessage", write(&payload))
        }
    };
    parts.into_iter().enumerate().map(one).collect()
}

fn media_body(
    chat: i64,
    kind: MediaKind,
    file: teloxide_core::types::InputFile,
    message: Outgoing,
    reply: Option<&Target>,
    origin: Origin,
) -> (&'static str, String) {
    // Two payloads with the same fields under one name each, and no trait that says so.
    macro_rules! fill {
        ($payload:expr) => {{
            let mut payload = $payload;
            payload.caption = (!message.text.content.is_empty()).then_some(message.text.content);
            payload.caption_entities = entities(message.text.entities);
            payload.message_thread_id = thread(chat, origin);
            payload.disable_notification = message.silent.then_some(true);
            payload.protect_content = message.protect.then_some(true);
            payload.reply_parameters = reply.map(|to| to.reply(chat));
            payload.reply_markup = message.keyboard.map(markup);
            write(&payload)
        }};
    }
    match kind {
        MediaKind::Photo => ("sendPhoto", fill!(SendPhoto::new(to(chat), file))),
        MediaKind::Document => ("sendDocument", fill!(SendDocument::new(to(chat), file))),
    }
}

fn album(
    chat: i64,
    references: &[i64],
    items: Vec<AlbumItem>,
    reply: Option<&Target>,
    origin: Origin,
    files: &mut Files,
) -> Vec<Call> {
    let media = items.into_iter().map(|item| input_media(item.kind, files.input(item.media, item.kind), item.caption));
    let mut payload = SendMediaGroup::new(to(chat), media.collect::<Vec<_>>());
    payload.message_thread_id = thread(chat, origin);
    payload.reply_parameters = reply.map(|to| to.reply(chat));
    let first = references.first().copied();
    let group = Call {
        reference: first,
        about: reply.and_then(|to| to.about),
        ..call(chat, "sendMediaGroup", write(&payload))
    };
    let part =
        |reference: &i64| Call { reference: Some(*reference), about: first, ..call(chat, ALBUM_PART, "{}".into()) };
    std::iter::once(group).chain(references.iter().skip(1).map(part)).collect()
}

fn raw_call(method: String, parameters: &str, origin: Origin) -> Call {
    let mut parameters: Map<String, Value> = serde_json::from_str(parameters).unwrap_or_default();
    // Only this host writes blob names; one that a plugin made up would name the bytes of another.
    parameters.values_mut().for_each(BlobName::strip);
    let chat = parameters.get("chat_id").and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
    call(chat.unwrap_or(origin.chat), method, Value::Object(parameters).to_string())
}

fn to(chat: i64) -> Recipient {
    Recipient::Id(ChatId(chat))
}

/// Telegram's numbers fit 32 bits; one that does not names no message, like 0.
fn message_id(id: i64) -> MessageId {
    MessageId(i32::try_from(id).unwrap_or(0))
}

#[cfg(test)]
mod tests;
