//! A message's JSON, and what somebody says to the bot with it.
//!
//! The fields of a message are of three sorts: its *frame* (who, where, when, in answer to what), its *text*, and its
//! *content*. The frame's names are listed here; everything that is in no list counts as content, so that a kind of
//! message which Telegram invents tomorrow reaches the plugins as `Content::Other` with its JSON.

use serde_json::value::RawValue;

use super::nouns::{chat, content, entities, read, text, user};
use super::{Fields, seconds};
use crate::model::event::{Content, EntityKind, Event, Message, Text};

/// What stands around the content of a message and is not looked at here.
const FRAME: &[&str] = &[
    "author_signature",
    "business_connection_id",
    "direct_messages_topic",
    "effect_id",
    "external_reply",
    "has_media_spoiler",
    "has_protected_content",
    "is_automatic_forward",
    "is_from_offline",
    "is_paid_post",
    "link_preview_options",
    "paid_star_count",
    "quote",
    "reply_markup",
    "reply_to_checklist_task_id",
    "reply_to_poll_option_id",
    "reply_to_story",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "show_caption_above_media",
    "suggested_post_info",
    "via_bot",
];

/// Content that brings another along for the sake of old clients, and which is what the message really is.
const REAL: &[(&str, &str)] = &[("animation", "document"), ("venue", "location")];

/// A message, if it has a number, a chat and a date.
pub(super) fn read_message(value: &RawValue) -> Option<Message> {
    let (mut id, mut place, mut date) = (None, None, None);
    let (mut sender, mut sender_chat, mut edited, mut reply_to, mut album) = (None, None, None, None, None);
    let (mut thread, mut in_topic, mut forwarded) = (None, false, false);
    let (mut words, mut marks) = (None, None);
    let mut carried: Vec<(&str, &RawValue)> = Vec::new();
    for (name, value) in Fields::of(value.get()).iter() {
        match name {
            "message_id" => id = read(value),
            "chat" => place = chat(value),
            "date" => date = seconds(value),
            "from" => sender = user(value),
            "sender_chat" => sender_chat = chat(value),
            "edit_date" => edited = seconds(value),
            "message_thread_id" => thread = read(value),
            "is_topic_message" => in_topic = read(value).unwrap_or(false),
            "reply_to_message" => reply_to = Fields::of(value.get()).get("message_id").and_then(read),
            "media_group_id" => album = text(value),
            "text" | "caption" => match text(value) {
                Some(said) => words = Some(said),
                None => carried.push((name, value)),
            },
            "entities" | "caption_entities" => marks = Some(value),
            _ if name.starts_with("forward_") => forwarded = true,
            _ if FRAME.contains(&name) => {}
            _ => carried.push((name, value)),
        }
    }
    let content = match (&words, carried.is_empty()) {
        (Some(_), true) => Content::Text,
        _ => carried_content(&carried, words.is_some() && Fields::of(value.get()).get("text").is_some()),
    };
    let entities = words.as_deref().zip(marks).map_or_else(Vec::new, |(words, marks)| entities(marks, words));
    Some(Message {
        id: id?,
        chat: place?,
        sender,
        sender_chat,
        date: date?,
        edited,
        // Without the flag the number only says which thread of answers it is, in a group without topics.
        topic: thread.filter(|_| in_topic),
        reply_to,
        album,
        forwarded,
        text: Text { content: words.unwrap_or_default(), entities },
        content,
    })
}

fn carried_content(carried: &[(&str, &RawValue)], has_text: bool) -> Content {
    let has = |name: &str| carried.iter().any(|(found, _)| *found == name);
    let hidden = |name: &str| REAL.iter().any(|(real, shown)| *shown == name && has(real));
    let typed = carried.iter().filter(|(name, _)| !hidden(name)).find_map(|(name, value)| content(name, value));
    match typed {
        Some(content) => content,
        // A text with a field that is new beside it is still a text.
        None if has_text => Content::Text,
        None => {
            let mut json = String::from("{");
            for (index, (name, value)) in carried.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                json.push('"');
                json.push_str(name);
                json.push_str("\":");
                json.push_str(value.get());
            }
            json.push('}');
            Content::Other(json)
        }
    }
}

/// What a new message says to the bot called `username`: a command, a deep link, or just something. A command to
/// another bot stays a message; whoever routes it sees that from its first entity.
pub(super) fn spoken(message: Message, username: &str) -> Event {
    let Some((name, argument)) = command(&message, username) else { return Event::Message(message) };
    let (name, argument) = (name.to_ascii_lowercase(), argument.to_owned());
    if name == "start" && is_payload(&argument) {
        return Event::DeepLink { payload: argument, message };
    }
    Event::Command { name, argument, message }
}

/// The name and the argument of a command to this bot. Only a text begins with one: a caption describes its picture.
fn command<'a>(message: &'a Message, username: &str) -> Option<(&'a str, &'a str)> {
    let marked = |entity: &&crate::model::event::Entity| entity.offset == 0 && entity.kind == EntityKind::BotCommand;
    let entity = message.text.entities.iter().find(marked).filter(|_| message.content == Content::Text)?;
    // A command is ASCII, so its length in UTF-16 units is its length in bytes; where it is not, this is no command.
    let (call, argument) = message.text.content.split_at_checked(entity.length as usize)?;
    let call = call.strip_prefix('/')?;
    let name = match call.split_once('@') {
        None => call,
        Some((name, addressed)) if addressed.eq_ignore_ascii_case(username) => name,
        Some(_) => return None,
    };
    let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    fits.then(|| (name, argument.trim()))
}

fn is_payload(argument: &str) -> bool {
    (1..=64).contains(&argument.len())
        && argument.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}
