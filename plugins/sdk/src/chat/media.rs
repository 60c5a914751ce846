//! Files to send.

use super::{AlbumItem, Media, MediaKind, MessageRef, Upload, raw};
use crate::{ChatId, Document, Error, File, Photo, Text};

/// Building.
impl Media {
    /// Bytes to upload, under a file name with its ending. The host uploads the same bytes once and remembers what Telegram
    /// calls them.
    pub fn upload(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Upload(Upload { name: name.into(), bytes: bytes.into() })
    }

    /// A file that Telegram has, by its id.
    pub fn file(id: impl Into<String>) -> Self {
        Self::FileId(id.into())
    }
}

impl From<&File> for Media {
    fn from(file: &File) -> Self {
        Self::file(&file.id)
    }
}

impl From<&Photo> for Media {
    fn from(photo: &Photo) -> Self {
        Self::from(&photo.file)
    }
}

impl From<&Document> for Media {
    fn from(document: &Document) -> Self {
        Self::from(&document.file)
    }
}

/// Two to ten pictures, or two to ten files, that are shown together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Album {
    items: Vec<AlbumItem>,
    reply_to: Option<MessageRef>,
    at_most_once: bool,
}

impl Album {
    /// An album without pictures.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a picture with a caption, which may be empty.
    pub fn photo(self, photo: impl Into<Media>, caption: impl Into<Text>) -> Self {
        self.item(MediaKind::Photo, photo.into(), caption.into())
    }

    /// Adds a file with a caption, which may be empty. Files do not mix with pictures.
    pub fn document(self, document: impl Into<Media>, caption: impl Into<Text>) -> Self {
        self.item(MediaKind::Document, document.into(), caption.into())
    }

    fn item(mut self, kind: MediaKind, media: Media, caption: Text) -> Self {
        self.items.push(AlbumItem { kind, media, caption });
        self
    }

    /// Makes it an answer to a message; it is sent without if that one is gone.
    pub fn reply_to(mut self, message: impl Into<MessageRef>) -> Self {
        self.reply_to = Some(message.into());
        self
    }

    /// Sends it rather not at all than twice, as [`Outgoing::at_most_once`](super::Outgoing::at_most_once) does.
    pub fn at_most_once(mut self) -> Self {
        self.at_most_once = true;
        self
    }

    /// How many pictures or files it holds.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Sends it. The references are those of its messages, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if there are fewer than 2 or more than 10, files are mixed with pictures, the chat is not granted,
    /// or the turn has asked for too much.
    pub fn send(self, to: ChatId) -> Result<Vec<MessageRef>, Error> {
        Ok(raw::send_album(to, &self.items, self.reply_to, self.at_most_once)?)
    }
}
