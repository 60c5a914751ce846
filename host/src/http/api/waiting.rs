//! Those who wait for the end of a request.
//!
//! The turn may run on any host. A hint says that some request has been answered; without one it is looked for twice a
//! second. All who wait share one question to the database, and while nobody waits nothing is asked.
//!
//! A place is taken from before the request is stored until it has ended or its time is over, also if whoever asked has
//! gone away: so many requests can be under way and no more, however fast a client comes and goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};

use crate::clock::{Clock, Millis};
use crate::shutdown::Tasks;
use crate::store::{RequestEnd, Store};
use crate::wake::Wake;

/// Requests that may be under way on one host.
const PLACES: usize = 64;
/// How long somebody waits: longer than a turn may take, shorter than most clients and proxies would.
pub(super) const PATIENCE: Millis = 30_000;
/// How often to look without a hint.
const LOOK: Duration = Duration::from_millis(500);
/// How long a host that ends goes on waiting for what its turns under way still answer.
const FAREWELL: Millis = 3_000;

/// What came of waiting.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The request has ended.
    Ended(RequestEnd),
    /// It has not, and the time is over.
    TimedOut,
    /// The host ends; another one, or its next start, goes on with it.
    Ending,
}

/// Those who wait. Clones are the same ones.
#[derive(Clone)]
pub(super) struct Waiting(Arc<Inner>);

struct Inner {
    places: Arc<Semaphore>,
    pending: Mutex<Pending>,
    came: Notify,
}

#[derive(Default)]
struct Pending {
    by_seq: HashMap<i64, One>,
    /// Nobody looks any more.
    is_over: bool,
}

struct One {
    until: Millis,
    answer: oneshot::Sender<Outcome>,
    _place: OwnedSemaphorePermit,
}

impl Default for Waiting {
    fn default() -> Self {
        let places = Arc::new(Semaphore::new(PLACES));
        Self(Arc::new(Inner { places, pending: Mutex::default(), came: Notify::new() }))
    }
}

impl Waiting {
    /// A place for one more request, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.places).try_acquire_owned().ok()
    }

    /// Waits for the end of a request.
    pub(super) async fn wait(&self, seq: i64, place: OwnedSemaphorePermit, now: Millis) -> Outcome {
        let (answer, answered) = oneshot::channel();
        {
            let mut pending = self.pending();
            if pending.is_over {
                return Outcome::Ending;
            }
            pending.by_seq.insert(seq, One { until: now + PATIENCE, answer, _place: place });
        }
        self.0.came.notify_one();
        answered.await.unwrap_or(Outcome::Ending)
    }

    /// Brings everybody the answer until the shutdown.
    pub(super) async fn answer(&self, store: &Store, wake: &Wake, clock: &Clock, tasks: &Tasks) {
        let mut end = None;
        loop {
            let has_begun = tasks.shutdown().has_begun();
            if has_begun && end.is_none() {
                end = Some(clock.now() + FAREWELL);
            }
            let is_over = {
                let mut pending = self.pending();
                if has_begun && (pending.by_seq.is_empty() || end.is_some_and(|end| end <= clock.now())) {
                    pending.is_over = true;
                    // Whoever is dropped unanswered hears that the host ends.
                    pending.by_seq.clear();
                }
                pending.is_over
            };
            if is_over {
                return;
            }
            if self.pending().by_seq.is_empty() {
                tokio::select! {
                    () = self.0.came.notified() => {}
                    () = tasks.shutdown().begun() => {}
                }
                continue;
            }
            self.look(store, clock.now()).await;
            if !self.pending().by_seq.is_empty() {
                tokio::select! {
                    () = wake.replies.wait(clock, LOOK) => {}
                    () = self.0.came.notified() => {}
                }
            }
        }
    }

    /// Answers those whose requests have ended, and those whose time is over.
    async fn look(&self, store: &Store, now: Millis) {
        let seqs: Vec<_> = self.pending().by_seq.keys().copied().collect();
        let ended = match store.ended_requests(&seqs).await {
            Ok(ended) => ended,
            Err(error) => {
                tracing::debug!(error = %error, "nobody knows just now how requests have ended: {error}");
                vec![]
            }
        };
        let mut seen = Vec::new();
        {
            let mut pending = self.pending();
            for (seq, end) in ended {
                if matches!(end, RequestEnd::Done(Some(_))) {
                    seen.push(seq);
                }
                if let Some(one) = pending.by_seq.remove(&seq) {
                    // Whoever asked may have gone away.
                    let _ = one.answer.send(Outcome::Ended(end));
                }
            }
            let late: Vec<_> = pending.by_seq.iter().filter(|(_, one)| one.until <= now).map(|(seq, _)| *seq).collect();
            for one in late.iter().filter_map(|seq| pending.by_seq.remove(seq)) {
                let _ = one.answer.send(Outcome::TimedOut);
            }
        }
        if !seen.is_empty()
            && let Err(error) = store.forget_replies(seen).await
        {
            tracing::debug!(error = %error, "answers that were seen are kept for an hour: {error}");
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
