//! What is done in a step, done in the emulated Telegram. An error says why it cannot be done, and ends the scenario.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::eyes::{Eyes, bot};
use super::form::Sends;
use super::outside::to_json;
use super::read::{Deed, Doing};
use super::stage::{Stage, bot_name};
use super::when;
use crate::emulator::world::{ChatRef, Location, NewFile, Pressed, Refusal, Said, World};
use crate::testing::png;

/// What a person does takes so long.
const MOMENT: Duration = Duration::from_secs(1);
/// After so long an album is complete.
const ALBUM: Duration = Duration::from_secs(1);

/// Does it, and returns when nothing is left to do.
pub(super) async fn act(
    stage: &Stage,
    eyes: &mut Eyes,
    doing: &Doing,
    folder: &Path,
) -> Result<Option<String>, String> {
    let quiet = stage.house.quiet();
    let mut answer = None;
    match &doing.deed {
        Deed::Waits(span) => {
            let now = quiet.clock.now();
            let until = when::until(span, now, &stage.zone)?;
            quiet.passes(Duration::from_millis((until - now).unsigned_abs())).await?;
        }
        Deed::Requests { method, path, json } => {
            let json = json.as_ref().map(to_json);
            let path = format!("/{}{path}", stage.plugin);
            let (status, body) = stage.house.tries_to_request(method, &path, json.as_ref()).await?;
            answer = Some(format!("{status} {body}").trim_end().to_owned());
        }
        deed => {
            quiet.passes(MOMENT).await?;
            let who = doing.who.as_ref().and_then(|who| stage.people.get(who)).copied().unwrap_or_default();
            let chat = stage.chat(doing.place.as_deref(), who);
            let own = |message| eyes.has_own(chat, message);
            let done = stage.house.street.emulator.world(|world| does(world, stage, (who, chat), deed, (folder, &own)));
            match done.map_err(|refusal| refusal.text)? {
                Done::Plain => {}
                Done::Posted(id) => eyes.is_own(chat, id),
                Done::Pressed(Pressed::Asked(id)) => eyes.waits_for(id, stage.name_of(chat)),
                Done::Pressed(Pressed::Link(url)) => answer = Some(format!("(opens) {url}")),
                Done::Pressed(Pressed::Copied(text)) => answer = Some(format!("(copies) {text}")),
                Done::Pressed(Pressed::Said(_)) => {}
                Done::Album => quiet.passes(ALBUM).await?,
            }
        }
    }
    quiet.comes().await?;
    Ok(answer)
}

enum Done {
    Plain,
    Posted(i64),
    Pressed(Pressed),
    Album,
}

fn does(
    world: &mut World,
    stage: &Stage,
    (who, chat): (i64, ChatRef),
    deed: &Deed,
    (folder, is_own): (&Path, &dyn Fn(i64) -> bool),
) -> Result<Done, Refusal> {
    let by_name = |name: &str| if name == "bot" { bot() } else { stage.people.get(name).copied().unwrap_or_default() };
    match deed {
        Deed::Says { text, replies_to } => {
            let to = replies_to.as_deref().map(|part| with(world, chat, part, |_| true)).transpose()?;
            let id = world.speak(who, chat, Said::Text(text.clone()), to)?;
            return Ok(Done::Posted(id));
        }
        Deed::Sends { what, replies_to } => {
            let to = replies_to.as_deref().map(|part| with(world, chat, part, |_| true)).transpose()?;
            return sends(world, (who, chat), what, to, folder);
        }
        Deed::Presses { label, under } => return press(world, (who, chat), label, under.as_deref()).map(Done::Pressed),
        Deed::Follows(payload) => drop(world.open_link(who, bot_name(), payload)?),
        Deed::Edits { part, to } => {
            let id = with(world, chat, part, |message| {
                // A post in a channel does not say who wrote it.
                let is_own = || message["message_id"].as_i64().is_some_and(is_own);
                message["from"]["id"] == who || (message["from"].is_null() && is_own())
            })?;
            world.edit_text(who, chat, id, to)?;
        }
        Deed::Joins => world.join(who, chat, who)?,
        Deed::Leaves => world.leave(who, chat, who)?,
        Deed::Adds(name) => world.join(by_name(name), chat, who)?,
        Deed::Removes(name) => world.leave(by_name(name), chat, who)?,
        Deed::Blocks(blocked) => world.block(who, bot(), *blocked)?,
        // These are not done in Telegram.
        Deed::Waits(_) | Deed::Requests { .. } => {}
    }
    Ok(Done::Plain)
}

