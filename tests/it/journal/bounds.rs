//! What is not kept: of plugins that want it so, what is old, what is too much, and what an operator has forgotten.

use guesthouse::clock::Clock;

use super::{TURNS, opens};
use crate::support::{ADMIN, Database, fixture, sends_a_file};

/// Bytes that no compression makes fewer.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let bytes = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    });
    bytes.take(count).collect()
}

/// All that stands in the journal, as an operator can see it.
async fn all(operator: &super::Operator, turns: i64) -> String {
    let mut all = String::new();
    for turn in 1..=turns {
        all += &operator.hears(&["journal", "show", &turn.to_string()]).await;
    }
    all
}

#[tokio::test]
async fn words_are_kept_unless_somebody_says_otherwise() {
    for database in Database::each().await {
        let plugins = [
            fixture("dialogue").under("journal = \"shapes\""),
            fixture("tables").under("journal = false"),
            fixture("retry"),
        ];
        let (house, operator) = opens(Clock::system(), database, "", &plugins).await;
        let user = house.person(1002);
        user.says("/talk").await;
        assert_eq!(user.sees().await, "what is your name?");
        user.says("Rumpelstiltskin").await;
        assert!(user.sees().await.contains("Rumpelstiltskin"));
        user.says("/hit straw").await;
        assert_eq!(user.sees().await, "straw 1");
        assert_eq!(house.database.number(TURNS).await, 2, "the second plugin keeps nothing");
        let shown = all(&operator, 2).await;
        assert!(!shown.contains("Rumpel") && !shown.contains("name?"), "{shown}");
        assert!(shown.contains("\"plugin\": \"dialogue\"") && shown.contains("\"content\": \"…15\""), "{shown}");
        let said = operator.is_refused(&["replay", "1"]).await;
        assert!(said.starts_with("error: only the shapes of this turn were kept"), "{said}");
        user.says("/ping").await;
        assert_eq!(user.sees().await, "done: ping");
        assert!(all(&operator, 3).await.contains("done: ping"), "the third keeps all");
        // What it takes to know what happened is there without anybody's words.
        let list = operator.hears(&["journal", "list"]).await;
        assert_eq!(list.lines().count(), 4, "{list}");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn nothing_at_all_is_kept_where_the_journal_is_off() {
    let (house, operator) =
        opens(Clock::system(), Database::sqlite(), "[journal]\nrecord = \"off\"\n", &[fixture("retry")]).await;
    let user = house.person(1002);
    user.says("/ping").await;
    assert_eq!(user.sees().await, "done: ping");
    assert_eq!(operator.hears(&["journal", "list"]).await, "The journal is empty.\n");
    house.closes([user]).await;
}

#[tokio::test]
async fn what_is_old_goes_by_itself_and_what_was_asked_for_at_once() {
    for database in Database::each().await {
        let clock = Clock::manual(Clock::system().now());
        let plugins = [fixture("retry")];
        let (house, operator) = opens(clock.clone(), database, "[journal]\nkeep_days = 1\n", &plugins).await;
        let (one, two, admin) = (house.person(1002), house.person(1003), house.person(ADMIN));
        for person in [&one, &two, &admin] {
            person.says("/ping").await;
            assert_eq!(person.sees().await, "done: ping");
        }
        assert_eq!(operator.hears(&["journal", "purge", "--user", "1002"]).await, "1 turns are forgotten.\n");
        let list = operator.hears(&["journal", "list"]).await;
        assert!(!list.contains(" 1002 ") && list.contains(" 1003 "), "{list}");
        // The newest keeps its number, and nothing else.
        assert_eq!(operator.hears(&["journal", "purge", "--user", "1001"]).await, "1 turns are forgotten.\n");
        let shown = operator.hears(&["journal", "show", "3"]).await;
        assert!(shown.contains("\"record\": null") && shown.contains("\"user\": null"), "{shown}");
        assert!(operator.is_refused(&["replay", "3"]).await.starts_with("error: turn 3 was purged\nhint: "));
        one.says("/ping").await;
        assert_eq!(one.sees().await, "done: ping");
        assert_eq!(house.database.number("SELECT MAX(seq) FROM journal").await, 4, "no number is given out twice");
        // A day and an hour later, when the house tidies.
        clock.advance(std::time::Duration::from_secs(25 * 3_600));
        house.passes_until("SELECT 2 - COUNT(*) FROM journal", 1).await;
        assert_eq!(house.database.number(TURNS).await, 1, "the newest row stays");
        house.closes([one, two, admin]).await;
    }
}

/// What one turn was answered is kept up to a size, however much it was.
#[tokio::test]
async fn a_turn_that_fetches_much_is_kept_without_most_of_it() {
    let (house, operator) = opens(Clock::system(), Database::sqlite(), "", &[fixture("hostile")]).await;
    let user = house.person(1002);
    let file = sends_a_file(&user, &house.database, "noise.bin", &noise(200 << 10)).await;
    user.says(&format!("/files {}", [file.as_str(); 5].join(" "))).await;
    house.database.comes_to("SELECT COUNT(*) FROM journal", 1).await;
    let shown: serde_json::Value =
        serde_json::from_str(&operator.hears(&["journal", "show", "1"]).await).expect("JSON");
    let answers = shown["record"]["answers"].as_array().expect("answers").iter();
    let kept: Vec<_> = answers.filter_map(|answer| answer["answer"].as_object()?.keys().next().cloned()).collect();
    assert_eq!(kept, ["file", "file", "file", "left-out", "left-out"]);
    assert_eq!(shown["record"]["left_out"].as_array().map(Vec::len), Some(2), "and it says so");
    // What is there can be looked at; how it went on cannot be said.
    let said = operator.is_refused(&["replay", "1"]).await;
    assert!(
        said.contains("diverged: the record has no answer for file ") && said.contains("too much to be kept"),
        "{said}"
    );
    house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 1", 1).await;
    house.settles(&user).await;
    house.closes([user]).await;
}

#[tokio::test]
async fn the_oldest_go_when_there_are_too_many() {
    const TURNS_MADE: i64 = 8;
    for database in Database::each().await {
        let plugins = [fixture("hostile")];
        let (house, operator) = opens(Clock::system(), database, "[journal]\nmax_mib = 1\n", &plugins).await;
        let user = house.person(1002);
        let file = sends_a_file(&user, &house.database, "noise.bin", &noise(200 << 10)).await;
        for _ in 0..TURNS_MADE {
            user.says(&format!("/files {file}")).await;
        }
        house.database.comes_to("SELECT COALESCE(MAX(seq), 0) FROM journal", TURNS_MADE).await;
        house.database.comes_to("SELECT 1048576 - CAST(SUM(size) AS BIGINT) FROM journal", 0).await;
        let kept = house.database.number(TURNS).await;
        assert!(kept > 2 && kept < TURNS_MADE, "{kept} turns are kept");
        let newest = house.database.number("SELECT MAX(seq) FROM journal").await;
        let oldest = house.database.number("SELECT MIN(seq) FROM journal").await;
        assert_eq!(newest - oldest + 1, kept, "the newest are those that stay");
        let size = operator.hears(&["journal", "size"]).await;
        assert!(size.starts_with(&format!("{kept} turns, ")), "{size}");
        house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 1", TURNS_MADE).await;
        house.settles(&user).await;
        house.closes([user]).await;
    }
}
