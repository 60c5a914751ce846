//! People of an emulated Telegram, acting through its HTTP interface as the web chat does.
//!
//! In a house whose clock is the machine's a person waits for what is to come, and gives up after a minute. In a house with
//! a clock of its own nothing can come once the house is quiet, so a person knows at once.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use serde_json::{Value, json};

use super::quiet::Quiet;
use super::see::{render, render_all};
use super::{BOT, Town};
use crate::clock::Clock;

/// How long somebody waits for an answer before the test has failed.
const PATIENCE: u64 = 55;

/// A person, in one chat.
///
/// # Panics
///
/// Whatever a person does ends the test if it cannot be done.
pub struct Person {
    /// Where the person lives.
    pub town: Town,
    /// The Telegram user id.
    pub id: i64,
    chat: String,
    /// The version of the chat up to which the person has read.
    seen: Cell<u64>,
    /// The message that the person looked at last.
    last: RefCell<Value>,
    /// How to know that nothing more can come.
    quiet: Option<Quiet>,
}

impl Person {
    pub(super) fn new(town: Town, id: i64, chat: String, quiet: Option<Quiet>) -> Self {
        Self { town, id, chat, seen: Cell::new(0), last: RefCell::default(), quiet }
    }

    /// The same person, who knows when nothing more can come.
    pub(super) fn knowing(self, quiet: Option<Quiet>) -> Self {
        Self { quiet, ..self }
    }

    /// The same person in another chat, by its number.
    pub fn in_chat(&self, chat: &str) -> Self {
        Self::new(self.town.clone(), self.id, chat.into(), self.quiet.clone())
    }

    /// Writes something; returns the message's number.
    pub async fn says(&self, text: &str) -> i64 {
        self.sends(json!({"from": self.id, "text": text})).await
    }

    /// Sends anything that the interface takes.
    pub async fn sends(&self, body: Value) -> i64 {
        self.takes_a_second().await;
        let sent = self.town.post(&format!("/chats/{}/messages", self.chat), body).await;
        sent["message_id"].as_i64().expect("a number")
    }

