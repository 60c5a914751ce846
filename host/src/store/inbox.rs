//! The inbox: updates as Telegram sent them, and the events that wait for their turns. What makes one event of the
//! updates of an album is in `inbox/albums`.

use std::collections::{HashMap, HashSet};

use super::commit::NewCall;
use super::dialect::Sql;
use super::engine::{Bearing, Channel, Job, Verdict};
use super::error::StoreError;
use super::lanes::{self, Claim, LaneKind};
use super::leases::Lease;
use super::session::{Param, Session, Step, params};
use super::users::{self, SeenUser};
use super::{Store, alerts, chats, rows};
use crate::clock::Millis;
use crate::model::{BotId, Part, PluginName};
use albums::NewEvent;

mod albums;

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
    /// The lanes that get it as an event.
    pub lanes: Vec<Addressee>,
    /// The chat that shows with it that it can be written to.
    pub spoke: Option<i64>,
    /// Whether that is the private chat with an admin, who is told then what could not be told before.
    pub admin: bool,
    /// A group, and the supergroup that it has become.
    pub moved: Option<(i64, i64)>,
    /// Whose doing it is.
    pub from: Option<SeenUser>,
    /// If it is a part of an album: which, and for whose lanes that is gathered into one event.
    pub album: Option<Album>,
    /// What the host itself has to say to it.
    pub host: Vec<NewCall>,
}

/// A lane that gets an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The plugin or processor.
    pub part: Part,
    /// The chat; the user where there is none.
    pub chat: i64,
    /// Who is asked after it, one by one, if it passes.
    pub next: Vec<PluginName>,
}

/// An album that some plugins want in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Album {
    /// Telegram's name of it.
    pub id: String,
    /// Those who want it so.
    pub parts: Vec<Part>,
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
    /// Worthless after this time; `None`: as the kind of its update says.
    pub expires_at: Option<Millis>,
    /// Telegram's number of the update behind it.
    pub update_id: i64,
    /// The Bot API's name of its kind; empty if it has none.
    pub kind: String,
    /// The update's JSON, byte for byte.
    pub raw: String,
    /// The JSON of the further updates of an album, oldest first; `None`: it is no album.
    pub parts: Option<Vec<String>>,
    /// The event as the host's JSON, if no update is behind it.
    pub payload: Option<String>,
    /// What is needed to hand it on.
    pub origin: Origin,
}

/// Where an event comes from and who else may get it.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The update behind it.
    pub update_seq: Option<i64>,
    /// Telegram's name of the album that it is.
    pub album: Option<String>,
    /// Who is asked after this one, one by one, if it passes.
    pub next: Vec<PluginName>,
}

/// Names in one text, and back.
pub(super) fn chain(next: &[PluginName]) -> Option<String> {
    let names: Vec<_> = next.iter().map(PluginName::as_str).collect();
    (!names.is_empty()).then(|| names.join(","))
}

fn unchained(chain: &str) -> Vec<PluginName> {
    chain.split(',').filter_map(PluginName::new).collect()
}

/// What a claim of turns has brought.
#[derive(Debug, Default)]
pub struct DueTurns {
    /// The lanes, those whose events have waited longest first.
    pub lanes: Vec<ClaimedTurns>,
    /// When the next lane of these plugins is due that was not.
    pub next: Option<Millis>,
}

/// A lane of turns and what is due in it.
#[derive(Debug)]
pub struct ClaimedTurns {
    /// The right to run it.
    pub lease: Lease,
    /// What is due, in order; at least one.
    pub events: Vec<Waiting>,
}

