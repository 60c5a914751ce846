//! Many turns at once.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::*;

/// Runs turns at the same time, all of which begin to commit at once. Each repeats until it is committed, asking anew.
async fn together(stores: &[Store], count: usize, work: impl AsyncFn(&Store, usize) -> (Vec<Read>, Vec<Write>)) {
    let tables = stores[0].declare(&cards(), &tables()).await.expect("declared");
    let chats: Vec<i64> = (0..count as i64).collect();
    stores[0].accept(None, BOT, vec![update(1, &chats)]).await.expect("accepted");
    let mut lanes = Vec::new();
    for store in stores {
        for lane in store.claim_turns(count.div_ceil(stores.len()), &loaded()).await.expect("claimed").lanes {
            lanes.push((store, lane));
        }
    }
    assert_eq!(lanes.len(), count);
    let barrier = Arc::new(Barrier::new(count));
    let turns = lanes.into_iter().enumerate().map(|(number, (store, lane))| {
        let (tables, barrier, work) = (tables.clone(), Arc::clone(&barrier), &work);
        async move {
            let mut first = true;
            loop {
                let since = tables.now();
                let (reads, writes) = work(store, number).await;
                if std::mem::take(&mut first) {
                    barrier.wait().await;
                }
                let outbox = vec![call(lane.lease.chat(), "done")];
                let commit = TurnCommit { reads, since, writes, outbox, ..turn(lane.events[0].seq, &tables) };
                match store.commit_turn(&lane.lease, commit, Then::Release).await {
                    Ok(CommitOutcome::Committed) => break,
                    Ok(CommitOutcome::Conflict { .. }) => {}
                    Ok(CommitOutcome::LeaseLost) => panic!("nobody else is there"),
                    Err(error) if error.is_transient() => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    });
    futures_util::future::join_all(turns).await;
}

/// One host on SQLite, two on PostgreSQL.
async fn hosts(place: &Place) -> Vec<Store> {
    let mut hosts = vec![place.open().await];
    if !place.is_sqlite() {
        hosts.push(place.open().await);
    }
    hosts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_increment_is_lost_or_made_twice() {
    each_database(async |place| {
        let hosts = hosts(place).await;
        let tables = hosts[0].declare(&cards(), &tables()).await.expect("declared");
        write(&hosts[0], &tables, (1..=3).map(|id| insert_card(id, &format!("code {id}"))).collect()).await;
        together(&hosts, 1000, async |_, number| {
            let id = 1 + number as i64 % 3;
            (vec![], vec![Write::Increment { table: "cards".into(), id, column: "checks".into(), by: 1 }])
        })
        .await;
        let rows = hosts[0].find(&tables, BOT, &query("cards", Filter::All(vec![]))).await.expect("read");
        let checks: Vec<_> = rows.iter().map(|row| cell(row, "checks").clone()).collect();
        assert_eq!(checks, [334, 333, 333].map(Value::Integer));
        assert_eq!(place.number(&hosts[0], "SELECT COUNT(*) FROM outbox").await, 1000);
        assert_eq!(place.number(&hosts[0], "SELECT COUNT(*) FROM inbox WHERE state <> 1").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_is_true_at_the_commit() {
    each_database(async |place| {
        let hosts = hosts(place).await;
        let tables = hosts[0].declare(&cards(), &tables()).await.expect("declared");
        // Each turn counts the log and writes down what it saw: no two may have seen the same.
        together(&hosts, 60, async |store, number| {
            let all = Filter::All(vec![]);
            let seen = store.count(&tables, BOT, "log", &all).await.expect("read");
            let cells = vec![("card".into(), Value::Integer(1)), ("at".into(), Value::Integer(seen as i64))];
            let write = Write::Insert { table: "log".into(), id: 1 + number as i64, cells };
            (vec![Read::Count { table: "log".into(), filter: all, seen }], vec![write])
        })
        .await;
        let order = vec![Order { column: "at".into(), descending: false }];
        let query = Query { order, ..query("log", Filter::All(vec![])) };
        let rows = hosts[0].find(&tables, BOT, &query).await.expect("read");
        let seen: Vec<_> = rows.iter().map(|row| cell(row, "at").clone()).collect();
        assert_eq!(seen, (0..60).map(Value::Integer).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_two_turns_act_on_each_others_past() {
    each_database(async |place| {
        let hosts = hosts(place).await;
        let tables = hosts[0].declare(&cards(), &tables()).await.expect("declared");
        write(&hosts[0], &tables, (0..40).map(|id| insert_card(id, &format!("code {id}"))).collect()).await;
        // Each pair of turns reads both of its cards and switches one off, but only while both are on.
        together(&hosts, 40, async |store, number| {
            let (mine, other) = (number as i64, (number ^ 1) as i64);
            let reads =
                vec![read_get(store, &tables, "cards", mine).await, read_get(store, &tables, "cards", other).await];
            let is_on = |read: &Read| {
                let Read::Get { seen: Some(row), .. } = read else { panic!("the card is there") };
                *cell(row, "active") == Value::Boolean(true)
            };
            let cells = vec![("active".into(), Value::Boolean(false))];
            let off = Write::Update { table: "cards".into(), id: mine, cells };
            let writes = if reads.iter().all(is_on) { vec![off] } else { vec![] };
            (reads, writes)
        })
        .await;
        let on = hosts[0].count(&tables, BOT, "cards", &eq("active", Value::Boolean(true))).await.expect("read");
        assert_eq!(on, 20, "exactly one of each pair is off");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_failure_in_a_group_is_its_own() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &tables()).await.expect("declared");
        write(&store, &tables, vec![insert_card(1, "taken")]).await;
        let chats: Vec<_> = (0..100).collect();
        store.accept(None, BOT, vec![update(1, &chats)]).await.expect("accepted");
        let lanes = store.claim_turns(100, &loaded()).await.expect("claimed").lanes;
        let commits = lanes.iter().map(|lane| {
            let chat = lane.lease.chat();
            let code = if chat % 10 == 0 { "taken".to_owned() } else { format!("code {chat}") };
            let writes = vec![insert_card(1000 + chat, &format!("own {chat}")), insert_card(2000 + chat, &code)];
            let commit = TurnCommit { writes, ..turn(lane.events[0].seq, &tables) };
            store.commit_turn(&lane.lease, commit, Then::Release)
        });
        for (lane, outcome) in lanes.iter().zip(futures_util::future::join_all(commits).await) {
            let chat = lane.lease.chat();
            let refused = CommitOutcome::Conflict { table: "cards".into(), row: Some(2000 + chat) };
            let expected = if chat % 10 == 0 { refused } else { CommitOutcome::Committed };
            assert_eq!(outcome.expect("no error"), expected, "chat {chat}");
        }
        assert_eq!(store.count(&tables, BOT, "cards", &Filter::All(vec![])).await.expect("read"), 1 + 2 * 90);
    })
    .await;
}

#[tokio::test]
async fn small_commits_overtake_large_ones() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("guesthouse.db").display());
    let store = Store::open(&url, &Clock::manual(START)).await.expect("opened");
    let tables = store.declare(&cards(), &tables()).await.expect("declared");
    let chats: Vec<_> = (1..=12).collect();
    store.accept(None, BOT, vec![update(1, &chats)]).await.expect("accepted");
    let lanes = store.claim_turns(12, &loaded()).await.expect("claimed").lanes;
    let commits = lanes.iter().zip(0_i64..).map(|(lane, number)| {
        let rows = if number < 10 { 200 } else { 1 };
        let writes = (0..rows).map(|row| insert_card(number * 1_000 + row, &format!("{number} {row}"))).collect();
        let outbox = vec![call(50, &number.to_string())];
        let commit = TurnCommit { writes, outbox, ..turn(lane.events[0].seq, &tables) };
        store.commit_turn(&lane.lease, commit, Then::Release)
    });
    // All of them wait before the first one is begun.
    let (go, gone) = std::sync::mpsc::channel();
    let busy = async { store.shared.engine.write(Busy(std::sync::Mutex::new(gone))).await.expect("no error") };
    let all_wait = async { go.send(()).expect("the writer is busy") };
    let ((), outcomes, ()) = futures_util::join!(busy, futures_util::future::join_all(commits), all_wait);
    assert!(outcomes.into_iter().all(|outcome| outcome.expect("no error") == CommitOutcome::Committed));
    // The order in which they were committed, not that in which somebody heard of it.
    let sent = outbox::claim_one(&store).await;
    let order = outbox::bodies(&sent);
    assert_eq!(order.len(), 12);
    let last_small = order.iter().position(|body| body.contains("11")).expect("the last one");
    assert!(last_small <= 2, "at most one large one came before: {order:?}");
    store.close().await;
}

/// Keeps the writer busy until it is told to go on.
struct Busy(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);

impl engine::Job for Busy {
    type Output = ();

    async fn run(&self, _session: &mut session::Session<'_>) -> Result<engine::Verdict<()>, StoreError> {
        self.0.lock().expect("no panic").recv().expect("told");
        Ok(engine::Verdict::Commit(()))
    }
}
