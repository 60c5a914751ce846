//! Calls to Telegram: their order, what becomes of them, and what a crash leaves in the air.

use super::*;

/// Commits a turn that asks for these calls.
pub(super) async fn send(store: &Store, number: i64, calls: Vec<NewCall>) {
    let tables = store.declare(&cards(), &[]).await.expect("declared");
    let lane = begin_turn(store, number, number).await;
    let commit = TurnCommit { outbox: calls, ..turn(lane.events[0].seq, &tables) };
    store.commit_turn(&lane.lease, commit, Then::Release).await.expect("committed");
}

pub(super) fn mark(call: &WaitingCall, outcome: SendOutcome) -> Mark {
    Mark { seq: call.seq, outcome, uploaded: vec![] }
}

pub(super) fn sent(call: &WaitingCall, message_id: i64) -> Mark {
    mark(call, SendOutcome::Sent { message_id: Some(message_id) })
}

pub(super) fn bodies(lane: &ClaimedSends) -> Vec<&str> {
    lane.calls.iter().map(|call| call.body.as_str()).collect()
}

pub(super) async fn claim_one(store: &Store) -> ClaimedSends {
    let mut claimed = claim_sends(store, 10).await;
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

#[tokio::test]
async fn calls_of_a_chat_are_made_in_order() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, (0..30).map(|number| call(10, &number.to_string())).collect()).await;
        send(&store, 2, vec![call(10, "last"), call(11, "other")]).await;
        let mut claimed = claim_sends(&store, 10).await;
        assert_eq!(claimed.iter().map(|lane| lane.calls.len()).collect::<Vec<_>>(), [20, 1]);
        let lane = claimed.remove(0);
        assert_eq!(bodies(&lane)[..2], ["{\"text\":\"0\"}", "{\"text\":\"1\"}"]);
        assert!(lane.calls.is_sorted_by_key(|call| call.seq));
        assert_eq!(lane.lease.to_string(), "7/sending/10");
        assert_eq!(lane.calls[0].plugin, Some(cards()));
        let marks = lane.calls.iter().map(|call| sent(call, call.seq + 1000)).collect();
        assert_eq!(mark_sends(&store, &lane.lease, marks, Then::Release).await, FenceOutcome::Held);
        let lane = claim_one(&store).await;
        assert_eq!((lane.lease.chat(), lane.calls.len()), (10, 11));
        assert_eq!(bodies(&lane)[10], "{\"text\":\"last\"}");
    })
    .await;
}

#[tokio::test]
async fn a_call_that_has_to_wait_makes_its_chat_wait() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, vec![call(10, "a"), call(10, "b"), call(10, "c")]).await;
        let lane = claim_one(&store).await;
        let retry = SendOutcome::Retry { at: START + 30_000, reason: "429".into(), ambiguous: false };
        let marks = vec![sent(&lane.calls[0], 1), mark(&lane.calls[1], retry)];
        mark_sends(&store, &lane.lease, marks, Then::Release).await;
        send(&store, 2, vec![call(10, "d")]).await;
        assert!(claim_sends(&store, 10).await.is_empty());
        assert_eq!(store.next_send(&[BOT]).await.expect("no error"), Some(START + 30_000));
        place.clock.advance(Duration::from_secs(30));
        let lane = claim_one(&store).await;
        let calls: Vec<_> = lane.calls.iter().map(|call| (call.body.as_str(), call.attempt, call.ambiguous)).collect();
        // The third was claimed and never made, which its host has said by releasing the lane.
        assert_eq!(calls, [("{\"text\":\"b\"}", 1, 0), ("{\"text\":\"c\"}", 0, 0), ("{\"text\":\"d\"}", 0, 0)]);
    })
    .await;
}

