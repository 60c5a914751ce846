//! Alerts: the first is told, the rest is counted and told together, once, whoever tells it.

use super::outbox::{bodies, mark, send, sent};
use super::*;

const MINUTES: u64 = 60;

fn alert(cause: &'static str, event: i64, text: &str) -> NewAlert {
    let calls = [501, 502].map(|admin| call(admin, text)).into();
    NewAlert { plugin: "cards".into(), cause, event: Some(event), reason: format!("why {event}"), calls }
}

/// What waits to be sent to the first admin, in order.
async fn told(place: &Place, store: &Store) -> Vec<String> {
    let step = "SELECT o.body FROM outbox o JOIN lanes l ON l.id = o.lane_id WHERE l.chat_id = 501 ORDER BY o.seq";
    let answer = store.shared.engine.read(session::Step::made(step.to_owned(), vec![])).await.expect("read");
    let both = place.number(store, "SELECT COUNT(*) FROM outbox WHERE plugin = '' AND inbox_seq IS NULL").await;
    let rows: Vec<_> = answer.rows.into_iter().map(|mut row| row.text(0).expect("a text")).collect();
    assert_eq!(both, 2 * rows.len() as i64, "each admin is told the same");
    let text = |row: &String| row.trim_start_matches("{\"text\":\"").trim_end_matches("\"}").to_owned();
    rows.iter().map(text).collect()
}

#[tokio::test]
async fn a_dead_letter_and_its_alert_are_one() {
    each_database(async |place| {
        let store = place.open().await;
        let lane = begin_turn(&store, 1, 10).await;
        let failed =
            |text: &str| Failed::Dead { reason: "no".into(), digest: "ab".into(), alert: Some(alert("trap", 1, text)) };
        let outcome = store.fail_turn(&lane.lease, lane.events[0].seq, failed("first"), Then::Release).await;
        assert_eq!(outcome.expect("no error"), FenceOutcome::Held);
        assert_eq!(told(place, &store).await, ["first"]);
        assert_eq!(store.next_send(&[BOT]).await.expect("no error"), Some(START));
        let claimed = claim_sends(&store, 10).await;
        assert_eq!(claimed.iter().map(|chat| chat.lease.chat()).collect::<Vec<_>>(), [501, 502]);
        assert!(claimed.iter().all(|chat| chat.calls[0].plugin.is_none()), "the host itself speaks");

        // A host that has lost the lane tells nothing.
        let stale = begin_turn(&store, 2, 20).await;
        place.clock.advance(Duration::from_secs(20 * MINUTES));
        place.all_lanes_were_taken_over(&store).await;
        let outcome = store.fail_turn(&stale.lease, stale.events[0].seq, failed("stale"), Then::Release).await;
        assert_eq!(outcome.expect("no error"), FenceOutcome::Lost);
        assert_eq!(told(place, &store).await, ["first"]);
    })
    .await;
}

