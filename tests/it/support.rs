//! What the tests of the host add to `guesthouse::testing`: both databases, fixtures, and hosts in processes of their own.
//!
//! A test speaks as a person does: `buyer.says("/start").await; buyer.sees().await`. The host reaches the emulator over
//! HTTP as it reaches Telegram, and the people act through the emulator's HTTP interface, as the web chat does. A test
//! ends with [`House::closes`], which finds messages that nobody looked at and tasks that crashed.

use std::io::Write as _;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use guesthouse::clock::Clock;
use guesthouse::host::Host;
use guesthouse::shutdown::Tasks;
use serde_json::Value;
use tempfile::TempDir;

pub mod database;

pub mod process;

pub mod registry;

pub mod relay;

#[allow(dead_code, reason = "the tests of the store use the rest")]
#[path = "../support/postgres.rs"]
pub mod postgres;

pub use database::Database;
pub use guesthouse::testing::{ADMIN, BOT, Model, Person, Plugin, Says, Site, TOKEN, Town, png, until};

/// The bundled cards plugin with all that it needs.
pub fn cards() -> Plugin {
    Plugin::bundled("cards").granted(r#"["chat", "tables", "dialogue", "files", { chat = ["admins"] }]"#)
}

/// The bundled profile plugin with all that it needs; without a language model.
pub fn profile() -> Plugin {
    Plugin::bundled("profile").granted(r#"["chat", "tables", "dialogue", "timers", "llm"]"#).with("llm = \"off\"")
}

/// The bundled channels plugin with all that it needs to read this site.
pub fn channels(site: &str) -> Plugin {
    let grant = format!(r#"["chat", "tables", "dialogue", "timers", {{ chat = ["*"] }}, {{ http = ["{site}"] }}]"#);
    Plugin::bundled("channels").granted(grant)
}

/// A fixture with all that it asks for.
pub fn fixture(name: &'static str) -> Plugin {
    fixture_granted(name, r#"["chat", "tables", "dialogue", "files", { telegram = ["setMessageReaction"] }]"#)
}

/// The fixture that keeps books which cannot be wrong without showing it.
pub fn ledger() -> Plugin {
    fixture_granted("ledger", r#"["chat", "tables"]"#)
}

/// A component as a file. What is called alike has to be the same: the file is written once and stays.
pub fn component(name: &str, bytes: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("{name}.wasm"));
    // Renamed into its place, as another test may be reading it there.
    if !path.exists() {
        let mut file = tempfile::NamedTempFile::new_in(folder).expect("the target folder can be written");
        file.write_all(bytes).expect("the target folder can be written");
        file.persist(&path).expect("the target folder can be written");
    }
    path
}

/// The component of a fixture as a file.
pub fn fixture_file(name: &str) -> PathBuf {
    let fixture = guesthouse_fixtures::get(name);
    component(&format!("{name}-{}", &fixture.digest[..16]), fixture.component)
}

/// A fixture with a grant of its own.
pub fn fixture_granted(name: &'static str, grant: impl Into<String>) -> Plugin {
    Plugin::file(name, fixture_file(name)).granted(grant)
}

/// Compiled fixtures are shared by all tests, as they would be by all hosts of a machine.
pub const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/cache");

/// How long time stands still for what is under way.
const MOMENT: Duration = Duration::from_millis(250);

/// An emulated Telegram that listens, and keeps what is compiled with that of all tests.
pub struct Street(guesthouse::testing::Street);

impl Street {
    /// Opens one with one bot and the usual people.
    pub async fn opens() -> Self {
        Self(guesthouse::testing::Street::opens().await.keeps_compiled_in(Path::new(CACHE)))
    }

    /// A configuration with another bot in it, which has these plugins; whether it lives here is [`Self::has_bot`]'s affair.
    pub fn and_bot(&self, text: &str, name: &str, token: &str, plugins: &[Plugin]) -> String {
        let alone = self.configuration("", "", plugins);
        let bot = alone[alone.find("[[bot]]").expect("a bot")..].replace(TOKEN, token);
        format!("{text}\n{}", bot.replace("name = \"test\"", &format!("name = {name:?}")))
    }

    /// Ends the emulator.
    pub async fn closes(self) {
        self.0.closes().await;
    }
}

impl Deref for Street {
    type Target = guesthouse::testing::Street;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A host on a street, with its database.
pub struct House {
    inside: guesthouse::testing::House,
    pub database: Database,
}

impl Deref for House {
    type Target = guesthouse::testing::House;

    fn deref(&self) -> &Self::Target {
        &self.inside
    }
}

impl House {
    /// Opens a house with these plugins.
    pub async fn opens(database: Database, plugins: &[Plugin]) -> Self {
        Self::opens_with(database, "", plugins).await
    }

    /// The same with limits of its own, as lines of TOML.
    pub async fn opens_with(database: Database, limits: &str, plugins: &[Plugin]) -> Self {
        Self::opens_at(Clock::system(), database, limits, plugins).await
    }

    /// The same, with a clock of its own for the host.
    pub async fn opens_at(clock: Clock, database: Database, limits: &str, plugins: &[Plugin]) -> Self {
        let street = Street::opens().await;
        let text = street.configuration(&database, limits, plugins);
        Self::opens_on_at(clock, street, database, &text).await
    }

    /// Opens a house on a street that is there already, from the text of a configuration.
    pub async fn opens_on(street: Street, database: Database, text: &str) -> Self {
        Self::opens_on_at(Clock::system(), street, database, text).await
    }

    /// The same, with a clock of its own for the host.
    pub async fn opens_on_at(clock: Clock, street: Street, database: Database, text: &str) -> Self {
        let inside = guesthouse::testing::House::opens_on(clock, street.0, text).await;
        Self { inside, database }
    }

    /// Lets so much time go by on a manual clock, slowly enough that several hosts keep their leases. On a machine that is
    /// slow, what is under way has a moment to come to its end in each second; what waits for the test does not end.
    pub async fn passes(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock().advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(8)).await;
            let rests = async {
                while !self.host().standing().await.is_ok_and(|standing| standing.is_quiet(0)) {
                    tokio::time::sleep(Duration::from_millis(4)).await;
                }
            };
            let _ = tokio::time::timeout(MOMENT, rests).await;
        }
    }

    /// Lets time go by until a query gives at least this number.
    pub async fn passes_until(&self, sql: &'static str, number: i64) {
        let (began, seconds) = (Clock::system().now(), AtomicU32::new(0));
        let passes = async || {
            let is_late = Clock::system().now() - began >= 120_000;
            let is_long = seconds.fetch_add(1, Ordering::Relaxed) >= 2_000 && is_late;
            assert!(!is_long, "`{sql}` never came to {number}");
            self.passes(1).await;
        };
        self.database.until(sql, number, passes).await;
    }

    /// Waits until nothing waits any more, at Telegram or here, and looks away from what this person was told.
    pub async fn settles(&self, person: &Person) {
        is_answered(&self.street, &self.database).await;
        person.skips().await;
    }

    /// Stops the host softly and starts another one on the same database.
    pub async fn restarts(self, plugins: &[Plugin]) -> Self {
        let text = self.street.configuration(&self.database, "", plugins);
        let clock = self.clock().clone();
        let (street, database) = self.stops().await;
        Self::opens_on_at(clock, street, database, &text).await
    }

    /// Stops the host softly; Telegram and the database stay.
    pub async fn stops(self) -> (Street, Database) {
        (Street(self.inside.stops().await), self.database)
    }

    /// Stops everything; fails if a task crashed or if one of these people was told something that the test never
    /// looked at.
    pub async fn closes(self, people: impl IntoIterator<Item = Person>) {
        for person in people {
            person.has_seen_everything().await;
        }
        // What needs no answer, and an alert to the admins, say, which no test waits for.
        self.database.comes_to("SELECT -COUNT(*) FROM inbox WHERE state = 0", 0).await;
        self.database.comes_to("SELECT -COUNT(*) FROM outbox WHERE state = 0", 0).await;
        self.inside.closes([]).await;
        self.database.check().await;
    }
}

/// Sends a file and says what the bot has to ask Telegram for to get it; a turn that does can be held up there.
pub async fn sends_a_file_to_wait_for(person: &Person, database: &Database) -> String {
    sends_a_file(person, database, "wait.txt", b"a file to wait for").await
}

/// Sends the first file of a house, and says under which id the plugins find it.
pub async fn sends_a_file(person: &Person, database: &Database, name: &str, bytes: &[u8]) -> String {
    person.sends_document(name, bytes, "").await;
    loop {
        let updates = database.texts("SELECT raw FROM updates ORDER BY seq").await;
        let files = updates.iter().map(|raw| serde_json::from_str::<Value>(raw).expect("JSON"));
        if let Some(id) =
            files.filter_map(|raw| Some(raw["message"]["document"]["file_id"].as_str()?.to_owned())).next()
        {
            return id;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Starts a host from the text of a configuration, or says why it does not start.
pub async fn start(text: &str) -> anyhow::Result<(Host, Tasks)> {
    guesthouse::testing::start(text, &Clock::system()).await
}

/// Waits until nothing that was said to the bot waits any more: no update at Telegram, no event and no call.
pub async fn is_answered(street: &guesthouse::testing::Street, database: &Database) {
    let pending = || street.emulator.world(|world| world.webhook_info(7_000_000_001).expect("a bot"));
    until("all updates are taken", async || pending()["pending_update_count"] == 0).await;
    let waiting =
        "SELECT -(SELECT COUNT(*) FROM inbox WHERE state = 0) - (SELECT COUNT(*) FROM outbox WHERE state = 0)";
    database.comes_to(waiting, 0).await;
}

/// A folder that goes with the test.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}
