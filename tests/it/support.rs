//! A house to test: a host with its plugins, a database and an emulated Telegram, and people who talk to its bot.
//!
//! A test speaks as a person does: `buyer.says("/start").await; buyer.sees().await`. The host reaches the emulator over
//! HTTP as it reaches Telegram, and the people act through the emulator's HTTP interface, as the web chat does. A test
//! ends with [`House::closes`], which finds messages that nobody looked at and tasks that crashed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use guesthouse::clock::Clock;
use guesthouse::config::Config;
use guesthouse::emulator::Emulator;
use guesthouse::emulator::world::World;
use guesthouse::host::{self, Host};
use guesthouse::shutdown::Tasks;
use tempfile::TempDir;

pub mod database;

pub mod model;

pub mod people;

pub mod process;

pub mod registry;

pub mod relay;

#[allow(dead_code, reason = "the tests of the store use the rest")]
#[path = "../support/postgres.rs"]
pub mod postgres;

#[allow(dead_code, reason = "the tests of the host's parts use the rest")]
#[path = "../support/site.rs"]
pub mod site;

#[path = "../fixtures/echo/src/picture.rs"]
pub mod picture;

pub use database::Database;
pub use model::{Model, Says};
pub use people::{Person, Town};
pub use site::Site;

/// The bot's token, as host and emulator know it.
pub const TOKEN: &str = "7000000001:test-house";
/// The bot's user name.
pub const BOT: &str = "test_house_bot";
/// The person whom the configuration calls an admin.
pub const ADMIN: i64 = 1001;

/// A plugin section of the configuration.
pub struct Plugin {
    name: &'static str,
    source: String,
    grant: String,
    keys: String,
    config: String,
}

