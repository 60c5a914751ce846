//! What people and admins see when turns fail, come too late or get in each other's way.
//!
//! The host's clock is moved by hand: pauses, deadlines and ten minutes of counting take no time.

use std::time::Duration;

use guesthouse::clock::Clock;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::{ADMIN, Database, House, Person, Plugin, fixture};

const DEAD: &str = "SELECT COUNT(*) FROM inbox WHERE state = 2";

/// A house whose clock stands at this moment.
async fn opens(database: Database, limits: &str, plugins: &[Plugin]) -> House {
    House::opens_at(Clock::manual(Clock::system().now()), database, limits, plugins).await
}

/// The admin, whom the bot may write to.
async fn admin_at_the_phone(house: &House) -> Person {
    let admin = house.admin();
    let before = house.database.number("SELECT COUNT(*) FROM updates").await;
    admin.says("hello").await;
    house.database.comes_to("SELECT COUNT(*) FROM updates", before + 1).await;
    admin
}

#[tokio::test]
async fn a_poison_event_holds_up_its_own_chat_alone_and_not_for_ever() {
    for database in Database::each().await {
        let house = opens(database, "attempts = 4", &[fixture("trap")]).await;
        let (victim, bystander) = (house.person(1002), house.person(1003));
        victim.says("/trap_after_effects").await;
        victim.says("/marks").await;
        victim.says("/turns").await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE attempt > 0", 1).await;
        bystander.says("/marks").await;
        assert_eq!(bystander.sees().await, "0 marks, state None", "another chat is served meanwhile");
        assert_eq!(house.database.number(DEAD).await, 0);
        house.passes_until(DEAD, 1).await;
        assert_eq!(victim.sees_all(2).await, "0 marks, state None\n---\nturn 1 of this memory");
        assert_eq!(house.database.number("SELECT attempt FROM inbox WHERE state = 2").await, 4);
        let digest = house.database.text("SELECT digest FROM inbox WHERE state = 2").await;
        assert_eq!(digest, guesthouse_fixtures::get("trap").digest);
        house.closes([victim, bystander]).await;
    }
}

