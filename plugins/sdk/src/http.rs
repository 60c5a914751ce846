//! The Web, as far as the grant reaches.
//!
//! ```no_run
//! use guesthouse_plugin::{Error, http};
//!
//! fn title(url: &str) -> Result<Option<String>, Error> {
//!     let page = http::get(url).timeout_ms(5_000).max_bytes(200_000).send()?;
//!     if page.status != 200 {
//!         return Ok(None);
//!     }
//!     let text = page.text().unwrap_or_default();
//!     Ok(text.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).map(str::to_owned))
//! }
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::bindings::guesthouse::plugin::http as raw;
pub use crate::bindings::guesthouse::plugin::http::{Body, Error as HttpError, Header, Method, Request, Response};

/// Begins a request that asks for a resource.
pub fn get(url: impl Into<String>) -> Request {
    request(Method::Get, url)
}

/// Begins a request that sends something.
pub fn post(url: impl Into<String>) -> Request {
    request(Method::Post, url)
}

/// Begins any request.
pub fn request(method: Method, url: impl Into<String>) -> Request {
    Request { method, url: url.into(), headers: Vec::new(), body: None, timeout_ms: None, max_bytes: None }
}

/// Building, and what becomes of it.
impl Request {
    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into() });
        self
    }

    /// What is sent, at most 1 MiB.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends a value as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] if JSON cannot say it.
    pub fn json(self, value: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(value).map_err(|error| Error::Encoding(format!("a request's body: {error}")))?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// How long the answer may take, in milliseconds.
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.timeout_ms = Some(milliseconds);
        self
    }

    /// How large the body of the answer may be, in bytes.
    pub fn max_bytes(mut self, bytes: u32) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Makes it. An answer with a status such as 404 is an answer.
    ///
    /// # Errors
    ///
    /// [`Error::Http`] if there is none.
    pub fn send(self) -> Result<Response, Error> {
        Ok(raw::fetch(&self)?)
    }
}

/// Looking.
impl Response {
    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of that name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.name == name).map(|header| header.value.as_str())
    }

    /// The body, if it is text.
    pub fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            Body::Bytes(_) => None,
        }
    }

    /// The value that the body says as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Decoding`] if it says another one.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let value = match &self.body {
            Body::Text(text) => serde_json::from_str(text),
            Body::Bytes(bytes) => serde_json::from_slice(bytes),
        };
        value.map_err(|error| Error::Decoding(format!("the answer of {}: {error}", self.url)))
    }
}
