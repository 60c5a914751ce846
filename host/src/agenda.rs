//! What is due by the clock: timers fire and schedules tick, which makes them events in the inbox.
//!
//! One loop on each host sees to both. It knows the plugins that are loaded here and touches nothing of others; that each
//! timer and each tick comes once is the database's doing (`store/timers`, `store/schedules`), so any number of hosts may
//! race. It sleeps until the next due time that it knows of, wakes early when a turn of this host has set a timer, and looks
//! every few seconds for those that another host has set and then died. What an event leads to, the lanes decide.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::model::cron::{Cron, Tick, Zone};
use crate::model::payload::Payload;
use crate::model::{BotId, Part, PluginName};
use crate::shutdown::Shutdown;
use crate::store::{KnownSchedule, NewTick, Store, StoreError};
use crate::wake::Wake;

/// How long to sleep at most.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// How long to leave a database alone that did not answer.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// A schedule with its times.
#[derive(Debug, Clone)]
struct Timed {
    known: KnownSchedule,
    cron: Cron,
}

/// What is loaded and can be due.
#[derive(Default)]
struct Entries {
    parts: Vec<(BotId, Part)>,
    schedules: Vec<Timed>,
}

/// A schedule of a plugin with the operator's settings filled in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who gets it.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// When, as cron writes it; `None`: never.
    pub cron: Option<String>,
}

/// The agenda of a host. Cheap to clone.
#[derive(Clone)]
pub struct Agenda {
    store: Store,
    wake: Wake,
    clock: Clock,
    entries: Arc<RwLock<Entries>>,
}

impl Agenda {
    /// One on which nothing stands.
    pub fn new(store: Store, wake: Wake, clock: Clock) -> Self {
        Self { store, wake, clock, entries: Arc::default() }
    }

    /// From now on timers of these parts of a plugin fire here, and these schedules tick in this zone, in place of those
    /// that it had.
    pub async fn put(
        &self,
        (bot, plugin): (BotId, &PluginName),
        parts: impl IntoIterator<Item = Part>,
        schedules: Vec<Entry>,
        zone: &Zone,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (mut on, mut off, mut timed) = (Vec::new(), Vec::new(), Vec::new());
        for Entry { part, name, cron } in schedules {
            // What is no expression was refused when the plugin was loaded.
            let cron = cron.and_then(|cron| Cron::new(&cron, zone).ok());
            match cron.and_then(|cron| cron.after(now).map(|due| (cron, due))) {
                Some((cron, due)) => {
                    let known = KnownSchedule { bot, part, name, cron: cron.spec() };
                    on.push((known.clone(), due));
                    timed.push(Timed { known, cron });
                }
                None => off.push((bot, part, name)),
            }
        }
        let is_its = |of: BotId, part: &Part| of == bot && part.plugin() == plugin;
        off.extend({
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            let its = entries.schedules.iter().map(|it| &it.known).filter(|known| is_its(known.bot, &known.part));
            let gone = its.filter(|known| !on.iter().any(|(new, _)| new.part == known.part && new.name == known.name));
            gone.map(|known| (bot, known.part.clone(), known.name.clone())).collect::<Vec<_>>()
        });
        self.store.keep_schedules(on, off).await?;
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.parts.retain(|(of, part)| !is_its(*of, part));
        entries.schedules.retain(|it| !is_its(it.known.bot, &it.known.part));
        entries.parts.extend(parts.into_iter().map(|part| (bot, part)));
        entries.schedules.extend(timed);
        drop(entries);
        self.wake.agenda.ring();
        Ok(())
    }

    /// Lets everything come in its time until the shutdown begins.
    pub async fn run(self, shutdown: Shutdown) {
        loop {
            let rest = match self.look().await {
                Ok(Some(due)) => Duration::from_millis(due.saturating_sub(self.clock.now()).max(0).unsigned_abs()),
                Ok(None) => LONGEST_SLEEP,
                Err(error) => {
                    tracing::warn!(error = %error, "what is due comes later: {error}; trying again");
                    DATABASE_PAUSE
                }
            };
            tokio::select! {
                () = self.wake.agenda.wait(&self.clock, rest.min(LONGEST_SLEEP)) => {}
                () = shutdown.begun() => return,
            }
        }
    }

    /// Does what is due; answers when there will be more.
    async fn look(&self) -> Result<Option<Millis>, StoreError> {
        let (parts, schedules) = {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            (entries.parts.clone(), entries.schedules.clone())
        };
        let next_timer = loop {
            match self.store.next_timer(&parts).await? {
                Some(due) if due <= self.clock.now() => {
                    let (_, more) = self.store.fire_timers(&parts).await?;
                    if !more {
                        // One that a turn is just moving stays; a moment later it is known where to.
                        break self.store.next_timer(&parts).await?.map(|due| due.max(self.clock.now() + 50));
                    }
                }
                other => break other,
            }
        };
        let next_tick = self.tick(&schedules).await?;
        Ok([next_timer, next_tick].into_iter().flatten().min())
    }

    /// Lets the schedules tick that are due; answers when the next one will.
    async fn tick(&self, schedules: &[Timed]) -> Result<Option<Millis>, StoreError> {
        if schedules.is_empty() {
            return Ok(None);
        }
        let known: Vec<_> = schedules.iter().map(|schedule| schedule.known.clone()).collect();
        let (due, now) = (self.store.schedules_due(&known).await?, self.clock.now());
        let mut ticks = Vec::new();
        let mut next = None;
        for (Timed { known, cron }, due) in schedules.iter().zip(due) {
            let coming = match due {
                Some(was_due) if was_due <= now => {
                    let Tick { due, missed, next } = cron.tick(was_due, now);
                    let payload = Payload::Schedule { name: known.name.clone(), due, missed };
                    ticks.push(NewTick { schedule: known.clone(), was_due, payload, next });
                    next
                }
                other => other,
            };
            next = [next, coming].into_iter().flatten().min();
        }
        self.store.tick(ticks).await?;
        Ok(next)
    }
}
