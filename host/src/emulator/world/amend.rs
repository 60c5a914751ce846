//! What people change or delete afterwards.

use super::speech::check_length;
use super::{Author, ChatKind, ChatRef, Content, Formatted, Media, Member, Refusal, World};

impl World {
    /// A person changes a text or caption of their own.
    pub fn edit_text(&mut self, person: i64, chat: ChatRef, id: i64, text: &str) -> Result<(), Refusal> {
        let is_channel = self.own_message(person, chat, id)?;
        let text = Formatted::typed(text);
        let date = self.seconds();
        let content = match self.known_chat(chat)?.message(id).map(|message| &message.content) {
            Some(Content::Text(..)) if text.text.is_empty() => return Err(Refusal::wrong("the `text` is empty")),
            Some(Content::Text(..)) => {
                check_length(&text, 4096)?;
                Content::Text(text, None)
            }
            Some(Content::Media(media)) => {
                check_length(&text, 1024)?;
                Content::Media(Media { caption: text, ..media.clone() })
            }
            _ => return Err(Refusal::wrong(format!("message {id} has no text to edit"))),
        };
        self.may_speak(person, chat)?;
        self.change_message(chat, id, |message| {
            message.content = content;
            message.edit_date = Some(date);
            // Who posted in a channel is nobody's business.
            message.author = if is_channel { Author::Channel } else { message.author };
        });
        self.announce(chat, id, true);
        Ok(())
    }

    /// A person deletes a message; in a private chat any, elsewhere their own. Bots are not told.
    pub fn delete_message(&mut self, person: i64, chat: ChatRef, id: i64) -> Result<(), Refusal> {
        if !matches!(chat, ChatRef::Private { person: owner, .. } if owner == person) {
            self.own_message(person, chat, id)?;
        }
        if self.known_chat(chat)?.message(id).is_none_or(|message| message.deleted) {
            return Err(Refusal::missing(format!("there is no message {id} in `{chat}`")));
        }
        self.wipe_message(chat, id);
        Ok(())
    }

    pub(super) fn wipe_message(&mut self, chat: ChatRef, id: i64) {
        self.change_message(chat, id, |message| {
            message.deleted = true;
            message.content = Content::Text(Formatted::default(), None);
            message.markup = None;
        });
    }

    /// Checks that a message is the person's; says whether it stands in a channel.
    fn own_message(&self, person: i64, reference: ChatRef, id: i64) -> Result<bool, Refusal> {
        let chat = self.known_chat(reference)?;
        let message = chat.message(id).filter(|message| !message.deleted);
        let message = message.ok_or_else(|| Refusal::missing(format!("there is no message {id} in `{reference}`")))?;
        let is_channel = chat.kind == ChatKind::Channel;
        let own = match is_channel {
            true => chat.member(person).is_some_and(Member::is_admin),
            false => message.author == Author::Person(person),
        };
        if own { Ok(is_channel) } else { Err(Refusal::wrong(format!("message {id} is not by person {person}"))) }
    }
}
