//! Who has checked a card, and when: the latest first, page by page.

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{Button, Failure, MessageRef, Text, chat};

use crate::card;
use crate::list::Page;
use crate::model::{CHECKS, Check};
use crate::press::{Answer, Press};
use crate::texts::{Arg, Words};
use crate::turn::Turn;

/// Puts a page of a card's log in place of a message.
pub(crate) fn edit(turn: &Turn<'_>, place: MessageRef, id: i64, wanted: u32) -> Result<Answer, Failure> {
    let words = turn.words;
    let Some(name) = card::name(id)? else { return Ok(card::GONE) };
    let of_card = || col("card").eq(id);
    let total = CHECKS.count(of_card())?;
    let page = Page::of(total, turn.settings.page_size, wanted);
    let rows = of_card().descending("time").limit(turn.settings.page_size).offset(page.offset);
    let checks = CHECKS.find(rows)?;

    let total = Arg::Count(i64::try_from(total).unwrap_or(i64::MAX));
    let mut text = words.tell("log", &[("name", Arg::Bold(&name)), ("count", total)]);
    if let Some(number) = page.text(words) {
        text = text.newline().plain(number);
    }
    for check in &checks {
        text = text.plain("\n\n").plain(entry(words, check));
    }
    let mut buttons = vec![
        page.buttons(words, |index| Press::Log(id, index)),
        vec![Button::call(words.say("button-back"), &Press::Card(id))],
    ];
    buttons.retain(|row| !row.is_empty());
    chat::message(text).buttons(buttons).edit(place)?;
    Ok(Answer::Done)
}

/// When, who, and how to reach them.
fn entry(words: Words<'_>, check: &Check) -> Text {
    let name = match &check.last_name {
        Some(last) => format!("{} {last}", check.first_name),
        None => check.first_name.clone(),
    };
    let id = check.user_id.to_string();
    let args = [("time", Arg::Time(check.time)), ("who", Arg::Person(&name, check.user_id)), ("id", Arg::Mono(&id))];
    let text = words.tell("log-entry", &args);
    match &check.username {
        Some(username) => text.plain(format!(" @{username}")),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::{Language, Texts};
    use crate::turn::MAX_PAGE;

    #[test]
    fn the_longest_page_fits_a_message() {
        let texts = Texts::new(crate::texts::SOURCES);
        // Telegram's limits: 64 characters a name, 32 a username.
        let check = Check {
            card: 1,
            user_id: i64::MAX,
            username: Some("u".repeat(32)),
            first_name: "n".repeat(64),
            last_name: Some("n".repeat(64)),
            time: 0,
        };
        for language in Language::ALL {
            let length = entry(texts.words(language), &check).utf16_len() + 2;
            assert!(length * MAX_PAGE + 300 <= 4096, "{language:?}: {length}");
        }
    }
}
