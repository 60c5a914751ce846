//! What the admins are told without having asked. They are told in their own language and private chat, and a check
//! never fails because of it.

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{Button, Text, UserId, chat, config, log};

use crate::model::{ADMINS, Admin};
use crate::press::Press;
use crate::texts::{Arg, Language, Words};
use crate::turn::Turn;

/// Whether a card that now has so many checkers is suspicious: at the threshold, and each time they have doubled.
pub(crate) fn is_power_step(users: i64, threshold: i64) -> bool {
    users >= threshold && users % threshold == 0 && (users / threshold).count_ones() == 1
}

/// Somebody tries codes.
pub(crate) fn guessing(turn: &Turn<'_>) {
    let name = turn.user.full_name();
    tell_all(turn, |words| {
        let who = [
            ("who", Arg::Person(&name, turn.user.id)),
            ("id", Arg::Mono(&turn.user.id.to_string())),
            ("count", Arg::Count(turn.settings.wrong_codes.into())),
            ("minutes", Arg::Count(turn.settings.wrong_codes_minutes.into())),
        ];
        let mut text = words.tell("alert-guessing", &who);
        if let Some(username) = &turn.user.username {
            text = text.plain(format!("\n@{username}"));
        }
        (text, None)
    });
}

/// Many different people have checked one card.
pub(crate) fn copied(turn: &Turn<'_>, card: i64, name: &str, users: i64) {
    tell_all(turn, |words| {
        let text = words.tell("alert-copied", &[("name", Arg::Bold(name)), ("count", Arg::Count(users))]);
        (text, Some(Button::call(words.say("button-open"), &Press::Open(card))))
    });
}

fn tell_all<'t>(turn: &Turn<'t>, message: impl Fn(Words<'t>) -> (Text, Option<Button>)) {
    for admin in config::admins() {
        let (text, button) = message(turn.texts.words(language(turn, admin)));
        let message = chat::message(text);
        let message = if let Some(button) = button { message.buttons([[button]]) } else { message };
        if let Err(error) = message.send(admin) {
            log::warn(format_args!("the admin `{admin}` was not warned: {error}"));
        }
    }
}

/// The language an admin used last.
fn language(turn: &Turn<'_>, admin: UserId) -> Language {
    if admin == turn.user.id {
        return turn.words.language;
    }
    match ADMINS.first(col("user_id").eq(admin)) {
        Ok(row) => row.map_or(Language::English, |row| Language::tagged(&row.language)),
        Err(_) => Language::English,
    }
}

/// Remembers the language of the admin who is here.
pub(crate) fn remember_language(turn: &Turn<'_>) -> Result<(), guesthouse_plugin::Failure> {
    let language = turn.words.language.tag().to_owned();
    match ADMINS.first(col("user_id").eq(turn.user.id))? {
        Some(row) if row.language == language => {}
        Some(row) => ADMINS.set(row.id, "language", language)?,
        None => _ = ADMINS.insert(&Admin { user_id: turn.user.id, language })?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_power_step;

    #[test]
    fn warnings_come_at_the_threshold_and_at_its_doublings() {
        let steps = |threshold| (1..=100).filter(|users| is_power_step(*users, threshold)).collect::<Vec<_>>();
        assert_eq!(steps(5), [5, 10, 20, 40, 80]);
        assert_eq!(steps(1), [1, 2, 4, 8, 16, 32, 64]);
        assert_eq!(steps(30), [30, 60]);
    }
}
