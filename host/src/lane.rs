//! Turns: which are due, how many run at once, and that a lane's turns run one after another.
//!
//! This loop claims due lanes as long as it has room and hands each to a task of its own, which runs the lane's waiting
//! events in order and gives the lane back. A guest that waits is a suspended fiber of its task, so a slow plugin holds
//! a slot, never a thread; the slots are `limits.concurrent_turns`, and `lane/slots` shares them out so that no plugin
//! can have all of them. `lane/turn` has what one turn does: read that next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use crate::clock::{Clock, Millis};
use crate::config::{CommandLine, Limits, Records};
use crate::model::cron::Zone;
use crate::model::manifest::Table;
use crate::model::{BotId, Part, PluginName};
use crate::sandbox::Plugin;
use crate::shutdown::{Shutdown, Tasks};
use crate::store::{ClaimedTurns, Store, StoreError, TableSet, Then};
use crate::telegram::{Client, Me};
use crate::wake::Wake;

mod alert;

mod breaker;

mod conflict;

mod deadline;

mod fail;

mod journal;

mod outside;

mod queue;

mod retry;

mod shadow;

mod show;

mod slots;

mod source;

mod turn;

mod view;

use breaker::{Breakers, Look};
pub use outside::Ways;
use queue::Queues;
pub use shadow::{Shadow, Shadows};
use slots::{Room, Slots};

/// How long to sleep at most when nothing is known to be due. Hints and due times wake the loop earlier.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// How long to leave a database alone that did not answer.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// A loaded plugin of one bot, with all that its turns need.
#[derive(Clone)]
pub struct Guest {
    /// The component.
    pub plugin: Plugin,
    /// Its tables in the database, and those of other plugins that it may read.
    pub tables: TableSet,
    /// The tables of other plugins that it may read, each named `plugin.table`.
    pub others: Arc<[Table]>,
    /// The bot it works for.
    pub me: Arc<Me>,
    /// The way to Telegram, for files only.
    pub telegram: Client,
    /// The ways to the Web and to a language model.
    pub ways: Ways,
    /// What the operator calls the bot.
    pub bot: Arc<str>,
    /// Whose days its budgets mean.
    pub zone: Zone,
    /// How much of its turns is written down.
    pub records: Records,
    /// The digest of its settings, as the journal has it.
    pub settings: Arc<str>,
    /// Another build of it that is shown the same events.
    pub shadow: Option<Shadow>,
    /// The users who run it: they are told what goes wrong.
    pub admins: Arc<[i64]>,
}

/// The plugins that this host has loaded; bots join as they become ready.
#[derive(Clone, Default)]
pub struct Guests(Arc<RwLock<Loaded>>);

#[derive(Default)]
struct Loaded {
    by_name: HashMap<(BotId, PluginName), Arc<Guest>>,
    /// All that has lanes: the plugins and their processors.
    parts: Vec<(BotId, Part)>,
}

impl Guests {
    /// Lets a plugin's turns begin.
    pub fn add(&self, bot: BotId, guest: Guest) {
        let name = guest.plugin.name().clone();
        let mut loaded = self.0.write().unwrap_or_else(PoisonError::into_inner);
        loaded.parts.extend(guest.plugin.manifest().parts(&name).map(|part| (bot, part)));
        loaded.by_name.insert((bot, name), Arc::new(guest));
    }

    /// Some plugin of a bot.
    fn any_of(&self, bot: BotId) -> Option<Arc<Guest>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.by_name.iter().find(|((of, _), _)| *of == bot).map(|(_, guest)| Arc::clone(guest))
    }

    /// What is loaded and has lanes, but for these.
    fn all_but(&self, without: &[(BotId, Part)]) -> Vec<(BotId, Part)> {
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        loaded.parts.iter().filter(|part| !without.contains(part)).cloned().collect()
    }

    /// Whether some of them have processors.
    fn have_processors(&self) -> bool {
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        loaded.parts.len() > loaded.by_name.len()
    }

    fn get(&self, bot: BotId, plugin: &PluginName) -> Option<Arc<Guest>> {
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        loaded.by_name.get(&(bot, plugin.clone())).cloned()
    }
}

/// What every turn of this host shares.
#[derive(Clone)]
pub struct Lanes {
    store: Store,
    guests: Guests,
    wake: Wake,
    clock: Clock,
    limits: Arc<Limits>,
    /// What alerts tell the admins to type.
    command: Arc<CommandLine>,
    queues: Queues,
    breakers: Breakers,
    shadows: Shadows,
    random: Arc<Mutex<StdRng>>,
}

