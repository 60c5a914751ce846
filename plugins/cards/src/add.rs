//! Adding a card: photo, name, description, photo of it packaged, and then the summary with the code.
//!
//! The order is fixed, but answers may come together: a caption is the name, the second photo of an album is the packaged
//! one. What is due is asked for once more when something else comes.

use guesthouse_plugin::{Button, Content, Failure, Message, MessageRef, Outgoing, Text, Timestamp, chat, random};
use serde::{Deserialize, Serialize};

use crate::card;
use crate::code::Code;
use crate::file;
use crate::model::{CARDS, Card, Picture};
use crate::press::{Answer, Press};
use crate::talk::{self, Found, MAX_DESCRIPTION, MAX_NAME, PATIENCE, Step, Talk};
use crate::texts::Arg;
use crate::turn::Turn;

/// A card that is not finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Draft {
    /// Its buttons carry the same number: those of an older draft do nothing.
    pub(crate) id: u64,
    /// When it is over.
    pub(crate) until: Timestamp,
    /// What is due.
    pub(crate) step: Step,
    pub(crate) photo: Option<Picture>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) packaged: Option<Picture>,
    /// The album of which the photo was the first picture.
    pub(crate) album: Option<String>,
    /// The album that was no answer: its other messages are not refused once more.
    pub(crate) refused: Option<String>,
    /// The message that asks for what is due.
    pub(crate) prompt: Option<MessageRef>,
}

/// What an answer made of a draft.
#[derive(Debug, PartialEq)]
pub(crate) enum Taken {
    /// Something new is due; the text says what was understood.
    Next(Option<Remark>),
    /// The same is due again, because of this.
    Again(Remark),
    /// A second picture of the album came in the meantime.
    AlsoPackaged,
    /// One picture more than a card has.
    TooMany,
    /// One more message of an album that was refused.
    Ignored,
}

