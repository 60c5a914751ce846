//! `guesthouse journal`: which turns are kept, what is in one, and how to forget them.

use anyhow::{Context, bail};
use serde_json::json;

use super::{At, Of, nothing, print, say};
use crate::journal::body;
use crate::store::{FoundTurns, Purge, TurnRow, Whose};

/// Look at the turns that are kept, or forget them
#[derive(Debug, clap::Args)]
pub(super) struct Journal {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Show the newest turns in a table, the newest last
    List {
        #[command(flatten)]
        of: Of,
        /// How many at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
        /// Only turns with numbers below this one
        #[arg(long, value_name = "TURN", default_value_t = i64::MAX, hide_default_value = true)]
        below: i64,
    },
    /// Show what is kept of a turn, as JSON
    Show {
        /// Its number
        turn: i64,
    },
    /// Say how many turns there are and how much room they take
    Size,
    /// Forget turns: of a person, of a plugin, or all, and with them the words of all reports of shadows, which may quote them.
    /// Their updates are kept for 30 days all the same
    Purge {
        /// The turns of this person and of the private chat with them
        #[arg(long, required_unless_present_any = ["plugin", "all"], conflicts_with_all = ["plugin", "all"])]
        user: Option<i64>,
        /// The turns of this plugin and its processors
        #[arg(long, conflicts_with = "all")]
        plugin: Option<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

pub(super) async fn run(Journal { act, at }: Journal) -> anyhow::Result<()> {
    let desk = at.open().await?;
    let said = async {
        anyhow::Ok(match act {
            Act::List { of, limit, below } => {
                let whose = Whose::from(of);
                let FoundTurns { mut turns, looked_to } = desk.turns(&whose, below, limit).await?;
                turns.reverse();
                let is_all = below == i64::MAX && whose.bot.is_none() && whose.plugin.is_none();
                let found = match (turns.is_empty(), is_all) {
                    (false, _) => table(&turns),
                    (true, true) => "The journal is empty.".into(),
                    (true, false) => nothing(&desk, "No such turn was found", &whose).await?,
                };
                let further = looked_to.map(|turn| format!("\n{}; --below {turn} does", not_looked_at(turn)));
                format!("{}{}", found.trim_end(), further.unwrap_or_default())
            }
            Act::Show { turn } => {
                let row = desk.turn(turn).await?.with_context(|| no_turn(turn))?;
                let record = match desk.turn_body(turn).await? {
                    Some(body) if !body.is_empty() => body::as_json(&body)?,
                    _ => serde_json::Value::Null,
                };
                let shown = json!({
                    "turn": row.seq, "event": row.event, "bot": row.bot.0, "plugin": row.part, "chat": row.chat,
                    "user": row.user, "at": row.at, "outcome": row.end.word(), "reason": row.reason,
                    "attempt": row.attempt, "conflicts": row.conflicts, "cpu_us": row.cpu_us,
                    "elapsed_us": row.elapsed_us, "memory_kib": row.memory_kib, "bytes": row.size, "record": record,
                });
                serde_json::to_string_pretty(&shown)?
            }
            Act::Size => {
                let size = desk.journal_size().await?;
                let each = if size.turns > 0 { size.bytes / size.turns } else { 0 };
                format!("{} turns, {} bytes, {each} bytes a turn", size.turns, size.bytes)
            }
            Act::Purge { user, plugin, all } => {
                let which = match (user, plugin) {
                    (Some(user), _) => Purge::User(user),
                    (None, Some(plugin)) => Purge::Plugin(plugin),
                    (None, None) if all => Purge::All,
                    (None, None) => bail!("nothing was named\nhint: write --user ID, --plugin NAME or --all"),
                };
                format!("{} turns are forgotten.", desk.purge_turns(&which).await?)
            }
        })
    };
    let said = said.await;
    desk.close().await;
    say(said?.trim_end());
    Ok(())
}

pub(super) fn no_turn(turn: i64) -> String {
    format!(
        "there is no turn {turn} in the journal\nhint: `guesthouse journal list` shows the numbers of those that are kept"
    )
}

/// That there may be older turns than were found.
pub(super) fn not_looked_at(turn: i64) -> String {
    format!("note: as there were none for long, this did not look below turn {turn}")
}

fn table(turns: &[TurnRow]) -> String {
    let head =
        ["TURN", "BEGAN", "BOT", "PLUGIN", "CHAT", "EVENT", "OUTCOME", "CPU MS", "KIB", "BYTES"].map(str::to_owned);
    let row = |turn: &TurnRow| {
        [
            turn.seq.to_string(),
            print::time(turn.at),
            print::bot(turn.bot, &turn.username),
            turn.part.clone(),
            turn.chat.to_string(),
            turn.event.to_string(),
            turn.end.word().to_owned(),
            format!("{}.{}", turn.cpu_us / 1_000, turn.cpu_us % 1_000 / 100),
            turn.memory_kib.to_string(),
            turn.size.to_string(),
        ]
    };
    print::table(head, turns.iter().map(row))
}
