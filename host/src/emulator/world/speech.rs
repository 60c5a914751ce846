//! What people say: text, files, albums, contacts, places; and the link that starts a bot.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::chats::no_chat;
use super::{
    Author, ChatKind, ChatRef, Content, FileKind, Formatted, Media, Member, Message, NewFile, Refusal, Signal, World,
    bots,
};
use rand::Rng;

/// What a person says.
#[derive(Debug)]
pub enum Said {
    /// Text, as typed.
    Text(String),
    /// A photo or a document with a caption.
    File(NewFile, String),
    /// A contact: `phone_number`, `first_name` and, if there are such, `last_name` and `user_id`.
    Contact(Value),
    /// A place on the map.
    Location(Location),
}

/// A place on the map.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

impl World {
    /// A person writes a message; returns its id.
    pub fn say(&mut self, person: i64, chat: ChatRef, text: &str) -> Result<i64, Refusal> {
        self.speak(person, chat, Said::Text(text.into()), None)
    }

    /// A person answers a message.
    pub fn reply(&mut self, person: i64, chat: ChatRef, to: i64, text: &str) -> Result<i64, Refusal> {
        self.speak(person, chat, Said::Text(text.into()), Some(to))
    }

    /// A person sends a photo.
    pub fn send_photo(&mut self, person: i64, chat: ChatRef, bytes: Bytes, caption: &str) -> Result<i64, Refusal> {
        let photo = NewFile::photo(bytes).map_err(|error| Refusal::wrong(error.description))?;
        self.speak(person, chat, Said::File(photo, caption.into()), None)
    }

    /// A person sends a file.
    pub fn send_document(
        &mut self,
        person: i64,
        chat: ChatRef,
        name: &str,
        mime: &str,
        bytes: Bytes,
        caption: &str,
    ) -> Result<i64, Refusal> {
        let document = NewFile::document(name, mime, bytes).map_err(|error| Refusal::wrong(error.description))?;
        self.speak(person, chat, Said::File(document, caption.into()), None)
    }

    /// A person sends an album; the caption belongs to its first part. Each part is a message of its own.
    pub fn send_album(
        &mut self,
        person: i64,
        chat: ChatRef,
        files: Vec<NewFile>,
        caption: &str,
    ) -> Result<Vec<i64>, Refusal> {
        if !(2..=10).contains(&files.len()) {
            return Err(Refusal::wrong("an album has two to ten parts; send a single file by itself"));
        }
        if files.windows(2).any(|pair| pair[0].kind() != pair[1].kind()) {
            return Err(Refusal::wrong("photos and documents do not mix in an album"));
        }
        let album = self.rng.random_range(10_000_000_000_000_000..99_999_999_999_999_999_i64).to_string();
        let mut ids = Vec::new();
        for (index, file) in files.into_iter().enumerate() {
            let caption = if index == 0 { caption } else { "" };
            let said = Said::File(file, caption.into());
            ids.push(self.utter(person, chat, said, None, Some(album.clone()))?);
        }
        Ok(ids)
    }

    /// A person sends a contact.
    pub fn send_contact(&mut self, person: i64, chat: ChatRef, contact: Value) -> Result<i64, Refusal> {
        self.speak(person, chat, Said::Contact(contact), None)
    }

    /// A person sends a place.
    pub fn send_location(&mut self, person: i64, chat: ChatRef, location: Location) -> Result<i64, Refusal> {
        self.speak(person, chat, Said::Location(location), None)
    }

    /// A person says something, perhaps in answer to a message; returns the message's id.
    pub fn speak(&mut self, person: i64, chat: ChatRef, said: Said, reply_to: Option<i64>) -> Result<i64, Refusal> {
        self.utter(person, chat, said, reply_to, None)
    }

    fn utter(
        &mut self,
        person: i64,
        chat: ChatRef,
        said: Said,
        reply_to: Option<i64>,
        album: Option<String>,
    ) -> Result<i64, Refusal> {
        self.may_speak(person, chat)?;
        if let Some(id) = reply_to {
            let known = self.chats.get(&chat).and_then(|chat| chat.message(id)).is_some_and(|message| !message.deleted);
            if !known {
                return Err(Refusal::wrong(format!("there is no message {id} to answer in `{chat}`")));
            }
        }
        let content = self.content_of(said)?;
        let channel = self.chats.get(&chat).is_some_and(|chat| chat.kind == ChatKind::Channel);
        let author = if channel { Author::Channel } else { Author::Person(person) };
        let id = self.post(chat, author, content, |message| {
            message.reply_to = reply_to;
            message.album = album;
        });
        self.announce(chat, id, false);
        Ok(id)
    }

