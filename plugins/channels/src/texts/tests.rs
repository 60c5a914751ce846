//! Every text in every language, with the same places and the right plural forms.

use super::*;

#[test]
fn every_text_exists_in_every_language_can_be_said_and_fits() {
    guesthouse_texts::check(SOURCES);
    guesthouse_texts::check_short(SOURCES, &["button-outdated", "gone", "rules-saved"]);
}

#[test]
fn every_text_is_used_and_every_text_used_exists() {
    let calls = [".say(\"", ".tell(\"", "Say(\"", "button(turn, \"", "button(\""];
    guesthouse_texts::check_use(SOURCES, env!("CARGO_MANIFEST_DIR"), &["command-"], &calls);
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
