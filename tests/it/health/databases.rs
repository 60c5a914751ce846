//! A database that is gone, read-only, full or locked: `/readyz` says which, nothing is lost, and the host goes on by itself.

use serde_json::json;
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};

use super::{HTTP, ask, comes_to};
use crate::support::relay::Relay;
use crate::support::{Database, House, Street, fixture, until};
use crate::webhook::{free_address, posted, secret};

#[tokio::test]
async fn a_postgres_that_is_lost_is_found_again() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    let relay = Relay::to(&database.url()).await;
    let text = posted(&street, &database, &free_address(), "", &[fixture("tables")]);
    let text = text.replace(&database.url(), &relay.url());
    let house = House::opens_on(street, database, &text).await;
    let (user, url) = (house.person(1002), house.url());
    let ready = format!("{url}/readyz");
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 1");
    for (round, problem) in ["the database cannot be reached", "the database does not answer"].into_iter().enumerate() {
        if round == 0 {
            relay.cuts()
        } else {
            relay.stalls()
        };
        let answer = comes_to(&ready, 503).await;
        assert_eq!(answer["reasons"][0], problem);
        assert_eq!(ask(&format!("{url}/healthz")).await.0, 200, "it is no reason to kill the host");
        // What comes now is not confirmed, so Telegram keeps it.
        user.says("/hit jar").await;
        if round == 0 {
            let client = reqwest::Client::builder().no_proxy().build().expect("a client");
            let request = client.post(format!("{url}/hook/test")).header("X-Telegram-Bot-Api-Secret-Token", secret());
            let answer = request.body("{\"update_id\":1}").send().await.expect("an answer");
            assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"2"[..]));
            let (_, answer) = ask(&ready).await;
            let stuck = format!("updates of bot `test` cannot be stored: {problem}");
            assert!(answer["reasons"].as_array().expect("a list").contains(&json!(stuck)), "{answer}");
            assert!(!answer.to_string().contains("127.0.0.1"), "{answer}");
        }
        relay.goes_on();
        assert_eq!(user.sees().await, format!("jar {}", round + 2));
        comes_to(&ready, 200).await;
    }
    house.closes([user]).await;
}

#[tokio::test]
async fn a_database_that_becomes_read_only_is_shown_and_recovers() {
    let Some(database) = Database::postgres().await else { return };
    let url = database.url();
    let alter = async |how: &str| {
        let mut connection = PgConnection::connect(&url).await.expect("the server is there");
        let name = url.rsplit('/').next().expect("a name").split('?').next().expect("a name");
        let change = format!("ALTER DATABASE {name} {how} default_transaction_read_only");
        let change = if how == "SET" { format!("{change} = on") } else { change };
        // What writes must be allowed to, also when the last one forbade it.
        connection.execute("SET default_transaction_read_only = off").await.expect("set");
        connection.execute(sqlx::AssertSqlSafe(change)).await.expect("altered");
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        connection.execute(others).await.expect("terminated");
    };
    let house = House::opens_with(database, HTTP, &[fixture("tables")]).await;
    let (user, ready) = (house.person(1002), format!("{}/readyz", house.url()));
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 1");
    alter("SET").await;
    user.says("/hit jar").await;
    // Connections that were ended come first; then it is plain what is wrong.
    let says_so = async || ask(&ready).await.1["reasons"][0] == "the database is read-only";
    until("it is shown as read-only", says_so).await;
    alter("RESET").await;
    assert_eq!(user.sees().await, "jar 2");
    comes_to(&ready, 200).await;
    house.closes([user]).await;
}

#[tokio::test]
async fn a_full_disk_is_shown_and_recovers() {
    let place = crate::support::folder();
    let Some(disk) = crate::support::relay::SmallDisk::mounted(place.path(), 4) else { return };
    let house = {
        let (street, database) = (Street::opens().await, Database::Sqlite(place));
        let text = street.configuration(&database, HTTP, &[fixture("tables")]);
        House::opens_on(street, database, &text).await
    };
    let (user, ready) = (house.person(1002), format!("{}/readyz", house.url()));
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 1");
    // A little of what the host had allocated before may be left, or become free: people go on writing until it is used.
    let said = std::cell::Cell::new(0);
    let writes = async || {
        disk.fills();
        user.says("/hit jar").await;
        said.set(said.get() + 1);
    };
    let says_so = async || {
        writes().await;
        // A small write may still find room where a larger one has just failed; then the updates are the reason.
        ask(&ready).await.1["reasons"].to_string().contains("the disk of the database is full")
    };
    until("it is shown as full", says_so).await;
    writes().await;
    let stuck = json!("updates of bot `test` cannot be stored: the disk of the database is full");
    let says_so = async || {
        disk.fills();
        ask(&ready).await.1["reasons"].as_array().expect("a list").contains(&stuck)
    };
    until("updates cannot be stored", says_so).await;
    disk.is_cleared();
    for number in 0..said.get() {
        assert_eq!(user.sees().await, format!("jar {}", number + 2));
    }
    comes_to(&ready, 200).await;
    let (street, _) = house.stops().await;
    user.has_seen_everything().await;
    street.closes().await;
}

#[tokio::test]
async fn a_sqlite_file_that_somebody_else_has_locked_is_shown_and_waited_for() {
    let house = House::opens_with(Database::sqlite(), HTTP, &[fixture("tables")]).await;
    let (user, ready) = (house.person(1002), format!("{}/readyz", house.url()));
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 1");
    // A tool of the operator's own, in the middle of a change.
    let mut tool = SqliteConnection::connect(&house.database.url()).await.expect("the file is there");
    tool.execute("BEGIN IMMEDIATE").await.expect("begun");
    user.says("/hit jar").await;
    let stuck = json!(["the database does not answer", "updates of bot `test` cannot be stored: the database is busy"]);
    until("it is shown as locked", async || ask(&ready).await.1["reasons"] == stuck).await;
    assert_eq!(ask(&ready).await.0, 503);
    user.says("/hit jar").await;
    tool.execute("ROLLBACK").await.expect("ended");
    assert_eq!(user.sees_all(2).await, "jar 2\n---\njar 3");
    comes_to(&ready, 200).await;
    tool.close().await.expect("closed");
    house.closes([user]).await;
}
