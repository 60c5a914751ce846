//! When a schedule is due: cron's five fields in a time zone. Pure; the time comes from the caller.
//!
//! 1. Minute, hour, day of month, month, day of week, as cron reads them: names, ranges, steps, `L`, `#` and `W` too, and
//!    a day counts if either of the two day fields says so.
//! 2. Where clocks are set forward, a fixed time that is left out comes at the first moment after. Where they are set
//!    back, a fixed time comes once, the first time; one that repeats goes on with real time.
//! 3. Times that passed while no host was up are one tick: its due time is that of the latest, and the others are counted.

use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

/// Milliseconds since 1970, as everywhere.
type Millis = i64;

/// Missed times are counted up to so many.
const MOST_COUNTED: u32 = 10_000;

/// A time zone by its name in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// The zone of that name, such as `Europe/Moscow`.
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The day of a moment there, counted from 1970-01-01, and when the next one begins.
    pub fn day(&self, now: Millis) -> (i64, Millis) {
        const DAY: Millis = 86_400_000;
        let day_of = |date: Date| {
            let since = date.since(Date::constant(1970, 1, 1)).map(|span| span.get_days());
            since.map(i64::from)
        };
        let here = || {
            let date = Timestamp::from_millisecond(now)?.to_zoned(self.0.clone()).date();
            // Where clocks are set forward at midnight the day begins later.
            let next = date.tomorrow()?.to_zoned(self.0.clone())?.timestamp().as_millisecond();
            Ok::<_, jiff::Error>((day_of(date)?, next))
        };
        // A moment beyond the calendar.
        here().unwrap_or_else(|_| (now.div_euclid(DAY), (now.div_euclid(DAY) + 1) * DAY))
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown =
            || format!("there is no time zone `{name}`\nhint: write one such as \"Europe/Moscow\" or \"UTC\"");
        Self::named(&name).ok_or_else(|| serde::de::Error::custom(unknown()))
    }
}

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Cron {
    cron: croner::Cron,
    zone: Zone,
}

/// What a schedule that is due says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The latest time that has passed.
    pub due: Millis,
    /// How many passed before it.
    pub missed: u32,
    /// When it is due next.
    pub next: Option<Millis>,
}

impl Cron {
    /// Reads an expression, or says what is wrong with it.
    pub fn new(text: &str, zone: &Zone) -> Result<Self, String> {
        let fields = text.split_whitespace().count();
        if fields != 5 {
            return Err(format!("it has {fields} field(s), not five"));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| error.to_string().trim_end_matches('.').to_owned())?;
        let cron = Self { cron, zone: zone.clone() };
        // The 30th of February: whoever wrote that waits for ever.
        if cron.after(0).is_none() {
            return Err("no day is ever like that".into());
        }
        Ok(cron)
    }

    /// Expression and zone in one text: where it differs, due times are others.
    pub fn spec(&self) -> String {
        format!("{} {}", self.cron.as_str(), self.zone.name())
    }

    /// The first time after this one.
    pub fn after(&self, time: Millis) -> Option<Millis> {
        self.near(time, |time| self.cron.find_next_occurrence(&time, false).ok())
    }

    /// The last time up to this one.
    fn until(&self, time: Millis) -> Option<Millis> {
        self.near(time, |time| self.cron.find_previous_occurrence(&time, true).ok())
    }

    fn near(&self, time: Millis, find: impl FnOnce(jiff::Zoned) -> Option<jiff::Zoned>) -> Option<Millis> {
        let time = Timestamp::from_millisecond(time).ok()?.to_zoned(self.zone.0.clone());
        find(time).map(|found| found.timestamp().as_millisecond())
    }

