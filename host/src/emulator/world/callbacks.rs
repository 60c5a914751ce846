//! Pressed buttons and the bots' answers to them.

use std::collections::{HashMap, VecDeque};

use rand::Rng;
use serde::Serialize;
use serde_json::{Value, json};

use super::speech::{Location, Said};
use super::{ApiError, Author, ChatRef, Refusal, Signal, Viewer, World};
use crate::clock::Millis;

/// How many queries are remembered, answered or not.
const KEPT: usize = 10_000;
/// Afterwards the query is too old to be answered.
const LIFE: Millis = 150_000;

/// What a bot answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallbackAnswer {
    /// Shown to the person who pressed.
    pub text: String,
    /// Whether it is shown in a box that has to be closed.
    pub alert: bool,
    /// A link to open instead.
    pub url: String,
}

/// What pressing a button did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The bot was asked; its answer comes under this id.
    Asked(String),
    /// A button of a reply keyboard: the person said this.
    Said(i64),
    /// A link was opened.
    Link(String),
    /// A text was copied.
    Copied(String),
}

struct Callback {
    bot: i64,
    asked: Millis,
    answer: Option<CallbackAnswer>,
}

/// The queries of all bots.
#[derive(Default)]
pub(super) struct Callbacks {
    by_id: HashMap<String, Callback>,
    order: VecDeque<String>,
}

impl World {
    /// A person presses the button in a row and column, from zero.
    pub fn press(&mut self, person: i64, chat: ChatRef, id: i64, row: usize, col: usize) -> Result<Pressed, Refusal> {
        self.person(person)?;
        let message = self.known_chat(chat)?.message(id).filter(|message| !message.deleted);
        let message = message.ok_or_else(|| Refusal::missing(format!("there is no message {id} in `{chat}`")))?;
        let markup = message.markup.clone();
        let author = message.author;
        let button = markup.as_ref().and_then(|markup| markup.button(row, col)).cloned();
        let button = button.ok_or_else(|| {
            Refusal::missing(format!(
                "message {id} in `{chat}` has no button in row {row}, column {col} (counted from 0)"
            ))
        })?;
        if !markup.is_some_and(|markup| markup.is_inline()) {
            return self.press_reply(person, chat, &button).map(Pressed::Said);
        }
        let text = |name: &str| button.get(name).and_then(Value::as_str);
        if let Some(data) = text("callback_data") {
            return self.ask(person, chat, id, author, data).map(Pressed::Asked);
        }
        if let Some(url) = text("url") {
            return Ok(Pressed::Link(url.to_owned()));
        }
        if let Some(copied) = button.get("copy_text").and_then(|copy| copy.get("text")).and_then(Value::as_str) {
            return Ok(Pressed::Copied(copied.to_owned()));
        }
        Err(Refusal::wrong("the emulator does not know what this kind of button does"))
    }

    /// A person presses the button with this label on the newest message that has one.
    pub fn press_label(&mut self, person: i64, chat: ChatRef, label: &str) -> Result<Pressed, Refusal> {
        let newest = self.known_chat(chat)?.messages().rev().find_map(|message| {
            let (row, col) = message.markup.as_deref()?.find(label)?;
            Some((message.id, row, col))
        });
        let (id, row, col) = newest.ok_or_else(|| Refusal::missing(format!("no button `{label}` in `{chat}`")))?;
        self.press(person, chat, id, row, col)
    }

    fn press_reply(&mut self, person: i64, chat: ChatRef, button: &Value) -> Result<i64, Refusal> {
        let asks = |name: &str| button.get(name).and_then(Value::as_bool).unwrap_or(false);
        if asks("request_contact") {
            let who = self.person(person)?;
            let contact = json!({ "phone_number": format!("+1555{:07}", who.id % 10_000_000), "user_id": who.id,
                "first_name": who.first_name });
            return self.speak(person, chat, Said::Contact(contact), None);
        }
        if asks("request_location") {
            return self.speak(person, chat, Said::Location(Location { latitude: 31.778, longitude: 35.235 }), None);
        }
        let label = button.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.say(person, chat, &label)
    }

    fn ask(&mut self, person: i64, reference: ChatRef, id: i64, author: Author, data: &str) -> Result<String, Refusal> {
        let bot = match (author, reference) {
            (Author::Bot(bot), _) | (_, ChatRef::Private { bot, .. }) => bot,
            _ => return Err(Refusal::wrong(format!("message {id} is not by a bot"))),
        };
        let query = self.rng.random_range(1_000_000_000_000_000_000..i64::MAX).to_string();
        let chat = self.known_chat(reference)?;
        let Some(message) = chat.message(id) else { return Err(Refusal::missing("the message is gone")) };
        let payload = json!({
            "id": query, "from": self.user_json(person), "data": data, "chat_instance": chat.instance.to_string(),
            "message": self.message_json(chat, message, Viewer::Bot(bot)),
        });
        let asked = self.now();
        self.callbacks.by_id.insert(query.clone(), Callback { bot, asked, answer: None });
        self.callbacks.order.push_back(query.clone());
        if self.callbacks.order.len() > KEPT
            && let Some(oldest) = self.callbacks.order.pop_front()
        {
            self.callbacks.by_id.remove(&oldest);
        }
        self.meet(bot, Some(person));
        // Queries queue by person, so that they may overtake messages, as in Telegram.
        self.enqueue(bot, "callback_query", person + (3 << 33), payload);
        Ok(query)
    }

    /// A bot answers a query, once and in time.
    pub fn answer_callback(&mut self, bot: i64, id: &str, answer: CallbackAnswer) -> Result<(), ApiError> {
        let too_old = || ApiError::bad("query is too old and response timeout expired or query ID is invalid");
        if answer.text.encode_utf16().count() > 200 {
            return Err(ApiError::bad("MESSAGE_TOO_LONG"));
        }
        let now = self.now();
        let query = self.callbacks.by_id.get_mut(id).filter(|query| query.bot == bot).ok_or_else(too_old)?;
        if query.answer.is_some() || now - query.asked > LIFE {
            return Err(too_old());
        }
        query.answer = Some(answer);
        self.signal(Signal::Callback(id.to_owned()));
        Ok(())
    }

    /// The answer to a query, if there is one yet. Refuses an id that is unknown or long forgotten.
    pub fn callback_answer(&self, id: &str) -> Result<Option<&CallbackAnswer>, Refusal> {
        let query = self.callbacks.by_id.get(id);
        query.map(|query| query.answer.as_ref()).ok_or_else(|| Refusal::missing(format!("there is no callback `{id}`")))
    }
}
