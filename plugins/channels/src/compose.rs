//! What a post looks like when it is passed on.

use std::collections::BTreeMap;

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Button, Failure, Outgoing, Text, chat};
use serde::Deserialize;

use crate::courier::{self, Place};
use crate::format;
use crate::judge::{self, Rulebook};
use crate::model::{LINKS, PAGES, Post};
use crate::page::MediaKind;
use crate::press::Press;
use crate::texts::{Arg, moment};
use crate::turn::Turn;

/// Telegram's limit is 4096; a head and a foot have to fit, too.
const MAX_TEXT: u32 = 3_500;

/// How much of a page a template shows.
const MAX_PAGE: usize = 300;

/// The message for a post.
pub(crate) fn message(
    turn: &Turn<'_>,
    book: &Rulebook<'_>,
    place: &Place,
    post: &Row<Post>,
    fields: &BTreeMap<String, Vec<String>>,
    entry: i64,
) -> Result<Outgoing, Failure> {
    let mut text = format::decode(&post.body, &post.format);
    for replace in book.own.replacements(book.all) {
        text = replace.apply(&text);
    }
    let page = match book.own.show(book.all) {
        Some(show) if show.places().any(|place| place == "page") => first_page(post)?,
        _ => None,
    };
    let shown = match book.own.show(book.all) {
        Some(show) => show.fill(|name| value(name, &text, place, post, fields, page.as_deref())),
        None => usual(place, post, text, fields),
    };
    let shown = format::cut(shown, MAX_TEXT);
    // A template may leave nothing of a post.
    let shown = if shown.content.trim().is_empty() { head(place, post) } else { shown };
    let why = Button::call(turn.words.say("button-why"), &Press::Why(entry)).only_for(turn.user);
    let message = chat::message(shown).buttons([[why]]);
    let has_picture = judge::kinds(post).iter().any(|kind| matches!(kind, MediaKind::Photo | MediaKind::Video));
    // Telegram shows the post itself as the preview of its link, picture included.
    Ok(if has_picture { message.link_preview() } else { message })
}

/// Several posts in one message.
pub(crate) fn digest(turn: &Turn<'_>, posts: &[(&Place, &Post)]) -> Text {
    let count = i64::try_from(posts.len()).unwrap_or(i64::MAX);
    let mut text = turn.words.tell("digest", &[("count", Arg::Count(count))]);
    for (place, post) in posts {
        text = text.plain("\n\n").plain(head(place, post)).newline().plain(symbols(post));
        text = text.plain(first_line(&post.body, 200));
    }
    format::cut(text, MAX_TEXT + 500)
}

/// The first lines of a text on one line, at most so many characters.
pub(crate) fn first_line(body: &str, max: u32) -> String {
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    format::cut(Text::from(line), max).content
}

/// The channel, leading to the post.
fn head(place: &Place, post: &Post) -> Text {
    let title = courier::title(place);
    match &post.url {
        Some(url) => Text::new().bold(Text::new().link(title, url)),
        None => Text::new().bold(title),
    }
}

fn usual(place: &Place, post: &Post, text: Text, fields: &BTreeMap<String, Vec<String>>) -> Text {
    let mut shown = head(place, post);
    if let Some(author) = &post.author {
        shown = shown.plain(" · ").plain(author);
    }
    if let Some(source) = &post.forwarded {
        shown = shown.plain(" ↪ ").plain(source);
    }
    let symbols = symbols(post);
    shown = shown.newline().plain(symbols).plain(text);
    for (name, found) in fields {
        shown = shown.newline().italic(format!("{name}: ")).plain(found.join(", "));
    }
    shown
}

/// What a post carries, as everybody understands it; a poll is written out.
fn symbols(post: &Post) -> String {
    let mut symbols: String = judge::kinds(post)
        .iter()
        .map(|kind| match kind {
            MediaKind::Photo => "🖼",
            MediaKind::Video | MediaKind::Gif | MediaKind::Round => "🎬",
            MediaKind::Voice => "🎤",
            MediaKind::Audio => "🎵",
            MediaKind::Document => "📎",
            MediaKind::Sticker => "🩷",
            MediaKind::Poll => "📊",
            MediaKind::Location => "📍",
            MediaKind::Contact => "👤",
            MediaKind::Game => "🎮",
            MediaKind::Invoice => "💳",
            MediaKind::Story => "⭕️",
            MediaKind::Unsupported => "❔",
        })
        .collect();
    let media: Vec<crate::page::Media> = serde_json::from_str(&post.media).unwrap_or_default();
    for piece in media.iter().filter(|piece| piece.kind != MediaKind::Photo) {
        for said in [&piece.title, &piece.detail].into_iter().flatten() {
            symbols.push(' ');
            symbols.push_str(said);
        }
    }
    if !symbols.is_empty() {
        symbols.push('\n');
    }
    symbols
}

fn value(
    name: &str,
    text: &Text,
    place: &Place,
    post: &Post,
    fields: &BTreeMap<String, Vec<String>>,
    page: Option<&str>,
) -> Text {
    let first = |name: &str| fields.get(name).and_then(|found| found.first()).cloned().unwrap_or_default();
    let price = first("price");
    let said: String = match name {
        "text" => return text.clone(),
        "title" => courier::title(place),
        "name" => place.name.clone().unwrap_or_default(),
        "link" => post.url.clone().unwrap_or_default(),
        "author" => post.author.clone().unwrap_or_default(),
        "views" => post.views.map(|views| views.to_string()).unwrap_or_default(),
        "time" => moment(post.time),
        "price" => price.split(' ').next().unwrap_or_default().to_owned(),
        "currency" => price.split(' ').nth(1).unwrap_or_default().to_owned(),
        "url" => serde_json::from_str::<Vec<String>>(&post.links)
            .ok()
            .and_then(|links| links.into_iter().next())
            .unwrap_or_default(),
        "page" => page.unwrap_or_default().to_owned(),
        name => fields.get(name).map(|found| found.join(", ")).unwrap_or_default(),
    };
    Text::from(said)
}

/// The beginning of the page behind the first link, if it was read already.
fn first_page(post: &Row<Post>) -> Result<Option<String>, Failure> {
    #[derive(Deserialize)]
    struct To {
        page: i64,
    }
    #[derive(Deserialize)]
    struct Read {
        body: Option<String>,
    }
    let Some(link) = LINKS.select::<To>().first(col("post").eq(post.id).ascending("id"))? else { return Ok(None) };
    let body = PAGES.select::<Read>().get(link.page)?.and_then(|page| page.value.body);
    Ok(body.map(|body| first_line(&body, u32::try_from(MAX_PAGE).unwrap_or(300))))
}
