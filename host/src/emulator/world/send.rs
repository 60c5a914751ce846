//! What a bot sends: checks in Telegram's order and words, then the message stands in the chat.

use std::sync::Arc;

use rand::Rng;
use serde_json::Value;

use super::rights::ChatId;
use super::{
    ApiError, Author, ChatKind, ChatRef, Content, FileKind, FileNo, Formatted, Markup, Media, NewFile, Viewer, World,
};

/// UTF-16 units in a text.
pub(super) const MAX_TEXT: usize = 4096;
/// UTF-16 units in a caption.
pub(super) const MAX_CAPTION: usize = 1024;

/// Which message is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// In the same chat.
    pub message_id: i64,
    /// Whether the answer is sent also if that message is gone.
    pub allow_missing: bool,
}

/// Where a file comes from.
#[derive(Debug)]
pub enum Source {
    /// It came with the request.
    New(NewFile),
    /// The bot knows it.
    Known(String),
}

/// What a message says, with its file not yet looked up.
#[derive(Debug)]
pub enum Draft {
    /// Text, and how its links are to be previewed.
    Text(Formatted, Option<Value>),
    /// A photo or document.
    Media(DraftMedia),
    /// A contact or a location, as the Bot API shows it.
    Plain(&'static str, Value),
}

/// A photo or document to send.
#[derive(Debug)]
pub struct DraftMedia {
    /// As what.
    pub kind: FileKind,
    /// Which.
    pub source: Source,
    /// The text below it.
    pub caption: Formatted,
    /// Whether the caption stands above the picture.
    pub caption_above: bool,
    /// Whether the picture is covered.
    pub spoiler: bool,
}

/// How a message is to be sent.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// The keyboard.
    pub markup: Option<Arc<Markup>>,
    /// The message that it answers.
    pub reply: Option<Reply>,
    /// Whether it may not be forwarded.
    pub protected: bool,
}

impl World {
    /// A bot sends a message; the answer is the `Message`.
    pub fn send(&mut self, bot: i64, chat: &ChatId, draft: Draft, how: Outgoing) -> Result<Value, ApiError> {
        let reference = self.writable_chat(bot, chat)?;
        let reply_to = self.replied(reference, how.reply.as_ref())?;
        let content = self.content(bot, draft)?;
        let id = self.post_as_bot(bot, reference, content, reply_to, &how, None);
        self.sent(bot, reference, id)
    }

    /// A bot sends two to ten photos or documents that belong together; the answer is the list of `Message`s.
    pub fn send_group(
        &mut self,
        bot: i64,
        chat: &ChatId,
        parts: Vec<DraftMedia>,
        how: Outgoing,
    ) -> Result<Value, ApiError> {
        if parts.is_empty() {
            return Err(ApiError::bad("there are no messages to send"));
        }
        if parts.len() > 10 {
            return Err(ApiError::bad("too many messages to send as an album"));
        }
        if parts.windows(2).any(|pair| pair[0].kind != pair[1].kind) {
            return Err(ApiError::bad("can't use the media of the specified type in the album"));
        }
        let reference = self.writable_chat(bot, chat)?;
        let reply_to = self.replied(reference, how.reply.as_ref())?;
        // All or nothing: no part is posted before every part is known to be good.
        let contents = parts.into_iter().map(|part| self.content(bot, Draft::Media(part)));
        let contents = contents.collect::<Result<Vec<_>, _>>()?;
        let number = self.rng.random_range(10_000_000_000_000_000..99_999_999_999_999_999_i64);
        let album = (contents.len() > 1).then(|| number.to_string());
        let mut sent = Vec::with_capacity(contents.len());
        for content in contents {
            let id = self.post_as_bot(bot, reference, content, reply_to, &how, album.clone());
            sent.push(self.sent(bot, reference, id)?);
        }
        Ok(Value::Array(sent))
    }

    fn post_as_bot(
        &mut self,
        bot: i64,
        chat: ChatRef,
        content: Content,
        reply_to: Option<i64>,
        how: &Outgoing,
        album: Option<String>,
    ) -> i64 {
        let channel = self.chats.get(&chat).is_some_and(|chat| chat.kind == ChatKind::Channel);
        let author = if channel { Author::Channel } else { Author::Bot(bot) };
        self.post(chat, author, content, |message| {
            message.reply_to = reply_to;
            message.markup = how.markup.clone();
            message.protected = how.protected;
            message.album = album;
        })
    }

    /// The answer to a bot that sent or changed a message.
    pub(super) fn sent(&self, bot: i64, reference: ChatRef, id: i64) -> Result<Value, ApiError> {
        let chat = self.chats.get(&reference);
        let shown = chat.and_then(|chat| Some(self.message_json(chat, chat.message(id)?, Viewer::Bot(bot))));
        shown.ok_or_else(|| {
            let text = "Internal Server Error: sent message was immediately deleted and can't be returned";
            ApiError::new(500, text)
        })
    }

    fn replied(&self, reference: ChatRef, reply: Option<&Reply>) -> Result<Option<i64>, ApiError> {
        let Some(reply) = reply else { return Ok(None) };
        let message = self.chats.get(&reference).and_then(|chat| chat.message(reply.message_id));
        match message.filter(|message| !message.deleted) {
            Some(message) => Ok(Some(message.id)),
            None if reply.allow_missing => Ok(None),
            None => Err(ApiError::bad("message to be replied not found")),
        }
    }

    /// Looks up the file and checks the lengths.
    pub(super) fn content(&mut self, bot: i64, draft: Draft) -> Result<Content, ApiError> {
        match draft {
            Draft::Text(text, preview) => {
                if text.text.is_empty() {
                    return Err(ApiError::bad("text must be non-empty"));
                }
                if text.len16() > MAX_TEXT {
                    return Err(ApiError::bad("message is too long"));
                }
                Ok(Content::Text(text, preview))
            }
            Draft::Media(DraftMedia { kind, source, caption, caption_above, spoiler }) => {
                if caption.len16() > MAX_CAPTION {
                    return Err(ApiError::bad("message caption is too long"));
                }
                let file = self.file(bot, kind, source)?;
                Ok(Content::Media(Media { kind, file, caption, caption_above, spoiler }))
            }
            Draft::Plain(field, value) => Ok(Content::Plain(field, value)),
        }
    }

    fn file(&mut self, bot: i64, kind: FileKind, source: Source) -> Result<FileNo, ApiError> {
        match source {
            Source::New(file) => Ok(self.add_file(file)),
            Source::Known(id) => self.files.reuse(bot, &id, kind),
        }
    }

    /// What `getFile` answers.
    pub fn file_info(&self, bot: i64, id: &str) -> Result<Value, ApiError> {
        self.files.info(bot, id)
    }

    /// The bytes behind a `file_path`, and their media type.
    pub fn download(&self, path: &str) -> Option<(bytes::Bytes, String)> {
        self.files.by_path(path).map(|file| (file.bytes.clone(), file.mime.clone()))
    }

    /// A bot shows what it is doing.
    pub fn send_action(&mut self, bot: i64, chat: &ChatId, action: &str) -> Result<(), ApiError> {
        const KNOWN: [&str; 12] = [
            "typing",
            "upload_photo",
            "record_video",
            "upload_video",
            "record_voice",
            "record_audio",
            "upload_voice",
            "upload_audio",
            "upload_document",
            "choose_sticker",
            "find_location",
            "record_video_note",
        ];
        let reference = self.writable_chat(bot, chat)?;
        if !KNOWN.contains(&action) && action != "upload_video_note" {
            return Err(ApiError::bad("wrong parameter action in request"));
        }
        self.show_action(reference, action);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
