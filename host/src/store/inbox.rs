//! The inbox: updates as Telegram sent them, and the events that wait for their turns.

use std::collections::{HashMap, HashSet};

use super::dialect::Sql;
use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::lanes::{self, Claim, FenceOutcome, LaneKind, Lease, Then};
use super::session::{Param, Session, Step, params};
use super::{Store, rows};
use crate::clock::Millis;
use crate::model::{BotId, PluginName};

/// Events that a claim hands out of one lane at most. The rest has to wait for its next claim, so that a lane with a
/// thousand events does not keep the others waiting.
const EVENTS: i64 = 16;

/// An update to store.
#[derive(Debug, Clone)]
pub struct NewUpdate {
    /// Telegram's number.
    pub update_id: i64,
    /// The Bot API's name of its kind; empty if it has none.
    pub kind: String,
    /// The JSON, byte for byte.
    pub raw: String,
    /// Plugin and chat of each lane that gets it as an event.
    pub lanes: Vec<(PluginName, i64)>,
}

/// What was stored of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Updates stored for the first time.
    pub new: usize,
    /// Updates that were stored before, and were ignored.
    pub known: usize,
}

/// An event that waits for its turn.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its place in the inbox.
    pub seq: i64,
    /// How many turns have failed on it.
    pub attempt: u32,
    /// When it was stored.
    pub created_at: Millis,
    /// Telegram's number of the update behind it.
    pub update_id: i64,
    /// The Bot API's name of its kind; empty if it has none.
    pub kind: String,
    /// The update's JSON, byte for byte.
    pub raw: String,
}

/// A lane of turns and what is due in it.
#[derive(Debug)]
pub struct ClaimedTurns {
    /// The right to run it.
    pub lease: Lease,
    /// What is due, in order; at least one.
    pub events: Vec<Waiting>,
}

/// How a turn failed.
#[derive(Debug, Clone)]
pub enum Failed {
    /// It is tried again; until then its lane waits.
    RetryAt {
        /// Not before this time.
        at: Millis,
        /// Why it failed.
        reason: String,
    },
    /// It is given up: a dead letter.
    Dead {
        /// Why.
        reason: String,
    },
}

static INSERT_LANES: Sql = Sql::new(
    "WITH item (plugin, chat_id) AS ({rows})
     INSERT INTO lanes (kind, bot_id, plugin, chat_id, due_at, fence)
     SELECT 1, $1, plugin, chat_id, $2, 0 FROM item WHERE chat_id IS NOT NULL ORDER BY plugin, chat_id
     ON CONFLICT (kind, bot_id, plugin, chat_id) DO UPDATE SET due_at = COALESCE(lanes.due_at, excluded.due_at)
     RETURNING id, plugin, chat_id",
);
static EVENTS_OF: Sql = Sql::new(
    "WITH item (lane_id) AS ({rows})
     SELECT i.lane_id, i.seq, i.due_at, i.attempt, i.created_at,
            COALESCE(u.update_id, 0), COALESCE(u.kind, ''), COALESCE(u.raw, '')
     FROM item
     JOIN inbox i ON i.lane_id = item.lane_id AND i.state = 0 AND i.seq <= COALESCE(
         (SELECT n.seq FROM inbox n WHERE n.lane_id = item.lane_id AND n.state = 0 ORDER BY n.seq LIMIT 1 OFFSET $1),
         9223372036854775807)
     LEFT JOIN updates u ON u.seq = i.update_seq
     ORDER BY i.seq",
);
static RETRY: Sql = Sql::new(
    "UPDATE inbox SET attempt = attempt + 1, due_at = $3, reason = $4 WHERE seq = $1 AND lane_id = $2 AND state = 0",
);
static GIVE_UP: Sql = Sql::new(
    "UPDATE inbox SET attempt = attempt + 1, state = 2, ended_at = $3, reason = $4
     WHERE seq = $1 AND lane_id = $2 AND state = 0",
);

struct Accept {
    /// Lane, fence and host of the polling that fetched the updates.
    poll: Option<(i64, i64, i64)>,
    bot: BotId,
    now: Millis,
    updates: Vec<NewUpdate>,
}

