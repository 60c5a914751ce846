//! The methods by which a bot gets its updates.

use std::time::Duration;

use serde_json::Value;

use super::super::Face;
use super::super::params::Params;
use super::super::reply::Reply;
use crate::emulator::Emulator;
use crate::emulator::bell::Key;
use crate::emulator::world::{ApiError, Poll, PollRequest, WebhookSettings, World};

/// A longer timeout is cut to this.
const MAX_WAIT: i64 = 50;

type Answer = Result<Reply, ApiError>;

/// The long poll.
pub(in crate::emulator::server) async fn get_updates(face: &Face, bot: i64, params: &Params) -> Answer {
    let timeout = params.integer("timeout").unwrap_or(0).clamp(0, MAX_WAIT);
    let limit = params.integer("limit").unwrap_or(100).clamp(1, 100);
    let request = PollRequest {
        offset: params.integer("offset").unwrap_or(0),
        limit: usize::try_from(limit).unwrap_or(100),
        waits: timeout > 0 && !face.closing.is_cancelled(),
    };
    let kinds = allowed_updates(params)?;
    let emulator = &face.emulator;
    if let Some(kinds) = kinds {
        emulator.world(|world| world.allow_updates(bot, &kinds));
    }
    let mut ticket = None;
    let look = |world: &mut World| match world.poll(bot, request, ticket) {
        Ok(Poll::Wait(mine)) => {
            ticket = Some(mine);
            None
        }
        Ok(Poll::Ready(batch)) => Some(Ok(batch)),
        Err(error) => Some(Err(error)),
    };
    let over = async {
        tokio::select! {
            () = emulator.0.clock.sleep(Duration::from_secs(timeout.unsigned_abs())) => {}
            () = face.closing.cancelled() => {}
        }
    };
    let found = emulator.when(Key::Updates(bot), look, over).await;
    found.unwrap_or_else(|| Ok(Vec::new())).map(Reply::Updates)
}

pub(super) fn set_webhook(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let url = params.text("url").unwrap_or_default().trim().to_owned();
    let kinds = allowed_updates(params)?;
    let drop_pending = params.flag("drop_pending_updates");
    let connections = params.integer("max_connections").unwrap_or(40).clamp(1, 100);
    let settings = (!url.is_empty()).then(|| WebhookSettings {
        url,
        secret: params.text("secret_token").filter(|secret| !secret.is_empty()).map(Into::into),
        max_connections: usize::try_from(connections).unwrap_or(40),
    });
    emulator.world(|world| {
        let word = world.set_webhook(bot, settings, drop_pending)?;
        if let Some(kinds) = kinds {
            world.allow_updates(bot, &kinds);
        }
        Ok(Reply::Done(word))
    })
}

pub(super) fn delete_webhook(emulator: &Emulator, bot: i64, params: &Params) -> Answer {
    let drop_pending = params.flag("drop_pending_updates");
    emulator.world(|world| world.set_webhook(bot, None, drop_pending)).map(Reply::Done)
}

pub(super) fn webhook_info(emulator: &Emulator, bot: i64, _: &Params) -> Answer {
    emulator.world(|world| world.webhook_info(bot)).map(Reply::Result)
}

/// The kinds that are wanted; none if nothing was said about them.
fn allowed_updates(params: &Params) -> Result<Option<Vec<String>>, ApiError> {
    let list = params.list("allowed_updates")?;
    Ok(list.map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect()))
}
