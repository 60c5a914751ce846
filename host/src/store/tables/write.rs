//! Changes to rows as SQL.

use std::fmt::Write as _;

use super::{Stored, TableSet, param, quoted};
use crate::model::BotId;
use crate::model::manifest::Column;
use crate::model::table::{Value, Write};
use crate::store::error::StoreError;
use crate::store::rows;
use crate::store::session::{Param, Step, params};

/// What a statement that changes rows is about.
pub(in crate::store) struct WriteStep {
    /// The table's name in the manifest.
    pub(in crate::store) table: String,
    /// The row, if it is one.
    pub(in crate::store) row: Option<i64>,
    /// How many rows it must touch. Fewer: a row is gone, or a number would no longer fit into 64 bits.
    pub(in crate::store) touches: u64,
}

impl TableSet {
    /// The changes in their order. Inserts that follow each other into the same columns become one statement.
    pub(in crate::store) fn write(&self, bot: BotId, writes: &[Write]) -> Result<Vec<(WriteStep, Step)>, StoreError> {
        let mut steps = Vec::with_capacity(writes.len());
        for alike in writes.chunk_by(are_alike) {
            let (table, stored) = (alike[0].table(), self.stored(alike[0].table())?);
            let one = |row| WriteStep { table: table.to_owned(), row: Some(row), touches: 1 };
            match &alike[0] {
                Write::Insert { .. } => {
                    for (some, step) in inserts(stored, bot, alike)? {
                        let row = if let [Write::Insert { id, .. }] = some { Some(*id) } else { None };
                        steps.push((WriteStep { table: table.to_owned(), row, touches: some.len() as u64 }, step));
                    }
                }
                Write::Update { id, cells, .. } => steps.push((one(*id), update(stored, bot, *id, cells)?)),
                Write::Increment { id, column, by, .. } => {
                    steps.push((one(*id), increment(stored, bot, *id, column, *by)?));
                }
                Write::Delete { id, .. } => {
                    let text = format!("DELETE FROM {} WHERE bot_id = $1 AND id = $2", stored.name);
                    steps.push((one(*id), Step::made(text, params![bot.0, *id])));
                }
            }
        }
        Ok(steps)
    }
}

fn are_alike(a: &Write, b: &Write) -> bool {
    match (a, b) {
        (Write::Insert { table, cells, .. }, Write::Insert { table: other, cells: others, .. }) => {
            let named_alike = |(one, other): (&(String, Value), &(String, Value))| one.0 == other.0;
            table == other && cells.len() == others.len() && cells.iter().zip(others).all(named_alike)
        }
        _ => false,
    }
}

fn filled(column: &Column, value: &Value) -> Result<Param, StoreError> {
    if *value == Value::Null && !column.nullable {
        return Err(StoreError::unexpected(format!("column `{}` cannot be null", column.name)));
    }
    param(column, value)
}

/// Inserts of rows with the same columns, in pieces of few sizes, so that there are few texts.
fn inserts<'a>(stored: &Stored, bot: BotId, alike: &'a [Write]) -> Result<Vec<(&'a [Write], Step)>, StoreError> {
    let Some(Write::Insert { cells, .. }) = alike.first() else { return Ok(Vec::new()) };
    let columns: Vec<_> = cells.iter().map(|(name, _)| stored.column(name)).collect::<Result<_, _>>()?;
    let mut names = String::from("bot_id, id");
    for column in &columns {
        let _ = write!(names, ", {}", quoted(&column.name));
    }
    let pattern: Vec<_> = std::iter::once("$1").chain(std::iter::repeat_n("?", columns.len() + 1)).collect();
    let mut text = (0, String::new());
    let insert = |some: &'a [Write]| {
        let mut params = Vec::with_capacity(1 + some.len() * (columns.len() + 1));
        params.push(bot.0.into());
        for write in some {
            let Write::Insert { id, cells, .. } = write else { continue };
            params.push((*id).into());
            for (column, (_, value)) in columns.iter().zip(cells) {
                params.push(filled(column, value)?);
            }
        }
        if text.0 != some.len() {
            let values = rows::values(some.len(), &pattern, 1);
            text = (some.len(), format!("INSERT INTO {} ({names}) {values}", stored.name));
        }
        Ok((some, Step::made(text.1.clone(), params)))
    };
    rows::in_chunks(alike, columns.len() + 1).map(insert).collect()
}

fn update(stored: &Stored, bot: BotId, id: i64, cells: &[(String, Value)]) -> Result<Step, StoreError> {
    let mut params = params![bot.0, id];
    let mut changes = Vec::with_capacity(cells.len());
    for (name, value) in cells {
        params.push(filled(stored.column(name)?, value)?);
        changes.push(format!("{} = ${}", quoted(name), params.len()));
    }
    if changes.is_empty() {
        // Nothing changes, but the row has to be there.
        changes.push("id = id".to_owned());
    }
    let text = format!("UPDATE {} SET {} WHERE bot_id = $1 AND id = $2", stored.name, changes.join(", "));
    Ok(Step::made(text, params))
}

fn increment(stored: &Stored, bot: BotId, id: i64, column: &str, by: i64) -> Result<Step, StoreError> {
    let name = quoted(&stored.column(column)?.name);
    // SQLite would go on with a rounded number where PostgreSQL refuses.
    let (least, most) = (i64::MIN.saturating_sub(by.min(0)), i64::MAX.saturating_sub(by.max(0)));
    let text = format!(
        "UPDATE {} SET {name} = COALESCE({name}, 0) + $3
         WHERE bot_id = $1 AND id = $2 AND COALESCE({name}, 0) BETWEEN $4 AND $5",
        stored.name
    );
    Ok(Step::made(text, params![bot.0, id, by, least, most]))
}
