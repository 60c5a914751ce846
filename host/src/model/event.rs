//! What a plugin is called with, before it becomes a value of the plugin contract. `wit/events.wit` and `wit/types.wit`
//! say what every field means. The journal keeps it as JSON.

use serde::{Deserialize, Serialize};

use super::exact;

/// A person or a bot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub struct User {
    pub id: i64,
    pub is_bot: bool,
    pub first_name: String,
    pub last_name: Option<String>,
    pub username: Option<String>,
    pub language_code: Option<String>,
}

/// Which sort of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub enum ChatKind {
    Private,
    Group,
    Supergroup,
    Channel,
}

/// A place where messages stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub struct Chat {
    pub id: i64,
    pub kind: ChatKind,
    pub title: String,
    pub username: Option<String>,
}

/// What a part of a text is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub enum EntityKind {
    Mention,
    Hashtag,
    Cashtag,
    BotCommand,
    Url,
    Email,
    PhoneNumber,
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Blockquote,
    ExpandableBlockquote,
    Code,
    Pre(Option<String>),
    TextLink(String),
    TextMention(i64),
    CustomEmoji(String),
    Other(String),
}

/// A part of a text that is more than plain; offsets and lengths in UTF-16 code units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub struct Entity {
    pub kind: EntityKind,
    pub offset: u32,
    pub length: u32,
}

/// A text and its formatting.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub struct Text {
    pub content: String,
    pub entities: Vec<Entity>,
}

/// A file that Telegram keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub struct File {
    pub id: String,
    pub unique_id: String,
    pub size: Option<u64>,
}

/// What a message carries besides text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub enum Content {
    Text,
    Photo {
        file: File,
        width: u32,
        height: u32,
    },
    Document {
        file: File,
        name: Option<String>,
        mime_type: Option<String>,
    },
    Contact {
        phone_number: String,
        first_name: String,
        last_name: Option<String>,
        user_id: Option<i64>,
    },
    Location {
        #[serde(with = "exact")]
        latitude: f64,
        #[serde(with = "exact")]
        longitude: f64,
    },
    Other(String),
}

/// A message that the bot was sent or saw; dates in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/types.wit")]
pub struct Message {
    pub id: i64,
    pub chat: Chat,
    pub sender: Option<User>,
    pub sender_chat: Option<Chat>,
    pub date: i64,
    pub edited: Option<i64>,
    pub topic: Option<i64>,
    pub reply_to: Option<i64>,
    pub album: Option<String>,
    pub forwarded: bool,
    pub text: Text,
    pub content: Content,
}

/// What somebody is in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/events.wit")]
pub enum MemberStatus {
    Owner,
    Administrator,
    Member,
    Restricted,
    Left,
    Banned,
}

/// What one update says, as far as it does not depend on the plugin that looks at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/events.wit")]
pub enum Event {
    Message(Message),
    EditedMessage(Message),
    /// A command to this bot; `name` in lower case without `/` and `@botname`.
    Command {
        name: String,
        argument: String,
        message: Message,
    },
    /// `/start` with a payload.
    DeepLink {
        payload: String,
        message: Message,
    },
    /// A pressed button. At intake `data` is the token that Telegram carried; the lane puts the plugin's own data in.
    Callback {
        id: String,
        sender: User,
        chat: Chat,
        message_id: i64,
        topic: Option<i64>,
        data: String,
    },
    ChannelPost(Message),
    EditedChannelPost(Message),
    /// At least one.
    Album(Vec<Message>),
    Member {
        chat: Chat,
        by: User,
        user: User,
        is_me: bool,
        before: MemberStatus,
        after: MemberStatus,
        date: i64,
    },
    /// A timer of the plugin's own.
    Timer {
        key: String,
        data: String,
        due: i64,
        chat: i64,
    },
    Schedule {
        name: String,
        due: i64,
        missed: u32,
    },
    Request {
        route: String,
        path: Vec<(String, String)>,
        query: Vec<(String, String)>,
        body: String,
    },
    Other {
        kind: String,
        json: String,
        chat: Option<i64>,
        sender: Option<i64>,
    },
}

impl Event {
    /// The message that the event is about, if it is about one; of an album the first.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message)
            | Self::EditedMessage(message)
            | Self::ChannelPost(message)
            | Self::EditedChannelPost(message)
            | Self::Command { message, .. }
            | Self::DeepLink { message, .. } => Some(message),
            Self::Album(messages) => messages.first(),
            Self::Callback { .. }
            | Self::Member { .. }
            | Self::Timer { .. }
            | Self::Schedule { .. }
            | Self::Request { .. }
            | Self::Other { .. } => None,
        }
    }

    /// The chat it happened in, if it names one.
    pub fn chat(&self) -> Option<i64> {
        match self {
            Self::Callback { chat, .. } | Self::Member { chat, .. } => Some(chat.id),
            // A timer that was set where there was no chat fires where there is none.
            Self::Timer { chat, .. } => Some(*chat).filter(|chat| *chat != 0),
            Self::Other { chat, .. } => *chat,
            _ => self.message().map(|message| message.chat.id),
        }
    }

    /// The person whose doing it is, if it says more than an id.
    pub fn person(&self) -> Option<&User> {
        match self {
            Self::Callback { sender, .. } => Some(sender),
            Self::Member { by, .. } => Some(by),
            _ => self.message().and_then(|message| message.sender.as_ref()),
        }
    }

    /// The user whose doing it is, if it names one.
    pub fn sender(&self) -> Option<i64> {
        match self {
            Self::Callback { sender, .. } => Some(sender.id),
            Self::Member { by, .. } => Some(by.id),
            Self::Other { sender, .. } => *sender,
            _ => self.message().and_then(|message| message.sender.as_ref()).map(|user| user.id),
        }
    }

    /// The forum topic it happened in.
    pub fn topic(&self) -> Option<i64> {
        match self {
            Self::Callback { topic, .. } => *topic,
            _ => self.message().and_then(|message| message.topic),
        }
    }

    /// The chat or user that says which lane it belongs to; 0 where the update names neither.
    pub fn lane(&self) -> i64 {
        self.chat().or(self.sender()).unwrap_or(0)
    }
}
