//! The emulated Telegram itself: people, bots, chats, messages, files and everything that happens between them.
//!
//! Pure state: no socket, no task, no lock. Whoever changes it finds in [`World::signals`] whom to wake. The people's
//! verbs are in `world/speech`, `world/amend` and `world/membership`, the bots' in `world/send` and `world/edit`; what
//! a bot hears of all that is decided in `world/announce`.

mod amend;
mod announce;
mod bots;
mod callbacks;
mod calls;
mod chat_ref;
mod chats;
mod commands;
mod directory;
mod edit;
mod error;
mod faults;
mod files;
mod flood;
mod image;
mod keyboard;
mod membership;
mod message;
mod people;
mod render;
mod rights;
mod saved;
mod send;
mod speech;
mod text;
mod updates;
mod webhook;

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::clock::{Clock, Millis};

pub use bots::Bot;
pub use callbacks::{CallbackAnswer, Pressed};
pub use calls::{Call, CallLog, Count};
pub use chat_ref::ChatRef;
pub use chats::{Chat, ChatKind, Member, NewChat};
pub use commands::{BotCommand, Scope};
pub use edit::{Edit, MessageTarget};
pub use error::{ApiError, Refusal};
pub use faults::{Action, Fault, Faults, NewFault};
pub use files::{FileKind, FileNo, NewFile};
pub use flood::{Flood, FloodLimits};
pub use keyboard::Markup;
pub use message::{Author, Content, Media, Message};
pub use people::{NewPerson, Person};
pub use render::Viewer;
pub use rights::ChatId;
pub use saved::Unreadable;
pub use send::{Draft, DraftMedia, Outgoing, Reply, Source};
pub use speech::{Location, Said};
pub use text::{Detail, Entity, Formatted, ParseMode};
pub use updates::{Batch, Poll, PollRequest};
pub use webhook::{Delivery, Outcome, WebhookSettings};

/// How many messages a chat remembers. A load test must not fill the memory; nobody scrolls back further by hand.
const KEPT_MESSAGES: usize = 2_000;

/// Whom a change concerns. The owner of the world drains these after each change and wakes those who wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// A bot's queue of updates, its poll or its webhook changed.
    Updates(i64),
    /// A bot with a webhook has something to post.
    Webhook,
    /// Something in a chat changed; the number is the chat's new version.
    Chat(ChatRef, u64),
    /// A callback query was answered.
    Callback(String),
    /// A bot shows that it is typing, uploading or the like.
    ChatAction(ChatRef, String),
    /// People, bots or chats came, went or were renamed.
    People,
    /// A fault was added or removed.
    Faults,
    /// A Bot API call was received or answered.
    Calls,
}

/// Everything the emulator knows.
pub struct World {
    clock: Clock,
    rng: StdRng,
    people: BTreeMap<i64, Person>,
    bots: BTreeMap<i64, Bot>,
    tokens: HashMap<String, i64>,
    chats: BTreeMap<ChatRef, Chat>,
    files: files::Files,
    callbacks: callbacks::Callbacks,
    calls: CallLog,
    faults: Faults,
    flood: Flood,
    signals: Vec<Signal>,
    kept_messages: usize,
}

impl World {
    /// An empty world. The same seed and the same verbs give the same ids.
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self {
            clock,
            rng: StdRng::seed_from_u64(seed),
            people: BTreeMap::new(),
            bots: BTreeMap::new(),
            tokens: HashMap::new(),
            chats: BTreeMap::new(),
            files: files::Files::default(),
            callbacks: callbacks::Callbacks::default(),
            calls: CallLog::default(),
            faults: Faults::default(),
            flood: Flood::default(),
            signals: Vec::new(),
            kept_messages: KEPT_MESSAGES,
        }
    }

    /// Takes the signals of the changes since the last call.
    pub fn signals(&mut self) -> Vec<Signal> {
        std::mem::take(&mut self.signals)
    }

    /// The time in this world.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Sets how many messages a chat remembers.
    pub fn keep_messages(&mut self, count: usize) {
        self.kept_messages = count.max(1);
    }

    /// Keeps a file for later sends, for a bot or a person.
    pub fn add_file(&mut self, file: NewFile) -> FileNo {
        let secret = self.rng.random();
        self.files.add(file, secret)
    }

    /// The bytes of a file and their media type, by the file id of a bot or of the page.
    pub fn file_bytes(&self, file_id: &str) -> Option<(Bytes, String)> {
        let file = self.files.by_page_id(file_id)?;
        Some((file.bytes.clone(), file.mime.clone()))
    }

    /// The Bot API calls received so far.
    pub fn calls(&self) -> &CallLog {
        &self.calls
    }

    /// The bad days that were ordered.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Takes note of a call and finds out whether it is to go wrong.
    pub fn call_received(
        &mut self,
        bot: i64,
        method: &'static str,
        chat_id: Option<i64>,
        params: String,
    ) -> (u64, Option<Fault>) {
        let seq = self.calls.received(self.now(), bot, method, params);
        self.signal(Signal::Calls);
        (seq, self.faults.strike(bot, method, chat_id))
    }

    /// Takes note of the answer to a call; a status of zero says that the connection was closed instead.
    pub fn call_answered(&mut self, seq: u64, method: &'static str, status: u16, answer: &str) {
        self.calls.answered(seq, method, status, answer);
        self.signal(Signal::Calls);
    }

    /// Unix time in seconds, as message dates are.
    fn seconds(&self) -> i64 {
        self.now().div_euclid(1000)
    }

    fn signal(&mut self, signal: Signal) {
        // A batch of messages to one chat needs one wake-up; the last version is what counts.
        if let (Some(Signal::Chat(last, version)), Signal::Chat(chat, new)) = (self.signals.last_mut(), &signal)
            && last == chat
        {
            *version = *new;
            return;
        }
        if self.signals.last() != Some(&signal) {
            self.signals.push(signal);
        }
    }
}
