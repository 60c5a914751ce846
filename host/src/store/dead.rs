//! Dead letters, for operators: looked at, tried again, put away, beside hosts that run.
//!
//! [`DeadLetters`] is no host: it holds no lane, takes no lock of a file and brings no schema up to date. On SQLite it is
//! a second process that writes a short transaction now and then, which the log of the database permits; a host there
//! looks for due lanes every few seconds anyway. On PostgreSQL the hosts are given a hint.
//!
//! A letter that is tried again keeps its number, and so its place in its lane: it comes before what still waits there,
//! and after what a host has under way. It gets all its attempts anew, and a day.

use super::desk::Desk;
use super::dialect::{Dialect, Sql};
use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::session::{Param, Record, Session, params};
use super::{Store, hosts};
use crate::clock::{Clock, Millis};
use crate::model::BotId;
use crate::model::payload::Payload;

/// How long a letter that is tried again is worth something.
const ANEW: Millis = 86_400_000;

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number.
    pub seq: i64,
    /// The bot.
    pub bot: BotId,
    /// The bot's name without @; empty if it is not known.
    pub username: String,
    /// The plugin that failed.
    pub plugin: String,
    /// The chat; the user where there is none.
    pub chat: i64,
    /// How many turns have failed on it.
    pub attempts: i64,
    /// When the event came.
    pub created_at: Millis,
    /// When it was given up.
    pub ended_at: Millis,
    /// Why.
    pub reason: String,
    /// The component that failed, by its SHA-256 in hexadecimal; empty if it is not known.
    pub digest: String,
    /// The Bot API's name of the update's kind, or `timer`, `schedule`, `request`; empty if it has none.
    pub kind: String,
    /// The update's JSON, byte for byte, or the event as the host wrote it down; empty if it is not kept.
    pub raw: String,
    /// The JSON of the further updates of an album, oldest first; only [`DeadLetters::show`] asks for them.
    pub parts: Vec<String>,
}

/// Which letters.
#[derive(Debug, Clone, Default)]
pub struct Whose {
    /// Of the bot with this id or this name without @.
    pub bot: Option<String>,
    /// Of this plugin.
    pub plugin: Option<String>,
}

impl Whose {
    pub(super) fn params(&self) -> [Param; 2] {
        let bot = self.bot.as_deref().unwrap_or_default().trim_start_matches('@');
        [bot.into(), self.plugin.as_deref().unwrap_or_default().into()]
    }
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The first number that is no dead letter.
    pub seq: i64,
    /// What is under this number instead: 0 waiting, 1 done, 3 expired, 4 dropped; `None`: nothing.
    pub state: Option<i64>,
}

