//! The outbox: calls to Telegram that wait to be made, and what became of them.
//!
//! A call is *in the air* while `attempt_at` is set: from the claim that hands it out until it is marked or its lane is
//! given back. A claim that finds a call in the air knows that the host which had it died in between, so Telegram may
//! have got it; it is made again and counted as ambiguous. A host that is alive enough to say that it began none of the
//! calls of a chat gives them back as they were (`leases`).
//!
//! A call that may be made at most once ends there instead. It is handed out alone, so that being in the air means being
//! under way and not waiting behind another one.

use std::collections::{BTreeMap, HashMap};

use super::chats::{self, Learned};
use super::dialect::Sql;
use super::engine::{Bearing, Channel, Job, Verdict};
use super::error::StoreError;
use super::lanes::{self, Claim, ClaimedChat, FenceOutcome, LaneKind, Then};
use super::leases::Lease;
use super::session::{Param, Record, Session, Step, params};
use super::{Store, printable};
use crate::clock::Millis;
use crate::model::{BotId, PluginName};

/// Calls that a claim hands out of one chat at most. Telegram takes about one a second anyway.
const CALLS: i64 = 20;

/// A call to Telegram that waits to be made.
#[derive(Debug, Clone)]
pub struct WaitingCall {
    /// Its place in the outbox.
    pub seq: i64,
    /// The plugin that asked; `None`: the host itself.
    pub plugin: Option<PluginName>,
    /// The event whose turn asked.
    pub event: Option<i64>,
    /// The number under which the plugin knows the message.
    pub reference: Option<i64>,
    /// The reference of the message that it edits, deletes or answers.
    pub about: Option<i64>,
    /// The Bot API method.
    pub method: String,
    /// Its parameters as JSON.
    pub body: String,
    /// How many calls have failed.
    pub attempt: u32,
    /// How many calls may have arrived although no answer came.
    pub ambiguous: u32,
    /// Whether it ends with an attempt that may have arrived.
    pub once: bool,
    /// When the turn committed.
    pub created_at: Millis,
    /// Worthless after this time.
    pub expires_at: Option<Millis>,
}

/// The sending lane of a chat and what is due in it.
#[derive(Debug)]
pub struct ClaimedSends {
    /// The right to run it.
    pub lease: Lease,
    /// What is due, in order; at least one.
    pub calls: Vec<WaitingCall>,
    /// The group that this supergroup was. Calls may still name it.
    pub was: Option<i64>,
}

/// What a claim has brought.
#[derive(Debug, Default)]
pub struct Claimed {
    /// The chats, those whose calls have waited longest first.
    pub chats: Vec<ClaimedSends>,
    /// Bots that another host, or this one before a restart, was told to let rest, and until when.
    pub holds: Vec<(BotId, Millis)>,
    /// Whether more may be due: some bot had at least as many chats as it was asked for, or calls have moved elsewhere.
    pub is_full: bool,
    /// When the next chat of these bots is due that was not.
    pub next: Option<Millis>,
}

/// What became of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// Whether they were written.
    pub fence: FenceOutcome,
    /// Nothing of the bot may be sent before this time, as far as any host knows.
    pub hold_until: Millis,
}

/// What became of a call.
#[derive(Debug, Clone)]
pub struct Mark {
    /// Its place in the outbox.
    pub seq: i64,
    /// How it ended.
    pub outcome: SendOutcome,
    /// Digest, kind (`photo` or `document`) and Telegram's id of each file that was uploaded with it.
    pub uploaded: Vec<(String, String, String)>,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub enum SendOutcome {
    /// Telegram has done it.
    Sent {
        /// The number of the message, if it made one.
        message_id: Option<i64>,
    },
    /// It never will be done.
    Dead {
        /// Why.
        reason: String,
        /// Whether the last attempt may have arrived all the same.
        ambiguous: bool,
    },
    /// It has become worthless.
    Expired,
    /// It is tried again; until then its chat waits.
    Retry {
        /// Not before this time.
        at: Millis,
        /// Why.
        reason: String,
        /// Whether it may have arrived all the same.
        ambiguous: bool,
    },
}

/// Where a message that a plugin asked for stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// The chat.
    pub chat: i64,
    /// Telegram's number, once it was sent.
    pub message_id: Option<i64>,
    /// How far it came.
    pub state: SendState,
}

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendState {
    /// Not made yet.
    Waiting,
    /// Made.
    Sent,
    /// Given up.
    Dead,
    /// Worthless by now.
    Expired,
}

/// Why a call ended that was in the air when its host died.
macro_rules! lost {
    () => {
        "no answer came before the host ended, and it is sent at most once"
    };
}
pub(super) use lost;