impl Job for Accept {
    /// `None`: the lease is lost.
    type Output = Option<Accepted>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Self::Output>, StoreError> {
        let mut steps = Vec::new();
        if let Some((lane, fence, host)) = self.poll {
            steps.push(lanes::lock(lane, fence, host));
        }
        steps.extend(self.insert_updates());
        let mut answers = session.run(&steps).await?.into_iter();
        if self.poll.is_some() && answers.next().is_none_or(|held| held.rows.is_empty()) {
            return Ok(Verdict::Undo(None));
        }
        let mut stored = HashMap::new();
        for row in answers.flat_map(|answer| answer.rows) {
            stored.insert(row.integer(1)?, row.integer(0)?);
        }
        let accepted = Accepted { new: stored.len(), known: self.updates.len() - stored.len() };
        self.insert_events(stored, session).await?;
        Ok(Verdict::Commit(Some(accepted)))
    }
}

impl Accept {
    fn insert_updates(&self) -> impl Iterator<Item = Step> {
        rows::in_chunks(&self.updates, 3).map(|some| {
            let values = rows::values(some.len(), &["$1", "?", "?", "?", "$2"], 2);
            let text = format!(
                "INSERT INTO updates (bot_id, update_id, kind, raw, received_at) {values}
                 ON CONFLICT (bot_id, update_id) DO NOTHING RETURNING seq, update_id"
            );
            let mut params = params![self.bot.0, self.now];
            for update in some {
                params.extend(params![update.update_id, update.kind.as_str(), update.raw.as_str()]);
            }
            Step::made(text, params)
        })
    }

    fn insert(&self, events: &[(i64, i64)]) -> Step {
        let columns = "due_at, created_at, lane_id, update_seq, state, attempt";
        let values = rows::values(events.len(), &["$1", "$1", "?", "?", "0", "0"], 1);
        let mut params = params![self.now];
        params.extend(events.iter().flat_map(|(lane, update)| params![*lane, *update]));
        Step::made(format!("INSERT INTO inbox ({columns}) {values}"), params)
    }

    /// The events of the updates that are new, by Telegram's number. First the lanes: rule 3 of `lanes`.
    async fn insert_events(&self, mut stored: HashMap<i64, i64>, session: &mut Session<'_>) -> Result<(), StoreError> {
        let mut events = Vec::new();
        for update in &self.updates {
            // Of two with one number in the same batch only the first is there.
            let Some(seq) = stored.remove(&update.update_id) else { continue };
            events.extend(update.lanes.iter().map(|(plugin, chat)| (plugin.as_str(), *chat, seq)));
        }
        if events.is_empty() {
            return Ok(());
        }
        let names: HashSet<_> = events.iter().map(|(plugin, chat, _)| (*plugin, *chat)).collect();
        let names = names.into_iter().map(|(plugin, chat)| [plugin.into(), chat.into()]).collect();
        // Ordered by the query, so that two hosts never wait for each other's lanes crosswise.
        let steps: Vec<_> = INSERT_LANES.with_rows(&[Param::from(self.bot.0), Param::from(self.now)], names).collect();
        let answers = session.run(&steps).await?;
        let lanes = answers
            .into_iter()
            .flat_map(|answer| answer.rows)
            .map(|mut row| Ok(((row.text(1)?, row.integer(2)?), row.integer(0)?)));
        let lanes: HashMap<_, _> = lanes.collect::<Result<_, StoreError>>()?;
        let lane_of = |plugin: &str, chat| lanes.get(&(plugin.to_owned(), chat)).copied();
        let events = events.iter().map(|(plugin, chat, seq)| {
            lane_of(plugin, *chat).map(|lane| (lane, *seq)).ok_or_else(|| StoreError::unexpected("no lane"))
        });
        let events: Vec<_> = events.collect::<Result<_, _>>()?;
        let steps: Vec<_> = rows::in_chunks(&events, 2).map(|some| self.insert(some)).collect();
        session.run(&steps).await?;
        Ok(())
    }
}

struct ClaimTurns(Claim, usize, Vec<(BotId, PluginName)>);

