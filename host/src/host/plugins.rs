//! From what a configuration names to a loaded plugin.

use std::path::Path;

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::config::grant::Capability;
use crate::config::{self, Config, Grant};
use crate::lane::Guest;
use crate::model::manifest::Table;
use crate::model::{PluginName, hex};
use crate::sandbox::{Plugin, Sandbox, Settings, Source};
use crate::telegram::Me;

/// What a plugin calls itself, in the form of a name for a plugin; that of its file if it has none of that form. To find out
/// it is loaded, with its settings and with everything granted.
pub(crate) async fn called(sandbox: &Sandbox, bot: &config::Bot, plugin: &config::Plugin) -> anyhow::Result<String> {
    if let Some(bundled) = plugin.source.strip_prefix("bundled:") {
        return Ok(bundled.to_owned());
    }
    let file = Path::new(&plugin.source).file_stem().map_or_else(String::new, |name| name.to_string_lossy().into());
    let file = name_of(&file).unwrap_or_else(|| "plugin".into());
    let me = Me { id: bot.token.bot().map_or(0, |id| id.0), username: "a_bot".into(), name: bot.name.clone() };
    let granted = config::Plugin { grant: Grant::unlimited(), ..plugin.clone() };
    let loaded = load(sandbox, bot, &file, &granted, &me).await?;
    Ok(name_of(&loaded.manifest().name).unwrap_or(file))
}

/// A name in the form of a name for a plugin, if anything is left of it.
fn name_of(text: &str) -> Option<String> {
    let plain = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let plain: String = plain.skip_while(|c| !c.is_ascii_lowercase()).take(32).collect();
    let plain = plain.trim_end_matches('-');
    PluginName::new(plain).map(|name| name.to_string())
}

/// Loads one plugin of a bot.
pub(super) async fn load(
    sandbox: &Sandbox,
    bot: &config::Bot,
    name: &str,
    plugin: &config::Plugin,
    me: &Me,
) -> anyhow::Result<Plugin> {
    let source = source(name, plugin).await?;
    Ok(sandbox.load(source, settings(bot, plugin, me), &plugin.grant).await?)
}

/// The component that a plugin names.
async fn source(name: &str, plugin: &config::Plugin) -> anyhow::Result<Source<'static>> {
    let name = PluginName::new(name).context("the configuration has been checked")?;
    Ok(match plugin.source.strip_prefix("bundled:") {
        Some(bundled) => {
            let found = guesthouse_bundled::get(bundled).with_context(|| {
                let all: Vec<_> = guesthouse_bundled::all().iter().map(|bundled| bundled.name).collect();
                format!("there is no bundled plugin `{bundled}`\nhint: choose from {}", all.join(", "))
            })?;
            is_pinned(&name, plugin, found.digest)?;
            Source { name, component: found.component.into(), digest: Some(found.digest.to_owned()) }
        }
        None => {
            let path = Path::new(&plugin.source);
            let component = tokio::fs::read(path).await.map_err(|error| {
                anyhow::anyhow!(
                    "cannot read `{}`: {error}\nhint: bot.plugins.{name}.source is bundled:<name> or the path of a \
                     component",
                    path.display()
                )
            })?;
            let digest = match &plugin.pin {
                Some(_) => {
                    let digest = hex(&Sha256::digest(&component));
                    is_pinned(&name, plugin, &digest)?;
                    Some(digest)
                }
                None => None,
            };
            Source { name, component: component.into(), digest }
        }
    })
}

/// What a plugin sees of its bot and of the operator's wishes.
pub(crate) fn settings(bot: &config::Bot, plugin: &config::Plugin, me: &Me) -> Settings {
    let text = |value: &toml::Value| match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Settings {
        config: plugin.config.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        admins: bot.admins.clone(),
        me: crate::sandbox::Me { id: me.id, username: me.username.clone(), name: me.name.clone() },
    }
}

/// A bot that nobody has asked Telegram about. A plugin that puts its name into its snapshot sees the real one at the real
/// start.
pub(crate) fn unknown(bot: &config::Bot) -> Me {
    let id = bot.token.bot().map_or(0, |id| id.0);
    Me { id, username: "checked_bot".into(), name: bot.name.clone() }
}

/// Whether the lock file lets these bytes be loaded under this name. Asked before they are looked at in any other way.
fn is_pinned(name: &PluginName, plugin: &config::Plugin, digest: &str) -> anyhow::Result<()> {
    let Some(pin) = plugin.pin.as_deref().filter(|pin| *pin != digest) else { return Ok(()) };
    let source = &plugin.source;
    let hint = if source.starts_with("bundled:") {
        format!("put bot.plugins.{name}.source back, or take the plugin's entry out of the lock file")
    } else {
        format!(
            "`guesthouse plugin upgrade {name}` fetches it anew; if this one is meant, `guesthouse plugin upgrade {name} \
             {source}` pins it"
        )
    };
    anyhow::bail!(
        "plugin `{name}` is not the one that the lock file pins: `{source}` has sha256 {digest}, pinned is {pin}\nhint: {hint}"
    )
}

