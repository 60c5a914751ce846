//! The patterns: data in `patterns/*.txt`, read once, and looked for by the word that they begin with.

use std::collections::HashMap;
use std::ops::Range;

use super::Field;
use super::clauses::Clauses;
use super::lexicon::Lexicon;
use super::slots::Slot;
use super::words::{Kind, Word};

#[derive(Debug)]
enum Item {
    One(Vec<String>),
    Maybe(Vec<String>),
    /// A mark, or the end of the text.
    End,
    /// A slot, the letters that its first word begins with, and whether its values hold against those of later slots.
    Slot(String, Slot, bool),
}

#[derive(Debug)]
struct Pattern {
    field: Field,
    /// What is kept, with `#` for what the slot read.
    template: Option<String>,
    confidence: f64,
    names_nobody: bool,
    items: Vec<Item>,
}

/// All patterns.
#[derive(Debug)]
pub(super) struct Patterns {
    all: Vec<Pattern>,
    by_word: HashMap<String, Vec<usize>>,
    by_slot: Vec<usize>,
}

/// What a pattern found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) field: Field,
    pub(super) value: String,
    pub(super) confidence: f64,
    pub(super) words: Range<usize>,
}

impl Patterns {
    pub(super) fn new() -> Self {
        let sources =
            [include_str!("patterns/en.txt"), include_str!("patterns/ru.txt"), include_str!("patterns/he.txt")];
        let lines = sources.iter().flat_map(|source| source.lines());
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let all: Vec<_> = lines.map(|line| parse(line).unwrap_or_else(|| panic!("no pattern: {line}"))).collect();
        let mut by_word: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_slot = Vec::new();
        for (index, pattern) in all.iter().enumerate() {
            match &pattern.items[0] {
                Item::One(words) => {
                    words.iter().for_each(|word| by_word.entry(word.clone()).or_default().push(index));
                }
                Item::Maybe(_) | Item::End | Item::Slot(..) => by_slot.push(index),
            }
        }
        Self { all, by_word, by_slot }
    }

    /// Everything that is said, in the order in which it is.
    pub(super) fn find(&self, words: &[Word], clauses: &Clauses, lexicon: &Lexicon) -> Vec<Found> {
        let mut found = Vec::new();
        let mut meant = Vec::new();
        for at in 0..words.len() {
            if words[at].kind == Kind::Mark {
                continue;
            }
            let plain = self.by_word.get(&words[at].low);
            let joined = words[at].low.strip_prefix(['ו', 'ש']).and_then(|rest| self.by_word.get(rest));
            let candidates = plain.into_iter().chain(joined).flatten().chain(&self.by_slot);
            for pattern in candidates.map(|index| &self.all[*index]) {
                let Some((values, weight, end)) = pattern.read(words, at, lexicon) else { continue };
                if !clauses.is_meant(at, pattern.names_nobody, &meant) {
                    continue;
                }
                meant.push(at);
                for value in values {
                    let value = pattern.template.as_ref().map_or(value.clone(), |form| form.replace('#', &value));
                    let confidence = pattern.confidence * weight;
                    found.push(Found { field: pattern.field, value, confidence, words: at..end });
                }
            }
        }
        found
    }
}

impl Pattern {
    /// What the pattern reads from this word on: the values of its last slot or of the one with a star, how sure, and where it ends.
    fn read(&self, words: &[Word], start: usize, lexicon: &Lexicon) -> Option<(Vec<String>, f64, usize)> {
        let mut at = start;
        let mut values = vec![String::new()];
        let (mut weight, mut is_held) = (1.0, false);
        for item in &self.items {
            match item {
                Item::One(ones) => {
                    is_one(words.get(at)?, ones).then_some(())?;
                    at += 1;
                }
                Item::End => words.get(at).is_none_or(|word| word.kind == Kind::Mark).then_some(())?,
                Item::Maybe(ones) => at += usize::from(words.get(at).is_some_and(|word| is_one(word, ones))),
                Item::Slot(prefix, slot, holds) => {
                    // "my hobby - knitting", "name: Kim"
                    let skips = |word: &Word| word.is_mark(":-–—=(");
                    at += usize::from(prefix.is_empty() && at > start && words.get(at).is_some_and(skips));
                    let (read, used) = read_slot(*slot, prefix, &words[at.min(words.len())..], lexicon)?;
                    if !is_held {
                        values = read.values;
                    }
                    is_held |= *holds;
                    weight *= read.weight;
                    at += used;
                }
            }
        }
        Some((values, weight, at))
    }
}

fn is_one(word: &Word, ones: &[String]) -> bool {
    let is = |low: &str| ones.iter().any(|one| one == low);
    is(&word.low) || word.low.strip_prefix(['ו', 'ש']).is_some_and(is)
}

/// Reads a slot; a prefix is taken from its first word, or is a word (and a hyphen) of its own before a number or a name.
fn read_slot(slot: Slot, prefix: &str, words: &[Word], lexicon: &Lexicon) -> Option<(super::slots::Read, usize)> {
    if prefix.is_empty() {
        let read = slot.read(words, lexicon)?;
        let used = read.used;
        return Some((read, used));
    }
    let first = words.first().filter(|word| word.kind == Kind::Letters)?;
    let rest = first.low.strip_prefix(prefix)?;
    if rest.is_empty() {
        let skip = 1 + usize::from(words.get(1).is_some_and(|word| word.is_mark("-־")));
        let read = slot.read(&words[skip.min(words.len())..], lexicon)?;
        let used = read.used + skip;
        return Some((read, used));
    }
    let raw: String = first.raw.chars().skip(prefix.chars().count()).collect();
    let first = Word { low: rest.to_owned(), raw, ..first.clone() };
    let words: Vec<Word> = std::iter::once(first).chain(words[1..].iter().take(16).cloned()).collect();
    let read = slot.read(&words, lexicon)?;
    let used = read.used;
    Some((read, used))
}

/// Reads a line: field, template, confidence, `~`, items.
fn parse(line: &str) -> Option<Pattern> {
    // A template may hold a space: `children: #`. The confidence is what follows it and begins with `0.`.
    let (head, rest) = line.split_once(" 0.")?;
    let (field, template) = match head.split_once('=') {
        Some((field, template)) => (field, Some(template.to_owned())),
        None => (head, None),
    };
    let (digits, rest) = rest.split_once(' ')?;
    let (names_nobody, rest) = match rest.strip_prefix("~ ") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let items: Vec<Item> = rest.split(' ').map(item).collect::<Option<_>>()?;
    // What may or may not stand first says nothing.
    let first = items.iter().position(|item| !matches!(item, Item::Maybe(_)))?;
    let items = items.into_iter().skip(first).collect();
    let confidence = format!("0.{digits}").parse().ok()?;
    Some(Pattern { field: Field::named(field)?, template, confidence, names_nobody, items })
}

fn item(text: &str) -> Option<Item> {
    let words = |inside: &str| inside.split('|').map(str::to_owned).collect();
    if let Some(inside) = text.strip_prefix('(') {
        return Some(Item::One(words(inside.strip_suffix(')')?)));
    }
    if let Some(inside) = text.strip_prefix('[') {
        return Some(Item::Maybe(words(inside.strip_suffix(']')?)));
    }
    if text == "$" {
        return Some(Item::End);
    }
    match text.split_once('{') {
        Some((prefix, slot)) => {
            let slot = slot.strip_suffix('}')?;
            let name = slot.strip_suffix('*').unwrap_or(slot);
            Some(Item::Slot(prefix.to_owned(), Slot::named(name)?, name != slot))
        }
        None => Some(Item::One(vec![text.to_owned()])),
    }
}
