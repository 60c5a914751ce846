//! What a component asks for and says of itself, whatever it is granted, and what would keep it from being loaded: all of
//! it, where loading stops at the first reason. The checks are those of `plugin`, which calls them when it loads.

use std::sync::Arc;

use super::plugin::{Job, LoadError, Settings, Source};
use super::{Shared, imports, manifest};
use crate::config::Grant;
use crate::config::grant::Capability;
use crate::model::PluginName;
use crate::model::manifest::Manifest;

/// What a component asks for and says of itself.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// The SHA-256 of the component in hexadecimal digits.
    pub digest: String,
    /// Its size in bytes.
    pub size: usize,
    /// What it says of itself.
    pub manifest: Manifest,
    /// What it imports of that which has to be granted.
    pub capabilities: Vec<Capability>,
    /// All that it imports, by the names that it has them under.
    pub imports: Vec<String>,
    /// What it imports of the contract that needs no grant, apart from interfaces that hold nothing but types.
    pub free: Vec<String>,
    /// The packages of WASI that it imports.
    pub wasi: Vec<String>,
    /// The contract that it was built for, such as `guesthouse:plugin@0.1.0`.
    pub contract: String,
    /// Whether its turns start from the memory that `describe` leaves behind.
    pub snapshot: bool,
}

impl Inspection {
    /// Everything that would keep it from being loaded under this name, with these settings and this grant.
    pub fn problems(&self, name: &PluginName, settings: &Settings, grant: &Grant) -> Vec<LoadError> {
        let missing: Vec<_> =
            self.capabilities.iter().copied().filter(|capability| !grant.includes(*capability)).collect();
        let mut problems = Vec::new();
        if !missing.is_empty() {
            problems.push(LoadError::NotGranted { plugin: name.clone(), missing });
        }
        problems.extend(manifest::check(name, &self.manifest).err());
        match manifest::complete(name, &self.manifest, &settings.config) {
            Ok(config) => problems.extend(manifest::planned(name, &self.manifest, &config).err()),
            Err(problem) => problems.push(problem),
        }
        problems
    }
}

/// Looks at a component as if everything were granted.
pub(super) async fn inspect(
    shared: &Arc<Shared>,
    source: Source<'_>,
    settings: Settings,
) -> Result<Inspection, LoadError> {
    let size = source.component.len();
    let job = Job::new(shared, source, settings, (&Grant::everything(), false))?;
    let (digest, entry) = job.compiled().await?;
    let imports = job.imports(&entry.component);
    let capabilities = job.check(&entry.component)?;
    let asked = imports::sorted(imports.iter().map(String::as_str));
    Ok(Inspection {
        digest,
        size,
        manifest: entry.facts.manifest,
        capabilities,
        imports,
        free: asked.free,
        wasi: asked.wasi,
        contract: asked.contract,
        snapshot: entry.facts.snapshot,
    })
}
