//! What Telegram can answer to a call, and what becomes of the message: what the person sees, what is on record, and how
//! many requests it took. Nothing is tried again at once.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::process::HostProcess;
use crate::support::{Database, House, Person, Street, Town, fixture, start, until};

/// A bad moment: what is said before it, the fault, what is said in it, and what becomes of that.
struct Case {
    name: &'static str,
    /// Said before, with one answer.
    before: &'static str,
    method: &'static str,
    action: Value,
    says: &'static str,
    sees: &'static [&'static str],
    /// State, ambiguous attempts and the beginning of the reason in the outbox.
    ends: &'static str,
    requests: usize,
}

fn error(code: u16, description: &str) -> Value {
    json!({"error": {"code": code, "description": description}})
}

fn garbage(status: u16) -> Value {
    json!({"garbage": {"status": status, "body": "<html>no Bot API here</html>"}})
}

fn send(name: &'static str, action: Value, sees: &'static [&'static str], ends: &'static str, requests: usize) -> Case {
    Case { name, before: "", method: "sendMessage", action, says: "hi", sees, ends, requests }
}

/// A method that works on the message of `/ref`.
fn later(method: &'static str, says: &'static str, action: Value) -> Case {
    Case { name: method, before: "/ref", method, action, says, sees: &[], ends: "1 0", requests: 1 }
}

fn cases() -> Vec<Case> {
    let flood = json!({"error": {"code": 429, "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1}}});
    vec![
        // It never will.
        send("too long", error(400, "Bad Request: message is too long"), &[], "2 0 400 Bad Request: message is", 1),
        send("unheard of", error(400, "Bad Request: SOMETHING_NEW"), &[], "2 0 400 Bad Request: SOMETHING", 1),
        send("no right", error(403, "Forbidden: CHAT_WRITE_FORBIDDEN"), &[], "2 0 403 Forbidden: CHAT_WR", 1),
        // Later.
        send("flood", flood, &["hi"], "1 0", 2),
        // Nobody knows whether it arrived: again, and on record.
        send("restart", error(500, "Internal Server Error: restart"), &["hi"], "1 1", 2),
        send("a page of HTML", garbage(502), &["hi"], "1 1", 2),
        send("a page of HTML with a 200", garbage(200), &["hi"], "1 1", 2),
        send("hung up", json!("drop"), &["hi"], "1 1", 2),
        send("done and hung up", json!("accept_then_drop"), &["hi", "hi"], "1 1", 2),
        // Mended at once, and once.
        Case {
            says: "/long 20",
            sees: &["line 0001\nline 0002\n[End]"],
            ..send("formatting", error(400, "Bad Request: can't parse entities: no end at 7"), &[], "1 0", 2)
        },
        Case {
            name: "file id",
            before: "/photo",
            method: "sendPhoto",
            action: error(400, "Bad Request: wrong file identifier/HTTP URL specified"),
            says: "/photo",
            sees: &["[photo 16x16]\na picture"],
            ends: "1 0",
            requests: 2,
        },
        Case {
            name: "a file id that nobody knows",
            method: "sendPhoto",
            says: "/file AgACAgIAAxkBAAAAAA",
            sees: &["by id"],
            action: error(400, "Bad Request: wrong file identifier/HTTP URL specified"),
            ..send("", json!(null), &[], "1 0", 1)
        },
        // It is as it should be.
        later("editMessageText", "/again x", error(400, "Bad Request: message is not modified: the same as before")),
        later("deleteMessage", "/delete", error(400, "Bad Request: message to delete not found")),
        // Doing it twice changes nothing.
        Case {
            sees: &["(edited)\ny"],
            ends: "1 1",
            requests: 2,
            ..later("editMessageText", "/again y", json!("accept_then_drop"))
        },
        Case {
            sees: &["(deleted)"],
            ends: "1 1",
            requests: 2,
            ..later("deleteMessage", "/delete", json!("accept_then_drop"))
        },
    ]
}

/// The calls of a method for a chat so far.
async fn calls(town: &Town, method: &str, chat: i64) -> Vec<Value> {
    let to = |call: &Value| call["params"]["chat_id"].to_string().trim_matches('"') == chat.to_string();
    town.calls(method).await.into_iter().filter(to).collect()
}

const OUTBOX: &str = "SELECT l.chat_id || ' ' || o.method || ' ' || o.state || ' ' || o.ambiguous || ' '
                          || COALESCE(o.reason, '')
                      FROM outbox o JOIN lanes l ON l.id = o.lane_id ORDER BY o.seq";

/// What the outbox has on calls of a method to a chat.
async fn outbox(database: &Database, method: &str, chat: i64) -> Vec<String> {
    let begin = format!("{chat} {method} ");
    loop {
        let all = database.texts(OUTBOX).await;
        let lines = all.iter().filter_map(|line| Some(line.strip_prefix(&begin)?.trim_end().to_owned()));
        let lines: Vec<_> = lines.collect();
        // What the person has seen is written down a moment later.
        if !lines.iter().any(|line| line.starts_with("0 ")) {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn play(house: &House, person: &Person, case: &Case) {
    let Case { name, method, .. } = case;
    let town = &house.street.town;
    if !case.before.is_empty() {
        person.says(case.before).await;
        person.sees().await;
    }
    let before = calls(town, method, person.id).await.len();
    town.suffers(json!({"method": method, "chat_id": person.id, "count": 1, "action": case.action})).await;
    person.says(case.says).await;
    for expected in case.sees {
        assert_eq!(person.sees().await, *expected, "{name}");
    }
    person.says("the end").await;
    assert_eq!(person.sees().await, "the end", "{name}");
    // What comes after it in the chat has come, so this is all there ever will be.
    let made = calls(town, method, person.id).await;
    let made: Vec<_> = made.iter().filter(|call| call["params"]["text"] != "the end").collect();
    assert_eq!(made.len() - before, case.requests, "{name}: {made:?}");
    if case.ends.ends_with('1') && case.requests == 2 || *name == "flood" {
        let at = |index: usize| made[before + index]["at"].as_i64().expect("a time");
        assert!(at(1) - at(0) >= 1_000, "{name}: tried again at once");
    }
    let ended = outbox(&house.database, method, person.id).await;
    assert!(ended.iter().any(|line| line.starts_with(case.ends)), "{name}: {ended:?}");
}

#[tokio::test]
async fn every_answer_has_its_end() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("echo")]).await;
        let cases = cases();
        let mut people = Vec::new();
        for case in &cases {
            people.push(house.street.town.newcomer(case.name, "en").await);
        }
        join_all(cases.iter().zip(&people).map(|(case, person)| play(&house, person, case))).await;

        // A pressed button names no chat.
        let person = house.person(1002);
        person.says("/buttons").await;
        person.sees().await;
        let old = error(400, "Bad Request: query is too old and response timeout expired or query ID is invalid");
        house.street.town.suffers(json!({"method": "answerCallbackQuery", "count": 1, "action": old})).await;
        person.presses("Short").await;
        assert_eq!(person.sees().await, "(edited)\nBuyer pressed short");
        assert_eq!(house.street.town.calls("answerCallbackQuery").await.len(), 1);
        assert_eq!(outbox(&house.database, "answerCallbackQuery", 1002).await, ["3 0"], "expired, not dead");
        people.push(person);
        house.closes(people).await;
    }
}

#[tokio::test]
async fn a_picture_that_telegram_does_not_take_leaves_its_text() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("echo")]).await;
        let (user, town) = (house.person(1002), &house.street.town);
        let refused = error(400, "Bad Request: wrong file identifier/HTTP URL specified");
        for method in ["sendPhoto", "sendMediaGroup"] {
            town.suffers(json!({"method": method, "action": refused})).await;
        }
        user.says("/photo").await;
        assert_eq!(user.sees().await, "a picture");
        assert_eq!(calls(town, "sendPhoto", 1002).await.len(), 2, "uploaded once more, then left out");
        let sent = user.last()["message_id"].clone();
        // The plugin knows the text by the number of its picture.
        user.says("/answer").await;
        assert_eq!(user.sees().await, "an answer");
        assert_eq!(user.last()["reply_to_message"]["message_id"], sent);
        let asked = user.says("/album").await;
        assert_eq!(user.sees().await, "red\n\n*blue*");
        assert_eq!(user.last()["reply_to_message"]["message_id"], asked, "it answers what the album answers");
        for method in ["sendPhoto", "sendMediaGroup"] {
            assert_eq!(outbox(&house.database, method, 1002).await, ["1 0"]);
        }
        house.closes([user]).await;
    }
}

