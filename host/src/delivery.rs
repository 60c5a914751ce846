//! Calls out: what turns have committed to the outbox is sent, each chat in its order, all chats side by side.
//!
//! This loop claims chats with something due as long as it has room and hands each to a task of its own. A chat that has
//! to wait (Telegram said so, or does not answer) is given back with the time at which it is due again, so it holds
//! neither a slot nor another chat. Marks are written by the chat's own task, so no chat waits for another one's.
//!
//! Every committed call is made at least once. It can be made twice only if an attempt's answer was lost, which is
//! recorded, or if the process ended between an answer and its mark. Read on with `lane` (one chat), `send` (one call),
//! `retry` and `limits` (the rules).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::clock::{Clock, Millis};
use crate::model::BotId;
use crate::shutdown::Tasks;
use crate::store::{LaneKind, Store};
use crate::telegram::Client;
use crate::wake::Wake;

mod lane;

mod albums;

mod limits;

mod retry;

mod send;

use limits::Limits;

/// Chats that are written to at once. Telegram answers within some 70 ms, so these carry far more than the 30 messages a
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
    bots: Arc<RwLock<HashMap<BotId, Client>>>,
    limits: Arc<Mutex<Limits>>,
}

impl Delivery {
    /// A sending side that knows no bot yet.
    pub fn new(store: Store, wake: Wake, clock: Clock) -> Self {
        Self { store, wake, clock, bots: Arc::default(), limits: Arc::default() }
    }

    /// Lets a bot's messages be sent.
    pub fn add(&self, bot: BotId, telegram: Client) {
        self.bots.write().unwrap_or_else(PoisonError::into_inner).insert(bot, telegram);
        self.wake.outbox.ring();
    }

    /// Sends until the shutdown begins. Calls under way are finished by their own tasks.
    pub async fn run(self, tasks: Tasks) {
        let slots = Arc::new(Semaphore::new(IN_FLIGHT));
        let shutdown = tasks.shutdown().clone();
        while !shutdown.has_begun() {
            // Room first, then work: a claimed chat never waits in memory while another host could take it.
            let Ok(room) = Arc::clone(&slots).acquire_owned().await else { return };
            drop(room);
            let wanted = slots.available_permits();
            let claimed = match self.store.claim_sends(wanted).await {
                Ok(claimed) => claimed,
                Err(error) => {
                    tracing::warn!(error = %error, "nothing could be claimed for sending: {error}; trying again");
                    self.clock.sleep(DATABASE_PAUSE).await;
                    continue;
                }
            };
            let came = claimed.len();
            tracing::trace!(came, wanted, "chats claimed for sending");
            for chat in claimed {
                // Only this loop takes permits, so there are as many as there were.
                let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
                let (delivery, shutdown) = (self.clone(), shutdown.clone());
                tasks.spawn(async move {
                    delivery.run_lane(chat, &shutdown).await;
                    drop(slot);
                });
            }
            if came < wanted {
                tokio::select! {
                    () = self.wait_until_due(came > 0) => {}
                    () = shutdown.begun() => {}
                }
            }
        }
    }

    /// Sleeps until a hint comes or the next known call is due.
    async fn wait_until_due(&self, is_busy: bool) {
        let rest = if is_busy {
            // Every chat rings when it is done, so asking the database now would mostly be in vain.
            BUSY_SLEEP
        } else {
            match self.store.next_due(LaneKind::Sending).await {
                Ok(Some(due)) => Duration::from_millis(due.saturating_sub(self.clock.now()).max(0).unsigned_abs()),
                Ok(None) => LONGEST_SLEEP,
                Err(_) => DATABASE_PAUSE,
            }
        };
        self.wake.outbox.wait(&self.clock, rest.min(LONGEST_SLEEP)).await;
    }

    fn client(&self, bot: BotId) -> Option<Client> {
        self.bots.read().unwrap_or_else(PoisonError::into_inner).get(&bot).cloned()
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time so much later.
fn after(now: Millis, span: Duration) -> Millis {
    now.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}
