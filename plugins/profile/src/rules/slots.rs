//! What stands in the slots of patterns. A slot reads words from a place on and says what they mean, how many they are, and
//! how much less sure it makes the pattern.

use super::dates;
use super::jobs::job;
use super::lexicon::{Lexicon, capital, fold, link, phone};
use super::words::{Kind, Word};
use super::zones::zone;

/// A kind of slot, by its name in `patterns/*.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// A first name, and perhaps a second one, behind words that announce a name.
    Name,
    /// A first name where anything else could stand.
    Given,
    /// A first name of the list.
    Listed,
    Age,
    Date,
    Year,
    City,
    /// An occupation of the list, with what belongs to it.
    Job,
    /// The same, or whatever stands there.
    OpenJob,
    Languages,
    Interests,
    /// The same, or whatever stands there.
    OpenInterests,
    /// A relative, with a name if one follows.
    Kin,
    /// The same in Russian, where "my" need not be said.
    BareKin,
    /// The same in Hebrew, where the word says whose.
    OwnKin,
    Count,
    Phone,
    Email,
    Link,
    Handle,
    Zone,
}

/// What was read.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) values: Vec<String>,
    pub(super) used: usize,
    pub(super) weight: f64,
}

impl Read {
    fn sure(values: Vec<String>, used: usize) -> Self {
        Self { values, used, weight: 1.0 }
    }
}

impl Slot {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "given" => Self::Given,
            "listed" => Self::Listed,
            "age" => Self::Age,
            "date" => Self::Date,
            "year" => Self::Year,
            "city" => Self::City,
            "job" => Self::Job,
            "openjob" => Self::OpenJob,
            "languages" => Self::Languages,
            "interests" => Self::Interests,
            "openinterests" => Self::OpenInterests,
            "kin" => Self::Kin,
            "barekin" => Self::BareKin,
            "ownkin" => Self::OwnKin,
            "count" => Self::Count,
            "phone" => Self::Phone,
            "email" => Self::Email,
            "link" => Self::Link,
            "handle" => Self::Handle,
            "zone" => Self::Zone,
            _ => return None,
        })
    }

    /// Reads the slot from the first of these words on.
    pub(super) fn read(self, words: &[Word], lexicon: &Lexicon) -> Option<Read> {
        let one = |found: Option<(String, usize)>| found.map(|(value, used)| Read::sure(vec![value], used));
        let of_kind = |kind: Kind| words.first().filter(|word| word.kind == kind);
        match self {
            Self::Name => name(words, lexicon),
            Self::Given => given(words, lexicon),
            Self::Listed => listed(words, lexicon),
            Self::Age => age(words),
            Self::Date => one(dates::date(words)),
            Self::Year => one(dates::year(words)),
            Self::City => city(words, lexicon),
            Self::Job => one(job(words, lexicon)),
            Self::OpenJob => one(job(words, lexicon)).or_else(|| open(words, 3, 0.8)),
            Self::Languages => list(words, |words| Some((lexicon.language(&words[0].low)?.to_owned(), 1))),
            Self::Interests => list(words, |words| lexicon.interest(words)),
            Self::OpenInterests => list(words, |words| lexicon.interest(words)).or_else(|| open(words, 2, 0.7)),
            Self::Kin => one(kin(words, lexicon)),
            Self::BareKin => one(bare_kin(words, lexicon)),
            Self::OwnKin => one(own_kin(words, lexicon)),
            Self::Count => {
                let (number, used) = dates::number(words)?;
                (1..=12).contains(&number).then(|| Read::sure(vec![number.to_string()], used))
            }
            Self::Phone => of_kind(Kind::Phone).map(|word| Read::sure(vec![phone(&word.raw)], 1)),
            Self::Email => of_kind(Kind::Email).map(|word| Read::sure(vec![word.low.clone()], 1)),
            Self::Link => of_kind(Kind::Link).map(|word| Read::sure(vec![link(&word.raw)], 1)),
            Self::Handle => of_kind(Kind::Handle).map(|word| Read::sure(vec![word.low[1..].to_owned()], 1)),
            Self::Zone => one(zone(words)),
        }
    }
}

pub(super) fn is_hebrew(word: &Word) -> bool {
    word.low.starts_with(|char| matches!(char, 'א'..='ת'))
}

/// Whether nothing more belongs to what was read up to here.
fn ends(words: &[Word], at: usize) -> bool {
    words.get(at).is_none_or(|word| word.kind == Kind::Mark)
}

