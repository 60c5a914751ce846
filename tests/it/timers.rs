//! What comes at its time: timers and schedules, also after a `kill -9`, and once on however many hosts.

use std::time::Duration;

use guesthouse::clock::Clock;

use crate::support::process::HostProcess;
use crate::support::{Database, House, Plugin, Street, fixture_granted, start};

/// The morning on which clocks in Berlin are set from 02:00 to 03:00, ten seconds before that.
const SPRING: i64 = 1_774_745_990_000;

fn clockwork(when: &str) -> Plugin {
    let plugin = fixture_granted("clockwork", r#"["chat", "tables", "timers"]"#);
    plugin.with(&format!("when = {when:?}"))
}

#[tokio::test]
async fn timers_fire_move_and_are_cancelled() {
    for database in Database::each().await {
        let clock = Clock::manual(SPRING);
        let house = House::opens_at(clock, database, "", &[clockwork("off")]).await;
        let user = house.person(1002);
        for (said, answer) in [
            ("/in 60000 tea milk", "ok"),
            ("/in 30000 egg soft", "ok"),
            ("/in 20000 cake none", "ok"),
            // The same key is the same timer.
            ("/in 90000 tea sugar", "ok"),
            ("/cancel cake", "ok"),
            ("/cancel nothing", "ok"),
            ("/aside 40000 cup of it", "ok"),
        ] {
            user.says(said).await;
            assert_eq!(user.sees().await, answer, "{said}");
        }
        house.passes(29).await;
        user.has_seen_everything().await;
        house.passes(2).await;
        assert_eq!(user.sees().await, "egg fired: soft");
        house.passes(10).await;
        assert_eq!(user.sees().await, "cup fired by hands: of it");
        house.passes(30).await;
        user.has_seen_everything().await;
        house.passes(20).await;
        assert_eq!(user.sees().await, "tea fired: sugar");
        // What is past is due at once, and the turn knows when it was.
        user.says("/at 5 old times").await;
        assert_eq!(user.sees_all(2).await, "ok\n---\nold fired: times");
        assert_eq!(house.database.number("SELECT due FROM clockwork__fired WHERE name = 'old'").await, 5);
        assert_eq!(house.database.number("SELECT COUNT(*) FROM clockwork__fired").await, 4);
        assert_eq!(house.database.number("SELECT COUNT(*) FROM timers").await, 0);
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_said() {
    for database in Database::each().await {
        let house = House::opens_with(database, "attempts = 1", &[clockwork("off")]).await;
        let user = house.person(1002);
        for (said, answer) in [
            ("/odd key", "a key of 0 bytes; 1 to 128 are taken"),
            ("/odd data", "16385 bytes of data; at most 16384 are kept"),
            ("/odd processor", "feet"),
            ("/odd nul", "a timer with a NUL character cannot be stored"),
            ("/there 1003 k", "the plugin may not write to chat 1003"),
            ("/many 999", "ok, moved: ok"),
        ] {
            user.says(said).await;
            let seen = user.sees().await;
            assert!(seen.contains(answer), "{said}: {seen}");
        }
        // Too many writes in one turn, and too many timers in one chat.
        user.says("/many 1000").await;
        let seen = user.sees().await;
        assert!(seen.starts_with("ok, moved: ") && seen.contains("more than 1000 (limits.row_writes)"), "{seen}");
        assert_eq!(house.database.number("SELECT COUNT(*) FROM timers").await, 1_000);
        user.says("/in 60000 one more").await;
        let seen = user.sees().await;
        assert!(seen.contains("1000 timers wait in this chat already"), "{seen}");
        user.says("/in 60000 t5 moved").await;
        assert_eq!(user.sees().await, "ok");
        user.says("/aside 3600000 one more").await;
        assert_eq!(user.sees().await, "ok", "a processor has lanes of its own");
        // A turn that fails has set nothing.
        user.says("/fail never").await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 1).await;
        assert_eq!(house.database.number("SELECT COUNT(*) FROM timers WHERE name = 'never'").await, 0);
        house.admin().skips().await;
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn a_kill_between_set_and_due_loses_nothing() {
    for database in Database::each().await {
        let street = Street::opens().await;
        let text = street.configuration(&database, "", &[clockwork("off")]);
        let user = street.town.person(1002);
        let host = HostProcess::starts(&text);
        // Long enough for a slow machine to answer and to die before it is due.
        user.says("/in 6000 egg soft").await;
        assert_eq!(user.sees().await, "ok");
        // Else a host that has sent it and not yet said so would send it again.
        database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 1", 1).await;
        host.dies();
        let host = HostProcess::starts(&text);
        assert_eq!(user.sees().await, "egg fired: soft");
        host.stops().await;
        assert_eq!(database.number("SELECT COUNT(*) FROM clockwork__fired").await, 1);
        database.check().await;
        user.has_seen_everything().await;
        street.closes().await;
    }
}

#[tokio::test]
async fn three_hosts_fire_each_timer_once() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    let text = street.configuration(&database, "", &[clockwork("* * * * *")]);
    let hosts = [HostProcess::starts(&text), HostProcess::starts(&text), HostProcess::starts(&text)];
    database.comes_to("SELECT COUNT(*) FROM hosts", 3).await;
    let people = [1001, 1002, 1003].map(|id| street.town.person(id));
    people[0].says("/cancel nothing").await;
    assert_eq!(people[0].sees().await, "ok", "they are up");
    let at = Clock::system().now() + 3_000;
    for person in &people {
        for number in 0..10 {
            person.says(&format!("/at {at} t{number} x")).await;
        }
    }
    database.comes_to("SELECT COUNT(*) FROM clockwork__fired WHERE what = 'timer'", 30).await;
    // One tick a minute, whoever makes it. Its time is the next full minute.
    database.comes_to("SELECT COUNT(*) FROM clockwork__fired WHERE what = 'schedule'", 1).await;
    // A host that is told to stop leaves what waits to others, and here nobody stays.
    database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
    database.comes_to("SELECT -COUNT(*) FROM outbox WHERE state = 0", 0).await;
    for host in hosts {
        host.stops().await;
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM clockwork__fired WHERE what = 'timer'").await, 30);
    let twice = "SELECT COUNT(*) - COUNT(DISTINCT due) FROM clockwork__fired WHERE what = 'schedule'";
    assert_eq!(database.number(twice).await, 0);
    for person in &people {
        let fired = person.has_read().await.iter().filter(|text| text.contains("fired")).count();
        assert_eq!(fired, 10);
    }
    database.check().await;
    street.closes().await;
}

#[tokio::test]
async fn schedules_tick_in_their_zone_and_missed_ticks_are_one() {
    for database in Database::each().await {
        let clock = Clock::manual(SPRING);
        let street = Street::opens().await;
        let text = street.configuration(&database, "", &[clockwork("*/10 * * * *")]);
        let text = text.replace("admins =", "timezone = \"Europe/Berlin\"\nadmins =");
        let house = House::opens_on_at(clock.clone(), street, database, &text).await;
        house.passes(15).await;
        let ticks = "SELECT COUNT(*) FROM clockwork__fired";
        house.database.comes_to(ticks, 2).await;
        let full_hour = SPRING + 10_000;
        // 02:30 is left out on this day, and comes at the first moment after.
        let told =
            "SELECT name || ' ' || due || ' ' || missed || ' ' || processor FROM clockwork__fired ORDER BY name, due";
        let nightly = format!("nightly {full_hour} 0 hands");
        assert_eq!(house.database.texts(told).await, [nightly.clone(), format!("often {full_hour} 0 ")]);

        // Nobody is up for an hour and a bit: six times have passed, and the latest is told.
        let (street, database) = house.stops().await;
        clock.advance(Duration::from_secs(3_600));
        let house = House::opens_on_at(clock.clone(), street, database, &text).await;
        house.database.comes_to(ticks, 3).await;
        let late = format!("often {} 5 ", full_hour + 3_600_000);
        assert_eq!(house.database.texts(told).await, [nightly, format!("often {full_hour} 0 "), late]);
        assert_eq!(house.database.number("SELECT COUNT(*) FROM schedules").await, 2);

        // Switched off, it is forgotten, and begins anew when it is on again.
        let (street, database) = house.stops().await;
        let off = text.replace("*/10 * * * *", "off");
        let house = House::opens_on_at(clock.clone(), street, database, &off).await;
        house.database.comes_to("SELECT -COUNT(*) FROM schedules", -1).await;
        let (street, database) = house.stops().await;
        clock.advance(Duration::from_secs(3_600));
        let house = House::opens_on_at(clock.clone(), street, database, &text).await;
        house.passes(3).await;
        assert_eq!(house.database.number(ticks).await, 3);
        house.closes([]).await;
    }
}

#[tokio::test]
async fn a_time_that_is_none_is_refused() {
    let street = Street::opens().await;
    let text = street.configuration(&Database::sqlite(), "", &[clockwork("daily")]);
    let Err(error) = start(&text).await else { panic!("it was started") };
    assert_eq!(
        format!("{error:#}"),
        "bot `test` was not started: the setting `when` of plugin `clockwork` says when, and `daily` is not a time: it \
         has 1 field(s), not five\nhint: write minute, hour, day of month, month and day of week, such as when = \"0 9 \
         * * *\", or \"off\""
    );
    let zone = text.replace("admins =", "timezone = \"Europe/Atlantis\"\nadmins =");
    let Err(error) = start(&zone).await else { panic!("it was started") };
    let error = format!("{error:#}");
    assert!(error.contains("there is no time zone `Europe/Atlantis`\nhint: write one such as"), "{error}");
    street.closes().await;
}
