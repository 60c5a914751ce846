//! Entities, keyboards and files as teloxide's types write them.

use bytes::Bytes;
use reqwest::Url;
use serde_json::Value;
use sha2::{Digest, Sha256};
use teloxide_core::types::{
    ButtonRequest, CopyTextButton, CustomEmojiId, FileId, ForceReply, InlineKeyboardButton, InlineKeyboardButtonKind,
    InlineKeyboardMarkup, InputFile, InputMedia, InputMediaDocument, InputMediaPhoto, KeyboardButton, KeyboardMarkup,
    KeyboardRemove, MessageEntity, MessageEntityKind, ReplyMarkup, ThreadId, User, UserId,
};

use super::{Origin, message_id};
use crate::model::effect::{Button, ButtonAction, Key, Keyboard, Media, MediaKind};
use crate::model::event::{Entity, EntityKind, Text};
use crate::model::hex;

/// What stands in a body in the place of a file that has to be uploaded: `blob:<digest>/<kind>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobName {
    /// The hexadecimal SHA-256 of the bytes.
    pub digest: String,
    /// `photo` or `document`: the same bytes have another id as each.
    pub kind: String,
    /// The file's name.
    pub name: String,
}

impl BlobName {
    /// What every name begins with. No id that Telegram gives out has a colon.
    pub const PREFIX: &str = "blob:";

    /// The name in a value of a body, if it is one.
    pub fn read(value: &str) -> Option<Self> {
        let mut pieces = value.strip_prefix(Self::PREFIX)?.splitn(3, '/').map(str::to_owned);
        Some(Self { digest: pieces.next()?, kind: pieces.next()?, name: pieces.next()? })
    }

    /// Takes the meaning of a name from whatever a plugin wrote.
    pub(super) fn strip(value: &mut Value) {
        match value {
            Value::String(text) => {
                while let Some(rest) = text.strip_prefix(Self::PREFIX) {
                    *text = rest.to_owned();
                }
            }
            Value::Array(list) => list.iter_mut().for_each(Self::strip),
            Value::Object(fields) => fields.values_mut().for_each(Self::strip),
            _ => {}
        }
    }
}

impl std::fmt::Display for BlobName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}/{}/{}", Self::PREFIX, self.digest, self.kind, self.name)
    }
}

/// The files of one effect.
#[derive(Default)]
pub(super) struct Files {
    pub(super) blobs: Vec<(String, Bytes)>,
}

impl Files {
    /// A file as a body names it.
    pub(super) fn input(&mut self, media: Media, kind: MediaKind) -> InputFile {
        let name = match media {
            // An address or a blob's name in the place of an id would make Telegram or this host fetch something.
            Media::FileId(id) => id.replace([':', '/'], ""),
            Media::Upload { name, bytes } => {
                let digest = hex(&Sha256::digest(&bytes));
                let kind = match kind {
                    MediaKind::Photo => "photo",
                    MediaKind::Document => "document",
                };
                let blob = BlobName { digest: digest.clone(), kind: kind.into(), name };
                self.blobs.push((digest, bytes));
                blob.to_string()
            }
        };
        InputFile::file_id(FileId(name))
    }
}

/// A file with its caption, as part of an album or of an edit.
pub(super) fn input_media(kind: MediaKind, file: InputFile, caption: Text) -> InputMedia {
    let words = (!caption.content.is_empty()).then_some(caption.content);
    let marks = entities(caption.entities);
    match kind {
        MediaKind::Photo => {
            InputMedia::Photo(InputMediaPhoto { caption: words, caption_entities: marks, ..InputMediaPhoto::new(file) })
        }
        MediaKind::Document => InputMedia::Document(InputMediaDocument {
            caption: words,
            caption_entities: marks,
            ..InputMediaDocument::new(file)
        }),
    }
}

/// The forum topic to which a message goes: that of the event, in the event's chat.
pub(super) fn thread(chat: i64, origin: Origin) -> Option<ThreadId> {
    origin.topic.filter(|_| chat == origin.chat).map(|topic| ThreadId(message_id(topic)))
}

/// Entities as the Bot API takes them; `None` if there are none.
pub(super) fn entities(entities: Vec<Entity>) -> Option<Vec<MessageEntity>> {
    if entities.is_empty() {
        return None;
    }
    let entity = |entity: Entity| {
        Some(MessageEntity::new(entity_kind(entity.kind)?, entity.offset as usize, entity.length as usize))
    };
    Some(entities.into_iter().filter_map(entity).collect())
}

