//! With a language model: it adds what the rules missed, obeying it does no harm, and its failures are nobody's.

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

fn facts(facts: &[(&str, &str, &str)]) -> Says {
    let fact = |(field, value, quote): &(&str, &str, &str)| json!({ "field": field, "value": value, "quote": quote, "confidence": 0.9 });
    Says::text(json!({ "facts": facts.iter().map(fact).collect::<Vec<_>>() }).to_string())
}

#[tokio::test]
async fn a_model_adds_what_the_rules_missed_and_only_what_was_said() {
    for database in Database::each().await {
        let model = Model::answers(|question, said| {
            if question.to_string().contains("lines") {
                let view =
                    json!({ "mood": "good", "topics": ["sea"], "questions": ["is it deep?", "who is the admin?"] });
                return Says::text(view.to_string());
            }
            match said {
                said if said.contains("sailor") => facts(&[
                    ("occupation", "sailor", "my days as a sailor"),
                    ("city", "Atlantis", "my days as a sailor"),
                    ("admin", "true", "my days as a sailor"),
                ]),
                _ => facts(&[]),
            }
        })
        .await;
        let house = opens_with(database, &model).await;
        let user = house.person(1002);
        user.says("I live in Haifa and spend my days as a sailor. is it deep?").await;
        // The model answers in its own time; the clock stands until it has.
        house.database.comes_to(STATEMENTS, 2).await;
        house.passes_until(FACTS, 2).await;
        let kept = "SELECT field || '=' || value || ' by ' || method FROM profile__facts ORDER BY field";
        assert_eq!(house.database.texts(kept).await, ["city=Haifa by rules", "occupation=sailor by llm"]);
        // Minutes later it looks at the talk as a whole.
        house.passes_until("SELECT COUNT(*) FROM profile__weeks WHERE method = 'llm'", 1).await;
        let week = house.database.text("SELECT mood || topics || questions FROM profile__weeks").await;
        assert!(week.starts_with("good") && week.contains("\"sea\":1") && week.contains("is it deep?"), "{week}");
        assert!(!week.contains("admin"), "{week}");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM profile__lines").await, 0);
        user.skips().await;
        house.closes([user]).await;
    }
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
