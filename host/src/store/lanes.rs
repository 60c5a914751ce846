//! Lanes: who may run one, and when it is due.
//!
//! 1. A lane is free if no host holds it or its holder's time is over. A claim sets the holder and raises the fence; what
//!    an earlier holder still tries to write is refused because its fence is lower.
//! 2. While a lane is free, `due_at` is when its *head* is due, the waiting row with the lowest number; null if nothing
//!    waits. Rows behind the head wait for it, so they never change `due_at`. While a lane is held `due_at` may be out
//!    of date; giving the lane back sets it right.
//! 3. Whoever puts a row into a lane first inserts or updates the row of the lane itself. That locks it until the commit, so two
//!    hosts that fill one lane come one after the other, and their rows, whose numbers are drawn after the lock, become
//!    visible in the order of their numbers: no claim sees a later row before an earlier one.
//! 4. Whoever gives a lane back locks it *before* looking for its head, in a statement of its own. A single statement
//!    would wait for the lock and then still look at the rows as they were before it had waited.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::dialect::Sql;
use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::session::{Param, Record, Session, Step, params};
use super::{Store, outbox};
use crate::clock::Millis;
use crate::model::{BotId, PluginName};

/// Which sort of work a lane holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LaneKind {
    /// Polling a bot.
    Polling,
    /// Turns of a plugin in a chat.
    Turns,
    /// Sending to a chat.
    Sending,
}

impl LaneKind {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Polling => 0,
            Self::Turns => 1,
            Self::Sending => 2,
        }
    }
}

/// Whether a lane is kept for more work or given back in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It stays with this host.
    Keep,
    /// It is free for the next claim, and its lease is spent.
    Release,
}

/// What became of something that only the holder of a lane may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FenceOutcome {
    /// The lane was still ours, and the change is durable.
    Held,
    /// Another host has taken the lane over; nothing was written.
    Lost,
}

/// The right to run a lane. Functions that write on behalf of a lane ask for it.
///
/// A lease that is dropped before it was given back, say with a task that was cancelled, is given back at the next claim.
pub struct Lease {
    pub(super) lane: i64,
    pub(super) fence: i64,
    pub(super) kind: LaneKind,
    pub(super) bot: BotId,
    pub(super) plugin: Option<PluginName>,
    pub(super) chat: i64,
    dropped: Arc<Dropped>,
    /// Whether there is anything to give back: its claim is committed, and it has neither been given back nor lost.
    live: AtomicBool,
}

impl Lease {
    /// The bot.
    pub fn bot(&self) -> BotId {
        self.bot
    }

    /// The plugin, if it is a lane of turns.
    pub fn plugin(&self) -> Option<&PluginName> {
        self.plugin.as_ref()
    }

    /// The chat; the user where there is none; 0 for polling.
    pub fn chat(&self) -> i64 {
        self.chat
    }

    /// Marks it as given back or lost.
    pub(super) fn spend(&self) {
        self.live.store(false, Ordering::Release);
    }

    /// Marks it after a write that ended like this.
    pub(super) fn after(&self, held: bool, then: Then) -> FenceOutcome {
        if !held || then == Then::Release {
            self.spend();
        }
        if held { FenceOutcome::Held } else { FenceOutcome::Lost }
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.plugin, self.kind) {
            (Some(plugin), _) => write!(f, "{}/{plugin}/{}", self.bot, self.chat),
            (None, LaneKind::Polling) => write!(f, "{}/polling", self.bot),
            (None, _) => write!(f, "{}/sending/{}", self.bot, self.chat),
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({self}, lane {}, fence {})", self.lane, self.fence)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if *self.live.get_mut() {
            self.dropped.list().push((self.lane, self.fence));
        }
    }
}

/// Lanes and fences of leases that were dropped.
#[derive(Default)]
pub(super) struct Dropped(Mutex<Vec<(i64, i64)>>);

