//! An update's raw JSON turned into an event. Pure, fast, and it never fails: what cannot be typed becomes
//! `Event::Other` with the JSON, and a field that is not what it should be costs that field alone.
//!
//! It runs twice for each update, at intake to find the lanes and in the lane to make the event, because what is stored
//! is what Telegram sent and not what one version of this host made of it. That is why objects are first split into
//! borrowed fields (`Fields`), of which only the known ones are looked into. Splitting and skipping do not recurse, so
//! the depth of what somebody sends does not matter.
//!
//! `message` reads messages, `nouns` users, chats and files; which plugin gets an event is not decided here.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::client::Me;
use crate::model::event::{Event, MemberStatus};

mod chat;

mod message;

mod nouns;

pub use chat::{moved, spoke};

use nouns::{chat as chat_of, read, text, user};

/// The name of the update's kind in the Bot API, empty if it has none, and what it says.
pub fn event(raw: &str, me: &Me) -> (String, Event) {
    let fields = Fields::of(raw);
    let mut found = fields.iter().filter(|(name, _)| *name != "update_id");
    let Some((kind, value)) = found.next() else {
        return (String::new(), Event::Other { kind: String::new(), json: raw.to_owned(), chat: None, sender: None });
    };
    let typed = match kind {
        "message" => message::read_message(value).map(|message| message::spoken(message, &me.username)),
        "edited_message" => message::read_message(value).map(Event::EditedMessage),
        "channel_post" => message::read_message(value).map(Event::ChannelPost),
        "edited_channel_post" => message::read_message(value).map(Event::EditedChannelPost),
        "callback_query" => callback(value),
        "my_chat_member" => member(value, true, me),
        "chat_member" => member(value, false, me),
        _ => None,
    };
    (kind.to_owned(), typed.unwrap_or_else(|| other(kind, value)))
}

/// An album from its updates, in whichever order they came: messages have their numbers in the order of the album.
pub fn album<'a>(parts: impl IntoIterator<Item = &'a str>, me: &Me) -> Event {
    let mut rest = None;
    let mut messages = Vec::new();
    for raw in parts {
        match event(raw, me).1 {
            Event::Message(message) | Event::ChannelPost(message) => messages.push(message),
            // It was a message when it was gathered; a host that reads it otherwise is another version.
            other => drop(rest.get_or_insert(other)),
        }
    }
    messages.sort_by_key(|message| message.id);
    match rest {
        Some(other) if messages.is_empty() => other,
        _ => Event::Album(messages),
    }
}

/// The fields of a JSON object in their order, each name and value as it stands in the text.
struct Fields<'a>(Vec<(&'a str, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// The fields, or none if this is not an object.
    fn of(json: &'a str) -> Self {
        serde_json::from_str(json).unwrap_or(Self(Vec::new()))
    }

    fn iter(&self) -> impl Iterator<Item = (&'a str, &'a RawValue)> {
        self.0.iter().copied()
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Split;
        impl<'de> Visitor<'de> for Split {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(16);
                // Names are taken with their quotes, as they are written: none that is known needs an escape, and one
                // that has some stays an unknown one instead of spoiling the object.
                while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    let name = name.get();
                    fields.push((name.get(1..name.len() - 1).unwrap_or(name), value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Split)
    }
}

fn callback(value: &RawValue) -> Option<Event> {
    let fields = Fields::of(value.get());
    // Only the frame of the message is read: it is there even when Telegram shows no more of an old message.
    let message = Fields::of(fields.get("message")?.get());
    let in_topic = message.get("is_topic_message").and_then(read).unwrap_or(false);
    Some(Event::Callback {
        id: text(fields.get("id")?)?,
        sender: user(fields.get("from")?)?,
        chat: chat_of(message.get("chat")?)?,
        message_id: read(message.get("message_id")?)?,
        topic: message.get("message_thread_id").filter(|_| in_topic).and_then(read),
        // A button of a game has no data, and is nobody's.
        data: text(fields.get("data")?)?,
    })
}

fn member(value: &RawValue, about_me: bool, me: &Me) -> Option<Event> {
    let fields = Fields::of(value.get());
    let old = Fields::of(fields.get("old_chat_member")?.get());
    let new = Fields::of(fields.get("new_chat_member")?.get());
    let who = user(new.get("user").or(old.get("user"))?)?;
    Some(Event::Member {
        chat: chat_of(fields.get("chat")?)?,
        by: user(fields.get("from")?)?,
        is_me: about_me || who.id == me.id,
        user: who,
        before: status(&old)?,
        after: status(&new)?,
        date: seconds(fields.get("date")?)?,
    })
}

fn status(member: &Fields) -> Option<MemberStatus> {
    Some(match read(member.get("status")?)? {
        "creator" => MemberStatus::Owner,
        "administrator" => MemberStatus::Administrator,
        "member" => MemberStatus::Member,
        // Restrictions outlast a departure.
        "restricted" if member.get("is_member").and_then(read) == Some(false) => MemberStatus::Left,
        "restricted" => MemberStatus::Restricted,
        "left" => MemberStatus::Left,
        "kicked" => MemberStatus::Banned,
        _ => return None,
    })
}

/// Where the Bot API puts the chat of an update that has no type here.
const CHATS: &[&[&str]] = &[&["chat"], &["message", "chat"]];
/// Where it puts the user.
const SENDERS: &[&[&str]] =
    &[&["from"], &["user"], &["message", "from"], &["boost", "source", "user"], &["source", "user"]];

fn other(kind: &str, value: &RawValue) -> Event {
    let fields = Fields::of(value.get());
    let id = |paths: &[&[&str]]| paths.iter().find_map(|path| id_at(value, path));
    Event::Other {
        kind: kind.to_owned(),
        json: value.get().to_owned(),
        chat: id(CHATS).or_else(|| fields.get("user_chat_id").and_then(read)),
        sender: id(SENDERS),
    }
}

fn id_at(value: &RawValue, path: &[&str]) -> Option<i64> {
    let fields = Fields::of(value.get());
    match path {
        [] => fields.get("id").and_then(read),
        [first, rest @ ..] => id_at(fields.get(first)?, rest),
    }
}

/// A time of the Bot API in our unit.
fn seconds(value: &RawValue) -> Option<i64> {
    read::<i64>(value).map(|seconds| seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests;