#[tokio::test]
async fn what_was_in_the_air_at_a_crash_is_recorded_as_ambiguous() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, vec![call(10, "a"), call(10, "b"), call(11, "c")]).await;
        let claimed = claim_sends(&store, 10).await;
        mark_sends(&store, &claimed[0].lease, vec![sent(&claimed[0].calls[0], 1)], Then::Keep).await;
        let unlucky = SendOutcome::Retry { at: START, reason: "connection lost".into(), ambiguous: true };
        let marks = vec![mark(&claimed[1].calls[0], unlucky)];
        mark_sends(&store, &claimed[1].lease, marks, Then::Release).await;
        // The host dies: nothing is given back.
        std::mem::forget(claimed);
        drop(store);
        place.clock.advance(Duration::from_secs(11));
        let store = place.open().await;
        let claimed = claim_sends(&store, 10).await;
        let calls = claimed.iter().flat_map(|lane| &lane.calls).map(|call| (call.body.as_str(), call.ambiguous));
        let calls: Vec<_> = calls.collect();
        assert_eq!(calls, [("{\"text\":\"b\"}", 1), ("{\"text\":\"c\"}", 1)]);
    })
    .await;
}

#[tokio::test]
async fn what_may_be_made_once_is_not_made_again() {
    each_database(async |place| {
        let store = place.open().await;
        let once = |text| NewCall { once: true, ..call(10, text) };
        send(&store, 1, vec![call(10, "a"), once("b"), once("c"), call(10, "d")]).await;
        // Each of them is handed out alone, so that none is in the air because of another.
        let lane = claim_one(&store).await;
        assert_eq!(bodies(&lane), ["{\"text\":\"a\"}"]);
        mark_sends(&store, &lane.lease, vec![sent(&lane.calls[0], 1)], Then::Release).await;
        let lane = claim_one(&store).await;
        assert_eq!((bodies(&lane), lane.calls[0].once), (vec!["{\"text\":\"b\"}"], true));
        // The host dies while it is in the air.
        std::mem::forget(lane);
        drop(store);
        place.clock.advance(Duration::from_secs(11));
        let store = place.open().await;
        let lane = claim_one(&store).await;
        assert_eq!(bodies(&lane), ["{\"text\":\"c\"}"], "it was not tried, so it still may be");
        let lost = "SELECT COUNT(*) FROM outbox WHERE state = 2 AND ambiguous = 1 AND reason LIKE 'no answer came%'
                    AND ended_at IS NOT NULL AND attempt_at IS NULL";
        assert_eq!(place.number(&store, lost).await, 1);
        mark_sends(&store, &lane.lease, vec![sent(&lane.calls[0], 2)], Then::Release).await;
        assert_eq!(bodies(&claim_one(&store).await), ["{\"text\":\"d\"}"]);
    })
    .await;
}

#[tokio::test]
async fn an_album_that_may_be_made_once_keeps_its_parts() {
    each_database(async |place| {
        let store = place.open().await;
        let part = |reference| NewCall { reference: Some(reference), about: Some(1), ..call(10, "part") };
        let album = NewCall { once: true, reference: Some(1), ..call(10, "album") };
        send(&store, 1, vec![album, part(2), part(3), call(10, "next")]).await;
        let lane = claim_one(&store).await;
        assert_eq!(lane.calls.iter().map(|call| call.reference).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    })
    .await;
}

#[tokio::test]
async fn a_stale_host_marks_nothing() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, vec![call(10, "a")]).await;
        let stale = claim_one(&store).await;
        place.all_lanes_were_taken_over(&store).await;
        let lane = claim_one(&store).await;
        assert_eq!(lane.calls[0].ambiguous, 1);
        let marks = vec![sent(&stale.calls[0], 1)];
        let outcome = mark_sends(&store, &stale.lease, marks, Then::Release).await;
        assert_eq!(outcome, FenceOutcome::Lost);
        let marks = vec![sent(&lane.calls[0], 2)];
        mark_sends(&store, &lane.lease, marks, Then::Release).await;
        assert_eq!(place.number(&store, "SELECT message_id FROM outbox").await, 2);
        assert_eq!(place.number(&store, "SELECT ambiguous FROM outbox").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_plugin_can_ask_what_became_of_its_message() {
    each_database(async |place| {
        let store = place.open().await;
        let with = |reference| NewCall { reference: Some(reference), about: Some(9), ..call(10, "a") };
        send(&store, 1, vec![with(1), with(2), with(3), with(4)]).await;
        let state = async |reference| {
            store.message_of(BOT, &cards(), reference).await.expect("read").map(|message| {
                assert_eq!(message.chat, 10);
                (message.state, message.message_id)
            })
        };
        assert_eq!(state(1).await, Some((SendState::Waiting, None)));
        let lane = claim_one(&store).await;
        assert_eq!(lane.calls[0].about, Some(9));
        let marks = vec![
            Mark {
                uploaded: vec![
                    ("d1".into(), "photo".into(), "file-1".into()),
                    ("d1".into(), "photo".into(), "x".into()),
                ],
                ..sent(&lane.calls[0], 501)
            },
            mark(&lane.calls[1], SendOutcome::Dead { reason: "Forbidden: bot was blocked\0".into(), ambiguous: false }),
            mark(&lane.calls[2], SendOutcome::Expired),
        ];
        mark_sends(&store, &lane.lease, marks, Then::Release).await;
        assert_eq!(state(1).await, Some((SendState::Sent, Some(501))));
        assert_eq!(state(2).await, Some((SendState::Dead, None)));
        assert_eq!(state(3).await, Some((SendState::Expired, None)));
        assert_eq!(state(4).await, Some((SendState::Waiting, None)));
        assert_eq!(state(5).await, None);
        let other = PluginName::new("other").expect("a name");
        assert_eq!(store.message_of(BOT, &other, 1).await.expect("read"), None, "another plugin's message");
        assert_eq!(store.file_id(BOT, "d1", "photo").await.expect("read"), Some("x".into()));
        assert_eq!(store.file_id(BOT, "d1", "document").await.expect("read"), None);
        assert_eq!(store.file_id(BotId(8), "d1", "photo").await.expect("read"), None);
    })
    .await;
}

#[tokio::test]
async fn a_released_lane_without_marks_is_claimed_again_as_it_was() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, vec![call(10, "a")]).await;
        let lane = claim_one(&store).await;
        store.release(lane.lease).await.expect("released");
        let lane = claim_one(&store).await;
        assert_eq!(lane.calls[0].ambiguous, 0);
        // A lease that is dropped says nothing about what was under way.
        lane.lease.sends();
        drop(lane);
        assert_eq!(claim_one(&store).await.calls[0].ambiguous, 1);
    })
    .await;
}

