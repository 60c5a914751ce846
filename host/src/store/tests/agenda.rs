//! Timers, schedules, answers to requests.

use super::*;
use crate::model::Part;
use crate::model::effect::{Reply, TimerChange};
use crate::model::payload::Payload;

const MINUTE: Millis = 60_000;

fn set(key: &str, chat: i64, at: Millis) -> TimerChange {
    TimerChange { processor: None, chat, key: key.into(), set: Some((at, format!("data of {key}"))) }
}

fn cancel(key: &str, chat: i64) -> TimerChange {
    TimerChange { processor: None, chat, key: key.into(), set: None }
}

fn parts() -> Vec<(BotId, Part)> {
    vec![(BOT, cards().into())]
}

/// Runs a turn that wants this of timers.
async fn wants(store: &Store, update_id: i64, timers: Vec<TimerChange>) {
    let tables = store.declare(&cards(), &[]).await.expect("declared");
    let lane = begin_turn(store, update_id, 10).await;
    let commit = TurnCommit { timers, ..turn(lane.events[0].seq, &tables) };
    let outcome = store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error");
    assert_eq!(outcome, CommitOutcome::Committed);
}

/// What is due in the lanes of `cards`, as chat and event.
async fn due(store: &Store) -> Vec<(i64, Payload)> {
    let mut due = Vec::new();
    for lane in store.claim_turns(10, &loaded()).await.expect("claimed").lanes {
        for event in &lane.events {
            let payload = event.payload.as_deref().expect("no update is behind it");
            due.push((lane.lease.chat(), Payload::from_json(payload).expect("it can be read")));
        }
    }
    due
}

fn timer(key: &str, due: Millis) -> Payload {
    Payload::Timer { key: key.into(), data: format!("data of {key}"), due }
}

#[tokio::test]
async fn a_timer_fires_once_and_only_when_it_is_due() {
    each_database(async |place| {
        let store = place.open().await;
        let (one, two) = (START + MINUTE, START + 2 * MINUTE);
        wants(&store, 1, vec![set("a", 10, one), set("b", 10, one), set("b", 20, two), set("c", 10, one)]).await;
        wants(&store, 2, vec![set("b", 10, two), cancel("c", 10), cancel("never", 10)]).await;
        assert_eq!(store.next_timer(&parts()).await.expect("no error"), Some(one));
        assert_eq!(store.fire_timers(&parts()).await.expect("no error"), (0, false));
        let keys = store.timer_keys(BOT, &cards().into(), 10).await.expect("no error");
        assert_eq!(keys, ["a", "b"]);

        place.clock.advance(Duration::from_secs(60));
        assert_eq!(store.fire_timers(&parts()).await.expect("no error"), (1, false));
        assert_eq!(store.fire_timers(&parts()).await.expect("no error"), (0, false));
        assert_eq!(due(&store).await, [(10, timer("a", one))]);
        // What is claimed and dropped is given back at the next claim, with what came meanwhile behind it.
        place.clock.advance(Duration::from_secs(60));
        assert_eq!(store.fire_timers(&parts()).await.expect("no error"), (2, false));
        let mut all = due(&store).await;
        all.sort_by_key(|(chat, _)| *chat);
        assert_eq!(all, [(10, timer("a", one)), (10, timer("b", two)), (20, timer("b", two))]);
        assert_eq!(store.next_timer(&parts()).await.expect("no error"), None);
    })
    .await;
}

#[tokio::test]
async fn hosts_that_race_fire_each_timer_once() {
    each_database(async |place| {
        if place.is_sqlite() {
            return;
        }
        let stores = [place.open().await, place.open().await, place.open().await];
        let timers = (0..300).map(|number| set(&format!("t{number}"), number % 7, START)).collect();
        wants(&stores[0], 1, timers).await;
        let fire = async |store: &Store| {
            let mut fired = 0;
            loop {
                let (count, more) = store.fire_timers(&parts()).await.expect("no error");
                fired += count;
                if !more && store.next_timer(&parts()).await.expect("no error").is_none() {
                    return fired;
                }
            }
        };
        let (one, two, three) = tokio::join!(fire(&stores[0]), fire(&stores[1]), fire(&stores[2]));
        assert_eq!(one + two + three, 300);
        let events = "SELECT COUNT(*) FROM inbox WHERE payload IS NOT NULL";
        assert_eq!(place.number(&stores[0], events).await, 300);
    })
    .await;
}

