//! What a manifest may say, and whether the operator's settings fit it. Pure; `wit/manifests.wit` states the rules that
//! an author reads.

use std::collections::{BTreeMap, BTreeSet};

use super::plugin::LoadError;
use crate::model::PluginName;
use crate::model::manifest::{CommandSpec, ConfigKey, Manifest, Processor, Table};

mod routes;

mod schedules;

pub use schedules::Planned;
pub(super) use schedules::planned;

/// Telegram's limit on the commands of one bot.
const COMMANDS: usize = 100;
/// Prefixes of deep links.
const DEEP_LINKS: usize = 32;
/// Tables of a plugin.
const TABLES: usize = 64;
/// Columns of a table, and of one of its keys; SQLite and PostgreSQL allow more.
const COLUMNS: usize = 100;
const KEY_COLUMNS: usize = 16;
/// Unique keys and indexes of a table.
const KEYS: usize = 32;
/// Processors of a plugin: each may have slots of its own (`lane/slots`).
const PROCESSORS: usize = 8;
/// Settings of a plugin.
const SETTINGS: usize = 100;
/// Longest name of a table in PostgreSQL, in bytes; it is `<plugin>__<table>` there.
const SQL_NAME: usize = 63;

/// Checks what a plugin says of itself.
pub(super) fn check(plugin: &PluginName, manifest: &Manifest) -> Result<(), LoadError> {
    let refused = |problem: String| LoadError::Manifest { plugin: plugin.clone(), problem };
    head(manifest).map_err(refused)?;
    commands(&manifest.commands).map_err(refused)?;
    deep_links(&manifest.deep_links).map_err(refused)?;
    tables(plugin, &manifest.tables).map_err(refused)?;
    config_keys(&manifest.config).map_err(refused)?;
    processors(&manifest.processors).map_err(refused)?;
    schedules::check(manifest).map_err(refused)?;
    routes::check(manifest).map_err(refused)
}