#[tokio::test]
async fn repeated_alerts_are_counted_and_told_together() {
    each_database(async |place| {
        let store = place.open().await;
        assert!(store.alert(BOT, alert("trap", 1, "first")).await.expect("no error"));
        for event in 2..=18 {
            assert!(!store.alert(BOT, alert("trap", event, "never told alone")).await.expect("no error"));
        }
        assert!(store.alert(BOT, alert("limit", 30, "another cause")).await.expect("no error"));
        assert!(store.alert(BotId(8), alert("trap", 31, "another bot")).await.expect("no error"));
        assert!(store.untold_alerts().await.expect("no error").is_empty(), "the ten minutes are not over");

        // A restart in between loses nothing.
        store.close().await;
        drop(store);
        let store = place.open().await;
        place.clock.advance(Duration::from_secs(10 * MINUTES));
        let untold = store.untold_alerts().await.expect("no error");
        let [untold] = &untold[..] else { panic!("{untold:?}") };
        assert_eq!((untold.bot, untold.cause.as_str(), untold.count), (BOT, "trap", 17));
        assert_eq!((untold.event, untold.reason.as_str()), (Some(18), "why 18"));
        // One that comes before they are told goes with them.
        assert!(!store.alert(BOT, alert("trap", 19, "never told alone")).await.expect("no error"));

        let more = || vec![call(501, "and more"), call(502, "and more")];
        assert!(store.tell_alerts(untold.clone(), more()).await.expect("no error"));
        assert!(!store.tell_alerts(untold.clone(), more()).await.expect("no error"), "another host has told them");
        assert_eq!(told(place, &store).await, ["first", "another cause", "another bot", "and more"]);

        // The next ten minutes have begun.
        assert!(!store.alert(BOT, alert("trap", 20, "never told alone")).await.expect("no error"));
        assert!(store.untold_alerts().await.expect("no error").is_empty());
        place.clock.advance(Duration::from_secs(10 * MINUTES));
        let untold = store.untold_alerts().await.expect("no error").remove(0);
        assert_eq!((untold.count, untold.event), (2, Some(20)));
        assert!(store.tell_alerts(untold, more()).await.expect("no error"));
        place.clock.advance(Duration::from_secs(10 * MINUTES));
        assert!(store.untold_alerts().await.expect("no error").is_empty());
        assert!(store.alert(BOT, alert("trap", 21, "first again")).await.expect("no error"));
    })
    .await;
}

/// Makes one attempt at the first call of the chat, which is refused as one to a chat that is gone.
async fn is_refused(store: &Store, claimed: &ClaimedSends) {
    let reason = "Forbidden: bot can't initiate conversation with a user".to_owned();
    let learned = Learned { gone: Some((START, reason.clone())), ..Learned::default() };
    let marks = vec![mark(&claimed.calls[0], SendOutcome::Dead { reason, ambiguous: false })];
    store.mark_sends(&claimed.lease, marks, &learned, Then::Release).await.expect("marked");
}

#[tokio::test]
async fn an_admin_who_could_not_be_told_is_told_once_they_speak() {
    const CAUSES: [&str; 13] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];
    let texts = |some: &[&str]| some.iter().map(|text| format!("{{\"text\":\"{text}\"}}")).collect::<Vec<_>>();
    each_database(async |place| {
        let store = place.open().await;
        let tells = async |cause: &'static str, worth: Millis| {
            let expires_at = Some(place.clock.now() + worth * 1_000);
            let calls = vec![NewCall { expires_at, ..call(501, cause) }];
            store.alert(BOT, NewAlert { calls, ..alert(cause, 1, "") }).await.expect("no error")
        };
        for (index, cause) in CAUSES.iter().enumerate() {
            // The last one will not be worth it any more.
            assert!(tells(cause, if index == 12 { 1 } else { 3_600 }).await);
        }
        // Of a plugin, and so not told after all.
        let expires_at = Some(START + 3_600_000);
        send(&store, 1, vec![NewCall { expires_at, ..call(501, "of a plugin") }]).await;
        let claimed = claim_sends(&store, 10).await;
        let [lane] = &claimed[..] else { panic!("{claimed:?}") };
        is_refused(&store, lane).await;
        place.clock.advance(Duration::from_secs(60));
        assert!(claim_sends(&store, 10).await.is_empty(), "all of them ended");

        let admin_speaks = async |update_id, chat| {
            store
                .accept(None, BOT, vec![NewUpdate { admin: true, ..update(update_id, &[chat]) }])
                .await
                .expect("accepted")
        };
        admin_speaks(1, 502).await;
        assert!(claim_sends(&store, 10).await.is_empty(), "somebody else spoke");
        admin_speaks(2, 501).await;
        let claimed = claim_sends(&store, 10).await;
        assert_eq!(bodies(&claimed[0]), texts(&CAUSES[2..12]), "the latest ten that are worth it, in order");
        let marks = claimed[0].calls.iter().map(|call| sent(call, 1)).collect();
        mark_sends(&store, &claimed[0].lease, marks, Then::Release).await;
        // Once told, they are not told again, however often the admin comes back.
        assert!(tells("again", 3_600).await);
        is_refused(&store, &claim_sends(&store, 10).await[0]).await;
        admin_speaks(3, 501).await;
        assert_eq!(bodies(&claim_sends(&store, 10).await[0]), texts(&["a", "b", "again"]));
    })
    .await;
}

