//! Brings the schema up to date. The files in `migrations/` are applied in order, each exactly once.
//!
//! Hosts of two versions run side by side while one replaces the other. So a migration only adds, and says with
//! `-- works beside: N` that hosts which know the schema up to `N` can go on with it. A host may therefore meet a schema
//! that is newer than itself: it uses one that says so and leaves any other alone.

use super::dialect::Sql;
use super::engine::{Engine, Job, Verdict};
use super::error::StoreError;
use super::session::{Session, params};
use crate::clock::Millis;

/// Version and text of each migration.
const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../../../migrations/0001_spine.sql")),
    (2, include_str!("../../../migrations/0002_faults.sql")),
    (3, include_str!("../../../migrations/0003_capabilities.sql")),
    (4, include_str!("../../../migrations/0004_journal.sql")),
];
/// How a migration names the oldest schema whose hosts can use the new one.
const BESIDE: &str = "-- works beside: ";

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)";
static APPLIED: Sql = Sql::new("SELECT COALESCE(MAX(version), 0) FROM migrations");
static RECORD: Sql = Sql::new("INSERT INTO migrations (version, applied_at) VALUES ($1, $2)");
static RECORD_BESIDE: Sql = Sql::new("UPDATE migrations SET beside = $2 WHERE version = $1");
/// A newer one that does not work beside `$1`; what it does not say it does not promise.
static TOO_NEW: Sql =
    Sql::new("SELECT version FROM migrations WHERE version > $1 AND (beside IS NULL OR beside > $1) LIMIT 1");

/// Whether a program that is no host can work with the schema as it is.
pub(super) async fn check(engine: &Engine) -> Result<(), StoreError> {
    let known = MIGRATIONS.last().map_or(0, |(version, _)| *version);
    let found = match engine.read(APPLIED.with(vec![])).await {
        Ok(answer) => answer.rows.first().map_or(Ok(0), |row| row.integer(0))?,
        // There is not even the table of migrations.
        Err(StoreError::Failed { .. }) => 0,
        Err(error) => return Err(error),
    };
    if found < known {
        return Err(StoreError::OlderSchema { found, known });
    }
    if found > known && !engine.read(TOO_NEW.with(params![known])).await?.rows.is_empty() {
        return Err(StoreError::NewerSchema { found, known });
    }
    Ok(())
}

/// The job that does it.
pub(super) struct Migrate {
    pub(super) now: Millis,
}

impl Job for Migrate {
    /// Whether there was nothing before.
    type Output = bool;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, StoreError> {
        let dialect = session.dialect();
        if let Some(lock) = dialect.lock_schema() {
            session.plain(lock).await?;
        }
        session.plain(TABLE).await?;
        let answer = session.one(APPLIED.with(vec![])).await?;
        let applied = answer.rows.first().map_or(Ok(0), |row| row.integer(0))?;
        let known = MIGRATIONS.last().map_or(0, |(version, _)| *version);
        if applied > known && !session.one(TOO_NEW.with(params![known])).await?.rows.is_empty() {
            return Err(StoreError::NewerSchema { found: applied, known });
        }
        for (version, text) in MIGRATIONS.iter().filter(|(version, _)| *version > applied) {
            // The comments go first: what looks like a word of the dialect in them is none.
            let code: Vec<_> = text.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code)).collect();
            session.plain(&dialect.fill_in(&code.join("\n"))).await?;
            session.one(RECORD.with(params![*version, self.now])).await?;
            if let Some(beside) = text.lines().find_map(|line| line.strip_prefix(BESIDE)?.trim().parse::<i64>().ok()) {
                session.one(RECORD_BESIDE.with(params![*version, beside])).await?;
            }
        }
        Ok(Verdict::Commit(applied == 0))
    }
}
