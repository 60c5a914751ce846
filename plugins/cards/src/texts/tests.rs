//! Every text in every language, with the right plural forms and nothing inside of what people copy.

use guesthouse_plugin::EntityKind;

use super::*;

#[test]
fn every_text_exists_in_every_language_can_be_said_and_fits() {
    guesthouse_texts::check(SOURCES);
    let short = ["draft-dropped", "draft-over", "button-outdated", "admins-only", "card-gone", "saved"];
    guesthouse_texts::check_short(SOURCES, &short);
}

#[test]
fn every_text_is_used_and_every_text_used_exists() {
    let calls = [
        ".say(\"",
        ".tell(\"",
        "unseen(\"",
        "NothingSeen(\"",
        "Say(\"",
        "Plain(\"",
        "call(\"",
        "caption(\"",
        "Err(\"",
        "Named(\"",
        "TooLong(\"",
    ];
    guesthouse_texts::check_use(SOURCES, env!("CARGO_MANIFEST_DIR"), &["command-"], &calls);
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