impl Job for ClaimTurns {
    type Output = Vec<ClaimedTurns>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Self::Output>, StoreError> {
        let Self(claim, limit, without) = self;
        let leases = claim.turns(*limit, without, session).await?;
        if leases.is_empty() {
            return Ok(Verdict::Commit(vec![]));
        }
        let lanes = leases.iter().map(|lease| [lease.lane.into()]).collect();
        let steps: Vec<_> = EVENTS_OF.with_rows(&[Param::from(EVENTS - 1)], lanes).collect();
        let answers = session.run(&steps).await?;
        let mut events: HashMap<i64, Vec<Waiting>> = HashMap::new();
        let mut blocked = HashSet::new();
        for mut row in answers.into_iter().flat_map(|answer| answer.rows) {
            let lane = row.integer(0)?;
            // What comes after an event that has to wait has to wait too.
            if row.integer(2)? > claim.now {
                blocked.insert(lane);
            }
            if !blocked.contains(&lane) {
                events.entry(lane).or_default().push(Waiting {
                    seq: row.integer(1)?,
                    attempt: u32::try_from(row.integer(3)?).unwrap_or(u32::MAX),
                    created_at: row.integer(4)?,
                    update_id: row.integer(5)?,
                    kind: row.text(6)?,
                    raw: row.text(7)?,
                });
            }
        }
        let mut claimed = Vec::with_capacity(leases.len());
        for lease in leases {
            match events.remove(&lease.lane) {
                Some(events) => claimed.push(ClaimedTurns { lease, events }),
                // A host that died has left a wrong time behind.
                None => drop(session.one(lanes::free(lease.lane, lease.fence, claim.host)).await?),
            }
        }
        claimed.sort_by_key(|lane| lane.events[0].seq);
        Ok(Verdict::Commit(claimed))
    }

    fn settle(&self, output: &mut Self::Output) {
        self.0.settle(output.iter_mut().map(|claimed| &mut claimed.lease));
    }
}

struct FailTurn {
    lane: i64,
    fence: i64,
    host: i64,
    event: i64,
    now: Millis,
    failed: Failed,
    then: Then,
}

impl Job for FailTurn {
    /// Whether the lane was still held.
    type Output = bool;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, StoreError> {
        let held = session.one(lanes::lock(self.lane, self.fence, self.host)).await?;
        if held.rows.is_empty() {
            return Ok(Verdict::Undo(false));
        }
        let mut steps = vec![match &self.failed {
            Failed::RetryAt { at, reason } => RETRY.with(params![self.event, self.lane, *at, super::printable(reason)]),
            Failed::Dead { reason } => GIVE_UP.with(params![self.event, self.lane, self.now, super::printable(reason)]),
        }];
        if self.then == Then::Release {
            steps.push(lanes::free(self.lane, self.fence, self.host));
        }
        session.run(&steps).await?;
        Ok(Verdict::Commit(true))
    }
}

impl Store {
    /// Stores a batch of updates and an event for each of their lanes, all or nothing (TXN 1). Once this has returned,
    /// Telegram may forget them. Updates that were stored before are ignored wholly. With the lease of the polling, a
    /// host that has lost it stores nothing.
    pub async fn accept(
        &self,
        poll: Option<&Lease>,
        bot: BotId,
        updates: Vec<NewUpdate>,
    ) -> Result<Accepted, StoreError> {
        let place = poll.map(|lease| (lease.lane, lease.fence, self.shared.host));
        let job = Accept { poll: place, bot, now: self.shared.clock.now(), updates };
        match self.shared.engine.write(job).await? {
            Some(accepted) => {
                self.shared.hints.give(Channel::Lanes);
                Ok(accepted)
            }
            None => {
                let lane = poll.map(|lease| {
                    lease.spend();
                    lease.to_string()
                });
                Err(StoreError::LeaseLost { lane: lane.unwrap_or_default() })
            }
        }
    }

    /// Claims up to `limit` lanes whose next event is due (TXN 2), the longest waiting first.
    pub async fn claim_turns(&self, limit: usize) -> Result<Vec<ClaimedTurns>, StoreError> {
        self.claim_turns_without(limit, &[]).await
    }

    /// The same, leaving the lanes of these plugins to wait.
    pub async fn claim_turns_without(
        &self,
        limit: usize,
        without: &[(BotId, PluginName)],
    ) -> Result<Vec<ClaimedTurns>, StoreError> {
        let claim = Claim::new(self, LaneKind::Turns);
        self.shared.engine.write(ClaimTurns(claim, limit, without.to_vec())).await
    }

    /// Records that a turn has failed. After [`Failed::RetryAt`] the lane has to be released: its events wait together.
    pub async fn fail_turn(
        &self,
        lease: &Lease,
        event: i64,
        failed: Failed,
        then: Then,
    ) -> Result<FenceOutcome, StoreError> {
        let (lane, fence, host, now) = (lease.lane, lease.fence, self.shared.host, self.shared.clock.now());
        let held = self.shared.engine.write(FailTurn { lane, fence, host, event, now, failed, then }).await?;
        Ok(lease.after(held, then))
    }
}
