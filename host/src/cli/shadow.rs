//! `guesthouse shadow`: what other builds of plugins would have done differently.

use std::fmt::Write as _;

use super::{At, Of, nothing, print, say};
use crate::store::ShadowRow;

/// Look at what shadows (other builds of plugins, `shadow = "…"` in the configuration) did differently
#[derive(Debug, clap::Args)]
pub(super) struct Shadow {
    #[command(subcommand)]
    act: Act,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Show the differences, the most frequent first; ends with 1 if there are any
    Report(Of),
    /// Forget them
    Forget(Of),
}

pub(super) async fn run(Shadow { act, at }: Shadow) -> anyhow::Result<()> {
    let desk = at.open().await?;
    match act {
        Act::Report(of) => {
            let whose = of.into();
            let rows = desk.shadows(&whose).await?;
            let said = if rows.is_empty() { nothing(&desk, "No shadow has run", &whose).await? } else { text(&rows) };
            desk.close().await;
            say(said.trim_end());
            anyhow::ensure!(
                rows.iter().all(|row| matches!(row.kind, "same" | "dropped" | "unreadable")),
                "a shadow did something else\nhint: `guesthouse replay TURN --plugin FILE` shows one of these turns"
            );
        }
        Act::Forget(of) => {
            let count = desk.forget_shadows(&of.into()).await?;
            desk.close().await;
            say(&format!("{count} line(s) of shadows are forgotten."));
        }
    }
    Ok(())
}

fn text(rows: &[ShadowRow]) -> String {
    let mut text = String::new();
    let mut before = None;
    for row in rows {
        let whose = (row.bot, &row.plugin, &row.digest);
        if before != Some(whose) {
            let bot = print::bot(row.bot, &row.username);
            let _ = writeln!(
                text,
                "{}shadow {} of {} of {bot}:",
                if before.is_some() { "\n" } else { "" },
                &row.digest[..12.min(row.digest.len())],
                row.plugin
            );
            before = Some(whose);
        }
        let turns = if row.turns == 1 { "1 turn".to_owned() } else { format!("{} turns", row.turns) };
        let example = match row.turn {
            Some(turn) => format!(", such as turn {turn}"),
            None => format!(", such as that of event {}", row.event),
        };
        let _ = match row.kind {
            "same" => writeln!(text, "  {turns} the same"),
            "dropped" => writeln!(text, "  {turns} not run, as too many waited"),
            "unreadable" => writeln!(text, "  {turns} not run, as their records were too large to be kept whole"),
            "others" => writeln!(text, "  {turns} different in further ways{example}"),
            _ => writeln!(text, "  {turns} different{example}:\n    {}", row.words.replace('\n', "\n    ")),
        };
    }
    text
}
