//! Who holds a lane, how it changes hands, and that it is never forgotten.

use futures_util::FutureExt;

use super::*;
use crate::shutdown::Shutdown;

#[tokio::test]
async fn a_lane_is_claimed_by_one() {
    each_database(async |place| {
        let store = place.open().await;
        let chats: Vec<_> = (0..50).collect();
        store.accept(None, BOT, vec![update(1, &chats)]).await.expect("accepted");
        let plugins = loaded();
        let claims = futures_util::future::join_all((0..10).map(|_| store.claim_turns(7, &plugins))).await;
        let lanes = claims.iter().flat_map(|claim| &claim.as_ref().expect("no error").lanes);
        let mut claimed: Vec<_> = lanes.map(|lane| lane.lease.chat()).collect();
        claimed.sort_unstable();
        assert_eq!(claimed, chats);
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), None, "held lanes are nobody's business");
    })
    .await;
}

#[tokio::test]
async fn the_longest_waiting_come_first() {
    each_database(async |place| {
        let store = place.open().await;
        for (number, chat) in [30, 10, 20].into_iter().enumerate() {
            store.accept(None, BOT, vec![update(number as i64, &[chat])]).await.expect("accepted");
            place.clock.advance(Duration::from_secs(1));
        }
        let claimed = store.claim_turns(2, &loaded()).await.expect("claimed").lanes;
        assert_eq!(claimed.iter().map(|lane| lane.lease.chat()).collect::<Vec<_>>(), [30, 10]);
    })
    .await;
}

#[tokio::test]
async fn lanes_of_loaded_plugins_are_claimed_past_those_of_others() {
    each_database(async |place| {
        let store = place.open().await;
        let greedy = PluginName::new("greedy").expect("a name");
        let many = NewUpdate { lanes: (0..20).map(|chat| to(&greedy, chat)).collect(), ..update(1, &[]) };
        store.accept(None, BOT, vec![many]).await.expect("accepted");
        place.clock.advance(Duration::from_secs(1));
        store.accept(None, BOT, vec![update(2, &[5])]).await.expect("accepted");
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), Some(START + 1_000));
        let claimed = store.claim_turns(3, &loaded()).await.expect("claimed").lanes;
        assert_eq!(claimed.iter().map(|lane| lane.lease.chat()).collect::<Vec<_>>(), [5]);
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), None);
        assert_eq!(store.claim_turns(30, &[(BOT, greedy.into())]).await.expect("claimed").lanes.len(), 20);
        assert!(store.claim_turns(30, &[]).await.expect("claimed").lanes.is_empty(), "a host without plugins");
    })
    .await;
}

#[tokio::test]
async fn a_silent_host_loses_its_lanes_and_its_commit_is_refused() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &tables()).await.expect("declared");
        let stale = begin_turn(&store, 1, 10).await;
        // On PostgreSQL another host takes over; on SQLite, where there is none, the same one after another had it.
        let other = if place.is_sqlite() { store.clone() } else { place.open().await };
        if place.is_sqlite() {
            place.all_lanes_were_taken_over(&store).await;
        } else {
            place.clock.advance(Duration::from_secs(9));
            assert!(other.claim_turns(1, &loaded()).await.expect("no error").lanes.is_empty(), "it may still be alive");
            place.clock.advance(Duration::from_secs(2));
            assert_eq!(other.next_turn(&loaded()).await.expect("no error"), Some(START));
        }
        let lane = other.claim_turns(1, &loaded()).await.expect("no error").lanes.remove(0);

        let commit = |id| TurnCommit {
            writes: vec![insert_card(id, &format!("code {id}"))],
            outbox: vec![call(10, "hello")],
            ..turn(lane.events[0].seq, &tables)
        };
        let outcome = store.commit_turn(&stale.lease, commit(1), Then::Release).await.expect("no error");
        assert_eq!(outcome, CommitOutcome::LeaseLost);
        let nothing = "SELECT (SELECT COUNT(*) FROM cards__cards) + (SELECT COUNT(*) FROM outbox)";
        assert_eq!(place.number(&store, nothing).await, 0);
        let outcome = other.commit_turn(&lane.lease, commit(2), Then::Release).await.expect("no error");
        assert_eq!(outcome, CommitOutcome::Committed);
        assert_eq!(place.number(&store, nothing).await, 2);
        // Giving back what is lost does no harm.
        store.release(stale.lease).await.expect("no error");
    })
    .await;
}

