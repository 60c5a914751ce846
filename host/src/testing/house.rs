//! A host with its plugins, its database and an emulated Telegram.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::pause::Pauses;
use super::quiet::{self, Quiet};
use super::town::API_TOKEN;
use super::{ADMIN, Model, Person, Plugin, Site, Street};
use crate::clock::{Clock, Millis};
use crate::config::{ApiToken, Config};
use crate::emulator::world::World;
use crate::host::{self, Host, Surroundings};
use crate::lane::Seeds;
use crate::shutdown::Tasks;
use crate::web::Web;

/// How long the tasks of a house may take to end.
const ENDING: Duration = Duration::from_secs(20);
/// What its configuration calls the bot.
const HOUSE_BOT: &str = "test";
/// 2026-01-05T09:00:00Z, a Monday.
const BEGIN: Millis = 1_767_603_600_000;

/// A host on a street, with its database. [`House::with`] opens one for the test of a plugin.
pub struct House {
    /// The emulated Telegram.
    pub street: Street,
    host: Host,
    tasks: Tasks,
    clock: Clock,
    /// Set where the clock is the house's own.
    quiet: Option<Quiet>,
    /// A database that goes with the house.
    _folder: Option<TempDir>,
}

impl House {
    /// A house with this plugin, a database in a temporary folder, and a clock that stands still unless the test moves it.
    pub fn with(plugin: Plugin) -> HouseBuilder {
        HouseBuilder {
            plugins: vec![plugin],
            database: None,
            starts: BEGIN,
            seed: 0,
            limits: String::new(),
            bot: format!("admins = [{ADMIN}]"),
            llm: None,
            web: None,
            cache: None,
            has_people: true,
        }
    }

    /// Opens a house on a street, from the text of a configuration. Its clock is one of its own if it is a manual one, for
    /// the host alone.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn opens_on(clock: Clock, street: Street, text: &str) -> Self {
        let surroundings = Surroundings::real(&clock).unwrap_or_else(|error| panic!("{error:#}"));
        let (host, tasks) = started(text, surroundings).await.unwrap_or_else(|error| panic!("{error:#}"));
        Self { street, host, tasks, clock, quiet: None, _folder: None }
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The clock of the host.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Lets so much time go by. Timers, schedules and what is tried again come in their time, one after another; it returns
    /// when nothing is left to do.
    ///
    /// # Panics
    ///
    /// If the house was not opened by [`House::with`]: a clock that moves by itself is not moved.
    pub async fn waits(&self, span: Duration) {
        self.quiet().passes(span).await.unwrap_or_else(|problem| panic!("{problem}"));
    }

    /// Returns when nothing is left to do before the clock moves.
    ///
    /// # Panics
    ///
    /// As [`House::waits`].
    pub async fn comes_to_rest(&self) {
        self.quiet().comes().await.unwrap_or_else(|problem| panic!("{problem}"));
    }

    pub(crate) fn quiet(&self) -> &Quiet {
        self.quiet.as_ref().expect("the house has a clock of its own")
    }

    /// Loads a plugin while the house works, in place of the one of that name. An error says why it is refused; the old
    /// one goes on then.
    pub async fn loads(&self, plugin: &Plugin) -> anyhow::Result<()> {
        let config = plugin.config().map_err(anyhow::Error::msg)?;
        self.host.load(HOUSE_BOT, plugin.name(), config).await
    }

    /// Asks a route of a plugin, `GET` `/shop/orders/7`, and returns the status and the body.
    ///
    /// # Panics
    ///
    /// If the house was not opened by [`House::with`], or does not answer.
    pub async fn requests(&self, method: &str, path: &str, json: Option<&Value>) -> (u16, String) {
        self.tries_to_request(method, path, json).await.unwrap_or_else(|problem| panic!("{problem}"))
    }

