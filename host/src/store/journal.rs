//! Turns as they were, for a while: one row a turn, written in the transaction that ends it, so that whatever is
//! committed is in the journal and nothing else is. What the bytes mean is not known here.
//!
//! It is bounded twice: by age, in `tidy`, and by size, here. Whoever writes counts, and the oldest go once a twentieth
//! of the room was written anew.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::Store;
use super::desk::Desk;
use super::dialect::Sql;
use super::engine::{Engine, Job, Verdict};
use super::error::StoreError;
use super::leases::Lease;
use super::session::{Param, Record, Session, Step, params};
use super::shadows::Unquote;
use super::{dead::Whose, printable};
use crate::clock::Millis;
use crate::model::BotId;

/// Rows that go in one transaction at most.
const BATCH: i64 = 500;
/// Rows that one question looks at that asks for turns of a plugin, a bot or a person. There may be a million, and a question
/// that takes two seconds is given up. No index says whose they are: each turn would pay for what hardly anybody asks. Nor
/// do their events, which stand with their lanes, as those may be forgotten before the turns are. So such questions go
/// through the numbers, a stretch at a time.
const WINDOW: i64 = 1_000;
/// Stretches in a row without any of the turns that are asked for, after which nobody looks further back: such a question
/// would go through all of a journal for a name with a slip in it.
const BARREN: usize = 200;
/// Characters of a reason that are kept; the body has all of it.
const REASON: usize = 500;
/// What a row takes besides its body, about.
const ROW: u64 = 150;

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnEnd {
    /// What it asked for is durable.
    Committed,
    /// The plugin passed.
    Passed,
    /// It failed, and the event is tried again.
    Retried,
    /// It failed, and the event is a dead letter.
    Dead,
    /// It failed, and nobody would wait for another.
    Expired,
}

impl TurnEnd {
    const ALL: [Self; 5] = [Self::Committed, Self::Passed, Self::Retried, Self::Dead, Self::Expired];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Passed => "passed",
            Self::Retried => "failed",
            Self::Dead => "dead",
            Self::Expired => "expired",
        }
    }

    fn number(self) -> i64 {
        self as i64
    }
}

/// A turn to be kept.
#[derive(Debug, Clone)]
pub struct NewTurn {
    /// Whose doing the event was.
    pub user: Option<i64>,
    /// When it began.
    pub at: Millis,
    /// How many turns of the event had failed before.
    pub attempt: u32,
    /// How often it ran again.
    pub conflicts: u32,
    /// Computing time of the last run in microseconds.
    pub cpu_us: i64,
    /// Time by the clock of the last run in microseconds.
    pub elapsed_us: i64,
    /// Memory of the last run.
    pub memory_kib: i64,
    /// Why it failed or passed.
    pub reason: Option<String>,
    /// Everything else.
    pub body: Bytes,
}

/// A turn that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnRow {
    /// Its number.
    pub seq: i64,
    /// The event.
    pub event: i64,
    /// The bot.
    pub bot: BotId,
    /// The bot's name without @; empty if it is not known.
    pub username: String,
    /// The plugin or processor.
    pub part: String,
    /// The chat; the user where there is none.
    pub chat: i64,
    /// Whose doing the event was.
    pub user: Option<i64>,
    /// When it began.
    pub at: Millis,
    /// How it ended.
    pub end: TurnEnd,
    /// How many turns of the event had failed before.
    pub attempt: i64,
    /// How often it ran again.
    pub conflicts: i64,
    /// Computing time in microseconds.
    pub cpu_us: i64,
    /// Time by the clock in microseconds.
    pub elapsed_us: i64,
    /// Memory.
    pub memory_kib: i64,
    /// Why it failed or passed.
    pub reason: Option<String>,
    /// Bytes of the body.
    pub size: i64,
}

/// Turns that were looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundTurns {
    /// Them, newest first.
    pub turns: Vec<TurnRow>,
    /// Those with lower numbers were not looked at, as there were none for so long; `None`: there is nothing older, or there
    /// are as many as were asked for.
    pub looked_to: Option<i64>,
}

