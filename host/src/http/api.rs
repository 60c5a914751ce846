//! The REST API: what the host tells of itself, and what its plugins answer (`/api/<bot>/<plugin>/…`).
//!
//! 1. Nobody is listened to without the bearer token, whose comparison takes the same time wherever the two differ. Without
//!    a token in the configuration there is no API.
//! 2. Every error is JSON of one shape: `{"error": {"code", "message", "hint"}}` (`api/error`).
//! 3. A request for a plugin is an event like any other: stored, handled in its lane, once, on whichever host. Whoever asked
//!    waits for its end here (`api/waiting`), and loses nothing but the answer by going away.
//! 4. Lists are paged and bounded. `/api/openapi.json` describes all of it (`api/openapi`).
//!
//! Read on with `ask` (requests for plugins), `path` (which route), `lists` and `letters` (what the host tells).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use subtle::ConstantTimeEq;

use crate::clock::Clock;
use crate::config::{ApiToken, file};
use crate::health::Board;
use crate::intake::pressure::Pressure;
use crate::model::manifest::Manifest;
use crate::model::{BotId, PluginName};
use crate::schema::Schema;
use crate::shutdown::Tasks;
use crate::store::{KnownSchedule, Store};
use crate::wake::Wake;

mod ask;

mod error;

pub mod letters;

mod lists;

mod openapi;

mod path;

mod shadow;

mod waiting;

use error::Trouble;
use waiting::Waiting;

/// A bot that is loaded here.
#[derive(Debug, Clone)]
pub struct Served {
    /// Telegram's id.
    pub id: BotId,
    /// Its name without @.
    pub username: String,
    /// Its plugins.
    pub plugins: Vec<ServedPlugin>,
    /// How full its inbox is.
    pub pressure: Arc<Pressure>,
}

/// A plugin that is loaded here.
#[derive(Debug, Clone)]
pub struct ServedPlugin {
    /// What the operator calls it.
    pub name: PluginName,
    /// What it says of itself.
    pub manifest: Manifest,
    /// The component's SHA-256 in hexadecimal.
    pub digest: String,
    /// The capabilities that it uses.
    pub capabilities: Vec<&'static str>,
    /// What it is granted, a line each.
    pub grant: Vec<String>,
    /// Its schedules that are on.
    pub schedules: Vec<KnownSchedule>,
    /// What the bodies of requests have to follow, by the names of routes; none for those that take anything.
    pub requests: BTreeMap<String, Schema>,
}

/// The API of one host. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    store: Store,
    board: Board,
    wake: Wake,
    clock: Clock,
    tasks: Tasks,
    bots: Arc<RwLock<BTreeMap<String, Arc<Served>>>>,
    waiting: Waiting,
}

impl Api {
    /// One that knows no bot yet.
    pub fn new(store: Store, board: Board, wake: Wake, clock: Clock, tasks: Tasks) -> Self {
        Self { store, board, wake, clock, tasks, bots: Arc::default(), waiting: Waiting::default() }
    }

    /// From now on the bot of this name is here.
    pub fn serves(&self, name: &str, bot: Served) {
        self.bots.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::new(bot));
    }

    /// Brings those who wait their answers, until the shutdown.
    pub async fn answer(self) {
        self.waiting.answer(&self.store, &self.wake, &self.clock, &self.tasks).await;
    }

    /// The routes, for those who bring this token.
    pub fn routes(&self, token: Option<ApiToken>) -> Router {
        let Some(token) = token else {
            return below_api(Router::new().fallback(any(off)));
        };
        let routes = Router::new()
            .route("/openapi.json", get(openapi::document))
            .route("/bots", get(lists::bots))
            .route("/plugins", get(lists::plugins))
            .route("/users", get(lists::users))
            .route("/lanes", get(lists::lanes))
            .route("/shadow", get(shadow::list))
            .route("/dead-letters", get(letters::list))
            .route("/dead-letters/{seq}", get(letters::show))
            .route("/dead-letters/{seq}/retry", post(letters::retry))
            .route("/dead-letters/{seq}/drop", post(letters::drop))
            .method_not_allowed_fallback(error::wrong_method)
            .fallback(ask::ask)
            .layer(middleware::from_fn_with_state(Arc::new(token), only_with_token))
            .with_state(self.clone());
        below_api(routes)
    }

    /// The bots that are loaded here, by their names.
    fn bots(&self) -> BTreeMap<String, Arc<Served>> {
        self.bots.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bot of this name.
    fn bot(&self, name: &str) -> Result<Arc<Served>, Trouble> {
        if let Some(bot) = self.bots.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Arc::clone(bot));
        }
        match self.board.bots().iter().any(|bot| bot.name == name) {
            true => Err(Trouble::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not_ready",
                format!("the bot `{name}` does not run here just now"),
                "ask again in a moment; GET /api/bots and the log say how it stands",
            )
            .later(2)),
            false => Err(Trouble::new(
                StatusCode::NOT_FOUND,
                "unknown_bot",
                format!("there is no bot `{name}`"),
                "GET /api/bots lists them; it is the name that stands in [[bot]]",
            )),
        }
    }
}

/// These routes below `/api`; a nest alone leaves `/api/` out.
fn below_api(routes: Router) -> Router {
    Router::new().nest("/api", routes.clone()).route_service("/api/", routes.into_service::<Body>())
}

async fn off() -> Trouble {
    Trouble::new(
        StatusCode::NOT_FOUND,
        "off",
        "this host serves no REST API",
        format!("write token = \"${{GUESTHOUSE_API_TOKEN}}\" under [http] in {}", file::name()),
    )
}

async fn only_with_token(State(token): State<Arc<ApiToken>>, request: Request, next: Next) -> Response {
    if brings(&token, request.headers()) {
        return next.run(request).await;
    }
    let trouble = Trouble::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "the API's bearer token is missing or wrong",
        "send the header `Authorization: Bearer TOKEN` with the token that http.token has",
    );
    ([(header::WWW_AUTHENTICATE, "Bearer")], trouble).into_response()
}

/// Whether a request brings the token.
fn brings(token: &ApiToken, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    let (scheme, given) = given.split_at_checked(7).unwrap_or((b"", b""));
    scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(given.ct_eq(token.reveal().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_whole_token() {
        let token = ApiToken::new("a-long-enough-token");
        let given = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().expect("a value"));
            brings(&token, &headers)
        };
        assert!(given("Bearer a-long-enough-token") && given("bearer a-long-enough-token"));
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer a-long-enough-toke",
            "Bearer a-long-enough-token ",
            "Bearer A-long-enough-token",
            "Basic a-long-enough-token",
            "a-long-enough-token",
        ] {
            assert!(!given(wrong), "{wrong}");
        }
        assert!(!brings(&token, &HeaderMap::new()));
    }
}
