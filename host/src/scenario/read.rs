//! From a text to a scenario, or to what is wrong with it and in which line.
//!
//! 1. TOML's own errors and unknown keys name their line.
//! 2. What TOML cannot know is checked before anything runs: that a step has one thing to do, that people and chats which
//!    are named are there, that what belongs together stands together.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml_edit::Document;

use super::form::{Person, Scenario, Sends, Step};

/// A scenario with where it stands.
#[derive(Debug, Clone)]
pub struct File {
    /// The file.
    pub path: PathBuf,
    /// What it says.
    pub scenario: Scenario,
    /// Its text.
    pub(super) text: String,
    /// Its people; those that are always there if it names none.
    pub(super) people: BTreeMap<String, Person>,
    /// Its steps as they are to be done.
    pub(super) steps: Vec<Doing>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1, if it is about one.
    pub line: Option<usize>,
    /// What is wrong, and a hint.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.text)
    }
}

impl std::error::Error for Problem {}

/// A step that has been checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doing {
    /// Where it stands.
    pub(super) line: usize,
    /// Who does it, if anybody does.
    pub(super) who: Option<String>,
    /// In which group or channel; `None`: in the private chat.
    pub(super) place: Option<String>,
    /// What.
    pub(super) deed: Deed,
}

/// What is done in a step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Deed {
    Says { text: String, replies_to: Option<String> },
    Sends { what: Sends, replies_to: Option<String> },
    Presses { label: String, under: Option<String> },
    Follows(String),
    Edits { part: String, to: String },
    Joins,
    Leaves,
    Adds(String),
    Removes(String),
    Blocks(bool),
    Waits(String),
    Requests { method: String, path: String, json: Option<toml::Value> },
}

impl Deed {
    /// Whether somebody has to do it.
    fn needs_somebody(&self) -> bool {
        !matches!(self, Self::Waits(_) | Self::Requests { .. })
    }
}

impl File {
    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|error| Problem {
            path: path.to_owned(),
            line: None,
            text: format!("cannot be read: {error}\nhint: name a scenario file, or a folder that holds some"),
        })?;
        Self::parse(path, text)
    }

    /// Reads a text; `path` is for messages, and for what lies beside it.
    pub fn parse(path: &Path, text: String) -> Result<Self, Problem> {
        let problem = |line, text: String| Problem { path: path.to_owned(), line, text };
        let line_at = |offset: usize| text[..offset.min(text.len())].matches('\n').count() + 1;
        let scenario: Scenario = toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| line_at(span.start));
            problem(line, format!("{}{}", error.message().trim_end(), hint(&text, error.message())))
        })?;
        let lines: Vec<_> = steps_of(&text).into_iter().map(line_at).collect();
        let mut people = scenario.people.clone();
        if people.is_empty() {
            people.insert("admin".into(), Person { admin: true, ..Person::default() });
            people.insert("user".into(), Person::default());
        }
        let head = Head { scenario: &scenario, people: &people };
        head.check().map_err(|text| problem(None, text))?;
        let mut before = match people.len() {
            1 => people.keys().next().cloned(),
            _ => scenario.people.is_empty().then(|| "user".to_owned()),
        };
        let mut steps = Vec::with_capacity(scenario.step.len());
        for (index, step) in scenario.step.iter().enumerate() {
            let line = lines.get(index).copied().unwrap_or(1);
            let wrong = |text| problem(Some(line), format!("step {}: {text}", index + 1));
            let doing = head.doing(step, line, &mut before).map_err(wrong)?;
            steps.push(doing);
        }
        Ok(Self { path: path.to_owned(), scenario, text, people, steps })
    }
}

/// What a newcomer may have meant.
fn hint(text: &str, message: &str) -> &'static str {
    if message.contains("unknown field `steps`") {
        "\nhint: every step begins with [[step]]"
    } else if message.contains("expected a sequence") && text.lines().any(|line| line.trim() == "[step]") {
        "\nhint: steps are a list: write [[step]] with two brackets"
    } else {
        ""
    }
}

/// Where the steps begin in a text that is a scenario.
fn steps_of(text: &str) -> Vec<usize> {
    let Ok(document) = Document::parse(text) else { return vec![] };
    let begins = |span: Option<std::ops::Range<usize>>| span.map_or(0, |span| span.start);
    match document.get("step") {
        Some(toml_edit::Item::ArrayOfTables(tables)) => tables.iter().map(|table| begins(table.span())).collect(),
        Some(toml_edit::Item::Value(toml_edit::Value::Array(values))) => {
            values.iter().map(|value| begins(value.span())).collect()
        }
        _ => vec![],
    }
}

