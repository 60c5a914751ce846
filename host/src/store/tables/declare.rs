//! Makes the tables that a plugin declares, and extends them when a later version declares more.
//!
//! Nothing that holds data is ever taken away or reinterpreted: such a change is refused with what, why and a hint. What
//! is stored in `plugin_tables` is the declaration that the table was last made from.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::RwLock;

use super::{Stored, TableSet, Tables, quoted};
use crate::model::manifest::{Column, ColumnKind, Table};
use crate::model::{PluginName, hex};
use crate::store::Store;
use crate::store::desk::Desk;
use crate::store::dialect::{Dialect, Sql};
use crate::store::engine::{Job, Verdict};
use crate::store::error::StoreError;
use crate::store::session::{Answer, Session, params};

/// The longest name that PostgreSQL keeps whole.
const LONGEST_NAME: usize = 63;
/// Names that the host or PostgreSQL has taken in every table.
const TAKEN: [&str; 8] = ["id", "bot_id", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

pub(super) static DECLARED: Sql = Sql::new("SELECT plugin, name, declaration FROM plugin_tables ORDER BY plugin, name");
static RECORD: Sql = Sql::new(
    "INSERT INTO plugin_tables (plugin, name, declaration) VALUES ($1, $2, $3)
     ON CONFLICT (plugin, name) DO UPDATE SET declaration = excluded.declaration",
);

impl Store {
    /// Makes or extends a plugin's tables, and returns what reading and writing them needs. If nothing has changed since
    /// the last time, it only looks.
    pub async fn declare(&self, plugin: &PluginName, tables: &[Table]) -> Result<TableSet, StoreError> {
        for table in tables {
            check(plugin, table)?;
        }
        let engine = &self.shared.engine;
        let existing = existing(engine.read(DECLARED.with(vec![])).await?)?;
        let is_there = |table: &Table| {
            existing.get(&key(plugin.as_str(), &table.name)).is_some_and(|old| together(old, table) == *old)
        };
        if !tables.iter().all(is_there) {
            engine.write(Declare { plugin: plugin.clone(), tables: tables.to_vec() }).await?;
        }
        let stored = tables.iter().map(|table| {
            let name = quoted(&table_name(plugin.as_str(), &table.name));
            let counter = self.shared.counters.of(&name);
            (table.name.clone(), Arc::new(Stored { name, table: table.clone(), counter }))
        });
        Ok(TableSet(Arc::new(Tables {
            plugin: plugin.clone(),
            dialect: engine.dialect,
            tables: stored.collect(),
            gate: Arc::new(RwLock::new(())),
            share: self.shared.counters.share_of(plugin, engine.share_of_a_plugin()),
        })))
    }
}

impl Desk {
    /// All tables that plugins have declared, by plugin: with every column that any of their builds had.
    pub async fn declared(&self) -> Result<HashMap<String, Vec<Table>>, StoreError> {
        let mut declared: HashMap<_, Vec<_>> = HashMap::new();
        for ((plugin, _), table) in existing(self.engine.read(DECLARED.with(vec![])).await?)? {
            declared.entry(plugin).or_default().push(table);
        }
        Ok(declared)
    }
}

struct Declare {
    plugin: PluginName,
    tables: Vec<Table>,
}

impl Job for Declare {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        let dialect = session.dialect();
        if let Some(lock) = dialect.lock_schema() {
            session.plain(lock).await?;
        }
        // Another host may have been faster.
        let existing = existing(session.one(DECLARED.with(vec![])).await?)?;
        for table in &self.tables {
            let Some((table, change)) = change(&existing, &self.plugin, table, dialect)? else { continue };
            for statement in &change {
                session.plain(statement).await.map_err(|error| match error {
                    // Only an index that is unique can fail like this.
                    StoreError::Unique { reason } => refusal(
                        &self.plugin,
                        &table,
                        format!("rows that are there already are not unique: {reason}"),
                        "change those rows first, or leave the unique key out".into(),
                    ),
                    other => other,
                })?;
            }
            let declaration =
                serde_json::to_string(&table).map_err(|error| StoreError::unexpected(error.to_string()))?;
            session.one(RECORD.with(params![self.plugin.as_str(), table.name.as_str(), declaration])).await?;
        }
        Ok(Verdict::Commit(()))
    }
}

