//! A recorded turn as a scenario file: what happened becomes the step, what the turn had read becomes the rows that are
//! there, what was answered from outside becomes the answers of sites and of the model.
//!
//! A record is one turn and a scenario is a conversation, so not everything has a form there. What has none is said in a
//! comment at the head of the file, for whoever makes a test of it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::journal::record::{Answer, Recorded};
use crate::model::event::{self, Content, Event, Message};
use crate::model::manifest::{ColumnKind, Manifest, Table};
use crate::model::table::{Comparison, Filter, Read, Row, Value};
use crate::model::web::{WebBody, WebError};
use crate::scenario::Scenario;
use crate::scenario::form::{self, BotIs, Chat, ChatKind, Dialogue, Model, Person, Sends, Site, Step, Trouble};

/// A scenario, what has no form in it, and the files that belong beside it.
struct Exported {
    scenario: Scenario,
    notes: Vec<String>,
    files: Vec<(String, Vec<u8>)>,
}

/// Writes a turn as a scenario file, and files that it needs beside it; says what was written.
pub(super) fn write(
    path: &Path,
    turn: i64,
    recorded: &Recorded<'_>,
    (source, manifest, admins): (Option<String>, &Manifest, &[i64]),
) -> anyhow::Result<String> {
    let stem = path.file_stem().map_or_else(|| "turn".into(), |stem| stem.to_string_lossy().into_owned());
    let Exported { scenario, notes, files } = export(recorded, manifest, admins, &stem);
    let scenario = Scenario { plugin: source, ..scenario };
    let mut text = format!(
        "# Turn {turn} of plugin {}. `guesthouse plugin test --update` writes down what is seen.\n",
        recorded.plugin
    );
    for note in &notes {
        text += &format!("# {}\n", note.replace('\n', " "));
    }
    text += "\n";
    text += &toml::to_string_pretty(&scenario).context("the turn cannot be written as a scenario")?;
    let cannot = |path: &Path| format!("cannot write `{}`\nhint: name another file with --export", path.display());
    std::fs::write(path, text).with_context(|| cannot(path))?;
    let mut written = vec![path.display().to_string()];
    for (name, bytes) in files {
        let beside = path.with_file_name(&name);
        std::fs::write(&beside, bytes).with_context(|| cannot(&beside))?;
        written.push(beside.display().to_string());
    }
    Ok(format!("written: {}", written.join(", ")))
}

fn export(recorded: &Recorded<'_>, manifest: &Manifest, admins: &[i64], stem: &str) -> Exported {
    let mut notes = Vec::new();
    let mut scenario = Scenario { name: Some(recorded.plugin.to_string()), ..Scenario::default() };
    if let Ok(now) = jiff::Timestamp::from_millisecond(recorded.now) {
        scenario.starts = Some(now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string());
    }
    scenario.read = recorded.others.iter().map(|table| table.name.clone()).collect();
    if let Some(user) = recorded.event.person() {
        let person = Person {
            id: Some(user.id),
            language: user.language_code.clone(),
            admin: admins.contains(&user.id),
            last_name: user.last_name.clone(),
            username: user.username.clone(),
        };
        scenario.people.insert(user.first_name.clone(), person);
    }
    scenario.rows = rows(recorded, manifest);
    if recorded.reads.iter().any(|read| matches!(read, Read::Count { .. } | Read::Sum { .. })) {
        notes.push(
            "The turn counted or summed rows of which the record has the number alone: add rows that give it.".into(),
        );
    }
    let (mut files, mut talk) = (Vec::new(), None);
    for answered in recorded.answers.iter() {
        match &answered.answer {
            Answer::Web(answer) => scenario.http.push(site(answer, &answered.question)),
            Answer::Model(Ok(answer)) => {
                scenario.llm.push(Model { text: Some(answer.text.clone()), times: Some(1), ..Model::default() });
            }
            Answer::Model(Err(error)) => notes.push(format!("The model did not answer: {error:?}.")),
            Answer::Dialogue(Some(state)) => talk = Some(state),
            Answer::File(bytes) => files.push((format!("{stem}-{}.bin", files.len() + 1), bytes.to_vec())),
            Answer::LeftOut(bytes) => notes.push(format!("{} was not kept: {bytes} bytes.", answered.question)),
            _ => {}
        }
    }
    let mut step = step(recorded, manifest, &files, &mut notes);
    if let Some(chat) = chat_of(&recorded.event).filter(|chat| chat.kind != event::ChatKind::Private) {
        let kind = match chat.kind {
            event::ChatKind::Channel => ChatKind::Channel,
            event::ChatKind::Supergroup => ChatKind::Supergroup,
            event::ChatKind::Group | event::ChatKind::Private => ChatKind::Group,
        };
        let people = scenario.people.keys().cloned().collect();
        let (bot, username) = (BotIs::Member, chat.username.clone());
        scenario.chats.insert(chat.title.clone(), Chat { kind, people, bot, username });
        step.place = Some(chat.title.clone());
        notes.push(
            "In a scenario a group has a number of its own; rows that name the old one have to be changed.".into(),
        );
    }
    if let Some(state) = talk {
        let (who, place) = (recorded.event.person().map(|user| user.first_name.clone()), step.place.clone());
        match who.filter(|_| recorded.dialogue.is_some_and(|key| key.topic == 0)) {
            Some(who) => {
                let (step, data) = (state.step.clone(), state.data.clone());
                scenario.dialogues.push(Dialogue { who, place, step, data });
            }
            None => notes.push(format!("The conversation stood at “{}”: put steps that lead there.", state.step)),
        }
    }
    scenario.step = vec![step];
    Exported { scenario, notes, files }
}

