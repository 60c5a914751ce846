//! Which rows, in which order, how many.

use super::{Comparison, Value, raw};
use crate::tables::raw::{Condition, FilterStep, Order};

/// As many rows as one query may return.
const MAX_ROWS: u32 = 1000;

/// A column to compare; `id` may be named, too.
pub fn col(name: impl Into<String>) -> Col {
    Col(name.into())
}

/// The filter that takes every row.
pub fn every_row() -> Filter {
    all([])
}

/// The filter that takes what all of these take; every row if there are none.
pub fn all(filters: impl IntoIterator<Item = Filter>) -> Filter {
    Filter(Tree::All(filters.into_iter().map(|filter| filter.0).collect()))
}

/// The filter that takes what any of these takes; no row if there are none.
pub fn any(filters: impl IntoIterator<Item = Filter>) -> Filter {
    Filter(Tree::Any(filters.into_iter().map(|filter| filter.0).collect()))
}

/// The filter that takes what this one does not.
pub fn not(filter: Filter) -> Filter {
    Filter(Tree::Not(Box::new(filter.0)))
}

/// A column, to be compared with a value. Nulls equal nulls and are less than everything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Col(String);

impl Col {
    /// It equals the value.
    pub fn eq(self, value: impl Into<Value>) -> Filter {
        self.is(Comparison::Eq, value)
    }

    /// It does not equal the value.
    pub fn ne(self, value: impl Into<Value>) -> Filter {
        self.is(Comparison::Ne, value)
    }

    /// It is less than the value.
    pub fn lt(self, value: impl Into<Value>) -> Filter {
        self.is(Comparison::Lt, value)
    }

    /// It is less than the value or equals it.
    pub fn le(self, value: impl Into<Value>) -> Filter {
        self.is(Comparison::Le, value)
    }

    /// It is greater than the value.
    pub fn gt(self, value: impl Into<Value>) -> Filter {
        self.is(Comparison::Gt, value)
    }

    /// It is greater than the value or equals it.
    pub fn ge(self, value: impl Into<Value>) -> Filter {
        self.is(Comparison::Ge, value)
    }

    /// The text contains this one, with upper and lower case being different.
    pub fn contains(self, text: impl Into<String>) -> Filter {
        self.is(Comparison::Contains, text.into())
    }

    /// The text begins with this one.
    pub fn starts_with(self, text: impl Into<String>) -> Filter {
        self.is(Comparison::StartsWith, text.into())
    }

    /// It is null.
    pub fn is_null(self) -> Filter {
        self.eq(Value::Null)
    }

    /// It equals one of the values.
    pub fn one_of<V: Into<Value>>(self, values: impl IntoIterator<Item = V>) -> Filter {
        any(values.into_iter().map(|value| self.clone().eq(value)))
    }

    fn is(self, comparison: Comparison, value: impl Into<Value>) -> Filter {
        Filter(Tree::Is(Condition { column: self.0, comparison, value: value.into() }))
    }
}

/// Which rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Tree);

#[derive(Debug, Clone, PartialEq)]
enum Tree {
    Is(Condition),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
}

/// Combining.
impl Filter {
    /// The rows that both take.
    pub fn and(self, other: Filter) -> Filter {
        let mut parts = match self.0 {
            Tree::All(parts) => parts,
            tree => vec![tree],
        };
        match other.0 {
            Tree::All(others) => parts.extend(others),
            tree => parts.push(tree),
        }
        Filter(Tree::All(parts))
    }

    /// The rows that either takes.
    pub fn or(self, other: Filter) -> Filter {
        let mut parts = match self.0 {
            Tree::Any(parts) => parts,
            tree => vec![tree],
        };
        match other.0 {
            Tree::Any(others) => parts.extend(others),
            tree => parts.push(tree),
        }
        Filter(Tree::Any(parts))
    }

    /// A query for the rows it takes, smallest of this column first.
    pub fn ascending(self, column: impl Into<String>) -> Query {
        Query::from(self).ascending(column)
    }

    /// A query for the rows it takes, largest of this column first.
    pub fn descending(self, column: impl Into<String>) -> Query {
        Query::from(self).descending(column)
    }

    /// A query for the rows it takes, at most so many; 1 to 1000.
    pub fn limit(self, rows: u32) -> Query {
        Query::from(self).limit(rows)
    }

    /// The steps of the contract, operands first. What is left over must all be true there, so the outermost "all" needs
    /// no step.
    pub(super) fn into_steps(self) -> Vec<FilterStep> {
        let mut steps = Vec::new();
        match self.0 {
            Tree::All(parts) => parts.into_iter().for_each(|part| part.push_steps(&mut steps)),
            tree => tree.push_steps(&mut steps),
        }
        steps
    }
}

