//! The buttons: what each of them means. They are made for their owner alone, and the host sees to it; whose rows they mean
//! is asked again here.

use guesthouse_plugin::{Callback, Failure, chat};
use serde::{Deserialize, Serialize};

use crate::texts::Language;
use crate::{Profile, change, export, forget, show};

/// What a button does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Press {
    /// A page of the profile.
    Page(usize),
    /// One fact, and the page it stands on.
    Fact(i64, usize),
    /// Put it right.
    Correct(i64),
    /// Take it away, and go back to the page.
    Delete(i64, usize),
    /// End the dialogue.
    Cancel,
    /// All of it as a file.
    Export,
    /// Ask whether all of it is to be forgotten.
    AskForget,
    /// Forget it.
    Forget,
}

/// Acts on a button.
pub(crate) fn handle(plugin: &Profile, callback: &Callback) -> Result<(), Failure> {
    let user = &callback.sender;
    let words = plugin.texts.words(Language::of(user));
    let Ok(press) = callback.parse::<Press>() else {
        return Ok(callback.answer_with(&words.say("button-outdated"))?);
    };
    let place = callback.reference();
    match press {
        Press::Page(index) => show::edit(plugin, user, place, index)?,
        Press::Fact(id, page) => match show::fact(plugin, user, id, page)? {
            Some(message) => message.edit(place)?,
            None => return Ok(callback.answer_with(&words.say("fact-gone"))?),
        },
        Press::Correct(id) => {
            if !change::begin(plugin, user, callback.chat.id, id)? {
                return Ok(callback.answer_with(&words.say("fact-gone"))?);
            }
        }
        Press::Delete(id, page) => {
            let key = if change::delete(user.id, id)? { "fact-deleted" } else { "fact-gone" };
            show::edit(plugin, user, place, page)?;
            return Ok(callback.answer_with(&words.say(key))?);
        }
        Press::Cancel => {
            change::cancel()?;
            chat::message(words.say("cancelled")).edit(place)?;
        }
        Press::Export => export::send(user, callback.chat.id)?,
        Press::AskForget => forget::ask(words, user).edit(place)?,
        Press::Forget => {
            forget::begin(user.id)?;
            chat::message(words.say("forgotten")).edit(place)?;
        }
    }
    Ok(callback.answer()?)
}
