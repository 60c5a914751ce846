//! `guesthouse dead` as an operator uses it, beside a host that runs.

use guesthouse::clock::Clock;
use serde_json::Value;
use tokio::process::Command;

use crate::support::process::HostProcess;
use crate::support::{ADMIN, Database, House, Street, fixture, folder, png};

/// What a command says, and whether it went well. The host lives in this thread, too, so nobody may stop it meanwhile.
async fn dead(database: &Database, words: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guesthouse"));
    let done = command.arg("dead").args(words).args(["--database", &database.url()]).output().await.expect("it runs");
    let text = if done.status.success() { done.stdout } else { done.stderr };
    (done.status.success(), String::from_utf8(text).expect("text"))
}

async fn said(database: &Database, words: &[&str]) -> String {
    let (good, text) = dead(database, words).await;
    assert!(good, "{words:?}: {text}");
    text
}

async fn refused(database: &Database, words: &[&str]) -> String {
    let (good, text) = dead(database, words).await;
    assert!(!good, "{words:?}: {text}");
    text
}

#[tokio::test]
async fn letters_are_listed_shown_tried_again_and_put_away() {
    for database in Database::each().await {
        // It stands until both have failed, however long that takes here.
        let clock = Clock::manual(Clock::system().now());
        let guests = [fixture("retry"), fixture("give-up")];
        let house = House::opens_at(clock, database, "attempts = 1", &guests).await;
        let (one, two) = (house.person(1002), house.person(1003));
        assert_eq!(said(&house.database, &["list"]).await, "There are no dead letters.\n");
        assert_eq!(said(&house.database, &["retry", "--all"]).await, "There are no dead letters.\n");

        let until = house.clock().now() + 1_000;
        one.says(&format!("/until {until}")).await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 1).await;
        two.says("/give_up no such thing").await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 2).await;
        let seqs = house.database.texts("SELECT CAST(seq AS TEXT) FROM inbox WHERE state = 2 ORDER BY seq").await;
        let [first, second] = &seqs[..] else { panic!("{seqs:?}") };

        let list = said(&house.database, &["list"]).await;
        let lines: Vec<_> = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
        assert_eq!(lines[0], ["SEQ", "GIVEN", "UP", "BOT", "PLUGIN", "CHAT", "USER", "ATTEMPTS", "REASON"]);
        assert_eq!(lines[1][2..10], ["@test_house_bot", "retry", "1002", "1002", "1", "it", "asks", "to"]);
        assert_eq!(lines[2][0], *second);
        assert_eq!(
            lines[2][2..],
            ["@test_house_bot", "give-up", "1003", "1003", "1", "it", "gives", "up:", "no", "such", "thing"]
        );
        let columns: Vec<_> = list.lines().map(|line| line.find("test_house_bot")).skip(1).collect();
        assert_eq!(columns[0], columns[1], "the columns stand under each other:\n{list}");
        assert_eq!(said(&house.database, &["list", "--plugin", "give-up"]).await.lines().count(), 2);
        assert_eq!(
            said(&house.database, &["list", "--bot", "nobody_bot"]).await,
            "There are no dead letters: this database knows no bot `nobody_bot`, it knows @test_house_bot (7000000001).\n"
        );
        assert_eq!(
            said(&house.database, &["drop", "--all", "--plugin", "retyr"]).await,
            "There are no dead letters: no event has come to a plugin `retyr`, but to give-up, retry.\n"
        );

        let page = said(&house.database, &["show", second]).await;
        assert!(page.contains(&format!("digest      {}", guesthouse_fixtures::get("give-up").digest)), "{page}");
        assert!(
            page.contains("reason      it gives up: no such thing") && page.contains("\"/give_up no such thing\""),
            "{page}"
        );
        let shown: Value =
            serde_json::from_str(&said(&house.database, &["show", second, "--json"]).await).expect("JSON");
        assert_eq!(shown["update"]["message"]["text"], "/give_up no such thing");
        assert_eq!((&shown["user"], &shown["attempts"]), (&1003.into(), &1.into()));

        // Its time has come: the host, which was told nothing, answers within its longest sleep.
        house.passes(2).await;
        assert_eq!(said(&house.database, &["retry", first]).await, format!("Event {first} is tried again.\n"));
        // The command goes by the machine's clock, with which that of the house has to catch up.
        house.passes_until("SELECT COUNT(*) FROM inbox WHERE state = 1", 1).await;
        assert_eq!(one.sees().await, "done: until");
        assert_eq!(
            refused(&house.database, &["retry", first]).await,
            format!(
                "error: event {first} is no dead letter: it was handled; nothing was changed\nhint: `guesthouse dead \
                 list` shows the numbers of all dead letters\n"
            )
        );
        assert_eq!(
            refused(&house.database, &["show", "4711"]).await,
            "error: there is no event 4711; nothing was changed\nhint: `guesthouse dead list` shows the numbers of all \
             dead letters\n"
        );
        assert_eq!(
            said(&house.database, &["drop", "--all", "--plugin", "retry"]).await,
            "There are no dead letters.\n"
        );
        assert_eq!(said(&house.database, &["drop", "--all"]).await, format!("Event {second} is dropped.\n"));
        assert_eq!(said(&house.database, &["list", "--json"]).await, "[]\n");
        let none = refused(&house.database, &["list", "--limit", "0"]).await;
        assert!(none.contains("0 is not in 1..") && none.contains("\nhint: "), "{none}");
        house.closes([one, two]).await;
    }
}

