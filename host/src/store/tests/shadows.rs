//! What shadows did differently, counted.

use super::journal::keep;
use super::*;

fn counted(compared: Compared, turns: i64, event: i64) -> NewShadow {
    NewShadow { bot: BOT, plugin: cards(), digest: "ab".into(), compared, turns, event, at: START }
}

fn differs(number: usize, words: &str) -> Compared {
    Compared::Differs { signature: format!("{number:032x}"), words: words.into(), quotes: true }
}

async fn report(desk: &Desk) -> Vec<(&'static str, String, i64)> {
    let rows = desk.shadows(&Whose::default()).await.expect("no error");
    rows.into_iter().map(|row| (row.kind, row.words, row.turns)).collect()
}

fn line(kind: &'static str, words: &str, turns: i64) -> (&'static str, String, i64) {
    (kind, words.to_owned(), turns)
}

#[tokio::test]
async fn who_is_forgotten_is_quoted_by_no_shadow() {
    each_database(async |place| {
        let store = place.open().await;
        let desk = Desk::open(&place.url).await.expect("it opens beside the host");
        let event = keep(&store, [1, 2, 1]).await;
        let said = || counted(differs(1, "message: “I am Ada”"), 2, event);
        let rest = vec![
            counted(Compared::Same, 7, event),
            counted(Compared::Unreadable, 1, event),
            counted(differs(2, "message: “I am Bob”"), 1, event),
        ];
        store.count_shadows(rest).await.expect("counted");
        store.count_shadows(vec![said()]).await.expect("counted");
        store.count_shadows(vec![said()]).await.expect("counted");
        let all = [
            line("same", "", 7),
            line("differs", "message: “I am Ada”", 4),
            line("differs", "message: “I am Bob”", 1),
            line("unreadable", "", 1),
        ];
        assert_eq!(report(&desk).await, all);

        assert_eq!(desk.purge_turns(&Purge::User(1)).await.expect("no error"), 2);
        let without = [line("same", "", 7), line("others", "", 5), line("unreadable", "", 1)];
        assert_eq!(report(&desk).await, without, "that there were differences stays");
        // What a host had not written down yet.
        store.count_shadows(vec![said()]).await.expect("counted");
        let without = [line("same", "", 7), line("others", "", 7), line("unreadable", "", 1)];
        assert_eq!(report(&desk).await, without);

        // What quotes nobody is kept of turns that are in no journal.
        let nobody = Compared::Differs { signature: "f".repeat(32), words: "message 1".into(), quotes: false };
        store.count_shadows(vec![counted(nobody, 9, event + 100)]).await.expect("counted");
        assert_eq!(report(&desk).await[0], line("differs", "message 1", 9));
        assert_eq!(desk.purge_turns(&Purge::Plugin("nobody".into())).await.expect("no error"), 0);
        assert_eq!(report(&desk).await[0], line("differs", "message 1", 9));
        assert_eq!(desk.purge_turns(&Purge::Plugin("cards".into())).await.expect("no error"), 1);
        assert_eq!(report(&desk).await[0], line("others", "", 16));
        desk.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_shadow_that_differs_in_every_turn_fills_no_disk() {
    each_database(async |place| {
        let store = place.open().await;
        let event = keep(&store, [1]).await;
        for round in 0..3 {
            let all = (0..100).map(|number| counted(differs(100 * round + number, "x"), 1, event)).collect();
            store.count_shadows(all).await.expect("counted");
        }
        let rows = report(&store.desk()).await;
        assert_eq!(rows.len(), 201);
        assert_eq!(rows[0], line("others", "", 100));
    })
    .await;
}

/// Two hosts have met the same differences, each in an order of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_count_the_same_never_wait_for_each_other_in_a_circle() {
    let Some(database) = postgres::Database::create().await else { return };
    let clock = Clock::manual(START);
    let open = async || Store::open(&database.url(), &clock).await.expect("the database opens");
    let (one, other) = (open().await, open().await);
    let event = keep(&one, [1]).await;
    let all: Vec<_> = (0..150).map(|number| counted(differs(number, "x"), 1, event)).collect();
    let back: Vec<_> = all.iter().rev().cloned().collect();
    for _ in 0..10 {
        let (one, other) = tokio::join!(one.count_shadows(all.clone()), other.count_shadows(back.clone()));
        one.expect("counted");
        other.expect("counted");
    }
    assert!(report(&one.desk()).await.iter().all(|line| line.2 == 20));
    // What a connection has met is told when it ends.
    one.close().await;
    other.close().await;
    let store = open().await;
    let met = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    let step = session::Step::made(met.into(), vec![]);
    let met = store.shared.engine.read(step).await.expect("told").rows;
    assert_eq!(met[0].integer(0).expect("a number"), 0);
    store.close().await;
    database.drop().await;
}
