//! What a turn asks of the outside, the Web and a language model: each call is made once, however often the turn runs.
//!
//! 1. An answer is written down before the plugin sees it, so that the next run of the event finds it, on whichever host.
//!    It is found by its number, the how many-th call of its kind it was, and holds if the question is still the same.
//! 2. What the Web said holds for one attempt: a conflict, or a host that died. A turn that failed asks anew, since it may
//!    have failed for what the Web said. What a model said holds for the event: it costs something, and another answer
//!    would be no better.
//! 3. That there is no answer is remembered as well, but here only: the next run of this attempt fails in the same way,
//!    one on another host may have more luck. So is an answer that is too large to be written down.
//! 4. Budgets are looked up before a question and counted after it. What is under way at the same time is not known yet,
//!    so a budget can be exceeded by as many questions as a plugin may have under way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::show::{Place, Show};
use super::{Guest, Lanes};
use crate::clock::Clock;
use crate::config::Sites;
use crate::llm::Asker;
use crate::model::cron::Zone;
use crate::model::llm::{LlmAnswer, LlmError, Prompt};
use crate::model::web::{WebBounds, WebError, WebRequest, WebResponse};
use crate::model::{BotId, PluginName, hex};
use crate::store::{AnswerKind, Lease, Spent, Store, StoreError, StoredAnswer, Waiting};
use crate::telegram::encode::Origin;
use crate::web::Fetcher;

/// Largest answer that is written down, as JSON, and what an event may have written down altogether.
const LARGEST: usize = 1 << 20;
const ALTOGETHER: usize = 8 << 20;
/// Bytes of answers that are remembered here for the next run of a turn.
const REMEMBERED: usize = 64 << 20;

/// The ways of one plugin of one bot.
#[derive(Clone)]
pub struct Ways {
    /// To the Web.
    pub web: Fetcher,
    /// To the language model, if there is one.
    pub llm: Option<Asker>,
}

/// The outside as one turn reaches it, for all of its runs.
pub(super) struct Outside {
    store: Store,
    clock: Clock,
    ways: Ways,
    bot: BotId,
    plugin: PluginName,
    /// The chat whose budget it uses; the user's where there is none.
    chat: i64,
    /// Whose days a budget means.
    zone: Zone,
    event: i64,
    attempt: u32,
    /// Where an answer may be shown while it comes in.
    shows_in: Option<Origin>,
    /// Empty until something is asked.
    kept: Mutex<Option<Kept>>,
    has_written: AtomicBool,
}

/// What is known of earlier calls.
#[derive(Default)]
struct Kept {
    answers: HashMap<(AnswerKind, u32), (String, Answer)>,
    /// Bytes of those that are written down, and of those that are remembered.
    written: usize,
    remembered: usize,
    /// The references of messages in which answers were shown.
    shown: HashMap<u32, i64>,
}

#[derive(Clone)]
enum Answer {
    Web(Result<WebResponse, WebError>),
    Llm(Result<LlmAnswer, LlmError>),
}

impl Outside {
    pub(super) fn new(
        lanes: &Lanes,
        guest: &Guest,
        lease: &Lease,
        waiting: &Waiting,
        shows_in: Option<Origin>,
    ) -> Self {
        Self {
            store: lanes.store.clone(),
            clock: lanes.clock.clone(),
            ways: guest.ways.clone(),
            bot: lease.bot(),
            plugin: guest.plugin.name().clone(),
            chat: lease.chat(),
            zone: guest.zone.clone(),
            event: waiting.seq,
            attempt: waiting.attempt,
            shows_in,
            kept: Mutex::default(),
            has_written: AtomicBool::new(false),
        }
    }

    /// Whether something of this event is written down that ends with it.
    pub(super) fn has_written(&self) -> bool {
        self.has_written.load(Ordering::Acquire)
    }

