//! How much memory the host takes while it is attacked, measured on the real binary.

use super::serves_others;
use crate::support::process::HostProcess;
use crate::support::{Database, Street, fixture};

/// Attacks at the same time.
const ATTACKS: i64 = 64;
/// `limits.memory_mib` here.
const MEMORY: i64 = 16;
/// What the host keeps for a turn at most, in MiB.
const KEPT: i64 = 16;
/// Besides: places of the pool that stay resident, compiled code, buffers of the database.
const REST: i64 = 192;

/// The bound: what it took before, and for each turn under way its memory and what is kept for it.
#[tokio::test]
async fn it_stays_under_the_stated_bound() {
    let street = Street::opens().await;
    let database = Database::sqlite();
    let limits = format!("memory_mib = {MEMORY}\ncpu_ms = 100\nattempts = 1\nbreaker = 1000\n");
    let guests = [fixture("hostile"), fixture("memory"), fixture("trap")];
    let host = HostProcess::starts(&street.configuration(&database, &limits, &guests));
    let bystander = street.town.person(1002);
    serves_others(&bystander).await;
    let before = host.peak_memory_mib();
    let bound = before + ATTACKS * (MEMORY + KEPT) + REST;

    let mut dead = 0;
    for attack in ["/oom", "/fill", "/keep 100", "/write 100", "/alias 1000", "/say 8"] {
        for number in 0..ATTACKS {
            let victim = street.town.newcomer(&format!("Victim {number}"), "en").await;
            victim.says(attack).await;
        }
        dead += ATTACKS;
        serves_others(&bystander).await;
        database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", dead).await;
        let peak = host.peak_memory_mib();
        eprintln!("{attack}: {peak} MiB of {bound}");
        assert!(peak <= bound, "{attack}: {peak} MiB, more than {bound}");
    }
    host.stops().await;
    database.check().await;
    street.closes().await;
}
