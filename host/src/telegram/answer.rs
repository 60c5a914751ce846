//! The Bot API's answers, read as leniently as possible: a message that was sent must not count as failed because its
//! echo holds something new.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::{CallError, Refusal};

/// The result of a call that worked, as JSON.
#[derive(Debug, Clone)]
pub struct Answer(String);

/// A message that a call has sent or changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// Its number in its chat.
    pub message_id: Option<i64>,
    /// What Telegram calls the file in it.
    pub file_id: Option<String>,
}

impl Answer {
    pub(super) fn new(json: String) -> Self {
        Self(json)
    }

    /// The result's JSON.
    pub fn json(&self) -> &str {
        &self.0
    }

    /// The messages in the result, in order; none if it is `true` or anything else.
    pub fn messages(&self) -> Vec<Sent> {
        match self.0.as_bytes().first() {
            Some(b'{') => vec![Sent::read(&self.0)],
            Some(b'[') => elements(&self.0).map(|list| list.map(Sent::read).collect()).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The number of the message in the result.
    pub fn message_id(&self) -> Option<i64> {
        #[derive(Deserialize)]
        struct Numbered {
            message_id: i64,
        }
        serde_json::from_str::<Numbered>(&self.0).ok().map(|message| message.message_id)
    }
}

impl Sent {
    fn read(json: &str) -> Self {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Message<'a> {
            message_id: Option<i64>,
            #[serde(borrow)]
            photo: Option<&'a RawValue>,
            #[serde(borrow)]
            document: Option<&'a RawValue>,
            // A file sent as a document may come back as what Telegram found in it.
            #[serde(borrow)]
            video: Option<&'a RawValue>,
            #[serde(borrow)]
            audio: Option<&'a RawValue>,
            #[serde(borrow)]
            sticker: Option<&'a RawValue>,
        }
        #[derive(Deserialize)]
        struct File {
            file_id: String,
        }
        let Ok(message) = serde_json::from_str::<Message>(json) else { return Self::default() };
        let largest = |list: &RawValue| serde_json::from_str::<Vec<File>>(list.get()).ok()?.pop();
        let single = |file: &RawValue| serde_json::from_str::<File>(file.get()).ok();
        let found = [message.document, message.video, message.audio, message.sticker];
        let file = message.photo.and_then(largest).or_else(|| found.into_iter().flatten().find_map(single));
        Self { message_id: message.message_id, file_id: file.map(|file| file.file_id) }
    }
}

/// The elements of a JSON array, each as it was written.
pub(super) fn elements(json: &str) -> Result<impl Iterator<Item = &str>, String> {
    let list: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| format!("no list of updates: {error}"))?;
    Ok(list.into_iter().map(RawValue::get))
}

/// The result in an answer, or the error object, or what stands in their place.
pub(super) fn result(status: u16, wait: Option<u64>, body: Bytes) -> Result<String, CallError> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Reply<'a> {
        ok: Option<bool>,
        #[serde(borrow)]
        result: Option<&'a RawValue>,
        error_code: Option<u16>,
        #[serde(borrow)]
        description: Option<Cow<'a, str>>,
        #[serde(borrow)]
        parameters: Option<&'a RawValue>,
    }
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Parameters {
        retry_after: Option<u64>,
        migrate_to_chat_id: Option<i64>,
    }
    let text = String::from_utf8_lossy(&body);
    let reply = serde_json::from_str::<Reply>(&text).ok();
    match reply {
        Some(Reply { ok: Some(true), result: Some(result), .. }) => Ok(result.get().to_owned()),
        Some(Reply { ok: Some(false), error_code, description, parameters, .. }) => {
            let parameters: Parameters =
                parameters.and_then(|json| serde_json::from_str(json.get()).ok()).unwrap_or_default();
            Err(CallError::Refused(Refusal {
                code: error_code.unwrap_or(status),
                description: description.map_or_else(|| "an error without a description".into(), Cow::into_owned),
                retry_after: parameters.retry_after.or(wait),
                migrate_to: parameters.migrate_to_chat_id,
                from_api: true,
            }))
        }
        // 200 with something else in it: the Bot API did something, or a proxy served its own page.
        _ if status < 400 => Err(CallError::Ambiguous(format!("status {status} without the Bot API's JSON"))),
        _ => Err(CallError::Refused(Refusal {
            code: status,
            description: "an answer that is not the Bot API's JSON".into(),
            retry_after: wait,
            migrate_to: None,
            from_api: false,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Result<String, CallError> {
        result(status, None, Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn results_are_taken_as_they_are() {
        assert_eq!(answer(200, r#"{"ok":true,"result":{"message_id": 7}}"#), Ok(r#"{"message_id": 7}"#.into()));
        assert_eq!(answer(200, r#"{"result":true,"ok":true,"new":[1]}"#), Ok("true".into()));
        let deep = format!("{{\"ok\":true,\"result\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
        assert_eq!(answer(200, &deep).map(|json| json.len()), Ok(40_000));
    }

    #[test]
    fn errors_keep_their_numbers() {
        let flood = answer(
            429,
            r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5","parameters":{"retry_after":5}}"#,
        );
        let Err(CallError::Refused(refusal)) = flood else { panic!("not refused") };
        assert_eq!((refusal.code, refusal.retry_after, refusal.from_api), (429, Some(5), true));
        let moved = answer(
            400,
            r#"{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001557912345}}"#,
        );
        let Err(CallError::Refused(refusal)) = moved else { panic!("not refused") };
        assert_eq!(refusal.migrate_to, Some(-1_001_557_912_345));
        let odd = answer(400, r#"{"ok":false,"description":"Bad Request: x","parameters":"none"}"#);
        let Err(CallError::Refused(refusal)) = odd else { panic!("not refused") };
        assert_eq!((refusal.code, refusal.migrate_to), (400, None));
    }

    #[test]
    fn what_is_not_the_bot_api_is_told_apart() {
        let Err(CallError::Refused(page)) = answer(502, "<html>\r\n<head><title>502 Bad Gateway</title>") else {
            panic!("not refused")
        };
        assert!(!page.from_api);
        for (status, body) in [(200, "<html>"), (200, r#"{"ok":true,"resu"#), (200, ""), (302, ""), (200, "true")] {
            assert!(matches!(answer(status, body), Err(CallError::Ambiguous(_))), "{status} {body}");
        }
    }

    #[test]
    fn sent_messages_are_found_in_every_kind_of_result() {
        let sent = |json: &str| Answer::new(json.into()).messages();
        assert_eq!(sent("true"), []);
        assert_eq!(
            sent(r#"{"message_id":5,"photo":[{"file_id":"small"},{"file_id":"large"}],"new":{}}"#),
            [Sent { message_id: Some(5), file_id: Some("large".into()) }]
        );
        assert_eq!(
            sent(r#"[{"message_id":5,"document":{"file_id":"doc"}},{"message_id":9,"video":{"file_id":"vid"}}]"#),
            [
                Sent { message_id: Some(5), file_id: Some("doc".into()) },
                Sent { message_id: Some(9), file_id: Some("vid".into()) }
            ]
        );
        assert_eq!(sent(r#"{"message_id":"seven"}"#), [Sent::default()]);
        assert_eq!(Answer::new(r#"{"message_id":3,"photo":{}}"#.into()).message_id(), Some(3));
    }
}
