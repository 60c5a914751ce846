//! From posts to their readers. Each subscriber has a lane of the processor `courier`: there new posts are judged by the
//! rules, and what is due goes out. The lane is that of the private chat, so a turn there writes to its own chat.

use std::collections::BTreeMap;

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Failure, Text, TimerFired, Timestamp, UserId, chat, clock, timers};
use serde::Deserialize;

use crate::alarm;
use crate::compose;
use crate::deliver;
use crate::judge::{self, Rulebook};
use crate::model::{CHANNELS, FEED, POSTS, Post, RUNS, SUBSCRIBERS, SUBSCRIPTIONS, State, Subscriber, Subscription};
use crate::state;
use crate::texts::Arg;
use crate::turn::{Shared, Turn};

/// Posts that are judged in one turn; the rest is left to another one.
const JUDGED_AT_ONCE: u32 = 60;

/// What a courier needs to know of a channel.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Place {
    pub(crate) name: Option<String>,
    pub(crate) title: String,
    pub(crate) state: State,
    pub(crate) version: i64,
    pub(crate) followers: Option<i64>,
}

/// What was collected for somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Collected {
    /// Posts that were not in the feed before.
    pub(crate) added: u32,
    /// Posts that go out, now or later.
    pub(crate) taken: u32,
    /// Whether there is more than one turn can judge.
    pub(crate) more: bool,
}

/// Wakes somebody's courier.
pub(crate) fn wake(user: UserId, at: Timestamp) -> Result<(), Failure> {
    Ok(timers::at("collect", at).chat(user).processor(crate::COURIER).set()?)
}

/// Has a reading that somebody waits for reported.
pub(crate) fn finish(user: UserId, run: i64, at: Timestamp) -> Result<(), Failure> {
    Ok(timers::at(format!("run {run}"), at).data(run.to_string()).chat(user).processor(crate::COURIER).set()?)
}

/// A timer of the processor `courier`.
pub(crate) fn timer(shared: &Shared, timer: &TimerFired) -> Result<(), Failure> {
    if timer.key == "alarm" {
        return alarm::say(shared, timer);
    }
    let Some(subscriber) = SUBSCRIBERS.first(col("user_id").eq(timer.chat))? else { return Ok(()) };
    let turn = Turn::for_user(shared, subscriber.user_id, &subscriber.language);
    let collected = collect(&turn, &subscriber)?;
    tell_states(&turn)?;
    deliver::due(&turn, &subscriber)?;
    if collected.more {
        wake(turn.user, turn.now)?;
    }
    match timer.data.parse() {
        Ok(run) => report(&turn, run),
        Err(_) => Ok(()),
    }
}

/// Judges what has come since the last time.
pub(crate) fn collect(turn: &Turn<'_>, subscriber: &Row<Subscriber>) -> Result<Collected, Failure> {
    let subscriptions =
        SUBSCRIPTIONS.find(col("user_id").eq(turn.user).and(col("paused").eq(false)).ascending("id"))?;
    let places = places(subscriptions.iter().map(|subscription| subscription.channel))?;
    let mut collected = Collected::default();
    let mut room = JUDGED_AT_ONCE;
    let all = judge::lenient(&subscriber.rules);
    for subscription in &subscriptions {
        let Some(place) = places.get(&subscription.channel).filter(|place| place.version > subscription.seen) else {
            continue;
        };
        if room == 0 {
            collected.more = true;
            break;
        }
        let new = col("channel").eq(subscription.channel).and(col("version").gt(subscription.seen));
        let posts = POSTS.find(new.ascending("version").limit(room))?;
        let own = judge::lenient(&subscription.rules);
        let book = Rulebook { all: &all, own: &own };
        for post in &posts {
            let (is_new, is_taken) = judge::enter(turn, &book, subscription, place, post)?;
            collected.added += u32::from(is_new);
            collected.taken += u32::from(is_taken);
        }
        let count = u32::try_from(posts.len()).unwrap_or(room);
        // Versions of posts that have changed since have gaps; whoever got all of them is up to date.
        let seen =
            if count < room { place.version } else { posts.last().map_or(subscription.seen, |post| post.version) };
        collected.more |= seen < place.version;
        room -= count;
        SUBSCRIPTIONS.set(subscription.id, "seen", seen)?;
    }
    Ok(collected)
}

