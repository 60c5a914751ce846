//! Calls to the Bot API over one connection pool. It decides nothing about failures: `error` does. The token goes into
//! the URL here and comes out nowhere, neither in an error nor in a log line.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::answer::{self, Answer};
use super::error::{CallError, Refusal};
use crate::config::Token;

mod files;

mod menu;

mod webhook;

pub use files::{FileError, Upload};
pub use menu::CommandScope;
pub use webhook::WebhookInfo;

/// Time for a connection to come about.
const CONNECT: Duration = Duration::from_secs(8);
/// Time for an ordinary call; Telegram answers most of them within 100 ms.
const CALL: Duration = Duration::from_secs(30);
/// What a long poll may last beyond the time it was asked to.
const POLL_GRACE: Duration = Duration::from_secs(10);
/// A connection that has been idle for so long is not used again. Servers close idle connections by themselves, and a
/// request written at that very moment would be an ambiguous one.
const IDLE: Duration = Duration::from_secs(30);
/// The largest answer that is read. Telegram ends a batch of updates near 4 MiB.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// The one connection pool of a process.
#[derive(Clone)]
pub struct Pool(reqwest::Client);

impl Pool {
    /// A pool without connections yet.
    pub fn new() -> Result<Self, CallError> {
        reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true)
            .http1_only()
            // What plugins ask may come compressed; here it would only make answers later.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            // A proxy from the environment would be handed every token; whoever wants one sets `api_url`.
            .no_proxy()
            // A redirect would carry the token along to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map(Self)
            .map_err(|error| CallError::NotSent(chain(&error)))
    }
}

/// Who a bot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// Its id.
    pub id: i64,
    /// Its name without `@`.
    pub username: String,
    /// What it is called.
    pub name: String,
}

/// An update as Telegram sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawUpdate {
    /// Telegram's number; a made-up negative one where the update has none.
    pub update_id: i64,
    /// The JSON, byte for byte.
    pub raw: String,
}

impl RawUpdate {
    /// What was posted to a webhook, whatever it is.
    pub fn posted(body: &[u8]) -> Self {
        // Neither can be in JSON, and neither can be stored.
        number(&String::from_utf8_lossy(body).replace('\0', "\u{fffd}"))
    }
}

/// One bot's way to Telegram. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    methods: Arc<str>,
    files: Arc<str>,
}

impl Client {
    /// The way to `api_url` for the bot with this token.
    pub fn new(pool: &Pool, api_url: &str, token: &Token) -> Self {
        let (base, token) = (api_url.trim_end_matches('/'), token.reveal());
        Self {
            http: pool.0.clone(),
            methods: format!("{base}/bot{token}/").into(),
            files: format!("{base}/file/bot{token}/").into(),
        }
    }

    /// Asks who the bot is.
    pub async fn get_me(&self) -> Result<Me, CallError> {
        #[derive(Deserialize)]
        struct User {
            id: i64,
            #[serde(default)]
            username: String,
            #[serde(default)]
            first_name: String,
        }
        let answer = self.call("getMe", "{}").await?;
        let user: User = serde_json::from_str(answer.json()).map_err(|error| {
            CallError::Ambiguous(format!("getMe answered with something else than a user: {error}"))
        })?;
        Ok(Me { id: user.id, username: user.username, name: user.first_name })
    }

    /// Fetches updates. `offset` confirms all below it, so it must come from a stored batch; `timeout` is in seconds.
    pub async fn get_updates(
        &self,
        offset: Option<i64>,
        limit: u32,
        timeout: u32,
        allowed: &[&str],
    ) -> Result<Vec<RawUpdate>, CallError> {
        let mut body = json!({ "limit": limit, "timeout": timeout });
        if let Some(offset) = offset {
            body["offset"] = offset.into();
        }
        // An empty list would mean "all but a few"; the server remembers the last list where none is given.
        if !allowed.is_empty() {
            body["allowed_updates"] = allowed.into();
        }
        let request =
            self.post("getUpdates", body.to_string())?.timeout(Duration::from_secs(timeout.into()) + POLL_GRACE);
        let text = self.send(request).await?;
        answer::elements(&text).map_err(CallError::Ambiguous).map(|elements| elements.map(number).collect())
    }

    /// Calls a method with a body that is ready to be sent.
    pub async fn call(&self, method: &str, body: &str) -> Result<Answer, CallError> {
        let request = self.post(method, body.to_owned())?.timeout(CALL);
        self.send(request).await.map(Answer::new)
    }

    fn url(&self, method: &str) -> Result<String, CallError> {
        // A raw method comes from a plugin; it must not become another path.
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(CallError::Refused(Refusal {
                code: 404,
                description: format!("Not Found: method not found: `{method}` is no name of a method"),
                retry_after: None,
                migrate_to: None,
                from_api: true,
            }));
        }
        Ok(format!("{}{method}", self.methods))
    }

    fn post(&self, method: &str, body: String) -> Result<RequestBuilder, CallError> {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        Ok(self.http.post(self.url(method)?).header(CONTENT_TYPE, JSON).body(body))
    }

    /// Sends, and returns the JSON of the result.
    async fn send(&self, request: RequestBuilder) -> Result<String, CallError> {
        let response = request.send().await.map_err(failure)?;
        let status = response.status().as_u16();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = match read(response, LARGEST_ANSWER).await {
            Ok(Some(body)) => body,
            Ok(None) => return Err(CallError::Ambiguous(format!("the answer has more than {LARGEST_ANSWER} bytes"))),
            Err(error) => return Err(CallError::Ambiguous(chain(&error.without_url()))),
        };
        answer::result(status, wait, body)
    }
}

/// A payload as JSON. These structs hold strings, numbers and lists only, which cannot fail to be written.
pub(super) fn write(payload: &impl serde::Serialize) -> String {
    serde_json::to_string(payload).unwrap_or_else(|_| "{}".into())
}

/// An update without a number cannot be confirmed by itself nor told apart by its number. It is kept all the same, under
/// a number made from its bytes: the same bytes, sent again, are the same update, and no real number is negative.
fn number(raw: &str) -> RawUpdate {
    #[derive(Deserialize)]
    struct Numbered {
        update_id: i64,
    }
    let given = serde_json::from_str::<Numbered>(raw).ok().map(|update| update.update_id);
    let update_id = given.filter(|id| (0..i64::MAX).contains(id)).unwrap_or_else(|| {
        let digest = Sha256::digest(raw);
        let bytes = digest.first_chunk::<8>().copied().unwrap_or_default();
        i64::from_be_bytes(bytes) | i64::MIN
    });
    RawUpdate { update_id, raw: raw.to_owned() }
}

/// Reads a body of at most `max` bytes; `None` if there are more.
async fn read(mut response: Response, max: usize) -> Result<Option<Bytes>, reqwest::Error> {
    let Some(first) = response.chunk().await? else { return Ok(Some(Bytes::new())) };
    if first.len() > max {
        return Ok(None);
    }
    // Most answers come in one piece, which is then handed on as it is.
    let Some(second) = response.chunk().await? else { return Ok(Some(first)) };
    let mut body = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(piece) = next {
        if body.len() + piece.len() > max {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
        next = response.chunk().await?;
    }
    Ok(Some(body.freeze()))
}

/// What became of a request that has no answer.
fn failure(error: reqwest::Error) -> CallError {
    let untouched = error.is_connect() || error.is_builder();
    let text = chain(&error.without_url());
    if untouched { CallError::NotSent(text) } else { CallError::Ambiguous(text) }
}

/// An error and its causes in one line; the outer ones alone say little more than "error sending request".
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests;
