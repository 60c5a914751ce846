//! Filters as SQL. `tables` says what they mean.
//!
//! SQL knows a third truth value, *unknown*, wherever a null is compared. It must not come up, since its negation is
//! unknown again: a comparison with a nullable column says itself what becomes of nulls. The comparison itself stays as
//! plain as an index needs it.

use super::{Stored, param, quoted};
use crate::model::manifest::{Column, ColumnKind};
use crate::model::table::{Comparison, Filter, Value};
use crate::store::dialect::Dialect;
use crate::store::error::StoreError;
use crate::store::session::Param;

const TRUE: &str = "1 = 1";
const FALSE: &str = "1 = 0";

/// The condition, in parentheses where it needs them; its values go to the end of `params`.
pub(super) fn condition(
    stored: &Stored,
    filter: &Filter,
    dialect: Dialect,
    params: &mut Vec<Param>,
) -> Result<String, StoreError> {
    let mut all = |filters: &[Filter]| -> Result<Vec<String>, StoreError> {
        filters.iter().map(|filter| condition(stored, filter, dialect, params)).collect()
    };
    Ok(match filter {
        Filter::All(filters) => joined(&all(filters)?, " AND ", TRUE),
        Filter::Any(filters) => joined(&all(filters)?, " OR ", FALSE),
        Filter::Not(filter) => format!("NOT ({})", condition(stored, filter, dialect, params)?),
        Filter::Is(name, comparison, value) if name == "id" => {
            let id = Column { name: name.clone(), kind: ColumnKind::Integer, nullable: false };
            comparison_of(&id, *comparison, value, dialect, params)?
        }
        Filter::Is(name, comparison, value) => {
            comparison_of(stored.column(name)?, *comparison, value, dialect, params)?
        }
    })
}

/// Joined as a tree of little depth: a chain of a thousand would be deeper than SQLite allows.
fn joined(parts: &[String], operator: &str, of_nothing: &str) -> String {
    match parts {
        [] => of_nothing.to_owned(),
        [one] => one.clone(),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            format!("({}{operator}{})", joined(left, operator, of_nothing), joined(right, operator, of_nothing))
        }
    }
}

fn comparison_of(
    column: &Column,
    comparison: Comparison,
    value: &Value,
    dialect: Dialect,
    params: &mut Vec<Param>,
) -> Result<String, StoreError> {
    let name = quoted(&column.name);
    if *value == Value::Null {
        return Ok(match (comparison, column.nullable) {
            (Comparison::Eq | Comparison::Le, true) => format!("{name} IS NULL"),
            (Comparison::Ne | Comparison::Gt, true) => format!("{name} IS NOT NULL"),
            (Comparison::Ne | Comparison::Gt, false) | (Comparison::Ge, _) => TRUE.to_owned(),
            _ => FALSE.to_owned(),
        });
    }
    let mut bind = |value: &Value| -> Result<String, StoreError> {
        params.push(param(column, value)?);
        Ok(format!("${}", params.len()))
    };
    let (plain, of_null) = match comparison {
        Comparison::Eq => (format!("{name} = {}", bind(value)?), false),
        Comparison::Ne => (format!("{name} <> {}", bind(value)?), true),
        Comparison::Lt => (format!("{name} < {}", bind(value)?), true),
        Comparison::Le => (format!("{name} <= {}", bind(value)?), true),
        Comparison::Gt => (format!("{name} > {}", bind(value)?), false),
        Comparison::Ge => (format!("{name} >= {}", bind(value)?), false),
        Comparison::Contains => (format!("{}({name}, {}) > 0", dialect.position(), bind(value)?), false),
        // A range, because an index can answer it.
        Comparison::StartsWith => match value {
            Value::Text(prefix) => match text_after(prefix) {
                Some(end) => (format!("{name} >= {} AND {name} < {}", bind(value)?, bind(&Value::Text(end))?), false),
                None => (format!("{name} >= {}", bind(value)?), false),
            },
            _ => return Ok(FALSE.to_owned()),
        },
    };
    Ok(match (column.nullable, of_null) {
        (false, _) => format!("({plain})"),
        (true, false) => format!("({plain} AND {name} IS NOT NULL)"),
        (true, true) => format!("({plain} OR {name} IS NULL)"),
    })
}

/// The least text that is greater than every text with this prefix; none if there is no such text.
fn text_after(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Code points in order, without the gap of the surrogates.
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_after_a_prefix() {
        assert_eq!(text_after("ab"), Some("ac".into()));
        assert_eq!(text_after("a\u{d7ff}"), Some("a\u{e000}".into()));
        assert_eq!(text_after("a\u{10ffff}"), Some("b".into()));
        assert_eq!(text_after("\u{10ffff}"), None);
        assert_eq!(text_after(""), None);
    }

    #[test]
    fn long_chains_are_shallow() {
        let parts: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
        let text = joined(&parts, " OR ", FALSE);
        let deepest = text.chars().fold((0, 0), |(depth, deepest), char| match char {
            '(' => (depth + 1, deepest.max(depth + 1)),
            ')' => (depth - 1, deepest),
            _ => (depth, deepest),
        });
        assert_eq!(deepest.1, 10);
    }
}