static TAKE_CALLS: Sql = Sql::new(concat!(
    "WITH item (lane_id) AS ({rows})
     UPDATE outbox SET
         attempt_at = CASE WHEN once = 1 AND attempt_at IS NOT NULL THEN NULL ELSE $1 END,
         state = CASE WHEN once = 1 AND attempt_at IS NOT NULL THEN 2 ELSE 0 END,
         ended_at = CASE WHEN once = 1 AND attempt_at IS NOT NULL THEN $1 END,
         reason = CASE WHEN once = 1 AND attempt_at IS NOT NULL THEN '",
    lost!(),
    "' ELSE reason END,
         ambiguous = ambiguous + CASE WHEN attempt_at IS NULL THEN 0 ELSE 1 END
     WHERE seq IN (
         SELECT o.seq FROM item
         JOIN outbox o ON o.lane_id = item.lane_id AND o.state = 0 AND o.seq <= COALESCE(
             (SELECT n.seq FROM outbox n WHERE n.lane_id = item.lane_id AND n.state = 0
              ORDER BY n.seq LIMIT 1 OFFSET $2), 9223372036854775807)
         WHERE NOT EXISTS (
             SELECT 1 FROM outbox b
             WHERE b.lane_id = o.lane_id AND b.state = 0 AND b.seq <= o.seq AND b.due_at > $1))
     RETURNING lane_id, seq, plugin, inbox_seq, reference, about, method, body, attempt, ambiguous, created_at,
               expires_at, once, state",
));
static PUT_BACK: Sql =
    Sql::new("WITH item (seq) AS ({rows}) UPDATE outbox SET attempt_at = NULL WHERE seq IN (SELECT seq FROM item)");
/// As `lanes::lock`, with until when the bot has to wait.
static LOCK: Sql = Sql::new(
    "SELECT id, COALESCE((SELECT b.hold_until FROM bots b WHERE b.bot_id = lanes.bot_id), 0)
     FROM lanes WHERE id = $1 AND fence = $2 AND host_id = $3 {for_update}",
);
static MARK: Sql = Sql::new(
    "WITH item (seq, state, message_id, reason, due_at, failed, ambiguous, ended_at) AS ({rows})
     UPDATE outbox SET
         state = item.state, message_id = item.message_id, reason = item.reason,
         due_at = COALESCE(item.due_at, outbox.due_at), attempt = outbox.attempt + item.failed,
         ambiguous = outbox.ambiguous + item.ambiguous, ended_at = item.ended_at, attempt_at = NULL
     FROM item
     WHERE outbox.seq = item.seq AND outbox.lane_id = $1 AND outbox.state = 0",
);
static REMEMBER_FILES: Sql = Sql::new(
    "WITH item (digest, kind, file_id) AS ({rows})
     INSERT INTO files (bot_id, digest, kind, file_id)
     SELECT $1, digest, kind, file_id FROM item WHERE digest IS NOT NULL ORDER BY digest, kind
     ON CONFLICT (bot_id, digest, kind) DO UPDATE SET file_id = excluded.file_id",
);
static LANDED: Sql =
    Sql::new("UPDATE outbox SET attempt_at = NULL WHERE lane_id = $1 AND state = 0 AND attempt_at IS NOT NULL");
static MESSAGE_OF: Sql = Sql::new(
    "SELECT l.chat_id, o.message_id, o.state FROM outbox o JOIN lanes l ON l.id = o.lane_id
     WHERE o.reference = $3 AND o.bot_id = $1 AND o.plugin = $2",
);

/// Nothing of this lane is in the air any more.
pub(super) fn landed(lane: i64) -> Step {
    LANDED.with(params![lane])
}

struct ClaimSends(Claim, Vec<(BotId, usize)>);