/// The bundled cards plugin with all that it needs.
pub fn cards() -> Plugin {
    Plugin::bundled("cards", r#"["chat", "tables", "dialogue", "files", { chat = ["admins"] }]"#)
}

/// The bundled profile plugin with all that it needs; without a language model.
pub fn profile() -> Plugin {
    Plugin::bundled("profile", r#"["chat", "tables", "dialogue", "timers", "llm"]"#).with("llm = \"off\"")
}

/// The bundled channels plugin with all that it needs to read this site.
pub fn channels(site: &str) -> Plugin {
    let grant = format!(r#"["chat", "tables", "dialogue", "timers", {{ chat = ["*"] }}, {{ http = ["{site}"] }}]"#);
    Plugin::bundled("channels", grant)
}

/// A fixture with all that it asks for.
pub fn fixture(name: &'static str) -> Plugin {
    fixture_granted(name, r#"["chat", "tables", "dialogue", "files", { telegram = ["setMessageReaction"] }]"#)
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

/// A fixture with a grant of its own.
pub fn fixture_granted(name: &'static str, grant: impl Into<String>) -> Plugin {
    let fixture = guesthouse_fixtures::get(name);
    let path = component(&format!("{name}-{}", &fixture.digest[..16]), fixture.component);
    Plugin {
        name,
        source: path.to_string_lossy().into_owned(),
        grant: grant.into(),
        keys: String::new(),
        config: String::new(),
    }
}

impl Plugin {
    /// One that comes with the host.
    pub fn bundled(name: &'static str, grant: impl Into<String>) -> Self {
        let (keys, config) = Default::default();
        Self { name, source: format!("bundled:{name}"), grant: grant.into(), keys, config }
    }

    /// Any file as a component that may only write.
    pub fn from_path(name: &'static str, path: &Path) -> Self {
        Self {
            name,
            source: path.to_string_lossy().into_owned(),
            grant: r#"["chat"]"#.into(),
            keys: String::new(),
            config: String::new(),
        }
    }

    /// Any file as a component, with a grant.
    pub fn granted(name: &'static str, path: &Path, grant: impl Into<String>) -> Self {
        Self { grant: grant.into(), ..Self::from_path(name, path) }
    }

    /// The same under another name.
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The same with other keys besides its grant, as lines of TOML.
    pub fn under(mut self, keys: &str) -> Self {
        self.keys = keys.into();
        self
    }

    /// The same with settings of its own, as lines of TOML.
    pub fn with(mut self, config: &str) -> Self {
        self.config = config.into();
        self
    }

    fn toml(&self) -> String {
        format!(
            "[bot.plugins.{}]\nsource = {:?}\ngrant = {}\n{}\n[bot.plugins.{}.config]\n{}\n",
            self.name, self.source, self.grant, self.keys, self.name, self.config
        )
    }
}

/// An emulated Telegram that listens.
pub struct Street {
    pub emulator: Emulator,
    pub town: Town,
    pub address: String,
    tasks: Tasks,
}

impl Street {
    /// Opens one with one bot and the usual people.
    pub async fn opens() -> Self {
        let emulator = Emulator::new(Clock::system(), 7);
        emulator
            .world(|world| world.add_bot(TOKEN, BOT, "Test House").map(drop))
            .unwrap_or_else(|refusal| panic!("{}", refusal.text));
        emulator.world(World::dev_house);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let tasks = Tasks::default();
        let (serving, shutdown) = (emulator.clone(), tasks.shutdown().clone());
        tasks.spawn(async move {
            serving.serve(listener, async move { shutdown.begun().await }).await.expect("the emulator serves");
        });
        let town = Town::new(&address);
        Self { emulator, town, address, tasks }
    }

    /// Another bot lives here too.
    pub async fn has_bot(&self, token: &str, username: &str) {
        self.emulator
            .world(|world| world.add_bot(token, username, "Another").map(drop))
            .unwrap_or_else(|refusal| panic!("{}", refusal.text));
    }

    /// The configuration of a host on this street.
    pub fn configuration(&self, database: &Database, limits: &str, plugins: &[Plugin]) -> String {
        self.configuration_at(&database.url(), limits, plugins)
    }

    /// The same with the database at an address.
    pub fn configuration_at(&self, url: &str, limits: &str, plugins: &[Plugin]) -> String {
        let plugins: String = plugins.iter().map(Plugin::toml).collect();
        format!(
            "[database]\nurl = {:?}\ncache = {:?}\n[limits]\n{limits}\n[[bot]]\nname = \"test\"\ntoken = {TOKEN:?}\n\
             api_url = \"http://{}\"\nadmins = [{ADMIN}]\n{plugins}",
            url,
            // Compiled fixtures are shared by all tests, as they would be by all hosts of a machine.
            concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
            self.address,
        )
    }

    /// Ends the emulator.
    pub async fn closes(self) {
        self.tasks.shutdown().begin();
        self.tasks.finish(Duration::from_secs(5)).await.unwrap_or_else(|crash| panic!("{crash}"));
    }
}

/// A host on a street, with its database.
pub struct House {
    pub street: Street,
    pub database: Database,
    clock: Clock,
    host: Host,
    tasks: Tasks,
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

    /// Lets so much time go by on a manual clock, slowly enough that the host keeps its leases.
    pub async fn passes(&self, seconds: u64) {
        for _ in 0..seconds {
            self.clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(8)).await;
        }
    }

    /// Lets time go by until a query gives at least this number.
    pub async fn passes_until(&self, sql: &'static str, number: i64) {
        let seconds = AtomicU32::new(0);
        let passes = async || {
            assert!(seconds.fetch_add(1, Ordering::Relaxed) < 2_000, "`{sql}` never came to {number}");
            self.passes(1).await;
        };
        self.database.until(sql, number, passes).await;
    }

    /// Opens a house on a street that is there already, from the text of a configuration.
    pub async fn opens_on(street: Street, database: Database, text: &str) -> Self {
        Self::opens_on_at(Clock::system(), street, database, text).await
    }

    /// The same, with a clock of its own for the host.
    pub async fn opens_on_at(clock: Clock, street: Street, database: Database, text: &str) -> Self {
        let (host, tasks) = start_at(text, &clock).await.unwrap_or_else(|error| panic!("{error:#}"));
        Self { street, database, clock, host, tasks }
    }

    /// Where the host listens, as the beginning of an address.
    pub fn url(&self) -> String {
        format!("http://{}", self.host.address().expect("the configuration has [http]"))
    }

    /// Asks the host to stop, and goes on.
    pub fn is_told_to_stop(&self) {
        self.tasks.shutdown().begin();
    }

    /// A person of the street, in the private chat with the bot.
    pub fn person(&self, id: i64) -> Person {
        self.street.town.person(id)
    }

    /// The person who runs the bot.
    pub fn admin(&self) -> Person {
        self.person(ADMIN)
    }

    /// Stops the host softly and starts another one on the same database.
    pub async fn restarts(self, plugins: &[Plugin]) -> Self {
        let text = self.street.configuration(&self.database, "", plugins);
        let clock = self.clock.clone();
        let (street, database) = self.stops().await;
        Self::opens_on_at(clock, street, database, &text).await
    }

    /// Stops the host softly; Telegram and the database stay.
    pub async fn stops(self) -> (Street, Database) {
        let Self { street, database, clock: _, host, tasks } = self;
        tasks.shutdown().begin();
        tasks.finish(Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
        host.close().await;
        (street, database)
    }

    /// Stops everything; fails if a task crashed or if one of these people was told something that the test never
    /// looked at.
    pub async fn closes(self, people: impl IntoIterator<Item = Person>) {
        for person in people {
            person.has_seen_everything().await;
        }
        // An alert to the admins, say, which no test waits for.
        self.database.comes_to("SELECT -COUNT(*) FROM outbox WHERE state = 0", 0).await;
        self.tasks.shutdown().begin();
        self.tasks.finish(Duration::from_secs(20)).await.unwrap_or_else(|crash| panic!("{crash}"));
        self.host.close().await;
        self.street.closes().await;
        self.database.check().await;
    }
}

/// Starts a host from the text of a configuration, or says why it does not start.
pub async fn start(text: &str) -> anyhow::Result<(Host, Tasks)> {
    start_at(text, &Clock::system()).await
}

/// The same, with a clock of its own.
pub async fn start_at(text: &str, clock: &Clock) -> anyhow::Result<(Host, Tasks)> {
    let config = Config::parse(text, Path::new("test.toml"), |_| None)?;
    let tasks = Tasks::default();
    let host = host::start(config, clock, &tasks).await?;
    Ok((host, tasks))
}

/// Waits until something is so, half a minute at most.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..1_500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: it never came to that");
}

/// A folder that goes with the test.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}
