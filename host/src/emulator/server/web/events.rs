//! The event stream: tells the page what to look at again, never what it is.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use super::Face;
use crate::emulator::Emulator;
use crate::emulator::world::Signal;

/// Everything from now on, until the server stops.
pub(super) async fn stream(State(face): State<Face>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let signals = BroadcastStream::new(face.emulator.0.bell.events());
    let closing = face.closing.clone();
    let emulator = face.emulator.clone();
    let events = signals.filter_map(move |signal| {
        let event = event_of(&emulator, signal);
        async move { event.map(Ok) }
    });
    // The first bytes tell the browser at once that the stream stands.
    let hello = stream::once(async { Ok(Event::default().comment("connected").retry(Duration::from_secs(1))) });
    let events = hello.chain(events).take_until(async move { closing.cancelled().await });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

fn event_of(emulator: &Emulator, signal: Result<Signal, BroadcastStreamRecvError>) -> Option<Event> {
    let (kind, data) = match signal {
        Ok(Signal::Chat(chat, version)) => ("change", json!({ "chat": chat.to_string(), "version": version })),
        Ok(Signal::Callback(id)) => ("callback", callback(emulator, &id)?),
        Ok(Signal::ChatAction(chat, action)) => ("action", json!({ "chat": chat.to_string(), "action": action })),
        Ok(Signal::People) => ("world", json!({})),
        // A page that missed something looks at everything again.
        Err(BroadcastStreamRecvError::Lagged(_)) => ("world", json!({ "missed": true })),
        Ok(Signal::Updates(_) | Signal::Webhook | Signal::Faults | Signal::Calls) => return None,
    };
    Some(Event::default().event(kind).data(data.to_string()))
}

fn callback(emulator: &Emulator, id: &str) -> Option<Value> {
    let answer = emulator.world(|world| world.callback_answer(id).ok().flatten().cloned())?;
    Some(json!({ "id": id, "text": answer.text, "alert": answer.alert, "url": answer.url }))
}
