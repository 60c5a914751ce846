//! Which week a moment is in, as ISO 8601 counts them, in UTC: `2026-W47`.

use guesthouse_plugin::Timestamp;
use guesthouse_plugin::clock::DAY;

/// The week of a moment.
pub(crate) fn of(time: Timestamp) -> String {
    let days = time.div_euclid(DAY);
    // The week belongs to the year of its Thursday; 1970 began on one.
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = date(thursday);
    let mut first = thursday;
    while date(first - 7).0 == year {
        first -= 7;
    }
    format!("{year}-W{:02}", (thursday - first) / 7 + 1)
}

/// A day as `2026-11-21`.
pub(crate) fn day(time: Timestamp) -> String {
    let (year, month, day) = date(time.div_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of the Gregorian calendar, from days since 1970 (Howard Hinnant's `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_those_of_the_calendar() {
        let at = |days: i64| of(days * DAY + DAY / 2);
        assert_eq!(at(0), "1970-W01");
        assert_eq!((at(3), at(4)), ("1970-W01".into(), "1970-W02".into()), "a week begins on Monday");
        // 2026-11-21, and the last days of years that belong to the next or the one before.
        assert_eq!((of(1_795_262_400_000), day(1_795_262_400_000)), ("2026-W47".into(), "2026-11-21".into()));
        assert_eq!(of(1_609_459_200_000), "2020-W53", "2021-01-01");
        assert_eq!(of(1_735_603_200_000), "2025-W01", "2024-12-31");
    }
}
