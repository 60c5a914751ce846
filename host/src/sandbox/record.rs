//! What a turn has read from the database: the answers it acted on, which the commit asks for again. A question that an
//! earlier answer answers already is not asked twice, so that reads repeat within a turn. Pure. Next: `rows`.

use crate::model::table::{Filter, Query, Read, Row};

/// The reads of one turn, in order.
#[derive(Default)]
pub struct Record(Vec<Read>);

impl Record {
    /// Remembers one more.
    pub fn push(&mut self, read: Read) {
        self.0.push(read);
    }

    /// All of them.
    pub fn into_reads(self) -> Vec<Read> {
        self.0
    }

    /// What is known of a row: `Some(None)` if it is known not to be there. A wider read answers a narrower question,
    /// and a row that a query found is as good as one that was asked for by its id.
    pub fn row(&self, table: &str, id: i64, columns: &[String]) -> Option<Option<Row>> {
        self.0.iter().find_map(|read| match read {
            Read::Get { id: asked, table: of, columns: had, seen } if *asked == id && of == table => match seen {
                None => Some(None),
                Some(row) => covers(had, columns).then(|| Some(project(row, columns))),
            },
            Read::Find { query, seen } if query.table == table && covers(&query.columns, columns) => {
                seen.iter().find(|row| row.id == id).map(|row| Some(project(row, columns)))
            }
            _ => None,
        })
    }

    /// The answer to this query, by one that asked for these columns at least.
    pub fn query(&self, asked: &Query) -> Option<Vec<Row>> {
        self.0.iter().find_map(|read| match read {
            Read::Find { query, seen } if query.has_the_rows_of(asked) && covers(&query.columns, &asked.columns) => {
                Some(seen.iter().map(|row| project(row, &asked.columns)).collect())
            }
            _ => None,
        })
    }

    /// The answer to this very count.
    pub fn count(&self, of: &str, by: &Filter) -> Option<u64> {
        self.0.iter().find_map(|read| match read {
            Read::Count { table, filter, seen } if table == of && filter == by => Some(*seen),
            _ => None,
        })
    }

    /// The answer to this very sum.
    pub fn sum(&self, of: &str, what: &str, by: &Filter) -> Option<i64> {
        self.0.iter().find_map(|read| match read {
            Read::Sum { table, column, filter, seen } if table == of && column == what && filter == by => Some(*seen),
            _ => None,
        })
    }
}

/// Whether a read of the columns `had` says what `wanted` asks; empty means all, `["id"]` none.
fn covers(had: &[String], wanted: &[String]) -> bool {
    had.is_empty() || (!wanted.is_empty() && wanted.iter().all(|column| column == "id" || had.contains(column)))
}

/// The part of a row that was asked for.
pub(super) fn project(row: &Row, columns: &[String]) -> Row {
    let cells = row.cells.iter().filter(|(column, _)| columns.is_empty() || columns.contains(column));
    Row { id: row.id, cells: cells.cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::table::Value;

    fn names(columns: &[&str]) -> Vec<String> {
        columns.iter().map(|column| (*column).to_owned()).collect()
    }

    fn row(id: i64, columns: &[&str]) -> Row {
        Row { id, cells: columns.iter().map(|column| ((*column).to_owned(), Value::Integer(id))).collect() }
    }

    fn get(id: i64, columns: &[&str], seen: Option<Row>) -> Read {
        Read::Get { table: "cards".into(), id, columns: names(columns), seen }
    }

    #[test]
    fn a_wider_read_answers_a_narrower_question() {
        let mut record = Record::default();
        record.push(get(1, &[], Some(row(1, &["a", "b", "c"]))));
        record.push(get(2, &["a", "b"], Some(row(2, &["a", "b"]))));
        assert_eq!(record.row("cards", 1, &names(&["b"])), Some(Some(row(1, &["b"]))));
        assert_eq!(record.row("cards", 1, &names(&["id"])), Some(Some(row(1, &[]))));
        assert_eq!(record.row("cards", 2, &names(&["id"])), Some(Some(row(2, &[]))));
        assert_eq!(record.row("cards", 2, &names(&["b", "c"])), None);
        assert_eq!(record.row("cards", 2, &[]), None);
        assert_eq!(record.row("codes", 1, &names(&["b"])), None);
    }

    #[test]
    fn a_missing_row_is_missing_whatever_is_asked_of_it() {
        let mut record = Record::default();
        record.push(get(1, &["id"], None));
        assert_eq!(record.row("cards", 1, &[]), Some(None));
        assert_eq!(record.row("cards", 2, &[]), None);
    }

    #[test]
    fn a_row_that_a_query_found_is_known() {
        let query = Query {
            table: "cards".into(),
            columns: names(&["a"]),
            filter: Filter::All(vec![]),
            order: vec![],
            limit: 10,
            offset: 0,
        };
        let mut record = Record::default();
        record.push(Read::Find { query: query.clone(), seen: vec![row(1, &["a"])] });
        assert_eq!(record.row("cards", 1, &names(&["id"])), Some(Some(row(1, &[]))));
        assert_eq!(record.row("cards", 1, &names(&["a"])), Some(Some(row(1, &["a"]))));
        assert_eq!(record.row("cards", 1, &names(&["b"])), None);
        // A row that a query did not find may be there all the same.
        assert_eq!(record.row("cards", 2, &names(&["id"])), None);
        assert_eq!(record.query(&query), Some(vec![row(1, &["a"])]));
        assert_eq!(record.query(&Query { columns: names(&["id"]), ..query.clone() }), Some(vec![row(1, &[])]));
        assert_eq!(record.query(&Query { columns: names(&["b"]), ..query.clone() }), None);
        assert_eq!(record.query(&Query { limit: 11, ..query }), None);
    }
}
