//! One card as the admins see it: what stands on it, how often it was checked, its code, its pictures.

use guesthouse_plugin::{Button, Failure, Media, MessageRef, Outgoing, Text, chat, config};
use serde::Deserialize;

use crate::list::Shelf;
use crate::model::{CARDS, Card, Picture};
use crate::press::{Answer, Press};
use crate::texts::{Arg, Words};
use crate::turn::Turn;
use crate::{qr, share, show};

/// The answer to a button of a card that is not there any more.
pub(crate) const GONE: Answer = Answer::Say("card-gone");

/// How much of a description stands in the summary: its caption also holds the code and the link.
const SUMMARY: usize = 300;

#[derive(Deserialize)]
struct Name {
    name: String,
}

/// The name of a card, if there is one.
pub(crate) fn name(id: i64) -> Result<Option<String>, Failure> {
    Ok(CARDS.select::<Name>().get(id)?.map(|card| card.value.name))
}

/// Puts a card in place of a message.
pub(crate) fn edit(turn: &Turn<'_>, place: MessageRef, id: i64) -> Result<Answer, Failure> {
    let Some(card) = CARDS.get(id)? else { return Ok(GONE) };
    view(turn, id, &card).edit(place)?;
    Ok(Answer::Done)
}

/// Shows a card in a new message.
pub(crate) fn open(turn: &Turn<'_>, id: i64) -> Result<Answer, Failure> {
    let Some(card) = CARDS.get(id)? else { return Ok(GONE) };
    view(turn, id, &card).send(turn.chat)?;
    Ok(Answer::Done)
}

fn view(turn: &Turn<'_>, id: i64, card: &Card) -> Outgoing {
    let words = turn.words;
    let call = |key: &str, press: Press| Button::call(words.say(key), &press);
    let switch = if card.active { "button-deactivate" } else { "button-reactivate" };
    let (shelf, list) =
        if card.active { (Shelf::Active, "button-list") } else { (Shelf::Retired, "button-retired-list") };
    chat::message(facts(words, card, &config::me().username)).buttons([
        vec![call("button-pictures", Press::Pictures(id)), call("button-qr", Press::Qr(id))],
        vec![call("button-edit", Press::EditMenu(id)), call("button-log", Press::Log(id, 0))],
        vec![share::button(words, &card.name, &card.code), call(switch, Press::Switch(id, !card.active))],
        vec![call(list, Press::List(shelf, 0))],
    ])
}

/// All that is known of a card.
fn facts(words: Words<'_>, card: &Card, bot: &str) -> Text {
    let mut text = words.tell("as-said", &[("text", Arg::Bold(&card.name))]);
    if let Some(description) = &card.description {
        text = text.newline().plain(words.tell("as-said", &[("text", Arg::Said(description))]));
    }
    if !card.active {
        text = text.plain("\n\n").plain(words.say("card-inactive"));
    }
    text = text.plain("\n\n").plain(code_and_link(words, card, bot)).plain("\n\n");
    text = match card.first_check {
        None => text.plain(words.say("card-unchecked")),
        Some(first) => {
            let args =
                [("count", Arg::Count(card.checks)), ("users", Arg::Count(card.users)), ("first", Arg::Time(first))];
            text.plain(words.tell("card-checked", &args))
        }
    };
    let args = [("time", Arg::Time(card.created)), ("who", Arg::Person(&card.creator, card.created_by))];
    text.newline().plain(words.tell("card-created", &args))
}

fn code_and_link(words: Words<'_>, card: &Card, bot: &str) -> Text {
    let link = card.code.link(bot);
    words.tell("code-and-link", &[("code", Arg::Mono(&card.code.to_string())), ("link", Arg::Link(&link))])
}

/// Shows a new card: its QR code, and under it the code and the link.
pub(crate) fn summary(turn: &Turn<'_>, id: i64, card: &Card) -> Result<(), Failure> {
    let bot = config::me().username;
    let text = summary_text(turn.words, card, &bot);
    let buttons = [
        vec![share::button(turn.words, &card.name, &card.code)],
        vec![
            Button::call(turn.words.say("button-qr-file"), &Press::QrFile(id)),
            Button::call(turn.words.say("button-open"), &Press::Open(id)),
        ],
        vec![Button::call(turn.words.say("button-add"), &Press::Add)],
    ];
    chat::message(text).buttons(buttons).send_photo(turn.chat, drawn(card, &bot)?)?;
    Ok(())
}

fn summary_text(words: Words<'_>, card: &Card, bot: &str) -> Text {
    let mut text = words.tell("summary", &[("name", Arg::Bold(&card.name))]);
    if let Some(description) = &card.description {
        text = text.newline().plain(words.tell("as-said", &[("text", Arg::Said(&shorten(description, SUMMARY)))]));
    }
    let packaged = if card.packaged.is_some() { "summary-packaged" } else { "summary-unpackaged" };
    text.newline().plain(words.say(packaged)).plain("\n\n").plain(code_and_link(words, card, bot))
}

