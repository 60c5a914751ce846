//! Filters: their form, and what they mean. [`build`] makes a tree of a guest's steps and checks it against the table;
//! [`matches`] says whether a row passes, with exactly the meaning that the database gives it:
//!
//! 1. Nulls equal nulls and are less than everything else.
//! 2. Text compares byte by byte, which is code point by code point; `contains` and `starts-with` tell upper from lower
//!    case. A null contains nothing.
//! 3. Every comparison is true or false, never unknown, so a negation is the opposite.
//!
//! Next: `overlay`, which evaluates filters on rows that a turn has written itself.

use std::cmp::Ordering;

use super::bindings::guesthouse::plugin::tables::{Error, FilterStep};
use super::convert;
use crate::model::manifest::{ColumnKind, Table};
use crate::model::table::{Comparison, Filter, Value};

/// Deepest filter.
const DEPTH: u32 = 32;
/// Most steps of a filter: SQL has limits of its own on parameters and terms.
const STEPS: usize = 1_000;

/// The kind of a column of `table`, `id` included.
pub(super) fn kind_of(table: &Table, column: &str) -> Result<ColumnKind, Error> {
    if column == "id" {
        return Ok(ColumnKind::Integer);
    }
    table.column(column).map(|column| column.kind).ok_or_else(|| Error::NoSuchColumn(column.to_owned()))
}

/// The filter that these steps form.
pub(super) fn build(table: &Table, steps: Vec<FilterStep>) -> Result<Filter, Error> {
    if steps.len() > STEPS {
        return Err(Error::BadFilter(format!("{} steps; at most {STEPS} are allowed", steps.len())));
    }
    let mut stack: Vec<(Filter, u32)> = Vec::with_capacity(steps.len());
    for step in steps {
        let made = match step {
            FilterStep::Condition(condition) => {
                let value = convert::value_in(condition.value);
                let comparison = convert::comparison(condition.comparison);
                check(table, &condition.column, comparison, &value)?;
                (Filter::Is(condition.column, comparison, value), 1)
            }
            FilterStep::AllOf(count) => {
                let (operands, depth) = operands(&mut stack, count, "all-of")?;
                (Filter::All(operands), depth)
            }
            FilterStep::AnyOf(count) => {
                let (operands, depth) = operands(&mut stack, count, "any-of")?;
                (Filter::Any(operands), depth)
            }
            FilterStep::Negate => {
                let (operand, depth) =
                    stack.pop().ok_or_else(|| Error::BadFilter("`negate` comes before what it negates".into()))?;
                (Filter::Not(Box::new(operand)), depth + 1)
            }
        };
        if made.1 > DEPTH {
            return Err(Error::BadFilter(format!("deeper than {DEPTH}")));
        }
        stack.push(made);
    }
    match stack.pop() {
        // One result is the filter; several must all be true.
        Some((filter, _)) if stack.is_empty() => Ok(filter),
        last => Ok(Filter::All(stack.into_iter().chain(last).map(|(filter, _)| filter).collect())),
    }
}

fn operands(stack: &mut Vec<(Filter, u32)>, count: u32, step: &str) -> Result<(Vec<Filter>, u32), Error> {
    let start = stack
        .len()
        .checked_sub(count as usize)
        .ok_or_else(|| Error::BadFilter(format!("`{step}({count})` comes after {} results only", stack.len())))?;
    let depth = stack[start..].iter().map(|(_, depth)| *depth).max().unwrap_or(0) + 1;
    Ok((stack.drain(start..).map(|(filter, _)| filter).collect(), depth))
}

fn check(table: &Table, column: &str, comparison: Comparison, value: &Value) -> Result<(), Error> {
    let kind = kind_of(table, column)?;
    if matches!(comparison, Comparison::Contains | Comparison::StartsWith)
        && !matches!((kind, value), (ColumnKind::Text, Value::Text(_)))
    {
        return Err(Error::WrongType(format!(
            "only a text column can contain or begin with a text; `{column}` was asked"
        )));
    }
    if !value.fits(kind) {
        return Err(Error::WrongType(format!("`{column}` is never compared with {}", describe(value))));
    }
    Ok(())
}

/// What a value is, for an error.
pub(super) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Integer(_) => "an integer",
        Value::Real(number) if !number.is_finite() => "a number that is not finite",
        Value::Real(_) => "a real number",
        Value::Text(text) if text.contains('\0') => "a text with a NUL character",
        Value::Text(_) => "a text",
        Value::Bytes(_) => "bytes",
        Value::Boolean(_) => "a boolean",
    }
}

