//! Posts and their rows: what is new, what has changed, and who has to be told. A post is stored once, however often it is
//! read and from wherever it comes.

use std::collections::BTreeMap;

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{Failure, Text, Timestamp, timers};
use serde::{Deserialize, Serialize};

use crate::courier;
use crate::format;
use crate::links;
use crate::model::{CHANNELS, POSTS, Post, SUBSCRIPTIONS};
use crate::page::{self, Media};
use crate::turn::Shared;

/// Subscribers whose timers are set in one turn; the rest is left to another one.
const TOLD_AT_ONCE: u32 = 50;

/// A post before it has a row, from a page or from Telegram.
#[derive(Debug, Clone)]
pub(crate) struct Fresh {
    pub(crate) number: i64,
    pub(crate) url: Option<String>,
    pub(crate) time: Timestamp,
    pub(crate) edited: bool,
    pub(crate) author: Option<String>,
    pub(crate) views: Option<i64>,
    pub(crate) text: Text,
    pub(crate) media: Vec<Media>,
    pub(crate) links: Vec<String>,
    pub(crate) forwarded: Option<String>,
    pub(crate) reply: Option<i64>,
    pub(crate) service: bool,
    pub(crate) hidden: bool,
}

/// What became of some posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) added: u32,
    pub(crate) changed: u32,
    /// The version of the channel after them.
    pub(crate) version: i64,
    /// The largest number among them.
    pub(crate) newest: i64,
}

/// What tells whether a post has changed.
#[derive(Debug, Deserialize)]
struct Known {
    number: i64,
    body: String,
    format: String,
    kinds: String,
    edited: bool,
    views: Option<i64>,
}

#[derive(Serialize)]
struct Change {
    version: i64,
    edited: bool,
    body: String,
    format: String,
    kinds: String,
    media: String,
    links: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    views: Option<i64>,
}

#[derive(Deserialize)]
struct Who {
    user_id: i64,
}

impl From<page::Post> for Fresh {
    fn from(post: page::Post) -> Self {
        Self {
            number: post.number,
            url: Some(format!("https://t.me/{}/{}", post.channel, post.number)),
            time: post.time,
            edited: post.edited,
            author: post.author,
            views: post.views,
            text: post.text,
            media: post.media,
            links: post.links,
            forwarded: post.forwarded.map(|source| source.name),
            reply: post.reply.and_then(|reply| reply.number),
            service: post.service,
            hidden: post.hidden,
        }
    }
}

/// Stores posts of a channel, oldest first.
pub(crate) fn posts(
    shared: &Shared,
    channel: i64,
    version: i64,
    now: Timestamp,
    fresh: Vec<Fresh>,
) -> Result<Stored, Failure> {
    let mut stored = Stored { version, ..Stored::default() };
    if fresh.is_empty() {
        return Ok(stored);
    }
    let numbers = col("number").one_of(fresh.iter().map(|post| post.number));
    let known = POSTS.select::<Known>().find(col("channel").eq(channel).and(numbers))?;
    let known: BTreeMap<i64, _> = known.into_iter().map(|row| (row.number, row)).collect();
    for post in fresh {
        stored.newest = stored.newest.max(post.number);
        let row = row(channel, now, post);
        match known.get(&row.number) {
            None => {
                stored.version += 1;
                stored.added += 1;
                let id = POSTS.insert(&Post { version: stored.version, ..row.clone() })?;
                links::follow(shared, id, &row.links, now)?;
            }
            Some(old)
                if old.body != row.body
                    || old.format != row.format
                    || old.kinds != row.kinds
                    || old.edited != row.edited =>
            {
                stored.version += 1;
                stored.changed += 1;
                let Post { edited, body, format, kinds, media, links, views, .. } = row;
                let change = Change { version: stored.version, edited, body, format, kinds, media, links, views };
                POSTS.update(old.id, &change)?;
            }
            Some(old) => {
                if row.views.is_some() && row.views != old.views {
                    POSTS.set(old.id, "views", row.views)?;
                }
            }
        }
    }
    Ok(stored)
}

fn row(channel: i64, now: Timestamp, post: Fresh) -> Post {
    let mut kinds: Vec<&str> = post.media.iter().map(|media| media.kind.word()).collect();
    kinds.dedup();
    let json = |value: serde_json::Result<String>| value.unwrap_or_else(|_| "[]".into());
    Post {
        channel,
        number: post.number,
        version: 0,
        url: post.url,
        time: post.time,
        edited: post.edited,
        author: post.author,
        views: post.views,
        format: format::encode(&post.text),
        body: post.text.content.replace('\0', ""),
        kinds: kinds.join(","),
        media: json(serde_json::to_string(&post.media)),
        links: json(serde_json::to_string(&post.links)),
        forwarded: post.forwarded,
        reply: post.reply,
        service: post.service,
        hidden: post.hidden,
        seen: now,
    }
}

/// Wakes the couriers of those who read a channel; of many subscribers some now and the others in a turn of its own.
pub(crate) fn tell(channel: i64, after: i64, now: Timestamp) -> Result<(), Failure> {
    let rest = col("channel").eq(channel).and(col("paused").eq(false)).and(col("id").gt(after));
    let readers = SUBSCRIPTIONS.select::<Who>().find(rest.ascending("id").limit(TOLD_AT_ONCE))?;
    for reader in &readers {
        courier::wake(reader.user_id, now)?;
    }
    if let Some(last) = readers.last().filter(|_| readers.len() == TOLD_AT_ONCE as usize) {
        let more = timers::at("tell", now).data(last.id.to_string()).chat(channel).processor(crate::READER);
        more.set()?;
    }
    Ok(())
}

/// Notes what a channel has after some posts.
pub(crate) fn note(channel: i64, before: i64, stored: Stored) -> Result<(), Failure> {
    if stored.version != before {
        CHANNELS.set(channel, "version", stored.version)?;
    }
    Ok(())
}