/// What is in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalSize {
    /// Turns.
    pub turns: i64,
    /// Bytes of their bodies.
    pub bytes: i64,
}

static INSERT: Sql = Sql::new(
    "INSERT INTO journal (inbox_seq, bot_id, plugin, chat_id, user_id, at, outcome, attempt, conflicts, cpu_us, elapsed_us,
                          memory_kib, reason, size, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
);
macro_rules! turns {
    ($filter:literal) => {
        concat!(
            "SELECT j.seq, j.inbox_seq, j.bot_id, COALESCE(b.username, ''), j.plugin, j.chat_id, j.user_id, j.at, j.outcome,
                    j.attempt, j.conflicts, j.cpu_us, j.elapsed_us, j.memory_kib, j.reason, j.size
             FROM journal j LEFT JOIN bots b ON b.bot_id = j.bot_id WHERE ",
            $filter
        )
    };
}
pub(super) static LAST: Sql = Sql::new(turns!(
    "($1 = '' OR LOWER(b.username) = LOWER($1) OR CAST(j.bot_id AS TEXT) = $1)
     AND ($2 = '' OR j.plugin = $2 OR j.plugin LIKE $2 || '/%') AND j.seq >= $3 AND j.seq < $4
     ORDER BY j.seq DESC LIMIT $5"
));
static ONE: Sql = Sql::new(turns!("j.seq = $1"));
static OF_EVENT: Sql = Sql::new(turns!("j.inbox_seq = $1 ORDER BY j.seq"));
static BODY: Sql = Sql::new("SELECT body FROM journal WHERE seq = $1");
static SIZE: Sql = Sql::new("SELECT COUNT(*), COALESCE(CAST(SUM(size) AS BIGINT), 0) FROM journal");
static OLDEST: Sql = Sql::new("SELECT seq, size FROM journal ORDER BY seq LIMIT $1");
static NEWEST: Sql = Sql::new("SELECT COALESCE(MAX(seq), 0) FROM journal");
static DELETE_UP_TO: Sql = Sql::new("DELETE FROM journal WHERE seq <= $1");
static WINDOW_END: Sql =
    Sql::new("SELECT COALESCE(MAX(w.seq), 0) FROM (SELECT seq FROM journal WHERE seq > $1 ORDER BY seq LIMIT $2) AS w");
static WINDOW_START: Sql = Sql::new(
    "SELECT COALESCE(MIN(w.seq), 0) FROM (SELECT seq FROM journal WHERE seq < $1 ORDER BY seq DESC LIMIT $2) AS w",
);
pub(super) static FIND_OF_USER: Sql =
    Sql::new("SELECT seq FROM journal WHERE seq > $2 AND seq <= $3 AND (user_id = $1 OR chat_id = $1) AND size > 0");
pub(super) static FIND_OF_PLUGIN: Sql = Sql::new(
    "SELECT seq FROM journal WHERE seq > $2 AND seq <= $3 AND (plugin = $1 OR plugin LIKE $1 || '/%') AND size > 0",
);
pub(super) static FIND_ALL: Sql = Sql::new("SELECT seq FROM journal WHERE seq > $1 AND seq <= $2 AND size > 0");
/// The newest row stays but for its words, so that no number is given out twice.
pub(super) static EMPTY: Sql = Sql::new(
    "WITH old (seq) AS ({rows})
     UPDATE journal SET body = $1, size = 0, reason = NULL, user_id = NULL WHERE seq IN (SELECT seq FROM old)",
);
static DELETE: Sql = Sql::new(
    "WITH old (seq) AS ({rows})
     DELETE FROM journal WHERE seq IN (SELECT seq FROM old) AND seq < (SELECT MAX(seq) FROM journal)",
);

/// Bytes that this host has written since it last looked how large the journal is.
#[derive(Default)]
pub(super) struct Written(AtomicU64);

