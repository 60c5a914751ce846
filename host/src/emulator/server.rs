//! The emulator over HTTP: the Bot API under `/bot<token>/`, the web API under `/emulator/`, and the page.

mod bot_api;
mod connection;
mod methods;
mod page;
mod params;
mod reply;
mod web;
mod webhooks;

use std::future::IntoFuture;
use std::io;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Emulator;
use connection::{Doors, Switch};

/// What a request may carry: the largest upload of a bot, and the form around it.
const MAX_REQUEST: usize = 51 * 1024 * 1024;

/// What every handler needs.
#[derive(Clone)]
struct Face {
    emulator: Emulator,
    /// Tells those who wait that the server is about to stop.
    closing: CancellationToken,
}

pub(super) fn router(emulator: &Emulator) -> Router {
    routes(Face { emulator: emulator.clone(), closing: CancellationToken::new() })
}

pub(super) async fn serve(
    emulator: Emulator,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let face = Face { emulator, closing: CancellationToken::new() };
    let closing = face.closing.clone();
    let stop = async move {
        shutdown.await;
        closing.cancel();
    };
    let posting = webhooks::post_updates(face.clone());
    let app = routes(face.clone()).into_make_service_with_connect_info::<Switch>();
    let serving = axum::serve(Doors::new(listener), app).with_graceful_shutdown(stop);
    let serving = async {
        let result = serving.into_future().await;
        // Also when serving failed, nobody is left to post for.
        face.closing.cancel();
        result
    };
    let (served, posted) = tokio::join!(serving, posting);
    served.and(posted)
}

fn routes(face: Face) -> Router {
    // The method may be called in any way, and the real server looks at the path only.
    let bot_api = Router::new()
        .route("/bot{token}/{method}", any(bot_api::call))
        .route("/file/bot{token}/{*path}", get(bot_api::download))
        .route("/api", any(next_door))
        .route("/api/{*path}", any(next_door))
        .fallback(bot_api::nowhere)
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .with_state(face.clone());
    bot_api.merge(page::routes(face.clone()).merge(web::routes(face)))
}

/// Lets the neighbour answer, if there is one.
async fn next_door(State(face): State<Face>, request: Request) -> Response {
    match face.emulator.0.neighbour.get() {
        Some(neighbour) => match TowerToHyperService::new(neighbour.clone()).call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        None => bot_api::nowhere().await.into_response(),
    }
}

#[cfg(test)]
mod tests;