    pub(crate) async fn tries_to_request(
        &self,
        method: &str,
        path: &str,
        json: Option<&Value>,
    ) -> Result<(u16, String), String> {
        let house = self.quiet();
        house.passes(Duration::from_secs(1)).await?;
        let path = format!("/api/test{path}");
        let asked = self.street.town.requests(method, &path, json);
        let mut asked = std::pin::pin!(asked);
        let answered = async {
            loop {
                tokio::select! {
                    answered = &mut asked => return answered,
                    // Whoever asks a route has to wait for its answer, so time passes if that is what the turn waits for.
                    () = tokio::time::sleep(Duration::from_millis(5)) => house.lets_answers_come().await?,
                }
            }
        };
        tokio::time::timeout(quiet::PATIENCE, answered).await.unwrap_or_else(|_| {
            Err(format!(
                "`{method} {path}` was not answered within {} s\nhint: the log says more, with GUESTHOUSE_LOG=debug",
                quiet::PATIENCE.as_secs()
            ))
        })
    }

    /// Where the host listens, as the beginning of an address.
    ///
    /// # Panics
    ///
    /// If the configuration has no `[http]`.
    pub fn url(&self) -> String {
        format!("http://{}", self.host.address().expect("the configuration has [http]"))
    }

    /// Asks the host to stop, and goes on.
    pub fn is_told_to_stop(&self) {
        self.tasks.shutdown().begin();
    }

    /// A person of the street by id, in the private chat with the bot.
    pub fn person(&self, id: i64) -> Person {
        let person = self.street.town.person(id);
        person.knowing(self.quiet.clone())
    }

    /// The person who runs the bot.
    pub fn admin(&self) -> Person {
        self.person(ADMIN)
    }

    /// A new person who speaks this language.
    pub async fn newcomer(&self, first_name: &str, language: &str) -> Person {
        let person = self.street.town.newcomer(first_name, language).await;
        person.knowing(self.quiet.clone())
    }

    /// Stops the host softly; Telegram stays.
    ///
    /// # Panics
    ///
    /// If one of its tasks crashed.
    pub async fn stops(self) -> Street {
        let Self { street, host, tasks, .. } = self;
        tasks.shutdown().begin();
        tasks.finish(ENDING).await.unwrap_or_else(|crash| panic!("{crash}"));
        host.close().await;
        street
    }

    /// Stops everything.
    ///
    /// # Panics
    ///
    /// If one of these people was told something that the test never looked at, or if a task crashed.
    pub async fn closes(self, people: impl IntoIterator<Item = Person>) {
        for person in people {
            person.has_seen_everything().await;
        }
        self.stops().await.closes().await;
    }
}

/// Starts a host from the text of a configuration, or says why it does not start.
pub async fn start(text: &str, clock: &Clock) -> anyhow::Result<(Host, Tasks)> {
    started(text, Surroundings::real(clock)?).await
}

async fn started(text: &str, surroundings: Surroundings) -> anyhow::Result<(Host, Tasks)> {
    let config = Config::parse(text, Path::new("configuration of the test"), |_| None)?;
    let tasks = Tasks::default();
    match host::start_in(config, surroundings, &tasks).await {
        Ok(host) => Ok((host, tasks)),
        Err(error) => {
            // Loops that were begun would outlive whoever asked.
            tasks.shutdown().begin();
            tasks.shutdown().force();
            Err(error)
        }
    }
}

/// A house that is to be opened.
///
/// ```
/// use std::time::Duration;
/// use guesthouse::testing::{House, Plugin};
///
/// # #[tokio::main]
/// # async fn main() {
/// let house = House::with(Plugin::bundled("cards")).opens().await;
/// let admin = house.admin();
/// admin.says("/admin").await;
/// assert_eq!(admin.sees().await, "*Cards*\n[➕ Add card]\n[📇 My cards]\n[📊 Statistics]");
/// house.waits(Duration::from_secs(3600)).await;
/// admin.sees_nothing().await;
/// house.closes([admin]).await;
/// # }
/// ```
pub struct HouseBuilder {
    plugins: Vec<Plugin>,
    database: Option<String>,
    starts: Millis,
    seed: u64,
    limits: String,
    llm: Option<(Model, String)>,
    bot: String,
    web: Option<Site>,
    cache: Option<PathBuf>,
    has_people: bool,
}

