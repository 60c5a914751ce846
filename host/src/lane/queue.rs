//! Who waits for whom when turns of this host want to change the same thing.
//!
//! Nothing here makes a turn correct: the commit does, by asking every read again. These queues only spare the work of
//! turns that would be refused there. They live in this process, every wait is bounded, and a host that lost them all
//! would be slower, never wrong. Two places to wait:
//!
//! 1. **A row** that is about to be incremented: turns take it one after another, each holding it until its commit is
//!    answered, so a hot counter is handed on at the pace of the commits instead of being fought for.
//! 2. **A table** that a turn scanned in vain: the turn that was refused runs again while the commits of others to that
//!    table wait. Everybody else only passes through (`share`), which costs one look into a map.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::clock::Clock;
use crate::model::{BotId, PluginName};

/// The longest wait for a row or a table. Two turns that wait for each other part after it.
const PATIENCE: Duration = Duration::from_millis(500);

/// A row of a plugin's table.
type RowKey = (BotId, PluginName, String, i64);
/// A plugin's table.
type TableKey = (BotId, PluginName, String);

/// The queues of one host.
#[derive(Clone)]
pub(super) struct Queues {
    clock: Clock,
    rows: Locks<RowKey>,
    tables: Locks<TableKey>,
}

/// The right to be the only one; given back when dropped.
pub(super) struct Turnstile<K: Eq + Hash + Clone> {
    // Declared before `entry`: the lock is let go before the entry is looked at.
    _guard: Guard,
    _entry: Entry<K>,
}

enum Guard {
    Alone(#[expect(dead_code, reason = "held, not read")] OwnedRwLockWriteGuard<()>),
    Shared(#[expect(dead_code, reason = "held, not read")] OwnedRwLockReadGuard<()>),
}

/// A held row.
pub(super) type HeldRow = Turnstile<RowKey>;
/// A held table.
pub(super) type HeldTable = Turnstile<TableKey>;

impl Queues {
    /// Queues in which nobody waits.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, rows: Locks::default(), tables: Locks::default() }
    }

    /// Waits behind the other turns that are about to change this row.
    pub(super) async fn row(&self, bot: BotId, plugin: &PluginName, table: &str, id: i64) -> Option<HeldRow> {
        self.rows.alone(&self.clock, (bot, plugin.clone(), table.to_owned(), id)).await
    }

    /// Waits until nobody commits to this table, and keeps it so.
    pub(super) async fn table(&self, bot: BotId, plugin: &PluginName, table: &str) -> Option<HeldTable> {
        self.tables.alone(&self.clock, (bot, plugin.clone(), table.to_owned())).await
    }

    /// Waits while somebody has this table alone.
    pub(super) async fn share(&self, bot: BotId, plugin: &PluginName, table: &str) -> Option<HeldTable> {
        self.tables.shared(&self.clock, (bot, plugin.clone(), table.to_owned())).await
    }
}

/// Locks by key, kept only while somebody holds or awaits them.
struct Locks<K>(Arc<Mutex<HashMap<K, Arc<RwLock<()>>>>>);

impl<K> Clone for Locks<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Locks<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash + Clone> Locks<K> {
    async fn alone(&self, clock: &Clock, key: K) -> Option<Turnstile<K>> {
        let entry = self.entry(key);
        let guard = patiently(clock, Arc::clone(entry.lock()).write_owned()).await?;
        Some(Turnstile { _guard: Guard::Alone(guard), _entry: entry })
    }

    async fn shared(&self, clock: &Clock, key: K) -> Option<Turnstile<K>> {
        let entry = self.entry(key);
        let guard = patiently(clock, Arc::clone(entry.lock()).read_owned()).await?;
        Some(Turnstile { _guard: Guard::Shared(guard), _entry: entry })
    }

    fn entry(&self, key: K) -> Entry<K> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = Arc::clone(locks.entry(key.clone()).or_default());
        Entry { locks: self.clone(), key, lock: Some(lock) }
    }
}

/// What comes within the longest wait.
async fn patiently<T>(clock: &Clock, coming: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        came = coming => Some(came),
        () = clock.sleep(PATIENCE) => None,
    }
}

/// Somebody's interest in a lock; the last one to lose it takes the lock out of the map.
struct Entry<K: Eq + Hash + Clone> {
    locks: Locks<K>,
    key: K,
    lock: Option<Arc<RwLock<()>>>,
}

impl<K: Eq + Hash + Clone> Entry<K> {
    fn lock(&self) -> &Arc<RwLock<()>> {
        self.lock.as_ref().expect("taken only by drop")
    }
}

impl<K: Eq + Hash + Clone> Drop for Entry<K> {
    fn drop(&mut self) {
        let mut locks = self.locks.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock = None;
        // New interest needs the map's mutex, so a count of one (the map's own) stays one until it is removed.
        if locks.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin() -> PluginName {
        PluginName::new("cards").expect("a name")
    }

    #[tokio::test]
    async fn rows_are_handed_on_one_at_a_time_and_forgotten_after() {
        let queues = Queues::new(Clock::manual(0));
        let first = queues.row(BotId(1), &plugin(), "cards", 7).await;
        assert!(first.is_some());
        assert!(queues.row(BotId(1), &plugin(), "cards", 8).await.is_some(), "another row is free");

        let plugin = plugin();
        let mut second = std::pin::pin!(queues.row(BotId(1), &plugin, "cards", 7));
        assert!(futures_util::poll!(&mut second).is_pending(), "the row is held");
        drop(first);
        drop(second.await);
        assert!(queues.rows.0.lock().expect("nobody panicked").is_empty(), "a row nobody wants takes no memory");
    }

    #[tokio::test]
    async fn commits_wait_only_for_a_turn_that_has_the_table_alone() {
        let (queues, plugin) = (Queues::new(Clock::manual(0)), plugin());
        let commits = (queues.share(BotId(1), &plugin, "cards").await, queues.share(BotId(1), &plugin, "cards").await);
        let mut alone = std::pin::pin!(queues.table(BotId(1), &plugin, "cards"));
        assert!(futures_util::poll!(&mut alone).is_pending(), "commits are under way");
        drop(commits);
        let alone = alone.await;
        let mut commit = std::pin::pin!(queues.share(BotId(1), &plugin, "cards"));
        assert!(futures_util::poll!(&mut commit).is_pending(), "the table is taken");
        drop(alone);
        assert!(commit.await.is_some());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let clock = Clock::manual(0);
        let (queues, plugin) = (Queues::new(clock.clone()), plugin());
        let _held = queues.row(BotId(1), &plugin, "cards", 7).await;
        let mut second = std::pin::pin!(queues.row(BotId(1), &plugin, "cards", 7));
        assert!(futures_util::poll!(&mut second).is_pending());
        clock.advance(PATIENCE);
        assert!(second.await.is_none());
    }
}
