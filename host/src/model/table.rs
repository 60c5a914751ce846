//! The rows of a plugin's own tables: values, filters, queries, and what a turn read and wants written.

use serde::{Deserialize, Serialize};

use super::manifest::ColumnKind;

/// What a cell holds. A boolean is stored as 0 or 1, a timestamp as an integer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented case by case in wit/tables.wit")]
pub enum Value {
    Null,
    Integer(i64),
    #[serde(with = "super::exact")]
    Real(f64),
    Text(String),
    #[serde(with = "super::web::blob")]
    Bytes(Vec<u8>),
    Boolean(bool),
}

impl Value {
    /// Whether a column of this kind may hold the value; whether null is allowed is a matter of the column.
    pub fn fits(&self, kind: ColumnKind) -> bool {
        match self {
            Self::Null => true,
            Self::Integer(_) => matches!(kind, ColumnKind::Integer | ColumnKind::Timestamp),
            Self::Real(number) => kind == ColumnKind::Real && number.is_finite(),
            // PostgreSQL cannot store a NUL in a text, so neither database is offered one.
            Self::Text(text) => kind == ColumnKind::Text && !text.contains('\0'),
            Self::Bytes(_) => kind == ColumnKind::Bytes,
            Self::Boolean(_) => kind == ColumnKind::Boolean,
        }
    }
}

/// A row, or a part of one: its id and the values of some columns in the order of the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The id that the host gave it.
    pub id: i64,
    /// Column names and what they hold.
    pub cells: Vec<(String, Value)>,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented case by case in wit/tables.wit")]
pub enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    StartsWith,
}

/// Which rows. `All(vec![])` takes every row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Filter {
    /// The column (or `id`) compares so with the value.
    Is(String, Comparison, Value),
    /// All of these.
    All(Vec<Filter>),
    /// Any of these; none of them if there are none.
    Any(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
}

/// A column to order by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The column, or `id`.
    pub column: String,
    /// Largest first.
    pub descending: bool,
}

/// Which rows of a table, in which order, how many. Rows that are equal so far follow by `id`, in the direction of the
/// last column of `order`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// The table's name in the manifest.
    pub table: String,
    /// The columns to return; empty for all.
    pub columns: Vec<String>,
    /// Which rows.
    pub filter: Filter,
    /// In which order.
    pub order: Vec<Order>,
    /// At most so many.
    pub limit: u32,
    /// Skip so many.
    pub offset: u32,
}

impl Query {
    /// Whether it asks for the same rows, whatever their columns.
    pub fn has_the_rows_of(&self, other: &Self) -> bool {
        let rows = |query: &Self| (query.limit, query.offset);
        rows(self) == rows(other)
            && (&self.table, &self.order, &self.filter) == (&other.table, &other.order, &other.filter)
    }
}

/// Something a turn asked the database, together with the answer on which it acted. At commit the question is asked
/// again, and another answer is a conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Read {
    /// A row, or some columns of it; `columns` empty for all.
    Get {
        /// The table's name in the manifest.
        table: String,
        /// The row's id.
        id: i64,
        /// The columns asked for; empty for all.
        columns: Vec<String>,
        /// What was there.
        seen: Option<Row>,
    },
    /// A query.
    Find {
        /// What was asked.
        query: Query,
        /// What was there.
        seen: Vec<Row>,
    },
    /// A number of rows.
    Count {
        /// The table's name in the manifest.
        table: String,
        /// Which rows.
        filter: Filter,
        /// How many there were.
        seen: u64,
    },
    /// A sum over rows.
    Sum {
        /// The table's name in the manifest.
        table: String,
        /// The column.
        column: String,
        /// Which rows.
        filter: Filter,
        /// What it was.
        seen: i64,
    },
}

impl Read {
    /// How many rows the answer had; a number counts as one.
    pub fn rows(&self) -> usize {
        if let Self::Find { seen, .. } = self { seen.len().max(1) } else { 1 }
    }

    /// Whether it was another plugin's table, which is named `plugin.table`.
    pub fn is_of_another(&self) -> bool {
        let table = match self {
            Self::Get { table, .. } | Self::Count { table, .. } | Self::Sum { table, .. } => table,
            Self::Find { query, .. } => &query.table,
        };
        table.contains('.')
    }

    /// What it is about that a query has another answer now: the row, if it found one alone and still does; else, `None`,
    /// the table as a whole.
    pub fn row_behind(seen: &[Row], now: &[Row]) -> Option<i64> {
        match (seen, now) {
            ([seen], [now]) if seen.id == now.id => Some(seen.id),
            _ => None,
        }
    }
}

/// A change to a row that a turn asked for. Ids are made by the host before the commit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Write {
    /// A new row; columns that are not named are null.
    Insert {
        /// The table's name in the manifest.
        table: String,
        /// The new row's id.
        id: i64,
        /// What it holds.
        cells: Vec<(String, Value)>,
    },
    /// New values for some columns.
    Update {
        /// The table's name in the manifest.
        table: String,
        /// The row's id.
        id: i64,
        /// What they hold then.
        cells: Vec<(String, Value)>,
    },
    /// A number added to an integer column; null counts as 0.
    Increment {
        /// The table's name in the manifest.
        table: String,
        /// The row's id.
        id: i64,
        /// The column.
        column: String,
        /// What is added.
        by: i64,
    },
    /// The row goes.
    Delete {
        /// The table's name in the manifest.
        table: String,
        /// The row's id.
        id: i64,
    },
}

impl Write {
    /// The table it changes.
    pub fn table(&self) -> &str {
        match self {
            Self::Insert { table, .. }
            | Self::Update { table, .. }
            | Self::Increment { table, .. }
            | Self::Delete { table, .. } => table,
        }
    }
}
