//! A Bot API call from the request to the answer: token, parameters, ordered fault, flood limits, method, log.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::connection::Switch;
use super::methods::{self, Method};
use super::params::Params;
use super::reply::{Answer, respond};
use super::{Emulator, Face};
use crate::emulator::bell::Key;
use crate::emulator::world::{Action, ApiError, ChatId, Fault, World};

/// The name under which the log and the faults know the download of a file.
const DOWNLOAD: &str = "file";

/// Answers any method.
pub(super) async fn call(
    State(face): State<Face>,
    Path((token, method)): Path<(String, String)>,
    request: Request,
) -> Response {
    let switch = switch_of(&request);
    let Some(bot) = face.emulator.world(|world| world.bot_by_token(&token)) else {
        return Answer::from(ApiError::unauthorized()).into_response();
    };
    let params = match Params::read(request, &face).await {
        Ok(params) => params,
        Err(error) => return Answer::from(error).into_response(),
    };
    let (name, method) = methods::find(&method);
    let chat = params.chat_id().ok().and_then(|chat| match chat {
        ChatId::Id(id) => Some(id),
        ChatId::Name(_) => None,
    });
    let log = params.for_log();
    let listed = || params.list("media").ok().flatten().map_or(1, |list| list.len());
    let (seq, fault, too_fast) = face.emulator.world(|world| {
        let (seq, fault) = world.call_received(bot, name, chat, log);
        let too_fast = if fault.is_none() { world.too_fast(bot, name, chat, listed()) } else { None };
        (seq, fault, too_fast)
    });
    let log = Log { emulator: &face.emulator, seq, name };
    if let Some(error) = too_fast {
        return log.finish(error.into());
    }
    let mut ending = Ending::Whole;
    if let Some(fault) = fault {
        match play(&face, fault).await {
            Play::Answer(status, kind, body) => {
                log.answered(status, &body);
                return respond(status, kind, body);
            }
            Play::Error(error) => return log.finish(error.into()),
            Play::HangUp => return log.hang_up(switch),
            Play::Process(how) => ending = how,
        }
    }
    let answer = match method {
        Some(Method::Plain(method)) => method(&face.emulator, bot, &params).into(),
        Some(Method::GetUpdates) => methods::get_updates(&face, bot, &params).await.into(),
        None => Answer::from(ApiError::new(404, "Not Found: method not found")),
    };
    log.end(answer, ending, switch, &face)
}

