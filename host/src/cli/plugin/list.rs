//! `guesthouse plugin list`: what is pinned, and whether configuration and files agree with it.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::book::{self, Book};
use super::document::Document;
use crate::author::summary;
use crate::cli::{print, say};
use crate::config::lock::Pin;

/// What the command line says
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The configuration file
    #[arg(long, short, default_value = crate::cli::CONFIG, env = "GUESTHOUSE_CONFIG")]
    config: PathBuf,
    /// Write JSON, for scripts
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(super) fn run(args: List) -> anyhow::Result<()> {
    let known = Book::read(&args.config)?;
    let pins = known.lock.pins.iter().map(|pin| (pin, state(&args.config, &known.document, pin)));
    if args.json {
        let all: Vec<_> = pins.map(|(pin, state)| as_json(pin, &state)).collect();
        say(&serde_json::to_string_pretty(&Value::Array(all))?);
        return Ok(());
    }
    let rows: Vec<_> = pins.map(|(pin, state)| row(pin, &state)).collect();
    if rows.is_empty() {
        say("No plugin is pinned. `guesthouse plugin add SOURCE` installs one.");
        return Ok(());
    }
    say(table(&rows).trim_end());
    Ok(())
}

/// What `guesthouse run` would say to it.
fn state(config: &std::path::Path, document: &Document, pin: &Pin) -> String {
    let Some(section) = document.section(&pin.bot, &pin.name) else { return "not in the configuration".into() };
    if section.source != pin.installed.path().to_string_lossy() {
        return format!("the configuration has {}", section.source);
    }
    match book::stored(config, &pin.installed) {
        Ok(_) => "installed".into(),
        Err(error) => format!("refused: {error:#}"),
    }
}

fn as_json(pin: &Pin, state: &str) -> Value {
    let it = &pin.installed;
    json!({
        "bot": pin.bot, "name": pin.name, "version": it.version, "digest": it.digest, "package": it.package,
        "capabilities": it.capabilities, "grant": it.grant, "source": it.source, "added": it.added, "state": state,
        "previous": pin.previous.iter().map(|it| json!({ "version": it.version, "digest": it.digest })).collect::<Vec<_>>(),
    })
}

fn row(pin: &Pin, state: &str) -> [String; 7] {
    let it = &pin.installed;
    let before: Vec<_> = pin.previous.iter().rev().map(|it| it.version.as_str()).collect();
    let before = if before.is_empty() { "-".into() } else { before.join(", ") };
    let digest = it.digest.get(..12).unwrap_or(&it.digest);
    [&pin.bot, &pin.name, &it.version, digest, &it.source, &before, state].map(summary::plain)
}

fn table(rows: &[[String; 7]]) -> String {
    let head = ["BOT", "NAME", "VERSION", "SHA256", "SOURCE", "BEFORE", "STATE"].map(str::to_owned);
    print::table(head, rows.iter().cloned())
}
