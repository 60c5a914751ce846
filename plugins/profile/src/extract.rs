//! The processor `extract`: every message, read for what its writer says of themselves. Rules first; the language model, if
//! there is one, adds what they missed. What was found becomes statements; merging them is the next processor's work.

use std::ops::Range;

use guesthouse_plugin::clock::SECOND;
use guesthouse_plugin::tables::col;
use guesthouse_plugin::{
    ChatKind, Content, Entity, EntityKind, Error, Event, Message, Text, Timestamp, User, clock, log, timers, update,
};

use crate::model::{FACTS, Method, STATEMENTS, Statement};
use crate::rules::{Fact, Field};
use crate::{MERGE, Profile, consent, reader};

/// Statements that come within so long are merged together.
const BURST: Timestamp = 5 * SECOND;

/// Reads a message, or again one that was edited.
pub(crate) fn handle(plugin: &Profile, event: &Event) -> Result<(), Error> {
    let Some((message, user)) = own_words(event) else { return Ok(()) };
    let now = clock::now();
    if !consent::admits(message, user.id, now)? {
        return Ok(());
    }
    consent::meet(plugin, message, user)?;
    if matches!(event, Event::EditedMessage(_)) {
        take_back(message, user)?;
    }
    if message.forwarded || is_by_another_bot() {
        return Ok(());
    }
    let mut found = facts(plugin, message, user);
    if plugin.settings.llm && reader::is_worth_asking(&message.text.content) {
        let own = own_text(&message.text);
        match reader::ask(&plugin.rules, &own) {
            Ok(facts) => add_to(plugin, &mut found, facts),
            // The rules have done what they can; no model is no failure.
            Err(error) => log::debug(format_args!("the language model did not read message {}: {error}", message.id)),
        }
    }
    if found.is_empty() && !matches!(event, Event::EditedMessage(_)) {
        return Ok(());
    }
    for (fact, method) in found {
        STATEMENTS.insert(&statement(plugin, message, user, fact, method))?;
    }
    wake_merging(user.id, now)
}

/// Has the user's statements merged, once for a burst of them: the time is the same for all that come within it.
pub(crate) fn wake_merging(user: i64, now: Timestamp) -> Result<(), Error> {
    let at = (now.div_euclid(BURST) + 1) * BURST;
    match timers::at(format!("merge:{user}"), at).data(user.to_string()).processor(MERGE).set() {
        // What was found is worth more than when it is merged: the next statement sets the timer again.
        Err(error) if !error.is_temporary() => {
            log::warn(format_args!("what was said will be merged later: {error}"));
            Ok(())
        }
        result => result,
    }
}

/// The message of an event, if a person wrote it in their own name.
pub(crate) fn own_words(event: &Event) -> Option<(&Message, &User)> {
    let (Event::Message(message) | Event::EditedMessage(message)) = event else { return None };
    let user = message.sender.as_ref().filter(|user| !user.is_bot)?;
    (message.sender_chat.is_none() && message.chat.kind != ChatKind::Channel).then_some((message, user))
}

/// Whether the words come from another bot that the user called within the message.
pub(crate) fn is_by_another_bot() -> bool {
    update::json().contains("\"via_bot\"")
}

/// Whether this is said to the bot and not of oneself.
pub(crate) fn is_command(text: &str) -> bool {
    text.starts_with('/')
}

/// What the rules find in a message.
pub(crate) fn facts(plugin: &Profile, message: &Message, user: &User) -> Vec<(Fact, Method)> {
    let text = &message.text;
    let mut found = Vec::new();
    if let Content::Contact(contact) = &message.content {
        // The button that shares one's own number; anybody else's contact says nothing of the sender.
        let own = contact.user_id == Some(user.id);
        if let Some(value) = plugin.rules.check(Field::Phone, &contact.phone_number).filter(|_| own) {
            let quote = contact.phone_number.clone();
            found.push((Fact { field: Field::Phone, value, confidence: 0.99, quote }, Method::Rules));
        }
    }
    if !is_command(&text.content) {
        let facts = plugin.rules.read(&text.content, &foreign(text));
        found.extend(facts.into_iter().map(|fact| (fact, Method::Rules)));
    }
    found
}

