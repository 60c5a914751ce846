//! An answer that takes long is shown while it comes in: as a message in the chat of the event, edited as it grows.
//!
//! The message and its edits go through the outbox like everything else, so they keep the order of their chat and its
//! pace; they are committed one by one, beside the turn, which has not decided anything yet. What is shown ends with "…" as
//! long as it grows (`show/form`): its last form is the plugin's to make.
//! If the plugin never does, because its event is given up, the host does, in the transaction that ends the event.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Guest, Lanes, source};
use crate::clock::{Clock, Millis};
use crate::llm::Outcome;
use crate::model::effect::{ChatEffect, MessageRef, Outgoing};
use crate::model::event::Text;
use crate::model::llm::LlmAnswer;
use crate::store::{AnswerKind, Lease, NewCall, ShownEnd, ShownIn, Store, StoreError, Waiting};
use crate::telegram::encode::{self, Origin};

mod form;

/// An answer that is there by then is not shown before.
const FIRST: Duration = Duration::from_millis(2_000);
/// Between two edits, in a private chat and in a group, where Telegram takes twenty messages a minute.
const EDITS: Duration = Duration::from_millis(1_500);
const EDITS_IN_GROUP: Duration = Duration::from_millis(4_000);
/// An edit that was not made for so long shows what nobody needs to see any more.
const WORTH: Millis = 30_000;

/// Where an answer may be shown.
pub(super) struct Place<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
    pub(super) origin: Origin,
    pub(super) shown: ShownIn,
}

/// An answer that comes in.
pub(super) struct Show<'a> {
    place: Option<Place<'a>>,
    /// Whether the message is in the outbox already, or has been since an earlier run.
    is_there: bool,
    /// The database did not say whether it took something.
    is_unsure: bool,
}

impl<'a> Show<'a> {
    pub(super) fn new(place: Option<Place<'a>>, is_there: bool) -> Self {
        Self { is_there: is_there && place.is_some(), place, is_unsure: false }
    }

    /// The message in which it is shown, if it is.
    pub(super) fn reference(&self) -> Option<i64> {
        self.place.as_ref().filter(|_| self.is_there).map(|place| place.shown.reference)
    }

    /// What is to become of the message.
    pub(super) fn ends(self, is_answered: bool) -> Option<ShownEnd> {
        let place = self.place.filter(|_| self.is_there)?;
        if is_answered {
            return Some(ShownEnd::Stays(place.shown));
        }
        let delete = ChatEffect::Delete { message: MessageRef::Sent(place.shown.reference) };
        let call = place.call(delete, None)?;
        Some(ShownEnd::Goes(place.shown, call))
    }

    /// Asks, and shows what comes in until there is an answer. A write that has begun is finished first: its order and
    /// that of what follows must not be left to chance.
    pub(super) async fn while_asking<F: Future<Output = Outcome>>(
        &mut self,
        ask: impl FnOnce(watch::Sender<String>) -> F,
    ) -> Outcome {
        let (progress, coming) = watch::channel(String::new());
        let done = CancellationToken::new();
        let asked = async {
            let outcome = ask(progress).await;
            done.cancel();
            outcome
        };
        let (outcome, ()) = tokio::join!(asked, self.follow(coming, &done));
        // A message that was taken without a word would go on growing for ever beside the answer.
        if self.is_unsure && !self.is_there {
            self.is_there = match &self.place {
                Some(place) => place.is_taken().await,
                None => false,
            };
        }
        outcome
    }

    async fn follow(&mut self, mut coming: watch::Receiver<String>, done: &CancellationToken) {
        let Some(place) = &self.place else { return };
        let pause = if place.origin.chat < 0 { EDITS_IN_GROUP } else { EDITS };
        let mut wait = FIRST;
        loop {
            let next = async {
                place.clock.sleep(wait).await;
                // What has come in meanwhile counts, too.
                coming.wait_for(|text| !text.trim().is_empty()).await.is_ok()
            };
            tokio::select! {
                goes_on = next => if !goes_on { return },
                () = done.cancelled() => return,
            }
            // A copy: whoever brings more of it must not wait.
            let so_far = coming.borrow_and_update().clone();
            let text = form::growing(&so_far);
            match place.put(self.is_there, text).await {
                Some(true) => self.is_there = true,
                Some(false) => return,
                None => self.is_unsure = true,
            }
            wait = pause;
            tokio::select! {
                changed = coming.changed() => if changed.is_err() { return },
                () = done.cancelled() => return,
            }
        }
    }
}

