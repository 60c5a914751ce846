//! A question as the endpoint wants it, and what about it is malformed. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::quirks::{Known, Quirk};
use crate::config;
use crate::model::llm::{LlmError, Part, Prompt, Role, Said};

/// Kinds of pictures that models read.
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];
/// Largest picture.
const PICTURE: usize = 4 << 20;
/// What a question may have together: messages, bytes of text, bytes of pictures.
const MESSAGES: usize = 500;
const TEXT: usize = 1 << 20;
const ALL_PICTURES: usize = 16 << 20;
/// Bytes of a token, rather too few: what is not known had better not be underestimated.
const BYTES_OF_A_TOKEN: u64 = 3;
/// What a picture costs, about.
const TOKENS_OF_A_PICTURE: u64 = 1_000;

/// Refuses what no endpoint could answer.
pub(super) fn check(prompt: &Prompt) -> Result<(), LlmError> {
    let bad = |what: String| Err(LlmError::BadRequest(what));
    if prompt.messages.iter().all(|message| message.parts.is_empty()) {
        return bad("there is no message".into());
    }
    if prompt.messages.len() > MESSAGES {
        return bad(format!("more than {MESSAGES} messages"));
    }
    let (mut text, mut pictures) = (0, 0);
    for part in prompt.messages.iter().flat_map(|message| &message.parts) {
        match part {
            Part::Text(words) => text += words.len(),
            Part::Image { mime_type, data } => {
                if !PICTURES.contains(&mime_type.as_str()) {
                    let (kind, known) = (mime_type.escape_debug(), PICTURES.join(", "));
                    return bad(format!("`{kind}` is no kind of picture that models read; those are {known}"));
                }
                if data.is_empty() || data.len() > PICTURE {
                    return bad(format!("a picture of {} bytes; it may have 1 to {PICTURE}", data.len()));
                }
                pictures += data.len();
            }
        }
    }
    if text > TEXT || pictures > ALL_PICTURES {
        return bad(format!("more than {TEXT} bytes of text or {ALL_PICTURES} of pictures"));
    }
    if prompt.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
        return bad("the temperature is not between 0 and 2".into());
    }
    if prompt.max_tokens == Some(0) {
        return bad("an answer of 0 tokens is none".into());
    }
    Ok(())
}

/// The body of the request.
pub(super) fn write(prompt: &Prompt, schema: Option<&Value>, config: &config::Llm, quirks: &Known) -> String {
    let mut messages: Vec<_> = prompt.messages.iter().map(message).collect();
    let mut body = Map::new();
    body.insert("model".into(), config.model.as_str().into());
    body.insert("stream".into(), true.into());
    if !quirks.has(Quirk::NoStreamOptions) {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    let maximum = if quirks.has(Quirk::OtherMaximum) { "max_completion_tokens" } else { "max_tokens" };
    let tokens = prompt.max_tokens.map_or(config.max_tokens, |asked| asked.min(config.max_tokens));
    body.insert(maximum.into(), tokens.into());
    if let Some(temperature) = prompt.temperature.filter(|_| !quirks.has(Quirk::NoTemperature)) {
        body.insert("temperature".into(), json!(temperature));
    }
    match schema {
        Some(schema) if quirks.has(Quirk::NoFormat) => {
            let words = format!("Answer with nothing but JSON that follows this JSON schema:\n{schema}");
            messages.insert(0, json!({ "role": "system", "content": words }));
        }
        Some(schema) => {
            let format = json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": schema } });
            body.insert("response_format".into(), format);
        }
        None => {}
    }
    body.insert("messages".into(), messages.into());
    Value::Object(body).to_string()
}

fn message(said: &Said) -> Value {
    let role = match said.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    // The plain form wherever it does: not every endpoint reads the other one.
    let content = match said.parts.as_slice() {
        [Part::Text(text)] => text.as_str().into(),
        parts => Value::Array(parts.iter().map(part).collect()),
    };
    json!({ "role": role, "content": content })
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        Part::Image { mime_type, data } => {
            let url = format!("data:{mime_type};base64,{}", STANDARD.encode(data));
            json!({ "type": "image_url", "image_url": { "url": url } })
        }
    }
}

/// What a question costs, about.
pub(super) fn tokens(messages: &[Said]) -> u64 {
    let of_part = |part: &Part| match part {
        Part::Text(text) => tokens_of(text),
        Part::Image { .. } => TOKENS_OF_A_PICTURE,
    };
    messages.iter().flat_map(|message| &message.parts).map(of_part).sum()
}

