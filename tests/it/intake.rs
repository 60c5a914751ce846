//! What goes wrong between Telegram and the inbox costs time, never an update.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Database, House, Person, Street, fixture, until};
use crate::webhook::{free_address, posted};

const BOT: i64 = 7_000_000_001;

/// Every offset that was ever sent is the number after an update that is stored.
async fn offsets_were_derived(house: &House) {
    let stored = house.database.texts("SELECT CAST(update_id + 1 AS TEXT) FROM updates").await;
    let stored: BTreeSet<_> = stored.into_iter().collect();
    for call in house.street.town.calls("getUpdates").await {
        let offset = &call["params"]["offset"];
        assert!(offset.is_null() || stored.contains(&offset.to_string()), "offset {offset} of {stored:?}");
    }
}

async fn says_and_sees(user: &Person, numbers: std::ops::RangeInclusive<u32>) {
    for _ in numbers.clone() {
        user.says("/hit jar").await;
    }
    for number in numbers {
        assert_eq!(user.sees().await, format!("jar {number}"));
    }
}

#[tokio::test]
async fn bad_answers_cost_nothing_but_time() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("tables")]).await;
        let user = house.person(1002);
        says_and_sees(&user, 1..=1).await;
        let answers = [
            (2, json!({"garbage": {"status": 502, "body": "<html><h1>502 Bad Gateway</h1></html>"}})),
            (2, json!({"garbage": {"status": 200, "body": "{\"ok\":true,\"result\":[{\"update_id\":999999999,"}})),
            (1, json!({"garbage": {"status": 200, "body": "{\"ok\":true,\"result\":{\"update_id\":999999999}}"}})),
            (1, json!({"garbage": {"status": 200, "body": ""}})),
            (1, json!({"error": {"code": 500, "description": "Internal Server Error: restart"}})),
            (
                1,
                json!({"error": {"code": 429, "description": "Too Many Requests: retry after 1",
                "parameters": {"retry_after": 1}}}),
            ),
            (1, json!({"error": {"code": 409, "description": "Conflict: terminated by other getUpdates request"}})),
            (1, json!("drop")),
            (1, json!("accept_then_drop")),
            (2, json!("accept_then_cut")),
            (1, json!({"drip_ms": 1})),
        ];
        for (round, (count, action)) in answers.into_iter().enumerate() {
            let round = u32::try_from(round).expect("small") * 3 + 2;
            house.street.town.suffers(json!({"method": "getUpdates", "count": count, "action": action})).await;
            // The first ends the poll that is under way already.
            says_and_sees(&user, round..=round).await;
            says_and_sees(&user, round + 1..=round + 2).await;
        }
        offsets_were_derived(&house).await;
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn an_outage_is_asked_about_ever_more_rarely() {
    let house = House::opens(Database::sqlite(), &[fixture("tables")]).await;
    let user = house.person(1002);
    says_and_sees(&user, 1..=1).await;
    house.street.town.suffers(json!({"method": "getUpdates", "action": "drop"})).await;
    let before = house.street.town.calls("getUpdates").await.len();
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 2", "by the poll that was under way");
    // After 0, 500, 1500 and 3500 ms: four calls come in the time of a hot loop's thousands.
    until("it asks again", async || house.street.town.calls("getUpdates").await.len() >= before + 4).await;
    let calls = house.street.town.calls("getUpdates").await;
    let at: Vec<i64> = calls[before..].iter().map(|call| call["at"].as_i64().expect("a time")).collect();
    let pauses: Vec<_> = at.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses.iter().zip([400, 900, 1_900]).all(|(pause, least)| *pause >= least), "{pauses:?}");
    house.street.town.recovers().await;
    says_and_sees(&user, 3..=4).await;
    offsets_were_derived(&house).await;
    house.closes([user]).await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_waited_for() {
    let house = House::opens(Database::sqlite(), &[fixture("tables")]).await;
    let user = house.person(1002);
    says_and_sees(&user, 1..=1).await;
    house.street.town.suffers(json!({"method": "getUpdates", "action": "hold"})).await;
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 2");
    user.says("/hit jar").await;
    let calls = house.street.town.calls("getUpdates").await.len();
    house.street.town.recovers().await;
    assert_eq!(user.sees().await, "jar 3");
    assert!(house.street.town.calls("getUpdates").await.len() <= calls + 2, "one call waited, and no other was made");
    offsets_were_derived(&house).await;
    house.closes([user]).await;
}