pub(super) static INSERT_LANES: Sql = Sql::new(
    "WITH item (plugin, chat_id) AS ({rows})
     INSERT INTO lanes (kind, bot_id, plugin, chat_id, due_at, fence)
     SELECT 1, $1, plugin, chat_id, $2, 0 FROM item WHERE chat_id IS NOT NULL ORDER BY plugin, chat_id
     ON CONFLICT (kind, bot_id, plugin, chat_id) DO UPDATE SET due_at = COALESCE(lanes.due_at, excluded.due_at)
     RETURNING id, plugin, chat_id",
);
static EVENTS_OF: Sql = Sql::new(
    "WITH item (lane_id) AS ({rows})
     SELECT i.lane_id, i.seq, i.due_at, i.attempt, i.created_at,
            i.expires_at, COALESCE(u.update_id, 0), COALESCE(u.kind, ''), COALESCE(u.raw, ''), i.gathering,
            i.update_seq, i.album, i.chain, i.payload
     FROM item
     JOIN inbox i ON i.lane_id = item.lane_id AND i.state = 0 AND i.seq <= COALESCE(
         (SELECT n.seq FROM inbox n WHERE n.lane_id = item.lane_id AND n.state = 0 ORDER BY n.seq LIMIT 1 OFFSET $1),
         9223372036854775807)
     LEFT JOIN updates u ON u.seq = i.update_seq
     ORDER BY i.seq",
);
/// From the waiting events on, by their index: a bot has many more lanes than events that wait. Those of plugins that the
/// bot has no longer do not count: nothing that is done would make room.
static WAITING: Sql = Sql::new(
    "WITH item (plugin) AS ({rows})
     SELECT COUNT(*) FROM (
         SELECT 1 FROM inbox i WHERE i.state = 0 AND EXISTS (
             SELECT 1 FROM lanes l JOIN item ON item.plugin = l.plugin WHERE l.id = i.lane_id AND l.bot_id = $1)
         LIMIT $2
     ) AS waiting",
);
struct Accept {
    /// Lane, fence and host of the polling that fetched the updates.
    poll: Option<(i64, i64, i64)>,
    bot: BotId,
    now: Millis,
    updates: Vec<NewUpdate>,
    /// People behind them who are new, or called otherwise than before.
    users: Vec<SeenUser>,
}

/// What updates say about their chats.
struct News {
    /// Groups that have become supergroups.
    moved: Vec<Step>,
    /// Those that can be written to, if some could not.
    spoke: HashSet<i64>,
    /// Those of them that are admins'.
    admins: HashSet<i64>,
}

impl Job for Accept {
    /// With whether alerts are sent that could not be before. `None`: the lease is lost.
    type Output = Option<(Accepted, bool)>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Self::Output>, StoreError> {
        let mut steps = Vec::new();
        if let Some((lane, fence, host)) = self.poll {
            steps.push(lanes::lock(lane, fence, host));
        }
        steps.extend(self.insert_updates());
        let users = steps.len();
        steps.extend(users::note(self.bot, &self.users, self.now));
        let mut answers = session.run(&steps).await?;
        answers.truncate(users);
        let mut answers = answers.into_iter();
        if self.poll.is_some() && answers.next().is_none_or(|held| held.rows.is_empty()) {
            return Ok(Verdict::Undo(None));
        }
        let (mut stored, mut suspended) = (HashMap::new(), 0);
        for row in answers.flat_map(|answer| answer.rows) {
            stored.insert(row.integer(1)?, row.integer(0)?);
            suspended = row.integer(2)?;
        }
        let news = self.news(&stored, suspended > 0);
        let new = self.updates.iter().filter(|update| stored.contains_key(&update.update_id));
        let calls: Vec<_> = new.flat_map(|update| update.host.iter().cloned()).collect();

        let (new, known) = (stored.len(), self.updates.len() - stored.len());
        self.insert_events(stored, session).await?;
        // All of them, before anything is said about a chat: whoever sends there has its lane first as well.
        let chats = news.admins.iter().copied().chain(calls.iter().map(|call| call.chat));
        alerts::lock(self.bot, chats, session).await?;
        session.run(&news.moved).await?;
        let mut lifted = chats::lift(self.bot, news.spoke.into_iter(), session).await?;
        lifted.retain(|lifted| news.admins.contains(&lifted.chat));
        let late_alerts = alerts::send_after_all(self.bot, &lifted, self.now, session).await?;
        alerts::send(self.bot, &calls, self.now, session).await?;
        Ok(Verdict::Commit(Some((Accepted { new, known }, late_alerts))))
    }

    fn bearing(&self, on: Channel) -> Bearing {
        let says = |update: &NewUpdate| update.admin || !update.host.is_empty();
        if on == Channel::Lanes || self.updates.iter().any(says) { Bearing::MakesDue } else { Bearing::None }
    }
}

impl Accept {
    fn insert_updates(&self) -> impl Iterator<Item = Step> {
        rows::in_chunks(&self.updates, 3).map(|some| {
            let values = rows::values(some.len(), &["$1", "?", "?", "?", "$2"], 2);
            let text = format!(
                "INSERT INTO updates (bot_id, update_id, kind, raw, received_at) {values}
                 ON CONFLICT (bot_id, update_id) DO NOTHING RETURNING seq, update_id,
                     (SELECT COUNT(*) FROM (
                         SELECT 1 FROM chats WHERE bot_id = $1 AND suspended_at IS NOT NULL LIMIT 1) AS found)"
            );
            let mut params = params![self.bot.0, self.now];
            for update in some {
                params.extend(params![update.update_id, update.kind.as_str(), update.raw.as_str()]);
            }
            Step::made(text, params)
        })
    }

