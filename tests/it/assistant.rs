//! The assistant as people see it: who is answered by it, from what, and what happens without a model.

use guesthouse::clock::Clock;
use serde_json::{Value, json};

use crate::support::{BOT, Database, House, Model, Plugin, Says, Street, cards, png, profile};

mod groups;

/// The bundled assistant with all that it needs; asked last.
fn assistant() -> Plugin {
    Plugin::bundled("assistant")
        .granted(r#"["chat", "tables", "files", "llm"]"#)
        .under("priority = -100\nread = [\"profile.facts\", \"channels.feed\", \"channels.posts\"]")
}

/// A house with a model, or without one.
async fn opens(database: Database, llm: &str) -> House {
    let street = Street::opens().await;
    let text = street.configuration(&database, "", &[cards(), profile(), assistant()]) + llm;
    House::opens_on_at(Clock::manual(Clock::system().now()), street, database, &text).await
}

/// What the model was told first, and what was said since.
fn told(question: &Value) -> (String, Vec<String>) {
    let mut messages = question["messages"].as_array().expect("messages").iter();
    let text = |message: &Value| message["content"].as_str().unwrap_or("[parts]").to_owned();
    let first = messages.next().map(text).unwrap_or_default();
    (first, messages.map(text).collect())
}

const FACTS: &str = "SELECT COUNT(*) FROM profile__facts";

#[tokio::test]
async fn it_answers_what_nobody_else_does_and_knows_only_whom_it_talks_to() {
    for database in Database::each().await {
        let model = Model::answers(|question, said| {
            if said == "format" {
                return Says::text("# Plan\n\n1. **one**\n2. `two`\n\n| a | b |\n|---|---|\n| 1 | 22 |");
            }
            let seen = question["messages"].to_string().contains("data:image/");
            Says::text(if seen { "a red square".to_owned() } else { format!("you said {said}") })
        })
        .await;
        let house = opens(database, &model.section("")).await;
        let (ada, bob) = (house.person(1002), house.person(1003));
        // Another plugin's command is another plugin's.
        ada.says("/help").await;
        while !ada.sees().await.starts_with("How to check a card:") {}
        ada.says("I live in Haifa").await;
        while ada.sees().await != "you said I live in Haifa" {}
        // Before time goes by: the emulator's clock stays behind, and what a stranger wrote long ago the profile does not
        // read.
        bob.says("hello").await;
        // The other is what the profile says once to everybody.
        let both = [bob.sees().await, bob.sees().await];
        assert!(both.contains(&"you said hello".to_owned()), "{both:?}");
        house.passes_until(FACTS, 1).await;
        ada.says("where do I live?").await;
        assert_eq!(ada.sees().await, "you said where do I live?");
        let (told_of_ada, said) = told(model.asked().last().expect("a question"));
        assert!(told_of_ada.contains(r#"{"is":"Haifa","what":"city"}"#), "{told_of_ada}");
        assert_eq!(said, ["I live in Haifa", "you said I live in Haifa", "where do I live?"], "the talk so far");

        bob.says("where does Ada live?").await;
        assert_eq!(bob.sees().await, "you said where does Ada live?");
        let (told_of_bob, said) = told(model.asked().last().expect("a question"));
        assert!(!told_of_bob.contains("Haifa"), "{told_of_bob}");
        assert_eq!(said, ["hello", "you said hello", "where does Ada live?"], "nothing of the other's talk");

        ada.says("format").await;
        assert_eq!(ada.sees().await, "*Plan*\n\n1. *one*\n2. `two`\n\n```a │ b\n──┼───\n1 │ 22```");
        ada.sends_photos(&[&png(16, [255, 0, 0])], "what is it?").await;
        assert_eq!(ada.sees().await, "a red square");
        ada.says("/search haifa").await;
        assert_eq!(ada.sees().await, "Found for “haifa”:\n• city: *Haifa*");
        ada.says("/reset").await;
        assert!(ada.sees().await.starts_with("Forgotten: 8 messages"));
        ada.says("hello again").await;
        assert_eq!(ada.sees().await, "you said hello again");
        assert_eq!(told(model.asked().last().expect("a question")).1, ["hello again"]);
        house.closes([ada, bob]).await;
    }
}

#[tokio::test]
async fn a_picture_that_is_too_large_is_said_to_be_there() {
    let model = Model::answers(|question, said| {
        let seen = question["messages"].to_string().contains("data:image/");
        Says::text(format!("{} {said}", if seen { "seen:" } else { "unseen:" }))
    })
    .await;
    // The plugin that looks for codes in pictures is asked first, and can do nothing with these.
    let (street, database) = (Street::opens().await, Database::sqlite());
    let text = street.configuration(&database, "", &[cards(), assistant()]) + &model.section("");
    let house = House::opens_on(street, database, &text).await;
    let user = house.person(1002);
    // More than one call may carry, and less.
    let (large, small) = (vec![7; 1_500 << 10], vec![7; 700 << 10]);
    user.sends_document("large.png", &large, "what is it?").await;
    assert_eq!(user.sees().await, "unseen: what is it?\n[A picture came with this. It could not be shown to you.]");
    user.sends_document("large.png", &large, "").await;
    assert!(user.sees().await.starts_with("I cannot look at this picture: it is too large"));
    user.sends_document("unknown.heic", &small, "").await;
    assert!(user.sees().await.contains("of a kind that I do not know"));
    user.sends_document("small.png", &small, "and this?").await;
    assert_eq!(user.sees().await, "seen: and this?");
    user.sends_document("red.png", &png(16, [255, 0, 0]), "and that?").await;
    assert_eq!(user.sees().await, "seen: and that?", "there is no code on it");
    house.closes([user]).await;
}

#[tokio::test]
async fn without_a_model_it_says_why_and_searches() {
    for (llm, why) in [("", "no language model answers"), ("dead", "no language model answers")] {
        let model = Model::answers(|_, _| Says::Error(503, "loading".into())).await;
        let section = if llm.is_empty() { String::new() } else { model.section("timeout_s = 2") };
        let house = opens(Database::sqlite(), &section).await;
        let user = house.person(1002);
        user.says("I live in Haifa").await;
        loop {
            let seen = user.sees().await;
            if seen.contains("/search") {
                assert!(seen.contains(why), "{seen}");
                break;
            }
        }
        house.passes_until(FACTS, 1).await;
        user.says("haifa").await;
        // That somebody reads along may be said before or after the first answer.
        let mut seen = user.sees().await;
        if seen.starts_with("I read along") {
            seen = user.sees().await;
        }
        assert!(seen.contains(why) && seen.contains("city: *Haifa*"), "{seen}");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn in_a_group_it_answers_who_speaks_to_it() {
    let model = Model::answers(|_, said| Says::text(format!("you said {said}"))).await;
    let house = opens(Database::sqlite(), &model.section("")).await;
    let body = json!({"type": "supergroup", "title": "Club", "members": [1002, 1003], "bots": [7_000_000_001_i64]});
    let club = house.street.town.post("/chats", body).await;
    house.street.town.put("/bots/7000000001", json!({"reads_all": true})).await;
    let club = club["id"].as_str().map_or_else(|| club["id"].to_string(), str::to_owned);
    let user = house.person(1002).in_chat(&club);
    user.says("I live in Haifa").await;
    user.says(&format!("@{BOT} and where?")).await;
    while user.sees().await != "you said and where?" {}
    assert_eq!(model.asked().len(), 1, "what is said to others is not its business");
    assert!(!told(&model.asked()[0]).0.contains("Haifa"), "what it knows of people is not for a group");
    house.settles(&user).await;
    house.closes([user]).await;
}

#[tokio::test]
async fn what_is_read_in_the_background_makes_no_answer_begin_again() {
    for database in Database::each().await {
        let model = Model::answers(|_, _| Says::AsTold).await;
        let house = opens(database, &model.section("")).await;
        let user = house.person(1002);
        user.says("I live in Haifa").await;
        model.was_asked(1).await;
        // The answer is under way, and has read what the profile writes now.
        house.passes_until(FACTS, 1).await;
        model.says("A fine city.");
        model.ends();
        while !user.sees().await.ends_with("A fine city.") {}
        assert_eq!(model.asked().len(), 1);
        house.closes([user]).await;
    }
}