fn chat_of(event: &Event) -> Option<&event::Chat> {
    match event {
        Event::Callback { chat, .. } | Event::Member { chat, .. } => Some(chat),
        _ => event.message().map(|message| &message.chat),
    }
}

/// What happened, as a step.
fn step(recorded: &Recorded<'_>, manifest: &Manifest, files: &[(String, Vec<u8>)], notes: &mut Vec<String>) -> Step {
    let says = |message: &Message| Step { says: Some(message.text.content.clone()), ..Step::default() };
    let mut cannot =
        |what: &str| notes.push(format!("The event was {what}, which no step stands for: write what leads to it."));
    match &*recorded.event {
        Event::DeepLink { payload, .. } => Step { follows: Some(payload.clone()), ..Step::default() },
        Event::Command { message, .. } => says(message),
        Event::ChannelPost(message) => Step { posts: Some(message.text.content.clone()), ..Step::default() },
        Event::Message(message) => match sends(message, files) {
            Some(sends) => Step { sends: Some(sends), ..Step::default() },
            None => says(message),
        },
        Event::Request { route, path, query, body } => {
            let known = manifest.routes.iter().find(|known| known.name == *route);
            let mut address = known.map_or_else(|| "/".to_owned(), |known| known.path.clone());
            for (name, value) in path {
                address = address.replace(&format!("{{{name}}}"), value);
            }
            for (index, (name, value)) in query.iter().enumerate() {
                address += &format!("{}{name}={value}", if index == 0 { "?" } else { "&" });
            }
            let method = known.map_or("GET", |known| known.method.name());
            let json = serde_json::from_str(body).ok();
            Step { requests: Some(format!("{method} {address}")), json, ..Step::default() }
        }
        Event::Timer { key, .. } => {
            cannot(&format!("the timer {key}"));
            Step { waits: Some("1m".into()), ..Step::default() }
        }
        Event::Schedule { name, .. } => {
            cannot(&format!("the schedule {name}"));
            Step { waits: Some("1m".into()), ..Step::default() }
        }
        Event::Callback { data, .. } => {
            cannot(&format!("a pressed button with the data “{data}”"));
            Step { presses: Some("LABEL".into()), ..Step::default() }
        }
        other => {
            cannot("of a rarer kind");
            let text = other.message().map_or_else(String::new, |message| message.text.content.clone());
            Step { says: Some(text), ..Step::default() }
        }
    }
}

/// What a message carries besides text.
fn sends(message: &Message, files: &[(String, Vec<u8>)]) -> Option<Sends> {
    let caption = Some(message.text.content.clone()).filter(|text| !text.is_empty());
    let file = files.first().map(|(name, _)| name.clone());
    match &message.content {
        Content::Photo { width, .. } => {
            Some(Sends { photo: Some(file.unwrap_or_else(|| format!("red {width}"))), caption, ..Sends::default() })
        }
        Content::Document { name, .. } => Some(match file {
            Some(file) => Sends { document: Some(file), caption, ..Sends::default() },
            None => Sends { file: Some(String::new()), name: name.clone(), caption, ..Sends::default() },
        }),
        Content::Location { latitude, longitude } => {
            Some(Sends { location: Some([*latitude, *longitude]), ..Sends::default() })
        }
        Content::Contact { phone_number, first_name, .. } => {
            Some(Sends { contact: Some(phone_number.clone()), name: Some(first_name.clone()), ..Sends::default() })
        }
        Content::Text | Content::Other(_) => None,
    }
}

