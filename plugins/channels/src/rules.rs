//! What a subscriber wants of a channel: lines of text that anybody can write in a chat, each of which decides one thing.
//! Pure: a post and its time go in, a verdict with its reasons comes out.
//!
//! ```text
//! + flat*, apartment           one of these words occurs (`*`: the word goes on; more lines: each of them)
//! - /sold|rented/              none of these does; between slashes a regular expression
//! tags: #rent, -#ad            one of these hashtags, none of those behind a minus
//! lang: en, ru                 in one of these languages
//! media: photo, video, -poll   carries one of these, none of those; `text` is a post without any
//! length: 50-2000              so many characters
//! price: < 1500 usd            names a price like this
//! forwarded: no                `only`: nothing but forwarded posts
//! take: price, phone           keep these as columns
//! take rooms = /(\d) rooms/    keep what a pattern finds
//! replace: /\s*Read more.*/ ->
//! show: {price} – {text}       how it is passed on
//! when: daily 09:00            or `now`, `hourly`, `never`
//! quiet: 23:00-07:00           nothing is passed on then
//! zone: Europe/Moscow          whose hours these are; or `+3`
//! ```
//!
//! Next: `rules/syntax.rs`.

pub mod fields;
pub mod judge;
pub mod language;
mod money;
pub mod pattern;
pub mod show;
mod syntax;
pub mod when;

pub use fields::{Field, Finder};
pub use judge::{Check, Subject, Verdict};
pub use pattern::Pattern;
pub use show::{Replace, Show};
pub use syntax::{Problem, RuleError, parse, value_of, with_line};
pub use when::{Quiet, When};

use jiff::tz::TimeZone;

use crate::page::MediaKind;

/// Rules, read.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// What a post has to be, in the order of the lines.
    pub conditions: Vec<Line<Condition>>,
    /// What is kept of it.
    pub take: Vec<Line<Take>>,
    /// What is changed in its text before it is passed on.
    pub replace: Vec<Line<Replace>>,
    /// How it is passed on.
    pub show: Option<Line<Show>>,
    /// When.
    pub when: Option<Line<When>>,
    /// When not.
    pub quiet: Option<Line<Quiet>>,
    /// Whose hours these are.
    pub zone: Option<Line<TimeZone>>,
}

/// A part of the rules and where it stands.
#[derive(Debug, Clone)]
pub struct Line<T> {
    /// The number of the line, from 1.
    pub number: usize,
    /// The line as it was written.
    pub source: String,
    /// What it says.
    pub part: T,
}

/// Something that a post has to be.
#[derive(Debug, Clone)]
pub enum Condition {
    /// One of these occurs.
    With(Vec<Pattern>),
    /// None of these does.
    Without(Vec<Pattern>),
    /// One of these hashtags, none of those; lower case, without `#`.
    Tags(Choice<String>),
    /// In one of these languages, in none of those; two letters.
    Languages(Choice<String>),
    /// It carries one of these, none of those; `None` is a post without media.
    Media(Choice<Option<MediaKind>>),
    /// So many characters.
    Length(Range),
    /// It names a price within the range, in this currency if one is given.
    Price(Range, Option<&'static str>),
    /// Forwarded: only, or not at all.
    Forwarded(bool),
}

/// What is wanted and what is not. An empty `wanted` wants anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<T> {
    /// One of these.
    pub wanted: Vec<T>,
    /// None of these.
    pub unwanted: Vec<T>,
}

/// From and to, both included; the whole world if neither is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// From.
    pub from: Option<f64>,
    /// To.
    pub to: Option<f64>,
    /// Whether the ends are left out, as with `<` and `>`.
    pub open: bool,
}

/// What is kept of a post.
#[derive(Debug, Clone)]
pub enum Take {
    /// One of the fields that are found without a pattern.
    Known(Field),
    /// What the first group of a pattern finds, or all of it.
    Named(String, regex::Regex),
}

impl Range {
    /// Whether a number lies in it.
    pub fn holds(&self, number: f64) -> bool {
        let above = self.from.is_none_or(|from| number > from || !self.open && number >= from);
        above && self.to.is_none_or(|to| number < to || !self.open && number <= to)
    }
}

impl Rules {
    /// When it is passed on: what these rules say, else what those for all channels say, else at once.
    pub fn when(&self, all: &Rules) -> When {
        self.when.as_ref().or(all.when.as_ref()).map_or(When::Now, |line| line.part.clone())
    }

    /// When nothing is passed on.
    pub fn quiet(&self, all: &Rules) -> Option<Quiet> {
        self.quiet.as_ref().or(all.quiet.as_ref()).map(|line| line.part)
    }

    /// Whose hours these are, if they say so.
    pub fn zone(&self, all: &Rules) -> Option<TimeZone> {
        self.zone.as_ref().or(all.zone.as_ref()).map(|line| line.part.clone())
    }

    /// How it is passed on.
    pub fn show<'a>(&'a self, all: &'a Rules) -> Option<&'a Show> {
        self.show.as_ref().or(all.show.as_ref()).map(|line| &line.part)
    }

    /// What is kept: that of all channels and that of this one.
    pub fn takes<'a>(&'a self, all: &'a Rules) -> Vec<&'a Take> {
        all.take.iter().chain(&self.take).map(|line| &line.part).collect()
    }

    /// What is replaced, in this order.
    pub fn replacements<'a>(&'a self, all: &'a Rules) -> Vec<&'a Replace> {
        all.replace.iter().chain(&self.replace).map(|line| &line.part).collect()
    }
}

#[cfg(test)]
mod tests;
