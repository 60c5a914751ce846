//! What a message is made of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::saved::{self, Word};
use super::{FileKind, FileNo, Formatted, Markup};

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Author {
    /// A person.
    Person(i64),
    /// A bot.
    Bot(i64),
    /// The channel itself: nobody sees who posted.
    Channel,
}

impl Author {
    /// The user id; none for a channel.
    pub fn id(self) -> Option<i64> {
        match self {
            Self::Person(id) | Self::Bot(id) => Some(id),
            Self::Channel => None,
        }
    }
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// As what it was sent.
    pub kind: FileKind,
    /// Which file.
    pub file: FileNo,
    /// The text below it.
    pub caption: Formatted,
    /// Whether the caption stands above the picture.
    pub caption_above: bool,
    /// Whether the picture is covered until it is touched.
    pub spoiler: bool,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Content {
    /// Text, and how its links are to be previewed.
    Text(Formatted, Option<Value>),
    /// A photo or a document.
    Media(Media),
    /// A contact, a location or the like, exactly as the Bot API shows it: the field's name and its value.
    Plain(#[serde(deserialize_with = "saved::word")] Word, Value),
    /// Not said by anybody: somebody joined, left …, as the fields that the Bot API shows.
    Service(Value),
}

impl Content {
    /// The text or the caption.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text, _) => &text.text,
            Self::Media(media) => &media.caption.text,
            Self::Plain(..) | Self::Service(_) => "",
        }
    }
}

/// One message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Unique in the chat.
    pub id: i64,
    /// The chat's version that last changed this message.
    pub version: u64,
    /// Unix seconds.
    pub date: i64,
    /// Unix seconds of the last edit of the text, caption or media.
    pub edit_date: Option<i64>,
    /// Who wrote it.
    pub author: Author,
    /// The message it answers.
    pub reply_to: Option<i64>,
    /// The album it belongs to.
    pub album: Option<String>,
    /// What it says.
    pub content: Content,
    /// The keyboard it carries.
    #[serde(with = "saved::shared")]
    pub markup: Option<Arc<Markup>>,
    /// Whether its content may be forwarded and saved.
    pub protected: bool,
    /// Whether it was deleted; then only the id counts.
    pub deleted: bool,
}
