//! Posts updates to the bots' webhooks. What is posted when is decided in `world/webhook`.

use std::io;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::{Client, StatusCode, header};

use super::Face;
use crate::emulator::bell::Key;
use crate::emulator::world::{Delivery, Outcome};

/// How long Telegram waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Posts until the server closes. One task for all: the posts wait for others, not for this machine.
pub(super) async fn post_updates(face: Face) -> io::Result<()> {
    let client = Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    let client = client.map_err(io::Error::other)?;
    let emulator = &face.emulator;
    let mut under_way = FuturesUnordered::new();
    let ear = emulator.0.bell.listen(Key::Webhooks);
    loop {
        let mut rung = std::pin::pin!(ear.rung());
        rung.as_mut().enable();
        let (deliveries, next) = emulator.world(|world| world.next_deliveries());
        under_way.extend(deliveries.into_iter().map(|delivery| post(&client, delivery)));
        let later = async {
            match next {
                Some(time) => emulator.0.clock.sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = face.closing.cancelled() => return Ok(()),
            Some((delivery, outcome)) = under_way.next(), if !under_way.is_empty() => {
                emulator.world(|world| world.delivered(&delivery, outcome));
            }
            () = rung => {}
            () = later => {}
        }
    }
}

async fn post(client: &Client, delivery: Delivery) -> (Delivery, Outcome) {
    let mut request = client
        .post(&delivery.settings.url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(bytes::Bytes::copy_from_slice(delivery.body.as_bytes()));
    if let Some(secret) = &delivery.settings.secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    let failed = |error: String, retry_after, gone| Outcome::Failed { error, retry_after, gone };
    let outcome = match request.send().await {
        Ok(response) if response.status().is_success() => Outcome::Delivered,
        Ok(response) => {
            let status = response.status();
            let retry_after =
                response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            failed(format!("Wrong response from the webhook: {status}"), retry_after, status == StatusCode::GONE)
        }
        Err(error) if error.is_connect() => failed("Connection refused".into(), None, false),
        Err(error) if error.is_timeout() => failed("Read timeout expired".into(), None, false),
        Err(_) => failed("Webhook connection closed".into(), None, false),
    };
    (delivery, outcome)
}
