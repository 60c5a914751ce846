//! SQLite: one file, one host, one writer.
//!
//! The writer commits in groups: it takes every job that waits, runs each in a savepoint of one transaction and answers
//! all of them after the one COMMIT, so sixty-four turns that finish together cost one flush to the disk. A job that
//! fails is rolled back to its savepoint alone; a COMMIT that fails fails all of them. The claims that wait for what the
//! group has made due are its last jobs (`stand`).
//!
//! A large job, such as a turn that writes a thousand rows, has a transaction of its own. However many large ones there
//! are, a small one waits for one of them at most, and as long as there are small ones, the large ones have a tenth of the
//! writer's time.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::stand::{Bearing, CLAIMED};
use super::{Attempt, Engine, Inbound, Readers, Work, connect};
use crate::store::dialect::{Dialect, Sql};
use crate::store::error::StoreError;
use crate::store::session::{Connect, Connection, Session};

/// Older ones can lose what was committed when a checkpoint and a restart of the log coincide.
const OLDEST: (u32, u32, u32) = (3, 51, 3);
const OLDEST_TEXT: &str = "3.51.3";
/// Jobs that share a transaction at most: the first of them waits for the last.
const GROUP: usize = 256;
/// How many times as long as it took the large jobs rest after one of them.
const REST: u32 = 9;
/// Connections for reading.
const READERS: usize = 8;
/// Prepared statements and scripts a connection keeps.
const STATEMENTS: usize = 1000;

static VERSION: Sql = Sql::new("SELECT sqlite_version()");
static BEGIN: Sql = Sql::new("BEGIN IMMEDIATE; SAVEPOINT job");
/// Goes ahead of each job: what the job before it wrote is kept, what this one writes can be undone.
const NEXT_JOB: (&str, usize) = ("RELEASE job; SAVEPOINT job;", 2);
static UNDO_JOB: Sql = Sql::new("ROLLBACK TO job");
static COMMIT: Sql = Sql::new("COMMIT");
static ROLLBACK: Sql = Sql::new("ROLLBACK");

pub(super) async fn open(url: &str) -> Result<Engine, StoreError> {
    let (options, path) = options(url)?;
    let lock = lock(&path)?;
    let options = options.create_if_missing(true).optimize_on_close(true, 400);
    start(options, &path, Some(lock)).await
}

/// Opens a file that a host may be using: the log lets several processes write, one short transaction after another.
pub(super) async fn attach(url: &str) -> Result<Engine, StoreError> {
    let (options, path) = options(url)?;
    if !path.exists() {
        return Err(StoreError::NotThere { path });
    }
    // A busy host hardly ever leaves the file alone.
    start(options.busy_timeout(Duration::from_secs(30)), &path, None).await
}

fn options(url: &str) -> Result<(SqliteConnectOptions, PathBuf), StoreError> {
    let options = SqliteConnectOptions::from_str(url).map_err(Dialect::classify)?;
    let path = options.get_filename().to_owned();
    if url.contains(":memory:") || url.contains("mode=memory") || url == "sqlite://" {
        return Err(StoreError::Url {
            problem: "a database in memory would lose every message at the next stop".into(),
        });
    }
    let options = options
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // The lock file keeps hosts away, but `guesthouse dead` writes beside one, and an operator may look into the
        // file with a tool of his own.
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(512)
        // A savepoint keeps the pages it may have to restore; in memory, not in a file.
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-32000")
        // A page that changes often is copied into the file once per checkpoint: the longer the log, the fewer copies.
        .pragma("wal_autocheckpoint", "8000")
        .pragma("journal_size_limit", "67108864")
        .disable_statement_logging();
    Ok((options, path))
}

