//! From lines to rules. What cannot be read names its line, the piece of it, and a line that would be right.

use regex::Regex;

use super::pattern::{self, BadPattern, Pattern};
use super::show::{PLACES, Replace, Show};
use super::{Choice, Condition, Field, Line, Quiet, Range, Rules, Take, When, language, money, when};
use crate::page::MediaKind;

/// Longer rules are no rules any more.
const MAX_LENGTH: usize = 4_000;

/// More lines than that are not read.
const MAX_LINES: usize = 60;

/// More patterns than that would take too long for each post.
const MAX_PATTERNS: usize = 100;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Its number, from 1.
    pub line: usize,
    /// The piece that cannot be read.
    pub piece: String,
    /// What is wrong with it.
    pub problem: Problem,
    /// A line that would be right.
    pub example: &'static str,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// No line begins like this.
    UnknownKey,
    /// Nothing follows.
    Empty,
    /// It is no regular expression.
    NoRegex,
    /// The pattern is too long, or too large when compiled.
    TooHeavy,
    /// No language is called that.
    UnknownLanguage,
    /// No kind of media is called that.
    UnknownMedia,
    /// Not a number, or not a range.
    NoRange,
    /// No field is called that.
    UnknownField,
    /// No place in a template is called that.
    UnknownPlace,
    /// An arrow is missing.
    NoArrow,
    /// Not a time, or not a schedule.
    NoTime,
    /// Neither yes nor no.
    NoChoice,
    /// The same thing is said twice.
    Twice,
    /// More lines, patterns or characters than are read.
    TooMuch,
}

/// What a line begins with, in the languages of the bot.
const KEYS: [(&str, &[&str]); 12] = [
    ("tags", &["tag", "hashtags", "теги", "тег", "תגיות", "תגית"]),
    ("lang", &["language", "languages", "язык", "языки", "שפה", "שפות"]),
    ("media", &["медиа", "מדיה"]),
    ("length", &["длина", "אורך"]),
    ("price", &["цена", "מחיר"]),
    ("forwarded", &["пересланные", "הועבר"]),
    ("take", &["взять", "קח"]),
    ("replace", &["замена", "заменить", "החלף"]),
    ("show", &["вид", "показ", "הצג"]),
    ("when", &["когда", "מתי"]),
    ("quiet", &["тишина", "שקט"]),
    ("zone", &["пояс", "зона", "אזור"]),
];

/// Reads rules.
///
/// # Errors
///
/// The first line that cannot be read.
pub fn parse(text: &str) -> Result<Rules, RuleError> {
    if text.len() > MAX_LENGTH || text.lines().count() > MAX_LINES {
        return Err(RuleError {
            line: 1,
            piece: String::new(),
            problem: Problem::TooMuch,
            example: "+ flat*, apartment",
        });
    }
    let mut reader = Reader { rules: Rules::default(), line: 0, source: "", patterns: 0, shows: None };
    for (number, line) in (1..).zip(text.lines()) {
        reader.line = number;
        reader.source = line.trim();
        if !reader.source.is_empty() && !reader.source.starts_with("//") {
            reader.read()?;
        }
    }
    reader.finish()
}

struct Reader<'a> {
    rules: Rules,
    line: usize,
    source: &'a str,
    patterns: usize,
    /// The template, which may name fields of later lines.
    shows: Option<(usize, &'a str, &'a str)>,
}

type Read<T = ()> = Result<T, RuleError>;

impl<'a> Reader<'a> {
    fn read(&mut self) -> Read {
        let source = self.source;
        if let Some(rest) = source.strip_prefix('+') {
            let patterns = self.read_patterns(rest, "+ flat*, apartment, /\\d rooms/")?;
            return self.condition(Condition::With(patterns));
        }
        if let Some(rest) = source.strip_prefix(['-', '–', '−']) {
            let patterns = self.read_patterns(rest, "- sold, /rent(ed)? out/")?;
            return self.condition(Condition::Without(patterns));
        }
        let Some((key, rest)) = source.split_once([':', '=']) else {
            return Err(self.error(source, Problem::UnknownKey, "+ flat*, apartment"));
        };
        // `take rooms = /…/` and `take: price` both begin with the word.
        let key = key.trim().to_lowercase();
        let (word, name) = key.split_once(char::is_whitespace).unwrap_or((&key, ""));
        let known = known_key(word);
        let rest = rest.trim();
        match known {
            Some("take") if !name.is_empty() => self.read_named(name.trim(), rest),
            Some(_) if !name.is_empty() => Err(self.error(&key, Problem::UnknownKey, "lang: en, ru")),
            Some("take") => self.read_take(rest),
            Some("tags") => self.read_tags(rest),
            Some("lang") => self.read_languages(rest),
            Some("media") => self.read_media(rest),
            Some("length") => {
                let range = self.range(rest, "length: 50-2000")?;
                self.condition(Condition::Length(range))
            }
            Some("price") => self.read_price(rest),
            Some("forwarded") => self.read_forwarded(rest),
            Some("replace") => self.read_replace(rest),
            Some("show") => {
                let is_new = self.shows.replace((self.line, self.source, rest)).is_none();
                self.once(is_new, "show: {price} – {text}")
            }
            Some("when") => self.read_when(rest),
            Some("quiet") => self.read_quiet(rest),
            Some("zone") => {
                let example = "zone: Europe/Moscow";
                let zone = when::zone(rest).ok_or_else(|| self.error(rest, Problem::NoTime, example))?;
                let part = self.line(zone);
                let is_new = self.rules.zone.replace(part).is_none();
                self.once(is_new, example)
            }
            _ => Err(self.error(&key, Problem::UnknownKey, "media: photo, video")),
        }
    }