impl Job for ClaimSends {
    type Output = Claimed;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Claimed>, StoreError> {
        let Self(claim, bots) = self;
        let (chats, next) = claim.sending(bots, session).await?;
        let mut claimed = Claimed { next, ..Claimed::default() };
        for (bot, limit) in bots {
            claimed.is_full |= chats.iter().filter(|chat| chat.lease.bot == *bot).count() >= *limit;
        }
        let mut open = Vec::with_capacity(chats.len());
        for ClaimedChat { lease, hold_until, is_noted } in chats {
            let (lane, fence) = (lease.lane, lease.fence);
            if hold_until > claim.now() {
                claimed.holds.push((lease.bot, hold_until));
                session.one(lanes::put_off(lane, fence, claim.host, hold_until)).await?;
                continue;
            }
            let mut was = None;
            if is_noted {
                match chats::apply_notes(&lease, claim.now(), session).await? {
                    Some(notes) => was = notes.was,
                    None => {
                        session.one(lanes::free(lane, fence, claim.host)).await?;
                        claimed.is_full = true;
                        continue;
                    }
                }
            }
            open.push((lease, was));
        }
        let mut calls = take_calls(&open, claim.now(), session).await?;
        for (lease, was) in open {
            match calls.remove(&lease.lane) {
                Some(calls) => claimed.chats.push(ClaimedSends { lease, calls, was }),
                // A host that died has left a wrong time behind, or all that waited has just ended.
                None => {
                    session.one(lanes::free(lease.lane, lease.fence, claim.host)).await?;
                    claimed.is_full = true;
                }
            }
        }
        claimed.chats.sort_by_key(|lane| lane.calls[0].seq);
        Ok(Verdict::Commit(claimed))
    }

    fn bearing(&self, on: Channel) -> Bearing {
        self.0.bearing(on)
    }

    fn settle(&self, output: &mut Claimed) {
        self.0.settle(output.chats.iter_mut().map(|claimed| &mut claimed.lease));
    }
}

/// The calls of these lanes that are due, by lane and in order. They are in the air now.
async fn take_calls(
    lanes: &[(Lease, Option<i64>)],
    now: Millis,
    session: &mut Session<'_>,
) -> Result<HashMap<i64, Vec<WaitingCall>>, StoreError> {
    if lanes.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = lanes.iter().map(|(lease, _)| [lease.lane.into()]).collect();
    let steps: Vec<_> = TAKE_CALLS.with_rows(&[Param::from(now), Param::from(CALLS - 1)], rows).collect();
    let answers = session.run(&steps).await?;
    let mut calls: HashMap<i64, Vec<WaitingCall>> = HashMap::new();
    for mut row in answers.into_iter().flat_map(|answer| answer.rows) {
        if row.integer(13)? == 0 {
            calls.entry(row.integer(0)?).or_default().push(waiting_call(&mut row)?);
        }
    }
    let mut later = Vec::new();
    for calls in calls.values_mut() {
        calls.sort_by_key(|call| call.seq);
        later.extend(calls.split_off(handed_out(calls)).into_iter().map(|call| [Param::from(call.seq)]));
    }
    if !later.is_empty() {
        session.run(&PUT_BACK.with_rows(&[], later).collect::<Vec<_>>()).await?;
    }
    Ok(calls)
}

/// How many of these calls are handed out: one that may be made at most once alone, with the rows that hang on it.
fn handed_out(calls: &[WaitingCall]) -> usize {
    let hangs_on = |call: &WaitingCall| !call.once && call.about.is_some() && call.about == calls[0].reference;
    match calls.first() {
        Some(first) if first.once => 1 + calls[1..].iter().take_while(|call| hangs_on(call)).count(),
        _ => calls.iter().position(|call| call.once).unwrap_or(calls.len()),
    }
}

fn waiting_call(row: &mut Record) -> Result<WaitingCall, StoreError> {
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(WaitingCall {
        seq: row.integer(1)?,
        plugin: PluginName::new(&row.text(2)?),
        event: row.maybe_integer(3)?,
        reference: row.maybe_integer(4)?,
        about: row.maybe_integer(5)?,
        method: row.text(6)?,
        body: row.text(7)?,
        attempt: count(row.integer(8)?),
        ambiguous: count(row.integer(9)?),
        created_at: row.integer(10)?,
        expires_at: row.maybe_integer(11)?,
        once: row.integer(12)? == 1,
    })
}

struct MarkSends {
    lane: i64,
    fence: i64,
    host: i64,
    steps: Vec<Step>,
    then: Then,
}

impl Job for MarkSends {
    /// Until when the bot has to wait; `None`: the lane was not held any more.
    type Output = Option<Millis>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Self::Output>, StoreError> {
        let held = session.one(LOCK.with(params![self.lane, self.fence, self.host])).await?;
        let Some(row) = held.rows.first() else {
            // Nobody but this very job frees the lane under this fence: its answer was lost, and it is asked again.
            let is_free = self.then == Then::Release
                && !session.one(lanes::is_free(self.lane, self.fence)).await?.rows.is_empty();
            return Ok(Verdict::Undo(is_free.then_some(0)));
        };
        let hold_until = row.integer(1)?;
        session.run(&self.steps).await?;
        Ok(Verdict::Commit(Some(hold_until)))
    }

    fn bearing(&self, on: Channel) -> Bearing {
        if on == Channel::Outbox { Bearing::MakesDue } else { Bearing::None }
    }
}

