//! What a turn was run with and answered. [`Recorder`] stands between the sandbox and the view of the lane; what tables
//! answered is in the turn's own reads already, so that it remembers the rest alone, and what failed. Next: `body`.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock::Millis;
use crate::config::Sites;
use crate::model::effect::DialogueState;
use crate::model::event::Event;
use crate::model::llm::{LlmAnswer, LlmError, Prompt};
use crate::model::manifest::Table;
use crate::model::table::{Filter, Query, Read, Row};
use crate::model::web::{WebBounds, WebError, WebRequest, WebResponse, blob};
use crate::model::{DialogueKey, hex};
use crate::sandbox::{FileError, Me, Plugin, TurnError, View, ViewError};

/// Longest question that is kept as it is; of a longer one its digest is enough to know it again.
const QUESTION: usize = 160;
/// Largest answer that is kept.
const PART: usize = 256 << 10;
/// Bytes of all answers of a turn that are kept: with the rest of it they stay below what a record may have.
const ANSWERS: usize = 640 << 10;

/// A turn as it was: with `E` what it asked for, as effects while it is written and as JSON when it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(deserialize = "E: Deserialize<'de>"))]
pub struct Recorded<'a, E = Value> {
    /// What the operator calls the bot.
    pub bot: Cow<'a, str>,
    /// Who the bot is.
    pub me: Cow<'a, Me>,
    /// The plugin.
    pub plugin: Cow<'a, str>,
    /// Its processor.
    pub processor: Option<Cow<'a, str>>,
    /// Its component's SHA-256 in hexadecimal.
    pub digest: Cow<'a, str>,
    /// The digest of its settings, by [`settings_digest`].
    pub settings: Cow<'a, str>,
    /// What happened.
    pub event: Cow<'a, Event>,
    /// The update behind it, or the updates of an album, as Telegram's JSON; empty if there is none.
    pub raw: Cow<'a, str>,
    /// The turn's clock.
    pub now: Millis,
    /// Where its randomness came from, in hexadecimal.
    pub seed: String,
    /// Whether another plugin would be asked.
    pub has_next: bool,
    /// The chat that it may write to without a grant.
    pub origin: Option<i64>,
    /// Whose conversation it was part of.
    pub dialogue: Option<DialogueKey>,
    /// The tables of other plugins that it may read.
    pub others: Cow<'a, [Table]>,
    /// What tables answered.
    pub reads: Cow<'a, [Read]>,
    /// What else was answered, in the order of the questions.
    pub answers: Cow<'a, [Answered]>,
    /// Why it failed.
    pub failure: Option<Cow<'a, TurnError>>,
    /// What it asked for; nothing if it failed.
    pub effects: E,
    /// What was too large to be kept.
    #[serde(default)]
    pub left_out: Vec<Cow<'a, str>>,
    /// Whether everybody's words were taken out.
    #[serde(default)]
    pub shapes: bool,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The question in words, or the digest of a long one.
    pub question: String,
    /// What was answered.
    pub answer: Answer,
}

/// What a view answered, tables aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The state of the conversation.
    Dialogue(Option<DialogueState>),
    /// The chat of a message.
    Chat(Option<i64>),
    /// The other ids of a chat.
    Chats(Vec<i64>),
    /// The keys of timers.
    Timers(Vec<String>),
    /// A file.
    File(#[serde(with = "blob")] Bytes),
    /// That there is none.
    NoFile(FileError),
    /// What a site said.
    Web(Result<WebResponse, WebError>),
    /// What a model said.
    Model(Result<LlmAnswer, LlmError>),
    /// That nobody answered.
    Failed(ViewError),
    /// One of so many bytes, which was too large to be kept.
    LeftOut(usize),
}

/// The settings of a plugin as a digest: a replay says whether they are the same without the journal keeping a secret.
pub fn settings_digest(plugin: &Plugin) -> String {
    let settings = plugin.settings();
    let told = format!("{:?} {:?} {:?}", settings.config, settings.admins, plugin.grant().words());
    eight_bytes(told.as_bytes())
}

/// As much of a digest as it takes to tell things apart, in hexadecimal.
fn eight_bytes(text: &[u8]) -> String {
    hex(&Sha256::digest(text)[..8])
}

/// The questions of a view in words: what is asked again is recognised by them, and a divergence is named with them.
pub(super) mod asked {
    use super::*;

    pub(in crate::journal) fn get(table: &str, id: i64, columns: &[String]) -> String {
        format!("row {id} of `{table}`{}", of(columns))
    }