/// Loads a plugin to run turns of it again: as a configuration has it if it has it, with `source` in its place if one is
/// given; else with all that the component imports and no settings.
pub async fn load_for_replay(
    config: &Config,
    sandbox: &Sandbox,
    (bot, name): (&str, &str),
    me: &crate::sandbox::Me,
    source: Option<&Path>,
) -> anyhow::Result<Plugin> {
    let configured = config.bots.iter().find(|it| it.name == bot).and_then(|bot| Some((bot, bot.plugins.get(name)?)));
    let me = Me { id: me.id, username: me.username.clone(), name: me.name.clone() };
    match (configured, source) {
        (Some((bot, plugin)), source) => {
            let source = source.map_or_else(|| plugin.source.clone(), |path| path.to_string_lossy().into_owned());
            load(sandbox, bot, name, &config::Plugin { source, ..plugin.clone() }, &me).await
        }
        (None, Some(path)) => {
            let bot = config::Bot {
                name: bot.to_owned(),
                token: config::Token::new("1:none"),
                api_url: String::new(),
                webhook: None,
                admins: Vec::new(),
                timezone: Default::default(),
                plugins: Default::default(),
            };
            let plugin = config::Plugin {
                source: path.to_string_lossy().into_owned(),
                grant: config::Grant::everything(),
                read: Vec::new(),
                priority: 0,
                journal: None,
                shadow: None,
                pin: None,
                config: Default::default(),
            };
            load(sandbox, &bot, name, &plugin, &me).await
        }
        (None, None) => anyhow::bail!(
            "the configuration has no plugin `{name}` of bot `{bot}`\nhint: name the configuration that the turn ran \
             under with --config, or a component with --plugin"
        ),
    }
}

/// Lets plugins read the tables of others that the operator has granted them.
pub(super) fn share_tables(bot: &config::Bot, guests: &mut [Guest]) -> anyhow::Result<()> {
    let of = |guests: &[Guest], plugin: &str| guests.iter().find(|it| it.plugin.name().as_str() == plugin).cloned();
    for index in 0..guests.len() {
        let name = guests[index].plugin.name().to_string();
        let (mut tables, mut others) = (guests[index].tables.clone(), Vec::new());
        for read in bot.plugins.get(&name).map_or(&[][..], |plugin| &plugin.read) {
            let (plugin, table) = read.split_once('.').context("the configuration has been checked")?;
            let key = format!("bot.plugins.{name}.read");
            let Some(owner) = of(guests, plugin) else {
                // Not an error: whoever takes a plugin out should not have to look who read from it.
                tracing::warn!(bot = %bot.name, "{key} names plugin `{plugin}`, which bot `{}` does not have", bot.name);
                continue;
            };
            let Some(declared) = owner.plugin.manifest().table(table) else {
                let known: Vec<_> = owner.plugin.manifest().tables.iter().map(|it| format!("`{}`", it.name)).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                anyhow::bail!("{key}: plugin `{plugin}` has no table `{table}`\nhint: its tables are: {known}");
            };
            tables = tables.with(read, &owner.tables, table)?;
            others.push(Table { name: read.clone(), ..declared.clone() });
        }
        (guests[index].tables, guests[index].others) = (tables, others.into());
    }
    Ok(())
}

/// Says which of these plugins may ask a language model, where there is none.
pub(super) fn miss_a_model(bot: &config::Bot, guests: &[Guest], hint: &str) {
    let asking = guests.iter().filter(|guest| guest.ways.llm.is_none() && may_ask_a_model(guest));
    let names: Vec<_> = asking.map(|guest| format!("`{}`", guest.plugin.name())).collect();
    if !names.is_empty() {
        tracing::warn!(
            bot = %bot.name,
            "{} of bot `{}` may ask a language model, and there is none\nhint: {hint}", names.join(", "), bot.name
        );
    }
}

pub(super) fn may_ask_a_model(guest: &Guest) -> bool {
    guest.plugin.capabilities().contains(&Capability::Llm)
}

/// Sorts plugins into the order in which they are asked about a message. They come sorted by their names.
pub(super) fn put_in_order(bot: &config::Bot, guests: &mut [Guest]) {
    let priority = |guest: &Guest| bot.plugins.get(guest.plugin.name().as_str()).map_or(0, |plugin| plugin.priority);
    guests.sort_by_key(|guest| std::cmp::Reverse(priority(guest)));
}

/// A host without a bot would look alive and do nothing.
pub(crate) fn has_a_bot(config: &Config) -> anyhow::Result<()> {
    let hint = "hint: add a [[bot]] with a name and a token";
    anyhow::ensure!(!config.bots.is_empty(), "the configuration has no bot\n{hint}");
    Ok(())
}

/// Loads everything that a configuration names and says what is there, without a database and without Telegram.
pub async fn check(config: Config) -> anyhow::Result<()> {
    has_a_bot(&config)?;
    let sandbox = Sandbox::new(&config.limits, &config.database.cache)?;
    let mut refused = 0;
    for bot in &config.bots {
        let me = unknown(bot);
        for (name, plugin) in &bot.plugins {
            match load(&sandbox, bot, name, plugin, &me).await {
                Ok(plugin) => crate::cli::say(&format!(
                    "bot `{}`: plugin `{name}` is {} {}: {}",
                    bot.name,
                    plugin.manifest().name,
                    plugin.manifest().version,
                    plugin.manifest().description
                )),
                Err(error) => {
                    refused += 1;
                    crate::cli::complain(&format!("bot `{}`: {error:#}", bot.name));
                }
            }
        }
    }
    anyhow::ensure!(refused == 0, "{refused} plugin(s) would be refused");
    Ok(())
}
