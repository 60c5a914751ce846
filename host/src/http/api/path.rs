//! Which route of a plugin a request is for, and whether its parameters can be. Pure.
//!
//! 1. A part of a path that is written out goes before a parameter in the same place: `/users/me` before `/users/{id}`.
//! 2. Parameters are checked before the plugin is asked: what has to be there is, and whole numbers are whole numbers.
//! 3. The lane is that of the first whole number in the path, so requests about one user come one after another.

use crate::model::manifest::{Route, RouteParameter};

/// Names and values.
pub(super) type Pairs = Vec<(String, String)>;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'r> {
    /// A route, with the parameters of its path.
    Route(&'r Route, Pairs),
    /// Routes, but for these methods only.
    OtherMethods(Vec<&'static str>),
    /// None.
    Nothing,
}

/// Finds the route for a method and a path, whose parts are decoded.
pub(super) fn find<'r>(routes: &'r [Route], method: &str, path: &[String]) -> Found<'r> {
    let mut fitting: Vec<_> = routes.iter().filter_map(|route| Some((route, values(route, path)?))).collect();
    // Where parameters stand; the earliest written-out part decides.
    fitting.sort_by_key(|(route, _)| route.segments().map(|segment| segment.is_none()).collect::<Vec<_>>());
    if fitting.is_empty() {
        return Found::Nothing;
    }
    let mut methods: Vec<_> = fitting.iter().map(|(route, _)| route.method.name()).collect();
    match fitting.into_iter().find(|(route, _)| route.method.name() == method) {
        Some((route, values)) => Found::Route(route, values),
        None => {
            methods.sort_unstable();
            methods.dedup();
            Found::OtherMethods(methods)
        }
    }
}

/// The parameters, if the path fits the route's.
fn values(route: &Route, path: &[String]) -> Option<Pairs> {
    if route.segments().count() != path.len() {
        return None;
    }
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut names = names.map(str::to_owned);
    let mut values = Vec::new();
    for (segment, part) in route.segments().zip(path) {
        match segment {
            Some(written) if written == part => {}
            Some(_) => return None,
            None => values.push((names.next()?, part.clone())),
        }
    }
    Some(values)
}

/// Says what is wrong with the parameters of a request.
pub(super) fn check(route: &Route, path: &Pairs, query: &Pairs) -> Result<(), String> {
    for RouteParameter { name, is_integer, required, .. } in &route.parameters {
        let given: Vec<_> =
            path.iter().chain(query).filter(|(known, _)| known == name).map(|(_, value)| value).collect();
        if *required && given.is_empty() {
            return Err(format!("the parameter `{name}` is missing"));
        }
        if *is_integer && let Some(other) = given.iter().find(|value| integer(value).is_none()) {
            let shown: String = other.chars().take(40).collect();
            return Err(format!("the parameter `{name}` is a whole number of 64 bits, not `{shown}`"));
        }
    }
    Ok(())
}

/// The chat in whose lane the request is handled.
pub(super) fn lane(route: &Route, path: &Pairs) -> i64 {
    let is_integer = |name: &str| route.parameters.iter().any(|it| it.is_integer && it.name == *name);
    path.iter().filter(|(name, _)| is_integer(name)).find_map(|(_, value)| integer(value)).unwrap_or(0)
}

fn integer(value: &str) -> Option<i64> {
    value.parse().ok().filter(|_| !value.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::manifest::RouteMethod;

    fn route(name: &str, method: RouteMethod, path: &str) -> Route {
        let parameter = |name: &str, required| RouteParameter {
            name: name.into(),
            description: "…".into(),
            is_integer: name != "name",
            required,
        };
        let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let parameters = names.map(|name| parameter(name, true)).chain([parameter("limit", false)]).collect();
        let (name, path) = (name.into(), path.into());
        let (description, request, response, processor) = (String::new(), None, None, None);
        Route { name, method, path, description, parameters, request, response, processor }
    }

    fn routes() -> Vec<Route> {
        use RouteMethod::{Delete, Get, Post};
        vec![
            route("posts", Get, "/users/{id}/posts"),
            route("add", Post, "/users/{id}/posts"),
            route("remove", Delete, "/users/{id}/posts"),
            route("user", Get, "/users/{id}"),
            route("me", Get, "/users/me"),
            route("named", Get, "/{name}/of/{id}"),
            route("root", Get, "/"),
        ]
    }

    fn found(method: &str, path: &[&str]) -> String {
        let path: Vec<_> = path.iter().map(|part| (*part).to_owned()).collect();
        match find(&routes(), method, &path) {
            Found::Route(route, values) => {
                let values: Vec<_> = values.iter().map(|(name, value)| format!(" {name}={value}")).collect();
                format!("{}{} in {}", route.name, values.concat(), lane(route, &find_values(route, &path)))
            }
            Found::OtherMethods(methods) => methods.join("|"),
            Found::Nothing => "-".into(),
        }
    }

    fn find_values(route: &Route, path: &[String]) -> Pairs {
        values(route, path).expect("it fits")
    }

    #[test]
    fn the_written_out_goes_first() {
        for (method, path, expected) in [
            ("GET", &["users", "7", "posts"][..], "posts id=7 in 7"),
            ("POST", &["users", "-7", "posts"], "add id=-7 in -7"),
            ("PUT", &["users", "7", "posts"], "DELETE|GET|POST"),
            ("GET", &["users", "me"], "me in 0"),
            ("GET", &["users", "x"], "user id=x in 0"),
            ("GET", &["5", "of", "6"], "named name=5 id=6 in 6"),
            ("GET", &[], "root in 0"),
            ("GET", &["users"], "-"),
            ("GET", &["users", "7", "posts", "1"], "-"),
        ] {
            assert_eq!(found(method, path), expected);
        }
    }

    #[test]
    fn parameters_are_checked() {
        let routes = routes();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let problem = |id: &str, query: &[(&str, &str)]| {
            let query = query.iter().map(|(name, value)| pair(name, value)).collect();
            check(&routes[0], &vec![pair("id", id)], &query).err().unwrap_or_default()
        };
        assert_eq!(problem("7", &[("limit", "-5"), ("other", "x")]), "");
        assert_eq!(problem("seven", &[]), "the parameter `id` is a whole number of 64 bits, not `seven`");
        assert_eq!(problem("+7", &[]), "the parameter `id` is a whole number of 64 bits, not `+7`");
        assert_eq!(
            problem("7", &[("limit", "1"), ("limit", "")]),
            "the parameter `limit` is a whole number of 64 bits, not ``"
        );
        let mut required = routes[0].clone();
        required.parameters[1].required = true;
        assert_eq!(check(&required, &vec![pair("id", "1")], &vec![]), Err("the parameter `limit` is missing".into()));
    }
}
