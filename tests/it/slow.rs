//! A plugin whose tables are slow or locked is slow alone.

use sqlx::{Connection, Executor, PgConnection};

use crate::support::relay::Relay;
use crate::support::{Database, House, Street, fixture, ledger};

const DEAD: &str = "SELECT COUNT(*) FROM inbox WHERE state = 2";

/// As many rows as it takes for a question without an index to take longer than it may.
async fn is_stocked(database: &Database) {
    let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 400000)";
    let bytes = if matches!(database, Database::Sqlite(_)) { "zeroblob(0)" } else { "CAST('' AS BYTEA)" };
    let text = format!(
        "INSERT INTO tables__kinds (id, bot_id, whole, fraction, words, blob, truth, time) {numbers}
         SELECT n, 7000000001, n, 0.5, 'nothing that anybody looks for: ' || n, {bytes}, 1, 0 FROM numbers"
    );
    database.suffers(text.leak()).await;
}

#[tokio::test]
async fn a_question_without_an_index_costs_its_own_plugin_alone() {
    for database in Database::each().await {
        let house = House::opens_with(database, "attempts = 1", &[fixture("tables"), ledger()]).await;
        is_stocked(&house.database).await;
        let mut crowd = Vec::new();
        for number in 0..9 {
            crowd.push(house.street.town.newcomer(&format!("Guest {number}"), "en").await);
            crowd[number].says("/search 500").await;
        }
        let bystander = house.person(1002);
        for number in 1..=5 {
            bystander.says("/verify c1").await;
            assert_eq!(bystander.sees().await, format!("c1 {number}"));
            if number == 1 {
                assert!(house.database.number(DEAD).await < 9, "while questions were being asked");
            }
        }
        house.database.comes_to(DEAD, 9).await;
        let reasons = "SELECT DISTINCT reason FROM inbox WHERE state = 2";
        for reason in house.database.texts(reasons).await {
            assert!(reason.contains("the database takes too long for this question"), "{reason}");
            assert!(reason.contains("ask for rows by the columns of an index"), "{reason}");
        }
        // With what an index serves the plugin goes on as before.
        crowd[0].says("/hit jar").await;
        assert_eq!(crowd[0].sees().await, "jar 1");
        house.admin().skips().await;
        house.closes(crowd).await;
        drop(bystander);
    }
}

#[tokio::test]
async fn a_plugins_tables_that_somebody_locks_are_waited_for() {
    let Some(database) = Database::postgres().await else { return };
    let house = House::opens_with(database, "attempts = 2", &[fixture("tables"), ledger()]).await;
    let mut crowd = Vec::new();
    for number in 0..24 {
        crowd.push(house.street.town.newcomer(&format!("Guest {number}"), "en").await);
    }
    crowd[0].says("/hit jar").await;
    assert_eq!(crowd[0].sees().await, "jar 1");

    let mut somebody = PgConnection::connect(&house.database.url()).await.expect("the server is there");
    // One table can neither be read nor written, the other one can be read.
    let lock =
        "BEGIN; LOCK TABLE tables__counters IN ACCESS EXCLUSIVE MODE; LOCK TABLE tables__goods IN EXCLUSIVE MODE";
    somebody.execute(sqlx::raw_sql(lock)).await.expect("locked");
    for person in &crowd {
        person.says("/hit jar").await;
        person.says(&format!("/add goods{} -", person.id)).await;
    }
    let bystander = house.person(1002);
    let mut checks = 0;
    // Longer than any statement may take, and than two attempts.
    let since = guesthouse::clock::Clock::system().now();
    while guesthouse::clock::Clock::system().now() - since < 12_000 {
        bystander.says("/verify c1").await;
        checks += 1;
        assert_eq!(bystander.sees().await, format!("c1 {checks}"));
    }
    let waits = "SELECT COUNT(*) FROM inbox WHERE state = 0";
    assert_eq!(house.database.number(waits).await, 48, "everything of the locked plugin waits");
    assert!(checks >= 12, "others were answered {checks} times in 12 s");
    somebody.execute("ROLLBACK").await.expect("unlocked");

    let mut counts = Vec::new();
    for person in &crowd {
        let answers = person.sees_all(2).await;
        let (count, added) = answers.split_once("\n---\n").expect("two answers");
        counts.push(count.trim_start_matches("jar ").parse::<i64>().expect("a count"));
        assert_eq!(added, "added");
    }
    counts.sort_unstable();
    assert_eq!(counts, (2..=25).collect::<Vec<_>>(), "each was counted once");
    assert_eq!(house.database.number("SELECT CAST(SUM(attempt) AS BIGINT) FROM inbox").await, 0, "nobody's fault");
    assert_eq!(house.database.number(DEAD).await, 0);
    crowd.push(bystander);
    house.closes(crowd).await;
}

#[tokio::test]
async fn a_server_that_is_gone_without_a_word_is_nobodys_fault() {
    let Some(database) = Database::postgres().await else { return };
    let (street, relay) = (Street::opens().await, Relay::to(&database.url()).await);
    // The turn is over before the host gives the server up.
    let limits = "attempts = 1\nwall_ms = 8000";
    let text = street.configuration(&relay.url(), limits, &[fixture("tables")]);
    let house = House::opens_on(street, database, &text).await;
    let user = house.person(1002);
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 1");

    let mut somebody = PgConnection::connect(&house.database.url()).await.expect("the server is there");
    somebody
        .execute(sqlx::raw_sql("BEGIN; LOCK TABLE tables__counters IN ACCESS EXCLUSIVE MODE"))
        .await
        .expect("locked");
    user.says("/hit jar").await;
    // A turn is waiting for its answer when the server goes.
    let asks = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    house.database.comes_to(asks, 1).await;
    relay.stalls();
    somebody.execute("ROLLBACK").await.expect("unlocked");
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    // All connections of before stay open, and nothing ever comes.
    relay.is_replaced();
    assert_eq!(user.sees().await, "jar 2");
    let blamed = "SELECT COUNT(*) FROM inbox WHERE state = 2 OR attempt > 0";
    assert_eq!(house.database.number(blamed).await, 0);
    house.closes([user]).await;
}