async fn start(options: SqliteConnectOptions, path: &Path, lock: Option<File>) -> Result<Engine, StoreError> {
    let not_writable = |error| match error {
        StoreError::Failed { reason } if reason.contains("not a database") => {
            StoreError::Url { problem: format!("`{}` is no SQLite database", path.display()) }
        }
        StoreError::Failed { reason } => StoreError::NotWritable { path: path.to_owned(), reason },
        other => other,
    };
    let how = Connect::Sqlite(Box::new(options.clone()), false);
    let mut writer = connect(&how).await.map_err(not_writable)?;
    check_version(&mut writer.session()).await?;

    // Rows wait in a buffer of the driver before anybody can count their bytes, and one can have a MiB.
    let readers = options.read_only(true).create_if_missing(false).optimize_on_close(false, None).row_buffer_size(32);
    let readers = Connect::Sqlite(Box::new(readers), true);
    let (engine, inbound) = Engine::new(Dialect::Sqlite, how.clone(), Readers::new(readers, READERS), lock);
    engine.workers.spawn(write(inbound, how, writer));
    Ok(engine)
}

/// Takes the lock beside the database file, making the file and its folder if need be.
fn lock(path: &Path) -> Result<File, StoreError> {
    let not_writable = |path: &Path, error: std::io::Error| StoreError::NotWritable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // What people write to a bot is nobody else's business on this machine.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| not_writable(folder, error))?;
    let private = || File::options().create(true).truncate(false).write(true).mode(0o600).clone();
    private().open(path).map_err(|error| not_writable(path, error))?;
    // However the file is spelled, its lock has one name.
    let real = std::fs::canonicalize(path).map_err(|error| not_writable(path, error))?;
    let mut name = real.into_os_string();
    name.push(".lock");
    let beside = PathBuf::from(name);
    let file = private().open(&beside);
    let file = file.map_err(|error| not_writable(&beside, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(not_writable(&beside, error)),
    }
}

async fn check_version(session: &mut Session<'_>) -> Result<(), StoreError> {
    let mut answer = session.one(VERSION.with(vec![])).await?;
    let found = answer.rows.first_mut().map_or_else(|| Ok(String::new()), |row| row.text(0))?;
    if version(&found) < OLDEST {
        return Err(StoreError::OldSqlite { found, needed: OLDEST_TEXT });
    }
    Ok(())
}

fn version(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    (part(), part(), part())
}

/// The jobs that wait.
struct Line {
    inbound: Inbound,
    small: VecDeque<Box<dyn Work>>,
    large: VecDeque<Box<dyn Work>>,
    /// Until when the large ones rest.
    rest: Instant,
    /// Whether a small one has come since the last large one.
    is_shared: bool,
}

impl Line {
    #[expect(clippy::disallowed_methods, reason = "a stopwatch: it shares the writer out and is never stored")]
    fn now() -> Instant {
        Instant::now()
    }

    /// The first job of the next group; none once the engine is closing and nothing waits.
    async fn first(&mut self) -> Option<Box<dyn Work>> {
        loop {
            self.look();
            let rest = self.rest.saturating_duration_since(Self::now());
            let is_alone = self.small.is_empty() && (!self.is_shared || self.inbound.closing.is_cancelled());
            let may_be_large = rest.is_zero() || is_alone;
            if may_be_large && let Some(large) = self.large.pop_front() {
                self.is_shared = false;
                return Some(large);
            }
            if let Some(small) = self.small.pop_front() {
                return Some(small);
            }
            let come = match self.large.is_empty() {
                true => Some(self.inbound.next().await?),
                false => tokio::time::timeout(rest, self.inbound.next()).await.ok().flatten(),
            };
            come.into_iter().for_each(|work| self.take(work));
        }
    }

    /// The next small job that waits.
    fn next(&mut self) -> Option<Box<dyn Work>> {
        self.look();
        self.small.pop_front()
    }

    /// Takes in what has come.
    fn look(&mut self) {
        while let Ok(work) = self.inbound.queue.try_recv() {
            self.take(work);
        }
    }

    fn take(&mut self, work: Box<dyn Work>) {
        if work.is_large() {
            self.large.push_back(work);
        } else {
            self.is_shared = true;
            self.small.push_back(work);
        }
    }
}

/// The writer.
async fn write(inbound: Inbound, how: Connect, writer: Connection) {
    let mut writer = Some(writer);
    let (small, large) = (VecDeque::new(), VecDeque::new());
    let mut line = Line { inbound, small, large, rest: Line::now(), is_shared: false };
    while let Some(first) = line.first().await {
        let mut connection = match writer.take() {
            Some(connection) => connection,
            None => match connect(&how).await {
                Ok(connection) => connection,
                Err(error) => {
                    first.answer(Err(error));
                    continue;
                }
            },
        };
        let (is_large, begun) = (first.is_large(), Line::now());
        let committed = commit_group(&mut connection, first, &mut line).await;
        if is_large {
            line.rest = Line::now() + begun.elapsed() * REST;
        }
        match committed {
            Err(StoreError::Closed) => tracing::error!("the thread of the SQLite writer has died; starting another"),
            _ => writer = Some(connection),
        }
    }
    if let Some(connection) = writer {
        // The last connection to close copies the log into the file and removes it.
        connection.close().await;
    }
}

/// Runs the jobs that wait, and those that come in the meantime, in one transaction; then the claims that stand.
async fn commit_group(connection: &mut Connection, first: Box<dyn Work>, line: &mut Line) -> Result<(), StoreError> {
    if let Err(error) = connection.session().one(BEGIN.with(vec![])).await {
        first.answer(Err(error.clone()));
        return Err(error);
    }
    let (mut group, mut due) = (Vec::new(), [false; CLAIMED.len()]);
    let is_alone = first.is_large();
    let mut next = Some(first);
    let mut result = Ok(());
    while let Some(mut work) = next.take() {
        match run_job(connection, &mut *work).await {
            Ok(true) => {
                for channel in CLAIMED {
                    match work.bearing(channel) {
                        Bearing::MakesDue => due[channel as usize] = true,
                        Bearing::Claims => {
                            due[channel as usize] = false;
                            line.inbound.stands.looked(channel);
                        }
                        Bearing::None => {}
                    }
                }
            }
            Ok(false) => {}
            Err(error) => result = Err(error),
        }
        group.push(work);
        if result.is_ok() && group.len() < GROUP && !is_alone {
            next = line.next();
        }
    }
    for channel in CLAIMED {
        if result.is_ok()
            && due[channel as usize]
            && let Some(mut claim) = line.inbound.stands.call(channel)
        {
            result = run_job(connection, &mut *claim).await.map(drop);
            group.push(claim);
        }
    }
    if result.is_ok() {
        result = connection.session().one(COMMIT.with(vec![])).await.map(drop);
    }
    if result.is_err() {
        // It fails where the error has ended the transaction already.
        let _ = connection.session().one(ROLLBACK.with(vec![])).await;
    }
    for work in group {
        work.answer(result.clone());
    }
    result
}

/// Runs one job of a group; whether anything of it stays. An error has ended the whole transaction, as that of a full disk
/// does: then there is no savepoint to go back to, and nothing of the group may be reported as done.
async fn run_job(connection: &mut Connection, work: &mut dyn Work) -> Result<bool, StoreError> {
    let mut session = connection.session().prefix(NEXT_JOB.0, NEXT_JOB.1);
    let attempt = work.attempt(&mut session).await;
    // Without a statement there is no savepoint of this job, and going back would undo the job before it.
    if matches!(attempt, Attempt::Commit) || session.is_untouched() {
        return Ok(matches!(attempt, Attempt::Commit));
    }
    let undone = connection.session().one(UNDO_JOB.with(vec![])).await;
    undone.map(|_| false).map_err(|error| if let Attempt::Failed(cause) = attempt { cause } else { error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers() {
        assert!(version("3.51.3") >= OLDEST);
        assert!(version("3.100.0") > OLDEST);
        assert!(version("3.51.2") < OLDEST);
        assert!(version("3.6") < OLDEST);
        assert_eq!(version(OLDEST_TEXT), OLDEST);
    }
}
