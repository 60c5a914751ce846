//! One post: its number, time and author, its text, its media, where it comes from. The message is walked once, and what
//! belongs to a quoted or linked message is not taken for its own.

use dom_query::NodeRef;
use guesthouse_plugin::Text;
use serde::{Deserialize, Serialize};

use super::drift::Block;
use super::element::{background, has, select_first, text_at, text_of};
use super::media::{self, Media, MediaKind};
use super::{link, number, text};

/// A post as the page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// The public name of its channel.
    pub channel: String,
    /// Its number there. Of an album, that of the first message.
    pub number: i64,
    /// When it was written, in milliseconds since 1970.
    pub time: i64,
    /// Whether it was changed since.
    pub edited: bool,
    /// Who signed it.
    pub author: Option<String>,
    /// How often it was seen; rounded, as the page has it.
    pub views: Option<i64>,
    /// The text, or the caption.
    pub text: Text,
    /// What it carries besides; several of an album.
    pub media: Vec<Media>,
    /// Where it was forwarded from.
    pub forwarded: Option<Source>,
    /// What it answers.
    pub reply: Option<Reply>,
    /// The bot it was made with.
    pub via: Option<String>,
    /// The preview of a link in it.
    pub preview: Option<Preview>,
    /// The addresses that it leads to: of its text, its buttons, its preview.
    pub links: Vec<String>,
    /// Whether Telegram wrote it ("Channel created").
    pub service: bool,
    /// Whether the page shows only a part of it, or nothing.
    pub hidden: bool,
}

/// Where a forwarded post comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The name shown.
    pub name: String,
    /// The post or the profile, if it is public.
    pub url: Option<String>,
}

/// What a post answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Its number, if it stands in the same channel.
    pub number: Option<i64>,
    /// What is shown of it.
    pub text: String,
}

/// The preview of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The page.
    pub url: String,
    /// The site.
    pub site: Option<String>,
    /// The title of the page.
    pub title: Option<String>,
    /// What the page says of itself.
    pub description: Option<String>,
    /// Its picture.
    pub image: Option<String>,
}

/// Everything found in a message before it is known whether it is a post.
#[derive(Default)]
struct Parts {
    text: Option<(Text, Vec<String>)>,
    media: Vec<Media>,
    forwarded: Option<Source>,
    reply: Option<(Option<String>, String)>,
    via: Option<String>,
    preview: Option<Preview>,
    buttons: Vec<String>,
    author: Option<String>,
    views: Option<i64>,
    voters: Option<i64>,
    date: Option<(Option<i64>, Option<String>)>,
    edited: bool,
    not_shown: bool,
    shown_instead: bool,
}

/// Reads a message: a post if it has a number and a time, and what was recognised of it in any case.
pub(super) fn read(message: &NodeRef<'_>) -> (Option<Post>, Block) {
    let mut parts = Parts::default();
    for child in message.children_it(false) {
        parts.visit(&child);
    }
    let service = has(message, "service_message");
    let named = message.attr("data-post").and_then(|name| link::post(&format!("https://t.me/{name}")));
    let (time, address) = parts.date.take().unwrap_or_default();
    // A page of a single post may leave `data-post` out; its date leads to the post.
    let named = named.or_else(|| address.as_deref().and_then(link::post));

    let (text, mut links) = parts.text.take().unwrap_or_default();
    for url in parts.buttons.drain(..).chain(parts.preview.iter().map(|preview| preview.url.clone())) {
        if !links.contains(&url) {
            links.push(url);
        }
    }
    // Beside what is shown stands a block for browsers that cannot show it. Only without such a thing something is hidden.
    let hidden = parts.not_shown && !parts.shown_instead && parts.media.is_empty();
    if hidden {
        parts.media.push(Media::of(MediaKind::Unsupported));
    }
    let has_content = !text.is_empty() || !parts.media.is_empty() || parts.preview.is_some();
    let block = Block { has_number: named.is_some(), has_time: time.is_some(), has_content };
    let (Some((channel, number)), Some(time)) = (named, time) else { return (None, block) };

    if let Some(voters) = parts.voters {
        parts.media.iter_mut().filter_map(|media| media.poll.as_mut()).for_each(|poll| poll.voters = Some(voters));
    }
    let reply = parts.reply.map(|(url, text)| {
        let target = url.as_deref().and_then(link::post).filter(|(name, _)| name.eq_ignore_ascii_case(&channel));
        Reply { number: target.map(|(_, number)| number), text }
    });
    let post = Post {
        channel,
        number,
        time,
        edited: parts.edited,
        author: parts.author,
        views: parts.views,
        text,
        media: parts.media,
        forwarded: parts.forwarded,
        reply,
        via: parts.via,
        preview: parts.preview,
        links,
        service,
        hidden,
    };
    (Some(post), block)
}

