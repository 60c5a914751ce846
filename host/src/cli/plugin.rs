//! `guesthouse plugin`: what authors and operators do with plugins, each verb in a file of its own.

use std::path::PathBuf;

use crate::clock::Clock;
use crate::config::Limits;

mod build;

mod check;

mod inspect;

mod new;

/// Where compiled code is kept unless somebody says otherwise: where `guesthouse dev` looks for it, too.
const CACHE: &str = "data/cache";

/// Begin a plugin, build it, look at it, and see whether it would load
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
}

pub(super) async fn run(plugin: Plugin, clock: &Clock) -> anyhow::Result<()> {
    match plugin.command {
        PluginCommand::New(args) => new::run(&args),
        PluginCommand::Build(args) => build::run(args, clock).await,
        PluginCommand::Inspect(args) => inspect::run(args).await,
        PluginCommand::Check(args) => check::run(args).await,
    }
}

/// Where compiled code is kept.
#[derive(Debug, clap::Args)]
struct CacheArgs {
    /// Where compiled code is kept, so that the dev house need not compile it again
    #[arg(long, value_name = "DIR", default_value = CACHE)]
    cache: PathBuf,
}

/// The usual limits, but for the time to compile: an author's machine may be busy, and nobody else waits.
fn patient() -> Limits {
    Limits { compile_s: 900, ..Limits::default() }
}
