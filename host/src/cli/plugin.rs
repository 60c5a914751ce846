//! `guesthouse plugin …`: what those need who write plugins. One file a verb.

use clap::Subcommand;

mod test;

/// Try, build and look at plugins
#[derive(Debug, clap::Args)]
pub(super) struct Plugin {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// Run scenarios: conversations as files, which are tests
    Test(test::Args),
}

/// Does it.
pub(super) async fn run(plugin: Plugin) -> anyhow::Result<()> {
    match plugin.command {
        PluginCommand::Test(args) => test::run(args).await,
    }
}