#[tokio::test]
async fn a_host_never_takes_a_lane_from_itself() {
    each_database(async |place| {
        let store = place.open().await;
        let lane = begin_turn(&store, 1, 10).await;
        let polling = store.claim_polling(BOT).await.expect("no error").expect("it is free");
        // Its renewals are late: a slow start, a busy writer, a database that was away.
        place.clock.advance(Duration::from_secs(60));
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), None, "nothing is due that it could have");
        assert!(
            store.claim_turns(9, &loaded()).await.expect("no error").lanes.is_empty(),
            "its own turn is still under way"
        );
        assert!(store.claim_polling(BOT).await.expect("no error").is_none());
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), None);
        store.release(lane.lease).await.expect("it is still held");
        let again = store.claim_turns(9, &loaded()).await.expect("no error").lanes;
        assert_eq!(again.len(), 1);
        // The claim has renewed the lease as well, or what was claimed would be anybody's.
        if !place.is_sqlite() {
            let other = place.open().await;
            assert!(other.claim_turns(9, &loaded()).await.expect("no error").lanes.is_empty());
        }
        drop(polling);
    })
    .await;
}

#[tokio::test]
async fn a_host_that_starts_again_has_its_lanes_at_once_on_sqlite() {
    each_database(async |place| {
        let store = place.open().await;
        let lane = begin_turn(&store, 1, 10).await;
        assert!(store.claim_polling(BOT).await.expect("no error").is_some());
        // As after a crash: nothing is given back.
        std::mem::forget(lane);
        drop(store);
        let store = place.open().await;
        let claimed = store.claim_turns(1, &loaded()).await.expect("no error").lanes.len();
        assert_eq!(claimed, usize::from(place.is_sqlite()), "on PostgreSQL the lease has to run out first");
        assert_eq!(store.claim_polling(BOT).await.expect("no error").is_some(), place.is_sqlite());
    })
    .await;
}

