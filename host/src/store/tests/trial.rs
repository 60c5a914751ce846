//! What those need who try a plugin out.

use std::sync::Arc;

use tokio::sync::Notify;

use super::*;
use crate::model::effect::TimerChange;

#[tokio::test]
async fn a_host_is_quiet_when_nothing_is_due_and_nothing_under_way() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &tables()).await.expect("declared");
        let standing = async || store.standing().await.expect("no error");
        let quiet = Standing { turns: 0, sends: 0, due: 0, next: None, request: None };
        assert_eq!(standing().await, quiet);
        assert!(quiet.is_quiet(0));

        store.accept(None, BOT, vec![update(1, &[10])]).await.expect("accepted");
        assert_eq!(standing().await, Standing { due: 1, ..quiet });
        assert!(!standing().await.is_quiet(1));
        let lane = store.claim_turns(10, &loaded()).await.expect("claimed").lanes.remove(0);
        assert_eq!(standing().await, Standing { turns: 1, ..quiet });
        assert!(!standing().await.is_quiet(0) && standing().await.is_quiet(1), "unless it is known to wait");

        let timer =
            TimerChange { processor: None, chat: 10, key: "tea".into(), set: Some((START + 5_000, "x".into())) };
        let commit =
            TurnCommit { outbox: vec![call(10, "hi")], timers: vec![timer], ..turn(lane.events[0].seq, &tables) };
        store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error");
        assert_eq!(standing().await, Standing { due: 1, next: Some(START + 5_000), ..quiet });
        let send = claim_sends(&store, 10).await.remove(0);
        assert_eq!(standing().await, Standing { sends: 1, next: Some(START + 5_000), ..quiet });
        assert!(!standing().await.is_quiet(0));
        let outcome = SendOutcome::Sent { message_id: Some(1) };
        let done = Mark { seq: send.calls[0].seq, outcome, uploaded: vec![] };
        mark_sends(&store, &send.lease, vec![done], Then::Release).await;
        assert_eq!(standing().await, Standing { next: Some(START + 5_000), ..quiet });
        place.clock.advance(Duration::from_secs(5));
        assert_eq!(standing().await, Standing { due: 1, ..quiet });
    })
    .await;
}

#[tokio::test]
async fn rows_can_be_there_already_and_a_turn_that_read_before_finds_out() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &tables()).await.expect("declared");
        let lane = begin_turn(&store, 1, 10).await;
        let since = tables.now();
        let read = read_find(&store, &tables, query("cards", eq("code", Value::Text("A".into())))).await;
        store.fill(BOT, &tables, &[insert_card(1, "A"), insert_card(2, "B")]).await.expect("filled");
        let now = store.find(&tables, BOT, &query("cards", Filter::All(vec![]))).await.expect("found");
        assert_eq!(now.iter().map(|row| row.id).collect::<Vec<_>>(), [1, 2]);
        let commit = TurnCommit { reads: vec![read], since, ..turn(lane.events[0].seq, &tables) };
        let outcome = store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error");
        assert!(matches!(outcome, CommitOutcome::Conflict { .. }), "{outcome:?}");
    })
    .await;
}

/// Keeps the writer, and with it the transaction that it shares with others, until it is told to go on.
pub(super) struct Hold {
    begun: Arc<Notify>,
    done: Arc<Notify>,
}

impl Hold {
    pub(super) fn new() -> (Self, Arc<Notify>, Arc<Notify>) {
        let (begun, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        (Self { begun: Arc::clone(&begun), done: Arc::clone(&done) }, begun, done)
    }
}

impl engine::Job for Hold {
    type Output = ();

    async fn run(&self, _: &mut session::Session<'_>) -> Result<engine::Verdict<()>, StoreError> {
        self.begun.notify_one();
        self.done.notified().await;
        Ok(engine::Verdict::Commit(()))
    }
}

/// Only SQLite's tables have counters, and only there do jobs share a transaction.
#[tokio::test]
async fn a_turn_that_reads_between_the_writing_of_rows_and_its_commit_finds_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("guesthouse.db").display());
    let store = Store::open(&url, &Clock::manual(START)).await.expect("the database opens");
    let tables = store.declare(&cards(), &tables()).await.expect("declared");
    let lane = begin_turn(&store, 1, 10).await;
    let ((first, first_begun, first_done), (second, second_begun, second_done)) = (Hold::new(), Hold::new());
    let rows = [insert_card(1, "A")];
    let reads = async {
        // The rows are behind the first one in the queue, and the second one behind them: all in one transaction.
        first_begun.notified().await;
        first_done.notify_one();
        second_begun.notified().await;
        let since = tables.now();
        let read = read_find(&store, &tables, query("cards", eq("code", Value::Text("A".into())))).await;
        second_done.notify_one();
        (since, read)
    };
    let engine = &store.shared.engine;
    let (_, filled, _, (since, read)) =
        tokio::join!(engine.write(first), store.fill(BOT, &tables, &rows), engine.write(second), reads);
    filled.expect("filled");
    assert!(matches!(&read, Read::Find { seen, .. } if seen.is_empty()), "{read:?}");
    let commit = TurnCommit { reads: vec![read], since, ..turn(lane.events[0].seq, &tables) };
    let outcome = store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error");
    assert!(matches!(outcome, CommitOutcome::Conflict { .. }), "{outcome:?}");
}

#[tokio::test]
async fn failed_turns_are_told_with_their_reasons() {
    each_database(async |place| {
        let store = place.open().await;
        assert_eq!(store.failed_turns().await.expect("no error"), []);
        let lane = begin_turn(&store, 1, 10).await;
        let event = lane.events[0].seq;
        store.fail_turn(&lane.lease, event, dead("no luck"), Then::Release).await.expect("recorded");
        let failed = FailedTurn { turn: (event, 1), part: "cards".into(), reason: "no luck".into() };
        assert_eq!(store.failed_turns().await.expect("no error"), [failed]);
    })
    .await;
}

#[tokio::test]
async fn a_scratch_database_comes_and_goes() {
    let Some(server) = postgres::Database::create().await else { return };
    let name = format!("guesthouse_scratch_{}", std::process::id());
    let scratch = Scratch::create(&server.url(), &name).await.expect("made");
    let clock = Clock::manual(START);
    let store = Store::open(scratch.url(), &clock).await.expect("it opens");
    let url = scratch.url().to_owned();
    // Whoever is still connected is thrown out.
    scratch.drop().await.expect("gone");
    drop(store);
    assert!(Store::open(&url, &clock).await.is_err());
    server.drop().await;
}
