//! A turn's reads and writes of its plugin's tables: names and types checked against the manifest, reads answered by the
//! database with the turn's own writes laid over, every answer of the database recorded. `record`, `overlay` and `filter`
//! hold the pure halves; `host/tables` turns the guest's values into these calls.
//!
//! One question more than the guest asked is recorded for each write: that the row exists, that a unique combination is
//! free, what a counter stood at. The commit asks them again, so what a guest was told stays true.

use std::collections::BTreeMap;

use super::bindings::guesthouse::plugin::tables as wit;
use super::bindings::guesthouse::plugin::tables::Error;
use super::convert;
use super::effects::{Effects, Exceeded};
use super::filter;
use super::ids::Ids;
use super::overlay::{self, Overlay, Touched};
use super::record::Record;
use super::view::{View, ViewError};
use crate::model::manifest::{ColumnKind, Table};
use crate::model::table::{Comparison, Filter, Order, Query, Read, Row, Value, Write};

/// Most rows of one query.
const MOST_ROWS: u32 = 1_000;
/// Most columns to order by.
const MOST_ORDERS: usize = 16;

/// One call's access to the tables.
pub(super) struct Rows<'a> {
    /// The plugin's own.
    pub(super) tables: &'a [Table],
    /// Those of other plugins that may be read, named `plugin.table`.
    pub(super) others: &'a [Table],
    pub(super) view: &'a dyn View,
    pub(super) record: &'a mut Record,
    pub(super) overlay: &'a mut Overlay,
    pub(super) effects: &'a mut Effects,
    pub(super) ids: &'a mut Ids,
    /// Why the database did not answer, if it did not.
    pub(super) unavailable: &'a mut Option<String>,
}

impl<'a> Rows<'a> {
    pub(super) async fn get(&mut self, table: &str, id: i64, columns: &[String]) -> Result<Option<Row>, Error> {
        let table = self.readable(table)?;
        let columns = in_order(table, columns)?;
        self.current(table, id, &columns).await
    }

    pub(super) async fn find(&mut self, query: wit::Query) -> Result<Vec<Row>, Error> {
        let table = self.readable(&query.table)?;
        if query.limit == 0 || query.limit > MOST_ROWS {
            return Err(Error::Limit(format!("a query returns 1 to {MOST_ROWS} rows, not {}", query.limit)));
        }
        if query.order.len() > MOST_ORDERS {
            return Err(Error::Limit(format!("rows are ordered by at most {MOST_ORDERS} columns")));
        }
        for order in &query.order {
            filter::kind_of(table, &order.column)?;
        }
        let query = Query {
            columns: in_order(table, &query.columns)?,
            filter: filter::build(table, query.filter)?,
            order: query
                .order
                .into_iter()
                .map(|order| Order { column: order.column, descending: order.descending })
                .collect(),
            limit: query.limit,
            offset: query.offset,
            table: query.table,
        };
        self.found(table, query).await
    }

    pub(super) async fn count(&mut self, table: &str, steps: Vec<wit::FilterStep>) -> Result<u64, Error> {
        let table = self.readable(table)?;
        let filter = filter::build(table, steps)?;
        let stored = match self.record.count(&table.name, &filter) {
            Some(seen) => seen,
            None => {
                self.effects.may_read(1)?;
                self.effects.asked(&filter)?;
                let seen = self.view.count(&table.name, &filter).await.map_err(|error| self.failed(error))?;
                self.effects.read(&[])?;
                self.record.push(Read::Count { table: table.name.clone(), filter: filter.clone(), seen });
                seen
            }
        };
        let (before, own) = self.touched(table, &filter, &[]).await?;
        Ok(overlay::counted(stored, &filter, &before, &own))
    }

    pub(super) async fn sum(&mut self, table: &str, column: &str, steps: Vec<wit::FilterStep>) -> Result<i64, Error> {
        let table = self.readable(table)?;
        integer_column(table, column)?;
        let filter = filter::build(table, steps)?;
        let stored = match self.record.sum(&table.name, column, &filter) {
            Some(seen) => seen,
            None => {
                self.effects.may_read(1)?;
                self.effects.asked(&filter)?;
                let seen = self.view.sum(&table.name, column, &filter).await.map_err(|error| self.failed(error))?;
                self.effects.read(&[])?;
                let (table, column) = (table.name.clone(), column.to_owned());
                self.record.push(Read::Sum { table, column, filter: filter.clone(), seen });
                seen
            }
        };
        let (before, own) = self.touched(table, &filter, &[column]).await?;
        overlay::summed(stored, column, &filter, &before, &own).ok_or_else(|| too_large(column))
    }

