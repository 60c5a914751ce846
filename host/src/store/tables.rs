//! The plugins' own tables: reading them, and asking again at the commit what a turn has read.
//!
//! What a filter means, in both databases and in whatever evaluates one in memory:
//!
//! 1. A comparison is true or false, never unknown: nulls equal nulls and are less than everything else. A null contains
//!    nothing and begins with nothing.
//! 2. Text is compared byte by byte, which is code point by code point; `Contains` and `StartsWith` too, so upper and
//!    lower case differ and no character is a wildcard. False is less than true. `-0.0` equals `0.0`.
//! 3. `All` of nothing is true, `Any` of nothing is false.
//! 4. Rows are ordered with nulls first when ascending and last when descending; equals follow by `id` in the direction
//!    of the last column. Without an order it is `id`, smallest first.
//! 5. A sum leaves nulls out and is 0 over no rows; one beyond 64 bits is an error.
//! 6. In a unique key nulls never collide.
//!
//! `tables/declare` makes the tables, `tables/filter` turns filters into SQL, `tables/write` changes rows.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use tokio::sync::RwLock;

use super::Store;
use super::dialect::Dialect;
use super::error::StoreError;
use super::session::{Answer, Cell, Param, Record, Step, params};
use crate::model::manifest::{Column, ColumnKind, Table};
use crate::model::table::{Filter, Order, Query, Read, Row, Value};
use crate::model::{BotId, PluginName};

mod changes;

mod declare;

mod filter;

mod prospect;

mod write;

pub use changes::Since;
use changes::Still;
pub(super) use changes::{Counter, Counters, Moving, Share};
pub use prospect::Prospect;
pub(super) use write::WriteStep;

/// Rows that are asked for together at most.
const MOST_IDS: usize = 1024;
/// Bytes of an answer at most. A turn may keep no more than that of all that it reads; here it ends a query that would
/// fill the memory before anybody could count.
const ANSWER: usize = 16 << 20;

/// The tables of one plugin as they stand in the database. Cheap to clone.
#[derive(Clone)]
pub struct TableSet(Arc<Tables>);

struct Tables {
    plugin: PluginName,
    dialect: Dialect,
    tables: HashMap<String, Arc<Stored>>,
    /// Where turns of this plugin go one at a time after they got in each other's way.
    gate: Arc<RwLock<()>>,
    /// The connections that this plugin may have at once.
    share: Arc<Share>,
}

/// A table and its name in the database, quoted.
struct Stored {
    name: String,
    table: Table,
    counter: Counter,
}

impl std::fmt::Debug for TableSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TableSet({})", self.0.plugin)
    }
}

impl TableSet {
    /// The same, with a table of another plugin to be read under this name.
    pub fn with(&self, name: &str, others: &Self, table: &str) -> Result<Self, StoreError> {
        let mut tables = self.0.tables.clone();
        let found = others.0.tables.get(table).ok_or_else(|| others.missing(table))?;
        tables.insert(name.to_owned(), Arc::clone(found));
        let Tables { plugin, dialect, gate, share, .. } = &*self.0;
        let (plugin, gate, share) = (plugin.clone(), Arc::clone(gate), Arc::clone(share));
        Ok(Self(Arc::new(Tables { plugin, dialect: *dialect, tables, gate, share })))
    }

    fn missing(&self, table: &str) -> StoreError {
        StoreError::unexpected(format!("plugin `{}` has declared no table `{table}`", self.0.plugin))
    }

    pub(super) fn gate(&self) -> Arc<RwLock<()>> {
        Arc::clone(&self.0.gate)
    }

    pub(super) fn share(&self) -> Arc<Share> {
        Arc::clone(&self.0.share)
    }

    /// The counter of a table.
    pub(super) fn counter(&self, table: &str) -> Result<Counter, StoreError> {
        self.stored(table).map(|stored| stored.counter.clone())
    }

    fn stored(&self, table: &str) -> Result<&Stored, StoreError> {
        self.0.tables.get(table).map(|stored| &**stored).ok_or_else(|| self.missing(table))
    }
}

impl Stored {
    fn column(&self, name: &str) -> Result<&Column, StoreError> {
        let missing = || StoreError::unexpected(format!("table {} has no column `{name}`", self.name));
        self.table.column(name).ok_or_else(missing)
    }

