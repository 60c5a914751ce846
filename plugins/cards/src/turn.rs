//! What every part needs to know of the turn: who, where, in which words.

use guesthouse_plugin::{Chat, ChatId, ChatKind, Failure, Message, Text, Timestamp, User, chat, clock, config};

use crate::texts::{Language, Texts, Words};

/// More rows of a log do not fit one message.
pub(crate) const MAX_PAGE: u32 = 15;

/// What the operator has set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// More wrong codes than this slow a user down …
    pub(crate) wrong_codes: u32,
    /// … if they come within so many minutes.
    pub(crate) wrong_codes_minutes: u32,
    /// A code that so many users checked may have been copied.
    pub(crate) copy_warning_users: i64,
    /// Rows on a page of a list.
    pub(crate) page_size: u32,
}

/// One event, as all parts see it.
pub(crate) struct Turn<'a> {
    /// In the user's language.
    pub(crate) words: Words<'a>,
    /// All languages, for those who are told about this user.
    pub(crate) texts: &'a Texts,
    /// What the operator has set.
    pub(crate) settings: &'a Settings,
    /// Whose event it is.
    pub(crate) user: &'a User,
    /// Where.
    pub(crate) chat: ChatId,
    /// Whether that is a private chat.
    pub(crate) private: bool,
    /// When.
    pub(crate) now: Timestamp,
}

impl Settings {
    /// Reads them; what makes no sense is replaced by its default and a warning.
    pub(crate) fn read() -> Self {
        let number = |key: &str, default: u32| config::within(key, default, 1..);
        Self {
            wrong_codes: number("wrong_codes", 5),
            wrong_codes_minutes: number("wrong_codes_minutes", 10),
            copy_warning_users: number("copy_warning_users", 5).into(),
            page_size: number("page_size", 10).min(MAX_PAGE),
        }
    }
}

impl<'a> Turn<'a> {
    /// Begins.
    pub(crate) fn new(texts: &'a Texts, settings: &'a Settings, user: &'a User, chat: &Chat) -> Self {
        Self {
            words: texts.words(Language::of(user)),
            texts,
            settings,
            user,
            chat: chat.id,
            private: chat.kind == ChatKind::Private,
            now: clock::now(),
        }
    }

    /// Whether the user runs the bot.
    pub(crate) fn is_admin(&self) -> bool {
        config::is_admin(self.user.id)
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