impl HouseBuilder {
    /// With another plugin.
    pub fn and(mut self, plugin: Plugin) -> Self {
        self.plugins.push(plugin);
        self
    }

    /// On this database, a `postgres://…` or `sqlite://…`, which no other house uses.
    pub fn on(mut self, database: impl Into<String>) -> Self {
        self.database = Some(database.into());
        self
    }

    /// With the clock at this time at the beginning: milliseconds since 1970-01-01T00:00:00Z.
    pub fn at(mut self, time: Millis) -> Self {
        self.starts = time;
        self
    }

    /// With another number from which everything random follows.
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With these limits, as lines of TOML: `attempts = 1`.
    pub fn limited(mut self, limits: &str) -> Self {
        self.limits = limits.into();
        self
    }

    /// With this language model.
    pub fn llm(self, model: &Model) -> Self {
        self.llm_with(model, "")
    }

    pub(crate) fn llm_with(mut self, model: &Model, more: &str) -> Self {
        self.llm = Some((model.clone(), more.to_owned()));
        self
    }

    /// With this site in place of the whole Web: [`Asked::url`](super::Asked::url) says what a plugin has asked for.
    pub fn web(mut self, site: &Site) -> Self {
        self.web = Some(site.clone());
        self
    }

    /// Compiled plugins are kept in this folder, and not in `GUESTHOUSE_TEST_CACHE` or the user's folder for such things.
    pub fn keeps_compiled_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// With these lines in the bot's section, which say who its admins are, and nobody on the street.
    pub(crate) fn bot(mut self, lines: String) -> Self {
        (self.bot, self.has_people) = (lines, false);
        self
    }

    /// Opens it.
    ///
    /// # Panics
    ///
    /// If it does not start, for example because a plugin is refused.
    pub async fn opens(self) -> House {
        self.tries_to_open().await.unwrap_or_else(|error| panic!("{error:#}"))
    }

    pub(crate) async fn tries_to_open(self) -> anyhow::Result<House> {
        let clock = Clock::manual(self.starts);
        let pauses = Pauses::on(&clock);
        let mut street = Street::opens_empty(&clock, self.seed).await;
        if self.has_people {
            street.emulator.world(World::dev_house);
        }
        if let Some(cache) = &self.cache {
            street = street.keeps_compiled_in(cache);
        }
        let (folder, database) = match self.database {
            Some(url) => (None, url),
            None => {
                let folder = tempfile::tempdir()?;
                let url = format!("sqlite://{}", folder.path().join("house.db").display());
                (Some(folder), url)
            }
        };
        let mut text = street.configuration_for(&database, &self.limits, &self.bot, &self.plugins);
        if let Some((model, more)) = &self.llm {
            model.time().is_of(&pauses);
            text.push_str(&model.section(more));
        }
        let web = match &self.web {
            Some(site) => Web::through(url::Url::parse(&site.url("/"))?)?,
            None => Web::new()?,
        };
        self.web.iter().for_each(|site| site.time.is_of(&pauses));
        let surroundings = Surroundings { clock: clock.clone(), seeds: Seeds::fixed(self.seed), web };
        let started = started(&text, surroundings).await;
        let (host, tasks) = match started {
            Ok(started) => started,
            Err(error) => {
                street.closes().await;
                return Err(error);
            }
        };
        street.emulator.shares_its_address(host.api(ApiToken::new(API_TOKEN)));
        let emulator = street.emulator.clone();
        let quiet = Quiet { host: host.clone(), emulator, clock: clock.clone(), pauses };
        Ok(House { street, host, tasks, clock, quiet: Some(quiet), _folder: folder })
    }
}
