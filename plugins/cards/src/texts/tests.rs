//! Every text in every language, with the right plural forms and nothing inside of what people copy.

use guesthouse_plugin::EntityKind;
use guesthouse_texts::keys;

use super::*;

#[test]
fn every_text_exists_in_every_language() {
    guesthouse_texts::check(SOURCES);
    assert!(keys(SOURCES[0]).len() > 100);
}

/// A key is written as it is in the sources, so that this test can find it.
#[test]
fn every_text_is_used_and_every_text_used_exists() {
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
    let english = keys(SOURCES[0]);
    for key in english.keys().filter(|key| !key.starts_with("command-")) {
        assert!(sources.contains(&format!("\"{key}\"")), "{key} is not used");
    }
    for call in [
        ".say(\"",
        ".tell(\"",
        "refuse(\"",
        "Say(\"",
        "Plain(\"",
        "call(\"",
        "caption(\"",
        "Err(\"",
        "Named(\"",
        "TooLong(\"",
    ] {
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
        for (key, places) in keys(SOURCES[Language::ALL.iter().position(|it| *it == language).unwrap()]) {
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
        for key in ["draft-dropped", "draft-over", "button-outdated", "admins-only", "card-gone", "saved"] {
            assert!(words.say(key).chars().count() <= 200, "{language:?} {key}");
        }
        for key in keys(SOURCES[Language::ALL.iter().position(|it| *it == language).unwrap()]).keys() {
            let length = words.say(key).chars().count();
            assert!(!key.starts_with("command-") || (1..=256).contains(&length), "{language:?} {key}");
            assert!(!key.starts_with("button-") || length <= 60, "{language:?} {key}");
        }
    }
}

#[test]
fn numbers_take_their_plural_forms() {
    let texts = Texts::new(SOURCES);
    let minutes = |language, count| texts.words(language).tell("minutes", &[("count", Arg::Count(count))]).content;
    let russian = |count| minutes(Language::Russian, count);
    assert_eq!(
        [1, 2, 5, 11, 21, 22, 25, 112].map(russian),
        ["1 минуту", "2 минуты", "5 минут", "11 минут", "21 минуту", "22 минуты", "25 минут", "112 минут"]
    );
    assert_eq!([1, 2, 5].map(|count| minutes(Language::Hebrew, count)), ["דקה אחת", "שתי דקות", "5 דקות"]);
    assert_eq!([1, 2].map(|count| minutes(Language::English, count)), ["1 minute", "2 minutes"]);
    let checked = |language, count| {
        let args = [("count", Arg::Count(count)), ("first", Arg::Time(1_795_269_912_345))];
        texts.words(language).tell("checked", &args).content
    };
    assert_eq!(checked(Language::English, 2), "Checked 2 times, first on 2026-11-21 14:05 UTC.");
    assert_eq!(checked(Language::Russian, 22), "Проверена 22 раза, впервые 2026-11-21 14:05 UTC.");
    assert_eq!(checked(Language::Hebrew, 2), "נבדק פעמיים, לראשונה ב־\u{2066}2026-11-21 14:05 UTC\u{2069}.");
}

#[test]
fn what_people_copy_holds_no_marks() {
    let texts = Texts::new(SOURCES);
    let code = crate::code::Code::from_random("777777777777777777");
    let link = code.link("shop_bot");
    for language in Language::ALL {
        let args = [("code", Arg::Mono(&code.to_string())), ("link", Arg::Link(&link))];
        let text = texts.words(language).tell("code-and-link", &args);
        let [entity] = text.entities.as_slice() else { panic!("{language:?}: {text:?}") };
        assert_eq!((&entity.kind, text.part(entity)), (&EntityKind::Code, code.to_string().as_str()));
        assert!(text.content.lines().any(|line| line == link), "{language:?}: {text:?}");
    }
}

#[test]
fn names_of_another_direction_stand_apart() {
    let texts = Texts::new(SOURCES);
    let said = |language, name: &str| texts.words(language).tell("card-genuine", &[("name", Arg::Bold(name))]);
    assert_eq!(said(Language::English, "Dragon").content, "✅ Dragon");
    assert_eq!(said(Language::English, "דרקון").content, "✅ \u{2068}דרקון\u{2069}");
    let text = said(Language::Hebrew, "Dragon");
    assert_eq!(text.content, "✅ \u{2068}Dragon\u{2069}");
    assert_eq!(text.part(&text.entities[0]), "Dragon", "the marks are not bold");
}

#[test]
fn a_name_cannot_pass_for_a_place() {
    let texts = Texts::new(SOURCES);
    let words = texts.words(Language::English);
    let args = [("name", Arg::Said("\u{e001}{ $link }")), ("link", Arg::Link("https://t.me/x"))];
    let said = words.tell("share", &args).content;
    assert_eq!(said, "Check the card “\u{e001}{ $link }”:\nhttps://t.me/x");
}

#[test]
fn languages_are_chosen_by_their_tags() {
    let chosen = ["ru", "he", "iw", "en", "de", ""].map(Language::tagged);
    use Language::{English, Hebrew, Russian};
    assert_eq!(chosen, [Russian, Hebrew, Hebrew, English, English, English]);
    assert!(Language::ALL.into_iter().all(|language| Language::tagged(language.tag()) == language));
}
