//! Errors of the API: one shape for all, with the word for programs, the sentence for people and what to do about it.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::store::StoreError;

/// An error as it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
    /// When to come again, in seconds.
    retry_after: Option<u32>,
    /// The methods that are allowed.
    allow: Option<String>,
}

impl Trouble {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { status, code, message: message.into(), hint: hint.into(), retry_after: None, allow: None }
    }

    /// Something in the request that the caller has to change.
    pub(super) fn bad(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message, hint)
    }

    /// It may be otherwise in so many seconds.
    pub(super) fn later(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Another method would do.
    pub(super) fn not_allowed(methods: &[&str]) -> Self {
        let allow = methods.join(", ");
        let hint = format!("use {allow}; GET /api/openapi.json describes every route");
        let trouble = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "the route is there, but not for this method",
            hint,
        );
        Self { allow: Some(allow), ..trouble }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = %error, "a request of the API was not served: {error}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "database",
            error.state(),
            "ask again in a moment; GET /readyz and the log say more",
        )
        .later(2)
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let Self { status, code, message, hint, retry_after, allow } = self;
        let body = json!({ "error": { "code": code, "message": message, "hint": hint } });
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

/// The host's own routes have one method each; the router says in `Allow` which.
pub(super) async fn wrong_method() -> Trouble {
    Trouble::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "the route is there, but not for this method",
        "GET /api/openapi.json describes every route",
    )
}
