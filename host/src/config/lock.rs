//! The lock file: which components were installed, pinned by their digests, and which ones they have replaced.
//!
//! It lies beside the configuration and is called like it: `guesthouse.lock` beside `guesthouse.toml`. `guesthouse plugin`
//! writes it; a host reads nothing of it but digests, and loads no other bytes under a name that has one.
//!
//! It is kept with the configuration, often where many can read it, and so it holds no secret: of an address it has what comes
//! before the `?`. What comes after it is often a signature or a token, and some addresses are nothing but a key for a while.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ConfigError;
use super::grant::Capability;

/// The form of the file.
const VERSION: u32 = 1;
/// Former versions that are kept for each plugin.
const FORMER: usize = 10;
/// What stands where an address went on.
const MORE: &str = "?…";

/// All that the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Which form the file has.
    pub version: u32,
    /// The plugins, sorted by bot and name.
    #[serde(rename = "plugin", default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<Pin>,
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: VERSION, pins: Vec::new() }
    }
}

/// A plugin of a bot, and what it is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The bot's name in the configuration.
    pub bot: String,
    /// The plugin's name there.
    pub name: String,
    /// What is installed.
    #[serde(flatten)]
    pub installed: Installed,
    /// What was installed before, the last one last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<Installed>,
}

/// A component that was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Where it was fetched; in the file, an address without its query.
    pub source: String,
    /// The SHA-256 of its bytes in hexadecimal digits.
    pub digest: String,
    /// What it calls its version.
    pub version: String,
    /// The version of `guesthouse:plugin` that it was built against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// What it asks for.
    pub capabilities: Vec<Capability>,
    /// The grant that it was installed with, as the configuration has it.
    pub grant: String,
    /// When it was installed.
    pub added: String,
}

impl Installed {
    /// Where another version of it may be, if the file says enough.
    pub fn source_again(&self) -> Option<&str> {
        Some(self.source.as_str()).filter(|source| !source.ends_with(MORE))
    }

    /// As it may stand in the file.
    fn without_secrets(&self) -> Self {
        let is_address = ["http://", "https://"].iter().any(|scheme| self.source.starts_with(scheme));
        let source = match self.source.find(['?', '#']).filter(|_| is_address) {
            Some(end) => format!("{}{MORE}", &self.source[..end]),
            None => self.source.clone(),
        };
        Self { source, ..self.clone() }
    }

    /// Where its bytes are kept, relative to the configuration.
    pub fn path(&self) -> PathBuf {
        Path::new("plugins").join(format!("{}.wasm", self.digest))
    }
}

impl Lock {
    /// Where the lock file of a configuration is.
    pub fn beside(config: &Path) -> PathBuf {
        config.with_extension("lock")
    }

