//! What is accepted, in which order it is claimed, and what becomes of failures.

use super::*;

#[tokio::test]
async fn an_update_is_stored_once() {
    each_database(async |place| {
        let store = place.open().await;
        let first = store.accept(None, BOT, vec![update(1, &[10]), update(2, &[10]), update(1, &[20])]).await;
        assert_eq!(first.expect("accepted"), Accepted { new: 2, known: 1 });
        let again = store.accept(None, BOT, vec![update(2, &[10]), update(3, &[])]).await;
        assert_eq!(again.expect("accepted"), Accepted { new: 1, known: 1 });
        // Telegram's numbers are each bot's own.
        let other = store.accept(None, BotId(8), vec![update(1, &[10])]).await;
        assert_eq!(other.expect("accepted"), Accepted { new: 1, known: 0 });
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM updates").await, 4);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM inbox").await, 3);
        assert_eq!(store.accept(None, BOT, vec![]).await.expect("accepted"), Accepted { new: 0, known: 0 });
    })
    .await;
}

#[tokio::test]
async fn an_update_is_kept_byte_for_byte() {
    each_database(async |place| {
        let store = place.open().await;
        let raw = "{\"update_id\": 1,\t\"a\":\"\\u0000 שלום 😀 $1 'quoted' \\\"\"\n}";
        let new = NewUpdate { raw: raw.into(), ..update(1, &[-100_123]) };
        store.accept(None, BOT, vec![new]).await.expect("accepted");
        let claimed = store.claim_turns(1, &loaded()).await.expect("claimed").lanes;
        let [lane] = &claimed[..] else { panic!("{claimed:?}") };
        assert_eq!(lane.events[0].raw, raw);
        assert_eq!((lane.events[0].update_id, lane.events[0].kind.as_str(), lane.events[0].attempt), (1, "message", 0));
        assert_eq!(lane.events[0].created_at, START);
        assert_eq!((lane.lease.bot(), lane.lease.plugin(), lane.lease.chat()), (BOT, Some(&cards()), -100_123));
        assert_eq!(lane.lease.to_string(), "7/cards/-100123");
    })
    .await;
}

#[tokio::test]
async fn a_hundred_updates_for_three_lanes_each_keep_their_order() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        let updates = (0..100).map(|id| update(1000 - id, &[1, 2, 3])).collect();
        let accepted = store.accept(None, BOT, updates).await.expect("accepted");
        assert_eq!(accepted, Accepted { new: 100, known: 0 });
        let mut handled: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        loop {
            let claimed = store.claim_turns(10, &loaded()).await.expect("claimed").lanes;
            if claimed.is_empty() {
                break;
            }
            for ClaimedTurns { lease, events } in claimed {
                assert!(events.len() <= 16);
                for (index, event) in events.iter().enumerate() {
                    handled.entry(lease.chat()).or_default().push(event.update_id);
                    let then = if index + 1 == events.len() { Then::Release } else { Then::Keep };
                    let outcome = store.commit_turn(&lease, turn(event.seq, &tables), then).await;
                    assert_eq!(outcome.expect("no error"), CommitOutcome::Committed);
                }
            }
        }
        let order: Vec<_> = (0..100).map(|id| 1000 - id).collect();
        assert_eq!(handled, [1, 2, 3].map(|chat| (chat, order.clone())).into());
    })
    .await;
}

