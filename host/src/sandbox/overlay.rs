//! What a turn has written, laid over what the database answers, so that a turn reads its own writes. Pure: it says what
//! to ask and how to put answers together, `rows` asks. `filter` has the meaning of filters and of the order of values.

use std::collections::BTreeMap;

use super::filter;
use super::record::project;
use crate::model::manifest::Table;
use crate::model::table::{Filter, Order, Query, Row, Value};

/// What columns hold, by their names.
pub(super) type Cells = BTreeMap<String, Value>;

static NULL: Value = Value::Null;

/// What the turn has done to a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Touched {
    /// It made the row: every column is here.
    New(Cells),
    /// It changed these columns of a row that stands in the database.
    Changed(Cells),
    /// It removed a row that stands in the database.
    Removed,
    /// It made the row and removed it.
    NeverWas,
}

impl Touched {
    /// Whether the database may answer with this row.
    pub(super) fn is_stored(&self) -> bool {
        matches!(self, Self::Changed(_) | Self::Removed)
    }
}

/// The rows that a turn has touched, by table and id.
#[derive(Default)]
pub(super) struct Overlay(BTreeMap<String, BTreeMap<i64, Touched>>);

impl Overlay {
    /// The touched rows of a table, in the order of their ids.
    pub(super) fn touched(&self, table: &str) -> &BTreeMap<i64, Touched> {
        static NONE: BTreeMap<i64, Touched> = BTreeMap::new();
        self.0.get(table).unwrap_or(&NONE)
    }

    /// What was done to one row.
    pub(super) fn row(&self, table: &str, id: i64) -> Option<&Touched> {
        self.touched(table).get(&id)
    }

    /// A row was made.
    pub(super) fn insert(&mut self, table: &Table, id: i64, cells: &[(String, Value)]) {
        let mut all: Cells = table.columns.iter().map(|column| (column.name.clone(), Value::Null)).collect();
        all.extend(cells.iter().cloned());
        self.table(&table.name).insert(id, Touched::New(all));
    }

    /// Some columns of a row that exists were set.
    pub(super) fn change(&mut self, table: &str, id: i64, cells: impl IntoIterator<Item = (String, Value)>) {
        match self.table(table).entry(id).or_insert_with(|| Touched::Changed(Cells::new())) {
            Touched::New(held) | Touched::Changed(held) => held.extend(cells),
            Touched::Removed | Touched::NeverWas => debug_assert!(false, "a removed row was changed"),
        }
    }

    /// A row that exists was removed.
    pub(super) fn remove(&mut self, table: &str, id: i64) {
        let row = self.table(table).entry(id).or_insert(Touched::Removed);
        *row = if matches!(row, Touched::New(_)) { Touched::NeverWas } else { Touched::Removed };
    }

    fn table(&mut self, table: &str) -> &mut BTreeMap<i64, Touched> {
        if !self.0.contains_key(table) {
            self.0.insert(table.to_owned(), BTreeMap::new());
        }
        self.0.entry(table.to_owned()).or_default()
    }
}

/// A stored row as the turn sees it after its changes.
pub(super) fn changed(mut row: Row, changes: &Cells) -> Row {
    for (column, value) in &mut row.cells {
        if let Some(change) = changes.get(column) {
            value.clone_from(change);
        }
    }
    row
}

/// A row that the turn has made, with these columns in the order of the manifest; all if none is named.
pub(super) fn made(table: &Table, id: i64, cells: &Cells, columns: &[String]) -> Row {
    let wanted = table.columns.iter().filter(|column| columns.is_empty() || columns.contains(&column.name));
    let cell = |name: &String| (name.clone(), cells.get(name).cloned().unwrap_or(Value::Null));
    Row { id, cells: wanted.map(|column| cell(&column.name)).collect() }
}

/// Whether a row passes a filter. The row has the filter's columns.
pub(super) fn passes(row: &Row, filter: &Filter) -> bool {
    let id = Value::Integer(row.id);
    // The closure lends values from two places; `filter::matches` needs them to live equally long.
    filter::matches(filter, &|column| value_of(row, &id, column))
}

fn value_of<'a>(row: &'a Row, id: &'a Value, column: &str) -> &'a Value {
    if column == "id" {
        return id;
    }
    row.cells.iter().find(|(name, _)| name == column).map_or(&NULL, |(_, value)| value)
}

