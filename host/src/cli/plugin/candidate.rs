//! A component on its way into a configuration: fetched within bounds, inspected by the host's own loader under the limits of
//! that configuration, and checked as `guesthouse run` would.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use toml_edit::Array;

use super::document;
use crate::clock::Clock;
use crate::config::Limits;
use crate::config::lock::Installed;
use crate::fetch::{self, Bounds, Origin};
use crate::model::PluginName;
use crate::sandbox::{Inspection, Me, Sandbox, Settings, Source};

/// How a component is fetched
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Fetching {
    /// What its SHA-256 has to be, as its author says it; anything else is refused
    #[arg(long, value_name = "DIGEST")]
    sha256: Option<String>,
    /// Seconds that fetching may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Ask other machines without TLS, too. This machine is always asked so
    #[arg(long)]
    plain_http: bool,
}

impl Fetching {
    /// The bounds with the size that a configuration allows.
    pub(super) fn bounds(&self, limits: &Limits) -> Bounds {
        Bounds { mib: limits.component_mib, time: Duration::from_secs(self.timeout), plain_http: self.plain_http }
    }
}

/// A component and what is known of it.
pub(super) struct Candidate {
    /// Where it was.
    pub(super) origin: String,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// What it is and asks for.
    pub(super) seen: Inspection,
}

/// Where components are looked at. What is compiled here is of no use to a host, which knows the bot's name.
pub(super) struct Workshop {
    sandbox: Sandbox,
    limits: Limits,
    admins: Vec<i64>,
    _cache: TempDir,
}

impl Workshop {
    /// Sets one up under the limits of a configuration, or those that hold without one.
    pub(super) fn new(limits: Limits, admins: Vec<i64>) -> anyhow::Result<Self> {
        let cache = tempfile::tempdir().context("there is no place for temporary files")?;
        let sandbox = Sandbox::new(&limits, cache.path())?;
        Ok(Self { sandbox, limits, admins, _cache: cache })
    }

    /// Fetches a component and looks at it.
    pub(super) async fn fetch(
        &self,
        source: &str,
        how: &Fetching,
        settings: &BTreeMap<String, String>,
    ) -> anyhow::Result<Candidate> {
        let origin = Origin::parse(source)?;
        let bytes = fetch::fetch(&origin, how.bounds(&self.limits)).await?;
        if let Some(wanted) = &how.sha256 {
            let (wanted, found) = (wanted.trim_start_matches("sha256:").to_ascii_lowercase(), fetch::digest(&bytes));
            ensure!(
                wanted == found,
                "`{origin}` has sha256 {found}, not {wanted}\nhint: ask its author which one is right, and do not use it \
                 before you know"
            );
        }
        let seen = self.inspect(&name_of(&origin), &bytes, settings).await?;
        Ok(Candidate { origin: origin.to_string(), bytes, seen })
    }

    /// Looks at a component.
    pub(super) async fn inspect(
        &self,
        name: &PluginName,
        bytes: &[u8],
        settings: &BTreeMap<String, String>,
    ) -> anyhow::Result<Inspection> {
        let source = Source { name: name.clone(), component: bytes.into(), digest: None };
        Ok(self.sandbox.inspect(source, self.settings(settings)).await?)
    }

    /// Says why `guesthouse run` would not load it, if it would not.
    pub(super) fn check(
        &self,
        name: &PluginName,
        seen: &Inspection,
        settings: &BTreeMap<String, String>,
        grant: &Array,
    ) -> anyhow::Result<()> {
        let problems = seen.problems(name, &self.settings(settings), &document::meaning(grant)?);
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        if problems.is_empty() {
            return Ok(());
        }
        bail!("{}", problems.join("\n"))
    }

    /// What `describe` can see. The bot's real name is Telegram's to tell.
    fn settings(&self, settings: &BTreeMap<String, String>) -> Settings {
        let me = Me { id: 0, username: "checked_bot".into(), name: "checked".into() };
        Settings { config: settings.clone(), admins: self.admins.clone(), me }
    }
}

/// What to pin.
pub(super) fn installed(candidate: &Candidate, grant: &Array, clock: &Clock) -> Installed {
    let seen = &candidate.seen;
    Installed {
        source: candidate.origin.clone(),
        digest: seen.digest.clone(),
        version: seen.manifest.version.clone(),
        package: seen.contract.split_once('@').map(|(_, version)| version.to_owned()),
        capabilities: seen.capabilities.clone(),
        grant: document::in_one_line(grant),
        added: now(clock),
    }
}

/// The time as people and scripts read it.
pub(super) fn now(clock: &Clock) -> String {
    let now = clock.now();
    jiff::Timestamp::from_millisecond(now - now.rem_euclid(1_000))
        .map_or_else(|_| now.to_string(), |now| now.to_string())
}

/// Settings from the command line, as `KEY=VALUE`.
pub(super) fn settings(words: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let pair = |word: &String| {
        let (key, value) = word.split_once('=').filter(|(key, _)| !key.is_empty())?;
        Some((key.to_owned(), value.to_owned()))
    };
    let one = |word| pair(word).with_context(|| format!("`{word}` is no setting\nhint: write --set KEY=VALUE"));
    words.iter().map(one).collect()
}

/// A name to compile it under: most components are called like their files.
fn name_of(origin: &Origin) -> PluginName {
    let origin = origin.to_string();
    let last = origin.rsplit('/').next().unwrap_or_default();
    PluginName::like(last.split(['.', ':', '@', '?']).next().unwrap_or_default())
}

/// A name that the operator or the component has given.
pub(super) fn plugin_name(name: &str) -> anyhow::Result<PluginName> {
    PluginName::new(name).with_context(|| {
        format!("`{name}` is not a name for a plugin\nhint: use 1 to 32 of a-z 0-9 -, beginning with a letter")
    })
}

/// Settings with `${NAME}` filled in as far as the environment goes.
pub(super) fn filled(settings: BTreeMap<String, String>) -> BTreeMap<String, String> {
    settings.into_iter().map(|(key, text)| (key, crate::config::filled(&text))).collect()
}

/// The limits of a configuration.
pub(super) fn limits(config: &Path) -> anyhow::Result<Limits> {
    Ok(Limits::load(config)?)
}
