//! Checks of cards that are more than one person's: guessing, copied labels, a thousand at once, groups.

use std::time::Duration;

use guesthouse::clock::Clock;
use insta::assert_snapshot;
use serde_json::json;

use crate::cards::{Reads as _, add_card, last_code};
use crate::support::{BOT, Database, House, cards};

#[tokio::test]
async fn guessing_is_slowed_down_and_reported_once() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(guess(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    ⚠️ This is not a complete code: a character is missing or wrong.

    A code has 20 characters. Please compare it with the label.
    ---
    ⚠️ This is not a complete code: a character is missing or wrong.

    A code has 20 characters. Please compare it with the label.

    ⏳ That was one wrong code too many. I will look at the next one in 1 minute.
    ---
    ⏳ Too many wrong codes. Please try again in 60 seconds.
    =====
    ⚠️ Somebody is trying codes: Buyer (id `1002`) has sent more than 5 wrong codes within 10 minutes and has to wait now.
    @buyer
    ");
}

async fn guess(database: Database) -> String {
    let mut told = Vec::new();
    // All attempts fall into one second, however long they take here.
    let house = House::opens_at(Clock::manual(Clock::system().now()), database, "", &[cards()]).await;
    let (admin, guesser) = (house.admin(), house.person(1002));
    admin.says("/start").await;
    admin.sees().await;
    let mut answers = Vec::new();
    for _ in 0..13 {
        house.clock().advance(Duration::from_millis(1));
        guesser.says("/verify K7QF-9M2X-4TRA-88BC-PD3N").await;
        answers.push(guesser.reads().await);
    }
    answers.dedup();
    told.push(answers.join("\n---\n"));
    told.push(admin.reads().await);
    house.closes([admin, guesser]).await;
    told.join("\n=====\n")
}

#[tokio::test]
async fn a_label_that_many_people_check_is_reported() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(copy_a_label(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    ⚠️ A copied label? *Amber* has been checked by 2 different people.
    [Open the card]
    ");
}

async fn copy_a_label(database: Database) -> String {
    let mut told = Vec::new();
    let house = House::opens(database, &[cards().with("copy_warning_users = 2")]).await;
    let admin = house.admin();
    add_card(&admin, "Amber").await;
    let code = last_code(&house).await;
    for name in ["One", "Two", "Three"] {
        let buyer = house.street.town.newcomer(name, "en").await;
        buyer.says(&code).await;
        buyer.sees().await;
    }
    told.push(admin.reads().await);
    house.closes([admin]).await;
    told.join("\n=====\n")
}

#[tokio::test]
async fn a_thousand_checks_at_once_are_counted_exactly() {
    for database in Database::each().await {
        let house = House::opens(database, &[cards().with("copy_warning_users = 1000")]).await;
        let admin = house.admin();
        for number in 0..10 {
            add_card(&admin, &format!("Card{number}")).await;
        }
        let codes = house.database.texts("SELECT code FROM cards__cards ORDER BY id").await;
        let mut buyers = Vec::new();
        for number in 0..100 {
            buyers.push(house.street.town.newcomer(&format!("Buyer {number}"), "en").await);
        }
        // Everybody checks every card, each beginning with another one, all at once.
        let checks = buyers.iter().enumerate().map(|(first, buyer)| {
            let codes = &codes;
            async move {
                for step in 0..10 {
                    buyer.says(&codes[(first + step) % 10]).await;
                }
                let mut seen = Vec::new();
                for _ in 0..10 {
                    seen.push(buyer.sees().await);
                }
                seen
            }
        });
        let seen: Vec<String> = futures_util::future::join_all(checks).await.into_iter().flatten().collect();
        for number in 0..10 {
            let name = format!("Card{number}");
            let mut counts: Vec<i64> =
                seen.iter().filter(|text| text.contains(&name)).map(|text| count_in(text)).collect();
            counts.sort_unstable();
            assert_eq!(counts, (1..=100).collect::<Vec<_>>(), "{name} on {}", house.database.url());
        }
        assert_eq!(house.database.number("SELECT COUNT(*) FROM cards__checks").await, 1000);
        assert_eq!(house.database.number("SELECT CAST(SUM(checks) AS BIGINT) FROM cards__cards").await, 1000);
        buyers.push(admin);
        house.closes(buyers).await;
    }
}

/// The count that a check's answer names.
fn count_in(text: &str) -> i64 {
    if text.contains("first check") {
        return 1;
    }
    let (_, rest) = text.split_once("Checked ").unwrap_or_else(|| panic!("no count in {text}"));
    rest.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("no count in {text}"))
}

#[tokio::test]
async fn in_a_group_only_what_is_meant_for_the_bot_is_answered() {
    let mut told = Vec::new();
    for database in Database::each().await {
        told.push(talk_in_a_group(database).await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "the databases differ: {told:#?}");
    assert_snapshot!(told[0], @"
    ⚠️ This is not a complete code: a character is missing or wrong.

    A code has 20 characters. Please compare it with the label.
    ");
}

async fn talk_in_a_group(database: Database) -> String {
    let mut told = Vec::new();
    let house = House::opens(database, &[cards()]).await;
    let buyer = house.person(1002);
    let group = json!({"type": "supergroup", "title": "Buyers", "members": [1002], "bots": [7_000_000_001_i64]});
    let group = house.street.town.post("/chats", group).await;
    let group = group["id"].as_str().map_or_else(|| group["id"].to_string(), str::to_owned);
    // Out of privacy mode, or silence would prove nothing.
    house.street.town.put("/bots/7000000001", json!({"reads_all": true})).await;
    let there = buyer.in_chat(&group);
    there.says("just talking").await;
    there.says("/verify@some_other_bot K7QF").await;
    there.says(&format!("/verify@{BOT} K7QF")).await;
    told.push(there.reads().await);
    house.closes([there]).await;
    told.join("\n=====\n")
}
