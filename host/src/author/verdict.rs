//! Would this component load here? The reasons why not, all of them, each with its repair; nothing is written and no
//! Telegram asked.

use std::path::Path;

use anyhow::Context;

use super::look;
use crate::config::{self, Config};
use crate::host::plugins as host;
use crate::model::PluginName;
use crate::sandbox::{Inspection, Sandbox, Source};
use crate::store::Prospect;

/// What came out for one bot.
#[derive(Debug)]
pub struct Verdict {
    /// The bot.
    pub bot: String,
    /// The plugin, as the configuration calls it.
    pub plugin: PluginName,
    /// Why it would not load; none: it would.
    pub problems: Vec<String>,
    /// What an operator had better know all the same.
    pub remarks: Vec<String>,
}

/// Who is asked about.
#[derive(Debug, Clone, Default)]
pub struct Whose {
    /// The bot's name in the configuration; without one, all bots that have the plugin.
    pub bot: Option<String>,
    /// The plugin's name in the configuration; without one, what the component calls itself.
    pub plugin: Option<String>,
}

/// Checks a component against a configuration. It stands for the source that the configuration names.
pub async fn check(file: &Path, config: &Config, whose: &Whose) -> anyhow::Result<Vec<Verdict>> {
    host::has_a_bot(config)?;
    let component = look::read(file).await?;
    let sandbox = Sandbox::new(&config.limits, &config.database.cache)?;
    // Empty: the environment does not say where it is.
    let prospect = match config.database.url.as_str() {
        "" => None,
        url => Prospect::open(url).await?,
    };
    let asked = Asked { file, component, config, sandbox, prospect };
    let verdicts = asked.all(whose).await;
    if let Some(prospect) = asked.prospect {
        prospect.close().await;
    }
    verdicts
}

struct Asked<'a> {
    file: &'a Path,
    component: Vec<u8>,
    config: &'a Config,
    sandbox: Sandbox,
    prospect: Option<Prospect>,
}

impl Asked<'_> {
    async fn all(&self, whose: &Whose) -> anyhow::Result<Vec<Verdict>> {
        let bots: Vec<_> =
            self.config.bots.iter().filter(|bot| whose.bot.as_ref().is_none_or(|name| bot.name == *name)).collect();
        let known = self.config.bots.iter().map(|bot| format!("`{}`", bot.name)).collect::<Vec<_>>().join(", ");
        let first = bots.first().with_context(|| {
            format!(
                "there is no bot `{}`\nhint: the configuration has {known}",
                whose.bot.as_deref().unwrap_or_default()
            )
        })?;
        let name = match &whose.plugin {
            Some(name) => PluginName::new(name)
                .with_context(|| format!("`{name}` is no name for a plugin\nhint: use 1 to 32 of a-z 0-9 -"))?,
            None => {
                let it = self.inspect(first, look::called(self.file), &config::Plugin::default()).await?;
                PluginName::new(&it.manifest.name).unwrap_or_else(|| look::called(self.file))
            }
        };
        let mut verdicts = Vec::new();
        for bot in &bots {
            if let Some(plugin) = bot.plugins.get(name.as_str()) {
                verdicts.push(self.one(bot, &name, plugin).await?);
            }
        }
        if verdicts.is_empty() {
            let it = self.inspect(first, name.clone(), &config::Plugin::default()).await?;
            let section = format!(
                "[bot.plugins.{name}]\nsource = {:?}\ngrant = {}",
                self.file.display().to_string(),
                look::grant(&it.capabilities)
            );
            anyhow::bail!(
                "no bot has a plugin `{name}`\nhint: name the one it stands for with --name, or add below a [[bot]]:\n{section}"
            );
        }
        Ok(verdicts)
    }

    async fn inspect(
        &self,
        bot: &config::Bot,
        name: PluginName,
        plugin: &config::Plugin,
    ) -> anyhow::Result<Inspection> {
        let source = Source { name, component: self.component.as_slice().into(), digest: None };
        Ok(self.sandbox.inspect(source, host::settings(bot, plugin, &host::unknown(bot))).await?)
    }

    async fn one(&self, bot: &config::Bot, name: &PluginName, plugin: &config::Plugin) -> anyhow::Result<Verdict> {
        let mut verdict =
            Verdict { bot: bot.name.clone(), plugin: name.clone(), problems: Vec::new(), remarks: Vec::new() };
        let it = match self.inspect(bot, name.clone(), plugin).await {
            Ok(it) => it,
            Err(error) => {
                verdict.problems.push(format!("{error:#}"));
                return Ok(verdict);
            }
        };
        let settings = host::settings(bot, plugin, &host::unknown(bot));
        verdict.problems.extend(it.problems(name, &settings, &plugin.grant).iter().map(ToString::to_string));
        match &self.prospect {
            Some(prospect) => {
                let refusals = prospect.refusals(name, &it.manifest.tables).await?;
                verdict.problems.extend(refusals.iter().map(ToString::to_string));
            }
            None if self.config.database.url.is_empty() => verdict.remarks.push(
                "database.url asks for a variable that the environment does not have, so its tables were not compared"
                    .into(),
            ),
            None => verdict.remarks.push("there is no database yet, so its tables would be made anew".into()),
        }
        for read in &plugin.read {
            let owner = read.split('.').next().unwrap_or_default();
            if !bot.plugins.contains_key(owner) {
                verdict.remarks.push(format!("it may read `{read}`, and bot `{}` has no plugin `{owner}`", bot.name));
            }
        }
        if self.config.llm.is_none() && it.capabilities.iter().any(|capability| capability.name() == "llm") {
            verdict.remarks.push("it may ask a language model, and there is none: add [llm] with url and model".into());
        }
        if it.manifest.name != name.as_str() {
            verdict.remarks.push(format!("it calls itself `{}`", it.manifest.name));
        }
        Ok(verdict)
    }
}
