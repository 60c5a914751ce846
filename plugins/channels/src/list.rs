//! What somebody reads: the list, one channel of it, pausing and removing.

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Button, Failure, Message, MessageRef, Outgoing, Text, chat};

use crate::courier::{self, Place};
use crate::model::{CHANNELS, FEED, SUBSCRIPTIONS, State, Subscription};
use crate::press::{Answer, Press, Target};
use crate::state;
use crate::texts::Arg;
use crate::turn::Turn;

/// Channels on one page of the list.
const PAGE: u32 = 20;

/// A subscription and its channel.
pub(crate) type Own = (Row<Subscription>, Row<Place>);

/// `/list`.
pub(crate) fn command(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    let list = list(turn, 0, Press::Channel)?;
    let list = if turn.private { list } else { list.reply_to(message) };
    list.send(turn.chat)?;
    Ok(())
}

/// `/remove` and `/pause`: by name, or from the list.
pub(crate) fn command_for(turn: &Turn<'_>, message: &Message, argument: &str, remove: bool) -> Result<(), Failure> {
    if argument.is_empty() {
        let press = if remove { Press::Remove } else { Press::Channel };
        list(turn, 0, press)?.send(turn.chat)?;
        return Ok(());
    }
    let Some((subscription, place)) = named(turn, argument)? else {
        return turn.answer(message, turn.words.tell("not-subscribed", &[("written", Arg::Said(argument))]));
    };
    let title = courier::title(&place);
    let args = [("channel", Arg::Bold(&title))];
    let key = if remove {
        end(subscription.id)?;
        "removed"
    } else {
        pause(subscription.id, !subscription.paused)?;
        if subscription.paused { "resumed" } else { "paused" }
    };
    turn.answer(message, turn.words.tell(key, &args))
}

/// The subscription that somebody means by a name or a title.
pub(crate) fn named(turn: &Turn<'_>, written: &str) -> Result<Option<Own>, Failure> {
    let name = crate::name::find(written).ok();
    let subscriptions = SUBSCRIPTIONS.find(col("user_id").eq(turn.user))?;
    let mut places = courier::places(subscriptions.iter().map(|subscription| subscription.channel))?;
    let title = written.trim().to_lowercase();
    let meant = |place: &Place| place.name == name && name.is_some() || place.title.to_lowercase() == title;
    let found = subscriptions
        .into_iter()
        .find(|subscription| places.get(&subscription.channel).is_some_and(|place| meant(place)));
    Ok(found.and_then(|subscription| places.remove(&subscription.channel).map(|place| (subscription, place))))
}

/// A page of the list in place of a message.
pub(crate) fn edit(turn: &Turn<'_>, place: MessageRef, from: u32) -> Result<Answer, Failure> {
    list(turn, from, Press::Channel)?.edit(place)?;
    Ok(Answer::Done)
}

fn list(turn: &Turn<'_>, from: u32, press: fn(i64) -> Press) -> Result<Outgoing, Failure> {
    let mine = || col("user_id").eq(turn.user);
    let total = SUBSCRIPTIONS.count(mine())?;
    if total == 0 {
        return Ok(chat::message(turn.words.say("list-empty")));
    }
    let subscriptions = SUBSCRIPTIONS.find(mine().ascending("id").limit(PAGE).offset(from))?;
    let places = courier::places(subscriptions.iter().map(|subscription| subscription.channel))?;
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    let text = turn.words.tell("list", &[("count", Arg::Count(total))]);
    let mut buttons: Vec<Vec<Button>> = Vec::new();
    for subscription in &subscriptions {
        let Some(place) = places.get(&subscription.channel) else { continue };
        let mark = match place.state {
            _ if subscription.paused => "⏸ ",
            State::New => "⏳ ",
            State::Fine => "",
            _ => "⚠️ ",
        };
        let label = format!("{mark}{}", crate::compose::first_line(&courier::title(place), 50));
        buttons.push(vec![Button::call(label, &press(subscription.id)).only_for(turn.user)]);
    }
    let mut turning = Vec::new();
    if from > 0 {
        turning.push(
            Button::call(turn.words.say("button-previous"), &Press::Channels(from.saturating_sub(PAGE)))
                .only_for(turn.user),
        );
    }
    if i64::from(from + PAGE) < total {
        turning.push(Button::call(turn.words.say("button-next"), &Press::Channels(from + PAGE)).only_for(turn.user));
    }
    if !turning.is_empty() {
        buttons.push(turning);
    }
    let all = Button::call(turn.words.say("button-rules-all"), &Press::Rules(Target::All)).only_for(turn.user);
    buttons.push(vec![all]);
    Ok(chat::message(text).buttons(buttons))
}

/// What can be done with a channel.
pub(crate) fn buttons(turn: &Turn<'_>, subscription: i64) -> Vec<Button> {
    let button = |key: &str, press: Press| Button::call(turn.words.say(key), &press).only_for(turn.user);
    vec![
        button("button-rules", Press::Rules(Target::One(subscription))),
        button("button-remove", Press::Remove(subscription)),
    ]
}

