//! Statements on a SQLite connection: several as one script, and none for longer than it may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow};
use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Decode, Either, Executor, Row, SqliteConnection, TypeInfo, ValueRef,
};

use super::{Answer, Cell, Failure, Param, Record, Step, refuse_nul};
use crate::store::dialect::Dialect;
use crate::store::error::StoreError;

/// Instructions of SQLite's machine between two looks at the time: a good part of a millisecond.
const LOOK: i32 = 10_000;
/// A question that has taken so much longer than usual ones do is a slow one.
const SLOW: Duration = Duration::from_millis(3);

/// So many others are let go ahead at most.
const MOST_OTHERS: u32 = 8;

/// How many slow questions are under way in this process. SQLite computes on this machine, so however many there are,
/// they take turns at one core and leave the others to those who do not wait for them.
static SLOW_ONES: AtomicU32 = AtomicU32::new(0);

/// Ends a statement that takes too long, and makes slow questions take turns. SQLite works on a thread of its own, where
/// dropping a future changes nothing.
#[derive(Clone)]
pub(in crate::store) struct Watch(Arc<Watched>);

struct Watched {
    began: Instant,
    /// All in microseconds after `began`. When what runs now was allowed to.
    since: AtomicU64,
    /// Until when it may; 0: no limit.
    until: AtomicU64,
    /// When it went on after its last rest.
    rested: AtomicU64,
    is_slow: AtomicBool,
    /// Whether it only reads: nobody waits for a question but who asked it.
    reads: bool,
    /// Whether what runs now is a plugin's question.
    is_asked: AtomicBool,
}

impl Watch {
    /// Connects, and watches the connection.
    pub(super) async fn connect(
        options: &SqliteConnectOptions,
        reads: bool,
    ) -> Result<(SqliteConnection, Self), sqlx::Error> {
        let mut connection = options.connect().await?;
        #[expect(clippy::disallowed_methods, reason = "this bounds what the machine does, and no plugin sees it")]
        let began = Instant::now();
        let (since, until, rested, is_slow, is_asked) = Default::default();
        let watch = Self(Arc::new(Watched { began, since, until, rested, is_slow, reads, is_asked }));
        let looking = watch.clone();
        connection.lock_handle().await?.set_progress_handler(LOOK, move || looking.0.may_go_on());
        Ok((connection, watch))
    }

    /// From now on statements may take so long together, resting not counted; `None`: as long as they take. A plugin's
    /// questions rest while others have a turn.
    pub(super) fn allow(&self, time: Option<Duration>, is_asked: bool) {
        let Watched { began, since, until, .. } = &*self.0;
        self.0.is_asked.store(is_asked, Ordering::Release);
        let now = began.elapsed();
        self.0.is_done();
        since.store(micros(now), Ordering::Release);
        until.store(time.map_or(0, |time| micros(now + time).max(1)), Ordering::Release);
    }
}

impl Watched {
    /// On SQLite's own thread: rests if others have a turn, and says whether there is time left.
    fn may_go_on(&self) -> bool {
        let now = micros(self.began.elapsed());
        let until = self.until.load(Ordering::Acquire);
        if until != 0 && now > until {
            return false;
        }
        let may_rest = self.reads && self.is_asked.load(Ordering::Acquire);
        if may_rest && now.saturating_sub(self.since.load(Ordering::Acquire)) > micros(SLOW) {
            let was_slow = self.is_slow.swap(true, Ordering::AcqRel);
            let others = if was_slow {
                SLOW_ONES.load(Ordering::Acquire).saturating_sub(1)
            } else {
                SLOW_ONES.fetch_add(1, Ordering::AcqRel)
            };
            if was_slow && others > 0 {
                let computed = Duration::from_micros(now.saturating_sub(self.rested.load(Ordering::Acquire)));
                let rest = computed.min(SLOW) * others.min(MOST_OTHERS);
                std::thread::sleep(rest);
                // Resting is no computing. Unless something else is allowed by now.
                let later = if until == 0 { 0 } else { until + micros(rest) };
                let _ = self.until.compare_exchange(until, later, Ordering::AcqRel, Ordering::Acquire);
            }
            self.rested.store(micros(self.began.elapsed()), Ordering::Release);
        }
        true
    }

