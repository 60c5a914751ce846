//! What is found in a post without a pattern of the subscriber's: prices, dates, telephone numbers, addresses. The
//! expressions are compiled once, for all turns.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};

use super::{money, pattern};

/// A field that is found without a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    /// An amount with its currency.
    Price,
    /// A day, perhaps with a time.
    Date,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// The address of a page.
    Link,
    /// A hashtag.
    Tag,
}

impl Field {
    /// All of them, with their words.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Price, "price"),
        (Self::Date, "date"),
        (Self::Phone, "phone"),
        (Self::Email, "email"),
        (Self::Link, "link"),
        (Self::Tag, "tag"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(field, _)| *field == self).map_or("", |(_, word)| word)
    }

    /// The one with this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(field, _)| *field)
    }
}

/// A price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// How much.
    pub amount: f64,
    /// Of what: a code of three or four letters.
    pub currency: &'static str,
}

/// Looks for fields; made once.
#[derive(Debug, Clone)]
pub struct Finder {
    price: Regex,
    day_in_digits: Regex,
    day_in_words: Regex,
    phone: Regex,
    email: Regex,
    tag: Regex,
}

/// The names of the months, by month, the longest first.
const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "января", "январь", "январе", "янв", "ינואר"],
    &["february", "feb", "февраля", "февраль", "феврале", "фев", "פברואר"],
    &["march", "mar", "марта", "март", "марте", "мар", "מרץ", "מרס"],
    &["april", "apr", "апреля", "апрель", "апреле", "апр", "אפריל"],
    &["may", "мая", "май", "мае", "מאי"],
    &["june", "jun", "июня", "июнь", "июне", "июн", "יוני"],
    &["july", "jul", "июля", "июль", "июле", "июл", "יולי"],
    &["august", "aug", "августа", "август", "августе", "авг", "אוגוסט"],
    &["september", "sept", "sep", "сентября", "сентябрь", "сентябре", "сен", "ספטמבר"],
    &["october", "oct", "октября", "октябрь", "октябре", "окт", "אוקטובר"],
    &["november", "nov", "ноября", "ноябрь", "ноябре", "ноя", "נובמבר"],
    &["december", "dec", "декабря", "декабрь", "декабре", "дек", "דצמבר"],
];

impl Default for Finder {
    fn default() -> Self {
        Self::new()
    }
}

impl Finder {
    /// Compiles the expressions.
    ///
    /// # Panics
    ///
    /// If one of them is none, which a test rules out.
    pub fn new() -> Self {
        let compile = |source: &str| {
            regex::RegexBuilder::new(source).case_insensitive(true).build().expect("an expression of our own")
        };
        let currency = money::alternatives();
        let number = r"[0-9]{1,3}(?:[ \u{a0}\u{202f}'’,.][0-9]{3})+(?:[.,][0-9]{1,2})?|[0-9]+(?:[.,][0-9]{1,2})?";
        let times = r"(?:тыс\p{L}*\.?|млн\p{L}*\.?|mln|million|k|к|m|אלף|מיליון)";
        let months: Vec<&str> = MONTHS.iter().flat_map(|names| names.iter().copied()).collect();
        let month = format!(r"(?:{})\b\.?", months.join("|"));
        let clock = r"(?:,?\s*(?:at|в|ב-?)?\s*([01]?[0-9]|2[0-3]):([0-5][0-9]))?";
        Self {
            // Behind the number, or before it.
            price: compile(&format!(
                r"(?:(?P<before>{currency})\s?(?P<first>{number})(?:\s?(?P<times>{times})\b)?|(?P<second>{number})\s?(?:(?P<more>{times})\s?)?(?P<after>{currency}))"
            )),
            day_in_digits: compile(&format!(
                r"\b(?:([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})|([0-9]{{1,2}})[./]([0-9]{{1,2}})[./]([0-9]{{4}}|[0-9]{{2}})){clock}\b"
            )),
            day_in_words: compile(&format!(
                r"\b(?:([0-9]{{1,2}})(?:st|nd|rd|th|-го|-е)?\s+(?:of\s+)?[בב]?({month})|({month})\s+([0-9]{{1,2}})(?:st|nd|rd|th)?)(?:,?\s+([0-9]{{4}})\b)?{clock}"
            )),
            phone: compile(r"(?:\+|\b)[0-9](?:[ \u{a0}().\-–]{0,2}[0-9]){8,14}\b"),
            email: compile(r"\b[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+\b"),
            tag: compile(r"#[\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*"),
        }
    }

