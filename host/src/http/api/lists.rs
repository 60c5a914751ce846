//! What the host tells of itself: bots and plugins as this host has them loaded, users and lanes as the database has them.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::Uri;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::Trouble;
use super::{Api, ServedPlugin};
use crate::model::BotId;
use crate::model::manifest::Processor;
use crate::store::{LaneKind, LaneRow, UserRow, WhichLanes};

/// Rows of a page, unless the caller says otherwise, and at most.
pub(super) const LIMIT: (i64, i64) = (50, 500);
/// How far one may page; beyond it the database would count rows for nothing.
pub(super) const OFFSET: i64 = 1_000_000;

/// Reads what follows the `?`; a word that nobody knows is a mistake.
pub(super) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Trouble> {
    let read = Query::<T>::try_from_uri(uri).map(|Query(read)| read);
    read.map_err(|error| {
        Trouble::bad("bad_query", error.body_text(), "GET /api/openapi.json describes the parameters of every route")
    })
}

/// Which part of a list, checked.
pub(super) fn page(limit: Option<i64>, offset: Option<i64>) -> Result<(i64, i64), Trouble> {
    let (limit, offset) = (limit.unwrap_or(LIMIT.0), offset.unwrap_or(0));
    if !(1..=LIMIT.1).contains(&limit) || !(0..=OFFSET).contains(&offset) {
        let problem = format!("limit is 1 to {}, offset 0 to {OFFSET}", LIMIT.1);
        return Err(Trouble::bad("bad_query", problem, "ask for less at once"));
    }
    Ok((limit, offset))
}

