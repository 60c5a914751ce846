//! The language model that plugins may ask: where it is, and how much of it may be used. Each default carries its reason;
//! `guesthouse.example.toml` repeats them.

use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;

/// What `[llm]` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Llm {
    /// Where the endpoint is: `/chat/completions` follows.
    pub url: String,
    /// The model, by the endpoint's name for it.
    pub model: String,
    /// What the endpoint wants to be shown, if anything.
    #[serde(default)]
    pub key: Option<Key>,
    /// How long an answer may take, in seconds.
    #[serde(default = "timeout_s")]
    pub timeout_s: u64,
    /// How long an answer may be, in tokens.
    #[serde(default = "max_tokens")]
    pub max_tokens: u32,
    /// Tokens that one bot may use up in a day, questions and answers together; 0 is no limit.
    #[serde(default = "tokens_per_day")]
    pub tokens_per_day: u64,
    /// The same for one chat.
    #[serde(default = "tokens_per_chat_per_day")]
    pub tokens_per_chat_per_day: u64,
}

/// A minute is what a large answer takes; a small machine takes longer for its first word.
fn timeout_s() -> u64 {
    90
}

/// Some three pages.
fn max_tokens() -> u32 {
    2_000
}

/// About a thousand questions with their answers.
fn tokens_per_day() -> u64 {
    2_000_000
}

/// About a hundred of them.
fn tokens_per_chat_per_day() -> u64 {
    200_000
}

/// What the endpoint wants to be shown. It is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// The secret itself, for the one place that puts it into a header.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Llm {
    /// A model with the usual limits.
    pub fn new(url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            model: model.into(),
            key: None,
            timeout_s: timeout_s(),
            max_tokens: max_tokens(),
            tokens_per_day: tokens_per_day(),
            tokens_per_chat_per_day: tokens_per_chat_per_day(),
        }
    }

    /// How long an answer may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refused =
            |problem: &str, hint: &str| Err(ConfigError::Refused { problem: problem.into(), hint: hint.into() });
        let host = url::Url::parse(&self.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if host.is_none_or(|url| !url.has_host() || !url.username().is_empty() || url.password().is_some()) {
            // The address is not repeated: it may have a secret in it.
            return refused(
                "llm.url is not the address of an endpoint",
                "write where it is, without /chat/completions, such as \"http://127.0.0.1:11434/v1\"; a key belongs into llm.key",
            );
        }
        if self.url.trim_end_matches('/').ends_with("/chat/completions") {
            return refused("llm.url ends with /chat/completions", "leave that out: it is added to every question");
        }
        if self.model.trim().is_empty() {
            return refused("llm.model is empty", "write the endpoint's name for the model");
        }
        if self.key.as_ref().is_some_and(|key| !key.0.bytes().all(|byte| byte.is_ascii_graphic()) || key.0.is_empty()) {
            return refused(
                "llm.key is empty or has characters that no key has",
                "leave it out if the endpoint wants none",
            );
        }
        if self.timeout_s == 0 || self.timeout_s > 600 {
            return refused("llm.timeout_s is out of range", "write a number from 1 to 600, or leave it out");
        }
        if self.max_tokens == 0 {
            return refused("llm.max_tokens is 0", "write at least 1, or leave it out");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    fn problem(llm: &str) -> String {
        let text = format!("[llm]\n{llm}\n");
        match Config::parse(&text, Path::new("test.toml"), |_| Some("s3cr3t".into())) {
            Ok(config) => format!("{:?}", config.llm),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_cannot_work_is_refused_with_a_hint() {
        let good = "url = \"http://127.0.0.1:11434/v1\"\nmodel = \"m\"";
        assert!(problem(good).starts_with("Some("), "{}", problem(good));
        for (llm, expected) in [
            ("model = \"m\"".to_owned(), "missing field `url`"),
            ("url = \"localhost:1\"\nmodel = \"m\"".into(), "llm.url is not the address"),
            ("url = \"https://me:${K}@x.org\"\nmodel = \"m\"".into(), "llm.url is not the address"),
            ("url = \"https://x.org/v1/chat/completions\"\nmodel = \"m\"".into(), "llm.url ends with"),
            ("url = \"https://x.org\"\nmodel = \" \"".into(), "llm.model is empty"),
            (format!("{good}\nkey = \"${{K}} \""), "llm.key is empty or has"),
            (format!("{good}\ntimeout_s = 0"), "llm.timeout_s is out of range"),
            (format!("{good}\nmax_tokens = 0"), "llm.max_tokens is 0"),
        ] {
            let problem = problem(&llm);
            assert!(problem.contains(expected), "{llm}: {problem}");
            assert!(!problem.contains("s3cr3t"), "{problem}");
        }
        let shown = problem(&format!("{good}\nkey = \"${{K}}\""));
        assert!(shown.contains("Key(…)") && !shown.contains("s3cr3t"), "{shown}");
    }
}
