//! How long a turn may last by the clock, and how long it may wait for what is outside: the Web and a language model. An
//! answer from there takes a minute when all is well, so that waiting has a limit of its own and does not count against
//! the turn's time, which is there for what ought to be quick. Pure but for the stopwatch and the sleep.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::meter::Meter;

/// The shortest sleep: nobody is harmed by a turn that lasts so much longer.
const NAP: Duration = Duration::from_millis(20);
/// Not waiting.
const NOT: u64 = u64::MAX;

/// What one turn has waited for the outside, in nanoseconds of its stopwatch.
pub(super) struct Patience {
    waited: AtomicU64,
    /// When the wait under way began.
    since: AtomicU64,
}

/// A wait that is over when this is dropped, however it ends.
struct Waiting<'a>(&'a Patience, &'a Meter);

impl Patience {
    pub(super) fn new() -> Self {
        Self { waited: AtomicU64::new(0), since: AtomicU64::new(NOT) }
    }

    /// What the turn has waited up to now.
    pub(super) fn waited(&self, meter: &Meter) -> Duration {
        let now = match self.since.load(Ordering::Acquire) {
            NOT => 0,
            since => nanoseconds(meter.elapsed()).saturating_sub(since),
        };
        Duration::from_nanos(self.waited.load(Ordering::Acquire).saturating_add(now))
    }

    /// Waits for something outside.
    pub(super) async fn wait<T>(&self, meter: &Meter, outside: impl Future<Output = T>) -> T {
        self.since.store(nanoseconds(meter.elapsed()), Ordering::Release);
        let _waiting = Waiting(self, meter);
        outside.await
    }

    /// Runs a turn that may last so long, what it waits for the outside left out. `None`: it lasted longer.
    pub(super) async fn limit<T>(&self, meter: &Meter, wall: Duration, turn: impl Future<Output = T>) -> Option<T> {
        let (mut turn, begin, before) = (pin!(turn), meter.elapsed(), self.waited(meter));
        let mut left = wall;
        loop {
            tokio::select! {
                biased;
                done = &mut turn => return Some(done),
                () = tokio::time::sleep(left.max(NAP)) => {}
            }
            let own = (meter.elapsed() - begin).saturating_sub(self.waited(meter) - before);
            left = wall.checked_sub(own).filter(|left| !left.is_zero())?;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Self(patience, meter) = self;
        patience.waited.store(nanoseconds(patience.waited(meter)), Ordering::Release);
        patience.since.store(NOT, Ordering::Release);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NOT - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(60);

    #[tokio::test]
    async fn waiting_for_the_outside_does_not_count() {
        let (meter, patience) = (Meter::new(), Patience::new());
        let turn = async {
            patience.wait(&meter, tokio::time::sleep(SHORT * 4)).await;
            patience.wait(&meter, tokio::time::sleep(SHORT)).await;
            7
        };
        assert_eq!(patience.limit(&meter, SHORT, turn).await, Some(7));
        assert!(patience.waited(&meter) >= SHORT * 5);
    }

    #[tokio::test]
    async fn everything_else_does() {
        let (meter, patience) = (Meter::new(), Patience::new());
        let turn = async {
            patience.wait(&meter, tokio::time::sleep(SHORT)).await;
            std::future::pending::<()>().await;
        };
        assert_eq!(patience.limit(&meter, SHORT, turn).await, None);
        assert!(meter.elapsed() >= SHORT * 2);
    }
}
