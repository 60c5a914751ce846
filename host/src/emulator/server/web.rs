//! The web API, which the page and tests in other languages use: people and chats here, the rest in `web/*`. What nobody
//! would look at is refused: a key that is misspelt would otherwise do nothing, and not say so.

mod events;
mod faults;
mod messages;
mod updates;

use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router, middleware};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Face, MAX_REQUEST, page};
use crate::emulator::world::{ApiError, ChatRef, Member, NewChat, NewPerson, Refusal, World};

/// A handler's answer: JSON, or a refusal with its status.
type Answer = Result<Json<Value>, Refusal>;

pub(super) fn routes(face: Face) -> Router {
    let router = Router::new()
        .route("/emulator/state", get(state))
        .route("/emulator/people", post(add_person))
        .route("/emulator/people/{id}", axum::routing::put(change_person))
        .route("/emulator/chats", post(add_chat))
        .route("/emulator/chats/{chat}/messages", get(messages::list).post(messages::say))
        .route("/emulator/chats/{chat}/messages/{id}", axum::routing::put(messages::edit).delete(messages::delete))
        .route("/emulator/chats/{chat}/press", post(messages::press))
        .route("/emulator/chats/{chat}/commands", get(commands))
        .route("/emulator/chats/{chat}/members", post(change_member))
        .route("/emulator/chats/{chat}/upgrade", post(upgrade))
        .route("/emulator/callbacks/{id}", get(messages::callback))
        .route("/emulator/start", post(start))
        .route("/emulator/block", post(block))
        .route("/emulator/files/{id}", get(file))
        .route("/emulator/events", get(events::stream))
        .route("/emulator/calls", get(faults::calls))
        .route("/emulator/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/emulator/faults/{id}", delete(faults::remove))
        .route("/emulator/flood", get(faults::flood).put(faults::set_flood).delete(faults::end_flood))
        .route("/emulator/bots/{bot}", axum::routing::put(updates::hear))
        .route("/emulator/bots/{bot}/updates", post(updates::push))
        .route("/emulator/bots/{bot}/update_ids", post(updates::renumber))
        .route("/emulator/{*rest}", axum::routing::any(nothing))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .layer(middleware::from_fn(page::same_origin))
        .layer(middleware::from_fn_with_state(face.clone(), page::known_host))
        .layer(middleware::map_response(page::guarded));
    router.with_state(face)
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(json!({ "error": self.text }))).into_response()
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { status: error.code, text: error.description }
    }
}

/// A JSON body; what is wrong with it is said in JSON, too.
struct Body<T>(T);

impl<T: DeserializeOwned> FromRequest<Face> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, face: &Face) -> Result<Self, Refusal> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        // Asking for the type also keeps other sites' forms out.
        if !kind.starts_with("application/json") {
            return Err(Refusal { status: 415, text: "send JSON with `content-type: application/json`".into() });
        }
        let body = Bytes::from_request(request, face).await;
        let body = body.map_err(|error| Refusal { status: error.status().as_u16(), text: error.body_text() })?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| Refusal::wrong(format!("the JSON does not fit: {error}")))
    }
}

/// What stands in the path.
struct At<T>(T);

impl<T: DeserializeOwned + Send> FromRequestParts<Face> for At<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, face: &Face) -> Result<Self, Refusal> {
        let path = Path::from_request_parts(parts, face).await;
        path.map(|Path(path)| Self(path)).map_err(|error| Refusal::wrong(error.body_text()))
    }
}

/// What stands behind the question mark.
struct Asked<T>(T);

impl<T: DeserializeOwned> FromRequestParts<Face> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, face: &Face) -> Result<Self, Refusal> {
        let query = Query::from_request_parts(parts, face).await;
        query.map(|Query(query)| Self(query)).map_err(|error| Refusal::wrong(error.body_text()))
    }
}

/// Reads a chat out of the path.
fn chat_at(world: &World, text: &str) -> Result<ChatRef, Refusal> {
    let chat = text.parse::<ChatRef>()?;
    match world.names_a_chat(chat) {
        true => Ok(chat),
        false => Err(Refusal::missing(format!("there is no chat `{chat}`; GET /emulator/state lists the chats"))),
    }
}

async fn nothing(request: Request) -> Refusal {
    Refusal::missing(format!("there is no `{} {}` here", request.method(), request.uri().path()))
}

async fn wrong_method(request: Request) -> Refusal {
    let text = format!("`{}` cannot be used with {}", request.uri().path(), request.method());
    Refusal { status: 405, text }
}