#[tokio::test]
async fn a_token_that_was_revoked_ends_its_bot_alone() {
    let (street, database) = (Street::opens().await, Database::sqlite());
    street.has_bot("7000000002:other", "other_house_bot").await;
    let text = street.configuration(&database, "[http]\nlisten = \"127.0.0.1:0\"", &[fixture("tables")]);
    let text = street.and_bot(&text, "other", "7000000002:other", &[fixture("tables")]);
    let house = House::opens_on(street, database, &text).await;
    let user = house.person(1002);
    says_and_sees(&user, 1..=1).await;
    // Both wait for updates now, so the next call is that of the bot that gets one, and is refused.
    let polls = async || {
        let calls = house.street.town.calls("getUpdates").await;
        let last = |bot: i64| calls.iter().rev().find(|call| call["bot"] == json!(bot));
        // Still without an answer.
        [BOT, 7_000_000_002].into_iter().all(|bot| last(bot).is_some_and(|call| call["answer"].is_null()))
    };
    until("both bots poll", &polls).await;
    let fault = json!({"method": "getUpdates", "count": 1,
        "action": {"error": {"code": 401, "description": "Unauthorized"}}});
    house.street.town.suffers(fault).await;
    says_and_sees(&user, 2..=2).await;
    let ready = format!("{}/readyz", house.url());
    let states = async || {
        let answer: Value = reqwest::get(&ready).await.expect("an answer").json().await.expect("JSON");
        answer["bots"].as_array().expect("bots").iter().map(|bot| bot["state"].clone()).collect::<Vec<_>>()
    };
    until("the bot is refused", async || states().await[0] == "refused").await;
    let calls = house.street.town.calls("getUpdates").await.len();
    let there = user.in_chat("p:7000000002:1002");
    there.says("/hit jar").await;
    assert_eq!(there.sees().await, "jar 1");
    assert_eq!(states().await, ["refused", "polling"]);
    let after = house.street.town.calls("getUpdates").await;
    assert!(after[calls..].iter().all(|call| call["bot"] != json!(BOT)), "nobody asks with that token any more");
    house.closes([user, there]).await;
}

#[tokio::test]
async fn numbers_that_begin_again_lower_are_updates_like_others() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("tables")]).await;
        let user = house.person(1002);
        says_and_sees(&user, 1..=2).await;
        house.street.emulator.world(|world| world.restart_update_ids(BOT, 17));
        says_and_sees(&user, 3..=5).await;
        assert_eq!(house.database.number("SELECT MIN(update_id) FROM updates").await, 17);
        offsets_were_derived(&house).await;
        let house = house.restarts(&[fixture("tables")]).await;
        house.street.emulator.world(|world| world.restart_update_ids(BOT, 5));
        says_and_sees(&user, 6..=7).await;
        assert_eq!(house.database.number("SELECT MIN(update_id) FROM updates").await, 5);
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn what_nobody_understands_is_stored_and_stops_nothing() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("tables")]).await;
        let user = house.person(1002);
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep]);
        }
        let large = "x".repeat(512 * 1024);
        // Eight large ones are more than one answer takes.
        let mut odd = vec![json!({"message": {"text": large.as_str()}}); 8];
        odd.extend([
            json!({"something_new": {"chat": {"id": 1002}}}),
            json!({"message": "a text"}),
            json!({"message": {"message_id": "7", "chat": [], "date": null}}),
            json!({"callback_query": {"id": 7, "data": {"a": 1}}}),
            json!({"message": {"message_id": 7, "date": 1, "chat": {"id": 1002, "type": "private"}, "media_group_id": "a\u{0}"}}),
            json!({"my_chat_member": deep}),
            json!({"poll_answer": null}),
            json!({}),
        ]);
        let count = i64::try_from(odd.len()).expect("few");
        for update in odd {
            house.street.emulator.world(|world| world.push_raw_update(BOT, update)).unwrap_or_default();
        }
        says_and_sees(&user, 1..=1).await;
        // The empty one has no kind by which it could be queued.
        assert!(house.database.number("SELECT COUNT(*) FROM updates").await >= count);
        let large = house.database.number("SELECT CAST(MAX(LENGTH(raw)) AS BIGINT) FROM updates").await;
        assert!(large > 512 * 1024);
        offsets_were_derived(&house).await;
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn telegram_is_asked_for_what_the_plugins_want() {
    for (plugins, by_webhook) in [("echo", false), ("echo", true), ("tables", false)] {
        let (street, database) = (Street::opens().await, Database::sqlite());
        let text = match by_webhook {
            true => posted(&street, &database, &free_address(), "", &[fixture(plugins)]),
            false => street.configuration(&database, "", &[fixture(plugins)]),
        };
        let house = House::opens_on(street, database, &text).await;
        let method = if by_webhook { "setWebhook" } else { "getUpdates" };
        until("it asks", async || !house.street.town.calls(method).await.is_empty()).await;
        let asked = house.street.town.calls(method).await.remove(0)["params"]["allowed_updates"].clone();
        let asked = asked.as_array().expect("a list");
        for kind in ["chat_member", "message_reaction", "channel_post"] {
            assert_eq!(asked.contains(&json!(kind)), plugins == "echo", "{kind} for {plugins}: {asked:?}");
        }
        assert!(asked.contains(&json!("message")) && asked.contains(&json!("callback_query")));
        house.closes([]).await;
    }
}

