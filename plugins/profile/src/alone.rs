//! What is answered where no plugin after this one is asked, and nobody else has an answer: a person who is alone with the bot
//! must not think that it is gone. In groups it is silent, and so it is at the first contact, where the consent is the answer.
//! It keeps nothing: that is the processors' work.

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{Content, Error, Message, Text, User, chat, clock};

use crate::model::PEOPLE;
use crate::rules::Field;
use crate::show::{field_key, shown};
use crate::texts::{Arg, Language};
use crate::{Profile, consent, extract};

/// Answers a message that nobody wanted.
pub(crate) fn answer(plugin: &Profile, message: &Message, user: &User) -> Result<(), Error> {
    // What has a kind of its own may come from Telegram itself: something was pinned, the bot may write.
    if !message.is_private() || matches!(message.content, Content::Other(_)) {
        return Ok(());
    }
    if is_mute_picture(message) {
        return Ok(());
    }
    let is_read = consent::admits(message, user.id, clock::now())?;
    // Whoever is first, this turn or the processor that tells them, it has to come to the same.
    let is_told_now = match PEOPLE.first(col("user_id").eq(user.id))? {
        Some(person) if person.told => person.told_upon == Some(message.id),
        _ => is_read,
    };
    if is_told_now {
        return Ok(());
    }
    let words = plugin.texts.words(Language::of(user));
    let is_own = !message.forwarded && !extract::is_by_another_bot();
    let facts = if is_read && is_own { extract::facts(plugin, message, user) } else { Vec::new() };
    let named = |field: Field, value: &str| {
        format!("{}: {}", words.say(field_key(field)), shown(&plugin.rules, words, field, value))
    };
    let facts: Vec<_> = facts.iter().map(|(fact, _)| named(fact.field, &fact.value)).collect();
    let text: Text = match facts.as_slice() {
        [] => words.say("unheard").into(),
        // Heard, and not noted: what they have put right before, or said more surely, may hold against it.
        facts => words.tell("heard", &[("facts", Arg::Said(&facts.join("; ")))]),
    };
    chat::message(text).send(message.chat.id)?;
    Ok(())
}

/// Whether a message is a picture of an album without words. An album comes as a message for each picture, and one answer to
/// the words beside them is enough.
pub(crate) fn is_mute_picture(message: &Message) -> bool {
    message.album.is_some() && message.text.content.is_empty()
}
