//! A request to the Web and its answer, as the sandbox, the client and the records know them. Pure data.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented case by case in wit/web.wit")]
pub enum WebMethod {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "documented field by field in wit/web.wit")]
pub struct WebRequest {
    pub method: WebMethod,
    pub url: String,
    pub headers: Vec<(String, String)>,
    #[serde(serialize_with = "blob::maybe")]
    pub body: Option<Bytes>,
    pub timeout_ms: Option<u32>,
    pub max_bytes: Option<u32>,
}

/// What an answer carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented case by case in wit/web.wit")]
pub enum WebBody {
    Text(String),
    #[serde(with = "blob")]
    Bytes(Bytes),
}

impl WebBody {
    /// Its size in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/web.wit")]
pub struct WebResponse {
    pub status: u16,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: WebBody,
}

/// How much one request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebBounds {
    /// Time, redirects and the body included.
    pub time: Duration,
    /// Bytes of the body, after it was decompressed.
    pub bytes: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented case by case in wit/web.wit")]
pub enum WebError {
    NotAllowed(String),
    BadRequest(String),
    TooLarge(u64),
    Timeout,
    Unreachable(String),
}

/// Bytes in JSON: as base64, a third longer instead of four times as long.
pub(crate) mod blob {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::{Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(bytes: &impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(crate) fn maybe<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: From<Vec<u8>>>(deserializer: D) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(T::from).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_back_as_it_was() {
        for body in [WebBody::Text("Привет \0".into()), WebBody::Bytes(Bytes::from_static(&[0, 255, 10]))] {
            let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            let answer = WebResponse { status: 200, url: "https://example.org/".into(), headers, body };
            let written = serde_json::to_vec(&answer).unwrap();
            assert_eq!(serde_json::from_slice::<WebResponse>(&written).unwrap(), answer);
        }
    }
}
