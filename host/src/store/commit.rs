//! The one commit of a turn: all that it leaves behind, or nothing.
//!
//! 1. The lane must still be ours under our fence; otherwise the lease is lost.
//! 2. Every read of the turn is asked again; another answer is a conflict.
//! 3. Only then is anything of the turn written: rows, dialogue, buttons, files, calls, and that the event is done.
//!
//! On PostgreSQL the transaction is serializable, so what step 2 has read cannot change before the commit either. Such a
//! transaction is refused when it has read something near what others write at the same time, and *near* means the same
//! page of an index. All turns meet in the last pages of `lanes` and `inbox`, so if they looked their rows up there, no
//! two could ever commit side by side. Hence both tables are touched by `INSERT … ON CONFLICT DO UPDATE` only, on rows
//! that are known to be there: it finds them without counting as a reader.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::RwLock;

use super::dialect::{Dialect, Sql};
use super::engine::{Channel, Job, Owner, Verdict};
use super::error::StoreError;
use super::handover::Handover;
use super::journal::{self, NewTurn, TurnEnd, Written};
use super::lanes::{LaneKind, Then};
use super::leases::Lease;
use super::session::{Failure, Record, Session, Step, params};
use super::tables::{Counter, Moving, Reread, Since, TableSet, WriteStep};
use super::{Store, answers, records, replies, rows, timers};
use crate::clock::Millis;
use crate::model::effect::{Callback, DialogueWrite, Reply, TimerChange};
use crate::model::table::{Read, Write};
use crate::model::{BotId, DialogueKey};

/// How long the reads of a turn may take when they are asked again. On SQLite everybody who writes waits meanwhile.
const REREAD_TIME: Duration = Duration::from_millis(100);

/// A call to Telegram that a turn asks for.
#[derive(Debug, Clone)]
pub struct NewCall {
    /// The chat in whose order it is made.
    pub chat: i64,
    /// The number under which the plugin knows the message.
    pub reference: Option<i64>,
    /// The reference of the message that it edits, deletes or answers.
    pub about: Option<i64>,
    /// The Bot API method.
    pub method: String,
    /// Its parameters as JSON.
    pub body: String,
    /// Worthless after this time.
    pub expires_at: Option<Millis>,
    /// Whether it ends with an attempt that may have arrived, instead of being made again.
    pub once: bool,
}

/// All that a turn leaves behind.
#[derive(Debug, Clone)]
pub struct TurnCommit {
    /// The event it handled, by `Waiting::seq`.
    pub event: i64,
    /// The plugin's tables.
    pub tables: TableSet,
    /// What it read from them.
    pub reads: Vec<Read>,
    /// Where they stood before it read anything, by [`TableSet::now`].
    pub since: Option<Since>,
    /// Whether it has got answers from outside, which end with the event.
    pub asked: bool,
    /// What it wants changed in them.
    pub writes: Vec<Write>,
    /// What becomes of the conversation; `None` leaves it.
    pub dialogue: Option<(DialogueKey, DialogueWrite)>,
    /// What the tokens in its buttons stand for.
    pub callbacks: Vec<Callback>,
    /// The calls it asks for, in order.
    pub outbox: Vec<NewCall>,
    /// The bytes of the files among them, by their hexadecimal SHA-256.
    pub blobs: Vec<(String, Bytes)>,
    /// What becomes of timers.
    pub timers: Vec<TimerChange>,
    /// The answer to the request that it handled.
    pub reply: Option<Reply>,
    /// Why the plugin passed; `None`: it has dealt with the event.
    pub passed: Option<String>,
    /// Who is asked next.
    pub next: Option<Handover>,
    /// What is kept of the turn.
    pub journal: Option<NewTurn>,
}

impl TurnCommit {
    /// Whether another plugin gets the event.
    pub fn passes_on(&self) -> bool {
        self.next.is_some()
    }
}

/// What became of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// All of it is durable.
    Committed,
    /// Something it read has changed, or what it wants written does not fit any more. Nothing was written.
    Conflict {
        /// The table's name in the manifest.
        table: String,
        /// The row, if it is one.
        row: Option<i64>,
    },
    /// Another host has taken the lane over. Nothing was written.
    LeaseLost,
}

