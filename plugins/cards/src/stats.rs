//! The statistics. Days are those of UTC, and the text says so.

use guesthouse_plugin::clock::DAY;
use guesthouse_plugin::tables::{col, every_row};
use guesthouse_plugin::{Failure, MessageRef, Text, Timestamp, chat};
use serde::Deserialize;

use crate::menu;
use crate::model::{CARDS, CHECKS};
use crate::press::Answer;
use crate::texts::Arg;
use crate::turn::Turn;

/// How many cards are named.
const TOP: u32 = 3;

#[derive(Deserialize)]
struct Top {
    name: String,
    checks: i64,
}

/// Puts the statistics in place of a message.
pub(crate) fn edit(turn: &Turn<'_>, place: MessageRef) -> Result<Answer, Failure> {
    let since = |from: Timestamp| CHECKS.count(col("time").ge(from)).map(number);
    let today = today(turn.now);
    let facts = [
        ("stats-cards", number(CARDS.count(every_row())?)),
        ("stats-active", number(CARDS.count(col("active").eq(true))?)),
        ("stats-checks", CARDS.sum("checks", every_row())?),
        ("stats-today", since(today)?),
        ("stats-week", since(today - 6 * DAY)?),
    ];
    let mut text = Text::new().bold(turn.words.say("button-stats")).newline();
    for (key, count) in facts {
        text = text.newline().plain(turn.words.tell(key, &[("count", Arg::Count(count))]));
    }
    let top = CARDS.select::<Top>().find(col("checks").gt(0).descending("checks").limit(TOP))?;
    if !top.is_empty() {
        text = text.plain("\n\n").bold(turn.words.say("stats-top"));
    }
    for (place, card) in (1..).zip(top) {
        let args = [("place", Arg::Count(place)), ("name", Arg::Said(&card.name)), ("count", Arg::Count(card.checks))];
        text = text.newline().plain(turn.words.tell("stats-place", &args));
    }
    text = text.plain("\n\n").italic(turn.words.say("stats-days"));
    chat::message(text).buttons([menu::back(turn.words)]).edit(place)?;
    Ok(Answer::Done)
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// When the day began, in UTC.
fn today(now: Timestamp) -> Timestamp {
    now - now.rem_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::today;
    use guesthouse_texts::moment;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(moment(today(1_795_269_912_345)), "2026-11-21 00:00 UTC");
        assert_eq!(today(today(1_795_269_912_345)), today(1_795_269_912_345));
    }
}