#[tokio::test]
async fn too_many_waiting_events_make_the_intake_wait() {
    for database in Database::each().await {
        for by_webhook in [false, true] {
            let street = Street::opens().await;
            let limits = "waiting_events = 20\nconcurrent_turns = 1\nwall_ms = 120000";
            let database = match &database {
                Database::Sqlite(_) => Database::sqlite(),
                Database::Postgres(_) => Database::postgres().await.expect("as before"),
            };
            let text = match by_webhook {
                true => posted(&street, &database, &free_address(), limits, &[fixture("tables")]),
                false => {
                    let limits = format!("{limits}\n[http]\nlisten = \"127.0.0.1:0\"");
                    street.configuration(&database, &limits, &[fixture("tables")])
                }
            };
            flood(House::opens_on(street, database, &text).await, by_webhook).await;
        }
    }
}

/// A plugin that stands still, and the messages of thirty people.
async fn flood(house: House, by_webhook: bool) {
    let town = &house.street.town;
    let slow = house.person(1001);
    let file = crate::support::sends_a_file_to_wait_for(&slow, &house.database).await;
    town.suffers(json!({"method": "getFile", "action": "hold"})).await;
    slow.says(&format!("/slow_hit slow {file}")).await;
    until("a turn waits", async || !town.calls("getFile").await.is_empty()).await;
    let mut people = Vec::new();
    for number in 0..30 {
        people.push(town.newcomer(&format!("Guest {number}"), "en").await);
    }
    // As many as are allowed, and a few more: what is under way when the limit is reached is taken, too.
    for person in people.iter().take(25) {
        person.says("/hit jar").await;
    }
    let pending = || house.street.emulator.world(|world| world.webhook_info(BOT).expect("a bot"));
    let ready = format!("{}/readyz", house.url());
    let is_full = async || match by_webhook {
        // Telegram hears that it has to wait.
        true => pending()["last_error_message"].as_str().is_some_and(|why| why.contains("503")),
        false => {
            let answer: Value = reqwest::get(&ready).await.expect("an answer").json().await.expect("JSON");
            answer["bots"][0]["state"] == "paused"
        }
    };
    if !by_webhook {
        // Whoever posts is told so at once; who asks finds that there is no need to ask.
        until("the inbox is full", &is_full).await;
    } else {
        house.database.comes_to("SELECT COUNT(*) FROM updates", 20).await;
    }
    // By webhook a limit this small lets some twenty through in a second.
    let rounds: i64 = if by_webhook { 3 } else { 9 };
    for _ in 0..rounds {
        for person in &people {
            person.says("/hit jar").await;
        }
    }
    until("the inbox is full", &is_full).await;
    // What is not taken waits at Telegram, not here; a second look a while later finds the same.
    let (stored, asked) =
        (house.database.number("SELECT COUNT(*) FROM updates").await, town.calls("getUpdates").await.len());
    assert!(stored <= 20 + 100, "{stored} are more than the limit and a batch");
    let waiting = pending()["pending_update_count"].as_i64().expect("a number");
    assert!(stored + waiting >= 2 + 25 + rounds * 30, "{stored} are here and {waiting} there");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(house.database.number("SELECT COUNT(*) FROM updates").await, stored);
    assert_eq!(town.calls("getUpdates").await.len(), asked);
    town.recovers().await;

    let hits = "SELECT CAST(COALESCE(SUM(hits), 0) AS BIGINT) FROM tables__counters";
    for wave in 1..=10 {
        house.database.comes_to(hits, (wave * 30).min(25 + rounds * 30 + 1)).await;
    }
    for (index, person) in people.iter().enumerate() {
        let count = if index < 25 { rounds + 1 } else { rounds };
        let mut last = 0;
        for _ in 0..count {
            let number = person.sees().await.trim_start_matches("jar ").parse::<i64>().expect("a number");
            assert!(number > last, "in order");
            last = number;
        }
    }
    assert_eq!(slow.sees().await, "slow 1");
    people.push(slow);
    house.closes(people).await;
}