    /// The columns asked for, in the order of the manifest; all if none is named.
    fn chosen(&self, names: &[String]) -> Result<Vec<Column>, StoreError> {
        for name in names.iter().filter(|name| *name != "id") {
            self.column(name)?;
        }
        let chosen = |column: &&Column| names.is_empty() || names.contains(&column.name);
        Ok(self.table.columns.iter().filter(chosen).cloned().collect())
    }

    /// `SELECT id, "a", "b" FROM "cards__cards" WHERE bot_id = $1`
    fn select(&self, columns: &[Column]) -> String {
        let mut text = String::from("SELECT id");
        for column in columns {
            let _ = write!(text, ", {}", quoted(&column.name));
        }
        let _ = write!(text, " FROM {} WHERE bot_id = $1", self.name);
        text
    }

    /// `ORDER BY …`; every order ends with the id, which makes it total.
    fn order(&self, order: &[Order]) -> Result<String, StoreError> {
        let mut text = String::from(" ORDER BY ");
        for Order { column, descending } in order {
            let nulls = column != "id" && self.column(column)?.nullable;
            let direction = match (descending, nulls) {
                (false, false) => "",
                (true, false) => " DESC",
                (false, true) => " ASC NULLS FIRST",
                (true, true) => " DESC NULLS LAST",
            };
            let _ = write!(text, "{}{direction}, ", quoted(column));
            if column == "id" {
                // Nothing is equal beyond this.
                text.truncate(text.len() - 2);
                return Ok(text);
            }
        }
        let descending = order.last().is_some_and(|last| last.descending);
        text.push_str(if descending { "id DESC" } else { "id" });
        Ok(text)
    }
}

/// A name in SQL, whatever word of SQL it may be.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value on its way into a column or a comparison with it.
fn param(column: &Column, value: &Value) -> Result<Param, StoreError> {
    if !value.fits(column.kind) {
        return Err(StoreError::unexpected(format!("column `{}` cannot hold {value:?}", column.name)));
    }
    Ok(match (value, column.kind) {
        (Value::Integer(number), _) => Param::Integer(Some(*number)),
        (Value::Boolean(truth), _) => Param::Integer(Some(i64::from(*truth))),
        (Value::Real(number), _) => Param::Real(Some(*number)),
        (Value::Text(text), _) => Param::Text(Some(text.clone())),
        (Value::Bytes(bytes), _) => Param::Bytes(Some(bytes.clone().into())),
        (Value::Null, ColumnKind::Real) => Param::Real(None),
        (Value::Null, ColumnKind::Text) => Param::Text(None),
        (Value::Null, ColumnKind::Bytes) => Param::Bytes(None),
        (Value::Null, _) => Param::Integer(None),
    })
}

fn row(columns: &[Column], record: Record) -> Result<Row, StoreError> {
    let id = record.integer(0)?;
    let cells = record.0.into_iter().skip(1).zip(columns).map(|(cell, column)| {
        let value = match (cell, column.kind) {
            (Cell::Null, _) => Value::Null,
            (Cell::Integer(number), ColumnKind::Boolean) => Value::Boolean(number != 0),
            (Cell::Integer(number), ColumnKind::Integer | ColumnKind::Timestamp) => Value::Integer(number),
            (Cell::Real(number), ColumnKind::Real) => Value::Real(number),
            (Cell::Text(text), ColumnKind::Text) => Value::Text(text),
            (Cell::Bytes(bytes), ColumnKind::Bytes) => Value::Bytes(bytes),
            (cell, _) => return Err(StoreError::unexpected(format!("column `{}` holds {cell:?}", column.name))),
        };
        Ok((column.name.clone(), value))
    });
    Ok(Row { id, cells: cells.collect::<Result<_, _>>()? })
}

/// A question to the tables.
struct Question {
    step: Step,
    /// What the rows of the answer hold besides the id; of no meaning where the answer is a number.
    columns: Vec<Column>,
}

impl Question {
    fn rows(&self, answer: Answer) -> Result<Vec<Row>, StoreError> {
        answer.rows.into_iter().map(|record| row(&self.columns, record)).collect()
    }
}