impl Place<'_> {
    /// Puts the message or an edit into the outbox. `None`: the database did not answer; the next edit has it all.
    async fn put(&self, is_there: bool, text: Text) -> Option<bool> {
        let reference = self.shown.reference;
        let effect = if is_there {
            ChatEffect::EditText { message: MessageRef::Sent(reference), text, keyboard: None }
        } else {
            let message = Outgoing {
                text,
                keyboard: None,
                reply_to: None,
                silent: false,
                protect: false,
                link_preview: false,
                at_most_once: false,
            };
            ChatEffect::SendText { chat: self.origin.chat, reference, message }
        };
        let call = self.call(effect, is_there.then_some(WORTH))?;
        match self.store.show(self.shown.clone(), call).await {
            Ok(shows) => Some(shows),
            Err(error) => {
                tracing::warn!(
                    chat = self.origin.chat, error = %error,
                    "what a model says is not shown in chat {} just now: {error}", self.origin.chat
                );
                None
            }
        }
    }

    /// Whether the message is in the outbox, as far as the database says. One that is silent does not take the turn either,
    /// and the next run looks again.
    async fn is_taken(&self) -> bool {
        let name = self.shown.reference.to_string();
        let answers = self.store.answers_of(self.shown.event).await.unwrap_or_default();
        answers.iter().any(|answer| answer.kind == AnswerKind::Shown && answer.answer == name.as_bytes())
    }

    /// The one call of an effect.
    fn call(&self, effect: ChatEffect, worth: Option<Millis>) -> Option<NewCall> {
        let encoded = encode::calls(effect, self.origin, |_| Some(self.origin.chat));
        let call = encoded.calls.into_iter().next()?;
        let now = self.clock.now();
        Some(NewCall { expires_at: worth.map(|worth| now + worth), ..super::turn::new_call(call, now) })
    }
}

impl Lanes {
    /// What becomes of the messages in which answers were shown when their event ends without its turn: nothing goes on
    /// growing. An answer that came is there in full; what there is of another one goes.
    pub(super) async fn last_forms(
        &self,
        guest: &Guest,
        lease: &Lease,
        waiting: &Waiting,
    ) -> Result<Vec<ShownEnd>, StoreError> {
        let answers = match self.store.answers_of(waiting.seq).await {
            Ok(answers) => answers,
            // What cannot be read now will not be read later, and no event may wait for ever.
            Err(error) if error.is_lasting() => {
                tracing::warn!(lane = %lease, error = %error, "a message of lane {lease} may grow no more: {error}");
                return Ok(vec![]);
            }
            Err(error) => return Err(error),
        };
        let event = source::event(waiting, &guest.me, lease.chat());
        let Some(origin) = event.and_then(|event| Some(Origin { chat: event.chat()?, topic: event.topic() })) else {
            return Ok(vec![]);
        };
        let text_of = |number| {
            let said = answers.iter().find(|answer| answer.kind == AnswerKind::Llm && answer.number == number)?;
            serde_json::from_slice::<LlmAnswer>(&said.answer).ok().map(|answer| answer.text)
        };
        let shown = answers.iter().filter(|answer| answer.kind == AnswerKind::Shown).filter_map(|row| {
            let reference = std::str::from_utf8(&row.answer).ok()?.parse().ok()?;
            let (bot, plugin, event, chat) = (lease.bot(), guest.plugin.name().clone(), waiting.seq, origin.chat);
            let shown = ShownIn { bot, plugin, event, number: row.number, chat, reference };
            let place = Place { store: &self.store, clock: &self.clock, origin, shown };
            let message = MessageRef::Sent(reference);
            match text_of(row.number).map(|text| form::whole(&text)).filter(|text| !text.content.is_empty()) {
                Some(text) => {
                    let call = place.call(ChatEffect::EditText { message, text, keyboard: None }, None)?;
                    Some(ShownEnd::Becomes(place.shown, call))
                }
                None => {
                    let call = place.call(ChatEffect::Delete { message }, None)?;
                    Some(ShownEnd::Goes(place.shown, call))
                }
            }
        });
        Ok(shown.collect())
    }
}