/// Whether a row passes; `value_of` says what it holds in a column.
pub(super) fn matches<'a>(filter: &Filter, value_of: &impl Fn(&str) -> &'a Value) -> bool {
    match filter {
        Filter::Is(column, comparison, value) => compares(value_of(column), *comparison, value),
        Filter::All(filters) => filters.iter().all(|filter| matches(filter, value_of)),
        Filter::Any(filters) => filters.iter().any(|filter| matches(filter, value_of)),
        Filter::Not(filter) => !matches(filter, value_of),
    }
}

fn compares(held: &Value, comparison: Comparison, value: &Value) -> bool {
    match comparison {
        Comparison::Eq => compare(held, value).is_eq(),
        Comparison::Ne => compare(held, value).is_ne(),
        Comparison::Lt => compare(held, value).is_lt(),
        Comparison::Le => compare(held, value).is_le(),
        Comparison::Gt => compare(held, value).is_gt(),
        Comparison::Ge => compare(held, value).is_ge(),
        Comparison::Contains => texts(held, value).is_some_and(|(held, value)| held.contains(value)),
        Comparison::StartsWith => texts(held, value).is_some_and(|(held, value)| held.starts_with(value)),
    }
}

fn texts<'a>(held: &'a Value, value: &'a Value) -> Option<(&'a str, &'a str)> {
    match (held, value) {
        (Value::Text(held), Value::Text(value)) => Some((held, value)),
        _ => None,
    }
}