    /// What the new updates say about their chats. Asking whether any is suspended costs no statement of its own.
    fn news(&self, stored: &HashMap<i64, i64>, some_are_suspended: bool) -> News {
        let new = || self.updates.iter().filter(|update| stored.contains_key(&update.update_id));
        let spoke = || new().filter(|_| some_are_suspended);
        News {
            moved: new().filter_map(|update| update.moved).map(|(from, to)| chats::moved(self.bot, from, to)).collect(),
            spoke: spoke().filter_map(|update| update.spoke).collect(),
            admins: spoke().filter(|update| update.admin).filter_map(|update| update.spoke).collect(),
        }
    }

    fn insert(&self, events: &[NewEvent<'_>]) -> Step {
        let columns = "due_at, created_at, lane_id, update_seq, state, attempt, chain";
        let values = rows::values(events.len(), &["$1", "$1", "?", "?", "0", "0", "?"], 1);
        let mut params = params![self.now];
        params.extend(events.iter().flat_map(|event| params![event.lane, event.update, event.chain.clone()]));
        Step::made(format!("INSERT INTO inbox ({columns}) {values}"), params)
    }

    /// The events of the updates that are new, by Telegram's number. First the lanes: rule 3 of `lanes`.
    async fn insert_events(&self, mut stored: HashMap<i64, i64>, session: &mut Session<'_>) -> Result<(), StoreError> {
        let mut events = Vec::new();
        for update in &self.updates {
            // Of two with one number in the same batch only the first is there.
            let Some(seq) = stored.remove(&update.update_id) else { continue };
            let album = |part| update.album.as_ref().filter(|album| album.parts.contains(part));
            events.extend(update.lanes.iter().map(|to| (to, seq, album(&to.part))));
        }
        if events.is_empty() {
            return Ok(());
        }
        let names: HashSet<_> = events.iter().map(|(to, ..)| (to.part.as_str(), to.chat)).collect();
        let names = names.into_iter().map(|(part, chat)| [part.into(), chat.into()]).collect();
        // Ordered by the query, so that two hosts never wait for each other's lanes crosswise.
        let steps: Vec<_> = INSERT_LANES.with_rows(&[Param::from(self.bot.0), Param::from(self.now)], names).collect();
        let answers = session.run(&steps).await?;
        let lanes = answers
            .into_iter()
            .flat_map(|answer| answer.rows)
            .map(|mut row| Ok(((row.text(1)?, row.integer(2)?), row.integer(0)?)));
        let lanes: HashMap<_, _> = lanes.collect::<Result<_, StoreError>>()?;
        let lane_of = |to: &Addressee| lanes.get(&(to.part.as_str().to_owned(), to.chat)).copied();
        let events = events.iter().map(|(to, update, album)| {
            let lane = lane_of(to).ok_or_else(|| StoreError::unexpected("no lane"))?;
            let album = album.map(|album| album.id.as_str());
            Ok(NewEvent { lane, update: *update, album, chain: chain(&to.next) })
        });
        let events: Vec<_> = events.collect::<Result<_, StoreError>>()?;
        if events.iter().any(|event| event.album.is_some()) {
            return albums::insert(&events, self.now, session).await;
        }
        let steps: Vec<_> = rows::in_chunks(&events, 3).map(|some| self.insert(some)).collect();
        session.run(&steps).await?;
        Ok(())
    }
}

struct ClaimTurns(Claim, usize, Vec<(BotId, Part)>);

impl Job for ClaimTurns {
    type Output = DueTurns;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Self::Output>, StoreError> {
        let Self(claim, limit, plugins) = self;
        let (leases, mut next) = match plugins.is_empty() {
            true => (vec![], None),
            false => claim.turns(*limit, plugins, session).await?,
        };
        if leases.is_empty() {
            return Ok(Verdict::Commit(DueTurns { lanes: vec![], next }));
        }
        let lanes = leases.iter().map(|lease| [lease.lane.into()]).collect();
        let steps: Vec<_> = EVENTS_OF.with_rows(&[Param::from(EVENTS - 1)], lanes).collect();
        let answers = session.run(&steps).await?;
        let mut events: HashMap<i64, Vec<Waiting>> = HashMap::new();
        let mut blocked = HashSet::new();
        for mut row in answers.into_iter().flat_map(|answer| answer.rows) {
            let lane = row.integer(0)?;
            // What comes after an event that has to wait has to wait too.
            if row.integer(2)? > claim.now() {
                blocked.insert(lane);
            }
            if !blocked.contains(&lane) {
                events.entry(lane).or_default().push(Waiting {
                    seq: row.integer(1)?,
                    attempt: u32::try_from(row.integer(3)?).unwrap_or(u32::MAX),
                    created_at: row.integer(4)?,
                    expires_at: row.maybe_integer(5)?,
                    update_id: row.integer(6)?,
                    kind: row.text(7)?,
                    raw: row.text(8)?,
                    parts: (row.integer(9)? != 0).then(Vec::new),
                    payload: row.maybe_text(13)?,
                    origin: Origin {
                        update_seq: row.maybe_integer(10)?,
                        album: row.maybe_text(11)?,
                        next: row.maybe_text(12)?.as_deref().map(unchained).unwrap_or_default(),
                    },
                });
            }
        }
        albums::hand_out(events.values_mut().flatten(), session).await?;
        let mut lanes = Vec::with_capacity(leases.len());
        for lease in leases {
            match events.remove(&lease.lane) {
                Some(events) => lanes.push(ClaimedTurns { lease, events }),
                // A host that died has left a wrong time behind. What the right one is, the next look shows.
                None => {
                    session.one(lanes::free(lease.lane, lease.fence, claim.host)).await?;
                    next = Some(claim.now());
                }
            }
        }
        lanes.sort_by_key(|lane| lane.events[0].seq);
        Ok(Verdict::Commit(DueTurns { lanes, next }))
    }

