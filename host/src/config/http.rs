//! The host's own listener, and where Telegram may post a bot's updates.
//!
//! The secret that Telegram sends along with each post is derived from the token, so there is nothing to configure and
//! nothing that could be forgotten in an address: neither the token nor the secret is ever part of one.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Bot, Config, ConfigError, Token};

/// Where the host itself listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port.
    pub listen: String,
    /// What callers of the REST API have to bring; absent: there is no such API.
    pub token: Option<ApiToken>,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8080".into(), token: None }
    }
}

/// The bearer token of the REST API. It is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ApiToken(String);

impl ApiToken {
    /// This token.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The secret itself, for the one place that compares it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn is_secret(&self) -> bool {
        self.0.len() >= SHORTEST_TOKEN && self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

impl std::fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiToken(…)")
    }
}

/// The address at which Telegram reaches this host for one bot.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Webhook(String);

impl Webhook {
    /// The whole address, for Telegram.
    pub fn url(&self) -> &str {
        &self.0
    }

    /// Its path, which a proxy in between has to keep.
    pub fn path(&self) -> &str {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        rest.find('/').map_or("", |at| &rest[at..])
    }
}

impl Token {
    /// A secret for one purpose that only who has the token can know: 64 of `0-9 a-f`. The token holds more than 200
    /// random bits, so nobody gets back from the one to the other.
    pub fn secret_for(&self, purpose: &str) -> String {
        let digest = Sha256::digest(format!("guesthouse {purpose}\n{}", self.reveal()));
        crate::model::hex(&digest)
    }
}

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;
/// What is below `/api` already, and so no name for a bot there.
const TAKEN_NAMES: [&str; 6] = ["bots", "dead-letters", "lanes", "openapi.json", "plugins", "users"];
/// Paths that are the host's own, and what will be below them.
const TAKEN: [&str; 3] = ["/healthz", "/readyz", "/api"];

/// Checks the API and the bots' webhooks together.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let refused = |problem: String, hint: &str| Err(ConfigError::Refused { problem, hint: hint.into() });
    if let Some(token) = config.http.as_ref().and_then(|http| http.token.as_ref()) {
        if !token.is_secret() {
            return refused(
                format!("http.token has fewer than {SHORTEST_TOKEN} characters, or one that no header carries"),
                "make one with `openssl rand -hex 32`, keep it in the environment and write \"${GUESTHOUSE_API_TOKEN}\"",
            );
        }
        check_names(config)?;
    }
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for bot in &config.bots {
        let Some(webhook) = &bot.webhook else { continue };
        if config.http.is_none() {
            return refused(
                format!("bot `{}` has a webhook, but this host listens nowhere", bot.name),
                "add [http] with listen = \"127.0.0.1:8080\", and let a proxy with TLS pass the webhook's path on to it",
            );
        }
        check_one(bot, webhook)?;
        if let Some(other) = seen.insert(webhook.path(), &bot.name) {
            return refused(
                format!("the webhooks of bots `{other}` and `{}` have the same path", bot.name),
                "give every bot a path of its own, such as /hook/NAME",
            );
        }
    }
    Ok(())
}

/// In the API a bot is known by its name.
fn check_names(config: &Config) -> Result<(), ConfigError> {
    let refused = |problem: String, hint: &str| Err(ConfigError::Refused { problem, hint: hint.into() });
    let mut seen = std::collections::BTreeSet::new();
    for Bot { name, .. } in &config.bots {
        if name.is_empty() || name.contains('/') || TAKEN_NAMES.contains(&name.as_str()) {
            return refused(
                format!("`/api/{name}` is no address for the bot `{name}`"),
                "give it another name; without http.token there is no API, and any name will do",
            );
        }
        if !seen.insert(name) {
            return refused(
                format!("two bots are called `{name}`"),
                "give every [[bot]] a name of its own: the API is at /api/NAME",
            );
        }
    }
    Ok(())
}

