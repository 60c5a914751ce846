//! Chats: who is in them, what was said in them, and the version number of each change.

use std::collections::BTreeMap;

use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ChatRef, Message, Refusal, Signal, World};

/// What kind of chat it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// A bot and a person.
    Private,
    /// A basic group.
    Group,
    /// A supergroup.
    Supergroup,
    /// A channel.
    Channel,
}

impl ChatKind {
    /// The Bot API's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
            Self::Channel => "channel",
        }
    }
}

/// Somebody's standing in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Member {
    /// Owns the chat.
    Creator,
    /// Has every right of an administrator.
    Administrator,
    /// An ordinary member.
    Member,
    /// Went.
    Left,
    /// Was thrown out. In a private chat: the person blocked the bot.
    Kicked,
}

impl Member {
    /// Whether this is somebody who is in the chat.
    pub fn is_in(self) -> bool {
        matches!(self, Self::Creator | Self::Administrator | Self::Member)
    }

    /// Whether this is an administrator or the owner.
    pub fn is_admin(self) -> bool {
        matches!(self, Self::Creator | Self::Administrator)
    }
}

/// What it takes to make a group, supergroup or channel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewChat {
    /// Everything but `private`.
    #[serde(rename = "type")]
    pub kind: ChatKind,
    /// The chat's name.
    pub title: String,
    /// Of a public supergroup or channel.
    pub username: Option<String>,
    /// The persons; the first is the owner.
    #[serde(default)]
    pub members: Vec<i64>,
    /// The bots; administrators in a channel, members elsewhere.
    #[serde(default)]
    pub bots: Vec<i64>,
}

/// One chat.
#[derive(Serialize, Deserialize)]
pub struct Chat {
    pub(super) reference: ChatRef,
    pub(super) kind: ChatKind,
    pub(super) title: String,
    pub(super) username: Option<String>,
    /// Persons and bots. Empty in a private chat, save for a bot that is blocked.
    pub(super) members: BTreeMap<i64, Member>,
    pub(super) migrated_to: Option<i64>,
    pub(super) instance: i64,
    last_id: i64,
    version: u64,
    messages: BTreeMap<i64, Message>,
    /// Which message has changed last at a version.
    #[serde(skip)]
    changes: BTreeMap<u64, i64>,
}

impl Chat {
    /// The chat's name among all bots.
    pub fn reference(&self) -> ChatRef {
        self.reference
    }

    /// What kind of chat it is.
    pub fn kind(&self) -> ChatKind {
        self.kind
    }

    /// The number of the last change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A message, if the chat still remembers it. Deleted ones are remembered as such.
    pub fn message(&self, id: i64) -> Option<&Message> {
        self.messages.get(&id)
    }

    /// The messages, oldest first, without the deleted ones.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.messages.values().filter(|message| !message.deleted)
    }

    /// The messages above an id, deleted ones included.
    pub fn messages_after(&self, id: i64) -> impl Iterator<Item = &Message> {
        self.messages.range(id.saturating_add(1)..).map(|(_, message)| message)
    }

    /// The messages that changed after a version, in the order of their last change.
    pub fn changed_after(&self, version: u64) -> impl Iterator<Item = &Message> {
        self.changes.range(version.saturating_add(1)..).filter_map(|(_, id)| self.messages.get(id))
    }

    /// Somebody's standing here.
    pub fn member(&self, id: i64) -> Option<Member> {
        self.members.get(&id).copied()
    }

    /// The standing of everybody who is or was here.
    pub fn members(&self) -> impl Iterator<Item = (i64, Member)> {
        self.members.iter().map(|(id, member)| (*id, *member))
    }

    /// Goes on after a restart. The last numbers may have been given out after the chat was written down, so as many
    /// are left out.
    pub(super) fn resume(&mut self, left_out: u32) {
        self.last_id = self.last_id.saturating_add(i64::from(left_out));
        self.version = self.version.saturating_add(u64::from(left_out));
        self.changes = self.messages.values().map(|message| (message.version, message.id)).collect();
    }

    fn put(&mut self, mut message: Message, kept: usize) -> u64 {
        self.version += 1;
        message.version = self.version;
        self.last_id = self.last_id.max(message.id);
        self.changes.insert(self.version, message.id);
        self.messages.insert(message.id, message);
        while self.messages.len() > kept {
            let Some((_, oldest)) = self.messages.pop_first() else { break };
            self.changes.remove(&oldest.version);
        }
        self.version
    }
}