    fn bearing(&self, on: Channel) -> Bearing {
        self.0.bearing(on)
    }

    fn settle(&self, output: &mut Self::Output) {
        self.0.settle(output.lanes.iter_mut().map(|claimed| &mut claimed.lease));
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
        let users = self.shared.known.new_among(bot, &updates);
        let says = updates.iter().any(|update| !update.host.is_empty());
        let job = Accept { poll: place, bot, now: self.shared.clock.now(), updates, users: users.clone() };
        match self.shared.engine.write(job).await? {
            Some((accepted, late_alerts)) => {
                self.shared.known.learn(bot, &users);
                if accepted.new > 0 {
                    self.shared.hints.give(Channel::Lanes);
                }
                if says || late_alerts {
                    self.shared.hints.give(Channel::Outbox);
                }
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

    /// How many events of these plugins of a bot wait for their turns, counted up to `most`.
    pub async fn waiting_events(
        &self,
        bot: BotId,
        parts: impl Iterator<Item = Part>,
        most: i64,
    ) -> Result<i64, StoreError> {
        let rows: Vec<_> = parts.map(|part| [Param::from(part.as_str())]).collect();
        let Some(step) = WAITING.with_rows(&[Param::from(bot.0), Param::from(most)], rows).next() else { return Ok(0) };
        let answer = self.shared.engine.read(step).await?;
        answer.rows.first().map_or(Ok(0), |row| row.integer(0))
    }

    /// Claims up to `limit` lanes of these plugins whose next event is due (TXN 2), the longest waiting first.
    pub async fn claim_turns(&self, limit: usize, plugins: &[(BotId, Part)]) -> Result<DueTurns, StoreError> {
        let job = ClaimTurns(Claim::new(self, LaneKind::Turns), limit, plugins.to_vec());
        let claimed = self.shared.engine.write(job).await;
        claimed.inspect_err(|_| self.shared.leases.doubt(LaneKind::Turns))
    }

    /// The same, as soon as something may have become due: on SQLite in the transaction that makes it so. `None`:
    /// `otherwise` has ended before, and nothing was claimed.
    pub async fn claim_turns_when_due(
        &self,
        limit: usize,
        plugins: &[(BotId, Part)],
        otherwise: impl Future<Output = ()>,
    ) -> Result<Option<DueTurns>, StoreError> {
        let job = ClaimTurns(Claim::new(self, LaneKind::Turns), limit, plugins.to_vec());
        let claimed = self.shared.engine.write_when_due(Channel::Lanes, job, otherwise).await;
        claimed.inspect_err(|_| self.shared.leases.doubt(LaneKind::Turns))
    }
}
