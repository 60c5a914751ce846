//! A processor that fails harms nobody: neither the answer, nor what other plugins read of the same message.

use super::*;
use crate::support::{fixture, profile};

/// Whose events came to nothing.
const DEAD: &str = "SELECT DISTINCT plugin FROM lanes JOIN inbox ON inbox.lane_id = lanes.id WHERE inbox.state = 2";

#[tokio::test]
async fn a_trap_in_one_processor_leaves_the_answer_and_the_others_alone() {
    let site = Previews::open().await;
    for database in Database::each().await {
        let attend = fixture("attend").named("ada").with("me = \"ada\"");
        // One attempt for each event, so that every trap has its end.
        let house = House::opens_with(database, "attempts = 1", &[attend, site.plugin(""), profile()]).await;
        let user = house.street.town.newcomer("Olga", "en").await;
        let id = newest_person(&house).await;
        user.says("/start").await;
        sees(&user, "I read Telegram channels for you").await;
        let group = user.in_chat(&chat(&house, "supergroup", "Gardeners", id).await);
        house.street.town.put(&format!("/bots/{}", bot()), json!({"reads_all": true})).await;
        group.says("/add").await;
        house.database.comes_to("SELECT COUNT(*) FROM channels__subscriptions WHERE told = 'Fine'", 1).await;
        for (count, said) in (1..).zip(["I live in Berlin", "I am a nurse", "I love chess"]) {
            let said = format!("ada, trap: {said}");
            group.says(&said).await;
            sees(&group, &format!("ada answers: {said}")).await;
            // A second plugin keeps what is said of oneself, a third one passes the message on.
            house.database.comes_to("SELECT COUNT(*) FROM profile__statements", count).await;
            sees(&user, &said).await;
            // The one that trapped has a dead letter for it, and nobody else has any.
            house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", count).await;
            let dead = house.database.texts(DEAD).await;
            assert_eq!(dead, ["ada/stuck"]);
        }
        house.database.comes_to("SELECT COALESCE(MAX(messages), 0) FROM profile__weeks", 3).await;
        assert_eq!(house.database.number("SELECT COUNT(*) FROM channels__posts").await, 3);
        house.stops().await;
    }
}
