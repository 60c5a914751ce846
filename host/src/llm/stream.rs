//! What an endpoint answers, as it comes in: a stream of server-sent events, or one JSON from endpoints that do not
//! stream. Pure: bytes in, text out, everything bounded. Fields that are not known are ignored, those that are missing
//! are empty.

use serde::Deserialize;
use serde_json::Value;

use crate::model::llm::{Finish, LlmAnswer};

/// Longest text of an answer in bytes: a small book.
const TEXT: usize = 256 << 10;
/// What may come in altogether, and in one piece. A token of a stream has some 250 bytes around it.
const ALL: usize = 32 << 20;
const PIECE: usize = 1 << 20;

/// Why what comes in is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// There is too much of it.
    TooLarge,
    /// It is something else, or broke off.
    Garbage(String),
    /// The endpoint says that something went wrong.
    Error(String),
}

#[derive(Deserialize)]
struct Piece {
    choices: Option<Vec<Choice>>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Words>,
    message: Option<Words>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Words {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<Value>,
    completion_tokens: Option<Value>,
}

/// An answer that comes in.
pub(super) struct Incoming {
    is_stream: bool,
    all: usize,
    /// What has no end yet.
    rest: Vec<u8>,
    text: String,
    finish: Option<Finish>,
    tokens: (u32, u32),
    is_done: bool,
}

impl Incoming {
    pub(super) fn new(is_stream: bool) -> Self {
        Self { is_stream, all: 0, rest: Vec::new(), text: String::new(), finish: None, tokens: (0, 0), is_done: false }
    }

    /// The text so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the endpoint has said that this was all.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Takes bytes; whether the text has grown.
    pub(super) fn takes(&mut self, bytes: &[u8]) -> Result<bool, Unreadable> {
        let before = self.text.len();
        self.all += bytes.len();
        self.rest.extend_from_slice(bytes);
        if self.is_stream {
            let all = std::mem::take(&mut self.rest);
            let mut lines = all.split(|byte| *byte == b'\n');
            // What follows the last line break is not complete yet; without one that is all.
            let rest = lines.next_back().unwrap_or_default().to_vec();
            for line in lines {
                self.line(line.strip_suffix(b"\r").unwrap_or(line))?;
            }
            self.rest = rest;
        }
        if self.all > ALL || self.rest.len() > PIECE {
            return Err(Unreadable::TooLarge);
        }
        Ok(self.text.len() > before)
    }

    /// Nothing more comes.
    pub(super) fn ends(&mut self) -> Result<(), Unreadable> {
        let rest = std::mem::take(&mut self.rest);
        if !self.is_stream {
            self.piece(&rest)?;
        } else if !self.is_done {
            self.line(&rest)?;
        }
        // Some streams end without the last word, but none without saying why the answer does.
        if self.finish.is_none() && (!self.is_done || self.text.is_empty()) {
            return Err(Unreadable::Garbage("it ended before the answer did".into()));
        }
        Ok(())
    }

    /// The whole of it.
    pub(super) fn answer(self) -> LlmAnswer {
        let (input_tokens, output_tokens) = self.tokens;
        let finish = self.finish.unwrap_or(Finish::Other);
        LlmAnswer { text: self.text, finish, input_tokens, output_tokens, shown: None }
    }

    /// Lines that are no data are comments, names and ids.
    fn line(&mut self, line: &[u8]) -> Result<(), Unreadable> {
        let Some(data) = line.strip_prefix(b"data:") else { return Ok(()) };
        match data.trim_ascii() {
            _ if self.is_done => Ok(()),
            b"" => Ok(()),
            b"[DONE]" => {
                self.is_done = true;
                Ok(())
            }
            data => self.piece(data),
        }
    }

    fn piece(&mut self, json: &[u8]) -> Result<(), Unreadable> {
        let piece: Piece = serde_json::from_slice(json).map_err(|error| {
            let begin = String::from_utf8_lossy(&json[..json.len().min(100)]);
            Unreadable::Garbage(format!("{error}, in `{begin}`"))
        })?;
        if let Some(error) = piece.error.filter(|error| !error.is_null()) {
            return Err(Unreadable::Error(error_text(&error)));
        }
        if let Some(usage) = piece.usage {
            let count = |value: Option<Value>| {
                value.and_then(|value| value.as_u64()).map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX))
            };
            self.tokens = (count(usage.prompt_tokens), count(usage.completion_tokens));
        }
        let Some(choice) = piece.choices.and_then(|choices| choices.into_iter().next()) else { return Ok(()) };
        if let Some(words) = choice.delta.or(choice.message) {
            self.text.push_str(words.content.as_deref().unwrap_or_default());
            if words.refusal.is_some_and(|refusal| !refusal.is_empty()) {
                self.finish = Some(Finish::Filtered);
            }
        }
        if self.text.len() > TEXT {
            return Err(Unreadable::TooLarge);
        }
        if let (Some(reason), None) = (choice.finish_reason, self.finish) {
            self.finish = Some(match reason.as_str() {
                "stop" | "eos" | "end_turn" => Finish::Stop,
                "length" | "max_tokens" => Finish::Length,
                "content_filter" => Finish::Filtered,
                _ => Finish::Other,
            });
        }
        Ok(())
    }
}

