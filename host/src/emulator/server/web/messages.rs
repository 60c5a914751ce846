//! The web API's messages: what was said, and saying something.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::header;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::params::whole;
use super::{Answer, Asked, At, Body, Face, chat_at};
use crate::emulator::bell::Key;
use crate::emulator::world::{ChatRef, Location, NewFile, Pressed, Refusal, Said, Viewer, World};

/// Nobody is kept waiting longer than this.
const MAX_WAIT: u64 = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listing {
    /// Messages with a higher id.
    after: Option<i64>,
    /// Messages that changed after this version.
    since: Option<u64>,
    /// Seconds to wait for the first one.
    wait: Option<f64>,
}

/// The messages of a chat; waits for one if asked to.
pub(super) async fn list(State(face): State<Face>, At(chat): At<String>, Asked(listing): Asked<Listing>) -> Answer {
    let chat = face.emulator.world(|world| chat_at(world, &chat))?;
    let look = |world: &mut World| read(world, chat, &listing);
    let found = match listing.wait.filter(|wait| *wait > 0.0) {
        Some(wait) => {
            let found = |world: &mut World| Some(look(world)).filter(|(messages, _)| !messages.is_empty());
            face.emulator.when(Key::Chat(chat), found, patience(&face, wait)).await
        }
        None => None,
    };
    let (messages, version) = found.unwrap_or_else(|| face.emulator.world(look));
    Ok(Json(json!({ "messages": messages, "version": version })))
}

fn read(world: &World, reference: ChatRef, listing: &Listing) -> (Vec<Value>, u64) {
    // A private chat in which nothing was said yet is empty, not missing.
    let Some(chat) = world.chat(reference) else { return (Vec::new(), 0) };
    let shown = |message| world.message_json(chat, message, Viewer::Page);
    let messages = match (listing.since, listing.after) {
        (Some(since), after) => {
            let changed = chat.changed_after(since).filter(|message| after.is_none_or(|after| message.id > after));
            changed.map(shown).collect()
        }
        (None, after) => chat.messages_after(after.unwrap_or(i64::MIN)).map(shown).collect(),
    };
    (messages, chat.version())
}

