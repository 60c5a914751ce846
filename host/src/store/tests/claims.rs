//! Claims that stand until something is due: they get it at once, and nothing is lost with those that are taken back.

use futures_util::FutureExt;

use super::outbox::{claim_one, send, sent};
use super::trial::Hold;
use super::*;

/// Runs a test on SQLite, where claims stand.
async fn where_claims_stand(body: impl AsyncFn(&Place, &Store)) {
    each_database(async |place| {
        if place.is_sqlite() {
            let store = place.open().await;
            // What has been written till now is seen.
            store.claim_turns(1, &loaded()).await.expect("no error");
            claim_sends(&store, 1).await;
            body(place, &store).await;
        }
    })
    .await;
}

const HELD_TURNS: &str = "SELECT COUNT(*) FROM lanes WHERE kind = 1 AND host_id IS NOT NULL";
const HELD_CHATS: &str = "SELECT COUNT(*) FROM lanes WHERE kind = 2 AND host_id IS NOT NULL";
/// Nothing else brings the claim back.
fn never() -> std::future::Pending<()> {
    std::future::pending()
}

async fn turns_when_due(store: &Store) -> DueTurns {
    store.claim_turns_when_due(9, &loaded(), never()).await.expect("no error").expect("something has happened")
}

async fn sends_when_due(store: &Store) -> Claimed {
    store.claim_sends_when_due(&[(BOT, 9)], never()).await.expect("no error").expect("something has happened")
}

#[tokio::test]
async fn what_becomes_due_is_claimed_by_the_transaction_that_makes_it_so() {
    where_claims_stand(async |place, store| {
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        store.claim_turns(1, &loaded()).await.expect("no error");
        claim_sends(store, 1).await;

        let mut turns = Box::pin(turns_when_due(store));
        assert!(turns.as_mut().now_or_never().is_none());
        store.accept(None, BOT, vec![update(1, &[10])]).await.expect("accepted");
        assert_eq!(place.number(store, HELD_TURNS).await, 1, "no further transaction was needed");
        let lane = turns.await.lanes.remove(0);

        // More comes for the lane, which is held. The commit gives it back, and makes a chat due.
        store.accept(None, BOT, vec![update(2, &[10])]).await.expect("accepted");
        store.claim_turns(1, &loaded()).await.expect("no error");
        let (mut turns, mut sends) = (Box::pin(turns_when_due(store)), Box::pin(sends_when_due(store)));
        assert!(turns.as_mut().now_or_never().is_none() && sends.as_mut().now_or_never().is_none());
        let commit = TurnCommit { outbox: vec![call(20, "a"), call(20, "b")], ..turn(lane.events[0].seq, &tables) };
        store.commit_turn(&lane.lease, commit, Then::Release).await.expect("committed");
        assert_eq!((place.number(store, HELD_TURNS).await, place.number(store, HELD_CHATS).await), (1, 1));
        let (next, mut sends) = (turns.await.lanes.remove(0), sends.await.chats);
        assert_ne!(next.events[0].seq, lane.events[0].seq);

        // A mark gives the chat back, in which something waits still.
        let chat = sends.remove(0);
        let mut sends = Box::pin(sends_when_due(store));
        assert!(sends.as_mut().now_or_never().is_none());
        mark_sends(store, &chat.lease, vec![sent(&chat.calls[0], 1)], Then::Release).await;
        assert_eq!(place.number(store, HELD_CHATS).await, 1);
        assert_eq!(sends.await.chats[0].calls[0].seq, chat.calls[1].seq);
    })
    .await;
}

