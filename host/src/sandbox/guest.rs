//! The state behind one instance: what its host functions reach, and the store with every limit set. It decides whether
//! a call from the guest is answered at all; what the answer is, `host/*` decides.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use thiserror::Error;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::WasiCtx;

use super::effects::Effects;
use super::ids::Ids;
use super::limits::Memory;
use super::lines::Lines;
use super::meter::Meter;
use super::outside::Outside;
use super::overlay::Overlay;
use super::patience::Patience;
use super::plugin::Settings;
use super::record::Record;
use super::rows::Rows;
use super::turn::Turn;
use super::view::View;
use crate::clock::Millis;
use crate::config::{Grant, Limits};
use crate::model::effect::{DialogueState, TurnEffects};
use crate::model::event::Event;
use crate::model::manifest::Manifest;
use crate::model::manifest::Table;
use crate::model::{DialogueKey, PluginName};

/// Handles that a guest can hold on things of the host's: its three standard streams, what it polls.
const HANDLES: usize = 64;

/// What is the same for every turn of a plugin.
pub(super) struct Rules {
    pub(super) name: PluginName,
    /// Whether it is another build of the plugin, whose turns have no effect.
    pub(super) is_shadow: bool,
    /// Empty as long as the plugin has not described itself.
    pub(super) manifest: Manifest,
    /// The operator's settings; once the manifest is known, with its defaults filled in.
    pub(super) settings: Settings,
    pub(super) grant: Grant,
    pub(super) limits: Limits,
}

/// Why the host ends a guest.
#[derive(Debug, Error)]
pub(super) enum Stop {
    /// It has used more than it may.
    #[error("{0}")]
    Limit(String),
    /// It asked for something that is never answered.
    #[error("{0}")]
    Refused(String),
}

/// The state behind one instance.
pub(super) struct Guest {
    pub(super) rules: Arc<Rules>,
    pub(super) lines: Lines,
    pub(super) memory: Memory,
    pub(super) meter: Arc<Meter>,
    pub(super) patience: Arc<Patience>,
    pub(super) ids: Ids,
    /// When the turn began.
    pub(super) now: Millis,
    /// What the guest has asked of WASI; most guests ask nothing in most turns.
    pub(super) wasi: Option<WasiCtx>,
    pub(super) handles: ResourceTable,
    /// Why something that the turn needed did not answer. Such a turn has not failed by its own fault.
    pub(super) unavailable: Option<String>,
    /// Whether it has asked what the operator has set: a snapshot is good for whatever is set if not.
    pub(super) asked_settings: bool,
    calls: u32,
    turn: Option<TurnState>,
}

/// What there is in a turn and not in `describe`.
pub(super) struct TurnState {
    pub(super) raw: Arc<str>,
    pub(super) processor: Option<Arc<str>>,
    pub(super) has_next: bool,
    pub(super) others: Arc<[Table]>,
    pub(super) origin: Option<i64>,
    /// Whether somebody waits for an answer over HTTP.
    pub(super) is_request: bool,
    pub(super) dialogue: Option<DialogueKey>,
    /// The dialogue's state as the database has it, once it was asked.
    pub(super) dialogue_seen: Option<Option<DialogueState>>,
    pub(super) view: Arc<dyn View>,
    pub(super) record: Record,
    pub(super) overlay: Overlay,
    pub(super) effects: Effects,
    pub(super) outside: Outside,
    /// Messages that this turn sends or has asked about, and their chats.
    pub(super) sent: Vec<(i64, i64)>,
    /// The timers that wait, by processor and chat, where it has asked.
    pub(super) timers: HashMap<(Option<String>, i64), BTreeSet<String>>,
}

impl Guest {
    /// A guest that is asked to describe itself. Its time and randomness are the same whenever and wherever it is asked,
    /// so that the snapshot is: what a guest draws here had better be nothing secret.
    pub(super) fn describing(rules: Arc<Rules>) -> Self {
        Self::new(rules, 0, &[0; 32], None)
    }

