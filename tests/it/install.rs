//! Installing plugins as an operator does it: the real binary, files in a folder, a site, a registry, a terminal; and the bot
//! that runs afterwards.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::process::Command;

use crate::support::process::HostProcess;
use crate::support::{Database, Person, Street, component, folder};

mod consent;

mod files;

mod sites;

mod registries;

mod versions;

/// A folder with a configuration, as an operator has it.
pub struct Desk {
    folder: TempDir,
    street: Street,
    /// Somebody who talks to the bot, whichever host runs it.
    person: Person,
    _database: Database,
}

/// What a command said, and whether it was done.
#[derive(Debug)]
pub struct Said {
    good: bool,
    out: String,
    error: String,
}

impl Said {
    /// Fails unless it was done.
    #[track_caller]
    pub fn done(self) -> String {
        assert!(self.good, "{}{}", self.out, self.error);
        self.out
    }

    /// Fails if it was done; every refusal says what to do.
    #[track_caller]
    pub fn refused(self) -> String {
        assert!(!self.good, "{}", self.out);
        self.error
    }
}

impl Desk {
    /// Opens one whose configuration ends with a comment.
    pub async fn opens() -> Self {
        let (folder, street, database) = (folder(), Street::opens().await, Database::sqlite());
        let text = street.configuration(&database, "component_mib = 1", &[]);
        let person = street.town.person(1002);
        let desk = Self { folder, street, person, _database: database };
        std::fs::write(desk.config(), format!("# My house\n{text}# so far\n")).expect("the folder can be written");
        desk
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("guesthouse.toml")
    }

    /// The configuration as it stands.
    fn text(&self) -> String {
        std::fs::read_to_string(self.config()).expect("a configuration")
    }

    /// The lock file as it stands.
    fn lock(&self) -> toml::Table {
        let text = std::fs::read_to_string(self.folder.path().join("guesthouse.lock")).expect("a lock file");
        text.parse().expect("TOML")
    }

    /// All files below the folder, with what they hold.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.clone(), std::fs::read(&path).expect("a file"));
                }
            }
        }
        found
    }

    /// The stored component of this digest.
    fn stored(&self, digest: &str) -> PathBuf {
        self.folder.path().join(format!("plugins/{digest}.wasm"))
    }

    /// A command in the folder, with nobody at its terminal.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).env_remove("GUESTHOUSE_CONFIG").env_remove("DOCKER_CONFIG");
        command.env("HOME", self.folder.path()).env("GUESTHOUSE_LOG", "debug").stdin(std::process::Stdio::null());
        command
    }

    /// `guesthouse` with these words.
    async fn runs(&self, words: &[&str]) -> Said {
        let done = self.command(env!("CARGO_BIN_EXE_guesthouse")).args(words).output().await.expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Said { good: done.status.success(), out: text(done.stdout), error: text(done.stderr) }
    }

    /// `guesthouse plugin` with these words.
    pub async fn plugin(&self, words: &[&str]) -> Said {
        self.runs(&[&["plugin"], words].concat()).await
    }

    /// The reason for which `guesthouse plugin` refuses these words, having changed no file.
    async fn refuses(&self, words: &[&str]) -> String {
        let before = self.files();
        let error = self.plugin(words).await.refused();
        assert_eq!(self.files().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{error}");
        assert!(self.files() == before, "a file was changed: {error}");
        let at = error.find("error: ").unwrap_or_else(|| panic!("no reason: {error}"));
        assert!(error[at..].contains("\nhint: ") || error.contains("nothing was changed"), "{error}");
        error[at..].replace(&self.folder.path().display().to_string(), "…")
    }

    /// Starts a host on the configuration.
    pub fn starts(&self) -> (HostProcess, &Person) {
        (HostProcess::starts_from(&self.config()), &self.person)
    }

    /// Starts a host on the configuration, has somebody talk to its bot, and stops it.
    pub async fn talks(&self, says: &str, sees: &str) {
        let (host, person) = self.starts();
        person.says(says).await;
        assert_eq!(person.sees().await, sees);
        host.stops().await;
    }

    pub async fn closes(self) {
        self.street.closes().await;
    }
}

/// A fixture as a file, its digest with it.
fn file(name: &str) -> (String, &'static str) {
    let fixture = guesthouse_fixtures::get(name);
    let path = component(&format!("{name}-{}", &fixture.digest[..16]), fixture.component);
    (path.to_string_lossy().into_owned(), fixture.digest)
}
