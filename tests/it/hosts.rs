//! Many bots in one host, many hosts on one database, two versions of a plugin side by side.

use std::path::PathBuf;
use std::time::Duration;

use crate::support::process::HostProcess;
use crate::support::{Database, House, Plugin, Street, component, fixture, ledger, until};

mod hints;

#[tokio::test]
async fn bots_share_a_host_and_nothing_else() {
    for database in Database::each().await {
        let street = Street::opens().await;
        street.has_bot("7000000002:second", "second_bot").await;
        let text = street.configuration(&database, "", &[fixture("tables")]);
        let text = street.and_bot(&text, "second", "7000000002:second", &[fixture("tables")]);
        // Nobody knows this token; nobody answers at that address; no such plugin is bundled.
        let text = street.and_bot(&text, "stranger", "7000000003:wrong", &[]);
        let nowhere = "[[bot]]\nname = \"nowhere\"\ntoken = \"7000000004:x\"\napi_url = \"http://127.0.0.1:9\"\n";
        let lost = [Plugin::bundled("lost")];
        let text = street.and_bot(&format!("{text}\n{nowhere}"), "lost", "7000000005:x", &lost);
        let house = House::opens_on(street, database, &text).await;
        let user = house.person(1002);
        let other = user.in_chat("p:7000000002:1002");
        for number in 1..=3 {
            user.says("/hit jar").await;
            assert_eq!(user.sees().await, format!("jar {number}"));
        }
        other.says("/hit jar").await;
        assert_eq!(other.sees().await, "jar 1", "each bot has its own rows");
        other.says("/hits").await;
        assert_eq!(other.sees().await, "jar 1");
        house.closes([user, other]).await;
    }
}

/// The same component under another digest: an empty section of no meaning is put at its end.
fn rebuilt(name: &str) -> PathBuf {
    let fixture = guesthouse_fixtures::get(name);
    let bytes = [fixture.component, &[0, 2, 1, b'v']].concat();
    component(&format!("{name}-rebuilt-{}", &fixture.digest[..16]), &bytes)
}

#[tokio::test]
async fn two_versions_of_a_plugin_and_hosts_that_come_and_go() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    let old = street.configuration(&database, "", &[ledger()]);
    let source = old.lines().find(|line| line.starts_with("source")).expect("a source").to_owned();
    let new = old.replace(&source, &format!("source = {:?}", rebuilt("ledger")));
    // The new version wants another column; the old one does not know it.
    let new = new.replace("[bot.plugins.ledger.config]", "[bot.plugins.ledger.config]\nnote = \"yes\"");
    assert_ne!(old, new);
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(street.town.newcomer(&format!("Guest {number}"), "en").await);
    }
    let mut written = 0;
    let mut hosts = vec![HostProcess::starts(&old), HostProcess::starts(&old)];
    // One after another is replaced while people write; then back again, as after a bad release.
    for next in [&new, &new, &old, &old] {
        for round in 0..3 {
            for person in &people {
                person.says(&format!("/step c{}", (person.id + round) % 3)).await;
                written += 1;
            }
        }
        hosts.push(HostProcess::starts(next));
        database.comes_to("SELECT COUNT(*) FROM hosts", 3).await;
        hosts.remove(0).stops().await;
    }
    super::chaos::books::wait_until_done(&database, written).await;
    for host in hosts {
        host.stops().await;
    }
    assert_eq!(super::chaos::books::balance(&database, &people, written).await, 0, "nobody was killed");
    street.closes().await;
}