    /// A guest that handles an event.
    pub(super) fn in_turn(rules: Arc<Rules>, turn: &Turn, view: Arc<dyn View>) -> Self {
        let state = TurnState {
            raw: Arc::clone(&turn.raw),
            processor: turn.processor.clone(),
            has_next: turn.has_next,
            others: Arc::clone(&turn.others),
            origin: turn.origin,
            is_request: matches!(turn.event, Event::Request { .. }),
            dialogue: turn.dialogue,
            dialogue_seen: None,
            view,
            record: Record::default(),
            overlay: Overlay::default(),
            effects: Effects::new(&rules.limits),
            outside: Outside::default(),
            sent: Vec::new(),
            timers: HashMap::new(),
        };
        Self::new(rules, turn.now, &turn.seed, Some(state))
    }

    fn new(rules: Arc<Rules>, now: Millis, seed: &[u8; 32], turn: Option<TurnState>) -> Self {
        let mut handles = ResourceTable::new();
        handles.set_max_capacity(HANDLES);
        Self {
            lines: Lines::new(rules.name.clone(), rules.is_shadow, rules.limits.log_lines),
            memory: Memory::new((rules.limits.memory_mib as usize) << 20),
            meter: Arc::new(Meter::new()),
            patience: Arc::new(Patience::new()),
            ids: Ids::new(now, seed),
            now,
            wasi: None,
            handles,
            unavailable: None,
            asked_settings: false,
            calls: 0,
            turn,
            rules,
        }
    }

    /// The store of this guest, with every limit that a store has.
    pub(super) fn into_store(self, engine: &Engine) -> Store<Self> {
        let call_bytes = usize::try_from(self.rules.limits.call_kib << 10).unwrap_or(usize::MAX);
        let mut store = Store::new(engine, self);
        store.limiter(|guest| &mut guest.memory);
        store.set_hostcall_fuel(call_bytes);
        store.set_max_component_handles(HANDLES);
        // The stock yield of wasmtime goes to the head of tokio's queue; this one goes to its end.
        store.epoch_deadline_callback(|context| {
            let guest = context.data();
            if guest.meter.computed() > guest.rules.limits.cpu() {
                let limit = guest.rules.limits.cpu_ms;
                return Err(Stop::Limit(format!("more than {limit} ms of computing (limits.cpu_ms)")).into());
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store.set_epoch_deadline(1);
        store
    }

    /// Counts a call from the guest.
    pub(super) fn called(&mut self) -> wasmtime::Result<()> {
        self.calls += 1;
        let allowed = self.rules.limits.host_calls;
        if self.calls > allowed {
            return Err(Stop::Limit(format!("more than {allowed} calls into the host (limits.host_calls)")).into());
        }
        Ok(())
    }

    /// Calls so far.
    pub(super) fn calls(&self) -> u32 {
        self.calls
    }

    /// Counts a call of an interface that answers in turns only, and opens what it works with.
    pub(super) fn enter(&mut self, interface: &str) -> wasmtime::Result<Entered<'_>> {
        self.called()?;
        let Some(turn) = &mut self.turn else {
            return Err(Stop::Refused(format!("`{interface}` does not answer during `describe`")).into());
        };
        Ok(Entered { rules: &self.rules, turn, ids: &mut self.ids, now: self.now, unavailable: &mut self.unavailable })
    }

    /// All that the turn read and asked for; nothing for a guest that described itself.
    pub(super) fn into_effects(self) -> TurnEffects {
        self.turn.map_or_else(TurnEffects::default, |turn| turn.effects.finish(turn.record.into_reads()))
    }
}

/// What the host functions of a turn work with.
pub(super) struct Entered<'a> {
    pub(super) rules: &'a Rules,
    pub(super) turn: &'a mut TurnState,
    pub(super) ids: &'a mut Ids,
    pub(super) now: Millis,
    pub(super) unavailable: &'a mut Option<String>,
}

impl Entered<'_> {
    /// The turn's access to its tables.
    pub(super) fn rows(&mut self) -> Rows<'_> {
        Rows {
            tables: &self.rules.manifest.tables,
            others: &self.turn.others,
            view: &*self.turn.view,
            record: &mut self.turn.record,
            overlay: &mut self.turn.overlay,
            effects: &mut self.turn.effects,
            ids: self.ids,
            unavailable: self.unavailable,
        }
    }

    /// Remembers that something did not answer.
    pub(super) fn note_unavailable(&mut self, reason: &str) {
        self.unavailable.get_or_insert_with(|| reason.to_owned());
    }
}