    pub(in crate::journal) fn find(query: &Query) -> String {
        let order: Vec<_> = query
            .order
            .iter()
            .map(|order| format!("{}{}", order.column, if order.descending { "↓" } else { "" }))
            .collect();
        let order = if order.is_empty() { String::new() } else { format!(" by {}", order.join(", ")) };
        let (rows, offset) = (&query.table, query.offset);
        format!(
            "rows of `{rows}`{} where {}{order}, {} from {offset}",
            of(&query.columns),
            filter(&query.filter),
            query.limit
        )
    }

    pub(in crate::journal) fn count(table: &str, by: &Filter) -> String {
        format!("how many rows of `{table}` where {}", filter(by))
    }

    pub(in crate::journal) fn sum(table: &str, column: &str, by: &Filter) -> String {
        format!("the sum of `{column}` in `{table}` where {}", filter(by))
    }

    pub(in crate::journal) fn dialogue() -> String {
        "the state of the conversation".into()
    }

    pub(in crate::journal) fn sent_chat(reference: i64) -> String {
        format!("the chat of message {reference}")
    }

    pub(in crate::journal) fn same_chats(chat: i64) -> String {
        format!("the other ids of chat {chat}")
    }

    pub(in crate::journal) fn timers(processor: Option<&str>, chat: i64) -> String {
        format!("the timers {}in chat {chat}", processor.map(|name| format!("of `{name}` ")).unwrap_or_default())
    }

    pub(in crate::journal) fn file(id: &str, max: u64) -> String {
        format!("file {id} up to {max} bytes")
    }

    pub(in crate::journal) fn fetch(number: u32, request: &WebRequest) -> String {
        // They serve to tell requests apart, and may hold a key of the operator's.
        let rest = serde_json::to_vec(&(&request.headers, &request.body)).unwrap_or_default();
        let rest = match request.headers.is_empty() && request.body.is_none() {
            true => String::new(),
            false => format!(" ({})", eight_bytes(&rest)),
        };
        format!("request {number}: {} {}{rest}", format!("{:?}", request.method).to_uppercase(), request.url)
    }

    pub(in crate::journal) fn complete(number: u32, prompt: &Prompt) -> String {
        format!("question {number} to the model: {}", serde_json::to_string(prompt).unwrap_or_default())
    }

    /// As it is kept.
    pub(in crate::journal) fn short(question: String) -> String {
        if question.len() <= QUESTION {
            return question;
        }
        let digest = hex(&Sha256::digest(&question)[..16]);
        format!("{}… ({digest})", &question[..question.floor_char_boundary(40)])
    }

    fn of(columns: &[String]) -> String {
        if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) }
    }

    fn filter(filter: &Filter) -> String {
        match filter {
            Filter::Is(column, comparison, value) => format!("{column} {comparison:?} {value:?}"),
            Filter::All(all) if all.is_empty() => "any".into(),
            Filter::All(all) => format!("({})", all.iter().map(self::filter).collect::<Vec<_>>().join(" and ")),
            Filter::Any(any) => format!("({})", any.iter().map(self::filter).collect::<Vec<_>>().join(" or ")),
            Filter::Not(not) => format!("not {}", self::filter(not)),
        }
    }
}

/// A view that remembers what it answered in one run of a turn.
pub struct Recorder {
    inner: Arc<dyn View>,
    noted: Mutex<Noted>,
}

/// Answers, and how many bytes those that are kept have.
#[derive(Default)]
struct Noted {
    answers: Vec<Answered>,
    bytes: usize,
}

impl Recorder {
    /// One that has not been asked yet.
    pub fn new(inner: Arc<dyn View>) -> Self {
        Self { inner, noted: Mutex::default() }
    }

    /// What it answered since it was made.
    pub fn answers(&self) -> Vec<Answered> {
        std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner)).answers
    }

    /// Forgets what it answered.
    pub fn forget(&self) {
        drop(self.answers());
    }

    /// Remembers an answer of so many bytes, or that there was one which is too large to be kept a second time.
    fn note(&self, question: String, bytes: usize, answer: impl FnOnce() -> Answer) {
        let question = asked::short(question);
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = match bytes <= PART.min(ANSWERS - noted.bytes) {
            true => {
                noted.bytes += bytes;
                answer()
            }
            false => Answer::LeftOut(bytes),
        };
        noted.answers.push(Answered { question, answer });
    }

    /// Remembers an answer, or that there was none.
    fn noted<T: Clone>(
        &self,
        question: impl FnOnce() -> String,
        answer: Result<T, ViewError>,
        (size, as_answer): (impl FnOnce(&T) -> usize, impl FnOnce(T) -> Answer),
    ) -> Result<T, ViewError> {
        match &answer {
            Ok(answer) => self.note(question(), size(answer), || as_answer(answer.clone())),
            Err(error) => self.note(question(), 0, || Answer::Failed(error.clone())),
        }
        answer
    }

    /// Remembers that a table did not answer.
    fn failed<T>(&self, question: impl FnOnce() -> String, answer: Result<T, ViewError>) -> Result<T, ViewError> {
        answer.inspect_err(|error| self.note(question(), 0, || Answer::Failed(error.clone())))
    }
}

