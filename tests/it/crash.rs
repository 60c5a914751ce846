//! `kill -9` at every gap between Telegram and Telegram: nothing is lost, nothing is counted twice.
//!
//! The host is the real binary in a process of its own. The emulator, which outlives it, holds it at the gap: a file that
//! does not come keeps a turn under way, a refused call keeps a message in the outbox.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use crate::support::process::HostProcess;
use crate::support::{Database, Street, fixture};

/// A street with a database and the text of a configuration for it.
struct Scene {
    street: Street,
    database: Database,
    configuration: String,
}

impl Scene {
    async fn set(database: Database, limits: &str) -> Self {
        let street = Street::opens().await;
        let configuration = street.configuration(&database, limits, &[fixture("tables")]);
        Self { street, database, configuration }
    }

    fn host(&self) -> HostProcess {
        HostProcess::starts(&self.configuration)
    }

    async fn until_called(&self, method: &str, count: usize) {
        for _ in 0..3_000 {
            if self.street.town.calls(method).await.len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{method} was never called {count} times");
    }

    async fn ends(self, host: HostProcess) {
        host.stops().await;
        self.database.check().await;
        self.street.closes().await;
    }
}

#[tokio::test]
async fn between_intake_and_turn() {
    for database in Database::each().await {
        // One slot, and a turn that waits in it: everything else stays in the inbox.
        let scene = Scene::set(database, "concurrent_turns = 1").await;
        let (slow, people) =
            (scene.street.town.person(1001), [1002, 1003, 1004].map(|id| scene.street.town.person(id)));
        let host = scene.host();
        let file = crate::support::sends_a_file_to_wait_for(&slow, &scene.database).await;
        scene.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
        slow.says(&format!("/slow_hit slow {file}")).await;
        scene.until_called("getFile", 1).await;
        for person in &people {
            person.says("/hit quick").await;
        }
        scene.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 0", 4).await;
        host.dies();
        scene.street.town.recovers().await;

        let host = scene.host();
        let mut answers = vec![slow.sees().await];
        for person in &people {
            answers.push(person.sees().await);
        }
        answers.sort();
        assert_eq!(answers, ["quick 1", "quick 2", "quick 3", "slow 1"]);
        scene.ends(host).await;
    }
}

#[tokio::test]
async fn in_the_middle_of_a_turn() {
    for database in Database::each().await {
        let scene = Scene::set(database, "").await;
        let user = scene.street.town.person(1002);
        let host = scene.host();
        let file = crate::support::sends_a_file_to_wait_for(&user, &scene.database).await;
        scene.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
        user.says(&format!("/slow_hit jar {file}")).await;
        scene.until_called("getFile", 1).await;
        host.dies();
        scene.street.town.recovers().await;

        let host = scene.host();
        assert_eq!(user.sees().await, "jar 1");
        user.says("/hit jar").await;
        assert_eq!(user.sees().await, "jar 2", "the first turn was counted once");
        user.has_seen_everything().await;
        scene.ends(host).await;
    }
}

#[tokio::test]
async fn the_first_signal_waits_for_what_is_under_way_and_the_second_does_not() {
    for database in Database::each().await {
        let scene = Scene::set(database, "").await;
        let user = scene.street.town.person(1002);
        let mut host = scene.host();
        let file = crate::support::sends_a_file_to_wait_for(&user, &scene.database).await;
        scene.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
        user.says(&format!("/slow_hit jar {file}")).await;
        scene.until_called("getFile", 1).await;
        host.is_told_to_stop();
        while !host.log().contains("finishing what is under way") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        user.says("/hit jar").await;
        assert!(host.runs(), "a turn is under way");
        host.is_told_to_stop();
        while host.runs() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        scene.street.town.recovers().await;

        let host = scene.host();
        assert_eq!(user.sees_all(2).await, "jar 1\n---\njar 2");
        user.has_seen_everything().await;
        scene.ends(host).await;
    }
}

#[tokio::test]
async fn a_host_that_is_still_starting_ends_at_the_first_signal() {
    for database in Database::each().await {
        let scene = Scene::set(database, "").await;
        scene.street.town.suffers(json!({"method": "getMe", "action": "hold"})).await;
        let host = scene.host();
        scene.until_called("getMe", 1).await;
        let ended = tokio::time::timeout(Duration::from_secs(20), host.stops()).await;
        ended.expect("it does not wait for Telegram, which has half a minute");
        // And takes its leave: whoever comes next need not wait for its leases to run out.
        scene.database.comes_to("SELECT -COUNT(*) FROM hosts", 0).await;
        scene.street.town.recovers().await;
        let host = scene.host();
        let user = scene.street.town.person(1002);
        user.says("/hit jar").await;
        assert_eq!(user.sees().await, "jar 1");
        scene.ends(host).await;
    }
}

#[tokio::test]
async fn between_commit_and_delivery() {
    for database in Database::each().await {
        let scene = Scene::set(database, "").await;
        let user = scene.street.town.person(1002);
        let fault = json!({"method": "sendMessage", "action": {"error": {"code": 429,
            "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}}}});
        scene.street.town.suffers(fault).await;
        let host = scene.host();
        user.says("/hit jar").await;
        scene.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 0 AND attempt > 0", 1).await;
        host.dies();
        scene.street.town.recovers().await;

        let host = scene.host();
        assert_eq!(user.sees().await, "jar 1");
        user.has_seen_everything().await;
        scene.ends(host).await;
    }
}

#[tokio::test]
async fn while_a_call_is_in_the_air() {
    for database in Database::each().await {
        let scene = Scene::set(database, "").await;
        let user = scene.street.town.person(1002);
        scene.street.town.suffers(json!({"method": "sendMessage", "action": "hold"})).await;
        let host = scene.host();
        user.says("/hit jar").await;
        scene.until_called("sendMessage", 1).await;
        host.dies();
        scene.street.town.recovers().await;

        let host = scene.host();
        // Whether the first call arrived is not to be known: one message, or two and the second is on record.
        assert_eq!(user.sees().await, "jar 1");
        user.says("/hit jar").await;
        let mut copies = 1;
        loop {
            match user.sees().await.as_str() {
                "jar 1" => copies += 1,
                "jar 2" => break,
                other => panic!("{other}"),
            }
        }
        let ambiguous = scene.database.number("SELECT CAST(SUM(ambiguous) AS BIGINT) FROM outbox").await;
        assert!(copies - 1 <= ambiguous, "{copies} copies, {ambiguous} ambiguous attempts on record");
        assert!(ambiguous >= 1, "an attempt without an answer is on record");
        scene.ends(host).await;
    }
}

#[tokio::test]
async fn at_any_moment_under_load() {
    for database in Database::each().await {
        let scene = Scene::set(database, "").await;
        let mut people = Vec::new();
        for number in 0..20 {
            people.push(scene.street.town.newcomer(&format!("Guest {number}"), "en").await);
        }
        // Different moments in each round, the same in each run: from before the first poll to the middle of delivery.
        let mut host = scene.host();
        let rounds: i64 = 6;
        for round in 0..rounds {
            for person in &people {
                person.says(&format!("/hit jar{}", person.id % 3)).await;
            }
            // Every second one dies at work; on a slow machine the others may not even have begun to poll.
            if round % 2 == 1 {
                scene.database.comes_to("SELECT COUNT(*) FROM updates", (round + 1) * 20).await;
            }
            tokio::time::sleep(Duration::from_millis(40 + 90 * u64::try_from(round).expect("small"))).await;
            host.dies();
            host = scene.host();
        }
        scene.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 1", rounds * 20).await;
        scene
            .database
            .comes_to("SELECT COUNT(*) - (SELECT COUNT(*) FROM outbox WHERE state = 0) FROM outbox", rounds * 20)
            .await;
        let hits = scene.database.number("SELECT CAST(SUM(hits) AS BIGINT) FROM tables__counters").await;
        assert_eq!(hits, rounds * 20, "every message counted exactly once");

        // Each person has every answer, in order; a duplicate only where it is on record.
        let ambiguous = scene.database.number("SELECT CAST(COALESCE(SUM(ambiguous), 0) AS BIGINT) FROM outbox").await;
        let mut duplicates = 0;
        for person in &people {
            let mut counts: BTreeSet<i64> = BTreeSet::new();
            while counts.len() < usize::try_from(rounds).expect("small") {
                let answer = person.sees().await;
                let count = answer.split_whitespace().nth(1).and_then(|count| count.parse().ok()).expect("a count");
                // Those of a host's last moment may come again, several in their order: 19, 20, 19, 20. New ones come
                // in order.
                if counts.contains(&count) {
                    duplicates += 1;
                } else {
                    assert!(counts.last() < Some(&count), "{counts:?} then {count}: out of order");
                    counts.insert(count);
                }
            }
        }
        assert!(duplicates <= ambiguous, "{duplicates} duplicates, {ambiguous} ambiguous attempts on record");
        scene.ends(host).await;
    }
}
