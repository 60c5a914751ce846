//! Attacks while a turn is under way: computing, memory, the interface, and what the host keeps.

use serde_json::json;

use super::{dead_letters, serves_others};
use crate::support::{Database, House, fixture};

/// What is said, and what the reason of its dead letter begins with: those that compute without end.
const ENDLESS: &[(&str, &str)] = &[
    // One instruction over all memory, again and again: the epoch is looked at between two of them.
    ("/fill", "it was stopped: more than 300 ms of computing (limits.cpu_ms)"),
    ("/copy", "it was stopped: more than 300 ms of computing (limits.cpu_ms)"),
    ("/grow_in_realloc", "it was stopped: more than 300 ms of computing (limits.cpu_ms)"),
];
/// Those that are refused, however long they compute before.
const ATTACKS: &[(&str, &str)] = &[
    // Values that are not what they claim to be.
    ("/utf8", "it crashed: "),
    ("/outside", "it crashed: "),
    ("/overlap", "it crashed: "),
    ("/list", "it crashed: "),
    ("/realloc", "it crashed: "),
    ("/unaligned", "it crashed: "),
    ("/reenter", "it crashed: "),
    // More in one call than a call may carry; a thousand columns that are all the same MiB would be a GiB here.
    ("/alias 1000", "it was stopped: more than 1024 KiB in one call (limits.call_kib)"),
    ("/say 8", "it was stopped: more than 1024 KiB in one call (limits.call_kib)"),
    ("/random 4000000000", "it was stopped: 4000000000 random bytes at once; at most 4096 are given"),
    ("/entities 100000", "it was stopped: more than 1024 KiB in one call (limits.call_kib)"),
    ("/filter 5000", "it gives up: bad filter: "),
    // More in a turn than the host keeps for one.
    ("/keep 100", "it gives up: more than 16 MiB read, written and sent in one turn"),
    ("/write 100", "it gives up: more than 16 MiB read, written and sent in one turn"),
    ("/answers 2000", "it gives up: more than 1000 (limits.row_reads)"),
    // A reason of a MiB is cut.
    ("/die_of 500000", "it gives up: xxxxxxxx"),
];

#[tokio::test]
async fn each_fails_alone_with_a_reason_and_without_a_trace() {
    fail_alone("cpu_ms = 10000\nwall_ms = 55000\n", ATTACKS).await;
}

#[tokio::test]
async fn each_that_never_ends_is_ended() {
    fail_alone("cpu_ms = 300\nwall_ms = 55000\n", ENDLESS).await;
}

async fn fail_alone(limits: &str, attacks: &[(&str, &str)]) {
    let limits = format!("{limits}attempts = 1\nbreaker = 1000\nhost_calls = 100000\nrow_reads = 1000\n");
    let house = House::opens_with(Database::sqlite(), &limits, &[fixture("hostile"), fixture("trap")]).await;
    let mut victims = Vec::new();
    for (attack, _) in attacks {
        let victim = house.street.town.newcomer("Victim", "en").await;
        victim.says(attack).await;
        victims.push(victim);
    }
    serves_others(&house.person(1002)).await;
    let count = i64::try_from(attacks.len()).expect("few");
    house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", count).await;
    let dead = dead_letters(&house.database).await;
    for (attack, reason) in attacks {
        let (_, found) = dead.iter().find(|(said, _)| said == attack).unwrap_or_else(|| panic!("{attack} is missing"));
        assert!(found.starts_with(reason), "{attack}: {found}");
        assert!(found.len() < 1_200, "{attack} has a reason of {} bytes", found.len());
    }
    // Nothing of them is left, and their own chats go on.
    assert_eq!(house.database.number("SELECT COUNT(*) FROM hostile__hoard").await, 0);
    assert_eq!(house.database.number("SELECT COUNT(*) FROM blobs").await, 0);
    for victim in &victims {
        victim.says("/ping").await;
        assert_eq!(victim.sees().await, "pong");
    }
    house.closes(victims).await;
}

#[tokio::test]
async fn what_a_guest_may_try_without_harm() {
    let house = House::opens_with(Database::sqlite(), "attempts = 1", &[fixture("hostile")]).await;
    let user = house.person(1002);
    user.says("/print 100000").await;
    assert_eq!(user.sees().await, "printed");
    user.says("/talk 60000").await;
    assert_eq!(user.sees().await, "taken");
    user.says("/talk 70000").await;
    assert_eq!(user.sees().await, "refused: 70019 bytes of state; at most 65536 are kept");
    user.says("/socket 127.0.0.1:80").await;
    let refused = user.sees().await;
    assert!(refused.starts_with("refused: "), "{refused}");
    user.says("/folder").await;
    assert_eq!(user.sees().await, "root false, written false, 0 variables, 0 arguments");
    house.closes([user]).await;
}

#[tokio::test]
async fn a_host_call_that_does_not_come_back_ends_at_the_limit() {
    let limits = "concurrent_turns = 16\nwall_ms = 8000\ncpu_ms = 500\nattempts = 1\nbreaker = 1000\n";
    let house = House::opens_with(Database::sqlite(), limits, &[fixture("hostile"), fixture("trap")]).await;
    house.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
    let mut victims = Vec::new();
    for number in 0..24 {
        let victim = house.street.town.newcomer(&format!("Victim {number}"), "en").await;
        victim.says("/files nothing").await;
        victims.push(victim);
    }
    // More of them than there are slots for one plugin; somebody else finds one all the same.
    house.database.comes_to("SELECT COUNT(*) FROM lanes WHERE kind = 1 AND host_id IS NOT NULL", 6).await;
    serves_others(&house.person(1002)).await;
    assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox WHERE state = 2").await, 0, "they were all waiting");
    house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 24).await;
    let dead = dead_letters(&house.database).await;
    let reason = "it was stopped: more than 8000 ms by the clock (limits.wall_ms)";
    assert!(dead.iter().all(|(_, found)| found == reason), "{dead:?}");
    house.street.town.recovers().await;
    house.closes(victims).await;
}
