//! A check: somebody shows a code, sees the card, and is counted.
//!
//! 1. Whoever has to wait gets no answer, right or wrong (`guard.rs`).
//! 2. Unknown, mistyped, deactivated: three different answers. A deactivated card shows nothing but that.
//! 3. The count is what `increment` gives back: exact, without a gap, whoever else checks at the same moment. The columns
//!    that it changes are not read here.
//! 4. A text may hold several codes: each is checked, once.
//! 5. An edit is one more text, but a card that this person has checked since the message was written was checked by it.

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Button, Content, Failure, File, Message, Text, chat, config, files};

use crate::code::{self, Code, Spoken};
use crate::guard::{self, Fault};
use crate::model::{CARDS, CHECKS, Check, Label, SEEN, Seen};
use crate::press::Press;
use crate::qr::{self, Unreadable};
use crate::show;
use crate::texts::{Arg, Words};
use crate::turn::Turn;
use crate::{alert, share};

/// Codes of one message that are looked at.
const MAX_CODES: usize = 10;

/// What became of a picture.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// A card was checked or a code refused; these are the codes that were read.
    Answered(Vec<String>),
    /// No code was seen, for this reason; somebody has to say so.
    NothingSeen(&'static str),
}

/// Checks what the payload of a deep link or the argument of `/verify` says.
pub(crate) fn by_payload(turn: &Turn<'_>, message: &Message, payload: &str) -> Result<(), Failure> {
    if payload.is_empty() {
        return turn.answer(message, turn.words.say("verify-how"));
    }
    let mut spoken = code::read_all(payload, &config::me().username);
    if spoken.is_empty() {
        spoken.push(Spoken::Malformed);
    }
    check(turn, message, &spoken)
}

/// Checks what a text says, if it says a code. Rule 4.
pub(crate) fn by_text(turn: &Turn<'_>, message: &Message) -> Result<bool, Failure> {
    let spoken = code::read_all(&message.text.content, &config::me().username);
    check(turn, message, &spoken)?;
    Ok(!spoken.is_empty())
}

/// Checks what a text says after it was changed. Rule 5.
pub(crate) fn by_edit(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    let mut new = Vec::new();
    for spoken in code::read_all(&message.text.content, &config::me().username) {
        if !is_counted(turn, message, &spoken)? {
            new.push(spoken);
        }
    }
    check(turn, message, &new)
}

/// Whether the user has checked the card of this code since the message was written.
fn is_counted(turn: &Turn<'_>, message: &Message, spoken: &Spoken) -> Result<bool, Failure> {
    let Spoken::Code(code) = spoken else { return Ok(false) };
    let Some(card) = CARDS.select::<Label>().first(col("code").eq(code.as_str()))? else { return Ok(false) };
    let own = col("card").eq(card.id).and(col("user_id").eq(turn.user.id));
    Ok(CHECKS.count(own.and(col("time").ge(message.date)))? > 0)
}

/// Checks the QR code on a picture. Those in `known` were checked already.
pub(crate) fn by_picture(turn: &Turn<'_>, message: &Message, known: &[String]) -> Result<Looked, Failure> {
    let unseen = |why| Ok(Looked::NothingSeen(why));
    let Some(file) = picture_file(message) else { return unseen("no-code-seen") };
    if !guard::admit(turn, message)? {
        return Ok(Looked::Answered(Vec::new()));
    }
    let too_large = |size: u64| size > qr::MAX_BYTES as u64;
    if file.size.is_some_and(too_large) {
        return unseen("picture-too-large");
    }
    let bytes = match files::fetch(&file.id) {
        Ok(bytes) => bytes,
        Err(guesthouse_plugin::Error::File(files::FileError::TooLarge(_))) => return unseen("picture-too-large"),
        Err(guesthouse_plugin::Error::File(files::FileError::NotFound)) => return unseen("picture-gone"),
        Err(error) => return Err(error.into()),
    };
    let bot = config::me().username;
    let read = |content: &str| code::read_text(content, &bot);
    let contents = match qr::read(&bytes, |content| matches!(read(content), Spoken::Code(_))) {
        Ok(contents) => contents,
        Err(Unreadable::TooLarge) => return unseen("picture-too-large"),
        Err(Unreadable::NoPicture) => return unseen("picture-unreadable"),
    };
    if contents.is_empty() {
        return unseen("no-code-seen");
    }
    // A code of ours comes first, then what pretends to be one.
    let spoken: Vec<Spoken> = contents.iter().map(|content| read(content)).collect();
    let ours = spoken.iter().find(|spoken| matches!(spoken, Spoken::Code(_)));
    let chosen = ours.or_else(|| spoken.iter().find(|spoken| **spoken != Spoken::Nothing)).unwrap_or(&Spoken::Nothing);
    if let Spoken::Code(code) = chosen
        && known.iter().any(|known| known == code.as_str())
    {
        return Ok(Looked::Answered(Vec::new()));
    }
    answer(turn, message, chosen)?;
    Ok(Looked::Answered(match chosen {
        Spoken::Code(code) => vec![code.as_str().to_owned()],
        _ => Vec::new(),
    }))
}

