//! A component described for people: what it asks for and says of itself, in lines, and what two versions differ in. Pure.
//!
//! What a component says of itself was written by somebody unknown and is shown on a terminal: it is shown as text, without
//! characters that could move the cursor, change colours or turn the direction of what follows.

use super::look;
use crate::config::grant::Capability;
use crate::model::manifest::{ColumnKind, EventKind, Manifest};
use crate::sandbox::Inspection;

/// Something that a component asks for or says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fact {
    /// Of which kind.
    kind: &'static str,
    /// Which of that kind.
    name: String,
    /// What is said about it, in parts that can come and go by themselves.
    parts: Vec<String>,
}

impl Fact {
    fn new(kind: &'static str, name: impl Into<String>, parts: impl IntoIterator<Item = String>) -> Self {
        let parts = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self { kind, name: name.into(), parts }
    }

    fn line(&self) -> String {
        match self.parts.as_slice() {
            [] => self.name.clone(),
            parts => format!("{}: {}", self.name, parts.join(", ")),
        }
    }
}

/// All that is known of a component, for whoever decides about it.
pub(crate) fn page(it: &Inspection) -> String {
    let manifest = &it.manifest;
    let title = format!("{} {}: {}", manifest.name, manifest.version, manifest.description);
    let mut text = format!("{}\n", plain(&title));
    let mut add = |label: &str, words: &str| text.push_str(&line(label, words));
    add("sha256", &it.digest);
    add("size", &look::size(it.size));
    add("built for", if it.contract.is_empty() { "nothing of guesthouse:plugin" } else { &it.contract });
    for fact in facts(&it.capabilities, manifest) {
        add(fact.kind, &fact.line());
    }
    text
}

/// A line of a page.
pub(crate) fn line(label: &str, words: &str) -> String {
    format!("  {label:<11} {}\n", plain(words))
}

/// What another version has more, less and otherwise.
pub(crate) fn difference(old: &Inspection, new: &Inspection) -> String {
    let (before, after) = (facts(&old.capabilities, &old.manifest), facts(&new.capabilities, &new.manifest));
    let title = |it: &Inspection| format!("{} ({})", it.manifest.version, it.digest.get(..12).unwrap_or_default());
    let title = format!("{} {} → {}", new.manifest.name, title(old), title(new));
    format!("{}\n{}", plain(&title), changes(&before, &after))
}

/// The lines of a difference.
fn changes(before: &[Fact], after: &[Fact]) -> String {
    let same = |one: &Fact, other: &Fact| one.kind == other.kind && one.name == other.name;
    let mut text = String::new();
    let mut line =
        |sign: char, kind: &str, words: &str| text.push_str(&format!("  {sign} {kind:<11} {}\n", plain(words)));
    for gone in before.iter().filter(|old| !after.iter().any(|new| same(old, new))) {
        line('-', gone.kind, &gone.line());
    }
    for new in after {
        let Some(old) = before.iter().find(|old| same(old, new)) else {
            line('+', new.kind, &new.line());
            continue;
        };
        let gone = old.parts.iter().filter(|part| !new.parts.contains(part)).map(|part| format!("without {part}"));
        let come = new.parts.iter().filter(|part| !old.parts.contains(part)).map(|part| format!("with {part}"));
        let parts: Vec<_> = gone.chain(come).collect();
        if !parts.is_empty() {
            line('~', new.kind, &format!("{}: {}", new.name, parts.join(", ")));
        }
    }
    if text.is_empty() { "  it asks for the same and says the same of itself\n".into() } else { text }
}

fn facts(capabilities: &[Capability], manifest: &Manifest) -> Vec<Fact> {
    let names = |names: &[String]| names.join(" + ");
    let of = |processor: &Option<String>| processor.iter().map(|name| format!("in {name}")).collect::<String>();
    let mut capabilities = capabilities.to_vec();
    capabilities.sort();
    let mut facts: Vec<_> =
        capabilities.iter().map(|it| Fact::new("asks for", it.name(), [it.meaning().to_owned()])).collect();
    facts.extend(manifest.commands.iter().map(|it| {
        let admins = if it.admins_only { "shown to admins only" } else { "" };
        Fact::new("command", format!("/{}", it.name), [it.description.clone(), admins.to_owned()])
    }));
    facts.extend(manifest.deep_links.iter().map(|prefix| Fact::new("deep link", format!("{prefix}…"), [])));
    facts.extend(manifest.events.iter().map(|kind| Fact::new("event", event(*kind), [])));
    facts.extend(manifest.tables.iter().map(|it| {
        let columns = it.columns.iter().map(|column| {
            let null = if column.nullable { " or null" } else { "" };
            format!("{} {}{null}", column.name, column_kind(column.kind))
        });
        let unique = it.unique.iter().map(|key| format!("unique {}", names(key)));
        let indexes = it.indexes.iter().map(|key| format!("index {}", names(key)));
        Fact::new("table", &it.name, columns.chain(unique).chain(indexes))
    }));
    facts.extend(manifest.config.iter().map(|it| {
        let default =
            it.default.as_ref().map_or("has to be given".to_owned(), |value| format!("{value:?} if not given"));
        Fact::new("setting", &it.name, [it.description.clone(), default])
    }));
    facts.extend(
        manifest.processors.iter().map(|it| {
            Fact::new("processor", &it.name, it.events.iter().map(|kind| format!("reads {}s", event(*kind))))
        }),
    );
    facts.extend(
        manifest.schedules.iter().map(|it| Fact::new("schedule", &it.name, [it.cron.clone(), of(&it.processor)])),
    );
    facts.extend(manifest.routes.iter().map(|it| {
        let route = format!("{} {}", it.method.name(), it.path);
        Fact::new("route", route, [it.description.clone(), of(&it.processor)])
    }));
    facts
}