    /// The prices, in the order of the text.
    pub fn prices(&self, text: &str) -> Vec<Price> {
        let read = |found: Captures<'_>| {
            let number = found.name("first").or_else(|| found.name("second"))?;
            let currency = found.name("before").or_else(|| found.name("after"))?;
            let times = found.name("times").or_else(|| found.name("more")).map_or("", |times| times.as_str());
            let amount = money::number(number.as_str())? * money::factor(times);
            Some(Price { amount, currency: money::currency(currency.as_str())? })
        };
        self.price.captures_iter(text).filter_map(read).collect()
    }

    /// The days, as `2026-12-12` or `2026-12-12 19:00`. One without a year is the next such day after `written`, or one
    /// that has just been.
    pub fn dates(&self, text: &str, written: i64) -> Vec<String> {
        let today = jiff::Timestamp::from_millisecond(written).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        let mut found: Vec<(usize, String)> = Vec::new();
        for day in self.day_in_digits.captures_iter(text) {
            let number = |index: usize| day.get(index).and_then(|group| group.as_str().parse::<i16>().ok());
            let date = match (number(1), number(2), number(3)) {
                (Some(year), Some(month), Some(day)) => date(year, month, day),
                _ => number(6).and_then(|year| {
                    let year = if year < 100 { year + 2000 } else { year };
                    // The day comes first where it can.
                    let (first, second) = (number(4)?, number(5)?);
                    date(year, second, first).or_else(|| date(year, first, second))
                }),
            };
            found.extend(date.map(|date| (start(&day), with_clock(date, &day, 7))));
        }
        for day in self.day_in_words.captures_iter(text) {
            let text = |index: usize| day.get(index).map(|group| group.as_str());
            let month = text(2).or(text(3)).and_then(month);
            let number = text(1).or(text(4)).and_then(|number| number.parse().ok());
            let (Some(month), Some(number)) = (month, number) else { continue };
            let date = match text(5).and_then(|year| year.parse().ok()) {
                Some(year) => date(year, month, number),
                None => near(today, month, number),
            };
            found.extend(date.map(|date| (start(&day), with_clock(date, &day, 6))));
        }
        found.sort();
        let mut dates: Vec<String> = found.into_iter().map(|(_, date)| date).collect();
        dates.dedup();
        dates
    }

    /// The telephone numbers, without what separates their digits.
    pub fn phones(&self, text: &str) -> Vec<String> {
        let mut phones = Vec::new();
        for found in self.phone.find_iter(text) {
            let written = found.as_str();
            // A date, a price or a plain number that happens to be long.
            let is_date = self.day_in_digits.is_match(written);
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            let is_grouped = written.chars().any(|char| matches!(char, '-' | '–' | '(' | ' ' | '\u{a0}'));
            let groups: Vec<&str> = written.split([' ', '\u{a0}']).collect();
            let is_amount = groups.len() > 1 && groups[1..].iter().all(|group| group.len() == 3);
            let begins = written.starts_with(['+', '0']) || digits.len() == 11 && digits.starts_with(['7', '8']);
            let is_phone =
                written.starts_with('+') || begins && !is_amount || is_grouped && !is_amount && digits.len() >= 10;
            if is_date || !is_phone {
                continue;
            }
            let plus = if written.starts_with('+') { "+" } else { "" };
            let phone = format!("{plus}{digits}");
            if !phones.contains(&phone) {
                phones.push(phone);
            }
        }
        phones
    }

    /// The e-mail addresses.
    pub fn emails(&self, text: &str) -> Vec<String> {
        self.email.find_iter(text).map(|found| found.as_str().to_lowercase()).collect()
    }

    /// The hashtags, in lower case and without `#`.
    pub fn tags(&self, text: &str) -> Vec<String> {
        self.tag.find_iter(text).map(|found| found.as_str()[1..].to_lowercase()).collect()
    }
}

/// What a pattern of the subscriber's finds: its first group, or all of it.
pub fn captured(pattern: &Regex, text: &str) -> Vec<String> {
    let read = |found: Captures<'_>| {
        let group = found.get(1).or_else(|| found.get(0))?;
        (!group.as_str().trim().is_empty()).then(|| group.as_str().trim().to_owned())
    };
    pattern.captures_iter(text).filter_map(read).take(20).collect()
}

