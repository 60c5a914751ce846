//! `guesthouse replay`: a recorded turn again, or the last turns of a plugin on another build of it. It reads the journal and
//! runs the sandbox; it writes nothing, asks no Telegram and no network.
//!
//! It ends with 1 where a turn did something else than was recorded, so that a build can be checked by a machine.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::journal::{no_turn, not_looked_at};
use super::{At, say};
use crate::config::Config;
use crate::host;
use crate::journal::body;
use crate::journal::diff::{self, Verdict};
use crate::journal::fold::Folded;
use crate::journal::play::{self, Replayed};
use crate::journal::record::{Recorded, settings_digest};
use crate::model::manifest::Table;
use crate::sandbox::{Plugin, Sandbox};
use crate::store::{Desk, FoundTurns, TurnRow, Whose};

mod export;

/// Turns that are read from the database at once.
const PAGE: i64 = 200;

/// Run recorded turns again, exactly or on another build of their plugin, touching nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "guesthouse replay 12                              one turn, with all that it asked and did\n\
                        guesthouse replay 12 --plugin new.wasm            the same on another build\n\
                        guesthouse replay --plugin new.wasm --last 500    many, and what differs, put together\n\n\
                        It ends with 1 if a turn did something else than was recorded.")]
pub(super) struct Replay {
    /// The number of a turn; `guesthouse journal list` shows them
    #[arg(required_unless_present = "last", conflicts_with = "last")]
    turn: Option<i64>,
    /// Another build of the plugin: the path of a component
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// The newest turns instead, so many of them
    #[arg(long, value_name = "NUMBER")]
    last: Option<i64>,
    /// Write the turn as a scenario file for `guesthouse plugin test`, and run nothing
    #[arg(long, value_name = "FILE", requires = "turn")]
    export: Option<PathBuf>,
    /// With --last: only turns of this plugin. Needed with --plugin, unless the component calls itself so
    #[arg(long, value_name = "PLUGIN")]
    name: Option<String>,
    /// With --last: only turns of this bot, its name without @, or its id
    #[arg(long)]
    bot: Option<String>,
    #[command(flatten)]
    at: At,
}

pub(super) async fn run(replay: Replay) -> anyhow::Result<()> {
    let desk = replay.at.open().await?;
    let done = act(&desk, &replay).await;
    desk.close().await;
    let (said, same) = done?;
    say(said.trim_end());
    anyhow::ensure!(same, "what was run again did something else than was recorded");
    Ok(())
}

async fn act(desk: &Desk, replay: &Replay) -> anyhow::Result<(String, bool)> {
    let mut loader = Loader::new(&replay.at, replay.plugin.as_deref(), desk.declared().await?)?;
    match (replay.turn, &replay.export) {
        (Some(turn), Some(path)) => {
            let recorded = record(desk, turn).await?;
            let plugin = loader.plugin(&recorded).await?;
            let source = loader.source_of(&recorded);
            let about = (source, plugin.manifest(), plugin.settings().admins.as_slice());
            Ok((export::write(path, turn, &recorded, about)?, true))
        }
        (Some(turn), None) => one(desk, &mut loader, turn).await,
        (None, _) => many(desk, &mut loader, replay).await,
    }
}

/// One turn with its trace.
async fn one(desk: &Desk, loader: &mut Loader, turn: i64) -> anyhow::Result<(String, bool)> {
    let row = desk.turn(turn).await?.with_context(|| no_turn(turn))?;
    let recorded = record(desk, turn).await?;
    let plugin = loader.plugin(&recorded).await?;
    let replayed = play::traced(&plugin, &recorded, loader.had(&recorded)).await;
    let verdict = diff::compare(&recorded, &replayed);
    Ok((trace(&row, &recorded, &plugin, &replayed, &verdict), verdict == Verdict::Same))
}

/// The record of a turn.
async fn record(desk: &Desk, turn: i64) -> anyhow::Result<Recorded<'static>> {
    let body = desk.turn_body(turn).await?.with_context(|| no_turn(turn))?;
    if body.is_empty() {
        bail!("turn {turn} was purged\nhint: nothing brings it back; choose another with `guesthouse journal list`");
    }
    Ok(body::decode(&body)?)
}

/// Many turns, and what differs.
async fn many(desk: &Desk, loader: &mut Loader, replay: &Replay) -> anyhow::Result<(String, bool)> {
    let mut left = replay.last.unwrap_or(0);
    let name = match (&replay.name, loader.source.is_some()) {
        (Some(name), _) => Some(name.clone()),
        (None, true) => Some(loader.own_name().await?),
        (None, false) => None,
    };
    let whose = Whose { bot: replay.bot.clone(), plugin: name.clone() };
    let (mut folded, mut below, mut further) = (Folded::default(), i64::MAX, None);
    while left > 0 && further.is_none() {
        let FoundTurns { turns: rows, looked_to } = desk.turns(&whose, below, left.min(PAGE)).await?;
        further = looked_to.map(|turn| format!("\n{}", not_looked_at(turn)));
        let Some(oldest) = rows.last().map(|row| row.seq) else { break };
        for row in &rows {
            match record(desk, row.seq).await {
                Ok(recorded) => {
                    let plugin = loader.plugin(&recorded).await?;
                    let replayed = play::replay(&plugin, &recorded, loader.had(&recorded)).await;
                    folded.add(row.seq, diff::compare(&recorded, &replayed));
                }
                Err(error) => {
                    let reason = error.to_string();
                    folded.add_unreadable(row.seq, reason.lines().next().unwrap_or_default().to_owned());
                }
            }
        }
        (left, below) = (left - rows.len() as i64, oldest);
    }
    let further = further.unwrap_or_default();
    if folded.same == 0 && folded.is_same() && folded.unreadable.is_empty() {
        let of = name.map(|name| format!(" of plugin `{name}`")).unwrap_or_default();
        bail!(
            "there are no turns{of} in the journal{further}\nhint: `guesthouse journal list` shows what there is; --name says whose turns to run"
        );
    }
    let mut text = folded.text() + &further;
    for note in &loader.notes {
        let _ = writeln!(text, "\nnote: {note}");
    }
    Ok((text, folded.is_same()))
}

