//! SQLite: one file, one host, one writer.
//!
//! The writer commits in groups: it takes every job that waits, runs each in a savepoint of one transaction and answers
//! all of them after the one COMMIT, so sixty-four turns that finish together cost one flush to the disk. A job that
//! fails is rolled back to its savepoint alone; a COMMIT that fails fails all of them. The claims that wait for what the
//! group has made due are its last jobs (`stand`).
//!
//! A large job, such as a turn that writes a thousand rows, has a transaction of its own. However many large ones there
//! are, a small one waits for one of them at most, and as long as small ones come now and then, the large ones have a
//! thirtieth of the writer's time: an answer passes the writer half a dozen times, and should not meet one of them twice.
//! Plugins take turns with their large ones.

use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::stand::{Bearing, CLAIMED};
use super::{Attempt, Engine, Inbound, Owner, Readers, Work};
use crate::store::dialect::{Dialect, Sql};
use crate::store::error::StoreError;
use crate::store::session::{Access, Connect, Connection, Open, Session};

mod log;

use log::Log;

/// Older ones can lose what was committed when a checkpoint and a restart of the log coincide.
const OLDEST: (u32, u32, u32) = (3, 51, 3);
const OLDEST_TEXT: &str = "3.51.3";
/// Jobs that share a transaction at most: the first of them waits for the last.
const GROUP: usize = 256;
/// How many times as long as it took the large jobs rest after one of them.
const REST: u32 = 29;
/// The longest rest: where the disk was slow for once, or always is, nobody waits for minutes.
const LONGEST_REST: Duration = Duration::from_millis(250);
/// How long after the last small job no other is expected.
const LULL: Duration = Duration::from_millis(20);
/// Connections for reading.
const READERS: usize = 8;

static VERSION: Sql = Sql::new("SELECT sqlite_version()");
static BEGIN: Sql = Sql::new("BEGIN IMMEDIATE");
/// What a job writes between these two can be undone.
static SAVE: Sql = Sql::new("SAVEPOINT job");
static KEEP: Sql = Sql::new("RELEASE job");
static UNDO: Sql = Sql::new("ROLLBACK TO job");
static COMMIT: Sql = Sql::new("COMMIT");
static ROLLBACK: Sql = Sql::new("ROLLBACK");

pub(super) async fn open(url: &str) -> Result<Engine, StoreError> {
    let open = Open::url(url, Access::Host)?;
    let lock = lock(&open.path)?;
    start(open, Some(lock)).await
}

/// Opens a file that a host may be using: the log lets several processes write, one short transaction after another.
pub(super) async fn attach(url: &str) -> Result<Engine, StoreError> {
    let open = Open::url(url, Access::Guest)?;
    if !open.path.exists() {
        return Err(StoreError::NotThere { path: open.path });
    }
    start(open, None).await
}

async fn start(open: Open, lock: Option<File>) -> Result<Engine, StoreError> {
    let path = open.path.clone();
    let not_writable = |error| match error {
        StoreError::Failed { reason } if reason.contains("not a database") => {
            StoreError::Url { problem: format!("`{}` is no SQLite database", path.display()) }
        }
        // A file or a folder of somebody else's cannot be opened, which is what a failing machine says later on.
        StoreError::Failed { reason } | StoreError::Machine { reason } => {
            StoreError::NotWritable { path: path.clone(), reason }
        }
        other => other,
    };
    let readers = Connect::Sqlite(Box::new(Open { access: Access::Reader, ..open.clone() }));
    let log = Log::of(&open);
    let how = Connect::Sqlite(Box::new(open));
    let mut writer = how.connect().await.map_err(not_writable)?;
    check_version(&mut writer.session()).await?;

    let (engine, inbound) = Engine::new(Dialect::Sqlite, how, Readers::new(readers, READERS), lock);
    // A thread of its own: all that a job waits for is the disk, and then no task of the runtime may wait with it. The
    // tracker holds on to it until it is done.
    let (runtime, tracked) = (tokio::runtime::Handle::current(), engine.workers.token());
    let work = move || {
        runtime.block_on(write(inbound, writer, log));
        drop(tracked);
    };
    let thread = std::thread::Builder::new().name("sqlite-writer".into()).spawn(work);
    thread.map_err(|error| StoreError::Machine { reason: format!("no thread for the writer: {error}") })?;
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
    /// By plugin, in the order in which they are served. None is empty.
    large: VecDeque<(Owner, VecDeque<Box<dyn Work>>)>,
    /// Until when the large ones rest.
    rest: Instant,
    /// When the last small one came.
    last_small: Instant,
}

impl Line {
    fn new(inbound: Inbound) -> Self {
        let now = Self::now();
        Self { inbound, small: VecDeque::new(), large: VecDeque::new(), rest: now, last_small: now }
    }

    #[expect(clippy::disallowed_methods, reason = "a stopwatch: it shares the writer out and is never stored")]
    fn now() -> Instant {
        Instant::now()
    }

