//! `guesthouse plugin add`: a component is fetched, shown, granted, stored under its digest, named in the configuration and
//! pinned in the lock file. Until the last step nothing is written.

use anyhow::ensure;
use toml_edit::Array;

use super::book::{self, Book};
use super::candidate::{self, Fetching, Workshop};
use super::consent::{self, Consent};
use super::{Place, RESTART, document};
use crate::author::summary;
use crate::cli::say;
use crate::clock::Clock;

/// What the command line says
#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// A file, `https://…` or `oci://REGISTRY/NAME:TAG` (or `@sha256:…`)
    source: String,
    #[command(flatten)]
    place: Place,
    /// What to call it in tables, logs and the configuration; by default what it calls itself
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    consent: Consent,
    /// A setting of the plugin's own; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    fetching: Fetching,
}

/// Does it.
pub(super) async fn run(args: Add, clock: &Clock) -> anyhow::Result<()> {
    let config = &args.place.config;
    let known = Book::read(config)?.document;
    let bot = document::choose_bot(&known, args.place.bot.as_deref())?;
    let is_new = |name: &str| {
        ensure!(
            known.section(&bot, name).is_none(),
            "bot `{bot}` has a plugin `{name}` already\nhint: `guesthouse plugin upgrade {name} {}` replaces it; --name NAME \
             installs this one beside it",
            args.source
        );
        anyhow::Ok(())
    };
    args.name.as_deref().map(is_new).transpose()?;
    let settings = candidate::settings(&args.settings)?;
    let workshop = Workshop::new(candidate::limits(config)?, known.admins(&bot))?;
    let found = workshop.fetch(&args.source, &args.fetching, &settings).await?;
    let name = candidate::plugin_name(args.name.as_deref().unwrap_or(&found.seen.manifest.name))?;
    is_new(name.as_str())?;

    say(&summary::page(&found.seen));
    let grant = consent::obtain(&args.consent, &found.seen.capabilities, &Array::new())?;
    workshop.check(&name, &found.seen, &settings, &grant)?;

    let installed = candidate::installed(&found, &grant, clock);
    book::change(config, &bot, name.as_str(), Some((&installed, &found.bytes)), |book| {
        let source = installed.path();
        book.document.add(&bot, name.as_str(), &source.to_string_lossy(), &grant, &settings)?;
        // Whatever was pinned under this name before is not what is upgraded here.
        book.lock.forget(&bot, name.as_str());
        book.lock.install(&bot, name.as_str(), installed.clone(), &installed.grant);
        Ok(())
    })?;
    say(&format!(
        "`{name}` {} is installed for bot `{bot}`, with the grant {}.\n{RESTART}",
        summary::plain(&installed.version),
        installed.grant
    ));
    Ok(())
}