async fn state(State(face): State<Face>) -> Json<Value> {
    let notices = face.emulator.notices();
    Json(face.emulator.world(|world| {
        let bots = world.bots().map(|bot| json!({ "id": bot.id, "username": bot.username, "name": bot.name }));
        let bots: Vec<Value> = bots.collect();
        let people: Vec<Value> = world.people().map(|person| json!(person)).collect();
        let chats: Vec<Value> = world.chats().map(|chat| world.chat_state(chat)).collect();
        json!({ "bots": bots, "people": people, "chats": chats, "notices": notices })
    }))
}

async fn add_person(State(face): State<Face>, Body(new): Body<NewPerson>) -> Answer {
    face.emulator.world(|world| world.add_person(new)).map(|person| Json(json!(person)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonChange {
    deactivated: bool,
}

async fn change_person(
    State(face): State<Face>,
    At(id): At<i64>,
    Body(PersonChange { deactivated }): Body<PersonChange>,
) -> Answer {
    face.emulator.world(|world| {
        world.deactivate(id, deactivated)?;
        world.person(id).map(|person| Json(json!(person)))
    })
}

async fn upgrade(State(face): State<Face>, At(chat): At<String>) -> Answer {
    face.emulator.world(|world| {
        let chat = chat_at(world, &chat)?;
        let to = world.migrate(chat)?;
        Ok(Json(world.chat(to).map(|chat| world.chat_state(chat)).unwrap_or_default()))
    })
}

async fn add_chat(State(face): State<Face>, Body(new): Body<NewChat>) -> Answer {
    face.emulator.world(|world| {
        let reference = world.add_chat(new)?;
        let chat = world.chat(reference).map(|chat| world.chat_state(chat));
        Ok(Json(chat.unwrap_or_default()))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberChange {
    id: i64,
    action: MemberAction,
    /// Who does it; the person themselves if absent.
    by: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum MemberAction {
    Join,
    Leave,
    Promote,
    Demote,
}

async fn change_member(
    State(face): State<Face>,
    At(chat): At<String>,
    Body(MemberChange { id, action, by }): Body<MemberChange>,
) -> Answer {
    let by = by.unwrap_or(id);
    face.emulator.world(|world| {
        let chat = chat_at(world, &chat)?;
        match action {
            MemberAction::Join => world.join(id, chat, by)?,
            MemberAction::Leave => world.leave(id, chat, by)?,
            MemberAction::Promote => world.promote(id, chat, Member::Administrator, by)?,
            MemberAction::Demote => world.promote(id, chat, Member::Member, by)?,
        }
        Ok(Json(world.chat(chat).map(|chat| world.chat_state(chat)).unwrap_or_default()))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Viewing {
    person: i64,
}

async fn commands(State(face): State<Face>, At(chat): At<String>, Asked(viewing): Asked<Viewing>) -> Answer {
    face.emulator.world(|world| {
        let chat = chat_at(world, &chat)?;
        let shown = world.visible_commands(viewing.person, chat)?;
        let shown = shown.into_iter().map(
            |(bot, command)| json!({ "command": command.command, "description": command.description, "bot": bot }),
        );
        Ok(Json(json!({ "commands": shown.collect::<Vec<_>>() })))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    from: i64,
    bot: String,
    #[serde(default)]
    payload: String,
}

async fn start(State(face): State<Face>, Body(Start { from, bot, payload }): Body<Start>) -> Answer {
    let (chat, id) = face.emulator.world(|world| world.open_link(from, &bot, &payload))?;
    Ok(Json(json!({ "chat": chat.to_string(), "message_id": id })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    from: i64,
    bot: BotName,
    blocked: bool,
}

/// A bot by id or by username.
#[derive(Deserialize)]
#[serde(untagged)]
enum BotName {
    Id(i64),
    Username(String),
}

async fn block(State(face): State<Face>, Body(Block { from, bot, blocked }): Body<Block>) -> Answer {
    face.emulator.world(|world| {
        let bot = match bot {
            BotName::Id(id) => id,
            BotName::Username(name) => {
                let bot = world.bot_by_name(&name).map(|bot| bot.id);
                bot.ok_or_else(|| Refusal::missing(format!("there is no bot `{name}`")))?
            }
        };
        world.block(from, bot, blocked)?;
        Ok(Json(json!({ "blocked": blocked })))
    })
}

async fn file(State(face): State<Face>, At(id): At<String>) -> Result<Response, Refusal> {
    let found = face.emulator.world(|world| world.file_bytes(&id));
    let (bytes, mime) = found.ok_or_else(|| Refusal::missing("there is no such file"))?;
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    // Files come from anybody. Only plain pictures are shown; anything else, above all HTML and SVG, is saved.
    let is_picture = matches!(mime.as_str(), "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/bmp");
    let kind = if is_picture { HeaderValue::from_str(&mime).ok() } else { None };
    headers.insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    if !is_picture {
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    // A file id never means another file.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"));
    Ok(response)
}
