//! A Telegram of one's own: the Bot API over HTTP, a web chat, and the people who write, all in this process.
//!
//! Bots reach it like Telegram, by a base URL, and need not know. `emulator/world` is what it knows and by what rules
//! it goes, `emulator/server` how it is reached over HTTP, `emulator/bell` how those who wait are woken, `emulator/memory`
//! how it outlives a restart. It shares no type with the host.
//!
//! # Bad days
//!
//! Everything that Telegram does to bots can be ordered over HTTP, for tests in any language:
//!
//! | request | what it does |
//! |---|---|
//! | `POST /emulator/faults` | lets calls go wrong: `{"method": "sendMessage", "chat_id": 5, "count": 1, "action": …}`; without `chat_id` in all chats, without `count` until it is removed, `*` is every method, `file` a download. Actions: `{"error": {"code", "description", "parameters"}}`, `"drop"` (the connection closes), `"accept_then_drop"` (it is done, and nobody hears of it), `"stall"` (it is done, half of the answer comes, then nothing until the fault is removed), `"hold"` (it waits until the fault is removed), `{"delay_ms": 500}`, `{"garbage": {"status", "body"}}` |
//! | `GET`, `DELETE /emulator/faults`, `DELETE /emulator/faults/{id}` | the faults in force; ends all or one |
//! | `PUT /emulator/flood` | flood limits as Telegram has them: `{"per_second": 30, "per_second_in_chat": 1, "per_minute_in_group": 20, "retry_after": 5}`; 0 or absent is no limit, without `retry_after` the wait is what is left. Who is too fast gets a 429 |
//! | `GET`, `DELETE /emulator/flood` | the limits, how many calls they have `refused`, and how many of those came `early`, before the time that an earlier 429 had named |
//! | `POST /emulator/block` | `{"from": 1002, "bot": "my_bot", "blocked": true}`: a person blocks the bot, or unblocks it |
//! | `PUT /emulator/people/{id}` | `{"deactivated": true}`: a person deletes the account, or has it back |
//! | `POST /emulator/chats/{chat}/members` | `{"id": 7, "action": "leave", "by": 1001}`: somebody throws the bot out; `join` brings it back |
//! | `POST /emulator/chats/{chat}/upgrade` | a basic group becomes a supergroup: both say so, and the old id answers with `migrate_to_chat_id`; the answer is the new chat |
//! | `PUT /emulator/bots/{id}` | `{"reads_all": true}`: the bot hears everything in groups. As in Telegram it begins in privacy mode: it hears commands, its name and answers to it, and everything where it is an administrator |
//! | `GET /emulator/calls` | what bots have called, with times and answers |
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use guesthouse::clock::Clock;
//! use guesthouse::emulator::Emulator;
//!
//! let emulator = Emulator::new(Clock::system(), 1);
//! emulator.world(|world| {
//!     world.dev_house();
//!     world.add_bot("1:token", "my_bot", "My Bot")
//! }).expect("the first bot of this world");
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! emulator.serve(listener, std::future::pending()).await
//! # }
//! ```

pub mod memory;
pub mod world;

mod bell;
mod server;

use std::collections::BTreeMap;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;

use crate::clock::Clock;
use bell::{Bell, Key};
use world::{CallbackAnswer, ChatRef, World};

/// The emulator. Cheap to clone; all clones share one world.
#[derive(Clone)]
pub struct Emulator(Arc<Inner>);

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// No other one has it, nor one before a restart: a page that stays open remembers what was put away.
    pub number: u64,
    /// What is shown.
    pub text: String,
}

struct Inner {
    clock: Clock,
    world: Mutex<World>,
    bell: Bell,
    /// What people call this machine.
    name: OnceLock<String>,
    /// What the page shows above everything, by what it is about.
    notices: Mutex<BTreeMap<String, Notice>>,
    /// The number of the last notice.
    noticed: AtomicU64,
    /// Who answers below `/api`.
    neighbour: OnceLock<axum::Router>,
}

