//! Bad days, waiting and stopping, over a real socket.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::emulator::world::{Action, ChatRef, NewFault};

const BOT: i64 = 7;
const BUYER: i64 = 1002;
const SOON: Duration = Duration::from_secs(10);

/// The emulator with a bot and a person who started it, while it is served.
#[derive(Clone)]
struct Scene {
    emulator: Emulator,
    client: reqwest::Client,
    base: String,
}

/// Plays a scene and then stops the server, which must not take long.
async fn play(act: impl AsyncFnOnce(Scene)) {
    let emulator = Emulator::new(Clock::system(), 1);
    emulator.world(|world| {
        world.dev_house();
        world.add_bot("7:x", "my_bot", "My Bot").unwrap();
        world.open_link(BUYER, "my_bot", "").unwrap();
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = emulator.clone().serve(listener, async { stopped.await.unwrap_or_default() });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let playing = async {
        act(Scene { emulator, client, base }).await;
        drop(stop);
    };
    let (served, ()) = tokio::time::timeout(SOON * 3, async { tokio::join!(serving, playing) }).await.unwrap();
    served.unwrap();
}

impl Scene {
    async fn call(&self, method: &str, params: Value) -> Result<(u16, Value), reqwest::Error> {
        let response = self.client.post(format!("{}/bot7:x/{method}", self.base)).json(&params).send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    async fn send(&self, text: &str) -> Result<(u16, Value), reqwest::Error> {
        self.call("sendMessage", json!({ "chat_id": BUYER, "text": text })).await
    }

    async fn get(&self, path: &str) -> Value {
        self.client.get(format!("{}/emulator/{path}", self.base)).send().await.unwrap().json().await.unwrap()
    }

    fn fault(&self, action: Action) -> u64 {
        self.emulator.world(|world| world.add_fault(NewFault::new("sendMessage", action).times(1)))
    }

    fn texts(&self) -> Vec<String> {
        let messages = self.emulator.world(|world| world.messages(ChatRef::private(BOT, BUYER)));
        messages.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_connection_can_be_closed_before_and_after_the_work() {
    play(async |scene| {
        scene.fault(Action::Drop);
        assert!(scene.send("lost").await.unwrap_err().status().is_none());
        scene.fault(Action::AcceptThenDrop);
        assert!(scene.send("arrived").await.unwrap_err().status().is_none());
        assert_eq!(scene.send("usual").await.unwrap().0, 200);
        assert_eq!(scene.texts(), ["/start", "arrived", "usual"]);
        let count = scene.emulator.world(|world| world.calls().count("sendMessage"));
        assert_eq!((count.received, count.ok, count.failed), (3, 1, 2));
    })
    .await;
}

#[tokio::test]
async fn errors_and_garbage_come_as_ordered() {
    play(async |scene| {
        let parameters = Some(json!({ "retry_after": 3 }));
        let description = "Too Many Requests: retry after 3".to_owned();
        scene.fault(Action::Error { code: 429, description, parameters });
        let (status, body) = scene.send("no").await.unwrap();
        assert_eq!((status, &body["parameters"]["retry_after"]), (429, &json!(3)));
        scene.fault(Action::Garbage { status: 502, body: "<html>".into() });
        assert!(scene.send("no").await.unwrap_err().is_decode());
        assert_eq!(scene.texts(), ["/start"]);
    })
    .await;
}

#[tokio::test]
async fn an_answer_can_stop_in_the_middle() {
    play(async |scene| {
        let fault = scene.fault(Action::Stall);
        let stalled = scene.send("arrived");
        let release = async {
            let stands = |world: &mut crate::emulator::world::World| {
                (world.messages(ChatRef::private(BOT, BUYER)).len() == 2).then_some(())
            };
            scene.emulator.until(SOON, stands).await.unwrap();
            assert_eq!(scene.send("meanwhile").await.unwrap().0, 200);
            scene.emulator.world(|world| world.remove_fault(fault));
        };
        let (sent, ()) = tokio::join!(stalled, release);
        assert!(sent.is_err());
        assert_eq!(scene.texts(), ["/start", "arrived", "meanwhile"]);
    })
    .await;
}

#[tokio::test]
async fn days_go_bad_over_http_too() {
    play(async |scene| {
        let put = async |path: &str, body: Value| {
            let request = scene.client.put(format!("{}/emulator/{path}", scene.base)).json(&body);
            request.send().await.unwrap().json::<Value>().await.unwrap()
        };
        put("flood", json!({ "per_second_in_chat": 1, "retry_after": 7 })).await;
        assert_eq!(scene.send("one").await.unwrap().0, 200);
        let (status, body) = scene.send("two").await.unwrap();
        assert_eq!((status, &body["parameters"]), (429, &json!({ "retry_after": 7 })));
        assert_eq!(body["description"], "Too Many Requests: retry after 7");
        scene.send("three").await.unwrap();
        let flood = scene.get("flood").await;
        assert_eq!((&flood["refused"], &flood["early"]), (&json!(2), &json!(1)));
        assert!(put("flood", json!({ "per_hour": 1 })).await["error"].is_string());
        put("flood", json!({})).await;
        assert_eq!(put("people/1002", json!({ "deactivated": true })).await["deactivated"], true);
        let (status, body) = scene.send("four").await.unwrap();
        assert_eq!((status, &body["description"]), (403, &json!("Forbidden: user is deactivated")));
        put("people/1002", json!({ "deactivated": false })).await;
        assert_eq!(scene.send("five").await.unwrap().0, 200);
    })
    .await;
}

#[tokio::test]
async fn a_held_call_waits_for_the_end_of_the_fault() {
    play(async |scene| {
        let fault = scene.fault(Action::Hold);
        let held = scene.send("held");
        let release = async {
            let arrived = |world: &mut crate::emulator::world::World| (world.calls().last() > 0).then_some(());
            scene.emulator.until(SOON, arrived).await.unwrap();
            assert_eq!(scene.texts(), ["/start"]);
            scene.emulator.world(|world| world.remove_fault(fault));
        };
        let (sent, ()) = tokio::join!(held, release);
        assert_eq!(sent.unwrap().0, 200);
        assert_eq!(scene.texts(), ["/start", "held"]);
    })
    .await;
}

#[tokio::test]
async fn whoever_waits_is_answered_when_the_server_stops() {
    let mut waiting = None;
    play(async |scene| {
        let last = scene.call("getUpdates", json!({ "offset": -1 })).await.unwrap().1;
        let offset = last["result"][0]["update_id"].as_i64().unwrap() + 1;
        scene.fault(Action::Hold);
        let before = scene.emulator.world(|world| world.calls().last());
        let waiter = scene.clone();
        let mut both = Box::pin(async move {
            let poll = waiter.call("getUpdates", json!({ "timeout": 50, "offset": offset }));
            tokio::join!(poll, waiter.send("held"))
        });
        // Both have to be under way before the scene ends.
        let under_way = |world: &mut crate::emulator::world::World| (world.calls().last() >= before + 2).then_some(());
        tokio::select! {
            _ = &mut both => panic!("nobody answers them yet"),
            arrived = scene.emulator.until(SOON, under_way) => arrived.unwrap(),
        }
        waiting = Some(both);
    })
    .await;
    let (poll, held) = waiting.unwrap().await;
    assert_eq!(poll.unwrap().1["result"], json!([]));
    assert!(held.is_err());
}

#[tokio::test]
async fn a_long_poll_wakes_for_an_update_and_yields_to_a_newer_one() {
    play(async |scene| {
        scene.call("getUpdates", json!({ "offset": 999_999_999 })).await.unwrap();
        let pending = scene.call("getUpdates", json!({})).await.unwrap().1["result"][0]["update_id"].as_i64().unwrap();
        let request = json!({ "timeout": 50, "offset": pending + 1 });
        let seen = |count: u64| {
            let emulator = scene.emulator.clone();
            async move {
                emulator.until(SOON, |world| (world.calls().count("getUpdates").received >= count).then_some(())).await
            }
        };
        let older = scene.call("getUpdates", request.clone());
        let newer = async {
            seen(3).await.unwrap();
            scene.call("getUpdates", request.clone()).await
        };
        let write = async {
            seen(4).await.unwrap();
            // The older poll is sent home before anything is written.
            let home = |world: &mut crate::emulator::world::World| {
                (world.calls().count("getUpdates").failed == 1).then_some(())
            };
            scene.emulator.until(SOON, home).await.unwrap();
            scene.emulator.world(|world| world.say(BUYER, ChatRef::private(BOT, BUYER), "hello")).unwrap();
        };
        let (older, newer, ()) = tokio::join!(older, newer, write);
        assert_eq!(older.unwrap().0, 409);
        assert_eq!(newer.unwrap().1["result"][0]["message"]["text"], "hello");
    })
    .await;
}

#[tokio::test]
async fn the_page_hears_of_changes() {
    play(async |scene| {
        let list = "chats/p:7:1002/messages";
        let version = scene.get(list).await["version"].as_u64().unwrap();
        let path = format!("{list}?since={version}&wait=9");
        let (news, sent) = tokio::join!(scene.get(&path), scene.send("news"));
        assert_eq!(sent.unwrap().0, 200);
        assert_eq!(news["messages"][0]["text"], "news");
        assert_eq!(scene.get("chats/p:7:1003/messages").await["messages"], json!([]), "not begun is not missing");
        for wrong in
            ["chats/p:7:5/messages", "chats/x/messages", "chats/p:7:1002/messages?wait=x", "callbacks/1", "nothing"]
        {
            assert!(scene.get(wrong).await["error"].is_string(), "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn updates_are_posted_to_a_webhook_until_it_takes_them() {
    play(async |scene| {
        let posts = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = posts.clone();
        let receive = async move |headers: axum::http::HeaderMap, body: String| {
            let mut posts = seen.lock().unwrap();
            let secret = headers.get("x-telegram-bot-api-secret-token").unwrap().to_str().unwrap().to_owned();
            posts.push((secret, serde_json::from_str::<Value>(&body).unwrap()["message"]["text"].clone()));
            // The first attempt fails; the update must come again before the one after it.
            if posts.len() == 1 { axum::http::StatusCode::INTERNAL_SERVER_ERROR } else { axum::http::StatusCode::OK }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = axum::Router::new().route("/hook", axum::routing::post(receive));
        let writing = async {
            let hook = json!({ "url": url, "secret_token": "s3cret", "drop_pending_updates": true });
            let (status, body) = scene.call("setWebhook", hook).await.unwrap();
            assert_eq!((status, &body["description"]), (200, &json!("Webhook was set")));
            for text in ["one", "two"] {
                scene.emulator.world(|world| world.say(BUYER, ChatRef::private(BOT, BUYER), text)).unwrap();
            }
            let taken = |world: &mut crate::emulator::world::World| (world.bot(BOT)?.pending() == 0).then_some(());
            scene.emulator.until(SOON, taken).await.unwrap();
            assert_eq!(scene.call("getUpdates", json!({})).await.unwrap().0, 409);
        };
        tokio::select! {
            _ = axum::serve(listener, app) => panic!("the receiver stopped"),
            () = writing => {}
        }
        let texts: Vec<_> = posts.lock().unwrap().iter().map(|(_, text)| text.clone()).collect();
        assert_eq!(texts, ["one", "one", "two"]);
        assert!(posts.lock().unwrap().iter().all(|(secret, _)| secret == "s3cret"));
    })
    .await;
}

#[tokio::test]
async fn an_answer_may_break_off_or_come_slowly() {
    play(async |scene| {
        let cut = scene.fault(Action::AcceptThenCut);
        assert!(scene.send("once").await.is_err(), "half an answer is none");
        scene.emulator.world(|world| world.remove_fault(cut));
        let slow = scene.fault(Action::DripMs(1));
        assert_eq!(scene.send("twice").await.unwrap().0, 200);
        scene.emulator.world(|world| world.remove_fault(slow));
        let chat = scene.get(&format!("chats/p:{BOT}:{BUYER}/messages")).await;
        let texts: Vec<_> = chat["messages"].as_array().unwrap().iter().filter_map(|m| m["text"].as_str()).collect();
        assert_eq!(texts, ["/start", "once", "twice"], "both were carried out");
    })
    .await;
}

#[tokio::test]
async fn odd_updates_are_to_be_had_by_http() {
    play(async |scene| {
        let post = async |path: &str, body: Value| {
            let request = scene.client.post(format!("{}/emulator/bots/{path}", scene.base)).json(&body);
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        assert_eq!(post("7/update_ids", json!({ "next": 5 })).await, (200, json!({ "next": 5 })));
        assert_eq!(post("7/updates", json!({ "new_kind": { "a": 1 } })).await, (200, json!({ "update_id": 5 })));
        let (_, answer) = scene.call("getUpdates", json!({})).await.unwrap();
        assert_eq!(answer["result"], json!([{ "new_kind": { "a": 1 }, "update_id": 5 }]));
        assert_eq!(post("8/updates", json!({})).await.0, 404);
        assert_eq!(post("7/updates", json!([])).await.0, 400);
        assert_eq!(post("7/update_ids", json!({ "next": 0 })).await.0, 400);
    })
    .await;
}

#[tokio::test]
async fn a_name_that_leads_here_by_somebody_elses_will_is_refused() {
    play(async |scene| {
        let ask = async |path: &str, host: &str| {
            let request = scene.client.get(format!("{}{path}", scene.base)).header("host", host);
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        for path in ["/", "/app.js", "/emulator/state"] {
            assert_eq!(ask(path, "localhost:8080").await.0, 200, "{path}");
            let (status, text) = ask(path, "evil.example:8080").await;
            assert_eq!(status, 403, "{path}");
            assert!(text.contains("open it as http://127.0.0.1") && text.contains("--listen"), "{text}");
        }
        assert_eq!(ask("/bot7:x/getMe", "telegram.internal").await.0, 200, "a bot may call it as it likes");
        scene.emulator.is_called("devbox.local:8080");
        assert_eq!(ask("/emulator/state", "devbox.local:8080").await.0, 200, "what the operator calls it");
    })
    .await;
}

#[tokio::test]
async fn keys_that_nobody_knows_are_refused_by_name() {
    play(async |scene| {
        let chat = format!("chats/p:{BOT}:{BUYER}");
        let message = json!({"from": BUYER, "text": "hello", "reply_to": 1});
        let press = json!({"from": BUYER, "message_id": 1, "row": 0, "col": 0, "column": 0});
        let fault = json!({"method": "*", "action": "drop", "times": 1});
        let error = json!({"method": "*", "action": {"error": {"code": 400, "description": "no", "retry_after": 1}}});
        for (path, body, unknown, known) in [
            (format!("{chat}/messages"), message, "reply_to", "reply_to_message_id"),
            (format!("{chat}/press"), press, "column", "col"),
            (format!("{chat}/members"), json!({"id": BUYER, "action": "join", "who": 1}), "who", "by"),
            ("people".into(), json!({"name": "Ada"}), "name", "first_name"),
            ("chats".into(), json!({"type": "group", "title": "Club", "people": [1002]}), "people", "members"),
            ("start".into(), json!({"from": BUYER, "bot": "my_bot", "start": "x"}), "start", "payload"),
            ("block".into(), json!({"from": BUYER, "bot": 7, "blocked": true, "until": 1}), "until", "blocked"),
            ("faults".into(), fault, "times", "count"),
            ("faults".into(), error, "retry_after", "parameters"),
            (format!("bots/{BOT}/update_ids"), json!({"next": 5, "from": 1}), "from", "next"),
        ] {
            let url = format!("{}/emulator/{path}", scene.base);
            let answer = scene.client.post(url).json(&body).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 400, "{path} {body}");
            let said = answer.json::<Value>().await.unwrap()["error"].to_string();
            assert!(
                said.contains(&format!("unknown field `{unknown}`")) && said.contains(&format!("`{known}`")),
                "{said}"
            );
        }
        let form = reqwest::multipart::Form::new().text("from", BUYER.to_string()).text("reply_to", "1");
        let url = format!("{}/emulator/{chat}/messages", scene.base);
        let answer = scene.client.post(url).multipart(form).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 400);
        assert!(answer.text().await.unwrap().contains("unknown field `reply_to`"));
        let asked = scene.client.get(format!("{}/emulator/{chat}/messages?wiat=1", scene.base)).send().await.unwrap();
        assert_eq!(asked.status().as_u16(), 400);
        assert!(asked.text().await.unwrap().contains("unknown field `wiat`"));
        assert_eq!(scene.texts(), ["/start"], "and nothing was done");
    })
    .await;
}
