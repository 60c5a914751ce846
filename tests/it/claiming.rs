//! Several plugins see one message: who answers, who reads along, and what they may read of each other.

use crate::support::{Database, House, Plugin, fixture};

/// The fixture as somebody.
fn attend(name: &'static str, keys: &str) -> Plugin {
    fixture("attend").named(name).under(keys).with(&format!("me = {name:?}"))
}

#[tokio::test]
async fn one_plugin_answers_and_the_operator_says_who_is_asked_first() {
    for database in Database::each().await {
        let plugins = [attend("ada", ""), attend("bob", ""), attend("zoe", "priority = 7")];
        let house = House::opens(database, &plugins).await;
        let user = house.person(1002);
        for (said, seen) in [
            ("ada, hello", "ada answers: ada, hello"),
            ("bob, hello", "bob answers: bob, hello"),
            ("zoe, hello", "zoe answers: zoe, hello"),
            ("nobody", "bob is the last: nobody"),
            ("/whose", "zoe answers: /whose"),
            ("/whose bob", "bob answers: /whose bob"),
        ] {
            user.says(said).await;
            assert_eq!(user.sees().await, seen);
        }
        // Everybody was asked once, in the operator's order, and what they wrote is there.
        let asked = "SELECT 'zoe ' || body AS text FROM zoe__facts UNION ALL SELECT 'ada ' || body FROM ada__facts
                     UNION ALL SELECT 'bob ' || body FROM bob__facts";
        let mut rows = house.database.texts(asked).await;
        rows.sort();
        assert_eq!(
            rows,
            [
                "ada ada, hello",
                "ada passed bob, hello",
                "ada passed nobody",
                "bob bob, hello",
                "bob passed nobody",
                "zoe passed ada, hello",
                "zoe passed bob, hello",
                "zoe passed nobody",
                "zoe zoe, hello",
            ]
        );
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn who_is_in_a_conversation_is_asked_first() {
    for database in Database::each().await {
        let house = House::opens(database, &[attend("ada", "priority = 7"), attend("bob", "")]).await;
        let (user, other) = (house.person(1002), house.person(1003));
        user.says("talk bob").await;
        assert_eq!(user.sees().await, "bob listens: talk bob");
        other.says("ada, and I?").await;
        assert_eq!(other.sees().await, "ada answers: ada, and I?", "another person's conversation is none of hers");
        user.says("ada is my name").await;
        assert_eq!(user.sees().await, "bob in talk: ada is my name");
        user.says("ada is my name").await;
        assert_eq!(user.sees().await, "ada answers: ada is my name", "it is over");
        house.closes([user, other]).await;
    }
}

#[tokio::test]
async fn processors_read_everything_and_hold_nobody_up() {
    for database in Database::each().await {
        let house = House::opens_with(database, "wall_ms = 3000\n", &[attend("ada", ""), attend("bob", "")]).await;
        let user = house.person(1002);
        // One processor traps again and again, another one of the same plugin and all others go on.
        user.says("ada, trap aloud").await;
        let mut seen = [user.sees().await, user.sees().await, user.sees().await];
        seen.sort();
        assert_eq!(
            seen,
            ["ada answers: ada, trap aloud", "ada has read: ada, trap aloud", "bob has read: ada, trap aloud"]
        );
        user.says("bob, slow").await;
        assert_eq!(user.sees().await, "bob answers: bob, slow");
        user.says("bob, aloud").await;
        let mut seen = [user.sees().await, user.sees().await, user.sees().await];
        seen.sort();
        assert_eq!(seen[1..], ["bob answers: bob, aloud", "bob has read: bob, aloud"]);
        user.says("/whose bob aloud").await;
        let mut seen = [user.sees().await, user.sees().await, user.sees().await];
        seen.sort();
        assert_eq!(seen[0], "ada has read: /whose bob aloud", "a command is a message to them");
        user.has_seen_everything().await;
        // What traps and sleeps is still at it.
        house.stops().await;
    }
}

#[tokio::test]
async fn another_plugins_table_is_read_where_granted_and_never_written() {
    for database in Database::each().await {
        let plugins = [attend("ada", "read = [\"bob.facts\"]"), attend("bob", "")];
        let house = House::opens(database, &plugins).await;
        let user = house.person(1002);
        for (said, seen) in [
            ("bob, one", "bob answers: bob, one"),
            ("ada reads bob.facts", "bob, one"),
            ("ada writes bob.facts", "refused: the manifest has no table `bob.facts`"),
            ("ada reads bob.other", "refused: the manifest has no table `bob.other`"),
            ("bob reads ada.facts", "refused: the manifest has no table `ada.facts`"),
        ] {
            user.says(said).await;
            assert_eq!(user.sees().await, seen);
        }
        house.closes([user]).await;
    }
}