    fn finish(mut self) -> Read<Rules> {
        if let Some((number, source, template)) = self.shows {
            (self.line, self.source) = (number, source);
            if template.is_empty() {
                return Err(self.error("", Problem::Empty, "show: {price} – {text}"));
            }
            let names: Vec<&String> = self
                .rules
                .take
                .iter()
                .filter_map(|line| match &line.part {
                    Take::Named(name, _) => Some(name),
                    Take::Known(_) => None,
                })
                .collect();
            let is_known = |place: &str| PLACES.contains(&place) || names.iter().any(|name| *name == place);
            let show = Show::parse(template, is_known);
            let show =
                show.map_err(|place| self.error(&place, Problem::UnknownPlace, "show: {title}: {text} {link}"))?;
            self.rules.show = Some(Line { number, source: source.to_owned(), part: show });
        }
        Ok(self.rules)
    }

    fn read_patterns(&mut self, rest: &str, example: &'static str) -> Read<Vec<Pattern>> {
        let mut patterns = Vec::new();
        for item in items(rest) {
            let pattern = match item {
                Item::Regex(source) => Pattern::regex(source),
                Item::Words(words) => Pattern::words(words),
            };
            patterns.push(pattern.map_err(|bad| self.bad(item.source(), bad, example))?);
            self.count(example)?;
        }
        if patterns.is_empty() { Err(self.error("", Problem::Empty, example)) } else { Ok(patterns) }
    }

    fn read_tags(&mut self, rest: &str) -> Read {
        let choice = self.choice(rest, "tags: #rent, -#ad", |tag| {
            let tag = tag.trim_start_matches('#').to_lowercase();
            (!tag.is_empty()).then_some(tag).ok_or(Problem::Empty)
        })?;
        self.condition(Condition::Tags(choice))
    }

    fn read_languages(&mut self, rest: &str) -> Read {
        let named = |name: &str| language::named(name).map(str::to_owned).ok_or(Problem::UnknownLanguage);
        let choice = self.choice(rest, "lang: en, ru", named)?;
        self.condition(Condition::Languages(choice))
    }

    fn read_media(&mut self, rest: &str) -> Read {
        let named = |word: &str| {
            let word = word.to_lowercase();
            if word == "text" {
                return Ok(None);
            }
            // People write the plural, too.
            let kind = MediaKind::named(&word).or_else(|| MediaKind::named(word.strip_suffix('s')?));
            kind.map(Some).ok_or(Problem::UnknownMedia)
        };
        let choice = self.choice(rest, "media: photo, video, -poll", named)?;
        self.condition(Condition::Media(choice))
    }

    fn read_price(&mut self, rest: &str) -> Read {
        let example = "price: 500-1500 usd";
        // The currency may stand before, between or behind; what is left is the range.
        let is_range = |c: char| c.is_ascii_digit() || c.is_whitespace() || "<>=≤≥+-–—.,'’".contains(c);
        let written: String = rest.chars().filter(|c| !is_range(*c)).collect();
        let currency = match written.as_str() {
            "" => None,
            written => Some(money::currency(written).ok_or_else(|| self.error(written, Problem::NoRange, example))?),
        };
        let range: String = rest.chars().filter(|c| is_range(*c)).collect();
        let range = self.range(range.trim(), example)?;
        self.condition(Condition::Price(range, currency))
    }

    fn read_forwarded(&mut self, rest: &str) -> Read {
        match rest.to_lowercase().as_str() {
            "no" | "нет" | "לא" => self.condition(Condition::Forwarded(false)),
            "only" | "только" | "רק" => self.condition(Condition::Forwarded(true)),
            _ => Err(self.error(rest, Problem::NoChoice, "forwarded: no")),
        }
    }

