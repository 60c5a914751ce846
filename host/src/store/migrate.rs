//! Brings the schema up to date. The files in `migrations/` are applied in order, each exactly once; a database that is
//! newer than this program is left alone.

use super::dialect::Sql;
use super::engine::{Job, Verdict};
use super::error::StoreError;
use super::session::{Session, params};
use crate::clock::Millis;

/// Version and text of each migration.
const MIGRATIONS: &[(i64, &str)] = &[(1, include_str!("../../../migrations/0001_spine.sql"))];

const TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)";
static APPLIED: Sql = Sql::new("SELECT COALESCE(MAX(version), 0) FROM migrations");
static RECORD: Sql = Sql::new("INSERT INTO migrations (version, applied_at) VALUES ($1, $2)");

/// The job that does it.
pub(super) struct Migrate {
    pub(super) now: Millis,
}

impl Job for Migrate {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        let dialect = session.dialect();
        if let Some(lock) = dialect.lock_schema() {
            session.plain(lock).await?;
        }
        session.plain(TABLE).await?;
        let answer = session.one(APPLIED.with(vec![])).await?;
        let applied = answer.rows.first().map_or(Ok(0), |row| row.integer(0))?;
        let known = MIGRATIONS.last().map_or(0, |(version, _)| *version);
        if applied > known {
            return Err(StoreError::NewerSchema { found: applied, known });
        }
        for (version, text) in MIGRATIONS.iter().filter(|(version, _)| *version > applied) {
            // The comments go first: what looks like a word of the dialect in them is none.
            let text: Vec<_> = text.lines().map(|line| line.split_once("--").map_or(line, |(code, _)| code)).collect();
            session.plain(&dialect.fill_in(&text.join("\n"))).await?;
            session.one(RECORD.with(params![*version, self.now])).await?;
        }
        Ok(Verdict::Commit(()))
    }
}
