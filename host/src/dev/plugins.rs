//! Plugins under work in the dev house: loaded beside the bundled ones, and again whenever they change. A path that cannot
//! become one is refused before the house opens.
//!
//! A plugin gets all that it asks for, under the name by which it calls itself, and is asked before the bundled ones.
//! A project's folder is built as `guesthouse plugin build` does it. What is
//! wrong with a new build is said in the terminal and in the web chat, for as long as it is wrong; the last one that worked
//! goes on meanwhile (`host/reload`). So the house opens also with a plugin that does not load yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::watch::{self, Look};
use super::{BOT, CALLED};
use crate::author::{self, Language};
use crate::cli::{complain, say};
use crate::clock::Clock;
use crate::config::{self, Grant, Token};
use crate::emulator::Emulator;
use crate::host::Host;
use crate::sandbox::LoadError;
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
    /// A setting of a plugin, bundled or under work; without its name, of all that are under work. May be given several
    /// times
    #[arg(long = "set", value_name = "[PLUGIN.]KEY=VALUE", value_parser = setting)]
    settings: Vec<Setting>,
}

/// A setting on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    /// Whose it is; `None`: that of all plugins under work.
    plugin: Option<String>,
    key: String,
    value: String,
}

fn setting(text: &str) -> Result<Setting, String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE or PLUGIN.KEY=VALUE")?;
    // No key of a plugin has a dot in it.
    let (plugin, key) = key.split_once('.').map_or((None, key), |(plugin, key)| (Some(plugin.to_owned()), key));
    if key.is_empty() || plugin.as_ref().is_some_and(String::is_empty) {
        return Err("write KEY=VALUE or PLUGIN.KEY=VALUE".into());
    }
    Ok(Setting { plugin, key: key.to_owned(), value: value.to_owned() })
}

impl PluginArgs {
    /// Whether each path is a plugin or may become one: a component that is not built yet, in a folder that is there.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for path in &self.plugins {
            if path.is_dir() {
                // A relative path has no name to be known by.
                let absolute = std::path::absolute(path)?;
                anyhow::ensure!(Language::of(&absolute).is_some(), author::build::BuildError::NoProject(path.clone()));
                continue;
            }
            let is_component = path.extension().is_some_and(|extension| extension == "wasm");
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            anyhow::ensure!(
                path.exists() || (is_component && folder.is_dir()),
                "there is no plugin at `{}`\nhint: write --plugin and the folder of a project, or its component; \
                 `guesthouse plugin new NAME` begins one",
                path.display()
            );
        }
        Ok(())
    }

    /// Puts the settings of the bundled plugins into the house's configuration. Where there are plugins under work, one of
    /// them may have the name of a bundled one, and with it these settings, which is known once they are loaded: the house
    /// opens without them then, and this says which bundled plugins are to have them if they are nobody else's.
    pub(super) fn set(
        &self,
        bundled: &mut BTreeMap<String, config::Plugin>,
    ) -> anyhow::Result<BTreeMap<String, config::Plugin>> {
        let mut set = BTreeMap::new();
        for Setting { plugin, key, value } in &self.settings {
            match plugin {
                Some(name) if bundled.contains_key(name) => {
                    let plugin: &mut config::Plugin = set.entry(name.clone()).or_insert_with(|| bundled[name].clone());
                    plugin.config.insert(key.clone(), toml::Value::from(value.as_str()));
                }
                None if self.plugins.is_empty() => anyhow::bail!(
                    "`--set {key}={value}` does not say whose setting that is\nhint: write --set PLUGIN.{key}={value}, where \
                     PLUGIN is one of {}; without it, --set is for what --plugin names",
                    listed(bundled.keys())
                ),
                _ => {}
            }
        }
        if self.plugins.is_empty() {
            bundled.append(&mut set);
            self.know(&bundled.keys().cloned().collect())?;
        }
        Ok(set)
    }

    /// Whether each setting is of a plugin that is there.
    fn know(&self, names: &BTreeSet<String>) -> anyhow::Result<()> {
        for Setting { plugin, key, .. } in &self.settings {
            if let Some(name) = plugin.as_ref().filter(|name| !names.contains(*name)) {
                anyhow::bail!("there is no plugin `{name}` to set `{key}` of\nhint: there are {}", listed(names));
            }
        }
        Ok(())
    }

    /// The settings of a plugin under work, as far as it is known whose they are.
    fn of(&self, name: Option<&str>) -> BTreeMap<String, toml::Value> {
        let is_its = |setting: &&Setting| setting.plugin.is_none() || setting.plugin.as_deref() == name;
        let its = self.settings.iter().filter(is_its);
        its.map(|setting| (setting.key.clone(), toml::Value::from(setting.value.as_str()))).collect()
    }
}

fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Loads all of them, and keeps an eye on each until the shutdown. `set` are bundled plugins with their settings, for as far as
/// no plugin under work has their name. An error says which setting is nobody's.
pub(super) async fn load(
    args: &PluginArgs,
    set: BTreeMap<String, config::Plugin>,
    host: &Host,
    emulator: &Emulator,
    clock: &Clock,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    // At once, as building may take its time. What one refuses may be a setting of another one, under work.
    let mut refused = BTreeMap::new();
    for (name, plugin) in set {
        if let Err(error) = host.load(CALLED, &name, plugin).await {
            refused.insert(name, error);
        }
    }
    let mut called = Vec::new();
    for path in &args.plugins {
        let mut work = Work {
            path: path.clone(),
            args: args.clone(),
            name: None,
            runs: false,
            digest: None,
            host: host.clone(),
            emulator: emulator.clone(),
        };
        let look = Look::at(path);
        work.try_to_load().await;
        called.push(work.name.clone());
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
    let are_known = called.iter().all(Option::is_some);
    let mut names: BTreeSet<_> = called.into_iter().flatten().collect();
    refused.retain(|name, _| !names.contains(name));
    names.extend(host.guests(CALLED).await.iter().map(|guest| guest.plugin.name().to_string()));
    let wrong = refused.into_values().next().map_or_else(|| args.know(&names), Err);
    match wrong {
        // It may be a setting of one that does not load yet.
        Err(error) if !are_known => complain(&format!("{error:#}")),
        wrong => wrong?,
    }
    Ok(())
}

/// One plugin under work.
struct Work {
    path: PathBuf,
    /// The command line, for the settings.
    args: PluginArgs,
    /// What it calls itself; unknown until a build could be asked.
    name: Option<String>,
    /// Whether a build of it has been loaded.
    runs: bool,
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
                let goes_on = if self.runs { "\nThe last build that worked goes on." } else { "" };
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
        if self.digest.replace(digest.clone()) == Some(digest) && self.runs {
            // Touched, not changed. What was wrong with it has been said, and still is.
            return Ok(None);
        }
        let source = source.to_string_lossy().into_owned();
        let config = self.args.of(self.name.as_deref());
        let mut plugin =
            config::Plugin { source, grant: Grant::unlimited(), priority: PRIORITY, config, ..Default::default() };
        let name = match &self.name {
            Some(name) if self.runs => name.clone(),
            _ => {
                let bot = config::Bot::named(CALLED, Token::new(BOT.0));
                self.host.called(&bot, &plugin).await.map_err(as_typed_here)?
            }
        };
        self.name = Some(name.clone());
        plugin.config = self.args.of(Some(&name));
        self.host.load(CALLED, &name, plugin).await.map_err(as_typed_here)?;
        self.runs = true;
        Ok(Some(name))
    }
}

/// The error with a hint for somebody who has a command line and no configuration.
fn as_typed_here(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(LoadError::MissingSetting { plugin, key, description }) => anyhow::anyhow!(
            "plugin `{plugin}` needs the setting `{key}`: {description}\nhint: start the house with --set {key}=…"
        ),
        _ => error,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PluginName;

    fn args(plugins: &[&str], settings: &[&str]) -> PluginArgs {
        let settings = settings.iter().map(|text| setting(text).unwrap_or_else(|error| panic!("{text}: {error}")));
        PluginArgs { plugins: plugins.iter().map(PathBuf::from).collect(), settings: settings.collect() }
    }

    fn bundled() -> BTreeMap<String, config::Plugin> {
        ["cards", "channels"].map(|name| (name.to_owned(), config::Plugin::default())).into()
    }

    #[test]
    fn a_setting_is_for_whom_it_names_and_else_for_what_is_under_work() {
        let settings = ["channels.page_url=http://x/?a=b", "greeting=hi", "shop.currency=EUR"];
        let (args, mut house) = (args(&["shop.wasm"], &settings), bundled());
        let set = args.set(&mut house).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(set["channels"].config, BTreeMap::from([("page_url".into(), "http://x/?a=b".into())]));
        assert!(set.len() == 1 && house.values().all(|plugin| plugin.config.is_empty()), "it may be another's");
        let keys = |name| args.of(name).into_keys().collect::<Vec<_>>();
        assert_eq!(
            (keys(None), keys(Some("shop"))),
            (vec!["greeting".into()], vec!["currency".into(), "greeting".into()])
        );
        for wrong in ["a", "=b", ".a=b", "a.=b"] {
            assert!(setting(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_setting_that_is_nobodys_is_refused_with_who_there_is() {
        let refused = |text: &str| args(&[], &[text]).set(&mut bundled()).expect_err(text).to_string();
        assert_eq!(
            refused("page_size=5"),
            "`--set page_size=5` does not say whose setting that is\nhint: write --set PLUGIN.page_size=5, where PLUGIN is one \
             of `cards`, `channels`; without it, --set is for what --plugin names"
        );
        assert_eq!(
            refused("card.page_size=5"),
            "there is no plugin `card` to set `page_size` of\nhint: there are `cards`, `channels`"
        );
    }

    #[test]
    fn what_is_to_be_set_is_said_as_it_is_typed() {
        let (plugin, key) = (PluginName::new("shop").unwrap(), "currency".to_owned());
        let error = LoadError::MissingSetting { plugin, key, description: "Which money.".into() };
        assert_eq!(
            as_typed_here(error.into()).to_string(),
            "plugin `shop` needs the setting `currency`: Which money.\nhint: start the house with --set currency=…"
        );
    }

    #[test]
    fn only_a_component_may_come_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::create_dir(at("empty")).unwrap();
        std::fs::create_dir(at("project")).unwrap();
        std::fs::write(at("project/Cargo.toml"), "").unwrap();
        for (name, expected) in [
            ("project", None),
            ("not-yet.wasm", None),
            ("projct", Some("there is no plugin at `")),
            ("projct/not-yet.wasm", Some("there is no plugin at `")),
            ("empty", Some("is no plugin project: ")),
        ] {
            let said = args(&[&at(name)], &[]).check().err().map(|error| error.to_string());
            assert_eq!(said.is_some(), expected.is_some(), "{name}: {said:?}");
            assert!(said.is_none_or(|said| said.contains(expected.unwrap_or_default()) && said.contains("\nhint: ")));
        }
    }
}