#[tokio::test]
async fn an_instance_that_trapped_is_never_used_again() {
    let house = opens(Database::sqlite(), "attempts = 1", &[fixture("trap")]).await;
    let user = house.person(1002);
    for round in 1..=3 {
        user.says("/trap").await;
        house.database.comes_to(DEAD, round).await;
        user.says("/turns").await;
        assert_eq!(user.sees().await, "turn 1 of this memory");
    }
    house.closes([user]).await;
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_run_and_no_dead_letter() {
    for database in Database::each().await {
        let house = opens(database, "attempts = 6", &[fixture("retry")]).await;
        let user = house.person(1002);
        let inline = |id: &str| {
            json!({"inline_query": {"id": id, "from": {"id": 1002, "is_bot": false,
            "first_name": "Buyer"}, "query": "q", "offset": ""}})
        };
        let push =
            |id: &'static str| house.street.emulator.world(|world| world.push_raw_update(7_000_000_001, inline(id)));

        // Failures after 0, 1, 3, 7 and 15 s; the sixth attempt would come after 31 s, and nobody would wait for it.
        push("1").expect("a bot");
        for (attempt, pause) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
            house.database.comes_to("SELECT COALESCE(MAX(attempt), 0) FROM inbox", attempt).await;
            house.clock().advance(Duration::from_secs(pause));
        }
        house.passes_until("SELECT COUNT(*) FROM inbox WHERE state = 3", 1).await;
        assert_eq!(house.database.number("SELECT attempt FROM inbox WHERE state = 3").await, 5);
        let reason = house.database.text("SELECT reason FROM inbox WHERE state = 3").await;
        assert_eq!(reason, "it asks to be run again: it is no command");

        // Behind a message that fails for 31 s, another query of the same person comes too late to be run at all.
        user.says("/always").await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox", 2).await;
        push("2").expect("a bot");
        house.database.comes_to("SELECT COUNT(*) FROM inbox", 3).await;
        user.says("/ping").await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox", 4).await;
        house.passes_until(DEAD, 1).await;
        assert_eq!(user.sees().await, "done: ping", "and the chat goes on");
        let late = "SELECT COUNT(*) FROM inbox WHERE state = 3 AND attempt = 0 AND digest IS NULL";
        assert_eq!(house.database.number(late).await, 1);
        let told = house.database.number("SELECT COUNT(*) FROM outbox WHERE plugin = ''").await;
        assert_eq!(told, 1, "the admins are told of the message that failed, not of what came too late");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn admins_are_told_once_and_then_in_one_message() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(tell_admins(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    ⚠️ Plugin give-up of bot test has given up on an event.
    user 1002 in chat 1002: “/give_up the  first”
    it gives up: the  first
    To try it again:
    `guesthouse dead retry 1`
    ---
    ⚠️ … and 5 more of plugin give-up of bot test since. The latest:
    it gives up: reason 5
    All of them, and the latest:
    `guesthouse dead list --plugin give-up
    guesthouse dead show 6`
    ");
}

async fn tell_admins(database: Database) -> String {
    let plugins = || [fixture("give-up")];
    let house = opens(database, "", &plugins()).await;
    let (admin, user) = (admin_at_the_phone(&house).await, house.person(1002));
    user.says("/give_up the \u{202e} first").await;
    let mut told = admin.sees().await;
    for number in 1..=5 {
        user.says(&format!("/give_up reason {number}")).await;
    }
    house.database.comes_to(DEAD, 6).await;
    let house = house.restarts(&plugins()).await;
    house.passes(580).await;
    admin.has_seen_everything().await;
    house.passes(40).await;
    told.push_str("\n---\n");
    told.push_str(&admin.sees().await);
    house.passes(700).await;
    house.closes([admin, user]).await;
    told
}

#[tokio::test]
async fn an_alert_that_cannot_be_delivered_makes_no_other() {
    let house = opens(Database::sqlite(), "", &[fixture("give-up")]).await;
    let user = house.person(1002);
    let blocked = json!({"error": {"code": 403, "description": "Forbidden: bot was blocked by the user"}});
    house.street.town.suffers(json!({"method": "sendMessage", "chat_id": ADMIN, "action": blocked})).await;
    user.says("/give_up no").await;
    house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE plugin = '' AND state <> 0", 1).await;
    house.passes(1_300).await;
    assert_eq!(house.database.number("SELECT COUNT(*) FROM outbox WHERE plugin = ''").await, 1);
    assert_eq!(house.database.number("SELECT CAST(SUM(untold) AS BIGINT) FROM alerts").await, 0);
    user.says("/ping").await;
    assert_eq!(user.sees().await, "pong");
    house.closes([user]).await;
}

#[tokio::test]
async fn an_admin_who_writes_to_the_bot_late_is_told_after_all() {
    for database in Database::each().await {
        let plugins = || [fixture("give-up")];
        let house = opens(database, "", &plugins()).await;
        let (admin, user) = (house.admin(), house.person(1002));
        user.says("/give_up no").await;
        house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE plugin = '' AND state = 2", 1).await;
        let house = house.restarts(&plugins()).await;
        admin.says("/ping").await;
        assert!(admin.sees().await.contains("has given up on an event"), "the alert comes first");
        assert_eq!(admin.sees().await, "pong");
        house.closes([admin, user]).await;
    }
}

#[tokio::test]
async fn a_plugin_that_fails_everywhere_is_left_alone_and_its_neighbour_is_not() {
    for database in Database::each().await {
        let house = opens(database, "attempts = 2\nbreaker = 3", &[fixture("trap"), fixture("echo")]).await;
        let admin = admin_at_the_phone(&house).await;
        assert_eq!(admin.sees().await, "hello");
        let mut people = Vec::new();
        for number in 0..3 {
            people.push(house.street.town.newcomer(&format!("Guest {number}"), "en").await);
            people[number].says("/trap").await;
            people[number].says("hello").await;
            assert_eq!(people[number].sees().await, "hello", "the neighbour answers");
        }
        let attempts = "SELECT CAST(SUM(attempt) AS BIGINT) FROM inbox";
        house.database.comes_to(attempts, 3).await;
        let opened = admin.sees().await;
        assert!(
            opened.starts_with("⛔ Plugin trap of bot test fails in every chat, 3 turns or more in a row."),
            "{opened}"
        );
        assert!(opened.contains("left alone for 30 seconds") && opened.contains("it crashed: "), "{opened}");

        // Everybody waits for the one plugin, and no attempt is used up; the other one answers.
        let late = house.person(1002);
        late.says("/marks").await;
        let claims = "SELECT CAST(SUM(fence) AS BIGINT) FROM lanes WHERE plugin = 'trap'";
        let before = house.database.number(claims).await;
        house.passes(28).await;
        assert_eq!(house.database.number(claims).await, before, "nothing is claimed that would only be put back");
        assert_eq!(house.database.number(attempts).await, 3, "{}", house.database.url());
        late.says("still there?").await;
        assert_eq!(late.sees().await, "still there?");
        late.has_seen_everything().await;

        // One turn at a time is tried, after 30 s and then after twice as long each time. Whose turn it is, is decided by
        // who has waited longest: in the end somebody's works.
        house.passes_until("SELECT COUNT(*) FROM inbox i JOIN lanes l ON l.id = i.lane_id WHERE l.plugin = 'trap' AND i.state <> 0", 4).await;
        assert_eq!(late.sees().await, "0 marks, state None");
        house.passes_until(DEAD, 3).await;
        let mut told = Vec::new();
        while told.len() < 2 {
            told.push(admin.sees().await);
        }
        assert!(told.iter().any(|text| text.starts_with("✅ Plugin trap of bot test works again")), "{told:#?}");
        assert!(told.iter().any(|text| text.contains("guesthouse dead retry")), "{told:#?}");
        house.settles(&admin).await;
        people.extend([admin, late]);
        house.closes(people).await;
    }
}

#[tokio::test]
async fn a_turn_that_runs_again_fetches_its_file_once() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("tables")]).await;
        let town = &house.street.town;
        let (slow, quick) = (house.person(1002), house.person(1003));
        let file = crate::support::sends_a_file_to_wait_for(&slow, &house.database).await;
        slow.says("/hit jar").await;
        assert_eq!(slow.sees().await, "jar 1");
        town.suffers(json!({"method": "getFile", "action": "hold"})).await;
        slow.says(&format!("/slow_hit jar {file}")).await;
        while town.calls("getFile").await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        quick.says("/hit jar").await;
        assert_eq!(quick.sees().await, "jar 2");
        town.recovers().await;
        assert_eq!(slow.sees().await, "jar 3", "it has run again");
        assert_eq!(town.calls("getFile").await.len(), 1, "{}", house.database.url());
        house.closes([slow, quick]).await;
    }
}

