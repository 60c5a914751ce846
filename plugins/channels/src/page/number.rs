//! Numbers and durations as pages write them.

/// `15`, `1.1K`, `436.6K`, `8.67M`, `11 286 994`.
pub(super) fn counted(text: &str) -> Option<i64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
    let (digits, factor) = match text.chars().last()? {
        'K' | 'k' => (&text[..text.len() - 1], 1e3),
        'M' | 'm' => (&text[..text.len() - 1], 1e6),
        'B' | 'b' => (&text[..text.len() - 1], 1e9),
        _ => (text.as_str(), 1.0),
    };
    let number: f64 = digits.parse().ok()?;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "no page counts beyond 2^63")]
    Some((number * factor).round() as i64)
}

/// `0:09`, `27:40`, `1:02:03`, in seconds.
pub(super) fn duration(text: &str) -> Option<i64> {
    let mut seconds: i64 = 0;
    for part in text.trim().split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse::<u32>().ok()?.into())?;
    }
    Some(seconds)
}

/// A moment as `<time datetime>` has it, in milliseconds since 1970.
pub(super) fn moment(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_with_their_letters() {
        let counts = ["15", "1.1K", "436.6K", "8.67M", "11 286 994", "1,024", "", "many", "-3"].map(counted);
        let known = [15, 1_100, 436_600, 8_670_000, 11_286_994, 1_024].map(Some);
        assert_eq!(counts[..6], known);
        assert_eq!(counts[6..], [None, None, None]);
    }

    #[test]
    fn durations_are_seconds() {
        assert_eq!(["0:09", "27:40", "1:02:03", "?"].map(duration), [Some(9), Some(1660), Some(3723), None]);
    }

    #[test]
    fn moments_carry_their_zone() {
        assert_eq!(moment("2026-05-20T15:38:10+00:00"), Some(1_779_291_490_000));
        assert_eq!(moment("2026-05-20T18:38:10+03:00"), Some(1_779_291_490_000));
        assert_eq!(moment("yesterday"), None);
    }
}
