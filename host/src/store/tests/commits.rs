//! The one commit of a turn: all or nothing, and only if what the turn has read is still true.

use bytes::Bytes;

use super::*;
use crate::model::DialogueKey;
use crate::model::effect::{Callback, DialogueState, DialogueWrite};

fn conflict(table: &str, row: Option<i64>) -> CommitOutcome {
    CommitOutcome::Conflict { table: table.into(), row }
}

/// Runs a turn with these reads and writes; a conflict leaves the lane for the next.
async fn run(store: &Store, tables: &TableSet, number: i64, reads: Vec<Read>, writes: Vec<Write>) -> CommitOutcome {
    let lane = begin_turn(store, number, number).await;
    let commit = TurnCommit { reads, writes, outbox: vec![call(1, "done")], ..turn(lane.events[0].seq, tables) };
    let outcome = store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error");
    if outcome != CommitOutcome::Committed {
        let failed = dead("conflict");
        store.fail_turn(&lane.lease, lane.events[0].seq, failed, Then::Release).await.expect("recorded");
    }
    outcome
}

async fn prepared(place: &Place) -> (Store, TableSet) {
    let store = place.open().await;
    let tables = store.declare(&cards(), &tables()).await.expect("declared");
    let cards = (1..=3).map(|id| insert_card(id, &format!("code {id}"))).collect();
    assert_eq!(write(&store, &tables, cards).await, CommitOutcome::Committed);
    (store, tables)
}

fn set_name(id: i64, name: &str) -> Write {
    Write::Update { table: "cards".into(), id, cells: vec![("name".into(), Value::Text(name.into()))] }
}

fn add(id: i64, by: i64) -> Write {
    Write::Increment { table: "cards".into(), id, column: "checks".into(), by }
}

fn log(id: i64, card: i64, at: i64) -> Write {
    let cells = vec![("card".into(), Value::Integer(card)), ("at".into(), Value::Integer(at))];
    Write::Insert { table: "log".into(), id, cells }
}