/// What a text costs, about.
pub(super) fn tokens_of(text: &str) -> u64 {
    (text.len() as u64).div_ceil(BYTES_OF_A_TOKEN)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::quirks::Quirks;
    use super::*;

    fn prompt() -> Prompt {
        let picture = Part::Image { mime_type: "image/png".into(), data: Bytes::from_static(b"abc") };
        Prompt {
            messages: vec![
                Said { role: Role::System, parts: vec![Part::Text("Be brief.".into())] },
                Said { role: Role::User, parts: vec![Part::Text("What is this?".into()), picture] },
            ],
            schema: None,
            max_tokens: Some(9_999),
            temperature: Some(0.5),
            show: false,
        }
    }

    fn written(prompt: &Prompt, schema: Option<Value>, quirks: &[Quirk]) -> Value {
        let known = Quirks::default();
        quirks.iter().for_each(|quirk| known.learn(*quirk));
        let config = config::Llm::new("http://x/v1", "m");
        serde_json::from_str(&write(prompt, schema.as_ref(), &config, &known.known())).unwrap()
    }

    #[test]
    fn a_question_as_the_protocol_has_it() {
        let schema = json!({ "type": "object" });
        assert_eq!(
            written(&prompt(), Some(schema.clone()), &[]),
            json!({
                "model": "m", "stream": true, "stream_options": { "include_usage": true }, "max_tokens": 2000,
                "temperature": 0.5,
                "response_format": { "type": "json_schema", "json_schema": { "name": "answer", "schema": schema } },
                "messages": [
                    { "role": "system", "content": "Be brief." },
                    { "role": "user", "content": [
                        { "type": "text", "text": "What is this?" },
                        { "type": "image_url", "image_url": { "url": "data:image/png;base64,YWJj" } },
                    ] },
                ],
            })
        );
        let quirks = [Quirk::OtherMaximum, Quirk::NoStreamOptions, Quirk::NoTemperature, Quirk::NoFormat];
        let plain = written(&prompt(), Some(schema), &quirks);
        let keys: Vec<_> = plain.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["max_completion_tokens", "messages", "model", "stream"]);
        assert_eq!(plain["messages"][0]["role"], "system");
        assert!(plain["messages"][0]["content"].as_str().unwrap().ends_with("{\"type\":\"object\"}"), "{plain}");
    }

    #[test]
    fn what_nobody_could_answer_is_refused() {
        let problem = |change: &dyn Fn(&mut Prompt)| {
            let mut prompt = prompt();
            change(&mut prompt);
            match check(&prompt) {
                Ok(()) => String::new(),
                Err(LlmError::BadRequest(problem)) => problem,
                Err(other) => format!("{other:?}"),
            }
        };
        let image = |mime: &str, bytes| Part::Image { mime_type: mime.into(), data: Bytes::from(vec![0; bytes]) };
        assert_eq!(problem(&|_| {}), "");
        assert_eq!(problem(&|prompt| prompt.messages.clear()), "there is no message");
        assert_eq!(problem(&|prompt| prompt.temperature = Some(2.1)), "the temperature is not between 0 and 2");
        assert_eq!(problem(&|prompt| prompt.temperature = Some(f32::NAN)), "the temperature is not between 0 and 2");
        assert_eq!(problem(&|prompt| prompt.max_tokens = Some(0)), "an answer of 0 tokens is none");
        let svg = problem(&|prompt| prompt.messages[0].parts.push(image("image/svg+xml", 1)));
        assert!(
            svg.starts_with("`image/svg+xml` is no kind of picture that models read; those are image/jpeg"),
            "{svg}"
        );
        let large = problem(&|prompt| prompt.messages[0].parts.push(image("image/png", PICTURE + 1)));
        assert_eq!(large, "a picture of 4194305 bytes; it may have 1 to 4194304");
        let long = problem(&|prompt| prompt.messages[0].parts.push(Part::Text("x".repeat(TEXT))));
        assert!(long.starts_with("more than 1048576 bytes of text"), "{long}");
    }

    #[test]
    fn a_cost_is_guessed_rather_too_high() {
        assert_eq!(tokens(&prompt().messages), 3 + 5 + 1_000);
    }
}
