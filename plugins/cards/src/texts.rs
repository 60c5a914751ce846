//! Everything the bot says (`texts/*.ftl`).

pub(crate) use guesthouse_texts::{Arg, Language, Texts, Words};

/// In the order of the languages.
pub(crate) const SOURCES: guesthouse_texts::Sources =
    [include_str!("texts/en.ftl"), include_str!("texts/ru.ftl"), include_str!("texts/he.ftl")];

#[cfg(test)]
mod tests;