/// What has to be done for a declaration: the table as it is to become, and the statements; `None` if it is there.
pub(super) fn change(
    existing: &HashMap<Key, Table>,
    plugin: &PluginName,
    table: &Table,
    dialect: Dialect,
) -> Result<Option<(Table, Vec<String>)>, StoreError> {
    let refused = |(problem, hint): Reason| refusal(plugin, table, problem, hint);
    let name = table_name(plugin.as_str(), &table.name);
    let known = existing.get(&key(plugin.as_str(), &table.name));
    let table = known.map_or_else(|| table.clone(), |old| together(old, table));
    let change = match known {
        Some(old) if *old == table => return Ok(None),
        Some(old) => extend(&name, old, &table, dialect).map_err(refused)?,
        None => {
            let same_name = |(plugin, table): &&(String, String)| table_name(plugin, table) == name;
            if let Some((plugin, other)) = existing.keys().find(same_name) {
                let problem = format!("table `{other}` of plugin `{plugin}` is called `{name}` already");
                return Err(refused((problem, "give the table or the plugin another name".into())));
            }
            create(&name, &table, dialect)
        }
    };
    Ok(Some((table, change)))
}

/// Plugin and table.
pub(super) type Key = (String, String);
/// Problem and hint.
type Reason = (String, String);

pub(super) fn key(plugin: &str, table: &str) -> Key {
    (plugin.to_owned(), table.to_owned())
}

pub(super) fn existing(answer: Answer) -> Result<HashMap<Key, Table>, StoreError> {
    let parse = |text: String| serde_json::from_str(&text).map_err(|error| StoreError::unexpected(error.to_string()));
    answer.rows.into_iter().map(|mut row| Ok(((row.text(0)?, row.text(1)?), parse(row.text(2)?)?))).collect()
}

pub(super) fn refusal(plugin: &PluginName, table: &Table, problem: String, hint: String) -> StoreError {
    StoreError::Table { plugin: plugin.to_string(), table: table.name.clone(), problem, hint }
}

