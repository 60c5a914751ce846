//! When updates are posted, and when again.

use std::time::Duration;

use super::*;
use crate::clock::Clock;

fn settings(url: &str, max_connections: usize) -> WebhookSettings {
    WebhookSettings { url: url.into(), secret: None, max_connections }
}

fn world(max_connections: usize) -> (World, Clock) {
    let clock = Clock::manual(1_000_000);
    let mut world = World::new(clock.clone(), 1);
    world.add_bot("7:x", "my_bot", "My Bot").unwrap();
    world.set_webhook(7, Some(settings("http://127.0.0.1:1/", max_connections)), false).unwrap();
    (world, clock)
}

fn failed(retry_after: Option<i64>, gone: bool) -> Outcome {
    Outcome::Failed { error: "Wrong response from the webhook: 500 Internal Server Error".into(), retry_after, gone }
}

#[test]
fn one_key_goes_in_order_and_others_in_parallel() {
    let (mut world, _) = world(2);
    for key in [1, 1, 2, 3] {
        world.enqueue(7, "message", key, json!({ "key": key }));
    }
    let (first, _) = world.next_deliveries();
    assert_eq!(first.iter().map(|d| d.key).collect::<Vec<_>>(), [1, 2], "two connections");
    assert!(world.next_deliveries().0.is_empty());
    world.delivered(&first[0], Outcome::Delivered);
    world.delivered(&first[1], Outcome::Delivered);
    let (next, _) = world.next_deliveries();
    assert_eq!(next.iter().map(|d| d.key).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(world.webhook_info(7).unwrap()["pending_update_count"], 2);
}

#[test]
fn a_failed_post_comes_again_later_and_later_until_it_dies() {
    let (mut world, clock) = world(40);
    world.enqueue(7, "callback_query", 1, json!({}));
    let mut waits = Vec::new();
    loop {
        let (deliveries, next) = world.next_deliveries();
        if let Some(delivery) = deliveries.first() {
            world.delivered(delivery, failed(None, false));
        } else if let Some(next) = next {
            waits.push((next - world.now()) / 1000);
            clock.advance(Duration::from_millis((next - world.now()).unsigned_abs()));
        } else {
            break;
        }
    }
    assert_eq!(waits[..5], [2, 4, 8, 16, 32]);
    assert_eq!(world.webhook_info(7).unwrap()["pending_update_count"], 0, "dead after 150 s");
    assert!(world.webhook_info(7).unwrap()["last_error_message"].as_str().unwrap().starts_with("Wrong response"));
}

#[test]
fn the_receiver_may_ask_for_patience_or_be_gone() {
    let (mut world, clock) = world(40);
    world.enqueue(7, "message", 1, json!({}));
    let delivery = world.next_deliveries().0.remove(0);
    world.delivered(&delivery, failed(Some(90_000), true));
    assert_eq!(world.next_deliveries().1, Some(1_000_000 + 3_600_000), "an hour at most");
    clock.advance(Duration::from_secs(23 * 3600));
    let delivery = world.next_deliveries().0.remove(0);
    world.delivered(&delivery, failed(None, true));
    assert_eq!(world.webhook_info(7).unwrap()["url"], "");
}

#[test]
fn urls_and_secrets_are_checked() {
    let (mut world, _) = world(40);
    let mut set = |url: &str, secret: &str| {
        let settings = WebhookSettings { secret: Some(secret.into()), ..settings(url, 40) };
        world.set_webhook(7, Some(settings), false).map_err(|error| error.description)
    };
    let https = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook";
    assert_eq!(set("http://example.org/", ""), Err(https.into()));
    assert_eq!(set("ftp://127.0.0.1/", ""), Err(https.into()));
    assert_eq!(set("https://a/", "ü"), Err("Bad Request: secret token contains unallowed characters".into()));
    assert_eq!(set("https://a/", &"x".repeat(257)), Err("Bad Request: secret token is too long".into()));
    assert_eq!(set("http://localhost:8443/hook", "ok"), Ok("Webhook was set"));
    assert_eq!(set("http://localhost:8443/hook", "ok"), Ok("Webhook is already set"));
}

#[test]
fn updates_that_wait_already_are_posted_too() {
    let (mut world, _) = world(40);
    world.set_webhook(7, None, false).unwrap();
    world.enqueue(7, "message", 1, json!({}));
    world.set_webhook(7, Some(settings("http://127.0.0.1:1/", 1)), false).unwrap();
    assert_eq!(world.next_deliveries().0.len(), 1);
    world.set_webhook(7, Some(settings("http://127.0.0.1:2/", 1)), true).unwrap();
    assert_eq!(world.next_deliveries().0.len(), 0, "pending ones were dropped");
}
