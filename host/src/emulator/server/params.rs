//! The parameters of a Bot API call, however they came: query string, JSON, form, multipart form.
//!
//! Later places win. In forms everything is text, also numbers and nested JSON, and a client may send text in JSON too;
//! so each accessor takes both.

use std::borrow::Cow;
use std::collections::HashMap;

use axum::extract::{Form, FromRequest, Multipart, Query, Request};
use axum::http::header;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::Face;
use crate::emulator::world::{ApiError, ChatId};

/// A file of a multipart form.
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) mime: String,
    pub(super) bytes: Bytes,
}

/// The parameters.
#[derive(Default)]
pub(super) struct Params {
    values: Map<String, Value>,
    files: HashMap<String, Upload>,
}

type Pairs = Vec<(String, String)>;

impl Params {
    /// Reads them from a request.
    pub(super) async fn read(request: Request, face: &Face) -> Result<Self, ApiError> {
        let mut params = Self::default();
        if request.uri().query().is_some_and(|query| !query.is_empty()) {
            let pairs: Query<Pairs> =
                Query::try_from_uri(request.uri()).map_err(|_| ApiError::bad("can't parse the query string"))?;
            params.add(pairs.0);
        }
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => {
                let body =
                    Bytes::from_request(request, face).await.map_err(|error| too_large(error.status().as_u16()))?;
                if !body.trim_ascii().is_empty() {
                    let object = serde_json::from_slice::<Map<String, Value>>(&body);
                    let mut object = object.map_err(|_| ApiError::bad("can't parse request: object expected"))?;
                    params.values.append(&mut object);
                }
            }
            // A form without anything in it, as a GET has, is no error.
            "application/x-www-form-urlencoded" if request.method() != axum::http::Method::GET => {
                let form = Form::<Pairs>::from_request(request, face).await;
                params.add(form.map_err(|error| too_large(error.status().as_u16()))?.0);
            }
            "multipart/form-data" => params.add_multipart(request, face).await?,
            _ => {}
        }
        Ok(params)
    }

    fn add(&mut self, pairs: Pairs) {
        self.values.extend(pairs.into_iter().map(|(name, value)| (name, Value::String(value))));
    }

    async fn add_multipart(&mut self, request: Request, face: &Face) -> Result<(), ApiError> {
        let wrong = |error: axum::extract::multipart::MultipartError| too_large(error.status().as_u16());
        let request = whole(request, face).await.map_err(too_large)?;
        let form = Multipart::from_request(request, face).await;
        let mut form = form.map_err(|error| ApiError::bad(format!("can't parse the form: {}", error.body_text())))?;
        while let Some(field) = form.next_field().await.map_err(wrong)? {
            let Some(name) = field.name().map(str::to_owned) else { continue };
            let file_name = field.file_name().map(str::to_owned);
            let mime = field.content_type().unwrap_or_default().to_owned();
            // A part with a type of its own is a file, named or not; text has none or says that it is text.
            if file_name.is_some() || !(mime.is_empty() || mime.starts_with("text/plain")) {
                let bytes = field.bytes().await.map_err(wrong)?;
                self.files.insert(name, Upload { name: file_name.unwrap_or_default(), mime, bytes });
            } else {
                self.values.insert(name, Value::String(field.text().await.map_err(wrong)?));
            }
        }
        Ok(())
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// Text; numbers and the like as they are written.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(match self.get(name)? {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.to_string()),
        })
    }

    /// A whole number.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
            _ => None,
        }
    }

    /// A number.
    pub(super) fn float(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        }
    }

    /// Yes or no; absent is no.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes"),
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            _ => false,
        }
    }

    /// Nested JSON, or its text. Empty text is nothing.
    pub(super) fn json(&self, name: &str) -> Result<Option<Cow<'_, Value>>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => {
                let value = serde_json::from_str(text);
                let value = value.map_err(|_| ApiError::bad(format!("can't parse {name} JSON object")))?;
                Ok(Some(Cow::Owned(value)))
            }
            Some(value) => Ok(Some(Cow::Borrowed(value))),
        }
    }

    /// A list, or its text.
    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<Value>>, ApiError> {
        match self.json(name)?.map(Cow::into_owned) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(ApiError::bad(format!("expected an Array as {name}"))),
        }
    }

    /// The parameter `chat_id`.
    pub(super) fn chat_id(&self) -> Result<ChatId, ApiError> {
        let text = self.text("chat_id").filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| ApiError::bad("chat_id is empty"))?;
        Ok(match text.trim().parse() {
            Ok(id) => ChatId::Id(id),
            Err(_) => ChatId::Name(text.trim().to_owned()),
        })
    }

    /// A file of the form.
    pub(super) fn file(&self, name: &str) -> Option<&Upload> {
        self.files.get(name)
    }

    /// What the log keeps: the values as JSON, a file as its name and size.
    pub(super) fn for_log(&self) -> String {
        if self.files.is_empty() {
            return serde_json::to_string(&self.values).unwrap_or_default();
        }
        let mut values = self.values.clone();
        for (name, Upload { name: file_name, bytes, .. }) in &self.files {
            values.insert(name.clone(), Value::String(format!("<file {file_name}, {} bytes>", bytes.len())));
        }
        serde_json::to_string(&values).unwrap_or_default()
    }
}

/// Reads the whole body before anything is made of it; an error is the status of the answer.
///
/// A form's reader stops at the last boundary. When the client's last bytes come after that, the connection would be
/// closed on it, and its next call would fail.
pub(super) async fn whole(request: Request, face: &Face) -> Result<Request, u16> {
    let (head, body) = request.into_parts();
    let body = Bytes::from_request(Request::from_parts(head.clone(), body), face).await;
    let body = body.map_err(|error| error.status().as_u16())?;
    Ok(Request::from_parts(head, body.into()))
}

fn too_large(status: u16) -> ApiError {
    match status {
        413 => ApiError::new(413, "Request Entity Too Large"),
        _ => ApiError::bad("can't read the request"),
    }
}
