//! A card's pictures in a chat. An album has no place for buttons, files do not mix with pictures, and a caption ends at
//! 1024: what that means for the messages is decided here.

use guesthouse_plugin::chat::Album;
use guesthouse_plugin::{Failure, Outgoing, Text, chat};

use crate::model::Picture;
use crate::turn::Turn;

/// Where a caption ends.
const CAPTION: u32 = 1024;

/// Sends one picture with `answer` under it, or two as an album with `answer` after them.
pub(crate) fn pictures(
    turn: &Turn<'_>,
    photo: &Picture,
    packaged: Option<&Picture>,
    answer: Outgoing,
) -> Result<(), Failure> {
    let caption = |key: &str| Text::from(turn.words.say(key));
    match (photo, packaged) {
        (photo, None) if answer.text.utf16_len() <= CAPTION => return one(turn, photo, answer),
        (photo, None) => one(turn, photo, chat::message(""))?,
        (Picture::Photo(_), Some(packaged @ Picture::Photo(_))) => {
            let album = Album::new().photo(photo.media(), caption("picture-card"));
            album.photo(packaged.media(), caption("picture-packaged")).send(turn.chat)?;
        }
        (Picture::Document(_), Some(packaged @ Picture::Document(_))) => {
            let album = Album::new().document(photo.media(), caption("picture-card"));
            album.document(packaged.media(), caption("picture-packaged")).send(turn.chat)?;
        }
        (photo, Some(packaged)) => {
            one(turn, photo, chat::message(caption("picture-card")))?;
            one(turn, packaged, chat::message(caption("picture-packaged")))?;
        }
    }
    answer.send(turn.chat)?;
    Ok(())
}

fn one(turn: &Turn<'_>, picture: &Picture, caption: Outgoing) -> Result<(), Failure> {
    match picture {
        Picture::Photo(_) => caption.send_photo(turn.chat, picture.media())?,
        Picture::Document(_) => caption.send_document(turn.chat, picture.media())?,
    };
    Ok(())
}
