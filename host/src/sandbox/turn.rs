//! One run of a plugin: a fresh instance, one call of `handle`, and either its effects or the reason why there are none.
//! It decides what a failed run means, not what becomes of the event. Next: `guest`.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wasmtime::Trap;

use super::bindings::guesthouse::plugin::events::Failure;
use super::convert;
use super::guest::{Guest, Stop};
use super::plugin::Inner;
use super::view::View;
use crate::clock::Millis;
use crate::model::DialogueKey;
use crate::model::effect::TurnEffects;
use crate::model::event::Event;
use crate::model::manifest::Table;
use crate::model::table::Read;

/// What is kept of a plugin's own words for why it failed, in bytes.
const REASON: usize = 1_000;

/// What a plugin is run with.
#[derive(Debug, Clone)]
pub struct Turn {
    /// What happened.
    pub event: Event,
    /// The update behind the event as Telegram's JSON; empty if there is none.
    pub raw: Arc<str>,
    /// The processor of the plugin that it belongs to; `None`: the plugin itself.
    pub processor: Option<Arc<str>>,
    /// Whether another plugin is asked if this one passes.
    pub has_next: bool,
    /// The tables of other plugins that it may read, each named `plugin.table`.
    pub others: Arc<[Table]>,
    /// When the turn begins. The guest's clocks stand there.
    pub now: Millis,
    /// Where all randomness of the turn comes from, ids and tokens included. It must not be guessable, and another run
    /// of the turn needs another one, or the same to be replayed.
    pub seed: [u8; 32],
    /// The chat that the turn may write to without a grant.
    pub origin: Option<i64>,
    /// Whose conversation it is part of.
    pub dialogue: Option<DialogueKey>,
}

/// What came of it.
#[derive(Debug)]
pub struct TurnReport {
    /// What the plugin asks for, or why nothing is asked for.
    pub result: Result<TurnEffects, TurnError>,
    /// What a failed turn had read until then: if that has changed, the failure may be a matter of that moment.
    pub failed_reads: Vec<Read>,
    /// Time spent computing, by the guest and on its behalf.
    pub cpu: Duration,
    /// Time by the clock, waiting for the database and for what is outside included; waiting for a place in the pool is not.
    pub elapsed: Duration,
    /// Calls of the guest into the host.
    pub host_calls: u32,
    /// Bytes of memory and tables that the instance had in the end.
    pub memory: usize,
    /// Log lines beyond the limit.
    pub log_dropped: u32,
}

impl TurnReport {
    /// That of a run which the host did not get to the end of.
    pub fn of_a_panic() -> Self {
        Self {
            result: Err(TurnError::Trap("the host panicked while it served this turn".into())),
            failed_reads: Vec::new(),
            cpu: Duration::ZERO,
            elapsed: Duration::ZERO,
            host_calls: 0,
            memory: 0,
            log_dropped: 0,
        }
    }
}

/// Why a turn leaves no trace. The texts are for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum TurnError {
    /// The plugin says that it may work later.
    #[error("it asks to be run again: {0}")]
    Retry(String),
    /// The plugin says that it will never work.
    #[error("it gives up: {0}")]
    GiveUp(String),
    /// The plugin crashed.
    #[error("it crashed: {0}")]
    Trap(String),
    /// The plugin used more than it may.
    #[error("it was stopped: {0}")]
    Limit(String),
    /// Something that the turn needed did not answer; the plugin is not to blame.
    #[error("it could not go on: {0}")]
    Unavailable(String),
}