    pub(super) async fn insert(&mut self, table: &str, cells: Vec<wit::Cell>) -> Result<i64, Error> {
        let table = self.table(table)?;
        let cells = checked(table, cells)?;
        let named = |column: &str| cells.iter().any(|(name, _)| name == column);
        if let Some(missing) = table.columns.iter().find(|column| !column.nullable && !named(&column.name)) {
            return Err(Error::WrongType(format!("`{}` may not be null and is not named", missing.name)));
        }
        for key in &table.unique {
            self.free(table, key, None, &cells).await?;
        }
        let id = self.ids.id();
        self.effects.write(Write::Insert { table: table.name.clone(), id, cells: cells.clone() })?;
        self.overlay.insert(table, id, &cells);
        Ok(id)
    }

    pub(super) async fn update(&mut self, table: &str, id: i64, cells: Vec<wit::Cell>) -> Result<(), Error> {
        let table = self.table(table)?;
        let cells = checked(table, cells)?;
        self.exists(table, id).await?;
        if cells.is_empty() {
            return Ok(());
        }
        self.still_unique(table, id, &cells).await?;
        self.effects.write(Write::Update { table: table.name.clone(), id, cells: cells.clone() })?;
        self.overlay.change(&table.name, id, cells);
        Ok(())
    }

    pub(super) async fn increment(&mut self, table: &str, id: i64, column: &str, by: i64) -> Result<i64, Error> {
        let table = self.table(table)?;
        integer_column(table, column)?;
        if !matches!(self.overlay.row(&table.name, id), Some(Touched::New(_))) {
            self.view.queue_for(&table.name, id).await;
        }
        let row = self.current(table, id, &[column.to_owned()]).await?.ok_or(Error::NoSuchRow(id))?;
        let held = match row.cells.first() {
            Some((_, Value::Integer(held))) => *held,
            _ => 0,
        };
        let sum = held.checked_add(by).ok_or_else(|| too_large(column))?;
        let cell = (column.to_owned(), Value::Integer(sum));
        self.still_unique(table, id, std::slice::from_ref(&cell)).await?;
        self.effects.write(Write::Increment { table: table.name.clone(), id, column: column.to_owned(), by })?;
        self.overlay.change(&table.name, id, [cell]);
        Ok(sum)
    }

