//! Files: the bytes once by digest, and the ids under which bots and the page know them.
//!
//! As in Telegram a `file_id` is good for one bot only and stays the same for ever, while the `file_unique_id` is the
//! same for all and opens nothing. The page has ids of its own, those of bot zero.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::ApiError;
use super::image::{self, Picture};

/// The bot whose file ids the page uses.
pub(super) const PAGE: i64 = 0;
/// What a bot may download.
const MAX_DOWNLOAD: usize = 20 * 1024 * 1024;
/// What a bot may send as a photo.
const MAX_PHOTO: usize = 10 * 1024 * 1024;
/// The longer side of the small size of a photo.
const SMALL_SIDE: u32 = 320;

/// As what a file was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// A picture that Telegram shows.
    Photo,
    /// Anything else.
    Document,
}

impl FileKind {
    /// The Bot API's field and parameter.
    pub fn word(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Document => "document",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Photo => "AgACAgIAAxkB",
            Self::Document => "BQACAgIAAxkB",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Photo => "Photo",
            Self::Document => "Document",
        }
    }
}

/// Which file. Numbers are given in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileNo(u32);

/// A file that was checked and hashed but is not kept yet. Made without holding the world, because it takes a while.
#[derive(Debug)]
pub struct NewFile {
    kind: FileKind,
    name: String,
    mime: String,
    bytes: Bytes,
    digest: [u8; 32],
    picture: Option<Picture>,
}

impl NewFile {
    /// A picture to be shown. Refuses what is no picture, in Telegram's words.
    pub fn photo(bytes: Bytes) -> Result<Self, ApiError> {
        if bytes.is_empty() {
            return Err(ApiError::bad("file must be non-empty"));
        }
        if bytes.len() > MAX_PHOTO {
            let size = bytes.len();
            return Err(ApiError::bad(format!("file of size {size} bytes is too big for a photo")));
        }
        let picture = image::read(&bytes).ok_or_else(|| ApiError::bad("IMAGE_PROCESS_FAILED"))?;
        let (long, short) = (picture.width.max(picture.height), picture.width.min(picture.height));
        if long + short > 10_000 || short == 0 || long > 20 * short {
            return Err(ApiError::bad("PHOTO_INVALID_DIMENSIONS"));
        }
        let mime = picture.mime.to_owned();
        Ok(Self::hashed(FileKind::Photo, String::new(), mime, bytes, Some(picture)))
    }

    /// Any file.
    pub fn document(name: &str, mime: &str, bytes: Bytes) -> Result<Self, ApiError> {
        if bytes.is_empty() {
            return Err(ApiError::bad("file must be non-empty"));
        }
        let mime = match mime {
            "" | "application/octet-stream" => image::read(&bytes).map_or("application/octet-stream", |p| p.mime),
            mime => mime,
        };
        Ok(Self::hashed(FileKind::Document, name.to_owned(), mime.to_owned(), bytes, None))
    }

    fn hashed(kind: FileKind, name: String, mime: String, bytes: Bytes, picture: Option<Picture>) -> Self {
        let digest = Sha256::digest(&bytes).into();
        Self { kind, name, mime, bytes, digest, picture }
    }

    /// As what it is to be sent.
    pub fn kind(&self) -> FileKind {
        self.kind
    }
}

pub(super) struct File {
    no: FileNo,
    kind: FileKind,
    name: String,
    pub(super) mime: String,
    pub(super) bytes: Bytes,
    digest: [u8; 32],
    picture: Option<Picture>,
    secret: u64,
}

impl File {
    fn id(&self, bot: i64, size: u8) -> String {
        let mut raw = [0u8; 21];
        raw[..4].copy_from_slice(&self.no.0.to_be_bytes());
        raw[4] = size;
        raw[5..13].copy_from_slice(&bot.to_be_bytes());
        raw[13..].copy_from_slice(&self.secret.to_be_bytes());
        format!("{}{}", self.kind.prefix(), URL_SAFE_NO_PAD.encode(raw))
    }

    fn unique_id(&self, size: u8) -> String {
        let mut raw = [0u8; 9];
        raw[..4].copy_from_slice(&self.no.0.to_be_bytes());
        raw[4..8].copy_from_slice(&self.secret.to_be_bytes()[..4]);
        raw[8] = size;
        format!("AQAD{}", URL_SAFE_NO_PAD.encode(raw))
    }

