//! Hints between hosts are worth latency and nothing else: where none is heard, or the connection for them is cut again and
//! again, everything is done all the same.

use std::time::Duration;

use guesthouse::clock::Clock;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};

use crate::support::relay::Relay;
use crate::support::{Database, House, Street, fixture, start};

/// How long a host sleeps at most when nobody tells it anything, and what a busy machine adds.
const LONGEST: i64 = 5_000 + 4_000;

#[tokio::test]
async fn what_one_host_takes_in_another_does_although_nobody_tells_it() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    let relay = Relay::without_hints_to(&database.url()).await;
    let text = street.configuration(&relay.url(), "concurrent_turns = 1", &[fixture("tables")]);
    let house = House::opens_on(street, database, &text).await;
    let held = "SELECT COUNT(*) FROM lanes WHERE kind = 0 AND host_id IS NOT NULL";
    house.database.comes_to(held, 1).await;
    let (host, tasks) = start(&text).await.expect("the second host starts");
    let (slow, quick) = (house.person(1002), house.person(1003));
    let file = crate::support::sends_a_file_to_wait_for(&slow, &house.database).await;
    let mut rounds = 0;
    let mut hits = 0;
    while rounds < 3 {
        // The host that fetches the updates has one slot, and one turn holds it.
        house.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
        let before = house.street.town.calls("getFile").await.len();
        slow.says(&format!("/slow_hit slow {file}")).await;
        while house.street.town.calls("getFile").await.len() == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let same = "SELECT COUNT(DISTINCT host_id) FROM lanes WHERE host_id IS NOT NULL AND kind IN (0, 1)";
        // The other one may have happened to look just then; then it proves nothing.
        if house.database.number(same).await == 1 {
            let asked = Clock::system().now();
            quick.says("/hit quick").await;
            hits += 1;
            assert_eq!(quick.sees().await, format!("quick {hits}"), "the other host does it");
            let took = Clock::system().now() - asked;
            assert!(took <= LONGEST, "it took {took} ms");
            rounds += 1;
        }
        house.street.town.recovers().await;
        assert!(slow.sees().await.starts_with("slow "));
    }
    assert!(relay.swallowed() > 0, "hints were given, and swallowed");
    tasks.shutdown().begin();
    tasks.finish(Duration::from_secs(20)).await.expect("it ends");
    host.close().await;
    house.closes([slow, quick]).await;
}

#[tokio::test]
async fn the_connection_for_hints_is_cut_again_and_again() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    let text = street.configuration(&database, "", &[fixture("tables")]);
    let house = House::opens_on(street, database, &text).await;
    let (host, tasks) = start(&text).await.expect("the second host starts");
    let mut connection = PgConnection::connect(&house.database.url()).await.expect("the server is there");
    let (one, other) = (house.person(1002), house.person(1003));
    let mut cut = 0;
    for round in 1..=20 {
        let listeners = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        cut += connection.execute(listeners).await.expect("it may").rows_affected();
        one.says("/hit one").await;
        other.says("/hit other").await;
        assert_eq!((one.sees().await, other.sees().await), (format!("one {round}"), format!("other {round}")));
    }
    assert!(cut > 1, "{cut} connections were cut");
    connection.close().await.expect("closed");
    tasks.shutdown().begin();
    tasks.finish(Duration::from_secs(20)).await.expect("it ends");
    host.close().await;
    house.closes([one, other]).await;
}