fn number(answer: &Answer) -> Result<i64, StoreError> {
    answer.rows.first().map_or_else(|| Err(StoreError::unexpected("no number")), |row| row.integer(0))
}

impl TableSet {
    fn ask_get(&self, bot: BotId, table: &str, id: i64, columns: &[String]) -> Result<Question, StoreError> {
        let stored = self.stored(table)?;
        let columns = stored.chosen(columns)?;
        let text = format!("{} AND id = $2", stored.select(&columns));
        Ok(Question { step: Step::made(text, params![bot.0, id]).at_most(ANSWER), columns })
    }

    /// Several rows by their ids. There are as many places for ids as the next power of two, to have few texts.
    fn ask_gets(&self, bot: BotId, table: &str, ids: &[i64], columns: &[String]) -> Result<Vec<Question>, StoreError> {
        let stored = self.stored(table)?;
        let columns = stored.chosen(columns)?;
        let questions = ids.chunks(MOST_IDS).map(|ids| {
            let places: Vec<_> = (0..ids.len().next_power_of_two()).map(|index| format!("${}", index + 2)).collect();
            let text = format!("{} AND id IN ({})", stored.select(&columns), places.join(", "));
            let last = ids.last().copied().unwrap_or_default();
            let mut params = params![bot.0];
            params.extend((0..places.len()).map(|index| Param::from(ids.get(index).copied().unwrap_or(last))));
            Question { step: Step::made(text, params).at_most(ANSWER), columns: columns.clone() }
        });
        Ok(questions.collect())
    }

    fn ask_find(&self, bot: BotId, query: &Query) -> Result<Question, StoreError> {
        let stored = self.stored(&query.table)?;
        let columns = stored.chosen(&query.columns)?;
        let mut params = params![bot.0];
        let condition = filter::condition(stored, &query.filter, self.0.dialect, &mut params)?;
        let (select, order) = (stored.select(&columns), stored.order(&query.order)?);
        let (limit, offset) = (params.len() + 1, params.len() + 2);
        params.extend(params![i64::from(query.limit), i64::from(query.offset)]);
        let text = format!("{select} AND {condition}{order} LIMIT ${limit} OFFSET ${offset}");
        Ok(Question { step: Step::made(text, params).at_most(ANSWER), columns })
    }

    fn ask_number(&self, bot: BotId, table: &str, what: &str, filter: &Filter) -> Result<Step, StoreError> {
        let stored = self.stored(table)?;
        let mut params = params![bot.0];
        let condition = filter::condition(stored, filter, self.0.dialect, &mut params)?;
        let text = format!("SELECT {what} FROM {} WHERE bot_id = $1 AND {condition}", stored.name);
        Ok(Step::made(text, params).at_most(ANSWER))
    }

    fn ask_count(&self, bot: BotId, table: &str, filter: &Filter) -> Result<Step, StoreError> {
        self.ask_number(bot, table, "COUNT(*)", filter)
    }

    fn ask_sum(&self, bot: BotId, table: &str, column: &str, filter: &Filter) -> Result<Step, StoreError> {
        let column = quoted(&self.stored(table)?.column(column)?.name);
        self.ask_number(bot, table, &format!("COALESCE(CAST(SUM({column}) AS BIGINT), 0)"), filter)
    }

    /// The questions of a turn once more. Rows that were read one by one are asked for together.
    pub(super) fn reread(
        &self,
        bot: BotId,
        reads: Vec<Read>,
        since: Option<&Since>,
    ) -> Result<Vec<Reread>, StoreError> {
        let still = |table: &str| self.stored(table).map(|stored| Still::new(&stored.counter, since, table));
        let mut asked = Vec::with_capacity(reads.len());
        let mut gets: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for read in reads {
            let (table, step, seen) = match read {
                Read::Get { table, id, columns, seen } => {
                    gets.entry((table, columns)).or_default().push((id, seen));
                    continue;
                }
                Read::Find { query, seen } => {
                    let Question { step, columns } = self.ask_find(bot, &query)?;
                    (query.table, step, Seen::Rows(columns, seen))
                }
                Read::Count { table, filter, seen } => {
                    let step = self.ask_count(bot, &table, &filter)?;
                    (table, step, Seen::Number(i64::try_from(seen).unwrap_or(-1)))
                }
                Read::Sum { table, column, filter, seen } => {
                    let step = self.ask_sum(bot, &table, &column, &filter)?;
                    (table, step, Seen::Number(seen))
                }
            };
            asked.push(Reread { step, still: still(&table)?, table, seen });
        }
        for ((table, names), seen) in gets {
            let ids: Vec<_> = seen.iter().map(|(id, _)| *id).collect();
            let questions = match &ids[..] {
                [id] => vec![self.ask_get(bot, &table, *id, &names)?],
                ids => self.ask_gets(bot, &table, ids, &names)?,
            };
            for (Question { step, columns }, seen) in questions.into_iter().zip(seen.chunks(MOST_IDS)) {
                let seen = Seen::Each(columns, seen.to_vec());
                asked.push(Reread { step, still: still(&table)?, table: table.clone(), seen });
            }
        }
        Ok(asked)
    }
}

