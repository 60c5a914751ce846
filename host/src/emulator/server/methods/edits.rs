//! The methods that change, delete and answer.

use super::super::params::Params;
use super::super::reply::Reply;
use super::read;
use crate::emulator::Emulator;
use crate::emulator::world::{ApiError, CallbackAnswer, Edit};

type Answer = Result<Reply, ApiError>;

pub(super) fn text(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    edit(emulator, bot, params, Edit::Text(read::text(params)?, read::preview(params)?))
}

pub(super) fn caption(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let caption = read::formatted(params, "caption", "caption_entities")?;
    edit(emulator, bot, params, Edit::Caption(caption, params.flag("show_caption_above_media")))
}

pub(super) fn media(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let media = params.json("media")?.ok_or_else(|| ApiError::bad("input media is not specified"))?;
    let media = read::input_media(params, &media)?;
    edit(emulator, bot, params, Edit::Media(Box::new(media)))
}

pub(super) fn markup(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    edit(emulator, bot, params, Edit::Markup)
}

fn edit(emulator: &Emulator, bot: i64, params: &Params, edit: Edit) -> Answer {
    let (target, markup) = (read::target(params)?, read::markup(params)?);
    emulator.world(|world| world.edit(bot, &target, edit, markup)).map(Reply::Result)
}

pub(super) fn delete(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let target = read::target(params)?;
    emulator.world(|world| world.delete(bot, &target))?;
    Ok(Reply::yes())
}

pub(super) fn delete_many(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let chat = params.chat_id()?;
    let list = params.list("message_ids")?.unwrap_or_default();
    let ids = list.iter().map(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok())).collect::<Option<Vec<_>>>();
    let ids = ids.ok_or_else(|| ApiError::bad("message identifiers must be numbers"))?;
    emulator.world(|world| world.delete_many(bot, &chat, &ids))?;
    Ok(Reply::yes())
}

pub(super) fn answer_callback(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let id = params.text("callback_query_id").unwrap_or_default();
    let answer = CallbackAnswer {
        text: params.text("text").unwrap_or_default().into_owned(),
        alert: params.flag("show_alert"),
        url: params.text("url").unwrap_or_default().into_owned(),
    };
    emulator.world(|world| world.answer_callback(bot, &id, answer))?;
    Ok(Reply::yes())
}
