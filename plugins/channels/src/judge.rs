//! From rows to verdicts: a post of the tables is judged by the rules of the tables, and what comes of it becomes a row of the
//! feed. One row for each subscriber and post: reading it again changes nothing, and an edit changes that row.

use std::collections::BTreeMap;

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Failure, clock};
use serde::{Deserialize, Serialize};

use crate::compose;
use crate::courier::Place;
use crate::model::{Entry, FEED, Post, Status, Subscription};
use crate::page::MediaKind;
use crate::rules::judge::{extract, judge};
use crate::rules::{self, Finder, Rules, Subject, Verdict, when};
use crate::turn::Turn;

/// How long a post waits whose template shows the page behind its link.
const PAGE_PATIENCE: i64 = 30 * clock::SECOND;

/// The rules for all channels and those of one.
pub(crate) struct Rulebook<'a> {
    pub(crate) all: &'a Rules,
    pub(crate) own: &'a Rules,
}

#[derive(Deserialize)]
struct Known {
    status: Status,
    digest: bool,
    #[serde(with = "guesthouse_plugin::tables::json")]
    message: Option<guesthouse_plugin::MessageRef>,
}

#[derive(Serialize)]
struct Judged {
    status: Status,
    digest: bool,
    due: Option<i64>,
    reason: Option<String>,
    price: Option<f64>,
    currency: Option<String>,
    day: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    link: Option<String>,
    fields: String,
}

/// The rules of a row. They were read when they were saved; should a later version not understand them, they take everything.
pub(crate) fn lenient(text: &str) -> Rules {
    rules::parse(text).unwrap_or_else(|error| {
        guesthouse_plugin::log::warn(format_args!("saved rules cannot be read any more: line {}", error.line));
        Rules::default()
    })
}

/// What a post carries.
pub(crate) fn kinds(post: &Post) -> Vec<MediaKind> {
    post.kinds.split(',').filter_map(MediaKind::named).collect()
}

/// The verdict on a post, and what is kept of it.
pub(crate) fn verdict(book: &Rulebook<'_>, post: &Post, finder: &Finder) -> (Verdict, BTreeMap<String, Vec<String>>) {
    let (media, links) = (kinds(post), serde_json::from_str::<Vec<String>>(&post.links).unwrap_or_default());
    let subject = Subject {
        text: &post.body,
        media: &media,
        links: &links,
        forwarded: post.forwarded.is_some(),
        service: post.service,
        time: post.time,
    };
    let verdict = judge(book.all, book.own, &subject, finder);
    let fields = extract(&book.own.takes(book.all), &subject, finder);
    (verdict, fields)
}

/// Enters a post into the feed, or what an edit has made of it. Says whether it is new there, and whether it goes out.
pub(crate) fn enter(
    turn: &Turn<'_>,
    book: &Rulebook<'_>,
    subscription: &Row<Subscription>,
    place: &Place,
    post: &Row<Post>,
) -> Result<(bool, bool), Failure> {
    let (verdict, fields) = verdict(book, post, &turn.shared.finder);
    let judged = judged(turn, book, subscription, post, &verdict, &fields);
    let this = col("user_id").eq(turn.user).and(col("channel").eq(post.channel)).and(col("number").eq(post.number));
    let Some(known) = FEED.select::<Known>().first(this)? else {
        let is_taken = matches!(judged.status, Status::Due | Status::Kept);
        FEED.insert(&entry(turn, post, judged))?;
        return Ok((true, is_taken));
    };
    match (known.status, &known.message) {
        // What has gone out is followed where it stands, whatever the rules say of it now.
        (Status::Sent, Some(message)) if !known.digest => {
            let judged = Judged { status: Status::Sent, due: None, digest: false, ..judged };
            FEED.update(known.id, &judged)?;
            compose::message(turn, book, place, post, &fields, known.id)?.edit(*message)?;
        }
        (Status::Sent | Status::Old, _) => {
            FEED.update(known.id, &Judged { status: known.status, due: None, digest: known.digest, ..judged })?;
        }
        (Status::Due | Status::Left | Status::Kept, _) => FEED.update(known.id, &judged)?,
    }
    Ok((false, false))
}

fn judged(
    turn: &Turn<'_>,
    book: &Rulebook<'_>,
    subscription: &Subscription,
    post: &Post,
    verdict: &Verdict,
    fields: &BTreeMap<String, Vec<String>>,
) -> Judged {
    let when = book.own.when(book.all);
    let zone = book.own.zone(book.all).unwrap_or_else(|| turn.shared.settings.zone.clone());
    let waits = book.own.show(book.all).is_some_and(|show| show.places().any(|place| place == "page"));
    let patience = if waits && post.links.len() > 2 { PAGE_PATIENCE } else { 0 };
    let due = when::due(turn.now + patience, &when, book.own.quiet(book.all), &zone);
    // Whoever subscribes wants what comes, not what has been.
    let status = if post.time < subscription.created {
        Status::Old
    } else if !verdict.taken {
        Status::Left
    } else if due.is_some() {
        Status::Due
    } else {
        Status::Kept
    };
    let first = |name: &str| fields.get(name).and_then(|found| found.first()).cloned();
    let price = first("price");
    let (amount, currency) = price.as_deref().and_then(|price| price.split_once(' ')).unzip();
    Judged {
        status,
        digest: when::is_digest(&when),
        due: due.filter(|_| status == Status::Due),
        reason: verdict.reason().map(|check| check.source.clone()),
        price: amount.and_then(|amount| amount.parse().ok()),
        currency: currency.map(str::to_owned),
        day: first("date"),
        phone: first("phone"),
        email: first("email"),
        link: first("link"),
        fields: serde_json::to_string(fields).unwrap_or_default(),
    }
}

fn entry(turn: &Turn<'_>, post: &Row<Post>, judged: Judged) -> Entry {
    Entry {
        user_id: turn.user,
        channel: post.channel,
        number: post.number,
        post: post.id,
        status: judged.status,
        digest: judged.digest,
        due: judged.due,
        reason: judged.reason,
        price: judged.price,
        currency: judged.currency,
        day: judged.day,
        phone: judged.phone,
        email: judged.email,
        link: judged.link,
        fields: judged.fields,
        message: None,
        added: turn.now,
        sent: None,
    }
}
