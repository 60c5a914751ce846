//! Every text in every language, with the same places and the right plural forms.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let index = Language::ALL.iter().position(|it| *it == language).expect("one of them");
    guesthouse_texts::keys(SOURCES[index])
}

/// Everything that is no test.
fn sources() -> String {
    let mut sources = String::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                sources += &std::fs::read_to_string(path).expect("a source");
            }
        }
    }
    sources
}

#[test]
fn every_text_exists_in_every_language() {
    guesthouse_texts::check(SOURCES);
    assert!(keys(Language::English).len() > 100);
}

#[test]
fn every_text_is_used_and_every_text_used_exists() {
    let (sources, english) = (sources(), keys(Language::English));
    for key in english.keys().filter(|key| !key.starts_with("command-")) {
        assert!(sources.contains(&format!("\"{key}\"")), "{key} is not used");
    }
    for call in [".say(\"", ".tell(\"", "Say(\"", "button(turn, \"", "button(\""] {
        for rest in sources.split(call).skip(1) {
            let key = rest.split('"').next().unwrap_or_default();
            assert!(english.contains_key(key), "{call}{key}\") is not a text");
        }
    }
}

#[test]
fn every_text_can_be_said() {
    let texts = Texts::new(SOURCES);
    for language in Language::ALL {
        for (key, places) in keys(language) {
            for count in [0, 1, 2, 3, 5, 11, 21, 101] {
                let args: Vec<(&str, Arg<'_>)> =
                    places.iter().map(|place| (place.as_str(), Arg::Count(count))).collect();
                let said = texts.words(language).tell(&key, &args).content;
                assert!(!said.is_empty() && !said.contains(['{', '}', '$']), "{language:?} {key}: {said}");
            }
        }
    }
}

#[test]
fn short_answers_fit_the_window_and_descriptions_the_menu() {
    let texts = Texts::new(SOURCES);
    for language in Language::ALL {
        let words = texts.words(language);
        for key in ["button-outdated", "gone", "rules-saved"] {
            assert!(words.say(key).chars().count() <= 200, "{language:?} {key}");
        }
        for key in keys(language).keys() {
            let length = words.say(key).chars().count();
            assert!(!key.starts_with("command-") || (1..=256).contains(&length), "{language:?} {key}");
            assert!(!key.starts_with("button-") || length <= 60, "{language:?} {key}");
        }
    }
}

#[test]
fn numbers_take_their_plural_forms() {
    let texts = Texts::new(SOURCES);
    let digest = |language, count| texts.words(language).tell("digest", &[("count", Arg::Count(count))]).content;
    let russian = [1, 2, 5, 11, 21].map(|count| digest(Language::Russian, count));
    let expected =
        ["📰 1 новый пост", "📰 2 новых поста", "📰 5 новых постов", "📰 11 новых постов", "📰 21 новый пост"];
    assert_eq!(russian, expected);
    assert_eq!(digest(Language::Hebrew, 2), "📰 שני פוסטים חדשים");
    assert_eq!([1, 2].map(|count| digest(Language::English, count)), ["📰 1 new post", "📰 2 new posts"]);
}