    pub(super) async fn delete(&mut self, table: &str, id: i64) -> Result<bool, Error> {
        let table = self.table(table)?;
        match self.exists(table, id).await {
            Ok(()) => {}
            Err(Error::NoSuchRow(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.effects.write(Write::Delete { table: table.name.clone(), id })?;
        self.overlay.remove(&table.name, id);
        Ok(true)
    }

    fn table(&self, name: &str) -> Result<&'a Table, Error> {
        self.tables.iter().find(|table| table.name == name).ok_or_else(|| Error::NoSuchTable(name.to_owned()))
    }

    /// One to be read: the plugin's own, or another plugin's.
    fn readable(&self, name: &str) -> Result<&'a Table, Error> {
        match self.others.iter().find(|table| table.name == name) {
            Some(table) => Ok(table),
            None => self.table(name),
        }
    }

    /// A row as the turn sees it now.
    async fn current(&mut self, table: &Table, id: i64, columns: &[String]) -> Result<Option<Row>, Error> {
        match self.overlay.row(&table.name, id) {
            Some(Touched::New(cells)) => return Ok(Some(overlay::made(table, id, cells, columns))),
            Some(Touched::Removed | Touched::NeverWas) => return Ok(None),
            Some(Touched::Changed(_)) | None => {}
        }
        let row = self.stored(&table.name, id, columns).await?;
        Ok(row.map(|row| match self.overlay.row(&table.name, id) {
            Some(Touched::Changed(cells)) => overlay::changed(row, cells),
            _ => row,
        }))
    }

    /// A row as the database has it, asked once.
    async fn stored(&mut self, table: &str, id: i64, columns: &[String]) -> Result<Option<Row>, Error> {
        if let Some(known) = self.record.row(table, id, columns) {
            return Ok(known);
        }
        self.effects.may_read(1)?;
        let seen = self.view.get(table, id, columns).await.map_err(|error| self.failed(error))?;
        self.effects.read(seen.as_slice())?;
        self.record.push(Read::Get { table: table.to_owned(), id, columns: columns.to_vec(), seen: seen.clone() });
        Ok(seen)
    }

    /// The rows that a query asks for, as the turn sees them now.
    async fn found(&mut self, table: &Table, query: Query) -> Result<Vec<Row>, Error> {
        if self.overlay.touched(&table.name).is_empty() {
            return self.asked(query).await;
        }
        let columns = match query.columns.as_slice() {
            [] => Vec::new(),
            named => {
                let ordered = query.order.iter().map(|order| &order.column);
                in_order(table, &named.iter().chain(ordered).cloned().collect::<Vec<_>>())?
            }
        };
        let stored = self.asked(overlay::widened(&query, self.overlay.touched(&table.name), columns)).await?;
        let mut needed: Vec<&str> = query.order.iter().map(|order| order.column.as_str()).collect();
        needed.extend(query.columns.iter().map(String::as_str));
        let own = if query.columns.is_empty() {
            self.own(table, &[]).await?
        } else {
            filter::columns_of(&query.filter, &mut needed);
            self.own(table, &in_order(table, &needed)?).await?
        };
        Ok(overlay::merged(&query, self.overlay.touched(&table.name), stored, own))
    }

    /// The answer of the database to a query, asked once.
    async fn asked(&mut self, query: Query) -> Result<Vec<Row>, Error> {
        if let Some(known) = self.record.query(&query) {
            return Ok(known);
        }
        // Only a query widened by a large offset asks for more than a guest may.
        self.effects.may_read(if query.limit > MOST_ROWS { query.limit } else { 1 })?;
        self.effects.asked(&query.filter)?;
        let seen = self.view.find(&query).await.map_err(|error| self.failed(error))?;
        self.effects.read(&seen)?;
        self.record.push(Read::Find { query, seen: seen.clone() });
        Ok(seen)
    }

    /// The touched rows before and after, with the columns that a filter and `others` name.
    async fn touched(&mut self, table: &Table, by: &Filter, others: &[&str]) -> Result<(Vec<Row>, Vec<Row>), Error> {
        if self.overlay.touched(&table.name).is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut needed = others.to_vec();
        filter::columns_of(by, &mut needed);
        let columns = match in_order(table, &needed)? {
            // A filter that names no column asks only whether there is a row.
            none if none.is_empty() && needed.is_empty() => vec!["id".to_owned()],
            columns => columns,
        };
        let touched = self.overlay.touched(&table.name).iter();
        let stored: Vec<i64> = touched.filter(|(_, row)| row.is_stored()).map(|(id, _)| *id).collect();
        let mut before = Vec::with_capacity(stored.len());
        for id in stored {
            before.extend(self.stored(&table.name, id, &columns).await?);
        }
        Ok((before, self.own(table, &columns).await?))
    }

    /// The touched rows that exist, as they are now.
    async fn own(&mut self, table: &Table, columns: &[String]) -> Result<Vec<Row>, Error> {
        let ids: Vec<i64> = self.overlay.touched(&table.name).keys().copied().collect();
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.extend(self.current(table, id, columns).await?);
        }
        Ok(rows)
    }

    async fn exists(&mut self, table: &Table, id: i64) -> Result<(), Error> {
        self.current(table, id, &["id".to_owned()]).await?.map(drop).ok_or(Error::NoSuchRow(id))
    }

    /// That no unique combination of the row that `changes` touch will be another row's.
    async fn still_unique(&mut self, table: &Table, id: i64, changes: &[(String, Value)]) -> Result<(), Error> {
        let touches = |key: &&Vec<String>| changes.iter().any(|(column, _)| key.contains(column));
        for key in table.unique.iter().filter(touches) {
            let mut cells = match self.current(table, id, &in_order(table, key)?).await? {
                Some(row) => row.cells,
                None => return Err(Error::NoSuchRow(id)),
            };
            for (column, value) in &mut cells {
                if let Some((_, change)) = changes.iter().find(|(changed, _)| changed == column) {
                    value.clone_from(change);
                }
            }
            self.free(table, key, Some(id), &cells).await?;
        }
        Ok(())
    }