#[tokio::test]
async fn a_turn_that_leaves_no_trace_sets_no_timer() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        let lane = begin_turn(&store, 1, 10).await;
        place.all_lanes_were_taken_over(&store).await;
        let commit = TurnCommit { timers: vec![set("a", 10, START)], ..turn(lane.events[0].seq, &tables) };
        let outcome = store.commit_turn(&lane.lease, commit, Then::Release).await.expect("no error");
        assert_eq!(outcome, CommitOutcome::LeaseLost);
        assert_eq!(store.next_timer(&parts()).await.expect("no error"), None);
    })
    .await;
}

#[tokio::test]
async fn timers_of_others_wait_for_who_has_the_plugin() {
    each_database(async |place| {
        let store = place.open().await;
        wants(&store, 1, vec![TimerChange { processor: Some("gone".into()), ..set("a", 10, START) }]).await;
        assert_eq!(store.next_timer(&parts()).await.expect("no error"), None);
        assert_eq!(store.fire_timers(&parts()).await.expect("no error"), (0, false));
        store.tidy().await.expect("tidied");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM timers").await, 1);
        place.clock.advance(Duration::from_secs(31 * 86_400));
        store.tidy().await.expect("tidied");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM timers").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_ticks_once_and_begins_anew_when_its_times_change() {
    each_database(async |place| {
        let store = place.open().await;
        let known =
            |cron: &str| KnownSchedule { bot: BOT, part: cards().into(), name: "daily".into(), cron: cron.into() };
        let (old, new) = (known("0 9 * * * UTC"), known("0 10 * * * UTC"));
        let due_of = async |it: &KnownSchedule| store.schedules_due(&[known("other"), it.clone()]).await.expect("read");
        store.keep_schedules(vec![(old.clone(), START)], vec![]).await.expect("kept");
        store.keep_schedules(vec![(old.clone(), START + 5)], vec![]).await.expect("kept");
        assert_eq!(due_of(&old).await, [None, Some(START)], "a start changes nothing");

        let payload = Payload::Schedule { name: "daily".into(), due: START, missed: 3 };
        let tick =
            NewTick { schedule: old.clone(), was_due: START, payload: payload.clone(), next: Some(START + MINUTE) };
        assert_eq!(store.tick(vec![tick.clone()]).await.expect("no error"), 1);
        assert_eq!(store.tick(vec![tick]).await.expect("no error"), 0, "another host was quicker");
        assert_eq!(due(&store).await, [(0, payload)]);
        assert_eq!(due_of(&old).await, [None, Some(START + MINUTE)]);

        store.keep_schedules(vec![(new.clone(), START + 7)], vec![]).await.expect("kept");
        assert_eq!(due_of(&old).await, [None, None], "a host of the old configuration leaves it alone");
        assert_eq!(due_of(&new).await, [None, Some(START + 7)]);
        store.keep_schedules(vec![], vec![(BOT, cards().into(), "daily".into())]).await.expect("kept");
        assert_eq!(due_of(&new).await, [None, None], "it is off");
    })
    .await;
}

#[tokio::test]
async fn a_request_ends_with_its_turn() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        let request = Payload::Request { route: "r".into(), path: vec![], query: vec![], body: String::new() };
        let mut seqs = Vec::new();
        for chat in [1, 2, 3, 4] {
            seqs.push(store.put_event(BOT, cards().into(), chat, &request).await.expect("stored"));
        }
        assert_eq!(store.ended_requests(&seqs).await.expect("no error"), []);
        let reply = Reply { status: 201, body: "{}".into() };
        for lane in store.claim_turns(10, &loaded()).await.expect("claimed").lanes {
            let event = lane.events[0].seq;
            match lane.lease.chat() {
                1 | 2 => {
                    let reply = (lane.lease.chat() == 1).then(|| reply.clone());
                    let commit = TurnCommit { reply, ..turn(event, &tables) };
                    // The answer to the first commit was lost, and it is made again.
                    for _ in 0..2 {
                        let commit = commit.clone();
                        let outcome = store.commit_turn(&lane.lease, commit, Then::Keep).await.expect("no error");
                        assert_eq!(outcome, CommitOutcome::Committed);
                    }
                }
                3 => drop(store.fail_turn(&lane.lease, event, dead("no"), Then::Release).await.expect("recorded")),
                _ => {}
            }
        }
        let mut ended = store.ended_requests(&seqs).await.expect("no error");
        ended.sort_by_key(|(seq, _)| *seq);
        let ends = [RequestEnd::Done(Some(reply)), RequestEnd::Done(None), RequestEnd::Dead("no".into())];
        assert_eq!(ended, seqs.iter().copied().zip(ends).collect::<Vec<_>>());
        store.forget_replies(vec![seqs[0]]).await.expect("forgotten");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM replies").await, 0);
        let letters = store.dead_letters();
        let (found, total) = letters.page(&Whose::default(), 10, 0).await.expect("listed");
        assert_eq!((found[0].kind.as_str(), total), ("request", 1));
        assert!(letters.page(&Whose::default(), 10, 1).await.expect("listed").0.is_empty());
    })
    .await;
}

