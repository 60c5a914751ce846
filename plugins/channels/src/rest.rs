//! The routes: have channels read, and get at what was stored, over HTTP. `{id}` is the user's id in Telegram; the number of
//! the row in `channels__subscribers` does as well.

use std::collections::BTreeMap;

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Failure, HttpRequest, Manifest, Route, clock, json, routes};
use serde::Serialize;

use crate::courier;
use crate::model::{FEED, LINKS, PAGES, POSTS, Post, SUBSCRIBERS, State, Subscriber};
use crate::parse;
use crate::read;
use crate::turn::{Shared, Turn};

/// Channels that are read while the caller waits; the others are read soon after.
const WAITED_FOR: usize = 8;

/// Milliseconds that all of them may take together: less than a turn has.
const PATIENCE: u32 = 14_000;

/// Posts on one page, and at most.
const PAGE: i64 = 50;
const MAX_PAGE: i64 = 200;

/// A post as JSON has it.
#[derive(Serialize)]
struct Item<'a> {
    id: i64,
    channel: Option<&'a str>,
    title: &'a str,
    number: i64,
    url: Option<&'a str>,
    time: String,
    added: String,
    edited: bool,
    author: Option<&'a str>,
    views: Option<i64>,
    text: &'a str,
    media: serde_json::Value,
    links: serde_json::Value,
    forwarded: Option<&'a str>,
    status: String,
    reason: Option<&'a str>,
    fields: serde_json::Value,
    pages: Vec<Text>,
}

/// What stands behind a link.
#[derive(Serialize, Clone)]
struct Text {
    url: String,
    title: Option<String>,
    length: Option<i64>,
    text: Option<String>,
}

/// Declares the routes.
pub(crate) fn with_routes(manifest: Manifest) -> Manifest {
    let id = "The user's id in Telegram, or the number of the row in channels__subscribers.";
    let parse = Route::post("parse-user", "/users/{id}/parse", "Reads all channels of a user now.").integer("id", id);
    let parse = parse.processor(crate::API).answers(
        r#"{"type":"object","required":["user_id","telegram_id","posts_added","status"],"properties":{"user_id":{"type":"integer"},"telegram_id":{"type":"integer"},"posts_added":{"type":"integer"},"status":{"type":"string","enum":["success","partial","failed"]},"channels_read":{"type":"integer"},"channels_failed":{"type":"integer"},"channels_pending":{"type":"integer"}}}"#,
    );
    let all = Route::post("parse-all", "/parse-all", "Has the channels of all users read, one after the other.");
    let all = all.processor(crate::API).answers(
        r#"{"type":"object","required":["status","users","channels"],"properties":{"status":{"type":"string"},"users":{"type":"integer"},"channels":{"type":"integer"}}}"#,
    );
    let posts = Route::get("posts", "/users/{id}/posts", "The posts that were stored for a user, newest first.");
    let posts = posts
        .integer("id", id)
        .integer("limit", "How many; 50 if absent, at most 200.")
        .integer("offset", "How many to skip; 0 if absent.")
        .text("status", "Only those that stand so: Old, Left, Due, Sent or Kept.")
        .processor(crate::API)
        .answers(
            r#"{"type":"object","required":["user_id","telegram_id","total","limit","offset","items"],"properties":{"user_id":{"type":"integer"},"telegram_id":{"type":"integer"},"total":{"type":"integer"},"limit":{"type":"integer"},"offset":{"type":"integer"},"items":{"type":"array","items":{"type":"object"}}}}"#,
        );
    manifest.route(parse).route(all).route(posts)
}

/// A request.
pub(crate) fn handle(shared: &Shared, request: &HttpRequest) -> Result<(), Failure> {
    if request.route == "parse-all" {
        return parse_all(shared);
    }
    let id = request.number("id")?;
    let Some(subscriber) = subscriber(id)? else {
        return Ok(routes::reply(
            404,
            &json!({ "error": format!("nobody with the id {id} has subscribed to anything") }),
        )?);
    };
    match request.route.as_str() {
        "parse-user" => parse_user(shared, &subscriber),
        _ => posts(request, &subscriber),
    }
}

fn subscriber(id: i64) -> Result<Option<Row<Subscriber>>, Failure> {
    match SUBSCRIBERS.first(col("user_id").eq(id))? {
        Some(known) => Ok(Some(known)),
        None => Ok(SUBSCRIBERS.get(id)?),
    }
}