    /// That no row but `except` has this combination. Nulls never collide.
    async fn free(
        &mut self,
        table: &Table,
        key: &[String],
        except: Option<i64>,
        cells: &[(String, Value)],
    ) -> Result<(), Error> {
        let mut terms = Vec::with_capacity(key.len() + 1);
        for column in key {
            match cells.iter().find(|(name, _)| name == column) {
                None | Some((_, Value::Null)) => return Ok(()),
                Some((_, value)) => terms.push(Filter::Is(column.clone(), Comparison::Eq, value.clone())),
            }
        }
        terms.extend(except.map(|id| Filter::Is("id".into(), Comparison::Ne, Value::Integer(id))));
        let query = Query {
            table: table.name.clone(),
            columns: vec!["id".into()],
            filter: Filter::All(terms),
            order: Vec::new(),
            limit: 1,
            offset: 0,
        };
        match self.found(table, query).await?.is_empty() {
            true => Ok(()),
            false => Err(Error::NotUnique(key.to_vec())),
        }
    }
}

/// The columns that were named, in the order of the manifest; empty for all, `["id"]` for none of the cells.
fn in_order<S: AsRef<str>>(table: &Table, columns: &[S]) -> Result<Vec<String>, Error> {
    for column in columns {
        filter::kind_of(table, column.as_ref())?;
    }
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let named = |name: &str| columns.iter().any(|column| column.as_ref() == name);
    let ordered: Vec<String> =
        table.columns.iter().filter(|column| named(&column.name)).map(|column| column.name.clone()).collect();
    Ok(match ordered.len() {
        0 => vec!["id".to_owned()],
        all if all == table.columns.len() => Vec::new(),
        _ => ordered,
    })
}

fn integer_column(table: &Table, column: &str) -> Result<(), Error> {
    match filter::kind_of(table, column)? {
        ColumnKind::Integer if column != "id" => Ok(()),
        _ => Err(Error::WrongType(format!("`{column}` is no integer column"))),
    }
}

/// The cells as values that fit their columns, each column once.
fn checked(table: &Table, cells: Vec<wit::Cell>) -> Result<Vec<(String, Value)>, Error> {
    let mut checked: BTreeMap<String, Value> = BTreeMap::new();
    for wit::Cell { column, value } in cells {
        if column == "id" {
            return Err(Error::WrongType("`id` is given by the host".into()));
        }
        let declared = table.column(&column).ok_or_else(|| Error::NoSuchColumn(column.clone()))?;
        let value = convert::value_in(value);
        if value == Value::Null && !declared.nullable {
            return Err(Error::WrongType(format!("`{column}` may not be null")));
        }
        if !value.fits(declared.kind) {
            return Err(Error::WrongType(format!("`{column}` does not take {}", filter::describe(&value))));
        }
        if checked.insert(column.clone(), value).is_some() {
            return Err(Error::WrongType(format!("`{column}` is named twice")));
        }
    }
    Ok(checked.into_iter().collect())
}

impl Rows<'_> {
    /// What the guest hears of a view without an answer. That the database did not answer is remembered, because then the
    /// plugin is not to blame for whatever it makes of it. A slow question is the plugin's own.
    fn failed(&mut self, error: ViewError) -> Error {
        match error {
            ViewError::Unavailable(reason) => {
                self.unavailable.get_or_insert_with(|| reason.clone());
                Error::Unavailable(reason)
            }
            ViewError::Slow(reason) => Error::Unavailable(reason),
            ViewError::Refused(reason) => Error::Other(reason),
        }
    }
}

fn too_large(column: &str) -> Error {
    Error::WrongType(format!("`{column}` would need more than 64 bits"))
}

impl From<Exceeded> for Error {
    fn from(Exceeded(limit): Exceeded) -> Self {
        Self::Limit(limit)
    }
}

/// An in-memory view is in `rows/tests.rs`.
#[cfg(test)]
pub(super) mod tests;