/// Whether the declaration makes sense by itself.
pub(super) fn check(plugin: &PluginName, table: &Table) -> Result<(), StoreError> {
    let refused = |problem: String, hint: &str| Err(refusal(plugin, table, problem, hint.into()));
    let is_name = |name: &str, longest: usize| {
        name.len() <= longest
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if !is_name(&table.name, 32) {
        return refused("that is no name for a table".into(), "use 1 to 32 of a-z 0-9 _, beginning with a letter");
    }
    for (index, Column { name, .. }) in table.columns.iter().enumerate() {
        if !is_name(name, 48) {
            return refused(
                format!("`{name}` is no name for a column"),
                "use 1 to 48 of a-z 0-9 _, beginning with a letter",
            );
        }
        if TAKEN.contains(&name.as_str()) {
            return refused(format!("a column cannot be called `{name}`"), "that name is taken; use another one");
        }
        if table.columns[..index].iter().any(|other| other.name == *name) {
            return refused(format!("column `{name}` is declared twice"), "declare it once");
        }
    }
    for columns in table.unique.iter().chain(&table.indexes) {
        if columns.is_empty() {
            return refused("a unique key or an index has no columns".into(), "name at least one column");
        }
        if let Some(name) = columns.iter().find(|name| table.column(name).is_none()) {
            return refused(
                format!("a unique key or an index names `{name}`, which is no column of it"),
                "declare the column, or correct the name",
            );
        }
        if let Some(name) =
            columns.iter().enumerate().find_map(|(at, name)| columns[..at].contains(name).then_some(name))
        {
            return refused(format!("a unique key or an index names `{name}` twice"), "name it once");
        }
    }
    Ok(())
}

fn create(name: &str, table: &Table, dialect: Dialect) -> Vec<String> {
    let mut statements = vec![create_table(name, table, dialect)];
    statements.extend(Index::all(table).map(|index| index.create(name, table, dialect)));
    statements
}

fn create_table(name: &str, table: &Table, dialect: Dialect) -> String {
    let mut text = format!("CREATE TABLE {} (bot_id BIGINT NOT NULL, id BIGINT NOT NULL", quoted(name));
    for column in &table.columns {
        let null = if column.nullable { "" } else { " NOT NULL" };
        let _ = write!(text, ", {} {}{null}", quoted(&column.name), type_of(column.kind, dialect));
    }
    let _ = write!(text, ", PRIMARY KEY (bot_id, id)){}", dialect.table_options());
    text
}

fn type_of(kind: ColumnKind, dialect: Dialect) -> String {
    match kind {
        ColumnKind::Integer | ColumnKind::Boolean | ColumnKind::Timestamp => "BIGINT".into(),
        ColumnKind::Real => "DOUBLE PRECISION".into(),
        ColumnKind::Text => dialect.ordered_text().into(),
        ColumnKind::Bytes => dialect.fill_in("{bytes}"),
    }
}

/// What the table is to become. While one version of a plugin replaces another, or after a step back, a host declares less
/// than there is: a column that may be null and is not declared stays, and so do the indexes then. Only who knows all
/// the columns can mean that an index is to go.
fn together(old: &Table, new: &Table) -> Table {
    let mut table = new.clone();
    let unknown = old.columns.iter().filter(|column| column.nullable && new.column(&column.name).is_none());
    table.columns.extend(unknown.cloned());
    if table.columns.len() > new.columns.len() {
        let add = |to: &mut Vec<Vec<String>>, from: &[Vec<String>]| {
            let missing: Vec<_> = from.iter().filter(|columns| !to.contains(columns)).cloned().collect();
            to.extend(missing);
        };
        add(&mut table.unique, &old.unique);
        add(&mut table.indexes, &old.indexes);
    }
    // In the order in which they are there: another order is no change.
    let place = |name: &str| old.columns.iter().position(|column| column.name == name).unwrap_or(usize::MAX);
    table.columns.sort_by_key(|column| place(&column.name));
    let place =
        |from: &[Vec<String>], key: &Vec<String>| from.iter().position(|other| other == key).unwrap_or(usize::MAX);
    table.unique.sort_by_key(|key| place(&old.unique, key));
    table.indexes.sort_by_key(|key| place(&old.indexes, key));
    table
}

/// The statements that make the old table the new one.
fn extend(name: &str, old: &Table, new: &Table, dialect: Dialect) -> Result<Vec<String>, Reason> {
    let refused = |problem: String, hint: String| Err((problem, hint));
    let mut statements = Vec::new();
    let mut relaxed = false;
    for before in &old.columns {
        let column = &before.name;
        let Some(after) = new.column(column) else {
            return refused(
                format!("column `{column}` is gone, and every row has to hold something in it"),
                format!("declare `{column}` again, as nullable; after that it can be left out"),
            );
        };
        if after.kind != before.kind {
            return refused(
                format!("column `{column}` holds {}, not {}", kind_name(before.kind), kind_name(after.kind)),
                format!("declare a new column beside `{column}` and fill it in the plugin"),
            );
        }
        if before.nullable && !after.nullable {
            return refused(
                format!("column `{column}` may be null so far, and rows may hold nulls"),
                format!("keep `{column}` nullable"),
            );
        }
        if !before.nullable && after.nullable {
            relaxed = true;
            if dialect == Dialect::Postgres {
                let column = quoted(column);
                statements.push(format!("ALTER TABLE {} ALTER COLUMN {column} DROP NOT NULL", quoted(name)));
            }
        }
    }
    for column in new.columns.iter().filter(|column| old.column(&column.name).is_none()) {
        if !column.nullable {
            return refused(
                format!("column `{}` is new, and rows that are there already hold nothing in it", column.name),
                format!("declare `{}` nullable", column.name),
            );
        }
        let (column, kind) = (quoted(&column.name), type_of(column.kind, dialect));
        statements.push(format!("ALTER TABLE {} ADD COLUMN {column} {kind}", quoted(name)));
    }
    if relaxed && dialect == Dialect::Sqlite {
        // SQLite cannot take a NOT NULL back, so the rows move to a table without it.
        statements = rebuild(name, old, new, dialect);
        return Ok(statements);
    }
    let (before, after): (Vec<_>, Vec<_>) = (Index::all(old).collect(), Index::all(new).collect());
    let gone = before.iter().filter(|index| !after.contains(index));
    statements.extend(gone.map(|index| format!("DROP INDEX {}", quoted(&index.name(name)))));
    let added = after.iter().filter(|index| !before.contains(index));
    statements.extend(added.map(|index| index.create(name, new, dialect)));
    Ok(statements)
}

fn rebuild(name: &str, old: &Table, new: &Table, dialect: Dialect) -> Vec<String> {
    let moved = format!("{name}__moved");
    let mut columns = String::from("bot_id, id");
    for column in &old.columns {
        let _ = write!(columns, ", {}", quoted(&column.name));
    }
    let (from, to) = (quoted(name), quoted(&moved));
    let mut statements = vec![
        create_table(&moved, new, dialect),
        format!("INSERT INTO {to} ({columns}) SELECT {columns} FROM {from}"),
        format!("DROP TABLE {from}"),
        format!("ALTER TABLE {to} RENAME TO {from}"),
    ];
    statements.extend(Index::all(new).map(|index| index.create(name, new, dialect)));
    statements
}

fn kind_name(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Integer => "integers",
        ColumnKind::Real => "real numbers",
        ColumnKind::Text => "texts",
        ColumnKind::Bytes => "bytes",
        ColumnKind::Boolean => "booleans",
        ColumnKind::Timestamp => "timestamps",
    }
}