    /// Reads the lock file of a configuration; one that is not there says nothing.
    pub fn load(config: &Path) -> Result<Self, ConfigError> {
        let path = Self::beside(config);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(reason) => return Err(ConfigError::Lock { path, problem: reason.to_string() }),
        };
        let refused = |problem: String| ConfigError::Lock { path: path.clone(), problem };
        let lock: Self = toml::from_str(&text).map_err(|error| refused(error.to_string().trim_end().to_owned()))?;
        if lock.version != VERSION {
            return Err(refused(format!("it has the form {}, and this guesthouse knows {VERSION}", lock.version)));
        }
        Ok(lock)
    }

    /// What stands in the file.
    pub fn text(&self) -> Result<String, toml::ser::Error> {
        let kept = |pin: &Pin| Pin {
            installed: pin.installed.without_secrets(),
            previous: pin.previous.iter().map(Installed::without_secrets).collect(),
            ..pin.clone()
        };
        toml::to_string(&Self { version: self.version, pins: self.pins.iter().map(kept).collect() })
    }

    /// What this plugin is bound to.
    pub fn pin(&self, bot: &str, name: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.bot == bot && pin.name == name)
    }

    /// Binds a plugin to a component, and remembers what it was bound to before and was granted last.
    pub fn install(&mut self, bot: &str, name: &str, installed: Installed, grant: &str) {
        let mut previous = Vec::new();
        if let Some(former) = self.forget(bot, name) {
            previous = former.previous;
            if former.installed.digest != installed.digest {
                previous.push(Installed { grant: grant.to_owned(), ..former.installed });
            }
        }
        previous.drain(..previous.len().saturating_sub(FORMER));
        self.put(Pin { bot: bot.to_owned(), name: name.to_owned(), installed, previous });
    }

    /// Binds a plugin to what it was bound to before; `false` if there was nothing.
    pub fn go_back(&mut self, bot: &str, name: &str) -> bool {
        let pin = self.pins.iter_mut().find(|pin| pin.bot == bot && pin.name == name);
        let Some((pin, former)) = pin.and_then(|pin| pin.previous.pop().map(|former| (pin, former))) else {
            return false;
        };
        pin.installed = former;
        true
    }

    /// Takes a plugin out.
    pub fn forget(&mut self, bot: &str, name: &str) -> Option<Pin> {
        let index = self.pins.iter().position(|pin| pin.bot == bot && pin.name == name)?;
        Some(self.pins.remove(index))
    }

    fn put(&mut self, pin: Pin) {
        self.pins.push(pin);
        self.pins.sort_by(|one, two| (&one.bot, &one.name).cmp(&(&two.bot, &two.name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(digest: &str) -> Installed {
        Installed {
            source: "https://example.org/notes.wasm".into(),
            digest: digest.into(),
            version: "0.1.0".into(),
            package: Some("0.1.0".into()),
            capabilities: vec![Capability::Chat, Capability::Http],
            grant: r#"["chat", { http = ["example.org"] }]"#.into(),
            added: "2026-01-02T03:04:05Z".into(),
        }
    }

    fn digests(lock: &Lock) -> Vec<&str> {
        let pin = lock.pin("main", "notes").unwrap();
        pin.previous.iter().chain([&pin.installed]).map(|it| it.digest.as_str()).collect()
    }

    #[test]
    fn it_goes_forth_and_back() {
        let mut lock = Lock::default();
        for digest in ["a", "b", "b", "c"] {
            lock.install("main", "notes", installed(digest), "[]");
        }
        assert_eq!(digests(&lock), ["a", "b", "c"]);
        assert!(lock.go_back("main", "notes") && lock.go_back("main", "notes"));
        assert_eq!(digests(&lock), ["a"]);
        assert!(!lock.go_back("main", "notes") && !lock.go_back("main", "others"));
        for number in 0..20 {
            lock.install("main", "notes", installed(&number.to_string()), "[]");
        }
        assert_eq!(digests(&lock).len(), FORMER + 1);
        assert!(lock.forget("main", "notes").is_some() && lock.pins.is_empty());
    }

    #[test]
    fn what_was_written_is_read() {
        let mut lock = Lock::default();
        for (bot, name) in [("main", "notes"), ("main", "alerts"), ("also", "notes")] {
            lock.install(bot, name, installed("a"), "[]");
            lock.install(bot, name, installed("b"), "[]");
        }
        let names: Vec<_> = lock.pins.iter().map(|pin| (pin.bot.as_str(), pin.name.as_str())).collect();
        assert_eq!(names, [("also", "notes"), ("main", "alerts"), ("main", "notes")]);
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("guesthouse.toml");
        assert_eq!(Lock::load(&config).unwrap(), Lock::default());
        std::fs::write(folder.path().join("guesthouse.lock"), lock.text().unwrap()).unwrap();
        assert_eq!(Lock::load(&config).unwrap(), lock);
    }

    #[test]
    fn no_secret_of_an_address_is_written() {
        let mut lock = Lock::default();
        for address in ["https://files.example.org/notes.wasm?X-Signature=secret", "https://a.example/b.wasm#secret"] {
            lock.install("main", "notes", Installed { source: address.into(), ..installed(address) }, "[]");
        }
        let text = lock.text().unwrap();
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("source")).collect();
        let expected =
            ["source = \"https://a.example/b.wasm?…\"", "source = \"https://files.example.org/notes.wasm?…\""];
        assert_eq!(lines, expected);
        let again = |source: &str| Installed { source: source.into(), ..installed("a") }.without_secrets();
        assert_eq!(again("https://a.example/b.wasm#secret").source_again(), None);
        for known in ["https://a.example/b.wasm", "/home/me/what?.wasm", "oci://ghcr.io/me/notes:1"] {
            assert_eq!(again(known).source_again(), Some(known));
        }
    }

    #[test]
    fn a_file_that_cannot_be_understood_pins_nothing_silently() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("bots.toml");
        for text in ["version = 2", "nonsense", "version = 1\n[[plugin]]\nname = \"notes\""] {
            std::fs::write(folder.path().join("bots.lock"), text).unwrap();
            let error = Lock::load(&config).unwrap_err().to_string();
            assert!(error.contains("bots.lock") && error.contains("\nhint: "), "{error}");
        }
    }
}
