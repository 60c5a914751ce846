//! Other builds of a plugin: run on recorded turns, and beside the plugin as its shadow.

use std::path::{Path, PathBuf};

use guesthouse::clock::Clock;

use super::opens;
use crate::support::{Database, component, fixture};

/// A fixture with some words in it replaced by others of the same length: another build of it.
fn rebuilt(name: &'static str, words: &[u8], by: &[u8]) -> PathBuf {
    assert_eq!(words.len(), by.len(), "nothing may move");
    let mut bytes = guesthouse_fixtures::get(name).component.to_vec();
    let mut found = 0;
    for at in 0..bytes.len() - words.len() {
        if bytes[at..].starts_with(words) {
            bytes[at..at + by.len()].copy_from_slice(by);
            found += 1;
        }
    }
    assert!(found > 0, "{name} says that nowhere");
    let digest: String = by.iter().map(|byte| format!("{byte:02x}")).collect();
    component(&format!("{name}-with-{digest}"), &bytes)
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[tokio::test]
async fn a_changed_build_is_told_apart_by_what_it_does() {
    for database in Database::each().await {
        let (house, operator) = opens(Clock::system(), database, "", &[fixture("dialogue")]).await;
        for id in [1002, 1003, 1004] {
            let user = house.person(id);
            user.says("/talk").await;
            assert_eq!(user.sees().await, "what is your name?");
        }
        let other = rebuilt("dialogue", b"what is your name?", b"what is YOUR name?");
        let said = operator.is_refused(&["replay", "--plugin", path(&other), "--last", "500"]).await;
        assert!(
            said.starts_with("3 turns run again: 0 the same, 3 different:\n\n3 turns, such as turn 3:\n"),
            "{said}"
        );
        assert!(
            said.contains("message 1 (SendText) message text content: “what is your name?” → “what is YOUR name?”"),
            "{said}"
        );
        assert!(said.contains("note: recorded with component "), "{said}");
        assert!(said.ends_with("error: what was run again did something else than was recorded\n"), "{said}");
        // One of them with its trace, on both builds.
        let said = operator.is_refused(&["replay", "1", "--plugin", path(&other)]).await;
        assert!(said.contains("NOT identical to the record:\n  message 1"), "{said}");
        let said = operator.hears(&["replay", "1"]).await;
        assert!(said.ends_with("identical to the record\n"), "{said}");
        // Nothing of it had an effect.
        assert_eq!(house.database.number("SELECT COUNT(*) FROM outbox").await, 3);
        assert_eq!(house.database.number("SELECT COUNT(*) FROM journal").await, 3);
        let said = operator.is_refused(&["replay", "--name", "nobody", "--last", "5"]).await;
        assert!(said.contains("there are no turns of plugin `nobody` in the journal\nhint: "), "{said}");
        let said = operator.is_refused(&["replay", "4711"]).await;
        assert!(said.starts_with("error: there is no turn 4711 in the journal\nhint: "), "{said}");
        house.closes([]).await;
    }
}

#[tokio::test]
async fn a_question_without_an_answer_is_named() {
    let (house, operator) = opens(Clock::system(), Database::sqlite(), "", &[fixture("tables")]).await;
    let user = house.person(1002);
    user.says("/hit").await;
    assert_eq!(user.sees().await, "main 1");
    let other = rebuilt("tables", b"main", b"mail");
    let said = operator.is_refused(&["replay", "--plugin", path(&other), "--last", "500"]).await;
    assert!(said.contains("diverged: the record has no answer for rows of `counters`"), "{said}");
    assert!(said.contains("name Eq Text(\"mail\")"), "{said}");
    house.closes([user]).await;
}

/// The next build has a column that may be null and was not there before; the one in whose place it stands is gone.
#[tokio::test]
async fn a_build_with_another_column_reads_nothing_in_it() {
    for database in Database::each().await {
        let next = rebuilt("tables", b"price", b"prise");
        let plugin = fixture("tables").under(&format!("shadow = {next:?}"));
        let (house, operator) = opens(Clock::system(), database, "", &[plugin]).await;
        let user = house.person(1002);
        for (says, sees) in
            [("/add tea 5 green", "added"), ("/find all", "tea 5 green"), ("/find below 9", "tea 5 green")]
        {
            user.says(says).await;
            assert_eq!(user.sees().await, sees);
        }
        let said = operator.is_refused(&["replay", "2", "--plugin", path(&next)]).await;
        assert!(said.contains("text content: “tea 5 green” → “tea - green”") && !said.contains("diverged"), "{said}");
        // To ask for rows by it is another matter.
        let said = operator.is_refused(&["replay", "3", "--plugin", path(&next)]).await;
        assert!(said.contains("diverged: the record has no answer for rows of `goods` where prise Lt"), "{said}");
        // A shadow has the same to go by.
        let shadows = "SELECT COALESCE(CAST(SUM(turns) AS BIGINT), 0) FROM shadows";
        house.database.comes_to(shadows, 3).await;
        let said = operator.is_refused(&["shadow", "report"]).await;
        assert!(said.contains("text content: “tea 5 green” → “tea - green”"), "{said}");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn a_shadow_changes_nothing_and_its_differences_are_told() {
    for database in Database::each().await {
        let other = rebuilt("dialogue", b"what is your name?", b"what is YOUR name?");
        let plugin = fixture("dialogue").under(&format!("shadow = {other:?}"));
        let (house, operator) = opens(Clock::system(), database, "", &[plugin]).await;
        let user = house.person(1002);
        user.says("/talk").await;
        assert_eq!(user.sees().await, "what is your name?");
        user.says("/cancel").await;
        assert_eq!(user.sees().await, "cancelled");
        house.database.comes_to("SELECT COUNT(*) FROM shadows", 2).await;
        let said = operator.is_refused(&["shadow", "report"]).await;
        assert!(said.contains(" of dialogue of @test_house_bot:\n"), "{said}");
        assert!(said.contains("  1 turn the same\n"), "{said}");
        assert!(
            said.contains(
                "  1 turn different, such as turn 1:\n    message 1 (SendText) message text content: “what is your"
            ),
            "{said}"
        );
        assert_eq!(operator.hears(&["shadow", "forget"]).await, "2 line(s) of shadows are forgotten.\n");
        assert_eq!(operator.hears(&["shadow", "report"]).await, "No shadow has run.\n");
        house.closes([user]).await;
    }
}

/// A shadow that crashes in every turn, while everybody is answered as ever.
#[tokio::test]
async fn a_shadow_that_crashes_hurts_nobody() {
    for database in Database::each().await {
        // Text that is none: the call that carries it ends the instance.
        let other = rebuilt("dialogue", b"what is your name?", b"\xffhat is your name?");
        let plugin = fixture("dialogue").under(&format!("shadow = {other:?}"));
        let (house, operator) = opens(Clock::system(), database, "", &[plugin]).await;
        let users = [1002, 1003, 1004].map(|id| house.person(id));
        for user in &users {
            user.says("/talk").await;
            assert_eq!(user.sees().await, "what is your name?");
        }
        let crashed = "SELECT COALESCE(CAST(SUM(turns) AS BIGINT), 0) FROM shadows WHERE signature <> ''";
        house.database.comes_to(crashed, 3).await;
        let said = operator.is_refused(&["shadow", "report"]).await;
        assert!(
            said.contains("  3 turns different") && said.contains("outcome: it succeeded → it crashed: "),
            "{said}"
        );
        assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox WHERE state <> 1").await, 0);
        house.closes(users).await;
    }
}

/// A shadow that cannot be loaded is none, and the bot runs.
#[tokio::test]
async fn a_shadow_that_is_no_component_keeps_no_bot_from_starting() {
    let plugin = fixture("dialogue").under("shadow = \"nowhere.wasm\"");
    let (house, operator) = opens(Clock::system(), Database::sqlite(), "", &[plugin]).await;
    let user = house.person(1002);
    user.says("/talk").await;
    assert_eq!(user.sees().await, "what is your name?");
    assert_eq!(operator.hears(&["shadow", "report"]).await, "No shadow has run.\n");
    house.closes([user]).await;
}
