//! Events that are handed on from plugin to plugin, and the lanes of processors.

use super::*;

fn name(name: &str) -> PluginName {
    PluginName::new(name).expect("a name")
}

/// All that the tests let have lanes.
async fn claim(store: &Store) -> Vec<ClaimedTurns> {
    let parts = ["cards", "second", "third", "cards/watch"].map(|part| (BOT, Part::parse(part).expect("a part")));
    store.claim_turns(10, &parts).await.expect("claimed").lanes
}

/// Ends the turn of a lane's first event, which the plugin passes.
async fn pass(store: &Store, lane: &ClaimedTurns, tables: &TableSet) -> CommitOutcome {
    let event = &lane.events[0];
    let commit = TurnCommit { passed: Some("not mine".into()), next: Handover::of(event), ..turn(event.seq, tables) };
    store.commit_turn(&lane.lease, commit, Then::Release).await.expect("committed")
}

#[tokio::test]
async fn who_passes_lets_the_next_one_have_it() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        let first = Addressee { next: vec![name("second"), name("third")], ..to(&cards(), 10) };
        store.accept(None, BOT, vec![NewUpdate { lanes: vec![first], ..update(1, &[]) }]).await.expect("accepted");
        place.clock.advance(Duration::from_secs(5));
        let mut seen = Vec::new();
        for _ in 0..3 {
            let lanes = claim(&store).await;
            assert_eq!((lanes.len(), lanes[0].events.len()), (1, 1), "one plugin at a time");
            let event = &lanes[0].events[0];
            assert_eq!((event.update_id, event.created_at), (1, START), "the same update, as old as it is");
            seen.push(lanes[0].lease.to_string());
            assert_eq!(pass(&store, &lanes[0], &tables).await, CommitOutcome::Committed);
        }
        assert_eq!(seen, [format!("{BOT}/cards/10"), format!("{BOT}/second/10"), format!("{BOT}/third/10")]);
        assert!(claim(&store).await.is_empty(), "nobody is left to be asked");
    })
    .await;
}

#[tokio::test]
async fn who_answers_keeps_it() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        let first = Addressee { next: vec![name("second")], ..to(&cards(), 10) };
        store.accept(None, BOT, vec![NewUpdate { lanes: vec![first], ..update(1, &[]) }]).await.expect("accepted");
        let lane = claim(&store).await.remove(0);
        let answered = turn(lane.events[0].seq, &tables);
        store.commit_turn(&lane.lease, answered, Then::Release).await.expect("committed");
        assert!(claim(&store).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_turn_that_has_lost_its_lane_hands_nothing_on() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        let first = Addressee { next: vec![name("second")], ..to(&cards(), 10) };
        store.accept(None, BOT, vec![NewUpdate { lanes: vec![first], ..update(1, &[]) }]).await.expect("accepted");
        let lane = claim(&store).await.remove(0);
        assert_eq!(pass(&store, &lane, &tables).await, CommitOutcome::Committed);
        let next = claim(&store).await.remove(0);
        // The first turn once more, as after a lost answer: it was committed, and is not again.
        let late = ClaimedTurns { lease: next.lease, events: lane.events };
        assert!(store.commit_turn(&late.lease, turn(late.events[0].seq, &tables), Then::Keep).await.is_err());
        assert_eq!(claim(&store).await.len(), 0, "no second copy");
    })
    .await;
}

#[tokio::test]
async fn an_album_is_handed_on_with_all_its_parts() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        let part = |number| NewUpdate {
            album: Some(Album { id: "a".into(), parts: vec![cards().into()] }),
            lanes: vec![Addressee { next: vec![name("second")], ..to(&cards(), 10) }],
            ..update(number, &[])
        };
        store.accept(None, BOT, vec![part(1), part(2), part(3)]).await.expect("accepted");
        place.clock.advance(Duration::from_secs(1));
        let lane = claim(&store).await.remove(0);
        assert_eq!(lane.events[0].parts.as_ref().map(Vec::len), Some(2));
        pass(&store, &lane, &tables).await;
        let lane = claim(&store).await.remove(0);
        assert_eq!(lane.lease.plugin(), Some(&name("second")));
        let event = &lane.events[0];
        assert_eq!((event.update_id, event.parts.as_ref().map(Vec::len)), (1, Some(2)));
    })
    .await;
}

#[tokio::test]
async fn a_processor_has_lanes_of_its_own() {
    each_database(async |place| {
        let store = place.open().await;
        let watch = Addressee { part: Part::processor_of(&cards(), "watch"), ..to(&cards(), 10) };
        let lanes = vec![to(&cards(), 10), watch];
        store.accept(None, BOT, vec![NewUpdate { lanes, ..update(1, &[]) }]).await.expect("accepted");
        let mut names: Vec<_> = claim(&store).await.iter().map(|lane| lane.lease.to_string()).collect();
        names.sort();
        assert_eq!(names, [format!("{BOT}/cards/10"), format!("{BOT}/cards/watch/10")]);
    })
    .await;
}
