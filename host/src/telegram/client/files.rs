//! Files in both directions: uploads along with a call, and what people sent.

use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{CALL, Client, chain, read};
use crate::telegram::answer::Answer;
use crate::telegram::error::{CallError, Decision};

/// An upload gets a second more for so many bytes: a slow line, not a broken one.
const UPLOAD_RATE: usize = 64 * 1024;
/// Time for a download; the largest that Telegram allows has 20 MiB.
const DOWNLOAD: Duration = Duration::from_secs(60);

/// A file to upload along with a call.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The form field: the name that `attach://` mentions.
    pub field: String,
    /// The file's name.
    pub name: String,
    /// Its content.
    pub bytes: Bytes,
}

/// Why a file was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FileError {
    /// Telegram has no such file.
    #[error("telegram has no such file")]
    NotFound,
    /// It is larger than allowed, or than Telegram gives to bots.
    #[error("the file is too large")]
    TooLarge,
    /// It may be there later.
    #[error("the file cannot be fetched now: {0}")]
    Unavailable(String),
}

impl Client {
    /// Calls a method with files. The body's fields become fields of the form.
    pub async fn upload(
        &self,
        method: &str,
        body: Map<String, Value>,
        files: Vec<Upload>,
    ) -> Result<Answer, CallError> {
        let size: usize = files.iter().map(|file| file.bytes.len()).sum();
        let mut form = Form::new();
        for (field, value) in body {
            form = match value {
                Value::String(text) => form.text(field, text),
                other => form.text(field, other.to_string()),
            };
        }
        for file in files {
            let length = file.bytes.len() as u64;
            form = form.part(file.field, Part::stream_with_length(file.bytes, length).file_name(file.name));
        }
        let patience = CALL + Duration::from_secs((size / UPLOAD_RATE) as u64);
        let request = self.http.post(self.url(method)?).multipart(form).timeout(patience);
        self.send(request).await.map(Answer::new)
    }

    /// Fetches a file that somebody sent, if it has at most `max` bytes.
    pub async fn file(&self, file_id: &str, max: u64) -> Result<Bytes, FileError> {
        #[derive(Deserialize)]
        struct File {
            file_path: Option<String>,
            file_size: Option<u64>,
        }
        let answer = self.call("getFile", &json!({ "file_id": file_id }).to_string()).await.map_err(no_file)?;
        let file: File = serde_json::from_str(answer.json()).map_err(|_| FileError::NotFound)?;
        if file.file_size.is_some_and(|size| size > max) {
            return Err(FileError::TooLarge);
        }
        let path =
            file.file_path.filter(|path| !path.starts_with('/') && !path.contains("..")).ok_or(FileError::NotFound)?;
        let unavailable = |error: reqwest::Error| FileError::Unavailable(chain(&error.without_url()));
        let request = self.http.get(format!("{}{path}", self.files)).timeout(DOWNLOAD);
        let response = request.send().await.map_err(unavailable)?;
        match response.status().as_u16() {
            200 => {}
            // Asked again it would say the same; only "too many requests" passes.
            429 => return Err(FileError::Unavailable("too many downloads".into())),
            400..=499 => return Err(FileError::NotFound),
            code => return Err(FileError::Unavailable(format!("the file server answered {code}"))),
        }
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        read(response, max).await.map_err(unavailable)?.ok_or(FileError::TooLarge)
    }
}

fn no_file(error: CallError) -> FileError {
    match (&error, error.decide()) {
        (CallError::Refused(refusal), _) if refusal.description.contains("too big") => FileError::TooLarge,
        (_, Decision::WrongFile | Decision::Dead | Decision::ChatGone) => FileError::NotFound,
        _ => FileError::Unavailable(error.to_string()),
    }
}