    fn read_take(&mut self, rest: &str) -> Read {
        let example = "take: price, date, phone, email, link, tag";
        let words: Vec<&str> = rest.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Err(self.error("", Problem::Empty, example));
        }
        for word in words {
            let field = Field::named(&word.to_lowercase()).or_else(|| Field::named(word.strip_suffix('s')?));
            let field = field.ok_or_else(|| self.error(word, Problem::UnknownField, example))?;
            let part = self.line(Take::Known(field));
            self.rules.take.push(part);
        }
        Ok(())
    }

    fn read_named(&mut self, name: &str, rest: &str) -> Read {
        let example = "take rooms = /(\\d) rooms/";
        let is_name = name.len() <= 32 && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_name || PLACES.contains(&name) {
            return Err(self.error(name, Problem::UnknownField, example));
        }
        let pattern = self.regex(rest, example)?;
        let part = self.line(Take::Named(name.to_owned(), pattern));
        self.rules.take.push(part);
        Ok(())
    }

    fn read_replace(&mut self, rest: &str) -> Read {
        let example = "replace: /Read more.*/ -> …";
        let arrow = ["->", "→", "=>"].into_iter().find_map(|arrow| rest.split_once(arrow));
        let Some((find, with)) = arrow else { return Err(self.error(rest, Problem::NoArrow, example)) };
        let find = find.trim();
        let is_regex = find.len() > 1 && find.starts_with('/') && find.ends_with('/');
        let find = if is_regex { self.regex(find, example)? } else { self.literal(find.trim_matches('"'), example)? };
        let with = with.trim().trim_matches('"').replace("\\n", "\n");
        // A text that is meant as it stands holds no groups.
        let with = if is_regex { with } else { with.replace('$', "$$") };
        let part = self.line(Replace { find, with });
        self.rules.replace.push(part);
        Ok(())
    }

    fn read_when(&mut self, rest: &str) -> Read {
        let example = "when: daily 09:00";
        let lower = rest.to_lowercase();
        let (word, times) = lower.split_once(char::is_whitespace).unwrap_or((&lower, ""));
        let when = match word {
            "now" | "сразу" | "מיד" => When::Now,
            "hourly" | "ежечасно" | "שעתי" => When::Hourly,
            "never" | "никогда" | "אף פעם" => When::Never,
            "daily" | "ежедневно" | "יומי" => {
                let times: Option<Vec<_>> = times.split(',').map(when::time).collect();
                let mut times = times.ok_or_else(|| self.error(times_of(rest), Problem::NoTime, example))?;
                times.sort();
                When::Daily(times)
            }
            _ => return Err(self.error(rest, Problem::NoTime, example)),
        };
        let part = self.line(when);
        let is_new = self.rules.when.replace(part).is_none();
        self.once(is_new, example)
    }

    fn read_quiet(&mut self, rest: &str) -> Read {
        let example = "quiet: 23:00-07:00";
        let ends = rest.split_once(['-', '–', '—']).and_then(|(from, to)| Some((when::time(from)?, when::time(to)?)));
        let Some((from, to)) = ends.filter(|(from, to)| from != to) else {
            return Err(self.error(rest, Problem::NoTime, example));
        };
        let part = self.line(Quiet { from, to });
        let is_new = self.rules.quiet.replace(part).is_none();
        self.once(is_new, example)
    }

    /// `50-2000`, `< 1500`, `>= 50`, `50+`.
    fn range(&self, written: &str, example: &'static str) -> Read<Range> {
        let bad = || self.error(written, Problem::NoRange, example);
        let number = |text: &str| money::number(text.trim()).ok_or_else(bad);
        let written = written.trim();
        let compared = [("<=", false), ("≤", false), ("<", true), (">=", false), ("≥", false), (">", true)];
        for (sign, open) in compared {
            if let Some(rest) = written.strip_prefix(sign) {
                let number = number(rest)?;
                let is_upper = sign.starts_with(['<', '≤']);
                return Ok(Range { from: (!is_upper).then_some(number), to: is_upper.then_some(number), open });
            }
        }
        if let Some(from) = written.strip_suffix('+') {
            return Ok(Range { from: Some(number(from)?), to: None, open: false });
        }
        let Some((from, to)) = written.split_once(['-', '–', '—']) else { return Err(bad()) };
        let (from, to) = (number(from)?, number(to)?);
        if from > to { Err(bad()) } else { Ok(Range { from: Some(from), to: Some(to), open: false }) }
    }

    fn choice<T>(
        &self,
        rest: &str,
        example: &'static str,
        read: impl Fn(&str) -> Result<T, Problem>,
    ) -> Read<Choice<T>> {
        let mut choice = Choice { wanted: Vec::new(), unwanted: Vec::new() };
        for item in rest.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let unwanted = item.strip_prefix(['-', '–', '−']).map(str::trim);
            let value = read(unwanted.unwrap_or(item)).map_err(|problem| self.error(item, problem, example))?;
            if unwanted.is_some() { choice.unwanted.push(value) } else { choice.wanted.push(value) }
        }
        if choice.wanted.is_empty() && choice.unwanted.is_empty() {
            return Err(self.error("", Problem::Empty, example));
        }
        Ok(choice)
    }

    /// `/…/`, or an expression without the slashes.
    fn regex(&mut self, written: &str, example: &'static str) -> Read<Regex> {
        let source = written.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')).unwrap_or(written);
        self.count(example)?;
        pattern::compile(source).map_err(|bad| self.bad(written, bad, example))
    }

    fn literal(&mut self, written: &str, example: &'static str) -> Read<Regex> {
        self.count(example)?;
        let compiled = pattern::compile(&regex::escape(written));
        compiled.map_err(|bad| self.bad(written, bad, example))
    }

    fn count(&mut self, example: &'static str) -> Read {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS { Err(self.error("", Problem::TooMuch, example)) } else { Ok(()) }
    }

    fn once(&self, is_new: bool, example: &'static str) -> Read {
        if is_new { Ok(()) } else { Err(self.error(self.source, Problem::Twice, example)) }
    }

    fn condition(&mut self, part: Condition) -> Read {
        let line = self.line(part);
        self.rules.conditions.push(line);
        Ok(())
    }

    fn line<T>(&self, part: T) -> Line<T> {
        Line { number: self.line, source: self.source.to_owned(), part }
    }

    fn bad(&self, piece: &str, bad: BadPattern, example: &'static str) -> RuleError {
        let problem = match bad {
            BadPattern::Empty => Problem::Empty,
            BadPattern::NoRegex => Problem::NoRegex,
            BadPattern::TooLong | BadPattern::TooHeavy => Problem::TooHeavy,
        };
        self.error(piece, problem, example)
    }

    fn error(&self, piece: &str, problem: Problem, example: &'static str) -> RuleError {
        let piece = piece.chars().take(80).collect();
        RuleError { line: self.line, piece, problem, example }
    }
}