#[tokio::test]
async fn people_are_written_down_when_something_is_new() {
    each_database(async |place| {
        let store = place.open().await;
        let named = |update_id: i64, id: i64, name: &str| NewUpdate {
            from: Some(SeenUser {
                id,
                first_name: name.into(),
                last_name: String::new(),
                username: "x\0y".into(),
                language: "en".into(),
            }),
            ..update(update_id, &[])
        };
        store.accept(None, BOT, vec![named(1, 5, "Ada"), named(2, 3, "Bob")]).await.expect("accepted");
        place.clock.advance(Duration::from_secs(60));
        store
            .accept(None, BOT, vec![named(3, 5, "Ada"), named(4, 3, "Bo"), named(5, 3, "Rob")])
            .await
            .expect("accepted");
        let shown = |rows: Vec<UserRow>| {
            let row = |it: UserRow| (it.user.id, it.user.first_name, it.user.username, it.first_seen_at, it.changed_at);
            rows.into_iter().map(row).collect::<Vec<_>>()
        };
        let (rob, ada) = (
            (3, "Rob".to_owned(), "x\u{fffd}y".to_owned(), START, START + MINUTE),
            (5, "Ada".to_owned(), "x\u{fffd}y".to_owned(), START, START),
        );
        let (rows, total) = store.users(Some(BOT), 10, 0).await.expect("listed");
        assert_eq!((shown(rows), total), (vec![rob, ada.clone()], 2));
        let (rows, total) = store.users(None, 1, 1).await.expect("listed");
        assert_eq!((shown(rows), total), (vec![ada], 2));
        assert_eq!(store.users(Some(BotId(8)), 10, 0).await.expect("listed"), (vec![], 0));
        // A host that starts anew does not know them, and changes nothing.
        store.close().await;
        drop(store);
        let store = place.open().await;
        store.accept(None, BOT, vec![named(6, 5, "Ada")]).await.expect("accepted");
        assert_eq!(place.number(&store, "SELECT changed_at FROM users WHERE user_id = 5").await, START);
    })
    .await;
}

#[tokio::test]
async fn lanes_are_listed() {
    each_database(async |place| {
        let store = place.open().await;
        let lane = begin_turn(&store, 1, 10).await;
        store.accept(None, BOT, vec![update(2, &[10, 20])]).await.expect("accepted");
        let list = async |which: WhichLanes| {
            let (rows, total) = store.lanes(which, 10, 0).await.expect("listed");
            assert_eq!(rows.len() as i64, total);
            rows.into_iter().map(|row| (row.part, row.chat, row.host.is_some(), row.waiting)).collect::<Vec<_>>()
        };
        let (held, free) = (("cards".to_owned(), 10, true, 2), ("cards".to_owned(), 20, false, 1));
        assert_eq!(list(WhichLanes::default()).await, [held.clone(), free]);
        assert_eq!(list(WhichLanes { held: true, ..WhichLanes::default() }).await, [held]);
        assert_eq!(list(WhichLanes { due: true, bot: Some(BOT), held: false }).await.len(), 2);
        assert_eq!(list(WhichLanes { bot: Some(BotId(8)), ..WhichLanes::default() }).await, []);
        drop(lane);
    })
    .await;
}
