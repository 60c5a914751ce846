//! The web API of what a bot hears: any JSON as an update, numbers that begin again elsewhere, and privacy mode.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, At, Body, Face};
use crate::emulator::world::{Refusal, World};

/// Queues any JSON object for a bot, whatever the bot has asked for.
pub(super) async fn push(State(face): State<Face>, At(bot): At<i64>, Body(update): Body<Value>) -> Answer {
    if !update.is_object() {
        return Err(Refusal::wrong("an update is a JSON object; its `update_id` is given by Telegram"));
    }
    face.emulator.world(|world| {
        known(world, bot)?;
        let id = world.push_raw_update(bot, update).ok_or_else(|| Refusal::wrong("too many updates wait already"))?;
        Ok(Json(json!({ "update_id": id })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Next {
    next: i64,
}

/// Lets a bot's updates be numbered from `next` on, as after a quiet week. What waits is dropped.
pub(super) async fn renumber(State(face): State<Face>, At(bot): At<i64>, Body(Next { next }): Body<Next>) -> Answer {
    if next <= 0 {
        return Err(Refusal::wrong("`next` is a positive number"));
    }
    face.emulator.world(|world| {
        known(world, bot)?;
        world.restart_update_ids(bot, next);
        Ok(Json(json!({ "next": next })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hearing {
    reads_all: bool,
}

/// Ends a bot's privacy mode in groups, or begins it again.
pub(super) async fn hear(State(face): State<Face>, At(bot): At<i64>, Body(hearing): Body<Hearing>) -> Answer {
    face.emulator.world(|world| world.set_reads_all(bot, hearing.reads_all))?;
    Ok(Json(json!({ "reads_all": hearing.reads_all })))
}

fn known(world: &World, bot: i64) -> Result<(), Refusal> {
    let missing = || Refusal::missing(format!("there is no bot `{bot}`; GET /emulator/state lists the bots"));
    world.bot(bot).map(drop).ok_or_else(missing)
}
