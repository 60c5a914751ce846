//! Turns: which are due, how many run at once, and that a lane's turns run one after another.
//!
//! This loop claims due lanes as long as it has room and hands each to a task of its own, which runs the lane's waiting
//! events in order and gives the lane back. A guest that waits is a suspended fiber of its task, so a slow plugin holds
//! a slot, never a thread; the slots are `limits.concurrent_turns`, and `lane/slots` shares them out so that no plugin
//! can have all of them. While nothing is due its claim stands in the store and is fulfilled when something is; whatever
//! changes what may be claimed rings, and it is taken back. `lane/turn` has what one turn does: read that next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::config::{CommandLine, Limits, Records};
use crate::model::cron::Zone;
use crate::model::manifest::Table;
use crate::model::{BotId, Part, PluginName};
use crate::sandbox::Plugin;
use crate::shutdown::{Shutdown, Tasks};
use crate::store::{ClaimedTurns, DueTurns, Store, StoreError, TableSet, Then};
use crate::telegram::{Client, Me};
use crate::wake::Wake;

mod alert;

mod breaker;

mod conflict;

mod deadline;

mod fail;

mod guests;

mod journal;

mod outside;

mod queue;

mod retry;

mod seeds;

mod shadow;

mod show;

mod slots;

mod source;

mod turn;

mod view;

#[cfg(test)]
mod tests;

use breaker::{Breakers, Look};
pub use guests::Guests;
pub use outside::Ways;
use queue::Queues;
pub use seeds::Seeds;
pub use shadow::{Shadow, Shadows};
use slots::{Room, Slots};

/// How long to sleep at most when nothing is known to be due, in milliseconds. What becomes due wakes the loop earlier.
const LONGEST_SLEEP: Millis = 5_000;
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
    seeds: Seeds,
    shadows: Shadows,
    /// Whether the claim of now leaves somebody out: then every lane that is done may change that.
    leaves_out: Arc<AtomicBool>,
}

/// What may be claimed now.
struct Wanted {
    lanes: usize,
    plugins: Vec<(BotId, Part)>,
    /// One that is to be tried again: one lane of it and no more.
    trial: Option<(BotId, Part)>,
    /// When another one may be tried.
    next: Option<Millis>,
}

impl Lanes {
    /// The lanes of one host.
    pub fn new(
        store: Store,
        guests: Guests,
        wake: Wake,
        clock: Clock,
        seeds: Seeds,
        (limits, command): (Limits, CommandLine),
        shadows: Shadows,
    ) -> Self {
        let queues = Queues::new(clock.clone());
        let (limits, command, breakers) = (Arc::new(limits), Arc::new(command), Breakers::default());
        let leaves_out = Arc::default();
        Self { store, guests, wake, clock, limits, command, queues, breakers, seeds, shadows, leaves_out }
    }

    /// Runs turns until the shutdown begins. Turns under way are finished by their own tasks.
    pub async fn run(self, tasks: Tasks) {
        let slots = Slots::new(self.limits.concurrent_turns as usize);
        // When nothing more is due: until when, as far as is known.
        let mut rest = None;
        while !tasks.shutdown().has_begun() {
            let wanted = self.wanted(&slots).await;
            let claimed = match rest.take() {
                None => self.claim(&wanted).await.map(Some),
                Some(until) => self.claim_when_due(&wanted, until, tasks.shutdown()).await,
            };
            match claimed {
                Err(error) => {
                    tracing::warn!(error = %error, "no lane could be claimed: {error}; trying again");
                    self.clock.sleep(DATABASE_PAUSE).await;
                }
                Ok(None) => {}
                Ok(Some(DueTurns { lanes, next })) => {
                    // Somebody may be tried again by now who was left out of this claim.
                    let next = [next, wanted.next].into_iter().flatten().min();
                    rest = (lanes.len() < wanted.lanes).then_some(next.unwrap_or(Millis::MAX));
                    self.start(lanes, &slots, &tasks);
                }
            }
        }
    }

