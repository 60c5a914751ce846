//! Routes: what a manifest may say of them. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{at_most, handle, known_processor, prose};
use crate::model::manifest::{Manifest, Route};
use crate::schema::Schema;

/// Routes of a plugin.
const ROUTES: usize = 64;
/// Longest path, in bytes.
const PATH: usize = 200;
/// Parameters of a route.
const PARAMETERS: usize = 32;
/// Longest schema, in bytes.
const SCHEMA: usize = 32 << 10;

/// Checks all of them.
pub(super) fn check(manifest: &Manifest) -> Result<(), String> {
    at_most("routes", manifest.routes.len(), ROUTES)?;
    let (mut names, mut places) = (BTreeSet::new(), BTreeSet::new());
    for route in &manifest.routes {
        let name = &route.name;
        if !handle(name) {
            return Err(format!("route `{name}` is not 1 to 32 of a-z 0-9 _ -, beginning with a letter"));
        }
        if !names.insert(name) {
            return Err(format!("route `{name}` is there twice"));
        }
        one(route).map_err(|problem| format!("route `{name}`: {problem}"))?;
        known_processor(manifest, route.processor.as_deref()).map_err(|problem| format!("route `{name}` {problem}"))?;
        let shape: Vec<_> = route.segments().map(|segment| segment.unwrap_or("{}")).collect();
        if !places.insert((route.method.name(), shape)) {
            return Err(format!("route `{name}`: another one answers {} {}", route.method.name(), route.path));
        }
    }
    Ok(())
}

fn one(route: &Route) -> Result<(), String> {
    let path = &route.path;
    let inside = path.strip_prefix('/').filter(|_| path.len() <= PATH);
    let inside =
        inside.ok_or_else(|| format!("its path `{path}` does not begin with / or has more than {PATH} bytes"))?;
    let mut in_path = BTreeSet::new();
    for segment in inside.split('/').filter(|_| !inside.is_empty()) {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let fits = match name {
            Some(name) => parameter(name) && in_path.insert(name),
            None => {
                !segment.is_empty()
                    && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
            }
        };
        // A client would take these away before it asks.
        if !fits || segment == "." || segment == ".." {
            return Err(format!("`{segment}` is no part of a path: letters, digits, - _ . ~, or {{name}} once each"));
        }
    }
    prose("its description", &route.description, 512)?;
    at_most("parameters", route.parameters.len(), PARAMETERS)?;
    let mut seen = BTreeSet::new();
    for it in &route.parameters {
        if !parameter(&it.name) {
            return Err(format!("parameter `{}` is not 1 to 64 of A-Z a-z 0-9 _ -", it.name));
        }
        if !seen.insert(it.name.as_str()) {
            return Err(format!("parameter `{}` is there twice", it.name));
        }
        prose(&format!("the description of parameter `{}`", it.name), &it.description, 512)?;
    }
    if let Some(missing) = in_path.iter().find(|name| !seen.contains(*name)) {
        return Err(format!("the parameter `{missing}` of its path is not described"));
    }
    for (what, schema) in [("request", &route.request), ("response", &route.response)] {
        if let Some(schema) = schema {
            is_schema(schema).map_err(|problem| format!("the schema of its {what} {problem}"))?;
        }
    }
    // Bodies are checked against it. One that says `true` takes anything.
    if let Some(schema) = route.request.as_deref().filter(|schema| *schema != "true") {
        Schema::read(schema).map_err(|problem| format!("no body can be checked against what it takes: {problem}"))?;
    }
    Ok(())
}

fn parameter(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A schema is an object, or `true` for anything.
fn is_schema(schema: &str) -> Result<(), String> {
    if schema.len() > SCHEMA {
        return Err(format!("has {} bytes; at most {SCHEMA} are taken", schema.len()));
    }
    match serde_json::from_str(schema) {
        Ok(Value::Object(_) | Value::Bool(_)) => Ok(()),
        Ok(_) => Err("is no object".into()),
        Err(error) => Err(format!("is no JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::problem;
    use super::*;
    use crate::model::manifest::{RouteMethod, RouteParameter};

    fn route(name: &str, path: &str) -> Route {
        let parameter = |name: &str| RouteParameter {
            name: name.into(),
            description: "Which.".into(),
            is_integer: true,
            required: true,
        };
        Route {
            name: name.into(),
            method: RouteMethod::Get,
            path: path.into(),
            description: "Says something.".into(),
            parameters: if path.contains("{id}") { vec![parameter("id")] } else { vec![] },
            request: None,
            response: Some("{\"type\": \"object\"}".into()),
            processor: None,
        }
    }

    #[test]
    fn each_rule_has_its_words() {
        let with = |routes: Vec<Route>| problem(|it| it.routes = routes);
        let changed = |change: fn(&mut Route)| {
            let mut route = route("one", "/users/{id}");
            change(&mut route);
            with(vec![route])
        };
        assert_eq!(with(vec![route("root", "/"), route("one", "/users/{id}"), route("all", "/users")]), "");
        assert_eq!(with(vec![route("a", "/a"), route("a", "/b")]), "route `a` is there twice");
        assert_eq!(
            with(vec![
                route("a", "/u/{id}"),
                Route {
                    path: "/u/{who}".into(),
                    parameters: vec![RouteParameter {
                        name: "who".into(),
                        description: "Who.".into(),
                        is_integer: false,
                        required: true
                    }],
                    ..route("b", "")
                }
            ]),
            "route `b`: another one answers GET /u/{who}"
        );
        for (change, expected) in [
            (
                (|it| it.name = "One".into()) as fn(&mut Route),
                "route `One` is not 1 to 32 of a-z 0-9 _ -, beginning with a letter",
            ),
            (
                |it| it.path = "users".into(),
                "route `one`: its path `users` does not begin with / or has more than 200 bytes",
            ),
            (
                |it| it.path = "/users/".into(),
                "route `one`: `` is no part of a path: letters, digits, - _ . ~, or {name} once each",
            ),
            (
                |it| it.path = "/a b".into(),
                "route `one`: `a b` is no part of a path: letters, digits, - _ . ~, or {name} once each",
            ),
            (
                |it| it.path = "/{id}/{id}".into(),
                "route `one`: `{id}` is no part of a path: letters, digits, - _ . ~, or {name} once each",
            ),
            (
                |it| it.path = "/a/../b".into(),
                "route `one`: `..` is no part of a path: letters, digits, - _ . ~, or {name} once each",
            ),
            (|it| it.path = "/{who}".into(), "route `one`: the parameter `who` of its path is not described"),
            (|it| it.description = String::new(), "route `one`: its description is empty"),
            (|it| it.parameters.push(it.parameters[0].clone()), "route `one`: parameter `id` is there twice"),
            (
                |it| it.request = Some("{".into()),
                "route `one`: the schema of its request is no JSON: EOF while parsing an object at line 1 column 1",
            ),
            (|it| it.response = Some("[]".into()), "route `one`: the schema of its response is no object"),
            (|it| it.processor = Some("talk".into()), "route `one` names the processor `talk`, which is not there"),
        ] {
            assert_eq!(changed(change), expected);
        }
    }
}
