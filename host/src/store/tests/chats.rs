//! What Telegram has said about bots and chats: it outlasts a host, holds for the others and costs nobody his messages.

use super::outbox::{bodies, claim_one, mark, send, sent};
use super::*;

const SUPER: i64 = -1_000_000_000_010;
const GROUP: i64 = -10;

async fn remember_bot(store: &Store) {
    store.remember_bot(BOT, "bot", "Bot").await.expect("remembered");
}

fn refused() -> SendOutcome {
    SendOutcome::Dead { reason: "Forbidden: bot was blocked by the user".into(), ambiguous: false }
}

/// How many calls ended with this state.
async fn ended(place: &Place, store: &Store, state: i64) -> i64 {
    place.number(store, &format!("SELECT COUNT(*) FROM outbox WHERE state = {state} AND ended_at IS NOT NULL")).await
}

/// Marks the first call of a lane as refused because the chat is gone.
async fn suspend(store: &Store, lane: &ClaimedSends, since: Millis) {
    let learned = Learned { gone: Some((since, "Forbidden: blocked\0".into())), ..Learned::default() };
    let marks = vec![mark(&lane.calls[0], refused())];
    store.mark_sends(&lane.lease, marks, &learned, Then::Release).await.expect("marked");
}

#[tokio::test]
async fn a_bot_that_has_to_wait_waits_on_every_host_and_after_a_restart() {
    each_database(async |place| {
        let store = place.open().await;
        remember_bot(&store).await;
        send(&store, 1, vec![call(10, "a"), call(11, "b"), call(12, "c")]).await;
        let mut claimed = claim_sends(&store, 2).await;
        let (second, first) = (claimed.remove(1), claimed.remove(0));
        let until = START + 30_000;
        let learned = Learned { hold_until: Some(until), ..Learned::default() };
        let retry = SendOutcome::Retry { at: until, reason: "429".into(), ambiguous: false };
        let marks = vec![mark(&first.calls[0], retry)];
        let marked = store.mark_sends(&first.lease, marks, &learned, Then::Release).await.expect("marked");
        assert_eq!(marked, Marked { fence: FenceOutcome::Held, hold_until: until });
        // Whoever marks hears of it, and a shorter pause does not shorten it.
        let learned = Learned { hold_until: Some(START + 1_000), ..Learned::default() };
        let marks = vec![sent(&second.calls[0], 1)];
        let marked = store.mark_sends(&second.lease, marks, &learned, Then::Release).await.expect("marked");
        assert_eq!(marked.hold_until, until);
        // The host dies and another one starts.
        drop((first, second, store));
        place.clock.advance(Duration::from_secs(15));
        let store = place.open().await;
        let claimed = store.claim_sends(&[(BOT, 10)]).await.expect("claimed");
        assert_eq!((claimed.chats.len(), claimed.holds), (0, vec![(BOT, until)]));
        assert_eq!(store.next_send(&[BOT]).await.expect("no error"), Some(until));
        place.clock.advance(Duration::from_secs(15));
        assert_eq!(claim_sends(&store, 10).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn bots_are_claimed_for_by_themselves() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, (1..=9).map(|chat| call(chat, "a")).collect()).await;
        let none = store.claim_sends(&[(BotId(8), 5)]).await.expect("claimed");
        assert!(none.chats.is_empty() && !none.is_full, "another bot's chats are not touched");
        assert_eq!(store.next_send(&[BotId(8)]).await.expect("no error"), None);
        assert_eq!(store.next_send(&[BotId(8), BOT]).await.expect("no error"), Some(START));
        let some = store.claim_sends(&[(BotId(8), 5), (BOT, 5)]).await.expect("claimed");
        assert_eq!((some.chats.len(), some.is_full), (5, true));
        let rest = store.claim_sends(&[(BotId(8), 5), (BOT, 5)]).await.expect("claimed");
        assert_eq!((rest.chats.len(), rest.is_full), (4, false));
    })
    .await;
}

