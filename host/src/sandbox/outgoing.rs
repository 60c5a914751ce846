//! What may be sent to people: the form of texts, keyboards and files, as far as Telegram would refuse them or a person
//! would be misled. Pure; each rule answers with the error that the guest gets. `host/chat` decides to whom.

use super::bindings::guesthouse::plugin::chat::{self as wit, Error};
use super::bindings::guesthouse::plugin::types;
use super::convert;
use super::ids::Ids;
use crate::model::effect::{Button, ButtonAction, Callback, Key, Keyboard, Media, MediaKind};
use crate::model::event::{EntityKind, Text};

/// The longest language of a block of code, or id of an emoji, in bytes.
const LONGEST_NAME: usize = 64;
/// Telegram's limit on a message's text, in UTF-16 units.
pub(super) const MESSAGE: usize = 4_096;
/// Telegram's limit on a caption.
const CAPTION: usize = 1_024;
/// Buttons or keys of one keyboard. Telegram refuses more.
const BUTTONS: usize = 100;
/// Data behind a button.
const CALLBACK_DATA: usize = 4 << 10;
/// Text of a button that copies; Telegram's limit.
const COPIED: usize = 256;
/// Text of a button that shares; it travels in an address.
const SHARED: usize = 1_024;
/// Longest address.
const URL: usize = 2_048;
/// Longest label. Telegram cuts what does not fit the screen.
const LABEL: usize = 256;
/// Largest photo and largest other file that a bot may upload, in bytes.
const PHOTO_BYTES: usize = 10 << 20;
const DOCUMENT_BYTES: usize = 50 << 20;

