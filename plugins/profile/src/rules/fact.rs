//! What a fact is: which fields there are, and how many values each may have.

use serde::{Deserialize, Serialize};

/// What is said of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// What to call them.
    Name,
    /// Years, as a number.
    Age,
    /// `1990-05-12`, `05-12` or `1990`.
    Birthday,
    /// Where they live, in the language it was said in.
    City,
    /// What they do for a living.
    Occupation,
    /// A language they speak, by its ISO 639-1 code.
    Language,
    /// `wife`, `daughter: Emma`, `children: 2`, `married`.
    Family,
    /// What they like to do.
    Interest,
    /// Digits, with `+` if it was given.
    Phone,
    /// An address in lower case.
    Email,
    /// An address of the web that is theirs.
    Link,
    /// `UTC+3` or a name such as `Europe/Berlin`.
    Timezone,
}

impl Field {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::Name,
        Self::Age,
        Self::Birthday,
        Self::City,
        Self::Timezone,
        Self::Occupation,
        Self::Language,
        Self::Family,
        Self::Interest,
        Self::Phone,
        Self::Email,
        Self::Link,
    ];

    /// Its name in tables and labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Age => "age",
            Self::Birthday => "birthday",
            Self::City => "city",
            Self::Occupation => "occupation",
            Self::Language => "language",
            Self::Family => "family",
            Self::Interest => "interest",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Link => "link",
            Self::Timezone => "timezone",
        }
    }

    /// The field of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Whether a person has one of it, so that another value contradicts.
    pub fn is_single(self) -> bool {
        matches!(self, Self::Name | Self::Age | Self::Birthday | Self::City | Self::Occupation | Self::Timezone)
    }
}

/// One thing that somebody said of themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What it is about.
    pub field: Field,
    /// What was said, in the form in which it is kept.
    pub value: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// The words it was said in.
    pub quote: String,
}
