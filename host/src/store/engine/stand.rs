//! Claims that wait for something to become due, and get it from the transaction that makes it due.
//!
//! On SQLite all that a host makes due passes through its one writer. So a claim that has found nothing is left here to
//! *stand*, and the writer runs it at the end of the next group that may have made something due, before the COMMIT: one
//! flush to the disk stores an event and claims it, and so with a message. On PostgreSQL every job is a transaction of its
//! own, so nothing stands there.
//!
//! 1. It is answered whatever it has found. In vain, it still says when to look again, which may have changed.
//! 2. A group that finds no claim standing leaves word, and the next one is run at once instead of standing.
//! 3. Nobody walks away from a claim that the writer has taken: it is taken back before that, or its answer is waited for.
//!
//! What goes wrong here costs latency, never work: whoever waits also looks again by itself after a while.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Channel, Work};

/// What claims are for.
pub(super) const CLAIMED: [Channel; 2] = [Channel::Lanes, Channel::Outbox];

/// What a job means for the claims of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Bearing {
    /// It may make something due.
    MakesDue,
    /// It looks for what is due itself.
    Claims,
    /// Neither.
    None,
}

/// The claims that stand, one for each channel at most.
#[derive(Default)]
pub(super) struct Stands([Mutex<Place>; CLAIMED.len()]);

#[derive(Default)]
struct Place {
    claim: Option<Box<dyn Work>>,
    /// How many have stood here.
    number: u64,
    /// Whether something may have become due while none stood.
    missed: bool,
}

impl Stands {
    /// Leaves a claim to stand; `Err`: it is to be run at once.
    pub(super) fn stand(&self, channel: Channel, claim: Box<dyn Work>) -> Result<Standing<'_>, Box<dyn Work>> {
        let mut place = self.place(channel);
        if place.claim.is_some() || std::mem::take(&mut place.missed) {
            return Err(claim);
        }
        place.number += 1;
        place.claim = Some(claim);
        Ok(Standing { stands: self, channel, number: place.number })
    }

    /// Something may have become due: the claim that is to be run now, if one stands.
    pub(super) fn call(&self, channel: Channel) -> Option<Box<dyn Work>> {
        let mut place = self.place(channel);
        let claim = place.claim.take();
        place.missed = claim.is_none();
        claim
    }

    /// A claim that did not stand has looked.
    pub(super) fn looked(&self, channel: Channel) {
        self.place(channel).missed = false;
    }

    fn place(&self, channel: Channel) -> MutexGuard<'_, Place> {
        self.0[channel as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A claim that stands. Dropping this takes it away, unless the writer has it.
pub(super) struct Standing<'a> {
    stands: &'a Stands,
    channel: Channel,
    number: u64,
}

impl Standing<'_> {
    /// Takes the claim away; `false`: the writer has it.
    pub(super) fn take_back(&self) -> bool {
        let mut place = self.stands.place(self.channel);
        let number = place.number;
        place.claim.take_if(|_| number == self.number).is_some()
    }
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.take_back();
    }
}