/// As by a hard shutdown between a claim and its task: the chat goes back, and what may be made once still may.
#[tokio::test]
async fn what_was_claimed_and_not_begun_was_not_made() {
    each_database(async |place| {
        let store = place.open().await;
        let once = |chat| NewCall { once: true, ..call(chat, "a") };
        send(&store, 1, vec![once(10), once(11)]).await;
        // The host goes on.
        drop(claim_sends(&store, 10).await);
        let claimed = claim_sends(&store, 10).await;
        assert_eq!(claimed.iter().map(|chat| chat.calls[0].ambiguous).collect::<Vec<_>>(), [0, 0]);
        // The host ends. One of the two calls was begun.
        claimed[1].lease.sends();
        drop(claimed);
        store.close().await;
        drop(store);
        let store = place.open().await;
        let chat = claim_one(&store).await;
        assert_eq!((chat.lease.chat(), chat.calls[0].ambiguous), (10, 0));
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM outbox WHERE state = 2 AND ambiguous = 1").await, 1);
    })
    .await;
}

#[tokio::test]
async fn marks_whose_answer_was_lost_can_be_written_again() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, vec![call(10, "a")]).await;
        let lane = claim_one(&store).await;
        let marks = || vec![sent(&lane.calls[0], 1)];
        assert_eq!(mark_sends(&store, &lane.lease, marks(), Then::Release).await, FenceOutcome::Held);
        // Whoever asks again after a lost answer hears that it is done, and not that somebody else has the chat.
        assert_eq!(mark_sends(&store, &lane.lease, marks(), Then::Release).await, FenceOutcome::Held);
        send(&store, 2, vec![call(10, "b")]).await;
        let _other = claim_one(&store).await;
        assert_eq!(mark_sends(&store, &lane.lease, marks(), Then::Release).await, FenceOutcome::Lost);
    })
    .await;
}

#[tokio::test]
async fn a_soft_end_leaves_nothing_in_the_air_that_nobody_has_seen() {
    each_database(async |place| {
        let store = place.open().await;
        send(&store, 1, vec![call(10, "a")]).await;
        // As after a claim whose answer was lost: the host has the chat, and its memory does not know.
        let lane = claim_one(&store).await;
        lane.lease.spend();
        store.close().await;
        drop((lane, store));
        let store = place.open().await;
        assert_eq!(claim_one(&store).await.calls[0].ambiguous, 0);
    })
    .await;
}
