//! The methods that send.

use serde_json::{Map, Value, json};

use super::super::params::Params;
use super::super::reply::Reply;
use super::read;
use crate::emulator::Emulator;
use crate::emulator::world::{ApiError, Draft, FileKind};

type Answer = Result<Reply, ApiError>;

pub(super) fn message(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let draft = Draft::Text(read::text(params)?, read::preview(params)?);
    send(emulator, bot, params, draft)
}

pub(super) fn photo(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    send(emulator, bot, params, Draft::Media(read::media(params, FileKind::Photo)?))
}

pub(super) fn document(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    send(emulator, bot, params, Draft::Media(read::media(params, FileKind::Document)?))
}

pub(super) fn media_group(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let list = params.list("media")?.unwrap_or_default();
    let parts = list.iter().map(|media| read::input_media(params, media)).collect::<Result<Vec<_>, _>>()?;
    let (chat, how) = (params.chat_id()?, read::outgoing(params)?);
    emulator.world(|world| world.send_group(bot, &chat, parts, how)).map(Reply::Result)
}

pub(super) fn location(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let (Some(latitude), Some(longitude)) = (params.float("latitude"), params.float("longitude")) else {
        return Err(ApiError::bad("wrong latitude or longitude specified"));
    };
    if !(-90.0..=90.0).contains(&latitude) || !(-180.0..=180.0).contains(&longitude) {
        return Err(ApiError::bad("wrong latitude or longitude specified"));
    }
    let mut location = json!({ "latitude": latitude, "longitude": longitude });
    if let (Some(accuracy), Some(map)) = (params.float("horizontal_accuracy"), location.as_object_mut()) {
        map.insert("horizontal_accuracy".into(), json!(accuracy));
    }
    send(emulator, bot, params, Draft::Plain("location", location))
}

pub(super) fn contact(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let mut contact = Map::new();
    for name in ["phone_number", "first_name", "last_name", "vcard"] {
        let value = params.text(name).filter(|text| !text.trim().is_empty());
        if let Some(value) = value {
            contact.insert(name.into(), json!(value));
        }
    }
    for (field, words) in [("phone_number", "phone number is empty"), ("first_name", "first name is empty")] {
        if !contact.contains_key(field) {
            return Err(ApiError::bad(words));
        }
    }
    send(emulator, bot, params, Draft::Plain("contact", Value::Object(contact)))
}

pub(super) fn action(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let chat = params.chat_id()?;
    let action = params.text("action").unwrap_or_default();
    emulator.world(|world| world.send_action(bot, &chat, &action))?;
    Ok(Reply::yes())
}

fn send(emulator: &Emulator, bot: i64, params: &Params, draft: Draft) -> Answer {
    let (chat, how) = (params.chat_id()?, read::outgoing(params)?);
    emulator.world(|world| world.send(bot, &chat, draft, how)).map(Reply::Result)
}
