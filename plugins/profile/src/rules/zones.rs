//! Time zones, as people write them: kept as `UTC+3` or as a name of the IANA database.

use super::words::{Kind, Word};

/// A time zone, from an offset, a name of the database or what people call it.
pub(super) fn zone(words: &[Word]) -> Option<(String, usize)> {
    let first = words.first()?;
    if first.kind == Kind::Zone {
        return Some((if first.raw.contains('/') { first.raw.clone() } else { offset(&first.low)? }, 1));
    }
    let next = words.get(1).map_or("", |word| word.low.as_str());
    let said = match (first.low.as_str(), next) {
        ("moscow", "time") | ("московскому", "времени") | ("московское", "время") | ("שעון", "מוסקבה") => {
            "Europe/Moscow"
        }
        ("israel", "time") | ("שעון", "ישראל") | ("израильскому", "времени") | ("израильское", "время") => {
            "Asia/Jerusalem"
        }
        ("london", "time") | ("שעון", "לונדון") => "Europe/London",
        ("киевскому", "времени") | ("kyiv", "time") => "Europe/Kyiv",
        _ => "",
    };
    if !said.is_empty() {
        return Some((said.to_owned(), 2));
    }
    let short = match first.low.as_str() {
        "msk" | "мск" => "Europe/Moscow",
        "est" => "UTC-5",
        "edt" => "UTC-4",
        "cst" => "UTC-6",
        "mst" => "UTC-7",
        "pst" => "UTC-8",
        "pdt" => "UTC-7",
        "cet" => "UTC+1",
        "cest" | "eet" => "UTC+2",
        _ => return None,
    };
    Some((short.to_owned(), 1))
}

/// `UTC+3` from what was written of it.
fn offset(low: &str) -> Option<String> {
    let rest: String = low.chars().skip(3).filter(|char| *char != ' ').collect();
    if rest.is_empty() {
        return Some("UTC+0".to_owned());
    }
    let sign = if rest.starts_with('+') { '+' } else { '-' };
    let digits: String = rest.chars().skip(1).collect();
    let (hours, minutes) = digits.split_once(':').unwrap_or((&digits, "0"));
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    match (hours, minutes) {
        (0..=14, 0) => Some(format!("UTC{sign}{hours}")),
        (0..=14, 15 | 30 | 45) => Some(format!("UTC{sign}{hours}:{minutes}")),
        _ => None,
    }
}
