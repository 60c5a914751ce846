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

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::clock::{Clock, Millis};
use crate::config::Pace;
use crate::health::Place;
use crate::model::BotId;
use crate::shutdown::Tasks;
use crate::store::{Claimed, Store};
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

use limits::{Limits, Permit};
use pace::{Paces, Places};

/// Chats of one bot that are written to at once. Telegram answers within some 70 ms, so these carry far more than the 30 messages a
/// second that it takes from a bot.
const IN_FLIGHT: usize = 64;
/// How long to sleep at most when nothing is known to be due. Hints and due times wake the loop earlier.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// How long to sleep at most while chats are under way: one that becomes due meanwhile has nobody to ring for it.
const BUSY_SLEEP: Duration = Duration::from_secs(1);
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
    /// When chats are due that were given back to wait: asking the database each time would cost more.
    looks: Arc<Mutex<BinaryHeap<Reverse<Millis>>>>,
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
    /// Whether chats are under way: each rings when it is done.
    is_busy: bool,
    /// When the first of the bots may send that have to wait now, or the first of the chats that were given back.
    next: Option<Millis>,
}

impl Delivery {
    /// A sending side that knows no bot yet.
    pub fn new(store: Store, wake: Wake, clock: Clock) -> Self {
        let (bots, limits, paces, looks) = Default::default();
        Self { store, wake, clock, bots, limits, paces, looks }
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
        let shutdown = tasks.shutdown().clone();
        while !shutdown.has_begun() {
            // Room first, then work: a claimed chat never waits in memory while another host could take it.
            let line = self.line();
            let mut is_full = false;
            if !line.asked.is_empty() {
                match self.store.claim_sends(&line.asked).await {
                    Ok(claimed) => is_full = self.start(claimed, &line, &tasks),
                    Err(error) => {
                        tracing::warn!(error = %error, "nothing could be claimed for sending: {error}; trying again");
                        line.paid.iter().for_each(|(bot, count)| self.paces().give_back(*bot, *count));
                        self.clock.sleep(DATABASE_PAUSE).await;
                        continue;
                    }
                }
            }
            if !is_full {
                tokio::select! {
                    () = self.wait_until_due(&line) => {}
                    () = shutdown.begun() => {}
                }
            }
        }
    }

    /// Finds out who may send now, and pays for places.
    fn line(&self) -> Line {
        let now = self.clock.now();
        let mut line = Line { next: self.next_look(now), ..Line::default() };
        for (bot, Bot { slots, .. }) in self.bots.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let room = slots.available_permits();
            line.is_busy |= room < IN_FLIGHT;
            if room == 0 {
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
        line
    }

    /// Starts a task for each claimed chat. Whether more may be due.
    fn start(&self, claimed: Claimed, line: &Line, tasks: &Tasks) -> bool {
        let Claimed { chats, holds, is_full } = claimed;
        let now = self.clock.now();
        for (bot, until) in holds {
            self.limits().hold_bot(now, bot, until);
        }
        for (bot, paid) in &line.paid {
            let used = chats.iter().filter(|chat| chat.lease.bot() == *bot).count();
            self.paces().give_back(*bot, paid.saturating_sub(used));
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
                // More may have come for this chat while it was held, and there is room again.
                delivery.wake.outbox.ring();
            });
        }
        is_full
    }

    /// Sleeps until a hint comes or the next known call is due.
    async fn wait_until_due(&self, line: &Line) {
        let until = |due: Millis| Duration::from_millis(due.saturating_sub(self.clock.now()).max(0).unsigned_abs());
        let rest = if line.is_busy {
            // Every chat rings when it is done, so asking the database now would mostly be in vain.
            BUSY_SLEEP
        } else {
            let bots: Vec<_> = line.asked.iter().map(|(bot, _)| *bot).collect();
            match self.store.next_send(&bots).await {
                Ok(Some(due)) => until(due),
                Ok(None) => LONGEST_SLEEP,
                Err(_) => DATABASE_PAUSE,
            }
        };
        let rest = line.next.map_or(rest, |next| rest.min(until(next)));
        self.wake.outbox.wait(&self.clock, rest.min(LONGEST_SLEEP)).await;
    }

    /// A chat that was given back is due at this time.
    fn look_again(&self, at: Millis) {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).push(Reverse(at));
    }

    /// When the next of those is due; those of the past are about to be claimed.
    fn next_look(&self, now: Millis) -> Option<Millis> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        while looks.peek().is_some_and(|Reverse(at)| *at <= now) {
            looks.pop();
        }
        looks.peek().map(|Reverse(at)| *at)
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
