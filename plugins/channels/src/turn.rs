//! What every part needs to know of the turn: who, where, in which words, with which settings.

use guesthouse_plugin::{Chat, ChatId, ChatKind, Failure, Message, Text, Timestamp, User, UserId, chat, clock, config};
use jiff::tz::TimeZone;

use crate::rules::{Finder, when};
use crate::texts::{Language, Texts, Words};

/// What all turns share: made once, kept in the snapshot.
pub(crate) struct Shared {
    pub(crate) texts: Texts,
    pub(crate) finder: Finder,
    pub(crate) settings: Settings,
}

/// What the operator has set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where preview pages are, with everything before the name.
    pub(crate) page_url: String,
    /// How many pages of one channel are read in one go, when posts were missed.
    pub(crate) pages_per_read: u32,
    /// Milliseconds between two channels.
    pub(crate) page_gap: Timestamp,
    /// Bytes that a preview page may have.
    pub(crate) page_bytes: u32,
    /// Milliseconds that a page may take.
    pub(crate) timeout: u32,
    /// How many links of a post are followed.
    pub(crate) links: u32,
    /// Milliseconds between two pages of one domain.
    pub(crate) link_gap: Timestamp,
    /// Bytes that a linked page may have.
    pub(crate) link_bytes: u32,
    /// Characters of a linked page that are kept.
    pub(crate) link_chars: u32,
    /// Milliseconds for which a linked page is not fetched again.
    pub(crate) link_age: Timestamp,
    /// Channels that one user may subscribe to.
    pub(crate) channels: u32,
    /// Whose hours are meant where a subscriber says nothing.
    pub(crate) zone: TimeZone,
}

/// Whether a message is a picture of an album without words. An album comes as a message for each picture, and one answer to
/// the words beside them is enough.
pub(crate) fn is_mute_picture(message: &Message) -> bool {
    message.album.is_some() && message.text.content.is_empty()
}

/// One event, as all parts see it.
pub(crate) struct Turn<'a> {
    pub(crate) shared: &'a Shared,
    /// In the user's language.
    pub(crate) words: Words<'a>,
    pub(crate) language: Language,
    pub(crate) user: UserId,
    pub(crate) chat: ChatId,
    /// Whether that is a private chat.
    pub(crate) private: bool,
    pub(crate) now: Timestamp,
}

impl Settings {
    /// Reads them; what makes no sense is replaced by its default and a warning.
    pub(crate) fn read() -> Self {
        let number = |key: &str, default: u32| config::within(key, default, ..);
        let zone =
            config::get("time_zone").map_or(Some(TimeZone::UTC), |name| when::zone(&name)).unwrap_or_else(|| {
                guesthouse_plugin::log::warn("the setting `time_zone` is no time zone, so it is UTC");
                TimeZone::UTC
            });
        Self {
            page_url: config::get("page_url").unwrap_or_else(|| "https://t.me/s/".into()),
            pages_per_read: config::within("pages_per_read", 3, 1..=10),
            page_gap: number("page_gap_ms", 1_000).into(),
            page_bytes: number("page_max_kib", 2_048).saturating_mul(1024),
            timeout: config::within("timeout_ms", 8_000, 100..=15_000),
            links: config::within("links_per_post", 2, ..=10),
            link_gap: number("link_gap_ms", 5_000).into(),
            link_bytes: number("link_max_kib", 1_024).saturating_mul(1024),
            link_chars: number("link_max_chars", 20_000),
            link_age: Timestamp::from(number("link_days", 7)) * clock::DAY,
            channels: config::within("channels_per_user", 100, 1..=500),
            zone,
        }
    }
}

impl<'a> Turn<'a> {
    /// A turn that somebody has caused.
    pub(crate) fn of(shared: &'a Shared, user: &User, chat: &Chat) -> Self {
        let language = Language::of(user);
        Self {
            shared,
            words: shared.texts.words(language),
            language,
            user: user.id,
            chat: chat.id,
            private: chat.kind == ChatKind::Private,
            now: clock::now(),
        }
    }

    /// A turn in the private chat of somebody who has not just spoken.
    pub(crate) fn for_user(shared: &'a Shared, user: UserId, language: &str) -> Self {
        let language = Language::tagged(language);
        let words = shared.texts.words(language);
        Self { shared, words, language, user, chat: user, private: true, now: clock::now() }
    }

    /// Whether the user runs the bot.
    pub(crate) fn is_admin(&self) -> bool {
        config::is_admin(self.user)
    }

    /// Answers: in a group to the message itself, since others talk there, too.
    pub(crate) fn answer(&self, to: &Message, text: impl Into<Text>) -> Result<(), Failure> {
        let message = chat::message(text);
        let message = if self.private { message } else { message.reply_to(to) };
        message.send(self.chat)?;
        Ok(())
    }

    /// Says something in the chat.
    pub(crate) fn say(&self, text: impl Into<Text>) -> Result<(), Failure> {
        chat::message(text).send(self.chat)?;
        Ok(())
    }
}