/// Keeps a turn of a lane that ended so.
pub(super) fn keep(written: &Written, lease: &Lease, event: i64, turn: &NewTurn, end: TurnEnd) -> Step {
    let size = i64::try_from(turn.body.len()).unwrap_or(i64::MAX);
    written.0.fetch_add(turn.body.len() as u64 + ROW, Ordering::Relaxed);
    let reason = turn.reason.as_deref().map(|reason| printable(&reason.chars().take(REASON).collect::<String>()));
    INSERT.with(params![
        event,
        lease.bot.0,
        lease.part().map_or("", |part| part.as_str()),
        lease.chat,
        turn.user,
        turn.at,
        end.number(),
        i64::from(turn.attempt),
        i64::from(turn.conflicts),
        turn.cpu_us,
        turn.elapsed_us,
        turn.memory_kib,
        reason,
        size,
        turn.body.clone(),
    ])
}

/// Whose turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// Of a person, and of the private chat with them.
    User(i64),
    /// Of a plugin and its processors.
    Plugin(String),
    /// All.
    All,
}

struct Steps(Vec<Step>);

impl Job for Steps {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        session.run(&self.0).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// Takes the oldest turns away until the rest have no more than so many bytes, if enough was written to look at all.
    /// Cheap when there is nothing to do; call it every few seconds.
    pub async fn trim_journal(&self, most: u64) -> Result<(), StoreError> {
        let Written(written) = &self.shared.written;
        if written.load(Ordering::Relaxed) < most / 20 {
            return Ok(());
        }
        written.store(0, Ordering::Relaxed);
        trim(&self.shared.engine, most).await
    }

    /// Looks at the size of the journal at the next call of [`Self::trim_journal`], whatever was written.
    pub fn doubt_journal(&self) {
        self.shared.written.0.store(u64::MAX / 2, Ordering::Relaxed);
    }
}

async fn trim(engine: &Engine, most: u64) -> Result<(), StoreError> {
    let JournalSize { turns, bytes } = size(engine).await?;
    let room = |turns: i64, bytes: i64| bytes.unsigned_abs() + turns.unsigned_abs() * ROW;
    let mut all = room(turns, bytes);
    while all > most {
        let oldest = engine.read(OLDEST.with(params![BATCH])).await?.rows;
        let newest = number(engine, NEWEST.with(vec![])).await?;
        let mut last = None;
        for row in &oldest {
            let (seq, size) = (row.integer(0)?, row.integer(1)?);
            // The newest row stays, so that no number is given out twice.
            if all <= most || seq == newest {
                break;
            }
            all = all.saturating_sub(room(1, size));
            last = Some(seq);
        }
        let Some(last) = last else { break };
        engine.write(Steps(vec![DELETE_UP_TO.with(params![last])])).await?;
    }
    Ok(())
}

async fn number(engine: &Engine, step: Step) -> Result<i64, StoreError> {
    engine.read(step).await?.rows.first().map_or(Ok(0), |row| row.integer(0))
}

async fn size(engine: &Engine) -> Result<JournalSize, StoreError> {
    let answer = engine.read(SIZE.with(vec![])).await?;
    let row = answer.rows.first().ok_or_else(|| StoreError::unexpected("a count without a row"))?;
    Ok(JournalSize { turns: row.integer(0)?, bytes: row.integer(1)? })
}

impl Desk {
    /// How much is in the journal.
    pub async fn journal_size(&self) -> Result<JournalSize, StoreError> {
        size(&self.engine).await
    }

    /// The newest turns with numbers below this one.
    pub async fn turns(&self, of: &Whose, below: i64, most: i64) -> Result<FoundTurns, StoreError> {
        self.turns_until(of, below, most, BARREN).await
    }