    /// Waits for room, and finds out who may use it. Room first, then work: a claimed lane never waits in memory while
    /// another host could take it.
    async fn wanted(&self, slots: &Slots) -> Wanted {
        // Before anybody is left out, so that no lane is done unnoticed in between.
        self.leaves_out.store(true, Ordering::SeqCst);
        let Room { lanes, mut without } = slots.room(self.guests.have_processors()).await;
        let Look { without: open, trial, next } = self.breakers.look(self.clock.now());
        // A plugin that is to be tried again gets one lane of its own; all others of it stay where they are.
        let trial = trial.filter(|plugin| !without.contains(plugin));
        // Whom the breakers leave out does not wait for room; what changes there rings by itself.
        self.leaves_out.store(!without.is_empty(), Ordering::SeqCst);
        without.extend(open);
        Wanted { lanes, plugins: self.guests.all_but(&without), trial, next }
    }

    /// Claims what is due.
    async fn claim(&self, wanted: &Wanted) -> Result<DueTurns, StoreError> {
        let Wanted { lanes: limit, plugins, trial, .. } = wanted;
        let mut due = match trial {
            Some(trial) => self.store.claim_turns(1, std::slice::from_ref(trial)).await?,
            None => DueTurns::default(),
        };
        if due.lanes.len() < *limit {
            let others = self.store.claim_turns(*limit - due.lanes.len(), plugins).await;
            match others {
                Ok(others) => {
                    due.lanes.extend(others.lanes);
                    due.next = [due.next, others.next].into_iter().flatten().min();
                }
                Err(error) if due.lanes.is_empty() => return Err(error),
                // What was claimed is begun; the next claim says what is wrong.
                Err(_) => due.next = Some(self.clock.now()),
            }
        }
        Ok(due)
    }

    /// The same as soon as something is due. `None`: it is time to look again, because something is due by the clock or
    /// other lanes may be claimed by now.
    async fn claim_when_due(
        &self,
        wanted: &Wanted,
        until: Millis,
        shutdown: &Shutdown,
    ) -> Result<Option<DueTurns>, StoreError> {
        let until = wanted.next.map_or(until, |trial| until.min(trial)).min(self.clock.now() + LONGEST_SLEEP);
        let look_again = async {
            tokio::select! {
                () = self.wake.lanes.wait_until(&self.clock, until) => {}
                () = shutdown.begun() => {}
            }
        };
        // Nobody knows for whom something comes. If it is more than one lane of the plugin that is tried, the others of it
        // are put off, which costs them no attempt; all others must not suffer from that plugin.
        let plugins: Vec<_> = wanted.plugins.iter().chain(&wanted.trial).cloned().collect();
        self.store.claim_turns_when_due(wanted.lanes, &plugins, look_again).await
    }

    /// Starts a task for each of these lanes.
    fn start(&self, claimed: Vec<ClaimedTurns>, slots: &Slots, tasks: &Tasks) {
        for lane in claimed {
            let Some(part) = lane.lease.part().cloned() else { continue };
            let slot = slots.take(lane.lease.bot(), part);
            let (lanes, shutdown) = (self.clone(), tasks.shutdown().clone());
            tasks.spawn(async move {
                lanes.run_lane(lane, &shutdown).await;
                drop(slot);
                if lanes.leaves_out.load(Ordering::SeqCst) {
                    lanes.wake.lanes.ring();
                }
            });
        }
    }

    /// Runs the waiting events of one lane in order, then gives it back. Once the host stops, it begins no more of them.
    async fn run_lane(&self, ClaimedTurns { lease, events }: ClaimedTurns, shutdown: &Shutdown) {
        let last = events.len().saturating_sub(1);
        for (index, event) in events.iter().enumerate() {
            if shutdown.has_begun() {
                return self.report(self.store.release(lease).await);
            }
            // For each event anew: another build may have been loaded meanwhile. Only what is loaded is claimed; what was
            // taken out since is left to whoever has it.
            let guest = lease.plugin().and_then(|plugin| self.guests.get(lease.bot(), plugin));
            let Some(guest) = guest else { return };
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

    /// Forgets that a plugin has failed: another build of it was loaded.
    pub fn trust(&self, bot: BotId, plugin: &PluginName) {
        self.breakers.forget(bot, plugin);
        self.wake.lanes.ring();
    }

    fn report(&self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            tracing::warn!(error = %error, "a lane could not be given back: {error}; its lease will run out");
        }
    }
}
