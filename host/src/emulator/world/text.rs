//! Formatted text: plain text and the entities over it, counted in UTF-16 units as Telegram does.
//!
//! A person's text gets the entities that Telegram finds by itself (`text/auto`); a bot's text is given with entities
//! or with markup (`text/html`, `text/markdown_v2`, `text/markdown`), and then gets those too.

mod auto;
mod given;
mod html;
mod markdown;
mod markdown_v2;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ApiError;
use super::saved::{self, Word};

pub(super) use auto::checked_url;
pub(super) use given::kind;

/// A stretch of text with a meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// The Bot API's `type`.
    #[serde(deserialize_with = "saved::word")]
    pub kind: Word,
    /// In UTF-16 units.
    pub offset: usize,
    /// In UTF-16 units.
    pub length: usize,
    /// What the kind needs besides.
    pub detail: Detail,
}

/// What an entity carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Detail {
    /// Nothing.
    None,
    /// The URL of a `text_link`.
    Url(String),
    /// The user of a `text_mention`.
    User(i64),
    /// The language of a `pre`.
    Language(String),
    /// The id of a `custom_emoji`.
    Emoji(String),
}

impl Entity {
    fn end(&self) -> usize {
        self.offset + self.length
    }
}

/// Text with entities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Formatted {
    /// The text without markup.
    pub text: String,
    /// By offset, the longer first.
    pub entities: Vec<Entity>,
}

/// How markup is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseMode {
    /// `<b>…</b>`
    Html,
    /// `*…*` with everything else escaped.
    MarkdownV2,
    /// The old `*…*`.
    Markdown,
}

impl ParseMode {
    /// Reads the parameter; in any case, as Telegram does. Empty means none.
    pub fn read(word: &str) -> Result<Option<Self>, ApiError> {
        match word.to_ascii_lowercase().as_str() {
            "" | "none" => Ok(None),
            "html" => Ok(Some(Self::Html)),
            "markdownv2" => Ok(Some(Self::MarkdownV2)),
            "markdown" => Ok(Some(Self::Markdown)),
            _ => Err(ApiError::bad("unsupported parse_mode")),
        }
    }
}

impl Formatted {
    /// What a person types: trimmed, with the entities that Telegram finds.
    pub fn typed(text: &str) -> Self {
        Self { text: text.to_owned(), entities: Vec::new() }.finish()
    }

    /// What a bot sends with markup.
    pub fn parse(text: &str, mode: ParseMode) -> Result<Self, ApiError> {
        let parsed = match mode {
            ParseMode::Html => html::parse(text),
            ParseMode::MarkdownV2 => markdown_v2::parse(text),
            ParseMode::Markdown => markdown::parse(text),
        };
        parsed.map(Self::finish).map_err(|error| ApiError::bad(format!("can't parse entities: {error}")))
    }

    /// What a bot sends with entities.
    pub fn with_entities(text: &str, entities: &[Value]) -> Result<Self, ApiError> {
        let units = text.encode_utf16().count();
        let mut list = Vec::with_capacity(entities.len());
        for value in entities {
            list.extend(given::read(value, text, units)?);
        }
        Ok(Self { text: text.to_owned(), entities: list }.finish())
    }

    /// The length in UTF-16 units.
    pub fn len16(&self) -> usize {
        self.text.encode_utf16().count()
    }

    /// The text of the first entity of a kind.
    pub fn first(&self, kind: &str) -> Option<&str> {
        self.entities.iter().find(|entity| entity.kind == kind).map(|entity| self.slice(entity))
    }

    /// The texts of all entities of a kind.
    pub fn all<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.entities.iter().filter(move |entity| entity.kind == kind).map(|entity| self.slice(entity))
    }

    /// The text under an entity.
    pub fn slice(&self, entity: &Entity) -> &str {
        let start = byte_at(&self.text, entity.offset);
        let end = byte_at(&self.text, entity.end());
        match (start, end) {
            (Some(start), Some(end)) => &self.text[start..end],
            _ => "",
        }
    }

    fn finish(mut self) -> Self {
        self.trim();
        self.entities.retain(|entity| entity.length > 0);
        for found in auto::find(&self.text) {
            self.lay_under(found);
        }
        self.entities.sort_by_key(|entity| (entity.offset, usize::MAX - entity.length));
        self
    }

    fn trim(&mut self) {
        // Telegram drops these altogether, wherever they stand.
        if self.text.contains('\r') && self.entities.is_empty() {
            self.text.retain(|c| c != '\r');
        }
        self.text.truncate(self.text.trim_end().len());
        let start = self.text.len() - self.text.trim_start().len();
        let skipped = self.text[..start].encode_utf16().count();
        self.text.drain(..start);
        let units = self.len16();
        for entity in &mut self.entities {
            let end = entity.end().saturating_sub(skipped).min(units);
            entity.offset = entity.offset.saturating_sub(skipped);
            entity.length = end.saturating_sub(entity.offset);
        }
    }

    /// Adds an entity that Telegram found. It yields to code and links, and styles that end inside it are cut there.
    fn lay_under(&mut self, found: Entity) {
        let overlaps = |entity: &Entity| entity.offset < found.end() && found.offset < entity.end();
        let owns = |entity: &Entity| {
            matches!(entity.kind, "code" | "pre" | "text_link" | "text_mention" | "custom_emoji")
                || given::FOUND.contains(&entity.kind)
        };
        if self.entities.iter().any(|entity| owns(entity) && overlaps(entity)) {
            return;
        }
        let mut cut = Vec::new();
        for entity in &mut self.entities {
            for at in [found.offset, found.end()] {
                let inside = entity.offset < at && at < entity.end();
                let contains = entity.offset <= found.offset && found.end() <= entity.end();
                if inside && !contains {
                    cut.push(Entity { offset: at, length: entity.end() - at, ..entity.clone() });
                    entity.length = at - entity.offset;
                }
            }
        }
        self.entities.append(&mut cut);
        self.entities.push(found);
    }
}

/// The byte where a UTF-16 offset stands; none inside a surrogate pair or past the end.
fn byte_at(text: &str, offset: usize) -> Option<usize> {
    let mut units = 0;
    for (byte, c) in text.char_indices() {
        if units >= offset {
            return (units == offset).then_some(byte);
        }
        units += c.len_utf16();
    }
    (units == offset).then_some(text.len())
}

/// Text under construction, which the parsers of markup share.
#[derive(Default)]
struct Builder {
    text: String,
    units: usize,
    entities: Vec<Entity>,
}

impl Builder {
    fn push(&mut self, c: char) {
        self.text.push(c);
        self.units += c.len_utf16();
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    /// Ends an entity that began at `offset` units.
    fn close(&mut self, kind: &'static str, offset: usize, detail: Detail) {
        if self.units > offset {
            self.entities.push(Entity { kind, offset, length: self.units - offset, detail });
        }
    }

    /// Ends a link; one that leads nowhere stays plain text, and `tg://user?id=…` names a user.
    fn close_link(&mut self, offset: usize, url: &str) {
        if let Some(user) = url.strip_prefix("tg://user?id=").and_then(|id| id.parse().ok()) {
            self.close("text_mention", offset, Detail::User(user));
        } else if let Some(url) = checked_url(url) {
            self.close("text_link", offset, Detail::Url(url));
        }
    }

    fn finish(self) -> Formatted {
        Formatted { text: self.text, entities: self.entities }
    }
}

#[cfg(test)]
mod tests;
