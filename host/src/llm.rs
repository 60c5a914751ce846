//! The language model for plugins: one endpoint of the operator's choice, asked over HTTP.
//!
//! It knows the model and the configuration, neither the database nor who asks: budgets, records and showing an answer
//! while it comes in are the lane's (`lane/outside`, `lane/show`). Read `body` (what is asked), `stream` (what comes
//! back), `crate::schema` (whether it is what was asked for), `quirks` (what an endpoint does not take).
//!
//! # Why there is no client library
//!
//! The crates that speak this protocol were looked at, `async-openai` first. They read answers into strict types, so one
//! field that an endpoint adds or leaves out costs the whole answer; they repeat requests by themselves, outside of any
//! time limit; none bounds what an endpoint may send; and they bring an HTTP client of their own. What is needed of the
//! protocol is one POST and five fields of its answer.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use tokio::sync::{Semaphore, watch};

use crate::config::{self, file};
use crate::model::llm::{Finish, LlmAnswer, LlmError, Prompt, Role, Said};
use crate::schema;
use quirks::{Quirk, Quirks};
use stream::{Incoming, Unreadable};

mod body;

mod quirks;

mod stream;

#[cfg(test)]
mod tests;

/// Time for a connection to come about.
const CONNECT: Duration = Duration::from_secs(8);
/// Questions under way for one plugin of one bot: it keeps its own questions waiting, nobody else's.
const OF_ONE: usize = 8;
/// Questions under way together.
const TOGETHER: usize = 32;
/// How much of what an endpoint says about an error is read, and told.
const ERROR: usize = 16 << 10;
const TOLD: usize = 300;

/// The endpoint. Cheap to clone.
#[derive(Clone)]
pub struct Llm(Arc<Shared>);

struct Shared {
    http: Client,
    url: String,
    config: config::Llm,
    quirks: Quirks,
    questions: Semaphore,
}

/// The way to the model of one plugin of one bot. Cheap to clone.
#[derive(Clone)]
pub struct Asker {
    llm: Llm,
    questions: Arc<Semaphore>,
}

/// What came of a question.
#[derive(Debug)]
pub struct Outcome {
    /// The answer, not shown anywhere yet, or why there is none.
    pub result: Result<LlmAnswer, LlmError>,
    /// What it cost in tokens, both ways: what the endpoint says, or else about as much. A question without an answer
    /// can have cost something, too.
    pub tokens: u64,
}

impl Llm {
    /// The way to an endpoint. Nothing is asked yet.
    pub fn new(config: config::Llm) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .user_agent(concat!("guesthouse/", env!("CARGO_PKG_VERSION")))
            // Either would hand the key to somebody else.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .tcp_nodelay(true)
            // Compressed, an answer comes in later and in larger pieces.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .http1_only()
            .build()?;
        let url = format!("{}/chat/completions", config.url.trim_end_matches('/'));
        let (quirks, questions) = (Quirks::default(), Semaphore::new(TOGETHER));
        Ok(Self(Arc::new(Shared { http, url, config, quirks, questions })))
    }

    /// A way for one plugin of one bot.
    pub fn asker(&self) -> Asker {
        Asker { llm: self.clone(), questions: Arc::new(Semaphore::new(OF_ONE)) }
    }
}

impl Asker {
    /// What the operator has set.
    pub fn config(&self) -> &config::Llm {
        &self.llm.0.config
    }

