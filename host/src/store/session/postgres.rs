//! Statements on a PostgreSQL connection, one after another.

use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::{Arguments, ConnectOptions, Decode, Either, Executor, PgConnection, Row, TypeInfo, ValueRef};

use super::{Answer, Cell, Failure, Param, Record, Step, in_time, refuse_nul};
use crate::store::dialect::Dialect;
use crate::store::error::StoreError;

/// Telegram forgets an update once it was told that it was received. Whatever else a server, a database or a role is set
/// to, such as to wait for a standby, holds.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false)
                       WHERE current_setting('synchronous_commit') = 'off'";

/// A connection whose commits are on the server's disk once they are answered.
pub(in crate::store) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    connection.execute(DURABLE).await?;
    Ok(connection)
}

/// Runs statements in order until the first that fails.
pub(super) async fn run<'s>(
    connection: &mut PgConnection,
    steps: impl IntoIterator<Item = &'s Step>,
) -> Result<Vec<Answer>, Failure> {
    let mut answers = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        let answer = in_time(run_postgres(connection, step)).await.flatten();
        answers.push(answer.map_err(|error| Failure { step: index, error })?);
    }
    Ok(answers)
}

async fn run_postgres(connection: &mut PgConnection, step: &Step) -> Result<Answer, StoreError> {
    let mut arguments = PgArguments::default();
    for param in &step.params {
        match param {
            Param::Integer(value) => arguments.add(*value),
            Param::Real(value) => arguments.add(*value),
            Param::Text(value) => refuse_nul(value).and_then(|()| arguments.add(value.as_deref())),
            Param::Bytes(value) => arguments.add(value.as_deref()),
        }
        .map_err(|error| Dialect::classify(sqlx::Error::Encode(error)))?;
    }
    let query = sqlx::query_with(step.sql(Dialect::Postgres), arguments).persistent(step.is_kept());
    let mut stream = connection.fetch_many(query);
    let (mut answer, mut left) = (Answer::default(), step.most);
    while let Some(item) = stream.try_next().await.map_err(Dialect::classify)? {
        match item {
            Either::Right(row) => {
                let row = record_of_postgres(&row).map_err(Dialect::classify)?;
                step.count(&mut left, &row)?;
                answer.rows.push(row);
            }
            Either::Left(done) => answer.touched = done.rows_affected(),
        }
    }
    Ok(answer)
}

fn record_of_postgres(row: &PgRow) -> Result<Record, sqlx::Error> {
    let cells = (0..row.len()).map(|index| {
        let value = row.try_get_raw(index)?;
        let decode = |source| sqlx::Error::ColumnDecode { index: index.to_string(), source };
        if value.is_null() {
            return Ok(Cell::Null);
        }
        let kind = value.type_info();
        match kind.name() {
            "INT8" => Decode::<sqlx::Postgres>::decode(value).map(Cell::Integer).map_err(decode),
            "FLOAT8" => Decode::<sqlx::Postgres>::decode(value).map(Cell::Real).map_err(decode),
            "TEXT" => Decode::<sqlx::Postgres>::decode(value).map(Cell::Text).map_err(decode),
            "BYTEA" => Decode::<sqlx::Postgres>::decode(value).map(Cell::Bytes).map_err(decode),
            other => Err(decode(format!("a column of type {other}").into())),
        }
    });
    cells.collect::<Result<_, _>>().map(Record)
}
