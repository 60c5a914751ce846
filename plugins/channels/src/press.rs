//! The buttons: what each of them means, and who acts on it.

use guesthouse_plugin::{Callback, Failure};
use serde::{Deserialize, Serialize};

use crate::editor::{self, Knob};
use crate::turn::Turn;
use crate::{list, parse, why};

/// Whose rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Target {
    /// Those for all channels.
    All,
    /// Those of one subscription.
    One(i64),
}

/// What a button does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Press {
    /// The list, from this place.
    Channels(u32),
    /// One channel.
    Channel(i64),
    /// Pause it, or go on.
    Pause(i64, bool),
    /// Remove it; asks first.
    Remove(i64),
    /// The same, after the question.
    RemoveNow(i64),
    /// The rules.
    Rules(Target),
    /// Write them down anew.
    Write(Target),
    /// What can be chosen for one line of them.
    Knob(Target, Knob),
    /// Choose.
    Turn(Target, Knob, usize),
    /// Keep the draft.
    Save,
    /// Drop the draft.
    Drop,
    /// Why a post came, or did not.
    Why(i64),
    /// The posts that were left out.
    LeftOut,
    /// Read all channels now.
    ParseAll,
}

/// What the user is told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The message says it all.
    Done,
    /// This text, over the chat.
    Say(&'static str),
}

/// Acts on a button.
pub(crate) fn handle(turn: &Turn<'_>, callback: &Callback) -> Result<(), Failure> {
    let Ok(press) = callback.parse::<Press>() else {
        return Ok(callback.answer_with(&turn.words.say("button-outdated"))?);
    };
    let place = callback.reference();
    let answer = match press {
        Press::Channels(from) => list::edit(turn, place, from)?,
        Press::Channel(id) => list::channel(turn, place, id)?,
        Press::Pause(id, paused) => list::switch(turn, place, id, paused)?,
        Press::Remove(id) => list::ask_remove(turn, place, id)?,
        Press::RemoveNow(id) => list::remove(turn, place, id)?,
        Press::Rules(target) => editor::show(turn, place, target)?,
        Press::Write(target) => editor::write(turn, place, target)?,
        Press::Knob(target, knob) => editor::choose(turn, place, target, knob)?,
        Press::Turn(target, knob, index) => editor::turn(turn, place, target, knob, index)?,
        Press::Save => editor::save(turn, place)?,
        Press::Drop => editor::drop_draft(turn, place)?,
        Press::Why(entry) => why::entry(turn, entry)?,
        Press::LeftOut => why::left_out(turn)?,
        Press::ParseAll => parse::begin(turn)?,
    };
    match answer {
        Answer::Done => callback.answer()?,
        Answer::Say(key) => callback.answer_with(&turn.words.say(key))?,
    }
    Ok(())
}
