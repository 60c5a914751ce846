//! From a component to a plugin: compiled, described once, snapshotted, checked. It decides what is refused and says so
//! in words that name the plugin, the cause and the repair. Next: `imports`, `manifest`, `snapshot`, `cache`; then `turn`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{SemaphorePermit, oneshot};
use wasmtime::Store;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Instance};

use super::bindings::{Plugin as Bindings, PluginPre};
use super::cache::{Entry, Facts, GoodFor, Key};
use super::guest::{Guest, Rules};
use super::heavy::Group;
use super::manifest::Planned;
use super::meter::Running;
use super::snapshot::{self, Instrumented};
use super::turn::{self, Turn, TurnReport};
use super::view::View;
use super::{Shared, convert, imports, manifest};
use crate::config::grant::Capability;
use crate::config::{Grant, file};
use crate::model::manifest::Manifest;
use crate::model::{PluginName, hex};

/// A component to make a plugin of.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// What the operator calls it.
    pub name: PluginName,
    /// The component.
    pub component: Cow<'a, [u8]>,
    /// Its SHA-256 in hexadecimal digits, if it is known already.
    pub digest: Option<String>,
}

/// What the operator has set for a plugin and its bot: all that `describe` can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The plugin's own settings.
    pub config: BTreeMap<String, String>,
    /// The users who run the bot.
    pub admins: Vec<i64>,
    /// The bot.
    pub me: Me,
}

/// The bot that a plugin works for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Its id in the Bot API.
    pub id: i64,
    /// Its name without `@`.
    pub username: String,
    /// What it is called.
    pub name: String,
}

/// Why a component does not become a plugin.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum LoadError {
    #[error(
        "the component of plugin `{plugin}` has {mib} MiB, more than the {limit} that are allowed\nhint: raise limits.component_mib in {}, or build it smaller: strip names, optimise for size",
        file::name()
    )]
    TooLarge { plugin: PluginName, mib: u64, limit: u64 },
    #[error(
        "the source of plugin `{plugin}` is {found}, not a component\nhint: build it for wasm32-wasip2, or make a component of it with `wasm-tools component new`"
    )]
    NotAComponent { plugin: PluginName, found: &'static str },
    #[error(
        "the component of plugin `{plugin}` does not compile: {reason}\nhint: build it again; a file that was cut short looks like this too"
    )]
    Invalid { plugin: PluginName, reason: String },
    #[error(
        "compiling plugin `{plugin}` took longer than {seconds} s\nhint: raise limits.compile_s in {}; a Python or JavaScript guest takes long once, then it is cached",
        file::name()
    )]
    TooSlow { plugin: PluginName, seconds: u64 },
    #[error(
        "plugin `{plugin}` imports {}, which its grant does not include\nhint: add {} to bot.plugins.{plugin}.grant in {}",
        imports_of(missing),
        missing.iter().map(|capability| grant_of(*capability)).collect::<Vec<_>>().join(", "),
        file::name()
    )]
    NotGranted { plugin: PluginName, missing: Vec<Capability> },
    #[error("plugin `{plugin}` imports `{import}`, which this host does not have\nhint: {hint}")]
    Unknown { plugin: PluginName, import: String, hint: String },
    #[error("plugin `{plugin}` needs `guesthouse:plugin` {needs}, this host has {has}\nhint: {hint}")]
    OtherVersion { plugin: PluginName, needs: String, has: String, hint: &'static str },
    #[error(
        "the component of plugin `{plugin}` does not export `{missing}`; it exports {found}\nhint: build it for the world `guesthouse:plugin/plugin`, in Rust with the crate `guesthouse-plugin`"
    )]
    NotAPlugin { plugin: PluginName, missing: &'static str, found: String },
    #[error(
        "plugin `{plugin}` was built for another form of the contract: {reason}\nhint: build it again with the `wit` folder of this version"
    )]
    OtherForm { plugin: PluginName, reason: String },
    #[error(
        "plugin `{plugin}` did not describe itself: {reason}\nhint: `describe` may only compute and ask `config` and `log`; it has the limits of a turn"
    )]
    Describe { plugin: PluginName, reason: String },
    #[error("the manifest of plugin `{plugin}` is refused: {problem}\nhint: correct what its `describe` returns")]
    Manifest { plugin: PluginName, problem: String },
    #[error(
        "the setting `{key}` of plugin `{plugin}` says when, and `{cron}` is not a time: {problem}\nhint: write minute, hour, day of month, month and day of week, such as {key} = \"0 9 * * *\", or \"off\""
    )]
    Schedule { plugin: PluginName, key: String, cron: String, problem: String },
    #[error("plugin `{plugin}` has no setting `{key}`\nhint: {hint}")]
    UnknownSetting { plugin: PluginName, key: String, hint: String },
    #[error(
        "plugin `{plugin}` needs the setting `{key}`: {description}\nhint: write bot.plugins.{plugin}.config = {{ {key} = \"…\" }} in {}",
        file::name()
    )]
    MissingSetting { plugin: PluginName, key: String, description: String },
}

