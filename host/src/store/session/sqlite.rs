//! Statements on a SQLite connection: each is a call of a function, on the thread that asks, and none goes on for longer
//! than it may (`watch`).
//!
//! SQLite is a library, so nothing here waits for anybody; that is why it has no driver with threads and channels of its
//! own between it and the writer. `engine` decides which thread it may keep busy.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OpenFlags, Row, Statement, ToSql};

use super::{Answer, Cell, Failure, Param, Record, Step, refuse_nul};
use crate::store::dialect::Dialect;
use crate::store::error::StoreError;

mod watch;

use watch::Watch;

/// Prepared statements a connection keeps.
const STATEMENTS: usize = 500;
/// How long others that have the file are waited for. A busy host hardly ever leaves it alone, so a guest has patience.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_OF_A_GUEST: Duration = Duration::from_secs(30);
/// What is answered in passing: what takes no longer, and looks at nothing that is larger.
const MOMENT: Duration = Duration::from_micros(500);
const LARGEST_GLANCE: i32 = 16 << 10;
/// SQLite's own limit for texts and bytes.
const LARGEST: i32 = 1_000_000_000;

thread_local! {
    static LOG_PAGES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How long the log was after the last commit of a host on this thread.
pub(in crate::store) fn log_pages() -> usize {
    LOG_PAGES.get()
}

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Access {
    /// It makes the file if need be, and tidies its statistics at the end.
    Host,
    /// It writes to a file that a host may be using, or copies its log.
    Guest,
    /// It only reads.
    Reader,
}

/// How to open a file.
#[derive(Debug, Clone)]
pub(in crate::store) struct Open {
    pub(in crate::store) path: PathBuf,
    pub(in crate::store) access: Access,
}

impl Open {
    /// The file that a URL names.
    pub(in crate::store) fn url(url: &str, access: Access) -> Result<Self, StoreError> {
        let unfit = |problem: &str| StoreError::Url { problem: problem.into() };
        let rest = url.trim_start_matches("sqlite:").trim_start_matches("//");
        let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
        if path.is_empty() || path == ":memory:" || options.contains("mode=memory") {
            return Err(unfit("a database in memory would lose every message at the next stop"));
        }
        if !matches!(options, "" | "mode=rw" | "mode=rwc") {
            return Err(unfit("nothing but `?mode=rwc` may follow the name of the file"));
        }
        let path = percent_encoding::percent_decode_str(path).decode_utf8();
        let path = path.map_err(|_| unfit("the name of the file is no UTF-8"))?;
        Ok(Self { path: Path::new(&*path).to_owned(), access })
    }

    /// Opens it. This may wait for others who have the file.
    pub(super) fn open(&self) -> Result<File, StoreError> {
        let flags = match self.access {
            Access::Host => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            Access::Guest => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Access::Reader => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        self.prepared(flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(Dialect::classify_sqlite)
    }

    fn prepared(&self, flags: OpenFlags) -> rusqlite::Result<File> {
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
        // The lock file keeps hosts away, but `guesthouse dead` writes beside one, and an operator may look into the file
        // with a tool of his own.
        connection.busy_timeout(if self.access == Access::Guest { PATIENCE_OF_A_GUEST } else { PATIENCE })?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // A plan does not depend on the values that are filled in; otherwise SQLite plans whatever has a limit anew for
        // each limit, which takes it longer than the answer.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // A savepoint keeps the pages it may have to restore; in memory, not in a file.
        connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000")?;
        if self.access != Access::Reader {
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864",
            )?;
        }
        if self.access == Access::Host {
            // In the place of SQLite's own, which copies a long log into the file there and then.
            connection.wal_hook(Some(|_, pages| {
                LOG_PAGES.set(usize::try_from(pages).unwrap_or(0));
                Ok(())
            }));
        }
        let watch = Watch::over(&connection)?;
        Ok(File { connection, watch, access: self.access })
    }
}

/// A connection to a file.
pub(in crate::store) struct File {
    connection: rusqlite::Connection,
    watch: Watch,
    access: Access,
}

impl File {
    /// Runs statements in order until the first that fails, and for no longer than this together.
    pub(super) fn run<'s>(
        &mut self,
        time: Option<Duration>,
        steps: impl IntoIterator<Item = &'s Step>,
    ) -> Result<Vec<Answer>, Failure> {
        let steps: Vec<_> = steps.into_iter().collect();
        // Of what is asked in the host's own name, none is bounded in size.
        let may_rest = self.access == Access::Reader && steps.iter().any(|step| step.is_asked());
        self.watch.allow(time, may_rest);
        let answer = |(index, step)| self.answer(step).map_err(|error| Failure { step: index, error });
        let answers = steps.into_iter().enumerate().map(answer).collect();
        self.watch.allow(None, false);
        answers
    }

    /// Answers in passing what is answered at once: nobody in the way, little to compute, nothing large to look at. None
    /// if it is not, or fails: then it is to be asked again where it may take its time.
    pub(super) fn glance(&mut self, step: &Step) -> Option<Answer> {
        // Merely to understand a text as long as a book takes longer.
        if !step.is_kept() {
            return None;
        }
        self.is_patient(false).ok()?;
        self.watch.allow(Some(MOMENT), false);
        let answer = self.answer(step);
        self.watch.allow(None, false);
        self.is_patient(true).ok()?;
        answer.ok()
    }

    /// Whether to wait for others who have the file, and to read what is large.
    fn is_patient(&self, is_patient: bool) -> rusqlite::Result<()> {
        let (patience, largest) = if is_patient { (PATIENCE, LARGEST) } else { (Duration::ZERO, LARGEST_GLANCE) };
        self.connection.busy_timeout(patience)?;
        self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, largest).map(drop)
    }

    fn answer(&self, step: &Step) -> Result<Answer, StoreError> {
        let text = step.text(Dialect::Sqlite);
        // Those that are fixed have been numbered when they were filled in.
        let text = if step.is_fixed() { Cow::Borrowed(text) } else { Cow::Owned(numbered(text)) };
        if step.is_kept() {
            self.run_prepared(&mut *self.connection.prepare_cached(&text).map_err(Dialect::classify_sqlite)?, step)
        } else {
            self.run_prepared(&mut self.connection.prepare(&text).map_err(Dialect::classify_sqlite)?, step)
        }
    }

    fn run_prepared(&self, statement: &mut Statement<'_>, step: &Step) -> Result<Answer, StoreError> {
        for (index, param) in step.params.iter().enumerate().take(statement.parameter_count()) {
            if let Param::Text(text) = param {
                refuse_nul(text).map_err(|error| StoreError::Failed { reason: error.to_string() })?;
            }
            statement.raw_bind_parameter(index + 1, param).map_err(Dialect::classify_sqlite)?;
        }
        let (width, reads) = (statement.column_count(), statement.readonly());
        let (mut answer, mut left) = (Answer::default(), step.most);
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(Dialect::classify_sqlite)? {
            let record = record(row, width)?;
            step.count(&mut left, &record)?;
            answer.rows.push(record);
        }
        drop(rows);
        if !reads {
            answer.touched = self.connection.changes();
        }
        Ok(answer)
    }

    /// Runs statements without parameters and without answers.
    pub(super) fn plain(&mut self, statements: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(statements).map_err(Dialect::classify_sqlite)
    }

    /// Closes it. The last one that could write to close copies the log into the file and removes it.
    pub(super) fn close(self) {
        if self.access == Access::Host {
            // Statistics are worth having and not worth a word if they cannot be had.
            let _ = self.connection.execute_batch("PRAGMA analysis_limit = 400; PRAGMA optimize");
        }
        let _ = self.connection.close();
    }
}