impl Tree {
    fn push_steps(self, steps: &mut Vec<FilterStep>) {
        let mut push_all = |parts: Vec<Tree>| {
            let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
            parts.into_iter().for_each(|part| part.push_steps(steps));
            count
        };
        let step = match self {
            Self::Is(condition) => FilterStep::Condition(condition),
            Self::All(parts) => FilterStep::AllOf(push_all(parts)),
            Self::Any(parts) => FilterStep::AnyOf(push_all(parts)),
            Self::Not(part) => {
                part.push_steps(steps);
                FilterStep::Negate
            }
        };
        steps.push(step);
    }
}

/// Which rows, in which order, how many. Rows that are equal in all columns of the order follow by `id`, in the direction
/// of the last one.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    filter: Filter,
    order: Vec<Order>,
    limit: u32,
    offset: u32,
}

impl Query {
    /// Then by this column, smallest first.
    pub fn ascending(mut self, column: impl Into<String>) -> Self {
        self.order.push(Order { column: column.into(), descending: false });
        self
    }

    /// Then by this column, largest first.
    pub fn descending(mut self, column: impl Into<String>) -> Self {
        self.order.push(Order { column: column.into(), descending: true });
        self
    }

    /// At most so many rows; 1 to 1000, which is also what there is without.
    pub fn limit(mut self, rows: u32) -> Self {
        self.limit = rows;
        self
    }

    /// Skips so many of them.
    pub fn offset(mut self, rows: u32) -> Self {
        self.offset = rows;
        self
    }

    pub(super) fn into_raw(self, table: &str, columns: Vec<String>) -> raw::Query {
        raw::Query {
            table: table.to_owned(),
            columns,
            filter: self.filter.into_steps(),
            order: self.order,
            limit: self.limit,
            offset: self.offset,
        }
    }
}

impl From<Filter> for Query {
    fn from(filter: Filter) -> Self {
        Self { filter, order: Vec::new(), limit: MAX_ROWS, offset: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps, written short.
    fn steps(filter: Filter) -> String {
        let write = |step: &FilterStep| match step {
            FilterStep::Condition(condition) => condition.column.clone(),
            FilterStep::AllOf(count) => format!("all{count}"),
            FilterStep::AnyOf(count) => format!("any{count}"),
            FilterStep::Negate => "not".to_owned(),
        };
        filter.into_steps().iter().map(write).collect::<Vec<_>>().join(" ")
    }

    fn is(column: &str) -> Filter {
        col(column).eq(1)
    }

    #[test]
    fn operands_come_first() {
        assert_eq!(steps(every_row()), "");
        assert_eq!(steps(is("a")), "a");
        assert_eq!(steps(is("a").and(is("b")).and(is("c"))), "a b c");
        assert_eq!(steps(is("a").or(is("b"))), "a b any2");
        assert_eq!(steps(is("a").and(is("b").or(is("c")))), "a b c any2");
        assert_eq!(steps(is("a").or(is("b").and(is("c")))), "a b c all2 any2");
        assert_eq!(steps(not(is("a")).or(is("b").and(is("c")))), "a not b c all2 any2");
        assert_eq!(steps(not(is("a").or(is("b")))), "a b any2 not");
    }

    #[test]
    fn chains_stay_flat() {
        let chain = (0..100).map(|_| is("a")).reduce(Filter::or).expect("a hundred");
        assert!(steps(chain).ends_with("a any100"));
    }

    #[test]
    fn one_of_nothing_takes_nothing() {
        assert_eq!(steps(col("a").one_of(["x", "y"])), "a a any2");
        assert_eq!(steps(col("a").one_of::<i64>([])), "any0");
    }

    #[test]
    fn a_query_says_all_it_was_told() {
        let query = is("a").descending("b").ascending("id").limit(10).offset(20).into_raw("t", vec!["a".into()]);
        let order: Vec<_> = query.order.iter().map(|order| (order.column.as_str(), order.descending)).collect();
        assert_eq!(order, [("b", true), ("id", false)]);
        assert_eq!((query.table.as_str(), query.limit, query.offset, query.filter.len()), ("t", 10, 20, 1));
        assert_eq!(Query::from(every_row()).limit, 1000);
    }

    #[test]
    fn values_come_from_what_rust_has() {
        assert_eq!(Value::from(None::<i64>), Value::Null);
        assert_eq!(Value::from(Some("a")), Value::Text("a".into()));
        assert_eq!(Value::from(7u8), Value::Integer(7));
        assert_eq!(Value::from(vec![7u8]), Value::Bytes(vec![7]));
    }
}
