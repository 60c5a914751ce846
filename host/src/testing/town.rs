//! The HTTP interface of an emulated Telegram, which the web chat uses as well.

use serde_json::{Value, json};

use super::{Person, TOKEN};

/// What callers of the REST API bring.
pub(super) const API_TOKEN: &str = "the-token-of-the-test-house";

/// The HTTP interface of an emulated Telegram. Its functions end the test if they are refused: a test that asks for what
/// cannot be is wrong.
///
/// # Panics
///
/// All of them do when the emulator does not answer, or refuses.
#[derive(Clone)]
pub struct Town {
    pub(super) base: String,
    pub(super) http: reqwest::Client,
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

    /// The bytes of a message's picture, as [`Person::last`] has it.
    pub async fn picture(&self, message: &Value) -> Vec<u8> {
        let id = message["photo"].as_array().and_then(|sizes| sizes.last()).expect("a picture")["file_id"].as_str();
        let url = format!("{}/files/{}", self.base, id.expect("an id"));
        let answer = self.http.get(url).send().await.expect("the emulator answers");
        assert!(answer.status().is_success());
        answer.bytes().await.expect("bytes").to_vec()
    }

    /// Asks the REST API that shares the emulator's address.
    pub(super) async fn requests(
        &self,
        method: &str,
        path: &str,
        json: Option<&Value>,
    ) -> Result<(u16, String), String> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|_| format!("`{method}` is no method"))?;
        let url = format!("{}{path}", self.base.trim_end_matches("/emulator"));
        let mut request = self.http.request(method, url).bearer_auth(API_TOKEN);
        if let Some(json) = json {
            request = request.json(json);
        }
        let answer = request.send().await.map_err(|error| format!("{path}: {error}"))?;
        let status = answer.status().as_u16();
        answer.text().await.map(|body| (status, body)).map_err(|error| format!("{path}: {error}"))
    }

    /// A person in the private chat with the bot.
    pub fn person(&self, id: i64) -> Person {
        let chat = format!("p:{}:{id}", TOKEN.split(':').next().expect("an id"));
        Person::new(self.clone(), id, chat, None)
    }

    /// A new person who speaks this language.
    pub async fn newcomer(&self, first_name: &str, language: &str) -> Person {
        let person = self.post("/people", json!({"first_name": first_name, "language_code": language})).await;
        self.person(person["id"].as_i64().expect("an id"))
    }
}
