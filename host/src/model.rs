//! The words of the whole host as plain data: ids, events, tables, effects. It knows no database, no WebAssembly, no
//! Telegram client and no runtime, and everything else may know it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub mod event;

pub mod table;

pub mod effect;

pub mod manifest;

pub mod route;

pub mod web;

pub mod llm;

/// A bot, by the id that Telegram gave it: the number before the colon of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BotId(pub i64);

impl fmt::Display for BotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A plugin of a bot, by its key under `[bot.plugins]`: 1 to 32 of `a-z 0-9 -`, beginning with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PluginName(Arc<str>);

impl PluginName {
    /// The name, if it has the right form.
    pub fn new(name: &str) -> Option<Self> {
        let fits = (1..=32).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        fits.then(|| Self(name.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a lane's turns belong together: the chat, or the user where an update has no chat, or 0 where it has neither.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneKey {
    /// The bot.
    pub bot: BotId,
    /// The plugin.
    pub plugin: PluginName,
    /// The chat's or user's id.
    pub chat: i64,
}

impl fmt::Display for LaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.bot, self.plugin, self.chat)
    }
}

/// Whose conversation a dialogue state belongs to, within one bot and plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DialogueKey {
    /// The chat.
    pub chat: i64,
    /// The user.
    pub user: i64,
    /// The forum topic, 0 outside of topics.
    pub topic: i64,
}
