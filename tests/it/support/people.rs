//! People of an emulated Telegram, acting through its HTTP interface as the web chat does.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use guesthouse::clock::Clock;
use serde_json::{Value, json};

use super::{BOT, Database};

/// How long somebody waits for an answer before the test has failed.
const PATIENCE: u64 = 55;

/// The HTTP interface of an emulator.
#[derive(Clone)]
pub struct Town {
    base: String,
    http: reqwest::Client,
}

impl Town {
    /// The town at an address.
    pub fn new(address: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { base: format!("http://{address}/emulator"), http }
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await.expect("the emulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("text");
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error}: {text}"))
    }

    /// Does something.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let answer =
            self.http.post(format!("{}{path}", self.base)).json(&body).send().await.expect("the emulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("text");
        assert!(status.is_success(), "POST {path} {body}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Sets something.
    pub async fn put(&self, path: &str, body: Value) -> Value {
        let answer =
            self.http.put(format!("{}{path}", self.base)).json(&body).send().await.expect("the emulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("text");
        assert!(status.is_success(), "PUT {path} {body}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Lets Telegram have a bad day: see `POST /emulator/faults`.
    pub async fn suffers(&self, fault: Value) {
        self.post("/faults", fault).await;
    }

    /// Ends all bad days.
    pub async fn recovers(&self) {
        self.http.delete(format!("{}/faults", self.base)).send().await.expect("the emulator answers");
    }

    /// How often the bots have called this method so far, and with what.
    pub async fn calls(&self, method: &str) -> Vec<Value> {
        let calls = self.get(&format!("/calls?method={method}")).await;
        calls["calls"].as_array().cloned().unwrap_or_default()
    }

    /// The bytes of a message's picture.
    pub async fn picture(&self, message: &Value) -> Vec<u8> {
        let id = message["photo"].as_array().and_then(|sizes| sizes.last()).expect("a picture")["file_id"].as_str();
        let url = format!("{}/files/{}", self.base, id.expect("an id"));
        let answer = self.http.get(url).send().await.expect("the emulator answers");
        assert!(answer.status().is_success());
        answer.bytes().await.expect("bytes").to_vec()
    }

    /// A person in the private chat with the bot.
    pub fn person(&self, id: i64) -> Person {
        let chat = format!("p:{}:{id}", super::TOKEN.split(':').next().expect("an id"));
        Person { town: self.clone(), id, chat, seen: Cell::new(0), last: RefCell::new(Value::Null) }
    }

    /// A new person who speaks this language.
    pub async fn newcomer(&self, first_name: &str, language: &str) -> Person {
        let person = self.post("/people", json!({"first_name": first_name, "language_code": language})).await;
        self.person(person["id"].as_i64().expect("an id"))
    }
}

/// A person, in one chat.
pub struct Person {
    pub town: Town,
    pub id: i64,
    chat: String,
    /// The version of the chat up to which the person has read.
    seen: Cell<u64>,
    /// The message that the person looked at last.
    last: RefCell<Value>,
}

impl Person {
    /// The same person in another chat.
    pub fn in_chat(&self, chat: &str) -> Self {
        Self { chat: chat.into(), town: self.town.clone(), id: self.id, seen: Cell::new(0), last: RefCell::default() }
    }

    /// Writes something; returns the message's number.
    pub async fn says(&self, text: &str) -> i64 {
        self.sends(json!({"from": self.id, "text": text})).await
    }

    /// Sends anything that the interface takes.
    pub async fn sends(&self, body: Value) -> i64 {
        let sent = self.town.post(&format!("/chats/{}/messages", self.chat), body).await;
        sent["message_id"].as_i64().expect("a number")
    }

    /// Changes one of the person's own messages.
    pub async fn edits(&self, message: i64, text: &str) {
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

    /// Sends a file and says what the bot has to ask Telegram for to get it; a turn that does can be held up there.
    pub async fn sends_a_file_to_wait_for(&self, database: &Database) -> String {
        self.sends_document("wait.txt", b"a file to wait for", "").await;
        loop {
            let updates = database.texts("SELECT raw FROM updates ORDER BY seq").await;
            let files = updates.iter().map(|raw| serde_json::from_str::<Value>(raw).expect("JSON"));
            if let Some(id) =
                files.filter_map(|raw| Some(raw["message"]["document"]["file_id"].as_str()?.to_owned())).next()
            {
                return id;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn uploads(&self, kind: &str, name: &str, files: &[&[u8]], caption: &str) {
        let mut form = reqwest::multipart::Form::new()
            .text("from", self.id.to_string())
            .text("kind", kind.to_owned())
            .text("caption", caption.to_owned());
        for file in files {
            let mime = if name.ends_with(".png") { "image/png" } else { "application/octet-stream" };
            let part = reqwest::multipart::Part::bytes(file.to_vec()).file_name(name.to_owned());
            form = form.part("file", part.mime_str(mime).expect("a media type"));
        }
        let url = format!("{}/chats/{}/messages", self.town.base, self.chat);
        let answer = self.town.http.post(url).multipart(form).send().await.expect("the emulator answers");
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
    }

    /// Follows `https://t.me/<bot>?start=<payload>`.
    pub async fn follows(&self, payload: &str) {
        self.town.post("/start", json!({"from": self.id, "bot": BOT, "payload": payload})).await;
    }

    /// Presses the button with this label under the latest message that has one; returns the press, to be answered.
    pub async fn presses(&self, label: &str) -> Press {
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

    /// The next thing that the bot wrote or changed in this chat, as the person sees it.
    pub async fn sees(&self) -> String {
        match self.next(PATIENCE).await {
            Some(message) => render(&message),
            None => {
                let all = self.town.get(&format!("/chats/{}/messages", self.chat)).await;
                let all = render_all(all["messages"].as_array().expect("messages"));
                panic!("person {} waited {PATIENCE} s for the bot in chat {}; it holds:\n{all}", self.id, self.chat)
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

    /// Fails if the bot said something that the test has not looked at.
    pub async fn has_seen_everything(&self) {
        if let Some(message) = self.next(0).await {
            panic!("person {} never looked at:\n{}", self.id, render(&message));
        }
    }

    async fn next(&self, wait: u64) -> Option<Value> {
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

/// A message as a person sees it: text with marks for its formatting, what hangs on it, its buttons.
pub fn render(message: &Value) -> String {
    if message["deleted"] == true {
        return "(deleted)".into();
    }
    let mut lines = Vec::new();
    if message["edit_date"].is_number() {
        lines.push("(edited)".to_owned());
    }
    if let Some(sizes) = message["photo"].as_array() {
        let largest = sizes.last().expect("a size");
        lines.push(format!("[photo {}x{}]", largest["width"], largest["height"]));
    }
    if let Some(document) = message["document"].as_object() {
        lines.push(format!("[document {}]", document["file_name"].as_str().unwrap_or("unnamed")));
    }
    for kind in ["location", "contact"] {
        if message[kind].is_object() {
            lines.push(format!("[{kind} {}]", message[kind]));
        }
    }
    for (text, entities) in [("text", "entities"), ("caption", "caption_entities")] {
        if let Some(text) = message[text].as_str() {
            lines.push(marked(text, message[entities].as_array().map_or(&[], Vec::as_slice)));
        }
    }
    let markup = &message["reply_markup"];
    for row in markup["inline_keyboard"].as_array().unwrap_or(&Vec::new()) {
        let keys = row.as_array().expect("a row").iter().map(|key| {
            let label = key["text"].as_str().expect("a label");
            match key["url"].as_str() {
                Some(url) => format!("[{label} -> {url}]"),
                None => format!("[{label}]"),
            }
        });
        lines.push(keys.collect::<Vec<_>>().join(" "));
    }
    for row in markup["keyboard"].as_array().unwrap_or(&Vec::new()) {
        let keys = row.as_array().expect("a row").iter();
        lines.push(
            keys.map(|key| format!("<{}>", key["text"].as_str().unwrap_or_default())).collect::<Vec<_>>().join(" "),
        );
    }
    lines.join("\n")
}

fn render_all(messages: &[Value]) -> String {
    messages.iter().map(render).collect::<Vec<_>>().join("\n---\n")
}

/// The text with its formatting written out: `*bold*`, `_italic_`, `` `code` ``, `text<link>`.
fn marked(text: &str, entities: &[Value]) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut marks: Vec<(usize, i8, String)> = Vec::new();
    for entity in entities {
        let from = entity["offset"].as_u64().expect("an offset") as usize;
        let to = from + entity["length"].as_u64().expect("a length") as usize;
        let (open, close) = match entity["type"].as_str().expect("a type") {
            "bold" => ("*".into(), "*".into()),
            "italic" => ("_".into(), "_".into()),
            "underline" => ("__".into(), "__".into()),
            "strikethrough" => ("~".into(), "~".into()),
            "spoiler" => ("||".into(), "||".into()),
            "code" => ("`".into(), "`".into()),
            "pre" => ("```".into(), "```".into()),
            "blockquote" | "expandable_blockquote" => (">".into(), "<".into()),
            "text_link" => (String::new(), format!("<{}>", entity["url"].as_str().unwrap_or_default())),
            _ => continue,
        };
        marks.push((from, 1, open));
        marks.push((to, -1, close));
    }
    // Closing marks come before opening ones at the same place.
    marks.sort_by_key(|(at, side, _)| (*at, *side));
    let mut marked = String::new();
    let mut done = 0;
    for (at, _, mark) in marks {
        marked.push_str(&String::from_utf16_lossy(&units[done..at]));
        marked.push_str(&mark);
        done = at;
    }
    marked.push_str(&String::from_utf16_lossy(&units[done..]));
    marked
}