    fn path(&self) -> String {
        let extension = match self.kind {
            FileKind::Photo => self.picture.map_or("jpg", |picture| picture.extension),
            FileKind::Document => self.name.rsplit_once('.').map_or("", |(_, extension)| extension),
        };
        // The path stands in a URL, and a file name comes from anybody.
        let plain =
            !extension.is_empty() && extension.len() <= 8 && extension.bytes().all(|b| b.is_ascii_alphanumeric());
        let dot = if plain { "." } else { "" };
        format!("{}s/file_{}{dot}{}", self.kind.word(), self.no.0, if plain { extension } else { "" })
    }

    /// The field of a message: an array of sizes for a photo, an object for a document.
    pub(super) fn json(&self, viewer: i64) -> Value {
        match (self.kind, self.picture) {
            (FileKind::Photo, Some(picture)) => {
                let sizes = sizes_of(picture).into_iter().enumerate().map(|(index, (width, height))| {
                    let size = index as u8;
                    json!({ "file_id": self.id(viewer, size), "file_unique_id": self.unique_id(size),
                        "width": width, "height": height, "file_size": self.bytes.len() })
                });
                Value::Array(sizes.collect())
            }
            _ => json!({ "file_id": self.id(viewer, 0), "file_unique_id": self.unique_id(0), "file_name": self.name,
                "mime_type": self.mime, "file_size": self.bytes.len() }),
        }
    }
}

/// One or two sizes; the same bytes serve both.
fn sizes_of(picture: Picture) -> Vec<(u32, u32)> {
    let (width, height) = (picture.width, picture.height);
    let long = width.max(height);
    if long <= SMALL_SIDE {
        return vec![(width, height)];
    }
    let small = |side: u32| (side * SMALL_SIDE / long).max(1);
    vec![(small(width), small(height)), (width, height)]
}

/// All files.
#[derive(Default)]
pub(super) struct Files {
    /// By number; none where the bytes were lost between two runs.
    files: Vec<Option<File>>,
    blobs: HashMap<[u8; 32], Bytes>,
}

/// A file as it is written down: everything but its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SavedFile {
    kind: FileKind,
    name: String,
    mime: String,
    /// SHA-256 of the bytes in hexadecimal digits.
    pub(super) digest: String,
    secret: u64,
}

