//! What is due goes out: each post as a message, or several as a digest. A turn sends no more than Telegram's pace lets
//! through soon; the rest waits for the next one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Failure, MessageRef, Timestamp, chat, clock, timers};
use serde::{Deserialize, Serialize};

use crate::compose;
use crate::courier::{self, Place};
use crate::judge::{self, Rulebook};
use crate::model::{Entry, FEED, SUBSCRIPTIONS, Status, Subscriber};
use crate::rules::Rules;
use crate::turn::Turn;

/// Messages that one turn sends.
const SENT_AT_ONCE: u32 = 10;

/// Posts that one digest has.
const IN_A_DIGEST: u32 = 30;

#[derive(Deserialize)]
struct Next {
    due: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Own {
    rules: String,
    paused: bool,
}

#[derive(Serialize)]
struct Gone {
    status: Status,
    sent: Timestamp,
    #[serde(with = "guesthouse_plugin::tables::json")]
    message: Option<MessageRef>,
}

/// Sends what is due, and sets the timer for what will be.
pub(crate) fn due(turn: &Turn<'_>, subscriber: &Row<Subscriber>) -> Result<(), Failure> {
    let waiting = || col("user_id").eq(turn.user).and(col("status").eq("Due"));
    let now = |digest: bool| waiting().and(col("due").le(turn.now)).and(col("digest").eq(digest)).ascending("due");
    let singles = FEED.find(now(false).limit(SENT_AT_ONCE))?;
    let gathered = FEED.find(now(true).limit(IN_A_DIGEST))?;

    let places = courier::places(singles.iter().chain(&gathered).map(|entry| entry.channel))?;
    let all = judge::lenient(&subscriber.rules);
    let mut owns: BTreeMap<i64, Option<Rules>> = BTreeMap::new();
    for entry in &singles {
        let own = match owns.entry(entry.channel) {
            Slot::Vacant(slot) => slot.insert(rules(turn, entry.channel)?),
            Slot::Occupied(slot) => slot.into_mut(),
        };
        match (&*own, places.get(&entry.channel)) {
            (Some(own), Some(place)) => single(turn, &Rulebook { all: &all, own }, place, entry)?,
            // Paused or removed in the meantime.
            _ => FEED.set(entry.id, "status", "Kept")?,
        }
    }
    if !gathered.is_empty() {
        digest(turn, &places, &gathered)?;
    }
    if let Some(next) = FEED.select::<Next>().first(waiting().and(col("id").gt(0)).ascending("due"))? {
        // What is due and was not sent just now goes out in a moment.
        let at = next.due.unwrap_or(turn.now).max(turn.now + clock::SECOND);
        timers::at("deliver", at).chat(turn.user).processor(crate::COURIER).set()?;
    }
    Ok(())
}

/// The rules of a subscription that is not paused.
fn rules(turn: &Turn<'_>, channel: i64) -> Result<Option<Rules>, Failure> {
    let own = SUBSCRIPTIONS.select::<Own>().first(col("user_id").eq(turn.user).and(col("channel").eq(channel)))?;
    Ok(own.filter(|own| !own.paused).map(|own| judge::lenient(&own.rules)))
}

fn single(turn: &Turn<'_>, book: &Rulebook<'_>, place: &Place, entry: &Row<Entry>) -> Result<(), Failure> {
    let Some(post) = courier::post(entry.post)? else {
        FEED.delete(entry.id)?;
        return Ok(());
    };
    let fields = serde_json::from_str(&entry.fields).unwrap_or_default();
    let message = compose::message(turn, book, place, &post, &fields, entry.id)?.send(turn.chat)?;
    gone(turn, entry, Some(message))
}

fn digest(turn: &Turn<'_>, places: &BTreeMap<i64, Row<Place>>, entries: &[Row<Entry>]) -> Result<(), Failure> {
    let mut posts = Vec::new();
    for entry in entries {
        if let (Some(place), Some(post)) = (places.get(&entry.channel), courier::post(entry.post)?) {
            posts.push((place, post));
        }
        gone(turn, entry, None)?;
    }
    let text =
        compose::digest(turn, &posts.iter().map(|(place, post)| (&place.value, &post.value)).collect::<Vec<_>>());
    chat::message(text).send(turn.chat)?;
    Ok(())
}

fn gone(turn: &Turn<'_>, entry: &Row<Entry>, message: Option<MessageRef>) -> Result<(), Failure> {
    Ok(FEED.update(entry.id, &Gone { status: Status::Sent, sent: turn.now, message })?)
}
