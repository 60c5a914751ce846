//! A text as words. Quotations are left out; contractions are written out ("I'm" is `i am`), so that patterns need not know
//! them; numbers, dates, addresses and links are recognised here, because their dots and dashes are no punctuation.

use std::ops::Range;

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters.
    Letters,
    /// Digits.
    Number,
    /// `12.05.1990`, `1990-05-12`, `12.05`.
    Date,
    /// An e-mail address.
    Email,
    /// A link.
    Link,
    /// `@somebody`.
    Handle,
    /// A telephone number.
    Phone,
    /// `UTC+3` or `Europe/Berlin`.
    Zone,
    /// Anything else, one character.
    Mark,
}

/// A word of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// In lower case, `ё` as `е`.
    pub(super) low: String,
    /// As it was written.
    pub(super) raw: String,
    pub(super) kind: Kind,
    /// Where it stands, in bytes.
    pub(super) place: Range<usize>,
}

impl Word {
    /// Whether it begins with a capital letter.
    pub(super) fn is_capital(&self) -> bool {
        self.raw.chars().next().is_some_and(char::is_uppercase)
    }

    /// Whether it is this punctuation mark.
    pub(super) fn is_mark(&self, marks: &str) -> bool {
        self.kind == Kind::Mark && marks.contains(self.low.as_str())
    }
}

/// Takes a text apart.
pub(super) fn split(text: &str, foreign: &[Range<usize>]) -> Vec<Word> {
    let mut hidden = quotations(text);
    hidden.extend(foreign.iter().cloned());
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        if let Some(range) = hidden.iter().find(|range| range.contains(&at)) {
            push(&mut words, text, at..at, Kind::Mark, "\"");
            at = text.ceil_char_boundary(range.end).max(at + 1);
            continue;
        }
        if char.is_whitespace() && char != '\n' || is_invisible(char) {
            at += char.len_utf8();
            continue;
        }
        let starts = at == 0 || !text[..at].ends_with(char::is_alphanumeric);
        let end = match (starts).then(|| special(text, at)).flatten() {
            Some((length, kind)) => {
                let raw = &text[at..at + length];
                push(&mut words, text, at..at + length, kind, &raw.to_lowercase());
                at + length
            }
            None if char.is_alphabetic() => letters(&mut words, text, at),
            None if char.is_ascii_digit() => {
                let end = at + text[at..].find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len() - at);
                push(&mut words, text, at..end, Kind::Number, &text[at..end]);
                end
            }
            None => {
                let end = at + char.len_utf8();
                push(&mut words, text, at..end, Kind::Mark, &text[at..end]);
                end
            }
        };
        at = end;
    }
    words
}

fn push(words: &mut Vec<Word>, text: &str, place: Range<usize>, kind: Kind, low: &str) {
    words.push(Word { low: low.to_owned(), raw: text[place.clone()].to_owned(), kind, place });
}

/// Marks of direction and Hebrew points.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{0591}'..='\u{05bd}' | '\u{feff}')
}

fn is_hebrew(char: char) -> bool {
    matches!(char, 'א'..='ת')
}

/// A word of letters, from `at`; returns where it ends.
fn letters(words: &mut Vec<Word>, text: &str, at: usize) -> usize {
    let mut end = at;
    let mut chars = text[at..].char_indices().peekable();
    let mut last = ' ';
    while let Some((index, char)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        let joins = match char {
            '\'' | '’' | '׳' => next.is_alphabetic() || is_hebrew(last),
            '"' | '״' => is_hebrew(last) && is_hebrew(next),
            // A Hebrew prefix stands before a hyphen, so it parts words there.
            '-' => last.is_alphabetic() && next.is_alphabetic() && !is_hebrew(last),
            '.' => last == 'o' && text[at..at + index].eq_ignore_ascii_case("y.o"),
            char => char.is_alphabetic() || is_invisible(char) || matches!(char, '\u{0300}'..='\u{036f}'),
        };
        if !joins {
            break;
        }
        last = char;
        end = at + index + char.len_utf8();
    }
    let raw = &text[at..end];
    let low: String = raw.to_lowercase().chars().filter(|char| !is_invisible(*char)).map(plain_letter).collect();
    for part in expand(low.trim_end_matches('\'')) {
        push(words, text, at..end, Kind::Letters, &part);
    }
    end
}