/// Ends after so many seconds, or when the server stops.
async fn patience(face: &Face, seconds: f64) {
    let seconds = Duration::try_from_secs_f64(seconds).unwrap_or_default().min(Duration::from_secs(MAX_WAIT));
    tokio::select! {
        () = tokio::time::sleep(seconds) => {}
        () = face.closing.cancelled() => {}
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    from: i64,
    text: Option<String>,
    contact: Option<Value>,
    location: Option<Location>,
    reply_to_message_id: Option<i64>,
}

/// Says something: text, contact and location as JSON, files as a form.
pub(super) async fn say(State(face): State<Face>, At(chat): At<String>, request: Request) -> Answer {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("multipart/form-data") {
        return send_files(face, &chat, request).await;
    }
    let Body(new) = Body::<NewMessage>::from_request(request, &face).await?;
    let said = match (new.text, new.contact, new.location) {
        (Some(text), None, None) => Said::Text(text),
        (None, Some(contact), None) => Said::Contact(contact),
        (None, None, Some(location)) => Said::Location(location),
        _ => return Err(Refusal::wrong("give exactly one of `text`, `contact` and `location`")),
    };
    let id = face.emulator.world(|world| {
        let chat = chat_at(world, &chat)?;
        world.speak(new.from, chat, said, new.reply_to_message_id)
    })?;
    Ok(Json(json!({ "message_id": id })))
}

#[derive(Default)]
struct FileForm {
    from: Option<i64>,
    caption: String,
    kind: String,
    reply_to: Option<i64>,
    files: Vec<(String, String, bytes::Bytes)>,
}

async fn send_files(face: Face, chat: &str, request: Request) -> Answer {
    let form = read_form(&face, request).await?;
    let from = form.from.ok_or_else(|| Refusal::wrong("the form needs the field `from`, a person's id"))?;
    let as_photo = match form.kind.as_str() {
        "photo" => true,
        "document" => false,
        _ => return Err(Refusal::wrong("the form needs the field `kind`: `photo` or `document`")),
    };
    // Hashing takes a while; the world is not held for it.
    let files = form.files.into_iter().map(|(name, mime, bytes)| match as_photo {
        true => NewFile::photo(bytes),
        false => NewFile::document(&name, &mime, bytes),
    });
    let mut files = files.collect::<Result<Vec<_>, _>>().map_err(|error| match error.description.as_str() {
        "Bad Request: IMAGE_PROCESS_FAILED" => Refusal::wrong("this is no picture; send it with kind `document`"),
        other => Refusal::wrong(other.trim_start_matches("Bad Request: ")),
    })?;
    let ids = face.emulator.world(|world| {
        let chat = chat_at(world, chat)?;
        if files.len() > 1 {
            return world.send_album(from, chat, files, &form.caption);
        }
        let file = files.pop().ok_or_else(|| Refusal::wrong("the form needs at least one part `file`"))?;
        let said = Said::File(file, form.caption);
        world.speak(from, chat, said, form.reply_to).map(|id| vec![id])
    })?;
    Ok(Json(json!({ "message_id": ids.first(), "message_ids": ids })))
}

async fn read_form(face: &Face, request: Request) -> Result<FileForm, Refusal> {
    let wrong = |error: axum::extract::multipart::MultipartError| Refusal {
        status: error.status().as_u16(),
        text: error.body_text(),
    };
    let too_large = |status| Refusal { status, text: "the form is too large or broke off".into() };
    let request = whole(request, face).await.map_err(too_large)?;
    let form = Multipart::from_request(request, face).await;
    let mut multipart = form.map_err(|error| Refusal::wrong(error.body_text()))?;
    let mut form = FileForm::default();
    while let Some(field) = multipart.next_field().await.map_err(wrong)? {
        match field.name().unwrap_or_default() {
            "file" => {
                let name = field.file_name().unwrap_or("file").to_owned();
                let mime = field.content_type().unwrap_or_default().to_owned();
                form.files.push((name, mime, field.bytes().await.map_err(wrong)?));
            }
            "from" => form.from = field.text().await.map_err(wrong)?.trim().parse().ok(),
            "caption" => form.caption = field.text().await.map_err(wrong)?,
            "kind" => form.kind = field.text().await.map_err(wrong)?,
            "reply_to_message_id" => form.reply_to = field.text().await.map_err(wrong)?.trim().parse().ok(),
            other => {
                let known = "`from`, `kind`, `caption`, `reply_to_message_id`, `file`";
                return Err(Refusal::wrong(format!("unknown field `{other}`, expected one of {known}")));
            }
        }
    }
    Ok(form)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    from: i64,
    text: String,
}

/// Edits a text or caption.
pub(super) async fn edit(
    State(face): State<Face>,
    At((chat, id)): At<(String, i64)>,
    Body(Change { from, text }): Body<Change>,
) -> Answer {
    face.emulator.world(|world| {
        let chat = chat_at(world, &chat)?;
        world.edit_text(from, chat, id, &text)
    })?;
    Ok(Json(json!({ "message_id": id })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Who {
    from: i64,
}

/// Deletes a message.
pub(super) async fn delete(
    State(face): State<Face>,
    At((chat, id)): At<(String, i64)>,
    Asked(who): Asked<Who>,
) -> Answer {
    face.emulator.world(|world| {
        let chat = chat_at(world, &chat)?;
        world.delete_message(who.from, chat, id)
    })?;
    Ok(Json(json!({ "message_id": id, "deleted": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Press {
    from: i64,
    message_id: i64,
    row: usize,
    col: usize,
}

/// Presses a button.
pub(super) async fn press(State(face): State<Face>, At(chat): At<String>, Body(press): Body<Press>) -> Answer {
    let pressed = face.emulator.world(|world| {
        let chat = chat_at(world, &chat)?;
        world.press(press.from, chat, press.message_id, press.row, press.col)
    })?;
    Ok(Json(match pressed {
        Pressed::Asked(id) => json!({ "callback_id": id }),
        Pressed::Said(id) => json!({ "message_id": id }),
        Pressed::Link(url) => json!({ "url": url }),
        Pressed::Copied(text) => json!({ "copied": text }),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiting {
    wait: Option<f64>,
}

/// The answer to a pressed button; waits for it if asked to.
pub(super) async fn callback(State(face): State<Face>, At(id): At<String>, Asked(waiting): Asked<Waiting>) -> Answer {
    face.emulator.world(|world| world.callback_answer(&id).map(|_| ()))?;
    let answer = |world: &mut World| world.callback_answer(&id).ok().flatten().cloned();
    let patience = patience(&face, waiting.wait.unwrap_or(0.0));
    let answer = face.emulator.when(Key::Callback(id.clone()), answer, patience).await;
    let answered = answer.is_some();
    let mut shown = json!(answer.unwrap_or_default());
    shown["answered"] = json!(answered);
    Ok(Json(shown))
}
