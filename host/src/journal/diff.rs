//! What two runs of a turn did differently, in words. Pure.
//!
//! 1. Ids and tokens are drawn at random: those that a run made are called by the order in which it made them, so that one
//!    more row does not make every message look different.
//! 2. Messages, rows, timers and buttons are lists in the order of their asking. What both lists begin and end with is
//!    the same; what is between is compared in pairs: of two of one kind the fields that differ are shown, else both.
//! 3. A failure is compared by its words. Of a failed turn nothing else is left.

use std::collections::HashMap;

use serde_json::Value;

use super::play::Replayed;
use super::record::Recorded;
use crate::sandbox::TurnError;

/// Characters of a value that are shown.
const SHOWN: usize = 160;
/// Digits from which on a number inside of a text is taken for an id.
const LONG: i64 = 100_000_000_000;

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
    if lines.is_empty() { Verdict::Same } else { Verdict::Differs(lines) }
}

fn lists(what: &str, before: &Value, now: &Value, lines: &mut Vec<String>) {
    let all = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let (before, now) = (all(before), all(now));
    let same = before.iter().zip(&now).take_while(|(a, b)| a == b).count();
    let rest = (before.len() - same).min(now.len() - same);
    let end = before.iter().rev().zip(now.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (gone, came) = (&before[same..before.len() - end], &now[same..now.len() - end]);
    for index in 0..gone.len().max(came.len()) {
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
    let mut names: HashMap<String, String> = HashMap::new();
    let mut made = |what: &str, id: &Value| {
        let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        let next = names.values().filter(|name| name.starts_with(what)).count() + 1;
        names.entry(text).or_insert_with(|| format!("{what}{next}"));
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
            if let Some(name) = names.get(text) {
                *text = name.clone();
                return;
            }
            for (id, name) in names {
                // An id within what a plugin wrote itself, such as the data of a button.
                if id.parse::<i64>().is_ok_and(|id| id >= LONG) && text.contains(id.as_str()) {
                    *text = text.replace(id.as_str(), name);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        Value::Object(fields) => fields.values_mut().for_each(|value| rename(value, names)),
        _ => {}
    }
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
    fn a_long_text_is_shown_from_where_it_parts() {
        let long = "x".repeat(500);
        let mut lines = Vec::new();
        fields("text", &json!(format!("{long}a")), &json!(format!("{long}b")), &mut lines);
        assert_eq!(lines, [format!("text: “…{0}a” → “…{0}b”", "x".repeat(20))]);
    }
}
