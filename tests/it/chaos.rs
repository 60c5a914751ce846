//! Hosts that are killed, frozen and cut off at random moments while people write to them; afterwards the books are
//! balanced: nothing lost, nothing counted twice, nothing out of order.
//!
//! The plugin is the fixture `ledger`, whose answers and rows cannot be wrong without showing it; `books` has what is
//! checked. Everything random comes from one seed, which a failure prints. Two variables make a long run of a short one:
//!
//! - `GUESTHOUSE_CHAOS_ROUNDS`: how often something happens to the hosts, 8 if it is not set;
//! - `GUESTHOUSE_CHAOS_SEED`: which moments and which events, 1 if it is not set.
//!
//! `damaged` takes five components for each round, 40 at least.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a proxy of the test's own, and figures to print")]

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tokio::net::TcpSocket;

use crate::support::process::HostProcess;
use crate::support::{Database, Person, Street, ledger};
use crate::webhook::posted;

pub mod books;

mod damaged;

mod disk;

mod outside;

pub(crate) mod proxy;

use proxy::Proxy;

/// When PostgreSQL's server was started, in milliseconds.
const SERVER_STARTED: &str = "SELECT CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000 AS BIGINT)";
/// People who write, and cards that they all want.
const PEOPLE: usize = 12;
const CARDS: u32 = 5;

/// A street full of people, and what they have written so far.
struct Crowd {
    street: Street,
    people: Vec<Person>,
    written: i64,
    kills: usize,
    dice: StdRng,
}

impl Crowd {
    async fn gathers() -> Self {
        let seed = variable("GUESTHOUSE_CHAOS_SEED", 1);
        println!("GUESTHOUSE_CHAOS_SEED={seed}");
        let street = Street::opens().await;
        let mut people = Vec::with_capacity(PEOPLE);
        for number in 0..PEOPLE {
            people.push(street.town.newcomer(&format!("Guest {number}"), "en").await);
        }
        Self { street, people, written: 0, kills: 0, dice: StdRng::seed_from_u64(seed) }
    }

    fn configuration(&self, url: &str) -> String {
        self.street.configuration(&url, "", &[ledger()])
    }

    /// Everybody writes once, in a random order and about a random card.
    async fn writes(&mut self) {
        for _ in 0..PEOPLE {
            let person = self.dice.random_range(0..PEOPLE);
            let card = self.dice.random_range(0..CARDS);
            self.people[person].says(&format!("/step c{card}")).await;
            self.written += 1;
        }
    }

