//! What two runs of a turn did differently, in words. Pure.
//!
//! 1. Ids and tokens are drawn at random: those that a run made are called by the order in which it made them, so that one
//!    more row does not make every message look different.
//! 2. Messages, rows, timers and buttons are lists in the order of their asking. What both lists begin and end with is
//!    the same; what is between is compared in pairs: of two of one kind the fields that differ are shown, else both.
//! 3. A failure is compared by its words. Of a failed turn nothing else is left.
//! 4. Whatever the two runs did, comparing them takes as long as reading them does, and has no more than so many lines.

use std::collections::HashMap;

use serde_json::Value;

use super::play::Replayed;
use super::record::Recorded;
use crate::sandbox::TurnError;

/// Characters of a value that are shown.
const SHOWN: usize = 160;
/// Differences that are shown.
const MOST: usize = 50;
/// Digits of a number inside of a text that may be an id.
const LONG: std::ops::RangeInclusive<usize> = 12..=19;

/// How a replay compares with its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It did the same.
    Same,
    /// It did something else, a line for each difference.
    Differs(Vec<String>),
    /// It asked what the record has no answer for.
    Diverged(String),
}

impl Verdict {
    /// The difference in words; nothing if there is none.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Same => Vec::new(),
            Self::Differs(lines) => lines.clone(),
            Self::Diverged(question) => vec![format!("diverged: the record has no answer for {question}")],
        }
    }
}

/// Compares a replay with its record.
pub fn compare(recorded: &Recorded<'_>, replayed: &Replayed) -> Verdict {
    if let Some(question) = &replayed.divergence {
        return Verdict::Diverged(question.clone());
    }
    let before = recorded.failure.as_deref().map(TurnError::to_string);
    let now = replayed.failure.as_ref().map(TurnError::to_string);
    if before != now {
        let said = |failure: Option<String>| failure.map_or_else(|| "it succeeded".to_owned(), |why| short(&why));
        // Where one of them failed, all that it did not ask for would be a difference.
        return Verdict::Differs(vec![format!("outcome: {} → {}", said(before), said(now))]);
    }
    let mut lines = Vec::new();
    let (before, now) = (named(&recorded.effects), named(&replayed.effects));
    for (key, what) in [("chat", "message"), ("writes", "row"), ("timers", "timer"), ("callbacks", "button")] {
        lists(what, &before[key], &now[key], &mut lines);
    }
    for key in ["dialogue", "reply", "passed"] {
        if before[key] != now[key] {
            fields(key, &before[key], &now[key], &mut lines);
        }
    }
    if lines.len() > MOST {
        lines.truncate(MOST);
        lines.push(format!("more than {MOST} differences"));
    }
    if lines.is_empty() { Verdict::Same } else { Verdict::Differs(lines) }
}

fn lists(what: &str, before: &Value, now: &Value, lines: &mut Vec<String>) {
    let [before, now] = [before, now].map(|list| list.as_array().map_or(&[][..], Vec::as_slice));
    let same = before.iter().zip(now).take_while(|(a, b)| a == b).count();
    let rest = (before.len() - same).min(now.len() - same);
    let end = before.iter().rev().zip(now.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (gone, came) = (&before[same..before.len() - end], &now[same..now.len() - end]);
    for index in 0..gone.len().max(came.len()) {
        if lines.len() > MOST {
            return;
        }
        let place = format!("{what} {}", same + index + 1);
        match (gone.get(index), came.get(index)) {
            (Some(gone), Some(came)) => match (variant(gone), variant(came)) {
                (Some((name, gone)), Some((other, came))) if name == other => {
                    fields(&format!("{place} ({name})"), gone, came, lines);
                }
                (None, None) => fields(&place, gone, came, lines),
                _ => {
                    lines.push(format!("− {place}: {}", shown(gone)));
                    lines.push(format!("+ {place}: {}", shown(came)));
                }
            },
            (Some(gone), None) => lines.push(format!("− {place}: {}", shown(gone))),
            (None, Some(came)) => lines.push(format!("+ {place}: {}", shown(came))),
            (None, None) => {}
        }
    }
}

/// The kind of an effect and what it says.
fn variant(effect: &Value) -> Option<(&str, &Value)> {
    let object = effect.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, value)| (name.as_str(), value)).filter(|(_, value)| value.is_object())
}

