//! Subscribing: by link, by `@name`, by a forwarded message, or with `/add` in a group. What is public anybody may read. What
//! is not, those may read who brought the bot there or run it, and of a group those who write in it.

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{ChatKind, Failure, Message, chat, update};
use serde::Deserialize;

use crate::courier;
use crate::list;
use crate::model::{CHANNELS, Channel, SUBSCRIBERS, SUBSCRIPTIONS, State, Subscriber, Subscription};
use crate::name::{self, BadName, Origin};
use crate::read;
use crate::texts::Arg;
use crate::turn::{Turn, is_mute_picture};

/// A new subscriber gets as many posts of those that are stored already.
const BACKLOG: i64 = 40;

#[derive(Debug, Clone, Deserialize)]
struct Place {
    name: Option<String>,
    title: String,
    member: bool,
    added_by: Option<i64>,
    version: i64,
}

/// The row of the user, made if there is none.
pub(crate) fn subscriber(turn: &Turn<'_>) -> Result<Row<Subscriber>, Failure> {
    if let Some(known) = SUBSCRIBERS.first(col("user_id").eq(turn.user))? {
        if known.language != turn.language.tag() {
            SUBSCRIBERS.set(known.id, "language", turn.language.tag())?;
        }
        return Ok(known);
    }
    let value = Subscriber {
        user_id: turn.user,
        language: turn.language.tag().into(),
        rules: String::new(),
        created: turn.now,
    };
    Ok(Row { id: SUBSCRIBERS.insert(&value)?, value })
}

/// `/add`, perhaps with names behind it.
pub(crate) fn command(turn: &Turn<'_>, message: &Message, argument: &str) -> Result<(), Failure> {
    if !turn.private && argument.is_empty() {
        return this_group(turn, message);
    }
    if argument.is_empty() {
        return turn.answer(message, turn.words.say("add-how"));
    }
    for written in argument.split([' ', '\n', ',']).filter(|written| !written.is_empty()).take(10) {
        by_name(turn, message, written)?;
    }
    Ok(())
}

/// A message that is nothing but a name, or was forwarded from somewhere; says whether it was one.
pub(crate) fn by_message(turn: &Turn<'_>, message: &Message) -> Result<bool, Failure> {
    if message.forwarded {
        let Some(origin) = name::origin(&update::json()) else { return Ok(false) };
        by_origin(turn, message, &origin)?;
        return Ok(true);
    }
    if name::is_only_a_name(&message.text.content) {
        by_name(turn, message, &message.text.content)?;
        return Ok(true);
    }
    Ok(false)
}

fn by_name(turn: &Turn<'_>, message: &Message, written: &str) -> Result<(), Failure> {
    let name = match name::find(written) {
        Ok(name) => name,
        Err(bad) => {
            let key = match bad {
                BadName::Nothing => "add-how",
                BadName::Private => "add-private",
                BadName::NoName => "add-no-name",
            };
            return turn.answer(message, turn.words.tell(key, &[("written", Arg::Said(written))]));
        }
    };
    let known = CHANNELS.select::<Place>().first(col("name").eq(name.as_str()))?;
    let row = match known {
        Some(row) => row,
        None => new(&name, "")?,
    };
    subscribe(turn, message, &row)
}

fn by_origin(turn: &Turn<'_>, message: &Message, origin: &Origin) -> Result<(), Failure> {
    let known = CHANNELS.select::<Place>().first(col("chat_id").eq(origin.id))?;
    if let Some(row) = known {
        let may = row.name.is_some() || row.added_by == Some(turn.user) || turn.is_admin();
        if row.member && may {
            return subscribe(turn, message, &row);
        }
    }
    match &origin.username {
        Some(name) => by_name(turn, message, name),
        None if is_mute_picture(message) => Ok(()),
        None => turn.answer(message, turn.words.tell("add-private", &[("written", Arg::Said(&origin.title))])),
    }
}

/// Whoever writes in a group may read it.
fn this_group(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    // In a channel nobody in particular speaks.
    if message.chat.kind == ChatKind::Channel {
        return Ok(());
    }
    let row = match CHANNELS.select::<Place>().first(col("chat_id").eq(message.chat.id))? {
        Some(row) => row,
        None => {
            let channel = Channel {
                chat_id: Some(message.chat.id),
                is_group: true,
                member: true,
                state: State::Fine,
                ..Channel::new(None, &message.chat.title)
            };
            let id = CHANNELS.insert(&channel)?;
            Row { id, value: of(channel) }
        }
    };
    subscribe(turn, message, &row)
}

fn new(name: &str, title: &str) -> Result<Row<Place>, Failure> {
    let channel = Channel::new(Some(name.to_owned()), title);
    Ok(Row { id: CHANNELS.insert(&channel)?, value: of(channel) })
}

fn of(channel: Channel) -> Place {
    let Channel { name, title, member, added_by, version, .. } = channel;
    Place { name, title, member, added_by, version }
}

fn subscribe(turn: &Turn<'_>, message: &Message, place: &Row<Place>) -> Result<(), Failure> {
    subscriber(turn)?;
    let title = match &place.name {
        _ if !place.title.is_empty() => place.title.clone(),
        Some(name) => format!("@{name}"),
        None => "?".into(),
    };
    let args = [("channel", Arg::Bold(&title))];
    let mine = col("user_id").eq(turn.user);
    if let Some(known) = SUBSCRIPTIONS.first(mine.clone().and(col("channel").eq(place.id)))? {
        if known.paused {
            list::pause(known.id, false)?;
            return turn.answer(message, turn.words.tell("resumed", &args));
        }
        // Of an album the first picture may just have subscribed.
        if is_mute_picture(message) {
            return Ok(());
        }
        return turn.answer(message, turn.words.tell("already", &args));
    }
    if SUBSCRIPTIONS.count(mine)? >= u64::from(turn.shared.settings.channels) {
        let max = Arg::Count(turn.shared.settings.channels.into());
        return turn.answer(message, turn.words.tell("too-many", &[("count", max)]));
    }
    let reply = chat::message(turn.words.tell("adding", &args));
    let reply = if turn.private { reply } else { reply.reply_to(message) };
    let sent = reply.send(turn.chat)?;
    SUBSCRIPTIONS.insert(&Subscription {
        user_id: turn.user,
        channel: place.id,
        paused: false,
        rules: String::new(),
        seen: (place.version - BACKLOG).max(0),
        told: State::New,
        // In a group others would see the buttons; there the answer stays as it is.
        message: turn.private.then_some(sent),
        created: turn.now,
    })?;
    CHANNELS.increment(place.id, "readers", 1)?;
    // Of a channel that others read already everything is known at once.
    courier::wake(turn.user, turn.now)?;
    if place.name.is_some() && !place.member {
        read::soon(place.id, turn.now, None)?;
    }
    Ok(())
}
