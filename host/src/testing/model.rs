//! A language model that says what a test wants: an OpenAI-compatible endpoint on this machine.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::pause::Time;
use super::site::{Asked, Reply, Site, head, page};
use super::until;
use crate::shutdown::Tasks;

/// What it says to a question.
pub enum Says {
    /// This, at once.
    Text(String),
    /// This after so much time, on the clock of the house that asks.
    Later(String, Duration),
    /// These pieces, with a pause of real time after each.
    Slowly(Vec<String>, Duration),
    /// What the test [hands over](Model::says) piece by piece, until it [ends](Model::ends).
    AsTold,
    /// An error with this status.
    Error(u16, String),
    /// These bytes instead of an answer.
    Nonsense(String),
    /// Nothing, for ever.
    Nothing,
}

impl Says {
    /// This, at once.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// A language model.
///
/// ```
/// use guesthouse::testing::{Model, Says};
///
/// # #[tokio::main]
/// # async fn main() {
/// let model = Model::answers(|_whole, last| match last {
///     "ping" => Says::text("pong"),
///     _ => Says::Error(500, "out of words".into()),
/// })
/// .await;
/// assert!(model.section("").contains("[llm]"));
/// # }
/// ```
#[derive(Clone)]
pub struct Model {
    site: Site,
    /// The way to the answer under way.
    talk: Arc<Mutex<Option<UnboundedSender<Vec<u8>>>>>,
}

/// Tokens that every answer costs, question and answer.
pub const COST: (u32, u32) = (30, 12);

const STREAM: (&str, &str) = ("content-type", "text/event-stream");

impl Model {
    /// One that answers by a rule. It gets the whole question, as JSON, and the text that was said last.
    pub async fn answers(rule: impl Fn(&Value, &str) -> Says + Send + Sync + 'static) -> Self {
        let talk = Arc::<Mutex<Option<UnboundedSender<Vec<u8>>>>>::default();
        let ways = Arc::clone(&talk);
        let site = Site::opens(move |asked| reply(&rule, asked, &ways)).await;
        Self { site, talk }
    }

    pub(super) fn time(&self) -> &Time {
        &self.site.time
    }

    /// The section of a configuration that leads here; further keys as lines of TOML.
    pub fn section(&self, more: &str) -> String {
        format!("\n[llm]\nurl = \"{}\"\nmodel = \"fake\"\n{more}\n", self.site.url("/v1"))
    }

    /// The questions so far.
    pub fn asked(&self) -> Vec<Value> {
        self.site.asked().iter().map(question).collect()
    }

    /// Waits until it was asked so often.
    pub async fn was_asked(&self, times: usize) {
        until(&format!("the model is asked {times} times"), async || self.site.asked().len() >= times).await;
    }

    /// Says a piece of the answer under way.
    pub fn says(&self, text: &str) {
        self.hands_over(piece(text));
    }

    /// Ends the answer under way.
    pub fn ends(&self) {
        self.hands_over(end());
        *self.talk.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Breaks off in the middle.
    pub fn breaks_off(&self) {
        *self.talk.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn hands_over(&self, bytes: Vec<u8>) {
        let talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever asked may be gone.
        let _ = talk.as_ref().expect("an answer is under way").send(bytes);
    }
}

fn question(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).expect("a question is JSON")
}

fn reply(
    rule: &(impl Fn(&Value, &str) -> Says + ?Sized),
    asked: &Asked,
    talk: &Mutex<Option<UnboundedSender<Vec<u8>>>>,
) -> Reply {
    let question = question(asked);
    let last = &question["messages"].as_array().and_then(|all| all.last()).expect("a message")["content"];
    let last = last.as_str().or_else(|| last[0]["text"].as_str()).unwrap_or_default().to_owned();
    let begin = || head(200, &[STREAM, ("connection", "close")]);
    match rule(&question, &last) {
        Says::Text(text) => Reply::Breaks([begin(), piece(&text), end()].concat()),
        Says::Later(text, pause) => Reply::Later([begin(), piece(&text), end()].concat(), pause),
        Says::Slowly(pieces, pause) => {
            let (sender, receiver) = unbounded_channel();
            Tasks::default().spawn_detached(async move {
                for text in pieces {
                    let _ = sender.send(piece(&text));
                    tokio::time::sleep(pause).await;
                }
                let _ = sender.send(end());
            });
            Reply::Follows(begin(), receiver)
        }
        Says::AsTold => {
            let (sender, receiver) = unbounded_channel();
            *talk.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
            Reply::Follows(begin(), receiver)
        }
        Says::Error(status, message) => {
            let body = json!({ "error": { "message": message } }).to_string();
            page(status, &[("content-type", "application/json")], body)
        }
        Says::Nonsense(text) => page(200, &[STREAM], text),
        Says::Nothing => Reply::Hangs,
    }
}

fn piece(text: &str) -> Vec<u8> {
    format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": text }, "finish_reason": null }] }))
        .into_bytes()
}

fn end() -> Vec<u8> {
    let (input, output) = COST;
    let last = json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": input, "completion_tokens": output } });
    format!("data: {last}\n\ndata: {usage}\n\ndata: [DONE]\n\n").into_bytes()
}