#[tokio::test]
async fn what_may_come_once_comes_once_or_not_at_all() {
    for database in Database::each().await {
        let house = House::opens(database, &[fixture("echo")]).await;
        let town = &house.street.town;
        const ENDED: &str = "2 1 no answer: ";
        for (says, method, seen) in [
            ("/once", "sendMessage", &["once"][..]),
            ("/once picture", "sendPhoto", &["[photo 16x16]\nonce"]),
            ("/once album", "sendMediaGroup", &["[photo 16x16]\nonce", "[photo 16x16]"]),
        ] {
            for (action, arrives) in [("accept_then_drop", true), ("drop", false)] {
                let person = town.newcomer("Guest", "en").await;
                town.suffers(json!({"method": method, "chat_id": person.id, "count": 1, "action": action})).await;
                person.says(says).await;
                person.says("the end").await;
                for expected in seen.iter().filter(|_| arrives) {
                    assert_eq!(person.sees().await, *expected, "{says}");
                }
                assert_eq!(person.sees().await, "the end", "{says} {action}");
                let texts = calls(town, method, person.id).await;
                assert_eq!(texts.iter().filter(|call| call["params"]["text"] != "the end").count(), 1);
                let ended = outbox(&house.database, method, person.id).await;
                assert!(ended[0].starts_with(ENDED) && ended[0].ends_with("it is sent at most once"), "{ended:?}");
                person.has_seen_everything().await;
            }
        }
        // A refusal is an answer: it did not arrive, so it is sent again.
        let person = town.newcomer("Guest", "en").await;
        let flood = json!({"error": {"code": 429, "description": "Too Many Requests: retry after 1"}});
        town.suffers(json!({"method": "sendMessage", "chat_id": person.id, "count": 1, "action": flood})).await;
        person.says("/once").await;
        assert_eq!(person.sees().await, "once");
        house.closes([person]).await;
    }
}