impl Dropped {
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<(i64, i64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Free, and so fit to be claimed; `$1` is now.
macro_rules! free {
    () => {
        "(lanes.host_id IS NULL OR lanes.host_id NOT IN (SELECT hosts.id FROM hosts WHERE hosts.alive_until > $1))"
    };
}

static CLAIM: Sql = Sql::new(concat!(
    "WITH due AS MATERIALIZED (
        SELECT id FROM lanes WHERE kind = $2 AND due_at <= $1 AND ",
    free!(),
    "   ORDER BY due_at LIMIT $4 {skip_locked})
     UPDATE lanes SET host_id = $3, fence = fence + 1 WHERE id IN (SELECT id FROM due)
     RETURNING id, fence, bot_id, plugin, chat_id",
));
/// The same for turns, without the plugins that `busy` names.
static CLAIM_TURNS: Sql = Sql::new(concat!(
    "WITH busy (bot_id, plugin) AS ({rows}), due AS MATERIALIZED (
        SELECT id FROM lanes WHERE kind = $2 AND due_at <= $1 AND ",
    free!(),
    "   AND NOT EXISTS (SELECT 1 FROM busy WHERE busy.bot_id = lanes.bot_id AND busy.plugin = lanes.plugin)
        ORDER BY due_at LIMIT $4 {skip_locked})
     UPDATE lanes SET host_id = $3, fence = fence + 1 WHERE id IN (SELECT id FROM due)
     RETURNING id, fence, bot_id, plugin, chat_id",
));
static CLAIM_POLLING: Sql = Sql::new(concat!(
    "INSERT INTO lanes (kind, bot_id, plugin, chat_id, host_id, fence) VALUES ($2, $4, '', 0, $3, 1)
     ON CONFLICT (kind, bot_id, plugin, chat_id) DO UPDATE SET host_id = excluded.host_id, fence = lanes.fence + 1
     WHERE ",
    free!(),
    " RETURNING id, fence, bot_id, plugin, chat_id",
));
static NEXT_DUE: Sql = Sql::new(concat!(
    "SELECT due_at FROM lanes WHERE kind = $2 AND due_at IS NOT NULL AND ",
    free!(),
    " ORDER BY due_at LIMIT 1",
));
static NEXT_TURN_DUE: Sql = Sql::new(concat!(
    "WITH busy (bot_id, plugin) AS ({rows})
     SELECT due_at FROM lanes WHERE kind = $2 AND due_at IS NOT NULL AND ",
    free!(),
    " AND NOT EXISTS (SELECT 1 FROM busy WHERE busy.bot_id = lanes.bot_id AND busy.plugin = lanes.plugin)
     ORDER BY due_at LIMIT 1",
));
static LOCK: Sql = Sql::new("SELECT id FROM lanes WHERE id = $1 AND fence = $2 AND host_id = $3 {for_update}");
static FREE: Sql = Sql::new(
    "UPDATE lanes SET host_id = NULL, due_at = CASE kind
        WHEN 1 THEN (SELECT i.due_at FROM inbox i WHERE i.lane_id = lanes.id AND i.state = 0 ORDER BY i.seq LIMIT 1)
        WHEN 2 THEN (SELECT o.due_at FROM outbox o WHERE o.lane_id = lanes.id AND o.state = 0 ORDER BY o.seq LIMIT 1)
     END WHERE id = $1 AND fence = $2 AND host_id = $3",
);
static POSTPONE: Sql =
    Sql::new("UPDATE lanes SET host_id = NULL, due_at = $4 WHERE id = $1 AND fence = $2 AND host_id = $3");

/// Claims lanes of one kind. The jobs that claim hold one of these.
pub(super) struct Claim {
    pub(super) host: i64,
    pub(super) now: Millis,
    kind: LaneKind,
    dropped: Arc<Dropped>,
    /// Dropped leases that the last run has given back.
    given_back: Mutex<Vec<(i64, i64)>>,
}

impl Claim {
    pub(super) fn new(store: &Store, kind: LaneKind) -> Self {
        let shared = &store.shared;
        let (dropped, given_back) = (Arc::clone(&shared.dropped), Mutex::default());
        Self { host: shared.host, now: shared.clock.now(), kind, dropped, given_back }
    }

    /// Claims lanes that are due.
    pub(super) async fn due(&self, limit: usize, session: &mut Session<'_>) -> Result<Vec<Lease>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.claim(CLAIM.with(params![self.now, self.kind.number(), self.host, limit]), session).await
    }

