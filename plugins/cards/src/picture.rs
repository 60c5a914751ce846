//! Pictures that may show a QR code, sent as photos or as files. One in which no code is seen, whatever the reason, is left to
//! the other plugins; what the reason was is said only where there is none. Those of an album come one by one, but get one
//! answer: one code is counted once, and "no code here" is taken back when the next picture has one.

use guesthouse_plugin::{Content, Failure, Message, chat, update};

use crate::talk::{self, Album, Found, Talk};
use crate::turn::Turn;
use crate::verify::{self, Looked};

/// Why it is left to other plugins.
const NO_CODE: &str = "no code is seen in it";

/// Looks at a photo or a file that somebody sent.
pub(crate) fn handle(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    let Some(id) = &message.album else {
        if let Looked::NothingSeen(why) = look(turn, message, &[])?
            && !update::pass(NO_CODE)
        {
            turn.answer(message, turn.words.say(why))?;
        }
        return Ok(());
    };
    let mut album = match talk::find(turn)? {
        Found::Live(Talk::Album(album)) if album.id == *id => album,
        _ => Album { id: id.clone(), ..Album::default() },
    };
    if album.quiet {
        return Ok(());
    }
    let looked = look(turn, message, &album.codes)?;
    let is_nothing = matches!(looked, Looked::NothingSeen(_)) && album.codes.is_empty() && album.note.is_none();
    if is_nothing && update::pass(NO_CODE) {
        return Ok(());
    }
    match change(&mut album, looked) {
        Note::Send(why) => album.note = Some(chat::message(turn.words.say(why)).send(turn.chat)?),
        Note::TakeBack => {
            if let Some(note) = album.note.take() {
                note.delete()?;
            }
        }
        Note::Leave => {}
    }
    talk::keep(&Talk::Album(album))
}

fn look(turn: &Turn<'_>, message: &Message, known: &[String]) -> Result<Looked, Failure> {
    // A caption may say the code, which is surer than a picture.
    if verify::by_text(turn, message)? {
        return Ok(Looked::Answered(Vec::new()));
    }
    if let Content::Document(document) = &message.content
        && !talk::is_picture(document.mime_type.as_deref())
    {
        return Ok(Looked::NothingSeen("document-refused"));
    }
    verify::by_picture(turn, message, known)
}

/// What is to be done about the message that says that there is no code.
#[derive(Debug, PartialEq, Eq)]
enum Note {
    Send(&'static str),
    TakeBack,
    Leave,
}

fn change(album: &mut Album, looked: Looked) -> Note {
    match looked {
        Looked::NothingSeen(why) if album.codes.is_empty() && album.note.is_none() => Note::Send(why),
        Looked::NothingSeen(_) => Note::Leave,
        Looked::Answered(codes) => {
            let found = !codes.is_empty();
            album.codes.extend(codes);
            if found && album.note.is_some() { Note::TakeBack } else { Note::Leave }
        }
    }
}

#[cfg(test)]
mod tests {
    use guesthouse_plugin::MessageRef;

    use super::*;

    #[test]
    fn an_album_gets_one_answer() {
        let found = || Looked::Answered(vec!["CODE".into()]);
        // Nothing, nothing, a code: one note, taken back.
        let nothing = || Looked::NothingSeen("no-code-seen");
        let mut album = Album::default();
        assert_eq!(change(&mut album, nothing()), Note::Send("no-code-seen"));
        album.note = Some(MessageRef::Sent(1));
        assert_eq!(change(&mut album, nothing()), Note::Leave);
        assert_eq!(change(&mut album, found()), Note::TakeBack);
        // A code, nothing: no note.
        let mut album = Album::default();
        assert_eq!(change(&mut album, found()), Note::Leave);
        assert_eq!(change(&mut album, nothing()), Note::Leave);
        assert_eq!(album.codes, ["CODE"]);
    }
}