/// The places in which two values differ.
fn fields(path: &str, before: &Value, now: &Value, lines: &mut Vec<String>) {
    match (before, now) {
        _ if lines.len() > MOST => {}
        (a, b) if a == b => {}
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (key, value) in a {
                fields(&format!("{path} {key}"), value, &b[key], lines);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                fields(&format!("{path} {}", index + 1), a, b, lines);
            }
        }
        (Value::String(a), Value::String(b)) => {
            // From a little before the place where they part.
            let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count().saturating_sub(20);
            let from = |text: &str| {
                let rest: String = text.chars().skip(same).collect();
                short(&format!("{}{rest}", if same > 0 { "…" } else { "" }))
            };
            lines.push(format!("{path}: “{}” → “{}”", from(a), from(b)));
        }
        (a, b) => lines.push(format!("{path}: {} → {}", shown(a), shown(b))),
    }
}

fn shown(value: &Value) -> String {
    short(&value.to_string())
}

fn short(text: &str) -> String {
    let line: String = text.chars().take(SHOWN).collect::<String>().replace('\n', "⏎");
    if text.chars().nth(SHOWN).is_some() { format!("{line}…") } else { line }
}

/// What a run asked for, with the ids and tokens that it made called by their order.
pub(super) fn named(effects: &Value) -> Value {
    let (mut names, mut counts) = (HashMap::new(), HashMap::new());
    let mut made = |what: &'static str, id: &Value| {
        let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        names.entry(text).or_insert_with(|| {
            let count = counts.entry(what).or_insert(0);
            *count += 1;
            format!("{what}{count}")
        });
    };
    let list = |key: &str| effects[key].as_array().into_iter().flatten();
    for effect in list("chat").filter_map(|effect| variant(effect).map(|(_, effect)| effect)) {
        if effect["reference"].is_i64() {
            made("message#", &effect["reference"]);
        }
        effect["references"].as_array().into_iter().flatten().for_each(|id| made("message#", id));
    }
    list("writes").filter(|write| write["Insert"].is_object()).for_each(|write| made("row#", &write["Insert"]["id"]));
    list("callbacks").for_each(|callback| made("button#", &callback["token"]));
    let mut effects = effects.clone();
    rename(&mut effects, &names);
    effects
}

