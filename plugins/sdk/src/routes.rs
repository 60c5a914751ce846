//! Answers to the HTTP requests that reach the plugin's routes: [`Event::Request`](crate::Event::Request).
//!
//! ```no_run
//! use guesthouse_plugin::{Error, HttpRequest, json, routes};
//!
//! fn posts(request: &HttpRequest) -> Result<(), Error> {
//!     let user: i64 = request.number("id")?;
//!     routes::reply(200, &json!({ "user_id": user, "items": [] }))
//! }
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::guesthouse::plugin::routes as raw;
pub use crate::bindings::guesthouse::plugin::routes::Error as RouteError;
use crate::{Error, HttpRequest, Route, RouteMethod, RouteParameter};

/// Answers the request of this turn, once the turn has committed.
///
/// # Errors
///
/// [`Error::Route`] if the turn has no request, or has answered it; [`Error::Encoding`] if JSON cannot say the value.
pub fn reply(status: u16, value: &impl Serialize) -> Result<(), Error> {
    let body = serde_json::to_string(value).map_err(|error| Error::Encoding(format!("an answer: {error}")))?;
    Ok(raw::reply(status, &body)?)
}

/// Looking.
impl HttpRequest {
    /// The parameter of that name, of the path or of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.path.iter().chain(&self.query).find(|parameter| parameter.name == name).map(|found| found.value.as_str())
    }

    /// A whole number that has to be there.
    ///
    /// # Errors
    ///
    /// [`Error::Decoding`] if it is not; the host sees to it where the manifest says so.
    pub fn number(&self, name: &str) -> Result<i64, Error> {
        let missing = || Error::Decoding(format!("the parameter `{name}` is no number"));
        self.parameter(name).and_then(|value| value.parse().ok()).ok_or_else(missing)
    }

    /// The value that the body says as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Decoding`] if it says another one.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.body).map_err(|error| Error::Decoding(format!("the request's body: {error}")))
    }
}

/// Building.
impl Route {
    /// A route that reads. `path` is such as `/users/{id}/posts`; each `{…}` is a text unless [`integer`](Self::integer)
    /// says otherwise.
    pub fn get(name: impl Into<String>, path: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(RouteMethod::Get, name, path, description)
    }

    /// A route that does something.
    pub fn post(name: impl Into<String>, path: impl Into<String>, description: impl Into<String>) -> Self {
        Self::new(RouteMethod::Post, name, path, description)
    }

    /// Any route.
    pub fn new(
        method: RouteMethod,
        name: impl Into<String>,
        path: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            method,
            path: path.into(),
            description: description.into(),
            parameters: Vec::new(),
            request: None,
            response: None,
            processor: None,
        }
    }

    /// Describes a parameter that is a whole number; one of the query may be left out.
    pub fn integer(self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.parameter(name.into(), description.into(), true)
    }

    /// Describes a parameter that is a text; one of the query may be left out.
    pub fn text(self, name: impl Into<String>, description: impl Into<String>) -> Self {
        self.parameter(name.into(), description.into(), false)
    }

    /// The parameter described last has to be there, also in the query.
    pub fn required(mut self) -> Self {
        if let Some(last) = self.parameters.last_mut() {
            last.required = true;
        }
        self
    }

    fn parameter(mut self, name: String, description: String, is_integer: bool) -> Self {
        let required = self.path.contains(&format!("{{{name}}}"));
        self.parameters.push(RouteParameter { name, description, is_integer, required });
        self
    }

    /// The JSON schema of the body that it takes.
    pub fn takes(mut self, schema: impl Into<String>) -> Self {
        self.request = Some(schema.into());
        self
    }

    /// The JSON schema of what it answers.
    pub fn answers(mut self, schema: impl Into<String>) -> Self {
        self.response = Some(schema.into());
        self
    }

    /// The processor in whose lane it runs.
    pub fn processor(mut self, processor: impl Into<String>) -> Self {
        self.processor = Some(processor.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parameter;

    #[test]
    fn parameters_are_found_in_path_and_query() {
        let of = |name: &str, value: &str| Parameter { name: name.into(), value: value.into() };
        let request = HttpRequest {
            route: "posts".into(),
            path: vec![of("id", "7")],
            query: vec![of("limit", "x")],
            body: String::new(),
        };
        assert_eq!(request.number("id"), Ok(7));
        assert!(request.number("limit").is_err());
        assert_eq!(request.parameter("offset"), None);
    }

    #[test]
    fn what_stands_in_the_path_has_to_be_there() {
        let route =
            Route::get("posts", "/users/{id}/posts", "Posts.").integer("id", "Whose.").integer("limit", "Most.");
        assert_eq!(route.parameters.iter().map(|it| it.required).collect::<Vec<_>>(), [true, false]);
        let route = Route::get("find", "/find", "Finds.").text("words", "Which.").required().integer("limit", "Most.");
        assert_eq!(route.parameters.iter().map(|it| it.required).collect::<Vec<_>>(), [true, false]);
    }
}
