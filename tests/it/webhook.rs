//! What Telegram posts arrives once, in order and never before it is stored; what others post does not arrive at all.

use std::time::Duration;

use guesthouse::clock::Clock;
use guesthouse::config::{Config, Token};
use guesthouse::host;
use guesthouse::shutdown::Tasks;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Database, House, Plugin, Street, TOKEN, fixture, until};

/// The header with the secret.
const HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// An address that nobody has just now.
pub fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

/// The configuration of a host to which updates are posted.
pub fn posted(
    street: &guesthouse::testing::Street,
    database: &Database,
    address: &str,
    limits: &str,
    plugins: &[Plugin],
) -> String {
    let limits = format!("{limits}\n[http]\nlisten = {address:?}");
    let text = street.configuration(database, &limits, plugins);
    text.replace("api_url =", &format!("webhook = \"http://{address}/hook/test\"\napi_url ="))
}

async fn house(database: Database, limits: &str, plugins: &[Plugin]) -> House {
    let street = Street::opens().await;
    let text = posted(&street, &database, &free_address(), limits, plugins);
    House::opens_on(street, database, &text).await
}

pub fn secret() -> String {
    Token::new(TOKEN).secret_for("webhook")
}

/// Posts like Telegram.
async fn post(url: &str, body: impl Into<reqwest::Body>) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{url}/hook/test")).header(HEADER, secret()).body(body);
    request.send().await.expect("the host answers")
}

/// Sends these bytes and reads what comes back until the host closes, at most a few seconds.
async fn raw(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the host listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut answer)).await;
    let count = read.expect("the host answers at once").expect("an answer");
    String::from_utf8_lossy(&answer[..count]).into_owned()
}

/// A message of a person who is not in the town, so that only the database tells.
fn message(update_id: i64, text: &str) -> Value {
    json!({"update_id": update_id, "message": {"message_id": update_id, "date": 1_800_000_000, "text": text,
        "chat": {"id": 1002, "type": "private", "first_name": "A"},
        "from": {"id": 1002, "is_bot": false, "first_name": "A"},
        "entities": [{"type": "bot_command", "offset": 0, "length": 4}]}})
}

#[tokio::test]
async fn what_is_posted_is_answered() {
    for database in Database::each().await {
        let house = house(database, "", &[fixture("tables")]).await;
        let user = house.person(1002);
        user.says("/hit jar").await;
        assert_eq!(user.sees().await, "jar 1");
        for _ in 0..5 {
            user.says("/hit jar").await;
        }
        assert_eq!(user.sees_all(5).await, "jar 2\n---\njar 3\n---\njar 4\n---\njar 5\n---\njar 6");
        let set = house.street.town.calls("setWebhook").await;
        assert_eq!(set.len(), 1);
        assert_eq!(set[0]["params"]["allowed_updates"], json!(["message", "callback_query", "my_chat_member"]));
        assert_eq!(set[0]["params"]["drop_pending_updates"], Value::Null);
        assert!(house.street.town.calls("getUpdates").await.is_empty());

        // It stays at the end, what comes meanwhile waits at Telegram, and who starts again finds it in order.
        let text =
            posted(&house.street, &house.database, house.url().trim_start_matches("http://"), "", &[fixture("tables")]);
        let (street, database) = house.stops().await;
        assert!(street.town.calls("deleteWebhook").await.is_empty(), "a webhook outlasts its host");
        user.says("/hit jar").await;
        let house = House::opens_on(street, database, &text).await;
        assert_eq!(user.sees().await, "jar 7");
        assert_eq!(house.street.town.calls("setWebhook").await.len(), 1, "nothing differed");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn strangers_are_turned_away_before_they_are_listened_to() {
    let house = house(Database::sqlite(), "", &[fixture("tables")]).await;
    let url = house.url();
    let address = url.trim_start_matches("http://");
    let update = message(1, "/hit jar").to_string();
    // The head promises a body, and none comes: who is refused now was refused without it.
    let head = |more: &str| format!("POST /hook/test HTTP/1.1\r\nHost: x\r\n{more}Content-Length: 1000000\r\n\r\n");
    let known = format!("{HEADER}: {}\r\n", secret());
    for (more, expected) in [
        (String::new(), "401 Unauthorized"),
        (format!("{HEADER}: wrong\r\n"), "401 Unauthorized"),
        (format!("{HEADER}: {}\r\n", &secret()[1..]), "401 Unauthorized"),
        (format!("{known}Content-Encoding: gzip\r\n"), "415 Unsupported Media Type"),
    ] {
        let answer = raw(address, &head(&more)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{more}: {answer}");
        assert!(answer.ends_with("\r\n\r\n"), "no detail: {answer}");
    }
    let large = format!("POST /hook/test HTTP/1.1\r\nHost: x\r\n{known}Content-Length: 1048577\r\n\r\n");
    assert!(raw(address, &large).await.starts_with("HTTP/1.1 413"));
    // A body without an announced end is read to the limit and no further.
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 65_536]));
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{url}/hook/test")).header(HEADER, secret());
    if let Ok(answer) = request.body(reqwest::Body::wrap_stream(endless)).send().await {
        assert_eq!(answer.status(), 413);
    }
    let get = client.get(format!("{url}/hook/test")).header(HEADER, secret()).send().await.expect("an answer");
    assert_eq!(get.status(), 405);
    assert_eq!(client.post(format!("{url}/hook/other")).body(update).send().await.expect("an answer").status(), 404);
    assert_eq!(house.database.number("SELECT COUNT(*) FROM updates").await, 0);
    house.closes([]).await;
}

