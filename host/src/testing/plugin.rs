//! A plugin of a house: a section of a configuration, put together piece by piece.

use std::path::Path;

use crate::config;

/// All that can be granted, as a configuration says it.
const EVERYTHING: &str = r#"["chat", "tables", "dialogue", "files", "timers", "llm", { chat = ["*"] }, { http = ["*"] }, { telegram = ["*"] }]"#;

/// A plugin with what its operator says of it.
///
/// ```
/// use guesthouse::testing::Plugin;
///
/// let plugin = Plugin::file("shop", "target/wasm32-wasip2/release/shop.wasm")
///     .granted(r#"["chat", "tables"]"#)
///     .with("currency = \"EUR\"");
/// assert_eq!(plugin.name(), "shop");
/// ```
#[derive(Debug, Clone)]
pub struct Plugin {
    name: String,
    source: String,
    grant: String,
    keys: String,
    config: String,
}

impl Plugin {
    /// One that comes with the host, with everything granted.
    pub fn bundled(name: &str) -> Self {
        Self::of(name, format!("bundled:{name}"))
    }

    /// A component in a file, with everything granted.
    pub fn file(name: &str, path: impl AsRef<Path>) -> Self {
        Self::of(name, path.as_ref().to_string_lossy().into_owned())
    }

    fn of(name: &str, source: String) -> Self {
        let (keys, config) = Default::default();
        Self { name: name.to_owned(), source, grant: EVERYTHING.to_owned(), keys, config }
    }

    /// The same under another name.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// The same with this grant, as a list in TOML.
    pub fn granted(mut self, grant: impl Into<String>) -> Self {
        self.grant = grant.into();
        self
    }

    /// The same with other keys beside its grant, as lines of TOML: `priority = 5`.
    pub fn under(mut self, keys: &str) -> Self {
        self.keys = keys.into();
        self
    }

    /// The same with settings of its own, as lines of TOML.
    pub fn with(mut self, config: &str) -> Self {
        self.config = config.into();
        self
    }

    /// What its operator calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a configuration says of it.
    pub(super) fn config(&self) -> Result<config::Plugin, String> {
        let table: toml::Table = self.toml().parse().map_err(|error: toml::de::Error| error.to_string())?;
        let section = table["bot"]["plugins"][self.name.as_str()].clone();
        section.try_into().map_err(|error: toml::de::Error| error.to_string())
    }

    /// Its sections of a configuration.
    pub fn toml(&self) -> String {
        let Self { name, source, grant, keys, config } = self;
        let source = toml::Value::from(source.as_str());
        format!(
            "[bot.plugins.{name}]\nsource = {source}\ngrant = {grant}\n{keys}\n[bot.plugins.{name}.config]\n{config}\n"
        )
    }
}