/// One channel in place of a message.
pub(crate) fn channel(turn: &Turn<'_>, at: MessageRef, id: i64) -> Result<Answer, Failure> {
    let Some((subscription, place)) = own(turn, id)? else { return Ok(Answer::Say("gone")) };
    let title = courier::title(&place);
    let mut text = Text::new().bold(&title);
    if let Some(name) = &place.name {
        text = text.plain(format!("\n@{name}"));
    }
    if let Some(key) = state::text(place.state).filter(|_| place.state != State::Fine) {
        text = text.plain("\n\n").plain(turn.words.tell(key, &[("channel", Arg::Said(&title))]));
    }
    let mine = || col("user_id").eq(turn.user).and(col("channel").eq(subscription.channel));
    let count = |filter| FEED.count(filter).map(|count| Arg::Count(i64::try_from(count).unwrap_or(i64::MAX)));
    let counts = [
        ("posts", count(mine())?),
        ("sent", count(mine().and(col("status").eq("Sent")))?),
        ("left", count(mine().and(col("status").eq("Left")))?),
    ];
    text = text.plain("\n\n").plain(turn.words.tell("channel-counts", &counts));
    let button = |key: &str, press: Press| Button::call(turn.words.say(key), &press).only_for(turn.user);
    let pause = if subscription.paused { "button-resume" } else { "button-pause" };
    let rows = vec![
        vec![
            button("button-rules", Press::Rules(Target::One(id))),
            button(pause, Press::Pause(id, !subscription.paused)),
        ],
        vec![button("button-remove", Press::Remove(id)), button("button-list", Press::Channels(0))],
    ];
    chat::message(text).buttons(rows).edit(at)?;
    Ok(Answer::Done)
}

/// Asks before a channel is removed.
pub(crate) fn ask_remove(turn: &Turn<'_>, at: MessageRef, id: i64) -> Result<Answer, Failure> {
    let Some((_, place)) = own(turn, id)? else { return Ok(Answer::Say("gone")) };
    let title = courier::title(&place);
    let text = turn.words.tell("remove-ask", &[("channel", Arg::Bold(&title))]);
    let button = |key: &str, press: Press| Button::call(turn.words.say(key), &press).only_for(turn.user);
    let row = [button("button-yes", Press::RemoveNow(id)), button("button-no", Press::Channel(id))];
    chat::message(text).buttons([row]).edit(at)?;
    Ok(Answer::Done)
}

/// Removes a channel.
pub(crate) fn remove(turn: &Turn<'_>, at: MessageRef, id: i64) -> Result<Answer, Failure> {
    let Some((_, place)) = own(turn, id)? else { return Ok(Answer::Say("gone")) };
    end(id)?;
    let title = courier::title(&place);
    let list = Button::call(turn.words.say("button-list"), &Press::Channels(0)).only_for(turn.user);
    chat::message(turn.words.tell("removed", &[("channel", Arg::Bold(&title))])).buttons([[list]]).edit(at)?;
    Ok(Answer::Done)
}

/// Pauses a channel, or goes on with it.
pub(crate) fn switch(turn: &Turn<'_>, at: MessageRef, id: i64, paused: bool) -> Result<Answer, Failure> {
    if own(turn, id)?.is_none() {
        return Ok(Answer::Say("gone"));
    }
    pause(id, paused)?;
    channel(turn, at, id)
}

/// The subscription, if it is the user's.
pub(crate) fn own(turn: &Turn<'_>, id: i64) -> Result<Option<Own>, Failure> {
    let Some(subscription) = SUBSCRIPTIONS.get(id)?.filter(|subscription| subscription.user_id == turn.user) else {
        return Ok(None);
    };
    let place = CHANNELS.select::<Place>().get(subscription.channel)?;
    Ok(place.map(|place| (subscription, place)))
}

/// Pauses, or goes on: what was posted in between is skipped.
pub(crate) fn pause(id: i64, paused: bool) -> Result<(), Failure> {
    let Some(subscription) = SUBSCRIPTIONS.get(id)? else { return Ok(()) };
    if subscription.paused == paused {
        return Ok(());
    }
    SUBSCRIPTIONS.set(id, "paused", paused)?;
    if !paused && let Some(place) = CHANNELS.select::<Place>().get(subscription.channel)? {
        SUBSCRIPTIONS.set(id, "seen", place.version)?;
    }
    CHANNELS.increment(subscription.channel, "readers", if paused { -1 } else { 1 })?;
    Ok(())
}

/// Ends a subscription; what was stored stays.
pub(crate) fn end(id: i64) -> Result<(), Failure> {
    let Some(subscription) = SUBSCRIPTIONS.get(id)? else { return Ok(()) };
    SUBSCRIPTIONS.delete(id)?;
    if !subscription.paused {
        CHANNELS.increment(subscription.channel, "readers", -1)?;
    }
    Ok(())
}
