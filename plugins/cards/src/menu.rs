//! The beginning: greeting, help, and the admins' menu.

use guesthouse_plugin::{Button, Failure, Message, MessageRef, Outgoing, Text, chat, config};

use crate::list::Shelf;
use crate::press::{Answer, Press};
use crate::talk::{self, Talk};
use crate::texts::{Arg, Words};
use crate::turn::Turn;
use crate::{alert, talk::Found};

/// Greets.
pub(crate) fn start(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    let bot = config::me().name;
    let mut text = turn.words.tell("start", &[("bot", Arg::Bold(&bot))]);
    if turn.private && turn.is_admin() {
        text = text.plain("\n\n").plain(turn.words.say("start-admin"));
    }
    turn.answer(message, text)
}

/// Explains.
pub(crate) fn help(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    let mut text = Text::from(turn.words.say("help"));
    if turn.private && turn.is_admin() {
        text = text.plain("\n\n").plain(turn.words.say("help-admin"));
    }
    turn.answer(message, text)
}

/// Shows the menu, to admins and in private; what was begun and not finished is dropped.
pub(crate) fn admin(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    if !turn.is_admin() {
        return turn.answer(message, turn.words.say("admins-only"));
    }
    if !turn.private {
        let here = Button::url(turn.words.say("button-private"), config::deep_link("admin"));
        chat::message(turn.words.say("admin-in-private")).buttons([[here]]).reply_to(message).send(turn.chat)?;
        return Ok(());
    }
    alert::remember_language(turn)?;
    let dropped = match talk::find(turn)? {
        Found::Live(Talk::Adding(_) | Talk::Editing(_)) => Some("draft-dropped"),
        Found::Over => Some("draft-over"),
        Found::Live(Talk::Album(_)) | Found::Nothing => None,
    };
    talk::end()?;
    if let Some(key) = dropped {
        turn.say(turn.words.say(key))?;
    }
    menu(turn.words).send(turn.chat)?;
    Ok(())
}

/// Puts the menu in place of a message.
pub(crate) fn edit(turn: &Turn<'_>, place: MessageRef) -> Result<Answer, Failure> {
    menu(turn.words).edit(place)?;
    Ok(Answer::Done)
}

fn menu(words: Words<'_>) -> Outgoing {
    chat::message(Text::new().bold(words.say("menu"))).buttons([
        [Button::call(words.say("button-add"), &Press::Add)],
        [Button::call(words.say("button-list"), &Press::List(Shelf::Active, 0))],
        [Button::call(words.say("button-stats"), &Press::Stats)],
    ])
}

/// The row that leads back to the menu.
pub(crate) fn back(words: Words<'_>) -> Vec<Button> {
    vec![Button::call(words.say("button-menu"), &Press::Menu)]
}
