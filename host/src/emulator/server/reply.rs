//! Answers of the Bot API as HTTP responses.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use crate::emulator::world::{ApiError, Batch};

/// What a method answers when it went well.
pub(super) enum Reply {
    /// A result.
    Result(Value),
    /// `true`, with a word about what happened.
    Done(&'static str),
    /// Updates, which are JSON texts already.
    Updates(Batch),
}

impl Reply {
    /// The result `true`.
    pub(super) fn yes() -> Self {
        Self::Result(Value::Bool(true))
    }

    fn body(&self) -> String {
        match self {
            Self::Result(value) => format!(r#"{{"ok":true,"result":{value}}}"#),
            Self::Done(word) => format!(r#"{{"ok":true,"result":true,"description":"{word}"}}"#),
            Self::Updates(batch) => {
                let size = batch.iter().map(|json| json.len() + 1).sum::<usize>();
                let mut body = String::with_capacity(size + 32);
                body.push_str(r#"{"ok":true,"result":["#);
                for (index, json) in batch.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    // Writing to a string cannot fail.
                    let _ = write!(body, "{comma}{json}");
                }
                body.push_str("]}");
                body
            }
        }
    }
}

/// Status, body and how long to wait, before they are a response: the log wants them too.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
    retry_after: Option<i64>,
}

impl From<Result<Reply, ApiError>> for Answer {
    fn from(result: Result<Reply, ApiError>) -> Self {
        match result {
            Ok(reply) => Self { status: 200, body: reply.body(), retry_after: None },
            Err(error) => {
                let retry_after = error.parameters.as_ref().and_then(|p| p.get("retry_after")).and_then(Value::as_i64);
                Self { status: error.code, body: error.body().to_string(), retry_after }
            }
        }
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Err(error).into()
    }
}

impl Answer {
    pub(super) fn into_response(self) -> Response {
        let mut response = respond(self.status, "application/json", self.body);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A response of any kind; a status that cannot be is a 500.
pub(super) fn respond(status: u16, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
