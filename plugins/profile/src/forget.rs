//! `/forget`: after a question, every row of the user's goes, in one turn if they are few and in several if they are many.
//! For ten minutes a mark stays with the user's id and the time, so that what is being read at that moment by another turn does not
//! come back; a timer takes it away, and then nothing is left.

use guesthouse_plugin::clock::SECOND;
use guesthouse_plugin::tables::{Table, col};
use guesthouse_plugin::{Button, Error, Failure, Message, Outgoing, TimerFired, User, UserId, chat, clock, timers};
use serde::Deserialize;

use crate::consent::REMEMBERED;
use crate::model::{CHATS, FACTS, FORGOTTEN, Forgotten, HISTORY, LINES, PEOPLE, STATEMENTS, SWITCHES, WEEKS};
use crate::press::Press;
use crate::texts::{Language, Words};
use crate::{Profile, show};

/// Fewer rows than a turn may write.
const ROWS: usize = 800;

/// The timer that goes on, and the one that takes the mark away.
const GO_ON: &str = "forget";
const END: &str = "forgotten";

/// As little of a row as says whose it is.
#[derive(Deserialize)]
struct Whose {
    #[expect(dead_code, reason = "a query names a column")]
    user_id: UserId,
}

/// Answers `/forget`.
pub(crate) fn command(plugin: &Profile, message: &Message, user: &User) -> Result<(), Failure> {
    let words = plugin.texts.words(Language::of(user));
    if !show::lead_to_private(message, words)? {
        ask(words, user).send(message.chat.id)?;
    }
    Ok(())
}

/// Asks whether it is meant.
pub(crate) fn ask(words: Words<'_>, user: &User) -> Outgoing {
    let call = |key: &str, press: &Press| vec![Button::call(words.say(key), press).only_for(user.id)];
    chat::message(words.say("forget-ask"))
        .buttons([call("button-forget-now", &Press::Forget), call("button-back", &Press::Page(0))])
}

/// Forgets a user.
pub(crate) fn begin(user: UserId) -> Result<(), Error> {
    let now = clock::now();
    match FORGOTTEN.first(col("user_id").eq(user))? {
        Some(row) => FORGOTTEN.set(row.id, "at", now)?,
        None => _ = FORGOTTEN.insert(&Forgotten { user_id: user, at: now })?,
    }
    // They may have brought the bot into groups; the groups stay as they are.
    for row in CHATS.find(col("brought_by").eq(user))? {
        CHATS.set(row.id, "brought_by", None::<i64>)?;
    }
    timers::at(format!("{END}:{user}"), now + REMEMBERED).data(user.to_string()).set()?;
    go_on(user)
}

/// Deletes what one turn may, and comes back for the rest.
fn go_on(user: UserId) -> Result<(), Error> {
    let mut left = ROWS;
    let mut is_more = false;
    for table in [
        PEOPLE.select::<Whose>(),
        FACTS.select(),
        STATEMENTS.select(),
        HISTORY.select(),
        WEEKS.select(),
        LINES.select(),
        SWITCHES.select(),
    ] {
        is_more |= clear(table, user, &mut left)?;
    }
    if is_more {
        timers::at(format!("{GO_ON}:{user}"), clock::now() + SECOND).data(user.to_string()).set()?;
    }
    Ok(())
}

/// Deletes a user's rows as far as there is room; says whether some are left.
fn clear(table: Table<Whose>, user: UserId, left: &mut usize) -> Result<bool, Error> {
    let limit = u32::try_from(*left + 1).unwrap_or(u32::MAX);
    let rows = table.find(col("user_id").eq(user).ascending("id").limit(limit))?;
    let is_more = rows.len() > *left;
    for row in rows.iter().take(*left) {
        table.delete(row.id)?;
    }
    *left -= rows.len().min(*left);
    Ok(is_more)
}

/// Goes on where a turn had to stop, or takes the mark away.
pub(crate) fn timer(timer: &TimerFired) -> Result<(), Failure> {
    let Ok(user) = timer.data.parse::<UserId>() else { return Ok(()) };
    if timer.key.starts_with(&format!("{END}:")) {
        let over = col("user_id").eq(user).and(col("at").le(timer.due - REMEMBERED));
        for row in FORGOTTEN.find(over)? {
            FORGOTTEN.delete(row.id)?;
        }
        return Ok(());
    }
    Ok(go_on(user)?)
}