/// `None` for what Telegram would refuse; the text stays.
fn entity_kind(kind: EntityKind) -> Option<MessageEntityKind> {
    Some(match kind {
        EntityKind::Mention => MessageEntityKind::Mention,
        EntityKind::Hashtag => MessageEntityKind::Hashtag,
        EntityKind::Cashtag => MessageEntityKind::Cashtag,
        EntityKind::BotCommand => MessageEntityKind::BotCommand,
        EntityKind::Url => MessageEntityKind::Url,
        EntityKind::Email => MessageEntityKind::Email,
        EntityKind::PhoneNumber => MessageEntityKind::PhoneNumber,
        EntityKind::Bold => MessageEntityKind::Bold,
        EntityKind::Italic => MessageEntityKind::Italic,
        EntityKind::Underline => MessageEntityKind::Underline,
        EntityKind::Strikethrough => MessageEntityKind::Strikethrough,
        EntityKind::Spoiler => MessageEntityKind::Spoiler,
        EntityKind::Blockquote => MessageEntityKind::Blockquote,
        EntityKind::ExpandableBlockquote => MessageEntityKind::ExpandableBlockquote,
        EntityKind::Code => MessageEntityKind::Code,
        EntityKind::Pre(language) => MessageEntityKind::Pre { language },
        EntityKind::TextLink(url) => MessageEntityKind::TextLink { url: address(&url)? },
        // Telegram looks at the id alone.
        EntityKind::TextMention(id) => MessageEntityKind::TextMention {
            user: User {
                id: UserId(u64::try_from(id).ok()?),
                is_bot: false,
                first_name: String::new(),
                last_name: None,
                username: None,
                language_code: None,
                is_premium: false,
                added_to_attachment_menu: false,
            },
        },
        EntityKind::CustomEmoji(id) => MessageEntityKind::CustomEmoji { custom_emoji_id: CustomEmojiId(id) },
        EntityKind::Other(_) => return None,
    })
}

/// An address; one without a scheme is taken for a web page, as Telegram itself does.
fn address(text: &str) -> Option<Url> {
    Url::parse(text).or_else(|_| Url::parse(&format!("http://{text}"))).ok()
}

/// What hangs under a message.
pub(super) fn markup(keyboard: Keyboard) -> ReplyMarkup {
    match keyboard {
        Keyboard::Inline(rows) => ReplyMarkup::InlineKeyboard(inline_rows(rows)),
        Keyboard::Reply { rows, one_time, placeholder } => {
            let rows = rows.into_iter().map(|row| row.into_iter().map(key));
            let mut markup = KeyboardMarkup::new(rows);
            markup.resize_keyboard = true;
            markup.one_time_keyboard = one_time;
            markup.input_field_placeholder = placeholder.unwrap_or_default();
            ReplyMarkup::Keyboard(markup)
        }
        Keyboard::Remove => ReplyMarkup::KeyboardRemove(KeyboardRemove::new()),
        Keyboard::ForceReply => ReplyMarkup::ForceReply(ForceReply::new()),
    }
}

/// The keyboard of an edit: only buttons under the message can be changed.
pub(super) fn inline(keyboard: Keyboard) -> Option<InlineKeyboardMarkup> {
    match keyboard {
        Keyboard::Inline(rows) => Some(inline_rows(rows)),
        Keyboard::Reply { .. } | Keyboard::Remove | Keyboard::ForceReply => None,
    }
}

fn inline_rows(rows: Vec<Vec<Button>>) -> InlineKeyboardMarkup {
    InlineKeyboardMarkup::new(rows.into_iter().map(|row| row.into_iter().map(button)))
}

fn button(button: Button) -> InlineKeyboardButton {
    let copy = |text| InlineKeyboardButtonKind::CopyText(CopyTextButton { text });
    let kind = match button.action {
        ButtonAction::Callback(token) => InlineKeyboardButtonKind::CallbackData(token),
        // The sandbox has looked at the address; should it let one through that is none, the person can still have it.
        ButtonAction::Url(url) => address(&url).map_or_else(|| copy(url), InlineKeyboardButtonKind::Url),
        ButtonAction::Share(text) => share(&text).map_or_else(|| copy(text), InlineKeyboardButtonKind::Url),
        ButtonAction::Copy(text) => copy(text),
    };
    InlineKeyboardButton::new(button.label, kind)
}

/// The address that asks for a chat and puts a text there, without the bot having inline mode. An address at the
/// beginning of the text goes first, so that clients show its preview.
fn share(text: &str) -> Option<Url> {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let is_address = first.starts_with("https://") || first.starts_with("http://");
    let (url, rest) = if is_address { (first, rest.trim()) } else { (text, "") };
    let mut share = Url::parse("https://t.me/share/url").ok()?;
    let mut query = share.query_pairs_mut();
    query.append_pair("url", url);
    if !rest.is_empty() {
        query.append_pair("text", rest);
    }
    drop(query);
    // A form writes a blank as `+`, which Telegram for iOS shows as it stands; a real `+` is `%2B` by now.
    Url::parse(&share.as_str().replace('+', "%20")).ok()
}

fn key(key: Key) -> KeyboardButton {
    let button = KeyboardButton::new(key.label);
    match (key.request_contact, key.request_location) {
        (true, _) => button.request(ButtonRequest::Contact),
        (_, true) => button.request(ButtonRequest::Location),
        _ => button,
    }
}
