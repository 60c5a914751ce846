//! Birthdays and numbers in words. A date is kept as `1990-05-12`, or `05-12` where no year was said.

use super::words::{Kind, Word};

/// The month of that name, also in the Russian genitive and behind a Hebrew "in".
fn month(low: &str) -> Option<u32> {
    const MONTHS: [&[&str]; 12] = [
        &["january", "jan", "января", "январь", "ינואר"],
        &["february", "feb", "февраля", "февраль", "פברואר"],
        &["march", "mar", "марта", "март", "מרץ", "מרס"],
        &["april", "apr", "апреля", "апрель", "אפריל"],
        &["may", "мая", "май", "מאי"],
        &["june", "jun", "июня", "июнь", "יוני"],
        &["july", "jul", "июля", "июль", "יולי"],
        &["august", "aug", "августа", "август", "אוגוסט"],
        &["september", "sep", "sept", "сентября", "сентябрь", "ספטמבר"],
        &["october", "oct", "октября", "октябрь", "אוקטובר"],
        &["november", "nov", "ноября", "ноябрь", "נובמבר"],
        &["december", "dec", "декабря", "декабрь", "דצמבר"],
    ];
    let find = |low: &str| (1..).zip(MONTHS).find(|(_, names)| names.contains(&low)).map(|(month, _)| month);
    find(low).or_else(|| find(low.strip_prefix('ב')?))
}

/// A day and a month, with the year if there is one.
fn written(day: u32, month: u32, year: Option<u32>) -> Option<String> {
    let days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let limit = *days.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if day == 0 || day > limit {
        return None;
    }
    match year {
        Some(year) => is_year(year).then(|| format!("{year:04}-{month:02}-{day:02}")),
        None => Some(format!("{month:02}-{day:02}")),
    }
}

/// Whether somebody alive may have been born then.
fn is_year(year: u32) -> bool {
    (1905..=2022).contains(&year)
}

/// The date that these words begin with, and how many they are.
pub(super) fn date(words: &[Word]) -> Option<(String, usize)> {
    let first = words.first()?;
    if first.kind == Kind::Date {
        return digits(&first.low).map(|date| (date, 1));
    }
    let (day, month, mut used) = if first.kind == Kind::Number {
        let mut at = 1;
        while words
            .get(at)
            .is_some_and(|word| matches!(word.low.as_str(), "th" | "st" | "nd" | "rd" | "of" | "-" | "го" | "ב"))
        {
            at += 1;
        }
        (first.low.parse().ok()?, month(&words.get(at)?.low)?, at + 1)
    } else {
        let month = month(&first.low)?;
        let at = 1 + usize::from(words.get(1).is_some_and(|word| word.low == "the"));
        let day = words.get(at).filter(|word| word.kind == Kind::Number)?.low.parse().ok()?;
        let ordinal = words.get(at + 1).is_some_and(|word| matches!(word.low.as_str(), "th" | "st" | "nd" | "rd"));
        (day, month, at + 1 + usize::from(ordinal))
    };
    let comma = usize::from(words.get(used).is_some_and(|word| word.is_mark(",")));
    let year = words.get(used + comma).filter(|word| word.kind == Kind::Number && word.low.len() == 4);
    let year = year.and_then(|word| word.low.parse().ok());
    if year.is_some() {
        used += comma + 1;
    }
    written(day, month, year).map(|date| (date, used))
}

/// A date in digits: the day first where dots part it; between slashes only what cannot be read in two ways.
pub(super) fn digits(low: &str) -> Option<String> {
    let parts: Vec<u32> = low.split(['.', '/', '-']).map(str::parse).collect::<Result<_, _>>().ok()?;
    match parts.as_slice() {
        [year, month, day] if *year > 1000 => written(*day, *month, Some(*year)),
        [day, month] if low.len() == 5 && low.contains('-') => written(*month, *day, None),
        [month, day] if low.contains('/') && *day > 12 => written(*day, *month, None),
        [day, month] => written(*day, *month, None),
        [one, other, year] => {
            let year = match *year {
                year if year >= 100 => year,
                year if year > 30 => 1900 + year,
                year => 2000 + year,
            };
            let (day, month) = match (low.contains('.'), *one > 12, *other > 12) {
                (true, ..) | (_, true, false) => (*one, *other),
                (_, false, true) => (*other, *one),
                (_, false, false) if one == other => (*one, *other),
                _ => return None,
            };
            written(day, month, Some(year))
        }
        _ => None,
    }
}

/// A year of birth.
pub(super) fn year(words: &[Word]) -> Option<(String, usize)> {
    let word = words.first().filter(|word| word.kind == Kind::Number && word.low.len() == 4)?;
    word.low.parse().ok().filter(|year| is_year(*year)).map(|year: u32| (year.to_string(), 1))
}

/// The number that these words begin with, in digits or in words, below 120; and how many they are.
pub(super) fn number(words: &[Word]) -> Option<(u32, usize)> {
    let first = words.first()?;
    if first.kind == Kind::Number {
        return first.low.parse().ok().filter(|number| *number < 120).map(|number| (number, 1));
    }
    if let Some((tens, ones)) = first.low.split_once('-') {
        return Some((in_words(tens)? + in_words(ones)?, 1));
    }
    let tens = in_words(&first.low)?;
    let ones = words.get(1).and_then(|word| in_words(word.low.strip_prefix('ו').unwrap_or(&word.low)));
    match ones {
        Some(ones) if tens >= 20 && tens % 10 == 0 && (1..10).contains(&ones) => Some((tens + ones, 2)),
        _ => Some((tens, 1)),
    }
}

fn in_words(low: &str) -> Option<u32> {
    Some(match low {
        "one" | "один" | "одна" | "одного" | "אחד" | "אחת" => 1,
        "two" | "два" | "две" | "двое" | "двух" | "שני" | "שתי" | "שניים" | "שתיים" => 2,
        "three" | "три" | "трое" | "троих" | "трех" | "שלושה" | "שלוש" | "שלושת" => 3,
        "four" | "четыре" | "четверо" | "четырех" | "ארבעה" | "ארבע" => 4,
        "five" | "пять" | "пятеро" | "חמישה" | "חמש" => 5,
        "six" | "шесть" | "шестеро" | "שישה" | "שש" => 6,
        "seven" | "семь" | "שבעה" | "שבע" => 7,
        "eight" | "восемь" | "שמונה" => 8,
        "nine" | "девять" | "תשעה" | "תשע" => 9,
        "ten" | "десять" | "עשר" | "עשרה" => 10,
        "twenty" | "двадцать" | "עשרים" => 20,
        "thirty" | "тридцать" | "שלושים" => 30,
        "forty" | "fourty" | "сорок" | "ארבעים" => 40,
        "fifty" | "пятьдесят" | "חמישים" => 50,
        "sixty" | "шестьдесят" | "שישים" => 60,
        "seventy" | "семьдесят" | "שבעים" => 70,
        "eighty" | "восемьдесят" | "שמונים" => 80,
        "ninety" | "девяносто" | "תשעים" => 90,
        "sixteen" | "шестнадцать" => 16,
        "seventeen" | "семнадцать" => 17,
        "eighteen" | "восемнадцать" => 18,
        "nineteen" | "девятнадцать" => 19,
        _ => return None,
    })
}