/// SQLite takes `$1` for a name, and numbers names in the order in which they come; `?1` is a number. Quoted names and
/// texts are left alone.
pub(in crate::store) fn numbered(statement: &str) -> String {
    let mut text = String::with_capacity(statement.len());
    let mut rest = statement;
    while let Some(at) = rest.find(['$', '"', '\'']) {
        text.push_str(&rest[..at]);
        let sign = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        if sign == b'$' {
            text.push('?');
        } else {
            text.push(sign as char);
            let quoted = rest.find(sign as char).map_or(rest.len(), |end| end + 1);
            text.push_str(&rest[..quoted]);
            rest = &rest[quoted..];
        }
    }
    text.push_str(rest);
    text
}

impl ToSql for Param {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Integer(value) => value.map(ValueRef::Integer),
            Self::Real(value) => value.map(ValueRef::Real),
            Self::Text(value) => value.as_ref().map(|text| ValueRef::Text(text.as_bytes())),
            Self::Bytes(value) => value.as_ref().map(|bytes| ValueRef::Blob(bytes)),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

fn record(row: &Row<'_>, width: usize) -> Result<Record, StoreError> {
    let cell = |index| {
        Ok(match row.get_ref(index).map_err(Dialect::classify_sqlite)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Real(number) => Cell::Real(number),
            ValueRef::Text(bytes) => {
                let text = std::str::from_utf8(bytes);
                Cell::Text(text.map_err(|_| StoreError::unexpected("a text that is no UTF-8"))?.to_owned())
            }
            ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        })
    };
    (0..width).map(cell).collect::<Result<_, _>>().map(Record)
}

#[cfg(test)]
mod tests {
    use super::super::params;
    use super::*;

