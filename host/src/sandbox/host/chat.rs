//! `chat`: effects in people's chats. This file decides which message a reference means; `reach` decides to whom a turn
//! may write, `outgoing` what may be sent.

use crate::model::effect::{AlbumItem, Callback, ChatEffect, Keyboard, MessageRef, Outgoing};
use crate::model::event::Text;
use crate::sandbox::bindings::guesthouse::plugin::chat::{self as wit, Error, Host};
use crate::sandbox::bindings::guesthouse::plugin::types;
use crate::sandbox::effects::Exceeded;
use crate::sandbox::guest::{Entered, Guest};
use crate::sandbox::outgoing;
use crate::sandbox::reach::Unknown;
use crate::sandbox::view::ViewError;

impl Host for Guest {
    async fn send_text(&mut self, to: i64, message: wit::Outgoing) -> wasmtime::Result<Result<wit::MessageRef, Error>> {
        Ok(self.enter("chat")?.send_text(to, message).await)
    }

    async fn send_media(
        &mut self,
        to: i64,
        kind: wit::MediaKind,
        media: wit::Media,
        message: wit::Outgoing,
    ) -> wasmtime::Result<Result<wit::MessageRef, Error>> {
        Ok(self.enter("chat")?.send_media(to, kind, media, message).await)
    }

    async fn send_album(
        &mut self,
        to: i64,
        items: Vec<wit::AlbumItem>,
        reply_to: Option<wit::MessageRef>,
        at_most_once: bool,
    ) -> wasmtime::Result<Result<Vec<wit::MessageRef>, Error>> {
        Ok(self.enter("chat")?.send_album(to, items, reply_to, at_most_once).await)
    }

    async fn send_location(
        &mut self,
        to: i64,
        latitude: f64,
        longitude: f64,
    ) -> wasmtime::Result<Result<wit::MessageRef, Error>> {
        Ok(self.enter("chat")?.send_location(to, latitude, longitude).await)
    }

    async fn edit_text(
        &mut self,
        message: wit::MessageRef,
        text: types::Text,
        keyboard: Option<wit::Keyboard>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("chat")?.edit_text(message, text, keyboard).await)
    }

    async fn edit_caption(
        &mut self,
        message: wit::MessageRef,
        caption: types::Text,
        keyboard: Option<wit::Keyboard>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("chat")?.edit_caption(message, caption, keyboard).await)
    }

    async fn edit_media(
        &mut self,
        message: wit::MessageRef,
        kind: wit::MediaKind,
        media: wit::Media,
        caption: types::Text,
        keyboard: Option<wit::Keyboard>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("chat")?.edit_media(message, kind, media, caption, keyboard).await)
    }

    async fn edit_keyboard(
        &mut self,
        message: wit::MessageRef,
        keyboard: Option<wit::Keyboard>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("chat")?.edit_keyboard(message, keyboard).await)
    }

    async fn delete(&mut self, message: wit::MessageRef) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("chat")?.delete(message).await)
    }

    fn answer_callback(
        &mut self,
        id: String,
        text: Option<String>,
        alert: bool,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("chat")?.answer_callback(id, text, alert))
    }

    async fn send_action(&mut self, to: i64, action: wit::Action) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("chat")?.send_action(to, action).await)
    }
}

