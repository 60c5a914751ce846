//! What a bot asks about chats, members and files.

use super::super::params::Params;
use super::super::reply::Reply;
use crate::emulator::Emulator;
use crate::emulator::world::ApiError;

type Answer = Result<Reply, ApiError>;

pub(super) fn chat(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let chat = params.chat_id()?;
    emulator.world(|world| world.full_chat(bot, &chat)).map(Reply::Result)
}

pub(super) fn member(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let chat = params.chat_id()?;
    let user = params.integer("user_id").ok_or_else(|| ApiError::bad("invalid user_id specified"))?;
    emulator.world(|world| world.chat_member(bot, &chat, user)).map(Reply::Result)
}

pub(super) fn administrators(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let chat = params.chat_id()?;
    emulator.world(|world| world.administrators(bot, &chat)).map(Reply::Result)
}

pub(super) fn member_count(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let chat = params.chat_id()?;
    emulator.world(|world| world.member_count(bot, &chat)).map(|count| Reply::Result(count.into()))
}

pub(super) fn leave(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let chat = params.chat_id()?;
    emulator.world(|world| world.bot_leaves(bot, &chat))?;
    Ok(Reply::yes())
}

pub(super) fn file(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let id = params.text("file_id").unwrap_or_default();
    if id.is_empty() {
        return Err(ApiError::bad("file_id not specified"));
    }
    emulator.world(|world| world.file_info(bot, &id)).map(Reply::Result)
}
