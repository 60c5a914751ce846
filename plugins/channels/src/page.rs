//! What a preview page (`https://t.me/s/<channel>`) says: which page it is, its channel, its posts, and whether it still
//! looks as this program knows it. One walk over the document; classes decide, never positions.
//!
//! Knows nothing of subscribers, rules or the network. Next: `page/post.rs`.

mod drift;
mod element;
mod link;
mod media;
mod number;
mod post;
mod text;

use dom_query::{Document, NodeRef};

pub use drift::Drift;
pub use media::{Media, MediaKind, Poll};
pub use post::{Post, Preview, Reply, Source};
pub(crate) use text::trimmed;

use drift::Tally;
use element::{has, select_first, text_of};

/// A page, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The channel, as far as the page names it.
    pub channel: Channel,
    /// The posts, oldest first as on the page.
    pub posts: Vec<Post>,
    /// The number for `?before=` that leads to the page with older posts.
    pub before: Option<i64>,
}

/// What the head of a page says of its channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channel {
    /// The public name without `@`.
    pub name: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// How many subscribers; rounded, as the page has it.
    pub subscribers: Option<i64>,
}

/// What stands at a channel's address.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Posts, or a channel without any.
    Page(Page),
    /// No preview: the page that invites to open Telegram.
    NoPreview(Landing),
    /// A page that is not as this program knows it.
    Changed(Drift),
}

/// Who is behind an address without a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landing {
    /// A channel that shows no preview, because its owner or Telegram has switched it off.
    Channel,
    /// A group: only a member reads it.
    Group,
    /// A bot.
    Bot,
    /// A person, or nobody.
    Nobody,
}

/// Reads a page.
pub fn read(html: &str) -> Reading {
    let document = Document::from(html);
    let root = document.root();
    if let Some(history) = select_first(&root, "tgme_channel_history") {
        return read_history(&root, &history);
    }
    // Without the section around it, a list is recognised by what it holds.
    if ["tgme_widget_message_wrap", "tgme_widget_message"].iter().any(|class| select_first(&root, class).is_some()) {
        return read_history(&root, &root);
    }
    match landing(&root) {
        Some(landing) => Reading::NoPreview(landing),
        None => Reading::Changed(Drift::UnknownPage),
    }
}

fn read_history(root: &NodeRef<'_>, history: &NodeRef<'_>) -> Reading {
    let mut tally = Tally::default();
    let mut posts = Vec::new();
    let mut before = None;
    let mut is_empty = false;
    let mut has_blocks = false;
    for node in history.descendants_it() {
        if has(&node, "tgme_widget_message") && !within_message(&node) {
            let (post, block) = post::read(&node);
            tally.add(block);
            posts.extend(post);
        } else if has(&node, "tme_messages_more") {
            before = before.or_else(|| node.attr("data-before").and_then(|value| value.parse().ok()));
        } else if has(&node, "tme_no_messages_found") {
            is_empty = true;
        } else if has(&node, "tgme_widget_message_wrap") {
            has_blocks = true;
        }
    }
    // Words of a search or a channel without posts leave a block without a message.
    if let Some(drift) = tally.judge(has_blocks && !is_empty) {
        return Reading::Changed(drift);
    }
    Reading::Page(Page { channel: channel(root), posts, before })
}

/// A message that stands inside another one would be read twice.
fn within_message(node: &NodeRef<'_>) -> bool {
    node.ancestors_it(None).any(|above| has(&above, "tgme_widget_message"))
}

fn channel(root: &NodeRef<'_>) -> Channel {
    let title =
        select_first(root, "tgme_channel_info_header_title").or_else(|| select_first(root, "tgme_header_title"));
    let name = select_first(root, "tgme_main").and_then(|main| main.attr("data-url"));
    let name = name.map(|url| url.trim_start_matches('/').to_owned()).filter(|name| !name.is_empty());
    let subscribers = root.descendants_it().filter(|node| has(node, "tgme_channel_info_counter")).find_map(|counter| {
        let kind = select_first(&counter, "counter_type").map(|kind| text_of(&kind))?;
        let value = select_first(&counter, "counter_value").map(|value| text_of(&value))?;
        if kind.starts_with("subscriber") || kind.starts_with("member") { number::counted(&value) } else { None }
    });
    Channel { name, title: title.map(|title| text_of(&title)).filter(|title| !title.is_empty()), subscribers }
}

/// Recognises the page that stands where there is no preview. Its words are English, because that is what is asked for.
fn landing(root: &NodeRef<'_>) -> Option<Landing> {
    select_first(root, "tgme_page")?;
    let extras: Vec<String> =
        root.descendants_it().filter(|node| has(node, "tgme_page_extra")).map(|extra| text_of(&extra)).collect();
    let any = |word: &str| extras.iter().any(|extra| extra.contains(word));
    Some(if any("subscriber") {
        Landing::Channel
    } else if any("member") {
        Landing::Group
    } else if any("monthly user") || extras.iter().any(|extra| extra.to_lowercase().ends_with("bot")) {
        Landing::Bot
    } else {
        Landing::Nobody
    })
}

#[cfg(test)]
mod tests;
