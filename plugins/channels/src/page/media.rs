//! What a post carries besides text: which element means which kind.

use dom_query::NodeRef;
use serde::{Deserialize, Serialize};

use super::element::{background, has, select_first, text_at};
use super::{link, number};

/// A kind of media, by the word that rules know it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A picture.
    Photo,
    /// A video.
    Video,
    /// A short video without sound.
    Gif,
    /// A round video message.
    Round,
    /// A voice message.
    Voice,
    /// Music.
    Audio,
    /// A file.
    Document,
    /// A sticker.
    Sticker,
    /// A poll or a quiz.
    Poll,
    /// A place on the map.
    Location,
    /// A telephone contact.
    Contact,
    /// A game.
    Game,
    /// Something for sale.
    Invoice,
    /// A story.
    Story,
    /// Something that only Telegram shows.
    Unsupported,
}

impl MediaKind {
    /// All of them, with their words.
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Photo, "photo"),
        (Self::Video, "video"),
        (Self::Gif, "gif"),
        (Self::Round, "round"),
        (Self::Voice, "voice"),
        (Self::Audio, "audio"),
        (Self::Document, "document"),
        (Self::Sticker, "sticker"),
        (Self::Poll, "poll"),
        (Self::Location, "location"),
        (Self::Contact, "contact"),
        (Self::Game, "game"),
        (Self::Invoice, "invoice"),
        (Self::Story, "story"),
        (Self::Unsupported, "unsupported"),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }

    /// The one with this word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
    }
}

/// One piece of media.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where the file or its picture is, for as long as Telegram keeps that address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// The name of a file, a performer's title, a contact's name, a poll's question.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// What stands below it: the size of a file, a performer, a telephone number, the coordinates of a place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// How long it lasts, in seconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seconds: Option<i64>,
    /// The poll.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub poll: Option<Poll>,
}

/// A poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    /// Whether one answer is right.
    pub quiz: bool,
    /// The answers and how many percent chose each.
    pub options: Vec<(String, i64)>,
    /// How many have voted.
    pub voters: Option<i64>,
}

/// The media that an element is, if it is any. What is inside of it belongs to it.
pub(super) fn read(node: &NodeRef<'_>) -> Option<Media> {
    let class = node.class()?;
    // The first class that is known: some elements carry several.
    class.split_whitespace().find_map(|class| {
        Some(match class {
            "tgme_widget_message_photo_wrap" => Media { url: background(node), ..Media::of(MediaKind::Photo) },
            "tgme_widget_message_video_player" => video(node),
            "tgme_widget_message_roundvideo_player" => Media {
                url: source(node, "video"),
                seconds: seconds(node, "tgme_widget_message_roundvideo_duration"),
                ..Media::of(MediaKind::Round)
            },
            "tgme_widget_message_voice_player" => Media {
                url: source(node, "audio"),
                seconds: seconds(node, "tgme_widget_message_voice_duration"),
                ..Media::of(MediaKind::Voice)
            },
            "tgme_widget_message_document_wrap" => document(node),
            "tgme_widget_message_sticker_wrap" => Media { url: sticker(node), ..Media::of(MediaKind::Sticker) },
            "tgme_widget_message_poll" => poll(node),
            "tgme_widget_message_location_wrap" => location(node),
            "tgme_widget_message_contact_wrap" | "tgme_widget_message_contact" => Media {
                title: text_at(node, "tgme_widget_message_contact_name"),
                detail: text_at(node, "tgme_widget_message_contact_phone"),
                ..Media::of(MediaKind::Contact)
            },
            "tgme_widget_message_game" => titled(node, MediaKind::Game, "tgme_widget_message_game_title"),
            "tgme_widget_message_invoice" => titled(node, MediaKind::Invoice, "tgme_widget_message_invoice_title"),
            "tgme_widget_message_story" => titled(node, MediaKind::Story, "tgme_widget_message_story_title"),
            _ => return None,
        })
    })
}

