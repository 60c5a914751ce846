//! The REST API as its callers see it: who is let in, what plugins are asked, what the host tells.

use std::time::Duration;

use guesthouse::clock::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use tokio::io::AsyncWriteExt;

use crate::support::process::HostProcess;
use crate::support::{Database, House, Plugin, Street, fixture_granted, until};

const SECRET: &str = "a-token-for-tests-0123456789";

fn desk() -> Plugin {
    fixture_granted("desk", r#"["tables"]"#)
}

/// A configuration with an API.
fn with_api(text: &str) -> String {
    format!("[http]\nlisten = \"127.0.0.1:0\"\ntoken = {SECRET:?}\n{text}")
}

async fn house(clock: Clock, database: Database, limits: &str, plugins: &[Plugin]) -> House {
    let street = Street::opens().await;
    let text = with_api(&street.configuration(&database, limits, plugins));
    House::opens_on_at(clock, street, database, &text).await
}

/// Somebody who holds the token.
#[derive(Clone)]
struct Caller {
    url: String,
    http: reqwest::Client,
    token: String,
}

impl Caller {
    fn of(url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { url: url.into(), http, token: SECRET.into() }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    async fn asks(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let answer = self.request(method, path).body(body.to_owned()).send().await.expect("an answer");
        read(answer).await
    }

    async fn gets(&self, path: &str) -> (u16, Value) {
        self.asks(Method::GET, path, "").await
    }

    async fn posts(&self, path: &str, body: &Value) -> (u16, Value) {
        self.asks(Method::POST, path, &body.to_string()).await
    }
}

async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let is_json = answer.headers().get("content-type").is_some_and(|kind| kind == "application/json");
    let text = answer.text().await.expect("text");
    assert_eq!(is_json, !text.is_empty(), "whatever has a body is JSON: {text}");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The code of an error, which has all that an error has.
fn code(answer: &Value) -> &str {
    let error = answer["error"].as_object().unwrap_or_else(|| panic!("no error: {answer}"));
    assert_eq!(error.keys().collect::<Vec<_>>(), ["code", "hint", "message"], "{answer}");
    assert!(error.values().all(|text| text.as_str().is_some_and(|text| !text.is_empty())), "{answer}");
    answer["error"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn nobody_is_let_in_without_the_token() {
    let house = house(Clock::system(), Database::sqlite(), "", &[desk()]).await;
    let caller = Caller::of(&house.url());
    for token in ["", "wrong", &SECRET[1..], &format!("{SECRET}x")] {
        let stranger = Caller { token: token.into(), ..caller.clone() };
        for path in ["/api", "/api/openapi.json", "/api/bots", "/api/test/desk/users/me", "/api/nobody/nothing/x"] {
            let (status, answer) = stranger.gets(path).await;
            assert_eq!((status, code(&answer)), (401, "unauthorized"), "{path}");
        }
    }
    let answer = caller.http.get(format!("{}/api/bots", caller.url)).send().await.expect("an answer");
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox").await, 0);
    house.closes([]).await;

    // Without a token in the configuration there is no API for anybody.
    let street = Street::opens().await;
    let database = Database::sqlite();
    let text = format!("[http]\nlisten = \"127.0.0.1:0\"\n{}", street.configuration(&database, "", &[desk()]));
    let house = House::opens_on(street, database, &text).await;
    for path in ["/api", "/api/bots", "/api/test/desk/users/me"] {
        let (status, answer) = Caller::of(&house.url()).gets(path).await;
        assert_eq!((status, code(&answer)), (404, "off"), "{path}");
    }
    house.closes([]).await;
}

#[tokio::test]
async fn a_plugin_answers_what_its_manifest_says() {
    for database in Database::each().await {
        let house = house(Clock::system(), database, "attempts = 1", &[desk()]).await;
        let caller = Caller::of(&house.url());
        let notes = "/api/test/desk/users/7/notes";
        assert_eq!(caller.gets(notes).await, (200, json!({"user_id": 7, "notes": []})));
        for text in ["first", "second \u{1f600}"] {
            assert_eq!(caller.posts(notes, &json!({"text": text})).await, (201, json!({"user_id": 7})));
        }
        let written = json!({"user_id": 7, "notes": ["first", "second \u{1f600}"]});
        assert_eq!(caller.gets(notes).await, (200, written));
        assert_eq!(caller.gets(&format!("{notes}?limit=1")).await.1["notes"], json!(["first"]));
        assert_eq!(caller.gets("/api/test/desk/users/me?a=1&a=2&b=%20").await, (200, json!({"query": 3})));
        assert_eq!(caller.gets("/api/test/desk/back").await, (200, json!({"processor": "back"})));
        assert_eq!(caller.gets("/api/test/desk/odd/silent").await, (204, Value::Null));
        assert_eq!(caller.gets("/api/test/desk/odd/twice").await, (200, json!(1)));
        assert_eq!(caller.gets("/api/test/desk/odd/a%2Fb%20c").await, (418, json!({"how": "a/b c"})));

        // What cannot be is refused before the plugin is asked.
        let events = house.database.number("SELECT COUNT(*) FROM inbox").await;
        let large = json!({"text": "x".repeat(1 << 20)});
        for (method, path, body, expected) in [
            (Method::GET, "/api/nobody/desk/users/me", "", (404, "unknown_bot")),
            (Method::GET, "/api/test/nothing/users/me", "", (404, "unknown_plugin")),
            (Method::GET, "/api/test/desk/users", "", (404, "unknown_route")),
            (Method::GET, "/api/test/desk", "", (404, "unknown_route")),
            (Method::GET, "/api/test", "", (404, "unknown_route")),
            (Method::GET, "/api/", "", (404, "unknown_route")),
            (Method::DELETE, notes, "", (405, "method_not_allowed")),
            (Method::POST, "/api/bots", "", (405, "method_not_allowed")),
            (Method::GET, "/api/test/desk/users/seven/notes", "", (400, "bad_parameter")),
            (Method::GET, "/api/test/desk/users/7/notes?limit=many", "", (400, "bad_parameter")),
            (Method::GET, "/api/test/desk/users/%ff/notes", "", (400, "bad_path")),
            (Method::POST, notes, "", (400, "bad_body")),
            (Method::POST, notes, "{", (400, "bad_body")),
            (Method::POST, notes, r#"{"text": 5}"#, (400, "bad_body")),
            (Method::POST, notes, r#"{"words": "x"}"#, (400, "bad_body")),
            (Method::GET, "/api/test/desk/find?word=x", "", (400, "bad_parameter")),
            (Method::GET, notes, "{}", (400, "bad_body")),
            (Method::POST, notes, &large.to_string(), (413, "too_large")),
        ] {
            let (status, answer) = caller.asks(method.clone(), path, body).await;
            assert!(answer.is_object(), "{method} {path}: {status}");
            assert_eq!((status, code(&answer)), expected, "{method} {path}");
        }
        assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox").await, events, "no plugin was asked");
        for (body, problem) in
            [(r#"{"text": 5}"#, "at `/text`: 5 is not of type"), ("{}", r#""text" is a required property"#)]
        {
            let (_, answer) = caller.asks(Method::POST, notes, body).await;
            let message = answer["error"]["message"].as_str().unwrap_or_default();
            assert!(
                message.starts_with("the body is not what the route takes: ") && message.contains(problem),
                "{message}"
            );
        }
        assert_eq!(caller.gets("/api/test/desk/find?words=first").await, (200, json!({"found": 1})));
        let answer = caller.request(Method::PUT, notes).send().await.expect("an answer");
        assert_eq!(answer.headers()["allow"], "GET, POST");
        let answer = caller.request(Method::PUT, "/api/bots").send().await.expect("an answer");
        assert_eq!(answer.headers()["allow"], "GET,HEAD");

        // What the plugin does not get through with is a dead letter, and whoever asked is told.
        for (how, words) in [("give-up", "nothing to say"), ("status", "status 99"), ("trap", "crashed")] {
            let (status, answer) = caller.gets(&format!("/api/test/desk/odd/{how}")).await;
            assert_eq!((status, code(&answer)), (500, "given_up"), "{how}");
            assert!(answer["error"]["message"].as_str().is_some_and(|text| text.contains(words)), "{answer}");
        }
        assert_eq!(house.database.number("SELECT COUNT(*) FROM replies").await, 0, "what was seen is not kept");
        house.admin().skips().await;
        house.closes([]).await;
    }
}

#[tokio::test]
async fn where_too_much_waits_callers_are_asked_to_come_later() {
    for database in Database::each().await {
        let clock = Clock::manual(Clock::system().now());
        let house = house(clock, database, "waiting_events = 3\nattempts = 2", &[desk()]).await;
        let caller = Caller::of(&house.url());
        // Nobody waits for the answers of these, and they do not end while the clock stands.
        for count in 1..=3 {
            let stored = async {
                house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 0", count).await;
                // What is stored is seen here a moment before the host counts it.
                tokio::time::sleep(Duration::from_millis(100)).await;
            };
            tokio::select! {
                answer = caller.request(Method::GET, "/api/test/desk/odd/slow").send() => panic!("{answer:?}"),
                () = stored => {}
            }
        }
        let answer = caller.request(Method::GET, "/api/test/desk/users/me").send().await.expect("an answer");
        assert_eq!(answer.headers()["retry-after"], "2");
        let (status, answer) = read(answer).await;
        assert_eq!((status, code(&answer)), (503, "full"));
        assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox").await, 3, "it was not stored");
        // The host itself still tells how it stands.
        assert_eq!(caller.gets("/api/bots").await.0, 200);
        house.passes_until("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
        house.passes(2).await;
        assert_eq!(caller.gets("/api/test/desk/users/me").await, (200, json!({"query": 0})));
        house.admin().skips().await;
        house.closes([]).await;
    }
}

#[tokio::test]
async fn requests_about_one_user_come_one_after_another() {
    for database in Database::each().await {
        // It stands, as nobody waits longer than half a minute for so many turns, and a slow disk takes longer.
        let house = house(Clock::manual(Clock::system().now()), database, "", &[desk()]).await;
        let caller = Caller::of(&house.url());
        let ask = |number: i64| {
            let caller = caller.clone();
            async move { caller.posts(&format!("/api/test/desk/users/{}/count", number % 3), &Value::Null).await }
        };
        // `null` is a body, and this route takes none.
        assert_eq!(ask(0).await.0, 400);
        let ask = |number: i64| {
            let caller = caller.clone();
            async move { caller.asks(Method::POST, &format!("/api/test/desk/users/{}/count", number % 3), "").await }
        };
        let answers = futures_util::future::join_all((0..45).map(ask));
        let answers = tokio::time::timeout(Duration::from_secs(300), answers).await.expect("all are answered");
        let mut counts: Vec<_> = answers
            .into_iter()
            .map(|(status, answer)| {
                assert_eq!(status, 200, "{answer}");
                answer["count"].as_i64().expect("a number")
            })
            .collect();
        counts.sort_unstable();
        let expected: Vec<i64> = (1..=15).flat_map(|count| [count; 3]).collect();
        assert_eq!(counts, expected);
        house.closes([]).await;
    }
}

#[tokio::test]
async fn whichever_host_handles_it_the_caller_hears_of_it() {
    let Some(database) = Database::postgres().await else { return };
    let street = Street::opens().await;
    let text = street.configuration(&database, "", &[desk()]);
    // The other hosts have no API, and are there before the one that has.
    let others = [HostProcess::starts(&text), HostProcess::starts(&text)];
    database.comes_to("SELECT COUNT(*) FROM hosts", 2).await;
    let house = House::opens_on(street, database, &with_api(&text)).await;
    let caller = Caller::of(&house.url());
    let ask = |number: i64| {
        let caller = caller.clone();
        async move { caller.asks(Method::POST, &format!("/api/test/desk/users/{number}/count"), "").await }
    };
    for _ in 0..3 {
        for (status, answer) in futures_util::future::join_all((0..40).map(ask)).await {
            assert_eq!(status, 200, "{answer}");
        }
    }
    assert_eq!(house.database.number("SELECT CAST(SUM(count) AS BIGINT) FROM desk__counts").await, 120);
    for host in others {
        host.stops().await;
    }
    house.closes([]).await;
}

#[tokio::test]
async fn who_goes_away_loses_nothing() {
    for database in Database::each().await {
        let house = house(Clock::system(), database, "", &[desk()]).await;
        let address = house.url().trim_start_matches("http://").to_owned();
        for number in 0..5 {
            let body = json!({ "text": format!("note {number}") }).to_string();
            let mut stream = tokio::net::TcpStream::connect(&address).await.expect("it listens");
            let head = format!(
                "POST /api/test/desk/users/7/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.expect("it is taken");
            let events = "SELECT COUNT(*) FROM inbox";
            house.database.comes_to(events, number + 1).await;
            drop(stream);
        }
        house.database.comes_to("SELECT COUNT(*) FROM desk__notes", 5).await;
        let (_, answer) = Caller::of(&house.url()).gets("/api/test/desk/users/7/notes").await;
        assert_eq!(answer["notes"], json!(["note 0", "note 1", "note 2", "note 3", "note 4"]));
        house.closes([]).await;
    }
}

/// How many requests somebody keeps from being stored.
macro_rules! waits {
    () => {
        "(SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
          AND query LIKE 'INSERT INTO inbox%')"
    };
}

/// The same where it is just being stored: on a clock that stands nobody would look for what nobody was told of.
#[tokio::test]
async fn what_is_stored_while_its_caller_goes_away_is_handled_at_once() {
    let Some(database) = Database::postgres().await else { return };
    let house = house(Clock::manual(1_800_000_000_000), database, "", &[desk()]).await;
    let address = house.url().trim_start_matches("http://").to_owned();
    let mut somebody = PgConnection::connect(&house.database.url()).await.expect("the server is there");
    // Who waits too long for the lock is refused; then it has to be asked once more.
    while house.database.number("SELECT COUNT(*) FROM inbox").await == 0 {
        somebody.execute(sqlx::raw_sql("BEGIN; LOCK TABLE inbox IN EXCLUSIVE MODE")).await.expect("locked");
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("it listens");
        let head = format!(
            "POST /api/test/desk/users/7/count HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\n\
             Content-Length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("it is taken");
        house.database.comes_to(concat!("SELECT ", waits!()), 1).await;
        drop(stream);
        tokio::time::sleep(Duration::from_millis(100)).await;
        somebody.execute("ROLLBACK").await.expect("unlocked");
        house.database.comes_to(concat!("SELECT -", waits!()), 0).await;
    }
    house.database.comes_to("SELECT COUNT(*) FROM desk__counts", 1).await;
    house.closes([]).await;
}

#[tokio::test]
async fn so_many_wait_and_none_for_ever() {
    let house = house(Clock::manual(1_800_000_000_000), Database::sqlite(), "", &[desk()]).await;
    let caller = Caller::of(&house.url());
    let slow = || {
        let caller = caller.clone();
        async move { caller.gets("/api/test/desk/odd/slow").await }
    };
    let mut asked = std::pin::pin!(futures_util::future::join_all((0..64).map(|_| slow())));
    let looks = async {
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 0", 64).await;
        let answer = caller.request(Method::GET, "/api/test/desk/users/me").send().await.expect("an answer");
        assert_eq!(answer.headers()["retry-after"], "1");
        let (status, answer) = read(answer).await;
        assert_eq!((status, code(&answer)), (503, "busy"));
        // The host's own lists are not in that queue.
        let (_, lanes) = caller.gets("/api/lanes").await;
        assert!(lanes["items"].as_array().is_some_and(|all| all.iter().any(|lane| lane["waiting"] == 64)), "{lanes}");
    };
    tokio::select! {
        answers = &mut asked => panic!("they were answered while the clock stood: {answers:?}"),
        () = looks => {}
    }
    let passes = async {
        house.passes(31).await;
        // The host may have looked at the clock just before the last of these, and looks again a while after.
        for _ in 0..60 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            house.passes(1).await;
        }
    };
    let waited = tokio::select! {
        waited = &mut asked => waited,
        () = passes => panic!("somebody waits for ever"),
    };
    for (status, answer) in waited {
        assert_eq!((status, code(&answer)), (504, "still_waiting"));
    }
    assert_eq!(caller.gets("/api/test/desk/users/7/notes").await.0, 200, "there is room again");
    assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox WHERE state = 0").await, 64, "none was forgotten");
    let (street, _) = house.stops().await;
    street.closes().await;
}

#[tokio::test]
async fn the_host_tells_of_itself() {
    for database in Database::each().await {
        let clockwork = fixture_granted("clockwork", r#"["chat", "tables", "timers", { chat = ["admins"] }]"#);
        let retry = fixture_granted("give-up", r#"["chat"]"#);
        let house =
            house(Clock::system(), database, "", &[desk(), clockwork.with("when = \"0 9 * * *\""), retry]).await;
        let caller = Caller::of(&house.url());
        let (one, two) = (house.person(1002), house.person(1003));
        one.says("/in 86400000 k d").await;
        assert_eq!(one.sees().await, "ok");
        two.says("/give_up no such thing").await;
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 1).await;

        let (status, bots) = caller.gets("/api/bots").await;
        let bot = &bots["items"][0];
        assert_eq!(
            (status, &bot["name"], &bot["id"], &bot["username"]),
            (200, &json!("test"), &json!(7_000_000_001_i64), &json!("test_house_bot"))
        );
        assert_eq!(bot["plugins"].as_array().map(Vec::len), Some(3));

        let (_, plugins) = caller.gets("/api/plugins").await;
        let plugin =
            |name: &str| plugins["items"].as_array().and_then(|all| all.iter().find(|it| it["name"] == name)).cloned();
        let (clockwork, desk) = (plugin("clockwork").expect("it is there"), plugin("desk").expect("it is there"));
        assert_eq!(desk["digest"], guesthouse_fixtures::get("desk").digest);
        assert_eq!((&desk["version"], &desk["processors"]), (&json!("0.1.0"), &json!(["back"])));
        assert_eq!(desk["routes"][0]["path"], "/api/test/desk/users/{id}/notes");
        assert_eq!(clockwork["grant"], json!(["chat", "tables", "timers", "chat: admins"]));
        assert_eq!(clockwork["schedules"][0]["times"], "0 9 * * * UTC");
        assert!(clockwork["schedules"][0]["due_at"].as_i64().is_some_and(|due| due > Clock::system().now()));

        let (_, users) = caller.gets("/api/users").await;
        let ids: Vec<_> =
            users["items"].as_array().expect("items").iter().map(|user| user["user_id"].clone()).collect();
        assert_eq!((ids, &users["total"]), (vec![json!(1002), json!(1003)], &json!(2)));
        assert_eq!(users["items"][0]["bot"], "test");
        let (_, second) = caller.gets("/api/users?bot=test&limit=1&offset=1").await;
        assert_eq!(
            (second["items"][0]["user_id"].as_i64(), second["items"].as_array().map(Vec::len)),
            (Some(1003), Some(1))
        );
        for (path, expected) in [
            ("/api/users?bot=nobody", (404, "unknown_bot")),
            ("/api/users?limit=0", (400, "bad_query")),
            ("/api/users?page=2", (400, "bad_query")),
            ("/api/dead-letters/x", (400, "bad_parameter")),
            ("/api/dead-letters/4711", (404, "unknown_event")),
        ] {
            let (status, answer) = caller.gets(path).await;
            assert_eq!((status, code(&answer)), expected, "{path}");
        }

        let (_, lanes) = caller.gets("/api/lanes?bot=test").await;
        assert!(lanes["total"].as_i64().is_some_and(|total| total >= 3), "{lanes}");
        let (_, held) = caller.gets("/api/lanes?held=true").await;
        assert!(held["items"].as_array().is_some_and(|all| all.iter().all(|lane| lane["host"].is_string())), "{held}");

        let (_, letters) = caller.gets("/api/dead-letters?plugin=give-up").await;
        let letter = &letters["items"][0];
        assert_eq!((&letters["total"], &letter["user"], &letter["kind"]), (&json!(1), &json!(1003), &json!("message")));
        let seq = letter["seq"].as_i64().expect("a number");
        assert_eq!(&caller.gets(&format!("/api/dead-letters/{seq}")).await.1, letter);
        let act = async |what: &str| caller.asks(Method::POST, &format!("/api/dead-letters/{seq}/{what}"), "").await;
        assert_eq!(act("retry").await, (200, json!({"retried": [seq]})));
        house.database.comes_to("SELECT COUNT(*) FROM inbox WHERE state = 2", 1).await;
        until("it has failed again", async || act("drop").await == (200, json!({"dropped": [seq]}))).await;
        let (status, answer) = act("retry").await;
        assert_eq!((status, code(&answer)), (409, "no_dead_letter"));

        let (_, document) = caller.gets("/api/openapi.json").await;
        let note = &document["paths"]["/api/test/desk/users/{id}/notes"]["post"];
        assert_eq!(note["requestBody"]["content"]["application/json"]["schema"]["required"], json!(["text"]));
        assert!(document["paths"]["/api/dead-letters/{seq}/retry"]["post"].is_object());
        house.admin().skips().await;
        one.has_seen_everything().await;
        let (street, _) = house.stops().await;
        street.closes().await;
    }
}

/// What the API promises while its host goes away: an answer, and nothing lost.
#[tokio::test]
async fn a_host_that_ends_says_so() {
    let house = house(Clock::system(), Database::sqlite(), "", &[desk()]).await;
    let caller = Caller::of(&house.url());
    let ((status, answer), ()) = tokio::join!(caller.gets("/api/test/desk/odd/slow"), async {
        house.database.comes_to("SELECT COALESCE(MAX(attempt), 0) FROM inbox", 1).await;
        house.is_told_to_stop();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let late = caller.gets("/api/test/desk/users/me").await;
        assert_eq!((late.0, code(&late.1)), (503, "ending"));
    });
    assert_eq!((status, code(&answer)), (503, "ending"), "{answer}");
    assert_eq!(house.database.number("SELECT COUNT(*) FROM inbox WHERE state = 0").await, 1);
    let (street, _) = house.stops().await;
    street.closes().await;
}
