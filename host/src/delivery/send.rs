//! One call: what was not known at the commit is filled in, the call is made, the answer becomes an outcome.
//!
//! 1. A message that was not sent yet at the commit: its number comes from this lane's own calls or from the database.
//!    An answer to a message that never came is sent as no answer; an edit of one is dead.
//! 2. A file: what Telegram calls it if this bot has sent it before, else its bytes.
//! 3. Some refusals can be mended, once each: a file id that Telegram no longer takes (upload again, or say without the
//!    picture what was to stand under it: `caption`), formatting that it does not accept (send without).
//! 4. Some say something about the chat as a whole (`chat`); what follows is decided with the chat's other calls.
//! 5. Everything else is decided by `retry`. A call that may be made at most once ends where another one would be tried
//!    again after an attempt that may have arrived.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::caption;
use super::chat::{self, Word};
use super::retry::{self, Next};
use crate::model::BotId;
use crate::store::{SendState, Store, StoreError, WaitingCall};
use crate::telegram::encode::BlobName;
use crate::telegram::{CallError, Client, Decision, Upload};

/// What became of an attempt.
pub(super) enum Attempt {
    /// Telegram has done it. The numbers are those of the messages it made; with them what it calls the files.
    Sent { messages: Vec<i64>, uploaded: Vec<(String, String, String)> },
    /// It has become worthless.
    Expired,
    /// It never will; perhaps it has, and nobody knows.
    Dead { reason: String, ambiguous: bool },
    /// It never will, and neither will any other call to this chat for now.
    Gone(String),
    /// The group is this supergroup now.
    Moved { to: i64, reason: String },
    /// It is to be tried again.
    Again { next: Next, reason: String, ambiguous: bool },
    /// The database did not tell what is needed.
    Store(StoreError),
}

impl Attempt {
    fn dead(reason: impl Into<String>) -> Self {
        Self::Dead { reason: reason.into(), ambiguous: false }
    }
}

impl From<StoreError> for Attempt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What this lane has just learned and the database may not know yet.
#[derive(Default)]
pub(super) struct Known {
    /// The numbers of messages by their references; `None` for one that will never have a number.
    pub(super) messages: HashMap<i64, Option<i64>>,
    /// What Telegram calls files, by digest and kind.
    pub(super) files: HashMap<(String, String), String>,
}

/// What an attempt needs.
pub(super) struct Sender<'a> {
    pub(super) store: &'a Store,
    pub(super) telegram: &'a Client,
    pub(super) bot: BotId,
    /// The chat in whose order the calls are made.
    pub(super) chat: i64,
    /// The group that it was.
    pub(super) was: Option<i64>,
}