/// Length in UTF-16 units.
pub(super) fn utf16(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// A text that must say something: that of a message.
pub(super) fn message_text(text: types::Text) -> Result<Text, Error> {
    if text.content.trim().is_empty() {
        return Err(Error::BadText("the text is empty".into()));
    }
    checked_text(text)
}

/// The text of a message that cannot be split.
pub(super) fn single_text(text: types::Text) -> Result<Text, Error> {
    let text = message_text(text)?;
    match utf16(&text.content) {
        length if length > MESSAGE => {
            Err(Error::BadText(format!("the text has {length} UTF-16 units; an edited message holds {MESSAGE}")))
        }
        _ => Ok(text),
    }
}

/// What stands under a file; it may be empty.
pub(super) fn caption(text: types::Text) -> Result<Text, Error> {
    let length = utf16(&text.content);
    if length > CAPTION {
        return Err(Error::BadText(format!("the caption has {length} UTF-16 units; at most {CAPTION} are allowed")));
    }
    checked_text(text)
}

fn checked_text(text: types::Text) -> Result<Text, Error> {
    no_nul(&text.content).map_err(Error::BadText)?;
    let text = convert::text_in(text);
    if text.entities.is_empty() {
        return Ok(text);
    }
    let boundaries = boundaries(&text.content);
    for entity in &text.entities {
        let (start, end) = (entity.offset as usize, (entity.offset as usize).saturating_add(entity.length as usize));
        let within = |place: usize| boundaries.get(place).copied().unwrap_or(false);
        if entity.length == 0 || !within(start) || !within(end) {
            return Err(Error::BadText(format!(
                "an entity at {start}..{end} does not fit a text of {} UTF-16 units, or cuts a character in two",
                boundaries.len() - 1
            )));
        }
        match &entity.kind {
            EntityKind::TextLink(url) => address(url).map_err(Error::BadText)?,
            EntityKind::Pre(Some(name)) | EntityKind::CustomEmoji(name) | EntityKind::Other(name)
                if name.len() > LONGEST_NAME =>
            {
                return Err(Error::BadText(format!(
                    "the language or id of an entity has {} bytes; at most {LONGEST_NAME} are taken",
                    name.len()
                )));
            }
            _ => {}
        }
    }
    Ok(text)
}

/// For each UTF-16 offset up to the end: whether a character begins there.
fn boundaries(text: &str) -> Vec<bool> {
    let mut places = Vec::with_capacity(text.len() + 1);
    for character in text.chars() {
        places.push(true);
        if character.len_utf16() == 2 {
            places.push(false);
        }
    }
    places.push(true);
    places
}

/// A keyboard, with its callbacks replaced by tokens for `chat`.
pub(super) fn keyboard(keyboard: wit::Keyboard, chat: i64, ids: &mut Ids) -> Result<(Keyboard, Vec<Callback>), Error> {
    let mut callbacks = Vec::new();
    let keyboard = match keyboard {
        wit::Keyboard::Inline(rows) => {
            count(rows.iter().map(Vec::len).sum())?;
            let row = |row: Vec<wit::Button>| row.into_iter().map(|it| button(it, chat, ids, &mut callbacks)).collect();
            Keyboard::Inline(rows.into_iter().map(row).collect::<Result<_, _>>()?)
        }
        wit::Keyboard::Reply(wit::ReplyKeyboard { rows, one_time, placeholder }) => {
            count(rows.iter().map(Vec::len).sum())?;
            if let Some(placeholder) = &placeholder {
                length("the placeholder", placeholder, 64).map_err(Error::BadKeyboard)?;
            }
            let rows = rows.into_iter().map(|row| row.into_iter().map(key).collect()).collect::<Result<_, _>>()?;
            Keyboard::Reply { rows, one_time, placeholder }
        }
        wit::Keyboard::Remove => Keyboard::Remove,
        wit::Keyboard::ForceReply => Keyboard::ForceReply,
    };
    Ok((keyboard, callbacks))
}

/// The keyboard of a message that stands already: only an inline one can be changed.
pub(super) fn inline_keyboard(
    given: Option<wit::Keyboard>,
    chat: i64,
    ids: &mut Ids,
) -> Result<(Option<Keyboard>, Vec<Callback>), Error> {
    match given {
        None => Ok((None, Vec::new())),
        Some(inline @ wit::Keyboard::Inline(_)) => {
            keyboard(inline, chat, ids).map(|(keyboard, callbacks)| (Some(keyboard), callbacks))
        }
        Some(_) => Err(Error::BadKeyboard("an edited message takes an inline keyboard only".into())),
    }
}

fn count(buttons: usize) -> Result<(), Error> {
    if buttons > BUTTONS {
        return Err(Error::BadKeyboard(format!("{buttons} buttons; at most {BUTTONS} are allowed")));
    }
    Ok(())
}

fn button(it: wit::Button, chat: i64, ids: &mut Ids, callbacks: &mut Vec<Callback>) -> Result<Button, Error> {
    let checked = || -> Result<(), String> {
        length("a label", &it.label, LABEL)?;
        match &it.action {
            wit::ButtonAction::Callback(data) if data.len() > CALLBACK_DATA => {
                Err(format!("{} bytes behind a button; at most {CALLBACK_DATA} are allowed", data.len()))
            }
            wit::ButtonAction::Callback(data) => no_nul(data),
            wit::ButtonAction::Url(url) => address(url),
            wit::ButtonAction::Share(text) => length("a text to share", text, SHARED),
            wit::ButtonAction::Copy(text) => length("a text to copy", text, COPIED),
        }
    };
    checked().map_err(|reason| Error::BadKeyboard(format!("button `{}`: {reason}", shortened(&it.label))))?;
    let action = match it.action {
        wit::ButtonAction::Callback(data) => {
            let token = ids.token();
            callbacks.push(Callback { token: token.clone(), chat, only_for: it.only_for, data });
            ButtonAction::Callback(token)
        }
        wit::ButtonAction::Url(url) => ButtonAction::Url(url),
        wit::ButtonAction::Share(text) => ButtonAction::Share(text),
        wit::ButtonAction::Copy(text) => ButtonAction::Copy(text),
    };
    Ok(Button { label: it.label, action })
}

fn key(it: wit::Key) -> Result<Key, Error> {
    length("a label", &it.label, LABEL).map_err(Error::BadKeyboard)?;
    if it.request_contact && it.request_location {
        return Err(Error::BadKeyboard(format!("key `{}` asks for contact and location", shortened(&it.label))));
    }
    Ok(Key { label: it.label, request_contact: it.request_contact, request_location: it.request_location })
}

/// A file to send as this kind.
pub(super) fn media(kind: wit::MediaKind, media: wit::Media) -> Result<(MediaKind, Media), Error> {
    let (kind, most) = match kind {
        wit::MediaKind::Photo => (MediaKind::Photo, PHOTO_BYTES),
        wit::MediaKind::Document => (MediaKind::Document, DOCUMENT_BYTES),
    };
    let media = match media {
        wit::Media::FileId(id) => {
            let plain = (1..=256).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
            // Telegram would take an address for a file that it should fetch, which is another capability.
            if !plain || id.contains("://") {
                return Err(Error::BadMedia(format!("`{}` is not a file id", shortened(&id))));
            }
            Media::FileId(id)
        }
        wit::Media::Upload(wit::Upload { name, bytes }) => {
            if bytes.is_empty() || bytes.len() > most {
                let size = bytes.len();
                return Err(Error::BadMedia(format!("a file of {size} bytes; 1 to {most} are allowed")));
            }
            length("a file name", &name, 255).map_err(Error::BadMedia)?;
            if name.contains(['/', '\\', '\r', '\n', '"']) {
                return Err(Error::BadMedia(format!("`{}` is not a file name", shortened(&name))));
            }
            Media::Upload { name, bytes: bytes.into() }
        }
    };
    Ok((kind, media))
}

/// The text with which a button's waiting circle ends.
pub(super) fn answer(text: Option<&str>) -> Result<(), Error> {
    match text {
        Some(text) if utf16(text) > 200 => Err(Error::BadText("an answer has at most 200 characters".into())),
        Some(text) => no_nul(text).map_err(Error::BadText),
        None => Ok(()),
    }
}

/// What an effect keeps in memory besides its fixed part.
pub(super) fn size_of_text(text: &Text) -> usize {
    text.content.len() + text.entities.len() * 64
}

/// The same for a file.
pub(super) fn size_of_media(media: &Media) -> usize {
    match media {
        Media::FileId(id) => id.len(),
        Media::Upload { name, bytes } => name.len() + bytes.len(),
    }
}

/// The same for a keyboard: the texts of a button are bounded, so each counts alike.
pub(super) fn size_of_keyboard(keyboard: Option<&Keyboard>) -> usize {
    match keyboard {
        Some(Keyboard::Inline(rows)) => rows.iter().map(|row| row.len() * 512 + 64).sum(),
        Some(Keyboard::Reply { rows, .. }) => rows.iter().map(|row| row.len() * 256 + 64).sum(),
        Some(Keyboard::Remove | Keyboard::ForceReply) | None => 0,
    }
}

fn length(what: &str, text: &str, most: usize) -> Result<(), String> {
    no_nul(text)?;
    if text.trim().is_empty() {
        return Err(format!("{what} is empty"));
    }
    match utf16(text) {
        length if length > most => Err(format!("{what} has {length} UTF-16 units; at most {most} are allowed")),
        _ => Ok(()),
    }
}

/// An address that may be opened: no `javascript:` and the like.
fn address(url: &str) -> Result<(), String> {
    let scheme = url.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let opens =
        scheme.is_some_and(|(scheme, rest)| ["http", "https", "tg"].contains(&scheme.as_str()) && !rest.is_empty());
    if !opens || url.len() > URL || url.chars().any(|it| it.is_whitespace() || it.is_control()) {
        return Err(format!("`{}` is not an address of http, https or tg", shortened(url)));
    }
    Ok(())
}

fn no_nul(text: &str) -> Result<(), String> {
    if text.contains('\0') { Err("a text has a NUL character".into()) } else { Ok(()) }
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(64)]
}

#[cfg(test)]
mod tests;
