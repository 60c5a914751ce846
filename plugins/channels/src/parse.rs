//! `/parse`: all channels of a user are read now. The answer comes at once, the reading in the lanes of the channels, and the
//! message says in the end what came of it.

use guesthouse_plugin::tables::{all, col};
use guesthouse_plugin::{Failure, Message, UserId, chat};
use serde::Deserialize;

use crate::courier;
use crate::model::{CHANNELS, RUNS, Run, SUBSCRIPTIONS};
use crate::press::Answer;
use crate::read;
use crate::texts::Arg;
use crate::turn::Turn;

#[derive(Deserialize)]
struct Which {
    channel: i64,
}

#[derive(Deserialize)]
struct Readable {
    #[expect(dead_code, reason = "a row has to name a column")]
    is_group: bool,
}

/// The channels of a user that have a page to be read, by their rows.
pub(crate) fn readable(user: UserId) -> Result<Vec<i64>, Failure> {
    let mine = col("user_id").eq(user).and(col("paused").eq(false)).ascending("id");
    let mine = SUBSCRIPTIONS.select::<Which>().find(mine)?;
    let mut channels = Vec::new();
    for some in mine.chunks(100) {
        let wanted = all([
            col("id").one_of(some.iter().map(|subscription| subscription.channel)),
            col("is_group").eq(false),
            col("member").eq(false),
            guesthouse_plugin::tables::not(col("name").is_null()),
        ]);
        channels.extend(CHANNELS.select::<Readable>().find(wanted.ascending("id"))?.into_iter().map(|row| row.id));
    }
    Ok(channels)
}

/// `/parse`.
pub(crate) fn command(turn: &Turn<'_>, _: &Message) -> Result<(), Failure> {
    begin(turn)?;
    Ok(())
}

/// Begins a reading.
pub(crate) fn begin(turn: &Turn<'_>) -> Result<Answer, Failure> {
    let channels = readable(turn.user)?;
    if channels.is_empty() {
        turn.say(turn.words.say("parse-none"))?;
        return Ok(Answer::Done);
    }
    let total = i64::try_from(channels.len()).unwrap_or(i64::MAX);
    let message = chat::message(turn.words.tell("parsing", &[("count", Arg::Count(total))])).send(turn.chat)?;
    // Shown in the private chat, where the courier is.
    let message = turn.private.then_some(message);
    let run = Run { user_id: turn.user, message, total, done: 0, failed: 0, begun: turn.now };
    let run = RUNS.insert(&run)?;
    let gap = turn.shared.settings.page_gap;
    for (index, channel) in (0..).zip(channels) {
        read::soon(channel, turn.now + index * gap, Some(run))?;
    }
    courier::finish(turn.user, run, courier::patience(turn.now, total, gap))?;
    Ok(Answer::Done)
}
