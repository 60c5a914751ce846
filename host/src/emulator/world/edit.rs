//! What a bot changes or deletes afterwards.

use std::sync::Arc;

use serde_json::Value;

use super::rights::ChatId;
use super::send::{Draft, DraftMedia, MAX_CAPTION, MAX_TEXT};
use super::{ApiError, Author, Chat, ChatKind, ChatRef, Content, Formatted, Markup, Media, Member, Message, World};

/// Nothing older than this can be deleted.
const DELETABLE_SECONDS: i64 = 48 * 3600;

/// The message to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageTarget {
    /// Where it stands.
    pub chat: ChatId,
    /// Which it is.
    pub message_id: i64,
}

/// A change. Each of them also sets the keyboard, and takes it away if there is none.
#[derive(Debug)]
pub enum Edit {
    /// Another text.
    Text(Formatted, Option<Value>),
    /// Another caption, and whether it stands above.
    Caption(Formatted, bool),
    /// Another photo or document.
    Media(Box<DraftMedia>),
    /// Another keyboard only.
    Markup,
}

impl World {
    /// A bot changes a message; the answer is the `Message`.
    pub fn edit(
        &mut self,
        bot: i64,
        target: &MessageTarget,
        edit: Edit,
        markup: Option<Arc<Markup>>,
    ) -> Result<Value, ApiError> {
        let reference = self.writable_chat(bot, &target.chat)?;
        let id = target.message_id;
        let chat = self.chats.get(&reference).ok_or_else(|| ApiError::bad("chat not found"))?;
        let message = alive(chat, id).ok_or_else(|| ApiError::bad("message to edit not found"))?;
        if !may_edit(bot, chat, message) {
            return Err(ApiError::bad("message can't be edited"));
        }
        if markup.as_ref().is_some_and(|markup| !markup.is_inline()) {
            return Err(ApiError::bad("inline keyboard expected"));
        }
        let only_markup = matches!(edit, Edit::Markup);
        let old = message.content.clone();
        let content = self.edited(bot, &old, edit)?;
        let chat = self.chats.get(&reference);
        let message =
            chat.and_then(|chat| alive(chat, id)).ok_or_else(|| ApiError::bad("message to edit not found"))?;
        if message.content == content && message.markup == markup {
            return Err(ApiError::bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a \
                 current content and reply markup of the message",
            ));
        }
        let date = self.seconds();
        self.change_message(reference, id, |message| {
            message.content = content;
            message.markup = markup;
            // Telegram does not call a message edited only because its buttons changed.
            if !only_markup {
                message.edit_date = Some(date);
            }
        });
        self.sent(bot, reference, id)
    }

    fn edited(&mut self, bot: i64, old: &Content, edit: Edit) -> Result<Content, ApiError> {
        match (edit, old) {
            (Edit::Markup, old) => Ok(old.clone()),
            (Edit::Text(text, preview), Content::Text(..)) => {
                if text.len16() > MAX_TEXT {
                    return Err(ApiError::bad("MESSAGE_TOO_LONG"));
                }
                self.content(bot, Draft::Text(text, preview))
            }
            (Edit::Text(..), _) => Err(ApiError::bad("there is no text in the message to edit")),
            (Edit::Caption(caption, caption_above), Content::Media(media)) => {
                if caption.len16() > MAX_CAPTION {
                    return Err(ApiError::bad("message caption is too long"));
                }
                Ok(Content::Media(Media { caption, caption_above, ..media.clone() }))
            }
            (Edit::Caption(..), _) => Err(ApiError::bad("there is no caption in the message to edit")),
            (Edit::Media(media), Content::Media(_) | Content::Text(..)) => self.content(bot, Draft::Media(*media)),
            (Edit::Media(_), _) => Err(ApiError::bad("message can't be edited")),
        }
    }

    /// A bot deletes a message.
    pub fn delete(&mut self, bot: i64, target: &MessageTarget) -> Result<(), ApiError> {
        let reference = self.writable_chat(bot, &target.chat)?;
        self.delete_one(bot, reference, target.message_id)
    }

    /// A bot deletes up to a hundred messages; what is gone already does not matter.
    pub fn delete_many(&mut self, bot: i64, chat: &ChatId, ids: &[i64]) -> Result<(), ApiError> {
        if ids.is_empty() {
            return Err(ApiError::bad("message identifiers are not specified"));
        }
        if ids.len() > 100 {
            return Err(ApiError::bad("too many message identifiers specified"));
        }
        let reference = self.writable_chat(bot, chat)?;
        for id in ids {
            match self.delete_one(bot, reference, *id) {
                Err(error) if error.description.ends_with("not found") => {}
                result => result?,
            }
        }
        Ok(())
    }

    fn delete_one(&mut self, bot: i64, reference: ChatRef, id: i64) -> Result<(), ApiError> {
        let chat = self.chats.get(&reference).ok_or_else(|| ApiError::bad("chat not found"))?;
        let message = alive(chat, id).ok_or_else(|| ApiError::bad("message to delete not found"))?;
        let is_admin = chat.member(bot).is_some_and(Member::is_admin);
        let mine = message.author == Author::Bot(bot);
        let allowed = chat.kind == ChatKind::Private || is_admin || mine;
        if !allowed || self.seconds() - message.date > DELETABLE_SECONDS {
            return Err(ApiError::bad("message can't be deleted"));
        }
        self.wipe_message(reference, id);
        Ok(())
    }
}

fn alive(chat: &Chat, id: i64) -> Option<&Message> {
    chat.message(id).filter(|message| !message.deleted)
}

fn may_edit(bot: i64, chat: &Chat, message: &Message) -> bool {
    let is_admin = chat.member(bot).is_some_and(Member::is_admin);
    match message.author {
        Author::Bot(author) => author == bot,
        Author::Channel => chat.kind == ChatKind::Channel && is_admin,
        Author::Person(_) => false,
    }
}
