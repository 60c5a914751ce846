//! Opening, closing, and who may.

use super::*;

#[tokio::test]
async fn a_second_host_on_the_same_file_is_refused() {
    each_database(async |place| {
        let first = place.open().await;
        let second = Store::open(&place.url, &place.clock).await;
        if place.is_sqlite() {
            let error = second.err().expect("the file is in use").to_string();
            assert!(error.contains("guesthouse.db` is in use by another guesthouse\nhint: "), "{error}");
            first.close().await;
            drop(first);
            Store::open(&place.url, &place.clock).await.expect("the file is free again");
        } else {
            second.expect("several hosts can share a PostgreSQL database");
        }
    })
    .await;
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    each_database(async |place| {
        let store = place.open().await;
        store.accept(None, BOT, vec![update(1, &[10])]).await.expect("accepted");
        store.close().await;
        drop(store);
        let store = place.open().await;
        let once = place.number(&store, "SELECT COUNT(*) - COUNT(DISTINCT version) FROM migrations").await;
        assert_eq!(once, 0);
        assert_eq!(store.claim_turns(10, &loaded()).await.expect("claimed").lanes.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn many_hosts_may_start_at_once() {
    each_database(async |place| {
        if place.is_sqlite() {
            return;
        }
        let opened = futures_util::future::join_all((0..8).map(|_| Store::open(&place.url, &place.clock))).await;
        assert!(opened.iter().all(Result::is_ok), "{:?}", opened.iter().find_map(|store| store.as_ref().err()));
        let store = opened[0].as_ref().expect("open");
        assert_eq!(place.number(store, "SELECT COUNT(*) FROM hosts").await, 8);
    })
    .await;
}

#[tokio::test]
async fn a_database_that_is_set_to_lose_commits_does_not() {
    each_database(async |place| {
        if place.is_sqlite() {
            return;
        }
        let is_set_to = |value| format!("SELECT COUNT(*) WHERE current_setting('synchronous_commit') = '{value}'");
        let set_to = async |wish: &str| {
            let store = place.open().await;
            let alter = format!(
                "DO $$ BEGIN
                     EXECUTE format('ALTER DATABASE %I SET synchronous_commit = {wish}', current_database());
                 END $$"
            );
            store.shared.engine.write(Raw(session::Step::made(alter, vec![]))).await.expect("altered");
            store.close().await;
            let store = place.open().await;
            (place.number(&store, &is_set_to("on")).await, place.number(&store, &is_set_to("local")).await)
        };
        assert_eq!(set_to("off").await, (1, 0));
        assert_eq!(set_to("local").await, (0, 1), "which is as durable on this server");
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_used_only_if_it_says_so() {
    each_database(async |place| {
        let store = place.open().await;
        let known = place.number(&store, "SELECT MAX(version) FROM migrations").await;
        let newer = |text: String| Raw(session::Step::made(text, vec![]));
        let friendly = format!("INSERT INTO migrations VALUES (998, 0, {known})");
        store.shared.engine.write(newer(friendly)).await.expect("written");
        store.close().await;
        drop(store);
        let store = place.open().await;
        store.accept(None, BOT, vec![update(1, &[10])]).await.expect("it works beside the newer one");
        store.shared.engine.write(newer("INSERT INTO migrations VALUES (999, 0, 998)".into())).await.expect("written");
        store.close().await;
        drop(store);
        let error = Store::open(&place.url, &place.clock).await.err().expect("it is newer");
        assert!(matches!(error, StoreError::NewerSchema { found: 999, .. }), "{error}");
        assert!(error.to_string().contains("\nhint: "));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let clock = Clock::manual(START);
    let text = async |url: &str| Store::open(url, &clock).await.err().unwrap_or_else(|| panic!("{url}")).to_string();
    assert!(text("mysql://localhost").await.starts_with("database.url cannot be used"));
    assert!(text("sqlite::memory:").await.contains("would lose every message"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let inside = text(&format!("sqlite://{}/guesthouse.db", file.display())).await;
    assert!(inside.contains("cannot be written to") && inside.contains("\nhint: "), "{inside}");
    std::fs::write(&file, "this is no database, and it is longer than the header of one would be: ".repeat(9))
        .expect("written");
    let foreign = text(&format!("sqlite://{}", file.display())).await;
    assert!(foreign.contains("no SQLite database"), "{foreign}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let unreachable = text(&format!("postgres://someone:secret@{closed}/db")).await;
    assert!(unreachable.contains("cannot be reached") && unreachable.contains("\nhint: "), "{unreachable}");
    assert!(!unreachable.contains("secret"));
}

#[tokio::test]
async fn an_unknown_database_or_user_is_named() {
    each_database(async |place| {
        if place.is_sqlite() {
            return;
        }
        let (base, _) = place.url.rsplit_once('/').expect("a path");
        let error = Store::open(&format!("{base}/there_is_none"), &place.clock).await.err().expect("refused");
        assert!(matches!(&error, StoreError::Denied { reason } if reason.contains("there_is_none")), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_closed_store_says_so() {
    each_database(async |place| {
        let store = place.open().await;
        store.close().await;
        let error = store.accept(None, BOT, vec![update(1, &[1])]).await.expect_err("closed");
        assert!(matches!(error, StoreError::Closed), "{error}");
        assert!(matches!(store.bot(BOT).await, Err(StoreError::Closed)));
    })
    .await;
}

#[tokio::test]
async fn whoever_asks_whether_it_can_be_written_to_writes() {
    each_database(async |place| {
        if !place.is_sqlite() {
            return;
        }
        let store = place.open().await;
        let tool = rusqlite::Connection::open(place.url.trim_start_matches("sqlite://")).expect("it opens");
        let version = || tool.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).expect("a number");
        let before = version();
        assert_eq!(version(), before);
        store.probe().await.expect("it can");
        assert_ne!(version(), before, "somebody else has committed a change");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM hosts").await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_fails_for_its_machine_may_be_asked_again() {
    each_database(async |place| {
        if place.is_sqlite() {
            return;
        }
        let store = place.open().await;
        for code in ["58030", "53000", "53200"] {
            let fails = format!("DO $$ BEGIN RAISE EXCEPTION 'it fails' USING ERRCODE = '{code}'; END $$");
            let fails = Raw(session::Step::made(fails, vec![]));
            let error = store.shared.engine.write(fails).await.expect_err("it fails");
            assert!(error.is_transient() && matches!(error, StoreError::Machine { .. }), "{code}: {error}");
        }
    })
    .await;
}

/// A statement of the test's own that writes.
pub(super) struct Raw(pub(super) session::Step);

impl engine::Job for Raw {
    type Output = u64;

    async fn run(&self, session: &mut session::Session<'_>) -> Result<engine::Verdict<u64>, StoreError> {
        Ok(engine::Verdict::Commit(session.one(self.0.clone()).await?.touched))
    }
}