#[tokio::test]
async fn hosts_of_two_versions_work_side_by_side_where_the_schema_says_so() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    let old = street.configuration(&database, "", &[ledger().with("note = \"old\"")]);
    let source = old.lines().find(|line| line.starts_with("source")).expect("a source").to_owned();
    let new = old.replace(&source, &format!("source = {:?}", rebuilt("ledger"))).replace("\"old\"", "\"new\"");
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(street.town.newcomer(&format!("Guest {number}"), "en").await);
    }
    let older = HostProcess::starts(&old);
    database.comes_to("SELECT COUNT(*) FROM hosts", 1).await;
    // A newer version has come with a migration that the hosts which know the one before can live with.
    database.suffers("ALTER TABLE inbox ADD COLUMN later BIGINT NOT NULL DEFAULT 0").await;
    database.suffers("CREATE TABLE later (id BIGINT PRIMARY KEY)").await;
    database.suffers("INSERT INTO migrations SELECT MAX(version) + 1, 0, MAX(version) FROM migrations").await;
    let newer = HostProcess::starts(&new);
    database.comes_to("SELECT COUNT(*) FROM hosts", 2).await;
    let written = std::cell::Cell::new(0);
    let write = async || {
        for person in &people {
            person.says(&format!("/step c{}", (person.id + written.get()) % 3)).await;
            written.set(written.get() + 1);
        }
    };
    database.comes_to("SELECT COUNT(*) FROM plugin_tables", 4).await;
    let both = "SELECT COUNT(DISTINCT note) FROM ledger__steps";
    until("both versions have had turns", async || {
        write().await;
        database.number(both).await == 2
    })
    .await;

    // Now one that they cannot live with. Who runs cannot know; who comes says so and touches nothing.
    database.suffers("INSERT INTO migrations SELECT MAX(version) + 1, 0, NULL FROM migrations").await;
    let known = database.number("SELECT COUNT(*) FROM migrations").await - 2;
    assert_eq!(
        HostProcess::starts(&old).refuses().await,
        format!(
            "error: the database has schema {}, and this guesthouse knows none newer than {known}\nhint: start the newer \
             guesthouse that was here before, or restore the database from before it\n",
            known + 2
        )
    );
    assert_eq!(database.number("SELECT COUNT(*) FROM hosts").await, 2);
    write().await;

    super::chaos::books::wait_until_done(&database, written.get()).await;
    older.stops().await;
    newer.stops().await;
    assert_eq!(super::chaos::books::balance(&database, &people, written.get()).await, 0, "nobody was killed");
    // What one version wrote down, the same version has said.
    let mut noted = database.texts("SELECT note || ': ' || chat || ' step ' || number FROM ledger__steps").await;
    let mut said = Vec::new();
    for person in &people {
        for text in person.has_read().await {
            let (note, rest) = text.split_once(": ").expect("a note");
            let (_, step) = rest.split_once(" step ").expect("a step");
            said.push(format!("{note}: {} step {step}", person.id));
        }
    }
    noted.sort();
    said.sort();
    assert_eq!(noted, said);
    street.closes().await;
}

#[tokio::test]
async fn a_frozen_host_does_nothing_when_it_wakes() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    // It is frozen for as long as its lease lasts and others look for it; its turn is not over by then.
    let text = street.configuration(&database, "wall_ms = 120000", &[fixture("tables")]);
    let frozen = HostProcess::starts(&text);
    let user = street.town.person(1002);
    let file = crate::support::sends_a_file_to_wait_for(&user, &database).await;
    street.town.suffers(serde_json::json!({"method": "getFile", "action": "hold"})).await;
    user.says(&format!("/slow_hit jar {file}")).await;
    while street.town.calls("getFile").await.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // In the middle of a turn, and the polling is its own too.
    frozen.freezes();
    street.town.recovers().await;
    let other = HostProcess::starts(&text);
    assert_eq!(user.sees().await, "jar 1", "the other host has taken the lane over");
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 2");
    frozen.thaws();
    until("it hears of it", async || frozen.log().contains("has taken lane")).await;
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 3");
    user.has_seen_everything().await;
    frozen.stops().await;
    other.stops().await;
    database.check().await;
    street.closes().await;
}

#[tokio::test]
async fn what_is_not_begun_when_the_host_stops_is_left_to_the_next() {
    let house = House::opens(Database::sqlite(), &[fixture("tables")]).await;
    let user = house.person(1002);
    let file = crate::support::sends_a_file_to_wait_for(&user, &house.database).await;
    let (street, database) = house.stops().await;
    street.town.suffers(serde_json::json!({"method": "getFile", "action": "hold"})).await;
    user.says(&format!("/slow_hit jar {file}")).await;
    for _ in 0..3 {
        user.says("/hit jar").await;
    }
    // They come in one batch, so one claim takes all of them.
    let text = street.configuration(&database, "", &[fixture("tables")]);
    let house = House::opens_on(street, database, &text).await;
    until("the first turn waits", async || !house.street.town.calls("getFile").await.is_empty()).await;
    house.is_told_to_stop();
    house.street.town.recovers().await;
    let (street, database) = house.stops().await;
    assert_eq!(database.number("SELECT COUNT(*) FROM inbox WHERE state = 0").await, 3, "one was under way");
    let house = House::opens_on(street, database, &text).await;
    for number in 1..=4 {
        assert_eq!(user.sees().await, format!("jar {number}"));
    }
    house.closes([user]).await;
}
