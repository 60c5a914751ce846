//! Spans and points of time as people write them in a scenario. Pure.

use std::time::Duration;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp};

use crate::clock::Millis;

/// A Monday morning, where a file does not say when it begins.
const BEGIN: &str = "2026-01-05 09:00";

/// When a scenario begins.
pub(super) fn start(text: Option<&str>, zone: &TimeZone) -> Result<Millis, String> {
    let text = text.unwrap_or(BEGIN);
    point(text, zone).ok_or_else(|| {
        format!("`{text}` is no date and time\nhint: write starts = \"2026-03-02 09:00\"; `timezone` says where")
    })
}

/// Reads a time zone by its name.
pub(super) fn zone(name: Option<&str>) -> Result<TimeZone, String> {
    let name = name.unwrap_or("UTC");
    TimeZone::get(name)
        .map_err(|_| format!("there is no time zone `{name}`\nhint: write a name such as \"Europe/Berlin\""))
}

/// A date and time in a zone.
pub(super) fn point(text: &str, zone: &TimeZone) -> Option<Millis> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let local: DateTime = text.parse().ok()?;
    local.to_zoned(zone.clone()).ok().map(|time| time.timestamp().as_millisecond())
}

/// Until when a step waits that begins now: `10m`, `1h 30m`, `2 days`, `until 18:00`, `until 2026-03-02 18:00`.
pub(super) fn until(text: &str, now: Millis, zone: &TimeZone) -> Result<Millis, String> {
    let wrong = || {
        format!(
            "`{text}` is no span of time\nhint: write waits = \"10m\", \"1h 30m\", \"2 days\", \"until 18:00\" or \"until \
             2026-03-02 18:00\""
        )
    };
    let end = match text.trim().strip_prefix("until ") {
        None => now.checked_add(i64::try_from(span(text).ok_or_else(wrong)?.as_millis()).map_err(|_| wrong())?),
        Some(point_text) => match point_text.trim().parse::<Time>() {
            Ok(time) if !point_text.trim().contains('-') => next(time, now, zone),
            _ => point(point_text.trim(), zone),
        },
    };
    let end = end.ok_or_else(wrong)?;
    if end < now {
        return Err(format!("`{text}` has passed already\nhint: a scenario's clock goes forward only"));
    }
    Ok(end)
}

/// A span of time.
pub(super) fn span(text: &str) -> Option<Duration> {
    let span: Span = text.trim().parse().ok()?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(span).ok()
}

/// The next time that clocks there show this.
fn next(time: Time, now: Millis, zone: &TimeZone) -> Option<Millis> {
    let now = Timestamp::from_millisecond(now).ok()?.to_zoned(zone.clone());
    let today = now.date().to_datetime(time).to_zoned(zone.clone()).ok()?;
    let next =
        if today > now { today } else { now.date().tomorrow().ok()?.to_datetime(time).to_zoned(zone.clone()).ok()? };
    Some(next.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_points_are_read_as_people_write_them() {
        let zone = zone(Some("Europe/Berlin")).unwrap();
        let now = start(Some("2026-03-28 20:00"), &zone).unwrap();
        for (text, minutes) in [
            ("10m", 10),
            ("1h 30m", 90),
            ("2 days", 2 * 24 * 60),
            ("1 week", 7 * 24 * 60),
            ("until 20:30", 30),
            // The night in which clocks are set forward.
            ("until 09:00", 12 * 60),
            ("until 2026-03-29 09:00", 12 * 60),
            ("until 2026-03-28T19:00:00Z", 0),
        ] {
            assert_eq!(until(text, now, &zone), Ok(now + minutes * 60_000), "{text}");
        }
        for (text, part) in [("soon", "no span"), ("-5m", "no span"), ("until 2026-03-28 19:00", "passed already")] {
            assert!(until(text, now, &zone).unwrap_err().contains(part), "{text}");
        }
        assert!(start(Some("today"), &zone).unwrap_err().contains("hint: write starts"));
        assert!(super::zone(Some("Mars")).unwrap_err().contains("no time zone `Mars`"));
    }
}
