//! `guesthouse plugin inspect`: what a component is.

use std::path::PathBuf;

use super::{CacheArgs, patient};
use crate::author::look;
use crate::cli::say;
use crate::config::Limits;

/// Say what a component is, what it asks for and which limits it would run under
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The component
    file: PathBuf,
    /// The limits of this configuration instead of the defaults
    #[arg(long, short, env = "GUESTHOUSE_CONFIG")]
    config: Option<PathBuf>,
    /// Write JSON, for scripts
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    cache: CacheArgs,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let limits = match &args.config {
        Some(path) => Limits::load(path)?,
        None => patient(),
    };
    let it = look::inspect(&args.file, &limits, &args.cache.cache).await?;
    if args.json {
        say(&serde_json::to_string_pretty(&look::as_json(&it, &limits)?)?);
    } else {
        say(look::as_text(&args.file, &it, &limits).trim_end());
    }
    Ok(())
}