#[tokio::test]
async fn who_says_nothing_is_not_listened_to_for_long() {
    let house = house(Database::sqlite(), "", &[fixture("tables")]).await;
    let url = house.url();
    let address = url.trim_start_matches("http://");
    let silent = async |said: String| {
        let mut stream = TcpStream::connect(address).await.expect("the host listens");
        stream.write_all(said.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        read.expect("the host hangs up").expect("an end");
        String::from_utf8_lossy(&answer).into_owned()
    };
    let head = format!("POST /hook/test HTTP/1.1\r\nHost: x\r\n{HEADER}: {}\r\n", secret());
    let (nothing, half, body, after) = tokio::join!(
        silent(String::new()),
        silent(head.clone()),
        silent(format!("{head}Content-Length: 100\r\n\r\n{{")),
        silent("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".into()),
    );
    assert!(nothing.is_empty() || nothing.starts_with("HTTP/1.1 408"), "{nothing}");
    assert!(half.is_empty() || half.starts_with("HTTP/1.1 408"), "{half}");
    assert!(body.starts_with("HTTP/1.1 408"), "{body}");
    assert!(after.starts_with("HTTP/1.1 200"), "{after}");
    assert_eq!(house.database.number("SELECT COUNT(*) FROM updates").await, 0);
    house.closes([]).await;
}

#[tokio::test]
async fn what_nobody_understands_is_stored_and_confirmed() {
    for database in Database::each().await {
        let house = house(database, "", &[fixture("tables")]).await;
        let url = house.url();
        let deep = format!("{{\"update_id\":5,\"message\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let large = json!({"update_id": 6, "message": {"text": "x".repeat(512 * 1024)}}).to_string();
        let odd: [&[u8]; 8] = [
            b"",
            b"[]",
            b"{\"update_id\":",
            b"\xff\0\xfe",
            b"{\"update_id\":\"7\",\"message\":7}",
            b"{\"update_id\":8,\"something_new\":{\"a\":1}}",
            deep.as_bytes(),
            large.as_bytes(),
        ];
        for _ in 0..2 {
            for body in odd {
                assert_eq!(post(&url, body.to_vec()).await.status(), 200);
            }
        }
        assert_eq!(house.database.number("SELECT COUNT(*) FROM updates").await, 8, "each of them once");
        let raws = house.database.texts("SELECT raw FROM updates ORDER BY seq").await;
        assert_eq!(raws[1], "[]");
        assert_eq!(raws[7], large);
        let user = house.person(1002);
        user.says("/hit jar").await;
        assert_eq!(user.sees().await, "jar 1");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn an_update_that_is_posted_often_is_handled_once() {
    for database in Database::each().await {
        let house = house(database, "", &[fixture("tables")]).await;
        let url = house.url();
        let user = house.person(1002);
        // The bot may write to whom has written to it.
        user.says("/hit door").await;
        assert_eq!(user.sees().await, "door 1");
        let posts = (0..60).map(|number| post(&url, message(100 + number % 3, "/hit jar").to_string()));
        for answer in futures_util::future::join_all(posts).await {
            assert_eq!(answer.status(), 200);
        }
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 1", 4).await;
        assert_eq!(house.database.number("SELECT COUNT(*) FROM updates").await, 4);
        assert_eq!(house.database.number("SELECT hits FROM tables__counters WHERE name = 'jar'").await, 3);
        assert_eq!(user.sees_all(3).await, "jar 1\n---\njar 2\n---\njar 3");
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn every_host_serves_the_webhook() {
    let Some(database) = Database::postgres().await else { return };
    let first = house(database, "", &[fixture("tables")]).await;
    // The second listens elsewhere; to Telegram both are one address, behind a proxy.
    let shown = first.url();
    let text = posted(&first.street, &first.database, shown.trim_start_matches("http://"), "", &[fixture("tables")]);
    let address = free_address();
    let text =
        text.replace(&format!("listen = {:?}", shown.trim_start_matches("http://")), &format!("listen = {address:?}"));
    let (second, tasks) = crate::support::start(&text).await.unwrap_or_else(|error| panic!("{error:#}"));
    let user = first.person(1002);
    user.says("/hit door").await;
    assert_eq!(user.sees().await, "door 1");
    let urls = [shown.clone(), format!("http://{address}")];
    let posts = (0..80).map(|number: i64| {
        // Each update at both, at the same time.
        let url = &urls[usize::try_from(number % 2).expect("small")];
        post(url, message(100 + number / 2, "/hit jar").to_string())
    });
    for answer in futures_util::future::join_all(posts).await {
        assert_eq!(answer.status(), 200);
    }
    first.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 1", 41).await;
    assert_eq!(first.database.number("SELECT COUNT(*) FROM updates").await, 41);
    assert_eq!(first.database.number("SELECT hits FROM tables__counters WHERE name = 'jar'").await, 40);
    assert_eq!(first.street.town.calls("setWebhook").await.len(), 1, "they agree without talking");

    // One of them ends; the other goes on.
    tasks.shutdown().begin();
    tasks.finish(Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
    second.close().await;
    for number in 1..=40 {
        assert_eq!(user.sees().await, format!("jar {number}"));
    }
    user.says("/hit jar").await;
    assert_eq!(user.sees().await, "jar 41");
    first.closes([user]).await;
}

#[tokio::test]
async fn changing_how_updates_come_loses_none() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("tables")]).await;
        let user = house.person(1002);
        user.says("/hit jar").await;
        assert_eq!(user.sees().await, "jar 1");
        let (mut street, mut database) = house.stops().await;
        for round in 0..2 {
            // Polled for so far; some waits.
            user.says("/hit jar").await;
            user.says("/hit jar").await;
            let text = posted(&street, &database, &free_address(), "", &[fixture("tables")]);
            let house = House::opens_on(street, database, &text).await;
            for number in 2..=3 {
                assert_eq!(user.sees().await, format!("jar {}", number + round * 4));
            }
            (street, database) = house.stops().await;
            // Posted so far; some waits.
            user.says("/hit jar").await;
            user.says("/hit jar").await;
            let text = street.configuration(&database, "", &[fixture("tables")]);
            let house = House::opens_on(street, database, &text).await;
            for number in 4..=5 {
                assert_eq!(user.sees().await, format!("jar {}", number + round * 4));
            }
            let deleted = house.street.town.calls("deleteWebhook").await;
            assert_eq!(deleted.last().expect("it was")["params"]["drop_pending_updates"], false);
            (street, database) = house.stops().await;
        }
        user.has_seen_everything().await;
        database.check().await;
        street.closes().await;
    }
}

#[tokio::test]
async fn a_webhook_that_somebody_changes_is_set_again() {
    let (street, database) = (Street::opens().await, Database::sqlite());
    let text = posted(&street, &database, &free_address(), "", &[fixture("tables")]);
    let config = Config::parse(&text, std::path::Path::new("test.toml"), |_| None).expect("valid");
    // The host's minutes pass by hand.
    let (clock, tasks) = (Clock::manual(Clock::system().now()), Tasks::default());
    let host = host::start(config, &clock, &tasks).await.unwrap_or_else(|error| panic!("{error:#}"));
    let settings = |street: &guesthouse::testing::Street| {
        street.emulator.world(|world| world.webhook_info(7_000_000_001).expect("a bot"))
    };
    let looks = async |count: usize| {
        until("it looks", async || street.town.calls("getWebhookInfo").await.len() >= count).await;
    };
    // Looked, set, looked.
    looks(2).await;
    let ours = settings(&street);
    assert!(ours["url"].as_str().expect("a URL").ends_with("/hook/test"));
    street.emulator.world(|world| world.set_webhook(7_000_000_001, None, false)).expect("deleted");
    let is_ours = async || {
        clock.advance(Duration::from_secs(60));
        settings(&street)["url"] == ours["url"]
    };
    until("it is set again", is_ours).await;
    let set = street.town.calls("setWebhook").await.len();
    assert_eq!(set, 2);
    // It looks again after it has set it, and would take a change before that for what was there.
    let last = async || {
        let calls = street.town.calls("").await;
        calls.iter().rposition(|call| call["method"] == "setWebhook")
            < calls.iter().rposition(|call| call["method"] == "getWebhookInfo")
    };
    until("it has looked again", last).await;
    street.emulator.world(|world| world.allow_updates(7_000_000_001, &["poll".into()]));
    // What another host may have added stays: it may need it.
    let kinds = |info: &Value| info["allowed_updates"].as_array().cloned().unwrap_or_default();
    let is_ours = async || {
        clock.advance(Duration::from_secs(60));
        let now = kinds(&settings(&street));
        kinds(&ours).iter().all(|kind| now.contains(kind)) && now.contains(&json!("poll"))
    };
    until("it is set again", is_ours).await;
    // Nothing differs: it looks and leaves it.
    let looked = street.town.calls("getWebhookInfo").await.len();
    clock.advance(Duration::from_secs(60));
    looks(looked + 1).await;
    assert_eq!(street.town.calls("setWebhook").await.len(), 3);
    tasks.shutdown().begin();
    tasks.finish(Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
    host.close().await;
    street.closes().await;
}