/// The order of two values of one column.
pub(super) fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        // Only finite numbers are stored; 0.0 and -0.0 are equal, as in SQL.
        (Value::Real(a), Value::Real(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        // A column holds values of one kind, so what is left has a null on one side or both.
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(value: &Value) -> u8 {
    u8::from(!matches!(value, Value::Null))
}

/// The columns that a filter looks at.
pub(super) fn columns_of<'a>(filter: &'a Filter, found: &mut Vec<&'a str>) {
    match filter {
        Filter::Is(column, ..) => found.push(column),
        Filter::All(filters) | Filter::Any(filters) => filters.iter().for_each(|filter| columns_of(filter, found)),
        Filter::Not(filter) => columns_of(filter, found),
    }
}

#[cfg(test)]
mod tests {
    use super::super::bindings::guesthouse::plugin::tables as wit;
    use super::*;
    use crate::model::manifest::Column;

    fn table() -> Table {
        let column = |name: &str, kind| Column { name: name.into(), kind, nullable: true };
        Table {
            name: "cards".into(),
            columns: vec![
                column("name", ColumnKind::Text),
                column("count", ColumnKind::Integer),
                column("price", ColumnKind::Real),
                column("seen", ColumnKind::Timestamp),
                column("active", ColumnKind::Boolean),
                column("photo", ColumnKind::Bytes),
            ],
            unique: vec![],
            indexes: vec![],
        }
    }

    fn is(column: &str, comparison: wit::Comparison, value: wit::Value) -> FilterStep {
        FilterStep::Condition(wit::Condition { column: column.into(), comparison, value })
    }

    fn count_is(number: i64) -> FilterStep {
        is("count", wit::Comparison::Eq, wit::Value::Integer(number))
    }

    fn passes(steps: Vec<FilterStep>, count: &Value) -> bool {
        let filter = build(&table(), steps).unwrap();
        matches(&filter, &|_| count)
    }

    #[test]
    fn steps_form_a_tree() {
        let steps = vec![count_is(1), count_is(2), count_is(3), FilterStep::AnyOf(2), FilterStep::AllOf(2)];
        let filter = build(&table(), steps).unwrap();
        let one = |number| Filter::Is("count".into(), Comparison::Eq, Value::Integer(number));
        assert_eq!(filter, Filter::All(vec![one(1), Filter::Any(vec![one(2), one(3)])]));
    }

    #[test]
    fn what_is_left_over_must_all_be_true() {
        assert!(build(&table(), vec![]).is_ok_and(|filter| filter == Filter::All(vec![])));
        assert!(!passes(vec![count_is(1), count_is(2)], &Value::Integer(1)));
        assert!(passes(vec![count_is(1), count_is(2), FilterStep::Negate], &Value::Integer(1)));
    }

    #[test]
    fn nothing_at_all_is_all_and_not_any() {
        assert!(passes(vec![FilterStep::AllOf(0)], &Value::Null));
        assert!(!passes(vec![FilterStep::AnyOf(0)], &Value::Null));
    }

    #[test]
    fn steps_that_form_no_tree_are_refused() {
        for steps in
            [vec![FilterStep::Negate], vec![count_is(1), FilterStep::AllOf(2)], vec![FilterStep::AnyOf(u32::MAX)]]
        {
            assert!(matches!(build(&table(), steps), Err(Error::BadFilter(_))));
        }
        let deep = std::iter::once(count_is(1)).chain((0..32).map(|_| FilterStep::Negate)).collect();
        assert!(matches!(build(&table(), deep), Err(Error::BadFilter(_))));
        let long = (0..1001).map(count_is).collect();
        assert!(matches!(build(&table(), long), Err(Error::BadFilter(_))));
    }

    #[test]
    fn values_fit_their_columns() {
        let refused = [
            is("count", wit::Comparison::Eq, wit::Value::Text("1".into())),
            is("seen", wit::Comparison::Eq, wit::Value::Real(1.0)),
            is("price", wit::Comparison::Lt, wit::Value::Real(f64::NAN)),
            is("name", wit::Comparison::Eq, wit::Value::Text("a\0b".into())),
            is("count", wit::Comparison::Contains, wit::Value::Text("1".into())),
            is("name", wit::Comparison::StartsWith, wit::Value::Null),
            is("id", wit::Comparison::Contains, wit::Value::Text("1".into())),
        ];
        for step in refused {
            assert!(matches!(build(&table(), vec![step]), Err(Error::WrongType(_))));
        }
        assert!(matches!(
            build(&table(), vec![is("nmae", wit::Comparison::Eq, wit::Value::Null)]),
            Err(Error::NoSuchColumn(column)) if column == "nmae"
        ));
        assert!(build(&table(), vec![is("id", wit::Comparison::Gt, wit::Value::Integer(5))]).is_ok());
        assert!(build(&table(), vec![is("seen", wit::Comparison::Ge, wit::Value::Integer(5))]).is_ok());
    }

    #[test]
    fn nulls_equal_nulls_and_are_less_than_everything() {
        let null = Value::Null;
        for value in
            [Value::Integer(i64::MIN), Value::Real(f64::MIN), Value::Text(String::new()), Value::Boolean(false)]
        {
            assert!(compares(&null, Comparison::Lt, &value));
            assert!(compares(&null, Comparison::Ne, &value));
            assert!(compares(&value, Comparison::Gt, &null));
            assert!(!compares(&null, Comparison::Ge, &value));
        }
        assert!(compares(&null, Comparison::Eq, &null));
        assert!(compares(&null, Comparison::Le, &null));
        assert!(!compares(&null, Comparison::Ne, &null));
        assert!(!compares(&null, Comparison::Contains, &Value::Text(String::new())));
    }

    #[test]
    fn texts_compare_bytewise_and_with_their_case() {
        let text = |text: &str| Value::Text(text.into());
        assert!(compares(&text("Z"), Comparison::Lt, &text("a")));
        assert!(compares(&text("z"), Comparison::Lt, &text("é")));
        assert!(compares(&text("a"), Comparison::Lt, &text("ab")));
        assert!(compares(&text("Grüße"), Comparison::Contains, &text("üß")));
        assert!(!compares(&text("Grüße"), Comparison::Contains, &text("ÜSS")));
        assert!(compares(&text("50%"), Comparison::Contains, &text("%")));
        assert!(!compares(&text("50%"), Comparison::Contains, &text("_")));
        assert!(compares(&text("abc"), Comparison::StartsWith, &text("ab")));
        assert!(!compares(&text("abc"), Comparison::StartsWith, &text("Ab")));
        assert!(compares(&text("abc"), Comparison::StartsWith, &text("")));
    }

    #[test]
    fn other_kinds_compare_as_in_sql() {
        assert!(compares(&Value::Boolean(false), Comparison::Lt, &Value::Boolean(true)));
        assert!(compares(&Value::Real(0.0), Comparison::Eq, &Value::Real(-0.0)));
        assert!(compares(&Value::Bytes(vec![1, 2]), Comparison::Lt, &Value::Bytes(vec![2])));
    }
}
