//! The world as it is written down between two runs, and read again.
//!
//! Kept are people, bots with their menus, webhooks and waiting updates, chats with their messages, and which files there
//! are; the bytes of files lie beside. Faults, flood limits, the log of calls and pressed buttons end with the run. What is
//! written is always a moment old, so numbers that others may have seen since are never given a second time: after each
//! start some are left out.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::commands::{BotCommand, Scope};
use super::files::{Files, SavedFile};
use super::updates::{SavedQueue, UpdateQueue};
use super::webhook::Webhook;
use super::{Bot, Chat, Person, WebhookSettings, World, text};
use crate::clock::Clock;

/// The shape of what is written. A program refuses what a newer one wrote.
const VERSION: u32 = 1;
/// How many numbers are left out at a start: more than the moment before a crash can have used.
const LEFT_OUT: u32 = 1_000;

/// A word out of a fixed list. (An alias, because serde takes every `&str` for a loan from its input.)
pub(super) type Word = &'static str;

/// Why something is not the world that was written down.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A newer program wrote it.
    #[error("a newer guesthouse wrote it (version {0}, this one reads {VERSION})")]
    Newer(u32),
    /// It is no such thing, or was damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

#[derive(Deserialize)]
struct Header {
    version: u32,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    people: Vec<&'a Person>,
    bots: Vec<SavedBot>,
    chats: Vec<&'a Chat>,
    files: Vec<Option<SavedFile>>,
}

#[derive(Deserialize)]
struct Read {
    people: Vec<Person>,
    bots: Vec<SavedBot>,
    chats: Vec<Chat>,
    files: Vec<Option<SavedFile>>,
}

#[derive(Serialize, Deserialize)]
struct SavedBot {
    id: i64,
    token: String,
    username: String,
    name: String,
    reads_all: bool,
    last_message_id: i64,
    queue: SavedQueue,
    webhook: Option<WebhookSettings>,
    menus: Vec<(Scope, String, Vec<BotCommand>)>,
    /// Sorted, so that the same world is written in the same way.
    met: Vec<i64>,
}

impl World {
    /// Everything that outlives a run, as JSON; the bytes of files are in [`World::blobs`].
    pub fn saved(&self) -> Vec<u8> {
        let written = Written {
            version: VERSION,
            people: self.people.values().collect(),
            bots: self.bots.values().map(saved_bot).collect(),
            chats: self.chats.values().collect(),
            files: self.files.saved(),
        };
        // Nothing in it can fail to be JSON: every key is a text or a number.
        serde_json::to_vec(&written).unwrap_or_default()
    }

    /// The bytes of all files, once each, by the digests under which [`World::saved`] names them.
    pub fn blobs(&self) -> impl Iterator<Item = (String, Bytes)> {
        self.files.blobs()
    }

    /// The world that was [saved](World::saved). `bytes_of` gives the bytes of files by digest; a file without any is lost.
    pub fn resumed(
        clock: Clock,
        seed: u64,
        saved: &[u8],
        bytes_of: impl FnMut(&str) -> Option<Bytes>,
    ) -> Result<Self, Unreadable> {
        let damaged = |error: serde_json::Error| Unreadable::Damaged(error.to_string());
        let Header { version } = serde_json::from_slice(saved).map_err(damaged)?;
        if version > VERSION {
            return Err(Unreadable::Newer(version));
        }
        let Read { people, bots, chats, files } = serde_json::from_slice(saved).map_err(damaged)?;
        let mut world = Self::new(clock, seed);
        world.files = Files::resumed(files, bytes_of);
        world.people = people.into_iter().map(|person| (person.id, person)).collect();
        for mut chat in chats {
            chat.resume(LEFT_OUT);
            world.chats.insert(chat.reference, chat);
        }
        for bot in bots {
            let (id, webhook) = (bot.id, bot.webhook.clone());
            world.tokens.insert(bot.token.clone(), id);
            world.bots.insert(id, resumed_bot(bot));
            if webhook.is_some() {
                world.set_webhook(id, webhook, false).map_err(|error| Unreadable::Damaged(error.description))?;
            }
        }
        Ok(world)
    }
}

fn saved_bot(bot: &Bot) -> SavedBot {
    let mut met: Vec<i64> = bot.met.iter().copied().collect();
    met.sort_unstable();
    let menus = bot.commands.iter().map(|((scope, language), menu)| (scope.clone(), language.clone(), menu.clone()));
    SavedBot {
        id: bot.id,
        token: bot.token.clone(),
        username: bot.username.clone(),
        name: bot.name.clone(),
        reads_all: bot.reads_all,
        last_message_id: bot.last_message_id,
        queue: bot.queue.saved(),
        webhook: bot.webhook.settings().cloned(),
        menus: menus.collect(),
        met,
    }
}

fn resumed_bot(saved: SavedBot) -> Bot {
    let menus = saved.menus.into_iter().map(|(scope, language, menu)| ((scope, language), menu));
    Bot {
        id: saved.id,
        token: saved.token,
        username: saved.username,
        name: saved.name,
        reads_all: saved.reads_all,
        last_message_id: saved.last_message_id.saturating_add(i64::from(LEFT_OUT)),
        queue: UpdateQueue::resumed(saved.queue, LEFT_OUT),
        webhook: Webhook::default(),
        commands: menus.collect::<BTreeMap<_, _>>(),
        met: saved.met.into_iter().collect::<HashSet<_>>(),
    }
}

/// Reads a word that the program knows.
pub(super) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
    let name = String::deserialize(deserializer)?;
    let plain = ["contact", "location"].into_iter().find(|known| *known == name);
    plain.or_else(|| text::kind(&name)).ok_or_else(|| D::Error::custom(format!("`{name}` is not known")))
}

/// Something shared, written as what it is.
pub(super) mod shared {
    use super::{Arc, Deserialize, Deserializer, Serialize};

    pub(in super::super) fn serialize<T: Serialize, S: serde::Serializer>(
        shared: &Option<Arc<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        shared.as_deref().serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<T>>, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map(Arc::new))
    }
}

#[cfg(test)]
mod tests;
