//! One connection in use: statements go in, rows come out, the same for both databases.
//!
//! SQLite is a library and answers at once, on the thread that asks; PostgreSQL is waited for. Nothing here knows what the
//! statements are about; `engine` decides when transactions begin and end, and which threads SQLite may keep busy.

use std::time::Duration;

use bytes::Bytes;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, SqlSafeStr, SqlStr};
use tokio::sync::oneshot;

use super::dialect::{Dialect, Sql};
use super::error::StoreError;

mod sqlite;

mod postgres;

pub(super) use postgres::connect as to_postgres;
pub(super) use sqlite::{Access, Open, log_pages, numbered};

/// How to connect.
#[derive(Clone)]
pub(super) enum Connect {
    Sqlite(Box<Open>),
    Postgres(Box<PgConnectOptions>),
}

impl Connect {
    pub(super) async fn connect(&self) -> Result<Connection, StoreError> {
        match self {
            Self::Sqlite(open) => {
                let open = open.clone();
                within(SLOWEST_DISK, aside(move || open.open())).await??.map(Connection::Sqlite)
            }
            Self::Postgres(options) => {
                in_time(postgres::connect(options)).await?.map(Connection::Postgres).map_err(Dialect::classify)
            }
        }
    }
}

/// A connection.
pub(super) enum Connection {
    Sqlite(sqlite::File),
    Postgres(PgConnection),
}

impl Connection {
    pub(super) fn session(&mut self) -> Session<'_> {
        Session { connection: self, time: None }
    }

    /// Asks for what may take so long, without keeping a thread of the runtime. The connection comes back with the answer;
    /// whoever does not wait for it has lost both.
    pub(super) async fn ask(self, time: Duration, step: &Step) -> (Option<Self>, Result<Answer, StoreError>) {
        match self {
            Self::Sqlite(mut file) => {
                // Most are answered before another thread would have heard of them.
                if let Some(answer) = file.glance(step) {
                    return (Some(Self::Sqlite(file)), Ok(answer));
                }
                let step = step.clone();
                let (done, answered) = oneshot::channel();
                let ask = move || {
                    let answer = file.run(Some(time), [&step]);
                    // Whoever asked may be gone.
                    let _ = done.send((Some(Self::Sqlite(file)), only(answer)));
                };
                if let Err(error) = std::thread::Builder::new().name("sqlite-question".into()).spawn(ask) {
                    return (None, Err(StoreError::Machine { reason: format!("no thread for a question: {error}") }));
                }
                answered.await.unwrap_or((None, Err(StoreError::Closed)))
            }
            Self::Postgres(mut connection) => {
                let answer = postgres::run(&mut connection, [step]).await;
                (Some(Self::Postgres(connection)), only(answer))
            }
        }
    }

    pub(super) async fn close(self) {
        match self {
            Self::Sqlite(file) => file.close(),
            // Whether the other side has heard of it makes no difference to what is stored.
            Self::Postgres(connection) => drop(connection.close().await),
        }
    }
}

/// How long a server may say nothing. It ends a statement earlier by itself (`statement_timeout`), and so a transaction in
/// which nothing comes any more; of a machine or a network that is gone without a word, the operating system would tell
/// after a quarter of an hour. Shorter than a lease, so that a server that is replaced costs no host its own.
const SILENCE: Duration = Duration::from_secs(6);
/// How long a file may take to be opened: a new one is written to four times, and a disk that is busy may take seconds each.
const SLOWEST_DISK: Duration = Duration::from_secs(60);
/// How long a change of the tables may take.
const LONGEST_CHANGE: Duration = Duration::from_secs(600);

/// Waits for a server as long as for one that is there.
pub(super) async fn in_time<T>(answer: impl Future<Output = T>) -> Result<T, StoreError> {
    within(SILENCE, answer).await
}

/// Waits for a server for so long.
pub(super) async fn within<T>(time: Duration, answer: impl Future<Output = T>) -> Result<T, StoreError> {
    let late = |_| StoreError::Unreachable { reason: "it does not answer".into() };
    tokio::time::timeout(time, answer).await.map_err(late)
}