#[tokio::test]
async fn a_soft_end_hands_the_lanes_over_at_once() {
    each_database(async |place| {
        let store = place.open().await;
        let lane = begin_turn(&store, 1, 10).await;
        store.close().await;
        drop((lane, store));
        let store = place.open().await;
        assert_eq!(store.claim_turns(1, &loaded()).await.expect("no error").lanes.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn keeping_alive_keeps_the_lanes() {
    each_database(async |place| {
        let store = place.open().await;
        let shutdown = Shutdown::default();
        let _lane = begin_turn(&store, 1, 10).await;
        let observe = async {
            for _ in 0..15 {
                place.clock.advance(Duration::from_secs(1));
                let fresh = place.clock.now() + 7_000;
                while place.number(&store, "SELECT MAX(alive_until) FROM hosts").await < fresh {
                    tokio::task::yield_now().await;
                }
            }
            assert!(
                store.claim_turns(1, &loaded()).await.expect("no error").lanes.is_empty(),
                "fifteen seconds later it is still ours"
            );
            shutdown.force();
        };
        tokio::join!(store.keep_alive(&shutdown), observe);
    })
    .await;
}

#[tokio::test]
async fn polling_is_for_one_host_at_a_time() {
    each_database(async |place| {
        let store = place.open().await;
        let other = if place.is_sqlite() { store.clone() } else { place.open().await };
        let lease = store.claim_polling(BOT).await.expect("no error").expect("the first");
        assert!(other.claim_polling(BOT).await.expect("no error").is_none());
        assert!(other.claim_polling(BotId(8)).await.expect("no error").is_some(), "another bot is another lane");
        store.release(lease).await.expect("released");
        let lease = other.claim_polling(BOT).await.expect("no error").expect("it is free");
        assert_eq!(lease.to_string(), "7/polling");
        assert_eq!(lease.plugin(), None);
    })
    .await;
}

#[tokio::test]
async fn a_dropped_lease_comes_back_with_the_next_claim() {
    each_database(async |place| {
        let store = place.open().await;
        let lane = begin_turn(&store, 1, 10).await;
        assert!(store.claim_turns(1, &loaded()).await.expect("no error").lanes.is_empty());
        drop(lane);
        let again = store.claim_turns(1, &loaded()).await.expect("no error").lanes;
        assert_eq!(again.len(), 1);
        // The lease of before is forgotten, not given back once more.
        assert!(store.claim_turns(1, &loaded()).await.expect("no error").lanes.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_a_claim_took_whose_answer_was_lost_is_given_back() {
    each_database(async |place| {
        let store = place.open().await;
        store.accept(None, BOT, vec![update(1, &[10]), update(2, &[20])]).await.expect("accepted");
        let known = store.claim_turns(1, &loaded()).await.expect("no error").lanes.remove(0);
        // As it stands in the database after such a claim: this host has the lane, and its memory does not know.
        let taken =
            "UPDATE lanes SET host_id = (SELECT id FROM hosts), fence = fence + 1 WHERE kind <> 2 AND host_id IS NULL";
        store.shared.engine.write(opening::Raw(session::Step::made(taken.into(), vec![]))).await.expect("written");
        assert!(store.claim_turns(9, &loaded()).await.expect("no error").lanes.is_empty());

        store.shared.leases.doubt(LaneKind::Turns);
        let found = store.claim_turns(9, &loaded()).await.expect("no error").lanes;
        assert_eq!(found.len(), 1, "the unknown lane is back, the known one stays with its holder");
        assert_ne!(found[0].lease.chat(), known.lease.chat());
        store.release(known.lease).await.expect("it is still held");
        assert_eq!(
            store.claim_turns(9, &loaded()).await.expect("no error").lanes.len(),
            1,
            "nothing is given back twice"
        );
    })
    .await;
}

/// Its claim was given up and forgotten, and then it was committed.
#[tokio::test]
async fn a_lane_that_nobody_knows_of_is_found_a_minute_later() {
    each_database(async |place| {
        let store = place.open().await;
        store.accept(None, BOT, vec![update(1, &[10])]).await.expect("accepted");
        store.claim_turns(0, &loaded()).await.expect("no error");
        let taken = "UPDATE lanes SET host_id = (SELECT id FROM hosts), fence = fence + 1 WHERE kind <> 2";
        store.shared.engine.write(opening::Raw(session::Step::made(taken.into(), vec![]))).await.expect("written");
        place.clock.advance(Duration::from_millis(59_999));
        assert!(store.claim_turns(9, &loaded()).await.expect("no error").lanes.is_empty());
        place.clock.advance(Duration::from_millis(1));
        assert_eq!(store.claim_turns(9, &loaded()).await.expect("no error").lanes.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_claim_nobody_waits_for_is_given_back() {
    each_database(async |place| {
        let store = place.open().await;
        store.accept(None, BOT, vec![update(1, &[10])]).await.expect("accepted");
        let plugins = loaded();
        for _ in 0..20 {
            let mut claim = Box::pin(store.claim_turns(1, &plugins));
            assert!(claim.as_mut().now_or_never().is_none(), "the database takes longer than that");
            drop(claim);
            // The worker may still be at it, or done and have found nobody.
            let lane = loop {
                if let Some(lane) = store.claim_turns(1, &loaded()).await.expect("no error").lanes.pop() {
                    break lane;
                }
            };
            drop(lane);
        }
    })
    .await;
}

#[tokio::test]
async fn a_postponed_lane_waits_whatever_comes() {
    each_database(async |place| {
        let store = place.open().await;
        let lane = begin_turn(&store, 1, 10).await;
        store.postpone(&lane.lease, START + 60_000).await.expect("postponed");
        store.accept(None, BOT, vec![update(2, &[10])]).await.expect("accepted");
        assert!(store.claim_turns(1, &loaded()).await.expect("no error").lanes.is_empty());
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), Some(START + 60_000));
        place.clock.advance(Duration::from_secs(60));
        assert_eq!(store.claim_turns(1, &loaded()).await.expect("no error").lanes[0].events.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_lane_without_work_sleeps() {
    each_database(async |place| {
        let store = place.open().await;
        let lane = begin_turn(&store, 1, 10).await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        store.commit_turn(&lane.lease, turn(lane.events[0].seq, &tables), Then::Release).await.expect("committed");
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), None);
        // A lane that is postponed with nothing in it is claimed once and then sleeps.
        let lane = begin_turn(&store, 2, 10).await;
        let event = lane.events[0].seq;
        store.commit_turn(&lane.lease, turn(event, &tables), Then::Keep).await.expect("committed");
        store.postpone(&lane.lease, START).await.expect("postponed");
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), Some(START));
        assert!(store.claim_turns(1, &loaded()).await.expect("no error").lanes.is_empty());
        assert_eq!(store.next_turn(&loaded()).await.expect("no error"), None);
    })
    .await;
}

/// Whatever the moment at which an event comes while its lane is being given back: it is claimed in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_comes_while_its_lane_is_given_back_is_not_forgotten() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &[]).await.expect("declared");
        store.accept(None, BOT, vec![update(0, &[10])]).await.expect("accepted");
        for number in 1..100 {
            let claimed = store.claim_turns(1, &loaded()).await.expect("no error").lanes;
            let [lane] = &claimed[..] else { panic!("event {number} was forgotten") };
            let bring = store.accept(None, BOT, vec![update(number, &[10])]);
            let give_back = async {
                for (index, event) in lane.events.iter().enumerate() {
                    let then = if index + 1 == lane.events.len() { Then::Release } else { Then::Keep };
                    if number % 2 == 0 {
                        let failed = dead("no");
                        store.fail_turn(&lane.lease, event.seq, failed, then).await.expect("recorded");
                    } else {
                        store.commit_turn(&lane.lease, turn(event.seq, &tables), then).await.expect("committed");
                    }
                }
            };
            let (brought, ()) = tokio::join!(bring, give_back);
            brought.expect("accepted");
        }
    })
    .await;
}

/// Two hosts fill one lane; neither a claim nor the order of the numbers may skip one that becomes visible later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_two_hosts_are_claimed_in_the_order_of_their_numbers() {
    each_database(async |place| {
        if place.is_sqlite() {
            return;
        }
        let (one, two) = (place.open().await, place.open().await);
        let tables = one.declare(&cards(), &[]).await.expect("declared");
        let fill = async |store: &Store, from: i64| {
            for number in from..from + 60 {
                store.accept(None, BOT, vec![update(number, &[10]), update(number + 500, &[10])]).await.expect("ok");
            }
        };
        let empty = async {
            let mut last = 0;
            let mut handled = 0;
            while handled < 240 {
                for ClaimedTurns { lease, events } in one.claim_turns(1, &loaded()).await.expect("no error").lanes {
                    for (index, event) in events.iter().enumerate() {
                        assert!(event.seq > last, "event {} came after {last}", event.seq);
                        last = event.seq;
                        handled += 1;
                        let then = if index + 1 == events.len() { Then::Release } else { Then::Keep };
                        one.commit_turn(&lease, turn(event.seq, &tables), then).await.expect("committed");
                    }
                }
            }
        };
        tokio::join!(fill(&one, 0), fill(&two, 10_000), empty);
    })
    .await;
}

#[tokio::test]
async fn hints_travel_between_hosts() {
    each_database(async |place| {
        let store = Store::open(&place.url, &Clock::system()).await.expect("open");
        let (wake, shutdown) = (crate::wake::Wake::default(), Shutdown::default());
        let system = Clock::system();
        let observe = async {
            if !place.is_sqlite() {
                let minute = Duration::from_secs(60);
                // The listener rings once when it begins to listen.
                wake.lanes.wait(&system, minute).await;
                wake.outbox.wait(&system, minute).await;
                let other = place.open().await;
                let told = Shutdown::default();
                let deaf = crate::wake::Wake::default();
                let tell = async {
                    other.accept(None, BOT, vec![update(1, &[10])]).await.expect("accepted");
                    wake.lanes.wait(&system, minute).await;
                    told.begin();
                };
                tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(other.listen(&deaf, &told), tell) })
                    .await
                    .expect("the hint arrives");
            }
            shutdown.begin();
        };
        tokio::join!(store.listen(&wake, &shutdown), observe);
    })
    .await;
}
