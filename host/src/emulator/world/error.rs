//! How the emulator says no: to a bot in the exact words of the Bot API, to the page and to tests in plain ones.

use serde_json::{Value, json};

/// An error answer of the Bot API.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// The HTTP status and `error_code`.
    pub code: u16,
    /// The whole description, prefix included.
    pub description: String,
    /// `retry_after` or `migrate_to_chat_id`.
    pub parameters: Option<Value>,
}

impl ApiError {
    /// An error in exactly these words.
    pub fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }

    /// 400: the request cannot be carried out.
    pub fn bad(text: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", text.as_ref()))
    }

    /// 403: it will not get better by trying again.
    pub fn forbidden(text: impl AsRef<str>) -> Self {
        Self::new(403, format!("Forbidden: {}", text.as_ref()))
    }

    /// 409: two receivers.
    pub fn conflict(text: impl AsRef<str>) -> Self {
        Self::new(409, format!("Conflict: {}", text.as_ref()))
    }

    /// 401: a well-formed token of no bot.
    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    /// 404: the path is not one of the Bot API's.
    pub fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// 400 with the id of the supergroup that a basic group became.
    pub fn migrated(to: i64) -> Self {
        let mut error = Self::bad("group chat was upgraded to a supergroup chat");
        error.parameters = Some(json!({ "migrate_to_chat_id": to }));
        error
    }

    /// The answer's body.
    pub fn body(&self) -> Value {
        let mut body = json!({ "ok": false, "error_code": self.code, "description": self.description });
        if let (Some(parameters), Some(object)) = (&self.parameters, body.as_object_mut()) {
            object.insert("parameters".into(), parameters.clone());
        }
        body
    }
}

/// Why a person cannot do that; the text says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status of the web API's answer.
    pub status: u16,
    /// Plain words.
    pub text: String,
}

impl Refusal {
    /// The request makes no sense as it is.
    pub fn wrong(text: impl Into<String>) -> Self {
        Self { status: 400, text: text.into() }
    }

    /// There is no such thing.
    pub fn missing(text: impl Into<String>) -> Self {
        Self { status: 404, text: text.into() }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}