#[tokio::test]
async fn what_the_host_itself_says_is_claimed_with_the_update() {
    where_claims_stand(async |place, store| {
        let mut sends = Box::pin(sends_when_due(store));
        assert!(sends.as_mut().now_or_never().is_none());
        let update = NewUpdate { host: vec![call(10, "why")], ..update(1, &[]) };
        store.accept(None, BOT, vec![update]).await.expect("accepted");
        assert_eq!(place.number(store, HELD_CHATS).await, 1);
        assert_eq!(sends.await.chats.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_claim_in_vain_says_when_to_look_again() {
    where_claims_stand(async |_, store| {
        let lane = begin_turn(store, 1, 10).await;
        let mut turns = Box::pin(turns_when_due(store));
        assert!(turns.as_mut().now_or_never().is_none());
        let failed = Failed::RetryAt { at: START + 5_000, reason: "no".into(), digest: None };
        store.fail_turn(&lane.lease, lane.events[0].seq, failed, Then::Release).await.expect("recorded");
        let due = turns.await;
        assert_eq!((due.lanes.len(), due.next), (0, Some(START + 5_000)));

        send(store, 2, vec![call(20, "a")]).await;
        let chat = claim_one(store).await;
        let mut sends = Box::pin(sends_when_due(store));
        assert!(sends.as_mut().now_or_never().is_none());
        store.postpone(&chat.lease, START + 7_000).await.expect("postponed");
        let due = sends.await;
        assert_eq!((due.chats.len(), due.is_full, due.next), (0, false, Some(START + 7_000)));
    })
    .await;
}

#[tokio::test]
async fn what_came_while_no_claim_stood_is_claimed_at_once() {
    where_claims_stand(async |_, store| {
        store.accept(None, BOT, vec![update(1, &[10])]).await.expect("accepted");
        assert_eq!(turns_when_due(store).await.lanes.len(), 1);
        // Once, and not over and over.
        assert!(turns_when_due(store).now_or_never().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_is_not_wanted_any_more_takes_nothing() {
    each_database(async |place| {
        let (store, plugins) = (place.open().await, loaded());
        store.claim_turns(9, &plugins).await.expect("no error");
        let claim = store.claim_turns_when_due(9, &plugins, async {}).await.expect("no error");
        assert!(claim.is_none());
        // Nor does one that nobody waits for.
        let mut stands = Box::pin(store.claim_turns_when_due(9, &plugins, never()));
        assert!(stands.as_mut().now_or_never().is_none());
        drop(stands);
        store.accept(None, BOT, vec![update(1, &[10])]).await.expect("accepted");
        assert_eq!(place.number(&store, HELD_TURNS).await, 0);
        assert_eq!(store.claim_turns(9, &plugins).await.expect("no error").lanes.len(), 1);
    })
    .await;
}

/// What the writer has begun is claimed, whether or not anybody still wants it.
#[tokio::test]
async fn nobody_walks_away_from_a_claim_that_is_being_run() {
    where_claims_stand(async |_, store| {
        let engine = &store.shared.engine;
        let ((claim, begun, done), (makes_due, _, at_once)) = (Hold::new(), Hold::new());
        at_once.notify_one();
        let not_wanted_any_more = async {
            begun.notified().await;
            done.notify_one();
        };
        let claim = engine.write_when_due(engine::Channel::Outbox, claim, not_wanted_any_more);
        let (claimed, made) = tokio::join!(claim, engine.write(makes_due));
        made.expect("committed");
        assert_eq!(claimed.expect("no error"), Some(()), "its answer was not waited for");
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_is_dropped_asks_for_a_claim() {
    each_database(async |place| {
        let (store, wake) = (place.open().await, crate::wake::Wake::default());
        store.ring_at(&wake);
        let lane = begin_turn(&store, 1, 10).await;
        // What came before has rung.
        wake.lanes.wait_until(&place.clock, START).await;
        drop(lane);
        let long = Duration::from_secs(60);
        tokio::time::timeout(long, wake.lanes.wait(&place.clock, long)).await.expect("the bell rings");
        assert_eq!(store.claim_turns(9, &loaded()).await.expect("no error").lanes.len(), 1);
    })
    .await;
}