impl Files {
    pub(super) fn add(&mut self, new: NewFile, secret: u64) -> FileNo {
        let no = FileNo(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        // A `Bytes` may be a slice of a whole request; the copy lets go of the rest.
        let bytes = self.blobs.entry(new.digest).or_insert_with(|| Bytes::copy_from_slice(&new.bytes)).clone();
        let NewFile { kind, name, mime, picture, digest, .. } = new;
        self.files.push(Some(File { no, kind, name, mime, bytes, digest, picture, secret }));
        no
    }

    pub(super) fn get(&self, no: FileNo) -> Option<&File> {
        self.files.get(no.0 as usize)?.as_ref()
    }

    /// The files as they can be written down.
    pub(super) fn saved(&self) -> Vec<Option<SavedFile>> {
        let saved = |file: &File| SavedFile {
            kind: file.kind,
            name: file.name.clone(),
            mime: file.mime.clone(),
            digest: hex(&file.digest),
            secret: file.secret,
        };
        self.files.iter().map(|file| file.as_ref().map(saved)).collect()
    }

    /// The bytes of all files, once each, by their digests.
    pub(super) fn blobs(&self) -> impl Iterator<Item = (String, Bytes)> {
        self.blobs.iter().map(|(digest, bytes)| (hex(digest), bytes.clone()))
    }

    /// Goes on with what was written down. A file whose bytes are not what they were is lost; its number stays taken.
    pub(super) fn resumed(saved: Vec<Option<SavedFile>>, mut bytes_of: impl FnMut(&str) -> Option<Bytes>) -> Self {
        let mut files = Self::default();
        for (no, saved) in (0..).map(FileNo).zip(saved) {
            let file = saved.and_then(|SavedFile { kind, name, mime, digest, secret }| {
                let bytes = bytes_of(&digest)?;
                let sum: [u8; 32] = Sha256::digest(&bytes).into();
                if hex(&sum) != digest {
                    return None;
                }
                let bytes = files.blobs.entry(sum).or_insert(bytes).clone();
                let picture = if kind == FileKind::Photo { Some(image::read(&bytes)?) } else { None };
                Some(File { no, kind, name, mime, bytes, digest: sum, picture, secret })
            });
            files.files.push(file);
        }
        files
    }

    fn by_id(&self, bot: i64, id: &str) -> Option<&File> {
        let raw = URL_SAFE_NO_PAD.decode(id.get(12..)?).ok()?;
        let raw: [u8; 21] = raw.try_into().ok()?;
        let no = u32::from_be_bytes(raw[..4].try_into().ok()?);
        let file = self.get(FileNo(no))?;
        (file.id(bot, raw[4]) == id).then_some(file)
    }

    pub(super) fn by_page_id(&self, id: &str) -> Option<&File> {
        self.by_id(PAGE, id)
    }

    /// The file that a bot wants to send again.
    pub(super) fn reuse(&self, bot: i64, id: &str, kind: FileKind) -> Result<FileNo, ApiError> {
        let file = self.by_id(bot, id).ok_or_else(|| ApiError::bad("wrong file identifier/HTTP URL specified"))?;
        if file.kind != kind {
            let (is, wanted) = (file.kind.title(), kind.title());
            return Err(ApiError::bad(format!("can't use file of type {is} as {wanted}")));
        }
        Ok(file.no)
    }

    /// What `getFile` answers.
    pub(super) fn info(&self, bot: i64, id: &str) -> Result<Value, ApiError> {
        let wrong = || ApiError::bad("wrong file_id or the file is temporarily unavailable");
        let file = self.by_id(bot, id).ok_or_else(wrong)?;
        if file.bytes.len() > MAX_DOWNLOAD {
            return Err(ApiError::bad("file is too big"));
        }
        let size = URL_SAFE_NO_PAD.decode(&id[12..]).ok().and_then(|raw| raw.get(4).copied()).unwrap_or(0);
        Ok(json!({ "file_id": id, "file_unique_id": file.unique_id(size), "file_size": file.bytes.len(),
            "file_path": file.path() }))
    }

    /// The bytes behind a `file_path`.
    pub(super) fn by_path(&self, path: &str) -> Option<&File> {
        let (_, rest) = path.split_once("s/file_")?;
        let digits = rest.split_once('.').map_or(rest, |(digits, _)| digits);
        let file = self.get(FileNo(digits.parse().ok()?))?;
        (file.path() == path && file.bytes.len() <= MAX_DOWNLOAD).then_some(file)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(name: &str, bytes: &'static [u8]) -> NewFile {
        NewFile::document(name, "", Bytes::from_static(bytes)).unwrap()
    }

    #[test]
    fn a_file_id_is_one_bots_and_lasts() {
        let mut files = Files::default();
        let no = files.add(document("a.txt", b"hello"), 42);
        let id = files.get(no).unwrap().id(7, 0);
        assert_eq!(files.reuse(7, &id, FileKind::Document), Ok(no));
        let wrong = Err(ApiError::bad("wrong file identifier/HTTP URL specified"));
        assert_eq!(files.reuse(8, &id, FileKind::Document), wrong);
        assert_eq!(files.reuse(7, "nonsense", FileKind::Document), wrong);
        assert_eq!(files.reuse(7, "שלום שלום שלום", FileKind::Document), wrong);
        assert!(files.reuse(7, &id, FileKind::Photo).unwrap_err().description.contains("Document as Photo"));
    }

    #[test]
    fn paths_lead_back_and_names_cannot_escape() {
        let mut files = Files::default();
        for name in ["a.txt", "no extension", "../../x.t/t", "фото.я"] {
            let no = files.add(document(name, b"hello"), 1);
            let path = files.get(no).unwrap().path();
            assert!(path.starts_with("documents/file_") && !path.contains(".."), "{path}");
            assert!(files.by_path(&path).is_some());
        }
        assert!(files.by_path("documents/file_0").is_none() && files.by_path("file_0.txt").is_none());
        assert_eq!(files.blobs.len(), 1);
    }

    #[test]
    fn photos_come_in_sizes() {
        let picture = |width, height| Picture { width, height, mime: "image/png", extension: "png" };
        assert_eq!(sizes_of(picture(100, 50)), [(100, 50)]);
        assert_eq!(sizes_of(picture(640, 1280)), [(160, 320), (640, 1280)]);
    }
}
