//! Declaring a table.

use super::TableSpec;
use crate::{Column, ColumnKind};

/// Building. The host creates the table and extends it when a later version of the plugin declares more.
impl TableSpec {
    /// A table without columns yet; every row also has an `id`. `name` is 1 to 32 of `a-z 0-9 _`, beginning with a letter.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), columns: Vec::new(), unique: Vec::new(), indexes: Vec::new() }
    }

    /// Adds a column of 64-bit integers.
    pub fn integer(self, column: impl Into<String>) -> Self {
        self.column(column, ColumnKind::Integer)
    }

    /// Adds a column of 64-bit floats.
    pub fn real(self, column: impl Into<String>) -> Self {
        self.column(column, ColumnKind::Real)
    }

    /// Adds a column of text, ordered by code point.
    pub fn text(self, column: impl Into<String>) -> Self {
        self.column(column, ColumnKind::Text)
    }

    /// Adds a column of bytes.
    pub fn bytes(self, column: impl Into<String>) -> Self {
        self.column(column, ColumnKind::Bytes)
    }

    /// Adds a column that is true or false.
    pub fn boolean(self, column: impl Into<String>) -> Self {
        self.column(column, ColumnKind::Boolean)
    }

    /// Adds a column of times, in milliseconds since 1970.
    pub fn timestamp(self, column: impl Into<String>) -> Self {
        self.column(column, ColumnKind::Timestamp)
    }

    /// Lets the column added last be null. A column added to an existing table has to be.
    pub fn nullable(mut self) -> Self {
        if let Some(column) = self.columns.last_mut() {
            column.nullable = true;
        }
        self
    }

    /// Makes a combination of columns unique; nulls never collide.
    pub fn unique(mut self, columns: &[&str]) -> Self {
        self.unique.push(columns.iter().map(|&column| column.to_owned()).collect());
        self
    }

    /// Makes searching and ordering by a combination of columns fast.
    pub fn index(mut self, columns: &[&str]) -> Self {
        self.indexes.push(columns.iter().map(|&column| column.to_owned()).collect());
        self
    }

    fn column(mut self, name: impl Into<String>, kind: ColumnKind) -> Self {
        self.columns.push(Column { name: name.into(), kind, nullable: false });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nullable_is_a_matter_of_the_column_before() {
        let table = TableSpec::new("cards").text("code").text("note").nullable().integer("checks").unique(&["code"]);
        let nullable: Vec<_> = table.columns.iter().map(|column| (column.name.as_str(), column.nullable)).collect();
        assert_eq!(nullable, [("code", false), ("note", true), ("checks", false)]);
        assert_eq!(table.unique, [["code"]]);
    }
}