fn parse_user(shared: &Shared, subscriber: &Row<Subscriber>) -> Result<(), Failure> {
    let channels = parse::readable(subscriber.user_id)?;
    let now = clock::now();
    let (at_once, later) = channels.split_at(channels.len().min(WAITED_FOR));
    // What one channel takes is missing to the next one, so each gets its share.
    let share = PATIENCE / u32::try_from(at_once.len().max(1)).unwrap_or(1);
    let timeout = shared.settings.timeout.min(share);
    let (mut done, mut failed) = (0, 0);
    for channel in at_once {
        match read::channel(shared, *channel, timeout)? {
            Some(read) if read.outcome.state == State::Fine => done += 1,
            _ => failed += 1,
        }
    }
    for (place, channel) in (0..).zip(later) {
        read::soon(*channel, now + place * shared.settings.page_gap, None)?;
    }
    let turn = Turn::for_user(shared, subscriber.user_id, &subscriber.language);
    let collected = courier::collect(&turn, subscriber)?;
    // It is the courier who writes to people.
    courier::wake(subscriber.user_id, now)?;
    let status = match (done, failed) {
        (_, 0) => "success",
        (0, _) => "failed",
        _ => "partial",
    };
    let answer = json!({
        "user_id": subscriber.id,
        "telegram_id": subscriber.user_id,
        "posts_added": collected.added,
        "status": status,
        "channels_read": done,
        "channels_failed": failed,
        "channels_pending": later.len(),
    });
    Ok(routes::reply(200, &answer)?)
}

fn parse_all(shared: &Shared) -> Result<(), Failure> {
    read::all(shared, 0, clock::now())?;
    let users = SUBSCRIBERS.count(guesthouse_plugin::tables::every_row())?;
    Ok(routes::reply(200, &json!({ "status": "success", "users": users, "channels": read::readable()? }))?)
}

fn posts(request: &HttpRequest, subscriber: &Row<Subscriber>) -> Result<(), Failure> {
    let number = |name: &str, default: i64| {
        request.parameter(name).map_or(Some(default), |value| value.parse::<i64>().ok().filter(|value| *value >= 0))
    };
    let (Some(limit), Some(offset)) = (number("limit", PAGE), number("offset", 0)) else {
        return Ok(routes::reply(400, &json!({ "error": "limit and offset are whole numbers from 0" }))?);
    };
    let limit = limit.clamp(1, MAX_PAGE);
    let mut wanted = col("user_id").eq(subscriber.user_id);
    if let Some(status) = request.parameter("status") {
        wanted = wanted.and(col("status").eq(status));
    }
    let total = FEED.count(wanted.clone())?;
    let window = wanted
        .descending("id")
        .limit(u32::try_from(limit).unwrap_or(1))
        .offset(u32::try_from(offset).unwrap_or(u32::MAX));
    let entries = FEED.find(window)?;
    let places = courier::places(entries.iter().map(|entry| entry.channel))?;
    let ids: Vec<i64> = entries.iter().map(|entry| entry.post).collect();
    let stored = stored(&ids)?;
    let pages = pages(&ids)?;
    let items = entries.iter().filter_map(|entry| {
        let (place, post) = (places.get(&entry.channel)?, stored.get(&entry.post)?);
        let value = |json: &str| serde_json::from_str(json).unwrap_or_default();
        Some(Item {
            id: entry.id,
            channel: place.name.as_deref(),
            title: &place.title,
            number: entry.number,
            url: post.url.as_deref(),
            time: iso(post.time),
            added: iso(entry.added),
            edited: post.edited,
            author: post.author.as_deref(),
            views: post.views,
            text: &post.body,
            media: value(&post.media),
            links: value(&post.links),
            forwarded: post.forwarded.as_deref(),
            status: format!("{:?}", entry.status),
            reason: entry.reason.as_deref(),
            fields: value(&entry.fields),
            pages: pages.get(&entry.post).cloned().unwrap_or_default(),
        })
    });
    let answer = json!({
        "user_id": subscriber.id,
        "telegram_id": subscriber.user_id,
        "total": total,
        "limit": limit,
        "offset": offset,
        "items": items.collect::<Vec<_>>(),
    });
    Ok(routes::reply(200, &answer)?)
}

fn stored(ids: &[i64]) -> Result<BTreeMap<i64, Row<Post>>, Failure> {
    let mut stored = BTreeMap::new();
    for some in ids.chunks(100) {
        stored.extend(POSTS.find(col("id").one_of(some.iter().copied()))?.into_iter().map(|post| (post.id, post)));
    }
    Ok(stored)
}

/// The pages behind the links of posts.
fn pages(posts: &[i64]) -> Result<BTreeMap<i64, Vec<Text>>, Failure> {
    let mut pages: BTreeMap<i64, Vec<Text>> = BTreeMap::new();
    for some in posts.chunks(100) {
        let links = LINKS.find(col("post").one_of(some.iter().copied()).ascending("id"))?;
        for few in links.chunks(100) {
            let read = PAGES.find(col("id").one_of(few.iter().map(|link| link.page)))?;
            for link in few {
                let Some(page) = read.iter().find(|page| page.id == link.page) else { continue };
                let (title, length, text) = (page.title.clone(), page.length, page.body.clone());
                pages.entry(link.post).or_default().push(Text { url: page.url.clone(), title, length, text });
            }
        }
    }
    Ok(pages)
}

fn iso(time: i64) -> String {
    jiff::Timestamp::from_millisecond(time).map(|time| time.to_string()).unwrap_or_default()
}
