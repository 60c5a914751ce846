//! Albums come as separate updates and reach the plugin that asks for them in one piece.

use guesthouse::clock::Clock;
use serde_json::{Value, json};

use crate::support::process::HostProcess;
use crate::support::{Database, House, Street, fixture, png};
use crate::webhook::{free_address, posted, secret};

const BOT: i64 = 7_000_000_001;

/// A part of an album in a chat.
fn part(number: i64, kind: &str, chat: Value, album: &str, caption: &str) -> Value {
    let mut message = json!({"message_id": number, "date": 1_800_000_000, "chat": chat, "media_group_id": album,
        "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}],
        "from": {"id": 1002, "is_bot": false, "first_name": "A"}});
    if !caption.is_empty() {
        message["caption"] = caption.into();
    }
    json!({ kind: message })
}

fn private() -> Value {
    json!({"id": 1002, "type": "private", "first_name": "A"})
}

/// Lets Telegram have one more update for the bot.
fn comes(emulator: &guesthouse::emulator::Emulator, update: Value) {
    emulator.world(|world| world.push_raw_update(BOT, update)).expect("queued");
}

fn photos() -> [Vec<u8>; 3] {
    [[255, 0, 0], [0, 255, 0], [0, 0, 255]].map(|color| png(16, color))
}

#[tokio::test]
async fn an_album_is_one_event_for_who_asks_and_several_for_who_does_not() {
    for database in Database::each().await {
        // The clock stands until all of it is there: on a slow disk that takes longer than an album has.
        let clock = Clock::manual(Clock::system().now());
        let house = House::opens_at(clock, database, "", &[fixture("album").with("each = true")]).await;
        let user = house.person(1002);
        let photos = photos();
        let photos: Vec<&[u8]> = photos.iter().map(Vec::as_slice).collect();
        user.sends_photos(&photos, "colors").await;
        user.says("and then").await;
        // The processor takes each message at once, and does not wait for the album.
        let seen = user.sees_all(4).await;
        assert_eq!(seen, ["each: colors", "each: -", "each: -", "each: and then"].join("\n---\n"));
        house.passes(1).await;
        let seen = user.sees_all(2).await;
        assert_eq!(seen, "album of 3: colors - -\n---\none: and then", "what came after it came after it");

        // A picture by itself is no album.
        user.sends_photos(&photos[..1], "alone").await;
        let mut seen: Vec<_> = [user.sees().await, user.sees().await].into();
        seen.sort();
        assert_eq!(seen, ["each: alone", "one: alone"]);
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn parts_join_wherever_they_come_in_and_late_ones_stay_by_themselves() {
    for database in Database::each().await {
        let street = Street::opens().await;
        let text = posted(&street, &database, &free_address(), "", &[fixture("album")]);
        // It stands while they come, however long a slow disk takes for each of them.
        let clock = Clock::manual(Clock::system().now());
        let house = House::opens_on_at(clock, street, database, &text).await;
        let user = house.person(1002);
        user.says("door").await;
        assert_eq!(user.sees().await, "one: door");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        // Four requests at once, as they come over four connections; their order is that of the album.
        let url = format!("{}/hook/test", house.url());
        let post = |number: i64, album: &str, caption: &str| {
            let mut update = part(number, "message", private(), album, caption);
            update["update_id"] = number.into();
            let request = client.post(&url).header("X-Telegram-Bot-Api-Secret-Token", secret());
            async move { assert_eq!(request.body(update.to_string()).send().await.expect("an answer").status(), 200) }
        };
        tokio::join!(post(104, "a", "d"), post(102, "a", "b"), post(101, "a", "a"), post(103, "a", "c"));
        house.passes(1).await;
        let seen = user.sees().await;
        assert!(seen.starts_with("album of 4: a b c d"), "{seen}");
        post(105, "a", "late").await;
        house.passes(1).await;
        assert_eq!(user.sees().await, "album of 1: late");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn albums_of_channels_are_albums_too() {
    let house = House::opens(Database::sqlite(), &[fixture("album")]).await;
    let town = &house.street.town;
    let channel = json!({"type": "channel", "title": "News", "members": [1001], "bots": [BOT]});
    let channel = town.post("/chats", channel).await;
    let id = channel["id"].as_str().map_or_else(|| channel["id"].to_string(), str::to_owned);
    let owner = house.person(1001).in_chat(&id);
    let photos = photos();
    owner.sends_photos(&photos.iter().map(Vec::as_slice).collect::<Vec<_>>(), "a").await;
    house.database.comes_to("SELECT COUNT(*) FROM outbox", 1).await;
    let body = house.database.text("SELECT body FROM outbox").await;
    assert!(body.contains("album of 3: a - -"), "{body}");
    house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE state <> 0", 1).await;
    house.closes([]).await;
}

#[tokio::test]
async fn a_host_that_dies_between_two_parts_loses_none() {
    for database in Database::each().await {
        let street = Street::opens().await;
        let configuration = street.configuration(&database, "", &[fixture("album")]);
        let host = HostProcess::starts(&configuration);
        let user = street.town.person(1002);
        user.says("door").await;
        assert_eq!(user.sees().await, "one: door");
        // Or its answer might come twice.
        database.comes_to("SELECT COUNT(*) FROM outbox WHERE state = 1", 1).await;
        comes(&street.emulator, part(901, "message", private(), "x", "a"));
        // Its turn may come before that is seen here, and even its answer.
        database.comes_to("SELECT COUNT(*) FROM inbox WHERE album = 'x'", 1).await;
        host.dies();
        // It comes while nobody is there, and the album is long due by the time somebody is: which of the two is first then,
        // its turn or the next part, decides whether they are one event. Both are handled, once.
        comes(&street.emulator, part(902, "message", private(), "x", "b"));
        let host = HostProcess::starts(&configuration);
        let mut seen = user.sees().await;
        if seen != "album of 2: a b" {
            assert_eq!(seen, "album of 1: a");
            // A host that died before it could say that this was sent leaves it to be sent again.
            while seen == "album of 1: a" {
                seen = user.sees().await;
            }
            assert_eq!(seen, "album of 1: b");
        }
        user.says("still there?").await;
        assert_eq!(user.sees().await, "one: still there?");
        user.has_seen_everything().await;
        host.stops().await;
        database.check().await;
        street.closes().await;
    }
}

#[tokio::test]
async fn a_part_that_dies_with_its_batch_comes_again_and_joins_once() {
    // Telegram hands the same batch out again when its confirmation was lost: parts that are known do not come twice.
    let house = House::opens(Database::sqlite(), &[fixture("album")]).await;
    let user = house.person(1002);
    user.says("door").await;
    assert_eq!(user.sees().await, "one: door");
    house.street.town.suffers(json!({"method": "getUpdates", "action": "accept_then_cut", "count": 2})).await;
    comes(&house.street.emulator, part(901, "message", private(), "x", "a"));
    comes(&house.street.emulator, part(902, "message", private(), "x", "b"));
    assert_eq!(user.sees().await, "album of 2: a b");
    assert_eq!(house.database.number("SELECT COUNT(*) FROM parts").await, 1);
    house.closes([user]).await;
}
