//! Who waits for what: the world's signals wake exactly those whom they concern.
//!
//! Two hundred chats with a listener each must not all wake for one message, so everybody waits under a key. The page's
//! event streams hear everything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, broadcast};

use super::world::{ChatRef, Signal};

/// So many signals may be behind before a slow event stream misses some; it is told so.
const BEHIND: usize = 1024;

/// What can be waited for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// Any change at all.
    Anything,
    /// A bot's updates.
    Updates(i64),
    /// The updates of any bot that has a webhook.
    Webhooks,
    /// A chat.
    Chat(ChatRef),
    /// The answer to a callback query.
    Callback(String),
    /// The removal of a fault.
    Faults,
}

pub(super) struct Bell {
    waiting: Mutex<HashMap<Key, Arc<Notify>>>,
    events: broadcast::Sender<Signal>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { waiting: Mutex::default(), events: broadcast::Sender::new(BEHIND) }
    }
}

impl Bell {
    /// Wakes whom these signals concern.
    pub(super) fn ring(&self, signals: Vec<Signal>) {
        if signals.is_empty() {
            return;
        }
        let waiting = self.waiting();
        if !waiting.is_empty() {
            let wake = |key: &Key| {
                if let Some(notify) = waiting.get(key) {
                    notify.notify_waiters();
                }
            };
            wake(&Key::Anything);
            for signal in &signals {
                match signal {
                    Signal::Updates(bot) => wake(&Key::Updates(*bot)),
                    Signal::Webhook => wake(&Key::Webhooks),
                    Signal::Chat(chat, _) => wake(&Key::Chat(*chat)),
                    Signal::Callback(id) => wake(&Key::Callback(id.clone())),
                    Signal::Faults => wake(&Key::Faults),
                    Signal::ChatAction(..) | Signal::People | Signal::Calls => {}
                }
            }
        }
        drop(waiting);
        if self.events.receiver_count() > 0 {
            for signal in signals {
                // Nobody left to hear it is no error.
                let _ = self.events.send(signal);
            }
        }
    }

    /// Everything from now on.
    pub(super) fn events(&self) -> broadcast::Receiver<Signal> {
        self.events.subscribe()
    }

    /// Begins to wait under a key, which is forgotten when the last one that waits is gone.
    pub(super) fn listen(&self, key: Key) -> Ear<'_> {
        let notify = self.waiting().entry(key.clone()).or_default().clone();
        Ear { bell: self, key, notify }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Key, Arc<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits.
pub(super) struct Ear<'a> {
    bell: &'a Bell,
    key: Key,
    notify: Arc<Notify>,
}

impl Ear<'_> {
    /// The next ring.
    pub(super) fn rung(&self) -> Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Ear<'_> {
    fn drop(&mut self) {
        let mut waiting = self.bell.waiting();
        // The map's and this one: nobody else waits here, and nobody can begin to while the map is locked.
        if Arc::strong_count(&self.notify) <= 2 {
            waiting.remove(&self.key);
        }
    }
}