/// No turn may follow that would have somebody look.
#[tokio::test]
async fn a_chat_that_speaks_has_something_due_only_if_it_is_an_admins_and_something_waits() {
    each_database(async |place| {
        let store = place.open().await;
        let silent = |update_id: i64, admin: bool| NewUpdate { admin, lanes: Vec::new(), ..update(update_id, &[501]) };
        let due =
            async || place.number(&store, "SELECT COUNT(*) FROM lanes WHERE kind = 2 AND due_at IS NOT NULL").await;
        send(&store, 1, vec![call(501, "of a plugin")]).await;
        is_refused(&store, &claim_sends(&store, 10).await[0]).await;
        store.accept(None, BOT, vec![silent(11, true)]).await.expect("accepted");
        assert_eq!(due().await, 0, "there is nothing to be told");

        let expires_at = Some(START + 3_600_000);
        let calls = vec![NewCall { expires_at, ..call(501, "told late") }];
        store.alert(BOT, NewAlert { calls, ..alert("trap", 1, "") }).await.expect("no error");
        is_refused(&store, &claim_sends(&store, 10).await[0]).await;
        assert!(claim_sends(&store, 10).await.is_empty());
        let bots = [(BOT, 10)];
        let claims = store.claim_sends_when_due(&bots, tokio::time::sleep(Duration::from_secs(20)));
        let speaks = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            store.accept(None, BOT, vec![silent(12, true)]).await.expect("accepted");
        };
        if place.is_sqlite() {
            let (claimed, ()) = tokio::join!(claims, speaks);
            let claimed = claimed.expect("no error").expect("it is claimed as it becomes due").chats;
            assert_eq!(bodies(&claimed[0]), ["{\"text\":\"told late\"}"]);
        } else {
            speaks.await;
            assert_eq!(due().await, 1);
        }
    })
    .await;
}

#[tokio::test]
async fn many_hosts_tell_once() {
    each_database(async |place| {
        let store = place.open().await;
        store.alert(BOT, alert("trap", 1, "first")).await.expect("no error");
        let storm = (2..=30).map(|event| store.alert(BOT, alert("trap", event, "never told alone")));
        for told in futures_util::future::join_all(storm).await {
            assert!(!told.expect("no error"));
        }
        place.clock.advance(Duration::from_secs(10 * MINUTES));
        let untold = store.untold_alerts().await.expect("no error").remove(0);
        assert_eq!(untold.count, 29);
        let others = if place.is_sqlite() { Vec::new() } else { vec![place.open().await, place.open().await] };
        let hosts: Vec<_> = std::iter::once(&store).chain(&others).collect();
        let tell = hosts.iter().map(|host| host.tell_alerts(untold.clone(), vec![call(501, "m"), call(502, "m")]));
        let told_by = futures_util::future::join_all(tell).await;
        assert_eq!(told_by.into_iter().filter(|told| matches!(told, Ok(true))).count(), 1);
        assert_eq!(told(place, &store).await, ["first", "m"]);
    })
    .await;
}

#[tokio::test]
async fn two_that_meet_a_cause_first_are_one() {
    each_database(async |place| {
        let store = place.open().await;
        let both = futures_util::future::join_all((1..=8).map(|n| store.alert(BOT, alert("trap", n, "told")))).await;
        assert_eq!(both.into_iter().filter(|told| matches!(told, Ok(true))).count(), 1);
        assert_eq!(told(place, &store).await, ["told"]);
        assert_eq!(place.number(&store, "SELECT untold FROM alerts").await, 7);
    })
    .await;
}
