//! Plugins that ask a language model: what people see of its answers, its failures, its slowness and its price.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use guesthouse::clock::Clock;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};

use crate::chaos::proxy::Proxy;
use crate::support::process::HostProcess;
use crate::support::{Database, House, Model, Person, Plugin, Says, Street, fixture_granted, until};

/// The plugin with all that it asks for.
fn thinker() -> Plugin {
    fixture_granted("thinker", r#"["chat", "tables", "llm"]"#)
}

/// A house with a model.
async fn opens(clock: Clock, database: Database, model: &Model, llm: &str) -> House {
    opens_with(clock, database, model, llm, "").await
}

async fn opens_with(clock: Clock, database: Database, model: &Model, llm: &str, limits: &str) -> House {
    let street = Street::opens().await;
    let text = street.configuration(&database, limits, &[thinker()]) + &model.section(llm);
    House::opens_on_at(clock, street, database, &text).await
}

/// A clock that the test moves.
fn standing() -> Clock {
    Clock::manual(Clock::system().now())
}

const TOKENS: &str = "SELECT CAST(COALESCE(SUM(tokens), 0) AS BIGINT) FROM llm_usage";
const SHOWN: &str = "SELECT COUNT(*) FROM outbox WHERE reference IS NOT NULL AND method = 'sendMessage'";

#[tokio::test]
async fn an_answer_is_passed_on_and_counted() {
    for database in Database::each().await {
        let model = Model::answers(|question, said| match said {
            "look" => Says::text(question["messages"][1]["content"][1]["image_url"]["url"].as_str().unwrap_or("none")),
            "Ada" => Says::text("{\"age\": 36}"),
            said => Says::text(format!("you said {said}")),
        })
        .await;
        let house = opens(Clock::system(), database, &model, "").await;
        let user = house.person(1002);
        user.says("/ask hello").await;
        assert_eq!(user.sees().await, "you said hello");
        user.says("/age Ada").await;
        assert_eq!(user.sees().await, "{\"age\": 36}");
        user.says("/look look").await;
        assert_eq!(user.sees().await, "data:image/png;base64,iVBORw==");
        // A quick answer is not shown before it is complete.
        user.says("/show hello").await;
        assert_eq!(user.sees().await, "you said hello");
        assert_eq!(model.asked()[0]["messages"][0]["content"], "Be brief.");
        assert_eq!(house.database.number(TOKENS).await, 4 * 42);
        assert_eq!(house.database.number("SELECT calls FROM llm_usage").await, 4);
        assert_eq!(house.database.number("SELECT COUNT(*) FROM answers").await, 0, "answers end with their events");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn without_a_model_a_plugin_is_loaded_and_told_so() {
    let house = House::opens(Database::sqlite(), &[thinker()]).await;
    let user = house.person(1002);
    user.says("/ask hello").await;
    let seen = user.sees().await;
    assert!(seen.starts_with("refused: ") && seen.ends_with("no model is set up"), "{seen}");
    user.says("/ping").await;
    assert_eq!(user.sees().await, "pong");
    house.closes([user]).await;
}

/// Each failure of the model is a sentence for the plugin, and no other chat notices.
#[tokio::test]
async fn a_model_that_is_down_slow_or_talks_nonsense_fails_alone() {
    let model = Model::answers(|_, said| match said {
        "down" => Says::Error(503, "loading".into()),
        "busy" => Says::Error(429, "slow down".into()),
        "nonsense" => Says::Nonsense("<html>".into()),
        "never" => Says::Nothing,
        "slow" => Says::Slowly(vec!["a".into(); 50], Duration::from_millis(100)),
        "prose" => Says::text("I would rather not say."),
        _ => Says::text("fine"),
    })
    .await;
    let house = opens_with(Clock::system(), Database::sqlite(), &model, "timeout_s = 4", "llm_calls = 2").await;
    let (user, other) = (house.person(1002), house.person(1003));
    for (said, expected) in [
        ("/ask down", "503"),
        ("/ask busy", "slow down"),
        ("/ask nonsense", "no answer"),
        ("/ask never", ""),
        ("/ask slow", ""),
        ("/age prose", "no JSON"),
        ("/many 5 fine", "2 answers, then: refused: more than 2 questions (limits.llm_calls)"),
    ] {
        user.says(said).await;
        other.says("/ping").await;
        assert_eq!(other.sees().await, "pong");
        let seen = user.sees().await;
        assert!(seen.contains("refused: ") && seen.contains(expected), "{said}: {seen}");
    }
    house.closes([user, other]).await;
}

#[tokio::test]
async fn a_turn_that_runs_again_costs_nothing() {
    for database in Database::each().await {
        let model = Model::answers(|_, said| if said == "slow" { Says::AsTold } else { Says::text("quick") }).await;
        let house = opens(Clock::system(), database, &model, "").await;
        let (slow, quick) = (house.person(1002), house.person(1003));
        slow.says("/think main slow").await;
        model.was_asked(1).await;
        quick.says("/think main quick").await;
        assert_eq!(quick.sees().await, "main 1: quick");
        model.says("a long thought");
        model.ends();
        assert_eq!(slow.sees().await, "main 2: a long thought");
        assert_eq!(model.asked().len(), 2, "the run after the conflict asked nobody");
        assert_eq!(house.database.number(TOKENS).await, 2 * 42);
        house.closes([slow, quick]).await;
    }
}

/// Asks for a story, of which the beginning is seen and all is told; the turn fails until then.
async fn shows_a_story(house: &House, user: &Person, model: &Model, fails_until: i64) {
    user.says(&format!("/until {fails_until} once")).await;
    model.was_asked(1).await;
    model.says("Once upon");
    house.passes_until(SHOWN, 1).await;
    assert_eq!(user.sees().await, "Once upon …");
    model.says(" a time");
    model.ends();
}

/// The answer is kept for the event, whatever becomes of its turns; it is shown in one message all the while.
#[tokio::test]
async fn a_turn_that_fails_and_is_tried_again_is_answered_once_and_shown_once() {
    for database in Database::each().await {
        let (model, clock) = (Model::answers(|_, _| Says::AsTold).await, standing());
        let house = opens(clock.clone(), database, &model, "").await;
        let user = house.person(1002);
        shows_a_story(&house, &user, &model, clock.now() + 20_000).await;
        // It fails until then: after 1, 3, 7, 15 and 31 seconds.
        house.passes_until("SELECT COUNT(*) FROM inbox WHERE state = 1", 1).await;
        loop {
            let seen = user.sees().await;
            if seen == "Once upon a time" {
                break;
            }
            assert_eq!(seen, "(edited)\nOnce upon a time …");
        }
        assert_eq!(model.asked().len(), 1);
        assert_eq!(user.has_read().await.len(), 2, "the message that grew, and the one of the turn");
        assert_eq!(house.database.number(TOKENS).await, 42);
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn a_slow_answer_grows_in_one_message_that_becomes_its_last_form() {
    for database in Database::each().await {
        let (model, clock) = (Model::answers(|_, _| Says::AsTold).await, standing());
        let house = opens(clock, database, &model, "").await;
        let user = house.person(1002);
        user.says("/show a story").await;
        model.was_asked(1).await;
        model.says("Once");
        house.passes(1).await;
        assert_eq!(house.database.number("SELECT COUNT(*) FROM outbox").await, 0, "it may be complete soon");
        house.passes_until(SHOWN, 1).await;
        assert_eq!(user.sees().await, "Once …");
        let mut told = "Once".to_owned();
        for word in [" upon", " a", " time"] {
            model.says(word);
            told.push_str(word);
            // At most so often, however fast it comes.
            let edits = "SELECT COUNT(*) FROM outbox WHERE method = 'editMessageText'";
            let before = house.database.number(edits).await;
            house.passes_until(edits, before + 1).await;
            assert_eq!(user.sees().await, format!("(edited)\n{told} …"));
        }
        model.says(", the end.");
        model.ends();
        assert_eq!(user.sees().await, "(edited)\nshown: Once upon a time, the end.");
        assert_eq!(user.has_read().await.len(), 1, "one message all the while");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn edits_that_are_late_give_way_to_the_latest() {
    let (model, clock) = (Model::answers(|_, _| Says::AsTold).await, standing());
    let house = opens(clock, Database::sqlite(), &model, "").await;
    let user = house.person(1002);
    user.says("/show a story").await;
    model.was_asked(1).await;
    model.says("1");
    house.passes_until(SHOWN, 1).await;
    assert_eq!(user.sees().await, "1 …");
    // Telegram takes its time over the first edit.
    house.street.town.suffers(json!({"method": "editMessageText", "action": "hold"})).await;
    let edits = "SELECT COUNT(*) FROM outbox WHERE method = 'editMessageText'";
    for number in 2..=6 {
        model.says(&format!(" {number}"));
        house.passes_until(edits, number - 1).await;
    }
    house.passes_until("SELECT COUNT(*) FROM outbox WHERE reason = 'a later edit takes its place'", 2).await;
    model.says(" 7");
    model.ends();
    house.passes_until("SELECT COUNT(*) FROM inbox WHERE state = 1", 1).await;
    house.street.town.recovers().await;
    let first = user.sees().await;
    assert!(first.starts_with("(edited)\n1 2") && first.ends_with(" …"), "{first}");
    assert_eq!(user.sees().await, "(edited)\nshown: 1 2 3 4 5 6 7", "nothing came in between");
    house.closes([user]).await;
}

/// What of it is complete Markdown is formatted while the rest comes in.
#[tokio::test]
async fn an_answer_that_grows_is_formatted_as_far_as_it_goes() {
    let (model, clock) = (Model::answers(|_, _| Says::AsTold).await, standing());
    let house = opens(clock, Database::sqlite(), &model, "").await;
    let user = house.person(1002);
    user.says("/show a story").await;
    model.was_asked(1).await;
    model.says("A **bold** and **unfin");
    house.passes_until(SHOWN, 1).await;
    assert_eq!(user.sees().await, "A *bold* and **unfin …");
    model.says("ished** word:\n\n- `o");
    house.passes_until("SELECT COUNT(*) FROM outbox WHERE method = 'editMessageText'", 1).await;
    assert_eq!(user.sees().await, "(edited)\nA *bold* and *unfinished* word:\n\n• `o …");
    model.says("ne`");
    model.ends();
    assert!(user.sees().await.starts_with("(edited)\nshown: A **bold**"), "the last form is the plugin's");
    house.closes([user]).await;
}

/// A message that the turn never brought into its last form does not look as if more were to come.
#[tokio::test]
async fn what_was_shown_of_a_turn_that_is_given_up_does_not_go_on_growing() {
    for database in Database::each().await {
        let (model, clock) = (Model::answers(|_, _| Says::AsTold).await, standing());
        let house = opens_with(clock.clone(), database, &model, "", "attempts = 2").await;
        let user = house.person(1002);
        shows_a_story(&house, &user, &model, clock.now() + 3_600_000).await;
        house.passes_until("SELECT COUNT(*) FROM inbox WHERE state = 2", 1).await;
        let mut seen = user.sees().await;
        // An edit may have shown all of it while it grew.
        if seen.ends_with(" …") {
            seen = user.sees().await;
        }
        assert_eq!(seen, "(edited)\nOnce upon a time");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM answers").await, 0);
        house.admin().skips().await;
        house.closes([user]).await;
    }
}

/// The same where the database cannot say just then what was shown: the event ends when it can.
#[tokio::test]
async fn an_event_does_not_end_before_what_it_has_shown() {
    let Some(database) = Database::postgres().await else { return };
    let (model, clock) = (Model::answers(|_, _| Says::AsTold).await, standing());
    let house = opens(clock.clone(), database, &model, "").await;
    let user = house.person(1002);
    shows_a_story(&house, &user, &model, clock.now() + 3_600_000).await;
    house.database.comes_to("SELECT COALESCE(MAX(attempt), 0) FROM inbox", 1).await;
    house.database.suffers("UPDATE inbox SET expires_at = 1 WHERE state = 0").await;
    let mut somebody = PgConnection::connect(&house.database.url()).await.expect("the server is there");
    somebody.execute(sqlx::raw_sql("BEGIN; LOCK TABLE answers IN ACCESS EXCLUSIVE MODE")).await.expect("locked");
    let asked = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    house.passes_until(asked, 1).await;
    // Longer than a question waits for a lock, and shorter than question and commit together.
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    somebody.execute("ROLLBACK").await.expect("unlocked");
    house.passes_until("SELECT COUNT(*) FROM inbox WHERE state <> 0", 1).await;
    let mut seen = user.sees().await;
    if seen.ends_with(" …") {
        seen = user.sees().await;
    }
    assert_eq!(seen, "(edited)\nOnce upon a time");
    house.closes([user]).await;
}

/// Nor is there a second message where the database has taken the first one without a word.
#[tokio::test]
async fn a_message_that_was_taken_without_a_word_is_the_one_that_becomes_the_answer() {
    let Some(database) = Database::postgres().await else { return };
    let (model, clock) = (Model::answers(|_, _| Says::AsTold).await, standing());
    let proxy = Proxy::opens(&database.url(), 1, 7);
    proxy.behaves();
    let street = Street::opens().await;
    let text = street.configuration(&proxy.url, "", &[thinker()]) + &model.section("");
    let house = House::opens_on_at(clock, street, database, &text).await;
    let user = house.person(1002);
    user.says("/show a story").await;
    model.was_asked(1).await;
    proxy.misbehaves();
    model.says("Once upon");
    house.passes_until(SHOWN, 1).await;
    // The database has it a moment before the proxy hears of it.
    let cut = async {
        while proxy.cuts() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), cut).await.expect("its commit is not answered");
    proxy.behaves();
    model.says(" a time");
    model.ends();
    house.passes_until("SELECT COUNT(*) FROM inbox WHERE state = 1", 1).await;
    house.passes_until("SELECT -COUNT(*) FROM outbox WHERE state = 0", 0).await;
    assert_eq!(user.has_read().await, ["shown: Once upon a time"]);
    user.skips().await;
    house.closes([user]).await;
}

/// Nobody is left with half an answer when there is none.
#[tokio::test]
async fn what_was_shown_of_an_answer_that_broke_off_goes() {
    let (model, clock) = (Model::answers(|_, _| Says::AsTold).await, standing());
    let house = opens(clock, Database::sqlite(), &model, "").await;
    let user = house.person(1002);
    user.says("/show a story").await;
    model.was_asked(1).await;
    model.says("Once upon");
    house.passes_until(SHOWN, 1).await;
    assert_eq!(user.sees().await, "Once upon …");
    model.breaks_off();
    assert_eq!(user.sees().await, "(deleted)");
    let seen = user.sees().await;
    assert!(seen.starts_with("refused: ") && seen.contains("ended before the answer did"), "{seen}");
    house.closes([user]).await;
}

#[tokio::test]
async fn a_host_that_dies_leaves_one_message_that_goes_on_growing() {
    for database in Database::each().await {
        let model = Model::answers(|_, _| Says::AsTold).await;
        let street = Street::opens().await;
        let text = street.configuration(&database, "", &[thinker()]) + &model.section("");
        let user = street.town.person(1002);
        let host = HostProcess::starts(&text);
        user.says("/show a story").await;
        model.was_asked(1).await;
        model.says("Once upon");
        assert_eq!(user.sees().await, "Once upon …");
        database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 1", 1).await;
        host.dies();
        let host = HostProcess::starts(&text);
        model.was_asked(2).await;
        model.says("Twice upon");
        assert_eq!(user.sees().await, "(edited)\nTwice upon …");
        model.ends();
        assert_eq!(user.sees().await, "(edited)\nshown: Twice upon");
        assert_eq!(user.has_read().await.len(), 1);
        until("all is sent", async || database.number("SELECT COUNT(*) FROM outbox WHERE state = 0").await == 0).await;
        host.stops().await;
        database.check().await;
        street.closes().await;
    }
}

#[tokio::test]
async fn a_day_of_a_budget_is_one_of_the_bots_time_zone() {
    let model = Model::answers(|_, _| Says::text("an answer")).await;
    let day = 86_400_000;
    // A minute before midnight in Tokyo, which is three in the afternoon in Greenwich.
    let midnight = (Clock::system().now() / day + 1) * day + 15 * 3_600_000;
    let street = Street::opens().await;
    let database = Database::sqlite();
    let text = street.configuration(&database, "", &[thinker()]) + &model.section("tokens_per_chat_per_day = 40");
    let text = text.replace("\nadmins = ", "\ntimezone = \"Asia/Tokyo\"\nadmins = ");
    let house = House::opens_on_at(Clock::manual(midnight - 60_000), street, database, &text).await;
    let user = house.person(1002);
    user.says("/ask").await;
    assert_eq!(user.sees().await, "an answer");
    user.says("/ask").await;
    assert_eq!(user.sees().await, format!("refused: there is more after {midnight}"));
    house.passes(61).await;
    user.says("/ask").await;
    assert_eq!(user.sees().await, "an answer");
    house.closes([user]).await;
}

#[tokio::test]
async fn a_budget_is_a_chats_and_a_bots_and_a_days() {
    for database in Database::each().await {
        let count = AtomicUsize::new(0);
        let model =
            Model::answers(move |_, _| Says::text(format!("answer {}", count.fetch_add(1, Ordering::SeqCst) + 1)))
                .await;
        // A minute before the next day, which comes when the test says so.
        let day = 86_400_000;
        let tomorrow = (Clock::system().now() / day + 1) * day;
        let clock = Clock::manual(tomorrow - 60_000);
        let budget = "tokens_per_chat_per_day = 80\ntokens_per_day = 120";
        let house = opens(clock.clone(), database, &model, budget).await;
        let (ada, bob, eve) = (house.person(1002), house.person(1003), house.person(1001));
        for number in 1..=2 {
            ada.says("/ask").await;
            assert_eq!(ada.sees().await, format!("answer {number}"));
        }
        let refused = async |person: &Person| {
            person.says("/ask").await;
            let seen = person.sees().await;
            assert!(seen.starts_with("refused: "), "{seen}");
            seen
        };
        let seen = refused(&ada).await;
        assert!(seen.ends_with(&format!("there is more after {tomorrow}")), "{seen}");
        bob.says("/ask").await;
        assert_eq!(bob.sees().await, "answer 3", "another chat has its own");
        refused(&bob).await;
        refused(&eve).await;
        assert_eq!(model.asked().len(), 3);
        house.passes(61).await;
        ada.says("/ask").await;
        assert_eq!(ada.sees().await, "answer 4", "a new day");
        house.closes([ada, bob, eve]).await;
    }
}
