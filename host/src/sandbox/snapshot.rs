//! The memory that `describe` leaves behind, made part of the component: every turn starts from it, so what `describe`
//! warmed up is there for free. `plugin` decides when, `cache` keeps the result.
//!
//! The component is instrumented so that its memories and globals can be read from outside, run once, and rewritten with
//! what was found. `describe` stays in it as an export.

use wasmtime::component::{Component, Instance};
use wasmtime::{Engine, Store};
use wasmtime_wizer::{ComponentContext, WasmtimeWizerComponent, Wizer};

use super::guest::Guest;

/// The export through which an instrumented component is read.
pub(super) const ACCESS: &str = "wasmtime:wizer/access";

/// A component that can be snapshotted: readable from outside.
pub(super) struct Instrumented<'a> {
    wizer: Wizer,
    context: ComponentContext<'a>,
    pub(super) component: Component,
}

/// Makes a component readable. An error says why this one cannot be: it may be a sound component all the same.
pub(super) fn instrument<'a>(engine: &Engine, component: &'a [u8]) -> wasmtime::Result<Instrumented<'a>> {
    let mut wizer = Wizer::new();
    wizer.init_func("describe()").keep_init_func(true);
    // It takes for granted that a component is valid in its eyes, and panics if the outcome is not.
    let instrumented = std::panic::AssertUnwindSafe(|| wizer.instrument_component(component));
    let instrumented = std::panic::catch_unwind(instrumented)
        .map_err(|_| wasmtime::format_err!("it is no component that a snapshot can be taken of"))?;
    let (context, instrumented) = instrumented?;
    let component = Component::from_binary(engine, &instrumented)?;
    Ok(Instrumented { wizer, context, component })
}

impl Instrumented<'_> {
    /// The component as it is after the instance was run.
    pub(super) async fn take(&self, store: &mut Store<Guest>, instance: Instance) -> wasmtime::Result<Vec<u8>> {
        // Reading memory goes through calls like those of a guest, which nothing may interrupt any more.
        store.set_hostcall_fuel(usize::MAX);
        store.epoch_deadline_callback(|_| Ok(wasmtime::UpdateDeadline::Continue(1)));
        self.wizer.snapshot_component(&self.context, &mut WasmtimeWizerComponent { store, instance }).await
    }
}
