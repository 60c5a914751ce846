//! How commands show what several of them show: tables, times, bots. Pure.

use crate::clock::Millis;
use crate::model::BotId;

/// Rows below their heads, in columns as wide as their widest cell.
pub(super) fn table<const N: usize>(head: [String; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// A time to the second.
pub(super) fn time(millis: Millis) -> String {
    let rounded = jiff::Timestamp::from_millisecond(millis - millis.rem_euclid(1_000));
    rounded.map_or_else(|_| millis.to_string(), |time| time.to_string())
}

/// A bot by its name, or by its id where the name is not known.
pub(super) fn bot(id: BotId, username: &str) -> String {
    if username.is_empty() { id.to_string() } else { format!("@{username}") }
}
