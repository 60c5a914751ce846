//! Columns that a build has and the build of a record had not: the most ordinary change of a plugin. Pure.
//!
//! 1. What the recording's build had is in the record where a row was read whole. Elsewhere it had no more than the tables
//!    that are known from outside: the plugin's own for a shadow, those in the database for a replay.
//! 2. A row from before holds nothing in a column that may be null, so that is the answer. What one that may not be null
//!    would hold nobody knows.
//! 3. Such columns are left out of what the record is asked for, and put into what it answers.

use std::collections::HashMap;

use crate::model::manifest::Table;
use crate::model::table::{Read, Row, Value};

/// The columns of a build's tables, by the names of the tables.
pub(super) struct Columns(HashMap<String, Vec<Column>>);

struct Column {
    name: String,
    /// Whether the recording's build did not have it, and its rows hold nothing there.
    is_new: bool,
}

impl Columns {
    /// Those of a build's tables, for a record with these reads, of a build that had no columns but these.
    pub(super) fn of(tables: &[Table], reads: &[Read], had: &[Table]) -> Self {
        let columns = |table: &Table| {
            let known = read_whole(&table.name, reads).or_else(|| {
                let known = had.iter().find(|it| it.name == table.name)?;
                Some(known.columns.iter().map(|column| column.name.as_str()).collect())
            });
            let is_new = |name: &str| known.as_ref().is_some_and(|known| !known.contains(&name));
            let columns = table.columns.iter();
            let columns =
                columns.map(|it| Column { is_new: it.nullable && is_new(&it.name), name: it.name.clone() }).collect();
            (table.name.clone(), columns)
        };
        Self(tables.iter().map(columns).collect())
    }

    /// What the record is asked for instead of these columns of a table.
    pub(super) fn asked(&self, table: &str, columns: &[String]) -> Vec<String> {
        let Some(known) = self.0.get(table) else { return columns.to_vec() };
        let wanted = known.iter().filter(|it| !it.is_new && is_among(columns, &it.name));
        match wanted.map(|it| it.name.clone()).collect::<Vec<_>>() {
            none if none.is_empty() => vec!["id".to_owned()],
            wanted => wanted,
        }
    }

    /// A row of the record with these columns, or the first of them that the record has no answer for.
    pub(super) fn completed(&self, table: &str, columns: &[String], mut row: Row) -> Result<Row, String> {
        let Some(known) = self.0.get(table) else { return Ok(row) };
        let wanted = known.iter().filter(|it| is_among(columns, &it.name));
        let cells = wanted.map(|it| match row.cells.iter_mut().find(|(name, _)| *name == it.name) {
            Some((name, value)) => Ok((std::mem::take(name), std::mem::replace(value, Value::Null))),
            None if it.is_new => Ok((it.name.clone(), Value::Null)),
            None => Err(it.name.clone()),
        });
        Ok(Row { id: row.id, cells: cells.collect::<Result<_, _>>()? })
    }
}

/// Empty means all.
fn is_among(columns: &[String], name: &String) -> bool {
    columns.is_empty() || columns.contains(name)
}

/// The columns of a row of this table that was read whole.
fn read_whole<'a>(name: &str, reads: &'a [Read]) -> Option<Vec<&'a str>> {
    let row = reads.iter().find_map(|read| match read {
        Read::Get { table, columns, seen, .. } if table == name && columns.is_empty() => seen.as_ref(),
        Read::Find { query, seen } if query.table == name && query.columns.is_empty() => seen.first(),
        _ => None,
    })?;
    Some(row.cells.iter().map(|(column, _)| column.as_str()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::{self, ColumnKind};

    fn table(columns: &[(&str, bool)]) -> Table {
        let column = |(name, nullable): &(&str, bool)| manifest::Column {
            name: (*name).into(),
            kind: ColumnKind::Integer,
            nullable: *nullable,
        };
        Table { name: "cards".into(), columns: columns.iter().map(column).collect(), unique: vec![], indexes: vec![] }
    }

    fn names(columns: &[&str]) -> Vec<String> {
        columns.iter().map(|column| (*column).to_owned()).collect()
    }

    fn row(columns: &[&str]) -> Row {
        Row { id: 1, cells: columns.iter().map(|column| ((*column).to_owned(), Value::Integer(5))).collect() }
    }

    fn read(columns: &[&str], row: Row) -> Read {
        Read::Get { table: "cards".into(), id: 1, columns: names(columns), seen: Some(row) }
    }

    fn filled(row: &Row) -> Vec<(&str, bool)> {
        row.cells.iter().map(|(name, value)| (name.as_str(), *value != Value::Null)).collect()
    }

    #[test]
    fn a_row_from_before_holds_nothing_in_a_new_column() {
        let build = [table(&[("new", true), ("a", false), ("b", true)])];
        // As a whole row shows, or as is known from outside.
        let whole = [read(&[], row(&["a", "b", "gone"]))];
        for (reads, had) in [(&whole[..], &[][..]), (&[], &[table(&[("a", false), ("b", true)])])] {
            let columns = Columns::of(&build, reads, had);
            assert_eq!(columns.asked("cards", &[]), ["a", "b"]);
            assert_eq!(columns.asked("cards", &names(&["new", "a"])), ["a"]);
            assert_eq!(columns.asked("cards", &names(&["new"])), ["id"]);
            let row = columns.completed("cards", &[], row(&["a", "b", "gone"])).unwrap();
            assert_eq!(filled(&row), [("new", false), ("a", true), ("b", true)]);
        }
        let columns = Columns::of(&build, &whole, &[]);
        let row = columns.completed("cards", &names(&["new", "b"]), row(&["b"])).unwrap();
        assert_eq!(filled(&row), [("new", false), ("b", true)]);
    }

    #[test]
    fn what_nobody_knows_is_no_answer() {
        let build = [table(&[("a", false), ("b", true), ("must", false)])];
        // It may not be null.
        let columns = Columns::of(&build, &[read(&[], row(&["a", "b"]))], &[]);
        assert_eq!(columns.completed("cards", &[], row(&["a", "b"])), Err("must".into()));
        // The recording's build had it, and has not read it; or nobody knows whether it had it.
        let known = [table(&[("a", false), ("b", true)])];
        for had in [&known[..], &[]] {
            let columns = Columns::of(&build, &[read(&["a"], row(&["a"]))], had);
            assert_eq!(columns.asked("cards", &names(&["a", "b"])), ["a", "b"]);
            assert_eq!(columns.completed("cards", &names(&["b"]), row(&["a"])), Err("b".into()));
        }
    }

    #[test]
    fn a_table_of_another_plugin_is_left_as_it_is() {
        let columns = Columns::of(&[], &[], &[]);
        assert_eq!(columns.asked("facts.facts", &names(&["a"])), ["a"]);
        assert_eq!(columns.completed("facts.facts", &[], row(&["a"])), Ok(row(&["a"])));
    }
}