/// In the order of the columns of [`MARK`].
fn mark_row(mark: &Mark, now: Millis) -> [Param; 8] {
    let (mut message, mut why, mut due, mut ended) = (None, None, None, Some(now));
    let (state, failed, in_doubt) = match &mark.outcome {
        SendOutcome::Sent { message_id } => {
            message = *message_id;
            (1, 0, 0)
        }
        SendOutcome::Dead { reason, ambiguous } => {
            why = Some(printable(reason));
            (2, 1, i64::from(*ambiguous))
        }
        SendOutcome::Expired => (3, 0, 0),
        SendOutcome::Retry { at, reason, ambiguous } => {
            (why, due, ended) = (Some(printable(reason)), Some(*at), None);
            (0, 1, i64::from(*ambiguous))
        }
    };
    [
        mark.seq.into(),
        Param::from(state),
        message.into(),
        why.into(),
        due.into(),
        Param::from(failed),
        in_doubt.into(),
        ended.into(),
    ]
}

impl Store {
    /// Claims chats of these bots whose next call is due, up to so many of each, the longest waiting first. From now on
    /// the calls are in the air.
    pub async fn claim_sends(&self, bots: &[(BotId, usize)]) -> Result<Claimed, StoreError> {
        let job = ClaimSends(Claim::new(self, LaneKind::Sending), bots.to_vec());
        let claimed = self.shared.engine.write(job).await;
        claimed.inspect_err(|_| self.shared.leases.doubt(LaneKind::Sending))
    }

    /// The same, as soon as something may have become due: on SQLite in the transaction that makes it so. `None`:
    /// `otherwise` has ended before, and nothing was claimed.
    pub async fn claim_sends_when_due(
        &self,
        bots: &[(BotId, usize)],
        otherwise: impl Future<Output = ()>,
    ) -> Result<Option<Claimed>, StoreError> {
        let job = ClaimSends(Claim::new(self, LaneKind::Sending), bots.to_vec());
        let claimed = self.shared.engine.write_when_due(Channel::Outbox, job, otherwise).await;
        claimed.inspect_err(|_| self.shared.leases.doubt(LaneKind::Sending))
    }

    /// Records what became of calls and what else was learned (TXN 4). Of calls that were claimed and are not marked when
    /// the lane is released, it is known that they were not made.
    pub async fn mark_sends(
        &self,
        lease: &Lease,
        marks: Vec<Mark>,
        learned: &Learned,
        then: Then,
    ) -> Result<Marked, StoreError> {
        let (lane, fence, host) = (lease.lane, lease.fence, self.shared.host);
        let now = self.shared.clock.now();
        let mut steps = Vec::new();
        if !marks.is_empty() {
            let marked = marks.iter().map(|mark| mark_row(mark, now)).collect();
            steps.extend(MARK.with_rows(&[Param::from(lane)], marked));
        }
        let uploaded = marks.iter().flat_map(|mark| &mark.uploaded);
        let files: BTreeMap<_, _> = uploaded.map(|(digest, kind, id)| ((digest, kind), id)).collect();
        if !files.is_empty() {
            let text = |text: &String| Param::from(text.as_str());
            let files = files.into_iter().map(|((digest, kind), id)| [text(digest), text(kind), text(id)]).collect();
            steps.extend(REMEMBER_FILES.with_rows(&[Param::from(lease.bot.0)], files));
        }
        steps.extend(learned.steps(lease, now));
        if then == Then::Release {
            steps.extend([landed(lane), lanes::free(lane, fence, host)]);
        }
        let held = self.shared.engine.write(MarkSends { lane, fence, host, steps, then }).await?;
        if held.is_some() && then == Then::Release {
            self.shared.hints.look(Channel::Outbox);
        }
        let hold_until = held.max(learned.hold_until).unwrap_or(0);
        Ok(Marked { fence: lease.after(held.is_some(), then), hold_until })
    }

    /// Where the message stands that a plugin knows under this number.
    pub async fn message_of(
        &self,
        bot: BotId,
        plugin: &PluginName,
        reference: i64,
    ) -> Result<Option<SentMessage>, StoreError> {
        let step = MESSAGE_OF.with(params![bot.0, plugin.as_str(), reference]);
        let answer = self.shared.engine.read(step).await?;
        let Some(row) = answer.rows.first() else { return Ok(None) };
        let state = match row.integer(2)? {
            0 => SendState::Waiting,
            1 => SendState::Sent,
            2 => SendState::Dead,
            _ => SendState::Expired,
        };
        Ok(Some(SentMessage { chat: row.integer(0)?, message_id: row.maybe_integer(1)?, state }))
    }
}
