//! Many statements to one profile. Pure: rows go in, changes come out.
//!
//! 1. Statements are taken in the order in which they were said.
//! 2. The same again makes a fact surer, and its source the latest.
//! 3. Of what a person has one of (name, city, whether they are married), another value takes the place of the old one if it
//!    is later and at least [`ENOUGH`] as sure. A fact fades with time, so that something said offhand wins in the end over
//!    what was certain years ago. What was there goes into the history.
//! 4. What the user has put right does not fade, and counts as certain.
//! 5. Of what a person has many of, the most certain [`MOST`] are kept.

use guesthouse_plugin::Timestamp;
use guesthouse_plugin::clock::DAY;

use crate::model::{Fact, Method, Past, Statement};
use crate::rules::Field;

/// How sure a later value has to be, measured by the one that it replaces.
const ENOUGH: f64 = 0.8;

/// So many values of one field.
pub(crate) const MOST: usize = 20;

/// What is to be done.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Changes {
    /// Facts that are there already, with their ids and what they become.
    pub(crate) changed: Vec<(i64, Fact)>,
    /// Facts to add.
    pub(crate) added: Vec<Fact>,
    /// Facts to remove, by their ids.
    pub(crate) removed: Vec<i64>,
    /// What was known before.
    pub(crate) past: Vec<Past>,
}

/// A fact under way: with its id, if it has one, and whether it changed.
struct Held {
    id: Option<i64>,
    fact: Fact,
    is_changed: bool,
}

/// Merges what was said into what is known.
pub(crate) fn merge(known: Vec<(i64, Fact)>, mut said: Vec<Statement>) -> Changes {
    let mut changes = Changes::default();
    let mut held: Vec<Held> =
        known.into_iter().map(|(id, fact)| Held { id: Some(id), fact, is_changed: false }).collect();
    said.sort_by_key(|statement| statement.said);
    for statement in said {
        if let Some(same) = held.iter_mut().find(|held| is_same(&held.fact, &statement)) {
            confirm(&mut same.fact, statement);
            same.is_changed = true;
            continue;
        }
        let rival = held
            .iter_mut()
            .find(|held| slot(held.fact.field, &held.fact.match_key) == slot(statement.field, &statement.match_key));
        match rival {
            None => held.push(Held { id: None, fact: fact(statement), is_changed: true }),
            Some(rival) if replaces(&statement, &rival.fact) => {
                let new = fact(statement);
                changes.past.push(past(&rival.fact, &new));
                rival.fact = new;
                rival.is_changed = true;
            }
            Some(_) => {}
        }
    }
    drop_weakest(&mut held, &mut changes);
    for Held { id, fact, is_changed } in held {
        match id {
            Some(id) if is_changed => changes.changed.push((id, fact)),
            Some(_) => {}
            None => changes.added.push(fact),
        }
    }
    changes
}

fn is_same(fact: &Fact, statement: &Statement) -> bool {
    fact.field == statement.field && fact.match_key == statement.match_key
}

/// What can hold one value only. Rule 3.
fn slot(field: Field, key: &str) -> (Field, &str) {
    let is_state = matches!(key, "married" | "single" | "divorced" | "widowed" | "engaged");
    match field {
        field if field.is_single() => (field, ""),
        Field::Family if is_state => (field, ""),
        field => (field, key),
    }
}

/// Rule 2.
fn confirm(fact: &mut Fact, statement: Statement) {
    fact.times += 1;
    fact.confidence =
        (1.0 - (1.0 - fact.confidence) * (1.0 - statement.confidence / 2.0)).min(0.99_f64.max(fact.confidence));
    if statement.said < fact.seen {
        fact.since = fact.since.min(statement.said);
        return;
    }
    fact.seen = statement.said;
    if statement.method == Method::User {
        (fact.method, fact.confidence) = (Method::User, 1.0);
    }
    // "My wife" after "my wife Anna" takes nothing away.
    if (fact.method != Method::User || statement.method == Method::User) && statement.value.len() >= fact.value.len() {
        fact.value = statement.value;
        fact.quote = statement.quote;
        (fact.source_chat, fact.source_message) = (statement.source_chat, statement.source_message);
        fact.source_link = statement.source_link;
    }
}

/// Rules 3 and 4.
fn replaces(statement: &Statement, fact: &Fact) -> bool {
    statement.said >= fact.seen && statement.confidence >= ENOUGH * faded(fact, statement.said)
}

/// How sure a fact still is at a time.
fn faded(fact: &Fact, now: Timestamp) -> f64 {
    if fact.method == Method::User {
        return 1.0;
    }
    let half_life = match fact.field {
        Field::Age => 365,
        Field::City | Field::Occupation | Field::Timezone => 730,
        _ => 3650,
    };
    let halves = (now - fact.seen).max(0) as f64 / (half_life * DAY) as f64;
    fact.confidence * 0.5_f64.powf(halves)
}

fn fact(statement: Statement) -> Fact {
    let Statement { user_id, field, value, match_key, confidence, method, .. } = statement;
    let Statement { source_chat, source_message, source_link, quote, said, .. } = statement;
    Fact {
        user_id,
        field,
        value,
        match_key,
        confidence,
        method,
        source_chat,
        source_message,
        source_link,
        quote,
        since: said,
        seen: said,
        times: 1,
    }
}

/// What is kept of a fact that another one replaces.
pub(crate) fn past(old: &Fact, new: &Fact) -> Past {
    Past {
        user_id: old.user_id,
        field: old.field,
        value: old.value.clone(),
        confidence: old.confidence,
        quote: old.quote.clone(),
        since: old.since,
        until: new.since,
        replaced_by: new.value.clone(),
    }
}

/// Rule 5.
fn drop_weakest(held: &mut Vec<Held>, changes: &mut Changes) {
    let latest = held.iter().map(|held| held.fact.seen).max().unwrap_or(0);
    for field in Field::ALL {
        while held.iter().filter(|held| held.fact.field == field).count() > MOST {
            let of_field = held.iter().enumerate().filter(|(_, held)| held.fact.field == field);
            let weakest =
                of_field.min_by(|(_, one), (_, other)| faded(&one.fact, latest).total_cmp(&faded(&other.fact, latest)));
            let Some((index, _)) = weakest else { break };
            changes.removed.extend(held.remove(index).id);
        }
    }
}

#[cfg(test)]
mod tests;
