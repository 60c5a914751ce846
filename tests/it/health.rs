//! What `/healthz` and `/readyz` say.

mod databases;

use std::cell::RefCell;
use std::time::Duration;

use guesthouse::clock::Clock;
use serde_json::{Value, json};

use crate::support::{Database, House, Street, TOKEN, fixture, start, until};
use crate::webhook::{free_address, posted, secret};

/// A host that listens.
const HTTP: &str = "[http]\nlisten = \"127.0.0.1:0\"";

async fn ask(url: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = client.get(url).send().await.unwrap_or_else(|error| panic!("{url}: {error}"));
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

/// Asks until the answer has this status.
async fn comes_to(url: &str, status: u16) -> Value {
    comes_to_be(url, |now, _| now == status).await
}

/// Asks until an answer is as it should be: on a slow disk one of them may have a reason of its own, that the database
/// did not answer in time.
async fn comes_to_be(url: &str, is_so: impl Fn(u16, &Value) -> bool) -> Value {
    let last = RefCell::new(Value::Null);
    until(url, async || {
        let (status, answer) = ask(url).await;
        let is_so = is_so(status, &answer);
        *last.borrow_mut() = answer;
        is_so
    })
    .await;
    last.into_inner()
}

fn states(answer: &Value) -> Vec<&str> {
    answer["bots"].as_array().expect("bots").iter().map(|bot| bot["state"].as_str().expect("a state")).collect()
}

#[tokio::test]
async fn a_host_says_how_it_stands_and_no_secret() {
    for database in Database::each().await {
        let house = House::opens_with(database, HTTP, &[fixture("tables")]).await;
        let url = house.url();
        assert_eq!(ask(&format!("{url}/healthz")).await, (200, json!({"alive": true})));
        comes_to(&format!("{url}/readyz"), 200).await;
        let ready = format!("{url}/readyz");
        let answer = comes_to_be(&ready, |status, answer| status == 200 && states(answer) == ["polling"]).await;
        let digest = guesthouse_fixtures::get("tables").digest;
        let expected = json!({
            "ready": true,
            "reasons": [],
            "version": env!("CARGO_PKG_VERSION"),
            "bots": [{
                "name": "test",
                "state": "polling",
                "plugins": [{"name": "tables", "version": "0.1.0", "digest": digest}],
            }],
        });
        assert_eq!(answer, expected);
        let text = answer.to_string();
        let token = TOKEN.split_once(':').expect("a token").1;
        assert!(!text.contains(token) && !text.contains(&secret()), "{text}");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        assert_eq!(client.post(format!("{url}/readyz")).send().await.expect("an answer").status(), 405);
        assert_eq!(client.get(format!("{url}/")).send().await.expect("an answer").status(), 404);
        house.closes([]).await;
    }
}

#[tokio::test]
async fn who_does_not_ask_for_it_has_no_listener() {
    let (street, database) = (Street::opens().await, Database::sqlite());
    let text = street.configuration(&database, "", &[fixture("tables")]);
    let (host, tasks) = start(&text).await.expect("it starts");
    assert_eq!(host.address(), None);
    tasks.shutdown().begin();
    tasks.finish(Duration::from_secs(20)).await.expect("it ends");
    host.close().await;
    street.closes().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_an_error_with_a_hint() {
    let (street, database) = (Street::opens().await, Database::sqlite());
    let limits = format!("[http]\nlisten = {:?}", street.address);
    let text = street.configuration(&database, &limits, &[fixture("tables")]);
    let error = start(&text).await.err().expect("the emulator listens there").to_string();
    assert!(error.starts_with(&format!("cannot listen on `{}`: ", street.address)), "{error}");
    assert!(
        error.ends_with(
            "\nhint: end the program that has it, or write another address in http.listen (port 0 takes a free one)"
        ),
        "{error}"
    );
    street.closes().await;
}

#[tokio::test]
async fn a_bot_that_waits_or_is_refused_is_shown() {
    let (street, database) = (Street::opens().await, Database::sqlite());
    street.town.suffers(json!({"method": "getMe", "action": {"garbage": {"status": 502, "body": "<html>"}}})).await;
    let text = street.configuration(&database, HTTP, &[fixture("tables")]);
    let text = street.and_bot(&text, "other", "7000000002:nobody-knows-it", &[]);
    let house = House::opens_on(street, database, &text).await;
    let ready = format!("{}/readyz", house.url());
    comes_to_be(&ready, |status, answer| {
        let is_shown = states(answer) == ["waiting", "refused"];
        status == 503 && is_shown && answer["reasons"] == json!(["no bot runs"])
    })
    .await;
    house.street.town.recovers().await;
    let answer = comes_to(&ready, 200).await;
    assert_eq!(states(&answer)[1], "refused", "one of them stops no other");
    let user = house.person(1002);
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 1");
    house.closes([user]).await;
}

#[tokio::test]
async fn a_telegram_that_does_not_answer_is_shown_and_no_reason_to_restart() {
    let house = House::opens_with(Database::sqlite(), HTTP, &[fixture("tables")]).await;
    let ready = format!("{}/readyz", house.url());
    until("it polls", async || states(&ask(&ready).await.1) == ["polling"]).await;
    // It says so a moment before it asks.
    until("it asks", async || !house.street.town.calls("getUpdates").await.is_empty()).await;
    let broken = json!({"garbage": {"status": 502, "body": "<html>"}});
    house.street.town.suffers(json!({"method": "getUpdates", "action": broken})).await;
    let user = house.person(1002);
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 1", "it had been asked for before");
    comes_to_be(&ready, |status, answer| status == 200 && states(answer) == ["unanswered"]).await;
    house.street.town.recovers().await;
    until("it is well", async || states(&ask(&ready).await.1) == ["polling"]).await;
    house.closes([user]).await;
}

#[tokio::test]
async fn a_bot_whose_token_is_revoked_is_shown_and_stops_no_other() {
    for database in Database::each().await {
        let street = Street::opens().await;
        street.has_bot("7000000002:second", "second_bot").await;
        let text = street.configuration(&database, HTTP, &[fixture("tables")]);
        let text = street.and_bot(&text, "second", "7000000002:second", &[fixture("tables")]);
        let clock = Clock::manual(Clock::system().now());
        let house = House::opens_on_at(clock, street, database, &text).await;
        let ready = format!("{}/readyz", house.url());
        until("both poll", async || states(&ask(&ready).await.1) == ["polling"; 2]).await;
        let user = house.person(1002);
        let there = user.in_chat("p:7000000002:1002");
        user.says("/hit jar").await;
        assert_eq!(user.sees().await, "jar 1");
        // What it is told first is the answer to its next message: somebody has revoked the token.
        let revoked = json!({"error": {"code": 401, "description": "Unauthorized"}});
        house.street.town.suffers(json!({"method": "sendMessage", "bot": 7_000_000_001_i64, "action": revoked})).await;
        user.says("/hit jar").await;
        // The other one works.
        comes_to_be(&ready, |status, answer| status == 200 && states(answer) == ["refused", "polling"]).await;
        there.says("/hit jar").await;
        assert_eq!(there.sees().await, "jar 1");
        user.has_seen_everything().await;
        // It is asked for again now and then, and nothing was lost.
        house.street.town.recovers().await;
        house.passes(62).await;
        assert_eq!(user.sees().await, "jar 2");
        until("it is well", async || states(&ask(&ready).await.1) == ["polling"; 2]).await;

        // The other way to find out is to ask for updates.
        house.street.town.suffers(json!({"method": "getUpdates", "bot": 7_000_000_001_i64, "action": revoked})).await;
        user.says("/hit jar").await;
        assert_eq!(user.sees().await, "jar 3", "this one had been asked for before");
        until("it is shown", async || states(&ask(&ready).await.1)[0] == "refused").await;
        user.says("/hit jar").await;
        house.street.town.recovers().await;
        // A minute after its lease was given back, and that takes a slow disk a while.
        house.passes_until("SELECT COUNT(*) FROM updates WHERE bot_id = 7000000001", 4).await;
        assert_eq!(user.sees().await, "jar 4");
        until("it is well", async || states(&ask(&ready).await.1) == ["polling"; 2]).await;
        house.closes([user, there]).await;
    }
}

#[tokio::test]
async fn a_host_that_ends_says_so_and_takes_nothing_new() {
    let (street, database) = (Street::opens().await, Database::sqlite());
    let text = posted(&street, &database, &free_address(), "", &[fixture("tables")]);
    let house = House::opens_on(street, database, &text).await;
    let (user, url) = (house.person(1002), house.url());
    let file = crate::support::sends_a_file_to_wait_for(&user, &house.database).await;
    house.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
    user.says(&format!("/slow_hit jar {file}")).await;
    until("a turn waits", async || !house.street.town.calls("getFile").await.is_empty()).await;
    house.is_told_to_stop();
    comes_to_be(&format!("{url}/readyz"), |status, answer| {
        status == 503 && answer["reasons"] == json!(["the host is shutting down"])
    })
    .await;
    assert_eq!(ask(&format!("{url}/healthz")).await.0, 200);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{url}/hook/test")).header("X-Telegram-Bot-Api-Secret-Token", secret());
    let answer = request.body("{\"update_id\":1}").send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"2"[..]));
    // The turn under way is finished all the same.
    house.street.town.recovers().await;
    let (street, database) = house.stops().await;
    assert_eq!(database.number("SELECT hits FROM tables__counters").await, 1);
    assert_eq!(database.number("SELECT COUNT(*) FROM updates WHERE update_id = 1").await, 0);
    street.closes().await;
}