/// Answers the download of a file.
pub(super) async fn download(
    State(face): State<Face>,
    Path((token, path)): Path<(String, String)>,
    request: Request,
) -> Response {
    let switch = switch_of(&request);
    let Some(bot) = face.emulator.world(|world| world.bot_by_token(&token)) else {
        return Answer::from(ApiError::unauthorized()).into_response();
    };
    let params = serde_json::json!({ "file_path": path }).to_string();
    let (seq, fault) = face.emulator.world(|world| world.call_received(bot, DOWNLOAD, None, params));
    let log = Log { emulator: &face.emulator, seq, name: DOWNLOAD };
    if let Some(fault) = fault {
        match play(&face, fault).await {
            Play::Answer(status, kind, body) => {
                log.answered(status, &body);
                return respond(status, kind, body);
            }
            Play::Error(error) => return log.finish(error.into()),
            // A file has no answer that could come in parts: it comes or it does not.
            Play::HangUp | Play::Process(Ending::None | Ending::Half | Ending::Stall(_)) => return log.hang_up(switch),
            Play::Process(Ending::Whole | Ending::Slowly(_)) => {}
        }
    }
    match face.emulator.world(|world| world.download(&path)) {
        Some((bytes, _)) => {
            log.answered(200, &format!("<{} bytes>", bytes.len()));
            let mut response = Body::from(bytes).into_response();
            // Telegram says nothing about the type, whatever it is.
            let kind = HeaderValue::from_static("application/octet-stream");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        None => log.finish(ApiError::not_found().into()),
    }
}

/// Answers everything else.
pub(super) async fn nowhere() -> Response {
    Answer::from(ApiError::not_found()).into_response()
}

/// How a call goes on after its fault.
enum Play {
    /// With these words, whatever they are.
    Answer(u16, &'static str, String),
    /// With an error.
    Error(ApiError),
    /// Not at all.
    HangUp,
    /// As usual, up to the answer.
    Process(Ending),
}

/// How much of the answer to a call that was carried out arrives, and how.
enum Ending {
    Whole,
    None,
    Half,
    /// With a pause after each byte.
    Slowly(Duration),
    /// Half of it; the other half until this fault is removed not, and then never.
    Stall(u64),
}

async fn play(face: &Face, fault: Fault) -> Play {
    match fault.rule.action {
        Action::Error { code, description, parameters } => Play::Error(ApiError { code, description, parameters }),
        Action::Drop => Play::HangUp,
        Action::AcceptThenDrop => Play::Process(Ending::None),
        Action::AcceptThenCut => Play::Process(Ending::Half),
        Action::DripMs(ms) => Play::Process(Ending::Slowly(Duration::from_millis(ms))),
        Action::Stall => Play::Process(Ending::Stall(fault.id)),
        Action::Garbage { status, body } => Play::Answer(status, "text/html", body),
        Action::Hold => {
            let removed = |world: &mut World| (!world.faults().has(fault.id)).then_some(());
            let held = face.emulator.when(Key::Faults, removed, face.closing.cancelled()).await;
            // At the shutdown there is nobody left who could let it go.
            held.map_or(Play::HangUp, |()| Play::Process(Ending::Whole))
        }
        Action::DelayMs(ms) => tokio::select! {
            () = face.closing.cancelled() => Play::HangUp,
            () = face.emulator.0.clock.sleep(Duration::from_millis(ms)) => Play::Process(Ending::Whole),
        },
    }
}

/// The entry of one call in the log.
struct Log<'a> {
    emulator: &'a Emulator,
    seq: u64,
    name: &'static str,
}

impl Log<'_> {
    fn answered(&self, status: u16, body: &str) {
        self.emulator.world(|world| world.call_answered(self.seq, self.name, status, body));
    }

    fn finish(&self, answer: Answer) -> Response {
        self.answered(answer.status, &answer.body);
        answer.into_response()
    }

    fn end(&self, answer: Answer, ending: Ending, switch: Option<Switch>, face: &Face) -> Response {
        let length = HeaderValue::from(answer.body.len());
        let bytes = Bytes::copy_from_slice(answer.body.as_bytes());
        let body = match ending {
            Ending::Whole => return self.finish(answer),
            Ending::None => return self.hang_up(switch),
            Ending::Stall(fault) => {
                let face = face.clone();
                let rest = async move {
                    let removed = |world: &mut World| (!world.faults().has(fault)).then_some(());
                    face.emulator.when(Key::Faults, removed, face.closing.cancelled()).await;
                    Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
                };
                let half = stream::once(std::future::ready(Ok(bytes.slice(..bytes.len() / 2))));
                Body::from_stream(half.chain(stream::once(rest)))
            }
            // The server under this one closes a connection whose body breaks off.
            Ending::Half => {
                let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                Body::from_stream(stream::iter([Ok(bytes.slice(..bytes.len() / 2)), Err(broken)]))
            }
            Ending::Slowly(pause) => {
                let clock = self.emulator.0.clock.clone();
                Body::from_stream(stream::unfold((bytes, clock), move |(mut rest, clock)| async move {
                    if rest.is_empty() {
                        return None;
                    }
                    clock.sleep(pause).await;
                    let byte = rest.split_to(1);
                    Some((Ok::<_, std::io::Error>(byte), (rest, clock)))
                }))
            }
        };
        let mut response = self.finish(answer);
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
        *response.body_mut() = body;
        response
    }

    fn hang_up(&self, switch: Option<Switch>) -> Response {
        self.answered(0, "");
        match switch {
            Some(switch) => {
                switch.hang_up();
                Response::new(Body::empty())
            }
            // Without a connection of ours, a body that breaks off is the next best thing.
            None => {
                let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                Response::new(Body::from_stream(stream::iter([Err::<Bytes, _>(broken)])))
            }
        }
    }
}

fn switch_of(request: &Request) -> Option<Switch> {
    request.extensions().get::<ConnectInfo<Switch>>().map(|info| info.0.clone())
}