fn rename(value: &mut Value, names: &HashMap<String, String>) {
    match value {
        Value::Number(number) if number.is_i64() => {
            if let Some(name) = names.get(&number.to_string()) {
                *value = name.clone().into();
            }
        }
        Value::String(text) => {
            match names.get(text) {
                Some(name) => text.clone_from(name),
                // An id within what a plugin wrote itself, such as the data of a button.
                None if !names.is_empty() => *text = with_names(text, names),
                None => {}
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        Value::Object(fields) => fields.values_mut().for_each(|value| rename(value, names)),
        _ => {}
    }
}

/// A text with the ids at the ends of its numbers called by their names.
fn with_names(text: &str, names: &HashMap<String, String>) -> String {
    let (mut named, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find(|char: char| char.is_ascii_digit()) {
        let end = rest[start..].find(|char: char| !char.is_ascii_digit()).map_or(rest.len(), |length| start + length);
        let id = LONG.rev().filter_map(|digits| end.checked_sub(digits)).filter(|from| *from >= start);
        let id = id.filter_map(|from| Some((from, names.get(&rest[from..end])?))).next();
        let (from, name) = id.map_or((end, ""), |(from, name)| (from, name));
        named.push_str(&rest[..from]);
        named.push_str(name);
        rest = &rest[end..];
    }
    named.push_str(rest);
    named
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differ(before: &Value, now: &Value) -> Vec<String> {
        let (before, now, mut lines) = (named(before), named(now), Vec::new());
        lists("message", &before["chat"], &now["chat"], &mut lines);
        lists("row", &before["writes"], &now["writes"], &mut lines);
        lines
    }

    fn says(reference: i64, text: &str) -> Value {
        json!({ "SendText": { "chat": 7, "reference": reference, "message": { "text": text, "silent": false } } })
    }

    #[test]
    fn what_differs_is_named_and_ids_are_not() {
        let before = json!({ "chat": [says(900_000_000_001, "one"), says(900_000_000_002, "two")] });
        assert_eq!(differ(&before, &json!({ "chat": [says(5, "one"), says(6, "two")] })), [""; 0]);
        assert_eq!(
            differ(&before, &json!({ "chat": [says(5, "one"), says(6, "too")] })),
            ["message 2 (SendText) message text: “two” → “too”"]
        );
        let more =
            differ(&before, &json!({ "chat": [says(5, "one"), json!({ "Action": { "chat": 7 } }), says(6, "two")] }));
        assert_eq!(more, ["+ message 2: {\"Action\":{\"chat\":7}}"]);
        assert_eq!(differ(&before, &json!({ "chat": [] })).len(), 2);
    }

    #[test]
    fn an_id_keeps_its_name_wherever_it_stands() {
        let with = |id: i64| {
            let data = format!("edit:{id}");
            json!({ "writes": [{ "Insert": { "table": "t", "id": id } }, { "Update": { "table": "t", "id": id, "data": data } }] })
        };
        assert_eq!(differ(&with(900_000_000_001), &with(900_000_000_077)), [""; 0]);
    }

    #[test]
    fn an_id_is_found_behind_other_digits() {
        let names = HashMap::from([("900000000001".to_owned(), "row#1".to_owned())]);
        let named = |text: &str| with_names(text, &names);
        assert_eq!(named("a900000000001 b3900000000001c"), "arow#1 b3row#1c");
        assert_eq!(named("900000000002 12 é900000000001"), "900000000002 12 érow#1");
        assert_eq!(named("9000000000011"), "9000000000011");
    }

    /// Every id in every text looked for in every other one, that was once.
    #[test]
    fn what_is_large_is_compared_in_time() {
        let large = |seed: i64| {
            let row = |row: i64| {
                let (id, other) = (seed + row, seed + (row * 7) % 20_000);
                json!({ "Insert": { "table": "t", "id": id, "cells": [["data", { "Text": format!("see {other}") }]] } })
            };
            json!({ "writes": (0..20_000).map(row).collect::<Vec<_>>() })
        };
        let (before, now) = (large(700_000_000_000), large(800_000_000_000));
        #[expect(clippy::disallowed_methods, reason = "a stopwatch")]
        let begun = std::time::Instant::now();
        assert_eq!(differ(&before, &now), [""; 0]);
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    #[test]
    fn no_more_differences_are_shown_than_somebody_reads() {
        let replayed = |text: &str| {
            let chat: Vec<_> = (0..500).map(|number| says(900_000_000_000 + number, text)).collect();
            json!({ "chat": chat })
        };
        let mut lines = Vec::new();
        lists("message", &replayed("a")["chat"], &replayed("b")["chat"], &mut lines);
        assert_eq!(lines.len(), MOST + 1, "one more, so that it is known that there are more");
    }

    #[test]
    fn a_long_text_is_shown_from_where_it_parts() {
        let long = "x".repeat(500);
        let mut lines = Vec::new();
        fields("text", &json!(format!("{long}a")), &json!(format!("{long}b")), &mut lines);
        assert_eq!(lines, [format!("text: “…{0}a” → “…{0}b”", "x".repeat(20))]);
    }
}
