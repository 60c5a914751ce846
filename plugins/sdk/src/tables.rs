//! The plugin's own tables, with typed rows.
//!
//! A row is a struct whose fields are columns: numbers, `bool`, `String`, `Vec<u8>`, an `Option` of those, an enum
//! without data (stored as the name of its variant). Anything else goes into a text column through
//! `#[serde(with = "guesthouse_plugin::tables::json")]`. The row's id is not among the fields: the host makes it.
//!
//! Reads see what the turn itself has written. What a turn has read is checked again when it commits; if another turn
//! changed it in the meantime, this turn runs again.
//!
//! ```no_run
//! use guesthouse_plugin::tables::{Table, TableSpec, col};
//! use guesthouse_plugin::{Error, Timestamp, clock};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Card {
//!     code: String,
//!     note: Option<String>,
//!     active: bool,
//!     checks: i64,
//!     added: Timestamp,
//! }
//!
//! const CARDS: Table<Card> = Table::new("cards");
//!
//! /// What the manifest says of the table.
//! fn cards() -> TableSpec {
//!     let spec = TableSpec::new("cards").text("code").text("note").nullable().boolean("active");
//!     spec.integer("checks").timestamp("added").unique(&["code"]).index(&["active", "added"])
//! }
//!
//! /// A part of the row: where other columns change often, ask for no more than you need.
//! #[derive(Deserialize)]
//! struct Label {
//!     note: Option<String>,
//! }
//!
//! fn check(code: &str) -> Result<Option<i64>, Error> {
//!     let wanted = col("code").eq(code).and(col("active").eq(true));
//!     let Some(card) = CARDS.select::<Label>().first(wanted)? else { return Ok(None) };
//!     let checks = CARDS.increment(card.id, "checks", 1)?;
//!     if card.note.is_none() {
//!         CARDS.set(card.id, "note", "checked at least once")?;
//!     }
//!     Ok(Some(checks))
//! }
//!
//! fn newest() -> Result<Vec<String>, Error> {
//!     let week = clock::now() - 7 * clock::DAY;
//!     let cards = CARDS.find(col("added").ge(week).descending("added").limit(10))?;
//!     Ok(cards.into_iter().map(|card| card.value.code).collect())
//! }
//! ```

mod decode;
mod encode;
mod filter;
pub mod json;
mod spec;

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
pub use crate::bindings::guesthouse::plugin::manifests::Table as TableSpec;
use crate::bindings::guesthouse::plugin::tables as raw;
pub use crate::bindings::guesthouse::plugin::tables::{Comparison, Error as TableError, Value};
pub use filter::{Col, Filter, Query, all, any, col, every_row, not};

/// A table whose rows are read as `T`.
#[derive(Debug)]
pub struct Table<T> {
    name: &'static str,
    row: PhantomData<fn() -> T>,
}

/// A row and its id. The columns are the fields of `value`, which the row also leads to: `row.name` is
/// `row.value.name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<T> {
    /// The id that the host gave it; later rows have larger ids.
    pub id: i64,
    /// The columns.
    pub value: T,
}

impl<T> Table<T> {
    /// The table of that name in the manifest.
    pub const fn new(name: &'static str) -> Self {
        Self { name, row: PhantomData }
    }

    /// The same table, of which only the columns are read that are fields of `U`.
    pub const fn select<U>(&self) -> Table<U> {
        Table::new(self.name)
    }

    /// How many rows pass the filter.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if the filter does not fit the table or the database did not answer.
    pub fn count(&self, filter: impl Into<Filter>) -> Result<u64, Error> {
        Ok(raw::count(self.name, &filter.into().into_steps())?)
    }

    /// The sum of an integer column over the rows that pass the filter, nulls left out.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if the filter or the column does not fit the table or the database did not answer.
    pub fn sum(&self, column: &str, filter: impl Into<Filter>) -> Result<i64, Error> {
        Ok(raw::sum(self.name, column, &filter.into().into_steps())?)
    }

    /// Changes the columns that are fields of `patch`. Fields left out with `skip_serializing_if` stay.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if there is no such row, the values do not fit the table, or another row has the same unique
    /// values; [`Error::Encoding`] if `patch` is no struct of columns.
    pub fn update<P: Serialize + ?Sized>(&self, id: i64, patch: &P) -> Result<(), Error> {
        Ok(raw::update(self.name, id, &encode::cells(patch)?)?)
    }

    /// Changes one column.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if there is no such row, the value does not fit the table, or another row has the same unique
    /// values.
    pub fn set(&self, id: i64, column: &str, value: impl Into<Value>) -> Result<(), Error> {
        let cell = raw::Cell { column: column.to_owned(), value: value.into() };
        Ok(raw::update(self.name, id, &[cell])?)
    }

    /// Adds to an integer column and returns what it holds then; a null counts as 0. No increment is lost or made twice,
    /// however many turns do it at once.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if there is no such row or integer column, or the database did not answer.
    pub fn increment(&self, id: i64, column: &str, by: i64) -> Result<i64, Error> {
        Ok(raw::increment(self.name, id, column, by)?)
    }

    /// Removes a row; says whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if the database did not answer.
    pub fn delete(&self, id: i64) -> Result<bool, Error> {
        Ok(raw::delete(self.name, id)?)
    }
}

impl<T: Serialize> Table<T> {
    /// Adds a row and returns its id. Columns that are no field of `T` are null.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if the values do not fit the table or another row has the same unique values;
    /// [`Error::Encoding`] if `T` is no struct of columns.
    pub fn insert(&self, row: &T) -> Result<i64, Error> {
        Ok(raw::insert(self.name, &encode::cells(row)?)?)
    }
}

impl<T: DeserializeOwned> Table<T> {
    /// The row with this id.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if the table has not all the columns of `T` or the database did not answer; [`Error::Decoding`] if
    /// a column does not fit its field.
    pub fn get(&self, id: i64) -> Result<Option<Row<T>>, Error> {
        raw::get(self.name, id, &decode::columns::<T>())?.map(Row::decode).transpose()
    }

    /// The rows that a query asks for; 1000 unless it [says otherwise](Query::limit). A [`Filter`] is a query, too.
    ///
    /// # Errors
    ///
    /// [`Error::Table`] if the query or `T` does not fit the table or the database did not answer; [`Error::Decoding`] if a
    /// column does not fit its field.
    pub fn find(&self, query: impl Into<Query>) -> Result<Vec<Row<T>>, Error> {
        let query = query.into().into_raw(self.name, decode::columns::<T>());
        raw::find(&query)?.into_iter().map(Row::decode).collect()
    }

    /// The first row that a query asks for.
    ///
    /// # Errors
    ///
    /// As for [`find`](Self::find).
    pub fn first(&self, query: impl Into<Query>) -> Result<Option<Row<T>>, Error> {
        Ok(self.find(query.into().limit(1))?.pop())
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Table<T> {}

impl<T: DeserializeOwned> Row<T> {
    fn decode(row: raw::Row) -> Result<Self, Error> {
        Ok(Self { id: row.id, value: decode::value(row.cells)? })
    }
}

impl<T> Deref for Row<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Row<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

macro_rules! value_from {
    ($($from:ty => $case:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$case(value.into())
            }
        })*
    };
}

value_from! {
    i64 => Integer, i32 => Integer, u32 => Integer, i16 => Integer, u16 => Integer, i8 => Integer, u8 => Integer,
    f64 => Real, f32 => Real, bool => Boolean,
    String => Text, &String => Text, &str => Text, char => Text,
    Vec<u8> => Bytes, &[u8] => Bytes,
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