#[tokio::test]
async fn a_row_that_many_read_and_write_is_handed_on() {
    const PEOPLE: usize = 50;
    for database in Database::each().await {
        // Nobody loses patience while the clock stands, however slow the commits are.
        let house = opens(database, "", &[fixture("tables")]).await;
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            people.push(house.street.town.newcomer(&format!("Guest {number}"), "en").await);
        }
        people[0].says("/hit tally").await;
        assert_eq!(people[0].sees().await, "tally 1");
        futures_util::future::join_all(people.iter().map(|person| person.says("/raise tally"))).await;
        let done = i64::try_from(PEOPLE).expect("few") + 1;
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 1", done).await;
        house.passes_until("SELECT COUNT(*) FROM outbox WHERE state = 1", done).await;
        let mut counts = Vec::new();
        for person in &people {
            let answer = person.sees().await;
            counts.push(answer.split(' ').nth(1).and_then(|count| count.parse::<usize>().ok()).expect("a count"));
        }
        counts.sort_unstable();
        assert_eq!(counts, (2..=PEOPLE + 1).collect::<Vec<_>>(), "every turn counted one up, none twice");
        // A turn is refused once by what was committed before it queued; while it has the row, only a newcomer that has
        // not queued yet can get in its way, and each of those does so once.
        let again = house.database.number("SELECT CAST(SUM(conflicts) AS BIGINT) FROM journal").await;
        assert!(again > 0, "they wanted it at the same time");
        assert!(again <= 3 * done, "{again} runs again for {PEOPLE} turns on {}", house.database.url());
        house.database.check().await;
        house.closes(people).await;
    }
}
