//! The loop itself, driven by hand: what happens between two of its steps is up to the test.

use futures_util::FutureExt;

use super::breaker::{Claims, Permit};
use super::*;
use crate::config::{Grant, Token};
use crate::model::PluginName;
use crate::sandbox::{Sandbox, Settings, Source};
use crate::store::{Addressee, NewUpdate};
use crate::telegram::Pool;
use crate::web::Web;

const START: Millis = 1_800_000_000_000;
const BOT: BotId = BotId(7);

/// Two guests, one fixture: `one` and `other`.
async fn guests(store: &Store, limits: &Limits, cache: &std::path::Path) -> Vec<Guest> {
    let (sandbox, web) = (Sandbox::new(limits, cache).unwrap(), Web::new().unwrap());
    let telegram = Client::new(&Pool::new().unwrap(), "http://127.0.0.1:9", &Token::new("7:x"));
    let mut guests = Vec::new();
    for name in ["one", "other"] {
        let name = PluginName::new(name).unwrap();
        let component = guesthouse_fixtures::get("dialogue").component;
        let source = Source { name: name.clone(), component: component.into(), digest: None };
        let me = crate::sandbox::Me { id: BOT.0, username: "a_bot".into(), name: "A".into() };
        let settings = Settings { config: Default::default(), admins: vec![], me };
        let plugin = sandbox.load(source, settings, &Grant::everything()).await.unwrap();
        guests.push(Guest {
            tables: store.declare(&name, &plugin.manifest().tables).await.unwrap(),
            plugin,
            others: [].into(),
            me: Arc::new(Me { id: BOT.0, username: "a_bot".into(), name: "A".into() }),
            telegram: telegram.clone(),
            ways: Ways { web: web.fetcher(), llm: None },
            bot: "test".into(),
            zone: Zone::default(),
            records: Records::Off,
            settings: "".into(),
            shadow: None,
            admins: [].into(),
        });
    }
    guests
}

/// A message for a plugin.
fn message(to: &Part) -> NewUpdate {
    NewUpdate {
        update_id: 1,
        kind: "message".into(),
        raw: r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":10,"type":"private"},"text":"/talk"}}"#
            .into(),
        lanes: vec![Addressee { part: to.clone(), chat: 10, next: vec![] }],
        spoke: None,
        admin: false,
        moved: None,
        from: None,
        album: None,
        host: vec![],
    }
}

/// A plugin that is left alone is left out of a claim. It may be tried again before the claim is answered, and the clock
/// stands still then. On SQLite, where claims stand.
#[tokio::test]
async fn a_plugin_whose_pause_ends_during_a_claim_is_tried_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("house.db").display());
    let clock = Clock::manual(START);
    let store = Store::open(&url, &clock).await.unwrap();
    let (loaded, limits) = (Guests::default(), Limits::default());
    let _roster = loaded.put(BOT, guests(&store, &limits, folder.path()).await);
    let [one, other] = ["one", "other"].map(|name| Part::from(PluginName::new(name).unwrap()));
    let (seeds, bounds) = (Seeds::fixed(1), (limits, CommandLine::default()));
    let lanes = Lanes::new(store.clone(), loaded, Wake::default(), clock.clone(), seeds, bounds, Shadows::default());
    lanes.breakers.of(BOT, &other, |breaker| {
        let Permit::Go(pass) = breaker.permit(START) else { panic!("it is closed") };
        let failed = (1..=3).filter_map(|lane| breaker.failed(pass, START, lane, 3));
        assert_eq!(failed.count(), 1, "it opens");
    });
    store.accept(None, BOT, vec![message(&other)]).await.unwrap();

    let tasks = Tasks::default();
    let mut run = Box::pin(lanes.clone().run(tasks.clone()));
    // Until its claim stands, for the one plugin alone. The claim in between is behind its own, and makes nothing due.
    for _ in 0..4 {
        assert!(run.as_mut().now_or_never().is_none());
        store.claim_turns(1, &[(BOT, one.clone())]).await.unwrap();
    }
    assert!(run.as_mut().now_or_never().is_none());
    // The writer takes the claim along and answers it, in vain.
    store.probe().await.unwrap();
    clock.advance(Duration::from_secs(30));

    let now = clock.now();
    let is_tried = || lanes.breakers.of(BOT, &other, |breaker| breaker.claims(now) != Claims::One);
    let tried = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::select! {
            () = run => panic!("it has ended"),
            () = async { while !is_tried() { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
        }
    });
    tried.await.expect("the other plugin is tried");
    tasks.shutdown().force();
}