#[async_trait]
impl View for Recorder {
    async fn get(&self, table: &str, id: i64, columns: &[String]) -> Result<Option<Row>, ViewError> {
        let answer = self.inner.get(table, id, columns).await;
        self.failed(|| asked::get(table, id, columns), answer)
    }

    async fn find(&self, query: &Query) -> Result<Vec<Row>, ViewError> {
        let answer = self.inner.find(query).await;
        self.failed(|| asked::find(query), answer)
    }

    async fn count(&self, table: &str, filter: &Filter) -> Result<u64, ViewError> {
        let answer = self.inner.count(table, filter).await;
        self.failed(|| asked::count(table, filter), answer)
    }

    async fn sum(&self, table: &str, column: &str, filter: &Filter) -> Result<i64, ViewError> {
        let answer = self.inner.sum(table, column, filter).await;
        self.failed(|| asked::sum(table, column, filter), answer)
    }

    async fn queue_for(&self, table: &str, id: i64) {
        self.inner.queue_for(table, id).await;
    }

    async fn dialogue(&self) -> Result<Option<DialogueState>, ViewError> {
        let answer = self.inner.dialogue().await;
        let size =
            |state: &Option<DialogueState>| state.as_ref().map_or(0, |state| state.step.len() + state.data.len());
        self.noted(asked::dialogue, answer, (size, Answer::Dialogue))
    }

    async fn sent_chat(&self, reference: i64) -> Result<Option<i64>, ViewError> {
        let answer = self.inner.sent_chat(reference).await;
        self.noted(|| asked::sent_chat(reference), answer, (|_: &_| 0, Answer::Chat))
    }

    async fn same_chats(&self, chat: i64) -> Result<Vec<i64>, ViewError> {
        let answer = self.inner.same_chats(chat).await;
        self.noted(|| asked::same_chats(chat), answer, (|chats: &Vec<_>| size_of_val(&**chats), Answer::Chats))
    }

    async fn timers(&self, processor: Option<&str>, chat: i64) -> Result<Vec<String>, ViewError> {
        let answer = self.inner.timers(processor, chat).await;
        self.noted(
            || asked::timers(processor, chat),
            answer,
            (|keys: &Vec<String>| keys.iter().map(String::len).sum(), Answer::Timers),
        )
    }

    async fn file(&self, file_id: &str, max: u64) -> Result<Bytes, FileError> {
        let answer = self.inner.file(file_id, max).await;
        let size = answer.as_ref().map_or(0, Bytes::len);
        self.note(asked::file(file_id, max), size, || answer.clone().map_or_else(Answer::NoFile, Answer::File));
        answer
    }

    async fn fetch(
        &self,
        number: u32,
        request: WebRequest,
        sites: &Sites,
        bounds: WebBounds,
    ) -> Result<Result<WebResponse, WebError>, ViewError> {
        let question = asked::fetch(number, &request);
        let answer = self.inner.fetch(number, request, sites, bounds).await;
        let size = |answer: &Result<WebResponse, _>| {
            let headers = |(name, text): &(String, String)| name.len() + text.len();
            let all = |it: &WebResponse| it.body.len() + it.headers.iter().map(headers).sum::<usize>();
            answer.as_ref().map_or(0, all)
        };
        self.noted(|| question, answer, (size, Answer::Web))
    }

    async fn complete(
        &self,
        number: u32,
        prompt: Prompt,
        within: Duration,
        reference: Option<i64>,
    ) -> Result<Result<LlmAnswer, LlmError>, ViewError> {
        let question = asked::complete(number, &prompt);
        let answer = self.inner.complete(number, prompt, within, reference).await;
        let size = |answer: &Result<LlmAnswer, _>| answer.as_ref().map_or(0, |answer| answer.text.len());
        self.noted(|| question, answer, (size, Answer::Model))
    }
}
