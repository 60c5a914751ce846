//! Where plugins run: every plugin is a component, every turn a fresh instance of it.
//!
//! This file is the tour and the engine's configuration. It knows the model and the configuration; not the database,
//! not Telegram, not the lanes, which answer it through [`View`]. Read on in this order:
//!
//! 1. [`plugin`]: a component becomes a [`Plugin`], or a plain reason why not.
//!    `imports`, `manifest`, `snapshot` and `cache` are its steps.
//! 2. [`turn`]: a plugin runs one turn; `guest`, `limits` and `meter` are what holds it in, `pace` and `heavy` what keeps
//!    it from holding others up.
//! 3. `host/*`: what a guest can call, one file an interface of `wit/`. Behind them `rows` answers reads with the turn's
//!    own writes laid over the database, and `effects` gathers what the turn asks for.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::config::{Grant, Limits};

/// The WIT contract as Rust types.
mod bindings;

/// From a component to a plugin.
mod plugin;

/// What a component may import.
mod imports;

/// What a manifest may say.
mod manifest;

/// What a component asks for, and what would keep it out.
mod inspection;

/// The memory that `describe` leaves behind.
mod snapshot;

/// Compiled code on disk.
mod cache;

/// One run of a plugin.
mod turn;

/// The state behind one instance.
mod guest;

/// Memory limits.
mod limits;

/// Computing time.
mod meter;

/// Time by the clock.
mod patience;

/// Where a turn computes.
mod pace;

/// Threads for turns that compute long.
mod heavy;

/// What a guest logs.
mod lines;

/// What a guest can call.
mod host;

/// What a turn asks for.
mod effects;

/// What a turn asks of the outside.
mod outside;

/// Rules for what is sent to people.
mod outgoing;

/// To which chats.
mod reach;

/// A turn's reads and writes of tables.
mod rows;

/// What a turn has read.
mod record;

/// What a turn has written, laid over what it reads.
mod overlay;

/// Filters: their form and their meaning.
mod filter;

/// Ids, tokens and randomness.
mod ids;

/// From the model to the contract and back.
mod convert;

/// What a turn may read.
mod view;

pub use inspection::Inspection;
pub use manifest::Planned;
pub use plugin::{LoadError, Me, Plugin, Settings, Source};
pub use record::Record;
pub use turn::{Turn, TurnError, TurnReport};
pub use view::{FileError, View, ViewError};

/// Native stack of a guest. Host frames get what `ASYNC_STACK` has beyond it, and an overflow there ends the process,
/// so they get three times as much.
const WASM_STACK: usize = 512 << 10;
/// Stack of the fiber on which a guest and the host functions it calls run.
const ASYNC_STACK: usize = 2 << 20;
/// Core instances in one component. Rust and JavaScript guests have 3, Python guests 14: one a library.
const CORE_INSTANCES: u32 = 32;
/// Linear memories in one component. All guests that were tried have one. Each place costs 4 GiB of addresses, which are
/// plentiful, and no memory.
const MEMORIES: u32 = 2;
/// Tables in one component.
const TABLES: u32 = 8;
/// Elements of one table. The largest that were tried begin with 5 702 (Python) and 7 720 (JavaScript).
const TABLE_ELEMENTS: usize = 20_000;
/// Compilations at once. Each uses every core by itself.
const COMPILATIONS: usize = 2;
/// Turns of shadows at once: the host runs one after another.
const SHADOWS: u32 = 1;

/// Why there is no sandbox.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// The engine refused its configuration: too little address space, or a processor it does not know.
    #[error(
        "cannot set up the sandbox: {0}\nhint: lower limits.concurrent_turns or limits.memory_mib in {file}",
        file = crate::config::file::name()
    )]
    Engine(String),
    /// The threads that limit computing time and that long turns run on did not start.
    #[error("cannot start the threads of the sandbox: {0}\nhint: raise the limit on threads (ulimit -u)")]
    Ticker(#[from] std::io::Error),
}

/// The one engine of the process and all that its plugins share. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    loads_shadows: bool,
}

/// What all plugins share.
struct Shared {
    engine: Engine,
    linker: Linker<guest::Guest>,
    limits: Limits,
    cache: cache::Cache,
    ticker: meter::Ticker,
    pace: pace::Pace,
    /// One permit for each place in the instance pool that is not a shadow's.
    turns: Arc<Semaphore>,
    /// One permit for each place of shadows, which take none from anybody.
    shadows: Arc<Semaphore>,
    /// One permit for each compilation; a thread holds it to its end, also when nobody waits for it any more.
    compilations: Arc<Semaphore>,
}

