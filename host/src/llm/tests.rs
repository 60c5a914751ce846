//! Questions to an endpoint on this machine that does all that endpoints do, and some that they should not.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::model::llm::Part;
use crate::testing::{Asked, Reply, Site, head, page};

const STREAM: (&str, &str) = ("content-type", "text/event-stream; charset=utf-8");
const JSON: (&str, &str) = ("content-type", "application/json");

fn asker(site: &Site, change: impl FnOnce(&mut config::Llm)) -> Asker {
    let text = format!("[llm]\nurl = \"{}/\"\nmodel = \"m\"\nkey = \"sk-s3cr3t\"", site.url("/v1"));
    let config = config::Config::parse(&text, std::path::Path::new("test.toml"), |_| None).unwrap();
    let mut llm = config.llm.unwrap();
    change(&mut llm);
    Llm::new(llm).unwrap().asker()
}

fn prompt(text: &str) -> Prompt {
    let messages = vec![Said { role: Role::User, parts: vec![Part::Text(text.into())] }];
    Prompt { messages, schema: None, max_tokens: None, temperature: Some(0.0), show: false }
}

async fn ask(asker: &Asker, prompt: &Prompt) -> Outcome {
    asker.ask(prompt, Duration::from_secs(20), &watch::Sender::new(String::new())).await
}

/// A stream of these words with an end.
fn stream(words: &[&str]) -> Vec<u8> {
    let mut all = head(200, &[STREAM, ("connection", "close")]);
    for word in words {
        let piece = json!({ "choices": [{ "delta": { "content": word }, "finish_reason": null }] });
        all.extend_from_slice(format!("data: {piece}\n\n").as_bytes());
    }
    all.extend_from_slice(b"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    all.extend_from_slice(b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":4}}\n\n");
    all.extend_from_slice(b"data: [DONE]\n\n");
    all
}

fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).unwrap()
}

#[tokio::test]
async fn an_answer_comes_in_word_by_word() {
    let site = Site::opens(|_| Reply::Breaks(stream(&["Hel", "lo ", "Ada"]))).await;
    let (asker, progress) = (asker(&site, |_| {}), watch::Sender::new(String::new()));
    let outcome = asker.ask(&prompt("hi"), Duration::from_secs(20), &progress).await;
    let answer = outcome.result.unwrap();
    assert_eq!((answer.text.as_str(), answer.finish, outcome.tokens), ("Hello Ada", Finish::Stop, 15));
    assert_eq!(*progress.borrow(), "Hello Ada");
    let asked = &site.asked()[0];
    assert_eq!(
        (asked.path.as_str(), asked.header("authorization")),
        ("/v1/chat/completions", Some("Bearer sk-s3cr3t"))
    );
    assert_eq!(body(asked)["messages"], json!([{ "role": "user", "content": "hi" }]));
}

#[tokio::test]
async fn an_endpoint_that_does_not_stream_is_understood() {
    let plain = json!({ "choices": [{ "message": { "content": "hello" }, "finish_reason": "stop" }] }).to_string();
    let site = Site::opens(move |_| page(200, &[JSON], &plain)).await;
    let outcome = ask(&asker(&site, |_| {}), &prompt("hi there")).await;
    assert_eq!(outcome.result.unwrap().text, "hello");
    assert_eq!(outcome.tokens, 3 + 2, "what is not told is guessed");
}

#[tokio::test]
async fn every_failure_has_its_words_and_none_the_key() {
    let site = Site::opens(|asked| {
        let error = |status, message: &str| {
            page(status, &[JSON, ("retry-after", "7")], json!({ "error": { "message": message } }).to_string())
        };
        match body(asked)["messages"][0]["content"].as_str().unwrap() {
            "429" => error(429, "slow down"),
            "500" => error(500, "no memory for sk-s3cr3t"),
            "401" => error(401, "Incorrect API key provided: sk-s3c***"),
            "404" => error(404, "model `m` not found"),
            "400" => error(400, "the context is too long"),
            "html" => page(200, &[("content-type", "text/html")], "<html>login</html>"),
            "half" => {
                let mut half = stream(&["Hel", "lo"]);
                // Before the piece that says why it ends.
                half.truncate(half.windows(4).position(|four| four == b"stop").expect("an end") - 49);
                Reply::Breaks(half)
            }
            "error" => {
                let piece = "data: {\"error\":{\"message\":\"out of memory\"}}\n\n";
                Reply::Breaks([head(200, &[STREAM]), piece.into()].concat())
            }
            "huge" => {
                let piece = json!({ "choices": [{ "delta": { "content": "x".repeat(10_000) } }] });
                Reply::Floods(head(200, &[STREAM]), format!("data: {piece}\n\n").into_bytes())
            }
            "redirect" => page(302, &[("location", "http://127.0.0.1:1/")], ""),
            "slow" => Reply::Drips(stream(&["Hello"]), Duration::from_millis(50)),
            _ => Reply::Hangs,
        }
    })
    .await;
    let (patient, hasty) = (asker(&site, |_| {}), asker(&site, |llm| llm.timeout_s = 1));
    for (text, expected) in [
        ("429", "Unavailable(\"it is asked too often, and asks to wait 7 s: slow down\")"),
        ("500", "Unavailable(\"its endpoint answers with 500 Internal Server Error: no memory for …\")"),
        ("401", "Unavailable(\"its endpoint does not let this host in (401 Unauthorized)\")"),
        ("404", "Unavailable(\"its endpoint does not know the model, or is none (404 Not Found)\")"),
        ("400", "BadRequest(\"the endpoint refuses the question: the context is too long\")"),
        (
            "html",
            "Unavailable(\"what it says is no answer: expected value at line 1 column 1, in `<html>login</html>`\")",
        ),
        ("half", "Unavailable(\"what it says is no answer: it ended before the answer did\")"),
        ("error", "Unavailable(\"it broke off: out of memory\")"),
        ("huge", "Other(\"the model's answer is too long to be read\")"),
        ("redirect", "Unavailable(\"its endpoint answers with 302 Found: \")"),
        ("slow", "Timeout"),
        ("hangs", "Timeout"),
    ] {
        let asker = if expected == "Timeout" { &hasty } else { &patient };
        let outcome = ask(asker, &prompt(text)).await;
        assert_eq!(format!("{:?}", outcome.result.unwrap_err()), expected, "{text}");
        let costs = ["half", "error", "huge", "slow", "hangs", "html"].contains(&text);
        assert_eq!(outcome.tokens > 0, costs, "{text}: {}", outcome.tokens);
    }
    // Nobody is there.
    let nobody = asker(&site, |llm| llm.url = "http://127.0.0.1:1".into());
    let outcome = ask(&nobody, &prompt("hi")).await;
    assert!(matches!(outcome.result, Err(LlmError::Unavailable(why)) if why.starts_with("no answer: ")));
}

