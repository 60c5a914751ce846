//! What a person reads when something else was seen than expected. Pure.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::run::{Report, StepReport};

/// How a text is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// For a terminal.
    On,
    /// For a file.
    Off,
}

impl Colours {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

/// What was wrong with a scenario: the first step that was, in full, and how many more there are.
pub fn explain(report: &Report, colours: Colours) -> String {
    let mut wrong = report.steps.iter().filter(|step| !step.is_right());
    let mut text = String::new();
    if let Some(first) = wrong.next() {
        step(&mut text, first, colours);
    }
    let more = wrong.count();
    if more > 0 {
        let _ = writeln!(text, "  {more} more step(s) differ");
    }
    let left = report.planned - report.steps.len();
    if left > 0 {
        let _ = writeln!(text, "  {left} step(s) were not done");
    }
    text
}

fn step(text: &mut String, step: &StepReport, colours: Colours) {
    let _ = writeln!(text, "  step {}, line {}: {}", step.number, step.line, step.deed);
    let places = step.expected.keys().chain(step.seen.keys().filter(|place| !step.expected.contains_key(*place)));
    for place in places {
        let (none, expected, seen) = (Vec::new(), step.expected.get(place), step.seen.get(place));
        if expected == seen {
            continue;
        }
        let what = match place.as_str() {
            "answer" => "the answer".to_owned(),
            place => format!("{place} sees"),
        };
        let _ =
            writeln!(text, "  {what}: {}, {}", colours.paint("31", "- as expected"), colours.paint("32", "+ as it is"));
        let (expected, seen) = (lines(expected.unwrap_or(&none)), lines(seen.unwrap_or(&none)));
        for change in TextDiff::from_lines(&expected, &seen).iter_all_changes() {
            let line = change.value().trim_end_matches('\n');
            let _ = match change.tag() {
                ChangeTag::Equal => writeln!(text, "      {line}"),
                ChangeTag::Delete => writeln!(text, "    {}", colours.paint("31", &format!("- {line}"))),
                ChangeTag::Insert => writeln!(text, "    {}", colours.paint("32", &format!("+ {line}"))),
            };
        }
    }
    for problem in &step.problems {
        let _ = writeln!(text, "  {}", colours.paint("31", &indented(problem)));
    }
    for failure in &step.failures {
        let _ = writeln!(text, "  note: {}", indented(failure));
    }
}

/// Several things seen as one text, one after the other.
fn lines(things: &[String]) -> String {
    let mut text = String::new();
    for (index, thing) in things.iter().enumerate() {
        if index > 0 {
            text.push_str("---\n");
        }
        text.push_str(thing);
        text.push('\n');
    }
    text
}

fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n  ")
}
