//! How fast a bot sends: as fast as Telegram lets it, and no request before the time that Telegram has named.

use guesthouse::clock::Clock;
use guesthouse::host::Host;
use guesthouse::shutdown::Tasks;
use serde_json::{Value, json};

use crate::support::process::HostProcess;
use crate::support::{Database, House, Street, TOKEN, fixture, start, until};

/// By how much a chat was put off that has something to be sent.
const PUT_OFF: &str =
    "SELECT MAX(l.due_at) - MAX(o.due_at) FROM outbox o JOIN lanes l ON l.id = o.lane_id WHERE o.state = 0";
/// A second bot of the same house.
const OTHER: &str = "7000000002:other-house";

fn flood(seconds: u32) -> Value {
    json!({"error": {"code": 429, "description": format!("Too Many Requests: retry after {seconds}"),
        "parameters": {"retry_after": seconds}}})
}

/// When messages were to be put into chats, and what was answered.
async fn sends(street: &Street) -> Vec<(i64, i64, i64)> {
    let calls = street.town.calls("sendMessage").await;
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    calls
        .iter()
        .map(|call| (number(&call["at"]), number(&call["params"]["chat_id"]), number(&call["status"])))
        .collect()
}

#[tokio::test]
async fn a_bot_that_was_told_to_wait_waits_over_a_restart() {
    for database in Database::each().await {
        let street = Street::opens().await;
        let configuration = street.configuration(&database, "", &[fixture("echo")]);
        let people = [1001, 1002, 1003, 1004].map(|id| street.town.person(id));
        let host = HostProcess::starts(&configuration);
        people[0].says("hello").await;
        assert_eq!(people[0].sees().await, "hello");
        // Two chats are refused, and nothing gets through between them: it is the bot.
        street.town.suffers(json!({"method": "sendMessage", "count": 2, "action": flood(6)})).await;
        for person in &people[..2] {
            person.says("hi").await;
        }
        database.comes_to("SELECT CASE WHEN MAX(hold_until) > 0 THEN 1 ELSE 0 END FROM bots", 1).await;
        let told = sends(&street).await;
        assert_eq!(told.iter().filter(|(_, _, status)| *status == 429).count(), 2);
        host.dies();

        let host = HostProcess::starts(&configuration);
        for person in &people[2..] {
            person.says("me too").await;
        }
        for (person, text) in people.iter().zip(["hi", "hi", "me too", "me too"]) {
            assert_eq!(person.sees().await, text);
        }
        let all = sends(&street).await;
        let until = told[2].0 + 6_000;
        let early: Vec<_> = all[3..].iter().filter(|(at, _, _)| *at < until).collect();
        assert!(early.is_empty(), "told to wait until {until}: {early:?}");
        assert_eq!(all.len(), 7, "nobody was asked twice: {all:?}");
        for person in &people {
            person.has_seen_everything().await;
        }
        host.stops().await;
        database.check().await;
        street.closes().await;
    }
}