    /// The answer to a request.
    pub(super) async fn fetch(
        &self,
        number: u32,
        request: &WebRequest,
        sites: &Sites,
        bounds: WebBounds,
    ) -> Result<Result<WebResponse, WebError>, StoreError> {
        // A turn makes one call at a time, so nobody waits for this.
        let mut kept = self.kept.lock().await;
        let kept = self.recalled(&mut kept).await?;
        let question = digest(request);
        if let Some(Answer::Web(answer)) = kept.to(AnswerKind::Http, number, &question) {
            return Ok(answer.clone());
        }
        let answer = self.ways.web.fetch(request, sites, bounds).await;
        if let Some(json) = answer.as_ref().ok().and_then(|answer| kept.writable(answer)) {
            let stored = self.stored(AnswerKind::Http, number, &question, json);
            self.store.keep_answer(self.event, Some(stored), None, None).await?;
        }
        let size = answer.as_ref().map_or(0, |answer| answer.body.len());
        kept.remember(AnswerKind::Http, number, question, size, Answer::Web(answer.clone()));
        Ok(answer)
    }

    /// The answer to a question.
    pub(super) async fn complete(
        &self,
        number: u32,
        prompt: &Prompt,
        within: Duration,
        reference: Option<i64>,
    ) -> Result<Result<LlmAnswer, LlmError>, StoreError> {
        let Some(asker) = &self.ways.llm else {
            return Ok(Err(LlmError::Unavailable("no model is set up".into())));
        };
        let mut kept = self.kept.lock().await;
        let kept = self.recalled(&mut kept).await?;
        let question = digest(prompt);
        if let Some(Answer::Llm(answer)) = kept.to(AnswerKind::Llm, number, &question) {
            return Ok(answer.clone());
        }
        let (day, tomorrow) = self.zone.day(self.clock.now());
        let config = asker.config();
        let budgets = [config.tokens_per_day, config.tokens_per_chat_per_day];
        if budgets != [0, 0] {
            let (bot, chat) = self.store.spent(self.bot, self.chat, day).await?;
            if [bot, chat].into_iter().zip(budgets).any(|(spent, budget)| budget > 0 && spent >= budget) {
                return Ok(Err(LlmError::OverBudget(tomorrow)));
            }
        }
        let before = kept.shown.get(&number).copied();
        let place = self.shows_in.zip(reference).map(|(origin, reference)| Place {
            store: &self.store,
            clock: &self.clock,
            origin,
            shown: self.shown_in(number, origin, before.unwrap_or(reference)),
        });
        let mut show = Show::new(place, before.is_some());
        let outcome = show.while_asking(|progress| async move { asker.ask(prompt, within, &progress).await }).await;
        let (result, shown) = (outcome.result, show.reference());
        if let Some(reference) = shown {
            self.has_written.store(true, Ordering::Release);
            kept.shown.insert(number, reference);
        }
        let answer = result.map(|answer| LlmAnswer { shown, ..answer });
        let json = answer.as_ref().ok().and_then(|answer| kept.writable(answer));
        let stored = json.map(|json| self.stored(AnswerKind::Llm, number, &question, json));
        let spent = Spent { bot: self.bot, chat: self.chat, day, tokens: outcome.tokens };
        let spent = (outcome.tokens > 0).then_some(spent);
        let end = show.ends(answer.is_ok());
        if answer.is_err() {
            kept.shown.remove(&number);
        }
        if stored.is_some() || spent.is_some() || end.is_some() {
            self.store.keep_answer(self.event, stored, spent, end).await?;
        }
        let size = answer.as_ref().map_or(0, |answer| answer.text.len());
        kept.remember(AnswerKind::Llm, number, question, size, Answer::Llm(answer.clone()));
        Ok(answer)
    }

    /// What earlier runs of this event have got.
    async fn recalled<'a>(&self, kept: &'a mut Option<Kept>) -> Result<&'a mut Kept, StoreError> {
        if kept.is_none() {
            let stored = self.store.answers_of(self.event).await?;
            self.has_written.fetch_or(!stored.is_empty(), Ordering::AcqRel);
            *kept = Some(Kept::recall(stored, self.attempt));
        }
        Ok(kept.get_or_insert_default())
    }

    fn stored(&self, kind: AnswerKind, number: u32, question: &str, answer: Bytes) -> StoredAnswer {
        self.has_written.store(true, Ordering::Release);
        StoredAnswer { kind, number, attempt: self.attempt, question: question.to_owned(), answer }
    }

    fn shown_in(&self, number: u32, origin: Origin, reference: i64) -> crate::store::ShownIn {
        let (bot, plugin, event, chat) = (self.bot, self.plugin.clone(), self.event, origin.chat);
        crate::store::ShownIn { bot, plugin, event, number, chat, reference }
    }
}