/// What a site said.
fn site(answer: &Result<crate::model::web::WebResponse, WebError>, question: &str) -> Site {
    let asked = question.split(' ').nth(3).unwrap_or("*").trim_end_matches('…').to_owned();
    let once = Some(1);
    match answer {
        Ok(response) => Site {
            url: response.url.clone(),
            status: Some(response.status).filter(|status| *status != 200),
            text: Some(match &response.body {
                WebBody::Text(text) => text.clone(),
                WebBody::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            }),
            headers: response
                .headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"))
                .cloned()
                .collect(),
            times: once,
            ..Site::default()
        },
        Err(error) => {
            let error = if *error == WebError::Timeout { Trouble::Timeout } else { Trouble::Unreachable };
            Site { url: asked, error: Some(error), times: once, ..Site::default() }
        }
    }
}

/// The rows that the turn has read, each once, with all of it that is known: what was answered, and what was asked for.
fn rows(recorded: &Recorded<'_>, manifest: &Manifest) -> Vec<form::Row> {
    let mut known: BTreeMap<(String, i64), BTreeMap<String, Value>> = BTreeMap::new();
    let mut add = |table: &str, row: &Row| {
        known.entry((table.to_owned(), row.id)).or_default().extend(row.cells.iter().cloned());
    };
    for read in recorded.reads.iter() {
        match read {
            Read::Get { table, seen: Some(row), .. } => add(table, row),
            Read::Find { query, seen } => seen.iter().for_each(|row| add(&query.table, row)),
            _ => {}
        }
    }
    for read in recorded.reads.iter() {
        let Read::Find { query, seen } = read else { continue };
        for row in seen {
            let cells = known.entry((query.table.clone(), row.id)).or_default();
            for (column, value) in implied(&query.filter).filter(|(column, _)| *column != "id") {
                cells.entry(column.to_owned()).or_insert_with(|| value.clone());
            }
        }
    }
    let declared =
        |name: &str| recorded.others.iter().find(|table| table.name == name).or_else(|| manifest.table(name)).cloned();
    let row = |((name, id), cells): ((String, i64), BTreeMap<String, Value>)| {
        let cells = complete(declared(&name).as_ref(), cells);
        let (plugin, table) = match name.split_once('.') {
            Some((plugin, table)) => (Some(plugin.to_owned()), table.to_owned()),
            None => (None, name),
        };
        form::Row { plugin, table, id: Some(id), row: cells }
    };
    known.into_iter().map(row).collect()
}

/// What a row that a filter has found is known to hold.
fn implied(filter: &Filter) -> Box<dyn Iterator<Item = (&str, &Value)> + '_> {
    match filter {
        Filter::Is(column, Comparison::Eq | Comparison::Ge | Comparison::Le, value) => {
            Box::new(std::iter::once((column.as_str(), value)))
        }
        Filter::All(all) => Box::new(all.iter().flat_map(implied)),
        Filter::Is(..) | Filter::Any(_) | Filter::Not(_) => Box::new(std::iter::empty()),
    }
}

/// The cells as a file has them. What the turn did not look at and may not be null is given some value.
fn complete(table: Option<&Table>, mut cells: BTreeMap<String, Value>) -> toml::Table {
    for column in table.into_iter().flat_map(|table| &table.columns).filter(|column| !column.nullable) {
        cells.entry(column.name.clone()).or_insert_with(|| match column.kind {
            ColumnKind::Integer | ColumnKind::Timestamp => Value::Integer(0),
            ColumnKind::Real => Value::Real(0.0),
            ColumnKind::Text => Value::Text(String::new()),
            ColumnKind::Bytes => Value::Bytes(Vec::new()),
            ColumnKind::Boolean => Value::Boolean(false),
        });
    }
    let value = |value: Value| {
        Some(match value {
            Value::Null => return None,
            Value::Integer(number) => number.into(),
            Value::Real(number) => number.into(),
            Value::Text(text) => text.into(),
            Value::Bytes(bytes) => STANDARD.encode(bytes).into(),
            Value::Boolean(flag) => flag.into(),
        })
    };
    cells.into_iter().filter_map(|(name, cell)| Some((name, value(cell)?))).collect()
}