macro_rules! letters {
    ($filter:literal) => {
        concat!(
            "SELECT i.seq, l.bot_id, COALESCE(b.username, ''), l.plugin, l.chat_id, i.attempt, i.created_at,
                    COALESCE(i.ended_at, 0), COALESCE(i.reason, ''), COALESCE(i.digest, ''), COALESCE(u.kind, ''),
                    COALESCE(u.raw, i.payload, '')
             FROM inbox i JOIN lanes l ON l.id = i.lane_id LEFT JOIN bots b ON b.bot_id = l.bot_id
             LEFT JOIN updates u ON u.seq = i.update_seq
             WHERE i.state = 2 AND ",
            $filter
        )
    };
}
static LIST: Sql = Sql::new(letters!(
    "($1 = '' OR LOWER(b.username) = LOWER($1) OR CAST(l.bot_id AS TEXT) = $1) AND ($2 = '' OR l.plugin = $2 OR l.plugin LIKE $2 || '/%')
     ORDER BY COALESCE(i.ended_at, 0) DESC, i.seq DESC LIMIT $3 OFFSET $4"
));
static COUNT: Sql = Sql::new(
    "SELECT COUNT(*) FROM inbox i JOIN lanes l ON l.id = i.lane_id LEFT JOIN bots b ON b.bot_id = l.bot_id
     WHERE i.state = 2
       AND ($1 = '' OR LOWER(b.username) = LOWER($1) OR CAST(l.bot_id AS TEXT) = $1)
       AND ($2 = '' OR l.plugin = $2 OR l.plugin LIKE $2 || '/%')",
);
static SHOW: Sql = Sql::new(letters!("i.seq = $1"));
static PARTS: Sql = Sql::new(
    "SELECT u.raw FROM parts p JOIN updates u ON u.seq = p.update_seq WHERE p.inbox_seq = $1 ORDER BY p.update_seq",
);
static STATE: Sql = Sql::new("SELECT state FROM inbox WHERE seq = $1");
/// The lanes first: rule 3 of `lanes`.
static LOCK_LANES: Sql = Sql::new(
    "WITH item (seq) AS ({rows})
     SELECT id FROM lanes WHERE id IN (SELECT i.lane_id FROM inbox i JOIN item ON i.seq = item.seq) ORDER BY id
     {for_update}",
);
static REVIVE: Sql = Sql::new(
    "WITH item (seq) AS ({rows})
     UPDATE inbox SET state = 0, attempt = 0, due_at = $1, ended_at = NULL, expires_at = $2
     WHERE state = 2 AND seq IN (SELECT seq FROM item) RETURNING seq",
);
/// A held lane is set right when it is given back. Its time is set all the same: should its host be dead, it counts.
static SET_DUE: Sql = Sql::new(
    "WITH item (id) AS ({rows})
     UPDATE lanes SET due_at =
         (SELECT i.due_at FROM inbox i WHERE i.lane_id = lanes.id AND i.state = 0 ORDER BY i.seq LIMIT 1)
     WHERE id IN (SELECT id FROM item)",
);
static DROP: Sql = Sql::new(
    "WITH item (seq) AS ({rows})
     UPDATE inbox SET state = 4, ended_at = $1 WHERE state = 2 AND seq IN (SELECT seq FROM item) RETURNING seq",
);

enum Act {
    Retry,
    Drop,
}

/// Does something with all of these letters, or nothing if one of them is none.
struct Handle {
    act: Act,
    seqs: Vec<i64>,
    now: Millis,
}

impl Job for Handle {
    type Output = Option<Undone>;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<Option<Undone>>, StoreError> {
        let seqs = || self.seqs.iter().map(|seq| [Param::from(*seq)]).collect::<Vec<_>>();
        let mut lanes = Vec::new();
        let steps: Vec<_> = match self.act {
            Act::Retry => {
                let lock: Vec<_> = LOCK_LANES.with_rows(&[], seqs()).collect();
                for row in session.run(&lock).await?.into_iter().flat_map(|answer| answer.rows) {
                    lanes.push([Param::from(row.integer(0)?)]);
                }
                REVIVE.with_rows(&[Param::from(self.now), Param::from(self.now + ANEW)], seqs()).collect()
            }
            Act::Drop => DROP.with_rows(&[Param::from(self.now)], seqs()).collect(),
        };
        let done = session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows);
        let done: Vec<_> = done.map(|row| row.integer(0)).collect::<Result<_, _>>()?;
        if let Some(seq) = self.seqs.iter().find(|seq| !done.contains(seq)) {
            let state = session.one(STATE.with(params![*seq])).await?;
            let state = state.rows.first().map(|row| row.integer(0)).transpose()?;
            return Ok(Verdict::Undo(Some(Undone { seq: *seq, state })));
        }
        if !lanes.is_empty() {
            session.run(&SET_DUE.with_rows(&[], lanes).collect::<Vec<_>>()).await?;
        }
        Ok(Verdict::Commit(None))
    }
}

/// The dead letters of a database.
pub struct DeadLetters {
    desk: Desk,
    clock: Clock,
}

