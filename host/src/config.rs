//! The configuration file: sections, defaults with their reasons, and errors that say what to write instead.
//!
//! Each part of the host gets its own section, never the whole. `guesthouse.example.toml` shows every key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::model::cron::Zone;
use crate::model::{BotId, PluginName};

pub mod command;

pub mod file;

pub mod grant;

pub mod http;

pub mod journal;

pub mod limits;

pub mod llm;

pub mod lock;

mod read;

pub mod sending;

pub mod sites;

pub use command::CommandLine;
pub use grant::Grant;
pub use http::{ApiToken, Http, Webhook};
pub use journal::{Journal, Records};
pub use limits::Limits;
pub use llm::Llm;
pub use lock::Lock;
pub use sending::{Pace, Sending};
pub use sites::{Sites, Way};

/// Everything that `guesthouse.toml` can say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the data are kept.
    #[serde(default)]
    pub database: Database,
    /// What a turn may use at most.
    #[serde(default)]
    pub limits: Limits,
    /// How fast bots send of themselves.
    #[serde(default)]
    pub sending: Sending,
    /// Where the host itself listens; absent: nowhere.
    #[serde(default)]
    pub http: Option<Http>,
    /// The language model that plugins may ask; absent: there is none.
    #[serde(default)]
    pub llm: Option<Llm>,
    /// What is kept of turns.
    #[serde(default)]
    pub journal: Journal,
    /// The bots, by `[[bot]]`.
    #[serde(rename = "bot", default)]
    pub bots: Vec<Bot>,
    /// How its operator reaches the database. No key: whoever reads the file knows where it is.
    #[serde(skip)]
    pub command: CommandLine,
    /// What its operator does about a language model that is missing. No key, for the same reason.
    #[serde(skip, default = "model_hint")]
    pub model_hint: String,
}

fn model_hint() -> String {
    format!("add [llm] with url and model to {}", file::name())
}

/// Where the data are kept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite://path` or `postgres://user:password@host/database`.
    pub url: String,
    /// Where compiled plugins are cached; may be deleted at any time.
    pub cache: PathBuf,
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite://data/guesthouse.db".into(), cache: "data/cache".into() }
    }
}

impl Database {
    /// Reads nothing but this section of a file: variables that only other sections ask for may be missing.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct Only {
            #[serde(default)]
            database: Database,
        }
        let Only { database } = load_section(path, "database")?;
        Ok(database)
    }
}

/// Reads nothing but one section of a file.
fn load_section<T: serde::de::DeserializeOwned>(path: &Path, section: &str) -> Result<T, ConfigError> {
    read::read(&text_of(path)?, path, Some(section), |variable| std::env::var(variable.name).ok())
}

/// The text of the file that this program works with.
fn text_of(path: &Path) -> Result<String, ConfigError> {
    file::is_at(path);
    std::fs::read_to_string(path).map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })
}

/// A text with `${NAME}` replaced where the environment has a NAME.
pub(crate) fn filled(text: &str) -> String {
    read::filled(text, |name| std::env::var(name).ok())
}

/// One Telegram bot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bot {
    /// What the operator calls it, in logs and commands.
    pub name: String,
    /// The token that `@BotFather` gave out.
    pub token: Token,
    /// Where the Bot API is: Telegram's own, a local Bot API server or an emulator.
    #[serde(default = "telegram_url")]
    pub api_url: String,
    /// The address to which Telegram posts its updates; absent: the host asks for them.
    #[serde(default)]
    pub webhook: Option<Webhook>,
    /// The users who run it, by their Telegram ids.
    #[serde(default)]
    pub admins: Vec<i64>,
    /// The time zone of its plugins' schedules.
    #[serde(default)]
    pub timezone: Zone,
    /// Its plugins.
    #[serde(default)]
    pub plugins: BTreeMap<String, Plugin>,
}

fn telegram_url() -> String {
    "https://api.telegram.org".into()
}

impl Bot {
    /// One of this name without plugins, that lives where Telegram's own do.
    pub fn named(name: &str, token: Token) -> Self {
        let (webhook, admins, timezone, plugins) = Default::default();
        Self { name: name.to_owned(), token, api_url: telegram_url(), webhook, admins, timezone, plugins }
    }
}

/// One plugin of one bot.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// `bundled:<name>`, or the path of a component, relative to the configuration file.
    pub source: String,
    /// What it may do.
    #[serde(default)]
    pub grant: Grant,
    /// The tables of other plugins of the bot that it may read, each as `plugin.table`.
    #[serde(default)]
    pub read: Vec<String>,
    /// Who is asked first about a message: the larger number; among equals the name decides.
    #[serde(default)]
    pub priority: i64,
    /// How much of its turns is written down; absent: as `journal.record` says.
    #[serde(default)]
    pub journal: Option<Records>,
    /// The path of another build of it, which is shown the same events without having any effect.
    #[serde(default)]
    pub shadow: Option<String>,
    /// Its own settings; numbers and booleans are handed over as text.
    #[serde(default)]
    pub config: BTreeMap<String, toml::Value>,
    /// The digest that the lock file binds it to. No key: `guesthouse plugin` writes it.
    #[serde(skip)]
    pub pin: Option<String>,
}

