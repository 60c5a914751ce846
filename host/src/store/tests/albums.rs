//! Parts of albums become one event, wherever they come from, and none is lost to a turn that has begun.

use super::*;

/// A message of album `album` in the lane of `chat`.
fn part(update_id: i64, chat: i64, album: &str) -> NewUpdate {
    NewUpdate { album: Some(Album { id: album.into(), parts: vec![cards().into()] }), ..update(update_id, &[chat]) }
}

/// What is handed out: of each event the update's number and the further parts.
fn shown(lane: &ClaimedTurns) -> Vec<(i64, Option<Vec<String>>)> {
    lane.events.iter().map(|event| (event.update_id, event.parts.clone())).collect()
}

fn raw(numbers: &[i64]) -> Option<Vec<String>> {
    Some(numbers.iter().map(|number| format!("{{\"update_id\":{number}}}")).collect())
}

async fn accept(store: &Store, updates: Vec<NewUpdate>) {
    store.accept(None, BOT, updates).await.expect("accepted");
}

async fn claim(store: &Store) -> Vec<ClaimedTurns> {
    store
        .claim_turns(10, &[(BOT, cards().into()), (BOT, PluginName::new("single").expect("a name").into())])
        .await
        .expect("claimed")
        .lanes
}

#[tokio::test]
async fn parts_are_gathered_until_no_more_come() {
    each_database(async |place| {
        let (store, other) = (place.open().await, if place.is_sqlite() { None } else { Some(place.open().await) });
        let other = other.as_ref().unwrap_or(&store);
        accept(&store, vec![part(1, 10, "a"), part(2, 10, "a")]).await;
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), Some(START + 700), "nothing earlier");
        place.clock.advance(Duration::from_millis(600));
        // From another request, and another host; the first of them is known already.
        accept(other, vec![part(2, 10, "a"), part(3, 10, "a"), update(4, &[10]), part(5, 10, "b")]).await;
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), Some(START + 1_300));
        place.clock.advance(Duration::from_millis(699));
        assert!(claim(&store).await.is_empty(), "what came after the album waits behind it");
        place.clock.advance(Duration::from_millis(1));
        let lane = claim(&store).await.remove(0);
        assert_eq!(shown(&lane), [(1, raw(&[2, 3])), (4, None), (5, raw(&[]))]);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM updates").await, 5);
    })
    .await;
}

#[tokio::test]
async fn a_part_that_comes_late_is_an_event_of_its_own() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        accept(&store, vec![part(1, 10, "a")]).await;
        place.clock.advance(Duration::from_millis(700));
        let lane = claim(&store).await.remove(0);
        // The turn has begun.
        accept(&store, vec![part(2, 10, "a")]).await;
        assert_eq!(shown(&lane), [(1, raw(&[]))]);
        let outcome = store.commit_turn(&lane.lease, turn(lane.events[0].seq, &tables), Then::Release).await;
        assert_eq!(outcome.expect("no error"), CommitOutcome::Committed);
        accept(&store, vec![part(3, 10, "a")]).await;
        assert!(claim(&store).await.is_empty());
        place.clock.advance(Duration::from_millis(700));
        assert_eq!(shown(&claim(&store).await[0]), [(2, raw(&[3]))]);
    })
    .await;
}

#[tokio::test]
async fn an_album_has_ten_parts_at_most_and_then_waits_no_longer() {
    each_database(async |place| {
        let store = place.open().await;
        accept(&store, (1..=4).map(|number| part(number, 10, "a")).collect()).await;
        accept(&store, (5..=12).map(|number| part(number, 10, "a")).collect()).await;
        let lane = claim(&store).await.remove(0);
        assert_eq!(shown(&lane), [(1, raw(&[2, 3, 4, 5, 6, 7, 8, 9, 10]))]);
        drop(lane);
        place.clock.advance(Duration::from_millis(700));
        assert_eq!(shown(&claim(&store).await[0])[1], (11, raw(&[12])));
    })
    .await;
}

#[tokio::test]
async fn each_lane_gathers_for_itself_and_only_where_it_was_asked_to() {
    each_database(async |place| {
        let store = place.open().await;
        let single = PluginName::new("single").expect("a name");
        let both = |number| NewUpdate { lanes: vec![to(&cards(), 10), to(&single, 10)], ..part(number, 10, "a") };
        accept(&store, vec![both(1), both(2)]).await;
        let claimed = claim(&store).await;
        assert_eq!(claimed.len(), 1, "the album waits, the messages do not");
        assert_eq!(claimed[0].lease.plugin(), Some(&single));
        assert_eq!(shown(&claimed[0]), [(1, None), (2, None)]);
        // The same name in another chat is another album.
        accept(&store, vec![part(3, 11, "a")]).await;
        place.clock.advance(Duration::from_millis(700));
        let claimed = claim(&store).await;
        assert_eq!(claimed.iter().map(shown).collect::<Vec<_>>(), [vec![(1, raw(&[2]))], vec![(3, raw(&[]))]]);
    })
    .await;
}

