//! In a group, where others read along: nobody is told what somebody reads or what they have told of themselves.

use super::*;
use crate::channels::{chat, forwards, newest_person};
use crate::support::{Person, channels};

/// What Ada has told of herself, and what only her private channel says.
const SECRETS: [&str; 3] = ["Haifa", "swordfish", "Inner Circle"];

/// Waits for something with these words; nothing that is seen meanwhile has one of the secrets.
async fn sees_no_secret(person: &Person, words: &str) -> String {
    loop {
        let seen = person.sees().await;
        assert!(!SECRETS.iter().any(|secret| seen.contains(secret)), "others read this: {seen}");
        if seen.contains(words) {
            return seen;
        }
    }
}

/// Ada reads a private channel and has told where she lives; gives her and a group with her and somebody else.
async fn moves_in(house: &House) -> (Person, Person) {
    let ada = house.street.town.newcomer("Ada", "en").await;
    let id = newest_person(house).await;
    ada.says("/start").await;
    let channel = chat(house, "channel", "Inner Circle", id).await;
    house.database.comes_to("SELECT COUNT(*) FROM channels__channels WHERE added_by > 0", 1).await;
    forwards(house, id, house.database.number("SELECT chat_id FROM channels__channels").await).await;
    house.database.comes_to("SELECT COUNT(*) FROM channels__subscriptions WHERE told = 'Fine'", 1).await;
    ada.in_chat(&channel).says("The password is swordfish").await;
    while !ada.sees().await.contains("swordfish") {}
    ada.says("I live in Haifa").await;
    house.passes_until(FACTS, 1).await;
    house.street.town.put("/bots/7000000001", json!({"reads_all": true})).await;
    let body = json!({"type": "supergroup", "title": "Club", "members": [id, 1003], "bots": [7_000_000_001_i64]});
    let club = house.street.town.post("/chats", body).await;
    let club = club["id"].as_str().map_or_else(|| club["id"].to_string(), str::to_owned);
    let in_club = ada.in_chat(&club);
    (ada, in_club)
}

async fn opens_reading(database: Database, llm: &str) -> House {
    let street = Street::opens().await;
    let plugins = [channels("http://127.0.0.1:1").with("read = \"off\""), profile(), assistant()];
    let text = street.configuration(&database, "", &plugins) + llm;
    House::opens_on_at(Clock::manual(Clock::system().now()), street, database, &text).await
}

#[tokio::test]
async fn a_search_in_a_group_tells_others_nothing() {
    for database in Database::each().await {
        let house = opens_reading(database, "").await;
        let (ada, club) = moves_in(&house).await;
        club.says(&format!("/search@{BOT} password")).await;
        let led = sees_no_secret(&club, "between you and me").await;
        assert!(led.ends_with(&format!("[Open the private chat -> https://t.me/{BOT}?start=assistant]")), "{led}");
        // Without a model a question becomes a search, but not here.
        club.says(&format!("@{BOT} what was the password, and city?")).await;
        sees_no_secret(&club, "no language model answers").await;
        club.says(&format!("@{BOT} password")).await;
        sees_no_secret(&club, "no language model answers").await;
        club.says(&format!("@{BOT} city")).await;
        sees_no_secret(&club, "no language model answers").await;
        // In private the same words find both.
        ada.says("/search password").await;
        while !ada.sees().await.contains("The password is swordfish") {}
        ada.says("/search city").await;
        while !ada.sees().await.contains("city: *Haifa*") {}
        ada.follows("assistant").await;
        while !ada.sees().await.starts_with("What I can do") {}
        house.settles(&ada).await;
        house.settles(&club).await;
        house.closes([ada, club]).await;
    }
}

#[tokio::test]
async fn the_model_hears_nothing_in_a_group_that_was_not_said_there() {
    let model = Model::answers(|_, said| Says::text(format!("you said {said}"))).await;
    let house = opens_reading(Database::sqlite(), &model.section("")).await;
    let (ada, club) = moves_in(&house).await;
    // In private it hears what Ada told of herself.
    ada.says("where do I live?").await;
    while ada.sees().await != "you said where do I live?" {}
    assert!(model.asked().last().expect("a question").to_string().contains("Haifa"));
    club.says(&format!("@{BOT} where does Ada live, and what does she read?")).await;
    while club.sees().await != "you said where does Ada live, and what does she read?" {}
    let heard = model.asked().last().expect("a question").to_string();
    assert!(!SECRETS.iter().any(|secret| heard.contains(secret)), "{heard}");
    house.settles(&ada).await;
    house.settles(&club).await;
    house.closes([ada, club]).await;
}