#[tokio::test]
async fn the_calls_of_a_chat_that_is_gone_end_at_once() {
    each_database(async |place| {
        let store = place.open().await;
        let answer = NewCall { method: "answerCallbackQuery".into(), ..call(10, "answer") };
        send(&store, 1, vec![call(10, "a"), call(10, "b"), answer.clone(), call(10, "c"), call(11, "other")]).await;
        let mut claimed = claim_sends(&store, 10).await;
        suspend(&store, &claimed.remove(0), START).await;
        assert_eq!(ended(place, &store, 2).await, 3);
        let reasons = "SELECT COUNT(*) FROM outbox WHERE reason LIKE 'Forbidden: bl%' AND attempt_at IS NULL";
        assert_eq!(place.number(&store, reasons).await, 2);
        // Who asks gets an answer all the same: it is no message to the chat.
        let lane = claim_one(&store).await;
        assert_eq!(bodies(&lane), ["{\"text\":\"answer\"}"]);
        mark_sends(&store, &lane.lease, vec![sent(&lane.calls[0], 1)], Then::Release).await;
        // What comes later ends without having been handed out; another host knows as well.
        send(&store, 2, vec![call(10, "d")]).await;
        drop((claimed, store));
        place.clock.advance(Duration::from_secs(11));
        let store = place.open().await;
        assert_eq!(bodies(&claim_one(&store).await), ["{\"text\":\"other\"}"]);
        assert_eq!(ended(place, &store, 2).await, 4);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM outbox WHERE state = 0 AND lane_id = 2").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_chat_that_speaks_can_be_written_to_again() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, vec![call(10, "a")]).await;
        suspend(&store, &claim_one(&store).await, START).await;
        place.clock.advance(Duration::from_secs(1));
        let suspended = async || place.number(&store, "SELECT COUNT(*) FROM chats").await;
        let silent = NewUpdate { spoke: None, ..update(50, &[10]) };
        store.accept(None, BOT, vec![silent.clone(), update(51, &[11])]).await.expect("accepted");
        assert_eq!(suspended().await, 1, "another chat spoke");
        store.accept(None, BotId(8), vec![update(52, &[10])]).await.expect("accepted");
        assert_eq!(suspended().await, 1, "another bot heard it");
        store.accept(None, BOT, vec![NewUpdate { spoke: Some(10), ..silent }]).await.expect("accepted");
        assert_eq!(suspended().await, 1, "an update that was stored before is old news");
        store.accept(None, BOT, vec![update(53, &[12]), update(54, &[10])]).await.expect("accepted");
        assert_eq!(suspended().await, 0);
        send(&store, 2, vec![call(10, "b")]).await;
        assert_eq!(bodies(&claim_one(&store).await), ["{\"text\":\"b\"}"]);
    })
    .await;
}

/// A chat may speak after the call that is refused and before that is on record.
#[tokio::test]
async fn a_chat_that_has_just_spoken_gets_its_answer() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        send(&store, 1, vec![call(10, "a")]).await;
        let lane = claim_one(&store).await;
        place.clock.advance(Duration::from_millis(5));
        let turn_of_10 = begin_turn(&store, 60, 10).await;
        suspend(&store, &lane, START).await;
        let commit = TurnCommit { outbox: vec![call(10, "an answer")], ..turn(turn_of_10.events[0].seq, &tables) };
        store.commit_turn(&turn_of_10.lease, commit, Then::Release).await.expect("committed");
        assert_eq!(bodies(&claim_one(&store).await), ["{\"text\":\"an answer\"}"]);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM chats").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_a_group_goes_to_its_supergroup_once_and_in_order() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, vec![call(GROUP, "a"), call(GROUP, "b"), call(SUPER, "c")]).await;
        let mut claimed = claim_sends(&store, 10).await;
        let lane = claimed.iter().position(|lane| lane.lease.chat() == GROUP).expect("the group");
        let lane = claimed.remove(lane);
        assert_eq!(lane.was, None);
        let learned = Learned { moved_to: Some(SUPER), ..Learned::default() };
        let retry = SendOutcome::Retry { at: START, reason: "upgraded".into(), ambiguous: false };
        let marks = vec![mark(&lane.calls[0], retry)];
        store.mark_sends(&lane.lease, marks, &learned, Then::Release).await.expect("marked");
        // A plugin that knows only the old number asks for more, on another host.
        send(&store, 2, vec![call(GROUP, "d")]).await;
        let other = if place.is_sqlite() { store.clone() } else { place.open().await };
        assert_eq!(claim_sends(&other, 10).await.len(), 0, "they have moved, and somebody holds the other lane");
        let held = claimed.remove(0);
        mark_sends(&store, &held.lease, vec![sent(&held.calls[0], 1)], Then::Release).await;
        let lane = claim_one(&other).await;
        assert_eq!((lane.lease.chat(), lane.was), (SUPER, Some(GROUP)));
        let texts = ["{\"text\":\"a\"}", "{\"text\":\"b\"}", "{\"text\":\"d\"}"];
        assert_eq!(bodies(&lane), texts);
        mark_sends(&other, &lane.lease, lane.calls.iter().map(|call| sent(call, 2)).collect(), Then::Release).await;
        assert!(claim_sends(&store, 10).await.is_empty());
        assert_eq!(store.next_send(&[BOT]).await.expect("no error"), None);
        assert_eq!(store.same_chats(BOT, GROUP).await.expect("read"), [SUPER]);
        assert_eq!(store.same_chats(BOT, SUPER).await.expect("read"), [GROUP]);
        assert!(store.same_chats(BotId(8), SUPER).await.expect("read").is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_notice_in_the_chat_is_enough() {
    each_database(async |place| {
        let store = place.open().await;
        let notice = NewUpdate { moved: Some((GROUP, SUPER)), ..update(70, &[]) };
        store.accept(None, BOT, vec![notice]).await.expect("accepted");
        send(&store, 1, vec![call(GROUP, "a"), NewCall { once: true, ..call(GROUP, "b") }]).await;
        assert!(claim_sends(&store, 10).await.is_empty(), "they move first");
        let lane = claim_one(&store).await;
        assert_eq!((lane.lease.chat(), bodies(&lane)), (SUPER, vec!["{\"text\":\"a\"}"]));
    })
    .await;
}
