//! The verdict on a post, with a reason for each line: "why (not)?" is answered from the same walk that decides.

use std::collections::BTreeMap;

use super::pattern::Haystack;
use super::{Choice, Condition, Field, Finder, Line, Rules, Take, fields, language};
use crate::page::MediaKind;

/// What rules see of a post.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its text.
    pub text: &'a str,
    /// What it carries.
    pub media: &'a [MediaKind],
    /// The addresses it leads to.
    pub links: &'a [String],
    /// Whether it was forwarded from elsewhere.
    pub forwarded: bool,
    /// Whether Telegram wrote it.
    pub service: bool,
    /// When it was written.
    pub time: i64,
}

/// What became of a post.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Whether it is passed on.
    pub taken: bool,
    /// Line by line, first those for all channels.
    pub checks: Vec<Check>,
}

/// One line and the post.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Whether the line is one for all channels.
    pub for_all: bool,
    /// The number of the line; 0 for what holds without any.
    pub line: usize,
    /// The line as it was written.
    pub source: String,
    /// Whether the post passes.
    pub passed: bool,
    /// What in the post decided it, if anything did: words, a language, a number.
    pub found: Option<String>,
}

impl Verdict {
    /// The first line that the post does not pass.
    pub fn reason(&self) -> Option<&Check> {
        self.checks.iter().find(|check| !check.passed)
    }
}

/// Judges a post by the rules for all channels and those of its own.
pub fn judge(all: &Rules, own: &Rules, subject: &Subject<'_>, finder: &Finder) -> Verdict {
    let haystack = Haystack::new(subject.text);
    let mut checks = Vec::new();
    if subject.service {
        checks.push(Check { for_all: true, line: 0, source: "service".into(), passed: false, found: None });
    }
    for (rules, for_all) in [(all, true), (own, false)] {
        for Line { number, source, part } in &rules.conditions {
            let (passed, found) = part.check(subject, &haystack, finder);
            checks.push(Check { for_all, line: *number, source: source.clone(), passed, found });
        }
    }
    Verdict { taken: checks.iter().all(|check| check.passed), checks }
}

impl Condition {
    fn check(&self, subject: &Subject<'_>, haystack: &Haystack, finder: &Finder) -> (bool, Option<String>) {
        let first =
            |patterns: &[super::Pattern]| patterns.iter().find_map(|pattern| pattern.find(haystack)).map(str::to_owned);
        match self {
            Self::With(patterns) => {
                let found = first(patterns);
                (found.is_some(), found)
            }
            Self::Without(patterns) => {
                let found = first(patterns);
                (found.is_none(), found)
            }
            Self::Tags(choice) => {
                let tags = finder.tags(subject.text);
                let (passed, decided) = choice.check(&tags, |tag, wanted| tag == wanted);
                (passed, decided.map(|tag| format!("#{tag}")))
            }
            Self::Languages(choice) => {
                let Some(guess) = language::guess(subject.text) else { return (choice.wanted.is_empty(), None) };
                let unwanted = choice.unwanted.iter().any(|code| guess.code == code.as_str());
                let wanted = choice.wanted.is_empty() || choice.wanted.iter().any(|code| guess.may_be(code));
                let doubt = if guess.sure { "" } else { "?" };
                (wanted && !unwanted, Some(format!("{}{doubt}", guess.code)))
            }
            Self::Media(choice) => {
                let kinds: Vec<Option<MediaKind>> = if subject.media.is_empty() {
                    vec![None]
                } else {
                    subject.media.iter().copied().map(Some).collect()
                };
                let (passed, decided) = choice.check(&kinds, |kind, wanted| kind == wanted);
                let shown =
                    decided.or_else(|| kinds.first()).map(|kind| kind.map_or("text", MediaKind::word).to_owned());
                (passed, shown)
            }
            Self::Length(range) => {
                let length = subject.text.chars().count();
                #[expect(clippy::cast_precision_loss, reason = "no text has 2^52 characters")]
                let passed = range.holds(length as f64);
                (passed, Some(length.to_string()))
            }
            Self::Price(range, currency) => {
                let prices = finder.prices(subject.text);
                let fits = |price: &&fields::Price| {
                    currency.is_none_or(|currency| currency == price.currency) && range.holds(price.amount)
                };
                let decided = prices.iter().find(fits);
                let shown = decided.or(prices.first()).map(|price| format!("{} {}", price.amount, price.currency));
                (decided.is_some(), shown)
            }
            Self::Forwarded(only) => (subject.forwarded == *only, None),
        }
    }
}

impl<T> Choice<T> {
    /// Whether what is there passes, and what of it decided that.
    fn check<'a>(&self, there: &'a [T], fits: impl Fn(&T, &T) -> bool) -> (bool, Option<&'a T>) {
        let among = |choice: &[T]| there.iter().find(|one| choice.iter().any(|other| fits(one, other)));
        if let Some(unwanted) = among(&self.unwanted) {
            return (false, Some(unwanted));
        }
        let wanted = among(&self.wanted);
        (self.wanted.is_empty() || wanted.is_some(), wanted)
    }
}

/// What is kept of a post: for each name what was found, in order.
pub fn extract(takes: &[&Take], subject: &Subject<'_>, finder: &Finder) -> BTreeMap<String, Vec<String>> {
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for take in takes {
        let (name, found) = match take {
            Take::Named(name, pattern) => (name.clone(), fields::captured(pattern, subject.text)),
            Take::Known(field) => (field.word().to_owned(), known(*field, subject, finder)),
        };
        if !found.is_empty() {
            kept.insert(name, found);
        }
    }
    kept
}

fn known(field: Field, subject: &Subject<'_>, finder: &Finder) -> Vec<String> {
    match field {
        Field::Price => {
            finder.prices(subject.text).iter().map(|price| format!("{} {}", price.amount, price.currency)).collect()
        }
        Field::Date => finder.dates(subject.text, subject.time),
        Field::Phone => finder.phones(subject.text),
        Field::Email => finder.emails(subject.text),
        Field::Link => subject.links.to_vec(),
        Field::Tag => finder.tags(subject.text),
    }
}
