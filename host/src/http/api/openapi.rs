//! One document about all that the API answers, in the form of OpenAPI 3.1: the host's own routes, and those of the plugins
//! that are loaded here as their manifests describe them.

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::lists::{LIMIT, OFFSET};
use super::{Api, ServedPlugin};
use crate::model::manifest::{Route, RouteParameter};

pub(super) async fn document(State(api): State<Api>) -> Json<Value> {
    let mut paths = host_paths();
    for (bot, served) in api.bots() {
        for plugin in &served.plugins {
            add_routes(&mut paths, &bot, plugin);
        }
    }
    Json(whole(paths))
}

fn whole(paths: Map<String, Value>) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Guesthouse",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What this host tells of itself, and what its plugins answer. Times are milliseconds since 1970.",
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
        },
    })
}

/// A JSON schema of an object with these properties, all of them there.
fn object(properties: Value) -> Value {
    let names: Vec<_> = properties.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    json!({ "type": "object", "properties": properties, "required": names })
}

fn schemas() -> Value {
    let (text, number, maybe_text) =
        (json!({"type": "string"}), json!({"type": "integer"}), json!({"type": ["string", "null"]}));
    let maybe_number = json!({"type": ["integer", "null"]});
    let texts = json!({"type": "array", "items": text});
    json!({
        "Error": object(json!({ "error": object(json!({ "code": text, "message": text, "hint": text })) })),
        "Bot": object(json!({
            "name": text, "id": maybe_number, "username": maybe_text, "state": text, "stuck": maybe_text, "plugins": texts,
        })),
        "Plugin": object(json!({
            "bot": text, "name": text, "version": text, "description": text, "digest": text, "capabilities": texts,
            "grant": texts, "processors": texts,
            "schedules": { "type": "array", "items": object(json!({
                "name": text, "processor": maybe_text, "times": text, "due_at": maybe_number,
            })) },
            "routes": { "type": "array", "items": object(json!({
                "name": text, "method": text, "path": text, "description": text,
            })) },
        })),
        "User": object(json!({
            "bot": maybe_text, "bot_id": number, "user_id": number, "first_name": text, "last_name": maybe_text,
            "username": maybe_text, "language_code": maybe_text, "first_seen_at": number, "changed_at": number,
        })),
        "Lane": object(json!({
            "id": number, "kind": {"enum": ["polling", "turns", "sending"]}, "bot": maybe_text, "bot_id": number,
            "plugin": maybe_text, "chat": number, "due_at": maybe_number, "host": maybe_text,
            "waiting": {"type": "integer", "maximum": 1000},
        })),
        "Shadow": object(json!({
            "bot": maybe_text, "bot_id": number, "plugin": text, "digest": text,
            "kind": {"enum": ["same", "dropped", "unreadable", "others", "differs"]}, "difference": text, "turns": number,
            "example_event": number, "example_turn": maybe_number, "at": number,
        })),
        "DeadLetter": object(json!({
            "seq": number, "bot": number, "username": text, "plugin": text, "digest": text, "chat": number,
            "user": maybe_number, "kind": text, "created_at": number, "ended_at": number, "attempts": number,
            "reason": text, "update": true,
        })),
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// An answer of this form, and errors.
fn responses(description: &str, schema: Option<Value>) -> Value {
    let error = json!({ "description": "What went wrong.", "content": content(reference("Error")) });
    match schema {
        Some(schema) => json!({
            "200": { "description": description, "content": content(schema) },
            "default": error,
        }),
        None => json!({ "204": { "description": description }, "default": error }),
    }
}

fn parameter(place: &str, name: &str, description: &str, required: bool, schema: Value) -> Value {
    json!({ "name": name, "in": place, "description": description, "required": required, "schema": schema })
}

/// A list of these, in pages if it may be long.
fn list(name: &str, summary: &str, of: &str, paged: bool, parameters: Vec<Value>) -> Value {
    let items = json!({ "type": "array", "items": reference(of) });
    let number = |most: i64| json!({ "type": "integer", "minimum": 0, "maximum": most });
    let mut parameters = parameters;
    let schema = if paged {
        let (limit, offset) =
            (json!({ "type": "integer", "minimum": 1, "maximum": LIMIT.1, "default": LIMIT.0 }), number(OFFSET));
        parameters.push(parameter("query", "limit", "How many at most.", false, limit.clone()));
        parameters.push(parameter("query", "offset", "How many to leave out first.", false, offset.clone()));
        object(json!({ "items": items, "total": {"type": "integer"}, "limit": limit, "offset": offset }))
    } else {
        object(json!({ "items": items }))
    };
    json!({ "get": {
        "operationId": name, "summary": summary, "tags": ["host"], "parameters": parameters,
        "responses": responses("The list.", Some(schema)),
    } })
}

fn host_paths() -> Map<String, Value> {
    let text = || json!({ "type": "string" });
    let flag = || json!({ "type": "boolean", "default": false });
    let bot = || parameter("query", "bot", "Only those of the bot of this name.", false, text());
    let seq = || parameter("path", "seq", "The event's number.", true, json!({ "type": "integer" }));
    let act = |name: &str, summary: &str, key: &str| {
        let done = object(json!({ key: { "type": "array", "items": { "type": "integer" } } }));
        json!({ "post": {
            "operationId": name, "summary": summary, "tags": ["host"], "parameters": [seq()],
            "responses": responses("The numbers.", Some(done)),
        } })
    };
    let mut paths = Map::new();
    let mut add = |path: &str, item: Value| paths.insert(path.to_owned(), item);
    add(
        "/api/openapi.json",
        json!({ "get": {
        "operationId": "openapi", "summary": "This document.", "tags": ["host"],
        "responses": responses("OpenAPI 3.1.", Some(json!({ "type": "object" }))),
    } }),
    );
    add("/api/bots", list("bots", "The bots of this host.", "Bot", false, vec![]));
    add("/api/plugins", list("plugins", "The plugins of this host's bots.", "Plugin", false, vec![]));
    add("/api/users", list("users", "The people whom the bots have seen.", "User", true, vec![bot()]));
    let due = parameter("query", "due", "Only those that are due.", false, flag());
    let held = parameter("query", "held", "Only those that a host holds.", false, flag());
    add("/api/lanes", list("lanes", "What is done one at a time and in order.", "Lane", true, vec![bot(), due, held]));
    let plugin = || parameter("query", "plugin", "Only those of this plugin.", false, text());
    let shadows =
        "What other builds of plugins would have done: a line for each difference, and one for what was the same.";
    add("/api/shadow", list("shadow", shadows, "Shadow", false, vec![bot(), plugin()]));
    let letters =
        list("deadLetters", "Events that were given up, the latest first.", "DeadLetter", true, vec![bot(), plugin()]);
    add("/api/dead-letters", letters);
    add(
        "/api/dead-letters/{seq}",
        json!({ "get": {
        "operationId": "deadLetter", "summary": "One of them.", "tags": ["host"], "parameters": [seq()],
        "responses": responses("The letter.", Some(reference("DeadLetter"))),
    } }),
    );
    add(
        "/api/dead-letters/{seq}/retry",
        act("retryDeadLetter", "Has it tried again, with all its attempts.", "retried"),
    );
    add("/api/dead-letters/{seq}/drop", act("dropDeadLetter", "Puts it away for good.", "dropped"));
    paths
}

/// The routes of a plugin as its manifest has them.
fn add_routes(paths: &mut Map<String, Value>, bot: &str, plugin: &ServedPlugin) {
    for route in &plugin.manifest.routes {
        let inside = if route.path == "/" { "" } else { &route.path };
        let bot_part = percent_encoding::utf8_percent_encode(bot, percent_encoding::NON_ALPHANUMERIC);
        let path =
            format!("/api/{}/{}{inside}", bot_part.to_string().replace("%2D", "-").replace("%5F", "_"), plugin.name);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(route.method.name().to_lowercase(), operation(bot, plugin.name.as_str(), route));
        }
    }
}

fn operation(bot: &str, plugin: &str, route: &Route) -> Value {
    // What is no schema was refused when the plugin was loaded.
    let schema =
        |text: &Option<String>| text.as_ref().map(|text| serde_json::from_str(text).unwrap_or(Value::Bool(true)));
    let parameters: Vec<_> = route
        .parameters
        .iter()
        .map(|RouteParameter { name, description, is_integer, required }| {
            let in_path = route.path.split('/').any(|part| part == format!("{{{name}}}"));
            let kind =
                if *is_integer { json!({ "type": "integer", "format": "int64" }) } else { json!({ "type": "string" }) };
            parameter(if in_path { "path" } else { "query" }, name, description, *required || in_path, kind)
        })
        .collect();
    let mut operation = json!({
        "operationId": format!("{bot}.{plugin}.{}", route.name),
        "summary": route.description,
        "tags": [format!("{bot}/{plugin}")],
        "parameters": parameters,
        "responses": responses("The plugin's answer.", schema(&route.response)),
    });
    if let Some(schema) = schema(&route.request) {
        operation["requestBody"] = json!({ "required": true, "content": content(schema) });
    }
    operation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PluginName;
    use crate::model::manifest::{Manifest, RouteMethod};

    #[test]
    fn the_document_is_openapi() {
        let parameter = |name: &str, is_integer| RouteParameter {
            name: name.into(),
            description: "…".into(),
            is_integer,
            required: name == "id",
        };
        let route = |name: &str, method, request: Option<&str>| Route {
            name: name.into(),
            method,
            path: "/users/{id}/posts".into(),
            description: "Posts.".into(),
            parameters: vec![parameter("id", true), parameter("tag", false)],
            request: request.map(str::to_owned),
            response: request.map(str::to_owned),
            processor: None,
        };
        let schema = r#"{"type": "object", "properties": {"text": {"type": ["string", "null"]}}}"#;
        let routes = vec![route("posts", RouteMethod::Get, None), route("add", RouteMethod::Post, Some(schema))];
        let plugin = ServedPlugin {
            name: PluginName::new("channels").unwrap(),
            manifest: Manifest { routes, ..Manifest::default() },
            digest: String::new(),
            capabilities: vec![],
            grant: vec![],
            schedules: vec![],
            requests: std::collections::BTreeMap::new(),
        };
        let mut paths = host_paths();
        add_routes(&mut paths, "my bot", &plugin);
        let document = whole(paths);
        let spec = oas3::from_json(document.to_string()).expect("OpenAPI 3.1");
        spec.validate_version().expect("3.1");
        let ids: Vec<_> = spec.operations().filter_map(|(_, _, operation)| operation.operation_id.clone()).collect();
        assert_eq!(ids.len(), 12);
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "{ids:?}");
        let item = &spec.paths.as_ref().expect("paths")["/api/my%20bot/channels/users/{id}/posts"];
        let add = item.post.as_ref().expect("a POST");
        let parameters = add.parameters(&spec).expect("parameters");
        let places: Vec<_> = parameters.iter().map(|it| (it.name.as_str(), it.required)).collect();
        assert_eq!(places, [("id", Some(true)), ("tag", Some(false))]);
        assert!(add.request_body(&spec).expect("a body").is_some());
        assert_eq!(item.get.as_ref().expect("a GET").responses(&spec).len(), 2);
        // Every reference leads somewhere.
        let text = document.to_string();
        for name in text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