/// What to ask the database for, so that its answer and the touched rows together answer `query`: enough rows that
/// neither those which the turn has changed nor those which it has removed can be missed.
pub(super) fn widened(query: &Query, touched: &BTreeMap<i64, Touched>, columns: Vec<String>) -> Query {
    let stored = touched.values().filter(|row| row.is_stored()).count();
    let limit = u64::from(query.limit) + u64::from(query.offset) + stored as u64;
    Query { columns, limit: u32::try_from(limit).unwrap_or(u32::MAX), offset: 0, ..query.clone() }
}

/// The answer to `query`: the database's rows without those that were touched, the touched ones that pass, in order.
/// `own` are the touched rows as they are now, with every column that `query` names.
pub(super) fn merged(query: &Query, touched: &BTreeMap<i64, Touched>, stored: Vec<Row>, own: Vec<Row>) -> Vec<Row> {
    let mut rows: Vec<Row> = stored.into_iter().filter(|row| !touched.contains_key(&row.id)).collect();
    rows.extend(own.into_iter().filter(|row| passes(row, &query.filter)));
    rows.sort_by(|a, b| order(a, b, &query.order));
    rows.into_iter()
        .skip(query.offset as usize)
        .take(query.limit as usize)
        .map(|row| project(&row, &query.columns))
        .collect()
}

/// The order of two rows; those that are equal in all columns named follow by id, in the direction of the last one.
fn order(a: &Row, b: &Row, by: &[Order]) -> std::cmp::Ordering {
    let (a_id, b_id) = (Value::Integer(a.id), Value::Integer(b.id));
    for Order { column, descending } in by {
        let ordering = filter::compare(value_of(a, &a_id, column), value_of(b, &b_id, column));
        let ordering = if *descending { ordering.reverse() } else { ordering };
        if ordering.is_ne() {
            return ordering;
        }
    }
    let ordering = a.id.cmp(&b.id);
    if by.last().is_some_and(|last| last.descending) { ordering.reverse() } else { ordering }
}

/// How a count of stored rows changes: `before` are the touched rows as the database has them, `own` as they are now.
pub(super) fn counted(stored: u64, filter: &Filter, before: &[Row], own: &[Row]) -> u64 {
    let passing = |rows: &[Row]| rows.iter().filter(|row| passes(row, filter)).count() as u64;
    stored.saturating_sub(passing(before)).saturating_add(passing(own))
}