    #[test]
    fn parameters_are_numbers_and_quoted_text_is_left_alone() {
        assert_eq!(numbered("SELECT \"$1\", '$1' || $1 || $12"), "SELECT \"$1\", '$1' || ?1 || ?12");
    }

    #[test]
    fn a_url_names_a_file() {
        let path = |url: &str| Open::url(url, Access::Host).map(|open| open.path.display().to_string());
        for (url, expected) in [
            ("sqlite://data/a.db", "data/a.db"),
            ("sqlite:///var/a.db", "/var/a.db"),
            ("sqlite:a.db", "a.db"),
            ("sqlite://a%20b.db?mode=rwc", "a b.db"),
        ] {
            assert_eq!(path(url).expect(url), expected);
        }
        for url in ["sqlite://", "sqlite::memory:", "sqlite://a?mode=memory", "sqlite://a?cache=shared"] {
            assert!(path(url).is_err(), "{url}");
        }
    }

    #[test]
    fn what_takes_longer_is_not_answered_in_passing() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = |access| Open { path: folder.path().join("a.db"), access }.open().expect("opened");
        let mut writer = open(Access::Host);
        writer.plain("CREATE TABLE t (id INTEGER PRIMARY KEY, large BLOB) STRICT").expect("made");
        writer.plain("INSERT INTO t VALUES (1, zeroblob(10)), (2, zeroblob(100000))").expect("filled");
        let mut reader = open(Access::Reader);
        let large = |id: i64| Step::made("SELECT large FROM t WHERE id = $1".into(), params![id]);
        let length = |answer: Option<Answer>| answer.map(|mut answer| answer.rows[0].bytes(0).expect("bytes").len());
        assert_eq!(length(reader.glance(&large(1))), Some(10));
        assert_eq!(length(reader.glance(&large(2))), None, "it is large");
        assert_eq!(length(reader.run(None, &[large(2)]).expect("read").pop()), Some(100_000));

        let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
        let endless = Step::made(format!("{numbers} SELECT COUNT(*) FROM n"), vec![]);
        assert!(reader.glance(&endless).is_none(), "it is ended");
        let long = format!("SELECT 1 WHERE 1 = $1 OR '{}' = ''", "a".repeat(10_000));
        assert!(reader.glance(&Step::made(long.clone(), params![1]).at_most(100)).is_none(), "it is long");
        assert!(reader.run(None, &[Step::made(long, params![1]).at_most(100)]).is_ok());
        assert_eq!(length(reader.glance(&large(1))), Some(10), "the connection is as good as ever");
    }

    #[test]
    fn what_is_committed_is_on_the_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        for access in [Access::Host, Access::Guest] {
            let mut file = Open { path: folder.path().join("a.db"), access }.open().expect("opened");
            let mut ask = |text: &str| file.run(None, &[Step::made(text.into(), vec![])]).expect("asked").remove(0);
            let synchronous = ask("SELECT synchronous FROM pragma_synchronous").rows[0].integer(0);
            assert_eq!(synchronous.expect("a number"), 2, "`FULL`, for {access:?}");
            let mode = ask("SELECT journal_mode FROM pragma_journal_mode").rows[0].text(0);
            assert_eq!(mode.expect("a word"), "wal");
        }
    }

    #[test]
    fn what_is_prepared_stays_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = Open { path: folder.path().join("a.db"), access: Access::Host }.open().expect("opened");
        file.plain("CREATE TABLE t (id INTEGER PRIMARY KEY, kind INTEGER) STRICT").expect("made");
        file.plain("CREATE INDEX t_kind ON t (kind, id) WHERE kind = 1").expect("made");
        let text = "SELECT id FROM t WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3";
        for number in 1..4 {
            file.run(None, &[Step::made(text.into(), params![number, number, number])]).expect("asked");
        }
        let statement = file.connection.prepare_cached(&numbered(text)).expect("kept");
        assert_eq!(statement.get_status(rusqlite::StatementStatus::Run), 3);
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }

    #[test]
    fn nobody_is_waited_for_in_passing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let open = |access| Open { path: path.clone(), access }.open().expect("opened");
        let mut writer = open(Access::Host);
        writer.plain("CREATE TABLE t (id INTEGER); PRAGMA journal_mode = DELETE").expect("made");
        let mut reader = open(Access::Reader);
        let count = Step::made("SELECT COUNT(*) FROM t".into(), vec![]);
        assert!(reader.glance(&count).is_some());
        // Without the log whoever writes keeps the readers out.
        writer.plain("BEGIN EXCLUSIVE").expect("begun");
        let began = reader.watch.elapsed();
        assert!(reader.glance(&count).is_none());
        assert!(reader.watch.elapsed() - began < PATIENCE / 2);
        writer.plain("COMMIT").expect("ended");
        assert!(reader.run(None, &[count]).is_ok());
    }
}
