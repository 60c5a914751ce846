//! Turns that failed: their event waits to be tried again, or it ends, as a dead letter or as expired.
//!
//! All of it is one transaction with the alert that a dead letter raises, so that no dead letter is ever silent.

use super::alerts::{self, NewAlert};
use super::answers::ShownEnd;
use super::dialect::Sql;
use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::journal::{self, NewTurn, TurnEnd};
use super::lanes::{self, FenceOutcome, Then};
use super::leases::Lease;
use super::session::{Session, Step, params};
use super::{Store, answers, printable};
use crate::clock::Millis;
use crate::model::BotId;

/// What becomes of an event whose turn failed.
#[derive(Debug, Clone)]
pub enum Failed {
    /// It is tried again; until then its lane waits.
    RetryAt {
        /// Not before this time.
        at: Millis,
        /// Why it failed.
        reason: String,
        /// The component that failed, by its SHA-256 in hexadecimal; `None`: none did, so it is not counted.
        digest: Option<String>,
    },
    /// It is given up: a dead letter.
    Dead {
        /// Why.
        reason: String,
        /// The component that failed, by its SHA-256 in hexadecimal.
        digest: String,
        /// What the admins are told; `None`: there are none.
        alert: Option<NewAlert>,
    },
    /// Nobody waits for an answer any more.
    Expired {
        /// How it came so far.
        reason: String,
        /// The component that failed on it just now; `None`: it was not run.
        digest: Option<String>,
    },
}

static END: Sql = Sql::new(
    "UPDATE inbox SET state = $3, attempt = attempt + $4, due_at = COALESCE($5, due_at), ended_at = $6, reason = $7,
         digest = COALESCE($8, digest)
     WHERE seq = $1 AND lane_id = $2 AND state = 0",
);

struct FailTurn {
    lane: i64,
    fence: i64,
    host: i64,
    bot: BotId,
    event: i64,
    now: Millis,
    failed: Failed,
    shown: Vec<ShownEnd>,
    kept: Option<Step>,
    then: Then,
}

impl FailTurn {
    fn end(&self) -> Step {
        let (state, attempts, due, ended, reason, digest) = match &self.failed {
            Failed::RetryAt { at, reason, digest } => {
                (0, i64::from(digest.is_some()), Some(*at), None, reason, digest.clone())
            }
            Failed::Dead { reason, digest, .. } => (2, 1, None, Some(self.now), reason, Some(digest.clone())),
            Failed::Expired { reason, digest } => {
                (3, i64::from(digest.is_some()), None, Some(self.now), reason, digest.clone())
            }
        };
        END.with(params![self.event, self.lane, state, attempts, due, ended, printable(reason), digest])
    }
}

impl Job for FailTurn {
    /// Whether the lane was still held, and whether an alert is to be sent; `None`: the lane was lost.
    type Output = Option<bool>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Option<bool>>, StoreError> {
        let held = session.one(lanes::lock(self.lane, self.fence, self.host)).await?;
        if held.rows.is_empty() {
            return Ok(Verdict::Undo(None));
        }
        let mut steps = vec![self.end()];
        if !matches!(self.failed, Failed::RetryAt { .. }) {
            steps.push(answers::forget(self.event));
        }
        steps.extend(self.kept.clone());
        if self.then == Then::Release {
            steps.push(lanes::free(self.lane, self.fence, self.host));
        }
        session.run(&steps).await?;
        let mut sends = match &self.failed {
            Failed::Dead { alert: Some(alert), .. } => alerts::raise(self.bot, alert, self.now, session).await?,
            _ => false,
        };
        for shown in &self.shown {
            let (steps, tells) = shown.settle(self.now, session).await?;
            session.run(&steps).await?;
            sends |= tells;
        }
        Ok(Verdict::Commit(Some(sends)))
    }
}

impl Store {
    /// Records that a turn has failed. After [`Failed::RetryAt`] the lane has to be released: its events wait together.
    pub async fn fail_turn(
        &self,
        lease: &Lease,
        event: i64,
        failed: Failed,
        then: Then,
    ) -> Result<FenceOutcome, StoreError> {
        self.fail_turn_with(lease, event, failed, (vec![], None), then).await
    }

    /// The same, with what becomes of the messages in which its answers were shown if the event ends, and with what is
    /// kept of the turn.
    pub async fn fail_turn_with(
        &self,
        lease: &Lease,
        event: i64,
        failed: Failed,
        (shown, kept): (Vec<ShownEnd>, Option<&NewTurn>),
        then: Then,
    ) -> Result<FenceOutcome, StoreError> {
        let (lane, fence, host, now) = (lease.lane, lease.fence, self.shared.host, self.shared.clock.now());
        let end = match &failed {
            Failed::RetryAt { .. } => TurnEnd::Retried,
            Failed::Dead { .. } => TurnEnd::Dead,
            Failed::Expired { .. } => TurnEnd::Expired,
        };
        let kept = kept.map(|turn| journal::keep(&self.shared.written, lease, event, turn, end));
        let job = FailTurn { lane, fence, host, bot: lease.bot, event, now, failed, shown, kept, then };
        let outcome = self.shared.engine.write(job).await?;
        if outcome == Some(true) {
            self.shared.hints.give(Channel::Outbox);
        }
        if outcome.is_some() && then == Then::Release {
            self.shared.hints.look(Channel::Lanes);
        }
        Ok(lease.after(outcome.is_some(), then))
    }
}
