//! One turn: event in, one commit out.
//!
//! 1. The stored update becomes the plugin's event.
//! 2. The plugin runs on a view of the database; no transaction is open meanwhile.
//! 3. What it asked for becomes one commit, which asks all reads of its own tables again. Another answer is a conflict: the effects
//!    are dropped and the turn runs again, with the files it fetched and the answers it got from outside remembered
//!    (`lane/outside`), when it is its turn (`lane/conflict`).
//! 4. A failure leaves no trace but its reason and what becomes of the event (`lane/fail`).

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::FutureExt;

use super::journal::{Run, Tape};
use super::outside::Outside;
use super::queue::HeldTable;
use super::view::TurnView;
use super::{Guest, Lanes, source};
use crate::clock::Millis;
use crate::model::effect::{ChatEffect, TurnEffects};
use crate::model::event::Event;
use crate::model::table::Read;
use crate::model::{DialogueKey, Part};
use crate::sandbox::{Turn, TurnError, TurnReport, View};
use crate::store::{CommitOutcome, FenceOutcome, Handover, Lease, NewCall, StoreError, Then, TurnCommit, Waiting};
use crate::telegram;
use crate::telegram::encode::Origin;

/// After so many conflicts in a row the turn takes its place at the end of the retry rule instead.
const CONFLICTS: u32 = 50;
/// How long others wait for a turn that has a table alone. A slower one goes on without that privilege.
const ALONE: std::time::Duration = std::time::Duration::from_millis(250);

/// What the lane does after a turn.
pub(super) enum End {
    /// Runs the next event.
    Next,
    /// Stops: the lane was given back, or another host has it.
    LaneIsGone,
    /// Stops: nobody is to run the lane before this time. It still has to be given back.
    Wait(Millis),
}

impl Lanes {
    /// Runs one event to its commit or its failure.
    pub(super) async fn run_turn(&self, guest: &Guest, lease: &Lease, waiting: &Waiting, then: Then) -> End {
        let pass = match self.may_run(guest, lease, waiting, then).await {
            Ok(pass) => pass,
            Err(end) => return end,
        };
        // What is kept of the latest run, for whoever decides what becomes of the event.
        let mut tape = Tape::of(self, guest, lease, waiting);
        let outcome = match self.attempt(guest, lease, waiting, then, &mut tape).await {
            Ok(fence) => Ok(fence),
            Err(Trouble::Turn(error)) => return self.fail(guest, lease, waiting, then, (pass, &error), tape).await,
            // It is the turn that asks for what the database cannot do, so it counts as failed: a text too long for an
            // index, for instance.
            Err(Trouble::Store(error)) if error.is_lasting() => {
                let error = TurnError::Retry(format!("what it asks for cannot be stored: {error}"));
                return self.fail(guest, lease, waiting, then, (pass, &error), tape).await;
            }
            // Somebody is in the way, say with a lock on the plugin's tables, or the disk fails, and nobody will see anything
            // of the transaction. The lane is given back until later, instead of coming for the same lock again and again.
            // (If a commit could not be flushed and the host is killed right then, SQLite may find it whole: it is done.)
            Err(Trouble::Store(error @ (StoreError::Busy { .. } | StoreError::Machine { .. } | StoreError::Slow))) => {
                let error = TurnError::Unavailable(error.to_string());
                return self.fail(guest, lease, waiting, then, (pass, &error), tape).await;
            }
            Err(Trouble::Store(error)) => Err(error),
        };
        match outcome {
            Ok(FenceOutcome::Held) => {
                tape.show();
                self.note_success(guest, lease, pass).await;
                End::Next
            }
            Ok(FenceOutcome::Lost) => {
                self.note_nothing(guest, lease, pass);
                tracing::warn!(lane = %lease, "another host has taken lane {lease} over; this turn left no trace");
                End::LaneIsGone
            }
            Err(error) => {
                self.note_nothing(guest, lease, pass);
                // Nothing is known to have been committed, so nothing may be reported as failed either: the lease runs
                // out or is given back at the next claim, and the event is still waiting.
                tracing::warn!(lane = %lease, error = %error, "the turn of lane {lease} was not committed: {error}");
                self.clock.sleep(super::DATABASE_PAUSE).await;
                End::LaneIsGone
            }
        }
    }