    /// Claims lanes of turns that are due, but not of these plugins.
    pub(super) async fn turns(
        &self,
        limit: usize,
        without: &[(BotId, PluginName)],
        session: &mut Session<'_>,
    ) -> Result<Vec<Lease>, StoreError> {
        if without.is_empty() {
            return self.due(limit, session).await;
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let params = params![self.now, self.kind.number(), self.host, limit];
        self.claim(without_busy(&CLAIM_TURNS, &params, without)?, session).await
    }

    /// Claims the lane of a bot's polling, making it if need be.
    async fn polling(&self, bot: BotId, session: &mut Session<'_>) -> Result<Vec<Lease>, StoreError> {
        self.claim(CLAIM_POLLING.with(params![self.now, self.kind.number(), self.host, bot.0]), session).await
    }

    async fn claim(&self, claim: Step, session: &mut Session<'_>) -> Result<Vec<Lease>, StoreError> {
        let dropped = self.dropped.list().clone();
        for (lane, fence) in &dropped {
            session.run(&[lock(*lane, *fence, self.host), free(*lane, *fence, self.host)]).await?;
        }
        *self.given_back.lock().unwrap_or_else(PoisonError::into_inner) = dropped;
        let answer = session.one(claim).await?;
        answer.rows.into_iter().map(|row| self.lease(row)).collect()
    }

    fn lease(&self, mut row: Record) -> Result<Lease, StoreError> {
        let plugin = row.text(3)?;
        Ok(Lease {
            lane: row.integer(0)?,
            fence: row.integer(1)?,
            kind: self.kind,
            bot: BotId(row.integer(2)?),
            plugin: PluginName::new(&plugin),
            chat: row.integer(4)?,
            dropped: Arc::clone(&self.dropped),
            live: AtomicBool::new(false),
        })
    }

    /// To be told when the claim is committed: from now on the leases have to be given back, and those that were
    /// dropped have been.
    pub(super) fn settle<'a>(&self, leases: impl IntoIterator<Item = &'a mut Lease>) {
        for lease in leases {
            *lease.live.get_mut() = true;
        }
        let given_back = self.given_back.lock().unwrap_or_else(PoisonError::into_inner);
        self.dropped.list().retain(|lease| !given_back.contains(lease));
    }
}

/// A query about lanes of turns that leaves plugins out. There are never so many plugins that it would take two.
fn without_busy(sql: &'static Sql, params: &[Param], busy: &[(BotId, PluginName)]) -> Result<Step, StoreError> {
    let rows = busy.iter().map(|(bot, plugin)| [bot.0.into(), plugin.as_str().into()]).collect();
    sql.with_rows(params, rows).next().ok_or_else(|| StoreError::unexpected("a query without rows"))
}

/// Answers one row if the lane is still held under this fence, and keeps it so until the transaction ends.
pub(super) fn lock(lane: i64, fence: i64, host: i64) -> Step {
    LOCK.with(params![lane, fence, host])
}

/// Gives a lane back; after [`lock`], see rule 4.
pub(super) fn free(lane: i64, fence: i64, host: i64) -> Step {
    FREE.with(params![lane, fence, host])
}

struct ClaimPolling(Claim, BotId);

impl Job for ClaimPolling {
    type Output = Option<Lease>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Self::Output>, StoreError> {
        Ok(Verdict::Commit(self.0.polling(self.1, session).await?.pop()))
    }

    fn settle(&self, output: &mut Self::Output) {
        self.0.settle(output);
    }
}

struct GiveBack {
    lane: i64,
    fence: i64,
    host: i64,
    until: Option<Millis>,
}

impl Job for GiveBack {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        let Self { lane, fence, host, until } = *self;
        if session.one(lock(lane, fence, host)).await?.rows.is_empty() {
            return Ok(Verdict::Undo(()));
        }
        let end = match until {
            None => free(lane, fence, host),
            Some(until) => POSTPONE.with(params![lane, fence, host, until]),
        };
        session.run(&[outbox::landed(lane), end]).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// The right to poll a bot, if no other host has it.
    pub async fn claim_polling(&self, bot: BotId) -> Result<Option<Lease>, StoreError> {
        let claim = Claim::new(self, LaneKind::Polling);
        self.shared.engine.write(ClaimPolling(claim, bot)).await
    }

    /// When the next free lane of a kind is due.
    pub async fn next_due(&self, kind: LaneKind) -> Result<Option<Millis>, StoreError> {
        let params = params![self.shared.clock.now(), kind.number()];
        let answer = self.shared.engine.read(NEXT_DUE.with(params)).await?;
        answer.rows.first().map_or(Ok(None), |row| row.maybe_integer(0))
    }

    /// When the next free lane of turns is due that is not of these plugins.
    pub async fn next_turn_due(&self, without: &[(BotId, PluginName)]) -> Result<Option<Millis>, StoreError> {
        if without.is_empty() {
            return self.next_due(LaneKind::Turns).await;
        }
        let params = params![self.shared.clock.now(), LaneKind::Turns.number()];
        let answer = self.shared.engine.read(without_busy(&NEXT_TURN_DUE, &params, without)?).await?;
        answer.rows.first().map_or(Ok(None), |row| row.maybe_integer(0))
    }

    /// Gives a lane back. If it was taken over meanwhile, that is fine too.
    pub async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.give_back(lease, None).await
    }

    /// Gives a lane back that nobody is to claim before `until`, whatever comes for it.
    pub async fn postpone(&self, lease: Lease, until: Millis) -> Result<(), StoreError> {
        self.give_back(lease, Some(until)).await
    }

    async fn give_back(&self, lease: Lease, until: Option<Millis>) -> Result<(), StoreError> {
        let (lane, fence, host) = (lease.lane, lease.fence, self.shared.host);
        self.shared.engine.write(GiveBack { lane, fence, host, until }).await?;
        lease.spend();
        if until.is_none() {
            self.shared.hints.give(if lease.kind == LaneKind::Sending { Channel::Outbox } else { Channel::Lanes });
        }
        Ok(())
    }
}