    /// What ran has ended.
    fn is_done(&self) {
        if self.is_slow.swap(false, Ordering::AcqRel) {
            SLOW_ONES.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.is_done();
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Scripts are prepared as a whole and found again by their text. A turn that does more than this is rare enough to be
/// cut into pieces instead of filling the cache with texts that never come again.
const LONGEST_SCRIPT: usize = 16;

/// Runs statements in order until the first that fails.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    prefix: &mut Option<(&'static str, usize)>,
    steps: &[Step],
) -> Result<Vec<Answer>, Failure> {
    let mut answers = Vec::with_capacity(steps.len());
    for some in steps.chunks(LONGEST_SCRIPT) {
        let base = answers.len();
        let more = run_script(connection, prefix, some).await;
        answers.extend(more.map_err(|failure| Failure { step: base + failure.step, ..failure })?);
    }
    Ok(answers)
}

async fn run_script(
    connection: &mut SqliteConnection,
    prefix: &mut Option<(&'static str, usize)>,
    steps: &[Step],
) -> Result<Vec<Answer>, Failure> {
    let (ahead, skipped) = prefix.unwrap_or_default();
    let mut arguments = SqliteArguments::default();
    let mut script = String::with_capacity(ahead.len() + steps.len() * 256);
    script.push_str(ahead);
    for (index, step) in steps.iter().enumerate() {
        append(&mut script, step.text(Dialect::Sqlite), arguments.len());
        for param in &step.params {
            bind_sqlite(&mut arguments, param).map_err(|error| Failure { step: index, error })?;
        }
    }
    // Only now: what cannot be bound has not been run, and what was to go ahead of it neither.
    *prefix = None;
    let kept = steps.iter().all(Step::is_kept);
    let mut stream = connection.fetch_many(sqlx::query_with(AssertSqlSafe(script), arguments).persistent(kept));
    let mut answers = Vec::with_capacity(skipped + steps.len());
    let mut rows = Vec::new();
    let mut left = None;
    loop {
        let step = answers.len().saturating_sub(skipped);
        let fail = |error| Failure { step, error };
        match stream.try_next().await.map_err(|error| fail(Dialect::classify(error)))? {
            Some(Either::Right(row)) => {
                let row = record_of_sqlite(&row).map_err(fail)?;
                let asked = &steps[step.min(steps.len() - 1)];
                asked.count(left.get_or_insert(asked.most), &row).map_err(fail)?;
                rows.push(row);
            }
            Some(Either::Left(done)) => {
                left = None;
                answers.push(Answer { touched: done.rows_affected(), rows: std::mem::take(&mut rows) });
            }
            None => break,
        }
    }
    answers.drain(..skipped.min(answers.len()));
    Ok(answers)
}

/// Appends a statement whose parameters come after `offset` others. Quoted names and texts are left alone.
fn append(script: &mut String, statement: &str, offset: usize) {
    use std::fmt::Write as _;
    let mut rest = statement;
    while let Some(at) = rest.find(['$', '"', '\'']) {
        script.push_str(&rest[..at]);
        let sign = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        if sign == b'$' {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: usize = rest[..digits].parse().unwrap_or(0);
            let _ = write!(script, "${}", number + offset);
            rest = &rest[digits..];
        } else {
            script.push(sign as char);
            let quoted = rest.find(sign as char).map_or(rest.len(), |end| end + 1);
            script.push_str(&rest[..quoted]);
            rest = &rest[quoted..];
        }
    }
    script.push_str(rest);
    script.push(';');
}

fn bind_sqlite(arguments: &mut SqliteArguments, param: &Param) -> Result<(), StoreError> {
    match param {
        Param::Integer(value) => arguments.add(*value),
        Param::Real(value) => arguments.add(*value),
        Param::Text(value) => refuse_nul(value).and_then(|()| arguments.add(value.clone())),
        Param::Bytes(value) => arguments.add(value.as_ref().map(|bytes| bytes.to_vec())),
    }
    .map_err(|error| Dialect::classify(sqlx::Error::Encode(error)))
}

fn record_of_sqlite(row: &SqliteRow) -> Result<Record, StoreError> {
    let cells = (0..row.len()).map(|index| {
        let value = row.try_get_raw(index)?;
        let decode = |source| sqlx::Error::ColumnDecode { index: index.to_string(), source };
        if value.is_null() {
            return Ok(Cell::Null);
        }
        match value.type_info().name() {
            "INTEGER" => Decode::<sqlx::Sqlite>::decode(value).map(Cell::Integer).map_err(decode),
            "REAL" => Decode::<sqlx::Sqlite>::decode(value).map(Cell::Real).map_err(decode),
            "TEXT" => Decode::<sqlx::Sqlite>::decode(value).map(Cell::Text).map_err(decode),
            _ => Decode::<sqlx::Sqlite>::decode(value).map(Cell::Bytes).map_err(decode),
        }
    });
    cells.collect::<Result<_, sqlx::Error>>().map(Record).map_err(Dialect::classify)
}

#[cfg(test)]
mod tests {
    use super::append;

    #[test]
    fn parameters_are_counted_on_and_quoted_text_is_left_alone() {
        let mut script = String::new();
        append(&mut script, "SELECT \"$1\", '$1' || $1 || $12", 0);
        append(&mut script, "SELECT $1, $2", 12);
        assert_eq!(script, "SELECT \"$1\", '$1' || $1 || $12;SELECT $13, $14;");
    }
}
