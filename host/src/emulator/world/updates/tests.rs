//! The rules of `getUpdates`, one test each.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::Clock;

const BOT: i64 = 7;

fn world() -> (World, Clock) {
    let clock = Clock::manual(1_000_000);
    let mut world = World::new(clock.clone(), 1);
    world.add_bot("7:x", "my_bot", "My Bot").unwrap();
    (world, clock)
}

fn push(world: &mut World, count: usize) -> Vec<i64> {
    (0..count).filter_map(|n| world.push_raw_update(BOT, json!({ "message": { "text": n } }))).collect()
}

fn fetch(world: &mut World, offset: i64, limit: usize) -> Vec<i64> {
    let request = PollRequest { offset, limit, waits: false };
    let Ok(Poll::Ready(batch)) = world.poll(BOT, request, None) else { panic!("a short poll waits for nothing") };
    let ids = batch.iter().map(|json| serde_json::from_str::<Value>(json).unwrap()["update_id"].as_i64().unwrap());
    ids.collect()
}

#[test]
fn ids_begin_at_random_and_follow_one_another() {
    let (mut world, clock) = world();
    let ids = push(&mut world, 3);
    assert!(ids[0] >= 100_000_000);
    assert_eq!(ids[2], ids[0] + 2);
    fetch(&mut world, ids[2] + 1, 1);
    assert_eq!(push(&mut world, 1), [ids[2] + 1], "an empty queue goes on counting");
    fetch(&mut world, ids[2] + 2, 1);
    clock.advance(Duration::from_secs(8 * 24 * 3600));
    assert_ne!(push(&mut world, 1), [ids[2] + 2], "after a quiet week it begins elsewhere");
}

#[test]
fn an_offset_forgets_what_is_below_it() {
    let (mut world, _) = world();
    let ids = push(&mut world, 5);
    assert_eq!(fetch(&mut world, 0, 100), ids);
    assert_eq!(fetch(&mut world, ids[2], 2), ids[2..4]);
    assert_eq!(fetch(&mut world, 0, 100), ids[2..]);
    assert_eq!(fetch(&mut world, ids[0], 100), ids[2..], "an old offset brings nothing back");
}

#[test]
fn a_negative_offset_keeps_the_last_ones() {
    let (mut world, _) = world();
    let ids = push(&mut world, 5);
    assert_eq!(fetch(&mut world, -2, 100), ids[3..]);
    assert_eq!(fetch(&mut world, -9, 100), ids[3..]);
}

#[test]
fn an_offset_up_to_ten_past_the_end_deletes_everything() {
    let (mut world, _) = world();
    let ids = push(&mut world, 3);
    let end = ids[2] + 1;
    assert_eq!(fetch(&mut world, end + 11, 100), ids, "further off it is a mistake and does nothing");
    assert!(fetch(&mut world, end + 10, 100).is_empty());
    assert!(fetch(&mut world, 0, 100).is_empty());
}

#[test]
fn one_answer_stays_below_four_mebibytes() {
    let (mut world, _) = world();
    for _ in 0..5 {
        world.push_raw_update(BOT, json!({ "message": { "text": "x".repeat(1_000_000) } }));
    }
    assert_eq!(fetch(&mut world, 0, 100).len(), 4);
    world.restart_update_ids(BOT, 5);
    world.push_raw_update(BOT, json!({ "message": { "text": "x".repeat(5_000_000) } }));
    assert_eq!(fetch(&mut world, 0, 100), [5], "one that is too large alone still comes");
}

#[test]
fn the_mask_is_remembered_and_decides_when_an_update_is_made() {
    let (mut world, _) = world();
    world.enqueue(BOT, "chat_member", 1, json!({}));
    world.enqueue(BOT, "message", 1, json!({}));
    assert_eq!(fetch(&mut world, 0, 100).len(), 1, "chat_member must be asked for");
    world.allow_updates(BOT, &["chat_member".into(), "no_such_kind".into()]);
    world.enqueue(BOT, "chat_member", 1, json!({}));
    world.enqueue(BOT, "message", 1, json!({}));
    assert_eq!(fetch(&mut world, 0, 100).len(), 2);
    world.allow_updates(BOT, &["no_such_kind".into()]);
    assert_eq!(world.bots[&BOT].queue.allowed(), None, "nothing known is the default");
}

#[test]
fn each_kind_dies_after_its_time() {
    let (mut world, clock) = world();
    for kind in ["message", "callback_query", "inline_query"] {
        world.enqueue(BOT, kind, 1, json!({}));
    }
    for (seconds, left) in [(29, 3), (2, 2), (120, 1), (24 * 3600, 0)] {
        clock.advance(Duration::from_secs(seconds));
        assert_eq!(fetch(&mut world, 0, 100).len(), left);
    }
    assert_eq!(world.bot(BOT).unwrap().pending(), 0);
}

#[test]
fn only_an_empty_queue_sends_the_older_poll_home() {
    let (mut world, _) = world();
    let wait = PollRequest { offset: 0, limit: 100, waits: true };
    let Ok(Poll::Wait(older)) = world.poll(BOT, wait, None) else { panic!("nothing is there") };
    push(&mut world, 1);
    assert!(matches!(world.poll(BOT, wait, None), Ok(Poll::Ready(batch)) if batch.len() == 1));
    assert!(
        matches!(world.poll(BOT, wait, Some(older)), Ok(Poll::Ready(batch)) if batch.len() == 1),
        "both are answered"
    );

    world.restart_update_ids(BOT, 5);
    let Ok(Poll::Wait(older)) = world.poll(BOT, wait, None) else { panic!("nothing is there") };
    let Ok(Poll::Wait(newer)) = world.poll(BOT, wait, None) else { panic!("nothing is there") };
    let error = world.poll(BOT, wait, Some(older)).unwrap_err();
    assert_eq!(error.code, 409);
    assert!(error.description.starts_with("Conflict: terminated by other getUpdates request; make sure"));
    assert!(matches!(world.poll(BOT, wait, Some(newer)), Ok(Poll::Wait(same)) if same == newer));
}