impl Lanes {
    /// The lanes of one host.
    pub fn new(
        store: Store,
        guests: Guests,
        wake: Wake,
        clock: Clock,
        limits: Limits,
        command: CommandLine,
        shadows: Shadows,
    ) -> Self {
        // The one draw from the operating system; every turn's seed comes from here.
        let random = Arc::new(Mutex::new(StdRng::from_os_rng()));
        let queues = Queues::new(clock.clone());
        let (limits, command, breakers) = (Arc::new(limits), Arc::new(command), Breakers::default());
        Self { store, guests, wake, clock, limits, command, queues, breakers, shadows, random }
    }

    /// Runs turns until the shutdown begins. Turns under way are finished by their own tasks.
    pub async fn run(self, tasks: Tasks) {
        let slots = Slots::new(self.limits.concurrent_turns as usize);
        while !tasks.shutdown().has_begun() {
            // Room first, then work: a claimed lane never waits in memory while another host could take it.
            let Room { lanes: wanted, mut without } = slots.room(self.guests.have_processors()).await;
            let Look { without: open, trial, next } = self.breakers.look(self.clock.now());
            // A plugin that is to be tried again gets one lane of its own; all others of it stay where they are.
            let trial: Vec<_> = trial.into_iter().filter(|plugin| !without.contains(plugin)).collect();
            without.extend(open);
            let mut plugins = self.guests.all_but(&without);
            let tried = if trial.is_empty() { Ok(0) } else { self.start(1, &trial, &slots, &tasks).await };
            let came = match tried {
                Ok(tried) if tried < wanted => {
                    self.start(wanted - tried, &plugins, &slots, &tasks).await.map(|came| came + tried)
                }
                tried => tried,
            };
            match came {
                Err(error) => {
                    tracing::warn!(error = %error, "no lane could be claimed: {error}; trying again");
                    self.clock.sleep(DATABASE_PAUSE).await;
                }
                Ok(came) if came < wanted => {
                    plugins.extend(trial);
                    tokio::select! {
                        () = self.wait_until_due(&plugins, next) => {}
                        () = tasks.shutdown().begun() => {}
                    }
                }
                Ok(_) => {}
            }
        }
    }

    /// Claims lanes of these plugins and starts a task for each; says how many there were.
    async fn start(
        &self,
        wanted: usize,
        plugins: &[(BotId, Part)],
        slots: &Slots,
        tasks: &Tasks,
    ) -> Result<usize, StoreError> {
        let claimed = self.store.claim_turns(wanted, plugins).await?;
        let came = claimed.len();
        for lane in claimed {
            let Some(part) = lane.lease.part().cloned() else { continue };
            let slot = slots.take(lane.lease.bot(), part);
            let (lanes, shutdown) = (self.clone(), tasks.shutdown().clone());
            tasks.spawn(async move {
                lanes.run_lane(lane, &shutdown).await;
                drop(slot);
                // More may have come for this lane while it was held, or others of its plugin wait for the slot.
                lanes.wake.lanes.ring();
            });
        }
        Ok(came)
    }

    /// Sleeps until a hint comes, the next known event of these plugins is due, or it is time for a trial.
    async fn wait_until_due(&self, plugins: &[(BotId, Part)], trial: Option<Millis>) {
        let until = |due: Millis| Duration::from_millis(due.saturating_sub(self.clock.now()).max(0).unsigned_abs());
        let rest = match self.store.next_turn(plugins).await {
            Ok(Some(due)) => until(due),
            Ok(None) => LONGEST_SLEEP,
            Err(_) => DATABASE_PAUSE,
        };
        let rest = trial.map_or(rest, |trial| rest.min(until(trial)));
        self.wake.lanes.wait(&self.clock, rest.min(LONGEST_SLEEP)).await;
    }

    /// Runs the waiting events of one lane in order, then gives it back. Once the host stops, it begins no more of them.
    async fn run_lane(&self, ClaimedTurns { lease, events }: ClaimedTurns, shutdown: &Shutdown) {
        // Only what is loaded is claimed, and it stays loaded.
        let Some(guest) = lease.plugin().and_then(|plugin| self.guests.get(lease.bot(), plugin)) else { return };
        let last = events.len().saturating_sub(1);
        for (index, event) in events.iter().enumerate() {
            if shutdown.has_begun() {
                return self.report(self.store.release(lease).await);
            }
            let then = if index == last { Then::Release } else { Then::Keep };
            match self.run_turn(&guest, &lease, event, then).await {
                turn::End::Next => {}
                turn::End::LaneIsGone => break,
                turn::End::Wait(until) => {
                    self.report(self.store.postpone(&lease, until).await);
                    break;
                }
            }
        }
    }

    fn report(&self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            tracing::warn!(error = %error, "a lane could not be given back: {error}; its lease will run out");
        }
    }

    /// A seed nobody can guess, for one run of one turn.
    fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut seed);
        seed
    }
}
