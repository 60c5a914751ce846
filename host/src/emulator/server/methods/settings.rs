//! What a bot asks and says about itself.

use serde_json::json;

use super::super::params::Params;
use super::super::reply::Reply;
use crate::emulator::Emulator;
use crate::emulator::world::{ApiError, Bot, BotCommand, Scope, World};

type Answer = Result<Reply, ApiError>;

pub(super) fn me(emulator: &Emulator, bot: i64, _: &Params) -> Answer {
    of(emulator, bot, |bot| Reply::Result(bot.me_json()))
}

pub(super) fn name(emulator: &Emulator, bot: i64, _: &Params) -> Answer {
    of(emulator, bot, |bot| Reply::Result(json!({ "name": bot.name })))
}

pub(super) fn description(_: &Emulator, _: i64, _: &Params) -> Answer {
    Ok(Reply::Result(json!({ "description": "" })))
}

pub(super) fn short_description(_: &Emulator, _: i64, _: &Params) -> Answer {
    Ok(Reply::Result(json!({ "short_description": "" })))
}

fn of(emulator: &Emulator, bot: i64, answer: impl FnOnce(&Bot) -> Reply) -> Answer {
    emulator.world(|world| world.bot(bot).map(answer)).ok_or_else(ApiError::unauthorized)
}

pub(super) fn set_commands(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let list =
        params.list("commands")?.ok_or_else(|| ApiError::bad("can't parse commands: commands are not specified"))?;
    let commands = list.into_iter().map(serde_json::from_value::<BotCommand>).collect::<Result<Vec<_>, _>>();
    let wrong = |_| ApiError::bad("can't parse BotCommand: Can't find field \"command\" or \"description\"");
    let commands = commands.map_err(wrong)?;
    scoped(emulator, bot, params, |world, scope, language| world.set_commands(bot, scope, language, commands))?;
    Ok(Reply::yes())
}

pub(super) fn get_commands(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let commands = scoped(emulator, bot, params, |world, scope, language| world.commands(bot, scope, language))?;
    Ok(Reply::Result(json!(commands)))
}

pub(super) fn delete_commands(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    scoped(emulator, bot, params, |world, scope, language| world.set_commands(bot, scope, language, Vec::new()))?;
    Ok(Reply::yes())
}

fn scoped<T>(
    emulator: &Emulator,
    bot: i64,
    params: &Params,
    act: impl FnOnce(&mut World, Scope, &str) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let scope = params.json("scope")?;
    let language = params.text("language_code").unwrap_or_default();
    emulator.world(|world| {
        let scope = world.command_scope(bot, scope.as_deref())?;
        act(world, scope, &language)
    })
}