    /// Something happens that Telegram's clients have to live with.
    async fn weather(&mut self) {
        let fault = match self.dice.random_range(0..6) {
            0 => json!({"method": "sendMessage", "count": 1, "action": "accept_then_drop"}),
            1 => json!({"method": "sendMessage", "count": 2, "action": {"error": {"code": 429,
                "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}}}}),
            2 => json!({"method": "getUpdates", "count": 1, "action": "accept_then_drop"}),
            3 => json!({"method": "*", "count": 2, "action": {"garbage": {"status": 502, "body": "<html>"}}}),
            _ => return,
        };
        self.street.town.suffers(fault).await;
    }

    /// Waits until Telegram was told that everything was received, however long hosts take to start here.
    async fn is_heard(&self, database: &Database) {
        database.comes_to("SELECT COUNT(*) FROM updates", self.written).await;
    }

    /// Waits for a random moment: after a start, from before the first poll to the middle of delivery.
    async fn waits(&mut self) {
        let pause = self.dice.random_range(5..400);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }

    /// The hosts have caught up; they are stopped, and everything must be right.
    async fn balances(&self, database: &Database, hosts: Vec<HostProcess>) {
        self.street.town.recovers().await;
        books::wait_until_done(database, self.written).await;
        for host in hosts {
            books::measure(&host);
            host.stops().await;
        }
        let duplicates = books::balance(database, &self.people, self.written).await;
        println!("{} updates, {} kills, {duplicates} duplicates on record, nothing lost", self.written, self.kills);
    }

    /// How often a host has polled.
    async fn polls(&self) -> usize {
        self.street.town.calls("getUpdates").await.len()
    }
}

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn rounds() -> u64 {
    variable("GUESTHOUSE_CHAOS_ROUNDS", 8)
}

#[tokio::test]
async fn a_host_that_is_killed_again_and_again() {
    for database in Database::each().await {
        let mut crowd = Crowd::gathers().await;
        let configuration = crowd.configuration(&database.url());
        dies_again_and_again(&mut crowd, &database, &configuration).await;
        assert!(crowd.polls().await > 0, "it never polled");
        crowd.street.closes().await;
    }
}

#[tokio::test]
async fn a_host_to_which_updates_are_posted_is_killed_again_and_again() {
    for database in Database::each().await {
        let mut crowd = Crowd::gathers().await;
        // Bound and not listened at: nobody else gets the port while the host is dead.
        let held = TcpSocket::new_v4().expect("a socket");
        held.set_reuseaddr(true).expect("the port can be shared");
        held.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let address = held.local_addr().expect("an address").to_string();
        let configuration = posted(&crowd.street, &database, &address, "", &[ledger()]);
        dies_again_and_again(&mut crowd, &database, &configuration).await;
        assert_eq!(crowd.polls().await, 0, "it polled");
        crowd.street.closes().await;
    }
}

async fn dies_again_and_again(crowd: &mut Crowd, database: &Database, configuration: &str) {
    let mut host = HostProcess::starts(configuration);
    for round in 0..rounds() {
        crowd.weather().await;
        crowd.writes().await;
        // Every second one dies at work; on a machine that is slow, the others may still be making their tables.
        if round % 2 == 1 {
            crowd.is_heard(database).await;
        }
        crowd.waits().await;
        host.dies();
        crowd.kills += 1;
        host = HostProcess::starts(configuration);
    }
    crowd.balances(database, vec![host]).await;
}

#[tokio::test]
async fn three_hosts_that_die_and_freeze_while_their_database_restarts() {
    let Some(database) = Database::postgres_alone().await else { return };
    let mut crowd = Crowd::gathers().await;
    let configuration = crowd.configuration(&database.url());
    let mut hosts: Vec<_> = (0..3).map(|_| HostProcess::starts(&configuration)).collect();
    database.comes_to("SELECT COUNT(*) FROM hosts", 3).await;
    let mut went_down = None;
    for round in 0..rounds() {
        crowd.weather().await;
        crowd.writes().await;
        crowd.waits().await;
        let victim = crowd.dice.random_range(0..hosts.len());
        match round % 4 {
            // Past its lease: the others take its lanes over, and what it still does when it wakes is refused.
            1 => {
                hosts[victim].freezes();
                for _ in 0..10 {
                    crowd.writes().await;
                    tokio::time::sleep(Duration::from_millis(1_200)).await;
                }
                hosts[victim].thaws();
            }
            2 => {
                let Database::Postgres(server) = &database else { unreachable!("it is one") };
                went_down = Some(database.number(SERVER_STARTED).await);
                server.restarts_the_server();
            }
            _ => {
                hosts.remove(victim).dies();
                crowd.kills += 1;
                // A host that finds no server when it starts says so and ends.
                if let Some(before) = went_down.take() {
                    database.comes_to(SERVER_STARTED, before + 1).await;
                }
                hosts.push(HostProcess::starts(&configuration));
            }
        }
    }
    crowd.balances(&database, hosts).await;
    crowd.street.closes().await;
}

#[tokio::test]
async fn the_answer_to_a_commit_is_lost() {
    let Some(database) = Database::postgres().await else { return };
    let mut crowd = Crowd::gathers().await;
    let seed = crowd.dice.random();
    // One commit in eight is carried out, and its connection is cut before the host can hear so.
    let proxy = Proxy::opens(&database.url(), 8, seed);
    let host = HostProcess::starts(&crowd.configuration(&proxy.url));
    for _ in 0..rounds() {
        crowd.writes().await;
        crowd.waits().await;
    }
    books::wait_until_done(&database, crowd.written).await;
    assert!(proxy.cuts() > 0, "no connection was cut");
    println!("{} commits without an answer", proxy.cuts());
    proxy.behaves();
    crowd.balances(&database, vec![host]).await;
    crowd.street.closes().await;
}
