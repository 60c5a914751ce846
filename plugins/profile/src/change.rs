//! Correcting and deleting one fact, by its owner. A correction is a statement like any other, only certain; what it replaces
//! goes into the history. What is deleted is gone, with all statements that say the same.

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{Button, ChatId, Error, Failure, Message, User, UserId, chat, clock, dialogue, update};
use serde::{Deserialize, Serialize};

use crate::Profile;
use crate::alone;
use crate::merge;
use crate::merging;
use crate::model::{FACTS, HISTORY, Method, STATEMENTS, Statement};
use crate::press::Press;
use crate::rules::Field;
use crate::show::{self, field_key};
use crate::texts::{Arg, Language};

/// How long the bot waits for the new value, in seconds.
const PATIENCE: u64 = 600;

/// What one user is talking about.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Talk {
    /// The new value of a fact.
    Correcting { fact: i64, field: Field },
}

/// Asks for the new value of a fact; says whether there is one.
pub(crate) fn begin(plugin: &Profile, user: &User, chat: ChatId, fact: i64) -> Result<bool, Error> {
    let Some(row) = show::own(user.id, fact)? else { return Ok(false) };
    dialogue::set(&Talk::Correcting { fact, field: row.field }, PATIENCE)?;
    ask(plugin, user, chat, row.field, "correct-ask")?;
    Ok(true)
}

fn ask(plugin: &Profile, user: &User, chat: ChatId, field: Field, key: &str) -> Result<(), Error> {
    let words = plugin.texts.words(Language::of(user));
    let example = words.say(&format!("example-{}", field.name()));
    let args = [("field", Arg::Said(&words.say(field_key(field)))), ("example", Arg::Said(&example))];
    let cancel = Button::call(words.say("button-cancel"), &Press::Cancel).only_for(user.id);
    chat::message(words.tell(key, &args)).buttons([[cancel]]).send(chat)?;
    Ok(())
}

/// Ends the dialogue.
pub(crate) fn cancel() -> Result<(), Error> {
    dialogue::clear()
}

/// A message that is no command: the new value that was asked for, or nothing for this plugin.
pub(crate) fn message(plugin: &Profile, message: &Message) -> Result<(), Failure> {
    let user = message.sender.as_ref().filter(|user| !user.is_bot);
    let talk = if user.is_some() && message.is_private() { dialogue::get::<Talk>()? } else { None };
    let (Some(user), Some(Talk::Correcting { fact, field })) = (user, talk) else {
        return match user {
            _ if update::pass("nobody was asked for a value") => Ok(()),
            Some(user) => Ok(alone::answer(plugin, message, user)?),
            None => Ok(()),
        };
    };
    if alone::is_mute_picture(message) {
        return Ok(());
    }
    let said = message.text.content.trim();
    let Some(value) = plugin.rules.check(field, said) else {
        return Ok(ask(plugin, user, message.chat.id, field, "correct-again")?);
    };
    dialogue::clear()?;
    let words = plugin.texts.words(Language::of(user));
    let match_key = plugin.rules.key(field, &value);
    if let Some(old) = show::own(user.id, fact)?.filter(|old| old.match_key != match_key) {
        // The new value may stand there already, beside the one that was wrong.
        delete_statements(user.id, field, &old.match_key)?;
        FACTS.delete(old.id)?;
        let mut new = old.value.clone();
        (new.value, new.since) = (value.clone(), message.date);
        HISTORY.insert(&merge::past(&old, &new))?;
    }
    merging::merge_now(Statement {
        user_id: user.id,
        field,
        value,
        match_key,
        confidence: 1.0,
        method: Method::User,
        source_chat: message.chat.id,
        source_message: message.id,
        source_link: None,
        quote: said.chars().take(120).collect(),
        said: clock::now(),
        merged: true,
    })?;
    chat::message(words.say("corrected")).send(message.chat.id)?;
    show::page(plugin, user, 0)?.send(message.chat.id)?;
    Ok(())
}

/// Deletes a fact and all that says the same; says whether there was one.
pub(crate) fn delete(user: UserId, id: i64) -> Result<bool, Error> {
    let Some(row) = show::own(user, id)? else { return Ok(false) };
    delete_statements(user, row.field, &row.match_key)?;
    FACTS.delete(row.id)
}

fn delete_statements(user: UserId, field: Field, key: &str) -> Result<(), Error> {
    let same = col("user_id").eq(user).and(col("field").eq(field.name())).and(col("match_key").eq(key));
    for row in STATEMENTS.find(same.limit(500))? {
        STATEMENTS.delete(row.id)?;
    }
    Ok(())
}
