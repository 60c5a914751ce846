//! What an endpoint does not take, learned from its refusals. The protocol has one name and many readings: one endpoint
//! calls a field otherwise, another one refuses what it does not know. A pure rule over status and words.

use std::sync::atomic::{AtomicU8, Ordering};

/// Something that an endpoint does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quirk {
    /// `max_tokens` is called `max_completion_tokens` there.
    OtherMaximum = 1,
    /// No `stream_options`, and so perhaps no word on what an answer cost.
    NoStreamOptions = 2,
    /// No `temperature`.
    NoTemperature = 4,
    /// No `response_format`: the schema is told in words.
    NoFormat = 8,
}

impl Quirk {
    const ALL: [Self; 4] = [Self::OtherMaximum, Self::NoStreamOptions, Self::NoTemperature, Self::NoFormat];

    /// The field that is not taken.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::OtherMaximum => "max_tokens",
            Self::NoStreamOptions => "stream_options",
            Self::NoTemperature => "temperature",
            Self::NoFormat => "response_format",
        }
    }

    /// The one that a refusal tells of, if it is not known yet.
    pub(super) fn in_words(status: u16, said: &str, known: &Known) -> Option<Self> {
        let is_about = |quirk: &Self| said.contains(quirk.field()) && !known.has(*quirk);
        matches!(status, 400 | 422).then(|| Self::ALL.into_iter().find(is_about)).flatten()
    }
}

/// What is known of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Quirks(AtomicU8);

/// What was known when a question was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known(u8);

impl Quirks {
    pub(super) fn known(&self) -> Known {
        Known(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn learn(&self, quirk: Quirk) {
        self.0.fetch_or(quirk as u8, Ordering::Relaxed);
    }
}

impl Known {
    pub(super) fn has(self, quirk: Quirk) -> bool {
        self.0 & quirk as u8 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_teaches_once() {
        let quirks = Quirks::default();
        let said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.";
        assert_eq!(Quirk::in_words(500, said, &quirks.known()), None);
        assert_eq!(Quirk::in_words(400, said, &quirks.known()), Some(Quirk::OtherMaximum));
        quirks.learn(Quirk::OtherMaximum);
        assert_eq!(Quirk::in_words(400, said, &quirks.known()), None, "what was learned already does not help");
        assert_eq!(Quirk::in_words(422, "extra field stream_options", &quirks.known()), Some(Quirk::NoStreamOptions));
        assert_eq!(Quirk::in_words(400, "the context is too long", &quirks.known()), None);
    }
}