/// Adds what the model found; what both found is surer.
fn add_to(plugin: &Profile, found: &mut Vec<(Fact, Method)>, facts: Vec<Fact>) {
    let key = |fact: &Fact| (fact.field, plugin.rules.key(fact.field, &fact.value));
    for fact in facts {
        match found.iter_mut().find(|(known, _)| key(known) == key(&fact)) {
            Some((known, _)) => known.confidence = (known.confidence + 0.05).min(0.99),
            None => found.push((fact, Method::Llm)),
        }
    }
}

fn statement(plugin: &Profile, message: &Message, user: &User, fact: Fact, method: Method) -> Statement {
    Statement {
        user_id: user.id,
        field: fact.field,
        match_key: plugin.rules.key(fact.field, &fact.value),
        value: fact.value,
        confidence: fact.confidence,
        method,
        source_chat: message.chat.id,
        source_message: message.id,
        source_link: link(message),
        quote: fact.quote,
        said: message.date,
        merged: false,
    }
}

/// The address of a message, where it has one.
fn link(message: &Message) -> Option<String> {
    if message.chat.kind != ChatKind::Supergroup {
        return None;
    }
    if let Some(name) = &message.chat.username {
        return Some(format!("https://t.me/{name}/{}", message.id));
    }
    let id = message.chat.id.to_string();
    id.strip_prefix("-100").map(|id| format!("https://t.me/c/{id}/{}", message.id))
}

/// An edited message does not say any more what it said, unless something else says so too.
fn take_back(message: &Message, user: &User) -> Result<(), Error> {
    let from_here = || {
        let here = col("source_chat").eq(message.chat.id).and(col("source_message").eq(message.id));
        here.and(col("user_id").eq(user.id)).and(col("method").ne("user"))
    };
    for row in STATEMENTS.find(from_here().limit(50))? {
        STATEMENTS.delete(row.id)?;
    }
    for row in FACTS.find(from_here().and(col("times").eq(1)).limit(50))? {
        FACTS.delete(row.id)?;
    }
    Ok(())
}

/// The parts of a text, in bytes, that are not its writer's own words.
pub(crate) fn foreign(text: &Text) -> Vec<Range<usize>> {
    let is_foreign = |entity: &&Entity| {
        use EntityKind::{Blockquote, Code, ExpandableBlockquote, Pre};
        matches!(entity.kind, Blockquote | ExpandableBlockquote | Code | Pre(_))
    };
    let place = |entity: &Entity| {
        let part = text.part(entity);
        // A part is a slice of the content.
        let start = (part.as_ptr() as usize).saturating_sub(text.content.as_ptr() as usize);
        (!part.is_empty()).then(|| start..start + part.len())
    };
    text.entities.iter().filter(is_foreign).filter_map(place).collect()
}

/// The text without those parts.
pub(crate) fn own_text(text: &Text) -> String {
    let mut own = text.content.clone();
    let mut parts = foreign(text);
    parts.sort_by_key(|part| part.start);
    for part in parts.into_iter().rev() {
        if own.get(part.clone()).is_some() {
            own.replace_range(part, " … ");
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotations_and_code_are_not_the_writers_words() {
        let quote = Text { content: "I am a pilot".into(), entities: Vec::new() };
        let length = quote.utf16_len();
        let mut text = Text::from("🦀 ").plain(quote).plain("\nso he wrote. ").code("name = Dan");
        text.entities.insert(0, Entity { kind: EntityKind::Blockquote, offset: 3, length });
        let parts = foreign(&text);
        let said: Vec<_> = parts.into_iter().map(|part| &text.content[part]).collect();
        assert_eq!(said, ["I am a pilot", "name = Dan"]);
        assert_eq!(own_text(&text), "🦀  … \nso he wrote.  … ");
    }
}