fn plain_letter(char: char) -> char {
    match char {
        'ё' => 'е',
        '’' | '׳' => '\'',
        '״' => '"',
        char => char,
    }
}

/// Writes English contractions out.
fn expand(low: &str) -> Vec<String> {
    let whole = match low {
        "im" => "i am",
        "ive" => "i have",
        "dont" => "do not",
        "doesnt" => "does not",
        "isnt" => "is not",
        "can't" | "cant" => "can not",
        "won't" | "wont" => "will not",
        "e-mail" => "email",
        "n" => "and",
        "name's" => "name is",
        "that's" => "that is",
        "what's" | "whats" => "what is",
        "who's" => "who is",
        "he's" | "hes" => "he is",
        "she's" | "shes" => "she is",
        "it's" => "it is",
        low => low,
    };
    if whole != low {
        return whole.split(' ').map(str::to_owned).collect();
    }
    for (ending, word) in
        [("n't", "not"), ("'m", "am"), ("'ve", "have"), ("'re", "are"), ("'ll", "will"), ("'d", "would")]
    {
        if let Some(stem) = low.strip_suffix(ending).filter(|stem| !stem.is_empty()) {
            return vec![stem.to_owned(), word.to_owned()];
        }
    }
    vec![low.to_owned()]
}

/// What is no word of letters and no bare number, from the beginning of a text: how long, and what.
fn special(text: &str, at: usize) -> Option<(usize, Kind)> {
    let rest = &text[at..];
    let chunk = rest.split(|char: char| char.is_whitespace() || matches!(char, '<' | '>' | '«' | '»' | '|')).next()?;
    let chunk = chunk.trim_end_matches(['.', ',', '!', '?', ';', ':', ')', '"', '\'', '…', ']']);
    let low = chunk.to_ascii_lowercase();
    if is_email(&low) {
        return Some((chunk.len(), Kind::Email));
    }
    if is_link(&low) {
        return Some((chunk.len(), Kind::Link));
    }
    if let Some(name) = low.strip_prefix('@') {
        let name = name.split(|char: char| !(char.is_ascii_alphanumeric() || "._".contains(char))).next()?;
        return (name.len() >= 3).then_some((1 + name.len(), Kind::Handle));
    }
    if let Some(length) = zone(rest) {
        return Some((length, Kind::Zone));
    }
    date(rest).map(|length| (length, Kind::Date)).or_else(|| phone(rest).map(|length| (length, Kind::Phone)))
}

/// Whether this is an e-mail address, as people write them.
pub(super) fn is_email(low: &str) -> bool {
    let Some((local, domain)) = low.split_once('@') else { return false };
    let fits = |part: &str| part.chars().all(|char| char.is_ascii_alphanumeric() || "._%+-".contains(char));
    !local.is_empty() && fits(local) && is_domain(domain) && low.len() <= 254
}

fn is_domain(domain: &str) -> bool {
    let labels: Vec<_> = domain.split('.').collect();
    let fits = |label: &&str| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|char| char.is_alphanumeric() || char == '-')
    };
    let top = labels.last().copied().unwrap_or_default();
    labels.len() >= 2 && labels.iter().all(fits) && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic)
}

/// Whether this is a link: with its scheme, or a domain and a path, or a domain of a common kind.
pub(super) fn is_link(low: &str) -> bool {
    const COMMON: [&str; 14] =
        ["com", "org", "net", "io", "ru", "il", "me", "dev", "app", "info", "uk", "de", "example", "рф"];
    let (scheme, rest) = match low.split_once("://") {
        Some((scheme, rest)) => (matches!(scheme, "http" | "https"), rest),
        None => (low.starts_with("www."), low),
    };
    let domain = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let domain = domain.split(':').next().unwrap_or_default();
    let top = domain.rsplit('.').next().unwrap_or_default();
    let plain = !rest.contains('@') && low.len() <= 500;
    plain && is_domain(domain) && (scheme || !low.contains("://") && COMMON.contains(&top))
}