    /// Asks. What has come in so far is put up in `progress`, unless a schema was asked for.
    pub async fn ask(&self, prompt: &Prompt, within: Duration, progress: &watch::Sender<String>) -> Outcome {
        let mut spent = 0;
        let within = within.min(self.config().timeout());
        let asked = async {
            body::check(prompt)?;
            let schema =
                prompt.schema.as_deref().map(schema::Schema::read).transpose().map_err(LlmError::BadRequest)?;
            let closed = |_| LlmError::Unavailable("this host is stopping".into());
            let _own = self.questions.acquire().await.map_err(closed)?;
            let _shared = self.llm.0.questions.acquire().await.map_err(closed)?;
            let Some(schema) = schema else { return self.llm.ask(prompt, None, Some(progress), &mut spent).await };
            self.ask_by(&schema, prompt, &mut spent).await
        };
        let result = tokio::time::timeout(within, asked).await.unwrap_or(Err(LlmError::Timeout));
        // What a question has cost that was never answered nobody says: at least it was read.
        if result.is_err() && spent == 0 && matches!(result, Err(LlmError::Timeout | LlmError::Other(_))) {
            spent = body::tokens(&prompt.messages);
        }
        Outcome { result, tokens: spent }
    }

    /// Asks for JSON that follows a schema; once more, with what is wrong, if the first answer does not.
    async fn ask_by(&self, schema: &schema::Schema, prompt: &Prompt, spent: &mut u64) -> Result<LlmAnswer, LlmError> {
        let first = self.llm.ask(prompt, Some(schema), None, spent).await?;
        let problem = match schema.check_answer(&first.text).await {
            Ok(text) => return Ok(LlmAnswer { text, ..first }),
            // Asked again it would be refused again, and cut short again.
            Err(problem) if first.finish == Finish::Filtered => return Err(LlmError::NotJson(problem)),
            Err(problem) => problem,
        };
        let say = |role, text: String| Said { role, parts: vec![crate::model::llm::Part::Text(text)] };
        let mut again = prompt.clone();
        again.messages.push(say(Role::Assistant, first.text));
        again.messages.push(say(Role::User, schema.correction(&problem)));
        let second = self.llm.ask(&again, Some(schema), None, spent).await?;
        let text = schema.check_answer(&second.text).await.map_err(LlmError::NotJson)?;
        let sum = |a: u32, b: u32| a.saturating_add(b);
        Ok(LlmAnswer {
            text,
            finish: second.finish,
            input_tokens: sum(first.input_tokens, second.input_tokens),
            output_tokens: sum(first.output_tokens, second.output_tokens),
            shown: None,
        })
    }
}

impl Llm {
    /// One question and its answer.
    async fn ask(
        &self,
        prompt: &Prompt,
        schema: Option<&schema::Schema>,
        progress: Option<&watch::Sender<String>>,
        spent: &mut u64,
    ) -> Result<LlmAnswer, LlmError> {
        let config = &self.0.config;
        let response = loop {
            let quirks = self.0.quirks.known();
            let body = body::write(prompt, schema.map(schema::Schema::value), config, &quirks);
            let response = self.post(body).await?;
            if response.status().is_success() {
                break response;
            }
            let (status, wait) = (response.status(), response.headers().get(RETRY_AFTER).cloned());
            let said = self.told(response).await;
            // An endpoint that does not know a part of the question says so; it is left out from then on.
            match Quirk::in_words(status.as_u16(), &said, &quirks) {
                Some(quirk) => {
                    tracing::info!(
                        "the model's endpoint does not take `{}`; it gets it no more: {said}",
                        quirk.field()
                    );
                    self.0.quirks.learn(quirk);
                }
                None => return Err(self.refusal(status, wait.as_ref(), said)),
            }
        };
        let incoming = self.read(response, progress).await;
        let answer = incoming.map(|incoming| incoming.answer());
        let estimate = |text: &str| body::tokens(&prompt.messages) + body::tokens_of(text);
        *spent += match &answer {
            Ok(answer) if answer.input_tokens > 0 || answer.output_tokens > 0 => {
                u64::from(answer.input_tokens) + u64::from(answer.output_tokens)
            }
            Ok(answer) => estimate(&answer.text),
            Err(_) => estimate(""),
        };
        answer
    }

