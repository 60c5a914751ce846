//! Time that an answer from outside takes, on the clock of the house that asks. Who wants to know whether the house is quiet
//! has to know that a turn waits for such an answer: until then, nothing more can come.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Millis};

/// All answers of a house that are on their way, by when they come. Clones are the same ones.
#[derive(Clone)]
pub(crate) struct Pauses {
    clock: Clock,
    until: Arc<Mutex<Vec<Millis>>>,
}

impl Pauses {
    /// None, on this clock.
    pub(crate) fn on(clock: &Clock) -> Self {
        Self { clock: clock.clone(), until: Arc::default() }
    }

    /// How many are not over now, and when the first of them will be.
    pub(crate) fn left(&self) -> (usize, Option<Millis>) {
        let (all, now) = (self.until.lock().unwrap_or_else(PoisonError::into_inner), self.clock.now());
        let left = all.iter().filter(|until| **until > now);
        (left.clone().count(), left.min().copied())
    }

    async fn pass(&self, span: Duration) {
        let until = self.clock.now().saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        self.until.lock().unwrap_or_else(PoisonError::into_inner).push(until);
        self.clock.sleep_until(until).await;
        let mut all = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mine) = all.iter().position(|other| *other == until) {
            all.swap_remove(mine);
        }
    }
}

/// The time by which a site lives: that of the house that asks it, or real time as long as it belongs to none.
#[derive(Clone, Default)]
pub(super) struct Time(Arc<OnceLock<Pauses>>);

impl Time {
    /// From now on it is that of this house.
    pub(super) fn is_of(&self, pauses: &Pauses) {
        // The first house stays.
        let _ = self.0.set(pauses.clone());
    }

    /// Returns when so much time has gone by.
    pub(super) async fn passes(&self, span: Duration) {
        match self.0.get() {
            Some(pauses) => pauses.pass(span).await,
            None => tokio::time::sleep(span).await,
        }
    }
}