/// The lane of the turn, which must be held, the sending lanes of its calls and the lane of the next plugin, which become
/// due unless they are already. `$3` to `$5` are lane, fence and host; `$6` is 1 to give the turn's lane back after event `$7`.
static TOUCH_LANES: Sql = Sql::new(
    "WITH item (kind, plugin, chat_id) AS ({rows})
     INSERT INTO lanes (kind, bot_id, plugin, chat_id, due_at, fence)
     SELECT kind, $1, plugin, chat_id, $2, 0 FROM item WHERE kind IS NOT NULL ORDER BY kind, plugin, chat_id
     ON CONFLICT (kind, bot_id, plugin, chat_id) DO UPDATE SET
         due_at = CASE
             WHEN lanes.id <> $3 THEN COALESCE(lanes.due_at, excluded.due_at)
             WHEN $6 = 0 THEN lanes.due_at
             ELSE (SELECT i.due_at FROM inbox i WHERE i.lane_id = lanes.id AND i.state = 0 AND i.seq <> $7
                   ORDER BY i.seq LIMIT 1) END,
         host_id = CASE WHEN lanes.id = $3 AND $6 = 1 THEN NULL ELSE lanes.host_id END
     WHERE lanes.id <> $3 OR (lanes.fence = $4 AND lanes.host_id = $5)
     RETURNING id, kind, chat_id",
);
/// The values serve only to find the row; should it not be there, the attempt says so.
static FINISH_EVENT: Sql = Sql::new(
    "INSERT INTO inbox (seq, lane_id, state, attempt, due_at, created_at) VALUES ($1, $2, 1, -1, 0, 0)
     ON CONFLICT (seq) DO UPDATE SET state = 1, ended_at = $3, reason = NULL, passed = $4
     WHERE inbox.lane_id = $2 AND inbox.state = 0
     RETURNING attempt",
);
static STATE_OF: Sql = Sql::new("SELECT state FROM inbox WHERE seq = $1 AND lane_id = $2");

/// A turn that writes more than so many rows, calls and buttons, or keeps more than so many bytes of files, is a large
/// one. A plugin may have a turn waiting in each of its lanes, and those that are not large share a transaction with
/// everybody else's.
const LARGE: usize = 24;
/// So many rows that were read count as one that is written: most are not asked again.
const READS: usize = 8;
const LARGE_FILES: usize = 512 << 10;

struct CommitTurn {
    is_large: bool,
    lane: i64,
    bot: BotId,
    plugin: Arc<str>,
    now: Millis,
    event: i64,
    passed: Option<String>,
    next: Option<Handover>,
    calls: Vec<NewCall>,
    /// What makes sure of the lane, and makes lanes due.
    touch: Vec<Step>,
    reads: Vec<Reread>,
    /// What is written besides the calls and the end of the event.
    write: Vec<Step>,
    /// What of it belongs to the plugin's tables, from the front.
    rows: Vec<WriteStep>,
    /// The counters of the tables that it writes to.
    written: Vec<Counter>,
    /// Those tables move until this job is gone, which is after its commit.
    moving: Mutex<Vec<Moving>>,
    gate: Arc<RwLock<()>>,
}