#[tokio::test]
async fn a_crash_ends_what_may_come_once_and_nothing_else() {
    for database in Database::each().await {
        let street = Street::opens().await;
        let configuration = street.configuration(&database, "", &[fixture("echo")]);
        let user = street.town.person(1002);
        let host = HostProcess::starts(&configuration);
        user.says("hello").await;
        assert_eq!(user.sees().await, "hello");
        street.town.suffers(json!({"method": "sendMessage", "action": "hold"})).await;
        for text in ["/once", "behind it", "/once"] {
            user.says(text).await;
        }
        database.comes_to("SELECT COUNT(*) FROM outbox", 4).await;
        database.comes_to("SELECT COUNT(*) FROM outbox WHERE attempt_at IS NOT NULL", 1).await;
        host.dies();
        // The call that was in the air is lost with its connection; what came of it nobody knows.
        street.town.recovers().await;
        let host = HostProcess::starts(&configuration);
        let mut seen = vec![user.sees().await, user.sees().await];
        if seen[0] == "once" && seen[1] == "behind it" {
            // The emulator has carried the first one out after all; there is one more then.
            database.comes_to("SELECT COUNT(*) FROM outbox WHERE state <> 0", 4).await;
            while user.last()["text"] != "once" {
                seen.push(user.sees().await);
            }
        }
        assert_eq!(seen[seen.len() - 2..], ["behind it", "once"]);
        database.comes_to("SELECT COUNT(*) FROM outbox WHERE state <> 0", 4).await;
        assert_eq!(
            outbox(&database, "sendMessage", 1002).await,
            ["1 0", "2 1 no answer came before the host ended, and it is sent at most once", "1 0", "1 0"]
        );
        user.has_seen_everything().await;
        host.stops().await;
        database.check().await;
        street.closes().await;
    }
}

