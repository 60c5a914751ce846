//! What the admins are told without having asked: that pages have changed, or may not be read. Each kind of trouble once a
//! day, however many channels have it; every case stands in the log and in `channels__channels.problem`.

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{Failure, TimerFired, Timestamp, clock, config, log, timers};
use serde::{Deserialize, Serialize};

use crate::model::{ALARMS, Alarm, SUBSCRIBERS, State};
use crate::texts::Arg;
use crate::turn::{Shared, Turn};

/// What an admin is told.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    channel: String,
    reason: String,
    changed: bool,
}

#[derive(Deserialize)]
struct Speaks {
    language: String,
}

/// Tells the admins, unless they were told of such a thing today.
pub(crate) fn raise(channel: &str, state: State, reason: &str, now: Timestamp) -> Result<(), Failure> {
    log::warn(format_args!("{channel} cannot be read: {reason}"));
    let kind = format!("{state:?}");
    match ALARMS.first(col("reason").eq(kind.as_str()))? {
        Some(alarm) if now - alarm.told < clock::DAY => return Ok(()),
        Some(alarm) => ALARMS.set(alarm.id, "told", now)?,
        None => drop(ALARMS.insert(&Alarm { reason: kind.clone(), told: now })?),
    }
    let told = Told { channel: channel.to_owned(), reason: reason.to_owned(), changed: state == State::Changed };
    let data = serde_json::to_string(&told).unwrap_or_default();
    for admin in config::admins() {
        timers::at("alarm", now).data(data.as_str()).chat(admin).processor(crate::COURIER).set()?;
    }
    Ok(())
}

/// Says it in the admin's own chat.
pub(crate) fn say(shared: &Shared, timer: &TimerFired) -> Result<(), Failure> {
    let Ok(told) = serde_json::from_str::<Told>(&timer.data) else { return Ok(()) };
    let known = SUBSCRIBERS.select::<Speaks>().first(col("user_id").eq(timer.chat))?;
    let turn = Turn::for_user(shared, timer.chat, known.as_ref().map_or("en", |known| &known.language));
    let key = if told.changed { "alarm-changed" } else { "alarm-not-allowed" };
    turn.say(turn.words.tell(key, &[("channel", Arg::Said(&told.channel)), ("reason", Arg::Said(&told.reason))]))
}