fn listed(words: &[Word], lexicon: &Lexicon) -> Option<Read> {
    // These are also ordinary words, so they need their capital letter.
    const WORDS: [&str; 18] = [
        "will",
        "mark",
        "grace",
        "rob",
        "lily",
        "eve",
        "max",
        "rose",
        "вера",
        "надя",
        "света",
        "люба",
        "слава",
        "роман",
        "лев",
        "любовь",
        "надежда",
        "мила",
    ];
    let word = words.first().filter(|word| word.kind == Kind::Letters)?;
    let name = lexicon.name(&word.low)?;
    let fits = word.is_capital() || !WORDS.contains(&word.low.as_str());
    fits.then(|| Read::sure(vec![kept_name(word, name)], 1))
}

fn given(words: &[Word], lexicon: &Lexicon) -> Option<Read> {
    if let Some(read) = listed(words, lexicon) {
        return Some(read);
    }
    let word = words.first().filter(|word| word.kind == Kind::Letters && word.is_capital())?;
    let origin = ["ish", "ian", "ean", "ese", "ican", "anian", "ин", "ец", "ка", "ий"];
    let is_other = origin.iter().any(|ending| word.low.ends_with(ending)) || word.raw.chars().all(char::is_uppercase);
    let is_place = lexicon.city(words).is_some();
    let fits = word.raw.chars().count() >= 3 && !is_other && !is_place && ends(words, 1);
    fits.then(|| Read { values: vec![word.raw.clone()], used: 1, weight: 0.65 })
}

fn name(words: &[Word], lexicon: &Lexicon) -> Option<Read> {
    const NO_NAME: [&str; 14] =
        ["לא", "איך", "מה", "ככה", "אותו", "אותה", "תמיד", "עוד", "פה", "כל", "כך", "להגיד", "כבר", "רק"];
    let word = words.first().filter(|word| word.kind == Kind::Letters)?;
    let known = lexicon.name(&word.low);
    let first = match known {
        Some(name) => kept_name(word, name),
        None if is_hebrew(word) => {
            let is_other = NO_NAME.contains(&word.low.as_str()) || lexicon.is_hebrew_job(&word.low);
            (!is_other).then(|| word.raw.clone())?
        }
        None if word.is_capital() => word.raw.clone(),
        None => return None,
    };
    let weight = if known.is_some() { 1.0 } else { 0.9 };
    // "Anna Smith", where both are written as names.
    let second = words.get(1).filter(|next| word.is_capital() && next.kind == Kind::Letters && next.is_capital());
    Some(match second.filter(|next| next.raw.chars().count() > 1) {
        Some(second) => Read { values: vec![format!("{first} {}", second.raw)], used: 2, weight },
        None => Read { values: vec![first], used: 1, weight },
    })
}

/// An age is not followed by what would make it a length, a price or a time.
fn age(words: &[Word]) -> Option<Read> {
    const AFTER: [&str; 31] = [
        "years",
        "year",
        "yo",
        "y.o",
        "y",
        "yrs",
        "old",
        "and",
        "from",
        "yet",
        "still",
        "btw",
        "now",
        "male",
        "female",
        "m",
        "f",
        "but",
        "today",
        "yesterday",
        "лет",
        "год",
        "года",
        "и",
        "а",
        "но",
        "уже",
        "вчера",
        "שנים",
        "היום",
        "אתמול",
    ];
    let (number, used) = dates::number(words)?;
    let next = words.get(used);
    let fits = next.is_none_or(|word| match word.kind {
        Kind::Mark => !word.is_mark("%$€₪₽:/°"),
        _ => AFTER.contains(&word.low.as_str()) || word.low.starts_with('ו'),
    });
    (fits && (10..=110).contains(&number)).then(|| Read::sure(vec![number.to_string()], used))
}

/// A city of the list; else what is written like a name and is no country or part of one.
fn city(words: &[Word], lexicon: &Lexicon) -> Option<Read> {
    if let Some((city, used)) = lexicon.city(words) {
        return Some(Read::sure(vec![city], used));
    }
    const WIDE: [&str; 32] = [
        "usa",
        "us",
        "uk",
        "england",
        "scotland",
        "wales",
        "ireland",
        "germany",
        "france",
        "spain",
        "italy",
        "russia",
        "israel",
        "ukraine",
        "poland",
        "canada",
        "mexico",
        "brazil",
        "india",
        "china",
        "japan",
        "australia",
        "europe",
        "asia",
        "africa",
        "america",
        "florida",
        "california",
        "texas",
        "portugal",
        "greece",
        "turkey",
    ];
    let fits = |word: &&Word| {
        word.kind == Kind::Letters
            && word.is_capital()
            && word.low.chars().all(|char| char.is_ascii_alphabetic() || char == '-' || char == '\'')
            && word.low.len() > 2
            && !WIDE.contains(&word.low.as_str())
    };
    let first = words.first().filter(fits)?;
    Some(match words.get(1).filter(fits) {
        Some(second) => Read { values: vec![format!("{} {}", first.raw, second.raw)], used: 2, weight: 0.7 },
        None => Read { values: vec![first.raw.clone()], used: 1, weight: 0.7 },
    })
}

