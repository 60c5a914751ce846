//! The lists of cards, page by page. They name the cards and nothing that changes with every check, so that they do not
//! have to be made again while people check.

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{Button, Failure, MessageRef, Text, chat};
use serde::{Deserialize, Serialize};

use crate::menu;
use crate::model::CARDS;
use crate::press::{Answer, Press};
use crate::texts::{Arg, Words};
use crate::turn::Turn;

/// Which cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Shelf {
    /// Those that can be checked.
    Active,
    /// Those that were deactivated.
    Retired,
}

/// A page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// Which one, from 0.
    pub(crate) index: u32,
    /// How many there are, at least one.
    pub(crate) count: u32,
    /// How many rows come before it.
    pub(crate) offset: u32,
}

impl Page {
    /// The page asked for, or the last one if the list has become shorter since.
    pub(crate) fn of(rows: u64, size: u32, wanted: u32) -> Self {
        let count = u32::try_from(rows.div_ceil(u64::from(size.max(1)))).unwrap_or(u32::MAX).max(1);
        let index = wanted.min(count - 1);
        Self { index, count, offset: index.saturating_mul(size) }
    }

    /// The buttons to the pages before and after it.
    pub(crate) fn buttons(&self, words: Words<'_>, press: impl Fn(u32) -> Press) -> Vec<Button> {
        let mut buttons = Vec::new();
        if self.index > 0 {
            buttons.push(Button::call(words.say("button-previous"), &press(self.index - 1)));
        }
        if self.index + 1 < self.count {
            buttons.push(Button::call(words.say("button-next"), &press(self.index + 1)));
        }
        buttons
    }

    /// "Page 2 of 3", where there is more than one.
    pub(crate) fn text(&self, words: Words<'_>) -> Option<Text> {
        let args = [("page", Arg::Count((self.index + 1).into())), ("pages", Arg::Count(self.count.into()))];
        (self.count > 1).then(|| words.tell("page", &args))
    }
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// Puts a page of a list in place of a message.
pub(crate) fn edit(turn: &Turn<'_>, place: MessageRef, shelf: Shelf, wanted: u32) -> Result<Answer, Failure> {
    let words = turn.words;
    let on = |shelf: Shelf| col("active").eq(shelf == Shelf::Active);
    let total = CARDS.count(on(shelf))?;
    let page = Page::of(total, turn.settings.page_size, wanted);
    let rows = on(shelf).descending("id").limit(turn.settings.page_size).offset(page.offset);
    let cards = CARDS.select::<Name>().find(rows)?;

    let (title, other, other_title) = match shelf {
        Shelf::Active => ("list-active", Shelf::Retired, "button-retired"),
        Shelf::Retired => ("list-retired", Shelf::Active, "button-active"),
    };
    let total = Arg::Count(i64::try_from(total).unwrap_or(i64::MAX));
    let mut text = words.tell(title, &[("count", total)]);
    if let Some(number) = page.text(words) {
        text = text.newline().plain(number);
    }
    let mut buttons: Vec<Vec<Button>> =
        cards.iter().map(|card| vec![Button::call(&card.name, &Press::Card(card.id))]).collect();
    buttons.push(page.buttons(words, |index| Press::List(shelf, index)));
    let others = CARDS.count(on(other))?;
    if others > 0 || shelf == Shelf::Retired {
        let label = words.tell(other_title, &[("count", Arg::Count(i64::try_from(others).unwrap_or(i64::MAX)))]);
        buttons.push(vec![Button::call(label.content, &Press::List(other, 0))]);
    }
    buttons.push(menu::back(words));
    buttons.retain(|row| !row.is_empty());
    chat::message(text).buttons(buttons).edit(place)?;
    Ok(Answer::Done)
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn pages_are_cut_and_kept_within_the_list() {
        let page = |rows, wanted| {
            let page = Page::of(rows, 10, wanted);
            (page.index, page.count, page.offset)
        };
        assert_eq!(page(0, 0), (0, 1, 0));
        assert_eq!(page(10, 0), (0, 1, 0));
        assert_eq!(page(11, 1), (1, 2, 10));
        assert_eq!(page(11, 7), (1, 2, 10), "the list has become shorter");
        assert_eq!(page(100, 9), (9, 10, 90));
    }
}
