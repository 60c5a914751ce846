//! `guesthouse plugin rollback`: back to the version before the last upgrade, and to the grant that was there then, unless
//! somebody has changed the grant since: what an operator has taken away is not given back by going back.

use anyhow::{Context, bail};

use super::book::{self, Book};
use super::candidate::{self, Workshop};
use super::{Place, RESTART, bot_with, document};
use crate::author::summary;
use crate::cli::say;

/// What the command line says
#[derive(Debug, clap::Args)]
pub(super) struct Rollback {
    /// The plugin's name in the configuration
    name: String,
    #[command(flatten)]
    place: Place,
}

/// Does it.
pub(super) async fn run(args: Rollback) -> anyhow::Result<()> {
    let config = &args.place.config;
    let known = Book::read(config)?;
    let name = candidate::plugin_name(&args.name)?;
    let bot = bot_with(&known.document, args.place.bot.as_deref(), name.as_str())?;
    let section = known.document.section(&bot, name.as_str()).context("it was there just now")?;
    let Some((pin, former)) = known.lock.pin(&bot, name.as_str()).and_then(|pin| Some((pin, pin.previous.last()?)))
    else {
        bail!(
            "nothing is known of a version of `{name}` before this one\nhint: guesthouse plugin upgrade {name} SOURCE \
             installs any version"
        );
    };
    let bytes = book::stored(config, former).map_err(|error| {
        anyhow::anyhow!(
            "{error:#}\nhint: guesthouse plugin upgrade {name} {} --sha256 {} fetches it again",
            former.source,
            former.digest
        )
    })?;

    let is_ours = document::in_one_line(&section.grant) == pin.installed.grant;
    let grant = if is_ours { document::from_line(&former.grant)? } else { section.grant.clone() };
    let settings = candidate::filled(section.settings.clone());
    let workshop = Workshop::new(candidate::limits(config)?, known.document.admins(&bot))?;
    let seen = workshop.inspect(&name, &bytes, &settings).await?;
    if let Ok(bytes) = book::stored(config, &pin.installed)
        && let Ok(now) = workshop.inspect(&name, &bytes, &settings).await
    {
        say(&summary::difference(&now, &seen));
    }
    workshop.check(&name, &seen, &settings, &grant)?;

    let changed = (is_ours && former.grant != pin.installed.grant).then_some(&grant);
    book::change(config, &bot, name.as_str(), None, |book| {
        let is_same = book.lock.pin(&bot, name.as_str()) == Some(pin);
        anyhow::ensure!(is_same && book.lock.go_back(&bot, name.as_str()), "somebody else is changing `{name}`");
        book.document.change(&bot, name.as_str(), &former.path().to_string_lossy(), changed)
    })?;
    let grant = match (is_ours, changed) {
        (true, Some(_)) => format!("with the grant {} as it was then", former.grant),
        (true, None) => "with the same grant".to_owned(),
        (false, _) => "with the grant that was written since".to_owned(),
    };
    say(&format!(
        "`{name}` of bot `{bot}` is {} again, {grant}.\n{RESTART}\n`guesthouse plugin upgrade {name} {}` goes forward.",
        summary::plain(&former.version),
        pin.installed.source
    ));
    Ok(())
}