#[tokio::test]
async fn a_chat_or_a_bot_that_waits_keeps_nobody_else_waiting() {
    let (database, street) = (Database::sqlite(), Street::opens().await);
    street.has_bot(OTHER, "other_house_bot").await;
    let text = street.configuration(&database, "", &[fixture("echo")]);
    let text = street.and_bot(&text, "other", OTHER, &[fixture("echo")]);
    // Nothing that waits comes before the test moves the clock.
    let clock = Clock::manual(Clock::system().now());
    let started = guesthouse::testing::start(&text, &clock).await;
    let (host, tasks) = started.unwrap_or_else(|error| panic!("{error:#}"));
    let people = [1001, 1002, 1003].map(|id| street.town.person(id));

    street.town.suffers(json!({"method": "sendMessage", "chat_id": 1001, "count": 1, "action": flood(3)})).await;
    people[0].says("slow").await;
    database.comes_to("SELECT COUNT(*) FROM outbox WHERE attempt > 0", 1).await;
    for number in 0..5 {
        people[1].says(&format!("quick {number}")).await;
        assert_eq!(people[1].sees().await, format!("quick {number}"));
    }
    assert_eq!(sends(&street).await.iter().filter(|(_, chat, _)| *chat == 1001).count(), 1);

    // A second chat is refused while the first waits, but others have got through in between: these two alone.
    street.town.suffers(json!({"method": "sendMessage", "chat_id": 1002, "count": 1, "action": flood(3)})).await;
    people[1].says("slow").await;
    database.comes_to("SELECT COUNT(*) FROM outbox WHERE attempt > 0", 2).await;
    people[2].says("still quick").await;
    assert_eq!(people[2].sees().await, "still quick");
    assert_eq!(database.number("SELECT MAX(hold_until) FROM bots").await, 0);

    // Now it is the bot, and the other bot does not notice.
    street.town.suffers(json!({"method": "sendMessage", "chat_id": 1003, "count": 1, "action": flood(3)})).await;
    people[2].says("slow").await;
    let fourth = street.town.person(1004);
    street.town.suffers(json!({"method": "sendMessage", "chat_id": 1004, "count": 1, "action": flood(3)})).await;
    fourth.says("slow").await;
    database.comes_to("SELECT CASE WHEN MAX(hold_until) > 0 THEN 1 ELSE 0 END FROM bots", 1).await;
    let elsewhere = people[0].in_chat("p:7000000002:1001");
    for number in 0..5 {
        elsewhere.says(&format!("quick {number}")).await;
        assert_eq!(elsewhere.sees().await, format!("quick {number}"));
    }
    let waiting = "SELECT COUNT(*) FROM outbox WHERE state = 0 AND bot_id = 7000000001";
    assert!(database.number(waiting).await >= 2, "the first bot still waits");
    let is_sent = async || {
        clock.advance(std::time::Duration::from_secs(1));
        database.number(waiting).await == 0
    };
    until("everything is sent", is_sent).await;
    for person in people.iter().chain([&fourth]) {
        assert_eq!(person.sees().await, "slow");
        person.has_seen_everything().await;
    }
    tasks.shutdown().begin();
    tasks.finish(std::time::Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
    host.close().await;
    database.check().await;
    street.closes().await;
}

#[tokio::test]
async fn a_loud_chat_and_a_quiet_one_share_what_there_is() {
    for database in Database::each().await {
        // A tenth more than twenty is allowed in any one second, as `delivery/pace` says.
        let pace = "[sending]\nper_second = 20\nper_second_in_chat = 12\nburst_in_chat = 3\n";
        let house = House::opens_with(database, pace, &[fixture("echo")]).await;
        let limits = json!({"per_second": 22, "per_second_in_chat": 15, "retry_after": 30});
        house.street.town.put("/flood", limits).await;
        let (loud, quiet) = (house.person(1002), [1001, 1003, 1004].map(|id| house.person(id)));
        loud.says("/many 60").await;
        assert_eq!(loud.sees().await, "message 1");
        for round in 0..3 {
            for person in &quiet {
                person.says(&format!("round {round}")).await;
            }
            for person in &quiet {
                assert_eq!(person.sees().await, format!("round {round}"));
            }
        }
        let seen = house.database.number("SELECT COUNT(*) FROM outbox WHERE state = 0").await;
        assert!(seen > 20, "the loud one is far from its end: {seen}");
        for number in 2..=60 {
            assert_eq!(loud.sees().await, format!("message {number}"));
        }
        let kept = house.street.town.get("/flood").await;
        assert_eq!((&kept["refused"], &kept["early"]), (&json!(0), &json!(0)), "never too fast");
        house.closes(quiet.into_iter().chain([loud])).await;
    }
}

#[tokio::test]
async fn who_is_too_fast_obeys() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    house.street.town.put("/flood", json!({"per_second_in_chat": 2})).await;
    let (loud, quiet) = (house.person(1002), house.person(1003));
    loud.says("/many 7").await;
    assert_eq!(loud.sees().await, "message 1");
    quiet.says("hello").await;
    assert_eq!(quiet.sees().await, "hello");
    for number in 2..=7 {
        assert_eq!(loud.sees().await, format!("message {number}"));
    }
    let kept = house.street.town.get("/flood").await;
    assert!(kept["refused"].as_i64() >= Some(2), "no pace was set, so Telegram had to say it: {kept}");
    assert_eq!(kept["early"], 0, "and was obeyed");
    house.closes([loud, quiet]).await;
}

#[tokio::test]
async fn a_new_name_is_noticed_without_waiting_for_it() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    assert_eq!(house.database.text("SELECT name FROM bots").await, "Test House");
    let me =
        r#"{"ok":true,"result":{"id":7000000001,"is_bot":true,"first_name":"New House","username":"test_house_bot"}}"#;
    let garbage = json!({"garbage": {"status": 200, "body": me}});
    // The first time it is asked it does not answer, and the house opens all the same.
    house.street.town.suffers(json!({"method": "getMe", "count": 1, "action": "drop"})).await;
    house.street.town.suffers(json!({"method": "getMe", "count": 1, "action": garbage})).await;
    let house = house.restarts(&[fixture("echo")]).await;
    let user = house.person(1002);
    user.says("hello").await;
    assert_eq!(user.sees().await, "hello");
    house.database.comes_to("SELECT COUNT(*) FROM bots WHERE name = 'New House'", 1).await;
    house.closes([user]).await;
}

#[tokio::test]
async fn a_host_leaves_the_bots_of_others_alone() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    street.has_bot(OTHER, "other_house_bot").await;
    let text = street.configuration(&database, "", &[fixture("echo")]);
    let other = text.replace(TOKEN, OTHER).replace("\"test\"", "\"other\"");
    let stop = async |(host, tasks): (Host, Tasks)| {
        tasks.shutdown().begin();
        tasks.finish(std::time::Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
        host.close().await;
    };
    // A message waits while its bot's host is away.
    street.town.suffers(json!({"method": "sendMessage", "chat_id": 1002, "count": 1, "action": flood(5)})).await;
    let here = start(&text).await.unwrap_or_else(|error| panic!("{error:#}"));
    let user = street.town.person(1002);
    user.says("hello").await;
    database.comes_to("SELECT COUNT(*) FROM outbox WHERE attempt > 0", 1).await;
    stop(here).await;
    // A host of another bot sends its own, past the time at which that message is due.
    let there = start(&other).await.unwrap_or_else(|error| panic!("{error:#}"));
    let neighbour = street.town.person(1003).in_chat("p:7000000002:1003");
    let due = database.number("SELECT MAX(due_at) FROM outbox").await;
    let mut rounds = 0;
    while Clock::system().now() < due + 500 {
        rounds += 1;
        neighbour.says(&format!("quick {rounds}")).await;
        assert_eq!(neighbour.sees().await, format!("quick {rounds}"));
    }
    assert_eq!(database.number(PUT_OFF).await, 0, "it was not put off");
    let here = start(&text).await.unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(user.sees().await, "hello");
    stop(here).await;
    stop(there).await;
    database.check().await;
    street.closes().await;
}
