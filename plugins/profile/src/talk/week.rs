//! Which week a moment is in, as ISO 8601 counts them, in UTC: `2026-W47`.

use guesthouse_plugin::Timestamp;

/// The week of a moment.
pub(crate) fn of(time: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(time).unwrap_or_default().strftime("%G-W%V").to_string()
}

#[cfg(test)]
mod tests {
    use guesthouse_plugin::clock::DAY;

    use super::*;

    #[test]
    fn weeks_are_those_of_the_calendar() {
        let at = |days: i64| of(days * DAY + DAY / 2);
        assert_eq!(at(0), "1970-W01");
        assert_eq!((at(3), at(4)), ("1970-W01".into(), "1970-W02".into()), "a week begins on Monday");
        // 2026-11-21, and the last days of years that belong to the next or the one before.
        assert_eq!(of(1_795_262_400_000), "2026-W47");
        assert_eq!(of(1_609_459_200_000), "2020-W53", "2021-01-01");
        assert_eq!(of(1_735_603_200_000), "2025-W01", "2024-12-31");
    }
}
