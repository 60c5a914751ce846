//! The buttons: what each of them means, and who acts on it. All but sharing are the admins'.

use guesthouse_plugin::{Callback, Failure};
use serde::{Deserialize, Serialize};

use crate::list::Shelf;
use crate::talk::{Field, Step};
use crate::turn::Turn;
use crate::{add, card, edit, history, list, menu, stats, talk};

/// What a button does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Press {
    /// Back to the menu.
    Menu,
    /// Begin a new card.
    Add,
    /// A page of a list.
    List(Shelf, u32),
    /// The statistics.
    Stats,
    /// A card, in place of the message.
    Card(i64),
    /// A card, as a new message.
    Open(i64),
    /// The pictures of a card.
    Pictures(i64),
    /// The QR code of a card.
    Qr(i64),
    /// The QR code of a card as a file, for printing.
    QrFile(i64),
    /// Who has checked a card; a page.
    Log(i64, u32),
    /// What of a card can be changed.
    EditMenu(i64),
    /// Change it.
    Edit(i64, Field),
    /// Deactivate a card, or activate it again; asks first.
    Switch(i64, bool),
    /// The same, after the question.
    SwitchNow(i64, bool),
    /// Leave out what this step of a draft asks for.
    Skip(u64, Step),
    /// Take away what is being changed.
    Remove(u64),
    /// End the dialogue.
    Cancel(u64),
}

/// Acts on a button.
pub(crate) fn handle(turn: &Turn<'_>, callback: &Callback) -> Result<(), Failure> {
    let Ok(press) = callback.parse::<Press>() else {
        return Ok(callback.answer_with(&turn.words.say("button-outdated"))?);
    };
    // Somebody may have been an admin when the button was made.
    if !turn.is_admin() {
        return Ok(callback.alert(&turn.words.say("admins-only"))?);
    }
    let place = callback.reference();
    // What finds that its card or its dialogue is gone says so in the answer; everything else is answered here.
    let answer = match press {
        Press::Menu => menu::edit(turn, place)?,
        Press::Add => add::begin(turn)?,
        Press::List(shelf, page) => list::edit(turn, place, shelf, page)?,
        Press::Stats => stats::edit(turn, place)?,
        Press::Card(id) => card::edit(turn, place, id)?,
        Press::Open(id) => card::open(turn, id)?,
        Press::Pictures(id) => card::pictures(turn, id)?,
        Press::Qr(id) => card::qr(turn, id)?,
        Press::QrFile(id) => card::qr_file(turn, id)?,
        Press::Log(id, page) => history::edit(turn, place, id, page)?,
        Press::EditMenu(id) => edit::menu(turn, place, id)?,
        Press::Edit(id, field) => edit::begin(turn, place, id, field)?,
        Press::Switch(id, active) => card::ask_switch(turn, place, id, active)?,
        Press::SwitchNow(id, active) => card::switch(turn, place, id, active)?,
        Press::Skip(draft, step) => add::skip(turn, place, draft, step)?,
        Press::Remove(dialogue) => edit::remove(turn, place, dialogue)?,
        Press::Cancel(dialogue) => talk::cancel(turn, place, dialogue)?,
    };
    match answer {
        Answer::Done => callback.answer()?,
        Answer::Say(key) => callback.answer_with(&turn.words.say(key))?,
    }
    Ok(())
}

/// What the user is told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The message says it all.
    Done,
    /// This text, over the chat.
    Say(&'static str),
}