fn imports_of(capabilities: &[Capability]) -> String {
    let names: Vec<_> =
        capabilities.iter().map(|capability| format!("`guesthouse:plugin/{}`", capability.name())).collect();
    names.join(" and ")
}

fn grant_of(capability: Capability) -> String {
    match capability {
        Capability::Telegram => "{ telegram = [\"<method>\"] }".into(),
        Capability::Http => "{ http = [\"<host>\"] }".into(),
        other => format!("\"{}\"", other.name()),
    }
}

/// A plugin that can be run. Cheap to clone.
#[derive(Clone)]
pub struct Plugin(Arc<Inner>);

/// What a plugin is made of.
pub(super) struct Inner {
    pub(super) shared: Arc<Shared>,
    pub(super) rules: Arc<Rules>,
    pub(super) instances: PluginPre<Guest>,
    /// Under which its turns are counted and take turns.
    pub(super) group: Group,
    digest: String,
    capabilities: Vec<Capability>,
    schedules: Vec<Planned>,
    snapshot: bool,
}

impl Plugin {
    /// What the operator calls it.
    pub fn name(&self) -> &PluginName {
        &self.0.rules.name
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.0.rules.manifest
    }

    /// The SHA-256 of its component in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// What it imports of that which has to be granted.
    pub fn capabilities(&self) -> &[Capability] {
        &self.0.capabilities
    }

    /// What it may do, as the operator says.
    pub fn grant(&self) -> &Grant {
        &self.0.rules.grant
    }

    /// What the operator has set, with the plugin's defaults filled in.
    pub fn settings(&self) -> &Settings {
        &self.0.rules.settings
    }

    /// Its schedules, with the operator's settings filled in.
    pub fn schedules(&self) -> &[Planned] {
        &self.0.schedules
    }

    /// Whether its turns start from the memory that `describe` left behind.
    pub fn has_snapshot(&self) -> bool {
        self.0.snapshot
    }

    /// Runs one turn. It waits for a place in the pool of instances first.
    pub async fn run(&self, turn: Turn, view: Arc<dyn View>) -> TurnReport {
        turn::run(&self.0, turn, view).await
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plugin").field("name", self.name()).field("digest", &self.0.digest).finish_non_exhaustive()
    }
}

/// Makes a plugin of a component. All that takes long happens on threads of its own, off the runtime; a compilation that
/// takes too long is left to itself, but keeps its permit.
pub(super) async fn load(
    shared: &Arc<Shared>,
    source: Source<'_>,
    settings: Settings,
    (grant, is_shadow): (&Grant, bool),
) -> Result<Plugin, LoadError> {
    let job = Job::new(shared, source, settings, (grant, is_shadow))?;
    let (digest, entry) = job.compiled().await?;
    job.finish(digest, entry)
}