    async fn attempt(
        &self,
        guest: &Guest,
        lease: &Lease,
        waiting: &Waiting,
        then: Then,
        tape: &mut Tape<'_>,
    ) -> Result<FenceOutcome, Trouble> {
        let Some(event) = self.event(guest, lease, waiting).await? else {
            // The plugin was changed since the event was stored and does not want it any more.
            let passed = TurnEffects { passed: Some("it does not want such events".into()), ..TurnEffects::default() };
            let nothing = self.commit(waiting, guest, None, None, passed, |_| None);
            return Ok(match self.store.commit_turn(lease, nothing, then).await? {
                CommitOutcome::LeaseLost => FenceOutcome::Lost,
                _ => FenceOutcome::Held,
            });
        };
        let dialogue = dialogue_of(&event);
        let raw: Arc<str> = match &waiting.parts {
            None => waiting.raw.as_str().into(),
            Some(parts) => {
                let all: Vec<_> = std::iter::once(&waiting.raw).chain(parts).map(String::as_str).collect();
                format!("[{}]", all.join(",")).into()
            }
        };
        let now = self.clock.now();
        let processor: Option<Arc<str>> = processor_of(lease).map(Into::into);
        let shows_in = event.chat().map(|chat| Origin { chat, topic: event.topic() });
        let outside = Outside::new(self, guest, lease, waiting, shows_in);
        let view = Arc::new(TurnView::new(self, guest, lease, dialogue, outside));
        let seen = tape.begin(Arc::clone(&view) as _, &event);
        let mut alone = None;
        for _ in 0..CONFLICTS {
            let seed = self.seeds.draw(lease.bot(), lease.part(), lease.chat());
            let turn = Turn {
                event: event.clone(),
                raw: Arc::clone(&raw),
                processor: processor.clone(),
                has_next: !waiting.origin.next.is_empty(),
                others: Arc::clone(&guest.others),
                now,
                seed,
                origin: event.chat(),
                dialogue,
            };
            let since = guest.tables.now();
            tape.run();
            let report = self.run_plugin(guest, turn, &seen, &mut alone).await;
            tape.note(&Run { event: &event, raw: &raw, now, seed }, &report);
            let effects = match report.result {
                Ok(effects) => effects,
                Err(error @ TurnError::Unavailable(_)) => return Err(error.into()),
                // A turn that has waited for the database until its time was over is not to blame.
                Err(error @ TurnError::Limit(_)) if self.store.is_late() => {
                    return Err(TurnError::Unavailable(format!("the database does not answer ({error})")).into());
                }
                Err(error) => match view.changed(&held_to(report.failed_reads)).await? {
                    None => return Err(error.into()),
                    // It may have failed only because another turn committed between two of its reads.
                    Some((table, row)) => {
                        tape.conflicts();
                        alone = self.make_way(lease, &view, table, row).await;
                        continue;
                    }
                },
            };
            let mut commit = self.commit(waiting, guest, Some(&event), dialogue, effects, |sent| view.chat_of(sent));
            commit.since = since;
            commit.asked = view.has_asked();
            commit.journal = tape.kept();
            let sets_timers = !commit.timers.is_empty();
            let shared = self.pass_through(lease, &commit, alone.as_ref()).await;
            let outcome = self.store.commit_turn(lease, commit, then).await?;
            drop(shared);
            view.let_go();
            match outcome {
                CommitOutcome::Committed => {
                    if sets_timers {
                        self.wake.agenda.ring();
                    }
                    if matches!(event, Event::Request { .. }) {
                        self.wake.replies.ring();
                    }
                    return Ok(FenceOutcome::Held);
                }
                CommitOutcome::LeaseLost => return Ok(FenceOutcome::Lost),
                CommitOutcome::Conflict { table, row } => {
                    tape.conflicts();
                    alone = self.make_way(lease, &view, table, row).await;
                }
            }
        }
        Err(Trouble::Turn(TurnError::Retry(format!("{CONFLICTS} conflicts in a row with other turns"))))
    }

    /// Runs the plugin once, on a task's worth of trust: a panic of the host on its behalf is a failed attempt.
    async fn run_plugin(
        &self,
        guest: &Guest,
        turn: Turn,
        view: &Arc<dyn View>,
        alone: &mut Option<(String, HeldTable)>,
    ) -> TurnReport {
        let run = std::panic::AssertUnwindSafe(guest.plugin.run(turn, Arc::clone(view))).catch_unwind();
        let mut run = std::pin::pin!(run);
        let report = if alone.is_some() {
            tokio::select! {
                report = &mut run => report,
                () = self.clock.sleep(ALONE) => {
                    *alone = None;
                    run.await
                }
            }
        } else {
            run.await
        };
        report.unwrap_or_else(|_| TurnReport::of_a_panic())
    }

