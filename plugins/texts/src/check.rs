//! What the tests of plugins ask of their texts: that they are there, can be said, fit, and are used.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::{Arg, Language, Sources, Texts};

/// What Telegram takes as the description of a command, in characters.
const DESCRIPTION: usize = 256;
/// What a telephone shows of a button.
const LABEL: usize = 60;
/// What Telegram takes as the answer to a pressed button.
const SHORT: usize = 200;

/// The keys of a source and the places in their texts: what has to be the same in every language.
///
/// # Panics
///
/// If a key is there twice.
pub fn keys(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut key = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with(' ')) {
            name.clone_into(&mut key);
            assert!(!keys.contains_key(&key), "{key} is there twice");
            keys.entry(key.clone()).or_default();
        }
        for place in line.split('$').skip(1) {
            let place = place.chars().take_while(|c| c.is_alphanumeric()).collect();
            if let Some(places) = keys.get_mut(&key) {
                places.insert(place);
            }
        }
    }
    keys
}

/// Whether every text is Fluent, exists in every language with the same places, can be said with any number, and fits where
/// it is shown: `command-…` in the menu, `button-…` on a button.
///
/// # Panics
///
/// If not.
pub fn check(sources: Sources) {
    let (texts, english) = (Texts::new(sources), keys(sources[0]));
    for (language, source) in Language::ALL.into_iter().zip(sources) {
        assert_eq!(keys(source), english, "{language:?}");
        for (key, places) in &english {
            for count in [0, 1, 2, 3, 5, 11, 21, 101] {
                let args: Vec<_> = places.iter().map(|place| (place.as_str(), Arg::Count(count))).collect();
                let said = texts.words(language).tell(key, &args).content;
                assert!(!said.is_empty() && !said.contains(['{', '}', '$']), "{language:?} {key}: {said}");
                let length = said.chars().count();
                assert!(!key.starts_with("command-") || length <= DESCRIPTION, "{language:?} {key}");
                assert!(!key.starts_with("button-") || length <= LABEL, "{language:?} {key}");
            }
        }
    }
}

/// Whether these texts fit the answer to a pressed button.
///
/// # Panics
///
/// If not.
pub fn check_short(sources: Sources, keys: &[&str]) {
    let texts = Texts::new(sources);
    for (language, key) in Language::ALL.into_iter().flat_map(|language| keys.iter().map(move |key| (language, key))) {
        assert!(texts.words(language).say(key).chars().count() <= SHORT, "{language:?} {key}");
    }
}

/// Whether the plugin whose `Cargo.toml` stands in `folder` uses every text, written as it is in the sources, and has every
/// text that it uses: those that follow one of `calls`, such as `.say("`. Texts with one of the prefixes `made` are found by
/// keys that are put together.
///
/// # Panics
///
/// If not.
pub fn check_use(sources: Sources, folder: &str, made: &[&str], calls: &[&str]) {
    let (code, english) = (code(folder), keys(sources[0]));
    for key in english.keys().filter(|key| !made.iter().any(|prefix| key.starts_with(prefix))) {
        assert!(code.contains(&format!("\"{key}\"")), "{key} is not used");
    }
    for call in calls {
        for rest in code.split(call).skip(1) {
            let key = rest.split('"').next().unwrap_or_default();
            assert!(english.contains_key(key), "{call}{key}\") is not a text");
        }
    }
}

/// Everything of a plugin that is no test.
fn code(folder: &str) -> String {
    let mut code = String::new();
    let mut folders = vec![PathBuf::from(folder).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("tests.rs") {
                code += &std::fs::read_to_string(path).expect("a source");
            }
        }
    }
    code
}
