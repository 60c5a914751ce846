//! `guesthouse dead`: what operators see of dead letters and do with them, while hosts run or not.
//!
//! Of the configuration only `[database]` is read, so that the command needs no bot's token.

use std::fmt::Write as _;

use anyhow::bail;
use serde_json::{Value, json};

use super::print::{self, time};
use super::{At, Of, nothing, say};
use crate::clock::Clock;
use crate::http::api::letters::{self as form, as_json, event};
use crate::store::{DeadLetter, DeadLetters, Undone, Whose};

/// Letters that a list shows unless more are asked for.
const SHOWN: i64 = 100;
/// Characters of a reason in a list.
const REASON: usize = 60;

/// Look at dead letters, have them tried again, or put them away
#[derive(Debug, clap::Args)]
pub(super) struct Dead {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    at: At,
    /// Write JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Show them in a table, those that were given up last at its end
    List {
        #[command(flatten)]
        of: Of,
        /// How many at most
        #[arg(long, default_value_t = SHOWN, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
    },
    /// Show all that is known of one
    Show {
        /// Its number
        seq: i64,
    },
    /// Have them tried again: they come before what waits in their chats, with all their attempts anew
    Retry(Which),
    /// Put them away for good
    Drop(Which),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Their numbers
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    seqs: Vec<i64>,
    /// All of them
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    of: Of,
}

/// Does what the command line says.
pub(super) async fn run(dead: Dead, clock: &Clock) -> anyhow::Result<()> {
    let letters = DeadLetters::of(dead.at.open().await?, clock);
    let said = act(&letters, dead.act, dead.json).await;
    letters.close().await;
    say(said?.trim_end());
    Ok(())
}

async fn act(letters: &DeadLetters, act: Act, json: bool) -> anyhow::Result<String> {
    Ok(match act {
        Act::List { of, limit } => {
            let filter = Whose::from(of);
            // One more than shown, to know whether there are more.
            let mut found = letters.list(&filter, limit.saturating_add(1)).await?;
            let more = found.len() as i64 > limit;
            found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            found.reverse();
            match (json, found.is_empty()) {
                (true, _) => pretty(&Value::Array(found.iter().map(as_json).collect())),
                (false, true) => none(letters, &filter).await?,
                (false, false) => {
                    let note = if more { "\nThere are older ones: --limit shows more.\n" } else { "" };
                    format!("{}{note}", table(&found))
                }
            }
        }
        Act::Show { seq } => match letters.show(seq).await? {
            Ok(letter) if json => pretty(&as_json(&letter)),
            Ok(letter) => page(&letter),
            Err(undone) => bail!(no_letter(&undone)),
        },
        Act::Retry(which) => {
            let (seqs, filter) = seqs(letters, which).await?;
            match letters.retry(seqs.clone()).await? {
                Ok(()) if seqs.is_empty() && !json => none(letters, &filter).await?,
                Ok(()) => done(&seqs, json, "retried", "tried again"),
                Err(undone) => bail!(no_letter(&undone)),
            }
        }
        Act::Drop(which) => {
            let (seqs, filter) = seqs(letters, which).await?;
            match letters.drop(seqs.clone()).await? {
                Ok(()) if seqs.is_empty() && !json => none(letters, &filter).await?,
                Ok(()) => done(&seqs, json, "dropped", "dropped"),
                Err(undone) => bail!(no_letter(&undone)),
            }
        }
    })
}

async fn none(letters: &DeadLetters, filter: &Whose) -> anyhow::Result<String> {
    nothing(letters.desk(), "There are no dead letters", filter).await
}

/// The letters that were named, and by what.
async fn seqs(letters: &DeadLetters, which: Which) -> anyhow::Result<(Vec<i64>, Whose)> {
    let Which { mut seqs, all, of } = which;
    let filter = Whose::from(of);
    if all {
        let found = letters.list(&filter, i64::MAX).await?;
        seqs = found.into_iter().map(|letter| letter.seq).collect();
    } else if filter.bot.is_some() || filter.plugin.is_some() {
        bail!("--bot and --plugin go with --all\nhint: leave them out, or write --all instead of the numbers");
    }
    seqs.sort_unstable();
    seqs.dedup();
    Ok((seqs, filter))
}

fn done(seqs: &[i64], json: bool, key: &str, verb: &str) -> String {
    match (json, seqs) {
        (true, _) => pretty(&json!({ key: seqs })),
        (false, [seq]) => format!("Event {seq} is {verb}."),
        (false, _) => format!("{} events are {verb}.", seqs.len()),
    }
}

/// Why a number is none of a dead letter, and where the right ones are.
fn no_letter(undone: &Undone) -> String {
    let problem = form::no_letter(undone);
    format!("{problem}\nhint: `guesthouse dead list` shows the numbers of all dead letters")
}

fn user(letter: &DeadLetter) -> String {
    event(letter).sender().map_or_else(|| "-".to_owned(), |user| user.to_string())
}

/// The first characters of a text on one line.
fn short(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(most).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

fn table(letters: &[DeadLetter]) -> String {
    let head = ["SEQ", "GIVEN UP", "BOT", "PLUGIN", "CHAT", "USER", "ATTEMPTS", "REASON"].map(str::to_owned);
    let row = |letter: &DeadLetter| {
        [
            letter.seq.to_string(),
            time(letter.ended_at),
            print::bot(letter.bot, &letter.username),
            letter.plugin.clone(),
            letter.chat.to_string(),
            user(letter),
            letter.attempts.to_string(),
            short(&letter.reason, REASON),
        ]
    };
    print::table(head, letters.iter().map(row))
}

fn page(letter: &DeadLetter) -> String {
    let known = |text: &str| if text.is_empty() { "not known".to_owned() } else { text.to_owned() };
    let lines = [
        ("event", letter.seq.to_string()),
        ("bot", format!("{} ({})", print::bot(letter.bot, &letter.username), letter.bot)),
        ("plugin", letter.plugin.clone()),
        ("digest", known(&letter.digest)),
        ("chat", letter.chat.to_string()),
        ("user", user(letter)),
        ("kind", known(&letter.kind)),
        ("came", time(letter.created_at)),
        ("given up", time(letter.ended_at)),
        ("attempts", letter.attempts.to_string()),
        ("reason", letter.reason.replace('\n', "\n            ")),
    ];
    let mut text = String::new();
    for (name, value) in lines {
        let _ = writeln!(text, "{name:10}  {value}");
    }
    if letter.raw.is_empty() {
        text.push_str("\nThe update is not kept any more.\n");
    }
    for raw in std::iter::once(&letter.raw).filter(|raw| !raw.is_empty()).chain(&letter.parts) {
        let _ = writeln!(text, "\n{raw}");
    }
    text
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