#[tokio::test]
async fn all_of_a_turn_is_there_after_its_commit() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        let lane = begin_turn(&store, 1, 10).await;
        let key = DialogueKey { chat: 10, user: 20, topic: 0 };
        let state = DialogueState { step: "name".into(), data: "{\"a\":1}".into() };
        let button =
            Callback { token: "token-1".into(), chat: 10, only_for: Some(20), data: "show \"1\" – да 😀".into() };
        let commit = TurnCommit {
            since: None,
            passed: None,
            next: None,
            asked: false,
            event: lane.events[0].seq,
            tables: tables.clone(),
            reads: vec![
                read_get(&store, &tables, "cards", 1).await,
                read_get(&store, &tables, "cards", 2).await,
                read_get(&store, &tables, "cards", 99).await,
                read_find(&store, &tables, query("cards", eq("code", Value::Text("code 1".into())))).await,
            ],
            writes: vec![
                add(1, 5),
                set_name(2, "שם ' \" $1"),
                Write::Delete { table: "cards".into(), id: 3 },
                log(1, 1, START),
                log(2, 1, START),
                log(3, 1, START),
            ],
            dialogue: Some((key, DialogueWrite::Set(state.clone(), START + 1000))),
            callbacks: vec![button.clone(), Callback { token: "token-2".into(), only_for: None, ..button.clone() }],
            outbox: vec![call(10, "first"), NewCall { reference: Some(77), ..call(11, "second") }, call(10, "third")],
            blobs: vec![("digest".into(), Bytes::from_static(b"\0\x01bytes"))],
            timers: vec![],
            reply: None,
            journal: None,
        };
        assert_eq!(
            store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error"),
            CommitOutcome::Committed
        );

        let card = store.get(&tables, BOT, "cards", 1, &[]).await.expect("read").expect("there");
        assert_eq!(cell(&card, "checks"), &Value::Integer(5));
        assert_eq!(cell(&card, "active"), &Value::Boolean(true));
        let card = store.get(&tables, BOT, "cards", 2, &["name".into()]).await.expect("read").expect("there");
        assert_eq!(card, Row { id: 2, cells: vec![("name".into(), Value::Text("שם ' \" $1".into()))] });
        assert_eq!(store.get(&tables, BOT, "cards", 3, &[]).await.expect("read"), None);
        assert_eq!(store.count(&tables, BOT, "log", &Filter::All(vec![])).await.expect("read"), 3);
        assert_eq!(store.count(&tables, BotId(8), "log", &Filter::All(vec![])).await.expect("read"), 0, "other bot");
        assert_eq!(store.dialogue(BOT, &cards(), key).await.expect("read"), Some(state));
        let stored = store.callback(BOT, "token-1").await.expect("read").expect("there");
        assert_eq!((stored.plugin, stored.chat, stored.only_for, stored.data), (cards(), 10, Some(20), button.data));
        assert_eq!(store.callback(BOT, "token-2").await.expect("read").expect("there").only_for, None);
        assert_eq!(store.blob("digest").await.expect("read"), Some(Bytes::from_static(b"\0\x01bytes")));
        let sends = claim_sends(&store, 10).await;
        let bodies = |lane: &ClaimedSends| lane.calls.iter().map(|call| call.body.clone()).collect::<Vec<_>>();
        assert_eq!(sends.iter().map(|lane| lane.lease.chat()).collect::<Vec<_>>(), [10, 11]);
        assert_eq!(bodies(&sends[0]), ["{\"text\":\"first\"}", "{\"text\":\"third\"}"]);
        assert_eq!(sends[1].calls[0].reference, Some(77));
        assert_eq!(sends[1].calls[0].event, Some(lane.events[0].seq));
        assert!(store.claim_turns(1, &loaded()).await.expect("claimed").lanes.is_empty(), "the event is done");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_changed_is_a_conflict() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        let seen = read_get(&store, &tables, "cards", 1).await;
        let partly = Read::Get {
            table: "cards".into(),
            id: 1,
            columns: vec!["code".into()],
            seen: store.get(&tables, BOT, "cards", 1, &["code".into()]).await.expect("read"),
        };
        let absent = read_get(&store, &tables, "cards", 9).await;
        let two = vec![read_get(&store, &tables, "cards", 2).await, seen.clone()];
        assert_eq!(
            write(&store, &tables, vec![set_name(1, "new"), insert_card(9, "code 9")]).await,
            CommitOutcome::Committed
        );

        assert_eq!(run(&store, &tables, 1, vec![seen], vec![add(1, 1)]).await, conflict("cards", Some(1)));
        assert_eq!(run(&store, &tables, 2, vec![absent], vec![add(1, 1)]).await, conflict("cards", Some(9)));
        assert_eq!(run(&store, &tables, 3, two, vec![add(1, 1)]).await, conflict("cards", Some(1)));
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM outbox").await, 0, "a conflict leaves nothing");
        // Only what was read can make a turn run again.
        assert_eq!(run(&store, &tables, 4, vec![partly], vec![add(1, 1)]).await, CommitOutcome::Committed);
        let gone = read_get(&store, &tables, "cards", 3).await;
        write(&store, &tables, vec![Write::Delete { table: "cards".into(), id: 3 }]).await;
        assert_eq!(run(&store, &tables, 5, vec![gone], vec![]).await, conflict("cards", Some(3)));
    })
    .await;
}

#[tokio::test]
async fn a_scan_that_would_find_something_else_is_a_conflict() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        let active = eq("active", Value::Boolean(true));
        let newest = Query {
            order: vec![Order { column: "id".into(), descending: true }],
            limit: 1,
            ..query("cards", active.clone())
        };
        let reads = [
            read_find(&store, &tables, query("cards", active.clone())).await,
            read_find(&store, &tables, newest).await,
            Read::Count { table: "cards".into(), filter: active.clone(), seen: 3 },
            Read::Sum {
                table: "cards".into(),
                column: "checks".into(),
                filter: eq("name", Value::Text("phantom".into())),
                seen: 0,
            },
        ];
        for (number, read) in (1..).zip(&reads) {
            assert_eq!(run(&store, &tables, number, vec![read.clone()], vec![]).await, CommitOutcome::Committed);
        }
        // A row that nobody has read comes into what all of them looked at.
        write(&store, &tables, vec![insert_card(4, "code 4"), set_name(4, "phantom"), add(4, 2)]).await;
        for (number, read) in (11..).zip(&reads) {
            let outcome = run(&store, &tables, number, vec![read.clone()], vec![add(1, 1)]).await;
            assert_eq!(outcome, conflict("cards", None), "{read:?}");
        }
        assert_eq!(store.sum(&tables, BOT, "cards", "checks", &active).await.expect("read"), 2);
    })
    .await;
}