    async fn post(&self, body: String) -> Result<Response, LlmError> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        const BOTH: HeaderValue = HeaderValue::from_static("text/event-stream, application/json");
        let mut request = self.0.http.post(&self.0.url).header(CONTENT_TYPE, JSON).header(ACCEPT, BOTH).body(body);
        if let Some(key) = &self.0.config.key {
            let bearer = HeaderValue::from_str(&format!("Bearer {}", key.reveal()));
            let mut bearer = bearer.map_err(|_| LlmError::Unavailable("its key cannot be sent".into()))?;
            bearer.set_sensitive(true);
            request = request.header(AUTHORIZATION, bearer);
        }
        request.send().await.map_err(|error| LlmError::Unavailable(format!("no answer: {}", last_cause(&error))))
    }

    async fn read(
        &self,
        mut response: Response,
        progress: Option<&watch::Sender<String>>,
    ) -> Result<Incoming, LlmError> {
        let is_stream = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"text/event-stream"));
        let mut incoming = Incoming::new(is_stream);
        let trouble = |trouble| match trouble {
            Unreadable::TooLarge => LlmError::Other("the model's answer is too long to be read".into()),
            Unreadable::Garbage(what) => {
                LlmError::Unavailable(format!("what it says is no answer: {}", self.printable(&what)))
            }
            Unreadable::Error(what) => LlmError::Unavailable(format!("it broke off: {}", self.printable(&what))),
        };
        loop {
            let chunk = response.chunk().await;
            let chunk =
                chunk.map_err(|error| LlmError::Unavailable(format!("it broke off: {}", last_cause(&error))))?;
            let Some(chunk) = chunk else { break };
            let has_more = incoming.takes(&chunk).map_err(trouble)?;
            if let (true, Some(progress)) = (has_more, progress) {
                progress.send_if_modified(|shown| {
                    let grows = incoming.text().len() > shown.len();
                    if grows {
                        shown.push_str(&incoming.text()[shown.len()..]);
                    }
                    grows
                });
            }
            if incoming.is_done() {
                break;
            }
        }
        incoming.ends().map_err(trouble)?;
        Ok(incoming)
    }

    /// What an endpoint says about an error, without the key, which some repeat.
    async fn told(&self, mut response: Response) -> String {
        let mut all = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            all.extend_from_slice(&chunk[..chunk.len().min(ERROR.saturating_sub(all.len()))]);
            if all.len() >= ERROR {
                break;
            }
        }
        let text = String::from_utf8_lossy(&all);
        let said = stream::message_of(&text).unwrap_or_else(|| text.into_owned());
        self.printable(&said)
    }

    fn printable(&self, said: &str) -> String {
        let mut said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(key) = &self.0.config.key {
            said = said.replace(key.reveal(), "…");
        }
        if said.len() > TOLD {
            said.truncate(said.floor_char_boundary(TOLD));
            said.push('…');
        }
        said
    }

    /// What a status means to whoever asked.
    fn refusal(&self, status: StatusCode, wait: Option<&HeaderValue>, said: String) -> LlmError {
        let wait = wait.and_then(|wait| wait.to_str().ok()).and_then(|wait| wait.parse::<u64>().ok());
        match status.as_u16() {
            401 | 403 => {
                tracing::error!(
                    %status, "the model's endpoint does not let this host in: {said}\nhint: check llm.key and llm.url in {}",
                    file::name()
                );
                // Some repeat a part of the key, which no plugin is to see.
                LlmError::Unavailable(format!("its endpoint does not let this host in ({status})"))
            }
            404 | 405 => {
                tracing::error!(
                    %status, "the model's endpoint does not know what it is asked for: {said}\nhint: check llm.url and llm.model in {}",
                    file::name()
                );
                LlmError::Unavailable(format!("its endpoint does not know the model, or is none ({status})"))
            }
            429 => LlmError::Unavailable(match wait {
                Some(seconds) => format!("it is asked too often, and asks to wait {seconds} s: {said}"),
                None => format!("it is asked too often: {said}"),
            }),
            400 | 413 | 422 => LlmError::BadRequest(format!("the endpoint refuses the question: {said}")),
            _ => LlmError::Unavailable(format!("its endpoint answers with {status}: {said}")),
        }
    }
}

/// The innermost reason; the outer ones say little more than "error sending request", and repeat the address.
fn last_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
