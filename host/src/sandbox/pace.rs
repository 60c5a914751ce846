//! Where a turn computes: on the runtime, or on the threads for long turns. Pure but for the clock; `heavy` has the
//! threads.
//!
//! 1. A turn begins on the runtime, where it costs nothing to begin. Most turns end within a fraction of a millisecond.
//! 2. One that computes longer than [`SHORT`] goes on among the long ones. It is not told and loses nothing.
//! 3. A plugin whose turns together have computed more than [`SHARE`] of a core of late is greedy: as long as another
//!    plugin has had a turn of late, its turns begin among the long ones, however short each may be. A plugin that is
//!    alone is never greedy: there is nobody whom it could hold up.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::heavy::{Group, Heavy};
use super::meter::Meter;

/// What a turn may compute on the runtime: more than any ordinary one needs, and no more than a few others can wait for.
const SHORT: Duration = Duration::from_millis(4);
/// "Of late" is this window and the one before.
const WINDOW: Duration = Duration::from_millis(500);
/// What a plugin may compute in two windows, all its turns together: a tenth of a core.
const SHARE: Duration = Duration::from_millis(100);

/// The paces of one sandbox.
pub(super) struct Pace {
    heavy: Heavy,
    ledger: Arc<Ledger>,
    groups: AtomicU64,
}

/// What plugins have computed of late.
struct Ledger {
    start: Instant,
    spent: Mutex<Spent>,
}

impl Pace {
    #[expect(clippy::disallowed_methods, reason = "a stopwatch, like the meter: no turn ever sees it")]
    pub(super) fn start() -> std::io::Result<Self> {
        // One core is left to everybody else, however many turns compute long: even a thread of low priority keeps the
        // core that it has for a moment, and a guest that fills its memory takes the caches along.
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() - 1).max(1);
        let ledger = Arc::new(Ledger { start: Instant::now(), spent: Mutex::default() });
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
        if !self.ledger.count(group, Duration::ZERO) {
            let ended = poll_fn(|context| match turn.as_mut().poll(context) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending if meter.spent() > SHORT => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            let ended = ended.await;
            self.ledger.count(group, meter.spent());
            if let Some(result) = ended {
                return result;
            }
        }
        // Counted as it goes: the next turns of this plugin begin while this one is under way.
        let ledger = Arc::clone(&self.ledger);
        let counted = poll_fn(move |context| {
            let before = meter.spent();
            let poll = turn.as_mut().poll(context);
            ledger.count(group, meter.spent().saturating_sub(before));
            poll
        });
        self.heavy.run(group, counted).await
    }
}

impl Ledger {
    /// Counts what a plugin has computed; says whether it is greedy.
    fn count(&self, group: Group, spent: Duration) -> bool {
        let window = self.start.elapsed().as_millis() / WINDOW.as_millis();
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).count(window, group, spent)
    }
}

/// What each plugin has computed in this window and in the one before.
#[derive(Default)]
struct Spent {
    window: u128,
    now: HashMap<Group, Duration>,
    before: HashMap<Group, Duration>,
}

impl Spent {
    fn count(&mut self, window: u128, group: Group, spent: Duration) -> bool {
        if window != self.window {
            self.before = std::mem::take(&mut self.now);
            if window != self.window + 1 {
                self.before.clear();
            }
            self.window = window;
        }
        *self.now.entry(group).or_default() += spent;
        let others = self.now.keys().chain(self.before.keys()).any(|other| *other != group);
        let own = [&self.now, &self.before].into_iter().filter_map(|window| window.get(&group)).sum::<Duration>();
        others && own > SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Group = 1;
    const OTHER: Group = 2;

    #[test]
    fn greed_is_relative() {
        let mut spent = Spent::default();
        assert!(!spent.count(0, OWN, SHARE * 5), "nobody else is there");
        assert!(!spent.count(0, OTHER, Duration::ZERO));
        assert!(spent.count(0, OWN, Duration::ZERO));
        assert!(!spent.count(0, OTHER, SHARE), "a share is not too much");
        assert!(spent.count(0, OTHER, Duration::from_nanos(1)));
    }

    #[test]
    fn greed_is_forgotten() {
        let mut spent = Spent::default();
        spent.count(7, OTHER, Duration::ZERO);
        assert!(spent.count(7, OWN, SHARE * 2));
        assert!(spent.count(8, OWN, Duration::ZERO));
        assert!(!spent.count(9, OWN, Duration::ZERO), "both windows are new, and the other plugin is gone");
        spent.count(9, OTHER, Duration::ZERO);
        assert!(!spent.count(9, OWN, SHARE));
        spent.count(40, OTHER, Duration::ZERO);
        assert!(!spent.count(40, OWN, SHARE), "a window long ago is not the one before");
    }
}
