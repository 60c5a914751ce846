//! Who may be read, and that they are told. `may_read` is the rule; it knows neither tables nor chats.
//!
//! 1. Who turned it off for this chat is not read there, nor is anybody where the whole chat was turned off.
//! 2. What was said before somebody was forgotten is not read, however late its turn runs. The mark of that lasts
//!    [`REMEMBERED`]; what is older and of somebody unknown is not read either, so nothing comes back after it is gone.
//! 3. Everybody is told once, in private; a group is told once as a whole.

use guesthouse_plugin::clock::{MINUTE, SECOND};
use guesthouse_plugin::tables::col;
use guesthouse_plugin::{ChatId, Error, Message, Timestamp, User, UserId, chat};

use crate::Profile;
use crate::model::{CHATS, FORGOTTEN, Group, PEOPLE, Person, SWITCHES};
use crate::texts::Language;

/// How long it is known that somebody was forgotten.
pub(crate) const REMEMBERED: Timestamp = 10 * MINUTE;

/// What is known of a sender and a chat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Standing {
    is_known: bool,
    forgotten: Option<Timestamp>,
    off_for_user: bool,
    off_for_chat: bool,
}

/// Whether what was said at a time may be read now. Rules 1 and 2.
fn may_read(standing: Standing, said: Timestamp, now: Timestamp) -> bool {
    // Telegram gives whole seconds, so what was said in the second of the forgetting counts as said before it.
    let is_before = standing.forgotten.is_some_and(|at| said <= at);
    let is_stale = !standing.is_known && now - said > REMEMBERED - SECOND;
    !(standing.off_for_user || standing.off_for_chat || is_before || is_stale)
}

/// Whether this message may be read; what it reads makes the turn run again if the answer changes meanwhile.
pub(crate) fn admits(message: &Message, user: UserId, now: Timestamp) -> Result<bool, Error> {
    let standing = Standing {
        is_known: PEOPLE.count(col("user_id").eq(user))? > 0,
        forgotten: FORGOTTEN.first(col("user_id").eq(user))?.map(|row| row.at),
        off_for_user: is_off(user, message.chat.id)?,
        off_for_chat: !message.is_private() && group(message.chat.id)?.is_some_and(|(_, group)| group.off),
    };
    Ok(may_read(standing, message.date, now))
}

/// Whether somebody turned it off for themselves.
pub(crate) fn is_off(user: UserId, chat: ChatId) -> Result<bool, Error> {
    Ok(SWITCHES.count(col("user_id").eq(user).and(col("chat_id").eq(chat)))? > 0)
}

/// What is known of a group.
pub(crate) fn group(chat: ChatId) -> Result<Option<(i64, Group)>, Error> {
    Ok(CHATS.first(col("chat_id").eq(chat))?.map(|row| (row.id, row.value)))
}

/// Somebody was read: remembers whom, and tells them if nobody has yet. Rule 3.
pub(crate) fn meet(plugin: &Profile, message: &Message, user: &User) -> Result<(), Error> {
    let private = message.is_private();
    let known = PEOPLE.first(col("user_id").eq(user.id))?;
    let tell = private && known.as_ref().is_none_or(|person| !person.told);
    match known {
        None => {
            let told_upon = private.then_some(message.id);
            PEOPLE.insert(&Person { user_id: user.id, since: message.date, told: private, told_upon })?;
        }
        Some(person) if tell => {
            PEOPLE.set(person.id, "told", true)?;
            PEOPLE.set(person.id, "told_upon", message.id)?;
        }
        Some(_) => {}
    }
    let words = plugin.texts.words(Language::of(user));
    if tell {
        chat::message(words.say("consent")).silent().send(message.chat.id)?;
    }
    if !private {
        let group = group(message.chat.id)?;
        if group.as_ref().is_none_or(|(_, group)| !group.told) {
            match group {
                Some((id, _)) => CHATS.set(id, "told", true)?,
                None => {
                    let group = Group { chat_id: message.chat.id, told: true, off: false, brought_by: None };
                    CHATS.insert(&group)?;
                }
            }
            chat::message(words.say("consent-group")).silent().send(message.chat.id)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use guesthouse_plugin::clock::HOUR;

    use super::*;

    const NOW: Timestamp = 1_795_262_400_000;

    #[test]
    fn who_turned_it_off_is_not_read() {
        let known = Standing { is_known: true, ..Standing::default() };
        assert!(may_read(known, NOW - 100 * HOUR, NOW), "a host that was down catches up");
        assert!(!may_read(Standing { off_for_user: true, ..known }, NOW, NOW));
        assert!(!may_read(Standing { off_for_chat: true, ..known }, NOW, NOW));
    }

    #[test]
    fn what_was_said_before_the_forgetting_never_comes_back() {
        let at = NOW - 500;
        let forgotten = Standing { forgotten: Some(at), ..Standing::default() };
        assert!(!may_read(forgotten, at - 10 * SECOND, NOW));
        assert!(!may_read(forgotten, at, NOW));
        assert!(may_read(forgotten, at + SECOND, NOW), "a new beginning");
        // Once the mark is gone, all that was said before it is too old.
        let unknown = Standing::default();
        assert!(!may_read(unknown, at, at + REMEMBERED));
        assert!(may_read(unknown, NOW, NOW));
    }
}
