//! Whether JSON follows a plugin's JSON schema: the answer of a language model, the body of a request.
//!
//! The schema comes from a guest, and checking is done on the host's time and stack. So a schema may refer to its own
//! parts only, never in a circle, and may not grow beyond [`NODES`] when every reference is replaced by what it means;
//! patterns are matched in linear time. What a checker has to do is bounded then by the schema and what is checked.

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

/// Longest schema in bytes.
const LONGEST: usize = 64 << 10;
/// Most parts of a schema, references replaced by what they mean.
const NODES: usize = 5_000;
/// What is told of a problem, in bytes.
const TOLD: usize = 300;

/// A schema that can be checked with.
#[derive(Debug, Clone)]
pub struct Schema {
    value: Value,
    validator: std::sync::Arc<Validator>,
}

impl Schema {
    /// Reads a schema, or says why it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("the schema is longer than {LONGEST} bytes"));
        }
        let mut value: Value = serde_json::from_str(text).map_err(|error| format!("the schema is no JSON: {error}"))?;
        if !value.is_object() {
            return Err("the schema is no JSON object".into());
        }
        anonymous(&mut value);
        let mut left = NODES;
        walk(&value, &value, &mut Vec::new(), &mut left)?;
        let options =
            jsonschema::options().with_draft(Draft::Draft202012).with_pattern_options(PatternOptions::regex());
        let validator = options.build(&value).map_err(|error| format!("the schema is none: {}", told(&error)))?;
        Ok(Self { value, validator: std::sync::Arc::new(validator) })
    }

    /// The schema itself.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The JSON in the answer of a model, if it follows the schema; else what is wrong, and where.
    pub async fn check_answer(&self, answer: &str) -> Result<String, String> {
        self.check(unwrapped(answer).to_owned()).await
    }

    /// The text, if it is JSON that follows the schema; else what is wrong, and where.
    pub async fn check(&self, text: String) -> Result<String, String> {
        let schema = self.clone();
        // Some milliseconds for an ordinary text, but nobody bounds what a plugin puts into a schema.
        let checked = tokio::task::spawn_blocking(move || schema.check_now(text)).await;
        checked.unwrap_or_else(|_| Err("the check failed".into()))
    }

    fn check_now(&self, text: String) -> Result<String, String> {
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("it is no JSON: {error}"))?;
        match self.validator.validate(&value) {
            Ok(()) => Ok(text),
            Err(error) => Err(told(&error)),
        }
    }

    /// What the model is told about an answer that does not follow the schema.
    pub fn correction(&self, problem: &str) -> String {
        format!(
            "That answer cannot be used: {problem}. Answer again, with nothing but JSON that follows this JSON schema:\n{}",
            self.value
        )
    }
}

/// Models like to put JSON into a block of code.
fn unwrapped(answer: &str) -> &str {
    let answer = answer.trim();
    let block = || answer.strip_prefix("```")?.split_once('\n')?.1.trim_end().strip_suffix("```");
    block().map_or(answer, str::trim)
}

/// Takes away names and versions: nobody else refers to this schema, and within it they would change what a reference
/// means.
fn anonymous(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                !(value.is_string() && matches!(key.as_str(), "$schema" | "$id" | "$anchor" | "$dynamicAnchor"))
            });
            map.values_mut().for_each(anonymous);
        }
        Value::Array(all) => all.iter_mut().for_each(anonymous),
        _ => {}
    }
}

/// Walks through all parts, into each reference as often as it stands there.
fn walk<'a>(value: &'a Value, root: &'a Value, within: &mut Vec<&'a str>, left: &mut usize) -> Result<(), String> {
    *left =
        left.checked_sub(1).ok_or_else(|| format!("the schema has more than {NODES} parts, with its references"))?;
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                        return Err(format!("the schema has a `{key}`, which is not known here"));
                    }
                    ("$ref", Value::String(to)) => {
                        if within.contains(&to.as_str()) {
                            return Err(format!("the schema refers to itself, by `{to}`"));
                        }
                        let part = to.strip_prefix('#').filter(|path| path.is_empty() || path.starts_with('/'));
                        let part = part.and_then(|path| root.pointer(path));
                        let part =
                            part.ok_or_else(|| format!("the schema refers to `{to}`, which is no part of it"))?;
                        within.push(to);
                        walk(part, root, within, left)?;
                        within.pop();
                    }
                    _ => walk(inner, root, within, left)?,
                }
            }
            Ok(())
        }
        Value::Array(all) => all.iter().try_for_each(|inner| walk(inner, root, within, left)),
        _ => Ok(()),
    }
}

