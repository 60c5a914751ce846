//! Calls out: what turns have committed to the outbox is sent, each chat in its order, all chats side by side.
//!
//! This loop claims chats with something due as long as their bot has room and hands each to a task of its own. A chat
//! that has to wait (Telegram said so, or does not answer, or its pace says so) is given back with the time at which it
//! is due again, so it holds neither a slot nor another chat. A bot that has to wait is not asked for its chats at all,
//! so it holds no other bot. Marks are written by the chat's own task, so no chat waits for another one's.
//!
//! Every committed call is made at least once. It can be made twice only if an attempt's answer was lost, which is
//! recorded, or if the process ended between an answer and its mark; one that may be made at most once ends there. Read
//! on with `lane` (one chat), `send` (one call), `retry`, `limits` and `pace` (the rules).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::clock::{Clock, Millis};
use crate::config::Pace;
use crate::health::Place;
use crate::model::BotId;
use crate::shutdown::{Shutdown, Tasks};
use crate::store::{Claimed, Store, StoreError};
use crate::telegram::Client;
use crate::wake::Wake;

mod lane;

mod albums;

mod caption;

mod chat;

mod limits;

mod pace;

mod retry;

mod send;

#[cfg(test)]
mod tests;

use limits::{Limits, Permit};
use pace::{Paces, Places};

/// Chats of one bot that are written to at once. Telegram answers within some 70 ms, so these carry far more than the 30 messages a
/// second that it takes from a bot.
const IN_FLIGHT: usize = 64;
/// How long to sleep at most when nothing is known to be due, in milliseconds. What becomes due wakes the loop earlier.
const LONGEST_SLEEP: Millis = 5_000;
/// How long to leave a database alone that did not answer.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// The sending side of a host. Cheap to clone.
#[derive(Clone)]
pub struct Delivery {
    store: Store,
    wake: Wake,
    clock: Clock,
    bots: Arc<RwLock<BTreeMap<BotId, Bot>>>,
    limits: Arc<Mutex<Limits>>,
    paces: Arc<Mutex<Paces>>,
    /// Whether the claim of now leaves out a bot that has no room: then every chat that is done may change that.
    leaves_out: Arc<AtomicBool>,
}

/// A bot whose messages are sent.
#[derive(Clone)]
struct Bot {
    telegram: Client,
    /// Its room. A bot whose Telegram hangs fills its own alone.
    slots: Arc<Semaphore>,
    /// Where others can see that its token is refused.
    place: Place,
}

/// Who may send now.
#[derive(Default)]
struct Line {
    /// Bots, and how many of their chats to claim at most.
    asked: Vec<(BotId, usize)>,
    /// How many of those chats have paid for a place.
    paid: Vec<(BotId, usize)>,
    /// When the first of the bots may send that have to wait now.
    next: Option<Millis>,
}

impl Delivery {
    /// A sending side that knows no bot yet.
    pub fn new(store: Store, wake: Wake, clock: Clock) -> Self {
        let (bots, limits, paces, leaves_out) = Default::default();
        Self { store, wake, clock, bots, limits, paces, leaves_out }
    }

    /// Lets a bot's messages be sent, at its pace.
    pub fn add(&self, bot: BotId, telegram: Client, pace: Pace, place: Place) {
        self.paces().set(bot, pace);
        let one = Bot { telegram, slots: Arc::new(Semaphore::new(IN_FLIGHT)), place };
        self.bots.write().unwrap_or_else(PoisonError::into_inner).insert(bot, one);
        self.wake.outbox.ring();
    }

