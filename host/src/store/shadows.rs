//! What shadows did differently, counted: one row for each difference, with the latest event as an example. A shadow that
//! differs in every turn fills no disk: beyond a number of differences the others are counted as one.
//!
//! A difference may quote what people wrote, and nothing says who. So its words go when anybody's turns are purged, and are
//! not written down if the turn that they are from is not in the journal any more.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::desk::Desk;
use super::dialect::Sql;
use super::engine::{Job, Owner, Verdict};
use super::error::StoreError;
use super::session::{Record, Session, params};
use super::{Store, dead::Whose, printable};
use crate::clock::Millis;
use crate::model::{BotId, PluginName};

/// Differences of one shadow that are told apart.
const DIFFERENT: usize = 200;
/// Bytes of a difference that are kept.
const TEXT: usize = 4_000;
/// What turns that did the same, and those that were not run, have for a signature.
const SAME: &str = "";
const DROPPED: &str = "dropped";
const OTHERS: &str = "others";
const UNREADABLE: &str = "unreadable";
/// Lines from which on counting is not done in between other jobs.
const LARGE: usize = 24;

/// How a shadow's run compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Compared {
    /// It did the same.
    Same,
    /// It was not run, because too many waited.
    Dropped,
    /// It was not run, because the record of the turn was too large to be kept whole.
    Unreadable,
    /// It did something else: a digest of what, and what in words.
    Differs {
        /// Equal differences have the same.
        signature: String,
        /// What a person reads.
        words: String,
        /// Whether they may repeat what somebody wrote, which is in the journal then, unless it was purged.
        quotes: bool,
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
    /// `same`, `dropped`, `unreadable`, `others` (beyond those that are told apart, or without their words) or `differs`.
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

static KNOWN: Sql = Sql::new("SELECT signature FROM shadows WHERE bot_id = $1 AND plugin = $2 AND digest = $3");
static IS_KEPT: Sql = Sql::new("SELECT COUNT(*) FROM journal WHERE inbox_seq = $1 AND size > 0");
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
static UNQUOTE: Sql = Sql::new(
    "DELETE FROM shadows WHERE difference <> '' AND ($1 = '' OR plugin = $1)
     RETURNING bot_id, plugin, digest, turns, event, at",
);

/// Takes the words out of the reports about a plugin; empty: about all. That there were differences, and how often, stays.
pub(super) struct Unquote(pub(super) String);

impl Job for Unquote {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        let mut others: BTreeMap<_, (i64, i64, Millis)> = BTreeMap::new();
        for mut row in session.one(UNQUOTE.with(params![self.0.as_str()])).await?.rows {
            let line = others.entry((row.integer(0)?, row.text(1)?, row.text(2)?)).or_default();
            let (turns, event, at) = (row.integer(3)?, row.integer(4)?, row.integer(5)?);
            *line = (line.0 + turns, line.1.max(event), line.2.max(at));
        }
        let steps = others.into_iter().map(|((bot, plugin, digest), (turns, event, at))| {
            COUNT.with(params![bot, plugin, digest, OTHERS, "", turns, event, at])
        });
        session.run(&steps.collect::<Vec<_>>()).await?;
        Ok(Verdict::Commit(()))
    }
}

struct Count(Vec<NewShadow>);

impl Job for Count {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        let mut known: HashMap<_, HashSet<String>> = HashMap::new();
        // In one order, the same on every host: two that count the same lines wait for each other, but never in a circle.
        let mut lines: BTreeMap<_, (&str, i64, i64, Millis)> = BTreeMap::new();
        for shadow in &self.0 {
            let whose = (shadow.bot.0, shadow.plugin.as_str(), shadow.digest.as_str());
            let known = match known.entry(whose) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let answer = session.one(KNOWN.with(params![whose.0, whose.1, whose.2])).await?;
                    let signatures = answer.rows.into_iter().map(|mut row| row.text(0));
                    unknown.insert(signatures.collect::<Result<_, _>>()?)
                }
            };
            let (signature, words) = match &shadow.compared {
                Compared::Same => (SAME, ""),
                Compared::Dropped => (DROPPED, ""),
                Compared::Unreadable => (UNREADABLE, ""),
                Compared::Differs { signature, words, quotes } => {
                    let may_stand = !quotes || is_kept(session, shadow.event).await?;
                    match may_stand && (known.contains(signature) || known.len() < DIFFERENT) {
                        true => {
                            known.insert(signature.clone());
                            (signature.as_str(), words.as_str())
                        }
                        false => (OTHERS, ""),
                    }
                }
            };
            let line = lines.entry((whose, signature)).or_default();
            *line = (words, line.1 + shadow.turns, line.2.max(shadow.event), line.3.max(shadow.at));
        }
        let steps = lines.into_iter().map(|(((bot, plugin, digest), signature), (words, turns, event, at))| {
            let words = printable(&words[..words.floor_char_boundary(TEXT)]);
            COUNT.with(params![bot, plugin, digest, signature, words, turns, event, at])
        });
        session.run(&steps.collect::<Vec<_>>()).await?;
        Ok(Verdict::Commit(()))
    }

    fn large(&self) -> Option<Owner> {
        let first = self.0.first().filter(|_| self.0.len() > LARGE)?;
        Some((first.bot, first.plugin.as_str().into()))
    }
}

/// Whether a turn of this event is in the journal and was not purged.
async fn is_kept(session: &mut Session<'_>, event: i64) -> Result<bool, StoreError> {
    let kept = session.one(IS_KEPT.with(params![event])).await?;
    Ok(kept.rows.first().map_or(Ok(0), |row| row.integer(0))? > 0)
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
            UNREADABLE => "unreadable",
            _ => "differs",
        },
        words: row.text(5)?,
        turns: row.integer(6)?,
        event: row.integer(7)?,
        turn: row.maybe_integer(8)?,
        at: row.integer(9)?,
    })
}
