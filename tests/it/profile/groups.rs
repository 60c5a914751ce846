//! Groups: one notice for all, everybody's own switch, and nobody's data in front of others.

use super::*;

pub(super) async fn group(house: &House, members: &[i64]) -> String {
    let body = json!({"type": "supergroup", "title": "Club", "members": members, "bots": [7_000_000_001_i64]});
    let group = house.street.town.post("/chats", body).await;
    house.street.town.put("/bots/7000000001", json!({"reads_all": true})).await;
    group["id"].as_str().map_or_else(|| group["id"].to_string(), str::to_owned)
}

#[tokio::test]
async fn a_group_is_told_once_and_shows_nothing_of_anybody() {
    let house = opens(Database::sqlite()).await;
    let club = group(&house, &[1002, 1003]).await;
    let (one, other) = (house.person(1002).in_chat(&club), house.person(1003).in_chat(&club));
    one.says("I live in Berlin").await;
    assert!(one.sees().await.starts_with("I read along: what people tell about themselves here"));
    other.says("живу в Москве").await;
    house.passes_until(FACTS, 2).await;
    one.says(&format!("/profile@{BOT}")).await;
    assert_eq!(
        one.sees().await,
        format!("That is between you and me.\n[Open the private chat -> https://t.me/{BOT}?start=profile]")
    );
    one.says(&format!("/export@{BOT}")).await;
    assert!(one.sees().await.starts_with("That is between you and me."));
    // In private everybody sees their own, with a link to where it was said.
    let (alone, other_alone) = (house.person(1002), house.person(1003));
    alone.follows("profile").await;
    let seen = sees_at_last(&alone, "What I know about you").await;
    assert!(seen.contains("City: *Berlin*") && seen.contains("message<https://t.me/c/"), "{seen}");
    assert!(!seen.contains("Москва"), "{seen}");
    other_alone.says("/profile").await;
    let seen = sees_at_last(&other_alone, "Что я о вас знаю").await;
    assert!(seen.contains("Москва") && !seen.contains("Berlin"), "{seen}");
    for person in [&alone, &other_alone, &one, &other] {
        house.settles(person).await;
    }
    house.closes([alone, other_alone, one, other]).await;
}

#[tokio::test]
async fn everybody_has_a_switch_and_the_bots_admin_one_for_all() {
    let house = opens(Database::sqlite()).await;
    let club = group(&house, &[1001, 1002, 1003]).await;
    let (admin, one, other) =
        (house.admin().in_chat(&club), house.person(1002).in_chat(&club), house.person(1003).in_chat(&club));
    one.says(&format!("/profile@{BOT} off")).await;
    sees_at_last(&one, "I do not read your messages in this group any more.").await;
    one.says("I live in Berlin").await;
    other.says("живу в Москве").await;
    house.passes_until(FACTS, 1).await;
    other.says(&format!("/profile@{BOT} off all")).await;
    sees_at_last(&one, "Это могут владельцы бота").await;
    admin.says(&format!("/profile@{BOT} off all")).await;
    sees_at_last(&one, "I do not read anybody in this group any more.").await;
    let before = house.database.number("SELECT COUNT(*) FROM updates").await;
    other.says("я врач").await;
    // Nothing waits before it has come, either.
    house.database.comes_to("SELECT COUNT(*) FROM updates", before + 1).await;
    house.database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
    let known = house.database.texts("SELECT value FROM profile__statements").await;
    assert_eq!(known, ["Москва"]);
    for person in [&admin, &one, &other] {
        house.settles(person).await;
    }
    house.closes([admin, one, other]).await;
}
