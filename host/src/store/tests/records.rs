//! What is remembered by key, and how it is forgotten.

use bytes::Bytes;

use super::*;
use crate::model::DialogueKey;
use crate::model::effect::{Callback, DialogueState, DialogueWrite};

const DAY: Duration = Duration::from_secs(86_400);

async fn commit(store: &Store, number: i64, change: impl FnOnce(TurnCommit) -> TurnCommit) {
    let tables = store.declare(&cards(), &[]).await.expect("declared");
    let lane = begin_turn(store, number, number).await;
    let commit = change(turn(lane.events[0].seq, &tables));
    store.commit_turn(&lane.lease, commit, Then::Release).await.expect("committed");
}

#[tokio::test]
async fn bots_are_remembered() {
    each_database(async |place| {
        let store = place.open().await;
        assert_eq!(store.bot(BOT).await.expect("read"), None);
        store.remember_commands(BOT, "of nobody").await.expect("ignored");
        store.remember_bot(BOT, "house_bot", "House").await.expect("written");
        store.remember_commands(BOT, "digest").await.expect("written");
        store.remember_bot(BOT, "house_bot", "New House").await.expect("written");
        let expected = BotRow { username: "house_bot".into(), name: "New House".into(), commands: "digest".into() };
        assert_eq!(store.bot(BOT).await.expect("read"), Some(expected));
    })
    .await;
}

#[tokio::test]
async fn a_conversation_ends_with_its_time() {
    each_database(async |place| {
        let store = place.open().await;
        let key = DialogueKey { chat: 1, user: 2, topic: 0 };
        let state = |step: &str| DialogueState { step: step.into(), data: "данные".into() };
        let set = |step: &str, until| Some((key, DialogueWrite::Set(state(step), until)));
        let now = async || store.dialogue(BOT, &cards(), key).await.expect("read");
        commit(&store, 1, |turn| TurnCommit { dialogue: set("name", START + 1000), ..turn }).await;
        assert_eq!(now().await, Some(state("name")));
        commit(&store, 2, |turn| TurnCommit { dialogue: set("photo", START + 2000), ..turn }).await;
        place.clock.advance(Duration::from_millis(1999));
        assert_eq!(now().await, Some(state("photo")));
        let topic = DialogueKey { topic: 5, ..key };
        assert_eq!(store.dialogue(BOT, &cards(), topic).await.expect("read"), None);
        place.clock.advance(Duration::from_millis(1));
        assert_eq!(now().await, None);
        commit(&store, 3, |turn| TurnCommit { dialogue: set("again", START + 90_000), ..turn }).await;
        assert_eq!(now().await, Some(state("again")));
        commit(&store, 4, |turn| TurnCommit { dialogue: Some((key, DialogueWrite::Clear)), ..turn }).await;
        assert_eq!(now().await, None);
    })
    .await;
}

#[tokio::test]
async fn a_forged_button_means_nothing() {
    each_database(async |place| {
        let store = place.open().await;
        let button = Callback { token: "abc".into(), chat: 1, only_for: None, data: String::new() };
        commit(&store, 1, |turn| TurnCommit { callbacks: vec![button], ..turn }).await;
        assert!(store.callback(BOT, "abc").await.expect("read").is_some());
        for (bot, token) in [(BOT, "abd"), (BOT, "ABC"), (BOT, ""), (BOT, "a\0b"), (BotId(8), "abc")] {
            assert_eq!(store.callback(bot, token).await.expect("read"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_old_is_deleted_and_nothing_else() {
    each_database(async |place| {
        let store = place.open().await;
        let state =
            |step: &str, until| DialogueWrite::Set(DialogueState { step: step.into(), data: "{}".into() }, until);
        let key = |user| DialogueKey { chat: 1, user, topic: 0 };
        let button = |token: &str| Callback { token: token.into(), chat: 1, only_for: None, data: "d".into() };
        let busy = |number: i64, until| {
            move |turn| TurnCommit {
                dialogue: Some((key(number), state("step", until))),
                callbacks: vec![button(&format!("token {number}"))],
                outbox: vec![call(10, "hello")],
                blobs: vec![(format!("digest {number}"), Bytes::from_static(b"x"))],
                ..turn
            }
        };
        commit(&store, 1, busy(1, START + 1000)).await;
        commit(&store, 2, busy(2, i64::MAX)).await;
        let sends = claim_sends(&store, 1).await.remove(0);
        let marks = |calls: &[WaitingCall]| {
            let sent = SendOutcome::Sent { message_id: None };
            calls.iter().map(|call| Mark { seq: call.seq, outcome: sent.clone(), uploaded: vec![] }).collect()
        };
        mark_sends(&store, &sends.lease, marks(&sends.calls), Then::Release).await;
        // Nobody comes for this one.
        store.accept(None, BOT, vec![update(3, &[3])]).await.expect("accepted");
        let stuck = store.claim_turns(1, &loaded()).await.expect("claimed").lanes.remove(0);
        store.postpone(&stuck.lease, i64::MAX).await.expect("postponed");

        place.clock.advance(DAY * 20);
        // The bytes are sent again, so they stay.
        commit(&store, 4, |turn| TurnCommit { blobs: vec![("digest 1".into(), Bytes::from_static(b"x"))], ..turn })
            .await;
        let counts = async || {
            let mut counts = Vec::new();
            for table in ["inbox", "updates", "outbox", "dialogues", "callbacks", "blobs"] {
                counts.push(place.number(&store, &format!("SELECT COUNT(*) FROM {table}")).await);
            }
            counts
        };
        assert_eq!(counts().await, [4, 4, 2, 2, 2, 2]);
        store.tidy().await.expect("tidied");
        assert_eq!(counts().await, [4, 4, 2, 1, 2, 2], "only the conversation is over");
        place.clock.advance(DAY * 11);
        store.tidy().await.expect("tidied");
        assert_eq!(counts().await, [2, 1, 1, 1, 2, 1], "the newest of each stay, and what has just ended");
        assert!(store.blob("digest 1").await.expect("read").is_some());
        place.clock.advance(DAY * 150);
        store.tidy().await.expect("tidied");
        assert_eq!(counts().await, [1, 1, 1, 1, 0, 0]);
        assert!(store.dialogue(BOT, &cards(), key(2)).await.expect("read").is_some());
    })
    .await;
}

#[tokio::test]
async fn tidying_goes_through_many_rows() {
    each_database(async |place| {
        let store = place.open().await;
        for batch in 0..13 {
            let updates = (0..100).map(|number| update(batch * 100 + number, &[])).collect();
            store.accept(None, BOT, updates).await.expect("accepted");
        }
        place.clock.advance(DAY * 31);
        store.tidy().await.expect("tidied");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM updates").await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_comes_for_ends_one_day() {
    each_database(async |place| {
        let store = place.open().await;
        store.accept(None, BOT, (0..600).map(|number| update(number, &[number])).collect()).await.expect("accepted");
        place.clock.advance(DAY * 31);
        store.accept(None, BOT, vec![update(1_000, &[7])]).await.expect("accepted");
        store.tidy().await.expect("tidied");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM inbox WHERE state = 3").await, 600);
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM inbox WHERE state = 0").await, 1);
        place.clock.advance(DAY * 31);
        store.tidy().await.expect("tidied");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM inbox").await, 1, "and is in nobody's way");
    })
    .await;
}
