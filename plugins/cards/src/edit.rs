//! Changing what stands on a card. Its code stays: labels may be in the world already.

use guesthouse_plugin::{Button, Failure, Message, MessageRef, Outgoing, Text, Timestamp, chat, random};
use serde::{Deserialize, Serialize};

use crate::add::{self, Remark};
use crate::card::{self, GONE};
use crate::file;
use crate::model::{CARDS, Card};
use crate::press::{Answer, Press};
use crate::talk::{self, Field, Found, MAX_DESCRIPTION, MAX_NAME, PATIENCE, Talk};
use crate::texts::{Arg, Words};
use crate::turn::Turn;

/// A change for which an answer is due.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Its buttons carry the same number.
    pub(crate) id: u64,
    /// When it is over.
    pub(crate) until: Timestamp,
    /// Of which card.
    pub(crate) card: i64,
    /// Of what.
    pub(crate) field: Field,
    /// The album that was no answer: its other messages are not refused once more.
    pub(crate) refused: Option<String>,
}

impl Field {
    fn column(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Description => "description",
            Self::Photo => "photo",
            Self::Packaged => "packaged",
        }
    }

    fn label(self, words: Words<'_>) -> String {
        words.say(match self {
            Self::Name => "button-edit-name",
            Self::Description => "button-edit-description",
            Self::Photo => "button-edit-photo",
            Self::Packaged => "button-edit-packaged",
        })
    }

    fn question(self) -> &'static str {
        match self {
            Self::Name => "edit-name",
            Self::Description => "edit-description",
            Self::Photo => "edit-photo",
            Self::Packaged => "edit-packaged",
        }
    }

    /// Whether there is something that can be taken away.
    fn is_removable(self, card: &Card) -> bool {
        match self {
            Self::Name | Self::Photo => false,
            Self::Description => card.description.is_some(),
            Self::Packaged => card.packaged.is_some(),
        }
    }
}

/// Puts the choice of what to change in place of a message.
pub(crate) fn menu(turn: &Turn<'_>, place: MessageRef, id: i64) -> Result<Answer, Failure> {
    let Some(name) = card::name(id)? else { return Ok(GONE) };
    let button = |field: Field| Button::call(field.label(turn.words), &Press::Edit(id, field));
    let back = Button::call(turn.words.say("button-back"), &Press::Card(id));
    let rows = [
        vec![button(Field::Name), button(Field::Description)],
        vec![button(Field::Photo), button(Field::Packaged)],
        vec![back],
    ];
    chat::message(turn.words.tell("edit", &[("name", Arg::Bold(&name))])).buttons(rows).edit(place)?;
    Ok(Answer::Done)
}

/// Asks for something new, in place of a message.
pub(crate) fn begin(turn: &Turn<'_>, place: MessageRef, id: i64, field: Field) -> Result<Answer, Failure> {
    let Some(card) = CARDS.get(id)? else { return Ok(GONE) };
    let dropped = matches!(talk::find(turn)?, Found::Live(Talk::Adding(_)));
    let change = Change { id: random::number(), until: turn.now + PATIENCE, card: id, field, refused: None };
    question(turn, &change, &card, None).edit(place)?;
    talk::keep(&Talk::Editing(change))?;
    Ok(if dropped { Answer::Say("draft-dropped") } else { Answer::Done })
}

/// Asks once more.
pub(crate) fn ask_again(turn: &Turn<'_>, mut change: Change, remark: Text) -> Result<(), Failure> {
    let Some(card) = CARDS.get(change.card)? else {
        talk::end()?;
        return turn.say(turn.words.say("card-gone"));
    };
    question(turn, &change, &card, Some(remark)).send(turn.chat)?;
    change.until = turn.now + PATIENCE;
    talk::keep(&Talk::Editing(change))
}

fn question(turn: &Turn<'_>, change: &Change, card: &Card, remark: Option<Text>) -> Outgoing {
    let words = turn.words;
    let args = [
        ("name", Arg::Bold(&card.name)),
        ("limit", Arg::Count(if change.field == Field::Name { MAX_NAME } else { MAX_DESCRIPTION } as i64)),
    ];
    let asked = words.tell(change.field.question(), &args);
    let text = match remark {
        Some(remark) => remark.plain("\n\n").plain(asked),
        None => asked,
    };
    let mut buttons = Vec::new();
    if change.field.is_removable(card) {
        buttons.push(Button::call(words.say("button-remove"), &Press::Remove(change.id)));
    }
    buttons.push(Button::call(words.say("button-cancel"), &Press::Cancel(change.id)));
    chat::message(text).buttons([buttons])
}

/// Takes the answer and shows the card as it is then.
pub(crate) fn message(turn: &Turn<'_>, message: &Message, mut change: Change) -> Result<(), Failure> {
    if !talk::is_said(message) || message.album.is_some() && message.album == change.refused {
        return Ok(());
    }
    if matches!(change.field, Field::Photo | Field::Packaged)
        && let Some(key) = file::flaw(message)?
    {
        change.refused.clone_from(&message.album);
        return ask_again(turn, change, turn.words.say(key).into());
    }
    let value = match change.field {
        Field::Name => add::text(message, "not-a-name").and_then(add::name),
        Field::Description => add::text(message, "not-a-description").and_then(add::description),
        Field::Photo | Field::Packaged => talk::picture(message).map(String::from).map_err(Remark::Plain),
    };
    let value = match value {
        Ok(value) => value,
        Err(remark) => {
            change.refused.clone_from(&message.album);
            return ask_again(turn, change, remark.text(turn));
        }
    };
    talk::end_with(message.album.as_ref())?;
    if card::name(change.card)?.is_none() {
        return turn.say(turn.words.say("card-gone"));
    }
    CARDS.set(change.card, change.field.column(), value)?;
    turn.say(turn.words.say("saved"))?;
    card::open(turn, change.card).map(|_| ())
}

/// Takes away the description or the packaged photo.
pub(crate) fn remove(turn: &Turn<'_>, place: MessageRef, id: u64) -> Result<Answer, Failure> {
    let change = match talk::find(turn)? {
        Found::Live(Talk::Editing(change)) if change.id == id => change,
        found => return talk::outdated(found),
    };
    talk::end()?;
    let Some(card) = CARDS.get(change.card)? else { return Ok(GONE) };
    if change.field.is_removable(&card) {
        CARDS.set(card.id, change.field.column(), None::<String>)?;
    }
    card::edit(turn, place, card.id)?;
    Ok(Answer::Say("saved"))
}
