//! A writer: jobs one after another, each in a transaction of its own.
//!
//! One that the database refuses because another was in its way is repeated as a whole. Jobs with a gate run serializable:
//! at first side by side, and after a refusal alone among the jobs of that gate in this host, so a row that everybody
//! wants is handed on instead of being fought for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::store::engine::{Attempt, Inbound, Work};
use crate::store::error::StoreError;
use crate::store::session::{Connect, Connection, in_time};

/// How often a refused transaction is repeated before the caller hears of it.
const ATTEMPTS: u32 = 20;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const BEGIN_SERIALIZABLE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// One of the writers.
pub(super) struct Writer {
    how: Connect,
    /// One that is idle.
    connection: Option<Connection>,
    /// How many connections all writers have lost. One that was idle at that time is no better, and may be silent for long
    /// before it is known.
    losses: Arc<AtomicU64>,
    /// How many of them were known when the connection of this one was last used.
    known: u64,
}

impl Writer {
    /// One with a connection to begin with, or without.
    pub(super) fn new(how: Connect, connection: Option<Connection>, losses: Arc<AtomicU64>) -> Self {
        Self { how, connection, losses, known: 0 }
    }

    /// Runs jobs until the engine is closing and none waits.
    pub(super) async fn write(mut self, inbound: Arc<Mutex<Inbound>>) {
        loop {
            let next = inbound.lock().await.next().await;
            let Some(work) = next else { break };
            self.run_to_the_end(work).await;
        }
        if let Some(connection) = self.connection {
            connection.close().await;
        }
    }

    /// Repeats a job until it is committed, undone or hopeless, and answers it.
    async fn run_to_the_end(&mut self, mut work: Box<dyn Work>) {
        let mut attempt = 0;
        let result = loop {
            let turn = Turn::wait(work.gate(), attempt).await;
            let losses = self.losses.load(Ordering::Acquire);
            if losses != self.known {
                (self.connection, self.known) = (None, losses);
            }
            let was_idle = self.connection.is_some();
            let outcome = transact(&self.how, &mut self.connection, &mut *work).await;
            drop(turn);
            match outcome {
                Ok(()) => break Ok(()),
                Err(Trouble::AtBegin(StoreError::Unreachable { .. })) if was_idle => self.lost(),
                // That there is no new one says nothing of those that are there: a server has only so many.
                Err(Trouble::AtBegin(error)) => break Err(error),
                Err(Trouble::Later(error @ StoreError::Contended { .. })) => {
                    attempt += 1;
                    if attempt == ATTEMPTS {
                        break Err(error);
                    }
                    // The first repetition is alone in this host already; only other hosts can be in its way.
                    let pause = Duration::from_millis(1 << (attempt - 1).min(6));
                    tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
                }
                Err(Trouble::Later(error)) => {
                    if matches!(error, StoreError::Unreachable { .. }) {
                        self.lost();
                    }
                    break Err(error);
                }
            }
        };
        work.answer(result);
    }

    fn lost(&self) {
        self.losses.fetch_add(1, Ordering::AcqRel);
    }
}

/// The place of a serializable job among those of its gate.
enum Turn {
    Free,
    Shared(#[expect(dead_code, reason = "held, not read")] OwnedRwLockReadGuard<()>),
    Alone(#[expect(dead_code, reason = "held, not read")] OwnedRwLockWriteGuard<()>),
}

impl Turn {
    async fn wait(gate: Option<Arc<RwLock<()>>>, attempt: u32) -> Self {
        match gate {
            None => Self::Free,
            Some(gate) if attempt == 0 => Self::Shared(gate.read_owned().await),
            Some(gate) => Self::Alone(gate.write_owned().await),
        }
    }
}

enum Trouble {
    /// Nothing has been done yet: an idle connection may have been cut, and another will do.
    AtBegin(StoreError),
    /// The transaction is undone, or nobody knows if the connection was lost at the COMMIT.
    Later(StoreError),
}

/// Runs a job in one transaction.
async fn transact(how: &Connect, slot: &mut Option<Connection>, work: &mut dyn Work) -> Result<(), Trouble> {
    // The connection goes back into its slot only when its transaction is known to be over.
    let mut connection = match slot.take() {
        Some(connection) => connection,
        None => how.connect().await.map_err(Trouble::AtBegin)?,
    };
    let begin = if work.gate().is_some() { BEGIN_SERIALIZABLE } else { BEGIN };
    in_time(connection.session().plain(begin)).await.flatten().map_err(Trouble::AtBegin)?;
    let attempt = work.attempt(&mut connection.session()).await;
    let end = match attempt {
        Attempt::Commit => "COMMIT",
        // Nobody is there to hear more.
        Attempt::Failed(error @ StoreError::Unreachable { .. }) => return Err(Trouble::Later(error)),
        Attempt::Undo | Attempt::Failed(_) => "ROLLBACK",
    };
    let ended = in_time(connection.session().plain(end)).await.flatten();
    // A COMMIT that is refused has ended the transaction too.
    if matches!(ended, Ok(()) | Err(StoreError::Contended { .. } | StoreError::Unique { .. })) {
        *slot = Some(connection);
    }
    match attempt {
        Attempt::Commit => ended.map_err(Trouble::Later),
        Attempt::Undo => Ok(()),
        Attempt::Failed(error) => Err(Trouble::Later(error)),
    }
}
