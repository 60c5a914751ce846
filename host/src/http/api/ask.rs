//! Requests for plugins: which route, is it well formed, then into the inbox, then wait.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, Query, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde::de::IgnoredAny;
use tokio::sync::oneshot;

use super::error::Trouble;
use super::path::{self, Found, Pairs};
use super::waiting::{Outcome, PATIENCE};
use super::{Api, Served, ServedPlugin};
use crate::model::effect::Reply;
use crate::model::manifest::Route;
use crate::model::payload::Payload;
use crate::model::{BotId, Part};
use crate::schema::Schema;
use crate::store::{RequestEnd, StoreError};

/// The largest body that is taken.
pub(super) const LARGEST: usize = 1 << 20;
/// How long a body may take to come.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// A request that a plugin can be asked.
struct Asked {
    bot: BotId,
    part: Part,
    route: Route,
    /// What the body has to follow.
    schema: Option<Schema>,
    path: Pairs,
    query: Pairs,
}

/// Answers whatever is no route of the host's own.
pub(super) async fn ask(
    State(api): State<Api>,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Result<Response, Trouble> {
    let (bot, asked) = find(&api, request.method().as_str(), &uri)?;
    if api.tasks.shutdown().has_begun() {
        return Err(ending("nothing was done"));
    }
    // The place first: a body that nobody can deal with is not read.
    let place = api.waiting.place().ok_or_else(|| {
        Trouble::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "too many requests are under way on this host",
            "ask again in a moment, and fewer at once",
        )
        .later(1)
    })?;
    let parts = bot.plugins.iter().flat_map(|plugin| plugin.manifest.parts(&plugin.name));
    if bot.pressure.is_full(&api.store, bot.id, parts, api.clock.now()).await {
        return Err(Trouble::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "full",
            "too many events wait for this bot",
            "ask again in a moment; limits.waiting_events says how many may wait, GET /api/lanes?due=true shows where",
        )
        .later(2));
    }
    let body = tokio::select! {
        body = read(request.into_body()) => body?,
        () = api.clock.sleep(BODY_PATIENCE) => return Err(Trouble::new(
            StatusCode::REQUEST_TIMEOUT,
            "too_slow",
            "the body did not come in time",
            "send it within ten seconds",
        )),
    };
    let Asked { bot: id, part, route, schema, path, query } = asked;
    let body = follows(schema, check_body(&route, &body)?).await?;
    let chat = path::lane(&route, &path);
    let payload = Payload::Request { route: route.name, path, query, body };
    // Whoever asked may go away while it is being stored. What is stored then counts all the same, and has its place.
    let (tell, told) = oneshot::channel();
    let tasks = api.tasks.clone();
    tasks.spawn(async move {
        let outcome = async {
            let seq = api.store.put_event(id, part, chat, &payload).await?;
            bot.pressure.stored(1);
            Ok((seq, api.waiting.wait(seq, place, api.clock.now()).await))
        };
        let _ = tell.send(outcome.await);
    });
    let told: Result<_, StoreError> = told.await.map_err(|_| ending("nobody knows whether the request is stored"))?;
    let (seq, outcome) = told?;
    answer(seq, outcome)
}

/// Finds out what is asked for.
fn find(api: &Api, method: &str, uri: &Uri) -> Result<(Arc<Served>, Asked), Trouble> {
    let parts: Option<Vec<_>> = uri
        .path()
        .strip_prefix("/api")
        .unwrap_or_default()
        .split('/')
        .skip(1)
        .map(|part| percent_decode_str(part).decode_utf8().ok().map(|part| part.into_owned()))
        .collect();
    let parts = parts.ok_or_else(|| Trouble::bad("bad_path", "the path is no UTF-8", "encode it as UTF-8"))?;
    let [bot_name, plugin_name, path @ ..] = &parts[..] else { return Err(nowhere()) };
    let bot = api.bot(bot_name)?;
    let found = bot.plugins.iter().find(|plugin| plugin.name.as_str() == plugin_name);
    let ServedPlugin { name, manifest, requests, .. } = found.ok_or_else(|| {
        Trouble::new(
            StatusCode::NOT_FOUND,
            "unknown_plugin",
            format!("the bot `{bot_name}` has no plugin `{plugin_name}`"),
            "GET /api/plugins lists them",
        )
    })?;
    // `/api/bot/plugin` and `/api/bot/plugin/` are the same place.
    let path = if path == [""] { &[] } else { path };
    let (route, path) = match path::find(&manifest.routes, method, path) {
        Found::Route(route, path) => (route.clone(), path),
        Found::OtherMethods(methods) => return Err(Trouble::not_allowed(&methods)),
        Found::Nothing => return Err(nowhere()),
    };
    let query = Query::<Pairs>::try_from_uri(uri)
        .map_err(|error| Trouble::bad("bad_query", error.body_text(), "write it as name=value&name=value"))?
        .0;
    path::check(&route, &path, &query).map_err(|problem| {
        Trouble::bad("bad_parameter", problem, "GET /api/openapi.json describes the parameters of every route")
    })?;
    let part = Part::of(name, route.processor.as_deref());
    let (id, schema) = (bot.id, requests.get(&route.name).cloned());
    Ok((bot, Asked { bot: id, part, route, schema, path, query }))
}

