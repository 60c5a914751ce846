//! What Telegram posts: the secret first, then the body, then the one commit, and only then 200.
//!
//! 1. Whoever does not send the secret hears 401 and nothing else, before a byte of the body is read. The comparison takes
//!    the same time wherever the two differ.
//! 2. 200 means that the update is in the inbox, also if it was there before and also if nobody can make sense of it:
//!    anything else would have Telegram post it again for a day, before everything that comes after it in its chat.
//! 3. While it cannot be stored, or too many events wait, the answer is 503 with `Retry-After`. Telegram keeps the update
//!    and comes again.
//!
//! Every host of a database serves the webhook, and no lease is needed. Polling has one because an offset confirms
//! updates that another asker may not have stored; a post confirms the one update that it carries, after it was stored.
//! The same update at two hosts is one row, because its number is unique. Posts of one chat come one after the other, and
//! from the inbox on the order is that of the rows.
//!
//! Read on with `webhook/register`, which tells Telegram the address.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use subtle::ConstantTimeEq;

use super::{Bot, accept, give};
use crate::config;
use crate::shutdown::Tasks;
use crate::telegram::RawUpdate;

mod register;

pub use register::keep_registered;

/// The header in which Telegram sends the secret.
const SECRET: &str = "x-telegram-bot-api-secret-token";
/// The largest body that is read. An update of Telegram has 512 KiB at most.
const LARGEST: usize = 1024 * 1024;
/// How long a body may take to come. Telegram sends it with the head.
const PATIENCE: Duration = Duration::from_secs(10);
/// When to come again: long enough for a database to restart a little, short enough that nobody waits for an answer much
/// longer than for the repair itself. Telegram posts one update of each chat at a time, so it is no storm.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// The webhooks of this host, by their paths.
#[derive(Default)]
pub struct Hooks(HashMap<String, Arc<Hook>>);

/// The webhook of one bot.
pub struct Hook {
    url: String,
    secret: String,
    /// The bot, once it runs; until then Telegram is asked to come again.
    bot: OnceLock<Bot>,
    tasks: Tasks,
}

impl Hooks {
    /// The webhooks that the configuration names.
    pub fn new(bots: &[config::Bot], tasks: &Tasks) -> Self {
        let hook = |bot: &config::Bot| {
            let webhook = bot.webhook.as_ref()?;
            let (url, secret) = (webhook.url().to_owned(), bot.token.secret_for("webhook"));
            let hook = Hook { url, secret, bot: OnceLock::new(), tasks: tasks.clone() };
            Some((webhook.path().to_owned(), Arc::new(hook)))
        };
        Self(bots.iter().filter_map(hook).collect())
    }

    /// The one of a bot.
    pub fn of(&self, bot: &config::Bot) -> Option<Arc<Hook>> {
        self.0.get(bot.webhook.as_ref()?.path()).cloned()
    }

    /// Their routes.
    pub fn routes(&self) -> Router {
        self.0
            .iter()
            .fold(Router::new(), |router, (path, hook)| router.route(path, post(receive).with_state(Arc::clone(hook))))
    }
}

impl Hook {
    /// From now on what is posted is for this bot.
    pub fn serves(&self, bot: Bot) {
        // A bot runs once in a process; a second one would be the same.
        let _ = self.bot.set(bot);
    }
}

async fn receive(State(hook): State<Arc<Hook>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if !is_telegram(&hook.secret, &head.headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if head.headers.get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let Some(bot) = hook.bot.get() else { return later() };
    let body = tokio::select! {
        body = read(body) => body,
        () = bot.clock.sleep(PATIENCE) => Err(StatusCode::REQUEST_TIMEOUT),
    };
    let update = match body {
        Ok(body) => RawUpdate::posted(&body),
        Err(status) => return status.into_response(),
    };
    // A host that ends takes no new work; another one, or this one after its start, is there in a moment.
    if hook.tasks.shutdown().has_begun() || bot.is_full().await {
        return later();
    }
    match accept(bot, None, vec![update]).await {
        Ok((_, answers)) => {
            for answer in answers {
                hook.tasks.spawn(give(bot, answer));
            }
            StatusCode::OK.into_response()
        }
        // `accept` has said what is wrong.
        Err(_) => later(),
    }
}

/// Whether the request brings the secret.
fn is_telegram(secret: &str, headers: &HeaderMap) -> bool {
    headers.get(SECRET).is_some_and(|given| bool::from(given.as_bytes().ct_eq(secret.as_bytes())))
}

async fn read(body: Body) -> Result<bytes::Bytes, StatusCode> {
    // The announced length is refused here too: nothing is read of a body that would be too large.
    if http_body_size(&body).is_some_and(|size| size > LARGEST as u64) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    axum::body::to_bytes(body, LARGEST).await.map_err(|error| {
        match error.into_inner().is::<http_body_util::LengthLimitError>() {
            true => StatusCode::PAYLOAD_TOO_LARGE,
            false => StatusCode::BAD_REQUEST,
        }
    })
}

fn http_body_size(body: &Body) -> Option<u64> {
    axum::body::HttpBody::size_hint(body).exact()
}

fn later() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_the_whole_secret() {
        let given = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("X-Telegram-Bot-Api-Secret-Token", text.parse().expect("a value"));
            is_telegram("secret", &headers)
        };
        assert!(given("secret"));
        for wrong in ["", "secre", "secrets", "Secret", "secret "] {
            assert!(!given(wrong), "{wrong}");
        }
        assert!(!is_telegram("secret", &HeaderMap::new()));
    }
}