/// The operator's settings with the manifest's defaults filled in.
pub(super) fn complete(
    plugin: &PluginName,
    manifest: &Manifest,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, LoadError> {
    if let Some(unknown) = given.keys().find(|key| manifest.config.iter().all(|known| known.name != **key)) {
        let known: Vec<_> = manifest.config.iter().map(|key| format!("`{}`", key.name)).collect();
        let hint = match known.as_slice() {
            [] => format!("remove bot.plugins.{plugin}.config, it has no settings"),
            known => format!("its settings are {}", known.join(", ")),
        };
        return Err(LoadError::UnknownSetting { plugin: plugin.clone(), key: unknown.clone(), hint });
    }
    let value = |key: &ConfigKey| given.get(&key.name).or(key.default.as_ref()).cloned();
    manifest
        .config
        .iter()
        .map(|key| match value(key) {
            Some(value) => Ok((key.name.clone(), value)),
            None => Err(LoadError::MissingSetting {
                plugin: plugin.clone(),
                key: key.name.clone(),
                description: key.description.clone(),
            }),
        })
        .collect()
}

fn head(manifest: &Manifest) -> Result<(), String> {
    if PluginName::new(&manifest.name).is_none() {
        return Err(format!("its name `{}` is not 1 to 32 of a-z 0-9 -, beginning with a letter", manifest.name));
    }
    let numbers: Vec<_> = manifest.version.split(['-', '+']).next().unwrap_or_default().split('.').collect();
    if numbers.len() != 3 || numbers.iter().any(|number| number.parse::<u64>().is_err()) || manifest.version.len() > 64
    {
        return Err(format!("its version `{}` is not one of semantic versioning, such as `1.0.0`", manifest.version));
    }
    prose("its description", &manifest.description, 512)
}

fn commands(commands: &[CommandSpec]) -> Result<(), String> {
    at_most("commands", commands.len(), COMMANDS)?;
    let mut seen = BTreeSet::new();
    for CommandSpec { name, description, translations, .. } in commands {
        if !identifier(name, 32, |_| true) {
            return Err(format!("command `{name}` is not 1 to 32 of a-z 0-9 _"));
        }
        if !seen.insert(name) {
            return Err(format!("command `{name}` is there twice"));
        }
        prose(&format!("the description of command `{name}`"), description, 256)?;
        let mut languages = BTreeSet::new();
        for (language, text) in translations {
            if language.len() != 2 || !language.bytes().all(|byte| byte.is_ascii_lowercase()) {
                return Err(format!("command `{name}`: `{language}` is not a language of two letters, such as `ru`"));
            }
            if !languages.insert(language) {
                return Err(format!("command `{name}` is described twice in `{language}`"));
            }
            prose(&format!("the description of command `{name}` in `{language}`"), text, 256)?;
        }
    }
    Ok(())
}

fn deep_links(prefixes: &[String]) -> Result<(), String> {
    at_most("deep links", prefixes.len(), DEEP_LINKS)?;
    let fits = |prefix: &str| {
        prefix.len() <= 64 && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    match prefixes.iter().find(|prefix| !fits(prefix)) {
        Some(prefix) => Err(format!("deep link `{prefix}` is not up to 64 of A-Z a-z 0-9 _ -")),
        None => Ok(()),
    }
}

fn tables(plugin: &PluginName, tables: &[Table]) -> Result<(), String> {
    at_most("tables", tables.len(), TABLES)?;
    let mut seen = BTreeSet::new();
    for table in tables {
        let name = &table.name;
        if !identifier(name, 32, |first| first.is_ascii_lowercase()) {
            return Err(format!("table `{name}` is not 1 to 32 of a-z 0-9 _, beginning with a letter"));
        }
        if !seen.insert(name) {
            return Err(format!("table `{name}` is there twice"));
        }
        let whole = plugin.as_str().len() + 2 + name.len();
        if whole > SQL_NAME {
            return Err(format!(
                "table `{plugin}__{name}` would have a name of {whole} bytes; databases take {SQL_NAME}: shorten one"
            ));
        }
        one_table(table).map_err(|problem| format!("table `{name}`: {problem}"))?;
    }
    Ok(())
}

fn one_table(table: &Table) -> Result<(), String> {
    at_most("columns", table.columns.len(), COLUMNS)?;
    let mut seen = BTreeSet::new();
    for column in &table.columns {
        let name = &column.name;
        if !identifier(name, 48, |first| first.is_ascii_lowercase()) {
            return Err(format!("column `{name}` is not 1 to 48 of a-z 0-9 _, beginning with a letter"));
        }
        if name == "id" {
            return Err("column `id` is made by the host; leave it out".into());
        }
        if !seen.insert(name) {
            return Err(format!("column `{name}` is there twice"));
        }
    }
    for (what, keys) in [("a unique combination", &table.unique), ("an index", &table.indexes)] {
        at_most("keys", keys.len(), KEYS)?;
        let mut combinations = BTreeSet::new();
        for key in keys {
            if key.is_empty() || key.len() > KEY_COLUMNS {
                return Err(format!("{what} has 1 to {KEY_COLUMNS} columns, not {}", key.len()));
            }
            if let Some(missing) = key.iter().find(|column| !seen.contains(column)) {
                return Err(format!("{what} names column `{missing}`, which is not there"));
            }
            if key.iter().collect::<BTreeSet<_>>().len() != key.len() {
                return Err(format!("{what} names a column twice: {}", key.join(", ")));
            }
            if !combinations.insert(key) {
                return Err(format!("{what} is there twice: {}", key.join(", ")));
            }
        }
    }
    Ok(())
}

fn config_keys(keys: &[ConfigKey]) -> Result<(), String> {
    at_most("settings", keys.len(), SETTINGS)?;
    let mut seen = BTreeSet::new();
    for ConfigKey { name, description, .. } in keys {
        if !identifier(name, 64, |_| true) {
            return Err(format!("setting `{name}` is not 1 to 64 of a-z 0-9 _"));
        }
        if !seen.insert(name) {
            return Err(format!("setting `{name}` is there twice"));
        }
        prose(&format!("the description of setting `{name}`"), description, 512)?;
    }
    Ok(())
}

fn processors(processors: &[Processor]) -> Result<(), String> {
    at_most("processors", processors.len(), PROCESSORS)?;
    let mut seen = BTreeSet::new();
    for Processor { name, .. } in processors {
        if name.len() > 24 || PluginName::new(name).is_none() {
            return Err(format!("processor `{name}` is not 1 to 24 of a-z 0-9 -, beginning with a letter"));
        }
        if !seen.insert(name) {
            return Err(format!("processor `{name}` is there twice"));
        }
    }
    Ok(())
}

fn identifier(name: &str, most: usize, first: impl Fn(char) -> bool) -> bool {
    (1..=most).contains(&name.len())
        && name.starts_with(first)
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// The name of a schedule or a route.
fn handle(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-')
}

/// Whether the processor that something is for is there.
fn known_processor(manifest: &Manifest, processor: Option<&str>) -> Result<(), String> {
    match processor.filter(|name| manifest.processors.iter().all(|known| known.name != *name)) {
        Some(unknown) => Err(format!("names the processor `{unknown}`, which is not there")),
        None => Ok(()),
    }
}

fn prose(what: &str, text: &str, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    match length {
        0 => Err(format!("{what} is empty")),
        _ if length > most => Err(format!("{what} has {length} characters; at most {most} are allowed")),
        _ if text.chars().any(char::is_control) => Err(format!("{what} has a control character")),
        _ => Ok(()),
    }
}

fn at_most(what: &str, count: usize, most: usize) -> Result<(), String> {
    if count > most { Err(format!("{count} {what}; at most {most} are allowed")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::{Column, ColumnKind};

    fn plugin() -> PluginName {
        PluginName::new("notes").unwrap()
    }

    pub(super) fn manifest() -> Manifest {
        let column = |name: &str| Column { name: name.into(), kind: ColumnKind::Text, nullable: false };
        Manifest {
            name: "notes".into(),
            version: "1.2.3-beta+5".into(),
            description: "Keeps notes.".into(),
            commands: vec![CommandSpec {
                name: "add".into(),
                description: "Add a note".into(),
                translations: vec![("ru".into(), "Добавить".into())],
                admins_only: false,
            }],
            deep_links: vec!["note_".into(), String::new()],
            events: vec![],
            tables: vec![Table {
                name: "notes".into(),
                columns: vec![column("title"), column("body")],
                unique: vec![vec!["title".into()]],
                indexes: vec![vec!["body".into(), "title".into()]],
            }],
            config: vec![
                ConfigKey { name: "limit".into(), description: "Most notes.".into(), default: Some("10".into()) },
                ConfigKey { name: "owner".into(), description: "Who may write.".into(), default: None },
            ],
            ..Manifest::default()
        }
    }

    pub(super) fn problem(change: impl FnOnce(&mut Manifest)) -> String {
        let mut manifest = manifest();
        change(&mut manifest);
        match check(&plugin(), &manifest) {
            Ok(()) => String::new(),
            Err(LoadError::Manifest { problem, .. }) => problem,
            Err(other) => other.to_string(),
        }
    }

    #[test]
    fn a_proper_manifest_passes() {
        assert_eq!(problem(|_| ()), "");
    }

    #[test]
    fn each_rule_has_its_words() {
        let changes: [fn(&mut Manifest); 18] = [
            |it| it.name = "Notes".into(),
            |it| it.version = "1.0".into(),
            |it| it.description = String::new(),
            |it| it.commands[0].name = "Add".into(),
            |it| it.commands.push(it.commands[0].clone()),
            |it| it.commands[0].description = "x".repeat(257),
            |it| it.commands[0].translations[0].0 = "ru-RU".into(),
            |it| it.deep_links[0] = "note:".into(),
            |it| it.tables[0].name = "1notes".into(),
            |it| it.tables.push(it.tables[0].clone()),
            |it| it.tables[0].columns[0].name = "id".into(),
            |it| it.tables[0].columns[1].name = "title".into(),
            |it| it.tables[0].unique[0] = vec!["titel".into()],
            |it| it.tables[0].indexes[0] = vec![],
            |it| it.config[1].name = "limit".into(),
            |it| it.config[0].description = "two\nlines".into(),
            |it| it.processors = vec![Processor { name: "a b".into(), events: vec![] }],
            |it| it.processors = vec![Processor { name: "a".into(), events: vec![] }; 2],
        ];
        let problems: Vec<_> = changes.into_iter().map(problem).collect();
        insta::assert_snapshot!(problems.join("\n"), @"
        its name `Notes` is not 1 to 32 of a-z 0-9 -, beginning with a letter
        its version `1.0` is not one of semantic versioning, such as `1.0.0`
        its description is empty
        command `Add` is not 1 to 32 of a-z 0-9 _
        command `add` is there twice
        the description of command `add` has 257 characters; at most 256 are allowed
        command `add`: `ru-RU` is not a language of two letters, such as `ru`
        deep link `note:` is not up to 64 of A-Z a-z 0-9 _ -
        table `1notes` is not 1 to 32 of a-z 0-9 _, beginning with a letter
        table `notes` is there twice
        table `notes`: column `id` is made by the host; leave it out
        table `notes`: column `title` is there twice
        table `notes`: a unique combination names column `titel`, which is not there
        table `notes`: an index has 1 to 16 columns, not 0
        setting `limit` is there twice
        the description of setting `limit` has a control character
        processor `a b` is not 1 to 24 of a-z 0-9 -, beginning with a letter
        processor `a` is there twice
        ");
    }

    #[test]
    fn a_table_whose_name_no_database_takes_is_refused() {
        let mut manifest = manifest();
        manifest.tables[0].name = "t".repeat(32);
        let long = PluginName::new(&"p".repeat(30)).unwrap();
        assert!(check(&plugin(), &manifest).is_ok());
        assert!(check(&long, &manifest).is_err());
    }

    #[test]
    fn settings_are_completed() {
        let given = BTreeMap::from([("owner".to_owned(), "5".to_owned())]);
        let complete = complete(&plugin(), &manifest(), &given).unwrap();
        assert_eq!(complete["limit"], "10");
        assert_eq!(complete["owner"], "5");
    }

    #[test]
    fn settings_that_do_not_fit_are_refused() {
        let error = complete(&plugin(), &manifest(), &BTreeMap::new()).unwrap_err();
        insta::assert_snapshot!(error, @r#"
        plugin `notes` needs the setting `owner`: Who may write.
        hint: write bot.plugins.notes.config = { owner = "…" } in guesthouse.toml
        "#);
        let given = BTreeMap::from([("limits".to_owned(), "5".to_owned())]);
        insta::assert_snapshot!(complete(&plugin(), &manifest(), &given).unwrap_err(), @"
        plugin `notes` has no setting `limits`
        hint: its settings are `limit`, `owner`
        ");
        let none = Manifest { config: vec![], ..manifest() };
        insta::assert_snapshot!(complete(&plugin(), &none, &given).unwrap_err(), @"
        plugin `notes` has no setting `limits`
        hint: remove bot.plugins.notes.config, it has no settings
        ");
    }
}