/// Refuses early what is not a component at all.
fn check_form(name: &PluginName, component: &[u8], limit: u64) -> Result<(), LoadError> {
    let mib = (component.len() as u64).div_ceil(1 << 20);
    if mib > limit {
        return Err(LoadError::TooLarge { plugin: name.clone(), mib, limit });
    }
    let found = match component {
        [b'\0', b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => return Ok(()),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => "a core module",
        [b'\0', b'a', b's', b'm', ..] => "WebAssembly of another version",
        [] => "empty",
        _ => "no WebAssembly",
    };
    Err(LoadError::NotAComponent { plugin: name.clone(), found })
}

/// A component on its way to a plugin.
pub(super) struct Job {
    shared: Arc<Shared>,
    runtime: Handle,
    name: PluginName,
    component: Vec<u8>,
    digest: Option<String>,
    settings: Settings,
    grant: Grant,
    is_shadow: bool,
}

impl Job {
    /// Begins. What is not a component at all is refused here.
    pub(super) fn new(
        shared: &Arc<Shared>,
        source: Source<'_>,
        settings: Settings,
        (grant, is_shadow): (&Grant, bool),
    ) -> Result<Arc<Self>, LoadError> {
        let Source { name, component, digest } = source;
        check_form(&name, &component, shared.limits.component_mib)?;
        let (shared, runtime, component) = (Arc::clone(shared), Handle::current(), component.into_owned());
        let grant = grant.clone();
        Ok(Arc::new(Self { shared, runtime, component, name, digest, settings, grant, is_shadow }))
    }

    /// Its digest and its code, from the cache or compiled and described just now.
    pub(super) async fn compiled(self: &Arc<Self>) -> Result<(String, Entry), LoadError> {
        let warm = Arc::clone(self);
        let (digest, key, cached) = self.aside(move || warm.look_up()).await?;
        if let Some(entry) = cached {
            return Ok((digest, entry));
        }
        tracing::info!(plugin = %self.name, "plugin `{}` is being compiled; the next start finds it done", self.name);
        // The semaphore is never closed.
        let permit = Arc::clone(&self.shared.compilations).acquire_owned().await.ok();
        let cold = Arc::clone(self);
        let compiled = self.aside(move || {
            let _permit = permit;
            cold.compile(&key)
        });
        Ok((digest, compiled.await??))
    }

    /// Does `work` on a thread of its own, and waits no longer than a compilation may take.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, LoadError> {
        let (done, result) = oneshot::channel();
        let thread = std::thread::Builder::new().name(format!("load-{}", self.name));
        let started = thread.spawn(move || done.send(work()).ok());
        let seconds = self.shared.limits.compile_s;
        let broken = |reason: &str| LoadError::Invalid { plugin: self.name.clone(), reason: reason.to_owned() };
        started.map_err(|error| broken(&format!("no thread to compile on: {error}")))?;
        match tokio::time::timeout(std::time::Duration::from_secs(seconds), result).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(_)) => Err(broken("the compiler panicked")),
            Err(_) => Err(LoadError::TooSlow { plugin: self.name.clone(), seconds }),
        }
    }

    fn look_up(&self) -> (String, Key, Option<Entry>) {
        let digest = self.digest.clone().unwrap_or_else(|| hex(&Sha256::digest(&self.component)));
        let key = self.shared.cache.key(&self.name, &digest, &self.settings);
        let entry = self.shared.cache.load(&key, &self.shared.engine);
        (digest, key, entry.map(prepared))
    }

    /// Compiles, describes and snapshots. Where no snapshot can be taken, every turn starts from the beginning.
    fn compile(&self, key: &Key) -> Result<Entry, LoadError> {
        let (component, facts, good_for) = match snapshot::instrument(&self.shared.engine, &self.component) {
            Ok(readable) => {
                let described = self.runtime.block_on(self.describe(&readable.component))?;
                let (manifest, good_for) = (described.manifest.clone(), described.good_for());
                let snapshot = self.runtime.block_on(snapshot(&readable, described));
                match snapshot.and_then(|bytes| Component::from_binary(&self.shared.engine, &bytes)) {
                    Ok(component) => (component, Facts { manifest, snapshot: true }, good_for),
                    Err(reason) => (self.plain(&reason)?, Facts { manifest, snapshot: false }, good_for),
                }
            }
            Err(reason) => {
                let component = self.plain(&reason)?;
                let described = self.runtime.block_on(self.describe(&component))?;
                let good_for = described.good_for();
                let manifest = described.manifest;
                (component, Facts { manifest, snapshot: false }, good_for)
            }
        };
        self.shared.cache.store(key, &facts, &component, good_for);
        Ok(prepared(Entry { component, facts }))
    }

    /// The component as it is, for want of a snapshot.
    fn plain(&self, reason: &wasmtime::Error) -> Result<Component, LoadError> {
        let plugin = &self.name;
        let component = Component::from_binary(&self.shared.engine, &self.component)
            .map_err(|error| LoadError::Invalid { plugin: plugin.clone(), reason: format!("{error:#}") })?;
        tracing::warn!(%plugin, "every turn of plugin {plugin} starts from the beginning: {reason:#}");
        Ok(component)
    }

    /// What a component imports.
    pub(super) fn imports(&self, component: &Component) -> Vec<String> {
        let (engine, shape) = (&self.shared.engine, component.component_type());
        let imports = shape.imports(engine).filter(|(_, import)| !is_type(&import.ty));
        imports.map(|(name, _)| name.to_owned()).collect()
    }

    /// Checks what a component imports and exports.
    pub(super) fn check(&self, component: &Component) -> Result<Vec<Capability>, LoadError> {
        let (engine, shape) = (&self.shared.engine, component.component_type());
        let imports = self.imports(component);
        let capabilities = imports::check(&self.name, imports.iter().map(String::as_str), &self.grant)?;
        let exports = shape.exports(engine).map(|(name, _)| name).filter(|name| *name != snapshot::ACCESS);
        imports::check_exports(&self.name, exports)?;
        Ok(capabilities)
    }

    /// Links a component once, for all its instances.
    fn prepare(&self, component: &Component) -> Result<PluginPre<Guest>, LoadError> {
        let instances = self.shared.linker.instantiate_pre(component).and_then(PluginPre::new);
        instances.map_err(|error| LoadError::OtherForm { plugin: self.name.clone(), reason: format!("{error:#}") })
    }

    /// Checks a component and has it describe itself.
    async fn describe(&self, component: &Component) -> Result<Described<'_>, LoadError> {
        self.check(component)?;
        let instances = self.prepare(component)?;
        // The semaphore is never closed.
        let place = self.shared.places(self.is_shadow).acquire().await.ok();
        let running = self.shared.ticker.running();
        let rules = Rules {
            name: self.name.clone(),
            is_shadow: self.is_shadow,
            // It has said nothing yet.
            manifest: Manifest::default(),
            settings: self.settings.clone(),
            grant: self.grant.clone(),
            limits: self.shared.limits.clone(),
        };
        let limits = &self.shared.limits;
        let guest = Guest::describing(Arc::new(rules));
        let meter = Arc::clone(&guest.meter);
        let mut store = guest.into_store(&self.shared.engine);
        let called = meter.count(async {
            let instance = instances.instance_pre().instantiate_async(&mut store).await?;
            let manifest = Bindings::new(&mut store, &instance)?.call_describe(&mut store).await?;
            wasmtime::Result::Ok((convert::manifest(manifest), instance))
        });
        let called = tokio::time::timeout(limits.wall(), called).await;
        store.data().lines.finish();
        let reason = match called {
            Ok(Ok((manifest, instance))) => {
                manifest::check(&self.name, &manifest)?;
                return Ok(Described { manifest, store, instance, _place: place, _running: running });
            }
            Ok(Err(trap)) => turn::trapped(&trap, store.data()).to_string(),
            Err(_) => format!("it took more than {} ms by the clock (limits.wall_ms)", limits.wall_ms),
        };
        Err(LoadError::Describe { plugin: self.name.clone(), reason })
    }

    /// The last checks, which a cached plugin has to pass too: grant and settings are no part of the code.
    fn finish(&self, digest: String, entry: Entry) -> Result<Plugin, LoadError> {
        let Entry { component, facts: Facts { manifest, snapshot } } = entry;
        let capabilities = self.check(&component)?;
        let config = manifest::complete(&self.name, &manifest, &self.settings.config)?;
        let schedules = manifest::planned(&self.name, &manifest, &config)?;
        let instances = self.prepare(&component)?;
        let rules = Rules {
            name: self.name.clone(),
            is_shadow: self.is_shadow,
            manifest,
            settings: Settings { config, ..self.settings.clone() },
            grant: self.grant.clone(),
            limits: self.shared.limits.clone(),
        };
        let (shared, rules) = (Arc::clone(&self.shared), Arc::new(rules));
        let group = shared.pace.group();
        Ok(Plugin(Arc::new(Inner { shared, rules, instances, group, digest, capabilities, schedules, snapshot })))
    }
}