#[tokio::test]
async fn an_album_is_shown_whole() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("album")]).await;
        let user = house.person(1002);
        let photos = [[255, 0, 0], [0, 255, 0], [0, 0, 255]].map(|color| png(16, color));
        user.sends_photos(&photos.each_ref().map(Vec::as_slice), "give up").await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 1).await;
        let seq = house.database.text("SELECT CAST(seq AS TEXT) FROM inbox").await;
        let page = said(&house.database, &["show", &seq]).await;
        assert_eq!(page.matches("\"update_id\":").count(), 3, "{page}");
        let shown: Value = serde_json::from_str(&said(&house.database, &["show", &seq, "--json"]).await).expect("JSON");
        let updates = shown["update"].as_array().expect("as its plugin gets it");
        assert_eq!(updates.len(), 3, "{shown}");
        assert_eq!(updates[0]["message"]["caption"], "give up");
        assert!(updates.iter().all(|update| update["message"]["photo"].is_array()), "{shown}");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn the_line_of_an_alert_can_be_typed_as_it_stands() {
    let (street, database) = (Street::opens().await, Database::sqlite());
    let host = HostProcess::starts(&street.configuration(&database, "", &[fixture("give-up")]));
    let (admin, user) = (street.town.person(ADMIN), street.town.person(1002));
    admin.says("/ping").await;
    assert_eq!(admin.sees().await, "pong");
    user.says("/give_up no").await;
    let alert = admin.sees().await;
    let line = alert.lines().last().expect("a line").trim_matches('`');
    assert!(line.contains(" dead retry ") && line.contains(" --config /"), "{line}");
    let done = Command::new("/bin/sh").args(["-c", line]).output().await.expect("a shell");
    let (said, error) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(said.ends_with(" is tried again.\n"), "{line}: {said}{error}");
    // It is given up again, which is counted and told later.
    database.comes_to("SELECT CAST(SUM(untold) AS BIGINT) FROM alerts", 1).await;
    host.stops().await;
    street.closes().await;
}

#[tokio::test]
async fn the_configuration_is_read_for_the_database_alone() {
    let house = House::opens(Database::sqlite(), &[]).await;
    let folder = folder();
    let config = folder.path().join("guesthouse.toml");
    let command = async |text: String| {
        std::fs::write(&config, text).expect("the folder can be written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_guesthouse"));
        command.args(["dead", "list", "--config"]).arg(&config).env("PLACE", house.database.url());
        let done = command.output().await.expect("it runs");
        (
            done.status.code(),
            String::from_utf8(done.stdout).expect("text"),
            String::from_utf8(done.stderr).expect("text"),
        )
    };
    let bot = "[[bot]]\nname = \"main\"\ntoken = \"${NO_SUCH_VARIABLE}\"\n";
    let (code, said, _) = command(format!("[database]\nurl = \"${{PLACE}}\"\n{bot}")).await;
    assert_eq!((code, said.as_str()), (Some(0), "There are no dead letters.\n"));
    let (code, _, error) = command(format!("[database]\nurl = \"${{NO_SUCH_PLACE}}\"\n{bot}")).await;
    assert_eq!(code, Some(1));
    assert!(error.contains("line 2 asks for `${NO_SUCH_PLACE}`") && error.contains("\nhint: "), "{error}");
    house.closes([]).await;
}