fn nowhere() -> Trouble {
    Trouble::new(
        StatusCode::NOT_FOUND,
        "unknown_route",
        "there is no such route",
        "GET /api/openapi.json describes every route; those of plugins are below /api/BOT/PLUGIN",
    )
}

async fn read(body: Body) -> Result<Bytes, Trouble> {
    let too_large = || {
        Trouble::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the body has more than {LARGEST} bytes"),
            "send less at once",
        )
    };
    if axum::body::HttpBody::size_hint(&body).exact().is_some_and(|size| size > LARGEST as u64) {
        return Err(too_large());
    }
    axum::body::to_bytes(body, LARGEST).await.map_err(|error| {
        match error.into_inner().is::<http_body_util::LengthLimitError>() {
            true => too_large(),
            false => Trouble::bad("bad_body", "the body broke off", "send it again"),
        }
    })
}

/// The body, if it is what the route takes.
fn check_body(route: &Route, body: &[u8]) -> Result<String, Trouble> {
    let hint = "GET /api/openapi.json describes what every route takes";
    if route.request.is_none() {
        return match body.is_empty() {
            true => Ok(String::new()),
            false => Err(Trouble::bad("bad_body", "this route takes no body", hint)),
        };
    }
    let json = serde_json::from_slice::<IgnoredAny>(body)
        .map_err(|error| Trouble::bad("bad_body", format!("the body is no JSON: {error}"), hint));
    json.and_then(|_| {
        String::from_utf8(body.to_vec()).map_err(|_| Trouble::bad("bad_body", "the body is no UTF-8", hint))
    })
}

/// The body, if it follows the schema.
async fn follows(schema: Option<Schema>, body: String) -> Result<String, Trouble> {
    let Some(schema) = schema else { return Ok(body) };
    schema.check(body).await.map_err(|problem| {
        let hint = "GET /api/openapi.json has the schema of what this route takes";
        Trouble::bad("bad_body", format!("the body is not what the route takes: {problem}"), hint)
    })
}

fn ending(what: &str) -> Trouble {
    Trouble::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "ending",
        format!("this host is shutting down; {what}"),
        "ask another host, or this one after its start",
    )
    .later(5)
}

/// What whoever asked is told.
fn answer(seq: i64, outcome: Outcome) -> Result<Response, Trouble> {
    let given_up = |message: String| {
        let hint = format!("`guesthouse dead show {seq}` and GET /api/dead-letters/{seq} say more");
        Err(Trouble::new(StatusCode::INTERNAL_SERVER_ERROR, "given_up", message, hint))
    };
    match outcome {
        Outcome::Ended(RequestEnd::Done(None)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Outcome::Ended(RequestEnd::Done(Some(Reply { status, body }))) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            Ok(match body.is_empty() {
                true => status.into_response(),
                false => (status, [(header::CONTENT_TYPE, "application/json")], body).into_response(),
            })
        }
        Outcome::Ended(RequestEnd::Dead(reason)) => {
            given_up(format!("the plugin did not get through with it: {reason}"))
        }
        Outcome::Ended(RequestEnd::Gone) => given_up("the request was put away".into()),
        Outcome::TimedOut => Err(Trouble::new(
            StatusCode::GATEWAY_TIMEOUT,
            "still_waiting",
            format!("there is no answer after {} s; the request is stored and will still be handled", PATIENCE / 1_000),
            "do not send it again if it must not be done twice; GET /api/lanes?due=true shows what waits",
        )),
        Outcome::Ending => Err(ending("the request is stored and will still be handled")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::RouteMethod;

    fn route(request: Option<&str>) -> Route {
        Route {
            name: "add".into(),
            method: RouteMethod::Post,
            path: "/".into(),
            description: "…".into(),
            parameters: vec![],
            request: request.map(str::to_owned),
            response: None,
            processor: None,
        }
    }

    #[test]
    fn a_body_is_json_or_none() {
        let taken = |request, body: &[u8]| check_body(&route(request), body).map_err(|trouble| trouble.message);
        assert_eq!(taken(None, b""), Ok(String::new()));
        assert_eq!(taken(None, b"{}"), Err("this route takes no body".into()));
        assert_eq!(taken(Some("{}"), b"{\"a\": 1}"), Ok("{\"a\": 1}".into()));
        assert!(taken(Some("{}"), b"").is_err_and(|problem| problem.starts_with("the body is no JSON: EOF")));
        assert!(taken(Some("{}"), b"{} x").is_err());
        assert!(taken(Some("{}"), b"\"\xff\"").is_err());
    }

    #[test]
    fn every_end_has_its_status() {
        let status = |outcome| match answer(5, outcome) {
            Ok(response) => response.status().as_u16(),
            Err(trouble) => trouble.status.as_u16(),
        };
        let reply = |status, body: &str| Outcome::Ended(RequestEnd::Done(Some(Reply { status, body: body.into() })));
        assert_eq!(status(Outcome::Ended(RequestEnd::Done(None))), 204);
        assert_eq!(status(reply(201, "{}")), 201);
        assert_eq!(status(reply(304, "")), 304);
        assert_eq!(status(Outcome::Ended(RequestEnd::Dead("no".into()))), 500);
        assert_eq!(status(Outcome::Ended(RequestEnd::Gone)), 500);
        assert_eq!(status(Outcome::TimedOut), 504);
        assert_eq!(status(Outcome::Ending), 503);
    }
}
