//! Pictures that come as files. What a file is called and what it claims to be is the sender's word; whether it can be
//! a card's picture is seen by how it begins.

use guesthouse_plugin::files::{self, FileError};
use guesthouse_plugin::{Content, Error, Failure, Message};

use crate::talk;

/// The brands of pictures in the container that HEIC shares with films.
const HEIC: [&[u8; 4]; 9] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1"];

/// What is wrong with the file of a message that claims to be a picture, as the text that says so.
pub(crate) fn flaw(message: &Message) -> Result<Option<&'static str>, Failure> {
    let Content::Document(document) = &message.content else { return Ok(None) };
    // What does not even claim it is refused by its claim.
    if !talk::is_picture(document.mime_type.as_deref()) {
        return Ok(None);
    }
    match files::fetch(&document.file.id) {
        Ok(bytes) if is_picture(&bytes) => Ok(None),
        Ok(_) => Ok(Some("not-a-picture-file")),
        Err(Error::File(FileError::TooLarge(_))) => Ok(Some("picture-too-large")),
        Err(Error::File(FileError::NotFound)) => Ok(Some("picture-gone")),
        Err(error) => Err(error.into()),
    }
}

/// Whether these bytes begin like a JPEG, PNG, WebP or HEIC.
fn is_picture(bytes: &[u8]) -> bool {
    let is_heic = || {
        // After the main brand and its version come those with which it is compatible.
        let end =
            bytes.first_chunk::<4>().map_or(0, |size| u32::from_be_bytes(*size) as usize).min(bytes.len()).min(256);
        let brands = bytes.get(8..end).unwrap_or_default().chunks_exact(4);
        bytes.get(4..8) == Some(b"ftyp") && brands.into_iter().any(|brand| HEIC.iter().any(|known| known[..] == *brand))
    };
    bytes.starts_with(b"\xff\xd8\xff")
        || bytes.starts_with(b"\x89PNG\r\n\x1a\n")
        || bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
        || is_heic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_beginning() {
        let heic = b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic";
        let compatible = b"\0\0\0\x18ftypmsf1\0\0\0\0msf1hevc";
        for bytes in [&b"\xff\xd8\xff\xe0..."[..], b"\x89PNG\r\n\x1a\n...", b"RIFF\x10\0\0\0WEBPVP8 ", heic, compatible]
        {
            assert!(is_picture(bytes), "{bytes:?}");
        }
        let film = b"\0\0\0\x18ftypisom\0\0\x02\0isommp41";
        let late = b"\0\0\0\x10ftypisom\0\0\0\0heic";
        for bytes in [
            &b""[..],
            b"\0\0\0",
            b"\xff\xd8",
            b"random bytes that call themselves a picture",
            b"RIFF\x10\0\0\0WAVEfmt ",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"GIF89a",
            b"\xff\xff\xff\xffftyp",
            film,
            late,
        ] {
            assert!(!is_picture(bytes), "{bytes:?}");
        }
    }
}