/// The channels with these ids.
pub(crate) fn places(ids: impl Iterator<Item = i64>) -> Result<BTreeMap<i64, Row<Place>>, Failure> {
    let mut places = BTreeMap::new();
    let ids: Vec<i64> = ids.collect();
    for some in ids.chunks(100) {
        let found = CHANNELS.select::<Place>().find(col("id").one_of(some.iter().copied()))?;
        places.extend(found.into_iter().map(|place| (place.id, place)));
    }
    Ok(places)
}

/// Tells what has become of channels since it was last told.
fn tell_states(turn: &Turn<'_>) -> Result<(), Failure> {
    let subscriptions = SUBSCRIPTIONS.find(col("user_id").eq(turn.user))?;
    let places = places(subscriptions.iter().map(|subscription| subscription.channel))?;
    for subscription in subscriptions {
        let Some(place) = places.get(&subscription.channel).filter(|place| place.state != subscription.told) else {
            continue;
        };
        SUBSCRIPTIONS.set(subscription.id, "told", format!("{:?}", place.state))?;
        let text = if subscription.told == State::New && place.state == State::Fine {
            welcome(turn, &subscription, place)?
        } else {
            let Some(key) = state::text(place.state) else { continue };
            turn.words.tell(key, &[("channel", Arg::Bold(&title(place)))])
        };
        match subscription.message {
            Some(message) if subscription.told == State::New => {
                chat::message(text).buttons([crate::list::buttons(turn, subscription.id)]).edit(message)?;
            }
            _ => turn.say(text)?,
        }
    }
    Ok(())
}

/// What is said of a channel once it was read for the first time.
fn welcome(
    turn: &Turn<'_>,
    subscription: &Subscription,
    place: &Row<Place>,
) -> Result<guesthouse_plugin::Text, Failure> {
    let posts = FEED.count(col("user_id").eq(turn.user).and(col("channel").eq(subscription.channel)))?;
    let posts = i64::try_from(posts).unwrap_or(i64::MAX);
    let title = title(place);
    let mut text = turn.words.tell("added", &[("channel", Arg::Bold(&title)), ("posts", Arg::Count(posts))]);
    if let Some(followers) = place.followers {
        text = text.newline().plain(turn.words.tell("followers", &[("count", Arg::Count(followers))]));
    }
    let last = col("channel").eq(subscription.channel).and(col("service").eq(false)).descending("number");
    if let Some(last) = POSTS.first(last)? {
        let quoted = compose::first_line(&last.body, 200);
        if !quoted.is_empty() {
            text = text.plain("\n\n").plain(turn.words.say("last-post")).newline().italic(quoted);
        }
    }
    Ok(text)
}

/// What a channel is called.
pub(crate) fn title(place: &Place) -> String {
    match &place.name {
        _ if !place.title.is_empty() => place.title.clone(),
        Some(name) => format!("@{name}"),
        None => "?".into(),
    }
}

/// Says what came of a reading that somebody waits for.
fn report(turn: &Turn<'_>, run: i64) -> Result<(), Failure> {
    let Some(run) = RUNS.get(run)?.filter(|run| run.user_id == turn.user) else { return Ok(()) };
    let new = FEED.count(col("user_id").eq(turn.user).and(col("added").ge(run.begun)))?;
    let new = i64::try_from(new).unwrap_or(i64::MAX);
    let read = run.done - run.failed;
    let mark = if read < run.total { "⚠️ " } else { "✅ " };
    let done = turn.words.tell("run-done", &[("channels", Arg::Count(read)), ("posts", Arg::Count(new))]);
    let mut text = Text::new().plain(mark).plain(done);
    if run.failed > 0 {
        text = text.newline().plain(turn.words.tell("run-failed", &[("count", Arg::Count(run.failed))]));
    }
    if run.done < run.total {
        text = text.newline().plain(turn.words.tell("run-slow", &[("count", Arg::Count(run.total - run.done))]));
    }
    RUNS.delete(run.id)?;
    match run.message {
        Some(message) => chat::message(text).edit(message)?,
        None => turn.say(text)?,
    }
    Ok(())
}

/// When a run is reported even if a channel does not answer.
pub(crate) fn patience(now: Timestamp, channels: i64, gap: Timestamp) -> Timestamp {
    now + 2 * clock::MINUTE + channels * gap
}

/// A post with its row.
pub(crate) fn post(id: i64) -> Result<Option<Row<Post>>, Failure> {
    Ok(POSTS.get(id)?)
}