/// The last message of a chat that has this in it and is what is wanted.
fn with(world: &World, chat: ChatRef, part: &str, is_wanted: impl Fn(&Value) -> bool) -> Result<i64, Refusal> {
    let all = world.messages(chat);
    let has = |message: &&Value| {
        let texts = [message["text"].as_str(), message["caption"].as_str()];
        texts.into_iter().flatten().any(|text| text.contains(part)) && is_wanted(message)
    };
    let found = all.iter().rev().find(has).and_then(|message| message["message_id"].as_i64());
    found.ok_or_else(|| Refusal { status: 404, text: format!("no message has `{part}` in it") })
}

fn press(world: &mut World, (who, chat): (i64, ChatRef), label: &str, under: Option<&str>) -> Result<Pressed, Refusal> {
    let mut labels = Vec::new();
    let mut found = None;
    for message in world.messages(chat).iter().rev() {
        let text = message["text"].as_str().or(message["caption"].as_str()).unwrap_or_default();
        let markup = &message["reply_markup"];
        let rows = markup["inline_keyboard"].as_array().or(markup["keyboard"].as_array());
        for (row, keys) in rows.into_iter().flatten().enumerate() {
            for (col, key) in keys.as_array().into_iter().flatten().enumerate() {
                let name = key["text"].as_str().or(key.as_str()).unwrap_or_default();
                if name == label && under.is_none_or(|part| text.contains(part)) && found.is_none() {
                    found = message["message_id"].as_i64().map(|id| (id, row, col));
                }
                labels.push(name.to_owned());
            }
        }
    }
    let Some((id, row, col)) = found else {
        labels.dedup();
        let there = match labels.is_empty() {
            true => "there are none".to_owned(),
            false => {
                format!("there are {}", labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", "))
            }
        };
        let under = under.map(|part| format!(" under a message with `{part}` in it")).unwrap_or_default();
        return Err(Refusal { status: 404, text: format!("there is no button `{label}`{under}\nhint: {there}") });
    };
    world.press(who, chat, id, row, col)
}

fn sends(
    world: &mut World,
    (who, chat): (i64, ChatRef),
    what: &Sends,
    to: Option<i64>,
    folder: &Path,
) -> Result<Done, Refusal> {
    let wrong = |error: crate::emulator::world::ApiError| Refusal { status: 400, text: error.description };
    let caption = what.caption.clone().unwrap_or_default();
    if !what.album.is_empty() {
        let files = what.album.iter().map(|photo| NewFile::photo(picture(photo, folder)?).map_err(wrong));
        let files = files.collect::<Result<Vec<_>, Refusal>>()?;
        world.send_album(who, chat, files, &caption)?;
        return Ok(Done::Album);
    }
    let said = if let Some(photo) = &what.photo {
        Said::File(NewFile::photo(picture(photo, folder)?).map_err(wrong)?, caption)
    } else if let Some(path) = &what.document {
        let name = Path::new(path).file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned());
        document(what.name.as_deref().unwrap_or(&name), read(path, folder)?, caption)?
    } else if let Some(text) = &what.file {
        document(what.name.as_deref().unwrap_or("file.txt"), Bytes::from(text.clone()), caption)?
    } else if let Some([latitude, longitude]) = what.location {
        Said::Location(Location { latitude, longitude })
    } else {
        let number = what.contact.clone().unwrap_or_default();
        Said::Contact(json!({ "phone_number": number, "first_name": what.name.as_deref().unwrap_or("Contact") }))
    };
    world.speak(who, chat, said, to).map(Done::Posted)
}

fn document(name: &str, bytes: Bytes, caption: String) -> Result<Said, Refusal> {
    let mime = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("pdf") => "application/pdf",
        Some("txt" | "csv" | "md") => "text/plain",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    let file = NewFile::document(name, mime, bytes);
    let file = file.map_err(|error| Refusal { status: 400, text: error.description })?;
    Ok(Said::File(file, caption))
}

/// A picture from a file, or a square of a colour: `red 32`.
fn picture(text: &str, folder: &Path) -> Result<Bytes, Refusal> {
    let colour = |name: &str| {
        Some(match name {
            "red" => [200, 0, 0],
            "green" => [0, 160, 0],
            "blue" => [0, 0, 200],
            "yellow" => [230, 200, 0],
            "black" => [0, 0, 0],
            "white" => [255, 255, 255],
            _ => return None,
        })
    };
    let square = text.split_once(' ').and_then(|(name, side)| Some((colour(name)?, side.trim().parse::<u8>().ok()?)));
    match square {
        Some((colour, side @ 1..=147)) => Ok(png(side, colour).into()),
        Some(_) => Err(Refusal { status: 400, text: format!("`{text}` is larger than 147 pixels") }),
        None => read(text, folder),
    }
}

fn read(path: &str, folder: &Path) -> Result<Bytes, Refusal> {
    let whole = folder.join(path);
    std::fs::read(&whole).map(Bytes::from).map_err(|error| Refusal {
        status: 404,
        text: format!(
            "`{}` cannot be read: {error}\nhint: files are named from the scenario's folder",
            whole.display()
        ),
    })
}
