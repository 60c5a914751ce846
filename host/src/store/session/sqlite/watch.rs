//! For how long statements go on: none for longer than it may, and slow questions of plugins take turns at half a core, behind
//! all others.
//!
//! SQLite computes on the thread that asks and knows nothing of time; every so many instructions it lets this watch look. What
//! counts is what the thread computes: a question is not slow because others have its core.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::threads;

/// Instructions of SQLite's machine between two looks: some microseconds, and some hundred rows at most.
const LOOK: i32 = 500;
/// How much longer something may take by the clock than it may compute, where others have the core or the disk is slow.
const PATIENCE: u32 = 2;
/// A question that has taken so much longer than usual ones do is a slow one.
const SLOW: Duration = Duration::from_millis(3);
/// How much it computes between two rests, at least.
const PIECE: Duration = Duration::from_micros(500);
/// So many that are slow take turns at most.
const MOST_SLOW: u32 = 8;

/// How many slow questions are under way in this process. SQLite computes on this machine, so however many there are,
/// they take turns at half a core and leave the rest to those who do not wait for them.
static SLOW_ONES: AtomicU32 = AtomicU32::new(0);

/// Ends what takes too long on one connection, and makes slow questions take turns.
pub(super) struct Watch(Arc<Watched>);

/// Whoever uses the connection is the only one to touch this; a connection may go from thread to thread, but what runs on
/// it stays on one.
struct Watched {
    began: Instant,
    /// In microseconds, as all of these: what the thread had computed when what runs now was allowed to.
    since: AtomicU64,
    /// Until it has computed so much, it may; 0: no limit.
    until: AtomicU64,
    /// And until so long after `began`.
    latest: AtomicU64,
    /// What it had computed at its last rest.
    rested: AtomicU64,
    is_slow: AtomicBool,
    /// Whether what runs now may rest. Nobody waits for a plugin's question but who asked it.
    may_rest: AtomicBool,
}

impl Watch {
    /// Watches a connection.
    pub(super) fn over(connection: &rusqlite::Connection) -> rusqlite::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "this bounds what the machine does, and no plugin sees it")]
        let began = Instant::now();
        let (since, until, latest, rested, is_slow, may_rest) = Default::default();
        let watched = Arc::new(Watched { began, since, until, latest, rested, is_slow, may_rest });
        let looking = Arc::clone(&watched);
        connection.progress_handler(LOOK, Some(move || !looking.may_go_on()))?;
        Ok(Self(watched))
    }

    /// How long it has been watching.
    #[cfg(test)]
    pub(super) fn elapsed(&self) -> Duration {
        self.0.began.elapsed()
    }

    /// From now on statements may compute so much together, and take twice as long, resting included; `None`: as
    /// much as they have to. What may rest and is slow goes on with a low priority: it has a thread of its own.
    pub(super) fn allow(&self, time: Option<Duration>, may_rest: bool) {
        let Watched { began, since, until, latest, .. } = &*self.0;
        self.0.is_done();
        self.0.may_rest.store(may_rest, Ordering::Relaxed);
        if time.is_some() || may_rest {
            let now = threads::computed();
            since.store(micros(now), Ordering::Relaxed);
            until.store(time.map_or(0, |time| micros(now + time).max(1)), Ordering::Relaxed);
            latest.store(time.map_or(0, |time| micros(began.elapsed() + time * PATIENCE)), Ordering::Relaxed);
        } else {
            until.store(0, Ordering::Relaxed);
        }
    }
}

impl Watched {
    /// Rests if others have a turn, and says whether there is time left.
    fn may_go_on(&self) -> bool {
        let (until, may_rest) = (self.until.load(Ordering::Relaxed), self.may_rest.load(Ordering::Relaxed));
        if until == 0 && !may_rest {
            return true;
        }
        let now = micros(threads::computed());
        if until != 0 && (now > until || micros(self.began.elapsed()) > self.latest.load(Ordering::Relaxed)) {
            return false;
        }
        if !may_rest || now.saturating_sub(self.since.load(Ordering::Relaxed)) <= micros(SLOW) {
            return true;
        }
        if !self.is_slow.swap(true, Ordering::Relaxed) {
            SLOW_ONES.fetch_add(1, Ordering::AcqRel);
            threads::give_way();
            self.rested.store(now, Ordering::Relaxed);
            return true;
        }
        let computed = Duration::from_micros(now.saturating_sub(self.rested.load(Ordering::Relaxed)));
        if computed < PIECE {
            return true;
        }
        // As if there were as many others again, and they were not slow: a thread of low priority that has a core keeps it for
        // some milliseconds, whoever wants it.
        let slow = SLOW_ONES.load(Ordering::Acquire).clamp(1, MOST_SLOW);
        std::thread::sleep(computed.min(SLOW) * (2 * slow - 1));
        self.rested.store(now, Ordering::Relaxed);
        true
    }

    /// What ran has ended.
    fn is_done(&self) {
        if self.is_slow.swap(false, Ordering::Relaxed) {
            SLOW_ONES.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.is_done();
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