fn told(error: &jsonschema::ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let mut told = error.to_string();
    if told.len() > TOLD {
        told.truncate(told.floor_char_boundary(TOLD));
        told.push('…');
    }
    if place.is_empty() { told } else { format!("at `{place}`: {told}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: &str = r##"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","additionalProperties":false,
        "properties":{"name":{"type":"string","pattern":"^[A-Z]"},"age":{"$ref":"#/$defs/age"}},"required":["name"],
        "$defs":{"age":{"type":"integer","minimum":0}}}"##;

    fn checked(answer: &str) -> Result<String, String> {
        Schema::read(PERSON).unwrap().check_now(unwrapped(answer).to_owned())
    }

    #[test]
    fn an_answer_that_follows_is_its_json() {
        for answer in [
            r#"{"name":"Ada","age":36}"#,
            " {\"name\":\"Ada\",\"age\":36}\n",
            "```json\n{\"name\":\"Ada\",\"age\":36}\n```",
        ] {
            assert_eq!(checked(answer).as_deref(), Ok(r#"{"name":"Ada","age":36}"#), "{answer}");
        }
    }

    #[test]
    fn what_does_not_follow_is_told_with_its_place() {
        let problem = |answer| checked(answer).unwrap_err();
        assert_eq!(problem(r#"{"name":"Ada","age":-1}"#), "at `/age`: -1 is less than the minimum of 0");
        assert_eq!(problem(r#"{"age":1}"#), "\"name\" is a required property");
        assert!(problem(r#"{"name":"ada"}"#).starts_with("at `/name`: "));
        assert!(problem("I am sorry").starts_with("it is no JSON: "));
        assert!(problem(r#"{"name":"Ada"} and more"#).starts_with("it is no JSON: "));
        assert!(problem(&format!("{{\"name\":{:?}}}", "x".repeat(5_000))).len() < 400);
    }

    #[test]
    fn a_schema_that_could_keep_the_host_busy_is_none() {
        let problem = |schema: &str| Schema::read(schema).map(drop).unwrap_err();
        assert!(problem("nonsense").starts_with("the schema is no JSON: "));
        assert_eq!(problem("true"), "the schema is no JSON object");
        assert!(problem(r#"{"type":"nonsense"}"#).starts_with("the schema is none: "));
        assert_eq!(problem(r##"{"anyOf":[{"$ref":"#"}]}"##), "the schema refers to itself, by `#`");
        let circle = r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"not":{"$ref":"#/$defs/a"}}}}"##;
        assert!(problem(circle).starts_with("the schema refers to itself"));
        assert!(problem(r#"{"$ref":"https://example.org/schema"}"#).ends_with("which is no part of it"));
        assert!(problem(r##"{"$dynamicRef":"#a"}"##).ends_with("which is not known here"));
        // Each of 20 parts names the next one twice: a million when it is rolled out.
        let doubling: Vec<_> = (0..20)
            .map(|n| {
                format!(r##""a{n}":{{"anyOf":[{{"$ref":"#/$defs/a{}"}},{{"$ref":"#/$defs/a{}"}}]}}"##, n + 1, n + 1)
            })
            .collect();
        let doubling = format!(r##"{{"$ref":"#/$defs/a0","$defs":{{{},"a20":{{}}}}}}"##, doubling.join(","));
        assert!(problem(&doubling).starts_with("the schema has more than 5000 parts"));
        // A pattern for which the usual engines need a lifetime.
        let schema = Schema::read(r#"{"type":"string","pattern":"^(a+)+$"}"#).unwrap();
        assert!(schema.check_now(format!("\"{}!\"", "a".repeat(50_000))).is_err());
    }
}
