//! With a language model: its failures are nobody's.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::support::{Model, Says, Street};

/// A house with a model that answers by a rule; the rule gets what the message says.
async fn opens_with(database: Database, model: &Model) -> House {
    let street = Street::opens().await;
    let plugins = [profile().with("llm = \"on\""), fixture("attend").named("ada").with("me = \"ada\"")];
    let text = street.configuration(&database, "", &plugins) + &model.section("timeout_s = 5");
    House::opens_on_at(Clock::manual(Clock::system().now()), street, database, &text).await
}

#[tokio::test]
async fn a_model_that_fails_or_hangs_delays_no_answer_and_loses_no_fact() {
    let asked = AtomicUsize::new(0);
    let model = Model::answers(move |_, _| match asked.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => Says::Error(503, "loading".into()),
        1 => Says::Nonsense("<html>".into()),
        _ => Says::Nothing,
    })
    .await;
    let house = opens_with(Database::sqlite(), &model).await;
    let user = house.person(1002);
    for said in ["ada, I live in Haifa", "ada, I am a nurse", "ada, I speak Hebrew", "ada, I love chess"] {
        user.says(said).await;
        // Whatever the model is at, the other plugin answers at once.
        sees_at_last(&user, &format!("ada answers: {said}")).await;
    }
    house.database.comes_to("SELECT messages FROM profile__weeks", 4).await;
    house.passes_until(FACTS, 4).await;
    assert_eq!(house.database.number("SELECT COUNT(*) FROM profile__facts WHERE method = 'rules'").await, 4);
    assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox WHERE state = 2").await, 0, "nothing died of it");
    user.skips().await;
    house.stops().await;
}
