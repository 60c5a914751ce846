//! The write-ahead log of SQLite: when it is copied into the file, and by whom.
//!
//! Left alone, SQLite lets the writer copy a long log at the end of a commit, and everybody waits for thousands of pages
//! and two flushes. Here another connection copies, beside the writer. A log begins anew only after all of it was copied,
//! and under load there is always more by then: that little is copied by the writer.

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::store::error::StoreError;
use crate::store::session::{Access, Connect, Connection, Open, log_pages};

/// Pages of a long log. A page that changes often is copied once, however often it stands in the log: the longer the
/// log, the fewer copies. A page has 4 KiB.
const LONG: usize = 8_000;
/// A log of so many pages, a gigabyte, is a matter for the operator, and again when it has doubled.
const HUGE: usize = 250_000;
/// A log that could not begin anew, because somebody still reads from it, is copied again after so many more pages.
const MORE: usize = 500;

/// Copies what is committed and in nobody's way, and waits for nobody.
const COPY: &str = "PRAGMA wal_checkpoint(PASSIVE)";

/// The log of the writer on whose thread it is.
pub(super) struct Log {
    open: Open,
    copying: Option<JoinHandle<Result<(), StoreError>>>,
    /// Why it could not be copied the last time.
    trouble: Option<String>,
    /// How long the log has to be to be copied.
    at: usize,
    /// How long it has to be to be told of.
    told_at: usize,
}

impl Log {
    pub(super) fn of(open: &Open) -> Self {
        Self {
            open: Open { access: Access::Guest, ..open.clone() },
            copying: None,
            trouble: None,
            at: LONG,
            told_at: HUGE,
        }
    }

    /// Looks after the log, after a commit.
    pub(super) async fn look(&mut self, writer: &mut Connection) {
        let pages = log_pages();
        if self.is_news(pages) {
            let (mebibytes, path) = (pages >> 8, self.open.path.display());
            match &self.trouble {
                Some(trouble) => tracing::warn!(
                    "the log of the database has {mebibytes} MiB and could not be copied into `{path}`: {trouble}\n\
                     hint: see to the disk, then restart this program"
                ),
                None => tracing::warn!(
                    "the log of the database has {mebibytes} MiB and cannot begin anew, because somebody always reads from \
                     it\nhint: end the programs that keep `{path}` open, or restart this one"
                ),
            }
        }
        match &mut self.copying {
            Some(copying) if !copying.is_finished() => {}
            Some(copying) => {
                let copied = copying.await.map_err(|_| StoreError::Closed).flatten();
                self.copying = None;
                self.at = pages + MORE;
                let rest = writer.session().plain(COPY).await;
                // What could not be copied stands in the log all the same, and if there is no room, commits will say so.
                self.trouble = copied.and(rest).err().map(|error| error.to_string());
            }
            None if pages < LONG => self.at = LONG,
            None if pages >= self.at => {
                let (runtime, how) = (Handle::current(), Connect::Sqlite(Box::new(self.open.clone())));
                self.copying = Some(tokio::task::spawn_blocking(move || runtime.block_on(copy(&how))));
            }
            None => {}
        }
    }

    /// Whether the operator is to hear of a log of so many pages.
    fn is_news(&mut self, pages: usize) -> bool {
        let is_news = pages >= self.told_at;
        if is_news {
            self.told_at = pages * 2;
        } else if pages < HUGE {
            self.told_at = HUGE;
        }
        is_news
    }

    /// Waits for a copy that is under way.
    pub(super) async fn close(self) {
        if let Some(copying) = self.copying {
            let _ = copying.await;
        }
    }
}

async fn copy(how: &Connect) -> Result<(), StoreError> {
    let mut connection = how.connect().await?;
    let copied = connection.session().plain(COPY).await;
    connection.close().await;
    copied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_only_grows_is_told_of_now_and_then() {
        let mut log = Log::of(&Open { path: "a.db".into(), access: Access::Host });
        let told: Vec<_> =
            [9, HUGE, HUGE + 9, HUGE * 2, HUGE * 3, 9, HUGE - 1, HUGE].map(|pages| log.is_news(pages)).into();
        assert_eq!(told, [false, true, false, true, false, false, false, true]);
    }

    #[tokio::test]
    async fn a_log_begins_anew_while_somebody_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = Open { path: folder.path().join("a.db"), access: Access::Host };
        let connection = Connect::Sqlite(Box::new(open.clone())).connect().await.expect("opened");
        let (mut connection, runtime) = (connection, Handle::current());
        // As the writer does: a thread of its own.
        let written = tokio::task::spawn_blocking(move || {
            runtime.block_on(async move {
                let mut log = Log::of(&open);
                let table = "CREATE TABLE t (id INTEGER PRIMARY KEY, large BLOB) STRICT";
                connection.session().plain(table).await.expect("made");
                let (mut longest, mut began_anew) = (0, 0);
                for _ in 0..60 {
                    let before = log_pages();
                    connection.session().plain("INSERT INTO t (large) VALUES (zeroblob(2000000))").await.expect("kept");
                    longest = longest.max(log_pages());
                    began_anew += usize::from(log_pages() < before);
                    log.look(&mut connection).await;
                    while log.copying.as_ref().is_some_and(|copying| !copying.is_finished()) {
                        tokio::task::yield_now().await;
                    }
                }
                log.close().await;
                connection.close().await;
                (longest, began_anew)
            })
        });
        let (longest, began_anew) = written.await.expect("written");
        assert!(began_anew >= 2, "{began_anew}");
        assert!(longest < LONG * 3 / 2, "{longest} pages");
    }
}