/// Compiles the pattern behind a name.
///
/// # Errors
///
/// If it is no expression, or too large.
pub fn compile(source: &str) -> Result<Regex, pattern::BadPattern> {
    pattern::compile(source)
}

fn start(found: &Captures<'_>) -> usize {
    found.get(0).map_or(0, |all| all.start())
}

fn month(name: &str) -> Option<i16> {
    let name = name.trim_end_matches('.').to_lowercase();
    (1..).zip(MONTHS).find(|(_, names)| names.contains(&name.as_str())).map(|(month, _)| month)
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The day without a year: of those last year, this year and next year, the first that is not long ago.
fn near(today: Date, month: i16, day: i16) -> Option<Date> {
    let long_ago = today.checked_sub(jiff::Span::new().days(90)).ok()?;
    (today.year() - 1..=today.year() + 1).filter_map(|year| date(year, month, day)).find(|date| *date >= long_ago)
}

fn with_clock(date: Date, found: &Captures<'_>, hour: usize) -> String {
    match (found.get(hour), found.get(hour + 1)) {
        (Some(hour), Some(minute)) => format!("{date} {:0>2}:{}", hour.as_str(), minute.as_str()),
        _ => date.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20T12:00:00Z
    const WRITTEN: i64 = 1_795_176_000_000;

    fn prices(text: &str) -> Vec<(f64, &'static str)> {
        Finder::new().prices(text).into_iter().map(|price| (price.amount, price.currency)).collect()
    }

    #[test]
    fn prices_are_found_with_their_currency() {
        assert_eq!(prices("Flat, $1,250 a month, deposit 500 USD"), [(1250.0, "USD"), (500.0, "USD")]);
        assert_eq!(prices("45 000 ₽ в месяц, или 1,5 млн руб. сразу"), [(45_000.0, "RUB"), (1_500_000.0, "RUB")]);
        assert_eq!(prices("3,500 ש״ח כולל חשבונות, 4200₪"), [(3500.0, "ILS"), (4200.0, "ILS")]);
        assert_eq!(prices("120 € oder 99,50 EUR"), [(120.0, "EUR"), (99.5, "EUR")]);
        assert_eq!(prices("50k$ or 30 тыс. руб"), [(50_000.0, "USD"), (30_000.0, "RUB")]);
        assert_eq!(prices("3 rooms, 75 m2, 2026, call 8 900 000 01 07"), []);
    }

    #[test]
    fn dates_are_found_in_three_languages() {
        let finder = Finder::new();
        let dates = |text| finder.dates(text, WRITTEN);
        assert_eq!(dates("on 12 December 2026 and 2027-01-05 at 19:00"), ["2026-12-12", "2027-01-05 19:00"]);
        assert_eq!(dates("12 декабря в 9:30, потом 05.01.2027"), ["2026-12-12 09:30", "2027-01-05"]);
        assert_eq!(dates("12 בדצמבר 2026"), ["2026-12-12"]);
        assert_eq!(dates("December 3rd, 2026; Jan 2"), ["2026-12-03", "2027-01-02"]);
        assert_eq!(dates("3 октября"), ["2026-10-03"], "lately");
        assert_eq!(dates("5 января"), ["2027-01-05"], "not ten months ago");
        assert_eq!(dates("12/25/2026"), ["2026-12-25"]);
        assert_eq!(dates("31.02.2026, 99/99/2026, version 1.2.3, 5 marbles"), Vec::<String>::new());
    }

    #[test]
    fn telephone_numbers_are_told_from_other_long_numbers() {
        let finder = Finder::new();
        let phones = |text| finder.phones(text);
        assert_eq!(phones("Call +44 20 7946 0104 or 050-000-0001"), ["+442079460104", "0500000001"]);
        assert_eq!(phones("8 (900) 000-01-07, +7 900 000-01-07"), ["89000000107", "+79000000107"]);
        assert_eq!(phones("1 250 000 000 ₽, 12.12.2026 19:00, 123456789012"), Vec::<String>::new());
    }

    #[test]
    fn addresses_and_tags_are_found() {
        let finder = Finder::new();
        assert_eq!(finder.emails("Write to Ada@Example.org."), ["ada@example.org"]);
        assert_eq!(finder.tags("#Sale #рынок_2026 #1 #שוק"), ["sale", "рынок_2026", "שוק"]);
    }
}
