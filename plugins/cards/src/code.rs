//! What a verification code is, and how one is found in what people type, paste or scan.
//!
//! Twenty characters of Crockford's base 32, written `K7QF-9M2X-…`: eighteen carry 90 random bits, two are a checksum
//! that catches any two wrong characters and any two that changed places. So a mistyped code is told from one that was
//! never given out, and nobody finds a code by guessing. This file knows nothing of cards; `verify.rs` looks them up.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many characters of a code are random.
const RANDOM: usize = 18;

/// What stands before the code in the payload of a deep link.
pub(crate) const PREFIX: &str = "verify_";

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 20;
/// Fewer digits than this, and letters alone could be a word of somebody's language.
const FEWEST_DIGITS: usize = 2;
/// In how many groups it is printed.
const GROUPS: usize = 5;

/// A code whose checksum is right, without dashes, as the tables keep it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code(String);

/// What a text says about codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// This code.
    Code(Code),
    /// Something that was meant as a code but cannot be one.
    Malformed,
    /// A link to a card of another bot, by its username: a favourite of those who print false labels.
    OtherBot(String),
    /// Nothing.
    Nothing,
}

impl Code {
    /// Draws one by lot. `random` gives so many random characters. One in forty has hardly a digit and is drawn again:
    /// if somebody missed one of its characters, it would be taken for a word and not for a code.
    pub(crate) fn draw(random: impl Fn(usize) -> String) -> Self {
        loop {
            let code = Self::from_random(&random(RANDOM));
            if code.0.chars().filter(char::is_ascii_digit).count() > FEWEST_DIGITS {
                return code;
            }
        }
    }

    /// Completes `RANDOM` characters that were drawn by lot to a code.
    pub(crate) fn from_random(characters: &str) -> Self {
        let mut digits: Vec<u8> = characters.chars().filter_map(digit).collect();
        digits.extend([0, 0]);
        let (sum, weighted) = syndromes(&digits);
        // The last two digits make both sums zero: x + y = sum and 2x + y = weighted, in GF(32).
        let x = multiply(sum ^ weighted, inverse_of_three());
        let tail = digits.len() - 2;
        digits[tail] = x;
        digits[tail + 1] = sum ^ x;
        Self::from_digits(&digits)
    }

    fn from_digits(digits: &[u8]) -> Self {
        Self(digits.iter().map(|digit| char::from(ALPHABET[usize::from(*digit)])).collect())
    }

    /// Reads one code, with or without dashes, in any case, with the letters that people confuse. `None` if the
    /// length, a character or the checksum is wrong.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let letters: Vec<char> = letters(word).collect();
        let digits: Vec<u8> = letters.iter().filter_map(|letter| digit(*letter)).collect();
        let complete = letters.len() == LENGTH && digits.len() == LENGTH;
        (complete && syndromes(&digits) == (0, 0)).then(|| Self::from_digits(&digits))
    }

    /// The code without dashes.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The payload of the deep link.
    pub(crate) fn payload(&self) -> String {
        format!("{PREFIX}{}", self.0)
    }

    /// The deep link.
    pub(crate) fn link(&self, bot: &str) -> String {
        format!("https://t.me/{bot}?start={}", self.payload())
    }
}

/// With dashes, for people.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, group) in self.0.as_bytes().chunks(4).enumerate() {
            let dash = if index == 0 { "" } else { "-" };
            write!(f, "{dash}{}", String::from_utf8_lossy(group))?;
        }
        Ok(())
    }
}

/// Reads a text in which somebody may have written or pasted codes, each once, in their order. `bot` is this bot's
/// username.
pub(crate) fn read_all(text: &str, bot: &str) -> Vec<Spoken> {
    // 1. The whole text is a code, perhaps with blanks between its groups.
    if let Some(code) = Code::parse(text) {
        return vec![Spoken::Code(code)];
    }
    // 2. Deep links stand in it, codes, or the payloads of links; codes perhaps in groups.
    let mut found = Vec::new();
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let mut rest = words.as_slice();
    while let [word, others @ ..] = rest {
        let (spoken, after) = match read_word(word, bot) {
            Some(spoken) => (Some(spoken), others),
            None => match read_groups(rest) {
                Some(code) => (Some(Spoken::Code(code)), &rest[GROUPS..]),
                None => (None, others),
            },
        };
        found.extend(spoken.filter(|spoken| !found.contains(spoken)));
        rest = after;
    }
    // 3. It has the shape of a code, but a character is missing, superfluous or wrong.
    if found.is_empty() && has_shape(text) {
        found.push(Spoken::Malformed);
    }
    found
}

/// The same for what holds one thing, such as a QR code.
pub(crate) fn read_text(text: &str, bot: &str) -> Spoken {
    read_all(text, bot).into_iter().next().unwrap_or(Spoken::Nothing)
}

