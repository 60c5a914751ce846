//! What a line with `+` or `-` looks for: a word, a phrase, a regular expression. All in linear time.

use regex::{Regex, RegexBuilder};

/// A pattern longer than that is no pattern any more.
pub const MAX_PATTERN: usize = 300;

/// What a compiled expression may weigh, in bytes. `\w{1000}` weighs more.
const MAX_WEIGHT: usize = 256 * 1024;

/// Something to look for.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// These words, one after the other.
    Words(Vec<Word>),
    /// A regular expression; upper and lower case are the same.
    Regex(Regex),
}

/// A word of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded, without stars.
    text: String,
    /// Something may stand before it.
    open_start: bool,
    /// Something may follow it.
    open_end: bool,
}

/// Why something is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPattern {
    /// There is no word in it.
    Empty,
    /// It is longer than [`MAX_PATTERN`].
    TooLong,
    /// It is no regular expression.
    NoRegex,
    /// The expression weighs too much.
    TooHeavy,
}

impl Pattern {
    /// Words with `*` where a word may go on.
    ///
    /// # Errors
    ///
    /// If there is no word in it, or it is too long.
    pub fn words(phrase: &str) -> Result<Self, BadPattern> {
        if phrase.len() > MAX_PATTERN {
            return Err(BadPattern::TooLong);
        }
        let mut words = Vec::new();
        for part in phrase.split_whitespace() {
            let (open_start, open_end) = (part.starts_with('*'), part.ends_with('*'));
            let tokens: Vec<String> = tokens(part).into_iter().map(|(token, _)| token).collect();
            let last = tokens.len().saturating_sub(1);
            words.extend(tokens.into_iter().enumerate().map(|(index, text)| Word {
                text,
                open_start: open_start && index == 0,
                open_end: open_end && index == last,
            }));
        }
        if words.is_empty() { Err(BadPattern::Empty) } else { Ok(Self::Words(words)) }
    }

    /// A regular expression.
    ///
    /// # Errors
    ///
    /// If it is none, or too large.
    pub fn regex(source: &str) -> Result<Self, BadPattern> {
        compile(source).map(Self::Regex)
    }

    /// What of the text it fits, as it stands there.
    pub fn find<'a>(&self, haystack: &'a Haystack) -> Option<&'a str> {
        match self {
            Self::Regex(regex) => regex.find(&haystack.text).map(|found| found.as_str()),
            Self::Words(words) => {
                let window = haystack
                    .tokens
                    .windows(words.len())
                    .find(|window| words.iter().zip(*window).all(|(word, (token, _))| word.fits(token)))?;
                let from = window.first()?.1.start;
                let to = window.last()?.1.end;
                haystack.text.get(from..to)
            }
        }
    }
}

impl Word {
    fn fits(&self, token: &str) -> bool {
        match (self.open_start, self.open_end) {
            (false, false) => token == self.text,
            (false, true) => token.starts_with(&self.text),
            (true, false) => token.ends_with(&self.text),
            (true, true) => token.contains(&self.text),
        }
    }
}

/// A text, made ready to be looked through.
#[derive(Debug, Clone)]
pub struct Haystack {
    text: String,
    tokens: Vec<(String, std::ops::Range<usize>)>,
}

impl Haystack {
    /// Cuts a text into words.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), tokens: tokens(text) }
    }

    /// The text as it was.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Compiles an expression within limits; upper and lower case are the same.
///
/// # Errors
///
/// If it is none, or too large.
pub fn compile(source: &str) -> Result<Regex, BadPattern> {
    if source.len() > MAX_PATTERN {
        return Err(BadPattern::TooLong);
    }
    if source.trim().is_empty() {
        return Err(BadPattern::Empty);
    }
    let built = RegexBuilder::new(source)
        .case_insensitive(true)
        .size_limit(MAX_WEIGHT)
        .dfa_size_limit(MAX_WEIGHT)
        .nest_limit(32)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => BadPattern::TooHeavy,
        _ => BadPattern::NoRegex,
    })
}

/// The words of a text, folded, and where they stand. A word is letters and digits, and what joins them (`ש״ח`, `don't`).
fn tokens(text: &str) -> Vec<(String, std::ops::Range<usize>)> {
    let mut tokens = Vec::new();
    let mut start = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        let joins = start.is_some() && is_joint(char) && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if char.is_alphanumeric() || is_mark(char) || joins {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            tokens.push((fold(&text[from..at]), from..at));
        }
    }
    if let Some(from) = start {
        tokens.push((fold(&text[from..]), from..text.len()));
    }
    tokens.retain(|(token, _)| !token.is_empty());
    tokens
}

/// Lower case, `ё` as `е`, without vowel points, with one kind of apostrophe.
fn fold(word: &str) -> String {
    let lower = word.chars().filter(|c| !is_mark(*c)).flat_map(char::to_lowercase);
    lower
        .map(|char| match char {
            'ё' => 'е',
            '’' | '׳' | 'ʼ' => '\'',
            '״' | '”' => '"',
            char => char,
        })
        .collect()
}

/// Hebrew points and combining marks.
fn is_mark(char: char) -> bool {
    matches!(char, '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}' | '\u{5c2}' | '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{652}')
}

fn is_joint(char: char) -> bool {
    matches!(char, '\'' | '’' | '׳' | '״' | '"' | '_')
}
