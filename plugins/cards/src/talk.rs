//! Dialogues: what is kept between two messages of one user, how long, and how it ends.
//!
//! A dialogue waits for an hour. The host keeps it longer, so that whoever comes back too late is told that it is over
//! instead of being taken for somebody who checks a card.

use guesthouse_plugin::clock::{HOUR, MINUTE, SECOND};
use guesthouse_plugin::{Content, Failure, Message, MessageRef, Timestamp, chat, config, dialogue};
use serde::{Deserialize, Serialize};

use crate::code::{self, Code, Spoken};
use crate::model::Picture;
use crate::press::Answer;
use crate::turn::Turn;
use crate::{add, card, edit, menu, verify};

/// How long a name may be, in UTF-16 units as Telegram counts.
pub(crate) const MAX_NAME: usize = 100;

/// How long a description may be. With the name and the words around it, it fits under a picture.
pub(crate) const MAX_DESCRIPTION: usize = 800;

/// How long a dialogue waits for an answer.
pub(crate) const PATIENCE: Timestamp = HOUR;

/// How long the host keeps it, in seconds.
const KEPT: u64 = 7 * 24 * 3600;

/// How long the messages of one album may take to come.
const ALBUM: Timestamp = 2 * MINUTE;

/// What one user is talking about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Talk {
    /// A new card.
    Adding(add::Draft),
    /// A change of a card.
    Editing(edit::Change),
    /// The pictures of an album, of which more may come.
    Album(Album),
}

/// What has become of an album so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Album {
    /// What its messages have in common.
    pub(crate) id: String,
    /// All that still come are ignored.
    pub(crate) quiet: bool,
    /// The codes that were read on it.
    pub(crate) codes: Vec<String>,
    /// The message that says that there is no code; wrong as soon as one is found.
    pub(crate) note: Option<MessageRef>,
}

/// The steps of adding a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    Photo,
    Name,
    Description,
    Packaged,
}

/// What of a card can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Field {
    Name,
    Description,
    Photo,
    Packaged,
}

/// What was found of a dialogue.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in a turn")]
pub(crate) enum Found {
    /// It goes on.
    Live(Talk),
    /// It waited in vain, and is over.
    Over,
    /// There was none.
    Nothing,
}

/// Looks whether there is a dialogue.
pub(crate) fn find(turn: &Turn<'_>) -> Result<Found, Failure> {
    let Some(talk) = dialogue::get::<Talk>()? else { return Ok(Found::Nothing) };
    let over = match &talk {
        Talk::Adding(draft) => turn.now >= draft.until,
        Talk::Editing(change) => turn.now >= change.until,
        Talk::Album(_) => false,
    };
    Ok(if over { Found::Over } else { Found::Live(talk) })
}

/// Keeps a dialogue.
pub(crate) fn keep(talk: &Talk) -> Result<(), Failure> {
    let seconds = match talk {
        Talk::Adding(_) | Talk::Editing(_) => KEPT,
        Talk::Album(_) => (ALBUM / SECOND).unsigned_abs(),
    };
    Ok(dialogue::set(talk, seconds)?)
}

/// Ends a dialogue.
pub(crate) fn end() -> Result<(), Failure> {
    Ok(dialogue::clear()?)
}

/// Ends a dialogue that took a picture: if that belongs to an album, the rest of it is not for anybody.
pub(crate) fn end_with(album: Option<&String>) -> Result<(), Failure> {
    match album {
        Some(id) => keep(&Talk::Album(Album { id: id.clone(), quiet: true, ..Album::default() })),
        None => end(),
    }
}

/// Gives an admin's message to the dialogue it belongs to; says whether there was one.
pub(crate) fn message(turn: &Turn<'_>, message: &Message) -> Result<bool, Failure> {
    let talk = match find(turn)? {
        Found::Nothing => return Ok(false),
        Found::Live(Talk::Album(album)) => return Ok(album.quiet && message.album.as_ref() == Some(&album.id)),
        Found::Over => {
            end_with(message.album.as_ref())?;
            turn.say(turn.words.say("draft-over"))?;
            // What was an answer to the dialogue is not to be taken for anything else.
            return Ok(!is_check(message));
        }
        Found::Live(talk) => talk,
    };
    if is_check(message) {
        verify::by_text(turn, message)?;
        remind(turn)?;
        return Ok(true);
    }
    match talk {
        Talk::Adding(draft) => add::message(turn, message, draft)?,
        Talk::Editing(change) => edit::message(turn, message, change)?,
        Talk::Album(_) => {}
    }
    Ok(true)
}