/// The key that a word means.
fn known_key(word: &str) -> Option<&'static str> {
    KEYS.iter().find(|(known, others)| *known == word || others.contains(&word)).map(|(known, _)| *known)
}

/// The rules with another line for a key: in the place of the old one, or at the end; without one if there is no new one.
pub fn with_line(rules: &str, key: &str, line: Option<&str>) -> String {
    let is_key = |line: &str| {
        let word = line.trim().split([':', '=']).next().unwrap_or_default().trim().to_lowercase();
        known_key(&word) == Some(key)
    };
    let mut line = line;
    let mut lines: Vec<&str> = Vec::new();
    for old in rules.lines() {
        if !is_key(old) {
            lines.push(old);
        } else if let Some(new) = line.take() {
            lines.push(new);
        }
    }
    lines.extend(line);
    lines.join("\n").trim().to_owned()
}

/// What a line for a key says, if there is one.
pub fn value_of<'a>(rules: &'a str, key: &str) -> Option<&'a str> {
    rules.lines().find_map(|line| {
        let (word, rest) = line.trim().split_once([':', '='])?;
        (known_key(&word.trim().to_lowercase()) == Some(key)).then(|| rest.trim())
    })
}

fn times_of(rest: &str) -> &str {
    rest.split_once(char::is_whitespace).map_or(rest, |(_, times)| times)
}

#[derive(Clone, Copy)]
enum Item<'a> {
    Words(&'a str),
    Regex(&'a str),
}

impl<'a> Item<'a> {
    fn source(self) -> &'a str {
        let (Self::Words(source) | Self::Regex(source)) = self;
        source
    }
}

/// The items between commas. Commas within quotes and slashes separate nothing; an expression ends at the last slash before
/// a comma or the end of the line.
fn items(rest: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut rest = rest.trim();
    while !rest.is_empty() {
        let ends = |close: char| {
            rest.char_indices().skip(1).find(|(at, char)| {
                *char == close
                    && (rest[at + close.len_utf8()..].trim_start().is_empty()
                        || rest[at + close.len_utf8()..].trim_start().starts_with(','))
            })
        };
        let (item, behind) = match rest.chars().next() {
            Some('/') if ends('/').is_some() => {
                let at = ends('/').map_or(rest.len(), |(at, _)| at);
                (Item::Regex(&rest[1..at]), &rest[at + 1..])
            }
            Some('"') if ends('"').is_some() => {
                let at = ends('"').map_or(rest.len(), |(at, _)| at);
                (Item::Words(&rest[1..at]), &rest[at + 1..])
            }
            _ => {
                let at = rest.find(',').unwrap_or(rest.len());
                (Item::Words(rest[..at].trim()), &rest[at..])
            }
        };
        if !item.source().is_empty() {
            items.push(item);
        }
        rest = behind.trim_start().trim_start_matches(',').trim_start();
    }
    items
}
