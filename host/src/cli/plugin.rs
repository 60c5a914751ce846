//! `guesthouse plugin`: what authors and operators do with plugins, each verb in a file of its own.
//!
//! Authors begin, build, look at and check plugins. For operators components come into a configuration, are replaced, and
//! go; everything that those verbs change is in files: the configuration (`document`), its lock file and the stored
//! components (`book`). A host that runs has read them when it was started, and reads them again when it is started again.

use std::path::PathBuf;

use anyhow::bail;

use crate::clock::Clock;
use crate::config::Limits;

mod add;

mod book;

mod build;

mod candidate;

mod check;

mod consent;

mod document;

mod grants;

mod inspect;

mod list;

mod new;

mod publish;

mod remove;

mod rollback;

mod test;

mod upgrade;

/// Where compiled code is kept unless somebody says otherwise: where `guesthouse dev` looks for it, too.
const CACHE: &str = "data/cache";

/// What is said whenever a configuration was changed.
const RESTART: &str = "A host that runs goes on with what it has loaded; it takes this up when it is started again.";

/// Begin, build, test, look at and check plugins; install, upgrade and publish them
#[derive(Debug, clap::Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, clap::Subcommand)]
enum PluginCommand {
    New(new::Args),
    Build(build::Args),
    Inspect(inspect::Args),
    Check(check::Args),
    /// Run scenarios: conversations as files, which are tests
    Test(test::Args),
    /// Install a plugin: fetch it, show what it asks for, grant it, pin it
    Add(add::Add),
    /// Replace a plugin by another version, which is shown by what differs
    Upgrade(upgrade::Upgrade),
    /// Go back to the version before the last upgrade
    Rollback(rollback::Rollback),
    /// Show which plugins are pinned
    List(list::List),
    /// Take a plugin out of the configuration; the rows of its tables stay
    Remove(remove::Remove),
    /// Put a component into a registry
    Publish(publish::Publish),
}

/// Where compiled code is kept.
#[derive(Debug, clap::Args)]
struct CacheArgs {
    /// Where compiled code is kept, so that the dev house need not compile it again
    #[arg(long, value_name = "DIR", default_value = CACHE)]
    cache: PathBuf,
}

/// Whose plugins
#[derive(Debug, Clone, clap::Args)]
struct Place {
    /// The configuration file
    #[arg(long, short, default_value = super::CONFIG, env = "GUESTHOUSE_CONFIG")]
    config: PathBuf,
    /// The bot's name in the configuration, if it has several
    #[arg(long)]
    bot: Option<String>,
}

impl Plugin {
    /// Whether all that there is to say is said by the command itself.
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self.command, PluginCommand::Test(_))
    }
}

/// Does what the command line says.
pub(super) async fn run(plugin: Plugin, clock: &Clock) -> anyhow::Result<()> {
    match plugin.command {
        PluginCommand::New(args) => new::run(&args),
        PluginCommand::Build(args) => build::run(args, clock).await,
        PluginCommand::Inspect(args) => inspect::run(args).await,
        PluginCommand::Check(args) => check::run(args).await,
        PluginCommand::Test(args) => test::run(args).await,
        PluginCommand::Add(args) => add::run(args, clock).await,
        PluginCommand::Upgrade(args) => upgrade::run(args, clock).await,
        PluginCommand::Rollback(args) => rollback::run(args).await,
        PluginCommand::List(args) => list::run(args),
        PluginCommand::Remove(args) => remove::run(args),
        PluginCommand::Publish(args) => publish::run(args, clock).await,
    }
}

/// The bot that has this plugin: the one that is named, or the only one that has it.
fn bot_with(document: &document::Document, named: Option<&str>, name: &str) -> anyhow::Result<String> {
    let bots = document.bots();
    let having: Vec<_> = bots.iter().filter(|bot| document.section(bot, name).is_some()).collect();
    match (named, having.as_slice()) {
        (None, [only]) => Ok((*only).clone()),
        (None, [_, _, ..]) => {
            let all: Vec<_> = having.iter().map(|bot| format!("`{bot}`")).collect();
            bail!("which bot's `{name}`?\nhint: add --bot and one of {}", all.join(", "))
        }
        (named, _) => {
            let bot = match named {
                Some(_) => document::choose_bot(document, named)?,
                None => bots.first().cloned().unwrap_or_default(),
            };
            if having.contains(&&bot) {
                return Ok(bot);
            }
            let known: Vec<_> = document.plugins(&bot).iter().map(|name| format!("`{name}`")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            bail!("bot `{bot}` has no plugin `{name}`\nhint: its plugins are: {known}")
        }
    }
}

/// The usual limits, but for the time to compile: an author's machine may be busy, and nobody else waits.
fn patient() -> Limits {
    Limits { compile_s: 900, ..Limits::default() }
}
