//! Writing to people.
//!
//! Everything here is sent after the turn has committed, in the order asked for within each chat. A turn may write to the
//! chat that its event came from; any other has to be granted.
//!
//! ```no_run
//! use guesthouse_plugin::{Button, Error, Message, Text, chat};
//!
//! fn greet(message: &Message) -> Result<(), Error> {
//!     let sent = chat::message(Text::new().bold("Hello"))
//!         .buttons([[Button::callback("Wave", "wave"), Button::url("Site", "https://example.org")]])
//!         .reply_to(message)
//!         .send(message.chat.id)?;
//!     chat::message("Hello again").edit(sent)
//! }
//! ```

mod keyboard;
mod media;

use crate::bindings::guesthouse::plugin::chat as raw;
pub use crate::bindings::guesthouse::plugin::chat::{
    Action, AlbumItem, Button, ButtonAction, Error as ChatError, Key, Keyboard, Media, MediaKind, MessageRef, Outgoing,
    Received, ReplyKeyboard, Upload,
};
use crate::{ChatId, Error, Text};
pub use media::Album;

/// Begins a message. A text of more than 4096 UTF-16 units is sent as several messages, of which the last one carries the
/// keyboard; a caption ends at 1024.
pub fn message(text: impl Into<Text>) -> Outgoing {
    Outgoing {
        text: text.into(),
        keyboard: None,
        reply_to: None,
        silent: false,
        protect: false,
        link_preview: false,
        at_most_once: false,
    }
}

/// Sends a place on the map, in degrees north and east.
///
/// # Errors
///
/// [`Error::Chat`] if the chat is not granted or the turn has asked for too much.
pub fn location(to: ChatId, latitude: f64, longitude: f64) -> Result<MessageRef, Error> {
    Ok(raw::send_location(to, latitude, longitude)?)
}

/// Shows what the bot is doing, for five seconds or until a message comes.
///
/// # Errors
///
/// [`Error::Chat`] if the chat is not granted or the turn has asked for too much.
pub fn action(to: ChatId, action: Action) -> Result<(), Error> {
    Ok(raw::send_action(to, action)?)
}

/// Shows that the bot is typing, for five seconds or until a message comes.
///
/// # Errors
///
/// [`Error::Chat`] if the chat is not granted or the turn has asked for too much.
pub fn typing(to: ChatId) -> Result<(), Error> {
    action(to, Action::Typing)
}

/// Building, and what becomes of it.
impl Outgoing {
    /// Hangs buttons under it, in rows.
    pub fn buttons<R: IntoIterator<Item = Button>>(self, rows: impl IntoIterator<Item = R>) -> Self {
        self.keyboard(Keyboard::buttons(rows))
    }

    /// Hangs a keyboard under it.
    pub fn keyboard(mut self, keyboard: Keyboard) -> Self {
        self.keyboard = Some(keyboard);
        self
    }

    /// Makes it an answer to a message; it is sent without if that one is gone.
    pub fn reply_to(mut self, message: impl Into<MessageRef>) -> Self {
        self.reply_to = Some(message.into());
        self
    }

    /// Delivers it without a sound.
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Forbids forwarding and saving.
    pub fn protect(mut self) -> Self {
        self.protect = true;
        self
    }

    /// Shows a preview of the first link; otherwise there is none.
    pub fn link_preview(mut self) -> Self {
        self.link_preview = true;
        self
    }

    /// Sends it rather not at all than twice. Telegram cannot tell whether it has seen a message before, so after an
    /// attempt whose answer was lost a message is sent again, and may be there twice. With this it is not sent again: it
    /// ends as a dead letter with the reason, and may be there or not. Edits and deletions need it not.
    pub fn at_most_once(mut self) -> Self {
        self.at_most_once = true;
        self
    }

    /// Sends it.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if the chat is not granted, Telegram would refuse the text or the keyboard, or the turn has asked
    /// for too much.
    pub fn send(self, to: ChatId) -> Result<MessageRef, Error> {
        Ok(raw::send_text(to, &self)?)
    }

    /// Sends a picture with it as the caption.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); also if Telegram would refuse the picture, which may have 10 MB.
    pub fn send_photo(self, to: ChatId, photo: impl Into<Media>) -> Result<MessageRef, Error> {
        Ok(raw::send_media(to, MediaKind::Photo, &photo.into(), &self)?)
    }

    /// Sends a file with it as the caption.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send); also if Telegram would refuse the file, which may have 50 MB.
    pub fn send_document(self, to: ChatId, document: impl Into<Media>) -> Result<MessageRef, Error> {
        Ok(raw::send_media(to, MediaKind::Document, &document.into(), &self)?)
    }

    /// Puts its text and its buttons in the place of a message's. At most 4096 UTF-16 units; without buttons those of the
    /// message go.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if the message is none of this plugin's or in a chat that is not granted, or Telegram would refuse
    /// the text or the buttons.
    pub fn edit(self, message: impl Into<MessageRef>) -> Result<(), Error> {
        Ok(raw::edit_text(message.into(), &self.text, self.keyboard.as_ref())?)
    }

    /// Puts its text and its buttons in the place of the caption and the buttons of a message with a file.
    ///
    /// # Errors
    ///
    /// As for [`edit`](Self::edit).
    pub fn edit_caption(self, message: impl Into<MessageRef>) -> Result<(), Error> {
        Ok(raw::edit_caption(message.into(), &self.text, self.keyboard.as_ref())?)
    }

    /// Puts a picture, its text and its buttons in the place of a message with a file.
    ///
    /// # Errors
    ///
    /// As for [`edit`](Self::edit); also if Telegram would refuse the picture.
    pub fn edit_photo(self, message: impl Into<MessageRef>, photo: impl Into<Media>) -> Result<(), Error> {
        self.edit_media(message.into(), MediaKind::Photo, &photo.into())
    }

    /// Puts a file, its text and its buttons in the place of a message with a file.
    ///
    /// # Errors
    ///
    /// As for [`edit`](Self::edit); also if Telegram would refuse the file.
    pub fn edit_document(self, message: impl Into<MessageRef>, document: impl Into<Media>) -> Result<(), Error> {
        self.edit_media(message.into(), MediaKind::Document, &document.into())
    }

    fn edit_media(self, message: MessageRef, kind: MediaKind, media: &Media) -> Result<(), Error> {
        Ok(raw::edit_media(message, kind, media, &self.text, self.keyboard.as_ref())?)
    }
}

/// What becomes of a message.
impl MessageRef {
    /// Puts other buttons under it.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if the message is none of this plugin's or in a chat that is not granted, or Telegram would refuse
    /// the buttons.
    pub fn edit_buttons<R: IntoIterator<Item = Button>>(self, rows: impl IntoIterator<Item = R>) -> Result<(), Error> {
        Ok(raw::edit_keyboard(self, Some(&Keyboard::buttons(rows)))?)
    }

    /// Takes its buttons away.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if the message is none of this plugin's or in a chat that is not granted.
    pub fn remove_buttons(self) -> Result<(), Error> {
        Ok(raw::edit_keyboard(self, None)?)
    }

    /// Deletes it.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if the message is none of this plugin's or in a chat that is not granted.
    pub fn delete(self) -> Result<(), Error> {
        Ok(raw::delete(self)?)
    }
}