/// The beginning of a text, up to so many UTF-16 units.
fn shorten(text: &str, limit: usize) -> String {
    if text.encode_utf16().count() <= limit {
        return text.to_owned();
    }
    let mut left = limit - 1;
    let kept = text.chars().take_while(|char| {
        let fits = char.len_utf16() <= left;
        left = left.saturating_sub(char.len_utf16());
        fits
    });
    kept.chain(['…']).collect()
}

/// Sends the pictures of a card.
pub(crate) fn pictures(turn: &Turn<'_>, id: i64) -> Result<Answer, Failure> {
    #[derive(Deserialize)]
    struct Pictures {
        name: String,
        photo: Picture,
        packaged: Option<Picture>,
    }
    let Some(card) = CARDS.select::<Pictures>().get(id)? else { return Ok(GONE) };
    let text = turn.words.tell("as-said", &[("text", Arg::Bold(&card.name))]);
    let open = Button::call(turn.words.say("button-open"), &Press::Open(id));
    show::pictures(turn, &card.photo, card.packaged.as_ref(), chat::message(text).buttons([[open]]))?;
    Ok(Answer::Done)
}

/// Sends the QR code of a card again.
pub(crate) fn qr(turn: &Turn<'_>, id: i64) -> Result<Answer, Failure> {
    let Some(card) = CARDS.get(id)? else { return Ok(GONE) };
    let bot = config::me().username;
    let heading = turn.words.tell("as-said", &[("text", Arg::Bold(&card.name))]);
    let text = heading.plain("\n\n").plain(code_and_link(turn.words, &card, &bot));
    let file = Button::call(turn.words.say("button-qr-file"), &Press::QrFile(id));
    let buttons = [vec![share::button(turn.words, &card.name, &card.code)], vec![file]];
    chat::message(text).buttons(buttons).send_photo(turn.chat, drawn(&card, &bot)?)?;
    Ok(Answer::Done)
}

/// Sends the QR code of a card as a file: Telegram blurs photos, which a printer shows.
pub(crate) fn qr_file(turn: &Turn<'_>, id: i64) -> Result<Answer, Failure> {
    let Some(card) = CARDS.get(id)? else { return Ok(GONE) };
    let text = turn.words.tell("as-said", &[("text", Arg::Bold(&card.name))]);
    chat::message(text).send_document(turn.chat, drawn(&card, &config::me().username)?)?;
    Ok(Answer::Done)
}

fn drawn(card: &Card, bot: &str) -> Result<Media, Failure> {
    let png = qr::draw(&card.code.link(bot), &card.code.to_string()).map_err(Failure::give_up)?;
    Ok(Media::upload(format!("{}.png", card.code), png))
}

/// Asks whether a card is really to be deactivated, or activated again.
pub(crate) fn ask_switch(turn: &Turn<'_>, place: MessageRef, id: i64, active: bool) -> Result<Answer, Failure> {
    let Some(name) = name(id)? else { return Ok(GONE) };
    let (question, yes) =
        if active { ("ask-reactivate", "button-reactivate") } else { ("ask-deactivate", "button-deactivate") };
    let text = turn.words.tell(question, &[("name", Arg::Bold(&name))]);
    let yes = Button::call(turn.words.say(yes), &Press::SwitchNow(id, active));
    let no = Button::call(turn.words.say("button-back"), &Press::Card(id));
    chat::message(text).buttons([[yes, no]]).edit(place)?;
    Ok(Answer::Done)
}

/// Deactivates a card or activates it again.
pub(crate) fn switch(turn: &Turn<'_>, place: MessageRef, id: i64, active: bool) -> Result<Answer, Failure> {
    if name(id)?.is_none() {
        return Ok(GONE);
    }
    CARDS.set(id, "active", active)?;
    edit(turn, place, id)?;
    Ok(Answer::Say(if active { "reactivated" } else { "deactivated" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::talk::{MAX_DESCRIPTION, MAX_NAME};
    use crate::texts::{Language, Texts};

    #[test]
    fn the_longest_card_fits_its_messages() {
        let texts = Texts::new(crate::texts::SOURCES);
        let card = Card {
            code: Code::from_random(&"7".repeat(18)),
            name: "ק".repeat(MAX_NAME),
            description: Some("😀".repeat(MAX_DESCRIPTION / 2)),
            photo: Picture::Photo(String::new()),
            packaged: None,
            active: false,
            checks: 1_000_000,
            users: 1_000_000,
            first_check: Some(0),
            created: 0,
            created_by: 1,
            creator: "w".repeat(129),
        };
        let bot = "b".repeat(32);
        for language in Language::ALL {
            let words = texts.words(language);
            let caption = summary_text(words, &card, &bot).utf16_len();
            assert!(caption <= 1024, "{language:?}: {caption}");
            assert!(facts(words, &card, &bot).utf16_len() <= 4096);
        }
    }

    #[test]
    fn a_text_is_not_cut_within_a_character() {
        assert_eq!(shorten("abc", 3), "abc");
        assert_eq!(shorten("abcd", 3), "ab…");
        assert_eq!(shorten("😀😀", 3), "😀…");
        assert_eq!(shorten("a😀😀", 3), "a…");
    }
}