fn event(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Message => "message",
        EventKind::EditedMessage => "edited message",
        EventKind::ChannelPost => "channel post",
        EventKind::EditedChannelPost => "edited channel post",
        EventKind::Member => "change of member",
        EventKind::Album => "album",
        EventKind::Other => "other update",
    }
}

fn column_kind(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Integer => "integer",
        ColumnKind::Real => "real",
        ColumnKind::Text => "text",
        ColumnKind::Bytes => "bytes",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Timestamp => "timestamp",
    }
}

/// In one line, without characters that do something instead of being seen.
pub(crate) fn plain(text: &str) -> String {
    let turns =
        |char: char| matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = |char: char| if char.is_control() || turns(char) { '\u{fffd}' } else { char };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::{Column, CommandSpec, ConfigKey, Table};

    fn manifest(version: &str, columns: &[&str]) -> Manifest {
        let column = |name: &&str| Column { name: (*name).into(), kind: ColumnKind::Text, nullable: false };
        let command = CommandSpec {
            name: "note".into(),
            description: "Keep a note".into(),
            translations: Vec::new(),
            admins_only: false,
        };
        Manifest {
            name: "notes".into(),
            version: version.into(),
            description: "Keeps notes.".into(),
            commands: vec![command],
            tables: vec![Table {
                name: "notes".into(),
                columns: columns.iter().map(column).collect(),
                unique: vec![vec!["text".into()]],
                indexes: Vec::new(),
            }],
            config: vec![ConfigKey { name: "limit".into(), description: "how many".into(), default: None }],
            events: vec![EventKind::Message],
            ..Manifest::default()
        }
    }

    fn seen(capabilities: &[Capability], manifest: Manifest) -> Inspection {
        Inspection {
            digest: "0123456789abcdef".into(),
            size: 2_000,
            manifest,
            capabilities: capabilities.to_vec(),
            imports: Vec::new(),
            free: Vec::new(),
            wasi: Vec::new(),
            contract: "guesthouse:plugin@0.1.0".into(),
            snapshot: true,
        }
    }

    #[test]
    fn a_component_in_lines() {
        let page = page(&seen(&[Capability::Tables, Capability::Chat], manifest("0.1.0", &["text"])));
        assert_eq!(
            page,
            "notes 0.1.0: Keeps notes.\n  sha256      0123456789abcdef\n  size        2 KiB\n  built for   \
             guesthouse:plugin@0.1.0\n  asks for    chat: write to the chats that it is spoken to in\n  asks for    tables: \
             keep rows in the database\n  command     /note: Keep a note\n  event       message\n  table       notes: text \
             text, unique text\n  setting     limit: how many, has to be given\n"
        );
    }

    #[test]
    fn what_two_versions_differ_in() {
        let old = seen(&[Capability::Chat], manifest("0.1.0", &["text", "old"]));
        let mut more = manifest("0.2.0", &["text", "author"]);
        more.commands[0].name = "keep".into();
        let new = seen(&[Capability::Chat, Capability::Http], more);
        assert_eq!(
            difference(&old, &new),
            "notes 0.1.0 (0123456789ab) → 0.2.0 (0123456789ab)\n  - command     /note: Keep a note\n  + asks for    http: ask \
             sites of the Web, which you name\n  + command     /keep: Keep a note\n  ~ table       notes: without old text, \
             with author text\n"
        );
        assert!(difference(&old, &old).ends_with("it asks for the same and says the same of itself\n"));
    }

    #[test]
    fn nothing_that_a_component_says_does_anything_to_a_terminal() {
        let mut evil = manifest("0.1.0", &[]);
        evil.description = "Harmless.\n  asks for    nothing\u{1b}[2J\r\u{202e}\u{7}\u{9b}2K".into();
        evil.commands[0].description = "x\u{1b}[8m".into();
        let page = page(&seen(&[Capability::Llm], evil));
        assert_eq!(page.matches("\n  asks for").count(), 1, "{page}");
        assert!(!page.contains(['\u{1b}', '\r', '\u{202e}', '\u{7}', '\u{9b}']), "{page:?}");
    }
}