/// `UTC+3`, `GMT -5:30`, `Europe/Berlin`; a bare `UTC` too.
fn zone(rest: &str) -> Option<usize> {
    let letters = rest.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(rest.len());
    let name = rest[..letters].to_ascii_lowercase();
    if matches!(name.as_str(), "utc" | "gmt") {
        let tail = &rest[letters..];
        let sign = tail.trim_start_matches(' ');
        let digits = sign.strip_prefix(['+', '-', '−', '–']).map(|digits| digits.trim_start_matches(' '));
        let Some(digits) = digits else { return Some(letters) };
        let count = digits.find(|char: char| !(char.is_ascii_digit() || char == ':')).unwrap_or(digits.len());
        return Some(if count == 0 { letters } else { rest.len() - digits.len() + count });
    }
    let areas = ["europe", "asia", "america", "africa", "australia", "atlantic", "pacific"];
    let place = rest[letters..].strip_prefix('/').filter(|_| areas.contains(&name.as_str()))?;
    let length = place.find(|char: char| !(char.is_ascii_alphabetic() || "_/-".contains(char))).unwrap_or(place.len());
    (length >= 3).then_some(letters + 1 + length)
}

/// A date in digits.
fn date(rest: &str) -> Option<usize> {
    let length = rest.find(|char: char| !(char.is_ascii_digit() || "./-".contains(char))).unwrap_or(rest.len());
    let digits = rest[..length].trim_end_matches(['.', '/', '-']);
    let separator = digits.find(['.', '/', '-']).map(|index| &digits[index..=index])?;
    let parts: Vec<_> = digits.split(separator).collect();
    let sizes: Vec<_> = parts.iter().map(|part| part.len()).collect();
    let is_date = matches!(sizes.as_slice(), [1 | 2, 1 | 2, 2 | 4] | [4, 2, 2])
        || separator != "-" && matches!(sizes.as_slice(), [1 | 2, 2]);
    let numeric = parts.iter().all(|part| part.chars().all(|char| char.is_ascii_digit()));
    (is_date && numeric).then_some(digits.len())
}

/// A telephone number: with `+`, or beginning as one does within a country. Everything else may be any number.
fn phone(rest: &str) -> Option<usize> {
    let length = rest.find(|char: char| !(char.is_ascii_digit() || "+-() ".contains(char))).unwrap_or(rest.len());
    let number = rest[..length].trim_end_matches(['-', '(', ' ']);
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let is_phone = match number.chars().next()? {
        '+' => (8..=15).contains(&digits),
        '0' => (9..=11).contains(&digits),
        '8' => digits == 11,
        _ => false,
    };
    is_phone.then_some(number.len())
}

/// What stands in quotation marks and is more than one word, and lines that begin with `>`.
fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('>') {
            found.push(start..start + line.trim_end().len());
        }
        start += line.len();
    }
    let mut open: Option<(usize, char)> = None;
    let mut before = ' ';
    for (index, char) in text.char_indices() {
        let after = text[index + char.len_utf8()..].chars().next().unwrap_or(' ');
        match open {
            Some((from, close)) if char == close && !(is_hebrew(before) && is_hebrew(after)) => {
                let inside = &text[from..index];
                if inside.split_whitespace().nth(1).is_some() {
                    found.push(from..index + char.len_utf8());
                }
                open = None;
            }
            Some(_) => {}
            None => {
                let close = match char {
                    '«' => Some('»'),
                    '“' => Some('”'),
                    '„' => Some('“'),
                    '"' | '״' if !before.is_alphanumeric() => Some(char),
                    _ => None,
                };
                open = close.map(|close| (index, close));
            }
        }
        before = char;
    }
    found
}