#[tokio::test]
async fn a_host_that_lost_the_polling_stores_nothing() {
    each_database(async |place| {
        let store = place.open().await;
        let stale = store.claim_polling(BOT).await.expect("no error").expect("the lease");
        store.accept(Some(&stale), BOT, vec![update(1, &[10])]).await.expect("accepted");
        place.all_lanes_were_taken_over(&store).await;
        let lease = store.claim_polling(BOT).await.expect("no error").expect("it is free again");
        let error = store.accept(Some(&stale), BOT, vec![update(2, &[10])]).await.expect_err("the lease is lost");
        assert!(matches!(&error, StoreError::LeaseLost { lane } if lane == "7/polling"), "{error}");
        store.accept(Some(&lease), BOT, vec![update(3, &[10])]).await.expect("accepted");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM updates").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_failed_turn_makes_its_lane_wait_and_keeps_the_order() {
    each_database(async |place| {
        let store = place.open().await;
        store.accept(None, BOT, vec![update(1, &[10]), update(2, &[10]), update(3, &[20])]).await.expect("accepted");
        let claimed = store.claim_turns(10, &loaded()).await.expect("claimed").lanes;
        let lane = claimed.iter().find(|lane| lane.lease.chat() == 10).expect("the lane");
        let failed = Failed::RetryAt { at: START + 5_000, reason: "no\0 luck".into(), digest: Some("ab".into()) };
        let outcome = store.fail_turn(&lane.lease, lane.events[0].seq, failed, Then::Release).await;
        assert_eq!(outcome.expect("no error"), FenceOutcome::Held);
        drop(claimed);
        // Lane 20 was dropped without a release and comes back with the next claim.
        let chats = |claimed: &[ClaimedTurns]| claimed.iter().map(|lane| lane.lease.chat()).collect::<Vec<_>>();
        let claimed = store.claim_turns(10, &loaded()).await.expect("claimed").lanes;
        assert_eq!(chats(&claimed), [20]);

        // Something new for the lane that waits does not wake it.
        store.accept(None, BOT, vec![update(4, &[10])]).await.expect("accepted");
        assert!(store.claim_turns(10, &loaded()).await.expect("claimed").lanes.is_empty());
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), Some(START + 5_000));

        place.clock.advance(Duration::from_secs(5));
        let lane = store.claim_turns(10, &loaded()).await.expect("claimed").lanes.remove(0);
        let events: Vec<_> = lane.events.iter().map(|event| (event.update_id, event.attempt)).collect();
        assert_eq!(events, [(1, 1), (2, 0), (4, 0)]);
        let failed = dead("given up");
        let outcome = store.fail_turn(&lane.lease, lane.events[0].seq, failed, Then::Keep).await;
        assert_eq!(outcome.expect("no error"), FenceOutcome::Held);
        store.release(lane.lease).await.expect("released");
        let lane = store.claim_turns(10, &loaded()).await.expect("claimed").lanes.remove(0);
        assert_eq!(lane.events.iter().map(|event| event.update_id).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(place.number(&store, "SELECT state FROM inbox WHERE reason = 'given up'").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_failure_behind_a_stale_lease_is_not_recorded() {
    each_database(async |place| {
        let store = place.open().await;
        let stale = begin_turn(&store, 1, 10).await;
        place.all_lanes_were_taken_over(&store).await;
        let lane = store.claim_turns(1, &loaded()).await.expect("claimed").lanes.remove(0);
        let failed = dead("too late");
        let outcome = store.fail_turn(&stale.lease, stale.events[0].seq, failed, Then::Release).await;
        assert_eq!(outcome.expect("no error"), FenceOutcome::Lost);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM inbox WHERE state = 0").await, 1);
        assert_eq!(lane.events.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn texts_with_nul_are_refused_by_both() {
    each_database(async |place| {
        let store = place.open().await;
        let new = NewUpdate { raw: "a\0b".into(), ..update(1, &[1]) };
        let error = store.accept(None, BOT, vec![new]).await.expect_err("refused");
        assert!(error.to_string().contains("NUL"), "{error}");
        assert!(!error.is_transient());
        store.accept(None, BOT, vec![update(1, &[1])]).await.expect("nothing is left of it");
    })
    .await;
}

#[tokio::test]
async fn what_waits_for_a_removed_plugin_does_not_fill_the_inbox() {
    each_database(async |place| {
        let store = place.open().await;
        let removed = PluginName::new("removed").expect("a name");
        let lanes = vec![to(&removed, 10), to(&cards(), 10), to(&removed, 11)];
        store.accept(None, BOT, vec![NewUpdate { lanes, ..update(1, &[]) }]).await.expect("accepted");
        let parts = || std::iter::once(Part::from(cards()));
        assert_eq!(store.waiting_events(BOT, parts(), 100).await.expect("counted"), 1);
        assert_eq!(store.waiting_events(BOT, std::iter::empty(), 100).await.expect("counted"), 0);
        assert_eq!(store.waiting_events(BotId(8), parts(), 100).await.expect("counted"), 0);
    })
    .await;
}