/// A message that was changed: a code in it is checked. What was said in a dialogue was taken as it stood, so an admin is
/// told that the change does not count, and asked again.
pub(crate) fn edited(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    let is_open = turn.is_admin() && matches!(find(turn)?, Found::Live(Talk::Adding(_) | Talk::Editing(_)));
    if !is_open {
        return verify::by_edit(turn, message);
    }
    if is_check(message) {
        verify::by_edit(turn, message)?;
        return remind(turn);
    }
    ask_due(turn, "edit-not-counted")
}

/// After something else in the middle of a dialogue, says what is due in it.
pub(crate) fn remind(turn: &Turn<'_>) -> Result<(), Failure> {
    if !turn.private || !turn.is_admin() {
        return Ok(());
    }
    ask_due(turn, "draft-open")
}

/// Says something, and what is due in the dialogue, if there is one.
fn ask_due(turn: &Turn<'_>, key: &str) -> Result<(), Failure> {
    let remark = turn.words.say(key).into();
    match find(turn)? {
        Found::Live(Talk::Adding(draft)) => add::ask(turn, draft, Some(remark)),
        Found::Live(Talk::Editing(change)) => edit::ask_again(turn, change, remark),
        _ => Ok(()),
    }
}

/// Ends the dialogue on `/cancel`.
pub(crate) fn cancel_command(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    let key = match find(turn)? {
        Found::Live(Talk::Adding(_) | Talk::Editing(_)) => "cancelled",
        Found::Over => "draft-over",
        Found::Live(Talk::Album(_)) | Found::Nothing => {
            return turn.answer(message, turn.words.say("nothing-to-cancel"));
        }
    };
    end()?;
    chat::message(turn.words.say(key)).buttons([menu::back(turn.words)]).send(turn.chat)?;
    Ok(())
}

/// Ends the dialogue to which a button belongs.
pub(crate) fn cancel(turn: &Turn<'_>, place: MessageRef, id: u64) -> Result<Answer, Failure> {
    match find(turn)? {
        Found::Live(Talk::Adding(draft)) if draft.id == id => {
            end()?;
            chat::message(turn.words.say("cancelled")).buttons([menu::back(turn.words)]).edit(place)?;
            Ok(Answer::Done)
        }
        Found::Live(Talk::Editing(change)) if change.id == id => {
            end()?;
            card::edit(turn, place, change.card)
        }
        found => outdated(found),
    }
}

/// The answer to a button of a dialogue that is not there any more.
pub(crate) fn outdated(found: Found) -> Result<Answer, Failure> {
    if matches!(found, Found::Over) {
        end()?;
        return Ok(Answer::Say("draft-over"));
    }
    Ok(Answer::Say("button-outdated"))
}

/// Whether a text is nothing but a code or a deep link: somebody wants to check, whatever is due. Anything that only
/// contains one may be a name or a description.
fn is_check(message: &Message) -> bool {
    let text = message.text.content.trim();
    let is_text = matches!(message.content, Content::Text);
    is_text && (Code::parse(text).is_some() || !text.contains(char::is_whitespace) && is_code(text))
}

fn is_code(word: &str) -> bool {
    // The username is asked for only where there could be a link.
    word.contains("start=") && matches!(code::read_text(word, &config::me().username), Spoken::Code(_))
}

/// The picture in an answer, or the text that says why there is none.
pub(crate) fn picture(message: &Message) -> Result<Picture, &'static str> {
    match &message.content {
        Content::Photo(photo) => Ok(Picture::Photo(photo.file.id.clone())),
        Content::Document(document) if is_picture(document.mime_type.as_deref()) => {
            Ok(Picture::Document(document.file.id.clone()))
        }
        Content::Document(_) => Err("not-a-picture-file"),
        _ => Err("not-a-photo"),
    }
}

/// Whether a file claims to be a picture that chats can show.
pub(crate) fn is_picture(mime_type: Option<&str>) -> bool {
    matches!(mime_type, Some("image/jpeg" | "image/png" | "image/webp" | "image/heic" | "image/heif"))
}

/// Whether a message was written by somebody, and not by Telegram ("joined", "pinned a message").
pub(crate) fn is_said(message: &Message) -> bool {
    let Content::Other(json) = &message.content else { return true };
    let said =
        ["sticker", "animation", "voice", "video", "video_note", "audio", "dice", "poll", "venue", "game", "story"];
    let key = json.trim_start_matches(['{', ' ', '\n']).trim_start_matches('"');
    said.iter().any(|kind| key.strip_prefix(kind).is_some_and(|rest| rest.starts_with('"')))
}

#[cfg(test)]
mod tests;
