//! `guesthouse plugin remove`: a plugin's section and its pin go. Its rows stay in the database and its component stays stored:
//! what people have written is nobody's to delete by the way.

use super::book::{self, Book};
use super::{Place, RESTART, bot_with, candidate};
use crate::cli::say;

/// What the command line says
#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    /// The plugin's name in the configuration
    name: String,
    #[command(flatten)]
    place: Place,
}

/// Does it.
pub(super) fn run(args: Remove) -> anyhow::Result<()> {
    let config = &args.place.config;
    let name = candidate::plugin_name(&args.name)?;
    let bot = bot_with(&Book::read(config)?.document, args.place.bot.as_deref(), name.as_str())?;
    book::change(config, &bot, name.as_str(), None, |book| {
        book.document.remove(&bot, name.as_str())?;
        book.lock.forget(&bot, name.as_str());
        Ok(())
    })?;
    say(&format!(
        "`{name}` is taken out of bot `{bot}`. The rows of its tables stay in the database, and are there for a plugin of that \
         name.\n{RESTART}"
    ));
    Ok(())
}
