//! What shadows did differently, counted: one row for each difference, with the latest event as an example. A shadow that
//! differs in every turn fills no disk: beyond a number of differences the others are counted as one.

use super::desk::Desk;
use super::dialect::Sql;
use super::engine::{Job, Verdict};
use super::error::StoreError;
use super::session::{Record, Session, params};
use super::{Store, dead::Whose, printable};
use crate::clock::Millis;
use crate::model::{BotId, PluginName};

/// Differences of one shadow that are told apart.
const DIFFERENT: i64 = 200;
/// Bytes of a difference that are kept.
const TEXT: usize = 4_000;
/// What turns that did the same, and those that were not run, have for a signature.
const SAME: &str = "";
const DROPPED: &str = "dropped";
const OTHERS: &str = "others";

/// How a shadow's run compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Compared {
    /// It did the same.
    Same,
    /// It was not run, because too many waited.
    Dropped,
    /// It did something else: a digest of what, and what in words.
    Differs {
        /// Equal differences have the same.
        signature: String,
        /// What a person reads.
        words: String,
    },
}

/// Turns of a shadow to be counted.
#[derive(Debug, Clone)]
pub struct NewShadow {
    /// The bot.
    pub bot: BotId,
    /// The plugin.
    pub plugin: PluginName,
    /// The other build, by the SHA-256 of its component in hexadecimal.
    pub digest: String,
    /// How they compared.
    pub compared: Compared,
    /// How many.
    pub turns: i64,
    /// The latest event.
    pub event: i64,
    /// When that was.
    pub at: Millis,
}

/// A difference, and how often it was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowRow {
    /// The bot.
    pub bot: BotId,
    /// The bot's name without @; empty if it is not known.
    pub username: String,
    /// The plugin.
    pub plugin: String,
    /// The other build.
    pub digest: String,
    /// `same`, `dropped`, `others` (beyond those that are told apart) or `differs`.
    pub kind: &'static str,
    /// What a person reads.
    pub words: String,
    /// How many turns.
    pub turns: i64,
    /// The latest event.
    pub event: i64,
    /// A turn of it that is in the journal.
    pub turn: Option<i64>,
    /// When that was.
    pub at: Millis,
}

static KNOWN: Sql = Sql::new(
    "SELECT COUNT(*), COALESCE(SUM(CASE WHEN signature = $4 THEN 1 ELSE 0 END), 0) FROM shadows
     WHERE bot_id = $1 AND plugin = $2 AND digest = $3",
);
static COUNT: Sql = Sql::new(
    "INSERT INTO shadows (bot_id, plugin, digest, signature, difference, turns, event, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (bot_id, plugin, digest, signature) DO UPDATE SET
         turns = shadows.turns + excluded.turns, event = excluded.event, at = excluded.at",
);
static REPORT: Sql = Sql::new(
    "SELECT s.bot_id, COALESCE(b.username, ''), s.plugin, s.digest, s.signature, s.difference, s.turns, s.event,
            (SELECT MAX(j.seq) FROM journal j WHERE j.inbox_seq = s.event AND j.bot_id = s.bot_id
                AND (j.plugin = s.plugin OR j.plugin LIKE s.plugin || '/%')), s.at
     FROM shadows s LEFT JOIN bots b ON b.bot_id = s.bot_id
     WHERE ($1 = '' OR LOWER(b.username) = LOWER($1) OR CAST(s.bot_id AS TEXT) = $1) AND ($2 = '' OR s.plugin = $2)
     ORDER BY s.bot_id, s.plugin, s.digest, s.turns DESC, s.signature",
);
static FORGET: Sql = Sql::new(
    "DELETE FROM shadows WHERE ($2 = '' OR plugin = $2) AND ($1 = '' OR CAST(bot_id AS TEXT) = $1 OR bot_id IN
         (SELECT b.bot_id FROM bots b WHERE LOWER(b.username) = LOWER($1)))",
);

struct Count(Vec<NewShadow>);

impl Job for Count {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        for shadow in &self.0 {
            let (mut signature, mut words) = match &shadow.compared {
                Compared::Same => (SAME, ""),
                Compared::Dropped => (DROPPED, ""),
                Compared::Differs { signature, words } => (signature.as_str(), words.as_str()),
            };
            let key = params![shadow.bot.0, shadow.plugin.as_str(), shadow.digest.as_str(), signature];
            let known = session.one(KNOWN.with(key)).await?;
            let known = known.rows.first().ok_or_else(|| StoreError::unexpected("a count without a row"))?;
            if known.integer(0)? >= DIFFERENT && known.integer(1)? == 0 && signature.len() > DROPPED.len() {
                (signature, words) = (OTHERS, "");
            }
            let words = printable(&words[..words.floor_char_boundary(TEXT)]);
            let (plugin, digest) = (shadow.plugin.as_str(), shadow.digest.as_str());
            let count = params![shadow.bot.0, plugin, digest, signature, words, shadow.turns, shadow.event, shadow.at];
            session.one(COUNT.with(count)).await?;
        }
        Ok(Verdict::Commit(()))
    }
}

struct Forget(Whose);

impl Job for Forget {
    type Output = u64;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<u64>, StoreError> {
        let gone = session.one(FORGET.with(self.0.params().to_vec())).await?;
        Ok(Verdict::Commit(gone.touched))
    }
}

impl Store {
    /// Counts turns of shadows.
    pub async fn count_shadows(&self, shadows: Vec<NewShadow>) -> Result<(), StoreError> {
        self.shared.engine.write(Count(shadows)).await
    }
}

impl Desk {
    /// What shadows did, the most frequent first.
    pub async fn shadows(&self, of: &Whose) -> Result<Vec<ShadowRow>, StoreError> {
        self.engine.read(REPORT.with(of.params().to_vec())).await?.rows.into_iter().map(shadow).collect()
    }

    /// Forgets what shadows did; says how many differences there were.
    pub async fn forget_shadows(&self, of: &Whose) -> Result<u64, StoreError> {
        self.engine.write(Forget(of.clone())).await
    }
}

fn shadow(mut row: Record) -> Result<ShadowRow, StoreError> {
    Ok(ShadowRow {
        bot: BotId(row.integer(0)?),
        username: row.text(1)?,
        plugin: row.text(2)?,
        digest: row.text(3)?,
        kind: match row.text(4)?.as_str() {
            SAME => "same",
            DROPPED => "dropped",
            OTHERS => "others",
            _ => "differs",
        },
        words: row.text(5)?,
        turns: row.integer(6)?,
        event: row.integer(7)?,
        turn: row.maybe_integer(8)?,
        at: row.integer(9)?,
    })
}