impl CommitTurn {
    fn new(
        (host, written): (i64, &Written),
        now: Millis,
        lease: &Lease,
        turn: TurnCommit,
        then: Then,
    ) -> Result<Self, StoreError> {
        let TurnCommit {
            event,
            tables,
            reads,
            since,
            asked,
            writes,
            dialogue,
            callbacks,
            outbox,
            blobs,
            passed,
            next,
            timers,
            reply,
            journal,
        } = turn;
        let files: usize = blobs.iter().map(|(_, bytes)| bytes.len()).sum::<usize>()
            + journal.as_ref().map_or(0, |turn| turn.body.len());
        let read = reads.iter().map(Read::rows).sum::<usize>();
        let count = read / READS + writes.len() + callbacks.len() + outbox.len() + timers.len();
        let is_large = count > LARGE || files > LARGE_FILES;
        let (bot, plugin) = (lease.bot, lease.plugin().map_or("", |plugin| plugin.as_str()));
        let turn_of = |part: &str| [LaneKind::Turns.number().into(), part.into(), lease.chat.into()];
        let mut lanes = vec![turn_of(lease.part().map_or("", |part| part.as_str()))];
        lanes.extend(next.as_ref().map(|next| turn_of(next.to.as_str())));
        let chats: BTreeSet<_> = outbox.iter().map(|call| call.chat).collect();
        lanes.extend(chats.into_iter().map(|chat| [LaneKind::Sending.number().into(), "".into(), chat.into()]));
        let release = i64::from(then == Then::Release);
        let params = params![bot.0, now, lease.lane, lease.fence, host, release, event];
        // The lane of the turn is in the first statement, and so in the first answer.
        let touch = TOUCH_LANES.with_rows(&params, lanes).collect();
        let reads = tables.reread(bot, reads, since.as_ref())?;

        let (rows, mut write): (Vec<_>, Vec<_>) = tables.write(bot, &writes)?.into_iter().unzip();
        write.extend(dialogue.map(|(key, change)| records::write_dialogue(bot, plugin, key, &change)));
        write.extend(records::write_callbacks(bot, plugin, &callbacks, now));
        write.extend(blobs.iter().map(|(digest, bytes)| records::keep_blob(digest, bytes, now)));
        write.extend(asked.then(|| answers::forget(event)));
        write.extend(timers::change(bot, lease.plugin(), timers));
        write.extend(reply.map(|reply| replies::keep(event, &reply, now)));
        let end = if passed.is_some() { TurnEnd::Passed } else { TurnEnd::Committed };
        write.extend(journal.map(|turn| journal::keep(written, lease, event, &turn, end)));
        let written: BTreeSet<_> = writes.chunk_by(|a, b| a.table() == b.table()).map(|some| some[0].table()).collect();
        let written = written.into_iter().map(|table| tables.counter(table)).collect::<Result<_, _>>()?;
        let gate = tables.gate();
        let plugin = plugin.into();
        let (lane, calls, moving) = (lease.lane, outbox, Mutex::default());
        Ok(Self {
            is_large,
            lane,
            bot,
            plugin,
            now,
            event,
            passed,
            next,
            calls,
            touch,
            reads,
            write,
            rows,
            written,
            moving,
            gate,
        })
    }

    /// The calls, in the lanes that were made due for them, and the end of the event.
    fn last_steps(&self, lanes: &[Record]) -> Result<Vec<Step>, StoreError> {
        let mut lane_of = std::collections::HashMap::new();
        for row in lanes {
            if row.integer(1)? == LaneKind::Sending.number() {
                lane_of.insert(row.integer(2)?, row.integer(0)?);
            }
        }
        let pattern = ["?", "$1", "$2", "$3", "?", "?", "?", "?", "0", "0", "0", "$4", "?", "$4", "?"];
        let mut steps = Vec::new();
        for some in rows::in_chunks(&self.calls, 7) {
            let mut params = params![self.bot.0, &*self.plugin, self.event, self.now];
            for call in some {
                let lane = *lane_of.get(&call.chat).ok_or_else(|| StoreError::unexpected("a chat without a lane"))?;
                let (method, body) = (call.method.as_str(), call.body.as_str());
                let once = i64::from(call.once);
                params.extend(params![lane, call.reference, call.about, method, body, call.expires_at, once]);
            }
            let columns = "lane_id, bot_id, plugin, inbox_seq, reference, about, method, body, state, attempt, \
                           ambiguous, due_at, expires_at, created_at, once";
            let values = rows::values(some.len(), &pattern, 4);
            steps.push(Step::made(format!("INSERT INTO outbox ({columns}) {values}"), params));
        }
        if let Some(next) = &self.next {
            let others = lanes.iter().map(|row| Ok((row.integer(0)?, row.integer(1)?)));
            let others: Vec<_> = others.collect::<Result<_, StoreError>>()?;
            let is_next = |(lane, kind): &&(i64, i64)| *lane != self.lane && *kind == LaneKind::Turns.number();
            let (lane, _) =
                others.iter().find(is_next).ok_or_else(|| StoreError::unexpected("a plugin without a lane"))?;
            steps.extend(next.steps(*lane, self.event, self.now));
        }
        steps.push(FINISH_EVENT.with(params![self.event, self.lane, self.now, self.passed.clone()]));
        Ok(steps)
    }

