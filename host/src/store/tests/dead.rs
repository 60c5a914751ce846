//! Dead letters beside a running host, and events that expired.

use super::*;

/// Lets a turn of this chat fail for good; answers the event's number.
async fn dies(store: &Store, update_id: i64, chat: i64) -> i64 {
    let lane = begin_turn(store, update_id, chat).await;
    let event = lane.events[0].seq;
    let failed = Failed::Dead { reason: format!("no luck with {update_id}"), digest: "abcd".into(), alert: None };
    store.fail_turn(&lane.lease, event, failed, Then::Release).await.expect("recorded");
    event
}

async fn letters(place: &Place) -> DeadLetters {
    DeadLetters::of(Desk::open(&place.url).await.expect("it opens beside the host"), &place.clock)
}

fn all() -> Whose {
    Whose::default()
}

#[tokio::test]
async fn a_letter_says_all_that_is_known() {
    each_database(async |place| {
        let store = place.open().await;
        store.remember_bot(BOT, "test_bot", "Test").await.expect("remembered");
        let seq = dies(&store, 5, 10).await;
        let letters = letters(place).await;
        let expected = DeadLetter {
            seq,
            bot: BOT,
            username: "test_bot".into(),
            plugin: "cards".into(),
            chat: 10,
            attempts: 1,
            created_at: START,
            ended_at: START,
            reason: "no luck with 5".into(),
            digest: "abcd".into(),
            kind: "message".into(),
            raw: "{\"update_id\":5}".into(),
            parts: vec![],
        };
        assert_eq!(letters.list(&all(), 10).await.expect("listed"), vec![expected.clone()]);
        assert_eq!(letters.show(seq).await.expect("shown"), Ok(expected));
        assert_eq!(letters.show(99).await.expect("shown"), Err(Undone { seq: 99, state: None }));
        for (bot, plugin, count) in [
            (Some("test_bot"), None, 1),
            (Some("@TEST_BOT"), None, 1),
            (Some("7"), Some("cards"), 1),
            (Some("other_bot"), None, 0),
            (None, Some("other"), 0),
        ] {
            let filter = Whose { bot: bot.map(str::to_owned), plugin: plugin.map(str::to_owned) };
            assert_eq!(letters.list(&filter, 10).await.expect("listed").len(), count, "{filter:?}");
        }
        letters.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_letter_that_was_given_up_last_comes_first() {
    each_database(async |place| {
        let store = place.open().await;
        let early = begin_turn(&store, 1, 10).await;
        let first = dies(&store, 2, 20).await;
        place.clock.advance(Duration::from_secs(1));
        let failed = Failed::Dead { reason: "later".into(), digest: "abcd".into(), alert: None };
        store.fail_turn(&early.lease, early.events[0].seq, failed, Then::Release).await.expect("recorded");
        let letters = letters(place).await;
        let listed = letters.list(&all(), 10).await.expect("listed");
        assert_eq!(listed.iter().map(|letter| letter.seq).collect::<Vec<_>>(), [early.events[0].seq, first]);
        letters.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_letter_that_is_tried_again_comes_before_what_waits_and_gets_a_day() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        let seq = dies(&store, 1, 10).await;
        // The host has the lane with another event, and one more comes: the letter is older than both.
        let lane = begin_turn(&store, 2, 10).await;
        store.accept(None, BOT, vec![update(3, &[10])]).await.expect("accepted");
        place.clock.advance(Duration::from_secs(3 * 86_400));
        let lane = match store.claim_turns(10, &loaded()).await.expect("claimed").lanes.pop() {
            // Its lease has run out in these three days.
            Some(again) => again,
            None => lane,
        };
        let letters = letters(place).await;
        letters.retry(vec![seq]).await.expect("no error").expect("it is dead");
        assert!(letters.list(&all(), 10).await.expect("listed").is_empty());
        for (index, event) in lane.events.iter().enumerate() {
            let then = if index + 1 == lane.events.len() { Then::Release } else { Then::Keep };
            let outcome = store.commit_turn(&lane.lease, turn(event.seq, &tables), then).await;
            assert_eq!(outcome.expect("no error"), CommitOutcome::Committed);
        }
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), Some(place.clock.now()));
        let lane = store.claim_turns(10, &loaded()).await.expect("claimed").lanes.remove(0);
        let event = &lane.events[0];
        assert_eq!((event.seq, event.update_id, event.attempt), (seq, 1, 0));
        assert_eq!(event.expires_at, Some(place.clock.now() + 86_400_000));
        letters.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_letter_in_an_idle_lane_is_due_at_once_and_keeps_its_place() {
    each_database(async |place| {
        let store = place.open().await;
        let first = dies(&store, 1, 10).await;
        let second = dies(&store, 2, 10).await;
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), None);
        let letters = letters(place).await;
        letters.retry(vec![second, first]).await.expect("no error").expect("both are dead");
        let lane = store.claim_turns(10, &loaded()).await.expect("claimed").lanes.remove(0);
        assert_eq!(lane.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [first, second]);
        letters.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_number_changes_nothing() {
    each_database(async |place| {
        let store = place.open().await;
        let seq = dies(&store, 1, 10).await;
        store.accept(None, BOT, vec![update(2, &[10])]).await.expect("accepted");
        let waiting = place.number(&store, "SELECT seq FROM inbox WHERE state = 0").await;
        let letters = letters(place).await;
        let undone = letters.retry(vec![seq, waiting]).await.expect("no error");
        assert_eq!(undone, Err(Undone { seq: waiting, state: Some(0) }));
        let undone = letters.drop(vec![seq, 99]).await.expect("no error");
        assert_eq!(undone, Err(Undone { seq: 99, state: None }));
        assert_eq!(letters.list(&all(), 10).await.expect("listed").len(), 1);
        letters.drop(vec![seq]).await.expect("no error").expect("it is dead");
        assert_eq!(letters.retry(vec![seq]).await.expect("no error"), Err(Undone { seq, state: Some(4) }));
        assert_eq!(letters.retry(vec![]).await.expect("no error"), Ok(()));
        letters.close().await;
    })
    .await;
}

#[tokio::test]
async fn nobody_but_a_host_makes_a_database() {
    each_database(async |place| {
        let error = Desk::open(&place.url).await.err().expect("nobody was here").to_string();
        if place.is_sqlite() {
            assert!(error.starts_with("there is no database at `"), "{error}");
            assert!(!std::path::Path::new(place.url.trim_start_matches("sqlite://")).exists());
        } else {
            assert!(error.starts_with("the database has schema 0, and this guesthouse needs "), "{error}");
        }
        assert!(error.contains("\nhint: "), "{error}");
    })
    .await;
}

#[tokio::test]
async fn an_event_expires_with_or_without_a_run() {
    each_database(async |place| {
        let store = place.open().await;
        for (update_id, digest) in [(1, None), (2, Some("abcd".to_owned()))] {
            let lane = begin_turn(&store, update_id, update_id).await;
            let failed = Failed::Expired { reason: "too late".into(), digest };
            let outcome = store.fail_turn(&lane.lease, lane.events[0].seq, failed, Then::Release).await;
            assert_eq!(outcome.expect("no error"), FenceOutcome::Held);
        }
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM inbox WHERE state = 3 AND ended_at > 0").await, 2);
        assert_eq!(place.number(&store, "SELECT attempt FROM inbox WHERE digest IS NULL").await, 0);
        assert_eq!(place.number(&store, "SELECT attempt FROM inbox WHERE digest = 'abcd'").await, 1);
        let letters = letters(place).await;
        assert!(letters.list(&all(), 10).await.expect("listed").is_empty(), "expired is not dead");
        letters.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_update_of_a_letter_is_kept_as_long_as_the_letter() {
    each_database(async |place| {
        let store = place.open().await;
        let seq = dies(&store, 1, 10).await;
        place.clock.advance(Duration::from_secs(29 * 86_400));
        let letters = letters(place).await;
        letters.retry(vec![seq]).await.expect("no error").expect("it is dead");
        let lane = store.claim_turns(1, &loaded()).await.expect("claimed").lanes.remove(0);
        store.fail_turn(&lane.lease, seq, dead("again"), Then::Release).await.expect("recorded");
        // Newer rows, so that the old ones are not kept as the last of their tables.
        store.accept(None, BOT, vec![update(2, &[20])]).await.expect("accepted");
        place.clock.advance(Duration::from_secs(2 * 86_400));
        store.tidy().await.expect("tidied");
        let letter = letters.show(seq).await.expect("no error").expect("it is there");
        assert_eq!((letter.raw.as_str(), letter.reason.as_str()), ("{\"update_id\":1}", "again"));
        letters.close().await;
    })
    .await;
}