impl Sender<'_> {
    /// Makes a call.
    pub(super) async fn send(&self, call: &WaitingCall, known: &Known) -> Attempt {
        match self.try_send(call, known).await {
            Ok(attempt) | Err(attempt) => attempt,
        }
    }

    async fn try_send(&self, call: &WaitingCall, known: &Known) -> Result<Attempt, Attempt> {
        let has_blobs = call.body.contains(concat!('"', "blob:"));
        let is_old = self.was.is_some_and(|was| call.body.contains(&was.to_string()));
        if call.about.is_none() && !has_blobs && !is_old {
            // As it was written: most calls come this way.
            return match self.telegram.call(&call.method, &call.body).await {
                Ok(answer) => {
                    Ok(Attempt::Sent { messages: answer.message_id().into_iter().collect(), uploaded: Vec::new() })
                }
                Err(error) if is_mendable(&error) => self.send_mended(call, known, Some(error)).await,
                Err(error) => Ok(self.outcome(&error, call)),
            };
        }
        self.send_mended(call, known, None).await
    }

    /// Makes a call whose body has to be opened first; `failed` is how it fared as it was.
    async fn send_mended(
        &self,
        call: &WaitingCall,
        known: &Known,
        mut failed: Option<CallError>,
    ) -> Result<Attempt, Attempt> {
        let mut body: Map<String, Value> =
            serde_json::from_str(&call.body).map_err(|error| Attempt::dead(format!("its body is no JSON: {error}")))?;
        if let Some(was) = self.was {
            chat::rehome(&mut body, was, self.chat).map_err(Attempt::dead)?;
        }
        if let Some(reference) = call.about {
            self.fill_in_message(call, reference, &mut body, known).await?;
        }
        let (mut fresh, mut plain, mut method) = (false, false, call.method.as_str());
        loop {
            if let Some(error) = failed.take() {
                // Each remedy helps once; whatever is still wrong after it is the call's own fault.
                let helps = match error.decide() {
                    Decision::WrongFile if !fresh && call.body.contains(BlobName::PREFIX) => {
                        fresh = true;
                        true
                    }
                    Decision::WrongFile => self.leave_out_files(call, &mut method, &mut body, &error.to_string()),
                    Decision::BadEntities => !std::mem::replace(&mut plain, true) && strip_entities(&mut body),
                    _ => false,
                };
                if !helps {
                    return Ok(self.outcome(&error, call));
                }
            }
            let mut ready = body.clone();
            let Some(files) = self.fill_in_files(&mut ready, known, fresh).await? else {
                let reason = "the bytes of its file are gone";
                if self.leave_out_files(call, &mut method, &mut body, reason) {
                    continue;
                }
                return Err(Attempt::dead(reason));
            };
            let uploads: Vec<Upload> = files.iter().filter_map(|file| file.upload.clone()).collect();
            let answer = if uploads.is_empty() {
                self.telegram.call(method, &Value::Object(ready).to_string()).await
            } else {
                self.telegram.upload(method, ready, uploads).await
            };
            match answer {
                Ok(answer) => {
                    let sent = answer.messages();
                    let id_of = |file: &File| sent.get(file.message).and_then(|message| message.file_id.clone());
                    let uploaded = files
                        .iter()
                        .filter(|file| file.upload.is_some())
                        .filter_map(|file| Some((file.name.digest.clone(), file.name.kind.clone(), id_of(file)?)))
                        .collect();
                    let messages = sent.iter().filter_map(|message| message.message_id).collect();
                    return Ok(Attempt::Sent { messages, uploaded });
                }
                Err(error) => failed = Some(error),
            }
        }
    }

    /// Makes the call one that says what was to stand under its files, if something was.
    fn leave_out_files(&self, call: &WaitingCall, method: &mut &str, body: &mut Map<String, Value>, why: &str) -> bool {
        let Some(text) = caption::as_text(method, body) else { return false };
        tracing::warn!(
            bot = %self.bot, chat = self.chat, seq = call.seq, method = %method, reason = why,
            "a {method} to chat {} goes as a text without its file: {why}", self.chat
        );
        (*method, *body) = ("sendMessage", text);
        true
    }

    /// Puts in the number of the message that the call is about, or takes the answer out where there is none.
    async fn fill_in_message(
        &self,
        call: &WaitingCall,
        reference: i64,
        body: &mut Map<String, Value>,
        known: &Known,
    ) -> Result<(), Attempt> {
        let (chat, id) = match (known.messages.get(&reference), &call.plugin) {
            (Some(id), _) => (None, *id),
            (None, None) => (None, None),
            (None, Some(plugin)) => match self.store.message_of(self.bot, plugin, reference).await? {
                // It is in the order of another chat and has not had its turn there.
                Some(message) if message.state == SendState::Waiting && !body.contains_key("reply_parameters") => {
                    let next = Next::Again(retry::pause(call.attempt));
                    let reason = "the message it is about has not been sent yet".into();
                    return Err(Attempt::Again { next, reason, ambiguous: false });
                }
                // It stands where nothing can be changed or answered any more.
                Some(message) if Some(message.chat) == self.was => (None, None),
                Some(message) => (Some(message.chat), message.message_id),
                None => (None, None),
            },
        };
        if let Some(reply) = body.get_mut("reply_parameters") {
            match id {
                Some(id) => reply["message_id"] = json!(id),
                None => drop(body.remove("reply_parameters")),
            }
            return Ok(());
        }
        let id = id.ok_or_else(|| Attempt::dead("the message it is about was never sent, or is out of reach"))?;
        body.insert("message_id".into(), json!(id));
        if let Some(chat) = chat {
            body.insert("chat_id".into(), json!(chat));
        }
        Ok(())
    }

    /// Puts in what Telegram calls the files, or what the form calls those that have to be uploaded. `None`: the bytes of
    /// one are gone.
    async fn fill_in_files(
        &self,
        body: &mut Map<String, Value>,
        known: &Known,
        fresh: bool,
    ) -> Result<Option<Vec<File>>, Attempt> {
        let mut files = Vec::new();
        for (message, field, place) in file_places(body) {
            let Some(name) = place.as_str().and_then(BlobName::read) else { continue };
            let id = match known.files.get(&(name.digest.clone(), name.kind.clone())) {
                _ if fresh => None,
                Some(id) => Some(id.clone()),
                None => self.store.file_id(self.bot, &name.digest, &name.kind).await?,
            };
            let upload = match id {
                Some(id) => {
                    *place = Value::String(id);
                    None
                }
                None => {
                    let bytes: Option<Bytes> = self.store.blob(&name.digest).await?;
                    let Some(bytes) = bytes else { return Ok(None) };
                    *place = Value::String(format!("attach://{field}"));
                    Some(Upload { field, name: name.name.clone(), bytes })
                }
            };
            files.push(File { message, name, upload });
        }
        Ok(Some(files))
    }

    fn outcome(&self, error: &CallError, call: &WaitingCall) -> Attempt {
        let (reason, ambiguous) = (error.to_string(), error.is_ambiguous());
        match chat::word(error.decide(), &call.method, &call.body, self.chat, self.was) {
            Some(Word::Gone) => return Attempt::Gone(reason),
            Some(Word::Moved(to)) => return Attempt::Moved { to, reason },
            None => {}
        }
        match retry::decide(error, call.attempt, call.ambiguous) {
            Next::Done => Attempt::Sent { messages: Vec::new(), uploaded: Vec::new() },
            Next::Expired => Attempt::Expired,
            Next::Dead => Attempt::Dead { reason, ambiguous },
            _ if ambiguous && call.once => {
                Attempt::Dead { reason: format!("{reason}; it is sent at most once"), ambiguous }
            }
            next => Attempt::Again { next, reason, ambiguous },
        }
    }
}

