//! How the host stands: `/healthz` for who restarts it, `/readyz` for who sends it work, both in words for who operates it.
//!
//! 1. Alive: the process answers and none of its loops has ended. A database that is gone is no reason to kill a host,
//!    which finds it again by itself.
//! 2. Ready: something can be written to the database within a time, at least one bot runs, its updates can be stored,
//!    and no shutdown has begun. Everything else is 503 with the reasons.
//! 3. No secret, no address and no text of anybody else is in an answer: whoever can reach the port may read it.
//!
//! Asking costs one small write, and many who ask share one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::clock::{Clock, Millis};
use crate::health::{Board, Bot};
use crate::shutdown::Tasks;
use crate::store::Store;

/// A database that takes longer is not there.
const PATIENCE: Duration = Duration::from_secs(2);
/// So long an answer of the database counts.
const FRESH: Millis = 1_000;
const NO_ANSWER: &str = "the database does not answer";

/// When the database was asked, and what is wrong with it.
type Asked = (Millis, Result<(), &'static str>);

/// What is looked at.
#[derive(Clone)]
pub struct Health {
    store: Store,
    board: Board,
    clock: Clock,
    tasks: Tasks,
    /// The last time.
    database: Arc<Mutex<Option<Asked>>>,
}

impl Health {
    /// Nothing has been asked yet.
    pub fn new(store: Store, board: Board, clock: Clock, tasks: Tasks) -> Self {
        Self { store, board, clock, tasks, database: Arc::default() }
    }

    /// The routes.
    pub fn routes(self) -> Router {
        Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).with_state(self)
    }

    /// What is wrong with the database. Whoever asks while somebody else does gets the same answer.
    async fn database(&self) -> Result<(), &'static str> {
        let mut last = self.database.lock().await;
        if let Some((at, answer)) = *last
            // A clock that was set back makes nothing fresh.
            && (0..FRESH).contains(&(self.clock.now() - at))
        {
            return answer;
        }
        let answer = tokio::select! {
            written = self.store.probe() => written.map_err(|error| error.state()),
            () = self.clock.sleep(PATIENCE) => Err(NO_ANSWER),
        };
        *last = Some((self.clock.now(), answer));
        answer
    }
}

async fn alive(State(health): State<Health>) -> Response {
    match health.tasks.crashed() {
        None => Json(json!({ "alive": true })).into_response(),
        Some(what) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "alive": false, "reasons": [what] }))).into_response()
        }
    }
}

async fn ready(State(health): State<Health>) -> Response {
    let database = health.database().await;
    let bots = health.board.bots();
    let reasons = reasons(database, &bots, health.tasks.shutdown().has_begun());
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": reasons.is_empty(),
        "reasons": reasons,
        "version": env!("CARGO_PKG_VERSION"),
        "bots": bots.iter().map(shown).collect::<Vec<_>>(),
    });
    (status, Json(body)).into_response()
}

/// Why no work should be sent here; none if it should.
fn reasons(database: Result<(), &'static str>, bots: &[Bot], is_ending: bool) -> Vec<String> {
    let mut reasons = Vec::new();
    if is_ending {
        reasons.push("the host is shutting down".to_owned());
    }
    if let Err(problem) = database {
        reasons.push(problem.to_owned());
    }
    if !bots.iter().any(|bot| bot.standing().runs()) {
        reasons.push("no bot runs".to_owned());
    }
    let stuck = bots.iter().filter_map(|bot| Some((&bot.name, bot.stuck?)));
    reasons.extend(stuck.map(|(name, why)| format!("updates of bot `{name}` cannot be stored: {why}")));
    reasons
}

fn shown(bot: &Bot) -> Value {
    let plugin = |plugin: &crate::health::Plugin| json!({ "name": plugin.name, "version": plugin.version, "digest": plugin.digest });
    json!({
        "name": bot.name,
        "state": bot.standing().word(),
        "plugins": bot.plugins.iter().map(plugin).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::State;

    #[test]
    fn every_reason_is_named() {
        let bot = |state, stuck| Bot { name: "main".into(), state, barred: vec![], stuck, plugins: vec![] };
        let barred = Bot { barred: vec![crate::health::Caller::Intake], ..bot(State::Polling, None) };
        for (database, bots, is_ending, expected) in [
            (Ok(()), vec![bot(State::Polling, None)], false, &[][..]),
            (Ok(()), vec![bot(State::StandingBy, None), bot(State::Refused, None)], false, &[]),
            (Ok(()), vec![bot(State::Paused, None)], false, &[]),
            (Ok(()), vec![barred.clone()], false, &["no bot runs"]),
            (Ok(()), vec![barred, bot(State::Webhook, None)], false, &[]),
            (Ok(()), vec![bot(State::Waiting, None), bot(State::Refused, None)], false, &["no bot runs"]),
            (
                Err("the disk of the database is full"),
                vec![bot(State::Webhook, Some("the disk of the database is full"))],
                true,
                &[
                    "the host is shutting down",
                    "the disk of the database is full",
                    "updates of bot `main` cannot be stored: the disk of the database is full",
                ],
            ),
        ] {
            assert_eq!(reasons(database, &bots, is_ending), expected);
        }
    }
}
