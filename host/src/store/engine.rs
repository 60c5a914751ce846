//! How statements reach the database: a few connections for reading, and workers that run *jobs* for writing.
//!
//! A job is one unit of writing: all of it happens or none. It runs in a worker, from its first statement to the answer
//! of the COMMIT, whether or not somebody still waits for it, so a caller that is dropped never leaves a transaction
//! behind. Jobs await nothing but the database. `engine/sqlite` has one worker that commits jobs in groups,
//! `engine/postgres` several that commit them one by one and repeat what the database refused.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{RwLock, Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dialect::Dialect;
use super::error::StoreError;
use super::session::{Answer, Connect, Connection, Session, Step};
use crate::model::BotId;

mod stand;

mod sqlite;

mod postgres;

pub(super) use postgres::{Channel, listener};
pub(super) use stand::Bearing;
use stand::Stands;

/// Jobs that may wait; whoever brings more has to wait himself.
const QUEUE: usize = 1024;
/// How long a question outside of a transaction may take: a guest waits for it, and one of few connections is gone for
/// as long.
const READ_TIME: Duration = Duration::from_secs(2);

/// Whose large jobs take turns with those of others: a bot's plugin.
pub(super) type Owner = (BotId, Arc<str>);

/// What becomes of what a job has written.
pub(super) enum Verdict<T> {
    /// It is committed, and then this is the answer.
    Commit(T),
    /// It is undone, and this is the answer. A job that has swallowed an error has to end like this.
    Undo(T),
}

/// One unit of writing.
pub(super) trait Job: Send + Sync + 'static {
    /// What it answers.
    type Output: Send + 'static;

    /// Runs the statements. PostgreSQL may have it run more than once; what an earlier run did is undone then.
    fn run(&self, session: &mut Session<'_>) -> impl Future<Output = Result<Verdict<Self::Output>, StoreError>> + Send;

    /// Whose it is, if it writes so much that others had better not wait for it.
    fn large(&self) -> Option<Owner> {
        None
    }

    /// If what it reads has to be true still at its commit: where such jobs take turns once they got in each other's way.
    fn gate(&self) -> Option<Arc<RwLock<()>>> {
        None
    }

    /// What it means for the claims of a channel. To say too much costs a look in vain.
    fn bearing(&self, _on: Channel) -> Bearing {
        Bearing::MakesDue
    }

    /// Told after the commit and before the answer, which may find nobody waiting any more.
    fn settle(&self, _output: &mut Self::Output) {}
}

/// The connections to one database.
pub(super) struct Engine {
    pub(super) dialect: Dialect,
    connect: Connect,
    jobs: mpsc::Sender<Box<dyn Work>>,
    stands: Arc<Stands>,
    readers: Readers,
    workers: TaskTracker,
    closing: CancellationToken,
    /// Keeps a second host away from a SQLite file; the operating system lets go of it with the process.
    _lock: Option<std::fs::File>,
}

