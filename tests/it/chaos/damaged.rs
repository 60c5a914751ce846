//! Components that were damaged on their way, at places that a seed decides. Most are refused in plain words when they are
//! loaded. What still loads may do what it likes: its events come to an end, and another bot is served all the while.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{rounds, variable};
use crate::hostile::serves_others;
use crate::support::{CACHE, Database, House, Plugin, Street, fixture, folder, until};

/// Fixtures that write rows and answer, and what makes them do so.
const WHOLE: [(&str, &str); 2] = [("ledger", "/step c1"), ("tables", "/hit jar")];
/// A damaged loop may be one without an end.
const LIMITS: &str = "cpu_ms = 200\nwall_ms = 20000\nattempts = 1\nbreaker = 1000000";
const OTHER_TOKEN: &str = "7000000002:other";

/// One bit flips, which is what a component survives best; of every fourth a piece is missing or there twice.
fn damaged(component: &[u8], dice: &mut StdRng) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let at = dice.random_range(0..bytes.len());
    bytes[at] ^= 1 << dice.random_range(0..8);
    let start = dice.random_range(0..bytes.len());
    let piece = start..(start + dice.random_range(1..64)).min(bytes.len());
    match dice.random_range(0..12) {
        0 => bytes.truncate(start),
        1 => drop(bytes.drain(piece)),
        2 => drop(bytes.splice(start..start, component[piece].to_vec())),
        _ => {}
    }
    bytes
}

#[tokio::test]
async fn whatever_is_left_of_a_component_harms_nobody() {
    let seed = variable("GUESTHOUSE_CHAOS_SEED", 1);
    println!("GUESTHOUSE_CHAOS_SEED={seed}");
    let mut dice = StdRng::seed_from_u64(seed);
    let (street, database, place) = (Street::opens().await, Database::sqlite(), folder());
    street.has_bot(OTHER_TOKEN, "other_bot").await;
    let whole = WHOLE.map(|(name, _)| fixture(name));
    let text = street.configuration(&database, LIMITS, &whole);
    let text = street.and_bot(&text, "other", OTHER_TOKEN, &[fixture("trap")]);
    // What is compiled of them is nothing that another test would ever want.
    let text = text.replace(CACHE, &place.path().join("cache").to_string_lossy());
    let house = House::opens_on(street, database, &text).await;
    let victim = house.person(1002);
    let bystander = house.person(1003).in_chat("p:7000000002:1003");
    until("it runs", async || house.loads(&whole[0]).await.is_ok()).await;

    let (mut refused, mut loaded) = (0, 0);
    for round in 0..(rounds() * 5).max(40) {
        let (name, said) = WHOLE[dice.random_range(0..WHOLE.len())];
        let path = place.path().join(format!("{round}.wasm"));
        let bytes = damaged(guesthouse_fixtures::get(name).component, &mut dice);
        std::fs::write(&path, bytes).expect("the folder can be written");
        let build = Plugin::file(name, &path);
        match house.loads(&build).await {
            Ok(()) => {
                loaded += 1;
                victim.says(said).await;
                house.database.comes_to("SELECT COUNT(*) FROM updates WHERE bot_id = 7000000001", loaded).await;
                house.database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
                serves_others(&bystander).await;
            }
            Err(error) => {
                refused += 1;
                let error = format!("{error:#}");
                assert!(error.contains(&format!("plugin `{name}`")) && error.len() < 4_096, "round {round}: {error}");
            }
        }
        std::fs::remove_file(&path).expect("it is there");
    }
    let dead = house.database.number("SELECT COUNT(*) FROM inbox WHERE state = 2").await;
    println!("{refused} refused, {loaded} loaded, {dead} of their events given up");
    assert!(refused > 0 && loaded > 0, "{refused} refused, {loaded} loaded");
    house.closes([bystander]).await;
}