    /// The first job of the next group; none once the engine is closing and nothing waits.
    async fn first(&mut self) -> Option<Box<dyn Work>> {
        loop {
            self.look();
            let now = Self::now();
            let until = match self.small.is_empty() {
                false => self.rest,
                // Where nobody is in a hurry they need not rest.
                true if self.inbound.closing.is_cancelled() => now,
                true => self.rest.min(self.last_small + LULL),
            };
            let rest = until.saturating_duration_since(now);
            if rest.is_zero()
                && let Some(large) = self.next_large()
            {
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

    /// The large job whose turn it is.
    fn next_large(&mut self) -> Option<Box<dyn Work>> {
        let (owner, mut jobs) = self.large.pop_front()?;
        let next = jobs.pop_front();
        if !jobs.is_empty() {
            self.large.push_back((owner, jobs));
        }
        next
    }

    /// Takes in what has come.
    fn look(&mut self) {
        while let Ok(work) = self.inbound.queue.try_recv() {
            self.take(work);
        }
    }

    fn take(&mut self, work: Box<dyn Work>) {
        let Some(owner) = work.large() else {
            self.last_small = Self::now();
            return self.small.push_back(work);
        };
        match self.large.iter_mut().find(|(other, _)| *other == owner) {
            Some((_, jobs)) => jobs.push_back(work),
            None => self.large.push_back((owner, [work].into())),
        }
    }
}

/// The writer.
async fn write(inbound: Inbound, mut connection: Connection, mut log: Log) {
    let mut line = Line::new(inbound);
    while let Some(first) = line.first().await {
        let (is_large, begun) = (first.large().is_some(), Line::now());
        commit_group(&mut connection, first, is_large, &mut line).await;
        if is_large {
            line.rest = Line::now() + (begun.elapsed() * REST).min(LONGEST_REST);
        }
        log.look(&mut connection).await;
    }
    log.close().await;
    // The last connection to close copies the log into the file and removes it.
    connection.close().await;
}

/// Runs the jobs that wait, and those that come in the meantime, in one transaction; then the claims that stand. A job that
/// is alone shares it with those claims only.
async fn commit_group(connection: &mut Connection, first: Box<dyn Work>, is_alone: bool, line: &mut Line) {
    if let Err(error) = plain(connection, &BEGIN).await {
        return first.answer(Err(error));
    }
    let (mut group, mut due) = (Vec::new(), [false; CLAIMED.len()]);
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
        result = plain(connection, &COMMIT).await;
    }
    if result.is_err() {
        // It fails where the error has ended the transaction already.
        let _ = plain(connection, &ROLLBACK).await;
    }
    for work in group {
        work.answer(result.clone());
    }
}

/// Runs one job of a group; whether what it wrote stays. Some errors, such as a full disk, end the whole transaction: then
/// there is no savepoint to go back to, and nothing of the group may be reported as done. Only such an error is one here.
async fn run_job(connection: &mut Connection, work: &mut dyn Work) -> Result<bool, StoreError> {
    plain(connection, &SAVE).await?;
    let attempt = work.attempt(&mut connection.session()).await;
    let stays = matches!(attempt, Attempt::Commit);
    if !stays {
        let undone = plain(connection, &UNDO).await;
        match attempt {
            Attempt::Failed(cause) if undone.is_err() => return Err(cause),
            _ => undone?,
        }
    }
    plain(connection, &KEEP).await.map(|()| stays)
}

async fn plain(connection: &mut Connection, sql: &'static Sql) -> Result<(), StoreError> {
    connection.session().one(sql.with(vec![])).await.map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::FutureExt;
    use tokio::sync::{mpsc, oneshot};
    use tokio_util::sync::CancellationToken;

    use super::super::{Envelope, Job, Verdict};
    use super::*;
    use crate::model::BotId;

    /// A job of which only the size matters.
    struct Any(Option<&'static str>);

    impl Job for Any {
        type Output = ();

        async fn run(&self, _: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
            Ok(Verdict::Commit(()))
        }

        fn large(&self) -> Option<Owner> {
            self.0.map(|plugin| (BotId(7), plugin.into()))
        }
    }

    /// A line in which these wait: small ones and large ones of plugins.
    async fn line(waiting: &[Option<&'static str>]) -> (mpsc::Sender<Box<dyn Work>>, Line) {
        let (jobs, queue) = mpsc::channel(8);
        for one in waiting {
            let (answer, _) = oneshot::channel();
            let work: Box<dyn Work> = Box::new(Envelope { job: Any(*one), outcome: None, answer });
            assert!(jobs.send(work).await.is_ok());
        }
        (jobs, Line::new(Inbound { queue, stands: Arc::default(), closing: CancellationToken::new() }))
    }

    async fn first(line: &mut Line) -> Option<Arc<str>> {
        line.first().await.expect("one waits").large().map(|(_, plugin)| plugin)
    }

    #[tokio::test]
    async fn large_jobs_rest_until_no_small_one_has_come_for_a_while() {
        let (_jobs, mut line) = line(&[Some("a"), Some("a"), None]).await;
        assert_eq!(first(&mut line).await.as_deref(), Some("a"));
        // However slow this machine is.
        let later = Line::now() + Duration::from_secs(3_600);
        line.rest = later;
        assert_eq!(first(&mut line).await, None);
        line.last_small = later;
        assert!(line.first().now_or_never().is_none(), "nobody waits, but somebody did a moment ago");
        line.last_small = Line::now() - LULL;
        assert_eq!(first(&mut line).await.as_deref(), Some("a"));
    }

    #[tokio::test]
    async fn plugins_take_turns_with_large_jobs() {
        let (_jobs, mut line) = line(&[Some("a"), Some("a"), Some("a"), Some("b"), Some("b")]).await;
        let mut order = Vec::new();
        for _ in 0..5 {
            order.push(first(&mut line).await.expect("large"));
        }
        assert_eq!(order.concat(), "ababa");
    }

    #[test]
    fn versions_are_ordered_as_numbers() {
        assert!(version("3.51.3") >= OLDEST);
        assert!(version("3.100.0") > OLDEST);
        assert!(version("3.51.2") < OLDEST);
        assert!(version("3.6") < OLDEST);
        assert_eq!(version(OLDEST_TEXT), OLDEST);
    }
}
