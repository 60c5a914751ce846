//! When something is passed on: at once or in a digest, and never in quiet hours. Hours are those of the subscriber.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// At once, or gathered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// At once.
    Now,
    /// Gathered, at each full hour.
    Hourly,
    /// Gathered, every day at these times, in order.
    Daily(Vec<Time>),
    /// Only kept.
    Never,
}

/// The hours of a day in which nothing is passed on; may span midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// From.
    pub from: Time,
    /// Until.
    pub to: Time,
}

/// When a post that came `now` is passed on, in milliseconds since 1970; `None` if never.
pub fn due(now: i64, when: &When, quiet: Option<Quiet>, zone: &TimeZone) -> Option<i64> {
    let now = Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone());
    let at = match when {
        When::Never => return None,
        When::Now => now,
        When::Hourly => {
            let hour = now.with().minute(0).second(0).subsec_nanosecond(0).build().ok()?;
            hour.checked_add(1.hour()).ok()?
        }
        When::Daily(times) => next_of(&now, times)?,
    };
    Some(after(at, quiet).timestamp().as_millisecond())
}

/// A message gathered with others says so.
pub fn is_digest(when: &When) -> bool {
    matches!(when, When::Hourly | When::Daily(_))
}

/// The first of these times of day after `now`.
fn next_of(now: &Zoned, times: &[Time]) -> Option<Zoned> {
    let on = |day: &Zoned, time: &Time| day.date().to_datetime(*time).to_zoned(day.time_zone().clone()).ok();
    let tomorrow = now.checked_add(1.day()).ok()?;
    let today = times.iter().filter_map(|time| on(now, time)).filter(|at| at > now).min();
    today.or_else(|| times.iter().filter_map(|time| on(&tomorrow, time)).min())
}

/// The moment itself, or the end of the quiet hours in which it lies.
fn after(at: Zoned, quiet: Option<Quiet>) -> Zoned {
    let Some(Quiet { from, to }) = quiet else { return at };
    let time = at.time();
    let spans_midnight = from > to;
    let is_quiet = if spans_midnight { time >= from || time < to } else { time >= from && time < to };
    if !is_quiet {
        return at;
    }
    let day = if spans_midnight && time >= from {
        at.checked_add(1.day()).unwrap_or_else(|_| at.clone())
    } else {
        at.clone()
    };
    day.date().to_datetime(to).to_zoned(at.time_zone().clone()).unwrap_or(at)
}

/// A time of day as people write it: `9`, `09:00`, `21.30`.
pub fn time(text: &str) -> Option<Time> {
    let text = text.trim();
    let (hour, minute) = text.split_once([':', '.']).unwrap_or((text, "0"));
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// A time zone as people write it: `Europe/Moscow`, `+3`, `UTC+03:00`, `GMT-5`.
pub fn zone(text: &str) -> Option<TimeZone> {
    let text = text.trim();
    let upper = text.to_uppercase();
    let offset = upper.trim_start_matches("UTC").trim_start_matches("GMT");
    if offset.is_empty() {
        return (!text.is_empty()).then_some(TimeZone::UTC);
    }
    let (sign, digits) = match offset.chars().next()? {
        '+' => (1, &offset[1..]),
        '-' => (-1, &offset[1..]),
        '−' => (-1, &offset['−'.len_utf8()..]),
        _ => return TimeZone::get(text).ok(),
    };
    let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    if hours > 14 || minutes > 59 {
        return None;
    }
    jiff::tz::Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().expect("a moment").as_millisecond()
    }

    fn due_at(now: &str, when: &When, quiet: Option<(&str, &str)>, zone: &str) -> Option<String> {
        let quiet = quiet.map(|(from, to)| Quiet { from: time(from).expect("a time"), to: time(to).expect("a time") });
        let due = due(at(now), when, quiet, &super::zone(zone).expect("a zone"))?;
        Timestamp::from_millisecond(due).ok().map(|due| due.to_string())
    }

    fn daily(times: &[&str]) -> When {
        When::Daily(times.iter().map(|text| time(text).expect("a time")).collect())
    }

    #[test]
    fn digests_come_at_their_time() {
        let noon = "2026-11-21T12:34:56Z";
        let table = [
            (When::Now, "UTC", "2026-11-21T12:34:56Z"),
            (When::Hourly, "UTC", "2026-11-21T13:00:00Z"),
            (When::Hourly, "+5:30", "2026-11-21T13:30:00Z"),
            (daily(&["09:00"]), "UTC", "2026-11-22T09:00:00Z"),
            (daily(&["9", "18.30"]), "UTC", "2026-11-21T18:30:00Z"),
            (daily(&["09:00"]), "Asia/Jerusalem", "2026-11-22T07:00:00Z"),
            (daily(&["16:00"]), "Europe/Moscow", "2026-11-21T13:00:00Z"),
        ];
        for (when, zone, expected) in table {
            assert_eq!(due_at(noon, &when, None, zone).as_deref(), Some(expected), "{when:?} in {zone}");
        }
        assert_eq!(due_at(noon, &When::Never, None, "UTC"), None);
    }

    #[test]
    fn quiet_hours_hold_back_until_they_end() {
        let night = Some(("23:00", "07:00"));
        let due = |now, quiet| due_at(now, &When::Now, quiet, "UTC").unwrap_or_default();
        assert_eq!(due("2026-11-21T22:59:59Z", night), "2026-11-21T22:59:59Z");
        assert_eq!(due("2026-11-21T23:00:00Z", night), "2026-11-22T07:00:00Z");
        assert_eq!(due("2026-11-22T06:59:00Z", night), "2026-11-22T07:00:00Z");
        assert_eq!(due("2026-11-22T07:00:00Z", night), "2026-11-22T07:00:00Z");
        let siesta = Some(("13:00", "15:00"));
        assert_eq!(due("2026-11-21T14:00:00Z", siesta), "2026-11-21T15:00:00Z");
        assert_eq!(due("2026-11-21T15:00:00Z", siesta), "2026-11-21T15:00:00Z");
        assert_eq!(
            due_at("2026-11-21T20:30:00Z", &daily(&["23:30"]), night, "UTC").as_deref(),
            Some("2026-11-22T07:00:00Z")
        );
    }

    #[test]
    fn clocks_that_are_put_forward_lose_no_digest() {
        // In Berlin 02:30 does not exist on this day.
        let due = due_at("2026-03-28T23:30:00Z", &daily(&["02:30"]), None, "Europe/Berlin");
        assert_eq!(due.as_deref(), Some("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn times_and_zones_are_read_as_they_are_written() {
        assert!(["9", "09:00", "21.30", "00:00"].iter().all(|text| time(text).is_some()));
        assert!(["24:00", "9:60", "", "noon"].iter().all(|text| time(text).is_none()));
        assert!(
            ["UTC", "+3", "GMT-5", "utc+03:30", "Europe/Moscow", "asia/jerusalem"]
                .iter()
                .all(|text| zone(text).is_some())
        );
        assert!(["+15", "Mars/Base", "", "3pm"].iter().all(|text| zone(text).is_none()));
    }
}