/// How a sum over stored rows changes; `None` where no 64-bit integer holds it.
pub(super) fn summed(stored: i64, column: &str, filter: &Filter, before: &[Row], own: &[Row]) -> Option<i64> {
    let id = Value::Null;
    let sum = |rows: &[Row]| -> i128 {
        let passing = rows.iter().filter(|row| passes(row, filter));
        passing
            .map(|row| match value_of(row, &id, column) {
                Value::Integer(number) => i128::from(*number),
                _ => 0,
            })
            .sum()
    };
    i64::try_from(i128::from(stored) - sum(before) + sum(own)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::{Column, ColumnKind};
    use crate::model::table::Comparison;

    fn table() -> Table {
        let column = |name: &str, kind| Column { name: name.into(), kind, nullable: true };
        Table {
            name: "cards".into(),
            columns: vec![column("name", ColumnKind::Text), column("checks", ColumnKind::Integer)],
            unique: vec![],
            indexes: vec![],
        }
    }

    fn row(id: i64, name: &str, checks: i64) -> Row {
        Row { id, cells: cells(name, checks) }
    }

    fn cells(name: &str, checks: i64) -> Vec<(String, Value)> {
        vec![("name".into(), Value::Text(name.into())), ("checks".into(), Value::Integer(checks))]
    }

    /// The database under a table of rows: filter, order, offset, limit.
    fn ask(rows: &[Row], query: &Query) -> Vec<Row> {
        merged(query, &BTreeMap::new(), Vec::new(), rows.to_vec())
    }

    /// What `query` answers after the overlay, asked as `rows` does.
    fn answer(rows: &[Row], overlay: &Overlay, query: &Query) -> Vec<Row> {
        let touched = overlay.touched("cards");
        let stored = ask(rows, &widened(query, touched, vec![]));
        merged(query, touched, stored, own(rows, overlay))
    }

    fn own(rows: &[Row], overlay: &Overlay) -> Vec<Row> {
        let now = overlay.touched("cards").iter().filter_map(|(id, touched)| match touched {
            Touched::New(cells) => Some(made(&table(), *id, cells, &[])),
            Touched::Changed(cells) => rows.iter().find(|row| row.id == *id).map(|row| changed(row.clone(), cells)),
            Touched::Removed | Touched::NeverWas => None,
        });
        now.collect()
    }

    fn before(rows: &[Row], overlay: &Overlay) -> Vec<Row> {
        let stored = overlay.touched("cards").iter().filter(|(_, touched)| touched.is_stored());
        stored.filter_map(|(id, _)| rows.iter().find(|row| row.id == *id).cloned()).collect()
    }

    fn query(order: &[(&str, bool)], limit: u32, offset: u32) -> Query {
        Query {
            table: "cards".into(),
            columns: vec![],
            filter: Filter::Is("checks".into(), Comparison::Gt, Value::Integer(0)),
            order: order
                .iter()
                .map(|(column, descending)| Order { column: (*column).into(), descending: *descending })
                .collect(),
            limit,
            offset,
        }
    }

    fn ids(rows: &[Row]) -> Vec<i64> {
        rows.iter().map(|row| row.id).collect()
    }

    fn overlay() -> Overlay {
        let mut overlay = Overlay::default();
        overlay.insert(&table(), 100, &cells("new", 5));
        overlay.insert(&table(), 101, &cells("new but gone", 5));
        overlay.remove("cards", 101);
        overlay.change("cards", 2, [("checks".to_owned(), Value::Integer(0))]);
        overlay.change("cards", 3, [("checks".to_owned(), Value::Integer(9))]);
        overlay.remove("cards", 4);
        overlay
    }

    fn stored() -> Vec<Row> {
        (1..=6).map(|id| row(id, &format!("card {id}"), if id == 3 { 0 } else { id })).collect()
    }

    #[test]
    fn own_writes_are_seen_in_their_place() {
        let all = answer(&stored(), &overlay(), &query(&[("checks", true)], 100, 0));
        assert_eq!(ids(&all), [3, 6, 100, 5, 1]);
        assert_eq!(all[0], row(3, "card 3", 9));
    }

    #[test]
    fn limit_and_offset_count_what_the_turn_sees() {
        let all = answer(&stored(), &overlay(), &query(&[("checks", true)], 100, 0));
        for offset in 0..6 {
            for limit in 1..6 {
                let page = answer(&stored(), &overlay(), &query(&[("checks", true)], limit, offset));
                let expected: Vec<_> = all.iter().skip(offset as usize).take(limit as usize).cloned().collect();
                assert_eq!(page, expected, "limit {limit} offset {offset}");
            }
        }
    }

    #[test]
    fn equal_rows_follow_by_id_in_the_last_direction() {
        let rows = [row(1, "a", 1), row(2, "a", 1), row(3, "b", 1)];
        let none = Overlay::default();
        assert_eq!(ids(&answer(&rows, &none, &query(&[], 9, 0))), [1, 2, 3]);
        assert_eq!(ids(&answer(&rows, &none, &query(&[("name", false)], 9, 0))), [1, 2, 3]);
        assert_eq!(ids(&answer(&rows, &none, &query(&[("name", true)], 9, 0))), [3, 2, 1]);
        assert_eq!(ids(&answer(&rows, &none, &query(&[("checks", false), ("name", true)], 9, 0))), [3, 2, 1]);
        assert_eq!(ids(&answer(&rows, &none, &query(&[("name", true), ("checks", false)], 9, 0))), [3, 1, 2]);
        assert_eq!(ids(&answer(&rows, &none, &query(&[("id", true)], 9, 0))), [3, 2, 1]);
    }

    #[test]
    fn nulls_come_first() {
        let mut rows = stored();
        rows[4].cells[0].1 = Value::Null;
        let found = answer(&rows, &Overlay::default(), &query(&[("name", false)], 2, 0));
        assert_eq!(ids(&found), [5, 1]);
    }

    #[test]
    fn counts_and_sums_see_own_writes() {
        let (rows, overlay) = (stored(), overlay());
        let filter = query(&[], 1, 0).filter;
        let (before, own) = (before(&rows, &overlay), own(&rows, &overlay));
        let in_database = rows.iter().filter(|row| passes(row, &filter)).count() as u64;
        assert_eq!(counted(in_database, &filter, &before, &own), 5);
        let sum = 1 + 2 + 4 + 5 + 6;
        assert_eq!(summed(sum, "checks", &filter, &before, &own), Some(9 + 6 + 5 + 5 + 1));
        assert_eq!(summed(i64::MAX, "checks", &Filter::All(vec![]), &[], &own), None);
    }

    #[test]
    fn asked_columns_only() {
        let narrow = Query { columns: vec!["name".into()], ..query(&[("checks", true)], 1, 0) };
        let found = merged(&narrow, &BTreeMap::new(), Vec::new(), stored());
        assert_eq!(found, [Row { id: 6, cells: vec![("name".into(), Value::Text("card 6".into()))] }]);
    }
}
