//! A database of a test's own: a file, or a database on a real PostgreSQL server.

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Row};
use tempfile::TempDir;

use super::postgres;

/// How long to wait for something to come to pass; a host that was frozen or cut off takes its time.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// A database of a test's own.
pub enum Database {
    /// A SQLite file in a folder that goes with the test.
    Sqlite(TempDir),
    /// A database on a PostgreSQL server.
    Postgres(postgres::Database),
}

/// Its URL.
impl std::fmt::Display for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url())
    }
}

impl Database {
    /// A new SQLite database.
    pub fn sqlite() -> Self {
        Self::Sqlite(super::folder())
    }

    /// A new PostgreSQL database; `None` (said loudly) where there is no server to be had.
    pub async fn postgres() -> Option<Self> {
        postgres::Database::create().await.map(Self::Postgres)
    }

    /// A new PostgreSQL database on a server of its own, which the test may restart.
    pub async fn postgres_alone() -> Option<Self> {
        postgres::Database::create_alone().await.map(Self::Postgres)
    }

    /// One of each that can be had.
    pub async fn each() -> Vec<Self> {
        let mut all = vec![Self::sqlite()];
        all.extend(Self::postgres().await);
        all
    }

    /// Where it is.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}/house.db", folder.path().display()),
            Self::Postgres(database) => database.url(),
        }
    }

    async fn pool(&self) -> AnyPool {
        sqlx::any::install_default_drivers();
        // A host in a process of its own takes a moment to make its tables, on a slow disk a long one.
        let found = async {
            loop {
                if let Some(pool) = self.pool_at_once().await {
                    return pool;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("{} never became a database", self.url()))
    }

    async fn pool_at_once(&self) -> Option<AnyPool> {
        let pool = AnyPoolOptions::new().max_connections(1).connect(&self.url()).await.ok()?;
        if let Self::Sqlite(_) = self {
            // A host holds the file as long as its disk takes for a commit.
            let _ = sqlx::query("PRAGMA busy_timeout = 60000").execute(&pool).await;
        }
        if sqlx::query("SELECT 1 FROM outbox LIMIT 1").fetch_optional(&pool).await.is_ok() {
            return Some(pool);
        }
        pool.close().await;
        None
    }

    /// The one number that this query gives.
    pub async fn number(&self, sql: &'static str) -> i64 {
        let pool = self.pool().await;
        let row = sqlx::query(sql).fetch_one(&pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        pool.close().await;
        row.get(0)
    }

    /// Does something to it, as an operator with a tool of his own.
    pub async fn suffers(&self, sql: &'static str) {
        let pool = self.pool().await;
        sqlx::query(sql).execute(&pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        pool.close().await;
    }

    /// Does something again and again until a query gives at least this number. All of it goes over one connection, as a
    /// new one costs a server more than the question; one that was lost is replaced.
    pub async fn until(&self, sql: &'static str, number: i64, step: impl AsyncFn()) {
        let mut pool = self.pool().await;
        loop {
            let row = match sqlx::query(sql).fetch_one(&pool).await {
                Ok(row) => row,
                Err(error) if is_lost(&error) => {
                    pool.close().await;
                    pool = self.pool().await;
                    continue;
                }
                Err(error) => panic!("{sql}: {error}"),
            };
            if row.get::<i64, _>(0) >= number {
                pool.close().await;
                return;
            }
            step().await;
        }
    }

    /// Waits until a query gives at least this number.
    pub async fn comes_to(&self, sql: &'static str, number: i64) {
        let pause = async || tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if tokio::time::timeout(PATIENCE, self.until(sql, number, pause)).await.is_ok() {
            return;
        }
        panic!("`{sql}` gives {} and never came to {number}", self.number(sql).await);
    }

    /// The one text that this query gives.
    pub async fn text(&self, sql: &'static str) -> String {
        self.texts(sql).await.into_iter().next().unwrap_or_else(|| panic!("{sql}: no row"))
    }

    /// The texts of the first column, in order.
    pub async fn texts(&self, sql: &'static str) -> Vec<String> {
        let pool = self.pool().await;
        let rows = sqlx::query(sql).fetch_all(&pool).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        pool.close().await;
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// What must hold whenever a house has closed with nothing left to do: no event and no call waits, and every event
    /// had exactly one end.
    pub async fn check(&self) {
        assert_eq!(self.number("SELECT COUNT(*) FROM inbox WHERE state = 0").await, 0, "events were left waiting");
        assert_eq!(self.number("SELECT COUNT(*) FROM outbox WHERE state = 0").await, 0, "calls were left waiting");
        assert_eq!(
            self.number("SELECT COUNT(*) FROM inbox WHERE state <> 0 AND ended_at IS NULL").await,
            0,
            "an event ended without a time"
        );
    }
}

/// Whether a connection was lost, or its server is about to stop or to start.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}