/// The part of a scenario before its steps.
struct Head<'a> {
    scenario: &'a Scenario,
    people: &'a BTreeMap<String, Person>,
}

impl Head<'_> {
    fn check(&self) -> Result<(), String> {
        for (title, chat) in &self.scenario.chats {
            if self.people.contains_key(title) {
                return Err(format!("`{title}` is a person and a chat\nhint: give one of them another name"));
            }
            if chat.people.is_empty() {
                return Err(format!(
                    "nobody is in the chat `{title}`\nhint: write people = [\"…\"]; the first one owns it"
                ));
            }
            chat.people
                .iter()
                .try_for_each(|name| self.knows_person(name).map_err(|text| format!("chats.{title}: {text}")))?;
        }
        for dialogue in &self.scenario.dialogues {
            let place = dialogue.place.as_deref().map_or(Ok(()), |title| self.knows_chat(title));
            self.knows_person(&dialogue.who).and(place).map_err(|text| format!("[[dialogues]]: {text}"))?;
        }
        if self.people.contains_key("bot") || self.people.contains_key("answer") {
            return Err("a person cannot be called `bot` or `answer`\nhint: choose another name".into());
        }
        for site in &self.scenario.http {
            let said = [site.text.is_some(), site.json.is_some(), site.file.is_some(), site.error.is_some()];
            if said.iter().filter(|it| **it).count() > 1 {
                return Err(format!(
                    "http `{}` answers twice\nhint: write one of text, json, file and error",
                    site.url
                ));
            }
            spans(site.after.as_deref(), &site.url)?;
        }
        for model in &self.scenario.llm {
            let said = [model.text.is_some(), model.json.is_some(), model.status.is_some(), model.error.is_some()];
            let to = model.contains.as_deref().unwrap_or("everything");
            if said.iter().filter(|it| **it).count() != 1 {
                return Err(format!(
                    "the answer of the language model to `{to}` is not clear\nhint: write one of text, json, status and error"
                ));
            }
            spans(model.after.as_deref(), to)?;
        }
        Ok(())
    }

    fn knows_person(&self, name: &str) -> Result<(), String> {
        if self.people.contains_key(name) {
            return Ok(());
        }
        let known: Vec<_> = self.people.keys().map(|name| format!("`{name}`")).collect();
        Err(format!("there is no person `{name}`\nhint: the people are {}; [people] names them", known.join(", ")))
    }

    fn knows_chat(&self, title: &str) -> Result<(), String> {
        if self.scenario.chats.contains_key(title) {
            return Ok(());
        }
        let known: Vec<_> = self.scenario.chats.keys().map(|title| format!("`{title}`")).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Err(format!("there is no group or channel `{title}`\nhint: [chats.{title}] would make it; there are: {known}"))
    }

    fn doing(&self, step: &Step, line: usize, before: &mut Option<String>) -> Result<Doing, String> {
        let mut place = step.place.clone();
        let deed = deed(step, &mut place)?;
        if let Some(who) = &step.who {
            self.knows_person(who)?;
            *before = Some(who.clone());
        }
        if before.is_none() && deed.needs_somebody() {
            return Err(
                "nobody does it\nhint: write who = \"…\"; later steps that leave it out mean the same person".into()
            );
        }
        if let Some(place) = &place {
            self.knows_chat(place)?;
        }
        match &deed {
            Deed::Adds(name) | Deed::Removes(name) => {
                if name != "bot" {
                    self.knows_person(name)?;
                }
                if place.is_none() {
                    return Err("it is not said where\nhint: write in = \"…\" with the title of the chat".into());
                }
            }
            Deed::Sends { what, .. } => check_sends(what)?,
            _ => {}
        }
        if let Some(super::form::Sees::In(places)) = &step.sees {
            for name in places.keys() {
                let is_known = self.people.contains_key(name)
                    || self.scenario.chats.contains_key(name)
                    || (name == "answer" && matches!(deed, Deed::Requests { .. }));
                if !is_known {
                    return Err(format!(
                        "`sees` names `{name}`, which is neither a person nor a chat\nhint: write sees = {{ Name = [\"…\"] }}"
                    ));
                }
            }
        }
        Ok(Doing { line, who: before.clone(), place, deed })
    }
}

