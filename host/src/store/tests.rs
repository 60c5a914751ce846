//! The store's tests. Each has one body, which runs on SQLite and on PostgreSQL.

use std::collections::BTreeMap;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::clock::Millis;
use crate::model::manifest::{Column, ColumnKind, Table};
use crate::model::table::{Comparison, Filter, Order, Query, Read, Row, Value, Write};
use crate::model::{BotId, Part, PluginName};

#[allow(unreachable_pub, reason = "it serves the tests from outside, too")]
#[allow(dead_code, reason = "the tests from outside use the rest")]
#[path = "../../../tests/support/postgres.rs"]
mod postgres;

mod agenda;

mod albums;

mod alerts;

mod answers;

mod commits;

mod contention;

mod dead;

mod declaring;

mod handing;

mod inbox;

mod journal;

mod lanes;

mod opening;

mod outbox;

mod chats;

mod claims;

mod records;

mod reading;

mod schema;

mod shadows;

mod trial;

/// When the manual clock of a test starts.
const START: Millis = 1_800_000_000_000;
const BOT: BotId = BotId(7);

/// An empty database and a clock that stands still.
struct Place {
    url: String,
    clock: Clock,
    /// The folder of a SQLite file.
    folder: Option<TempDir>,
}

impl Place {
    async fn open(&self) -> Store {
        Store::open(&self.url, &self.clock).await.expect("the database opens")
    }

    fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    /// As if another host had taken all lanes over in the meantime, and had died since.
    async fn all_lanes_were_taken_over(&self, store: &Store) {
        let taken = "UPDATE lanes SET host_id = -1, fence = fence + 1 WHERE host_id IS NOT NULL";
        let taken = opening::Raw(session::Step::made(taken.into(), vec![]));
        assert!(store.shared.engine.write(taken).await.expect("written") > 0, "no lane was held");
    }

    /// Any number from a statement of the test's own.
    async fn number(&self, store: &Store, statement: &str) -> i64 {
        let step = session::Step::made(statement.to_owned(), vec![]);
        let answer = store.shared.engine.read(step).await.expect("the statement runs");
        answer.rows[0].integer(0).expect("a number")
    }
}

/// Runs a test on both databases.
async fn each_database(body: impl AsyncFn(&Place)) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("data/guesthouse.db").display());
    eprintln!("on SQLite");
    body(&Place { url, clock: Clock::manual(START), folder: Some(folder) }).await;

    if let Some(database) = postgres::Database::create().await {
        eprintln!("on PostgreSQL");
        body(&Place { url: database.url(), clock: Clock::manual(START), folder: None }).await;
        database.drop().await;
    }
}

impl Store {
    /// When the next free lane of turns of these plugins is due, be it now.
    async fn next_turn(&self, plugins: &[(BotId, Part)]) -> Result<Option<Millis>, StoreError> {
        let step = super::lanes::next_turn(plugins, self.shared.clock.now(), self.shared.host, 0)?;
        super::lanes::earliest(&[self.shared.engine.read(step).await?])
    }

    /// The same for the chats of these bots.
    async fn next_send(&self, bots: &[BotId]) -> Result<Option<Millis>, StoreError> {
        let bots = bots.iter().copied();
        let mut answers = Vec::new();
        for step in super::lanes::next_sends(bots, self.shared.clock.now(), self.shared.host, 0) {
            answers.push(self.shared.engine.read(step).await?);
        }
        super::lanes::earliest(&answers)
    }
}

fn cards() -> PluginName {
    PluginName::new("cards").expect("a name")
}

fn column(name: &str, kind: ColumnKind, nullable: bool) -> Column {
    Column { name: name.into(), kind, nullable }
}

/// Cards with a unique code, and a log of their checks.
fn tables() -> Vec<Table> {
    vec![
        Table {
            name: "cards".into(),
            columns: vec![
                column("code", ColumnKind::Text, false),
                column("name", ColumnKind::Text, true),
                column("checks", ColumnKind::Integer, true),
                column("active", ColumnKind::Boolean, true),
            ],
            unique: vec![vec!["code".into()]],
            indexes: vec![vec!["name".into()]],
        },
        Table {
            name: "log".into(),
            columns: vec![column("card", ColumnKind::Integer, false), column("at", ColumnKind::Timestamp, false)],
            unique: vec![],
            indexes: vec![vec!["card".into(), "at".into()]],
        },
    ]
}

