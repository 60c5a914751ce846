//! What a turn asks for. The sandbox gathers these, the commit makes them durable, delivery carries them out.
//! The journal writes them down as JSON, files by their digest alone.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::Text;
use super::table::{Read, Write};

/// A message that an effect is about or answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum MessageRef {
    /// One that this plugin asked to send, by the number it got then.
    Sent(i64),
    /// One that stands in a chat.
    Received {
        /// The chat.
        chat: i64,
        /// Its number there.
        id: i64,
    },
}

/// What happens when a button is pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum ButtonAction {
    /// The plugin is called; Telegram carries this token, and `TurnEffects::callbacks` says what it stands for.
    Callback(String),
    /// An address opens.
    Url(String),
    /// The user chooses a chat and sends this text.
    Share(String),
    /// The text goes to the clipboard.
    Copy(String),
}

/// A button under a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented field by field in wit/chat.wit")]
pub struct Button {
    pub label: String,
    pub action: ButtonAction,
}

/// A key of the keyboard that replaces the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented field by field in wit/chat.wit")]
pub struct Key {
    pub label: String,
    pub request_contact: bool,
    pub request_location: bool,
}

/// What hangs under a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented case by case in wit/chat.wit")]
pub enum Keyboard {
    Inline(Vec<Vec<Button>>),
    Reply { rows: Vec<Vec<Key>>, one_time: bool, placeholder: Option<String> },
    Remove,
    ForceReply,
}

/// A text with all that goes with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "documented field by field in wit/chat.wit")]
pub struct Outgoing {
    pub text: Text,
    pub keyboard: Option<Keyboard>,
    pub reply_to: Option<MessageRef>,
    pub silent: bool,
    pub protect: bool,
    pub link_preview: bool,
    pub at_most_once: bool,
}

/// A file to send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented case by case in wit/chat.wit")]
pub enum Media {
    FileId(String),
    Upload {
        name: String,
        #[serde(serialize_with = "by_digest")]
        bytes: Bytes,
    },
}

/// How a file is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented case by case in wit/chat.wit")]
pub enum MediaKind {
    Photo,
    Document,
}

/// One piece of an album.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "documented field by field in wit/chat.wit")]
pub struct AlbumItem {
    pub kind: MediaKind,
    pub media: Media,
    pub caption: Text,
}

/// A call to Telegram that a turn asks for. `chat` says in whose order it is made; `reference` is the number under which
/// the plugin knows the message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "documented function by function in wit/chat.wit")]
pub enum ChatEffect {
    SendText {
        chat: i64,
        reference: i64,
        message: Outgoing,
    },
    SendMedia {
        chat: i64,
        reference: i64,
        kind: MediaKind,
        media: Media,
        message: Outgoing,
    },
    SendAlbum {
        chat: i64,
        references: Vec<i64>,
        items: Vec<AlbumItem>,
        reply_to: Option<MessageRef>,
        at_most_once: bool,
    },
    SendLocation {
        chat: i64,
        reference: i64,
        #[serde(with = "super::exact")]
        latitude: f64,
        #[serde(with = "super::exact")]
        longitude: f64,
    },
    EditText {
        message: MessageRef,
        text: Text,
        keyboard: Option<Keyboard>,
    },
    EditCaption {
        message: MessageRef,
        caption: Text,
        keyboard: Option<Keyboard>,
    },
    EditMedia {
        message: MessageRef,
        kind: MediaKind,
        media: Media,
        caption: Text,
        keyboard: Option<Keyboard>,
    },
    EditKeyboard {
        message: MessageRef,
        keyboard: Option<Keyboard>,
    },
    Delete {
        message: MessageRef,
    },
    AnswerCallback {
        id: String,
        text: Option<String>,
        alert: bool,
    },
    Action {
        chat: i64,
        action: &'static str,
    },
    /// Any other method; `parameters` is a JSON object.
    Call {
        method: String,
        parameters: String,
    },
}

impl ChatEffect {
    /// The numbers of the messages that it makes, each with its chat.
    pub fn sends(&self) -> Vec<(i64, i64)> {
        match self {
            Self::SendText { chat, reference, .. }
            | Self::SendMedia { chat, reference, .. }
            | Self::SendLocation { chat, reference, .. } => vec![(*reference, *chat)],
            Self::SendAlbum { chat, references, .. } => references.iter().map(|sent| (*sent, *chat)).collect(),
            _ => Vec::new(),
        }
    }
}

/// What a button's token stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Callback {
    /// What Telegram carries: at most 64 bytes, not to be guessed.
    pub token: String,
    /// The chat the button's message was sent to.
    pub chat: i64,
    /// The only user who may press it.
    pub only_for: Option<i64>,
    /// What the plugin put into the button.
    pub data: String,
}

/// The state of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/tables.wit")]
pub struct DialogueState {
    pub step: String,
    pub data: String,
}

/// What becomes of the dialogue state of the turn's user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum DialogueWrite {
    /// It is this until the time given, in milliseconds since 1970.
    Set(DialogueState, i64),
    /// There is none.
    Clear,
}

/// What becomes of a timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimerChange {
    /// The processor that gets its event; `None`: the plugin itself.
    pub processor: Option<String>,
    /// The chat in whose lane it fires; 0: none.
    pub chat: i64,
    /// Its name there.
    pub key: String,
    /// When it fires, and with what; `None`: never.
    pub set: Option<(i64, String)>,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The JSON; empty: none.
    pub body: String,
}

/// All that a turn read and asks for, in the order of its asking.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TurnEffects {
    /// What it read from its tables. The journal keeps it by itself.
    #[serde(skip)]
    pub reads: Vec<Read>,
    /// What it wants changed in them.
    pub writes: Vec<Write>,
    /// What it wants sent.
    pub chat: Vec<ChatEffect>,
    /// The buttons that hang under what it sends.
    pub callbacks: Vec<Callback>,
    /// What becomes of its dialogue state; `None` leaves it.
    pub dialogue: Option<DialogueWrite>,
    /// What becomes of timers, one change each.
    pub timers: Vec<TimerChange>,
    /// The answer to the request that it was run for.
    pub reply: Option<Reply>,
    /// Why the event is nothing for the plugin; `None`: it has dealt with it.
    pub passed: Option<String>,
}

/// A file as its digest and size: what is asked of it later is whether it is the same.
fn by_digest<S: serde::Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    let digest = super::hex(&Sha256::digest(bytes));
    serializer.collect_str(&format_args!("{} bytes, sha256 {digest}", bytes.len()))
}
