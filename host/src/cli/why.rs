//! `guesthouse why`: what became of an update, beside hosts that run or not. `/why` in Telegram says the same.

use anyhow::bail;

use super::{At, say};
use crate::why;

/// Say what became of an update: who saw it, who claimed it, why not, what was sent and when
#[derive(Debug, clap::Args)]
pub(super) struct Why {
    /// Telegram's number of the update
    #[arg(required_unless_present = "event")]
    update_id: Option<i64>,
    /// The number of an event instead: timers, schedules and requests have no update
    #[arg(long, conflicts_with = "update_id")]
    event: Option<i64>,
    /// The bot that got it: its name without @, or its id
    #[arg(long, default_value = "")]
    bot: String,
    #[command(flatten)]
    at: At,
}

pub(super) async fn run(Why { update_id, event, bot, at }: Why) -> anyhow::Result<()> {
    let desk = at.open().await?;
    let mut texts = Vec::new();
    if let Some(event) = event {
        texts.extend(why::of_event(&desk, event).await?.as_ref().map(why::text));
    }
    if let Some(update) = update_id {
        for update in desk.updates(update, &bot).await? {
            texts.push(why::text(&why::of_update(&desk, update).await?));
        }
    }
    desk.close().await;
    if texts.is_empty() {
        bail!(
            "nothing is known of it: it never came, or it is older than what is kept\nhint: `guesthouse journal list` shows \
             the turns of the last days with their events, and --event takes the number of an event"
        );
    }
    say(texts.join("\n").trim_end());
    Ok(())
}