impl Parts {
    fn visit(&mut self, node: &NodeRef<'_>) {
        // Elements deeper in than any page has them are not looked at; the tree is as deep as its author liked.
        let mut open = vec![node.to_owned()];
        while let Some(node) = open.pop() {
            if node.is_element() && !self.take(&node) {
                let children: Vec<_> = node.children_it(true).collect();
                open.extend(children);
            }
        }
    }

    /// Takes an element for what it is; says whether what is inside of it is thereby done.
    fn take(&mut self, node: &NodeRef<'_>) -> bool {
        if let Some(media) = media::read(node) {
            self.media.push(media);
            return true;
        }
        let Some(class) = node.class() else { return false };
        class.split_whitespace().any(|class| self.take_class(class, node))
    }

    fn take_class(&mut self, class: &str, node: &NodeRef<'_>) -> bool {
        match class {
            // The name of the channel, and its picture.
            "tgme_widget_message_user" | "tgme_widget_message_owner_name" | "tgme_widget_message_reactions" => true,
            "tgme_widget_message_text" => {
                // A caption is a text block in a text block. What follows the first one repeats it.
                self.text.get_or_insert_with(|| text::read(node));
                true
            }
            "tgme_widget_message_reply" => {
                let said = text_at(node, "js-message_reply_text")
                    .or_else(|| text_at(node, "tgme_widget_message_metatext"))
                    .or_else(|| text_at(node, "tgme_widget_message_text"));
                let url = node.attr("href").map(|href| href.to_string());
                self.reply = Some((url, said.unwrap_or_default()));
                true
            }
            "tgme_widget_message_forwarded_from" => {
                let name = select_first(node, "tgme_widget_message_forwarded_from_name");
                let shown = name.as_ref().map_or_else(|| text_of(node), text_of);
                let url = name.and_then(|name| name.attr("href")).and_then(|href| link::absolute(&href));
                self.forwarded = Some(Source { name: shown, url });
                true
            }
            "tgme_widget_message_via_bot" => {
                self.via = Some(text_of(node).trim_start_matches('@').to_owned());
                true
            }
            "tgme_widget_message_link_preview" => {
                self.preview = preview(node).or(self.preview.take());
                true
            }
            "tgme_widget_message_inline_button" => {
                self.buttons.extend(node.attr("href").and_then(|href| link::target(&href, node.has_attr("onclick"))));
                true
            }
            "tgme_widget_message_views" => {
                self.views = number::counted(&text_of(node));
                true
            }
            "tgme_widget_message_voters" => {
                self.voters = number::counted(&text_of(node));
                true
            }
            "tgme_widget_message_meta" => {
                self.edited = node.children_it(false).any(|child| child.is_text() && child.text().contains("edited"));
                false
            }
            "tgme_widget_message_from_author" => {
                self.author = Some(text_of(node));
                true
            }
            "tgme_widget_message_date" => {
                let time = node.descendants_it().find_map(|below| below.attr("datetime"));
                let url = node.attr("href").map(|href| href.to_string());
                self.date = Some((time.and_then(|time| number::moment(&time)), url));
                true
            }
            "media_supported_cont" => {
                self.shown_instead = true;
                false
            }
            "message_media_not_supported" => {
                self.not_shown = true;
                true
            }
            _ => false,
        }
    }
}

fn preview(node: &NodeRef<'_>) -> Option<Preview> {
    let image = ["link_preview_image", "link_preview_right_image", "link_preview_video_thumb"];
    Some(Preview {
        url: link::target(&node.attr("href")?, node.has_attr("onclick"))?,
        site: text_at(node, "link_preview_site_name"),
        title: text_at(node, "link_preview_title"),
        description: text_at(node, "link_preview_description"),
        image: image.iter().find_map(|class| background(&select_first(node, class)?)),
    })
}
