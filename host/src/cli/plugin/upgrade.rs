//! `guesthouse plugin upgrade`: another version takes a plugin's place. What differs is shown; a grant is asked for only where
//! the new version asks for more than there is. The version before stays stored, for `rollback`.

use std::path::Path;

use anyhow::Context;

use super::book::{self, Book};
use super::candidate::{self, Fetching, Workshop};
use super::consent::{self, Consent};
use super::document::Section;
use super::{Place, RESTART, bot_with};
use crate::author::summary;
use crate::cli::{complain, say};
use crate::clock::Clock;
use crate::config::lock::Pin;
use crate::model::PluginName;
use crate::sandbox::Inspection;

/// What the command line says
#[derive(Debug, clap::Args)]
pub(super) struct Upgrade {
    /// The plugin's name in the configuration
    name: String,
    /// A file, `https://…` or `oci://REGISTRY/NAME:TAG` (or `@sha256:…`); by default where it came from
    source: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    consent: Consent,
    /// A setting of the plugin's own, besides those that it has; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    fetching: Fetching,
}

/// Does it.
pub(super) async fn run(args: Upgrade, clock: &Clock) -> anyhow::Result<()> {
    let config = &args.place.config;
    let known = Book::read(config)?;
    let name = candidate::plugin_name(&args.name)?;
    let bot = bot_with(&known.document, args.place.bot.as_deref(), name.as_str())?;
    let section = known.document.section(&bot, name.as_str()).context("it was there just now")?;
    let pin = known.lock.pin(&bot, name.as_str());
    let source = args.source.or_else(|| pin?.installed.source_again().map(str::to_owned)).with_context(|| {
        let problem = match pin {
            Some(pin) => {
                format!("`{name}` came from `{}`, and the rest of that address is not kept", pin.installed.source)
            }
            None => {
                format!("`{name}` was not installed by `guesthouse plugin add`, so nobody knows where it comes from")
            }
        };
        format!("{problem}\nhint: name the new version: guesthouse plugin upgrade {name} SOURCE")
    })?;

    let given = candidate::settings(&args.settings)?;
    let mut settings = candidate::filled(section.settings.clone());
    settings.extend(given.clone());
    let workshop = Workshop::new(candidate::limits(config)?, known.document.admins(&bot))?;
    let found = workshop.fetch(&source, &args.fetching, &settings).await?;
    let same = pin.is_some_and(|pin| pin.installed.digest == found.seen.digest);
    if !same {
        match before(&workshop, config, &name, &section, pin).await {
            Ok(old) => say(&summary::difference(&old, &found.seen)),
            Err(error) => {
                complain(&format!("what is installed cannot be compared: {error:#}"));
                say(&summary::page(&found.seen));
            }
        }
    }
    let grant = consent::obtain(&args.consent, &found.seen.capabilities, &section.grant)?;
    workshop.check(&name, &found.seen, &settings, &grant)?;

    let installed = candidate::installed(&found, &grant, clock);
    let old_grant = super::document::in_one_line(&section.grant);
    let more = (installed.grant != old_grant).then_some(&grant);
    book::change(config, &bot, name.as_str(), Some((&installed, &found.bytes)), |book| {
        // It took a while to fetch it and to be asked: what was granted or taken away meanwhile stands.
        let now = book.document.section(&bot, name.as_str());
        let is_as_it_was = now
            .is_some_and(|now| now.source == section.source && super::document::in_one_line(&now.grant) == old_grant);
        anyhow::ensure!(
            is_as_it_was && book.lock.pin(&bot, name.as_str()) == pin,
            "`{name}` was changed while it was fetched\nhint: try again"
        );
        book.document.change(&bot, name.as_str(), &installed.path().to_string_lossy(), more)?;
        book.document.set(&bot, name.as_str(), &given)?;
        book.lock.install(&bot, name.as_str(), installed.clone(), &old_grant);
        Ok(())
    })?;
    let version = summary::plain(&installed.version);
    if same {
        say(&format!("`{name}` of bot `{bot}` is {version} already; its file is whole."));
        return Ok(());
    }
    let grant = match more {
        Some(_) => format!("with the grant {}", installed.grant),
        None => "with the grant that it had".to_owned(),
    };
    let back = match pin {
        Some(_) => format!("`guesthouse plugin rollback {name}` goes back."),
        None => "It was not pinned before, so there is nothing to go back to.".to_owned(),
    };
    say(&format!("`{name}` of bot `{bot}` is {version} now, {grant}.\n{RESTART}\n{back}"));
    Ok(())
}

/// What is installed now, looked at in the same way.
async fn before(
    workshop: &Workshop,
    config: &Path,
    name: &PluginName,
    section: &Section,
    pin: Option<&Pin>,
) -> anyhow::Result<Inspection> {
    let bytes = match (pin, section.source.strip_prefix("bundled:")) {
        (Some(pin), _) => book::stored(config, &pin.installed)?,
        (None, Some(bundled)) => {
            let found = guesthouse_bundled::get(bundled);
            found.with_context(|| format!("there is no bundled plugin `{bundled}`"))?.component.to_vec()
        }
        (None, None) => {
            let path = Book::resolve(config, &section.source);
            std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?
        }
    };
    workshop.inspect(name, &bytes, &candidate::filled(section.settings.clone())).await
}
