//! Everything the assistant says by itself (`texts/*.ftl`).

pub(crate) use guesthouse_texts::{Arg, Language, Texts, Words};

/// In the order of the languages.
pub(crate) const SOURCES: guesthouse_texts::Sources =
    [include_str!("texts/en.ftl"), include_str!("texts/ru.ftl"), include_str!("texts/he.ftl")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_exists_in_every_language_can_be_said_and_fits() {
        guesthouse_texts::check(SOURCES);
    }

    #[test]
    fn every_text_is_used_and_every_text_used_exists() {
        let calls = [".say(\"", ".tell(\""];
        guesthouse_texts::check_use(SOURCES, env!("CARGO_MANIFEST_DIR"), &["command-"], &calls);
    }
}