/// A relative, with a name.
fn kin(words: &[Word], lexicon: &Lexicon) -> Option<(String, usize)> {
    let (relation, used) = lexicon.kin(words)?;
    let next = words.get(used).filter(|word| word.kind == Kind::Letters);
    let name = next.and_then(|word| match lexicon.name(&word.low) {
        Some(name) if word.is_capital() || is_hebrew(word) => Some(kept_name(word, name)),
        _ if word.is_capital() && word.low != "i" => Some(capital(&word.raw)),
        _ => None,
    });
    Some(match name.filter(|_| relation != "children") {
        Some(name) => (format!("{relation}: {name}"), used + 1),
        None => (relation, used),
    })
}

/// "and my wife" is one word in Hebrew.
fn own_kin(words: &[Word], lexicon: &Lexicon) -> Option<(String, usize)> {
    let first = words.first().filter(|word| is_hebrew(word))?;
    kin(words, lexicon).or_else(|| {
        let low = first.low.strip_prefix(['ו', 'ל', 'ש'])?.to_owned();
        let mut words: Vec<Word> = words.iter().take(4).cloned().collect();
        words[0].low = low;
        kin(&words, lexicon)
    })
}

/// A name as it is kept: as it was written, unless it was written in another case.
fn kept_name(word: &Word, name: &str) -> String {
    if fold(&word.raw) == fold(name) { capital(&word.raw) } else { name.to_owned() }
}

/// "жена повар": at the beginning of a clause, without a name, and not the first of a greeting.
fn bare_kin(words: &[Word], lexicon: &Lexicon) -> Option<(String, usize)> {
    let (relation, used) = lexicon.kin(words)?;
    let is_russian = words[0].low.starts_with(|char| matches!(char, 'а'..='я'));
    let sure = matches!(relation.as_str(), "wife" | "husband" | "son" | "daughter" | "brother" | "sister");
    // "жена соседа" is the neighbour's.
    let whose = words.get(used).is_some_and(|next| next.low.ends_with(['а', 'ы']) && !next.low.ends_with("ла"));
    (is_russian && sure && !whose && !ends(words, used)).then_some((relation, used))
}

/// One or more of something, with the words that part them.
fn list(words: &[Word], one: impl Fn(&[Word]) -> Option<(String, usize)>) -> Option<Read> {
    const BETWEEN: [&str; 36] = [
        "and",
        "or",
        "also",
        "a",
        "an",
        "the",
        "to",
        "little",
        "bit",
        "of",
        "some",
        "basic",
        "good",
        "fluent",
        "native",
        "sometimes",
        "playing",
        "watching",
        "и",
        "или",
        "также",
        "немного",
        "чуть",
        "чуть-чуть",
        "плохо",
        "хорошо",
        "иногда",
        "на",
        "в",
        "еще",
        "по",
        "קצת",
        "גם",
        "וגם",
        "מעט",
        "וקצת",
    ];
    let mut values = Vec::new();
    let (mut at, mut used) = (0, 0);
    while let Some(word) = words.get(at) {
        let stripped = word.low.strip_prefix('ו').filter(|rest| rest.chars().count() > 2);
        let found = one(&words[at..]).or_else(|| {
            let first = Word { low: stripped?.to_owned(), ..word.clone() };
            let rest: Vec<Word> = std::iter::once(first).chain(words[at + 1..].iter().take(4).cloned()).collect();
            one(&rest)
        });
        if let Some((value, length)) = found {
            if !values.contains(&value) {
                values.push(value);
            }
            at += length;
            used = at;
        } else if BETWEEN.contains(&word.low.as_str()) || word.is_mark(",/&") && !values.is_empty() {
            at += 1;
        } else {
            break;
        }
    }
    (!values.is_empty()).then(|| Read::sure(values, used))
}

/// Whatever stands there, up to a mark or a word that begins something else.
fn open(words: &[Word], limit: usize, weight: f64) -> Option<Read> {
    const STOP: [&str; 40] = [
        "at", "in", "for", "and", "with", "since", "on", "from", "but", "here", "now", "it", "this", "that", "much",
        "hard", "usual", "well", "hell", "always", "not", "none", "you", "to", "и", "а", "но", "в", "на", "не", "с",
        "это", "по", "у", "של", "עם", "לא", "אבל", "כבר", "את",
    ];
    let fits = |word: &&Word| word.kind == Kind::Letters && !STOP.contains(&word.low.as_str());
    let value: Vec<_> = words.iter().take(limit).take_while(fits).map(|word| word.low.as_str()).collect();
    // What goes on is a sentence, not the name of something.
    let whole = words.get(value.len()).is_none_or(|next| !fits(&next));
    (!value.is_empty() && whole).then(|| Read { values: vec![value.join(" ")], used: value.len(), weight })
}
