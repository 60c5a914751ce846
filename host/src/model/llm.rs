//! A question to a language model and its answer, as the sandbox, the client and the records know them. Pure data.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::web::blob;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented case by case in wit/web.wit")]
pub enum Role {
    System,
    User,
    Assistant,
}

/// A part of what is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented case by case in wit/web.wit")]
pub enum Part {
    Text(String),
    Image {
        mime_type: String,
        #[serde(serialize_with = "blob::serialize")]
        data: Bytes,
    },
}

/// What one of the speakers says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented field by field in wit/web.wit")]
pub struct Said {
    pub role: Role,
    pub parts: Vec<Part>,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "documented field by field in wit/web.wit")]
pub struct Prompt {
    pub messages: Vec<Said>,
    pub schema: Option<String>,
    pub max_tokens: Option<u32>,
    pub temperature: Option<f32>,
    pub show: bool,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented case by case in wit/web.wit")]
pub enum Finish {
    Stop,
    Length,
    Filtered,
    Other,
}

/// An answer. `shown` is the reference of the message in which it appeared while it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/web.wit")]
pub struct LlmAnswer {
    pub text: String,
    pub finish: Finish,
    pub input_tokens: u32,
    pub output_tokens: u32,
    pub shown: Option<i64>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented case by case in wit/web.wit")]
pub enum LlmError {
    Unavailable(String),
    OverBudget(i64),
    BadRequest(String),
    NotJson(String),
    Timeout,
    Other(String),
}
