//! Every text in every language, used and within Telegram's limits.

use guesthouse_texts::keys;

use super::*;

#[test]
fn every_text_exists_in_every_language_and_can_be_said() {
    guesthouse_texts::check(SOURCES);
    let (texts, english) = (Texts::new(SOURCES), keys(SOURCES[0]));
    assert!(english.len() > 90);
    for language in Language::ALL {
        for (key, places) in &english {
            for count in [0, 1, 2, 5, 21] {
                let args: Vec<(&str, Arg<'_>)> =
                    places.iter().map(|place| (place.as_str(), Arg::Count(count))).collect();
                let said = texts.words(language).tell(key, &args).content;
                assert!(!said.is_empty() && !said.contains(['{', '}', '$']), "{language:?} {key}: {said}");
                assert!(!key.starts_with("button-") || said.chars().count() <= 60, "{language:?} {key}");
            }
        }
    }
}

#[test]
fn every_text_is_used_and_every_text_used_exists() {
    let mut sources = String::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).expect("the sources") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "rs") {
            sources += &std::fs::read_to_string(path).expect("a source");
        }
    }
    let english = keys(SOURCES[0]);
    // These are put together from what they are for.
    let made = ["command-", "example-", "family-"];
    for key in english.keys().filter(|key| !made.iter().any(|prefix| key.starts_with(prefix))) {
        assert!(sources.contains(&format!("\"{key}\"")), "{key} is not used");
    }
    for call in
        [".say(\"", ".tell(\"", "call(\"", "ask(plugin, user, chat, row.field, \"", "message.chat.id, field, \""]
    {
        for rest in sources.split(call).skip(1) {
            let key = rest.split('"').next().unwrap_or_default();
            assert!(english.contains_key(key), "{call}{key}\") is not a text");
        }
    }
    for field in crate::rules::Field::ALL {
        assert!(english.contains_key(&format!("example-{}", field.name())), "{field:?}");
    }
}

#[test]
fn examples_are_values_of_their_fields() {
    let (texts, rules) = (Texts::new(SOURCES), crate::rules::Rules::new());
    for language in Language::ALL {
        for field in crate::rules::Field::ALL {
            let example = texts.words(language).say(&format!("example-{}", field.name()));
            let example = example.split(" (").next().unwrap_or_default();
            assert!(rules.check(field, example).is_some(), "{language:?} {field:?}: {example}");
        }
    }
}
