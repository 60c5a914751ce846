//! Events that no update is behind, as they wait in the inbox: what the host writes down, and reads back in the lane.
//!
//! A host may meet what a newer one has written. What it cannot read it leaves to that one.

use serde::{Deserialize, Serialize};

use super::event::Event;

/// An event that is no update. The chat is that of its lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "documented field by field in wit/events.wit")]
pub enum Payload {
    Timer { key: String, data: String, due: i64 },
    Schedule { name: String, due: i64, missed: u32 },
    Request { route: String, path: Vec<(String, String)>, query: Vec<(String, String)>, body: String },
}

impl Payload {
    /// What the inbox keeps.
    pub fn to_json(&self) -> String {
        // Texts and numbers alone: nothing here can fail to become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the inbox has kept; `None`: a newer host wrote it.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The word for its kind, beside the Bot API's names of updates.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Timer { .. } => "timer",
            Self::Schedule { .. } => "schedule",
            Self::Request { .. } => "request",
        }
    }

    /// The event in the lane of this chat.
    pub fn into_event(self, chat: i64) -> Event {
        match self {
            Self::Timer { key, data, due } => Event::Timer { key, data, due, chat },
            Self::Schedule { name, due, missed } => Event::Schedule { name, due, missed },
            Self::Request { route, path, query, body } => Event::Request { route, path, query, body },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_read_back() {
        let pair = |name: &str| (name.to_owned(), "1".to_owned());
        let (path, query, body) = (vec![pair("id")], vec![pair("q"), pair("q")], "{\"a\":\"\u{1f600}\\n\"}".into());
        for (payload, json) in [
            (
                Payload::Timer { key: "k".into(), data: "d".into(), due: 5 },
                r#"{"timer":{"key":"k","data":"d","due":5}}"#,
            ),
            (
                Payload::Schedule { name: "s".into(), due: 5, missed: 2 },
                r#"{"schedule":{"name":"s","due":5,"missed":2}}"#,
            ),
            (
                Payload::Request { route: "r".into(), path, query, body },
                r#"{"request":{"route":"r","path":[["id","1"]],"query":[["q","1"],["q","1"]],"body":"{\"a\":\"😀\\n\"}"}}"#,
            ),
        ] {
            assert_eq!(payload.to_json(), json);
            assert_eq!(Payload::from_json(json).as_ref(), Some(&payload));
            assert!(json.starts_with(&format!("{{\"{}\":", payload.kind())));
        }
        assert_eq!(Payload::from_json(r#"{"wish":{}}"#), None);
    }
}