    /// The plugin's event, with a button's token replaced by what the plugin put into the button.
    async fn event(&self, guest: &Guest, lease: &Lease, waiting: &Waiting) -> Result<Option<Event>, Trouble> {
        let event = source::event(waiting, &guest.me, lease.chat())
            .ok_or_else(|| TurnError::Retry("the event was written by a newer guesthouse".into()))?;
        let Some(mut event) = event.for_part(guest.plugin.manifest(), processor_of(lease)) else { return Ok(None) };
        if let Event::Callback { data, .. } = &mut event {
            match self.store.callback(lease.bot(), data).await? {
                Some(stored) => *data = stored.data,
                None => return Ok(None),
            }
        }
        Ok(Some(event))
    }

    /// Turns what the plugin asked for into rows.
    fn commit(
        &self,
        waiting: &Waiting,
        guest: &Guest,
        event: Option<&Event>,
        dialogue: Option<DialogueKey>,
        effects: TurnEffects,
        sent_before: impl Fn(i64) -> Option<i64>,
    ) -> TurnCommit {
        let now = self.clock.now();
        let mut outbox = Vec::with_capacity(effects.chat.len() + 1);
        let mut blobs = Vec::new();
        let mut answered = false;
        let origin = Origin { chat: event.map_or(0, Event::lane), topic: event.and_then(Event::topic) };
        let sent_now: HashMap<i64, i64> = effects.chat.iter().flat_map(ChatEffect::sends).collect();
        for effect in effects.chat {
            let chat_of = |sent| sent_now.get(&sent).copied().or_else(|| sent_before(sent));
            let encoded = telegram::encode::calls(effect, origin, chat_of);
            for call in encoded.calls {
                answered |= call.method == "answerCallbackQuery";
                outbox.push(new_call(call, now));
            }
            blobs.extend(encoded.blobs);
        }
        // A button whose circle turns for ever looks broken, so the host answers where the plugin did not.
        if let (Some(Event::Callback { id, chat, .. }), false) = (event, answered) {
            outbox.push(new_call(telegram::encode::answer_callback(chat.id, id, None), now));
        }
        TurnCommit {
            event: waiting.seq,
            next: effects.passed.as_ref().and_then(|_| Handover::of(waiting)),
            passed: effects.passed,
            tables: guest.tables.clone(),
            reads: held_to(effects.reads),
            since: None,
            asked: false,
            writes: effects.writes,
            dialogue: dialogue.zip(effects.dialogue),
            callbacks: effects.callbacks,
            outbox,
            blobs,
            timers: effects.timers,
            reply: effects.reply,
            journal: None,
        }
    }
}

/// Whose conversation an event is part of.
pub(super) fn dialogue_of(event: &Event) -> Option<DialogueKey> {
    let (chat, user) = event.chat().zip(event.sender())?;
    Some(DialogueKey { chat, user, topic: event.topic().unwrap_or(0) })
}

/// The reads that have to hold: what another plugin does in the background must not make anybody's answer wait, or be
/// asked for twice.
fn held_to(mut reads: Vec<Read>) -> Vec<Read> {
    reads.retain(|read| !read.is_of_another());
    reads
}

/// The processor whose lane it is; `None`: the plugin's own.
fn processor_of(lease: &Lease) -> Option<&str> {
    lease.part().and_then(Part::processor)
}

/// A call as a row of the outbox.
pub(super) fn new_call(call: telegram::encode::Call, now: i64) -> NewCall {
    NewCall {
        chat: call.chat,
        reference: call.reference,
        about: call.about,
        method: call.method.into(),
        body: call.body,
        once: call.once,
        expires_at: call.expires.map(|span| now + i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 2)),
    }
}

/// Why an attempt came to nothing.
enum Trouble {
    /// The plugin failed.
    Turn(TurnError),
    /// The database did.
    Store(StoreError),
}

impl From<TurnError> for Trouble {
    fn from(error: TurnError) -> Self {
        Self::Turn(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
