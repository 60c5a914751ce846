//! Where a turn computes: on the runtime, or on the threads for long turns. Pure but for the clock; `heavy` has the
//! threads.
//!
//! 1. A turn begins on the runtime, where it costs nothing to begin. Most turns end within a fraction of a millisecond.
//! 2. One that computes longer than [`SHORT`] goes on among the long ones. It is not told and loses nothing.
//! 3. A plugin is greedy that has computed more than a tenth of a core of late, all its turns together, and [`BURST`]
//!    beyond that: as long as another plugin has had a turn of late, its turns begin among the long ones, however short
//!    each may be. What a turn will compute is counted when it begins, going by those before it, because a dozen may
//!    begin at once. A plugin that is alone is never greedy: there is nobody whom it could hold up.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::heavy::{Group, Heavy};
use super::meter::Meter;

/// What a turn may compute on the runtime: more than any ordinary one needs, and no more than a few others can wait for.
const SHORT: Duration = Duration::from_millis(4);
/// What a plugin may compute at once: a few ordinary turns, and no more than each message can wait for a dozen times on
/// its way.
const BURST: Duration = Duration::from_millis(1);
/// One part in so many of a core is what a plugin may compute all the time.
const SHARE: u32 = 10;
/// How much is remembered at most: whatever a plugin has computed, it is forgotten after ten times as long.
const MOST: Duration = Duration::from_millis(100);
/// How long a plugin is remembered that has no more turns.
const OF_LATE: Duration = Duration::from_secs(1);

/// The paces of one sandbox.
pub(super) struct Pace {
    heavy: Heavy,
    ledger: Arc<Ledger>,
    groups: AtomicU64,
}

/// What plugins have computed of late.
struct Ledger {
    start: Instant,
    accounts: Mutex<Accounts>,
}

impl Pace {
    #[expect(clippy::disallowed_methods, reason = "a stopwatch, like the meter: no turn ever sees it")]
    pub(super) fn start() -> std::io::Result<Self> {
        // One core is left to everybody else, however many turns compute long: even a thread of low priority keeps the
        // core that it has for a moment, and a guest that fills its memory takes the caches along.
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() - 1).max(1);
        let ledger = Arc::new(Ledger { start: Instant::now(), accounts: Mutex::default() });
        Ok(Self { heavy: Heavy::start(threads)?, ledger, groups: AtomicU64::new(0) })
    }

    /// A number for a plugin.
    pub(super) fn group(&self) -> Group {
        self.groups.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs a turn of a plugin, whose computing time `meter` counts.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        group: Group,
        meter: Arc<Meter>,
        mut turn: BoxFuture<'static, T>,
    ) -> T {
        if let Some(expected) = self.ledger.begins(group) {
            let ended = poll_fn(|context| match turn.as_mut().poll(context) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending if meter.spent() > SHORT => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            let ended = ended.await;
            self.ledger.account(group, |account| account.ends(expected, meter.spent()));
            if let Some(result) = ended {
                return result;
            }
        }
        // Counted as it goes: the next turns of this plugin begin while this one is under way.
        let ledger = Arc::clone(&self.ledger);
        let counted = poll_fn(move |context| {
            let before = meter.spent();
            let poll = turn.as_mut().poll(context);
            ledger.account(group, |account| account.owed += meter.spent().saturating_sub(before));
            poll
        });
        self.heavy.run(group, counted).await
    }
}

impl Ledger {
    /// A turn begins: what it will probably compute, which is counted; `None` if the plugin is greedy.
    fn begins(&self, group: Group) -> Option<Duration> {
        self.accounts().begins(group, self.start.elapsed())
    }

    fn account(&self, group: Group, change: impl FnOnce(&mut Account)) {
        change(self.accounts().of(group, self.start.elapsed()));
    }

    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What each plugin has computed. Times are counted from the start of the ledger.
#[derive(Default)]
struct Accounts(HashMap<Group, Account>);

#[derive(Default)]
struct Account {
    /// What it has computed, less what it may.
    owed: Duration,
    /// What its turns compute as a rule.
    usual: Duration,
    /// When this was written.
    at: Duration,
}

impl Accounts {
    fn begins(&mut self, group: Group, now: Duration) -> Option<Duration> {
        self.0.retain(|_, account| now.saturating_sub(account.at) < OF_LATE);
        let has_others = self.0.keys().any(|other| *other != group);
        let account = self.of(group, now);
        if has_others && account.owed > BURST {
            return None;
        }
        account.owed += account.usual;
        Some(account.usual)
    }

    /// A plugin's account, with what it may have computed since taken off.
    fn of(&mut self, group: Group, now: Duration) -> &mut Account {
        let account = self.0.entry(group).or_default();
        account.owed = account.owed.min(MOST).saturating_sub(now.saturating_sub(account.at) / SHARE);
        account.at = now;
        account
    }
}

impl Account {
    /// A turn has computed so much on the runtime for which so much was counted.
    fn ends(&mut self, expected: Duration, spent: Duration) {
        self.owed = (self.owed + spent).saturating_sub(expected);
        self.usual = (self.usual * 7 + spent) / 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Group = 1;
    const OTHER: Group = 2;

    const NOW: Duration = Duration::from_secs(7);

    fn computes(accounts: &mut Accounts, group: Group, now: Duration, spent: Duration) {
        accounts.of(group, now).owed += spent;
    }

    #[test]
    fn greed_is_relative() {
        let mut accounts = Accounts::default();
        computes(&mut accounts, OWN, NOW, BURST * 5);
        assert!(accounts.begins(OWN, NOW).is_some(), "nobody else is there");
        assert!(accounts.begins(OTHER, NOW).is_some());
        assert!(accounts.begins(OWN, NOW).is_none());
        computes(&mut accounts, OTHER, NOW, BURST);
        assert!(accounts.begins(OTHER, NOW).is_some(), "that much is not too much");
        computes(&mut accounts, OTHER, NOW, Duration::from_nanos(1));
        assert!(accounts.begins(OTHER, NOW).is_none());
    }

    #[test]
    fn greed_is_forgotten() {
        let mut accounts = Accounts::default();
        accounts.begins(OTHER, NOW);
        computes(&mut accounts, OWN, NOW, BURST * 2);
        let soon = NOW + BURST * (SHARE - 1);
        assert!(accounts.begins(OWN, soon).is_none());
        let later = NOW + BURST * SHARE;
        assert!(accounts.begins(OWN, later).is_some());
        computes(&mut accounts, OWN, later, Duration::from_secs(60));
        let much_later = later + MOST * SHARE;
        accounts.begins(OTHER, much_later);
        assert!(accounts.begins(OWN, much_later).is_some(), "even that much");
        computes(&mut accounts, OWN, much_later, BURST * 2);
        assert!(accounts.begins(OWN, much_later).is_none());
        assert!(accounts.begins(OWN, much_later + OF_LATE).is_some(), "the other plugin is gone");
    }

    #[test]
    fn those_that_begin_at_once_are_counted_at_once() {
        let mut accounts = Accounts::default();
        accounts.begins(OTHER, NOW);
        let cost = Duration::from_millis(1);
        for _ in 0..40 {
            accounts.of(OWN, NOW).ends(Duration::ZERO, cost);
        }
        let later = NOW + Duration::from_millis(999);
        let begun: Vec<_> = (0..12).map_while(|_| accounts.begins(OWN, later)).collect();
        assert!((2..=3).contains(&begun.len()), "{begun:?}");
        for expected in begun {
            accounts.of(OWN, later).ends(expected, cost / 1000);
        }
        assert!(accounts.begins(OWN, later).is_some(), "they have computed less");
    }
}