const SCHEMA: &str = r#"{"type":"object","properties":{"age":{"type":"integer"}},"required":["age"]}"#;

#[tokio::test]
async fn json_is_asked_for_once_more_and_not_a_third_time() {
    let turn = AtomicUsize::new(0);
    let site = Site::opens(move |_| {
        const ANSWERS: [&str; 4] =
            ["I think 36", "```json\n{\"age\":36}\n```", "{\"age\":\"36\"}", "{\"age\":\"thirty-six\"}"];
        Reply::Breaks(stream(&[ANSWERS[turn.fetch_add(1, Ordering::SeqCst)]]))
    })
    .await;
    let (asker, prompt) = (asker(&site, |_| {}), Prompt { schema: Some(SCHEMA.into()), ..prompt("How old is she?") });
    let outcome = ask(&asker, &prompt).await;
    let answer = outcome.result.unwrap();
    assert_eq!((answer.text.as_str(), answer.input_tokens, answer.output_tokens), ("{\"age\":36}", 22, 8));
    assert_eq!(outcome.tokens, 30);
    let asked: Vec<_> = site.asked().iter().map(body).collect();
    assert_eq!(asked[0]["response_format"]["json_schema"]["schema"], serde_json::from_str::<Value>(SCHEMA).unwrap());
    assert_eq!(asked[1]["messages"][1], json!({ "role": "assistant", "content": "I think 36" }));
    assert!(
        asked[1]["messages"][2]["content"].as_str().unwrap().starts_with("That answer cannot be used: it is no JSON")
    );
    let outcome = ask(&asker, &prompt).await;
    assert_eq!(outcome.result, Err(LlmError::NotJson("at `/age`: \"thirty-six\" is not of type \"integer\"".into())));
    assert_eq!((site.asked().len(), outcome.tokens), (4, 30), "what was in vain has its price all the same");
    let nonsense = Prompt { schema: Some("{\"type\":7}".into()), ..prompt };
    assert!(matches!(ask(&asker, &nonsense).await.result, Err(LlmError::BadRequest(_))));
    assert_eq!(site.asked().len(), 4, "a schema that is none asks nothing");
}

#[tokio::test]
async fn what_an_endpoint_does_not_take_it_gets_no_more() {
    let refused = ["stream_options", "max_tokens", "temperature", "response_format"];
    let site = Site::opens(move |asked| match refused.into_iter().find(|field| body(asked).get(field).is_some()) {
        Some(field) => {
            page(400, &[JSON], json!({ "error": { "message": format!("unknown field {field}") } }).to_string())
        }
        None => Reply::Breaks(stream(&["{\"age\":1}"])),
    })
    .await;
    let asker = asker(&site, |_| {});
    let prompt = Prompt { schema: Some(SCHEMA.into()), ..prompt("How old is she?") };
    assert!(ask(&asker, &prompt).await.result.is_ok());
    assert_eq!(site.asked().len(), 5);
    assert!(ask(&asker, &prompt).await.result.is_ok());
    assert_eq!(site.asked().len(), 6, "it has been learned");
    assert_eq!(body(&site.asked()[5])["max_completion_tokens"], 2_000);
}

#[tokio::test]
async fn one_plugin_keeps_only_itself_waiting() {
    let seen = Mutex::new(());
    let site = Site::opens(move |asked| {
        let _one = seen.lock();
        if body(asked)["messages"][0]["content"] == "slow" { Reply::Hangs } else { Reply::Breaks(stream(&["quick"])) }
    })
    .await;
    let slow = asker(&site, |_| {});
    let quick = slow.llm.asker();
    let question = prompt("slow");
    let many = futures_util::future::join_all((0..100).map(|_| ask(&slow, &question)));
    let one = async {
        while site.asked().len() < OF_ONE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        ask(&quick, &prompt("quick")).await.result.map(|answer| answer.text)
    };
    tokio::select! {
        _ = many => panic!("an endpoint that hangs answered"),
        text = one => assert_eq!((text, site.asked().len()), (Ok("quick".into()), OF_ONE + 1)),
    }
}
