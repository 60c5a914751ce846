//! Sharing a card: its deep link in a text that the user sends to a chat of their choice.

use guesthouse_plugin::{Button, config};

use crate::code::Code;
use crate::texts::{Arg, Words};

/// The button that shares a card.
pub(crate) fn button(words: Words<'_>, name: &str, code: &Code) -> Button {
    let link = code.link(&config::me().username);
    Button::share(words.say("button-share"), message(words, name, &link))
}

fn message(words: Words<'_>, name: &str, link: &str) -> String {
    words.tell("share", &[("name", Arg::Said(name)), ("link", Arg::Link(link))]).content
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::{Language, Texts};

    #[test]
    fn the_link_stands_alone_on_its_line() {
        let texts = Texts::new(crate::texts::SOURCES);
        let link = "https://t.me/shop_bot?start=verify_K7QF9M2XAB34CD56EF78";
        for language in Language::ALL {
            let message = message(texts.words(language), "Дракон", link);
            assert!(message.lines().any(|line| line == link), "{message}");
            assert!(message.contains("Дракон"));
        }
    }
}