    fn is_held(&self, lanes: &[Record]) -> Result<bool, StoreError> {
        for row in lanes {
            if row.integer(0)? == self.lane {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn conflict(&self, index: usize) -> CommitOutcome {
        let WriteStep { table, row, .. } = &self.rows[index];
        CommitOutcome::Conflict { table: table.clone(), row: *row }
    }
}

impl Job for CommitTurn {
    type Output = CommitOutcome;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<CommitOutcome>, StoreError> {
        let lanes: Vec<_> = session.run(&self.touch).await?.into_iter().flat_map(|answer| answer.rows).collect();
        if !self.is_held(&lanes)? {
            return Ok(Verdict::Undo(CommitOutcome::LeaseLost));
        }
        let asked: Vec<_> = self.reads.iter().filter(|read| !read.holds()).collect();
        // An interrupted write would undo those of everybody in the group, so only the reads are timed.
        session.allow(Some(REREAD_TIME));
        let steps: Vec<_> = asked.iter().map(|read| &read.step).collect();
        let answers = session.run(steps).await;
        session.allow(None);
        let answers = match answers {
            Ok(answers) => answers,
            // What was read then was not: it has changed.
            Err(Failure { step, error: StoreError::TooLarge { .. } }) => {
                let table = asked[step].table().to_owned();
                return Ok(Verdict::Undo(CommitOutcome::Conflict { table, row: None }));
            }
            // Only on SQLite is it the question's own fault: on PostgreSQL somebody may be in the way.
            Err(Failure { error: StoreError::Slow, .. }) if session.dialect() == Dialect::Sqlite => {
                let reason = "what the turn has read takes too long to be read again at its commit";
                return Err(StoreError::Failed { reason: format!("{reason}; read by the columns of an index") });
            }
            Err(failure) => return Err(failure.error),
        };
        for (read, answer) in asked.into_iter().zip(answers) {
            if let Some((table, row)) = read.changed(answer)? {
                return Ok(Verdict::Undo(CommitOutcome::Conflict { table, row }));
            }
        }

        self.moving.lock().unwrap_or_else(PoisonError::into_inner).extend(self.written.iter().map(Counter::moves));
        let answers = match session.run(&self.write).await {
            Ok(answers) => answers,
            Err(failure) if failure.step < self.rows.len() && matches!(failure.error, StoreError::Unique { .. }) => {
                return Ok(Verdict::Undo(self.conflict(failure.step)));
            }
            Err(failure) => return Err(failure.error),
        };
        if let Some(index) = self.rows.iter().zip(&answers).position(|(row, answer)| answer.touched != row.touches) {
            return Ok(Verdict::Undo(self.conflict(index)));
        }
        let answers = session.run(&self.last_steps(&lanes)?).await?;
        let not_there = || StoreError::unexpected(format!("event {} is not waiting in its lane", self.event));
        match answers.last().and_then(|answer| answer.rows.first()).map(|row| row.integer(0)).transpose()? {
            Some(0..) => return Ok(Verdict::Commit(CommitOutcome::Committed)),
            Some(_) => return Err(not_there()),
            None => {}
        }
        // The lane is ours and the event is not waiting: an earlier attempt of this very turn was committed, and the
        // connection was lost before it heard so.
        let state = session.one(STATE_OF.with(params![self.event, self.lane])).await?;
        match state.rows.first().map(|row| row.integer(0)).transpose()? {
            Some(1) => Ok(Verdict::Undo(CommitOutcome::Committed)),
            _ => Err(not_there()),
        }
    }

    fn large(&self) -> Option<Owner> {
        self.is_large.then(|| (self.bot, Arc::clone(&self.plugin)))
    }

    fn gate(&self) -> Option<Arc<RwLock<()>>> {
        Some(Arc::clone(&self.gate))
    }
}

impl Store {
    /// Commits a turn (TXN 3). If this fails, nobody knows whether the turn was committed; calling it again with the
    /// same turn and the same lease is safe and tells.
    pub async fn commit_turn(&self, lease: &Lease, turn: TurnCommit, then: Then) -> Result<CommitOutcome, StoreError> {
        let (sends, passes) = (!turn.outbox.is_empty(), turn.passes_on());
        let answers = turn.reply.is_some();
        let share = turn.tables.share();
        let _place = share.commits.acquire().await.map_err(|_| StoreError::Closed)?;
        let job =
            CommitTurn::new((self.shared.host, &self.shared.written), self.shared.clock.now(), lease, turn, then)?;
        let outcome = self.shared.engine.write(job).await?;
        match &outcome {
            CommitOutcome::Committed => {
                lease.after(true, then);
                if sends {
                    self.shared.hints.give(Channel::Outbox);
                }
                if passes {
                    self.shared.hints.give(Channel::Lanes);
                } else if then == Then::Release {
                    self.shared.hints.look(Channel::Lanes);
                }
                if answers {
                    self.shared.hints.give(Channel::Replies);
                }
            }
            CommitOutcome::LeaseLost => lease.spend(),
            CommitOutcome::Conflict { .. } => {}
        }
        Ok(outcome)
    }
}