/// The file of a photo, or of a picture that came as a file.
fn picture_file(message: &Message) -> Option<&File> {
    match &message.content {
        Content::Photo(photo) => Some(&photo.file),
        Content::Document(document) => Some(&document.file),
        _ => None,
    }
}

fn check(turn: &Turn<'_>, message: &Message, spoken: &[Spoken]) -> Result<(), Failure> {
    for one in spoken.iter().take(MAX_CODES) {
        // A wrong code may have been one too many for those behind it.
        if !guard::admit(turn, message)? {
            return Ok(());
        }
        answer(turn, message, one)?;
    }
    if spoken.len() > MAX_CODES {
        turn.answer(message, turn.words.tell("more-codes", &[("count", Arg::Count(MAX_CODES as i64))]))?;
    }
    Ok(())
}

/// Answers one who does not have to wait.
fn answer(turn: &Turn<'_>, message: &Message, spoken: &Spoken) -> Result<(), Failure> {
    let (fault, text) = match spoken {
        Spoken::Code(code) => {
            let card = CARDS.select::<Label>().first(col("code").eq(code.as_str()))?;
            match card {
                Some(card) if card.active => return count(turn, message, code, &card),
                Some(_) => return turn.answer(message, turn.words.say("code-deactivated")),
                None => (Fault::Wrong, turn.words.tell("code-unknown", &[("code", Arg::Mono(&code.to_string()))])),
            }
        }
        Spoken::Malformed => (Fault::Mistyped, turn.words.say("code-malformed").into()),
        Spoken::OtherBot(name) => {
            (Fault::Mistyped, turn.words.tell("code-of-other-bot", &[("bot", Arg::Said(&format!("@{name}")))]))
        }
        Spoken::Nothing => (Fault::Mistyped, turn.words.say("code-foreign").into()),
    };
    let text = match guard::blame(turn, fault)? {
        Some(warning) => text.plain("\n\n").plain(warning),
        None => text,
    };
    turn.answer(message, text)
}

/// Counts a check and shows the card. Rule 3.
fn count(turn: &Turn<'_>, message: &Message, code: &Code, card: &Row<Label>) -> Result<(), Failure> {
    let user = turn.user;
    let checks = CARDS.increment(card.id, "checks", 1)?;
    if checks == 1 {
        CARDS.set(card.id, "first_check", turn.now)?;
    }
    CHECKS.insert(&Check {
        card: card.id,
        user_id: user.id,
        username: user.username.clone(),
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        time: turn.now,
    })?;
    let is_new = SEEN.count(col("card").eq(card.id).and(col("user_id").eq(user.id)))? == 0;
    if is_new {
        SEEN.insert(&Seen { card: card.id, user_id: user.id })?;
        let users = CARDS.increment(card.id, "users", 1)?;
        if alert::is_power_step(users, turn.settings.copy_warning_users) {
            alert::copied(turn, card.id, &card.name, users);
        }
    }

    let first = if checks == 1 { turn.now } else { card.first_check.unwrap_or(turn.now) };
    let text = card_text(turn.words, card, checks, first);
    let mut buttons = vec![vec![share::button(turn.words, &card.name, code)]];
    if turn.private && turn.is_admin() {
        buttons.push(vec![Button::call(turn.words.say("button-open"), &Press::Open(card.id))]);
    }
    let mut answer = chat::message(text).buttons(buttons);
    if !turn.private {
        answer = answer.reply_to(message);
    }
    show::pictures(turn, &card.photo, card.packaged.as_ref(), answer)
}

/// What stands under the pictures. It has to fit a caption.
fn card_text(words: Words<'_>, card: &Label, checks: i64, first: i64) -> Text {
    let mut text = words.tell("card-genuine", &[("name", Arg::Bold(&card.name))]);
    if let Some(description) = &card.description {
        text = text.plain("\n\n").plain(words.tell("as-said", &[("text", Arg::Said(description))]));
    }
    text.plain("\n\n").plain(if checks == 1 {
        Text::from(words.say("first-check"))
    } else {
        words.tell("checked", &[("count", Arg::Count(checks)), ("first", Arg::Time(first))])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Picture;
    use crate::talk::{MAX_DESCRIPTION, MAX_NAME};
    use crate::texts::{Language, Texts};

    #[test]
    fn the_longest_card_fits_a_caption() {
        let texts = Texts::new(crate::texts::SOURCES);
        let card = Label {
            name: "ש".repeat(MAX_NAME),
            description: Some("😀".repeat(MAX_DESCRIPTION / 2)),
            photo: Picture::Photo(String::new()),
            packaged: None,
            active: true,
            first_check: None,
        };
        for language in Language::ALL {
            for checks in [1, 2, 1_000_000] {
                let text = card_text(texts.words(language), &card, checks, 0);
                assert!(text.utf16_len() <= 1024, "{language:?}: {}", text.utf16_len());
            }
        }
    }
}
