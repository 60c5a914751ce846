//! Why: what an admin hears in Telegram and an operator at a terminal.

use guesthouse::clock::Clock;
use serde_json::json;

use super::opens;
use crate::support::{ADMIN, Database, fixture};

#[tokio::test]
async fn an_admin_asks_about_a_message_and_is_told_who_claimed_it() {
    for database in Database::each().await {
        let plugins =
            [fixture("attend").named("ada").with("me = \"ada\""), fixture("attend").named("bob").with("me = \"bob\"")];
        let (house, operator) = opens(Clock::system(), database, "", &plugins).await;
        let admin = house.person(ADMIN);
        let asked = admin.says("bob please").await;
        assert_eq!(admin.sees().await, "bob answers: bob please");
        let answered = admin.last()["message_id"].as_i64().expect("a number");
        house.database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
        house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 1", 1).await;
        let mut heard = Vec::new();
        for message in [answered, asked] {
            admin.sends(json!({ "from": ADMIN, "text": "/why", "reply_to_message_id": message })).await;
            heard.push(admin.sees().await);
        }
        let [of_answer, of_question] = &heard[..] else { panic!("two answers") };
        assert_eq!(of_answer, of_question, "it is one story");
        for part in [
            "of @test_house_bot: message, stored ",
            "user 1001 in chat 1001: “bob please”",
            "ada: passed after ",
            "bob: claimed it, done after ",
            "sendMessage “bob answers: bob please” to chat 1001: Telegram took it ",
            "turn ",
        ] {
            assert!(of_answer.contains(part), "{part}: {of_answer}");
        }
        // The operator hears the same by the update's number.
        let update = of_answer.split_whitespace().nth(1).expect("a number").to_owned();
        let said = operator.hears(&["why", &update]).await;
        assert_eq!(said.trim_end(), of_answer.trim_end());
        // The host has no part in what it says itself.
        house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 1", 3).await;
        let last = admin.last()["message_id"].as_i64().expect("a number");
        admin.sends(json!({ "from": ADMIN, "text": "/why", "reply_to_message_id": last })).await;
        assert_eq!(admin.sees().await, "The host itself sent that, not a plugin.");
        let said = operator.is_refused(&["why", "1"]).await;
        assert!(said.starts_with("error: nothing is known of it"), "{said}");
        house.closes([admin]).await;
    }
}

#[tokio::test]
async fn nobody_else_is_told_and_plugins_keep_their_why() {
    let plugins = [fixture("attend").named("ada").with("me = \"ada\"")];
    let (house, _) = opens(Clock::system(), Database::sqlite(), "", &plugins).await;
    let (admin, other) = (house.person(ADMIN), house.person(1002));
    let message = other.says("ada knows").await;
    assert_eq!(other.sees().await, "ada answers: ada knows");
    other.sends(json!({ "from": 1002, "text": "/why", "reply_to_message_id": message })).await;
    assert_eq!(other.sees().await, "ada is the last: /why");
    // An admin who answers no message asks no question of the host.
    admin.says("/why").await;
    assert_eq!(admin.sees().await, "ada is the last: /why");
    house.closes([admin, other]).await;
}

#[tokio::test]
async fn failures_limits_and_retries_are_told() {
    for database in Database::each().await {
        let (house, operator) = opens(Clock::system(), database, "", &[fixture("spin"), fixture("retry")]).await;
        let user = house.person(1002);
        let until = Clock::system().now() + 5_000;
        user.says(&format!("/until {until}")).await;
        assert_eq!(user.sees().await, "done: until");
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 1", 1).await;
        let said = operator.hears(&["why", "--event", "1"]).await;
        assert!(said.contains("retry: claimed it, done after "), "{said}");
        assert!(said.contains(": failed, it asks to be run again: ") && said.contains(": committed ("), "{said}");
        house.closes([user]).await;
    }
}
