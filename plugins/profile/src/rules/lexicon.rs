//! What words mean: cities, languages, pastimes, relatives, first names, occupations (data in `lexicon/*.txt`).

use std::collections::{HashMap, HashSet};

use super::words::{Kind, Word};
use super::{Field, dates, inflect, words};

/// An entry of a table and the column in which it was found: 0 English, 1 Russian, 2 Hebrew.
#[derive(Debug, Clone, Copy)]
struct Hit {
    entry: usize,
    column: usize,
}

/// Phrases of up to three words that lead to entries.
#[derive(Debug, Default)]
struct Phrases {
    /// What is kept for each entry, in each column.
    entries: Vec<[String; 3]>,
    index: HashMap<String, Hit>,
}

impl Phrases {
    /// Reads `English | Russian | Hebrew`, each a list of which the first is kept.
    fn parse(data: &str) -> Self {
        let mut this = Self::default();
        for line in lines(data) {
            let columns: Vec<_> = line.split('|').collect();
            this.add(&columns);
        }
        this
    }

    fn add(&mut self, columns: &[&str]) {
        let entry = self.entries.len();
        let mut kept = [const { String::new() }; 3];
        for (column, names) in columns.iter().enumerate().take(3) {
            for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                if kept[column].is_empty() {
                    name.clone_into(&mut kept[column]);
                }
                let low = fold(name);
                let forms = if column == 1 && !low.contains(' ') { inflect::forms(&low) } else { vec![low] };
                for form in forms {
                    self.index.entry(form).or_insert(Hit { entry, column });
                }
            }
        }
        self.entries.push(kept);
    }

    /// The longest phrase that these words begin with, and how many of them it is.
    fn longest(&self, words: &[Word]) -> Option<(Hit, usize)> {
        let mut phrase = String::new();
        let mut best = None;
        let mut parts = 0;
        for (index, word) in words.iter().enumerate().take(6) {
            if word.kind == Kind::Mark {
                // "בת-ים" is one name.
                if word.is_mark("-־") && !phrase.is_empty() {
                    continue;
                }
                break;
            }
            if parts == 3 {
                break;
            }
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(&word.low);
            parts += 1;
            if let Some(hit) = self.index.get(&phrase) {
                best = Some((*hit, index + 1));
            }
        }
        best
    }

    fn kept(&self, hit: Hit) -> String {
        self.entries[hit.entry][hit.column].clone()
    }
}

/// All tables.
#[derive(Debug)]
pub(super) struct Lexicon {
    cities: Phrases,
    interests: Phrases,
    kin: Phrases,
    languages: HashMap<String, String>,
    /// What languages are called, by their codes, in each column.
    language_names: HashMap<String, [String; 3]>,
    /// Names in any form, with the form in which they are kept.
    names: HashMap<String, String>,
    english_jobs: HashSet<String>,
    /// Occupations in any case, with their nominative.
    russian_jobs: HashMap<String, String>,
    hebrew_jobs: HashSet<String>,
}

