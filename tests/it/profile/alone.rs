//! Nobody waits for a processor: neither an answer nor another processor.

use super::*;

const NOTES: &str = "SELECT COUNT(*) FROM reader__notes";
const DEAD: &str = "SELECT COUNT(*) FROM inbox WHERE state = 2";

#[tokio::test]
async fn processors_that_panic_or_never_end_delay_nobody() {
    for database in Database::each().await {
        let reader = fixture_granted("reader", r#"["chat", "tables"]"#);
        let house = House::opens_with(database, "attempts = 1\ncpu_ms = 4000", &[reader, profile()]).await;
        let user = house.person(1002);
        user.says("a spin and a trap: I live in Berlin").await;
        sees_at_last(&user, "heard").await;
        // One processor spins and will for seconds; the others are done, and the next message finds its answer.
        house.database.comes_to(NOTES, 1).await;
        house.database.comes_to(STATEMENTS, 1).await;
        user.says("and another trap: I am a nurse").await;
        sees_at_last(&user, "heard").await;
        house.database.comes_to(STATEMENTS, 2).await;
        house.database.comes_to("SELECT messages FROM profile__weeks", 2).await;
        let spins = "SELECT COUNT(*) FROM inbox WHERE state = 0 AND plugin = 'reader/spins'";
        assert_eq!(house.database.number(spins).await, 2, "the one that spins is still at it");
        house.database.comes_to(NOTES, 2).await;
        // Two panics and one that never ended are dead letters, and nothing else is.
        house.database.comes_to(DEAD, 3).await;
        house.database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
        assert_eq!(house.database.number(DEAD).await, 3);
        user.skips().await;
        house.closes([user]).await;
    }
}