impl Store {
    /// Its dead letters.
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters { desk: self.desk(), clock: self.shared.clock.clone() }
    }
}

impl DeadLetters {
    /// Those of the database that a desk stands before.
    pub fn of(desk: Desk, clock: &Clock) -> Self {
        Self { desk, clock: clock.clone() }
    }

    /// Where they are.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Those that were given up last, the latest first.
    pub async fn list(&self, filter: &Whose, most: i64) -> Result<Vec<DeadLetter>, StoreError> {
        self.some(filter, most, 0).await
    }

    /// Some of them, the latest first, and how many there are.
    pub async fn page(&self, filter: &Whose, limit: i64, offset: i64) -> Result<(Vec<DeadLetter>, i64), StoreError> {
        let count = self.desk.engine.read(COUNT.with(filter.params().to_vec())).await?;
        let total = count.rows.first().map_or(Ok(0), |row| row.integer(0))?;
        Ok((self.some(filter, limit, offset).await?, total))
    }

    async fn some(&self, filter: &Whose, limit: i64, offset: i64) -> Result<Vec<DeadLetter>, StoreError> {
        let params = filter.params().into_iter().chain(params![limit, offset]).collect();
        self.desk.engine.read(LIST.with(params)).await?.rows.into_iter().map(letter).collect()
    }

    /// One of them, or what is there instead.
    pub async fn show(&self, seq: i64) -> Result<Result<DeadLetter, Undone>, StoreError> {
        match self.desk.engine.read(SHOW.with(params![seq])).await?.rows.into_iter().next() {
            Some(row) => {
                let parts = self.desk.engine.read(PARTS.with(params![seq])).await?.rows.into_iter();
                let parts = parts.map(|mut row| row.text(0)).collect::<Result<_, _>>()?;
                letter(row).map(|letter| Ok(DeadLetter { parts, ..letter }))
            }
            None => {
                let answer = self.desk.engine.read(STATE.with(params![seq])).await?;
                let state = answer.rows.first().map(|row| row.integer(0)).transpose()?;
                Ok(Err(Undone { seq, state }))
            }
        }
    }

    /// Has all of these tried again; nothing if one of them is no dead letter.
    pub async fn retry(&self, seqs: Vec<i64>) -> Result<Result<(), Undone>, StoreError> {
        let undone = self.desk.engine.write(Handle { act: Act::Retry, seqs, now: self.clock.now() }).await?;
        if undone.is_none() && self.desk.engine.dialect == Dialect::Postgres {
            // Who does not hear of it looks within seconds.
            let _ = self.desk.engine.read(hosts::HINT.with(params![Channel::Lanes.name()])).await;
        }
        Ok(undone.map_or(Ok(()), Err))
    }

    /// Puts all of these away; nothing if one of them is no dead letter.
    pub async fn drop(&self, seqs: Vec<i64>) -> Result<Result<(), Undone>, StoreError> {
        let undone = self.desk.engine.write(Handle { act: Act::Drop, seqs, now: self.clock.now() }).await?;
        Ok(undone.map_or(Ok(()), Err))
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        self.desk.close().await;
    }
}

fn letter(mut row: Record) -> Result<DeadLetter, StoreError> {
    let (kind, raw) = (row.text(10)?, row.text(11)?);
    let own = kind.is_empty().then(|| Payload::from_json(&raw)).flatten();
    let kind = own.map_or(kind, |payload| payload.kind().to_owned());
    Ok(DeadLetter {
        seq: row.integer(0)?,
        bot: BotId(row.integer(1)?),
        username: row.text(2)?,
        plugin: row.text(3)?,
        chat: row.integer(4)?,
        attempts: row.integer(5)?,
        created_at: row.integer(6)?,
        ended_at: row.integer(7)?,
        reason: row.text(8)?,
        digest: row.text(9)?,
        kind,
        raw,
        parts: Vec::new(),
    })
}
