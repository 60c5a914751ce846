//! "Why did this come?" and "why did that not come?": the rules again, line by line, with what in the post decided.

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Button, Failure, Message, Text, chat};

use crate::add;
use crate::compose;
use crate::courier;
use crate::judge::{self, Rulebook};
use crate::list;
use crate::model::{Entry, FEED, SUBSCRIPTIONS, Status};
use crate::name;
use crate::press::{Answer, Press};
use crate::texts::{Arg, moment};
use crate::turn::Turn;

/// Posts that are listed.
const LISTED: u32 = 10;

/// `/why`: the posts that were left out, or the one behind a link.
pub(crate) fn command(turn: &Turn<'_>, message: &Message, argument: &str) -> Result<(), Failure> {
    if argument.is_empty() {
        left_out(turn)?;
        return Ok(());
    }
    let found = match name::post(argument) {
        Some((name, number)) => match list::named(turn, &name)? {
            Some((subscription, _)) => {
                let this = col("user_id").eq(turn.user).and(col("channel").eq(subscription.channel));
                FEED.first(this.and(col("number").eq(number)))?
            }
            None => None,
        },
        None => return turn.answer(message, turn.words.say("why-how")),
    };
    match found {
        Some(entry) => {
            say(turn, &entry)?;
            Ok(())
        }
        None => turn.answer(message, turn.words.say("why-not-seen")),
    }
}

/// The posts that were left out last.
pub(crate) fn left_out(turn: &Turn<'_>) -> Result<Answer, Failure> {
    let left = col("user_id").eq(turn.user).and(col("status").eq("Left"));
    let entries = FEED.find(left.descending("id").limit(LISTED))?;
    if entries.is_empty() {
        turn.say(turn.words.say("why-none"))?;
        return Ok(Answer::Done);
    }
    let mut text = Text::from(turn.words.say("why-left"));
    let mut buttons: Vec<Button> = Vec::new();
    for (place, entry) in (1..).zip(&entries) {
        let Some(post) = courier::post(entry.post)? else { continue };
        text = text.plain(format!("\n{place}. ")).plain(compose::first_line(&post.body, 60));
        if let Some(reason) = &entry.reason {
            text = text.plain(" — ").italic(compose::first_line(reason, 60));
        }
        buttons.push(Button::call(place.to_string(), &Press::Why(entry.id)).only_for(turn.user));
    }
    chat::message(text).buttons(buttons.chunks(5).map(<[Button]>::to_vec)).send(turn.chat)?;
    Ok(Answer::Done)
}

/// Says why, for the button under a post.
pub(crate) fn entry(turn: &Turn<'_>, id: i64) -> Result<Answer, Failure> {
    match FEED.get(id)?.filter(|entry| entry.user_id == turn.user) {
        Some(entry) => say(turn, &entry),
        None => Ok(Answer::Say("gone")),
    }
}

fn say(turn: &Turn<'_>, entry: &Row<Entry>) -> Result<Answer, Failure> {
    let Some(post) = courier::post(entry.post)? else { return Ok(Answer::Say("gone")) };
    let own = col("user_id").eq(turn.user).and(col("channel").eq(entry.channel));
    let Some(subscription) = SUBSCRIPTIONS.first(own)? else { return Ok(Answer::Say("gone")) };
    let all = judge::lenient(&add::subscriber(turn)?.rules);
    let own = judge::lenient(&subscription.rules);
    let (verdict, fields) = judge::verdict(&Rulebook { all: &all, own: &own }, &post, &turn.shared.finder);

    let status = match entry.status {
        Status::Old => "why-old",
        Status::Left => "why-status-left",
        Status::Due => "why-due",
        Status::Sent => "why-sent",
        Status::Kept => "why-kept",
    };
    let at = entry.sent.or(entry.due).unwrap_or(entry.added);
    let mut text = Text::new().italic(compose::first_line(&post.body, 100)).plain("\n\n");
    text = text.plain(turn.words.tell(status, &[("time", Arg::Time(at))]));
    if verdict.checks.is_empty() {
        text = text.newline().plain(turn.words.say("why-no-rules"));
    }
    for check in &verdict.checks {
        let mark = if check.passed { "\n✅ " } else { "\n❌ " };
        let source = if check.line == 0 { turn.words.say("why-service") } else { check.source.clone() };
        text = text.plain(mark).code(source);
        if check.for_all && check.line > 0 {
            text = text.plain(" ").plain(turn.words.say("why-for-all"));
        }
        if let Some(found) = &check.found {
            text = text.plain(" — ").plain(turn.words.tell("why-found", &[("found", Arg::Said(found))]));
        }
    }
    for (name, found) in fields {
        text = text.newline().italic(format!("{name}: ")).plain(found.join(", "));
    }
    text = text.plain("\n\n").plain(moment(post.time));
    let rules = Button::call(turn.words.say("button-rules"), &Press::Rules(crate::press::Target::One(subscription.id)));
    chat::message(text).buttons([[rules.only_for(turn.user)]]).send(turn.chat)?;
    Ok(Answer::Done)
}