#[tokio::test]
async fn two_turns_cannot_both_act_on_what_the_other_changes() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        // Both see three active cards and switch one off, so that two would be left.
        let active = Read::Count { table: "cards".into(), filter: eq("active", Value::Boolean(true)), seen: 3 };
        let switch_off =
            |id| Write::Update { table: "cards".into(), id, cells: vec![("active".into(), Value::Boolean(false))] };
        assert_eq!(run(&store, &tables, 1, vec![active.clone()], vec![switch_off(1)]).await, CommitOutcome::Committed);
        assert_eq!(run(&store, &tables, 2, vec![active], vec![switch_off(2)]).await, conflict("cards", None));
    })
    .await;
}

#[tokio::test]
async fn a_change_that_does_not_fit_any_more_is_a_conflict() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        let gone = |write| (write, conflict("cards", Some(99)));
        for (number, (change, outcome)) in (1..).zip([
            gone(set_name(99, "nobody")),
            gone(add(99, 1)),
            gone(Write::Delete { table: "cards".into(), id: 99 }),
            gone(Write::Update { table: "cards".into(), id: 99, cells: vec![] }),
            (insert_card(1, "another code"), conflict("cards", Some(1))),
            (insert_card(98, "code 1"), conflict("cards", Some(98))),
            (
                Write::Update {
                    table: "cards".into(),
                    id: 2,
                    cells: vec![("code".into(), Value::Text("code 1".into()))],
                },
                conflict("cards", Some(2)),
            ),
        ]) {
            let before = vec![log(number, 1, 1), set_name(1, "never"), change];
            assert_eq!(run(&store, &tables, number, vec![], before).await, outcome);
        }
        let nothing = "SELECT (SELECT COUNT(*) FROM cards__log) + (SELECT COUNT(*) FROM outbox)
                       + (SELECT COUNT(*) FROM cards__cards WHERE name = 'never')";
        assert_eq!(place.number(&store, nothing).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_counter_never_overflows_into_something_else() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        assert_eq!(run(&store, &tables, 1, vec![], vec![add(1, i64::MAX)]).await, CommitOutcome::Committed);
        assert_eq!(run(&store, &tables, 2, vec![], vec![add(1, 1)]).await, conflict("cards", Some(1)));
        assert_eq!(run(&store, &tables, 3, vec![], vec![add(2, i64::MIN)]).await, CommitOutcome::Committed);
        assert_eq!(run(&store, &tables, 4, vec![], vec![add(2, -1)]).await, conflict("cards", Some(2)));
        assert_eq!(run(&store, &tables, 5, vec![], vec![add(2, i64::MAX)]).await, CommitOutcome::Committed);
        let null = Write::Update { table: "cards".into(), id: 3, cells: vec![("checks".into(), Value::Null)] };
        assert_eq!(run(&store, &tables, 6, vec![], vec![null, add(3, 4)]).await, CommitOutcome::Committed);
        let rows = store.find(&tables, BOT, &query("cards", Filter::All(vec![]))).await.expect("read");
        let checks: Vec<_> = rows.iter().map(|row| cell(row, "checks").clone()).collect();
        assert_eq!(checks, [i64::MAX, -1, 4].map(Value::Integer));
    })
    .await;
}