/// Something that a turn has read, to be asked again.
pub(super) struct Reread {
    pub(super) step: Step,
    still: Still,
    table: String,
    seen: Seen,
}

enum Seen {
    /// These rows in this order.
    Rows(Vec<Column>, Vec<Row>),
    /// Under each of these ids this row, or none.
    Each(Vec<Column>, Vec<(i64, Option<Row>)>),
    Number(i64),
}

impl Reread {
    /// Whether it is known without asking that the answer is the same.
    pub(super) fn holds(&self) -> bool {
        self.still.holds()
    }

    /// The table.
    pub(super) fn table(&self) -> &str {
        &self.table
    }

    /// Table and row, if the answer is another one now.
    pub(super) fn changed(&self, answer: Answer) -> Result<Option<(String, Option<i64>)>, StoreError> {
        let row_of = match &self.seen {
            Seen::Number(seen) => (number(&answer)? != *seen).then_some(None),
            Seen::Rows(columns, seen) => {
                let now = answer.rows.into_iter().map(|record| row(columns, record));
                let now: Vec<_> = now.collect::<Result<_, _>>()?;
                (now != *seen).then(|| Read::row_behind(seen, &now))
            }
            Seen::Each(columns, seen) => {
                let rows = answer.rows.into_iter().map(|record| row(columns, record).map(|row| (row.id, row)));
                let rows: HashMap<_, _> = rows.collect::<Result<_, _>>()?;
                seen.iter().find(|(id, seen)| rows.get(id) != seen.as_ref()).map(|(id, _)| Some(*id))
            }
        };
        Ok(row_of.map(|row| (self.table.clone(), row)))
    }
}

impl Store {
    /// The row with this id; only the named columns of it, or all if none is named.
    pub async fn get(
        &self,
        tables: &TableSet,
        bot: BotId,
        table: &str,
        id: i64,
        columns: &[String],
    ) -> Result<Option<Row>, StoreError> {
        let question = tables.ask_get(bot, table, id, columns)?;
        let answer = self.shared.engine.read_for_guest(&tables.0.share.questions, question.step.clone()).await?;
        Ok(question.rows(answer)?.pop())
    }

    /// The rows that a query asks for.
    pub async fn find(&self, tables: &TableSet, bot: BotId, query: &Query) -> Result<Vec<Row>, StoreError> {
        let question = tables.ask_find(bot, query)?;
        let answer = self.shared.engine.read_for_guest(&tables.0.share.questions, question.step.clone()).await?;
        question.rows(answer)
    }

    /// How many rows pass the filter.
    pub async fn count(&self, tables: &TableSet, bot: BotId, table: &str, filter: &Filter) -> Result<u64, StoreError> {
        let answer =
            self.shared.engine.read_for_guest(&tables.0.share.questions, tables.ask_count(bot, table, filter)?).await?;
        number(&answer).map(i64::unsigned_abs)
    }

    /// The sum of an integer column over the rows that pass the filter, nulls left out.
    pub async fn sum(
        &self,
        tables: &TableSet,
        bot: BotId,
        table: &str,
        column: &str,
        filter: &Filter,
    ) -> Result<i64, StoreError> {
        let answer = self
            .shared
            .engine
            .read_for_guest(&tables.0.share.questions, tables.ask_sum(bot, table, column, filter)?)
            .await?;
        number(&answer)
    }
}