impl Entered<'_> {
    async fn send_text(&mut self, to: i64, mut message: wit::Outgoing) -> Result<wit::MessageRef, Error> {
        self.may_write(to).await?;
        let text = outgoing::message_text(take(&mut message.text))?;
        let messages = outgoing::utf16(&text.content).div_ceil(outgoing::MESSAGE);
        let (message, callbacks) = self.outgoing(to, text, message).await?;
        let bytes = size_of(&message);
        let reference = self.ids.id();
        self.send(ChatEffect::SendText { chat: to, reference, message }, messages, bytes, callbacks)?;
        Ok(self.sent(to, reference))
    }

    async fn send_media(
        &mut self,
        to: i64,
        kind: wit::MediaKind,
        media: wit::Media,
        mut message: wit::Outgoing,
    ) -> Result<wit::MessageRef, Error> {
        self.may_write(to).await?;
        let (kind, media) = outgoing::media(kind, media)?;
        let caption = outgoing::caption(take(&mut message.text))?;
        let (message, callbacks) = self.outgoing(to, caption, message).await?;
        let bytes = size_of(&message) + outgoing::size_of_media(&media);
        let reference = self.ids.id();
        self.send(ChatEffect::SendMedia { chat: to, reference, kind, media, message }, 1, bytes, callbacks)?;
        Ok(self.sent(to, reference))
    }

    async fn send_album(
        &mut self,
        to: i64,
        items: Vec<wit::AlbumItem>,
        reply_to: Option<wit::MessageRef>,
        at_most_once: bool,
    ) -> Result<Vec<wit::MessageRef>, Error> {
        self.may_write(to).await?;
        if !(2..=10).contains(&items.len()) {
            return Err(Error::BadMedia(format!("an album has 2 to 10 pieces, not {}", items.len())));
        }
        if items.iter().any(|item| item.kind != items[0].kind) {
            return Err(Error::BadMedia("documents and pictures do not mix in an album".into()));
        }
        let mut bytes = 0;
        let mut pieces = Vec::with_capacity(items.len());
        for wit::AlbumItem { kind, media, caption } in items {
            let (kind, media) = outgoing::media(kind, media)?;
            let caption = outgoing::caption(caption)?;
            bytes += outgoing::size_of_media(&media) + outgoing::size_of_text(&caption);
            pieces.push(AlbumItem { kind, media, caption });
        }
        let reply_to = self.answered(to, reply_to).await?;
        let references: Vec<i64> = pieces.iter().map(|_| self.ids.id()).collect();
        let count = pieces.len();
        let sent = references.clone();
        let effect = ChatEffect::SendAlbum { chat: to, references: sent, items: pieces, reply_to, at_most_once };
        self.send(effect, count, bytes, Vec::new())?;
        Ok(references.into_iter().map(|reference| self.sent(to, reference)).collect())
    }

    async fn send_location(&mut self, to: i64, latitude: f64, longitude: f64) -> Result<wit::MessageRef, Error> {
        self.may_write(to).await?;
        if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
            return Err(Error::Other(format!("there is no place at {latitude}, {longitude}")));
        }
        let reference = self.ids.id();
        self.send(ChatEffect::SendLocation { chat: to, reference, latitude, longitude }, 1, 0, Vec::new())?;
        Ok(self.sent(to, reference))
    }

    async fn edit_text(
        &mut self,
        message: wit::MessageRef,
        text: types::Text,
        keyboard: Option<wit::Keyboard>,
    ) -> Result<(), Error> {
        let (message, chat) = self.message(message).await?;
        let text = outgoing::single_text(text)?;
        let (keyboard, callbacks) = outgoing::inline_keyboard(keyboard, chat, self.ids)?;
        let bytes = outgoing::size_of_text(&text) + outgoing::size_of_keyboard(keyboard.as_ref());
        self.send(ChatEffect::EditText { message, text, keyboard }, 1, bytes, callbacks)
    }

    async fn edit_caption(
        &mut self,
        message: wit::MessageRef,
        caption: types::Text,
        keyboard: Option<wit::Keyboard>,
    ) -> Result<(), Error> {
        let (message, chat) = self.message(message).await?;
        let caption = outgoing::caption(caption)?;
        let (keyboard, callbacks) = outgoing::inline_keyboard(keyboard, chat, self.ids)?;
        let bytes = outgoing::size_of_text(&caption) + outgoing::size_of_keyboard(keyboard.as_ref());
        self.send(ChatEffect::EditCaption { message, caption, keyboard }, 1, bytes, callbacks)
    }

    async fn edit_media(
        &mut self,
        message: wit::MessageRef,
        kind: wit::MediaKind,
        media: wit::Media,
        caption: types::Text,
        keyboard: Option<wit::Keyboard>,
    ) -> Result<(), Error> {
        let (message, chat) = self.message(message).await?;
        let (kind, media) = outgoing::media(kind, media)?;
        let caption = outgoing::caption(caption)?;
        let (keyboard, callbacks) = outgoing::inline_keyboard(keyboard, chat, self.ids)?;
        let bytes = outgoing::size_of_media(&media)
            + outgoing::size_of_text(&caption)
            + outgoing::size_of_keyboard(keyboard.as_ref());
        self.send(ChatEffect::EditMedia { message, kind, media, caption, keyboard }, 1, bytes, callbacks)
    }

    async fn edit_keyboard(&mut self, message: wit::MessageRef, keyboard: Option<wit::Keyboard>) -> Result<(), Error> {
        let (message, chat) = self.message(message).await?;
        let (keyboard, callbacks) = outgoing::inline_keyboard(keyboard, chat, self.ids)?;
        let bytes = outgoing::size_of_keyboard(keyboard.as_ref());
        self.send(ChatEffect::EditKeyboard { message, keyboard }, 1, bytes, callbacks)
    }

    async fn delete(&mut self, message: wit::MessageRef) -> Result<(), Error> {
        let (message, _) = self.message(message).await?;
        self.send(ChatEffect::Delete { message }, 1, 0, Vec::new())
    }

    fn answer_callback(&mut self, id: String, text: Option<String>, alert: bool) -> Result<(), Error> {
        if id.is_empty() || id.len() > 64 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::Other("that is not the id of a callback".into()));
        }
        outgoing::answer(text.as_deref())?;
        let bytes = text.as_ref().map_or(0, String::len);
        self.send(ChatEffect::AnswerCallback { id, text, alert }, 1, bytes, Vec::new())
    }

    async fn send_action(&mut self, to: i64, action: wit::Action) -> Result<(), Error> {
        self.may_write(to).await?;
        let action = match action {
            wit::Action::Typing => "typing",
            wit::Action::UploadPhoto => "upload_photo",
            wit::Action::UploadDocument => "upload_document",
            wit::Action::ChooseSticker => "choose_sticker",
            wit::Action::FindLocation => "find_location",
        };
        self.send(ChatEffect::Action { chat: to, action }, 1, 0, Vec::new())
    }

    async fn may_write(&mut self, chat: i64) -> Result<(), Error> {
        match self.may_write_to(chat).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::ChatNotGranted(chat)),
            Err(Unknown::Limit(limit)) => Err(Error::Limit(limit)),
            Err(Unknown::Unavailable(reason)) => Err(Error::Other(reason)),
        }
    }

    /// A message that the turn may change, and its chat. One that the plugin sent is its own wherever it stands.
    async fn message(&mut self, message: wit::MessageRef) -> Result<(MessageRef, i64), Error> {
        match message {
            wit::MessageRef::Received(wit::Received { chat, id }) => {
                self.may_write(chat).await?;
                Ok((MessageRef::Received { chat, id }, chat))
            }
            wit::MessageRef::Sent(reference) => Ok((MessageRef::Sent(reference), self.chat_of(reference).await?)),
        }
    }

    async fn chat_of(&mut self, reference: i64) -> Result<i64, Error> {
        if let Some((_, chat)) = self.turn.sent.iter().find(|(sent, _)| *sent == reference) {
            return Ok(*chat);
        }
        match self.turn.view.sent_chat(reference).await {
            Ok(Some(chat)) => {
                self.turn.sent.push((reference, chat));
                Ok(chat)
            }
            Ok(None) => Err(Error::UnknownMessage),
            Err(error) => {
                if let ViewError::Unavailable(reason) = &error {
                    self.note_unavailable(reason);
                }
                Err(Error::Other(error.to_string()))
            }
        }
    }

    /// The message that another answers; both stand in one chat.
    async fn answered(&mut self, to: i64, reply_to: Option<wit::MessageRef>) -> Result<Option<MessageRef>, Error> {
        let Some(reply_to) = reply_to else { return Ok(None) };
        let (message, chat) = match reply_to {
            wit::MessageRef::Received(wit::Received { chat, id }) => (MessageRef::Received { chat, id }, chat),
            wit::MessageRef::Sent(reference) => (MessageRef::Sent(reference), self.chat_of(reference).await?),
        };
        match chat == to {
            true => Ok(Some(message)),
            false => Err(Error::Other(format!("the message that is answered stands in chat {chat}, not in {to}"))),
        }
    }

    async fn outgoing(
        &mut self,
        to: i64,
        text: Text,
        message: wit::Outgoing,
    ) -> Result<(Outgoing, Vec<Callback>), Error> {
        let (keyboard, callbacks): (Option<Keyboard>, _) = match message.keyboard {
            Some(keyboard) => {
                let (keyboard, callbacks) = outgoing::keyboard(keyboard, to, self.ids)?;
                (Some(keyboard), callbacks)
            }
            None => (None, Vec::new()),
        };
        let outgoing = Outgoing {
            text,
            keyboard,
            reply_to: self.answered(to, message.reply_to).await?,
            silent: message.silent,
            protect: message.protect,
            link_preview: message.link_preview,
            at_most_once: message.at_most_once,
        };
        Ok((outgoing, callbacks))
    }

    fn send(
        &mut self,
        effect: ChatEffect,
        messages: usize,
        bytes: usize,
        callbacks: Vec<Callback>,
    ) -> Result<(), Error> {
        self.turn.effects.send(effect, messages, bytes, callbacks).map_err(|Exceeded(limit)| Error::Limit(limit))
    }

    /// The reference of a message that this turn sends.
    fn sent(&mut self, chat: i64, reference: i64) -> wit::MessageRef {
        self.turn.sent.push((reference, chat));
        wit::MessageRef::Sent(reference)
    }
}

/// The text, out of the message that carries it.
fn take(text: &mut types::Text) -> types::Text {
    types::Text { content: std::mem::take(&mut text.content), entities: std::mem::take(&mut text.entities) }
}

fn size_of(message: &Outgoing) -> usize {
    outgoing::size_of_text(&message.text) + outgoing::size_of_keyboard(message.keyboard.as_ref())
}
