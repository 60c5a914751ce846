//! `guesthouse plugin check`: would a component load here, and if not, why.

use std::path::PathBuf;

use crate::author::verdict::{self, Whose};
use crate::cli::{CONFIG, complain, say};
use crate::config::Config;

/// Say whether a component would load under a configuration, and if not, everything that is in its way
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The component; it stands for the source that the configuration names
    file: PathBuf,
    /// The configuration file
    #[arg(long, short, default_value = CONFIG, env = "GUESTHOUSE_CONFIG")]
    config: PathBuf,
    /// The bot; without it, all that have the plugin
    #[arg(long)]
    bot: Option<String>,
    /// What the configuration calls the plugin, if not what it calls itself
    #[arg(long)]
    name: Option<String>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    // Whoever looks whether a component would load need not be the one who has the tokens.
    let config = Config::load_without_secrets(&args.config)?;
    let verdicts = verdict::check(&args.file, &config, &Whose { bot: args.bot, plugin: args.name }).await?;
    let mut refused = 0;
    for verdict in verdicts {
        let who = format!("bot `{}`, plugin `{}`", verdict.bot, verdict.plugin);
        verdict.remarks.iter().for_each(|remark| complain(&format!("{who}: note: {remark}")));
        verdict.problems.iter().for_each(|problem| complain(&format!("{who}: {problem}")));
        if verdict.problems.is_empty() {
            say(&format!("{who}: it would load"));
        } else {
            refused += 1;
        }
    }
    anyhow::ensure!(refused == 0, "it would be refused");
    Ok(())
}
