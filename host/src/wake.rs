//! Dataless wake-ups between the parts that meet only in the database.
//!
//! A hint says "look again", never what there is to see. Losing every hint costs latency, never work: whoever waits also
//! looks again by itself after a while.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::{Clock, Millis};

/// One topic that can be rung. A ring while nobody waits is kept for the next one who does.
#[derive(Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Says "look again".
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Returns at the next ring, or at a time.
    pub async fn wait_until(&self, clock: &Clock, time: Millis) {
        tokio::select! {
            () = self.0.notified() => {}
            () = clock.sleep_until(time) => {}
        }
    }

    /// Returns at the next ring, or after `longest`.
    pub async fn wait(&self, clock: &Clock, longest: Duration) {
        tokio::select! {
            () = self.0.notified() => {}
            () = clock.sleep(longest) => {}
        }
    }
}

/// The hints of one host.
#[derive(Clone, Default)]
pub struct Wake {
    /// A lane may have an event that is due.
    pub lanes: Bell,
    /// A chat may have something to be sent.
    pub outbox: Bell,
    /// A timer or a schedule may be due earlier than was known.
    pub agenda: Bell,
    /// A request may have been answered.
    pub replies: Bell,
}
