//! Every turn that people cause runs again exactly: of the bundled plugins and of the fixtures, well or badly, on both
//! databases.

use guesthouse::clock::Clock;

use super::{TURNS, opens};
use crate::cards::{add_card, last_code};
use crate::support::process::HostProcess;
use crate::support::{
    Database, House, Model, Plugin, Says, Site, Street, cards, channels, fixture, fixture_granted, profile,
};
use guesthouse::testing::page;

/// All turns of the journal run again, and each does what it did.
async fn all_run_again(operator: &super::Operator, house: &House) {
    let turns = house.database.number(TURNS).await;
    assert!(turns > 0);
    let events = house.database.number("SELECT COUNT(*) FROM inbox WHERE state IN (1, 2)").await;
    assert!(turns >= events, "every event that ended has a turn: {turns} of {events}");
    let said = operator.hears(&["replay", "--last", "10000"]).await;
    assert!(said.starts_with(&format!("{turns} turns run again: {turns} the same, 0 different.")), "{said}");
}

#[tokio::test]
async fn cards_profile_channels_and_the_assistant_run_again_exactly() {
    for database in Database::each().await {
        let model = Model::answers(|_, said| Says::text(format!("you said {said}"))).await;
        let assistant = Plugin::bundled("assistant")
            .granted(r#"["chat", "tables", "files", "llm"]"#)
            .under("priority = -100\nread = [\"profile.facts\", \"channels.feed\", \"channels.posts\"]");
        let plugins = [cards(), profile(), channels("example.org"), assistant];
        let clock = Clock::manual(Clock::system().now());
        let (house, operator) = opens(clock, database, &model.section(""), &plugins).await;
        let (admin, buyer) = (house.admin(), house.person(1002));
        for person in [&admin, &buyer] {
            // The introduction comes before or after the answer, and never again.
            person.says("hello").await;
            let (mut introduced, mut answered) = (false, false);
            while !(introduced && answered) {
                let seen = person.sees().await;
                introduced |= seen.starts_with("I read along");
                answered |= seen.starts_with("you said hello");
            }
        }
        add_card(&admin, "A tea pot").await;
        buyer.follows(&format!("verify_{}", last_code(&house).await)).await;
        while !buyer.sees().await.contains("A tea pot") {}
        buyer.says("I am not a doctor, I live in Haifa").await;
        while !buyer.sees().await.starts_with("you said I am not") {}
        house.passes_until("SELECT COUNT(*) FROM profile__facts", 1).await;
        buyer.says("/profile").await;
        while !buyer.sees().await.contains("Haifa") {}
        admin.says("/admin").await;
        admin.sees().await;
        admin.presses("➕ Add card").await.hears().await;
        house.settles(&admin).await;
        buyer.says("/list").await;
        house.settles(&buyer).await;
        all_run_again(&operator, &house).await;
        house.closes([admin, buyer]).await;
    }
}

#[tokio::test]
async fn what_comes_from_outside_fails_or_waits_runs_again_exactly() {
    for database in Database::each().await {
        let site = Site::opens(|_| page(200, &[("content-type", "text/plain; charset=utf-8")], "a page")).await;
        let model = Model::answers(|_, said| Says::text(format!("you said {said}"))).await;
        let web = format!(r#"["chat", "tables", {{ http = ["http://{}"] }}]"#, site.address);
        let plugins = [
            fixture_granted("fetcher", web),
            fixture_granted("thinker", r#"["chat", "tables", "llm"]"#),
            fixture_granted("clockwork", r#"["chat", "tables", "timers"]"#).with("when = \"off\""),
            fixture("tables"),
            fixture("dialogue"),
            fixture("trap"),
            fixture("give-up"),
        ];
        let clock = Clock::manual(Clock::system().now());
        let street = Street::opens().await;
        let text = street.configuration(&database, "attempts = 1", &plugins) + &model.section("");
        let operator = super::Operator::with(&text);
        let house = House::opens_on_at(clock, street, database, &text).await;
        let user = house.person(1002);
        user.says(&format!("/get {}", site.url("/page"))).await;
        let seen = user.sees().await;
        assert!(seen.contains("a page"), "{seen}");
        user.says("/ask hello").await;
        assert_eq!(user.sees().await, "you said hello");
        user.says("/in 5000 tea milk").await;
        assert_eq!(user.sees().await, "ok");
        house.passes(6).await;
        assert_eq!(user.sees().await, "tea fired: milk");
        user.says("/give_up no such thing").await;
        user.says("/trap").await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 2).await;
        all_run_again(&operator, &house).await;
        // One with its trace: what was asked, and the page that the site said, which nobody asks again.
        let asked = site.asked().len();
        let traced = operator.hears(&["replay", "1"]).await;
        assert!(traced.contains("request 0: GET http://") && traced.contains("a page"), "{traced}");
        assert!(traced.ends_with("identical to the record\n"), "{traced}");
        assert_eq!(site.asked().len(), asked, "a replay asks nobody");
        house.admin().skips().await;
        house.settles(&user).await;
        house.closes([user]).await;
    }
}

/// What is committed is in the journal, whatever happens to the host in between.
#[tokio::test]
async fn a_kill_loses_no_turn_that_was_committed() {
    for database in Database::each().await {
        let street = Street::opens().await;
        let text = street.configuration(&database, "", &[fixture("tables")]);
        let people: Vec<_> = (1002..1005).map(|id| street.town.person(id)).collect();
        for round in 0..4_i64 {
            let host = HostProcess::starts(&text);
            for person in &people {
                for word in ["one", "two", "three"] {
                    person.says(&format!("/hit {word}")).await;
                }
            }
            database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 1", round * 9 + 4).await;
            host.dies();
        }
        let host = HostProcess::starts(&text);
        // The last one may have done all there was: this one is there once it has done something.
        people[0].says("/hit four").await;
        database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 1", 37).await;
        host.stops().await;
        assert_eq!(
            database.number("SELECT COUNT(*) FROM inbox i WHERE i.state = 1 AND 1 <> (SELECT COUNT(*) FROM journal j WHERE j.inbox_seq = i.seq AND j.outcome = 0)").await,
            0,
            "each event that is done has one committed turn"
        );
        street.closes().await;
    }
}

/// A turn becomes a file that `guesthouse plugin test` can read, with the rows that it saw and what happened.
#[tokio::test]
async fn a_turn_becomes_a_scenario() {
    let database = Database::sqlite();
    let (house, operator) = opens(Clock::system(), database, "", &[fixture("tables")]).await;
    let user = house.person(1002);
    for answer in ["main 1", "main 2"] {
        user.says("/hit").await;
        assert_eq!(user.sees().await, answer);
    }
    assert_eq!(operator.hears(&["replay", "2", "--export", "bug.toml"]).await, "written: bug.toml\n");
    let text = operator.reads("bug.toml");
    let scenario: guesthouse::scenario::Scenario =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(scenario.step[0].says.as_deref(), Some("/hit"));
    assert_eq!(scenario.name.as_deref(), Some("tables"));
    let [row] = &scenario.rows[..] else { panic!("{text}") };
    assert_eq!((row.table.as_str(), row.row["name"].as_str()), ("counters", Some("main")));
    assert!(scenario.people.values().any(|person| person.id == Some(1002)), "{text}");
    house.closes([user]).await;
}

/// A turn in the middle of a conversation needs nothing before it.
#[tokio::test]
async fn a_scenario_goes_on_where_the_conversation_stood() {
    let (house, operator) = opens(Clock::system(), Database::sqlite(), "", &[fixture("dialogue")]).await;
    let user = house.person(1002);
    user.says("/talk").await;
    assert_eq!(user.sees().await, "what is your name?");
    user.says("Ada").await;
    assert_eq!(user.sees().await, "how old are you, Ada?");
    user.says("36").await;
    assert_eq!(user.sees().await, "Ada is 36");
    operator.hears(&["replay", "3", "--export", "end.toml"]).await;
    operator.hears(&["plugin", "test", "end.toml", "--update"]).await;
    let text = operator.reads("end.toml");
    assert!(text.contains("[[dialogues]]\nwho = ") && text.contains("Ada is 36"), "{text}");
    operator.hears(&["plugin", "test", "end.toml"]).await;
    // It is the conversation that makes the answer.
    let scenario: guesthouse::scenario::Scenario = toml::from_str(&text).expect("a scenario");
    let without = guesthouse::scenario::Scenario { dialogues: Vec::new(), ..scenario };
    operator.writes("end.toml", &toml::to_string(&without).expect("TOML"));
    let said = operator.is_refused(&["plugin", "test", "end.toml"]).await;
    assert!(said.contains("say /talk"), "{said}");
    house.closes([user]).await;
}
