//! `guesthouse plugin build`: from a project to a component that is known to be a plugin.

use std::path::PathBuf;

use super::{CacheArgs, patient};
use crate::author::{build, look};
use crate::cli::{complain, say};
use crate::clock::Clock;

/// Build the project in a folder with its language's own tool, and check what comes out
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The project
    #[arg(default_value = ".")]
    folder: PathBuf,
    #[command(flatten)]
    cache: CacheArgs,
}

pub(super) async fn run(args: Args, clock: &Clock) -> anyhow::Result<()> {
    let began = clock.now();
    let file = match build::build(&args.folder, &complain).await {
        Ok(file) => file,
        // What the tool has said stands on the screen already.
        Err(build::BuildError::Tool { what, hint, .. }) => anyhow::bail!("{what} failed\nhint: {hint}"),
        Err(error) => return Err(error.into()),
    };
    let built = clock.now();
    let limits = patient();
    let it = look::inspect(&file, &limits, &args.cache.cache).await?;
    let seconds = |from: i64, to: i64| format!("{}.{} s", (to - from) / 1000, (to - from) % 1000 / 100);
    say(&format!(
        "{}: {} {}, {}, built in {}, checked in {}\nasks for {}",
        file.display(),
        it.manifest.name,
        it.manifest.version,
        look::size(it.size),
        seconds(began, built),
        seconds(built, clock.now()),
        look::grant(&it.capabilities)
    ));
    Ok(())
}
