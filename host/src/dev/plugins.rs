//! Plugins under work in the dev house: loaded beside the bundled ones, and again whenever they change.
//!
//! A plugin gets all that it asks for, under the name by which it calls itself, and is asked before the bundled ones. What is
//! A project's folder is built as `guesthouse plugin build` does it. What is
//! wrong with a new build is said in the terminal and in the web chat, for as long as it is wrong; the last one that worked
//! goes on meanwhile (`host/reload`). So the house opens also with a plugin that does not load yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::watch::{self, Look};
use super::{BOT, CALLED};
use crate::author;
use crate::cli::{complain, say};
use crate::clock::Clock;
use crate::config::{self, Grant, Token};
use crate::emulator::Emulator;
use crate::host::Host;
use crate::shutdown::Tasks;

/// Before the bundled plugins, which have 0 and less.
const PRIORITY: i64 = 100;

/// The plugins under work.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PluginArgs {
    /// A plugin under work: its component, or its project's folder. It is loaded again whenever it changes; may be given
    /// several times
    #[arg(long = "plugin", value_name = "FILE")]
    plugins: Vec<PathBuf>,
    /// A setting of the plugins under work; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "plugins", value_parser = setting)]
    settings: Vec<(String, String)>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Loads all of them, and keeps an eye on each until the shutdown.
pub(super) async fn load(args: &PluginArgs, host: &Host, emulator: &Emulator, clock: &Clock, tasks: &Tasks) {
    for path in &args.plugins {
        let config =
            args.settings.iter().map(|(key, value)| (key.clone(), toml::Value::from(value.as_str()))).collect();
        let mut work = Work {
            path: path.clone(),
            config,
            name: None,
            digest: None,
            host: host.clone(),
            emulator: emulator.clone(),
        };
        let look = Look::at(path);
        work.try_to_load().await;
        let (clock, shutdown) = (clock.clone(), tasks.shutdown().clone());
        tasks.spawn(async move {
            let mut look = look;
            loop {
                tokio::select! {
                    now = watch::changed(&work.path, &look, &clock) => look = now,
                    () = shutdown.begun() => return,
                }
                // A tool that builds it ends with the host.
                tokio::select! {
                    () = work.try_to_load() => {}
                    () = shutdown.begun() => return,
                }
            }
        });
    }
}

/// One plugin under work.
struct Work {
    path: PathBuf,
    config: BTreeMap<String, toml::Value>,
    /// What it calls itself; unknown until a build could be asked.
    name: Option<String>,
    /// What was tried last.
    digest: Option<Vec<u8>>,
    host: Host,
    emulator: Emulator,
}

impl Work {
    /// Loads it, and says how that went.
    async fn try_to_load(&mut self) {
        let path = self.path.display().to_string();
        match self.load().await {
            Ok(None) => {}
            Ok(Some(name)) => {
                self.emulator.shows_notice(&path, None);
                say(&format!("Plugin `{name}` is loaded from {path}"));
            }
            Err(error) => {
                // The same bytes may do another time, and if they are the last good ones, what is shown has to go.
                self.digest = None;
                let goes_on = if self.name.is_some() { "\nThe last build that worked goes on." } else { "" };
                let text = format!("{path}: {error:#}{goes_on}");
                complain(&text);
                self.emulator.shows_notice(&path, Some(&text));
            }
        }
    }

    /// Loads it; its name, or `None` if it is what was tried last.
    async fn load(&mut self) -> anyhow::Result<Option<String>> {
        let source = component(&self.path).await?;
        let bytes = tokio::fs::read(&source).await.map_err(|error| {
            anyhow::anyhow!(
                "cannot read `{}`: {error}\nhint: build it; it is loaded as soon as it is there",
                source.display()
            )
        })?;
        let digest = Sha256::digest(&bytes).to_vec();
        if self.digest.replace(digest.clone()) == Some(digest) && self.name.is_some() {
            // Touched, not changed. What was wrong with it has been said, and still is.
            return Ok(None);
        }
        let source = source.to_string_lossy().into_owned();
        let config = self.config.clone();
        let plugin =
            config::Plugin { source, grant: Grant::unlimited(), priority: PRIORITY, config, ..Default::default() };
        let name = match &self.name {
            Some(name) => name.clone(),
            None => self.host.called(&config::Bot::named(CALLED, Token::new(BOT.0)), &plugin).await?,
        };
        self.host.load(CALLED, &name, plugin).await?;
        self.name = Some(name.clone());
        Ok(Some(name))
    }
}

/// The component that a path means, built if it is a project's folder.
async fn component(path: &Path) -> anyhow::Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    // What the tool says is repeated where it fails; else it is of no interest.
    Ok(author::build::build(path, &|line| tracing::debug!("{line}")).await?)
}