/// The component with the memory that `describe` left behind.
async fn snapshot(readable: &Instrumented<'_>, mut described: Described<'_>) -> wasmtime::Result<Vec<u8>> {
    if !described.store.data().handles.is_empty() {
        wasmtime::bail!("it still holds something of the host's after `describe`, such as stdout: use `log` there");
    }
    readable.take(&mut described.store, described.instance).await
}

/// Makes the memory image now and not in the first turn. Where that fails, it is tried again there.
fn prepared(entry: Entry) -> Entry {
    if let Err(error) = entry.component.initialize_copy_on_write_image() {
        tracing::debug!(%error, "no memory image yet: {error}");
    }
    entry
}

/// An instance that has described itself, and its place in the pool.
struct Described<'a> {
    manifest: Manifest,
    store: Store<Guest>,
    instance: Instance,
    _place: Option<SemaphorePermit<'a>>,
    _running: Running<'a>,
}

impl Described<'_> {
    /// All else that `describe` can see is the same wherever it is run.
    fn good_for(&self) -> GoodFor {
        if self.store.data().asked_settings { GoodFor::These } else { GoodFor::AllSettings }
    }
}

/// Whether an import is a mere type, which asks for nothing.
fn is_type(item: &ComponentItem) -> bool {
    matches!(item, ComponentItem::Type(_))
}

#[cfg(test)]
mod tests;
