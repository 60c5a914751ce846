//! Everything the bot says, in English, Russian and Hebrew (`texts/*.ftl`, in Fluent's format).
//!
//! What people wrote is never given to Fluent: a message is formatted with place holders, which are then replaced by
//! formatted text, so nothing that people write can pass for a part of the message.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};
use guesthouse_plugin::{Text, Timestamp, User};

use crate::show;

/// A language the bot speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Russian,
    Hebrew,
}

impl Language {
    /// All of them, in the order of their bundles.
    pub(crate) const ALL: [Self; 3] = [Self::English, Self::Russian, Self::Hebrew];

    /// That of a user's application; English for all that the bot does not speak.
    pub(crate) fn of(user: &User) -> Self {
        match user.language() {
            "ru" => Self::Russian,
            // The tag that Hebrew had until 1989 and that Java still gives.
            "he" | "iw" => Self::Hebrew,
            _ => Self::English,
        }
    }

    /// Its tag.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
            Self::Hebrew => "he",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("texts/en.ftl"),
            Self::Russian => include_str!("texts/ru.ftl"),
            Self::Hebrew => include_str!("texts/he.ftl"),
        }
    }
}

/// The parsed messages of all languages.
pub(crate) struct Texts(Vec<FluentBundle<FluentResource>>);

/// The messages of one language.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    texts: &'a Texts,
    /// Which one.
    pub(crate) language: Language,
}

/// What stands in a place of a message.
pub(crate) enum Arg<'a> {
    /// A number, which also chooses the plural form.
    Count(i64),
    /// What people wrote, as it is.
    Said(&'a str),
    /// What people wrote, in bold.
    Bold(&'a str),
    /// A day.
    Day(Timestamp),
}

/// Place holders, from Unicode's private area.
const FIRST_PLACE: u32 = 0xe000;

impl Texts {
    /// Parses them. This is the work that the snapshot spares every turn.
    ///
    /// # Panics
    ///
    /// If a file is no Fluent, which a test rules out.
    pub(crate) fn new() -> Self {
        let texts = Self(Language::ALL.into_iter().map(bundle).collect());
        // The plural rules are made when first asked for; asked now, they are in the snapshot.
        for language in Language::ALL {
            texts.words(language).tell("fact-times", &[("count", Arg::Count(2)), ("day", Arg::Day(0))]);
        }
        texts
    }

    /// The messages of one language.
    pub(crate) fn words(&self, language: Language) -> Words<'_> {
        Words { texts: self, language }
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let tag = language.tag().parse().expect("a language tag");
    let mut bundle = FluentBundle::new(vec![tag]);
    // Marks of direction are set here by what stands in a place, not around each and every one.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(language.source().to_owned()).expect("the texts are Fluent");
    bundle.add_resource(resource).expect("every text has its own key");
    bundle
}

impl Words<'_> {
    /// A message without places.
    pub(crate) fn say(&self, key: &str) -> String {
        self.tell(key, &[]).content
    }

    /// A message with its places filled.
    pub(crate) fn tell(&self, key: &str, args: &[(&str, Arg<'_>)]) -> Text {
        let mut text = Text::new();
        let mut plain = String::new();
        for char in self.format(key, args).chars() {
            let place = u32::from(char).checked_sub(FIRST_PLACE).and_then(|index| args.get(index as usize));
            if let Some((_, arg)) = place {
                text = text.plain(std::mem::take(&mut plain)).plain(self.fill(arg));
            } else {
                plain.push(char);
            }
        }
        text.plain(plain)
    }

    fn format(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let mut values = FluentArgs::with_capacity(args.len());
        for (place, (name, arg)) in (FIRST_PLACE..).zip(args) {
            match arg {
                Arg::Count(count) => values.set(*name, *count),
                _ => values.set(*name, char::from_u32(place).unwrap_or_default().to_string()),
            }
        }
        let index = Language::ALL.iter().position(|language| *language == self.language).unwrap_or(0);
        let bundle = &self.texts.0[index];
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
    }

    fn fill(&self, arg: &Arg<'_>) -> Text {
        match arg {
            Arg::Count(count) => count.to_string().into(),
            Arg::Said(said) => self.apart(said, Text::from(*said)),
            Arg::Bold(said) => self.apart(said, Text::new().bold(*said)),
            Arg::Day(time) => self.apart("", Text::from(show::day(*time))),
        }
    }

    /// Keeps what people wrote, whose direction nobody knows, from turning the words around it about.
    fn apart(&self, said: &str, text: Text) -> Text {
        let is_other = said.chars().any(|char| matches!(char, '\u{590}'..='\u{8ff}'));
        if self.language == Language::Hebrew || is_other {
            Text::from("\u{2068}").plain(text).plain("\u{2069}")
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests;