    /// Sends until the shutdown begins. Calls under way are finished by their own tasks.
    pub async fn run(self, tasks: Tasks) {
        // When nothing more is due: until when, as far as is known.
        let mut rest = None;
        while !tasks.shutdown().has_begun() {
            // Room first, then work: a claimed chat never waits in memory while another host could take it.
            let line = self.line();
            // Places are paid for when chats are claimed: until then this claim may stand for a while.
            line.paid.iter().for_each(|(bot, count)| self.paces().give_back(*bot, *count));
            let claimed = match rest.take() {
                None if !line.asked.is_empty() => self.store.claim_sends(&line.asked).await.map(Some),
                until => self.claim_when_due(&line, until.unwrap_or(Millis::MAX), tasks.shutdown()).await,
            };
            match claimed {
                Ok(Some(claimed)) => {
                    // A bot may send again by now that had to rest and was left out of this claim.
                    let next = [claimed.next, line.next].into_iter().flatten().min();
                    rest = (!claimed.is_full).then_some(next.unwrap_or(Millis::MAX));
                    self.start(claimed, &line, &tasks);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "nothing could be claimed for sending: {error}; trying again");
                    self.clock.sleep(DATABASE_PAUSE).await;
                }
            }
        }
    }

    /// Claims as soon as something is due. `None`: it is time to look again, because something is due by the clock or
    /// other bots may send by now.
    async fn claim_when_due(
        &self,
        line: &Line,
        until: Millis,
        shutdown: &Shutdown,
    ) -> Result<Option<Claimed>, StoreError> {
        let until = line.next.map_or(until, |next| until.min(next)).min(self.clock.now() + LONGEST_SLEEP);
        let look_again = async {
            tokio::select! {
                () = self.wake.outbox.wait_until(&self.clock, until) => {}
                () = shutdown.begun() => {}
            }
        };
        if line.asked.is_empty() {
            look_again.await;
            return Ok(None);
        }
        self.store.claim_sends_when_due(&line.asked, look_again).await
    }

    /// Finds out who may send now, and pays for places.
    fn line(&self) -> Line {
        let now = self.clock.now();
        let (mut line, mut leaves_out) = (Line::default(), false);
        // Before any is left out, so that no chat is done unnoticed in between.
        self.leaves_out.store(true, Ordering::SeqCst);
        for (bot, Bot { slots, .. }) in self.bots.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let room = slots.available_permits();
            if room == 0 {
                leaves_out = true;
                continue;
            }
            let until = match self.limits().permit_bot(now, *bot) {
                Permit::Wait(until) => until,
                Permit::Go => match self.paces().places(now, *bot, room) {
                    Places::NoneUntil(until) => until,
                    Places::Free => {
                        line.asked.push((*bot, room));
                        continue;
                    }
                    Places::Paid(count) => {
                        line.asked.push((*bot, count));
                        line.paid.push((*bot, count));
                        continue;
                    }
                },
            };
            line.next = [line.next, Some(until)].into_iter().flatten().min();
        }
        self.leaves_out.store(leaves_out, Ordering::SeqCst);
        line
    }

    /// Pays for the claimed chats, and starts a task for each.
    fn start(&self, claimed: Claimed, line: &Line, tasks: &Tasks) {
        let Claimed { chats, holds, .. } = claimed;
        let now = self.clock.now();
        for (bot, until) in holds {
            self.limits().hold_bot(now, bot, until);
        }
        for (bot, _) in &line.paid {
            self.paces().pay(now, *bot, chats.iter().filter(|chat| chat.lease.bot() == *bot).count());
        }
        tracing::trace!(came = chats.len(), "chats claimed for sending");
        for chat in chats {
            let bot = self.bots.read().unwrap_or_else(PoisonError::into_inner).get(&chat.lease.bot()).cloned();
            // Only bots that are here are asked for, and only this loop takes permits, so there are as many as there were.
            let Some(Bot { telegram, slots, place }) = bot else { continue };
            let Ok(slot) = slots.try_acquire_owned() else { continue };
            let (delivery, shutdown) = (self.clone(), tasks.shutdown().clone());
            tasks.spawn(async move {
                delivery.run_lane(chat, &telegram, &place, &shutdown).await;
                drop(slot);
                if delivery.leaves_out.load(Ordering::SeqCst) {
                    delivery.wake.outbox.ring();
                }
            });
        }
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn paces(&self) -> MutexGuard<'_, Paces> {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time so much later.
fn after(now: Millis, span: Duration) -> Millis {
    now.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}
