//! Amounts and currencies as people write them: `$1,250`, `45 000 ₽`, `3,500 ש״ח`, `1,5 млн руб.`

/// The currencies that are known: code and how it is written, folded to lower case, the longest first where one begins
/// with another one.
const CURRENCIES: [(&str, &[&str]); 15] = [
    ("USDT", &["usdt"]),
    ("USD", &["us$", "usd", "доллар", "долл", "dollar", "דולר", "$"]),
    ("EUR", &["eur", "евро", "euro", "אירו", "€"]),
    ("GBP", &["gbp", "pound", "фунт", "£"]),
    ("RUB", &["rub", "рубл", "руб", "₽"]),
    ("ILS", &["nis", "ils", "shekel", "шекел", "ש״ח", "ש\"ח", "שח", "שקל", "₪"]),
    ("UAH", &["uah", "грн", "гривен", "₴"]),
    ("KZT", &["kzt", "тенге", "тг", "₸"]),
    ("BYN", &["byn"]),
    ("PLN", &["pln", "zł"]),
    ("TRY", &["try", "лир", "₺"]),
    ("CNY", &["cny", "юан"]),
    ("JPY", &["jpy", "¥"]),
    ("INR", &["inr", "₹"]),
    ("GEL", &["gel", "лари", "₾"]),
];

/// How currencies are written where they stand before or behind a number, for a regular expression.
pub(super) fn alternatives() -> String {
    let mut words: Vec<&str> = CURRENCIES.iter().flat_map(|(_, words)| words.iter().copied()).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join("|")
}

/// The code of a currency as it was written: `руб` of `рублей`.
pub(super) fn currency(written: &str) -> Option<&'static str> {
    let written = written.to_lowercase();
    CURRENCIES.iter().find(|(_, words)| words.iter().any(|word| written.starts_with(word))).map(|(code, _)| *code)
}

/// A number with separators. A single separator with three digits behind it separates thousands, unless the number begins
/// with zero; of two kinds the last one is the decimal point.
pub(super) fn amount(written: &str) -> Option<f64> {
    let digits: String = written.chars().filter(|char| char.is_ascii_digit() || matches!(char, '.' | ',')).collect();
    let digits = digits.trim_matches(['.', ',']);
    let Some(last) = digits.rfind(['.', ',']) else { return digits.parse().ok() };
    let separator = digits[last..].chars().next()?;
    let both = digits.contains('.') && digits.contains(',');
    let groups = digits.split(separator).skip(1).all(|group| group.len() == 3);
    let is_decimal = if both { digits.matches(separator).count() == 1 } else { !groups || digits.starts_with('0') };
    let plain: String = digits
        .char_indices()
        .filter_map(|(at, char)| match char {
            '.' | ',' => (is_decimal && at == last).then_some('.'),
            digit => Some(digit),
        })
        .collect();
    plain.parse().ok()
}

/// A number with or without separators.
pub(super) fn number(written: &str) -> Option<f64> {
    let bare: String = written.chars().filter(|char| !char.is_whitespace() && !matches!(char, '\'' | '’')).collect();
    if bare.contains(['.', ',']) { amount(&bare) } else { bare.parse().ok() }
}

/// What a word behind a number makes of it: `тыс`, `млн`, `k`, `אלף`.
pub(super) fn factor(written: &str) -> f64 {
    let written = written.to_lowercase();
    if ["млн", "mln", "million", "מיליון", "m"].iter().any(|word| written.starts_with(word)) {
        1e6
    } else if ["тыс", "k", "к", "אלף"].iter().any(|word| written.starts_with(word)) {
        1e3
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_told_apart() {
        let table = [
            ("1250", 1250.0),
            ("1,250", 1250.0),
            ("1.250", 1250.0),
            ("1 250,50", 1250.5),
            ("1,250.50", 1250.5),
            ("1.250,50", 1250.5),
            ("12.5", 12.5),
            ("0.500", 0.5),
            ("1,250,000", 1_250_000.0),
            ("45\u{a0}000", 45_000.0),
            ("12'000", 12_000.0),
            ("99.", 99.0),
        ];
        for (written, expected) in table {
            assert_eq!(number(written), Some(expected), "{written}");
        }
    }

    #[test]
    fn currencies_are_known_by_any_name() {
        let codes =
            ["$", "USD", "долларов", "руб.", "₽", "ש״ח", "ש\"ח", "шекелей", "USDT", "€", "bananas"].map(currency);
        let known = ["USD", "USD", "USD", "RUB", "RUB", "ILS", "ILS", "ILS", "USDT", "EUR"].map(Some);
        assert_eq!(codes[..10], known);
        assert_eq!(codes[10], None);
    }
}