impl TurnError {
    /// One word for it, for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Retry(_) => "retry",
            Self::GiveUp(_) => "give-up",
            Self::Trap(_) => "trap",
            Self::Limit(_) => "limit",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

/// Runs one turn of a plugin. A panic of a host function goes through to the caller, who runs turns in tasks.
pub(super) async fn run(plugin: &Arc<Inner>, turn: Turn, view: Arc<dyn View>) -> TurnReport {
    let shared = &plugin.shared;
    // The pool has exactly as many places as there are permits, so instantiation never finds it full. The semaphore is
    // never closed.
    let place = Arc::clone(shared.places(plugin.rules.is_shadow)).acquire_owned().await.ok();
    let _running = shared.ticker.running();

    let guest = Guest::in_turn(Arc::clone(&plugin.rules), &turn, view);
    let meter = Arc::clone(&guest.meter);
    let plugin_of_turn = Arc::clone(plugin);
    let turn = Box::pin(async move {
        let report = run_guest(&plugin_of_turn, turn.event, guest).await;
        drop(place);
        report
    });
    shared.pace.run(plugin.group, meter, turn).await
}

/// Runs the guest to its end, wherever it computes.
async fn run_guest(plugin: &Inner, event: Event, guest: Guest) -> TurnReport {
    let (meter, patience, limits) = (Arc::clone(&guest.meter), Arc::clone(&guest.patience), &plugin.rules.limits);
    let mut store = guest.into_store(&plugin.shared.engine);
    let called = meter.count(async {
        let event = convert::event(event);
        let instance = plugin.instances.instantiate_async(&mut store).await?;
        instance.call_handle(&mut store, &event).await
    });
    // The timeout drops the call where it waits: a guest that computes is ended by the epoch, long before.
    let called = patience.limit(&meter, limits.wall(), called).await;

    let guest = store.into_data();
    let log_dropped = guest.lines.finish();
    let error = match called {
        Some(Ok(Ok(()))) => None,
        Some(Ok(Err(Failure::Retry(reason)))) => Some(TurnError::Retry(shortened(reason))),
        Some(Ok(Err(Failure::GiveUp(reason)))) => Some(TurnError::GiveUp(shortened(reason))),
        Some(Err(trap)) => Some(trapped(&trap, &guest)),
        None => Some(TurnError::Limit(format!("more than {} ms by the clock (limits.wall_ms)", limits.wall_ms))),
    };
    let (host_calls, memory) = (guest.calls(), guest.memory.used());
    let (result, failed_reads) = match (error, &guest.unavailable) {
        (None, _) => (Ok(guest.into_effects()), Vec::new()),
        // Whatever the plugin made of it: had the database answered, it might have gone well.
        (Some(error), Some(reason)) => {
            (Err(TurnError::Unavailable(format!("{reason} ({error})"))), guest.into_effects().reads)
        }
        (Some(error), None) => (Err(error), guest.into_effects().reads),
    };
    TurnReport { result, failed_reads, cpu: meter.spent(), elapsed: meter.elapsed(), host_calls, memory, log_dropped }
}

/// A reason that is kept with the event, read by the operator and sent to admins: a plugin could give one of a MiB.
fn shortened(mut reason: String) -> String {
    if reason.len() > REASON {
        reason.truncate(reason.floor_char_boundary(REASON));
        reason.push('…');
    }
    reason
}

/// What a trap means. The first reason found is the one that holds: a guest that was refused memory traps somewhere else.
pub(super) fn trapped(error: &wasmtime::Error, guest: &Guest) -> TurnError {
    let limits = &guest.rules.limits;
    match error.downcast_ref::<Stop>() {
        Some(Stop::Limit(limit)) => return TurnError::Limit(limit.clone()),
        Some(Stop::Refused(reason)) => return TurnError::Trap(reason.clone()),
        None => {}
    }
    if guest.memory.refused() {
        return TurnError::Limit(format!("more than {} MiB of memory (limits.memory_mib)", limits.memory_mib));
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        return TurnError::Trap(with_last_words(&format!("it called `exit` with status {}", exit.0), guest));
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => {
            TurnError::Limit(format!("more than {} KiB of stack: endless recursion?", super::WASM_STACK >> 10))
        }
        // The stack of Rust and C is in linear memory, and what overflows it leaves that memory.
        Some(Trap::MemoryOutOfBounds) => {
            TurnError::Trap(with_last_words("access outside of its memory: endless recursion?", guest))
        }
        Some(trap) => TurnError::Trap(with_last_words(&trap.to_string(), guest)),
        // Such errors are of one line, but carry a backtrace of the guest as their context.
        None => {
            let root = error.root_cause().to_string();
            if root.contains("fuel allocated for hostcalls") {
                return TurnError::Limit(format!("more than {} KiB in one call (limits.call_kib)", limits.call_kib));
            }
            TurnError::Trap(with_last_words(&root, guest))
        }
    }
}

fn with_last_words(reason: &str, guest: &Guest) -> String {
    match guest.lines.last_words() {
        words if words.is_empty() => reason.to_owned(),
        words => format!("{reason}; it said: {words}"),
    }
}