/// A part of a list as it is answered.
pub(super) fn listed(items: Vec<Value>, total: i64, (limit, offset): (i64, i64)) -> Json<Value> {
    Json(json!({ "items": items, "total": total, "limit": limit, "offset": offset }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SomeUsers {
    bot: Option<String>,
    limit: Option<i64>,
    offset: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SomeLanes {
    bot: Option<String>,
    #[serde(default)]
    due: bool,
    #[serde(default)]
    held: bool,
    limit: Option<i64>,
    offset: Option<i64>,
}

impl Api {
    /// The id of the bot of this name, if one is given.
    pub(super) fn bot_id(&self, name: Option<&str>) -> Result<Option<BotId>, Trouble> {
        name.map(|name| self.bot(name).map(|bot| bot.id)).transpose()
    }

    /// What the operator calls the bots that are loaded here.
    pub(super) fn bot_names(&self) -> HashMap<BotId, String> {
        self.bots().into_iter().map(|(name, bot)| (bot.id, name)).collect()
    }
}

pub(super) async fn bots(State(api): State<Api>) -> Json<Value> {
    let loaded = api.bots();
    let shown = |bot: &crate::health::Bot| {
        let here = loaded.get(&bot.name);
        json!({
            "name": bot.name,
            "id": here.map(|bot| bot.id.0),
            "username": here.map(|bot| &bot.username),
            "state": bot.state.word(),
            "stuck": bot.stuck,
            "plugins": bot.plugins.iter().map(|plugin| &plugin.name).collect::<Vec<_>>(),
        })
    };
    Json(json!({ "items": api.board.bots().iter().map(shown).collect::<Vec<_>>() }))
}

pub(super) async fn plugins(State(api): State<Api>) -> Result<Json<Value>, Trouble> {
    let mut items = Vec::new();
    for (name, bot) in api.bots() {
        for plugin in &bot.plugins {
            let due = api.store.schedules_due(&plugin.schedules).await?;
            items.push(plugin_json(&name, plugin, &due));
        }
    }
    Ok(Json(json!({ "items": items })))
}

fn plugin_json(bot: &str, plugin: &ServedPlugin, due: &[Option<i64>]) -> Value {
    let manifest = &plugin.manifest;
    let schedule = |(schedule, next): (&crate::store::KnownSchedule, &Option<i64>)| {
        json!({
            "name": schedule.name,
            "processor": schedule.part.processor(),
            "times": schedule.cron,
            "due_at": next,
        })
    };
    let route = |route: &crate::model::manifest::Route| {
        let path = if route.path == "/" { "" } else { &route.path };
        json!({
            "name": route.name,
            "method": route.method.name(),
            "path": format!("/api/{bot}/{}{path}", plugin.name),
            "description": route.description,
        })
    };
    let processor = |Processor { name, .. }: &Processor| name.clone();
    json!({
        "bot": bot,
        "name": plugin.name.as_str(),
        "version": manifest.version,
        "description": manifest.description,
        "digest": plugin.digest,
        "capabilities": plugin.capabilities,
        "grant": plugin.grant,
        "processors": manifest.processors.iter().map(processor).collect::<Vec<_>>(),
        "schedules": plugin.schedules.iter().zip(due).map(schedule).collect::<Vec<_>>(),
        "routes": manifest.routes.iter().map(route).collect::<Vec<_>>(),
    })
}

pub(super) async fn users(State(api): State<Api>, uri: Uri) -> Result<Json<Value>, Trouble> {
    let SomeUsers { bot, limit, offset } = query(&uri)?;
    let page = page(limit, offset)?;
    let names = api.bot_names();
    let (users, total) = api.store.users(api.bot_id(bot.as_deref())?, page.0, page.1).await?;
    let shown = |UserRow { bot, user, first_seen_at, changed_at }: &UserRow| {
        let known = |text: &String| (!text.is_empty()).then(|| text.clone());
        json!({
            "bot": names.get(bot),
            "bot_id": bot.0,
            "user_id": user.id,
            "first_name": user.first_name,
            "last_name": known(&user.last_name),
            "username": known(&user.username),
            "language_code": known(&user.language),
            "first_seen_at": first_seen_at,
            "changed_at": changed_at,
        })
    };
    Ok(listed(users.iter().map(shown).collect(), total, page))
}

pub(super) async fn lanes(State(api): State<Api>, uri: Uri) -> Result<Json<Value>, Trouble> {
    let SomeLanes { bot, due, held, limit, offset } = query(&uri)?;
    let page = page(limit, offset)?;
    let which = WhichLanes { bot: api.bot_id(bot.as_deref())?, due, held };
    let names = api.bot_names();
    let (lanes, total) = api.store.lanes(which, page.0, page.1).await?;
    let shown = |lane: &LaneRow| {
        json!({
            "id": lane.id,
            "kind": match lane.kind {
                LaneKind::Polling => "polling",
                LaneKind::Turns => "turns",
                LaneKind::Sending => "sending",
            },
            "bot": names.get(&lane.bot),
            "bot_id": lane.bot.0,
            "plugin": (!lane.part.is_empty()).then_some(&lane.part),
            "chat": lane.chat,
            "due_at": lane.due_at,
            // A number larger than a double holds exactly.
            "host": lane.host.map(|host| host.to_string()),
            "waiting": lane.waiting,
        })
    };
    Ok(listed(lanes.iter().map(shown).collect(), total, page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_bounds() {
        assert_eq!(page(None, None), Ok((50, 0)));
        assert_eq!(page(Some(500), Some(OFFSET)), Ok((500, OFFSET)));
        for (limit, offset) in [(0, 0), (501, 0), (1, -1), (1, OFFSET + 1)] {
            assert!(page(Some(limit), Some(offset)).is_err());
        }
        let read = |text: &str| query::<SomeLanes>(&text.parse().expect("an address"));
        assert!(read("/lanes?due=true&limit=5").is_ok_and(|some| some.due && !some.held && some.limit == Some(5)));
        assert!(read("/lanes?dues=true").is_err_and(|trouble| trouble.message.contains("unknown field `dues`")));
        assert!(read("/lanes?limit=many").is_err());
    }
}