/// Loads plugins as turns need them, once each.
struct Loader {
    config: Config,
    sandbox: Sandbox,
    source: Option<PathBuf>,
    loaded: HashMap<(String, String), Plugin>,
    /// The tables in the database, by plugin.
    declared: HashMap<String, Vec<Table>>,
    notes: Vec<String>,
}

impl Loader {
    fn new(at: &At, source: Option<&Path>, declared: HashMap<String, Vec<Table>>) -> anyhow::Result<Self> {
        // Without a file there may still be a component to run; and the dev house has no file.
        let config = match at.config.exists() {
            true => Config::load_without_secrets(&at.config)?,
            false => crate::dev::configuration()?,
        };
        let sandbox = Sandbox::new(&config.limits, &config.database.cache)?;
        let source = source.map(Path::to_owned);
        Ok(Self { config, sandbox, source, loaded: HashMap::new(), declared, notes: Vec::new() })
    }

    /// Tables that have all columns which the plugin had when the turn was recorded.
    fn had(&self, recorded: &Recorded<'_>) -> &[Table] {
        self.declared.get(&*recorded.plugin).map_or(&[], Vec::as_slice)
    }

    async fn plugin(&mut self, recorded: &Recorded<'_>) -> anyhow::Result<Plugin> {
        let key = (recorded.bot.to_string(), recorded.plugin.to_string());
        let plugin = match self.loaded.get(&key) {
            Some(plugin) => plugin.clone(),
            None => {
                let whose = (key.0.as_str(), key.1.as_str());
                let load =
                    host::load_for_replay(&self.config, &self.sandbox, whose, &recorded.me, self.source.as_deref());
                let plugin = load.await?;
                self.loaded.insert(key, plugin.clone());
                plugin
            }
        };
        for note in notes(recorded, &plugin) {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
        Ok(plugin)
    }

    /// Where the plugin of a turn comes from, if that is worth being written down.
    fn source_of(&self, recorded: &Recorded<'_>) -> Option<String> {
        if let Some(source) = &self.source {
            return std::fs::canonicalize(source).ok().map(|path| path.to_string_lossy().into_owned());
        }
        let bot = self.config.bots.iter().find(|bot| bot.name == recorded.bot)?;
        let source = &bot.plugins.get(&*recorded.plugin)?.source;
        match source.starts_with("bundled:") {
            true => Some(source.clone()),
            false => std::fs::canonicalize(source).ok().map(|path| path.to_string_lossy().into_owned()),
        }
    }

    /// What a component calls itself.
    async fn own_name(&self) -> anyhow::Result<String> {
        let me = crate::sandbox::Me { id: 1, username: "replay_bot".into(), name: "Replay".into() };
        let whose = ("replay", "replay");
        let load = host::load_for_replay(&self.config, &self.sandbox, whose, &me, self.source.as_deref());
        let plugin = load.await.context("hint: --name says whose turns to run")?;
        Ok(plugin.manifest().name.clone())
    }
}

/// What is not as it was.
fn notes(recorded: &Recorded<'_>, plugin: &Plugin) -> Vec<String> {
    let mut notes = Vec::new();
    if recorded.digest != plugin.digest() {
        let short = |digest: &str| digest.get(..12).unwrap_or(digest).to_owned();
        notes.push(format!(
            "recorded with component {}, run again with {}",
            short(&recorded.digest),
            short(plugin.digest())
        ));
    }
    if recorded.settings != settings_digest(plugin) {
        notes
            .push(format!("the settings, admins or grant of plugin `{}` are not those of the record", recorded.plugin));
    }
    notes
}

fn trace(row: &TurnRow, recorded: &Recorded<'_>, plugin: &Plugin, replayed: &Replayed, verdict: &Verdict) -> String {
    let mut text = String::new();
    let part = match &recorded.processor {
        Some(processor) => format!("{}/{processor}", recorded.plugin),
        None => recorded.plugin.to_string(),
    };
    let _ = writeln!(text, "turn {} of {part}, event {}, {}", row.seq, row.event, row.end.word());
    let event = serde_json::to_string(&*recorded.event).unwrap_or_default();
    let _ = writeln!(text, "event: {event}");
    let _ = writeln!(text, "clock: {}, seed: {}…", recorded.now, recorded.seed.get(..8).unwrap_or_default());
    text.push_str("asked:\n");
    for step in &replayed.steps {
        let _ = writeln!(text, "  {step}");
    }
    text.push_str("asked for:\n");
    for (key, value) in replayed.effects.as_object().into_iter().flatten() {
        match value.as_array() {
            Some(all) => {
                for one in all {
                    let _ = writeln!(text, "  {key}: {one}");
                }
            }
            None if value.is_null() => {}
            None => {
                let _ = writeln!(text, "  {key}: {value}");
            }
        }
    }
    let outcome = replayed.failure.as_ref().map_or_else(|| "it succeeded".to_owned(), ToString::to_string);
    let _ = writeln!(text, "outcome: {outcome}");
    for note in notes(recorded, plugin) {
        let _ = writeln!(text, "note: {note}");
    }
    if *verdict == Verdict::Same {
        text.push_str("identical to the record\n");
    } else {
        text.push_str("NOT identical to the record:\n");
        for line in verdict.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}