fn lines(data: &str) -> impl Iterator<Item = &str> {
    data.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn all_words(data: &str) -> impl Iterator<Item = &str> {
    lines(data).flat_map(str::split_whitespace)
}

/// The form in which values are compared.
pub(super) fn fold(text: &str) -> String {
    text.trim().to_lowercase().replace('ё', "е").replace(['’', '׳'], "'").replace('״', "\"")
}

impl Lexicon {
    pub(super) fn new() -> Self {
        let mut kin = Phrases::default();
        for line in lines(include_str!("lexicon/kin.txt")) {
            let columns: Vec<_> = line.split('|').collect();
            kin.add(&columns[1..]);
            let entry = kin.entries.last_mut().expect("it was just added");
            // Whatever the language, the same word is kept.
            *entry = [const { String::new() }; 3].map(|_| columns[0].to_owned());
        }
        let mut languages = HashMap::new();
        let mut language_names = HashMap::new();
        for line in lines(include_str!("lexicon/languages.txt")) {
            let mut columns = line.split('|');
            let code = columns.next().unwrap_or_default();
            let mut firsts = columns.clone().map(|names| names.split(',').next().unwrap_or_default().trim());
            let names = [(); 3].map(|()| firsts.next().unwrap_or_default().to_owned());
            language_names.insert(code.to_owned(), [capital(&names[0]), names[1].clone(), names[2].clone()]);
            for name in columns.flat_map(|names| names.split(',')) {
                languages.insert(fold(name), code.to_owned());
            }
        }
        let mut names = HashMap::new();
        for name in all_words(include_str!("lexicon/names.txt")) {
            let kept = capital(name);
            for form in inflect::forms(name) {
                names.entry(form).or_insert_with(|| kept.clone());
            }
            // The name itself is never another one's case.
            names.insert(name.to_owned(), kept);
        }
        let mut russian_jobs = HashMap::new();
        for job in all_words(include_str!("lexicon/occupations.ru.txt")) {
            for form in inflect::forms(job) {
                russian_jobs.entry(form).or_insert_with(|| job.to_owned());
            }
            russian_jobs.insert(job.to_owned(), job.to_owned());
        }
        Self {
            cities: Phrases::parse(include_str!("lexicon/cities.txt")),
            interests: Phrases::parse(include_str!("lexicon/interests.txt")),
            kin,
            languages,
            language_names,
            names,
            english_jobs: all_words(include_str!("lexicon/occupations.en.txt")).map(str::to_owned).collect(),
            russian_jobs,
            hebrew_jobs: all_words(include_str!("lexicon/occupations.he.txt")).map(str::to_owned).collect(),
        }
    }

    pub(super) fn city(&self, words: &[Word]) -> Option<(String, usize)> {
        self.cities.longest(words).map(|(hit, used)| (self.cities.kept(hit), used))
    }

    pub(super) fn interest(&self, words: &[Word]) -> Option<(String, usize)> {
        self.interests.longest(words).map(|(hit, used)| (self.interests.kept(hit), used))
    }

    pub(super) fn kin(&self, words: &[Word]) -> Option<(String, usize)> {
        self.kin.longest(words).map(|(hit, used)| (self.kin.kept(hit), used))
    }

    pub(super) fn language(&self, low: &str) -> Option<&str> {
        self.languages.get(low.strip_prefix("по-").unwrap_or(low)).map(String::as_str)
    }

    /// What a language is called, by its code: in English (0), Russian (1) or Hebrew (2).
    pub(super) fn language_name(&self, code: &str, column: usize) -> Option<&str> {
        self.language_names.get(code).and_then(|names| names.get(column)).map(String::as_str)
    }

    pub(super) fn name(&self, low: &str) -> Option<&str> {
        self.names.get(low).map(String::as_str)
    }

    pub(super) fn is_english_job(&self, low: &str) -> bool {
        self.english_jobs.contains(low)
    }

    /// The nominative of a Russian occupation.
    pub(super) fn russian_job(&self, low: &str) -> Option<&str> {
        self.russian_jobs.get(low).map(String::as_str)
    }

    pub(super) fn is_hebrew_job(&self, low: &str) -> bool {
        self.hebrew_jobs.contains(low)
    }

    /// All pastimes that a text names.
    pub(super) fn interests_in(&self, words: &[Word]) -> Vec<String> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let step = match self.interest(&words[at..]) {
                Some((interest, used)) => {
                    if !found.contains(&interest) {
                        found.push(interest);
                    }
                    used
                }
                None => 1,
            };
            at += step;
        }
        found
    }

    /// What makes two values of a field the same.
    pub(super) fn key(&self, field: Field, value: &str) -> String {
        let known = |phrases: &Phrases| {
            let words = words::split(value, &[]);
            let hit = phrases.longest(&words).filter(|(_, used)| *used == words.len());
            hit.map(|(hit, _)| phrases.entries[hit.entry][0].to_lowercase())
        };
        match field {
            Field::City => known(&self.cities).unwrap_or_else(|| fold(value)),
            Field::Interest => known(&self.interests).unwrap_or_else(|| fold(value)),
            // A wife has one name at a time, two daughters have two.
            Field::Family => match value.split_once(": ") {
                Some((relation, name)) if !is_one(relation) && name.parse::<u32>().is_err() => {
                    format!("{relation}: {}", fold(name))
                }
                Some((relation, _)) => relation.to_owned(),
                None => value.to_owned(),
            },
            Field::Phone => value.chars().filter(char::is_ascii_digit).collect(),
            _ => fold(value),
        }
    }

    /// A value in the form in which it is kept.
    pub(super) fn check(&self, field: Field, value: &str) -> Option<String> {
        let value = value.trim();
        let plain = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_text = |limit: usize| {
            let fits = (1..=limit).contains(&plain.chars().count());
            let allowed = |char: char| char.is_alphanumeric() || " .,'’\"״׳-–&/+#".contains(char);
            fits && plain.chars().any(char::is_alphabetic) && plain.chars().all(allowed)
        };
        let low = plain.to_lowercase();
        match field {
            Field::Name => (is_text(60) && !plain.chars().any(|char| char.is_ascii_digit())).then_some(plain),
            Field::City | Field::Occupation | Field::Interest => is_text(60).then_some(plain),
            Field::Age => plain.parse().ok().filter(|age| (5..=120).contains(age)).map(|age: u32| age.to_string()),
            Field::Birthday => {
                let words = words::split(value, &[]);
                let whole = |found: Option<(String, usize)>| found.filter(|(_, used)| *used == words.len());
                let found = month_first(value).or_else(|| whole(dates::date(&words)).map(|(date, _)| date));
                found.or_else(|| whole(dates::year(&words)).map(|(year, _)| year))
            }
            Field::Language => {
                let code = self.languages.values().find(|code| **code == low).map(String::as_str);
                code.or_else(|| self.language(&low)).map(str::to_owned)
            }
            Field::Family => family(&plain),
            Field::Phone => {
                let digits = plain.chars().filter(char::is_ascii_digit).count();
                let fits = plain.chars().all(|char| char.is_ascii_digit() || "+-() ".contains(char));
                (fits && (7..=15).contains(&digits)).then(|| phone(&plain))
            }
            Field::Email => words::is_email(&low).then_some(low),
            Field::Link => words::is_link(&low).then(|| link(value)),
            Field::Timezone => super::zones::zone(&words::split(value, &[])).map(|(zone, _)| zone),
        }
    }
}

