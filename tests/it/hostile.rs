//! Plugins that mean harm: each attack fails in plain words, leaves nothing behind, and everybody else is served.
//!
//! What each costs its neighbours in time is measured by `cargo bench -p guesthouse --bench neighbours`.

mod loads;

mod memory;

mod rows;

mod turns;

use serde_json::Value;

use crate::support::{Database, Person};

/// What people said that ended as a dead letter, and the reason, in the order in which it came.
async fn dead_letters(database: &Database) -> Vec<(String, String)> {
    let said = database
        .texts("SELECT u.raw FROM inbox i JOIN updates u ON u.seq = i.update_seq WHERE i.state = 2 ORDER BY i.seq")
        .await;
    let reasons = database.texts("SELECT COALESCE(reason, '') FROM inbox WHERE state = 2 ORDER BY seq").await;
    let text = |raw: &String| {
        let raw: Value = serde_json::from_str(raw).expect("JSON");
        raw["message"]["text"].as_str().expect("a text").to_owned()
    };
    said.iter().map(text).zip(reasons).collect()
}

/// Somebody who talks to another plugin, `trap`, is served.
pub async fn serves_others(bystander: &Person) {
    bystander.says("/marks").await;
    assert_eq!(bystander.sees().await, "0 marks, state None");
}
