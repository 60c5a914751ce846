//! Users, chats, entities and files, each read leniently: what makes it one is required, the rest may be missing or
//! broken.

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;

use crate::model::event::{Chat, ChatKind, Content, Entity, EntityKind, File, User};

/// A value of the type asked for, if it is one.
pub(super) fn read<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Option<T> {
    serde_json::from_str(value.get()).ok()
}

/// A text. JSON can write halves of surrogate pairs, which no text has; they become U+FFFD instead of losing the rest.
pub(super) fn text(value: &RawValue) -> Option<String> {
    struct Lossy(String);
    impl<'de> Deserialize<'de> for Lossy {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Bytes;
            impl Visitor<'_> for Bytes {
                type Value = Lossy;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a string")
                }

                fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Lossy, E> {
                    Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
                }
            }
            deserializer.deserialize_bytes(Bytes)
        }
    }
    read::<String>(value).or_else(|| read::<Lossy>(value).map(|lossy| lossy.0))
}

/// For fields that may be missing or broken.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(read)
}

/// A user, if it has an id.
pub(super) fn user(value: &RawValue) -> Option<User> {
    #[derive(serde::Deserialize)]
    struct Raw {
        id: i64,
        #[serde(default, deserialize_with = "lenient")]
        is_bot: Option<bool>,
        #[serde(default, deserialize_with = "lenient")]
        first_name: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        last_name: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        username: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        language_code: Option<String>,
    }
    let raw: Raw = read(value)?;
    Some(User {
        id: raw.id,
        is_bot: raw.is_bot.unwrap_or(false),
        first_name: raw.first_name.unwrap_or_default(),
        last_name: raw.last_name,
        username: raw.username,
        language_code: raw.language_code,
    })
}

/// A chat, if it has an id and is of a known sort.
pub(super) fn chat(value: &RawValue) -> Option<Chat> {
    #[derive(serde::Deserialize)]
    struct Raw<'a> {
        id: i64,
        #[serde(rename = "type", borrow)]
        kind: &'a str,
        #[serde(default, deserialize_with = "lenient")]
        title: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        first_name: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        last_name: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        username: Option<String>,
    }
    let raw: Raw = read(value)?;
    let kind = match raw.kind {
        "private" => ChatKind::Private,
        "group" => ChatKind::Group,
        "supergroup" => ChatKind::Supergroup,
        "channel" => ChatKind::Channel,
        _ => return None,
    };
    let full_name = match (raw.first_name, raw.last_name) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (first, last) => first.or(last),
    };
    let title = if kind == ChatKind::Private { full_name.or(raw.title) } else { raw.title };
    Some(Chat { id: raw.id, kind, title: title.unwrap_or_default(), username: raw.username })
}

/// The entities that fit the text, in order of their offsets.
pub(super) fn entities(value: &RawValue, text: &str) -> Vec<Entity> {
    let list: Vec<&RawValue> = read(value).unwrap_or_default();
    if list.is_empty() {
        return Vec::new();
    }
    let end = text.encode_utf16().count() as u64;
    let fits = |entity: &Entity| u64::from(entity.offset) + u64::from(entity.length) <= end;
    let mut entities: Vec<_> = list.into_iter().filter_map(entity).filter(fits).collect();
    entities.sort_by_key(|entity| entity.offset);
    entities
}

fn entity(value: &RawValue) -> Option<Entity> {
    #[derive(serde::Deserialize)]
    struct Id {
        id: i64,
    }
    #[derive(serde::Deserialize)]
    struct Raw<'a> {
        #[serde(rename = "type", borrow)]
        kind: &'a str,
        offset: u32,
        length: u32,
        #[serde(default, deserialize_with = "lenient")]
        url: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        user: Option<Id>,
        #[serde(default, deserialize_with = "lenient")]
        language: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        custom_emoji_id: Option<String>,
    }
    let raw: Raw = read(value)?;
    let kind = match raw.kind {
        "mention" => EntityKind::Mention,
        "hashtag" => EntityKind::Hashtag,
        "cashtag" => EntityKind::Cashtag,
        "bot_command" => EntityKind::BotCommand,
        "url" => EntityKind::Url,
        "email" => EntityKind::Email,
        "phone_number" => EntityKind::PhoneNumber,
        "bold" => EntityKind::Bold,
        "italic" => EntityKind::Italic,
        "underline" => EntityKind::Underline,
        "strikethrough" => EntityKind::Strikethrough,
        "spoiler" => EntityKind::Spoiler,
        "blockquote" => EntityKind::Blockquote,
        "expandable_blockquote" => EntityKind::ExpandableBlockquote,
        "code" => EntityKind::Code,
        "pre" => EntityKind::Pre(raw.language),
        "text_link" => EntityKind::TextLink(raw.url?),
        "text_mention" => EntityKind::TextMention(raw.user?.id),
        "custom_emoji" => EntityKind::CustomEmoji(raw.custom_emoji_id?),
        other => EntityKind::Other(other.to_owned()),
    };
    Some(Entity { kind, offset: raw.offset, length: raw.length })
}

/// What a message carries, of the kinds that have a type.
pub(super) fn content(name: &str, value: &RawValue) -> Option<Content> {
    match name {
        "photo" => photo(value),
        "document" => document(value),
        "contact" => contact(value),
        "location" => location(value),
        _ => None,
    }
}

fn photo(value: &RawValue) -> Option<Content> {
    #[derive(serde::Deserialize)]
    struct Size {
        width: u32,
        height: u32,
    }
    let sizes: Vec<&RawValue> = read(value)?;
    let sizes = sizes.into_iter().filter_map(|value| Some((read::<Size>(value)?, value)));
    let (Size { width, height }, largest) =
        sizes.max_by_key(|(size, _)| u64::from(size.width) * u64::from(size.height))?;
    Some(Content::Photo { file: read::<RawFile>(largest)?.into(), width, height })
}

fn document(value: &RawValue) -> Option<Content> {
    #[derive(serde::Deserialize)]
    struct Raw {
        #[serde(default, deserialize_with = "lenient")]
        file_name: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        mime_type: Option<String>,
    }
    let (file, raw): (RawFile, Raw) = (read(value)?, read(value)?);
    Some(Content::Document { file: file.into(), name: raw.file_name, mime_type: raw.mime_type })
}

fn contact(value: &RawValue) -> Option<Content> {
    #[derive(serde::Deserialize)]
    struct Raw {
        phone_number: String,
        #[serde(default, deserialize_with = "lenient")]
        first_name: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        last_name: Option<String>,
        #[serde(default, deserialize_with = "lenient")]
        user_id: Option<i64>,
    }
    let raw: Raw = read(value)?;
    Some(Content::Contact {
        phone_number: raw.phone_number,
        first_name: raw.first_name.unwrap_or_default(),
        last_name: raw.last_name,
        user_id: raw.user_id,
    })
}

fn location(value: &RawValue) -> Option<Content> {
    #[derive(serde::Deserialize)]
    struct Raw {
        latitude: f64,
        longitude: f64,
    }
    let raw: Raw = read(value)?;
    Some(Content::Location { latitude: raw.latitude, longitude: raw.longitude })
}

#[derive(serde::Deserialize)]
struct RawFile {
    file_id: String,
    // Older captures have none.
    #[serde(default)]
    file_unique_id: String,
    #[serde(default)]
    file_size: Option<u64>,
}

impl From<RawFile> for File {
    fn from(raw: RawFile) -> Self {
        Self { id: raw.file_id, unique_id: raw.file_unique_id, size: raw.file_size }
    }
}
