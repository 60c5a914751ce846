//! `/stats`: what was read and what came of it, for the user and, for admins, for all.

use guesthouse_plugin::tables::{Filter, Table, col, every_row};
use guesthouse_plugin::{Failure, Message, Text, clock};

use crate::model::{CHANNELS, FEED, PAGES, POSTS, SUBSCRIBERS, SUBSCRIPTIONS};
use crate::texts::Arg;
use crate::turn::Turn;

/// `/stats`.
pub(crate) fn command(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    let mine = || col("user_id").eq(turn.user);
    let day = turn.now - clock::DAY;
    let facts = [
        ("stats-channels", count(SUBSCRIPTIONS, mine())?),
        ("stats-posts", count(FEED, mine())?),
        ("stats-day", count(FEED, mine().and(col("added").ge(day)))?),
        ("stats-sent", count(FEED, mine().and(col("status").eq("Sent")))?),
        ("stats-left", count(FEED, mine().and(col("status").eq("Left")))?),
        ("stats-due", count(FEED, mine().and(col("status").eq("Due")))?),
    ];
    let mut text = lines(turn, Text::new().bold(turn.words.say("stats-yours")), &facts);
    if turn.is_admin() && turn.private {
        let trouble = col("readers").gt(0).and(col("state").ne("Fine")).and(col("state").ne("New"));
        let facts = [
            ("stats-users", count(SUBSCRIBERS, every_row())?),
            ("stats-channels", count(CHANNELS, col("readers").gt(0))?),
            ("stats-trouble", count(CHANNELS, trouble.clone())?),
            ("stats-posts", count(POSTS, every_row())?),
            ("stats-day", count(POSTS, col("seen").ge(day))?),
            ("stats-pages", count(PAGES, col("status").eq("Done"))?),
        ];
        text = lines(turn, text.plain("\n\n").bold(turn.words.say("stats-all")), &facts);
        for channel in CHANNELS.find(trouble.descending("readers").limit(5))? {
            let name = channel.name.clone().map_or_else(|| channel.title.clone(), |name| format!("@{name}"));
            let problem = channel.problem.clone().unwrap_or_default();
            text =
                text.newline().plain("⚠️ ").plain(name).plain(": ").italic(crate::compose::first_line(&problem, 150));
        }
    }
    turn.answer(message, text)
}

fn lines(turn: &Turn<'_>, mut text: Text, facts: &[(&str, i64)]) -> Text {
    for (key, count) in facts {
        text = text.newline().plain(turn.words.tell(key, &[("count", Arg::Count(*count))]));
    }
    text
}

fn count<T>(table: Table<T>, filter: Filter) -> Result<i64, Failure> {
    Ok(i64::try_from(table.count(filter)?).unwrap_or(i64::MAX))
}
