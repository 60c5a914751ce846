//! What is done about a turn that failed, and about an event that came too late. `retry`, `deadline` and `breaker` have
//! the rules; this puts them into action.

use std::time::Duration;

use super::alert::Letter;
use super::breaker::{Breaker, Change, Pass, Permit};
use super::journal::Tape;
use super::retry::{self, Decision};
use super::turn::End;
use super::{Guest, Lanes, deadline, source};
use crate::clock::Millis;
use crate::sandbox::TurnError;
use crate::store::{Failed, FenceOutcome, Lease, NewTurn, StoreError, Then, Waiting};

impl Lanes {
    /// Whether an event may have its turn now; else what becomes of it.
    pub(super) async fn may_run(
        &self,
        guest: &Guest,
        lease: &Lease,
        waiting: &Waiting,
        then: Then,
    ) -> Result<Pass, End> {
        let now = self.clock.now();
        if deadline::of(waiting) <= now {
            let late = Duration::from_millis((now - waiting.created_at).max(0).unsigned_abs()).as_secs();
            tracing::info!(lane = %lease, "event {} of lane {lease} came too late, after {late} s", waiting.seq);
            let reason = format!("nobody waits for it after {late} s");
            return Err(self.end(guest, lease, waiting, Failed::Expired { reason, digest: None }, None, then).await);
        }
        match self.breaker(guest, lease, |breaker| breaker.permit(now)) {
            Permit::Go(pass) => Ok(pass),
            Permit::Wait(until) => Err(End::Wait(until)),
        }
    }

    /// Decides on an event whose turn failed, and writes it down.
    pub(super) async fn fail(
        &self,
        guest: &Guest,
        lease: &Lease,
        waiting: &Waiting,
        then: Then,
        (pass, error): (Pass, &TurnError),
        tape: Tape<'_>,
    ) -> End {
        let (now, digest) = (self.clock.now(), guest.plugin.digest().to_owned());
        let left = Duration::from_millis((deadline::of(waiting) - now).max(0).unsigned_abs());
        let (attempt, reason) = (waiting.attempt + 1, error.to_string());
        let failed = match retry::decide(error, waiting.attempt, self.limits.attempts, left) {
            Decision::Retry(pause) => {
                tracing::warn!(
                    lane = %lease, turn.attempt = attempt, error = %error,
                    "turn of lane {lease} failed: {error}; again in {pause:?}"
                );
                let at = now + i64::try_from(pause.as_millis()).unwrap_or(i64::MAX / 2);
                let is_its_own = !matches!(error, TurnError::Unavailable(_));
                Failed::RetryAt { at, reason, digest: is_its_own.then_some(digest) }
            }
            Decision::Expired => {
                tracing::warn!(
                    lane = %lease, turn.attempt = attempt, error = %error,
                    "turn of lane {lease} failed: {error}; nobody would wait for another"
                );
                Failed::Expired { reason, digest: Some(digest) }
            }
            Decision::Dead => {
                tracing::error!(
                    lane = %lease, turn.attempt = attempt, error = %error,
                    "event {} of lane {lease} is a dead letter: {error}", waiting.seq
                );
                let event = source::event(waiting, &guest.me, lease.chat()).unwrap_or_else(source::unreadable);
                let letter = Letter { seq: waiting.seq, chat: lease.chat(), event: &event, reason: &reason };
                let alert = self.alert_of(guest, error.kind(), &letter);
                Failed::Dead { reason, digest, alert }
            }
        };
        let end = self.end(guest, lease, waiting, failed, tape.failed(&error.to_string()).as_ref(), then).await;
        tape.show();
        self.note_failure(guest, lease, now, (pass, error)).await;
        end
    }