/// A hard stop gives back what was not begun; a call that was is one of which nobody knows.
#[tokio::test]
async fn a_hard_stop_ends_what_may_come_once_and_is_under_way() {
    for database in Database::each().await {
        let street = Street::opens().await;
        let text = street.configuration(&database, "", &[fixture("echo")]);
        let (host, tasks) = start(&text).await.unwrap_or_else(|error| panic!("{error:#}"));
        street.town.suffers(json!({"method": "sendMessage", "action": "hold"})).await;
        street.town.person(1002).says("/once").await;
        until("the call is made", async || !calls(&street.town, "sendMessage", 1002).await.is_empty()).await;
        tasks.shutdown().force();
        tasks.finish(Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
        host.close().await;
        street.town.recovers().await;
        let (host, tasks) = start(&text).await.unwrap_or_else(|error| panic!("{error:#}"));
        database.comes_to("SELECT COUNT(*) FROM outbox WHERE state <> 0", 1).await;
        assert_eq!(
            outbox(&database, "sendMessage", 1002).await,
            ["2 1 no answer came before the host ended, and it is sent at most once"]
        );
        tasks.shutdown().begin();
        tasks.finish(Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
        host.close().await;
        street.closes().await;
    }
}

#[tokio::test]
async fn an_answer_that_stops_in_the_middle_stops_its_chat_alone() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let (slow, other) = (house.person(1002), house.person(1003));
    let town = &house.street.town;
    town.suffers(json!({"method": "sendMessage", "chat_id": 1002, "count": 1, "action": "stall"})).await;
    slow.says("one").await;
    slow.says("two").await;
    assert_eq!(slow.sees().await, "one");
    for number in 0..5 {
        other.says(&format!("quick {number}")).await;
        assert_eq!(other.sees().await, format!("quick {number}"));
    }
    assert_eq!(calls(town, "sendMessage", 1002).await.len(), 1, "the next one waits for this answer");
    town.recovers().await;
    assert_eq!(slow.sees_all(2).await, "one\n---\ntwo", "half an answer is none: it was sent again");
    assert_eq!(outbox(&house.database, "sendMessage", 1002).await[0].split(" no").next(), Some("1 1"));
    house.closes([slow, other]).await;
}

#[tokio::test]
async fn a_bot_whose_token_is_refused_rests() {
    let house = House::opens(Database::sqlite(), &[fixture("echo")]).await;
    let (one, other) = (house.person(1002), house.person(1003));
    house.street.town.suffers(json!({"method": "sendMessage", "action": error(401, "Unauthorized")})).await;
    one.says("hi").await;
    house.database.comes_to("SELECT COUNT(*) FROM outbox WHERE attempt > 0", 1).await;
    other.says("hello").await;
    house.database.comes_to("SELECT COUNT(*) FROM outbox", 2).await;
    house.street.town.recovers().await;
    assert_eq!(house.street.town.calls("sendMessage").await.len(), 1, "one request says it all");
    // The operator has put it right and starts again: nothing keeps the messages back then.
    let house = house.restarts(&[fixture("echo")]).await;
    assert_eq!((one.sees().await, other.sees().await), ("hi".into(), "hello".into()));
    house.closes([one, other]).await;
}
