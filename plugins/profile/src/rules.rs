//! What somebody says of themselves in one message, found by rules in English, Russian and Hebrew. It knows neither tables
//! nor chats: a text goes in, facts come out.
//!
//! 1. The text becomes words (`words`): quotations are left out, contractions are written out, numbers, addresses and
//!    links are recognised.
//! 2. Words are joined to sentences and clauses (`clauses`). Questions, hypotheses, what others said and what was meant as a
//!    joke tell nothing.
//! 3. Patterns (`patterns`, data in `patterns/*.txt`) are looked for. Each needs the first person, in itself or just before.
//! 4. What stands in a pattern's slot is looked up (`slots`, `lexicon`) and brought into one form (`fact`).
//!
//! All tables are made once, in [`Rules::new`], and kept in the plugin's snapshot. A word is looked at by those patterns only
//! that begin with it.

pub mod fact;

mod clauses;
mod dates;
mod inflect;
mod jobs;
mod lexicon;
mod patterns;
mod slots;
mod words;
mod zones;

use std::ops::Range;

pub use fact::{Fact, Field};
use lexicon::Lexicon;
use patterns::Patterns;

/// A longer text is hardly somebody's own talk of themselves; the rest of it is not read.
const MAX_TEXT: usize = 4000;

/// A text of more bytes than that is believed less.
const LONG_TEXT: usize = 1500;

/// The tables behind the rules.
#[derive(Debug)]
pub struct Rules {
    lexicon: Lexicon,
    patterns: Patterns,
}

impl Default for Rules {
    fn default() -> Self {
        Self::new()
    }
}

impl Rules {
    /// Makes the tables. This is the work that the snapshot spares every turn.
    ///
    /// # Panics
    ///
    /// If a table is malformed, which a test rules out.
    pub fn new() -> Self {
        Self { lexicon: Lexicon::new(), patterns: Patterns::new() }
    }

    /// What a message says of its writer. `foreign` are the parts of it, in bytes, that are not the writer's own words:
    /// quotations, code.
    pub fn read(&self, text: &str, foreign: &[Range<usize>]) -> Vec<Fact> {
        let text = &text[..text.floor_char_boundary(MAX_TEXT)];
        let words = words::split(text, foreign);
        let clauses = clauses::Clauses::of(&words);
        if clauses.is_joke() {
            return Vec::new();
        }
        let mut facts: Vec<Fact> = Vec::new();
        for found in self.patterns.find(&words, &clauses, &self.lexicon) {
            let quote = clauses.quote(text, &words, found.words.clone());
            let weight = if text.len() > LONG_TEXT { 0.6 } else { 1.0 };
            let fact = Fact { field: found.field, value: found.value, confidence: found.confidence * weight, quote };
            match facts.iter_mut().find(|known| self.are_same(known, &fact)) {
                // "My wife Anna", and before that "my wife".
                Some(known) if known.confidence < fact.confidence || known.value.len() < fact.value.len() => {
                    *known = fact
                }
                Some(_) => {}
                None => facts.push(fact),
            }
        }
        // "My daughter Emma" is no second daughter.
        let named: Vec<String> = facts
            .iter()
            .filter_map(|fact| fact.value.split_once(": "))
            .map(|(relation, _)| relation.to_owned())
            .collect();
        facts.retain(|fact| fact.field != Field::Family || !named.contains(&fact.value));
        facts
    }

    /// What makes two values the same: "Moscow" and "Москва" are.
    pub fn key(&self, field: Field, value: &str) -> String {
        self.lexicon.key(field, value)
    }

    /// A value in the form in which it is kept, or nothing if it is none of this field.
    pub fn check(&self, field: Field, value: &str) -> Option<String> {
        self.lexicon.check(field, value)
    }

    /// What a language is called in English (0), Russian (1) or Hebrew (2), by its code.
    pub fn language_name(&self, code: &str, column: usize) -> Option<&str> {
        self.lexicon.language_name(code, column)
    }

    fn are_same(&self, one: &Fact, other: &Fact) -> bool {
        one.field == other.field && self.key(one.field, &one.value) == self.key(other.field, &other.value)
    }

    /// The topics of a text: the pastimes it names, as they are kept.
    pub fn topics(&self, text: &str) -> Vec<String> {
        let words = words::split(text, &[]);
        self.lexicon.interests_in(&words)
    }
}

#[cfg(test)]
mod tests;