    async fn end(
        &self,
        guest: &Guest,
        lease: &Lease,
        waiting: &Waiting,
        failed: Failed,
        kept: Option<&NewTurn>,
        then: Then,
    ) -> End {
        let shown = match failed {
            Failed::RetryAt { .. } => Ok(vec![]),
            Failed::Dead { .. } | Failed::Expired { .. } => self.last_forms(guest, lease, waiting).await,
        };
        // An event that ended now would leave a message that looks as if more were to come.
        let shown = match shown {
            Ok(shown) => shown,
            Err(error) => return self.not_recorded(lease, &error).await,
        };
        // A retry keeps the order of the lane's events by making all of them wait.
        let (then, end) = match failed {
            Failed::RetryAt { .. } => (Then::Release, End::LaneIsGone),
            Failed::Dead { .. } | Failed::Expired { .. } => (then, End::Next),
        };
        match self.store.fail_turn_with(lease, waiting.seq, failed, (shown, kept), then).await {
            Ok(FenceOutcome::Held) => {
                if waiting.payload.is_some() {
                    // Somebody may wait for it over HTTP.
                    self.wake.replies.ring();
                }
                end
            }
            Ok(FenceOutcome::Lost) => End::LaneIsGone,
            Err(error) => self.not_recorded(lease, &error).await,
        }
    }

    /// The database did not answer: the event is as it was before the turn.
    async fn not_recorded(&self, lease: &Lease, error: &StoreError) -> End {
        tracing::warn!(lane = %lease, error = %error, "a failed turn of lane {lease} was not recorded: {error}");
        self.clock.sleep(super::DATABASE_PAUSE).await;
        End::LaneIsGone
    }

    async fn note_failure(&self, guest: &Guest, lease: &Lease, now: Millis, (pass, error): (Pass, &TurnError)) {
        let allowed = self.limits.breaker;
        let change = match error {
            TurnError::Trap(_) | TurnError::Limit(_) | TurnError::Retry(_) => {
                self.breaker(guest, lease, |breaker| breaker.failed(pass, now, lease.chat(), allowed))
            }
            TurnError::GiveUp(_) => self.breaker(guest, lease, |breaker| breaker.worked(pass)),
            TurnError::Unavailable(_) => return self.note_nothing(guest, lease, pass),
        };
        self.note_change(guest, lease, change, &error.to_string()).await;
    }

    /// A turn was committed.
    pub(super) async fn note_success(&self, guest: &Guest, lease: &Lease, pass: Pass) {
        let change = self.breaker(guest, lease, |breaker| breaker.worked(pass));
        self.note_change(guest, lease, change, "").await;
    }

    /// A turn ended, and the plugin has no part in how.
    pub(super) fn note_nothing(&self, guest: &Guest, lease: &Lease, pass: Pass) {
        if self.breaker(guest, lease, |breaker| breaker.unclear(pass)) {
            // It was the trial, and another one may take its place now.
            self.wake.lanes.ring();
        }
    }

    /// Asks or tells the breaker of the plugin or processor whose lane it is.
    fn breaker<T>(&self, guest: &Guest, lease: &Lease, act: impl FnOnce(&mut Breaker) -> T) -> T {
        match lease.part() {
            Some(part) => self.breakers.of(lease.bot(), part, act),
            None => self.breakers.of(lease.bot(), &guest.plugin.name().clone().into(), act),
        }
    }

    async fn note_change(&self, guest: &Guest, lease: &Lease, change: Option<Change>, reason: &str) {
        let (bot, Some(plugin)) = (&guest.bot, lease.part()) else { return };
        if change.is_some() {
            // A claim that stands asks for what it may not any more, or leaves out what it need not.
            self.wake.lanes.ring();
        }
        match change {
            None => {}
            Some(Change::Opened(pause)) => {
                let failures = self.limits.breaker;
                tracing::error!(
                    %bot, %plugin,
                    "plugin `{plugin}` of bot `{bot}` fails everywhere, {failures} turns or more in a row: {reason}; it is \
                     left alone for {pause:?}"
                );
                let text = format!(
                    "⛔ Plugin {plugin} of bot {bot} fails in every chat, {failures} turns or more in a row. It is left \
                     alone for {} seconds, then tried again; what people write to it waits. The latest reason:\n{}",
                    pause.as_secs(),
                    super::alert::shown(reason, 400)
                );
                self.tell_admins(guest, "breaker opened", text).await;
            }
            Some(Change::StillOpen(pause)) => tracing::warn!(
                %bot, %plugin,
                "plugin `{plugin}` of bot `{bot}` fails still: {reason}; it is left alone for {pause:?}"
            ),
            Some(Change::Closed) => {
                tracing::info!(%bot, %plugin, "plugin `{plugin}` of bot `{bot}` works again");
                let text =
                    format!("✅ Plugin {plugin} of bot {bot} works again; what waited for it is being answered.");
                self.tell_admins(guest, "breaker closed", text).await;
            }
        }
    }
}
