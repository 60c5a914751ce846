//! Inserting many rows with few statement texts, so that each is prepared once.

/// Sizes in which rows are cut; each becomes a text of its own.
const SIZES: [usize; 4] = [64, 16, 4, 1];
/// Parameters of a statement at most. PostgreSQL takes 65 535, SQLite 32 766; long before that nothing is gained.
const PARAMS: usize = 2_000;

/// Cuts rows into pieces of the fixed sizes, largest first.
pub(super) fn in_chunks<T>(rows: &[T], params_of_row: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let fits = |size: &usize| *size <= rest.len() && (*size == 1 || size * params_of_row <= PARAMS);
        let size = SIZES.into_iter().find(fits)?;
        let (some, others) = rest.split_at(size);
        rest = others;
        Some(some)
    })
}

/// `($1, $3, $4), ($1, $5, $6), …`: each `?` of the pattern becomes the next number after `used`.
pub(super) fn values(count: usize, pattern: &[&str], used: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(count * pattern.len() * 5);
    let mut number = used;
    for row in 0..count {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for (index, value) in pattern.iter().enumerate() {
            text.push_str(if index == 0 { "" } else { ", " });
            if *value == "?" {
                number += 1;
                let _ = write!(text, "${number}");
            } else {
                text.push_str(value);
            }
        }
        text.push(')');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_few_sizes() {
        let sizes = |count, params| in_chunks(&vec![(); count], params).map(<[()]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(0, 3), [0_usize; 0]);
        assert_eq!(sizes(1, 3), [1]);
        assert_eq!(sizes(100, 3), [64, 16, 16, 4]);
        assert_eq!(sizes(64, 40), [16, 16, 16, 16]);
        assert_eq!(sizes(2, 5_000), [1, 1]);
    }

    #[test]
    fn values_are_numbered_after_those_used() {
        assert_eq!(values(2, &["$1", "?", "?", "0"], 1), "($1, $2, $3, 0), ($1, $4, $5, 0)");
    }
}