/// Does on another thread what may take a while.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Closed)
}

/// The answer of the only statement.
fn only(answers: Result<Vec<Answer>, Failure>) -> Result<Answer, StoreError> {
    answers?.pop().ok_or_else(|| StoreError::unexpected("a statement without an answer"))
}

/// A value on its way into a statement. PostgreSQL wants to know the type of a null.
#[derive(Debug, Clone)]
pub(super) enum Param {
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<String>),
    Bytes(Option<Bytes>),
}

macro_rules! param_from {
    ($($from:ty => $case:ident),*) => {$(
        impl From<$from> for Param {
            fn from(value: $from) -> Self {
                Self::$case(Some(value.into()))
            }
        }
        impl From<Option<$from>> for Param {
            fn from(value: Option<$from>) -> Self {
                Self::$case(value.map(Into::into))
            }
        }
    )*};
}
param_from!(i64 => Integer, f64 => Real, &str => Text, String => Text, Bytes => Bytes);

/// Parameters in their order.
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::session::Param::from($value)),*] };
}
pub(super) use params;

impl Param {
    /// A null of the same type.
    pub(super) fn null(&self) -> Self {
        match self {
            Self::Integer(_) => Self::Integer(None),
            Self::Real(_) => Self::Real(None),
            Self::Text(_) => Self::Text(None),
            Self::Bytes(_) => Self::Bytes(None),
        }
    }
}

/// Longest text of a plugin's question that is kept prepared.
const LONGEST_KEPT: usize = 4 << 10;

/// A statement and its parameters.
#[derive(Clone)]
pub(super) struct Step {
    text: Text,
    params: Vec<Param>,
    /// Bytes of its answer at most.
    most: usize,
}

#[derive(Clone)]
enum Text {
    /// A query, the size of its rows as a power of two, and their width.
    Fixed(&'static Sql, usize, usize),
    Made(String),
}

impl Step {
    /// One of the fixed queries; see [`Sql::with`] and [`Sql::with_rows`].
    pub(super) fn fixed(sql: &'static Sql, size: usize, width: usize, params: Vec<Param>) -> Self {
        Self { text: Text::Fixed(sql, size, width), params, most: usize::MAX }
    }

    /// A statement whose text depends on a plugin's tables or on the number of its rows.
    pub(super) fn made(text: String, params: Vec<Param>) -> Self {
        Self { text: Text::Made(text), params, most: usize::MAX }
    }

    /// The same, failing once its answer has more bytes than that. What was read until then is thrown away.
    pub(super) fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Whether it is one of the fixed queries.
    fn is_fixed(&self) -> bool {
        matches!(self.text, Text::Fixed(..))
    }

    /// Whether it is a plugin's question.
    fn is_asked(&self) -> bool {
        self.most < usize::MAX
    }

    /// Whether the statement is kept prepared. A plugin's filter can be as long as a book, and there are as many as it
    /// likes: those are forgotten.
    fn is_kept(&self) -> bool {
        !matches!(&self.text, Text::Made(text) if self.is_asked() && text.len() > LONGEST_KEPT)
    }

    /// Counts a row against what the answer may still have.
    fn count(&self, left: &mut usize, row: &Record) -> Result<(), StoreError> {
        let size = |cell: &Cell| match cell {
            Cell::Text(text) => text.len(),
            Cell::Bytes(bytes) => bytes.len(),
            Cell::Null | Cell::Integer(_) | Cell::Real(_) => size_of::<Cell>(),
        };
        let bytes = row.0.iter().map(size).sum();
        *left = left.checked_sub(bytes).ok_or(StoreError::TooLarge { mib: self.most >> 20 })?;
        Ok(())
    }

    fn text(&self, dialect: Dialect) -> &str {
        match &self.text {
            Text::Fixed(sql, size, width) => sql.text(dialect, *size, *width, self.params.len()),
            Text::Made(text) => text,
        }
    }