fn spans(text: Option<&str>, of: &str) -> Result<(), String> {
    match text {
        Some(text) if super::when::span(text).is_none() => {
            Err(format!("`{text}`, after which `{of}` answers, is no span of time\nhint: write after = \"10s\""))
        }
        _ => Ok(()),
    }
}

/// What a step does: the one of its keys that is a deed, with what belongs to it.
fn deed(step: &Step, place: &mut Option<String>) -> Result<Deed, String> {
    let Step {
        who: _,
        place: _,
        says,
        sends,
        presses,
        follows,
        edits,
        joins,
        leaves,
        adds,
        removes,
        blocks,
        posts,
        waits,
        requests,
        replies_to,
        under,
        to,
        json,
        sees: _,
    } = step.clone();
    let mut found = Vec::new();
    let mut add = |name: &'static str, deed: Option<Deed>| found.extend(deed.map(|deed| (name, deed)));
    let reply = replies_to.clone();
    add("says", says.map(|text| Deed::Says { text, replies_to: reply.clone() }));
    add("sends", sends.map(|what| Deed::Sends { what, replies_to: reply.clone() }));
    add("presses", presses.map(|label| Deed::Presses { label, under: under.clone() }));
    add("follows", follows.map(Deed::Follows));
    add("edits", edits.map(|part| Deed::Edits { part, to: to.clone().unwrap_or_default() }));
    add("joins", joins.clone().map(|_| Deed::Joins));
    add("leaves", leaves.clone().map(|_| Deed::Leaves));
    add("adds", adds.map(Deed::Adds));
    add("removes", removes.map(Deed::Removes));
    add("blocks", blocks.map(Deed::Blocks));
    add("posts", posts.clone().map(|text| Deed::Says { text, replies_to: None }));
    add("waits", waits.map(Deed::Waits));
    if let Some(request) = requests {
        let split = request.split_once(' ').filter(|(_, path)| path.starts_with('/'));
        let (method, path) = split.ok_or_else(|| {
            format!("`{request}` is no request\nhint: write a method and a path: requests = \"GET /users/7/notes\"")
        })?;
        add("requests", Some(Deed::Requests { method: method.into(), path: path.into(), json: json.clone() }));
    }
    if let Some(title) = joins.or(leaves) {
        if place.is_some() {
            return Err("the chat is named twice\nhint: leave `in` out".into());
        }
        *place = Some(title);
    }
    let (name, deed) = match <[_; 1]>::try_from(found) {
        Ok([one]) => one,
        Err(none) if none.is_empty() => {
            return Err(
                "nothing happens in it\nhint: write one of says, sends, presses, follows, edits, joins, leaves, adds, \
                        removes, blocks, posts, waits and requests"
                    .into(),
            );
        }
        Err(several) => {
            let names: Vec<_> = several.iter().map(|(name, _)| format!("`{name}`")).collect();
            return Err(format!("{} are two steps\nhint: begin another [[step]]", names.join(" and ")));
        }
    };
    for (key, is_there, of) in [
        ("replies_to", replies_to.is_some(), &["says", "sends"][..]),
        ("under", under.is_some(), &["presses"]),
        ("to", to.is_some(), &["edits"]),
        ("json", json.is_some(), &["requests"]),
    ] {
        if is_there && !of.contains(&name) {
            return Err(format!("`{key}` does not belong to `{name}`\nhint: it stands with {}", of.join(" or ")));
        }
    }
    if name == "edits" && to.is_none() {
        return Err("it is not said into what\nhint: write to = \"…\"".into());
    }
    if name == "posts" && place.is_none() {
        return Err("it is not said where\nhint: write in = \"…\" with the title of the channel".into());
    }
    Ok(deed)
}

fn check_sends(what: &Sends) -> Result<(), String> {
    let Sends { photo, album, document, file, location, contact, .. } = what;
    let said =
        [photo.is_some(), !album.is_empty(), document.is_some(), file.is_some(), location.is_some(), contact.is_some()];
    if said.iter().filter(|it| **it).count() == 1 {
        return Ok(());
    }
    Err("what is sent is not clear\nhint: write one of photo, album, document, file, location and contact".into())
}

#[cfg(test)]
mod tests;