impl Emulator {
    /// An emulator of an empty world. The same seed and the same verbs give the same ids.
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self::of(World::new(clock.clone(), seed), clock)
    }

    /// An emulator of a world that is there already.
    pub fn of(world: World, clock: Clock) -> Self {
        let noticed = AtomicU64::new(clock.now().unsigned_abs());
        Self(Arc::new(Inner {
            clock,
            world: Mutex::new(world),
            bell: Bell::default(),
            name: OnceLock::new(),
            notices: Mutex::default(),
            noticed,
            neighbour: OnceLock::new(),
        }))
    }

    /// Tells it the address by which people call this machine. A browser may use the page by that name, by `localhost`
    /// and by every IP address, and by no other name.
    pub fn is_called(&self, address: &str) {
        let name = address.rsplit_once(':').map_or(address, |(name, _)| name);
        // The first name stays; there is one listener.
        let _ = self.0.name.set(name.to_owned());
    }

    /// Shows everybody something that is wrong with what they talk to, until it is put right: `None`. Said again, it is
    /// another notice, which whoever has put the former one away sees.
    pub fn shows_notice(&self, about: &str, text: Option<&str>) {
        let mut notices = self.0.notices.lock().unwrap_or_else(PoisonError::into_inner);
        match text {
            Some(text) => {
                let number = self.0.noticed.fetch_add(1, Ordering::Relaxed) + 1;
                drop(notices.insert(about.to_owned(), Notice { number, text: text.to_owned() }));
            }
            None => drop(notices.remove(about)),
        }
        drop(notices);
        self.0.bell.ring(vec![world::Signal::People]);
    }

    /// What is wrong, as far as it was said.
    pub fn notices(&self) -> Vec<Notice> {
        self.0.notices.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Has requests below `/api` answered by somebody else on the same address.
    pub fn shares_its_address(&self, neighbour: axum::Router) {
        // The first neighbour stays; there is one house.
        let _ = self.0.neighbour.set(neighbour);
    }

    /// Looks at the world or changes it, and wakes whom the change concerns. Keep it short, and do not use the
    /// emulator in it: everybody else waits meanwhile.
    pub fn world<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        // A panic in a test's closure leaves a world that is whole: every verb checks before it changes.
        let mut world = self.0.world.lock().unwrap_or_else(PoisonError::into_inner);
        let result = act(&mut world);
        let signals = world.signals();
        drop(world);
        self.0.bell.ring(signals);
        result
    }

    /// Asks again after each change until `check` has found what it looks for, at most `limit` of real time.
    pub async fn until<T>(&self, limit: Duration, check: impl FnMut(&mut World) -> Option<T>) -> Option<T> {
        self.when(Key::Anything, check, tokio::time::sleep(limit)).await
    }

    /// Waits until a chat has changed since a version, at most `limit` of real time; returns its present version.
    pub async fn chat_change(&self, chat: ChatRef, since: u64, limit: Duration) -> u64 {
        let version = move |world: &mut World| world.chat(chat).map_or(0, world::Chat::version);
        let changed = move |world: &mut World| Some(version(world)).filter(|now| *now > since);
        let changed = self.when(Key::Chat(chat), changed, tokio::time::sleep(limit)).await;
        changed.unwrap_or_else(|| self.world(version))
    }

    /// Waits for the answer to a callback query, at most `limit` of real time.
    pub async fn callback_answer(&self, id: &str, limit: Duration) -> Option<CallbackAnswer> {
        let answer = |world: &mut World| world.callback_answer(id).ok().flatten().cloned();
        self.when(Key::Callback(id.to_owned()), answer, tokio::time::sleep(limit)).await
    }

    /// The HTTP face without a listener. It neither posts to webhooks nor closes connections; [`Emulator::serve`] does.
    pub fn router(&self) -> axum::Router {
        server::router(self)
    }

    /// Serves until `shutdown`; then whoever waits is answered at once and what is under way is finished.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        server::serve(self, listener, shutdown).await
    }

    /// Asks `check` whenever `key` was rung, until it finds something or `limit` is over.
    async fn when<T>(
        &self,
        key: Key,
        mut check: impl FnMut(&mut World) -> Option<T>,
        limit: impl Future<Output = ()>,
    ) -> Option<T> {
        let ear = self.0.bell.listen(key);
        let mut limit = pin!(limit);
        loop {
            let mut rung = pin!(ear.rung());
            // Listening begins before the look, so that no change falls between the two.
            rung.as_mut().enable();
            if let Some(found) = self.world(&mut check) {
                return Some(found);
            }
            tokio::select! {
                biased;
                () = &mut limit => return None,
                () = rung => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_after_a_restart_is_none_that_was_put_away() {
        let (clock, mut seen) = (Clock::manual(1_000), Vec::new());
        for _ in 0..2 {
            let emulator = Emulator::new(clock.clone(), 1);
            for text in ["broken", "still broken"] {
                emulator.shows_notice("a.wasm", Some(text));
                seen.extend(emulator.notices().iter().map(|notice| notice.number));
            }
            clock.advance(Duration::from_secs(1));
        }
        assert!(seen.len() == 4 && seen.is_sorted_by(|before, after| before < after), "{seen:?}");
    }
}