impl Kept {
    fn recall(stored: Vec<StoredAnswer>, attempt: u32) -> Self {
        let mut kept = Self::default();
        for StoredAnswer { kind, number, attempt: of, question, answer: json } in stored {
            let size = json.len();
            let answer = match kind {
                AnswerKind::Http if of != attempt => None,
                AnswerKind::Http => serde_json::from_slice(&json).ok().map(|answer| Answer::Web(Ok(answer))),
                AnswerKind::Llm => serde_json::from_slice(&json).ok().map(|answer| Answer::Llm(Ok(answer))),
                AnswerKind::Shown => {
                    let reference = std::str::from_utf8(&json).ok().and_then(|digits| digits.parse().ok());
                    kept.shown.extend(reference.map(|reference| (number, reference)));
                    None
                }
            };
            // What another version of the host has written in another form is asked anew.
            if let Some(answer) = answer {
                kept.written += size;
                kept.remember(kind, number, question, size, answer);
            }
        }
        kept
    }

    /// What was answered to this very question.
    fn to(&self, kind: AnswerKind, number: u32, question: &str) -> Option<&Answer> {
        self.answers.get(&(kind, number)).filter(|(asked, _)| asked == question).map(|(_, answer)| answer)
    }

    /// An answer as JSON, if it is to be written down.
    fn writable(&mut self, answer: &impl Serialize) -> Option<Bytes> {
        let json = serde_json::to_vec(answer).ok()?;
        let fits = json.len() <= LARGEST && self.written + json.len() <= ALTOGETHER;
        fits.then(|| {
            self.written += json.len();
            json.into()
        })
    }

    fn remember(&mut self, kind: AnswerKind, number: u32, question: String, size: usize, answer: Answer) {
        if self.remembered + size <= REMEMBERED {
            self.remembered += size;
            self.answers.insert((kind, number), (question, answer));
        }
    }
}

/// Tells questions apart.
fn digest(question: &impl Serialize) -> String {
    // These hold texts, numbers and lists, which cannot fail to be written.
    let json = serde_json::to_vec(question).unwrap_or_default();
    hex(&Sha256::digest(json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::llm::Finish;
    use crate::model::web::WebBody;

    fn stored(kind: AnswerKind, attempt: u32, answer: &impl Serialize) -> StoredAnswer {
        let answer = serde_json::to_vec(answer).unwrap().into();
        StoredAnswer { kind, number: 0, attempt, question: "q".into(), answer }
    }

    fn page(size: usize) -> WebResponse {
        WebResponse { status: 200, url: "u".into(), headers: vec![], body: WebBody::Text("x".repeat(size)) }
    }

    #[test]
    fn the_web_is_asked_anew_by_another_attempt_and_a_model_is_not() {
        let answer =
            LlmAnswer { text: "t".into(), finish: Finish::Stop, input_tokens: 1, output_tokens: 1, shown: None };
        let rows = vec![stored(AnswerKind::Http, 1, &page(1)), stored(AnswerKind::Llm, 1, &answer)];
        let has = |attempt, question| {
            let kept = Kept::recall(rows.clone(), attempt);
            [AnswerKind::Http, AnswerKind::Llm].map(|kind| kept.to(kind, 0, question).is_some())
        };
        assert_eq!(has(1, "q"), [true, true]);
        assert_eq!(has(2, "q"), [false, true]);
        assert_eq!(has(1, "another"), [false, false]);
        let broken = StoredAnswer { answer: Bytes::from_static(b"{}"), ..rows[1].clone() };
        assert!(Kept::recall(vec![broken], 1).to(AnswerKind::Llm, 0, "q").is_none());
    }

    #[test]
    fn what_is_written_down_is_bounded() {
        let mut kept = Kept::default();
        assert!(kept.writable(&page(LARGEST)).is_none());
        let written = (0..100).filter(|_| kept.writable(&page(LARGEST / 2)).is_some()).count();
        assert_eq!(written, 15);
    }
}
