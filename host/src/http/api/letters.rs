//! Dead letters over HTTP: looked at, tried again, put away. `guesthouse dead` does the same from the command line, and shows
//! them in the same form.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::error::Trouble;
use super::lists::{listed, page, query};
use crate::model::event::Event;
use crate::model::payload::Payload;
use crate::store::{DeadLetter, Undone, Whose};
use crate::telegram::{self, Me};

/// All that is known of a letter.
pub fn as_json(letter: &DeadLetter) -> Value {
    // What is no JSON, or nests deeper than anybody would look, is a text.
    let value = |raw: &String| serde_json::from_str(raw).unwrap_or_else(|_| json!(raw));
    // An album is several, as its plugin gets them.
    let update: Value = match &letter.parts[..] {
        [] => value(&letter.raw),
        parts => std::iter::once(&letter.raw).chain(parts).map(value).collect(),
    };
    json!({
        "seq": letter.seq,
        "bot": letter.bot.0,
        "username": letter.username,
        "plugin": letter.plugin,
        "digest": letter.digest,
        "chat": letter.chat,
        "user": event(letter).sender(),
        "kind": letter.kind,
        "created_at": letter.created_at,
        "ended_at": letter.ended_at,
        "attempts": letter.attempts,
        "reason": letter.reason,
        "update": update,
    })
}

/// The event of a letter.
pub fn event(letter: &DeadLetter) -> Event {
    if let Some(payload) = Payload::from_json(&letter.raw) {
        return payload.into_event(letter.chat);
    }
    let me = Me { id: letter.bot.0, username: letter.username.clone(), name: String::new() };
    telegram::convert::event(&letter.raw, &me).1
}

/// Why a number is none of a dead letter.
pub fn no_letter(undone: &Undone) -> String {
    let seq = undone.seq;
    let problem = match undone.state {
        None => format!("there is no event {seq}"),
        Some(state) => {
            let how = match state {
                0 => "waits for its turn",
                1 => "was handled",
                3 => "came too late and has expired",
                4 => "was dropped",
                _ => "is something else",
            };
            format!("event {seq} is no dead letter: it {how}")
        }
    };
    format!("{problem}; nothing was changed")
}

fn undone(undone: &Undone) -> Trouble {
    let (status, code) = match undone.state {
        None => (StatusCode::NOT_FOUND, "unknown_event"),
        Some(_) => (StatusCode::CONFLICT, "no_dead_letter"),
    };
    Trouble::new(status, code, no_letter(undone), "GET /api/dead-letters lists all of them")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SomeLetters {
    bot: Option<String>,
    plugin: Option<String>,
    limit: Option<i64>,
    offset: Option<i64>,
}

pub(super) async fn list(State(api): State<Api>, uri: Uri) -> Result<Json<Value>, Trouble> {
    let SomeLetters { bot, plugin, limit, offset } = query(&uri)?;
    let page = page(limit, offset)?;
    let bot = api.bot_id(bot.as_deref())?.map(|bot| bot.0.to_string());
    let (letters, total) = api.store.dead_letters().page(&Whose { bot, plugin }, page.0, page.1).await?;
    Ok(listed(letters.iter().map(as_json).collect(), total, page))
}

pub(super) async fn show(State(api): State<Api>, Path(seq): Path<String>) -> Result<Json<Value>, Trouble> {
    let letter = api.store.dead_letters().show(number(&seq)?).await?;
    letter.map(|letter| Json(as_json(&letter))).map_err(|found| undone(&found))
}

pub(super) async fn retry(State(api): State<Api>, Path(seq): Path<String>) -> Result<Json<Value>, Trouble> {
    let seq = number(&seq)?;
    api.store.dead_letters().retry(vec![seq]).await?.map_err(|found| undone(&found))?;
    api.wake.lanes.ring();
    Ok(Json(json!({ "retried": [seq] })))
}

pub(super) async fn drop(State(api): State<Api>, Path(seq): Path<String>) -> Result<Json<Value>, Trouble> {
    let seq = number(&seq)?;
    api.store.dead_letters().drop(vec![seq]).await?.map_err(|found| undone(&found))?;
    Ok(Json(json!({ "dropped": [seq] })))
}

fn number(seq: &str) -> Result<i64, Trouble> {
    let bad = |_| Trouble::bad("bad_parameter", "an event has a number", "GET /api/dead-letters lists all of them");
    seq.parse().map_err(bad)
}