impl Engine {
    /// Connects to the database that a URL names.
    pub(super) async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            sqlite::open(url).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            postgres::open(url).await
        } else {
            Err(StoreError::Url { problem: "it begins with neither `sqlite:` nor `postgres:`".into() })
        }
    }

    /// The same for a program that is no host: it takes nothing from those that are, and makes nothing.
    pub(super) async fn attach(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") { sqlite::attach(url).await } else { Self::open(url).await }
    }

    fn new(dialect: Dialect, connect: Connect, readers: Readers, lock: Option<std::fs::File>) -> (Self, Inbound) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (workers, closing) = (TaskTracker::new(), CancellationToken::new());
        let stands = Arc::<Stands>::default();
        let inbound = Inbound { queue, stands: Arc::clone(&stands), closing: closing.clone() };
        (Self { dialect, connect, jobs, stands, readers, workers, closing, _lock: lock }, inbound)
    }

    /// Runs a job to its end.
    pub(super) async fn write<J: Job>(&self, job: J) -> Result<J::Output, StoreError> {
        let (answer, answered) = oneshot::channel();
        let envelope = Envelope { job, outcome: None, answer };
        self.jobs.send(Box::new(envelope)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Leaves a claim to stand that has found nothing, until something may have become due or `otherwise` has ended.
    /// `None`: it was not run.
    pub(super) async fn write_when_due<J: Job>(
        &self,
        channel: Channel,
        claim: J,
        otherwise: impl Future<Output = ()>,
    ) -> Result<Option<J::Output>, StoreError> {
        if self.dialect == Dialect::Postgres {
            otherwise.await;
            return Ok(None);
        }
        let (answer, mut answered) = oneshot::channel();
        let work = Box::new(Envelope { job: claim, outcome: None, answer });
        match self.stands.stand(channel, work) {
            Err(work) => self.jobs.send(work).await.map_err(|_| StoreError::Closed)?,
            Ok(standing) => {
                tokio::select! {
                    biased;
                    outcome = &mut answered => return outcome.map_err(|_| StoreError::Closed)?.map(Some),
                    () = otherwise => {}
                }
                if standing.take_back() {
                    return Ok(None);
                }
            }
        }
        answered.await.map_err(|_| StoreError::Closed)?.map(Some)
    }

    /// Runs one statement that only reads.
    pub(super) async fn read(&self, step: Step) -> Result<Answer, StoreError> {
        self.readers.run(&step).await
    }

    /// The same for a plugin's question to its own tables. However slow such questions are, one connection is left to
    /// the host's own.
    pub(super) async fn read_for_guest(&self, share: &Semaphore, step: Step) -> Result<Answer, StoreError> {
        // Its plugin's share first: those of one plugin wait for each other, and not in everybody's way.
        let _share = share.acquire().await.map_err(|_| StoreError::Closed)?;
        let _turn = self.readers.guests.acquire().await.map_err(|_| StoreError::Closed)?;
        self.read(step).await
    }

    /// How many questions and how many commits of one plugin may be under way: at most half of the connections for
    /// questions and three of four for writing, so that others find one however long its tables are locked. SQLite has
    /// one writer, and nobody but it waits for a lock.
    pub(super) fn share_of_a_plugin(&self) -> (usize, usize) {
        let commits = match self.dialect {
            Dialect::Sqlite => Semaphore::MAX_PERMITS,
            Dialect::Postgres => postgres::WRITERS * 3 / 4,
        };
        ((self.readers.guest_places / 2).max(1), commits)
    }

    /// A connection of one's own.
    pub(super) async fn connect(&self) -> Result<Connection, StoreError> {
        self.connect.connect().await
    }

    /// Lets the workers finish what waits and closes the connections.
    pub(super) async fn close(&self) {
        self.closing.cancel();
        // First, so that SQLite's writer is the last to close and takes the log along.
        self.readers.close().await;
        self.workers.close();
        self.workers.wait().await;
    }
}

/// Where a worker finds its jobs.
struct Inbound {
    queue: mpsc::Receiver<Box<dyn Work>>,
    stands: Arc<Stands>,
    closing: CancellationToken,
}

impl Inbound {
    /// The next job; none once the engine is closing and nothing waits.
    async fn next(&mut self) -> Option<Box<dyn Work>> {
        tokio::select! {
            biased;
            work = self.queue.recv() => work,
            () = self.closing.cancelled() => None,
        }
    }
}

/// A job whose type the workers need not know.
trait Work: Send {
    /// Runs it. The answer is kept until the commit is known.
    fn attempt<'a>(&'a mut self, session: &'a mut Session<'_>) -> BoxFuture<'a, Attempt>;
    fn gate(&self) -> Option<Arc<RwLock<()>>>;
    fn large(&self) -> Option<Owner>;
    fn bearing(&self, on: Channel) -> Bearing;
    /// Tells the waiting caller.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What the worker does next.
enum Attempt {
    Commit,
    Undo,
    /// Undo as well; the error is also the answer unless the job is repeated.
    Failed(StoreError),
}

struct Envelope<J: Job> {
    job: J,
    outcome: Option<Result<J::Output, StoreError>>,
    answer: oneshot::Sender<Result<J::Output, StoreError>>,
}

impl<J: Job> Work for Envelope<J> {
    fn attempt<'a>(&'a mut self, session: &'a mut Session<'_>) -> BoxFuture<'a, Attempt> {
        async move {
            match self.job.run(session).await {
                Ok(Verdict::Commit(output)) => {
                    self.outcome = Some(Ok(output));
                    Attempt::Commit
                }
                Ok(Verdict::Undo(output)) => {
                    self.outcome = Some(Ok(output));
                    Attempt::Undo
                }
                Err(error) => {
                    self.outcome = Some(Err(error.clone()));
                    Attempt::Failed(error)
                }
            }
        }
        .boxed()
    }

    fn gate(&self) -> Option<Arc<RwLock<()>>> {
        self.job.gate()
    }

    fn large(&self) -> Option<Owner> {
        self.job.large()
    }

    fn bearing(&self, on: Channel) -> Bearing {
        self.job.bearing(on)
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { job, outcome, answer } = *self;
        let outcome = match (committed, outcome) {
            (Err(error), _) => Err(error),
            (Ok(()), Some(Ok(mut output))) => {
                job.settle(&mut output);
                Ok(output)
            }
            (Ok(()), Some(Err(error))) => Err(error),
            (Ok(()), None) => Err(StoreError::unexpected("a job was never run")),
        };
        // Whoever asked goes on at once, on another thread: what the job has kept in motion stands still before.
        drop(job);
        // He may be gone; the database is as it says all the same.
        let _ = answer.send(outcome);
    }
}

/// A few connections for reading outside of any transaction.
struct Readers {
    connect: Connect,
    permits: Semaphore,
    /// All but one of them.
    guests: Semaphore,
    guest_places: usize,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    fn new(connect: Connect, count: usize) -> Self {
        let guest_places = count.saturating_sub(1).max(1);
        let (permits, guests) = (Semaphore::new(count), Semaphore::new(guest_places));
        Self { connect, permits, guests, guest_places, idle: Mutex::default() }
    }

    async fn run(&self, step: &Step) -> Result<Answer, StoreError> {
        let _permit = self.permits.acquire().await.map_err(|_| StoreError::Closed)?;
        loop {
            let idle = self.idle().pop();
            let was_idle = idle.is_some();
            let connection = match idle {
                Some(connection) => connection,
                None => self.connect.connect().await?,
            };
            // A caller that is dropped here takes the connection along: an answer may be under way on it.
            let (connection, answer) = connection.ask(READ_TIME, step).await;
            match answer {
                Ok(answer) => {
                    self.idle().extend(connection);
                    return Ok(answer);
                }
                // The server may have hung up while the connection was idle. The others are then no better.
                Err(StoreError::Unreachable { .. }) if was_idle => {
                    self.idle().clear();
                }
                Err(error) => {
                    // An answer that grew too large may still be computed there.
                    let is_gone = |error: &StoreError| {
                        use StoreError::{Closed, TooLarge, Unreachable};
                        matches!(error, Unreachable { .. } | Closed | TooLarge { .. })
                    };
                    if !is_gone(&error) {
                        self.idle().extend(connection);
                    }
                    return Err(error);
                }
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn close(&self) {
        self.guests.close();
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            connection.close().await;
        }
    }
}
