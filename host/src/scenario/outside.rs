//! What sites and the language model answer in a scenario: the first entry that fits and is not used up. What none fits is
//! noted, and fails the step in which it was asked.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::form::{Model as ModelEntry, Scenario, Site as SiteEntry, Trouble};
use super::when;
use crate::testing::{Asked, Model, Reply, Says, Site, page};

/// What was asked and not answered. Clones are the same ones.
#[derive(Clone, Default)]
pub(super) struct Unanswered(Arc<Mutex<Vec<String>>>);

impl Unanswered {
    fn note(&self, text: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What has been noted since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How often each entry has answered.
struct Uses(Mutex<Vec<u32>>);

impl Uses {
    fn of(count: usize) -> Self {
        Self(Mutex::new(vec![0; count]))
    }

    /// The first that fits and is not used up; it is used once more.
    fn first<'a, T>(
        &self,
        all: &'a [T],
        times: impl Fn(&T) -> Option<u32>,
        fits: impl Fn(&T) -> bool,
    ) -> Option<&'a T> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let free = |(index, one): &(usize, &T)| times(one).is_none_or(|times| used[*index] < times) && fits(one);
        let (index, found) = all.iter().enumerate().find(free)?;
        used[index] += 1;
        Some(found)
    }
}

/// The sites, in place of the whole Web.
pub(super) async fn web(scenario: &Scenario, folder: &Path, unanswered: &Unanswered) -> Site {
    let (entries, folder) = (scenario.http.clone(), folder.to_owned());
    let (uses, unanswered) = (Uses::of(entries.len()), unanswered.clone());
    Site::opens(move |asked| {
        let fits = |entry: &SiteEntry| {
            entry.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&asked.method))
                && is_like(&entry.url, asked.url())
        };
        match uses.first(&entries, |entry| entry.times, fits) {
            Some(entry) => answer(entry, &folder, &unanswered),
            None => {
                unanswered.note(format!(
                    "a plugin has asked {} {}, and no [[http]] answers that",
                    asked.method,
                    asked.url()
                ));
                unreachable_reply(asked)
            }
        }
    })
    .await
}

fn unreachable_reply(_: &Asked) -> Reply {
    Reply::Breaks(vec![])
}

fn answer(entry: &SiteEntry, folder: &Path, unanswered: &Unanswered) -> Reply {
    match entry.error {
        Some(Trouble::Unreachable) => return Reply::Breaks(vec![]),
        Some(Trouble::Timeout) => return Reply::Hangs,
        Some(Trouble::Nonsense) => return Reply::Breaks(b"no HTTP at all\r\n\r\n".to_vec()),
        None => {}
    }
    let (body, kind) = match (&entry.text, &entry.json, &entry.file) {
        (Some(text), ..) => (text.clone().into_bytes(), "text/plain; charset=utf-8"),
        (_, Some(json), _) => (to_json(json).to_string().into_bytes(), "application/json"),
        (.., Some(file)) => {
            let path: PathBuf = folder.join(file);
            let kind = match path.extension().and_then(|ending| ending.to_str()) {
                Some("html") => "text/html; charset=utf-8",
                Some("json") => "application/json",
                Some("txt") => "text/plain; charset=utf-8",
                Some("xml") => "application/xml",
                _ => "application/octet-stream",
            };
            match std::fs::read(&path) {
                Ok(bytes) => (bytes, kind),
                Err(error) => {
                    unanswered.note(format!("`{}` cannot be read: {error}", path.display()));
                    return Reply::Breaks(vec![]);
                }
            }
        }
        _ => (vec![], "text/plain"),
    };
    let named = |name: &str| entry.headers.keys().any(|header| header.eq_ignore_ascii_case(name));
    let mut headers: Vec<(&str, &str)> = entry.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    if !named("content-type") {
        headers.push(("content-type", kind));
    }
    let reply = page(entry.status.unwrap_or(200), &headers, body);
    match (reply, entry.after.as_deref().and_then(when::span)) {
        (Reply::Whole(bytes), Some(span)) => Reply::Later(bytes, span),
        (reply, _) => reply,
    }
}

/// The language model, if the scenario has one.
pub(super) async fn llm(scenario: &Scenario, unanswered: &Unanswered) -> Option<Model> {
    if scenario.llm.is_empty() {
        return None;
    }
    let entries = scenario.llm.clone();
    let (uses, unanswered) = (Uses::of(entries.len()), unanswered.clone());
    let rule = move |whole: &Value, last: &str| {
        let question = question(whole);
        let fits = |entry: &ModelEntry| {
            entry.contains.as_ref().is_none_or(|part| question.contains(part) || last.contains(part))
        };
        match uses.first(&entries, |entry| entry.times, fits) {
            Some(entry) => said(entry),
            None => {
                unanswered
                    .note(format!("a plugin has asked the language model, and no [[llm]] answers that:\n{question}"));
                Says::Error(500, "nobody answers that".into())
            }
        }
    };
    Some(Model::answers(rule).await)
}

fn said(entry: &ModelEntry) -> Says {
    match (entry.error, entry.status) {
        (Some(Trouble::Unreachable), _) => return Says::Error(503, "nobody is there".into()),
        (Some(Trouble::Timeout), _) => return Says::Nothing,
        (Some(Trouble::Nonsense), _) => return Says::Nonsense("data: {nonsense\n\n".into()),
        (None, Some(status)) => return Says::Error(status, "refused by the scenario".into()),
        (None, None) => {}
    }
    let text = match (&entry.text, &entry.json) {
        (Some(text), _) => text.clone(),
        (None, Some(json)) => to_json(json).to_string(),
        (None, None) => String::new(),
    };
    match entry.after.as_deref().and_then(when::span) {
        Some(span) => Says::Later(text, span),
        None => Says::Text(text),
    }
}

/// All that was said to the model, as text.
fn question(whole: &Value) -> String {
    let parts = whole["messages"].as_array().into_iter().flatten().flat_map(|message| match &message["content"] {
        Value::String(text) => vec![text.clone()],
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str().map(str::to_owned)).collect(),
        _ => vec![],
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// Whether an address is like a pattern in which `*` stands for anything.
fn is_like(pattern: &str, url: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| url.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(between) = last.replace(part) {
            match rest.split_once(between) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

/// TOML as JSON; dates and times become texts.
pub(super) fn to_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(truth) => json!(truth),
        toml::Value::Datetime(time) => json!(time.to_string()),
        toml::Value::Array(all) => all.iter().map(to_json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, url, is) in [
            ("https://a.org/x", "https://a.org/x", true),
            ("https://a.org/x", "https://a.org/xy", false),
            ("https://a.org/*", "https://a.org/", true),
            ("https://a.org/*", "https://b.org/", false),
            ("*/rates?day=*", "https://a.org/rates?day=1", true),
            ("*/rates?day=*&x", "https://a.org/rates?day=1&y", false),
            ("*", "https://a.org/", true),
            ("https://*.org/*.json", "https://a.b.org/c/d.json", true),
        ] {
            assert_eq!(is_like(pattern, url), is, "{pattern} {url}");
        }
    }
}