    /// The same, with so many stretches in a row that have none.
    pub(super) async fn turns_until(
        &self,
        of: &Whose,
        mut below: i64,
        most: i64,
        longest: usize,
    ) -> Result<FoundTurns, StoreError> {
        let (mut turns, mut barren) = (Vec::new(), 0);
        loop {
            let left = most - turns.len() as i64;
            let start = number(&self.engine, WINDOW_START.with(params![below, WINDOW])).await?;
            if left <= 0 || start == 0 {
                return Ok(FoundTurns { turns, looked_to: None });
            }
            if barren == longest {
                return Ok(FoundTurns { turns, looked_to: Some(below) });
            }
            let params = of.params().into_iter().chain(params![start, below, left]).collect();
            let rows = self.engine.read(LAST.with(params)).await?.rows;
            barren = if rows.is_empty() { barren + 1 } else { 0 };
            for row in rows {
                turns.push(turn(row)?);
            }
            below = start;
        }
    }

    /// One turn.
    pub async fn turn(&self, seq: i64) -> Result<Option<TurnRow>, StoreError> {
        self.engine.read(ONE.with(params![seq])).await?.rows.into_iter().next().map(turn).transpose()
    }

    /// The turns of an event.
    pub async fn turns_of(&self, event: i64) -> Result<Vec<TurnRow>, StoreError> {
        self.engine.read(OF_EVENT.with(params![event])).await?.rows.into_iter().map(turn).collect()
    }

    /// What was kept of a turn.
    pub async fn turn_body(&self, seq: i64) -> Result<Option<Bytes>, StoreError> {
        let mut answer = self.engine.read(BODY.with(params![seq])).await?;
        answer.rows.first_mut().map(|row| row.bytes(0)).transpose()
    }

    /// Forgets turns that have ended so far; says how many there were. Reports of shadows quote turns, and nothing says whose:
    /// their counts stay and their words go.
    pub async fn purge_turns(&self, which: &Purge) -> Result<usize, StoreError> {
        let plugin = match which {
            Purge::Plugin(plugin) => plugin.as_str(),
            Purge::User(_) | Purge::All => "",
        };
        let newest = number(&self.engine, NEWEST.with(vec![])).await?;
        let (mut count, mut after) = (0, 0);
        while after < newest {
            let end = number(&self.engine, WINDOW_END.with(params![after, WINDOW])).await?;
            let find = match which {
                Purge::User(user) => FIND_OF_USER.with(params![*user, after, end]),
                Purge::Plugin(plugin) => FIND_OF_PLUGIN.with(params![plugin.as_str(), after, end]),
                Purge::All => FIND_ALL.with(params![after, end]),
            };
            let found = self.engine.read(find).await?.rows;
            let seqs: Vec<_> = found.iter().map(|row| row.integer(0)).collect::<Result<_, _>>()?;
            for seqs in seqs.chunks(BATCH as usize) {
                let rows = || seqs.iter().map(|seq| [Param::from(*seq)]).collect::<Vec<_>>();
                let empty: Vec<_> = EMPTY.with_rows(&[Param::from(Bytes::new())], rows()).collect();
                self.engine.write(Steps(empty.into_iter().chain(DELETE.with_rows(&[], rows())).collect())).await?;
                count += seqs.len();
            }
            // Nothing is left beyond it if the newest was deleted meanwhile.
            after = end.max(after + 1);
        }
        // Last: what a shadow has written down until now may quote them, and what it writes from now on does not.
        self.engine.write(Unquote(plugin.to_owned())).await?;
        Ok(count)
    }
}

fn turn(mut row: Record) -> Result<TurnRow, StoreError> {
    let end = usize::try_from(row.integer(8)?).ok().and_then(|number| TurnEnd::ALL.get(number).copied());
    Ok(TurnRow {
        seq: row.integer(0)?,
        event: row.integer(1)?,
        bot: BotId(row.integer(2)?),
        username: row.text(3)?,
        part: row.text(4)?,
        chat: row.integer(5)?,
        user: row.maybe_integer(6)?,
        at: row.integer(7)?,
        end: end.ok_or_else(|| StoreError::unexpected("a turn that ended in no known way"))?,
        attempt: row.integer(9)?,
        conflicts: row.integer(10)?,
        cpu_us: row.integer(11)?,
        elapsed_us: row.integer(12)?,
        memory_kib: row.integer(13)?,
        reason: row.maybe_text(14)?,
        size: row.integer(15)?,
    })
}
