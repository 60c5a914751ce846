//! Chats that cannot be written to, or not any more under the number that a plugin knows.

use serde_json::{Value, json};

use crate::support::{Database, House, Person, Plugin, Street, TOKEN, Town, fixture_granted, start};

/// Echo, which may write to every chat.
fn echo() -> Plugin {
    fixture_granted("echo", r#"["chat", "tables", { chat = ["*"] }, { telegram = ["setMessageReaction"] }]"#)
}

fn bot() -> i64 {
    TOKEN.split(':').next().and_then(|id| id.parse().ok()).expect("an id")
}

/// How often a message was to be put into a chat.
async fn sends(town: &Town, chat: i64) -> usize {
    let calls = town.calls("sendMessage").await;
    calls.iter().filter(|call| call["params"]["chat_id"] == chat).count()
}

async fn ended_as(house: &House, reason: &str) -> usize {
    let dead = house.database.texts("SELECT reason FROM outbox WHERE state = 2 ORDER BY seq").await;
    dead.iter().filter(|why| why.contains(reason)).count()
}

/// Lets a turn ask for four messages, of which the first is under way while `something` happens.
async fn four_messages_wait(house: &House, person: &Person, chat: Value, something: impl AsyncFnOnce()) {
    let town = &house.street.town;
    town.suffers(json!({"method": "sendMessage", "chat_id": chat, "action": "hold"})).await;
    let before = town.calls("sendMessage").await.len();
    person.says("/many 4").await;
    for _ in 0..600 {
        if town.calls("sendMessage").await.len() > before {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    something().await;
    town.recovers().await;
}

/// Looks until this text comes: echo also talks about who comes and goes.
async fn hears(person: &Person, text: &str) {
    while person.sees().await != text {}
}

#[tokio::test]
async fn who_blocks_the_bot_is_left_alone_until_speaking_again() {
    for database in Database::each().await {
        let house = House::opens(database, &[echo()]).await;
        let (admin, user) = (house.admin(), house.person(1002));
        user.says("hello").await;
        assert_eq!(user.sees().await, "hello");
        let block = async |blocked: bool| {
            house.street.town.post("/block", json!({"from": 1002, "bot": bot(), "blocked": blocked})).await;
        };
        four_messages_wait(&house, &user, json!(1002), async || block(true).await).await;
        house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 2", 4).await;
        assert_eq!(ended_as(&house, "bot was blocked by the user").await, 4, "one refusal speaks for all");
        assert_eq!(sends(&house.street.town, 1002).await, 2, "the answer to `hello`, and the one refused");

        // What comes later is not even tried, by the next host either.
        let house = house.restarts(&[echo()]).await;
        admin.says("/to 1002 are you there?").await;
        admin.says("said").await;
        assert_eq!(admin.sees().await, "said");
        house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 2", 5).await;
        assert_eq!(sends(&house.street.town, 1002).await, 2);
        assert_eq!(ended_as(&house, "bot was blocked by the user").await, 5);

        house.street.town.post("/block", json!({"from": 1002, "bot": bot(), "blocked": false})).await;
        user.says("here I am").await;
        hears(&user, "here I am").await;
        admin.says("/to 1002 welcome back").await;
        assert_eq!(user.sees().await, "welcome back");
        house.closes([admin, user]).await;
    }
}

#[tokio::test]
async fn an_account_that_is_deleted_and_a_group_that_throws_the_bot_out() {
    let house = House::opens(Database::sqlite(), &[echo()]).await;
    let (admin, user) = (house.admin(), house.person(1002));
    let town = &house.street.town;
    let deactivate = async |deactivated: bool| {
        town.put("/people/1002", json!({"deactivated": deactivated})).await;
    };
    user.says("hello").await;
    assert_eq!(user.sees().await, "hello");
    four_messages_wait(&house, &user, json!(1002), async || deactivate(true).await).await;
    house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 2", 4).await;
    assert_eq!(ended_as(&house, "user is deactivated").await, 4);
    deactivate(false).await;
    user.says("restored").await;
    assert_eq!(user.sees().await, "restored");

    let group = new_group(town).await;
    let there = user.in_chat(&group.to_string());
    there.says("hello").await;
    hears(&there, "hello").await;
    let member = async |action: &str| {
        let change = json!({"id": bot(), "action": action, "by": 1002});
        town.post(&format!("/chats/{group}/members"), change).await;
    };
    four_messages_wait(&house, &there, json!(group), async || member("leave").await).await;
    // The four, and what echo says to the group's notice that somebody has left.
    house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 2", 9).await;
    assert_eq!(ended_as(&house, "bot was kicked from the group chat").await, 5);
    // That the bot is there again is news enough, without anybody having said a word.
    member("join").await;
    house.database.comes_to("SELECT 1 - COUNT(*) FROM chats WHERE suspended_at IS NOT NULL", 1).await;
    admin.says(&format!("/to {group} hello again")).await;
    hears(&there, "hello again").await;
    house.closes([admin, user, there]).await;
}

async fn new_group(town: &Town) -> i64 {
    let group = json!({"type": "group", "title": "Club", "members": [1002, 1003], "bots": [bot()]});
    let group = town.post("/chats", group).await;
    // Echo is to hear what nobody addresses to it.
    town.put(&format!("/bots/{}", bot()), json!({"reads_all": true})).await;
    group["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

async fn upgrades(town: &Town, group: i64) -> i64 {
    let chat = town.post(&format!("/chats/{group}/upgrade"), json!({})).await;
    chat["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

#[tokio::test]
async fn a_group_that_becomes_a_supergroup_misses_nothing() {
    for database in Database::each().await {
        let house = House::opens(database, &[echo()]).await;
        let (admin, user) = (house.admin(), house.person(1002));
        let town = &house.street.town;
        let group = new_group(town).await;
        let there = user.in_chat(&group.to_string());
        there.says("/ref").await;
        hears(&there, "to be edited\n[Press]").await;
        let before = sends(town, group).await;
        let mut supergroup = 0;
        four_messages_wait(&house, &there, json!(group), async || supergroup = upgrades(town, group).await).await;
        let here = user.in_chat(&supergroup.to_string());
        // In order and once, whatever echo has to say about the notices.
        let (mut seen, mut about_me) = (Vec::new(), 0);
        while seen.len() < 4 || about_me < 2 {
            let text = here.sees().await;
            if text.starts_with("message") { seen.push(text) } else { about_me += 1 }
        }
        assert_eq!(seen, ["message 1", "message 2", "message 3", "message 4"]);
        assert_eq!(sends(town, group).await, before + 1, "one was refused, and the others knew");

        // Plugins go on with the old number as long as they like.
        admin.says(&format!("/to {group} by the old number")).await;
        assert_eq!(here.sees().await, "by the old number");
        assert_eq!(sends(town, group).await, before + 1);
        here.says("hello").await;
        assert_eq!(here.sees().await, "hello");
        house.closes([admin, user, here]).await;
    }
}

#[tokio::test]
async fn a_notice_is_enough_and_a_grant_moves_along() {
    let (database, street) = (Database::sqlite(), Street::opens().await);
    let town = street.town.clone();
    let (group, other) = (new_group(&town).await, new_group(&town).await);
    let grant = format!(r#"["chat", "tables", {{ chat = [{group}] }}, {{ telegram = ["setMessageReaction"] }}]"#);
    let text = street.configuration(&database, "", &[fixture_granted("echo", Box::leak(grant.into_boxed_str()))]);
    let (host, tasks) = start(&text).await.unwrap_or_else(|error| panic!("{error:#}"));
    let admin = town.person(1001);
    let (supergroup, elsewhere) = (upgrades(&town, group).await, upgrades(&town, other).await);
    database.comes_to("SELECT COUNT(*) FROM chats WHERE moved_to IS NOT NULL", 2).await;
    let member = town.person(1002).in_chat(&supergroup.to_string());
    crate::support::is_answered(&street, &database).await;
    member.skips().await;
    let stranger = town.person(1002).in_chat(&elsewhere.to_string());
    stranger.skips().await;
    // That the bot came into the group was answered there, if the host was quick enough.
    let before = (sends(&town, group).await, sends(&town, other).await);

    admin.says(&format!("/to {group} by the old number")).await;
    assert_eq!(member.sees().await, "by the old number");
    admin.says(&format!("/to {supergroup} by the new number")).await;
    assert_eq!(member.sees().await, "by the new number");
    // A turn may write to the group it came from by whichever number.
    stranger.says(&format!("/to {other} here")).await;
    assert_eq!(stranger.sees().await, "here");
    admin.says(&format!("/to {elsewhere} never seen")).await;
    admin.says(&format!("/to {other} never seen")).await;
    database.comes_to("SELECT COUNT(*) FROM inbox WHERE reason LIKE '%not granted%' OR attempt > 0", 1).await;
    assert_eq!((sends(&town, group).await, sends(&town, other).await), before, "nothing went to the old numbers");
    stranger.has_seen_everything().await;
    member.has_seen_everything().await;

    tasks.shutdown().begin();
    tasks.finish(std::time::Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
    host.close().await;
    street.closes().await;
}
