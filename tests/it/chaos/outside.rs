//! What a host does besides answering is as safe from being killed: timers, calls to the outside and their recorded
//! answers, and events that one plugin hands on to the next.
//!
//! | what | where it is seen |
//! |---|---|
//! | each timer fires once | `clockwork__fired`, the chats |
//! | each visit is counted once, whatever its page was asked | `fetcher__visits`, the chats |
//! | each event that is passed on is handled once by either plugin | `ada__facts`, `bob__facts`, the chats |
//! | nothing is left of any of them | `inbox`, `timers`, `answers`, `outbox` |

use std::collections::BTreeMap;

use super::*;
use crate::support::{Plugin, fixture, fixture_granted};
use guesthouse::testing::{Site, page};

/// Names under which visits are counted.
const NAMES: u32 = 3;

/// What was asked for, and so what must be seen.
#[derive(Default)]
struct Wishes {
    timers: i64,
    visits: i64,
    handed_on: i64,
    /// By person: what they have to read, and how often.
    texts: BTreeMap<(usize, String), i64>,
}

impl Wishes {
    /// Somebody asks for one of the three.
    async fn grow(&mut self, crowd: &mut Crowd, url: &str) {
        let person = crowd.dice.random_range(0..PEOPLE);
        let expected = match crowd.dice.random_range(0..3) {
            0 => {
                self.timers += 1;
                let (number, span) = (self.timers, crowd.dice.random_range(20..1_500));
                crowd.people[person].says(&format!("/in {span} k{number} x")).await;
                vec!["ok".to_owned(), format!("k{number} fired: x")]
            }
            1 => {
                self.visits += 1;
                let name = crowd.dice.random_range(0..NAMES);
                crowd.people[person].says(&format!("/visit n{name} {url}")).await;
                vec![]
            }
            _ => {
                self.handed_on += 1;
                let said = format!("bob, number {}", self.handed_on);
                crowd.people[person].says(&said).await;
                vec![format!("bob answers: {said}")]
            }
        };
        for text in expected {
            *self.texts.entry((person, text)).or_default() += 1;
        }
        crowd.written += 1;
    }

    /// Everything is there once; a message that came twice is on record. Says how many did.
    async fn are_met(&self, database: &Database, people: &[Person]) -> i64 {
        let number = async |sql: &'static str| database.number(sql).await;
        for (what, sql, expected) in [
            ("timers fired", "SELECT COUNT(*) FROM clockwork__fired", self.timers),
            ("different timers", "SELECT COUNT(DISTINCT name) FROM clockwork__fired", self.timers),
            ("visits", "SELECT CAST(COALESCE(SUM(visits), 0) AS BIGINT) FROM fetcher__visits", self.visits),
            ("passed on", "SELECT COUNT(*) FROM ada__facts", self.handed_on),
            ("passed on, each", "SELECT COUNT(DISTINCT body) FROM ada__facts", self.handed_on),
            ("taken", "SELECT COUNT(*) FROM bob__facts", self.handed_on),
            ("taken, each", "SELECT COUNT(DISTINCT body) FROM bob__facts", self.handed_on),
            ("timers left", "SELECT COUNT(*) FROM timers", 0),
            ("answers left", "SELECT COUNT(*) FROM answers", 0),
            ("events that were not done", "SELECT COUNT(*) FROM inbox WHERE state <> 1", 0),
            ("calls that were not made", "SELECT COUNT(*) FROM outbox WHERE state <> 1", 0),
        ] {
            assert_eq!(number(sql).await, expected, "{what}");
        }
        let ambiguous = number("SELECT CAST(COALESCE(SUM(ambiguous), 0) AS BIGINT) FROM outbox").await;
        let mut visits: BTreeMap<String, i64> = BTreeMap::new();
        let mut duplicates = 0;
        for (person, reads) in people.iter().enumerate() {
            let mut read: BTreeMap<(usize, String), i64> = BTreeMap::new();
            for text in reads.has_read().await {
                match text.split_once(": 200 ") {
                    Some((visit, _)) => *visits.entry(visit.to_owned()).or_default() += 1,
                    None => *read.entry((person, text)).or_default() += 1,
                }
            }
            for (wish, expected) in self.texts.range((person, String::new())..(person + 1, String::new())) {
                let count = read.remove(wish).unwrap_or_default();
                assert!(count >= *expected, "{wish:?} was read {count} times instead of {expected}");
                duplicates += count - expected;
            }
            assert!(read.is_empty(), "nobody asked for this: {read:?}");
        }
        assert_eq!(i64::try_from(visits.len()).expect("few"), self.visits, "each visit is told: {visits:?}");
        duplicates += visits.values().map(|times| times - 1).sum::<i64>();
        assert!(duplicates <= ambiguous, "{duplicates} came twice, {ambiguous} attempts are on record as ambiguous");
        duplicates
    }
}

fn plugins(site: &Site) -> [Plugin; 4] {
    let attend = |name: &'static str| fixture("attend").named(name).with(&format!("me = {name:?}"));
    let fetcher = format!(r#"["chat", "tables", {{ http = ["{}"] }}]"#, site.url(""));
    [
        attend("ada").under("priority = 7"),
        attend("bob"),
        fixture_granted("clockwork", r#"["chat", "tables", "timers"]"#),
        fixture_granted("fetcher", fetcher),
    ]
}

#[tokio::test]
async fn timers_answers_and_handed_on_events_survive_a_host_that_is_killed() {
    for database in Database::each().await {
        let site = Site::opens(|_| page(200, &[("content-type", "text/plain")], "a page")).await;
        let mut crowd = Crowd::gathers().await;
        let configuration = crowd.street.configuration(&database.url(), "", &plugins(&site));
        let mut wishes = Wishes::default();
        let mut host = HostProcess::starts(&configuration);
        // What this suite is about is in the middle of things more often than the rest, so half as many rounds do.
        for round in 0..rounds().div_ceil(2) {
            crowd.weather().await;
            for _ in 0..2 * PEOPLE {
                wishes.grow(&mut crowd, &site.url("/page")).await;
            }
            if round % 2 == 1 {
                crowd.is_heard(&database).await;
            }
            // Up to when the last timers are due.
            let pause = crowd.dice.random_range(5..1_600);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            host.dies();
            crowd.kills += 1;
            host = HostProcess::starts(&configuration);
        }
        crowd.street.town.recovers().await;
        database.comes_to("SELECT COUNT(*) FROM updates", crowd.written).await;
        let left = "SELECT -(SELECT COUNT(*) FROM inbox WHERE state = 0) - (SELECT COUNT(*) FROM timers) \
            - (SELECT COUNT(*) FROM outbox WHERE state = 0)";
        database.comes_to(left, 0).await;
        books::measure(&host);
        host.stops().await;
        let duplicates = wishes.are_met(&database, &crowd.people).await;
        let asked = i64::try_from(site.asked().len()).expect("few");
        // A kill can come between an answer and its record, in each lane that was asking.
        let most = wishes.visits + i64::try_from(crowd.kills * PEOPLE).expect("few");
        assert!((wishes.visits..=most).contains(&asked), "{asked} requests for {} visits", wishes.visits);
        let Wishes { timers, visits, handed_on, .. } = wishes;
        println!(
            "{timers} timers, {visits} visits with {asked} requests, {handed_on} handed on, {} kills, {duplicates} \
             duplicates on record, nothing lost",
            crowd.kills
        );
        crowd.street.closes().await;
    }
}