    /// Changes one of the person's own messages.
    pub async fn edits(&self, message: i64, text: &str) {
        self.takes_a_second().await;
        let url = format!("{}/chats/{}/messages/{message}", self.town.base, self.chat);
        let body = json!({"from": self.id, "text": text});
        let answer = self.town.http.put(url).json(&body).send().await.expect("the emulator answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    }

    /// Sends pictures; several of them are an album.
    pub async fn sends_photos(&self, photos: &[&[u8]], caption: &str) {
        self.uploads("photo", "photo.png", photos, caption).await;
    }

    /// Sends a file.
    pub async fn sends_document(&self, name: &str, bytes: &[u8], caption: &str) {
        self.uploads("document", name, &[bytes], caption).await;
    }

    async fn uploads(&self, kind: &str, name: &str, files: &[&[u8]], caption: &str) {
        self.takes_a_second().await;
        let mut form = reqwest::multipart::Form::new()
            .text("from", self.id.to_string())
            .text("kind", kind.to_owned())
            .text("caption", caption.to_owned());
        for file in files {
            let mime = match name.rsplit_once('.') {
                Some((_, "png")) => "image/png",
                Some((_, "heic")) => "image/heic",
                _ => "application/octet-stream",
            };
            let part = reqwest::multipart::Part::bytes(file.to_vec()).file_name(name.to_owned());
            form = form.part("file", part.mime_str(mime).expect("a media type"));
        }
        let url = format!("{}/chats/{}/messages", self.town.base, self.chat);
        let answer = self.town.http.post(url).multipart(form).send().await.expect("the emulator answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    }

    /// Follows `https://t.me/<bot>?start=<payload>`.
    pub async fn follows(&self, payload: &str) {
        self.takes_a_second().await;
        self.town.post("/start", json!({"from": self.id, "bot": BOT, "payload": payload})).await;
    }

    /// Presses the button with this label under the latest message that has one; returns the press, to be answered.
    pub async fn presses(&self, label: &str) -> Press {
        self.takes_a_second().await;
        let all = self.town.get(&format!("/chats/{}/messages", self.chat)).await;
        let messages = all["messages"].as_array().expect("messages");
        for message in messages.iter().rev() {
            let rows = message["reply_markup"]["inline_keyboard"].as_array().cloned().unwrap_or_default();
            for (row, keys) in rows.iter().enumerate() {
                let keys = keys.as_array().expect("a row");
                if let Some(col) = keys.iter().position(|key| key["text"] == label) {
                    let press = json!({"from": self.id, "message_id": message["message_id"], "row": row, "col": col});
                    let pressed = self.town.post(&format!("/chats/{}/press", self.chat), press).await;
                    let id = match &pressed["callback_id"] {
                        Value::String(id) => id.clone(),
                        id => id.to_string(),
                    };
                    return Press { town: self.town.clone(), id };
                }
            }
        }
        panic!("no button `{label}` in chat {}: {}", self.chat, render_all(messages));
    }

    /// The next thing that the bot wrote or changed in this chat, as the person sees it: text with marks for its
    /// formatting, what hangs on it, its buttons in brackets.
    ///
    /// # Panics
    ///
    /// If nothing comes.
    pub async fn sees(&self) -> String {
        match self.next(PATIENCE).await {
            Some(message) => render(&message),
            None => {
                let all = self.town.get(&format!("/chats/{}/messages", self.chat)).await;
                let all = render_all(all["messages"].as_array().expect("messages"));
                let waited = if self.quiet.is_some() { "in vain".into() } else { format!("{PATIENCE} s") };
                panic!("person {} waited {waited} for the bot in chat {}; it holds:\n{all}", self.id, self.chat)
            }
        }
    }

    /// The next `count` things together, for messages that come as one answer.
    pub async fn sees_all(&self, count: usize) -> String {
        let mut seen = Vec::with_capacity(count);
        for _ in 0..count {
            seen.push(self.sees().await);
        }
        seen.join("\n---\n")
    }

    /// The message seen last, as the Bot API has it.
    pub fn last(&self) -> Value {
        self.last.borrow().clone()
    }

    /// Waits until the bot has said nothing for a while, and looks away from what it said: for answers of several
    /// messages of which the test means none.
    pub async fn settles(&self) {
        while self.next(1).await.is_some() {}
    }

    /// Looks away from whatever is there now.
    pub async fn skips(&self) {
        while self.next(0).await.is_some() {}
    }

    /// The texts of all that the bot has written in this chat.
    pub async fn has_read(&self) -> Vec<String> {
        let all = self.town.get(&format!("/chats/{}/messages", self.chat)).await;
        let messages = all["messages"].as_array().expect("messages");
        let from_bot = messages.iter().filter(|message| message["from"]["is_bot"] == true);
        from_bot.map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Fails if the bot says anything. In a house with a clock of its own that is certain; with the machine's clock nothing
    /// has come so far.
    pub async fn sees_nothing(&self) {
        self.has_seen_everything().await;
    }

    /// Whatever is done takes a second where the clock does not move by itself.
    async fn takes_a_second(&self) {
        if let Some(quiet) = &self.quiet {
            quiet.passes(Duration::from_secs(1)).await.unwrap_or_else(|problem| panic!("{problem}"));
        }
    }

    /// Fails if the bot said something that the test has not looked at.
    pub async fn has_seen_everything(&self) {
        if let Some(message) = self.next(0).await {
            panic!("person {} never looked at:\n{}", self.id, render(&message));
        }
    }

    async fn next(&self, wait: u64) -> Option<Value> {
        let mut wait = wait;
        if let Some(quiet) = &self.quiet {
            quiet.comes().await.unwrap_or_else(|problem| panic!("{problem}"));
            wait = 0;
        }
        let clock = Clock::system();
        let deadline = clock.now() + i64::try_from(wait).expect("seconds") * 1000;
        loop {
            let left = (deadline - clock.now()).max(0) / 1000;
            let path = format!("/chats/{}/messages?since={}&wait={left}", self.chat, self.seen.get());
            let changed = self.town.get(&path).await;
            let mut messages = changed["messages"].as_array().cloned().unwrap_or_default();
            messages.sort_by_key(|message| message["version"].as_u64());
            for message in messages {
                self.seen.set(message["version"].as_u64().expect("a version"));
                if message["from"]["is_bot"] == true || message["deleted"] == true {
                    *self.last.borrow_mut() = message.clone();
                    return Some(message);
                }
            }
            if clock.now() >= deadline {
                return None;
            }
        }
    }
}

/// A pressed button.
pub struct Press {
    town: Town,
    id: String,
}

impl Press {
    /// What the bot answered: the text of the toast or window, empty if there was none.
    pub async fn hears(&self) -> String {
        let answer = self.town.get(&format!("/callbacks/{}?wait={PATIENCE}", self.id)).await;
        assert_eq!(answer["answered"], true, "nobody answered the button");
        let text = answer["text"].as_str().unwrap_or_default();
        if answer["alert"] == true { format!("[alert] {text}") } else { text.to_owned() }
    }
}
