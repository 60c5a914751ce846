//! Many rows in few statements with few texts, so that each is prepared once.

use super::session::Param;

/// How many sizes there are for rows that are looked at together: powers of two up to 2 048.
pub(super) const SIZES: usize = 12;
/// Parameters of a statement at most: what SQLite takes, less some room.
const MOST_PARAMS: usize = 30_000;

/// Sizes in which rows to be inserted are cut; each becomes a text of its own.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];
/// Parameters of an insert at most; beyond that nothing is gained.
const PARAMS: usize = 2_000;

/// Cuts rows to be inserted into pieces of the fixed sizes, largest first.
pub(super) fn in_chunks<T>(rows: &[T], params_of_row: usize) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let fits = |size: &usize| *size <= rest.len() && (*size == 1 || size * params_of_row <= PARAMS);
        let size = CHUNKS.into_iter().find(fits)?;
        let (some, others) = rest.split_at(size);
        rest = others;
        Some(some)
    })
}

/// Fills rows up to the next power of two with rows of nulls. Answers that power and the parameters.
pub(super) fn padded<const WIDTH: usize>(rows: Vec<[Param; WIDTH]>) -> impl Iterator<Item = (usize, Vec<Param>)> {
    let most = (1 << (SIZES - 1)).min(1 << (MOST_PARAMS / WIDTH).ilog2());
    let mut rows = rows.into_iter().peekable();
    std::iter::from_fn(move || {
        let nulls = rows.peek()?.each_ref().map(Param::null);
        let some: Vec<_> = rows.by_ref().take(most).collect();
        let size = some.len().next_power_of_two();
        let missing = size - some.len();
        let cells = some.into_iter().chain(std::iter::repeat_n(nulls, missing)).flatten();
        Some((size.trailing_zeros() as usize, cells.collect()))
    })
}

/// `VALUES ($1, $3, $4), ($1, $5, $6), …`: each `?` of the pattern becomes the next number after `used`.
pub(super) fn values(count: usize, pattern: &[&str], used: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(8 + count * pattern.len() * 5);
    let mut number = used;
    for row in 0..count {
        text.push_str(if row == 0 { "VALUES (" } else { ", (" });
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
    fn inserts_come_in_few_sizes() {
        let sizes = |count, params| in_chunks(&vec![(); count], params).map(<[()]>::len).collect::<Vec<_>>();
        assert_eq!(sizes(0, 3), [0_usize; 0]);
        assert_eq!(sizes(1, 3), [1]);
        assert_eq!(sizes(100, 3), [64, 16, 16, 4]);
        assert_eq!(sizes(64, 40), [16, 16, 16, 16]);
        assert_eq!(sizes(2, 5_000), [1, 1]);
    }

    #[test]
    fn rows_are_filled_up() {
        let rows = |count: i64| (0..count).map(|number| [Param::from(number), Param::from("a")]).collect();
        let sizes = |count| padded(rows(count)).map(|(size, cells)| (size, cells.len())).collect::<Vec<_>>();
        assert_eq!(sizes(0), []);
        assert_eq!(sizes(1), [(0, 2)]);
        assert_eq!(sizes(3), [(2, 8)]);
        assert_eq!(sizes(2_049), [(11, 4_096), (0, 2)]);
        let (_, cells) = padded(rows(3)).next().expect("one piece");
        assert!(matches!(&cells[6..], [Param::Integer(None), Param::Text(None)]));
    }

    #[test]
    fn values_are_numbered_after_those_used() {
        assert_eq!(values(2, &["$1", "?", "?", "0"], 1), "VALUES ($1, $2, $3, 0), ($1, $4, $5, 0)");
    }
}
