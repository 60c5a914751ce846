//! What the bundled plugins say, in English, Russian and Hebrew. Each plugin brings its texts in Fluent's format.
//!
//! What people wrote is never given to Fluent: a message is formatted with place holders, which are then replaced by
//! formatted text. So a name is bold without any markup, and nothing in a name can pass for one.

/// What the tests of plugins ask of their texts.
mod check;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};
use guesthouse_plugin::{CommandSpec, Text, Timestamp, User, UserId};

pub use check::{check, check_short, check_use, keys};

/// A language the plugins speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `en`
    English,
    /// `ru`
    Russian,
    /// `he`
    Hebrew,
}

impl Language {
    /// All of them, in the order of their bundles.
    pub const ALL: [Self; 3] = [Self::English, Self::Russian, Self::Hebrew];

    /// That of a user's application; English for all that the bot does not speak.
    pub fn of(user: &User) -> Self {
        Self::tagged(user.language())
    }

    /// The one with this tag.
    pub fn tagged(tag: &str) -> Self {
        match tag {
            "ru" => Self::Russian,
            // The tag that Hebrew had until 1989 and that Java still gives.
            "he" | "iw" => Self::Hebrew,
            _ => Self::English,
        }
    }

    /// Its tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
            Self::Hebrew => "he",
        }
    }
}

/// The texts of a plugin in the order of [`Language::ALL`], each in Fluent's format.
pub type Sources = [&'static str; 3];

/// The parsed messages of all languages.
pub struct Texts(Vec<FluentBundle<FluentResource>>);

/// The messages of one language.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    texts: &'a Texts,
    /// Which one.
    pub language: Language,
}

/// What stands in a place of a message.
pub enum Arg<'a> {
    /// A number, which also chooses the plural form.
    Count(i64),
    /// What people wrote, as it is.
    Said(&'a str),
    /// What people wrote, in bold.
    Bold(&'a str),
    /// Something to be copied with a tap.
    Mono(&'a str),
    /// An address, which Telegram makes a link by itself.
    Link(&'a str),
    /// A moment.
    Time(Timestamp),
    /// A day.
    Day(Timestamp),
    /// Somebody, whose name leads to them.
    Person(&'a str, UserId),
}

/// Asks for the plural rules of its language.
const WARM: &str = "warm-up = { $count ->\n    [one] 1\n   *[other] 2\n}\n";

/// Place holders, from Unicode's private area.
const FIRST_PLACE: u32 = 0xe000;

impl Texts {
    /// Parses them. This is the work that the snapshot spares every turn.
    ///
    /// # Panics
    ///
    /// If a source is no Fluent, which [`check()`] rules out.
    pub fn new(sources: Sources) -> Self {
        let languages = Language::ALL.into_iter().zip(sources);
        let texts = Self(languages.map(|(language, source)| bundle(language, &format!("{source}\n{WARM}"))).collect());
        // The plural rules are made when first asked for; asked now, they are in the snapshot.
        for language in Language::ALL {
            texts.words(language).tell("warm-up", &[("count", Arg::Count(2))]);
        }
        texts
    }

    /// The messages of one language.
    pub fn words(&self, language: Language) -> Words<'_> {
        Words { texts: self, language }
    }

    /// A command with its description in all languages: the messages `command-NAME`.
    pub fn command(&self, name: &str) -> CommandSpec {
        let describe = |language: Language| self.words(language).say(&format!("command-{name}"));
        let others = Language::ALL.into_iter().filter(|language| *language != Language::English);
        let spec = CommandSpec::new(name, describe(Language::English));
        others.fold(spec, |spec, language| spec.in_language(language.tag(), describe(language)))
    }
}

fn bundle(language: Language, source: &str) -> FluentBundle<FluentResource> {
    let tag = language.tag().parse().expect("a language tag");
    let mut bundle = FluentBundle::new(vec![tag]);
    // Marks of direction are set here by what stands in a place, not around each and every one.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned()).expect("the texts are Fluent");
    bundle.add_resource(resource).expect("every text has its own key");
    bundle
}

impl Words<'_> {
    /// A message without places.
    pub fn say(&self, key: &str) -> String {
        self.tell(key, &[]).content
    }

    /// A message with its places filled.
    pub fn tell(&self, key: &str, args: &[(&str, Arg<'_>)]) -> Text {
        let pattern = self.format(key, args);
        let mut text = Text::new();
        let mut plain = String::new();
        for char in pattern.chars() {
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
            Arg::Person(name, id) => self.apart(name, Text::new().mention(*name, *id)),
            Arg::Mono(mono) => self.left_to_right(Text::new().code(*mono)),
            Arg::Time(time) => self.left_to_right(Text::from(moment(*time))),
            Arg::Day(time) => self.left_to_right(Text::from(day(*time))),
            // Nothing may stand beside an address that somebody copies; it has a line of its own.
            Arg::Link(link) => Text::from(*link),
        }
    }

    /// Keeps a name, whose direction nobody knows, from turning the words around it about.
    fn apart(&self, said: &str, text: Text) -> Text {
        if self.language == Language::Hebrew || said.chars().any(is_right_to_left) {
            Text::from("\u{2068}").plain(text).plain("\u{2069}")
        } else {
            text
        }
    }

    /// Keeps a code that begins with digits in its order within Hebrew. The marks stand outside of what a tap copies.
    fn left_to_right(&self, text: Text) -> Text {
        match self.language {
            Language::Hebrew => Text::from("\u{2066}").plain(text).plain("\u{2069}"),
            _ => text,
        }
    }
}

fn is_right_to_left(char: char) -> bool {
    matches!(char, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

/// A moment as everybody can read it: `2026-11-21 14:05 UTC`.
pub fn moment(time: Timestamp) -> String {
    written(time, "%Y-%m-%d %H:%M UTC")
}

/// Its day: `2026-11-21`.
pub fn day(time: Timestamp) -> String {
    written(time, "%Y-%m-%d")
}

fn written(time: Timestamp, form: &str) -> String {
    jiff::Timestamp::from_millisecond(time).unwrap_or_default().strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (time, written) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399_999, "2000-02-28 23:59 UTC"),
            (951_782_400_000, "2000-02-29 00:00 UTC"),
            (4_107_542_400_000, "2100-03-01 00:00 UTC"),
            (-1, "1969-12-31 23:59 UTC"),
        ] {
            assert_eq!(moment(time), written);
        }
        assert_eq!(day(951_782_400_000), "2000-02-29");
    }
}