fn read_word(word: &str, bot: &str) -> Option<Spoken> {
    if let Some((name, payload)) = deep_link(word) {
        let own = name.eq_ignore_ascii_case(bot);
        return Some(if own { read_payload(payload) } else { Spoken::OtherBot(name.to_owned()) });
    }
    let word = word.trim_matches(|c: char| "<>()[]\"'.:!?".contains(c));
    Code::parse(word.strip_prefix(PREFIX).unwrap_or(word)).map(Spoken::Code)
}

/// The code that the next words are, as a label prints its groups. Five short words of a sentence are none.
fn read_groups(words: &[&str]) -> Option<Code> {
    let groups = words.get(..GROUPS)?;
    let like_a_label = groups.iter().all(|group| letters(group).count() == LENGTH / GROUPS)
        && groups.iter().any(|group| group.contains(|c: char| c.is_ascii_digit()));
    if like_a_label { Code::parse(&groups.concat()) } else { None }
}

/// Reads the payload of a deep link, or the argument of `/verify`: what stands there is meant as a code.
pub(crate) fn read_payload(payload: &str) -> Spoken {
    Code::parse(payload.strip_prefix(PREFIX).unwrap_or(payload)).map_or(Spoken::Malformed, Spoken::Code)
}

/// The bot and the payload of a card's deep link, in the forms in which Telegram's applications write it.
fn deep_link(word: &str) -> Option<(&str, &str)> {
    let word = word.trim_matches(|c: char| "<>()[]\"'.,;\u{200e}\u{200f}".contains(c));
    let (name, query) = if let Some(query) = word.strip_prefix("tg://resolve?") {
        (query.split('&').find_map(|pair| pair.strip_prefix("domain="))?, query)
    } else {
        let rest = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://")).unwrap_or(word);
        let rest = ["t.me/", "telegram.me/", "telegram.dog/"].iter().find_map(|host| rest.strip_prefix(host))?;
        rest.split_once('?')?
    };
    let payload = query.split('&').find_map(|pair| pair.strip_prefix("start="))?;
    payload.starts_with(PREFIX).then_some((name.trim_end_matches('/'), payload))
}

/// Whether this could only have been meant as a code: digits and letters, about as many as a code has, in one word or
/// in groups as a label prints them.
fn has_shape(text: &str) -> bool {
    let text = text.trim();
    let letters: Vec<char> = letters(text).collect();
    let grouped = text.split(|c: char| c.is_whitespace() || is_dash(c)).all(|group| group.chars().count() <= 5);
    (LENGTH - 5..=LENGTH + 4).contains(&letters.len())
        && (grouped || !text.contains(char::is_whitespace))
        && letters.iter().all(|letter| letter.is_ascii_alphanumeric() || digit(*letter).is_some())
        && letters.iter().filter(|letter| letter.is_ascii_digit()).count() >= FEWEST_DIGITS
        && !text.chars().all(|c| c.is_ascii_digit())
}

/// The characters that count: no dashes, no blanks, no invisible marks of writing direction.
fn letters(word: &str) -> impl Iterator<Item = char> {
    word.chars().filter(|c| !is_dash(*c) && !c.is_whitespace() && !is_mark(*c))
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What a character stands for: Crockford's rules, and the Cyrillic letters that look like Latin ones.
fn digit(c: char) -> Option<u8> {
    let latin = match c.to_uppercase().next()? {
        'O' | 'О' => '0',
        'I' | 'L' | 'І' => '1',
        'А' => 'A',
        'В' => 'B',
        'С' => 'C',
        'Е' => 'E',
        'Н' => 'H',
        'К' => 'K',
        'М' => 'M',
        'Р' => 'P',
        'Т' => 'T',
        'Х' => 'X',
        'У' => 'Y',
        other => other,
    };
    ALPHABET.iter().position(|letter| char::from(*letter) == latin).and_then(|index| u8::try_from(index).ok())
}

/// The sum of the digits, and the sum of the digits multiplied by the powers of 2, in GF(32). Both are zero in a code.
/// The powers of 2 differ for 31 places, therefore no two wrong characters can hide each other.
fn syndromes(digits: &[u8]) -> (u8, u8) {
    digits.iter().fold((0, 0), |(sum, weighted), digit| (sum ^ digit, multiply(weighted, 2) ^ digit))
}

/// 1 / (1 + 2).
fn inverse_of_three() -> u8 {
    (1..32).find(|candidate| multiply(*candidate, 3) == 1).unwrap_or(1)
}

/// Multiplies in GF(32), modulo x⁵ + x² + 1.
fn multiply(a: u8, b: u8) -> u8 {
    let mut product = 0;
    for bit in (0..5).rev() {
        product <<= 1;
        if product & 32 != 0 {
            product ^= 0b10_0101;
        }
        if b >> bit & 1 == 1 {
            product ^= a;
        }
    }
    product
}

#[cfg(test)]
mod tests;
