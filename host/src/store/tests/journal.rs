//! Turns that are kept, and forgotten.

use bytes::Bytes;

use super::*;
use crate::store::dialect::Dialect;
use crate::store::journal::{FIND_ALL, FIND_OF_PLUGIN, FIND_OF_USER, LAST};

/// A turn of this person's doing.
pub(super) fn kept(user: i64) -> NewTurn {
    NewTurn {
        user: Some(user),
        at: START,
        attempt: 0,
        conflicts: 0,
        cpu_us: 1,
        elapsed_us: 1,
        memory_kib: 1,
        reason: None,
        body: Bytes::from_static(b"words"),
    }
}

/// Turns of different people in one after the other; says which event the last was.
pub(super) async fn keep(store: &Store, users: impl IntoIterator<Item = i64>) -> i64 {
    let tables = store.declare(&cards(), &tables()).await.expect("declared");
    let mut last = 0;
    for (number, user) in users.into_iter().enumerate() {
        let lane = begin_turn(store, 1 + number as i64, -5).await;
        last = lane.events[0].seq;
        let commit = TurnCommit { journal: Some(kept(user)), ..turn(last, &tables) };
        let outcome = store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error");
        assert_eq!(outcome, CommitOutcome::Committed);
    }
    last
}

#[tokio::test]
async fn the_turns_of_one_person_or_plugin_are_found_in_a_long_journal() {
    each_database(async |place| {
        let store = place.open().await;
        keep(&store, [1, 2]).await;
        // As many again, again and again, with a hole in the numbers.
        let more = "INSERT INTO journal (seq, inbox_seq, bot_id, plugin, chat_id, user_id, at, outcome, attempt, conflicts,
                                         cpu_us, elapsed_us, memory_kib, reason, size, body)
                    SELECT seq + (SELECT MAX(seq) FROM journal) + 700, inbox_seq, bot_id, plugin, chat_id, user_id, at, outcome,
                           attempt, conflicts, cpu_us, elapsed_us, memory_kib, reason, size, body FROM journal";
        for _ in 0..11 {
            let more = opening::Raw(session::Step::made(more.into(), vec![]));
            store.shared.engine.write(more).await.expect("written");
        }
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM journal").await, 4_096);
        let desk = store.desk();
        // The oldest alone are another plugin's.
        let first = "UPDATE journal SET plugin = 'rare/reader' WHERE seq <= 2";
        store.shared.engine.write(opening::Raw(session::Step::made(first.into(), vec![]))).await.expect("written");
        let last = async |plugin: Option<&str>, below, most| {
            let whose = Whose { bot: None, plugin: plugin.map(str::to_owned) };
            let found = desk.turns(&whose, below, most).await.expect("no error");
            assert_eq!(found.looked_to, None);
            found.turns.iter().map(|turn| turn.seq).collect::<Vec<_>>()
        };
        assert_eq!(last(Some("rare"), i64::MAX, 9).await, [2, 1]);
        assert_eq!(last(Some("rare"), i64::MAX, 1).await, [2]);
        assert_eq!(last(Some("rare"), 2, 9).await, [1]);
        let all = last(None, i64::MAX, 5_000).await;
        assert!(all.len() == 4_096 && all.is_sorted_by(|newer, older| newer > older));
        assert_eq!(last(Some("cards"), i64::MAX, 3_000).await, all[..3_000]);
        assert_eq!(last(Some("cards"), all[2_999], 3_000).await, all[3_000..4_094]);
        // A search without success ends, says where, and can go on from there.
        let search = async |plugin: &str, below, stretches| {
            let whose = Whose { bot: None, plugin: Some(plugin.to_owned()) };
            let found = desk.turns_until(&whose, below, 9, stretches).await.expect("no error");
            (found.turns.iter().map(|turn| turn.seq).collect::<Vec<_>>(), found.looked_to)
        };
        assert_eq!(search("rare", i64::MAX, 3).await, (vec![], Some(all[2_999])));
        assert_eq!(search("rare", all[2_999], 3).await, (vec![2, 1], None));
        assert_eq!(search("nobody", i64::MAX, 5).await, (vec![], None));
        assert_eq!(search("cards", i64::MAX, 1).await, (all[..9].to_vec(), None));
        store.shared.engine.write(opening::Raw(session::Step::made(first.replace("rare/reader", "cards"), vec![]))).await.expect("written");
        assert_eq!(desk.purge_turns(&Purge::User(1)).await.expect("no error"), 2_048);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM journal WHERE user_id <> 2").await, 0);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM journal").await, 2_048);
        assert_eq!(desk.purge_turns(&Purge::Plugin("nobody".into())).await.expect("no error"), 0);
        // The newest stays for its number, without its words.
        assert_eq!(desk.purge_turns(&Purge::Plugin("cards".into())).await.expect("no error"), 2_048);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM journal").await, 1);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM journal WHERE size > 0 OR user_id > 0").await, 0);
        assert_eq!(desk.purge_turns(&Purge::All).await.expect("no error"), 0);

        if place.is_sqlite() {
            // However long the journal is, one question looks at a stretch of it.
            for (sql, params) in [(&FIND_OF_USER, 3), (&FIND_OF_PLUGIN, 3), (&FIND_ALL, 2), (&LAST, 5)] {
                let plan = format!("EXPLAIN QUERY PLAN {}", sql.text(Dialect::Sqlite, 0, 0, params));
                let params = (0..params as i64).map(session::Param::from).collect();
                let mut plan = store.shared.engine.read(session::Step::made(plan, params)).await.expect("a plan").rows;
                let plan = plan[0].text(3).expect("text");
                let plan = plan.replace("SEARCH j ", "SEARCH journal ");
                assert_eq!(plan, "SEARCH journal USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
            }
        }
    })
    .await;
}