impl Media {
    /// One of this kind of which nothing else is known.
    pub fn of(kind: MediaKind) -> Self {
        Self { kind, url: None, title: None, detail: None, seconds: None, poll: None }
    }
}

fn titled(node: &NodeRef<'_>, kind: MediaKind, class: &str) -> Media {
    Media { title: text_at(node, class), ..Media::of(kind) }
}

fn seconds(node: &NodeRef<'_>, class: &str) -> Option<i64> {
    text_at(node, class).and_then(|text| number::duration(&text))
}

fn source(node: &NodeRef<'_>, element: &str) -> Option<String> {
    let element = node.descendants_it().find(|below| below.has_name(element))?;
    link::absolute(&element.attr("src")?)
}

/// A video; one that plays by itself, again and again and without a clock, is a GIF. One that is too big for browsers has
/// no `<video>`, and may have no picture either.
fn video(node: &NodeRef<'_>) -> Media {
    let player = node.descendants_it().find(|below| below.has_name("video"));
    let seconds = seconds(node, "message_video_duration");
    let loops = player.as_ref().is_some_and(|video| video.has_attr("loop") && video.has_attr("muted"));
    let thumb = || select_first(node, "tgme_widget_message_video_thumb").and_then(|thumb| background(&thumb));
    Media {
        url: source(node, "video").or_else(thumb),
        seconds,
        ..Media::of(if loops && seconds.is_none() { MediaKind::Gif } else { MediaKind::Video })
    }
}

/// A file, or music, which the icon tells.
fn document(node: &NodeRef<'_>) -> Media {
    let is_audio = select_first(node, "tgme_widget_message_document_icon").is_some_and(|icon| has(&icon, "audio"));
    Media {
        title: text_at(node, "tgme_widget_message_document_title"),
        detail: text_at(node, "tgme_widget_message_document_extra"),
        ..Media::of(if is_audio { MediaKind::Audio } else { MediaKind::Document })
    }
}

/// The picture of a sticker: an `<i>` with a background, a `<source>` of a picture or a `<video>`.
fn sticker(node: &NodeRef<'_>) -> Option<String> {
    let in_picture = || {
        let source = node.descendants_it().find(|below| below.has_name("source") && below.has_attr("srcset"))?;
        link::absolute(&source.attr("srcset")?)
    };
    let in_style = || {
        node.descendants_it().find_map(|below| {
            below.attr("data-webp").and_then(|url| link::absolute(&url)).or_else(|| background(&below))
        })
    };
    in_picture().or_else(in_style).or_else(|| source(node, "video"))
}

fn poll(node: &NodeRef<'_>) -> Media {
    let options = node.descendants_it().filter(|below| has(below, "tgme_widget_message_poll_option")).map(|option| {
        let percent = text_at(&option, "tgme_widget_message_poll_option_percent").unwrap_or_default();
        let percent = percent.trim_end_matches('%').parse().unwrap_or(0);
        (text_at(&option, "tgme_widget_message_poll_option_text").unwrap_or_default(), percent)
    });
    let kind = text_at(node, "tgme_widget_message_poll_type").unwrap_or_default();
    let poll = Poll { quiz: kind.contains("Quiz"), options: options.collect(), voters: None };
    Media { poll: Some(poll), ..titled(node, MediaKind::Poll, "tgme_widget_message_poll_question") }
}

fn location(node: &NodeRef<'_>) -> Media {
    let place = node.attr("href").and_then(|href| {
        let url = url::Url::parse(&href).ok()?;
        url.query_pairs().find(|(key, _)| key == "q").map(|(_, place)| place.into_owned())
    });
    let title = text_at(node, "tgme_widget_message_venue_title");
    Media { title, detail: place, ..Media::of(MediaKind::Location) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word() {
        for (kind, word) in MediaKind::ALL {
            assert_eq!((kind.word(), MediaKind::named(word)), (word, Some(kind)));
            assert_eq!(serde_json::to_string(&kind).unwrap_or_default(), format!("\"{word}\""));
        }
    }
}