fn check_one(bot: &Bot, webhook: &Webhook) -> Result<(), ConfigError> {
    let (name, url, path) = (&bot.name, webhook.url(), webhook.path());
    let refused = |problem: String, hint: &str| Err(ConfigError::Refused { problem, hint: hint.into() });
    let secret = bot.token.reveal().split_once(':').map_or("", |(_, secret)| secret);
    if url.contains(secret) {
        // The address itself is not repeated: it is a secret now.
        return refused(
            format!("the webhook of bot `{name}` has the bot's token in it"),
            "addresses end up in logs; write one such as https://bots.example.org/hook/NAME, guesthouse tells its callers by a secret header",
        );
    }
    let telegram_itself = bot.api_url.starts_with("https://api.telegram.org");
    if !(url.starts_with("https://") || url.starts_with("http://") && !telegram_itself) {
        return refused(
            format!("the webhook `{url}` of bot `{name}` is no https:// address"),
            "Telegram posts to https:// only; http:// will do for an emulator or a local Bot API server",
        );
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    if path.len() < 2 || !path.bytes().all(plain) {
        return refused(
            format!("the webhook `{url}` of bot `{name}` has no path of letters, digits, / - _ . ~"),
            "give the bot a path of its own, such as https://bots.example.org/hook/NAME",
        );
    }
    let below = |taken: &str| path.strip_prefix(taken).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if let Some(taken) = TAKEN.iter().find(|taken| below(taken)) {
        return refused(
            format!("the webhook of bot `{name}` would lie on `{taken}`, which is the host's own"),
            "give the bot a path of its own, such as https://bots.example.org/hook/NAME",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn problem(http: &str, bots: &[(&str, &str)]) -> String {
        let bots: String = bots
            .iter()
            .enumerate()
            .map(|(number, (webhook, more))| {
                format!(
                    "[[bot]]\nname = \"b{number}\"\ntoken = \"{}:s3cr3t\"\nwebhook = {webhook:?}\n{more}\n",
                    number + 1
                )
            })
            .collect();
        match Config::parse(&format!("{http}\n{bots}"), Path::new("test.toml"), |_| None) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn webhooks_need_an_address_that_can_work() {
        let (listens, good) = ("[http]\n", ("https://bots.example.org/hook/b", ""));
        let local = "api_url = \"http://127.0.0.1:8081\"";
        for (http, bots, expected) in [
            (listens, &[good][..], ""),
            (listens, &[good, ("https://bots.example.org/hook/c", "")], ""),
            (listens, &[("http://127.0.0.1:8080/hook/b", local)], ""),
            ("", &[good], "listens nowhere"),
            (listens, &[("http://bots.example.org/hook/b", "")], "no https://"),
            (listens, &[("ftp://bots.example.org/hook/b", local)], "no https://"),
            (listens, &[("https://bots.example.org", "")], "no path"),
            (listens, &[("https://bots.example.org/", "")], "no path"),
            (listens, &[("https://bots.example.org/hook?bot=b", "")], "no path"),
            (listens, &[("https://bots.example.org/{hook}", "")], "no path"),
            (listens, &[("https://bots.example.org/readyz", "")], "`/readyz`, which is the host's own"),
            (listens, &[("https://bots.example.org/api/b", "")], "`/api`, which is the host's own"),
            (listens, &[good, ("https://other.example.org/hook/b", "")], "the same path"),
            (listens, &[("https://bots.example.org/hook/s3cr3t", "")], "the bot's token in it"),
        ] {
            let problem = problem(http, bots);
            assert!(if expected.is_empty() { problem.is_empty() } else { problem.contains(expected) }, "{problem}");
            assert!(problem.is_empty() || problem.contains("\nhint: "), "{problem}");
            assert!(!problem.contains("s3cr3t"), "{problem}");
        }
    }

    #[test]
    fn the_api_needs_a_secret_and_names() {
        let secret = "[http]\ntoken = \"0123456789abcdef\"";
        let problem = |http: &str, names: &[&str]| {
            let bot = |(number, name)| format!("[[bot]]\nname = {name:?}\ntoken = \"{number}:x\"\n");
            let bots: String = names.iter().enumerate().map(|(number, name)| bot((number + 1, name))).collect();
            match Config::parse(&format!("{http}\n{bots}"), Path::new("test.toml"), |_| None) {
                Ok(config) => {
                    assert!(!format!("{config:?}").contains("0123456789abcdef"), "a secret is printed");
                    String::new()
                }
                Err(error) => error.to_string(),
            }
        };
        for (http, names, expected) in [
            (secret, &["main", "other"][..], ""),
            ("[http]", &["main", "main"], ""),
            (secret, &["main", "main"], "two bots are called `main`"),
            (secret, &["users"], "`/api/users` is no address"),
            (secret, &["a/b"], "`/api/a/b` is no address"),
            ("[http]\ntoken = \"short\"", &["main"], "fewer than 16 characters"),
            ("[http]\ntoken = \"0123456789 abcdef\"", &["main"], "no header carries"),
        ] {
            let problem = problem(http, names);
            assert!(if expected.is_empty() { problem.is_empty() } else { problem.contains(expected) }, "{problem}");
            assert!(problem.is_empty() || problem.contains("\nhint: "), "{problem}");
        }
    }

    #[test]
    fn a_secret_is_the_tokens_and_the_purposes() {
        let secret = |token: &str, purpose| Token::new(token).secret_for(purpose);
        assert_eq!(secret("1:a", "webhook"), secret("1:a", "webhook"));
        assert_ne!(secret("1:a", "webhook"), secret("1:b", "webhook"));
        assert_ne!(secret("1:a", "webhook"), secret("1:a", "other"));
        assert_eq!(secret("1:a", "webhook").len(), 64);
    }
}
