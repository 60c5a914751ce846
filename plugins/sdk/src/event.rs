//! What plugins ask of events again and again.

use serde::de::DeserializeOwned;

use crate::bindings::guesthouse::plugin::chat as raw;
use crate::chat::{self, Outgoing, Received};
use crate::{Callback, ChatId, ChatKind, Error, Event, Message, MessageRef, Text, User};

/// Looking.
impl Event {
    /// The message that the event is about, if it is about one; of an album the first.
    pub fn message(&self) -> Option<&Message> {
        match self {
            Self::Message(message)
            | Self::EditedMessage(message)
            | Self::ChannelPost(message)
            | Self::EditedChannelPost(message) => Some(message),
            Self::Command(command) => Some(&command.message),
            Self::DeepLink(link) => Some(&link.message),
            Self::Album(messages) => messages.first(),
            Self::Callback(_)
            | Self::Member(_)
            | Self::Timer(_)
            | Self::Schedule(_)
            | Self::Request(_)
            | Self::Other(_) => None,
        }
    }

    /// All messages that the event is about: those of an album, or the one, or none.
    pub fn messages(&self) -> &[Message] {
        match self {
            Self::Album(messages) => messages,
            event => event.message().map_or(&[], std::slice::from_ref),
        }
    }

    /// The chat it happened in, if it names one.
    pub fn chat_id(&self) -> Option<ChatId> {
        match self {
            Self::Callback(callback) => Some(callback.chat.id),
            Self::Member(change) => Some(change.chat.id),
            Self::Timer(timer) => Some(timer.chat),
            Self::Other(other) => other.chat,
            _ => self.message().map(|message| message.chat.id),
        }
    }

    /// Whose doing it is, if it says so. [`Event::Other`] has no more than an id, in its field `sender`.
    pub fn sender(&self) -> Option<&User> {
        match self {
            Self::Callback(callback) => Some(&callback.sender),
            Self::Member(change) => Some(&change.by),
            _ => self.message().and_then(|message| message.sender.as_ref()),
        }
    }
}

/// Looking and answering.
impl Message {
    /// What edits, deletes or answers this message.
    pub fn reference(&self) -> MessageRef {
        MessageRef::Received(Received { chat: self.chat.id, id: self.id })
    }

    /// A message that answers this one; it still has to be [sent](Outgoing::send).
    pub fn reply(&self, text: impl Into<Text>) -> Outgoing {
        chat::message(text).reply_to(self.reference())
    }

    /// Whether it stands in a private chat.
    pub fn is_private(&self) -> bool {
        self.chat.kind == ChatKind::Private
    }
}

/// Looking and answering.
impl Callback {
    /// What edits or deletes the message under which the button stands.
    pub fn reference(&self) -> MessageRef {
        MessageRef::Received(Received { chat: self.chat.id, id: self.message_id })
    }

    /// The value that [`Button::call`](crate::Button::call) put into the button.
    ///
    /// # Errors
    ///
    /// [`Error::Decoding`] if there is another value in it: buttons outlive versions of the plugin.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.data).map_err(|error| Error::Decoding(format!("a button's data: {error}")))
    }

    /// Ends the waiting circle on the button. The host does so by itself where a plugin does not.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if the turn has asked for too much.
    pub fn answer(&self) -> Result<(), Error> {
        Ok(raw::answer_callback(&self.id, None, false)?)
    }

    /// Ends the waiting circle and shows a short text, at most 200 characters, over the chat.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if the text is too long or the turn has asked for too much.
    pub fn answer_with(&self, text: &str) -> Result<(), Error> {
        Ok(raw::answer_callback(&self.id, Some(text), false)?)
    }

    /// Ends the waiting circle and shows a short text, at most 200 characters, in a window to be closed.
    ///
    /// # Errors
    ///
    /// [`Error::Chat`] if the text is too long or the turn has asked for too much.
    pub fn alert(&self, text: &str) -> Result<(), Error> {
        Ok(raw::answer_callback(&self.id, Some(text), true)?)
    }
}

/// Looking.
impl User {
    /// First and last name.
    pub fn full_name(&self) -> String {
        match &self.last_name {
            Some(last_name) => format!("{} {last_name}", self.first_name),
            None => self.first_name.clone(),
        }
    }

    /// The primary language of the user's application, such as `pt` of `pt-br`; empty if Telegram did not say.
    pub fn language(&self) -> &str {
        let tag = self.language_code.as_deref().unwrap_or_default();
        tag.split(['-', '_']).next().unwrap_or_default()
    }
}

impl From<&Message> for MessageRef {
    fn from(message: &Message) -> Self {
        message.reference()
    }
}

impl From<&Callback> for MessageRef {
    fn from(callback: &Callback) -> Self {
        callback.reference()
    }
}

impl From<&MessageRef> for MessageRef {
    fn from(reference: &MessageRef) -> Self {
        *reference
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_album_is_about_all_its_messages() {
        let message = |id| Message {
            id,
            chat: crate::Chat { id: 5, kind: ChatKind::Private, title: "Ada".into(), username: None },
            sender: None,
            sender_chat: None,
            date: 0,
            edited: None,
            topic: None,
            reply_to: None,
            album: Some("a".into()),
            forwarded: false,
            text: Text::default(),
            content: crate::Content::Text,
        };
        let ids = |event: &Event| event.messages().iter().map(|message| message.id).collect::<Vec<_>>();
        let album = Event::Album(vec![message(1), message(2)]);
        assert_eq!(
            (ids(&album), album.message().map(|first| first.id), album.chat_id()),
            (vec![1, 2], Some(1), Some(5))
        );
        assert_eq!(ids(&Event::Message(message(3))), [3]);
    }

    #[test]
    fn the_language_is_the_primary_tag() {
        let mut user = User {
            id: 1,
            is_bot: false,
            first_name: "Ada".into(),
            last_name: None,
            username: None,
            language_code: None,
        };
        assert_eq!((user.language(), user.full_name()), ("", "Ada".to_owned()));
        user.language_code = Some("pt-br".into());
        user.last_name = Some("Lovelace".into());
        assert_eq!((user.language(), user.full_name()), ("pt", "Ada Lovelace".to_owned()));
    }
}