#[tokio::test]
async fn values_of_the_wrong_kind_are_refused_by_both() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        let lane = begin_turn(&store, 1, 10).await;
        for (column, value) in [
            ("checks", Value::Text("1".into())),
            ("name", Value::Integer(1)),
            ("name", Value::Text("a\0b".into())),
            ("active", Value::Integer(1)),
            ("code", Value::Null),
            ("colour", Value::Null),
        ] {
            let cells = vec![(column.to_owned(), value)];
            let writes = vec![Write::Update { table: "cards".into(), id: 1, cells }];
            let commit = TurnCommit { writes, ..turn(lane.events[0].seq, &tables) };
            let error = store.commit_turn(&lane.lease, commit, Then::Keep).await.expect_err("refused");
            assert!(!error.is_transient() && error.to_string().contains(column), "{error}");
        }
        let commit = turn(lane.events[0].seq, &tables);
        let outcome = store.commit_turn(&lane.lease, commit, Then::Release).await.expect("the lane is as it was");
        assert_eq!(outcome, CommitOutcome::Committed);
    })
    .await;
}

#[tokio::test]
async fn a_commit_that_is_repeated_tells_that_it_was_done() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        let lane = begin_turn(&store, 1, 10).await;
        let commit = || TurnCommit {
            writes: vec![add(1, 1)],
            outbox: vec![call(10, "once")],
            ..turn(lane.events[0].seq, &tables)
        };
        for _ in 0..2 {
            let outcome = store.commit_turn(&lane.lease, commit(), Then::Keep).await.expect("no error");
            assert_eq!(outcome, CommitOutcome::Committed);
        }
        assert_eq!(place.number(&store, "SELECT checks FROM cards__cards WHERE id = 1").await, 1);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM outbox").await, 1);
        let other = TurnCommit { event: 123_456, ..commit() };
        store.commit_turn(&lane.lease, other, Then::Keep).await.expect_err("there is no such event");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM inbox WHERE seq = 123456").await, 0);
    })
    .await;
}

#[tokio::test]
async fn many_rows_at_once() {
    each_database(async |place| {
        let (store, tables) = prepared(place).await;
        let rows: Vec<_> = (1..=333).map(|id| log(id, id % 7, id)).collect();
        assert_eq!(run(&store, &tables, 1, vec![], rows).await, CommitOutcome::Committed);
        let reads = futures_util::future::join_all((1..=333).map(|id| read_get(&store, &tables, "log", id))).await;
        let changes = (1..=333).map(|id| Write::Delete { table: "log".into(), id }).collect();
        assert_eq!(run(&store, &tables, 2, reads, changes).await, CommitOutcome::Committed);
        assert_eq!(store.count(&tables, BOT, "log", &Filter::All(vec![])).await.expect("read"), 0);
        let sends = (0..130).map(|chat| call(chat % 65, "hello")).collect();
        let lane = begin_turn(&store, 3, 3).await;
        let commit = TurnCommit { outbox: sends, ..turn(lane.events[0].seq, &tables) };
        store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error");
        let claimed = claim_sends(&store, 1000).await;
        assert_eq!(claimed.len(), 65);
        assert!(claimed.iter().filter(|lane| lane.lease.chat() > 1).all(|lane| lane.calls.len() == 2));
    })
    .await;
}

#[tokio::test]
async fn what_nobody_has_written_to_is_not_asked_again_on_sqlite() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &tables()).await.expect("declared");
        write(&store, &tables, vec![insert_card(1, "a")]).await;
        let wrong = || vec![Read::Count { table: "cards".into(), filter: Filter::All(vec![]), seen: 7 }];
        let commit = async |number: i64, since| {
            let lane = begin_turn(&store, number, number).await;
            let commit = TurnCommit { reads: wrong(), since, ..turn(lane.events[0].seq, &tables) };
            store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error")
        };
        let before = tables.now();
        assert_eq!(before.is_some(), place.is_sqlite(), "only there nobody else can write");
        if place.is_sqlite() {
            // An answer that is wrong from the beginning shows whether it is asked again.
            assert_eq!(commit(1, before.clone()).await, CommitOutcome::Committed);
        }
        write(&store, &tables, vec![insert_card(2, "b")]).await;
        assert_eq!(commit(2, before).await, conflict("cards", None));
        assert_eq!(commit(3, None).await, conflict("cards", None));
    })
    .await;
}
