//! Who waits for whom when turns of this host want to change the same thing.
//!
//! Nothing here makes a turn correct: the commit does, by asking every read again. These queues only spare the work of
//! turns that would be refused there. They live in this process, every wait is bounded, and a host that lost them all
//! would be slower, never wrong. A turn that waits in the middle of a run gives up soon, as the time of the run goes on;
//! between two runs it waits as long as there is a move, however slow the commits are. Two places to wait:
//!
//! 1. **A row** that is about to be incremented: turns take it one after another, each holding it until its commit is
//!    answered, so a hot counter is handed on at the pace of the commits instead of being fought for.
//! 2. **A table** that a turn scanned in vain: the turn that was refused runs again while the commits of others to that
//!    table wait. Everybody else only passes through (`share`), which costs one look into a map.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::clock::Clock;
use crate::model::{BotId, PluginName};

/// The longest wait for a row or a table that nobody gets meanwhile. Two turns that wait for each other part after it.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it is waited so long for a row that others get meanwhile.
const MOVES: u32 = 20;

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

    /// Waits behind the other turns that are about to change this row, in the middle of a run.
    pub(super) async fn row(&self, bot: BotId, plugin: &PluginName, table: &str, id: i64) -> Option<HeldRow> {
        self.rows.alone(&self.clock, 1, (bot, plugin.clone(), table.to_owned(), id)).await
    }

    /// The same between two runs, as long as the row is handed on.
    pub(super) async fn row_again(&self, bot: BotId, plugin: &PluginName, table: &str, id: i64) -> Option<HeldRow> {
        self.rows.alone(&self.clock, MOVES, (bot, plugin.clone(), table.to_owned(), id)).await
    }

    /// Waits until nobody commits to this table, and keeps it so.
    pub(super) async fn table(&self, bot: BotId, plugin: &PluginName, table: &str) -> Option<HeldTable> {
        self.tables.alone(&self.clock, MOVES, (bot, plugin.clone(), table.to_owned())).await
    }

    /// Waits while somebody has this table alone.
    pub(super) async fn share(&self, bot: BotId, plugin: &PluginName, table: &str) -> Option<HeldTable> {
        self.tables.shared(&self.clock, (bot, plugin.clone(), table.to_owned())).await
    }
}

/// A lock, and how often somebody got it.
#[derive(Default)]
struct Lock {
    lock: Arc<RwLock<()>>,
    moves: AtomicU32,
}

/// Locks by key, kept only while somebody holds or awaits them.
struct Locks<K>(Arc<Mutex<HashMap<K, Arc<Lock>>>>);

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
    async fn alone(&self, clock: &Clock, moves: u32, key: K) -> Option<Turnstile<K>> {
        let entry = self.entry(key);
        let lock = entry.lock();
        let guard = patiently(clock, moves, &lock.moves, Arc::clone(&lock.lock).write_owned()).await?;
        Some(Turnstile { _guard: Guard::Alone(guard), _entry: entry })
    }

    async fn shared(&self, clock: &Clock, key: K) -> Option<Turnstile<K>> {
        let entry = self.entry(key);
        let lock = entry.lock();
        let guard = patiently(clock, 1, &lock.moves, Arc::clone(&lock.lock).read_owned()).await?;
        Some(Turnstile { _guard: Guard::Shared(guard), _entry: entry })
    }

    fn entry(&self, key: K) -> Entry<K> {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = Arc::clone(locks.entry(key.clone()).or_default());
        Entry { locks: self.clone(), key, lock: Some(lock) }
    }
}

/// What comes before nobody has moved for the longest wait, or so many of them are over.
async fn patiently<T>(clock: &Clock, waits: u32, moves: &AtomicU32, coming: impl Future<Output = T>) -> Option<T> {
    let mut coming = std::pin::pin!(coming);
    for _ in 0..waits {
        let before = moves.load(Ordering::Relaxed);
        tokio::select! {
            biased;
            came = &mut coming => {
                moves.fetch_add(1, Ordering::Relaxed);
                return Some(came);
            }
            () = clock.sleep(PATIENCE) => {}
        }
        if moves.load(Ordering::Relaxed) == before {
            break;
        }
    }
    None
}

/// Somebody's interest in a lock; the last one to lose it takes the lock out of the map.
struct Entry<K: Eq + Hash + Clone> {
    locks: Locks<K>,
    key: K,
    lock: Option<Arc<Lock>>,
}

impl<K: Eq + Hash + Clone> Entry<K> {
    fn lock(&self) -> &Arc<Lock> {
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

    #[tokio::test]
    async fn who_is_between_two_runs_waits_while_there_is_a_move() {
        let clock = Clock::manual(0);
        let (queues, plugin) = (Queues::new(clock.clone()), plugin());
        let mut held = queues.row(BotId(1), &plugin, "cards", 7).await;
        let row = || Box::pin(queues.row_again(BotId(1), &plugin, "cards", 7));
        let (mut before, mut last) = ([row(), row(), row()], row());
        for next in &mut before {
            assert!(futures_util::poll!(next).is_pending());
        }
        for next in before {
            assert!(futures_util::poll!(&mut last).is_pending());
            drop(held);
            held = next.await;
            clock.advance(PATIENCE);
            assert!(futures_util::poll!(&mut last).is_pending(), "somebody got it");
        }
        clock.advance(PATIENCE);
        assert!(last.await.is_none(), "nobody did");
    }
}