/// A file of a call.
struct File {
    /// Which message of the answer holds it.
    message: usize,
    name: BlobName,
    upload: Option<Upload>,
}

/// Where a body names files: which message of the answer, the form's field for it, and the value.
fn file_places(body: &mut Map<String, Value>) -> Vec<(usize, String, &mut Value)> {
    let mut places = Vec::new();
    for (field, value) in body.iter_mut() {
        match (field.as_str(), value) {
            ("photo" | "document", value) => places.push((0, "file0".to_owned(), value)),
            ("media", Value::Array(items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    places.extend(item.get_mut("media").map(|value| (index, format!("file{index}"), value)));
                }
            }
            ("media", item) => places.extend(item.get_mut("media").map(|value| (0, "file0".to_owned(), value))),
            _ => {}
        }
    }
    places
}

fn is_mendable(error: &CallError) -> bool {
    matches!(error.decide(), Decision::WrongFile | Decision::BadEntities)
}

/// Takes all formatting away; whether there was some.
fn strip_entities(body: &mut Map<String, Value>) -> bool {
    let mut found = body.remove("entities").is_some() | body.remove("caption_entities").is_some();
    let items = match body.get_mut("media") {
        Some(Value::Array(items)) => items.iter_mut().collect(),
        Some(item) => vec![item],
        None => Vec::new(),
    };
    for item in items.into_iter().filter_map(Value::as_object_mut) {
        found |= item.remove("caption_entities").is_some();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn files_are_found_where_the_bot_api_has_them() {
        let places = |mut body: Map<String, Value>| -> Vec<(usize, String, String)> {
            file_places(&mut body)
                .into_iter()
                .map(|(message, field, value)| (message, field, value.to_string()))
                .collect()
        };
        let place = |message, field: &str, value: &str| (message, field.to_owned(), format!("\"{value}\""));
        assert_eq!(places(map(json!({ "photo": "a", "caption": "blob:x" }))), [place(0, "file0", "a")]);
        assert_eq!(places(map(json!({ "media": { "type": "photo", "media": "a" } }))), [place(0, "file0", "a")]);
        assert_eq!(
            places(map(json!({ "media": [{ "media": "a" }, { "media": "b" }] }))),
            [place(0, "file0", "a"), place(1, "file1", "b")]
        );
        assert_eq!(places(map(json!({ "text": "blob:x" }))), []);
    }

    #[test]
    fn formatting_can_be_left_out() {
        let mut body =
            map(json!({ "text": "x", "entities": [], "media": [{ "caption_entities": [1] }, { "caption": "c" }] }));
        assert!(strip_entities(&mut body));
        assert_eq!(body, map(json!({ "text": "x", "media": [{}, { "caption": "c" }] })));
        assert!(!strip_entities(&mut body), "nothing is left to take away");
    }
}
