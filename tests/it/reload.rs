//! Another build of a plugin while its bot works: turns under way end on the old one, the next message is answered by the new
//! one, and what is refused changes nothing.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use guesthouse::clock::Clock;
use serde_json::json;

use crate::support::{CACHE, Database, House, Plugin, Street, Town, component, fixture, fixture_file, folder, until};

/// A fixture as a build of one and the same plugin.
fn build(name: &'static str) -> Plugin {
    fixture(name).named("guest")
}

#[tokio::test]
async fn a_turn_under_way_ends_on_the_build_it_began_with() {
    for database in Database::each().await {
        // The turn that is held must not be over while a slow machine compiles the other build.
        let house = House::opens_with(database, "wall_ms = 120000", &[build("tables")]).await;
        let (slow, quick) = (house.person(1002), house.person(1003));
        quick.says("/hit quick").await;
        assert_eq!(quick.sees().await, "quick 1");
        let file = crate::support::sends_a_file_to_wait_for(&slow, &house.database).await;
        house.street.town.suffers(json!({"method": "getFile", "action": "hold"})).await;
        slow.says(&format!("/slow_hit slow {file}")).await;
        until("the turn waits for its file", async || house.street.town.calls("getFile").await.len() == 1).await;

        house.loads(&build("echo")).await.unwrap_or_else(|error| panic!("{error:#}"));
        quick.says("hello").await;
        assert_eq!(quick.sees().await, "hello", "the new one answers");
        house.street.town.recovers().await;
        assert_eq!(slow.sees().await, "slow 1", "the old one ends its turn");
        slow.says("hello").await;
        assert_eq!(slow.sees().await, "hello");
        house.closes([slow, quick]).await;
    }
}

#[tokio::test]
async fn under_load_every_message_is_answered_once_by_the_old_or_the_new_one() {
    for database in Database::each().await {
        let house = House::opens(database, &[build("dialogue")]).await;
        let mut people = Vec::new();
        for number in 0..8 {
            people.push(house.newcomer(&format!("Person {number}"), "en").await);
        }
        let is_over = AtomicBool::new(false);
        // Each says one thing after the other, until the new one has answered.
        let talks = join_all(people.iter().map(async |person| {
            let mut answers = Vec::new();
            for number in 0.. {
                let knew = is_over.load(Ordering::Acquire);
                let said = format!("message {number}");
                person.says(&said).await;
                let seen = person.sees().await;
                assert!(seen == said || (seen == "say /talk" && !knew), "{seen} to {said}, which came late: {knew}");
                answers.push(seen);
                if knew {
                    return answers;
                }
            }
            answers
        }));
        let swap = async {
            house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 1", 41).await;
            house.loads(&build("echo")).await.unwrap_or_else(|error| panic!("{error:#}"));
            is_over.store(true, Ordering::Release);
        };
        let (answers, ()) = tokio::join!(talks, swap);
        for answers in answers {
            let old = answers.iter().take_while(|seen| *seen == "say /talk").count();
            assert!(old > 0 && old < answers.len(), "{answers:?}");
            assert!(!answers[old..].contains(&"say /talk".to_owned()), "the old one came back: {answers:?}");
        }
        house.closes(people).await;
    }
}