impl World {
    /// A chat that exists.
    pub fn chat(&self, reference: ChatRef) -> Option<&Chat> {
        self.chats.get(&reference)
    }

    /// Every chat that exists.
    pub fn chats(&self) -> impl Iterator<Item = &Chat> {
        self.chats.values()
    }

    /// Whether this names a chat, also a private one in which nothing was said yet.
    pub fn names_a_chat(&self, reference: ChatRef) -> bool {
        match reference {
            ChatRef::Private { bot, person } => self.bots.contains_key(&bot) && self.people.contains_key(&person),
            ChatRef::Shared(_) => self.chats.contains_key(&reference),
        }
    }

    /// The chat, or a refusal that says where to look.
    pub(super) fn known_chat(&self, reference: ChatRef) -> Result<&Chat, Refusal> {
        self.chats.get(&reference).ok_or_else(|| no_chat(reference))
    }

    /// The chat; a private one is made when it is first needed.
    pub(super) fn open_chat(&mut self, reference: ChatRef) -> Result<&mut Chat, Refusal> {
        if !self.names_a_chat(reference) {
            return Err(no_chat(reference));
        }
        if !self.chats.contains_key(&reference) {
            self.insert_chat(reference, ChatKind::Private, String::new(), None);
        }
        self.chats.get_mut(&reference).ok_or_else(|| no_chat(reference))
    }

    pub(super) fn insert_chat(&mut self, reference: ChatRef, kind: ChatKind, title: String, username: Option<String>) {
        let chat = Chat {
            reference,
            kind,
            title,
            username,
            members: BTreeMap::new(),
            migrated_to: None,
            instance: self.rng.random(),
            last_id: 0,
            version: 0,
            messages: BTreeMap::new(),
            changes: BTreeMap::new(),
        };
        self.chats.insert(reference, chat);
        self.signal(Signal::People);
    }

    /// The id of the next message there. As in Telegram a bot numbers the messages of all its private chats together.
    pub(super) fn next_message_id(&mut self, reference: ChatRef) -> i64 {
        match reference {
            ChatRef::Private { bot, .. } => self.bots.get_mut(&bot).map_or(1, |bot| {
                bot.last_message_id += 1;
                bot.last_message_id
            }),
            ChatRef::Shared(_) => self.chats.get(&reference).map_or(1, |chat| chat.last_id + 1),
        }
    }

    /// Puts a message into its chat, new or changed, and wakes those who watch.
    pub(super) fn put_message(&mut self, reference: ChatRef, message: Message) {
        let kept = self.kept_messages;
        if let Some(chat) = self.chats.get_mut(&reference) {
            let version = chat.put(message, kept);
            self.signal(Signal::Chat(reference, version));
        }
    }

    /// Changes a message in place, with a new version.
    pub(super) fn change_message(&mut self, reference: ChatRef, id: i64, change: impl FnOnce(&mut Message)) {
        let Some(chat) = self.chats.get_mut(&reference) else { return };
        let Some(message) = chat.messages.get_mut(&id) else { return };
        chat.version += 1;
        chat.changes.remove(&message.version);
        chat.changes.insert(chat.version, id);
        message.version = chat.version;
        change(message);
        let version = chat.version;
        self.signal(Signal::Chat(reference, version));
    }

    /// The web API's view of a chat.
    pub fn chat_state(&self, chat: &Chat) -> Value {
        let (members, bots): (Vec<i64>, Vec<i64>) = match chat.reference {
            ChatRef::Private { bot, person } => (vec![person], vec![bot]),
            ChatRef::Shared(_) => chat
                .members()
                .filter(|(_, member)| member.is_in())
                .map(|(id, _)| id)
                .partition(|id| !self.bots.contains_key(id)),
        };
        let title = match chat.reference {
            ChatRef::Private { bot, .. } => self.bots.get(&bot).map_or("", |bot| bot.name.as_str()),
            ChatRef::Shared(_) => chat.title.as_str(),
        };
        // The page offers to unblock the bot, also after it was loaded again.
        let blocked =
            matches!(chat.reference, ChatRef::Private { bot, .. } if chat.member(bot) == Some(Member::Kicked));
        json!({ "id": chat.reference.to_string(), "type": chat.kind.word(), "title": title, "username": chat.username,
            "members": members, "bots": bots, "blocked": blocked })
    }
}

pub(super) fn no_chat(reference: ChatRef) -> Refusal {
    Refusal::missing(format!("there is no chat `{reference}`; GET /emulator/state lists the chats"))
}
