//! The host's own listener: webhooks, how the host stands, and the REST API. What is answered is decided elsewhere
//! (`intake/webhook`, `http/health`, `http/api`); here is who gets a connection and for how long.
//!
//! It speaks plain HTTP/1.1 and stands behind a proxy with TLS. A caller that says nothing, or says it slowly, is cut
//! off; there are so many connections and no more, so callers cost a bounded number of files. Until the very end of a
//! shutdown it answers, because "shutting down" is an answer, too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::config::Http;
use crate::shutdown::Tasks;

pub mod health;

pub mod api;

/// What answers requests, for who serves them.
pub use axum::Router as Routes;

/// Connections at once. Telegram opens 40 for each bot, or as many as a hundred.
const CONNECTIONS: usize = 1024;
/// How long the head of a request may take, from the opening of the connection or the answer before it.
const HEAD: Duration = Duration::from_secs(15);
/// How large that head may be.
const HEAD_SIZE: usize = 16 * 1024;
/// How long to wait when there are no file handles left; some will be free soon.
const NO_HANDLES: Duration = Duration::from_millis(100);

/// The address cannot be had.
#[derive(Debug, Error)]
#[error(
    "cannot listen on `{listen}`: {reason}\nhint: end the program that has it, or write another address in http.listen (port 0 takes a free one)"
)]
pub struct CannotListen {
    listen: String,
    reason: std::io::Error,
}

/// Takes the address.
pub async fn bind(http: &Http) -> Result<TcpListener, CannotListen> {
    let cannot = |reason| CannotListen { listen: http.listen.clone(), reason };
    TcpListener::bind(&http.listen).await.map_err(cannot)
}

/// Serves until the shutdown is complete.
pub fn serve(listener: TcpListener, address: SocketAddr, routes: Router, tasks: &Tasks) {
    tracing::info!("listening on http://{address}");
    let spawn = tasks.clone();
    // Not a loop: it goes on while the others finish.
    tasks.spawn_keeper("http", async move {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let talk = talk(stream, routes.clone(), spawn.clone());
                    let talk = async move {
                        talk.await;
                        drop(place);
                    };
                    if spawn.shutdown().has_begun() {
                        // Nobody has to wait for who comes now.
                        spawn.spawn_detached(talk);
                    } else {
                        spawn.spawn(talk);
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %error, "a connection was not accepted: {error}");
                    tokio::time::sleep(NO_HANDLES).await;
                }
            }
        }
    });
}

/// Answers the requests of one connection.
async fn talk(stream: TcpStream, routes: Router, tasks: Tasks) {
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let is_late = tasks.shutdown().has_begun();
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_SIZE)
        .keep_alive(!is_late)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut connection = std::pin::pin!(connection);
    // An error is a caller that hung up, or that we have cut off; both are its own affair.
    let end = async {
        // One that came after the shutdown had begun gets its one answer.
        match is_late {
            true => std::future::pending().await,
            false => tasks.shutdown().begun().await,
        }
    };
    tokio::select! {
        _ = connection.as_mut() => {}
        () = end => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