#[tokio::test]
async fn what_follows_from_the_manifest_follows() {
    for database in Database::each().await {
        let house = House::opens(database, &[build("dialogue")]).await;
        let user = house.person(1002);
        let menu = async || {
            let menu = house.street.town.get("/chats/p:7000000001:1002/commands?person=1002").await;
            let commands = menu["commands"].as_array().expect("commands").iter();
            commands.map(|command| command["command"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        until("the old menu is told", async || menu().await.contains(&"talk".to_owned())).await;
        let message = user.says("first").await;
        assert_eq!(user.sees().await, "say /talk");
        house.loads(&build("echo")).await.unwrap_or_else(|error| panic!("{error:#}"));
        // A kind of update that the old one did not want: Telegram has to be asked for it anew.
        until("edits are asked for", async || {
            let last = house.street.town.calls("getUpdates").await.pop().expect("it asks");
            last.to_string().contains("edited_message")
        })
        .await;
        user.edits(message, "second").await;
        assert_eq!(user.sees().await, "edited message \"second\"");
        until("the new menu is told", async || menu().await.contains(&"photo".to_owned())).await;
        // Its tables are there, too.
        user.says("/ref").await;
        assert_eq!(user.sees().await, "to be edited\n[Press]");
        house.closes([user]).await;
    }
}

/// A menu that could not be told is not told any more once there is another one.
#[tokio::test]
async fn an_old_menu_never_takes_the_place_of_a_newer_one() {
    let clock = Clock::manual(Clock::system().now());
    let street = Street::opens().await;
    street
        .town
        .suffers(
            json!({"method": "setMyCommands", "count": 1, "action": {"error": {"code": 500, "description": "later"}}}),
        )
        .await;
    let database = Database::sqlite();
    let text = street.configuration(&database, "", &[build("dialogue")]);
    let house = House::opens_on_at(clock.clone(), street, database, &text).await;
    let user = house.person(1002);
    let menu = async || {
        let menu = house.street.town.get("/chats/p:7000000001:1002/commands?person=1002").await;
        let commands = menu["commands"].as_array().expect("commands").iter();
        commands.map(|command| command["command"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    let told = async || house.street.town.calls("setMyCommands").await.len();
    until("the first menu was refused", async || told().await == 1).await;
    house.loads(&build("echo")).await.unwrap_or_else(|error| panic!("{error:#}"));
    until("the new menu is told", async || menu().await.contains(&"photo".to_owned())).await;
    // Long past the time at which the first one would have been tried again.
    clock.advance(Duration::from_secs(3_600));
    for _ in 0..5 {
        user.says("hello").await;
        assert_eq!(user.sees().await, "hello");
    }
    assert!(!menu().await.contains(&"talk".to_owned()), "{:?}", menu().await);
    house.closes([user]).await;
}

#[tokio::test]
async fn what_is_refused_leaves_the_old_one_at_work() {
    for database in Database::each().await {
        let house = House::opens(database, &[build("dialogue")]).await;
        let user = house.person(1002);
        // A table that somebody else has made is not taken over.
        house.database.suffers("CREATE TABLE guest__facts (x BIGINT)").await;
        let broken = component("reload-broken", b"\0asm\x0d\0\x01\0 cut short");
        let refusals = [
            (Plugin::file("guest", &broken), "does not compile"),
            (Plugin::file("guest", "nowhere.wasm"), "cannot read `nowhere.wasm`"),
            (build("describe-trap"), "did not describe itself"),
            (build("attend"), "facts"),
            (build("echo").granted("[]"), "which its grant does not include"),
            (build("echo").with("none = 1"), "has no setting `none`"),
        ];
        for (plugin, expected) in refusals {
            let error = house.loads(&plugin).await.expect_err(expected);
            assert!(format!("{error:#}").contains(expected), "{error:#}");
            user.says("hello").await;
            assert_eq!(user.sees().await, "say /talk", "{expected}");
        }
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn a_plugin_that_was_left_alone_is_tried_again_in_its_new_build() {
    let database = Database::sqlite();
    let house = House::opens_with(database, "attempts = 1\nbreaker = 3", &[build("trap")]).await;
    let people = [1002, 1003, 1004].map(|id| house.person(id));
    for person in &people {
        person.says("/trap").await;
    }
    house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 3).await;
    house.admin().settles().await;
    house.loads(&build("echo")).await.unwrap_or_else(|error| panic!("{error:#}"));
    // Without that the breaker would hold this up for half a minute.
    people[0].says("hello").await;
    let begun = guesthouse::clock::Clock::system().now();
    assert_eq!(people[0].sees().await, "hello");
    assert!(guesthouse::clock::Clock::system().now() - begun < 20_000);
    house.admin().skips().await;
    house.closes(people).await;
}

/// The dev house with plugins under work.
struct DevHouse {
    child: Child,
    town: Town,
    /// What it has said until all was tried.
    said: String,
}

impl DevHouse {
    fn opens(data: &Path, arguments: &[&str]) -> Self {
        std::os::unix::fs::symlink(CACHE, data.join("cache")).expect("the folder can be written");
        std::fs::create_dir_all(CACHE).expect("the target folder can be written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_guesthouse"))
            .args(["dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let stdout = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut said = String::new();
        for line in stdout.lines().map(|line| line.expect("text")) {
            said += &format!("{line}\n");
            if line.starts_with("The REST API: ") {
                break;
            }
        }
        let address = said.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
        Self { town: Town::new(address), child, said }
    }

    async fn notices(&self) -> Vec<String> {
        let state = self.town.get("/state").await;
        let notices = state["notices"].as_array().expect("notices").iter();
        notices.map(|notice| notice["text"].as_str().expect("text").to_owned()).collect()
    }

    /// The number of the one that is shown.
    async fn number(&self) -> i64 {
        let state = self.town.get("/state").await;
        state["notices"][0]["number"].as_i64().unwrap_or_default()
    }
}

impl Drop for DevHouse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_dev_house_follows_a_component_and_shows_what_is_wrong_with_it() {
    let data = folder();
    let work = folder();
    let file = work.path().join("work.wasm");
    let save = |bytes: &[u8]| {
        // As a compiler does: beside it, then into its place.
        let beside = work.path().join("work.part");
        std::fs::write(&beside, bytes).expect("the folder can be written");
        std::fs::rename(&beside, &file).expect("the folder can be written");
    };
    let fixture = |name: &str| std::fs::read(fixture_file(name)).expect("it was just written");
    save(b"not yet");
    let path = file.to_string_lossy().into_owned();
    let house = DevHouse::opens(data.path(), &["--plugin", &path]);
    let user = house.town.person(1002);
    // The house opens all the same.
    until("it says what is wrong", async || !house.notices().await.is_empty()).await;
    let notices = house.notices().await;
    assert!(notices.len() == 1 && notices[0].starts_with(&path) && notices[0].contains("hint: "), "{notices:?}");
    assert!(!notices[0].contains("goes on"), "{notices:?}");

    // Other plugins of the house read along and may say something, too.
    let answers = async |answer: &str, count: usize| {
        user.says("hello").await;
        until(&format!("`{answer}` is the answer"), async || {
            user.has_read().await.iter().filter(|text| *text == answer).count() == count
        })
        .await;
    };
    save(&fixture("dialogue"));
    until("the notice is gone", async || house.notices().await.is_empty()).await;
    answers("say /talk", 1).await;

    save(b"\0asm broken");
    until("there is a notice", async || !house.notices().await.is_empty()).await;
    let notices = house.notices().await;
    assert!(notices[0].ends_with("The last build that worked goes on."), "{notices:?}");
    answers("say /talk", 2).await;
    // Whoever has put it away sees it again when the next build is as broken.
    let number = house.number().await;
    save(b"\0asm broken");
    until("it is said again", async || house.number().await > number).await;

    save(&fixture("echo"));
    until("the notice is gone", async || house.notices().await.is_empty()).await;
    answers("hello", 1).await;
}

/// Who works on a bundled plugin gives it settings that the bundled build does not know.
#[tokio::test]
async fn a_setting_of_a_plugin_under_work_is_not_its_bundled_namesakes() {
    let (data, work) = (folder(), folder());
    let file = work.path().join("work.wasm").to_string_lossy().into_owned();
    let mut component = guesthouse_bundled::get("cards").expect("it is bundled").component.to_vec();
    let (old, new) = (b"page_size", b"page_sise");
    while let Some(at) = component.windows(old.len()).position(|bytes| bytes == old) {
        component[at..at + old.len()].copy_from_slice(new);
    }
    std::fs::write(&file, component).expect("the folder can be written");
    let house = DevHouse::opens(data.path(), &["--plugin", &file, "--set", "cards.page_sise=5"]);
    assert!(house.said.contains("Plugin `cards` is loaded from "), "{}", house.said);
    assert!(house.notices().await.is_empty(), "{:?}", house.notices().await);
    drop(house);
    // A bundled plugin has its own all the same.
    let data = folder();
    let file = fixture_file("dialogue").to_string_lossy().into_owned();
    let house = DevHouse::opens(data.path(), &["--plugin", &file, "--set", "cards.page_size=5"]);
    assert!(house.said.contains("Plugin `dialogue` is loaded from "), "{}", house.said);
}
