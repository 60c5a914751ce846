//! Back-pressure: a bot of which too many events wait takes no more until some are done.
//!
//! Telegram keeps what is not fetched, or answered with 503, for a day; a database that grows without bound stops all
//! bots at once. So intake pauses at `limits.waiting_events`, each bot by itself, and the API asks its callers to come later.
//!
//! The number is an estimate, because counting at each update would cost more than storing it: what was counted last,
//! and what this host has stored since. It is counted again at most once a second, and only if it may have changed. So
//! the inbox can go beyond the limit by what comes within a second on the other hosts, and by a batch. While nothing
//! comes nothing is asked.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Millis;
use crate::config::Limits;
use crate::model::{BotId, Part};
use crate::store::Store;

/// How often the waiting events are counted at most, and how long polling pauses before it looks again.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// How full the inbox of one bot is.
#[derive(Debug)]
pub struct Pressure {
    limit: i64,
    estimate: Mutex<Estimate>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Estimate {
    /// What was counted last, and when.
    counted: i64,
    at: Millis,
    /// Stored by this host since.
    since: i64,
}

impl Estimate {
    fn is_full(&self, limit: i64) -> bool {
        self.counted + self.since >= limit
    }

    /// Whether counting is worth it.
    fn is_stale(&self, limit: i64, now: Millis) -> bool {
        // A clock that was set back makes nothing fresh.
        let long_ago = !(0..AGAIN.as_millis() as Millis).contains(&(now - self.at));
        // A bot of which few events come is not counted at all: it takes so many to come near the limit.
        let may_matter = self.is_full(limit) || self.since > limit / 100;
        long_ago && may_matter
    }
}

impl Pressure {
    /// Nothing is known yet.
    pub fn new(limits: &Limits) -> Self {
        Self { limit: limits.waiting_events.into(), estimate: Mutex::default() }
    }

    /// Takes note of events that were stored.
    pub fn stored(&self, events: usize) {
        self.estimate().since += i64::try_from(events).unwrap_or(i64::MAX / 2);
    }

    /// Whether the bot should take no more for now.
    pub async fn is_full(&self, store: &Store, bot: BotId, parts: impl Iterator<Item = Part>, now: Millis) -> bool {
        let before = {
            let mut estimate = self.estimate();
            if !estimate.is_stale(self.limit, now) {
                return estimate.is_full(self.limit);
            }
            // Others who ask meanwhile go by the old number instead of counting, too.
            estimate.at = now;
            *estimate
        };
        // A host that starts finds what others have left; beyond the limit the exact number does not matter.
        if let Ok(counted) = store.waiting_events(bot, parts, self.limit).await {
            let mut estimate = self.estimate();
            estimate.counted = counted;
            estimate.since -= before.since;
        }
        // A database that cannot count cannot store either, and says so itself.
        self.estimate().is_full(self.limit)
    }

    fn estimate(&self) -> std::sync::MutexGuard<'_, Estimate> {
        self.estimate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_is_rare() {
        let estimate = |counted, at, since| Estimate { counted, at, since };
        for (estimate, now, full, stale) in [
            // Idle, however long.
            (estimate(0, 0, 0), 1_000_000, false, false),
            (estimate(0, 0, 10), 1_000_000, false, false),
            // Busy: once a second.
            (estimate(0, 5_000, 11), 5_999, false, false),
            (estimate(0, 5_000, 11), 6_000, false, true),
            // Full by the estimate, until it is known better.
            (estimate(900, 5_000, 100), 5_500, true, false),
            (estimate(900, 5_000, 100), 6_000, true, true),
            (estimate(1_000, 5_000, 0), 6_000, true, true),
            // The clock was set back: nobody knows how old it is.
            (estimate(900, 5_000, 100), 4_000, true, true),
        ] {
            assert_eq!((estimate.is_full(1_000), estimate.is_stale(1_000, now)), (full, stale), "{estimate:?}");
        }
    }
}