    /// What is to be said now of a schedule that was due at `due`, which has passed.
    pub fn tick(&self, due: Millis, now: Millis) -> Tick {
        let (mut latest, mut missed) = (due, 0);
        loop {
            match self.after(latest) {
                Some(next) if next <= now && missed < MOST_COUNTED => {
                    latest = next;
                    missed += 1;
                }
                Some(next) if next <= now => {
                    let latest = self.until(now).unwrap_or(latest);
                    return Tick { due: latest, missed, next: self.after(now) };
                }
                next => return Tick { due: latest, missed, next },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cron(text: &str, zone: &str) -> Cron {
        Cron::new(text, &Zone::named(zone).expect("a zone")).expect("an expression")
    }

    fn at(time: &str) -> Millis {
        time.parse::<Timestamp>().expect("a time").as_millisecond()
    }

    /// The next times after one, in UTC.
    fn next(text: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let cron = cron(text, zone);
        let times = std::iter::successors(cron.after(at(after)), |time| cron.after(*time));
        times.take(count).map(|time| Timestamp::from_millisecond(time).expect("a time").to_string()).collect()
    }

    #[test]
    fn five_fields_in_a_zone() {
        assert_eq!(next("0 9 * * *", "UTC", "2026-01-01T09:00:00Z", 1), ["2026-01-02T09:00:00Z"]);
        assert_eq!(next("0 9 * * *", "Europe/Moscow", "2026-01-01T09:00:00Z", 1), ["2026-01-02T06:00:00Z"]);
        assert_eq!(
            next("*/20 * * * MON-FRI", "UTC", "2026-01-02T23:30:00Z", 2),
            ["2026-01-02T23:40:00Z", "2026-01-05T00:00:00Z"]
        );
        assert_eq!(next("0 0 L * *", "UTC", "2028-02-01T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for (text, problem) in [
            ("", "it has 0 field(s), not five"),
            ("@daily", "it has 1 field(s), not five"),
            ("0 0 9 * * *", "it has 6 field(s), not five"),
            ("0 0 30 2 *", "no day is ever like that"),
        ] {
            assert_eq!(Cron::new(text, &Zone::default()).expect_err("refused"), problem);
        }
        for text in ["60 * * * *", "x * * * *", "* 24 * * *", "*/0 * * * *"] {
            assert!(!Cron::new(text, &Zone::default()).expect_err("refused").is_empty());
        }
        assert_eq!(Zone::named("Europe/Atlantis"), None);
    }

    #[test]
    fn clocks_that_are_set_forward_leave_nothing_out() {
        // In Berlin, 02:00 became 03:00 on 2026-03-29.
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-03-28T01:30:00Z", 2),
            ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        );
        assert_eq!(
            next("0 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 2),
            ["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]
        );
    }

    #[test]
    fn clocks_that_are_set_back_repeat_nothing_fixed() {
        // In Berlin, 03:00 became 02:00 on 2026-10-25.
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        assert_eq!(
            next("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 3),
            ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]
        );
    }

    #[test]
    fn missed_times_are_one_tick() {
        let hourly = cron("0 * * * *", "UTC");
        let hour = 3_600_000;
        let due = at("2026-01-01T00:00:00Z");
        assert_eq!(hourly.tick(due, due), Tick { due, missed: 0, next: Some(due + hour) });
        assert_eq!(hourly.tick(due, due + hour - 1), Tick { due, missed: 0, next: Some(due + hour) });
        let tick = hourly.tick(due, due + 5 * hour + 1);
        assert_eq!(tick, Tick { due: due + 5 * hour, missed: 5, next: Some(due + 6 * hour) });
        let years = cron("* * * * *", "UTC").tick(due, due + 20_000 * hour + 1);
        assert_eq!(years.missed, MOST_COUNTED);
        assert_eq!((years.due, years.next), (due + 20_000 * hour, Some(due + 20_000 * hour + 60_000)));
    }

    #[test]
    fn another_zone_is_another_schedule() {
        assert_eq!(cron("0 9 * * *", "Europe/Moscow").spec(), "0 9 * * * Europe/Moscow");
        assert_eq!(cron("0 9 * * *", "UTC").spec(), "0 9 * * * UTC");
    }

    #[test]
    fn a_day_is_a_day_of_the_zone() {
        for (zone, now, day, next) in [
            ("UTC", "1970-01-01T23:59:59Z", 0, "1970-01-02T00:00:00Z"),
            ("Asia/Tokyo", "2026-11-20T14:59:59Z", 20_777, "2026-11-20T15:00:00Z"),
            ("Asia/Tokyo", "2026-11-20T15:00:00Z", 20_778, "2026-11-21T15:00:00Z"),
            ("America/New_York", "1970-01-01T04:59:59Z", -1, "1970-01-01T05:00:00Z"),
            // A day of 23 hours.
            ("Europe/Berlin", "2026-03-29T00:30:00Z", 20_541, "2026-03-29T22:00:00Z"),
        ] {
            assert_eq!(Zone::named(zone).expect("a zone").day(at(now)), (day, at(next)), "{zone} {now}");
        }
    }
}