#[tokio::test]
async fn an_album_is_the_same_in_every_attempt() {
    each_database(async |place| {
        let store = place.open().await;
        accept(&store, vec![part(1, 10, "a"), part(2, 10, "a")]).await;
        place.clock.advance(Duration::from_millis(700));
        let lane = claim(&store).await.remove(0);
        let failed = Failed::RetryAt { at: START + 5_000, reason: "later".into(), digest: Some("ab".into()) };
        store.fail_turn(&lane.lease, lane.events[0].seq, failed, Then::Release).await.expect("no error");
        accept(&store, vec![part(3, 10, "a")]).await;
        place.clock.advance(Duration::from_secs(5));
        let lane = claim(&store).await.remove(0);
        assert_eq!(shown(&lane), [(1, raw(&[2])), (3, raw(&[]))]);
        // A host that dies takes nothing along.
        drop((lane, store));
        let store = place.open().await;
        place.clock.advance(Duration::from_secs(60));
        assert_eq!(shown(&claim(&store).await[0]), [(1, raw(&[2])), (3, raw(&[]))]);
    })
    .await;
}

#[tokio::test]
async fn a_lane_that_has_something_else_to_do_does_not_wait_for_an_album() {
    each_database(async |place| {
        let store = place.open().await;
        accept(&store, vec![update(1, &[10]), part(2, 10, "a")]).await;
        let lane = claim(&store).await.remove(0);
        assert_eq!(shown(&lane), [(1, None)], "the album behind it goes on gathering while the lane is held");
        accept(&store, vec![part(3, 10, "a")]).await;
        store.release(lane.lease).await.expect("released");
        place.clock.advance(Duration::from_millis(700));
        assert_eq!(shown(&claim(&store).await[0]), [(1, None), (2, raw(&[3]))]);
    })
    .await;
}

/// Accepts and claims that meet: each part is handed to exactly one turn, in an event that was still waiting for it.
#[tokio::test]
async fn no_part_is_lost_between_two_hosts() {
    each_database(async |place| {
        let one = place.open().await;
        let two = if place.is_sqlite() { None } else { Some(place.open().await) };
        let two = two.as_ref().unwrap_or(&one);
        let tables = one.declare(&cards(), &[]).await.expect("declared");
        let mut handed: Vec<String> = Vec::new();
        for round in 0..40 {
            let at = round * 10;
            accept(&one, vec![part(at, 10, "a")]).await;
            // Due at the very moment at which more parts come.
            place.clock.advance(Duration::from_millis(700));
            let (claimed, (), ()) = tokio::join!(
                claim(two),
                accept(&one, vec![part(at + 1, 10, "a"), part(at + 2, 10, "b")]),
                accept(two, vec![part(at + 3, 10, "a")]),
            );
            handle(two, claimed, &tables, &mut handed).await;
            place.clock.advance(Duration::from_millis(700));
            handle(&one, claim(&one).await, &tables, &mut handed).await;
        }
        handed.sort();
        let mut all = (0..40).flat_map(|round| [0, 1, 2, 3].map(|part| round * 10 + part)).collect::<Vec<i64>>();
        all.sort_by_key(ToString::to_string);
        let mut all = raw(&all).expect("some");
        all.sort();
        assert_eq!(handed, all);
    })
    .await;
}

async fn handle(store: &Store, claimed: Vec<ClaimedTurns>, tables: &TableSet, handed: &mut Vec<String>) {
    for ClaimedTurns { lease, events } in claimed {
        let last = events.len() - 1;
        for (index, event) in events.into_iter().enumerate() {
            let then = if index == last { Then::Release } else { Then::Keep };
            let outcome = store.commit_turn(&lease, turn(event.seq, tables), then).await.expect("no error");
            assert_eq!(outcome, CommitOutcome::Committed);
            handed.push(event.raw);
            handed.extend(event.parts.unwrap_or_default());
        }
    }
}

#[tokio::test]
async fn old_parts_go_with_their_events() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        accept(&store, vec![part(1, 10, "a"), part(2, 10, "a"), part(3, 11, "b"), part(4, 11, "b")]).await;
        place.clock.advance(Duration::from_millis(700));
        let claimed = claim(&store).await;
        let done = claimed.into_iter().filter(|lane| lane.lease.chat() == 10).collect();
        handle(&store, done, &tables, &mut Vec::new()).await;
        accept(&store, vec![update(9, &[12])]).await;
        place.clock.advance(Duration::from_secs(40 * 24 * 3_600));
        store.tidy().await.expect("tidied");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM parts").await, 1);
        // The album that nobody came for has just ended; it goes with the others of its age.
        place.clock.advance(Duration::from_secs(40 * 24 * 3_600));
        store.tidy().await.expect("tidied");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM parts").await, 0);
    })
    .await;
}
