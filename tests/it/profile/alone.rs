//! Nobody waits for a processor: neither an answer nor another processor.

use super::*;

#[tokio::test]
async fn processors_that_panic_or_sleep_delay_nobody() {
    for database in Database::each().await {
        let attend = fixture("attend").named("ada").with("me = \"ada\"");
        let house = House::opens_with(database, "wall_ms = 3000", &[attend, profile()]).await;
        let user = house.person(1002);
        for (count, said) in
            (1..).zip(["ada, trap: I live in Berlin", "ada, slow: I am a nurse", "ada, trap: I love chess"])
        {
            user.says(said).await;
            sees_at_last(&user, &format!("ada answers: {said}")).await;
            // The other plugin's processor is stuck at the first of them and stays so; those of the profile go on.
            house.database.comes_to(STATEMENTS, count).await;
        }
        house.database.comes_to("SELECT COALESCE(MAX(messages), 0) FROM profile__weeks", 3).await;
        user.skips().await;
        house.stops().await;
    }
}