/// What an endpoint says about an error, where it says it in JSON.
pub(super) fn message_of(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    let error = value.get("error").or_else(|| value.get("detail")).unwrap_or(&value);
    Some(error_text(error))
}

fn error_text(error: &Value) -> String {
    match error.get("message").unwrap_or(error) {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(is_stream: bool, pieces: &[&str]) -> Result<LlmAnswer, Unreadable> {
        let mut incoming = Incoming::new(is_stream);
        for piece in pieces {
            incoming.takes(piece.as_bytes())?;
        }
        incoming.ends()?;
        Ok(incoming.answer())
    }

    const STREAM: &str = concat!(
        ": a comment\n\n",
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\r\n\r\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"Прив\"}}]}\n\n",
        "data:{\"choices\":[{\"delta\":{\"content\":\"ет\"}}],\"new_field\":{}}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3,\"details\":null}}\n\n",
        "data: [DONE]\n\n",
    );

    #[test]
    fn a_stream_in_any_pieces_is_the_same_answer() {
        let whole = read(true, &[STREAM]).unwrap();
        assert_eq!((whole.text.as_str(), whole.finish), ("Привет", Finish::Stop));
        assert_eq!((whole.input_tokens, whole.output_tokens), (7, 3));
        let mut incoming = Incoming::new(true);
        for byte in STREAM.as_bytes() {
            incoming.takes(&[*byte]).unwrap();
        }
        incoming.ends().unwrap();
        assert_eq!(incoming.answer(), whole);
    }

    #[test]
    fn an_answer_in_one_piece_is_one_too() {
        let plain = r#"{"choices":[{"message":{"content":"hello"},"finish_reason":"length"}],"usage":null}"#;
        let answer = read(false, &[plain]).unwrap();
        assert_eq!((answer.text.as_str(), answer.finish, answer.output_tokens), ("hello", Finish::Length, 0));
        let refused = r#"{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}"#;
        assert_eq!(read(false, &[refused]).unwrap().finish, Finish::Filtered);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let garbage = |pieces: &[&str], is_stream| match read(is_stream, pieces) {
            Err(Unreadable::Garbage(what)) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            garbage(&["data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"], true),
            "it ended before the answer did"
        );
        assert_eq!(garbage(&["data: [DONE]\n\n"], true), "it ended before the answer did");
        assert!(garbage(&["data: <html>\n\n"], true).contains("in `<html>`"));
        assert!(garbage(&["<html>nonsense</html>"], false).contains("in `<html>"));
        assert_eq!(garbage(&["{}"], false), "it ended before the answer did");
        let error = "data: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n";
        assert_eq!(read(true, &[error]), Err(Unreadable::Error("out of memory".into())));
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let word = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(1 << 16));
        assert_eq!(read(true, &[word.as_str(); 5]), Err(Unreadable::TooLarge));
        let line = "x".repeat(1 << 18);
        assert_eq!(read(true, &[line.as_str(); 5]), Err(Unreadable::TooLarge));
        assert_eq!(read(false, &[line.as_str(); 5]), Err(Unreadable::TooLarge));
        let comment = format!(": {}\n", "x".repeat(1 << 19));
        assert_eq!(read(true, &[comment.as_str(); 70]), Err(Unreadable::TooLarge));
    }

    #[test]
    fn errors_are_told_in_the_endpoints_words() {
        for (body, expected) in [
            (r#"{"error":{"message":"no such model"}}"#, "no such model"),
            (r#"{"error":"no such model"}"#, "no such model"),
            (r#"{"detail":[{"loc":["a"]}]}"#, r#"[{"loc":["a"]}]"#),
        ] {
            assert_eq!(message_of(body).as_deref(), Some(expected));
        }
        assert_eq!(message_of("<html>"), None);
    }
}