    fn sql(&self, dialect: Dialect) -> SqlStr {
        match &self.text {
            Text::Fixed(sql, size, width) => sql.text(dialect, *size, *width, self.params.len()).into_sql_str(),
            Text::Made(text) => AssertSqlSafe(text.clone()).into_sql_str(),
        }
    }
}

/// A value on its way out.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row; cells are taken by their position.
#[derive(Debug)]
pub(super) struct Record(pub(super) Vec<Cell>);

impl Record {
    pub(super) fn integer(&self, index: usize) -> Result<i64, StoreError> {
        self.maybe_integer(index)?.ok_or_else(|| unexpected(index, "a number", &Cell::Null))
    }

    pub(super) fn maybe_integer(&self, index: usize) -> Result<Option<i64>, StoreError> {
        match &self.0[index] {
            Cell::Null => Ok(None),
            Cell::Integer(number) => Ok(Some(*number)),
            other => Err(unexpected(index, "a number", other)),
        }
    }

    /// Moves a text out.
    pub(super) fn maybe_text(&mut self, index: usize) -> Result<Option<String>, StoreError> {
        match std::mem::replace(&mut self.0[index], Cell::Null) {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text)),
            other => Err(unexpected(index, "a text", &other)),
        }
    }

    /// Moves a text out that is not null.
    pub(super) fn text(&mut self, index: usize) -> Result<String, StoreError> {
        match std::mem::replace(&mut self.0[index], Cell::Null) {
            Cell::Text(text) => Ok(text),
            other => Err(unexpected(index, "a text", &other)),
        }
    }

    /// Moves bytes out.
    pub(super) fn bytes(&mut self, index: usize) -> Result<Bytes, StoreError> {
        match std::mem::replace(&mut self.0[index], Cell::Null) {
            Cell::Bytes(bytes) => Ok(bytes.into()),
            other => Err(unexpected(index, "bytes", &other)),
        }
    }
}

fn unexpected(index: usize, wanted: &str, found: &Cell) -> StoreError {
    let found = match found {
        Cell::Null => "null",
        Cell::Integer(_) => "a number",
        Cell::Real(_) => "a real number",
        Cell::Text(_) => "a text",
        Cell::Bytes(_) => "bytes",
    };
    StoreError::unexpected(format!("column {index} of an answer holds {found} instead of {wanted}"))
}

/// What a statement did.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// How many rows it changed.
    pub(super) touched: u64,
    /// What it returned.
    pub(super) rows: Vec<Record>,
}

/// A statement that failed, by its place among those that were to run together.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) step: usize,
    pub(super) error: StoreError,
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// A connection in use.
pub(super) struct Session<'a> {
    connection: &'a mut Connection,
    /// How long what runs together may take.
    time: Option<Duration>,
}

impl Session<'_> {
    /// Ends what runs together for longer than this; `None`: as long as it takes. SQLite only; PostgreSQL has
    /// `statement_timeout`.
    pub(super) fn allow(&mut self, time: Option<Duration>) {
        self.time = time;
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs one statement.
    pub(super) async fn one(&mut self, step: Step) -> Result<Answer, StoreError> {
        only(self.run(&[step]).await)
    }

    /// Runs statements in order until the first that fails.
    pub(super) async fn run<'s>(&mut self, steps: impl IntoIterator<Item = &'s Step>) -> Result<Vec<Answer>, Failure> {
        match self.connection {
            Connection::Sqlite(file) => file.run(self.time, steps),
            Connection::Postgres(connection) => postgres::run(connection, steps).await,
        }
    }

    /// Runs statements without parameters and without answers, such as those that make tables.
    pub(super) async fn plain(&mut self, statements: &str) -> Result<(), StoreError> {
        match self.connection {
            Connection::Sqlite(file) => file.plain(statements),
            Connection::Postgres(connection) => {
                let sql = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
                let ran = within(LONGEST_CHANGE, connection.execute(sql)).await?;
                ran.map(drop).map_err(Dialect::classify)
            }
        }
    }
}

/// PostgreSQL cannot store a NUL in a text, so neither database is offered one.
fn refuse_nul(text: &Option<String>) -> Result<(), sqlx::error::BoxDynError> {
    let has_nul = text.as_ref().is_some_and(|text| text.contains('\0'));
    if has_nul { Err("a text with a NUL character cannot be stored".into()) } else { Ok(()) }
}
