//! The loop itself, driven by hand: what happens between two of its steps is up to the test.

use futures_util::FutureExt;
use tokio::net::TcpListener;

use super::*;
use crate::config::Token;
use crate::health::Board;
use crate::store::{NewCall, NewUpdate};
use crate::telegram::Pool;

const START: Millis = 1_800_000_000_000;
const ONE: BotId = BotId(7);
const OTHER: BotId = BotId(8);

/// A message that the host itself has to send.
fn message() -> NewUpdate {
    let (method, body) = ("sendMessage".into(), r#"{"chat_id":10,"text":"a"}"#.into());
    let call = NewCall { chat: 10, reference: None, about: None, method, body, expires_at: None, once: false };
    NewUpdate {
        update_id: 1,
        kind: "message".into(),
        raw: "{}".into(),
        lanes: vec![],
        spoke: None,
        admin: false,
        moved: None,
        from: None,
        album: None,
        host: vec![call],
    }
}

/// A bot that rests is left out of a claim. Its rest is over before the claim is answered, and the clock stands still then.
/// On SQLite, where claims stand.
#[tokio::test]
async fn a_bot_whose_rest_ends_during_a_claim_is_looked_for_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("house.db").display());
    let clock = Clock::manual(START);
    let store = Store::open(&url, &clock).await.unwrap();
    let telegram = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", telegram.local_addr().unwrap());
    let (delivery, pool) = (Delivery::new(store.clone(), Wake::default(), clock.clone()), Pool::new().unwrap());
    for bot in [ONE, OTHER] {
        let client = Client::new(&pool, &address, &Token::new(format!("{bot}:x")));
        delivery.add(bot, client, Pace::default(), Board::default().add("test"));
    }
    delivery.limits().hold_bot(START, OTHER, START + 30_000);
    store.accept(None, OTHER, vec![message()]).await.unwrap();

    let tasks = Tasks::default();
    let mut run = Box::pin(delivery.run(tasks.clone()));
    // Until its claim stands, for the one bot alone. The claim in between is behind its own, and makes nothing due.
    for _ in 0..4 {
        assert!(run.as_mut().now_or_never().is_none());
        store.claim_sends(&[(ONE, 1)]).await.unwrap();
    }
    assert!(run.as_mut().now_or_never().is_none());
    // The writer takes the claim along and answers it, in vain.
    store.probe().await.unwrap();
    clock.advance(Duration::from_secs(30));

    let called = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::select! {
            () = run => panic!("it has ended"),
            called = telegram.accept() => called.map(drop),
        }
    });
    called.await.expect("the other bot sends").unwrap();
    tasks.shutdown().force();
}