    /// Puts a new message into an existing chat; returns its id.
    pub(super) fn post(
        &mut self,
        chat: ChatRef,
        author: Author,
        content: Content,
        fill: impl FnOnce(&mut Message),
    ) -> i64 {
        let id = self.next_message_id(chat);
        let mut message = Message {
            id,
            version: 0,
            date: self.seconds(),
            edit_date: None,
            author,
            reply_to: None,
            album: None,
            content,
            markup: None,
            protected: false,
            deleted: false,
        };
        fill(&mut message);
        self.put_message(chat, message);
        id
    }

    fn content_of(&mut self, said: Said) -> Result<Content, Refusal> {
        Ok(match said {
            Said::Text(text) => {
                let text = Formatted::typed(&text);
                if text.text.is_empty() {
                    return Err(Refusal::wrong("the `text` is empty"));
                }
                check_length(&text, 4096)?;
                Content::Text(text, None)
            }
            Said::File(file, caption) => {
                let caption = Formatted::typed(&caption);
                check_length(&caption, 1024)?;
                let kind: FileKind = file.kind();
                let file = self.add_file(file);
                Content::Media(Media { kind, file, caption, caption_above: false, spoiler: false })
            }
            Said::Contact(contact) => {
                let has = |name: &str| contact.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
                if !has("phone_number") || !has("first_name") {
                    return Err(Refusal::wrong("a `contact` has a `phone_number` and a `first_name`"));
                }
                Content::Plain("contact", contact)
            }
            Said::Location(Location { latitude, longitude }) => {
                if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
                    return Err(Refusal::wrong("`latitude` is within ±90 and `longitude` within ±180"));
                }
                Content::Plain("location", json!({ "latitude": latitude, "longitude": longitude }))
            }
        })
    }

    /// A person follows `t.me/<bot>?start=<payload>`: opens the chat, unblocks the bot if need be, and starts it.
    pub fn open_link(&mut self, person: i64, bot: &str, payload: &str) -> Result<(ChatRef, i64), Refusal> {
        let bot = self.bot_by_name(bot).ok_or_else(|| bots::no_bot(bot))?.id;
        let chat = ChatRef::private(bot, person);
        let well_formed =
            payload.len() <= 64 && payload.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !well_formed {
            return Err(Refusal::wrong("a `payload` has at most 64 characters of A-Z, a-z, 0-9, _ and -"));
        }
        if self.chats.get(&chat).is_some_and(|chat| chat.member(bot) == Some(Member::Kicked)) {
            self.block(person, bot, false)?;
        }
        let text = if payload.is_empty() { "/start".to_owned() } else { format!("/start {payload}") };
        Ok((chat, self.say(person, chat, &text)?))
    }

    /// A bot shows what it is doing.
    pub(super) fn show_action(&mut self, chat: ChatRef, action: &str) {
        self.signal(Signal::ChatAction(chat, action.to_owned()));
    }

    /// Whether a person may write there; opens the private chat at the first word.
    pub(super) fn may_speak(&mut self, person: i64, reference: ChatRef) -> Result<(), Refusal> {
        if self.person(person)?.deactivated {
            return Err(Refusal::wrong(format!("the account of person {person} is deleted; bring it back first")));
        }
        if let ChatRef::Private { bot, person: owner } = reference {
            if owner != person {
                return Err(Refusal::wrong(format!("`{reference}` is the private chat of person {owner}")));
            }
            if self.open_chat(reference)?.member(bot) == Some(Member::Kicked) {
                return Err(Refusal::wrong(format!("person {person} blocked bot {bot}; unblock it first")));
            }
            return Ok(());
        }
        let chat = self.chats.get(&reference).ok_or_else(|| no_chat(reference))?;
        if let Some(to) = chat.migrated_to {
            return Err(Refusal::wrong(format!("`{reference}` became the supergroup `{to}`; write there")));
        }
        match (chat.kind, chat.member(person)) {
            (ChatKind::Channel, Some(member)) if member.is_admin() => Ok(()),
            (ChatKind::Channel, _) => {
                Err(Refusal::wrong(format!("person {person} is no administrator of `{reference}`")))
            }
            (_, Some(member)) if member.is_in() => Ok(()),
            _ => Err(Refusal::wrong(format!("person {person} is not in `{reference}`; join first"))),
        }
    }
}

pub(super) fn check_length(text: &Formatted, most: usize) -> Result<(), Refusal> {
    match text.len16() {
        length if length > most => Err(Refusal::wrong(format!("{length} characters are too many; {most} fit"))),
        _ => Ok(()),
    }
}
