//! `guesthouse plugin new`: a project to begin with.

use std::path::PathBuf;

use crate::author::{Language, new};
use crate::cli::say;

/// Begin a plugin: a project that builds, with a test
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What it is called: 1 to 32 of a-z 0-9 -, beginning with a letter
    name: String,
    /// The language
    #[arg(long, value_enum, default_value = "rust")]
    lang: Language,
    /// Where to put it; a folder of its name if left out
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let folder = args.folder.clone().unwrap_or_else(|| PathBuf::from(&args.name));
    new::create(&folder, &args.name, args.lang)?;
    let shown = folder.display();
    say(&format!(
        "`{shown}` is a plugin in {}. Build it:\n\n  cd {shown}\n  guesthouse plugin build\n\nREADME.md there says how to go on.",
        args.lang.name()
    ));
    Ok(())
}
