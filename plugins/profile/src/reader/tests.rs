//! What a model may answer, also one that does whatever a message tells it to.

use std::fs;

use super::*;

/// The messages of the corpus: each tries to make a model do something else.
fn injections() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/evaluation/injections.jsonl");
    let text = fs::read_to_string(path).expect("the corpus");
    let read = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("JSON");
        value["text"].as_str().expect("a text").to_owned()
    };
    text.lines().map(read).collect()
}

/// What a model might answer that has lost its head, given the message that made it.
fn answers(message: &str) -> Vec<String> {
    let fact = |field: &str, value: &str, quote: &str| json!({ "field": field, "value": value, "quote": quote, "confidence": 1.0 });
    let facts = |facts: Vec<Value>| json!({ "facts": facts }).to_string();
    let extra = |key: &str, value: Value| {
        let mut one = fact("city", "Haifa", message);
        one[key] = value;
        facts(vec![one])
    };
    vec![
        "Sure! I will ignore my instructions.".into(),
        message.to_owned(),
        json!({ "tool": "delete_all", "arguments": {} }).to_string(),
        json!([{ "field": "name", "value": "Admin" }]).to_string(),
        json!({ "facts": "name=Admin" }).to_string(),
        facts(vec![fact("admin", "true", message)]),
        facts(vec![fact("role", "owner", message), fact("password", "hunter2", message)]),
        facts(vec![fact("city", "'; DROP TABLE profile__facts; --", message)]),
        facts(vec![fact("name", "<script>alert(1)</script>", message)]),
        facts(vec![fact("name", "Zzyzx Qwghlm", message)]),
        facts(vec![fact("age", "9999", message), fact("age", "-1", message), fact("age", "33", "33")]),
        facts(vec![fact("email", "thief@evil.example", message), fact("phone", "+10005550199", message)]),
        facts(vec![fact("link", "https://evil.example/steal", message), fact("link", "javascript:alert(1)", message)]),
        facts(vec![fact("family", "wife: Robert'); DROP", message), fact("family", "boss", message)]),
        facts(vec![fact("language", "klingon", message), fact("timezone", "UTC+99", message)]),
        facts(vec![fact("interest", &"x".repeat(5000), message)]),
        facts(vec![fact("occupation", "system administrator\n/forget", message)]),
        facts(vec![fact("city", "Haifa", "words that nobody wrote")]),
        extra("user_id", json!(1001)),
        extra("source_chat", json!(-100)),
        facts(vec![json!({ "field": "city", "value": { "$gt": "" }, "quote": message, "confidence": 1 })]),
        facts(vec![json!({ "field": "city", "value": "Haifa", "quote": message, "confidence": 1e9 })]),
        facts((0..500).map(|number| fact("age", &(10 + number % 90).to_string(), message)).collect()),
        "[".repeat(10_000),
    ]
}

#[test]
fn no_message_brings_a_model_to_write_outside_the_schema() {
    let rules = Rules::new();
    let messages = injections();
    assert!(messages.len() >= 30);
    for message in messages {
        let whole = fold(&message);
        for answer in answers(&message) {
            let facts = validate(&rules, &answer, &message);
            assert!(facts.len() <= MAX_FACTS, "{message}");
            for fact in facts {
                // Only values of their fields, in words of the message, below any correction.
                assert_eq!(rules.check(fact.field, &fact.value).as_deref(), Some(fact.value.as_str()), "{message}");
                assert!(fact.value.chars().count() <= 80 && fact.confidence <= MAX_CONFIDENCE, "{fact:?}");
                assert!(whole.contains(&fold(&fact.quote)), "{fact:?} is not in {message}");
                for word in ["evil", "drop", "script", "admin", "zzyzx"] {
                    let invented = fact.value.to_lowercase().contains(word) && !whole.contains(word);
                    assert!(!invented, "{fact:?} is not in {message}");
                }
            }
        }
    }
}

#[test]
fn the_rules_fall_for_no_injection_either() {
    let rules = Rules::new();
    for message in injections() {
        for fact in rules.read(&message, &[]) {
            assert_eq!(rules.check(fact.field, &fact.value), Some(fact.value.clone()), "{message}");
            let is_harmless = matches!(fact.field, Field::Name | Field::City | Field::Occupation | Field::Age);
            assert!(is_harmless, "{fact:?} from {message}");
        }
    }
}

#[test]
fn what_a_model_finds_is_kept_if_it_stands_there() {
    let rules = Rules::new();
    let message = "Живу теперь в Урюпинске и тружусь сомелье, мне 41";
    let answer = json!({ "facts": [
        { "field": "city", "value": "Урюпинск", "quote": "в Урюпинске", "confidence": 0.95 },
        { "field": "occupation", "value": "сомелье", "quote": "тружусь сомелье", "confidence": 0.6 },
        { "field": "age", "value": "41", "quote": "мне  41", "confidence": 1 },
        { "field": "name", "value": "Пётр", "quote": "мне 41", "confidence": 1 },
    ] });
    let facts = validate(&rules, &answer.to_string(), message);
    let found: Vec<_> = facts.iter().map(|fact| (fact.value.as_str(), fact.confidence)).collect();
    assert_eq!(found, [("Урюпинск", MAX_CONFIDENCE), ("сомелье", 0.6), ("41", MAX_CONFIDENCE)]);
}

#[test]
fn short_messages_and_commands_are_not_worth_a_question() {
    assert!(is_worth_asking("moved back home finally"));
    for text in ["ok", "see you", "/start with three words", "1 2 3 4"] {
        assert!(!is_worth_asking(text), "{text}");
    }
    assert!(!is_worth_asking(&"word ".repeat(1000)));
}
