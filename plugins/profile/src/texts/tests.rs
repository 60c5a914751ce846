//! Every text in every language, used and within Telegram's limits.

use super::*;

#[test]
fn every_text_exists_in_every_language_can_be_said_and_fits() {
    guesthouse_texts::check(SOURCES);
}

#[test]
fn every_text_is_used_and_every_text_used_exists() {
    let calls =
        [".say(\"", ".tell(\"", "call(\"", "ask(plugin, user, chat, row.field, \"", "message.chat.id, field, \""];
    // These are put together from what they are for.
    let made = ["command-", "example-", "family-"];
    guesthouse_texts::check_use(SOURCES, env!("CARGO_MANIFEST_DIR"), &made, &calls);
    let english = guesthouse_texts::keys(SOURCES[0]);
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
