//! `/profile off` and `/profile on`: whether somebody is read in a chat. `/profile off all` is for a whole group, by the bot's
//! admins, by who brought the bot there, and by the group's admins who write in its name.

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{ChatId, Command, Error, Failure, User, UserId, clock, config};

use crate::Profile;
use crate::consent;
use crate::model::{CHATS, Group, SWITCHES, Switch};
use crate::texts::Language;

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wish {
    on: bool,
    for_all: bool,
}

/// What the words behind `/profile` mean.
fn wish(argument: &str) -> Option<Wish> {
    let low = argument.to_lowercase();
    let mut words = low.split_whitespace();
    let on = match words.next()? {
        "on" | "вкл" | "включить" | "הפעל" => true,
        "off" | "выкл" | "выключить" | "כבה" => false,
        _ => return None,
    };
    let for_all = match words.next() {
        None => false,
        Some("all" | "все" | "всех" | "כולם") => true,
        Some(_) => return None,
    };
    words.next().is_none().then_some(Wish { on, for_all })
}

/// Does what `/profile …` says.
pub(crate) fn command(plugin: &Profile, command: &Command, user: &User) -> Result<(), Failure> {
    let (words, message) = (plugin.texts.words(Language::of(user)), &command.message);
    let chat = message.chat.id;
    let key = match wish(&command.argument) {
        None => "switch-how",
        Some(Wish { for_all: true, .. }) if message.is_private() => "switch-how",
        Some(Wish { on, for_all: true }) => {
            let in_its_name = message.sender_chat.as_ref().is_some_and(|sender| sender.id == chat);
            if in_its_name || may_decide(chat, user.id)? {
                set_group(chat, !on)?;
                if on { "on-all" } else { "off-all" }
            } else {
                "all-not-allowed"
            }
        }
        Some(Wish { on, .. }) => {
            set_own(user.id, chat, !on)?;
            match (on, message.is_private()) {
                (true, true) => "on-private",
                (false, true) => "off-private",
                (true, false) => "on-group",
                (false, false) => "off-group",
            }
        }
    };
    message.reply(words.say(key)).send(chat).map_err(Failure::from)?;
    Ok(())
}

fn may_decide(chat: ChatId, user: UserId) -> Result<bool, Error> {
    Ok(config::is_admin(user) || consent::group(chat)?.is_some_and(|(_, group)| group.brought_by == Some(user)))
}

fn set_own(user: UserId, chat: ChatId, off: bool) -> Result<(), Error> {
    let row = SWITCHES.first(col("user_id").eq(user).and(col("chat_id").eq(chat)))?;
    match row {
        Some(row) if !off => _ = SWITCHES.delete(row.id)?,
        None if off => _ = SWITCHES.insert(&Switch { user_id: user, chat_id: chat, since: clock::now() })?,
        _ => {}
    }
    Ok(())
}

fn set_group(chat: ChatId, off: bool) -> Result<(), Error> {
    match consent::group(chat)? {
        Some((id, _)) => CHATS.set(id, "off", off),
        None => CHATS.insert(&Group { chat_id: chat, told: false, off, brought_by: None }).map(drop),
    }
}

/// Remembers who brought the bot into a group.
pub(crate) fn brought(chat: ChatId, by: UserId) -> Result<(), Error> {
    match consent::group(chat)? {
        Some((id, _)) => CHATS.set(id, "brought_by", by),
        None => CHATS.insert(&Group { chat_id: chat, told: false, off: false, brought_by: Some(by) }).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_understood_in_three_languages_and_nothing_is_guessed() {
        let is = |on, for_all| Some(Wish { on, for_all });
        assert_eq!([wish("off"), wish("ВЫКЛ"), wish("כבה")], [is(false, false); 3]);
        assert_eq!([wish("on all"), wish("вкл все"), wish("הפעל כולם")], [is(true, true); 3]);
        assert_eq!([wish("of"), wish("off now"), wish("off all please"), wish("")], [None; 4]);
    }
}
