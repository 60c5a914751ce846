//! Lanes: who may run one, and when it is due.
//!
//! 1. A lane is free if no host holds it, or another one whose time is over. What this host holds it never takes from
//!    itself, however late its renewal is: its own tasks are still at it. A claim sets the holder and raises the fence;
//!    what an earlier holder still tries to write is refused because its fence is lower.
//! 2. While a lane is free, `due_at` is when its *head* is due, the waiting row with the lowest number; null if nothing
//!    waits. Rows behind the head wait for it, so they never change `due_at`. While a lane is held `due_at` may be out
//!    of date; giving the lane back sets it right.
//! 3. Whoever puts a row into a lane first inserts or updates the row of the lane itself. That locks it until the commit, so two
//!    hosts that fill one lane come one after the other, and their rows, whose numbers are drawn after the lock, become
//!    visible in the order of their numbers: no claim sees a later row before an earlier one.
//! 4. Whoever gives a lane back locks it *before* looking for its head, in a statement of its own. A single statement
//!    would wait for the lock and then still look at the rows as they were before it had waited.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::dialect::{Dialect, Sql};
use super::engine::{Bearing, Channel, Job, Verdict};
use super::error::StoreError;
use super::hosts::{self, Alive};
use super::leases::{Dropped, Lease, Leases};
use super::session::{Answer, Param, Record, Session, Step, params};
use super::{Store, outbox};
use crate::clock::{Clock, Millis};
use crate::model::{BotId, Part};

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

    /// Where those hear of it who claim it. Polling is claimed now and then; what was dropped of it any claim gives back.
    pub(super) fn channel(self) -> Channel {
        match self {
            Self::Polling | Self::Turns => Channel::Lanes,
            Self::Sending => Channel::Outbox,
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

/// Free, and so fit to be claimed; `$1` is now, `$3` this host.
macro_rules! free {
    () => {
        "(lanes.host_id IS NULL OR (lanes.host_id <> $3
             AND lanes.host_id NOT IN (SELECT hosts.id FROM hosts WHERE hosts.alive_until > $1)))"
    };
}