impl Sandbox {
    /// Sets up the engine. Compiled plugins are kept in the folder `cache`.
    pub fn new(limits: &Limits, cache: &Path) -> Result<Self, SandboxError> {
        let refused = |error: wasmtime::Error| SandboxError::Engine(format!("{error:#}"));
        let engine = Engine::new(&engine_config(limits)).map_err(refused)?;
        let mut linker = Linker::new(&engine);
        host::add_to_linker(&mut linker).map_err(refused)?;
        let ticker = meter::Ticker::start(&engine)?;
        let pace = pace::Pace::start()?;
        let turns = Arc::new(Semaphore::new(limits.concurrent_turns as usize));
        Ok(Self {
            shared: Arc::new(Shared {
                cache: cache::Cache::new(cache, &engine),
                engine,
                linker,
                limits: limits.clone(),
                ticker,
                pace,
                turns,
                shadows: Arc::new(Semaphore::new(SHADOWS as usize)),
                compilations: Arc::new(Semaphore::new(COMPILATIONS)),
            }),
            loads_shadows: false,
        })
    }

    /// The same sandbox for other builds of plugins that are only tried: they have a place of their own in the pool, and
    /// their log lines say what they are.
    pub fn for_shadows(&self) -> Self {
        Self { loads_shadows: true, ..self.clone() }
    }

    /// Makes a plugin of a component: compiled, described once, checked against the grant.
    pub async fn load(&self, source: Source<'_>, settings: Settings, grant: &Grant) -> Result<Plugin, LoadError> {
        plugin::load(&self.shared, source, settings, (grant, self.loads_shadows)).await
    }

    /// Looks at a component without a grant: compiled, described once, never run.
    pub async fn inspect(&self, source: Source<'_>, settings: Settings) -> Result<Inspection, LoadError> {
        inspection::inspect(&self.shared, source, settings).await
    }
}

impl Shared {
    /// Where a turn finds a place.
    fn places(&self, is_shadow: bool) -> &Arc<Semaphore> {
        if is_shadow { &self.shadows } else { &self.turns }
    }
}

/// What the engine takes and what it refuses. The cargo features stay at their defaults: builds without `gc` or
/// `threads` had bugs that ended the process.
fn engine_config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::Speed);
    config.epoch_interruption(true);
    config.wasm_component_model(true);

    // Proposals that ordinary guests do not need, and whose code had most of the advisories.
    config.concurrency_support(false);
    config.wasm_component_model_async(false);
    config.wasm_threads(false);
    config.wasm_memory64(false);
    config.wasm_gc(false);
    config.wasm_exceptions(false);
    config.wasm_function_references(false);
    config.wasm_multi_memory(false);
    config.wasm_relaxed_simd(false);
    config.wasm_tail_call(false);
    config.wasm_wide_arithmetic(false);

    // Stacks are not zeroed between turns: no guest can read what it has not written there, and whoever breaks out of
    // the sandbox reads more than an old stack.
    config.max_wasm_stack(WASM_STACK);
    config.async_stack_size(ASYNC_STACK);
    config.wasm_backtrace_max_frames(NonZeroUsize::new(8));

    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    config
}

/// The places that instances come from. Every limit is per process; those per component are unlimited by default.
fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let turns = limits.concurrent_turns.saturating_add(SHADOWS);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(turns);
    pool.total_stacks(turns);
    pool.total_core_instances(turns.saturating_mul(CORE_INSTANCES));
    pool.total_memories(turns.saturating_mul(MEMORIES));
    pool.total_tables(turns.saturating_mul(TABLES));
    pool.total_gc_heaps(0);
    pool.max_core_instances_per_component(CORE_INSTANCES);
    pool.max_memories_per_component(MEMORIES);
    pool.max_tables_per_component(TABLES);
    pool.table_elements(TABLE_ELEMENTS);
    pool.max_memory_size((limits.memory_mib as usize) << 20);

    // What makes a fresh instance cheap: the pages that a turn has written are overwritten with what they held, and stay
    // mapped. Linux 6.7 says which those are; before that, low addresses are overwritten unseen, and many of them cost
    // more than they save. Measured for a small Rust guest: 22 µs and 2 µs of them in the kernel, against 37 and 20.
    pool.pagemap_scan(Enabled::Auto);
    let scan = PoolingAllocationConfig::is_pagemap_scan_available();
    pool.linear_memory_keep_resident(if scan { 1 << 20 } else { 64 << 10 });
    pool.table_keep_resident(64 << 10);
    pool
}