/// A unique key or an index. Both begin with the bot: no query looks across bots.
#[derive(PartialEq)]
struct Index<'a> {
    unique: bool,
    columns: &'a [String],
}

impl<'a> Index<'a> {
    fn all(table: &'a Table) -> impl Iterator<Item = Self> {
        let mut found: Vec<Self> = Vec::new();
        let unique = table.unique.iter().map(|columns| Self { unique: true, columns });
        let plain = table.indexes.iter().map(|columns| Self { unique: false, columns });
        for index in unique.chain(plain) {
            if !found.contains(&index) {
                found.push(index);
            }
        }
        found.into_iter()
    }

    fn name(&self, table: &str) -> String {
        let kind = if self.unique { "key" } else { "index" };
        shortened(&format!("{table}__{kind}__{}", self.columns.join("__")))
    }

    fn create(&self, name: &str, table: &Table, dialect: Dialect) -> String {
        let unique = if self.unique { "UNIQUE " } else { "" };
        let mut columns = String::from("bot_id");
        for column in self.columns {
            let nullable = table.column(column).is_some_and(|column| column.nullable);
            let nulls = if nullable { dialect.index_nulls_first() } else { "" };
            let _ = write!(columns, ", {}{nulls}", quoted(column));
        }
        // With the id, rows come out of the index in their total order.
        columns.push_str(if self.unique { "" } else { ", id" });
        format!("CREATE {unique}INDEX {} ON {} ({columns})", quoted(&self.name(name)), quoted(name))
    }
}

/// What a plugin's table is called in the database.
pub(super) fn table_name(plugin: &str, table: &str) -> String {
    shortened(&format!("{}__{table}", plugin.replace('-', "_")))
}

/// A name that PostgreSQL keeps whole: a long one ends in its digest instead.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let digest = hex(&Sha256::digest(name)[..6]);
    format!("{}_{digest}", &name[..LONGEST_NAME - 1 - digest.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stable_and_short() {
        assert_eq!(table_name("my-cards", "log"), "my_cards__log");
        let long = table_name(&"p".repeat(32), &"t".repeat(32));
        assert_eq!(long.len(), LONGEST_NAME);
        assert_eq!(long, table_name(&"p".repeat(32), &"t".repeat(32)));
        assert_ne!(long, table_name(&"p".repeat(32), &format!("{}u", "t".repeat(31))));
    }
}
