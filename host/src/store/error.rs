//! What can go wrong with the database, and what the caller should do about it.

use std::path::PathBuf;

/// Why the store did not do what it was asked. [`StoreError::is_transient`] says whether asking again may help.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// `database.url` names no database that guesthouse can use. The URL itself may hold a password and is not repeated.
    #[error(
        "database.url cannot be used: {problem}\nhint: write \"sqlite://data/guesthouse.db\" or \"postgres://user:password@host/database\""
    )]
    Url {
        /// What is wrong with it.
        problem: String,
    },
    /// Another host works on the same SQLite file.
    #[error(
        "`{path}` is in use by another guesthouse\nhint: stop that one, or give this one another file in database.url; several hosts can share a PostgreSQL database"
    )]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The SQLite file or its folder cannot be written to.
    #[error(
        "`{path}` cannot be written to: {reason}\nhint: let the user that runs guesthouse write there, or name another file in database.url"
    )]
    NotWritable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system or SQLite says.
        reason: String,
    },
    /// The SQLite that this program was linked with has a bug that can damage the file.
    #[error(
        "SQLite {found} is too old, {needed} is needed\nhint: build guesthouse with the SQLite that it brings along, without LIBSQLITE3_SYS_USE_PKG_CONFIG"
    )]
    OldSqlite {
        /// The version that is there.
        found: String,
        /// The oldest that will do.
        needed: &'static str,
    },
    /// The schema comes from a newer guesthouse.
    #[error(
        "the database has schema {found}, and this guesthouse knows none newer than {known}\nhint: start the newer guesthouse that was here before, or restore the database from before it"
    )]
    NewerSchema {
        /// The version in the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The schema is that of an older guesthouse, or there is none.
    #[error(
        "the database has schema {found}, and this guesthouse needs {known}\nhint: start a host of this version on it once, which brings it up to date"
    )]
    OlderSchema {
        /// The version in the database; 0: none.
        found: i64,
        /// The version this program knows.
        known: i64,
    },
    /// There is no such SQLite file.
    #[error(
        "there is no database at `{path}`\nhint: name the one that the host uses, in database.url or with --database; a relative path is meant from the folder that the host was started in"
    )]
    NotThere {
        /// The database file.
        path: PathBuf,
    },
    /// The server refused the log-in.
    #[error(
        "the database server refused the log-in: {reason}\nhint: check user, password and database name in database.url"
    )]
    Denied {
        /// What the server says.
        reason: String,
    },
    /// The server does not answer, or hung up.
    #[error("the database cannot be reached: {reason}\nhint: check that it runs, and host and port in database.url")]
    Unreachable {
        /// What the driver says.
        reason: String,
    },
    /// No room is left.
    #[error(
        "the disk of the database is full\nhint: make room there; nothing that was committed is lost, and work goes on by itself"
    )]
    Full,
    /// A question that takes the database too long.
    #[error(
        "the database takes too long for this question\nhint: ask for rows by the columns of an index, or declare one in the manifest"
    )]
    Slow,
    /// Nothing may be written any more.
    #[error(
        "the database is read-only: {reason}\nhint: let the file, its disk or the server's user be written to again; nothing that was committed is lost, and work goes on by itself"
    )]
    ReadOnly {
        /// What the database says.
        reason: String,
    },
    /// Others are in the way, for longer than is worth waiting here.
    #[error("the database is busy: {reason}")]
    Busy {
        /// What the database says.
        reason: String,
    },
    /// It comes of the machine, not of what was asked: an error of its disk, a file that cannot be opened, no memory, no
    /// thread.
    #[error(
        "the machine of the database fails: {reason}\nhint: look at the disk, the memory and the log of the machine that has the database; nothing that was committed is lost, and work goes on by itself"
    )]
    Machine {
        /// What it says.
        reason: String,
    },
    /// Other transactions wanted the same rows, again and again.
    #[error("other transactions were in the way: {reason}")]
    Contended {
        /// What the database says.
        reason: String,
    },
    /// A row with this key is there already.
    #[error("a row with this key is there already: {reason}")]
    Unique {
        /// What the database says.
        reason: String,
    },
    /// An answer has more bytes than anybody may ask for at once.
    #[error("the answer has more than {mib} MiB; ask for fewer rows or columns")]
    TooLarge {
        /// How many are allowed.
        mib: usize,
    },
    /// Another host has the lane now; nothing was written.
    #[error("another host has taken lane `{lane}` over")]
    LeaseLost {
        /// The lane.
        lane: String,
    },
    /// A plugin's table cannot be made, or cannot become what the plugin now declares, without losing data.
    #[error("plugin `{plugin}` cannot have its table `{table}`: {problem}\nhint: {hint}")]
    Table {
        /// The plugin.
        plugin: String,
        /// The table's name in the manifest.
        table: String,
        /// What is in the way.
        problem: String,
        /// What would do instead.
        hint: String,
    },
    /// The store has been closed.
    #[error("the database has been closed")]
    Closed,
    /// Anything else.
    #[error("the database failed: {reason}")]
    Failed {
        /// What it says.
        reason: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed a little later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Full
                | Self::ReadOnly { .. }
                | Self::Slow
                | Self::Busy { .. }
                | Self::Machine { .. }
                | Self::Contended { .. }
        )
    }

    /// What is wrong with the database, in a few words that anybody may read: no names, no addresses.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "the database cannot be reached",
            Self::Full => "the disk of the database is full",
            Self::ReadOnly { .. } | Self::NotWritable { .. } => "the database is read-only",
            Self::Busy { .. } | Self::Slow | Self::Contended { .. } => "the database is busy",
            Self::Machine { .. } => "the machine of the database fails",
            Self::Denied { .. } => "the database refuses the log-in",
            Self::Closed => "the database has been closed",
            _ => "the database fails",
        }
    }

    /// Whether the same call would fail in the same way, whoever makes it: what was asked cannot be done. A slow answer
    /// is none of these: somebody may be in the way.
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::TooLarge { .. } | Self::Unique { .. } | Self::Failed { .. })
    }

    /// A row that does not hold what its table promises: somebody else has written to the database.
    pub(super) fn unexpected(what: impl Into<String>) -> Self {
        Self::Failed { reason: what.into() }
    }
}
