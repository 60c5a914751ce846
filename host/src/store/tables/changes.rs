//! Which tables have been written to since a turn began: reads of the others need not be asked again at its commit.
//!
//! For SQLite alone, where every write to a plugin's table is a job of this host's one writer; what an operator changes
//! by hand while the host runs is not seen. A table is *moving* from before a job writes to it until after its commit, and
//! its counter grows at both ends. An answer holds if the table does not move and its counter stands where it stood:
//!
//! 1. Whoever looked before the job began finds a higher counter.
//! 2. Whoever looked while it moved, and may have read the rows of before, finds it still moving (the same group of
//!    commits) or a higher counter.
//! 3. Whoever looked after it has read the rows of after.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::TableSet;
use crate::model::PluginName;
use crate::store::dialect::Dialect;

/// What all bots with a plugin share of it: the counters of its tables by their names in the database, and how much it may
/// have under way.
#[derive(Default)]
pub(in crate::store) struct Counters {
    tables: Mutex<HashMap<String, Counter>>,
    shares: Mutex<HashMap<PluginName, Arc<Share>>>,
}

/// How much a plugin may have under way at once, so that one whose tables are slow or locked leaves connections to others.
pub(in crate::store) struct Share {
    pub(in crate::store) questions: Semaphore,
    pub(in crate::store) commits: Semaphore,
}

impl Counters {
    /// The counter of this table.
    pub(super) fn of(&self, table: &str) -> Counter {
        let mut counters = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        counters.entry(table.to_owned()).or_default().clone()
    }

    /// The connections for this plugin: so many for its questions, and so many for its commits.
    pub(super) fn share_of(&self, plugin: &PluginName, (questions, commits): (usize, usize)) -> Arc<Share> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Share { questions: Semaphore::new(questions), commits: Semaphore::new(commits) });
        Arc::clone(shares.entry(plugin.clone()).or_insert_with(new))
    }
}

/// Whether a table moves, and how often it has.
#[derive(Clone, Default)]
pub(in crate::store) struct Counter(Arc<Motion>);

#[derive(Default)]
struct Motion {
    moving: AtomicU64,
    count: AtomicU64,
}

impl Counter {
    /// The table moves until the value that this returns is dropped.
    pub(in crate::store) fn moves(&self) -> Moving {
        self.0.moving.fetch_add(1, Ordering::SeqCst);
        self.0.count.fetch_add(1, Ordering::SeqCst);
        Moving(self.clone())
    }

    fn now(&self) -> u64 {
        self.0.count.load(Ordering::SeqCst)
    }
}

/// Keeps a table moving.
pub(in crate::store) struct Moving(Counter);

impl Drop for Moving {
    fn drop(&mut self) {
        self.0.0.count.fetch_add(1, Ordering::SeqCst);
        self.0.0.moving.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Where the counters of a plugin's tables stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since(HashMap<String, u64>);

impl TableSet {
    /// Where the tables stand now. To be asked before a turn reads anything; what is not written to until its commit is
    /// not asked again there. `None` where others may write too.
    pub fn now(&self) -> Option<Since> {
        let stand = |(name, stored): (&String, &Arc<super::Stored>)| (name.clone(), stored.counter.now());
        (self.0.dialect == Dialect::Sqlite).then(|| Since(self.0.tables.iter().map(stand).collect()))
    }
}

/// What has to stand still for an answer to hold.
pub(super) struct Still {
    counter: Counter,
    stood: Option<u64>,
}

impl Still {
    pub(super) fn new(counter: &Counter, since: Option<&Since>, table: &str) -> Self {
        Self { counter: counter.clone(), stood: since.and_then(|since| since.0.get(table).copied()) }
    }

    pub(super) fn holds(&self) -> bool {
        self.counter.0.moving.load(Ordering::SeqCst) == 0 && self.stood == Some(self.counter.now())
    }
}
