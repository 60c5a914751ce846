//! The web API of bad days, and the log of calls.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Asked, At, Body, Face};
use crate::emulator::world::{Call, FloodLimits, NewFault, Refusal, World};

/// The faults in force.
pub(super) async fn list(State(face): State<Face>) -> Json<Value> {
    Json(face.emulator.world(|world| json!({ "faults": world.faults().list() })))
}

/// Orders a fault.
pub(super) async fn add(State(face): State<Face>, Body(rule): Body<NewFault>) -> Answer {
    if rule.method.is_empty() {
        return Err(Refusal::wrong("name the `method`, or `*` for all"));
    }
    let id = face.emulator.world(|world| world.add_fault(rule));
    Ok(Json(json!({ "id": id })))
}

/// Ends one fault.
pub(super) async fn remove(State(face): State<Face>, At(id): At<u64>) -> Answer {
    match face.emulator.world(|world| world.remove_fault(id)) {
        true => Ok(Json(json!({ "id": id }))),
        false => Err(Refusal::missing(format!("there is no fault {id}; GET /emulator/faults lists them"))),
    }
}

/// Ends all faults.
pub(super) async fn clear(State(face): State<Face>) -> Json<Value> {
    face.emulator.world(|world| world.clear_faults());
    Json(json!({}))
}

fn flood_state(world: &World) -> Json<Value> {
    let flood = world.flood();
    Json(json!({ "limits": flood.limits(), "refused": flood.refused(), "early": flood.early() }))
}

/// The flood limits, how many calls they have refused, and how many of those came before the time they were told.
pub(super) async fn flood(State(face): State<Face>) -> Json<Value> {
    face.emulator.world(|world| flood_state(world))
}

/// Sets the flood limits.
pub(super) async fn set_flood(State(face): State<Face>, Body(limits): Body<FloodLimits>) -> Json<Value> {
    face.emulator.world(|world| {
        world.set_flood(limits);
        flood_state(world)
    })
}

/// Takes them away.
pub(super) async fn end_flood(State(face): State<Face>) -> Json<Value> {
    face.emulator.world(|world| {
        world.set_flood(FloodLimits::default());
        flood_state(world)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    method: Option<String>,
    since: Option<u64>,
}

/// The log: the calls after a number, and how many there ever were.
pub(super) async fn calls(State(face): State<Face>, Asked(which): Asked<Which>) -> Json<Value> {
    let method = which.method.as_deref().filter(|method| !method.is_empty());
    Json(face.emulator.world(|world| {
        let calls: Vec<Value> = world.calls().since(which.since.unwrap_or(0), method).map(shown).collect();
        json!({ "calls": calls, "last": world.calls().last(), "counts": world.calls().counts() })
    }))
}

/// Bodies as JSON where they are whole, as text where they were cut off or never were JSON.
fn shown(call: &Call) -> Value {
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    let mut map = Map::new();
    map.insert("seq".into(), json!(call.seq));
    map.insert("at".into(), json!(call.at));
    map.insert("bot".into(), json!(call.bot));
    map.insert("method".into(), json!(call.method));
    map.insert("params".into(), value(&call.params));
    map.insert("status".into(), json!(call.status));
    map.insert("answer".into(), call.answer.as_deref().map(value).unwrap_or_default());
    Value::Object(map)
}
