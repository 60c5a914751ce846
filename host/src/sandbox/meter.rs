//! Computing time: who measures it, and who interrupts a guest that computes too long. It knows neither plugins nor
//! turns. Next: `turn`, which uses both halves.
//!
//! A turn's computing time is what its thread has computed while its future was being polled: for the guest and for the
//! host functions on its behalf. Waiting for the database, for a file or for its turn on the thread is not polled and
//! does not count, and neither does the time in which the operating system has another thread run.
//!
//! The ticker interrupts: an OS thread, because a task would wait behind the guest it has to stop. It advances the
//! engine's epoch once a [`TICK`]; guest code looks at the epoch at every loop and call.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

use wasmtime::Engine;

use crate::threads;

/// How long a guest computes before it gives way to others on its thread.
pub(super) const TICK: Duration = Duration::from_millis(1);
/// The ticker sleeps for good after so many ticks without a turn: an idle host does not wake up.
const IDLE_TICKS: u32 = 100;

/// The thread that advances the epoch while turns are under way. It ends with its owner.
pub(super) struct Ticker {
    state: Arc<TickerState>,
    thread: Thread,
}

#[derive(Default)]
struct TickerState {
    running: AtomicUsize,
    parked: AtomicBool,
    ended: AtomicBool,
}

impl Ticker {
    /// Starts the thread. It holds the engine weakly: an engine without plugins goes.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let state = Arc::new(TickerState::default());
        let (engine, shared) = (engine.weak(), Arc::clone(&state));
        let handle: JoinHandle<()> = std::thread::Builder::new().name("guest-ticker".into()).spawn(move || {
            let mut idle = 0;
            while !shared.ended.load(Ordering::Acquire) {
                if idle < IDLE_TICKS {
                    std::thread::sleep(TICK);
                    let Some(engine) = engine.upgrade() else { break };
                    engine.increment_epoch();
                    idle = if shared.running.load(Ordering::Relaxed) == 0 { idle + 1 } else { 0 };
                } else {
                    shared.park();
                    idle = 0;
                }
            }
        })?;
        Ok(Self { state, thread: handle.thread().clone() })
    }

    /// Says that a turn is under way until the answer is dropped.
    pub(super) fn running(&self) -> Running<'_> {
        self.state.running.fetch_add(1, Ordering::SeqCst);
        if self.state.parked.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Running(&self.state)
    }
}

impl TickerState {
    /// Sleeps until a turn begins. Either the turn sees `parked` and wakes the thread, or the thread sees the turn.
    fn park(&self) {
        self.parked.store(true, Ordering::SeqCst);
        while self.running.load(Ordering::SeqCst) == 0 && !self.ended.load(Ordering::SeqCst) {
            std::thread::park();
        }
        self.parked.store(false, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// A turn under way.
pub(super) struct Running<'a>(&'a TickerState);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What one turn has computed so far.
pub(super) struct Meter {
    start: Instant,
    /// Nanoseconds in polls that are over.
    spent: AtomicU64,
    /// What the thread had computed when the poll under way began, in nanoseconds.
    since: AtomicU64,
}

impl Meter {
    #[expect(clippy::disallowed_methods, reason = "a stopwatch: it bounds a turn and never reaches what a turn sees")]
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), spent: AtomicU64::new(0), since: AtomicU64::new(0) }
    }

    /// Runs `future` and counts the time of its polls.
    pub(super) async fn count<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            self.since.store(nanoseconds(threads::computed()), Ordering::Relaxed);
            let poll = future.as_mut().poll(context);
            self.spent.store(nanoseconds(self.computed()), Ordering::Relaxed);
            poll
        })
        .await
    }

    /// Computing time up to now, to be asked within a poll, by the thread that polls.
    pub(super) fn computed(&self) -> Duration {
        let poll = nanoseconds(threads::computed()).saturating_sub(self.since.load(Ordering::Relaxed));
        Duration::from_nanos(self.spent.load(Ordering::Relaxed).saturating_add(poll))
    }

    /// Computing time of the polls that are over.
    pub(super) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Ordering::Relaxed))
    }

    /// Time by the clock since the turn began.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this, a guest that loops for ever after a quiet minute would never be stopped.
    #[test]
    fn the_ticker_rests_when_idle_and_wakes_for_a_turn() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine).unwrap();
        let until = |parked| {
            while ticker.state.parked.load(Ordering::SeqCst) != parked {
                std::thread::yield_now();
            }
        };
        for _ in 0..3 {
            until(true);
            let _running = ticker.running();
            until(false);
        }
    }

    #[tokio::test]
    async fn waiting_is_not_computing() {
        let meter = Meter::new();
        meter
            .count(async {
                while meter.computed() < Duration::from_millis(5) {}
                // Neither a task that waits nor a thread that does not run computes.
                tokio::time::sleep(Duration::from_millis(50)).await;
                std::thread::sleep(Duration::from_millis(50));
            })
            .await;
        let spent = meter.spent();
        assert!(spent >= Duration::from_millis(5), "{spent:?}");
        assert!(spent < Duration::from_millis(40), "{spent:?}");
        assert!(meter.elapsed() >= Duration::from_millis(105));
    }
}