/// `05-12`, as birthdays without a year are kept.
fn month_first(value: &str) -> Option<String> {
    let (month, day) = value.split_once('-')?;
    let is_kept = month.len() == 2 && day.len() == 2;
    is_kept.then(|| dates::digits(&format!("{day}.{month}"))).flatten()
}

/// Whether one has only one of these.
fn is_one(relation: &str) -> bool {
    !matches!(relation, "son" | "daughter" | "brother" | "sister" | "grandson" | "granddaughter")
}

/// What may be kept of relatives: a word of ours, with a name or a number.
fn family(value: &str) -> Option<String> {
    const STATES: [&str; 5] = ["married", "single", "divorced", "widowed", "engaged"];
    const MANY: [&str; 5] = ["children", "sons", "daughters", "brothers", "sisters"];
    const ONES: [&str; 13] = [
        "wife",
        "husband",
        "girlfriend",
        "boyfriend",
        "partner",
        "fiancee",
        "fiance",
        "son",
        "daughter",
        "brother",
        "sister",
        "grandson",
        "granddaughter",
    ];
    let low = value.to_lowercase();
    if STATES.contains(&low.as_str()) || ONES.contains(&low.as_str()) || low == "children" {
        return Some(low);
    }
    let (relation, detail) = value.split_once(':')?;
    let (relation, detail) = (relation.trim().to_lowercase(), detail.trim());
    let count = MANY.contains(&relation.as_str()) && detail.parse().is_ok_and(|count: u32| (1..=20).contains(&count));
    let letters = detail.chars().all(|char| char.is_alphabetic() || " -'".contains(char));
    let name = ONES.contains(&relation.as_str()) && letters && (1..=40).contains(&detail.chars().count());
    (count || name).then(|| format!("{relation}: {detail}"))
}

/// A telephone number as it is kept. `8 9…` is how Russia dials its own mobile numbers.
pub(super) fn phone(raw: &str) -> String {
    let digits: String = raw.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('8') {
        Some(rest) if digits.len() == 11 && rest.starts_with('9') => format!("+7{rest}"),
        _ if raw.trim_start().starts_with('+') => format!("+{digits}"),
        _ => digits,
    }
}

/// A link as it is kept, with its scheme.
pub(super) fn link(raw: &str) -> String {
    if raw.contains("://") { raw.to_owned() } else { format!("https://{raw}") }
}

/// A word with a capital letter, also behind a hyphen.
pub(super) fn capital(word: &str) -> String {
    let mut upper = true;
    let mut name = String::with_capacity(word.len());
    for char in word.chars() {
        if upper {
            name.extend(char.to_uppercase());
        } else {
            name.push(char);
        }
        upper = char == '-';
    }
    name
}