/// A text about an answer: its key, and what stands in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Remark {
    /// Without anything.
    Plain(&'static str),
    /// With a name.
    Named(&'static str, String),
    /// With how long something is and how long it may be.
    TooLong(&'static str, usize, usize),
}

/// Begins a card.
pub(crate) fn begin(turn: &Turn<'_>) -> Result<Answer, Failure> {
    let dropped = matches!(talk::find(turn)?, Found::Live(Talk::Adding(_) | Talk::Editing(_)));
    let draft = Draft {
        id: random::number(),
        until: 0,
        step: Step::Photo,
        photo: None,
        name: None,
        description: None,
        packaged: None,
        album: None,
        refused: None,
        prompt: None,
    };
    ask(turn, draft, None)?;
    Ok(if dropped { Answer::Say("draft-dropped") } else { Answer::Done })
}

/// Takes an answer.
pub(crate) fn message(turn: &Turn<'_>, message: &Message, mut draft: Draft) -> Result<(), Failure> {
    if !talk::is_said(message) {
        return Ok(());
    }
    if draft.awaits_picture(message)
        && let Some(key) = file::flaw(message)?
    {
        draft.refused.clone_from(&message.album);
        return ask(turn, draft, Some(turn.words.say(key).into()));
    }
    match take(&mut draft, message) {
        Taken::Again(remark) => {
            draft.refused.clone_from(&message.album);
            ask(turn, draft, Some(remark.text(turn)))
        }
        Taken::Next(_) if draft.is_complete() => finish(turn, draft),
        Taken::Next(remark) => ask(turn, draft, remark.map(|remark| remark.text(turn))),
        Taken::AlsoPackaged if draft.is_complete() => finish(turn, draft),
        Taken::AlsoPackaged => {
            correct(turn, &draft, "two-photos")?;
            talk::keep(&Talk::Adding(draft))
        }
        Taken::TooMany => correct(turn, &draft, "first-two-photos"),
        Taken::Ignored => Ok(()),
    }
}

/// Says something about an album where the question stands already, instead of asking once more for every picture.
fn correct(turn: &Turn<'_>, draft: &Draft, key: &str) -> Result<(), Failure> {
    let Some(prompt) = draft.prompt else { return Ok(()) };
    question(turn, draft, Some(turn.words.say(key).into())).edit(prompt)?;
    Ok(())
}

/// Leaves out what a button says.
pub(crate) fn skip(turn: &Turn<'_>, place: MessageRef, id: u64, step: Step) -> Result<Answer, Failure> {
    let mut draft = match talk::find(turn)? {
        Found::Live(Talk::Adding(draft)) if draft.id == id && draft.step == step => draft,
        found => return talk::outdated(found),
    };
    match step {
        Step::Description => draft.go_on(Step::Description),
        Step::Packaged => {}
        Step::Photo | Step::Name => return Ok(Answer::Say("button-outdated")),
    }
    if step == Step::Packaged || draft.is_complete() {
        place.remove_buttons()?;
        finish(turn, draft)?;
    } else {
        question(turn, &draft, None).edit(place)?;
        draft.prompt = Some(place);
        draft.until = turn.now + PATIENCE;
        talk::keep(&Talk::Adding(draft))?;
    }
    Ok(Answer::Done)
}

/// Asks for what is due, after saying something about what came.
pub(crate) fn ask(turn: &Turn<'_>, mut draft: Draft, remark: Option<Text>) -> Result<(), Failure> {
    draft.prompt = Some(question(turn, &draft, remark).send(turn.chat)?);
    draft.until = turn.now + PATIENCE;
    talk::keep(&Talk::Adding(draft))
}

fn question(turn: &Turn<'_>, draft: &Draft, remark: Option<Text>) -> Outgoing {
    let key = match draft.step {
        Step::Photo => "ask-photo",
        Step::Name => "ask-name",
        Step::Description => "ask-description",
        Step::Packaged => "ask-packaged",
    };
    let limits = [("name", Arg::Count(MAX_NAME as i64)), ("description", Arg::Count(MAX_DESCRIPTION as i64))];
    let asked = turn.words.tell(key, &limits);
    let text = match remark {
        Some(remark) => remark.plain("\n\n").plain(asked),
        None => asked,
    };
    let cancel = Button::call(turn.words.say("button-cancel"), &Press::Cancel(draft.id));
    let buttons = match draft.step {
        Step::Photo | Step::Name => vec![cancel],
        Step::Description | Step::Packaged => {
            vec![Button::call(turn.words.say("button-skip"), &Press::Skip(draft.id, draft.step)), cancel]
        }
    };
    chat::message(text).buttons([buttons])
}

impl Draft {
    /// The step that follows; what an album brought already is not asked for.
    fn go_on(&mut self, from: Step) {
        self.step = match from {
            Step::Photo if self.name.is_none() => Step::Name,
            Step::Photo | Step::Name => Step::Description,
            Step::Description | Step::Packaged => Step::Packaged,
        };
    }

    /// Whether a picture in this message would be taken.
    fn awaits_picture(&self, message: &Message) -> bool {
        let of = |album: &Option<String>| message.album.is_some() && message.album == *album;
        !of(&self.refused) && (matches!(self.step, Step::Photo | Step::Packaged) || of(&self.album))
    }

    /// Whether nothing is left to ask for.
    fn is_complete(&self) -> bool {
        self.step == Step::Packaged && self.packaged.is_some()
    }
}

/// Puts an answer into the draft, or says why it does not fit.
pub(crate) fn take(draft: &mut Draft, message: &Message) -> Taken {
    if message.album.is_some() && message.album == draft.refused {
        return Taken::Ignored;
    }
    // The rest of the album, of which the first picture was the photo, comes whatever is due by now.
    if message.album.is_some() && message.album == draft.album {
        return match talk::picture(message) {
            Ok(picture) if draft.packaged.is_none() => {
                draft.packaged = Some(picture);
                Taken::AlsoPackaged
            }
            _ => Taken::TooMany,
        };
    }
    let step = draft.step;
    let mut remark = None;
    match step {
        Step::Photo => match talk::picture(message) {
            Ok(picture) => {
                draft.photo = Some(picture);
                draft.album.clone_from(&message.album);
                remark = take_caption(draft, &message.text.content);
            }
            Err(key) => return Taken::Again(Remark::Plain(key)),
        },
        Step::Name => match text(message, "not-a-name").and_then(name) {
            Ok(name) => draft.name = Some(name),
            Err(remark) => return Taken::Again(remark),
        },
        Step::Description => match text(message, "not-a-description").and_then(description) {
            Ok(description) => draft.description = Some(description),
            Err(remark) => return Taken::Again(remark),
        },
        Step::Packaged => match talk::picture(message) {
            Ok(picture) => {
                draft.packaged = Some(picture);
                draft.album.clone_from(&message.album);
            }
            Err(key) => return Taken::Again(Remark::Plain(key)),
        },
    }
    draft.go_on(step);
    Taken::Next(remark)
}

/// A caption is the name, if it can be one.
fn take_caption(draft: &mut Draft, caption: &str) -> Option<Remark> {
    match name(caption) {
        Ok(name) => {
            draft.name = Some(name.clone());
            Some(Remark::Named("name-from-caption", name))
        }
        Err(Remark::TooLong(_, length, limit)) => Some(Remark::TooLong("caption-too-long", length, limit)),
        Err(_) => None,
    }
}

/// The text of an answer.
pub(crate) fn text<'m>(message: &'m Message, otherwise: &'static str) -> Result<&'m str, Remark> {
    match &message.content {
        Content::Text if message.text.content.starts_with('/') => Err(Remark::Plain("no-such-command")),
        Content::Text => Ok(&message.text.content),
        _ => Err(Remark::Plain(otherwise)),
    }
}

/// A name: one line, without marks that could turn the words around it about.
pub(crate) fn name(text: &str) -> Result<String, Remark> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    fit(words.join(" ").chars().filter(|c| !is_invisible(*c)).collect(), MAX_NAME, "not-a-name", "name-too-long")
}

/// A description: as written.
pub(crate) fn description(text: &str) -> Result<String, Remark> {
    let kept: String = text.trim().chars().filter(|c| *c == '\n' || !c.is_control() && !is_invisible(*c)).collect();
    fit(kept, MAX_DESCRIPTION, "not-a-description", "description-too-long")
}

fn fit(text: String, limit: usize, none: &'static str, long: &'static str) -> Result<String, Remark> {
    match text.encode_utf16().count() {
        _ if text.chars().all(is_blank) => Err(Remark::Plain(none)),
        length if length > limit => Err(Remark::TooLong(long, length, limit)),
        _ => Ok(text),
    }
}

/// Marks that override the direction of what follows. The joiners within emoji and Persian words stay.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What shows nothing by itself, though it is no blank: joiners, fillers, variants. A name of these alone cannot be read,
/// and Telegram refuses it on a button, with the whole list that the button is in.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_invisible(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

impl Remark {
    /// In the user's words.
    pub(crate) fn text(&self, turn: &Turn<'_>) -> Text {
        match self {
            Self::Plain(key) => turn.words.say(key).into(),
            Self::Named(key, name) => turn.words.tell(key, &[("name", Arg::Bold(name))]),
            Self::TooLong(key, length, limit) => {
                let count = |count: usize| Arg::Count(i64::try_from(count).unwrap_or(i64::MAX));
                turn.words.tell(key, &[("count", count(*length)), ("limit", count(*limit))])
            }
        }
    }
}

/// Makes the card and shows its code.
fn finish(turn: &Turn<'_>, draft: Draft) -> Result<(), Failure> {
    let (Some(photo), Some(name)) = (draft.photo, draft.name) else {
        return Err(Failure::give_up("a draft without a photo or a name came to its end"));
    };
    let mut card = Card {
        code: Code::draw(random::code),
        name,
        description: draft.description,
        photo,
        packaged: draft.packaged,
        active: true,
        checks: 0,
        users: 0,
        first_check: None,
        created: turn.now,
        created_by: turn.user.id,
        creator: turn.user.full_name(),
    };
    let id = loop {
        match CARDS.insert(&card) {
            // Ninety random bits do not meet; but a wrong card behind a code would be worse than this line.
            Err(error) if error.is_not_unique() => card.code = Code::draw(random::code),
            inserted => break inserted?,
        }
    };
    talk::end_with(draft.album.as_ref())?;
    card::summary(turn, id, &card)
}

#[cfg(test)]
mod tests;
