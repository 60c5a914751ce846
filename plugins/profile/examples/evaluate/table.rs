//! Precision and recall of the rules, by field and language. A fact counts as found when field and value are those of the
//! label, letter case aside; there is no partial credit, and nothing is left out for being unsure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use guesthouse_profile::rules::{Field, Rules};
use serde::Deserialize;

const LANGUAGES: [(&str, &str); 3] = [("en", "English"), ("ru", "Russian"), ("he", "Hebrew")];
const PARTS: [(&str, &str); 2] = [("tuned", "tuned on"), ("held-out", "held out")];
const BEGIN: &str = "<!-- evaluation: begin -->";
const END: &str = "<!-- evaluation: end -->";

/// A message with what it says of its writer.
#[derive(Deserialize)]
struct Labelled {
    text: String,
    facts: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    field: Field,
    value: String,
}

/// What was found, rightly or not, and what was to be found.
#[derive(Default, Clone, Copy)]
struct Score {
    right: usize,
    found: usize,
    labelled: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.found += other.found;
        self.labelled += other.labelled;
    }

    fn cell(self) -> String {
        let percent = |of: usize| {
            let rounded = (100 * self.right + of / 2).checked_div(of);
            rounded.map_or_else(|| "–".to_owned(), |percent| percent.to_string())
        };
        format!("{} / {}", percent(self.found), percent(self.labelled))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn messages(language: &str, part: &str) -> Vec<Labelled> {
    let path = root().join(format!("evaluation/{language}.{part}.jsonl"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    text.lines().map(read).collect()
}

type Scores = BTreeMap<Field, Score>;

fn score(rules: &Rules, messages: &[Labelled], mut miss: impl FnMut(String)) -> Scores {
    let mut scores = Scores::new();
    for message in messages {
        let facts = rules.read(&message.text, &[]);
        let same = |label: &Label, field: Field, value: &str| {
            label.field == field && label.value.to_lowercase() == value.to_lowercase()
        };
        for fact in &facts {
            let right = message.facts.iter().any(|label| same(label, fact.field, &fact.value));
            let score = scores.entry(fact.field).or_default();
            score.found += 1;
            score.right += usize::from(right);
            if !right {
                miss(format!("+ {} = {}   in: {}", fact.field.name(), fact.value, message.text));
            }
        }
        for label in &message.facts {
            scores.entry(label.field).or_default().labelled += 1;
            if !facts.iter().any(|fact| same(label, fact.field, &fact.value)) {
                miss(format!("- {} = {}   in: {}", label.field.name(), label.value, message.text));
            }
        }
    }
    scores
}

/// What the rules got wrong (`+`) or missed (`-`) in the tuned part. The held-out part is not shown, so that nobody tunes on it.
#[allow(dead_code, reason = "the test does not ask")]
pub(crate) fn misses() -> Vec<String> {
    let rules = Rules::new();
    let mut misses = Vec::new();
    for (language, _) in LANGUAGES {
        score(&rules, &messages(language, "tuned"), |miss| misses.push(miss));
    }
    misses
}

/// How many messages there are in each language.
#[allow(dead_code, reason = "the command does not ask")]
pub(crate) fn sizes() -> Vec<(&'static str, usize)> {
    let count = |language| PARTS.iter().map(|(part, _)| messages(language, part).len()).sum();
    LANGUAGES.iter().map(|(language, name)| (*name, count(language))).collect()
}

/// The table.
pub(crate) fn table() -> String {
    let rules = Rules::new();
    let mut text = String::new();
    for (part, title) in PARTS {
        let sets: Vec<_> = LANGUAGES.iter().map(|(language, _)| messages(language, part)).collect();
        let scores: Vec<_> = sets.iter().map(|set| score(&rules, set, |_| ())).collect();
        let _ = write!(
            text,
            "Part {title} ({} messages), precision / recall in percent:\n\n| field |",
            sets.iter().map(Vec::len).sum::<usize>()
        );
        for ((_, name), set) in LANGUAGES.iter().zip(&sets) {
            let _ = write!(text, " {name} ({}) |", set.len());
        }
        text += " all | labels |\n|---|---|---|---|---|---|\n";
        let mut totals = [Score::default(); 4];
        for field in Field::ALL {
            let _ = write!(text, "| {} |", field.name());
            let mut all = Score::default();
            for (index, scores) in scores.iter().enumerate() {
                let score = scores.get(&field).copied().unwrap_or_default();
                let _ = write!(text, " {} |", score.cell());
                totals[index].add(score);
                all.add(score);
            }
            totals[3].add(all);
            let _ = writeln!(text, " {} | {} |", all.cell(), all.labelled);
        }
        text += "| **all** |";
        totals.iter().for_each(|score| _ = write!(text, " **{}** |", score.cell()));
        let _ = writeln!(text, " {} |\n", totals[3].labelled);
    }
    text.trim_end().to_owned()
}

fn page() -> (PathBuf, String) {
    let path = root().join("../../docs/profile.md");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (path, text)
}

/// The table as it stands in `docs/profile.md`.
#[allow(dead_code, reason = "the command does not ask")]
pub(crate) fn written() -> String {
    let (_, text) = page();
    let (_, rest) = text.split_once(BEGIN).expect("the page has a place for the table");
    rest.split_once(END).expect("the page has an end of the table").0.trim().to_owned()
}

/// Puts the table into `docs/profile.md`.
#[allow(dead_code, reason = "the test does not ask")]
pub(crate) fn write() {
    let (path, text) = page();
    let (before, rest) = text.split_once(BEGIN).expect("the page has a place for the table");
    let (_, after) = rest.split_once(END).expect("the page has an end of the table");
    fs::write(path, format!("{before}{BEGIN}\n{}\n{END}{after}", table())).expect("the page can be written");
}
