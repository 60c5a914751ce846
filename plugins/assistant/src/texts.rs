//! Everything the assistant says by itself (`texts/*.ftl`).

pub(crate) use guesthouse_texts::{Arg, Language, Texts, Words};

/// In the order of the languages.
pub(crate) const SOURCES: guesthouse_texts::Sources =
    [include_str!("texts/en.ftl"), include_str!("texts/ru.ftl"), include_str!("texts/he.ftl")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_exists_in_every_language_and_can_be_said() {
        guesthouse_texts::check(SOURCES);
        let texts = Texts::new(SOURCES);
        for language in Language::ALL {
            for (key, places) in guesthouse_texts::keys(SOURCES[0]) {
                for count in [0, 1, 2, 5, 21] {
                    let args: Vec<_> = places.iter().map(|place| (place.as_str(), Arg::Count(count))).collect();
                    let said = texts.words(language).tell(&key, &args).content;
                    assert!(!said.is_empty() && !said.contains(['{', '}', '$']), "{language:?} {key}: {said}");
                }
            }
        }
    }
}