/// A bot's token. It is never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// The token `<bot id>:<secret>`.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The secret itself, for the one place that puts it into a URL.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The bot it belongs to, if it has the form of a token.
    pub fn bot(&self) -> Option<BotId> {
        let (id, secret) = self.0.split_once(':')?;
        let id = id.parse().ok().filter(|id| *id > 0)?;
        let plain = !secret.is_empty() && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        plain.then_some(BotId(id))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What is wrong with a configuration, and what to write instead.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(
        "cannot read `{path}`: {reason}\nhint: {}",
        if reason.kind() == std::io::ErrorKind::InvalidData { "save it as UTF-8" }
        else { "copy guesthouse.example.toml there, or name another file with --config" }
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why. Not called `source`: the text has it already.
        reason: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("`{path}` is not a valid configuration\n{message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// The lock file is not what it should be.
    #[error(
        "`{path}` cannot be used: {problem}\nhint: take it from your backup; without it nothing is pinned until `guesthouse plugin upgrade` pins it anew"
    )]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A `${NAME}` that the environment does not have.
    #[error(
        "`{path}` line {line} asks for `${{{name}}}`, which the environment does not have\nhint: set {name}, for example `export {name}=…`"
    )]
    NoVariable {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The variable.
        name: String,
    },
    /// Two values do not go together, or one is out of range.
    #[error("{problem}\nhint: {hint}")]
    Refused {
        /// What is wrong.
        problem: String,
        /// What to write instead.
        hint: String,
    },
}

impl Config {
    /// Reads a file, with `${NAME}` replaced by the environment's `NAME`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut config = Self::parse(&text_of(path)?, path, |name| std::env::var(name).ok())?;
        let lock = Lock::load(path)?;
        for bot in &mut config.bots {
            for (name, plugin) in &mut bot.plugins {
                plugin.pin = lock.pin(&bot.name, name).map(|pin| pin.installed.digest.clone());
            }
        }
        Ok(config)
    }

    /// Reads a file for those who start no bot: a variable that the environment does not have is made up. Where
    /// `database.url` asks for one, the database is unknown, and the URL empty.
    pub fn load_without_secrets(path: &Path) -> Result<Self, ConfigError> {
        let is_unknown = std::cell::Cell::new(false);
        let mut config = Self::parse_with(&text_of(path)?, path, |variable| {
            Some(std::env::var(variable.name).unwrap_or_else(|_| {
                is_unknown.set(is_unknown.get() || variable.key == "database.url");
                read::made_up(variable)
            }))
        })?;
        if is_unknown.get() {
            config.database.url.clear();
        }
        Ok(config)
    }

    /// Reads a text. `path` is for the messages and for relative component paths.
    pub fn parse(text: &str, path: &Path, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::parse_with(text, path, |variable| env(variable.name))
    }

    /// The same, where it matters where a variable stands.
    fn parse_with(
        text: &str,
        path: &Path,
        env: impl Fn(&read::Variable<'_>) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config: Self = read::read(text, path, None, env)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for bot in &mut config.bots {
            for plugin in bot.plugins.values_mut() {
                if !plugin.source.starts_with("bundled:") {
                    plugin.source = folder.join(&plugin.source).to_string_lossy().into_owned();
                }
                if let Some(shadow) = plugin.shadow.as_mut().filter(|shadow| !shadow.starts_with("bundled:")) {
                    *shadow = folder.join(&*shadow).to_string_lossy().into_owned();
                }
            }
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refused = |problem: String, hint: &str| Err(ConfigError::Refused { problem, hint: hint.into() });
        if !self.database.url.starts_with("sqlite:") && !self.database.url.starts_with("postgres") {
            return refused(
                "database.url is neither SQLite nor PostgreSQL".into(),
                "write \"sqlite://data/guesthouse.db\" or \"postgres://user:password@host/database\"",
            );
        }
        let mut seen = BTreeMap::new();
        for bot in &self.bots {
            let Some(id) = bot.token.bot() else {
                return refused(
                    format!("the token of bot `{}` does not have the form of a token", bot.name),
                    "@BotFather gives out tokens like 123456789:AAF…; keep it in the environment and write \"${BOT_TOKEN}\"",
                );
            };
            if let Some(other) = seen.insert(id, &bot.name) {
                return refused(
                    format!("bots `{other}` and `{}` have the same token", bot.name),
                    "give every [[bot]] a token of its own; several plugins share one bot under [bot.plugins]",
                );
            }
            if !bot.api_url.starts_with("http://") && !bot.api_url.starts_with("https://") {
                return refused(
                    format!("api_url `{}` of bot `{}` is not an address", bot.api_url, bot.name),
                    "leave it out for Telegram's own, or write http://… or https://…",
                );
            }
            for (name, plugin) in &bot.plugins {
                let is_table = |read: &&String| read.split_once('.').is_some_and(|(_, table)| !table.is_empty());
                if let Some(read) = plugin.read.iter().find(|read| !is_table(read)) {
                    return refused(
                        format!("bot.plugins.{name}.read has `{read}`, which is no table of a plugin"),
                        "write the plugin, a dot and the table: read = [\"profile.facts\"]",
                    );
                }
            }
            if let Some(name) = bot.plugins.keys().find(|name| PluginName::new(name).is_none()) {
                return refused(
                    format!("`{name}` of bot `{}` is not a name for a plugin", bot.name),
                    "use 1 to 32 of a-z 0-9 -, beginning with a letter: [bot.plugins.my-plugin]",
                );
            }
        }
        self.sending.check()?;
        self.journal.check()?;
        http::check(self)?;
        self.llm.iter().try_for_each(Llm::check)?;
        self.limits.check()
    }
}
