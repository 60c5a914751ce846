//! The only place that reads the time; everything else is handed a [`Clock`].
//!
//! Timestamps are whole milliseconds since 1970-01-01T00:00:00Z, the unit of the database and of the plugin contract.
//! A test moves a manual clock by hand, and whoever sleeps on it wakes when its time has come.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Where the time comes from. Cheap to clone; all clones agree.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<watch::Sender<Millis>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until it is moved by [`Clock::advance`].
    pub fn manual(start: Millis) -> Self {
        Self(Source::Manual(Arc::new(watch::Sender::new(start))))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may ask")]
    pub fn now(&self) -> Millis {
        match &self.0 {
            // A clock before 1970 is a broken machine; zero keeps every comparison meaningful.
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Source::Manual(time) => *time.borrow(),
        }
    }

    /// Returns once `duration` has gone by on this clock.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Source::System => tokio::time::sleep(duration).await,
            Source::Manual(time) => {
                let until = *time.borrow() + i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2);
                self.sleep_until(until).await;
            }
        }
    }

    /// Returns once the clock shows `time`; at once if it already does.
    pub async fn sleep_until(&self, time: Millis) {
        match &self.0 {
            Source::System => {
                let wait = time.saturating_sub(self.now()).max(0);
                tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())).await;
            }
            // The sender lives in `self`, so the wait cannot fail.
            Source::Manual(shown) => drop(shown.subscribe().wait_for(|now| *now >= time).await),
        }
    }

    /// Moves a manual clock forward. On the machine's clock this does nothing.
    pub fn advance(&self, duration: Duration) {
        if let Source::Manual(time) = &self.0 {
            time.send_modify(|now| *now += i64::try_from(duration.as_millis()).unwrap_or(0));
        }
    }
}