/// An update for the lanes of these chats of `cards`.
fn update(update_id: i64, chats: &[i64]) -> NewUpdate {
    NewUpdate {
        update_id,
        kind: "message".into(),
        raw: format!("{{\"update_id\":{update_id}}}"),
        lanes: chats.iter().map(|chat| to(&cards(), *chat)).collect(),
        spoke: chats.first().copied(),
        admin: false,
        moved: None,
        from: None,
        album: None,
        host: Vec::new(),
    }
}

/// The plugins of a host that has loaded just this one.
/// Nobody else is asked.
fn to(plugin: &PluginName, chat: i64) -> Addressee {
    Addressee { part: plugin.clone().into(), chat, next: Vec::new() }
}

fn loaded() -> Vec<(BotId, Part)> {
    vec![(BOT, cards().into())]
}

/// Stores an update for one chat and claims its lane.
async fn begin_turn(store: &Store, update_id: i64, chat: i64) -> ClaimedTurns {
    store.accept(None, BOT, vec![update(update_id, &[chat])]).await.expect("accepted");
    let claimed = store.claim_turns(10, &loaded()).await.expect("claimed").lanes;
    claimed.into_iter().find(|lane| lane.lease.chat() == chat).expect("the lane is due")
}

/// A turn that does nothing yet.
fn turn(event: i64, tables: &TableSet) -> TurnCommit {
    TurnCommit {
        event,
        tables: tables.clone(),
        reads: vec![],
        since: None,
        asked: false,
        writes: vec![],
        dialogue: None,
        callbacks: vec![],
        outbox: vec![],
        blobs: vec![],
        timers: vec![],
        reply: None,
        passed: None,
        next: None,
        journal: None,
    }
}

/// Runs a turn of its own that makes these changes.
async fn write(store: &Store, tables: &TableSet, writes: Vec<Write>) -> CommitOutcome {
    use std::sync::atomic::{AtomicI64, Ordering};
    static NEXT: AtomicI64 = AtomicI64::new(1_000_000);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let lane = begin_turn(store, number, number).await;
    let commit = TurnCommit { writes, ..turn(lane.events[0].seq, tables) };
    store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error")
}

fn call(chat: i64, text: &str) -> NewCall {
    NewCall {
        chat,
        reference: None,
        about: None,
        method: "sendMessage".into(),
        body: format!("{{\"text\":\"{text}\"}}"),
        expires_at: None,
        once: false,
    }
}

/// Claims up to so many chats of the bot that have something due.
async fn claim_sends(store: &Store, limit: usize) -> Vec<ClaimedSends> {
    store.claim_sends(&[(BOT, limit)]).await.expect("claimed").chats
}

/// Marks calls of a chat.
async fn mark_sends(store: &Store, lease: &Lease, marks: Vec<Mark>, then: Then) -> FenceOutcome {
    store.mark_sends(lease, marks, &Learned::default(), then).await.expect("no error").fence
}

/// The end of an event that nobody is told of.
fn dead(reason: &str) -> Failed {
    Failed::Dead { reason: reason.into(), digest: "ab".into(), alert: None }
}

fn insert_card(id: i64, code: &str) -> Write {
    Write::Insert {
        table: "cards".into(),
        id,
        cells: vec![
            ("code".into(), Value::Text(code.into())),
            ("name".into(), Value::Text(format!("card {id}"))),
            ("checks".into(), Value::Integer(0)),
            ("active".into(), Value::Boolean(true)),
        ],
    }
}

fn eq(column: &str, value: Value) -> Filter {
    Filter::Is(column.into(), Comparison::Eq, value)
}

fn query(table: &str, filter: Filter) -> Query {
    Query { table: table.into(), columns: vec![], filter, order: vec![], limit: 1000, offset: 0 }
}

/// What a turn would have noted had it asked now.
async fn read_find(store: &Store, tables: &TableSet, query: Query) -> Read {
    let seen = store.find(tables, BOT, &query).await.expect("found");
    Read::Find { query, seen }
}

async fn read_get(store: &Store, tables: &TableSet, table: &str, id: i64) -> Read {
    let seen = store.get(tables, BOT, table, id, &[]).await.expect("read");
    Read::Get { table: table.into(), id, columns: vec![], seen }
}

fn cell<'a>(row: &'a Row, column: &str) -> &'a Value {
    &row.cells.iter().find(|(name, _)| name == column).expect("the column").1
}