/// Lanes of turns of these plugins alone: a host leaves what it has not loaded to others, and what has enough slots. The
/// kind of a lane stands in the text of what is asked all the time: were it a parameter, neither database could use an index
/// that is for one kind alone.
static CLAIM_TURNS: Sql = Sql::new(concat!(
    "WITH item (bot_id, plugin) AS ({rows}), due AS MATERIALIZED (
        SELECT id FROM lanes WHERE kind = 1 AND due_at <= $1 AND ",
    free!(),
    "   AND EXISTS (SELECT 1 FROM item WHERE item.bot_id = lanes.bot_id AND item.plugin = lanes.plugin)
        ORDER BY due_at LIMIT $2 {skip_locked})
     UPDATE lanes SET host_id = $3, fence = fence + 1 WHERE id IN (SELECT id FROM due)
     RETURNING id, fence, bot_id, plugin, chat_id",
));
/// For sending, one bot at a time: a bot that has to wait leaves its chats where they are, and another one finds
/// its own without passing them. With each come until when its bot has to wait, and whether `chats` has something on it.
static CLAIM_SENDING: Sql = Sql::new(concat!(
    "WITH due AS MATERIALIZED (
        SELECT id FROM lanes WHERE kind = 2 AND bot_id = $2 AND due_at <= $1 AND ",
    free!(),
    "   ORDER BY due_at LIMIT $4 {skip_locked})
     UPDATE lanes SET host_id = $3, fence = fence + 1 WHERE id IN (SELECT id FROM due)
     RETURNING id, fence, bot_id, plugin, chat_id,
         COALESCE((SELECT b.hold_until FROM bots b WHERE b.bot_id = lanes.bot_id), 0),
         (SELECT COUNT(*) FROM chats c WHERE c.bot_id = lanes.bot_id AND c.chat_id = lanes.chat_id)
         + (SELECT COUNT(*) FROM chats c WHERE c.bot_id = lanes.bot_id AND c.moved_to = lanes.chat_id)",
));
/// Which of these bots have something due.
static BOTS_DUE: Sql = Sql::new(
    "WITH item (bot_id) AS ({rows})
     SELECT bot_id FROM item
     WHERE EXISTS (SELECT 1 FROM lanes l WHERE l.kind = 2 AND l.bot_id = item.bot_id AND l.due_at <= $1)",
);
static CLAIM_POLLING: Sql = Sql::new(concat!(
    "INSERT INTO lanes (kind, bot_id, plugin, chat_id, host_id, fence) VALUES ($2, $4, '', 0, $3, 1)
     ON CONFLICT (kind, bot_id, plugin, chat_id) DO UPDATE SET host_id = excluded.host_id, fence = lanes.fence + 1
     WHERE (lanes.host_id = $3 AND $5 = 1) OR ",
    free!(),
    " RETURNING id, fence, bot_id, plugin, chat_id",
));
static MINE: Sql = Sql::new("SELECT id, fence FROM lanes WHERE host_id = $1 AND kind = $2");
/// When the next free lane is due that is due after `$2`.
static NEXT_SEND: Sql = Sql::new(concat!(
    "WITH item (bot_id) AS ({rows})
     SELECT MIN((SELECT due_at FROM lanes WHERE kind = 2 AND lanes.bot_id = item.bot_id AND due_at > $2 AND ",
    free!(),
    " ORDER BY due_at LIMIT 1)) FROM item",
));
static NEXT_TURN: Sql = Sql::new(concat!(
    "WITH item (bot_id, plugin) AS ({rows})
     SELECT due_at FROM lanes WHERE kind = 1 AND due_at > $2 AND ",
    free!(),
    " AND EXISTS (SELECT 1 FROM item WHERE item.bot_id = lanes.bot_id AND item.plugin = lanes.plugin)
     ORDER BY due_at LIMIT 1",
));
/// The lane, if this host holds it under this fence.
macro_rules! held {
    () => {
        "SELECT id FROM lanes WHERE id = $1 AND fence = $2 AND host_id = $3"
    };
}

static LOCK: Sql = Sql::new(concat!(held!(), " {for_update}"));
/// The same, or nothing while somebody else has it locked.
static LOCK_FREE: Sql = Sql::new(concat!(held!(), " {skip_locked}"));
static STILL_MINE: Sql = Sql::new(held!());
static FREED: Sql = Sql::new("SELECT id FROM lanes WHERE id = $1 AND fence = $2 AND host_id IS NULL");
static FREE: Sql = Sql::new(
    "UPDATE lanes SET host_id = NULL, due_at = CASE kind
        WHEN 1 THEN (SELECT i.due_at FROM inbox i WHERE i.lane_id = lanes.id AND i.state = 0 ORDER BY i.seq LIMIT 1)
        WHEN 2 THEN (SELECT o.due_at FROM outbox o WHERE o.lane_id = lanes.id AND o.state = 0 ORDER BY o.seq LIMIT 1)
     END WHERE id = $1 AND fence = $2 AND host_id = $3",
);
static POSTPONE: Sql =
    Sql::new("UPDATE lanes SET host_id = NULL, due_at = $4 WHERE id = $1 AND fence = $2 AND host_id = $3");

/// How long what somebody has locked is left alone, in milliseconds.
const LOCKED: Millis = 20;

/// Claims lanes of one kind. The jobs that claim hold one of these.
pub(super) struct Claim {
    pub(super) host: i64,
    clock: Clock,
    /// When it was run last: it may have stood for a while before.
    now: AtomicI64,
    kind: LaneKind,
    leases: Arc<Leases>,
    /// Dropped leases that the last run has given back.
    given_back: Mutex<Vec<Dropped>>,
    /// Whether the last run has looked for lanes that this host holds without knowing.
    searched: AtomicBool,
    /// Until when this host counts as alive as far as it knows; the claim makes it longer if that is soon.
    alive: Arc<Alive>,
}

impl Claim {
    pub(super) fn new(store: &Store, kind: LaneKind) -> Self {
        let shared = &store.shared;
        let (leases, given_back, searched) = (Arc::clone(&shared.leases), Mutex::default(), AtomicBool::new(false));
        let (alive, clock) = (Arc::clone(&shared.alive), shared.clock.clone());
        Self { host: shared.host, now: clock.now().into(), clock, kind, leases, given_back, searched, alive }
    }

    /// When it was run.
    pub(super) fn now(&self) -> Millis {
        self.now.load(Ordering::Acquire)
    }

    /// What its jobs mean for the claims of a channel.
    pub(super) fn bearing(&self, on: Channel) -> Bearing {
        if on == self.kind.channel() { Bearing::Claims } else { Bearing::None }
    }

    /// From when on what is due is looked for after a claim. One writer has just claimed all that was due; where there are
    /// several, somebody may have had a lane locked.
    fn after(&self, session: &Session<'_>) -> Millis {
        match session.dialect() {
            Dialect::Sqlite => self.now(),
            Dialect::Postgres => Millis::MIN,
        }
    }

    /// When to look again, for what is due next. What is due already and was not claimed is locked by somebody.
    fn look_again(&self, next: Option<Millis>) -> Option<Millis> {
        next.map(|next| if next > self.now() { next } else { self.now() + LOCKED })
    }

    /// Claims chats of these bots with something due, up to so many of each. With them comes when the next one is due.
    pub(super) async fn sending(
        &self,
        bots: &[(BotId, usize)],
        session: &mut Session<'_>,
    ) -> Result<(Vec<ClaimedChat>, Option<Millis>), StoreError> {
        self.prepare(session).await?;
        let now = self.now();
        let mut due: Vec<_> = bots.iter().map(|(bot, _)| bot.0).collect();
        // One look at all of them saves the claims of those who have nothing, which are most.
        if due.len() > 1 {
            let rows = due.iter().map(|bot| [Param::from(*bot)]).collect();
            let steps: Vec<_> = BOTS_DUE.with_rows(&[Param::from(now)], rows).collect();
            let answers = session.run(&steps).await?;
            due = answers.iter().flat_map(|answer| &answer.rows).map(|row| row.integer(0)).collect::<Result<_, _>>()?;
        }
        let claims = bots.iter().filter(|(bot, _)| due.contains(&bot.0)).map(|(bot, limit)| {
            let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
            CLAIM_SENDING.with(params![now, bot.0, self.host, limit])
        });
        let mut steps: Vec<_> = claims.collect();
        let claims = steps.len();
        steps.extend(next_sends(bots.iter().map(|(bot, _)| *bot), now, self.host, self.after(session)));
        let mut answers = session.run(&steps).await?;
        let next = self.look_again(earliest(&answers.split_off(claims))?);
        let chat = |row: Record| {
            let (hold_until, notes) = (row.integer(5)?, row.integer(6)?);
            Ok(ClaimedChat { lease: self.lease(row)?, hold_until, is_noted: notes > 0 })
        };
        let chats = answers.into_iter().flat_map(|answer| answer.rows).map(chat);
        Ok((chats.collect::<Result<_, StoreError>>()?, next))
    }

    /// Claims lanes of turns of these plugins that are due. With them comes when the next one is.
    pub(super) async fn turns(
        &self,
        limit: usize,
        plugins: &[(BotId, Part)],
        session: &mut Session<'_>,
    ) -> Result<(Vec<Lease>, Option<Millis>), StoreError> {
        self.prepare(session).await?;
        let now = self.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let params = params![now, limit, self.host];
        let claim = of_plugins(&CLAIM_TURNS, &params, plugins)?;
        let next = next_turn(plugins, now, self.host, self.after(session))?;
        let mut answers = session.run(&[claim, next]).await?;
        let next = self.look_again(earliest(&answers.split_off(1))?);
        let leases = answers.into_iter().flat_map(|answer| answer.rows).map(|row| self.lease(row));
        Ok((leases.collect::<Result<_, _>>()?, next))
    }

    /// Claims the lane of a bot's polling, making it if need be. Once a claim has failed without an answer, a lane that
    /// this host holds may be the fruit of it; nobody in this host asks for one that it knows to have.
    async fn polling(&self, bot: BotId, session: &mut Session<'_>) -> Result<Vec<Lease>, StoreError> {
        self.prepare(session).await?;
        let again = i64::from(self.leases.is_in_doubt(self.kind));
        let params = params![self.now(), self.kind.number(), self.host, bot.0, again];
        let answer = session.one(CLAIM_POLLING.with(params)).await?;
        answer.rows.into_iter().map(|row| self.lease(row)).collect()
    }

    /// Sees to what has to be right before a claim: that this host counts as alive, and that what it holds for nothing is
    /// free.
    async fn prepare(&self, session: &mut Session<'_>) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.now.store(now, Ordering::Release);
        if self.alive.is_short(now) {
            // What a host claims whose time is over would be taken from it at once.
            session.one(hosts::register(self.host, now)).await?;
        }
        let mut dropped = self.leases.dropped();
        for lease in std::mem::take(&mut dropped) {
            let Dropped { lane, fence, is_untouched } = lease;
            let who = || params![lane, fence, self.host];
            if !session.one(LOCK_FREE.with(who())).await?.rows.is_empty() {
                let landed = is_untouched.then(|| outbox::landed(lane));
                session.run(&landed.into_iter().chain([free(lane, fence, self.host)]).collect::<Vec<_>>()).await?;
            } else if !session.one(STILL_MINE.with(who())).await?.rows.is_empty() {
                // Somebody else has it locked, and nobody is to wait for that here: another time.
                continue;
            }
            dropped.push(lease);
        }
        let search = self.kind != LaneKind::Polling && self.leases.has_to_search(self.kind, now);
        if search {
            free_unknown(self.host, self.kind, &self.leases, session).await?;
        }
        self.searched.store(search, Ordering::Release);
        *self.given_back.lock().unwrap_or_else(PoisonError::into_inner) = dropped;
        Ok(())
    }

    fn lease(&self, mut row: Record) -> Result<Lease, StoreError> {
        let plugin = row.text(3)?;
        let (lane, fence, bot, chat) = (row.integer(0)?, row.integer(1)?, BotId(row.integer(2)?), row.integer(4)?);
        Ok(Lease::new(lane, fence, self.kind, bot, Part::parse(&plugin), chat, &self.leases))
    }

    /// To be told when the claim is committed: from now on the leases have to be given back, and those that were
    /// dropped have been.
    pub(super) fn settle<'a>(&self, leases: impl IntoIterator<Item = &'a mut Lease>) {
        for lease in leases {
            lease.begin();
        }
        if self.alive.is_short(self.now()) {
            self.alive.renewed(self.now());
        }
        self.leases.were_given_back(&self.given_back.lock().unwrap_or_else(PoisonError::into_inner));
        if self.searched.load(Ordering::Acquire) {
            self.leases.is_sure(self.kind, self.now());
        }
    }
}

/// Gives back what a claim has taken whose answer was lost. Nobody has seen what waits there, so nothing of it is in the
/// air.
pub(super) async fn free_unknown(
    host: i64,
    kind: LaneKind,
    leases: &Leases,
    session: &mut Session<'_>,
) -> Result<(), StoreError> {
    let mine = session.one(MINE.with(params![host, kind.number()])).await?;
    for row in mine.rows {
        let (lane, fence) = (row.integer(0)?, row.integer(1)?);
        if !leases.knows(lane, fence) {
            free_landed(lane, fence, host, session).await?;
        }
    }
    Ok(())
}

/// Gives a lane back of which nothing is in the air, if it is still held under this fence.
pub(super) async fn free_landed(lane: i64, fence: i64, host: i64, session: &mut Session<'_>) -> Result<(), StoreError> {
    if !session.one(lock(lane, fence, host)).await?.rows.is_empty() {
        session.run(&[outbox::landed(lane), free(lane, fence, host)]).await?;
    }
    Ok(())
}

/// Asks when the next free chat of each of these bots is due.
pub(super) fn next_sends(bots: impl Iterator<Item = BotId>, now: Millis, host: i64, after: Millis) -> Vec<Step> {
    let rows = bots.map(|bot| [Param::from(bot.0)]).collect();
    let params = params![now, after, host];
    NEXT_SEND.with_rows(&params, rows).collect()
}

/// Asks when the next free lane of turns of these plugins is due.
pub(super) fn next_turn(plugins: &[(BotId, Part)], now: Millis, host: i64, after: Millis) -> Result<Step, StoreError> {
    let params = params![now, after, host];
    of_plugins(&NEXT_TURN, &params, plugins)
}

/// The earliest of the times that were answered.
pub(super) fn earliest(answers: &[Answer]) -> Result<Option<Millis>, StoreError> {
    let times = answers.iter().flat_map(|answer| &answer.rows).map(|row| row.maybe_integer(0));
    Ok(times.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().min())
}

/// A query about the lanes of turns of these plugins. There are never so many that it would take two.
fn of_plugins(sql: &'static Sql, params: &[Param], plugins: &[(BotId, Part)]) -> Result<Step, StoreError> {
    let rows = plugins.iter().map(|(bot, plugin)| [bot.0.into(), plugin.as_str().into()]).collect();
    sql.with_rows(params, rows).next().ok_or_else(|| StoreError::unexpected("a query without rows"))
}

/// A claimed chat, and what the database knows that may keep it from being written to.
pub(super) struct ClaimedChat {
    pub(super) lease: Lease,
    /// Nothing of its bot is sent before this time.
    pub(super) hold_until: Millis,
    /// Whether `chats` has a row on it.
    pub(super) is_noted: bool,
}

/// Answers one row if the lane is still held under this fence, and keeps it so until the transaction ends.
pub(super) fn lock(lane: i64, fence: i64, host: i64) -> Step {
    LOCK.with(params![lane, fence, host])
}

/// Answers one row if nobody holds the lane, and nobody has held it since it was held under this fence.
pub(super) fn is_free(lane: i64, fence: i64) -> Step {
    FREED.with(params![lane, fence])
}

/// Gives a lane back; after [`lock`], see rule 4.
pub(super) fn free(lane: i64, fence: i64, host: i64) -> Step {
    FREE.with(params![lane, fence, host])
}

/// Gives a lane back that is not due before `until`; after [`lock`].
pub(super) fn put_off(lane: i64, fence: i64, host: i64, until: Millis) -> Step {
    POSTPONE.with(params![lane, fence, host, until])
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
            Some(until) => put_off(lane, fence, host, until),
        };
        session.run(&[outbox::landed(lane), end]).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// The right to poll a bot, if no other host has it.
    pub async fn claim_polling(&self, bot: BotId) -> Result<Option<Lease>, StoreError> {
        let claimed = self.shared.engine.write(ClaimPolling(Claim::new(self, LaneKind::Polling), bot)).await;
        claimed.inspect_err(|_| self.shared.leases.doubt(LaneKind::Polling))
    }

    /// Gives a lane back. If it was taken over meanwhile, that is fine too.
    pub async fn release(&self, lease: Lease) -> Result<(), StoreError> {
        self.give_back(&lease, None).await
    }

    /// Gives a lane back that nobody is to claim before `until`, whatever comes for it.
    pub async fn postpone(&self, lease: &Lease, until: Millis) -> Result<(), StoreError> {
        self.give_back(lease, Some(until)).await
    }

    async fn give_back(&self, lease: &Lease, until: Option<Millis>) -> Result<(), StoreError> {
        let (lane, fence, host) = (lease.lane, lease.fence, self.shared.host);
        self.shared.engine.write(GiveBack { lane, fence, host, until }).await?;
        lease.spend();
        let channel = lease.kind.channel();
        // Of what is due later only this host has to know when.
        match until {
            Some(until) if until > self.shared.clock.now() => self.shared.hints.look(channel),
            _ => self.shared.hints.give(channel),
        }
        Ok(())
    }
}
