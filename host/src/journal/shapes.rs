//! A record without anybody's words: what remains is which kinds, tables and methods, how many and how long. Pure.
//!
//! Nothing is known of what a plugin keeps in a text, so every text goes but those whose place says that an author or the
//! operator wrote them. So do the contents of cells, whatever their type, and places on the earth.

use serde_json::Value;

/// Where texts are kept.
const KEPT: [&str; 13] = [
    "bot",
    "me",
    "plugin",
    "processor",
    "digest",
    "settings",
    "seed",
    "table",
    "column",
    "columns",
    "method",
    "kind",
    "others",
];

/// Takes the words out.
pub(super) fn without_words(record: &mut Value) {
    shape("", record);
    if let Some(record) = record.as_object_mut() {
        record.insert("raw".into(), "".into());
        record.insert("shapes".into(), true.into());
    }
}

fn shape(key: &str, value: &mut Value) {
    match (key, value) {
        (key, Value::String(_) | Value::Array(_)) if KEPT.contains(&key) => {}
        ("me" | "others", _) => {}
        // The contents of a cell.
        ("Integer", value) => *value = 0.into(),
        ("Boolean", value) => *value = false.into(),
        (_, Value::String(text)) => *text = format!("…{}", text.chars().count()),
        // The columns' names stay.
        ("cells", Value::Array(cells)) => {
            for cell in cells {
                if let Some(content) = cell.get_mut(1) {
                    shape("", content);
                }
            }
        }
        ("Is", Value::Array(parts)) => parts.iter_mut().skip(2).for_each(|value| shape("", value)),
        // Of a failure the word for its kind stays as the key.
        (_, Value::Array(values)) => values.iter_mut().for_each(|value| shape("", value)),
        (_, Value::Object(fields)) => fields.iter_mut().for_each(|(key, value)| shape(key, value)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_go_and_shapes_stay() {
        let mut record = json!({
            "bot": "main", "plugin": "cards", "raw": "{\"text\":\"secret\"}", "now": 5,
            "me": { "id": 1, "username": "a_bot", "name": "A" },
            "event": { "Message": { "id": 3, "chat": { "id": 7, "kind": "Private", "title": "secret" },
                "text": { "content": "secret" }, "content": { "Location": { "latitude": "1.5" } } } },
            "reads": [{ "Find": { "query": { "table": "cards", "columns": ["name"],
                "filter": { "Is": ["name", "Eq", { "Text": "secret" }] } },
                "seen": [{ "id": 9, "cells": [["name", { "Text": "secret" }], ["age", { "Integer": 41 }]] }] } }],
            "failure": { "Trap": "secret" },
            "left_out": ["request 0: GET https://example.org/?q=secret"],
        });
        without_words(&mut record);
        let text = record.to_string();
        assert!(!text.contains("secret") && !text.contains("41") && !text.contains("1.5"), "{text}");
        assert_eq!(record["event"]["Message"]["chat"], json!({ "id": 7, "kind": "Private", "title": "…6" }));
        assert_eq!(record["reads"][0]["Find"]["query"]["filter"]["Is"], json!(["name", "Eq", { "Text": "…6" }]));
        assert_eq!(record["reads"][0]["Find"]["seen"][0]["cells"][0], json!(["name", { "Text": "…6" }]));
        assert_eq!((&record["failure"], &record["me"]["name"]), (&json!({ "Trap": "…6" }), &json!("A")));
    }
}
