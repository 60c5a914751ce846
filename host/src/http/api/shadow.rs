//! What shadows did differently, as data for whoever shows it.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::error::Trouble;
use super::lists::query;
use crate::store::{ShadowRow, Whose};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SomeShadows {
    bot: Option<String>,
    plugin: Option<String>,
}

pub(super) async fn list(State(api): State<Api>, uri: Uri) -> Result<Json<Value>, Trouble> {
    let SomeShadows { bot, plugin } = query(&uri)?;
    let bot = api.bot_id(bot.as_deref())?.map(|bot| bot.to_string());
    let names = api.bot_names();
    let rows = api.store.desk().shadows(&Whose { bot, plugin }).await?;
    let shown = |row: &ShadowRow| {
        json!({
            "bot": names.get(&row.bot),
            "bot_id": row.bot.0,
            "plugin": row.plugin,
            "digest": row.digest,
            "kind": row.kind,
            "difference": row.words,
            "turns": row.turns,
            "example_event": row.event,
            "example_turn": row.turn,
            "at": row.at,
        })
    };
    Ok(Json(json!({ "items": rows.iter().map(shown).collect::<Vec<_>>() })))
}
