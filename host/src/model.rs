//! The words of the whole host as plain data: ids, events, tables, effects. It knows no database, no WebAssembly, no
//! Telegram client and no runtime, and everything else may know it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod exact;

pub mod event;

pub mod payload;

pub mod cron;

pub mod table;

pub mod effect;

pub mod manifest;

pub mod route;

pub mod web;

pub mod llm;

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

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

    /// The name that a text comes close to, as the stem of a file's does; `plugin` for want of a better one.
    pub fn like(text: &str) -> Self {
        Self::new(&text.replace('_', "-")).unwrap_or_else(|| Self("plugin".into()))
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

/// What has lanes of its own: a plugin, or one of its processors. Written `plugin` or `plugin/processor`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    plugin: PluginName,
    text: Arc<str>,
}

impl Part {
    /// A processor of a plugin.
    pub fn processor_of(plugin: &PluginName, processor: &str) -> Self {
        Self { plugin: plugin.clone(), text: format!("{plugin}/{processor}").into() }
    }

    /// The processor of that name, or the plugin itself.
    pub fn of(plugin: &PluginName, processor: Option<&str>) -> Self {
        processor.map_or_else(|| plugin.clone().into(), |processor| Self::processor_of(plugin, processor))
    }

    /// What was written.
    pub fn parse(text: &str) -> Option<Self> {
        let (plugin, processor) = text.split_once('/').map_or((text, None), |(plugin, rest)| (plugin, Some(rest)));
        Some(Self::of(&PluginName::new(plugin)?, processor))
    }

    /// The plugin.
    pub fn plugin(&self) -> &PluginName {
        &self.plugin
    }

    /// The processor; `None`: the plugin itself.
    pub fn processor(&self) -> Option<&str> {
        self.text.get(self.plugin.as_str().len() + 1..)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<PluginName> for Part {
    fn from(plugin: PluginName) -> Self {
        Self { text: Arc::clone(&plugin.0), plugin }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// Whose conversation a dialogue state belongs to, within one bot and plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DialogueKey {
    /// The chat.
    pub chat: i64,
    /// The user.
    pub user: i64,
    /// The forum topic, 0 outside of topics.
    pub topic: i64,
}
