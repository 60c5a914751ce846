//! An emulated Telegram that listens, with the bot of a house.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{ADMIN, BOT, Plugin, TOKEN, Town};
use crate::clock::Clock;
use crate::emulator::Emulator;
use crate::emulator::world::World;
use crate::shutdown::Tasks;

/// An emulated Telegram that listens.
pub struct Street {
    /// What is behind it.
    pub emulator: Emulator,
    /// Its HTTP interface.
    pub town: Town,
    /// Where it listens.
    pub address: String,
    cache: PathBuf,
    tasks: Tasks,
}

impl Street {
    /// Opens one with one bot and four people: 1001 is the admin, 1002 to 1004 speak English, Russian and Hebrew.
    ///
    /// # Panics
    ///
    /// If this machine has no free port.
    pub async fn opens() -> Self {
        let street = Self::opens_empty(&Clock::system(), 7).await;
        street.emulator.world(World::dev_house);
        street
    }

    /// The same without people, on a clock and with a seed of its own.
    ///
    /// # Panics
    ///
    /// If this machine has no free port.
    pub async fn opens_empty(clock: &Clock, seed: u64) -> Self {
        let emulator = Emulator::new(clock.clone(), seed);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let tasks = Tasks::default();
        let (serving, shutdown) = (emulator.clone(), tasks.shutdown().clone());
        tasks.spawn(async move {
            serving.serve(listener, async move { shutdown.begun().await }).await.expect("the emulator serves");
        });
        let town = Town::new(&address);
        let street = Self { emulator, town, address, cache: cache(), tasks };
        street.has_bot_called(TOKEN, BOT, "Test House");
        street
    }

    /// Another bot lives here too.
    pub async fn has_bot(&self, token: &str, username: &str) {
        self.has_bot_called(token, username, "Another");
    }

    fn has_bot_called(&self, token: &str, username: &str, name: &str) {
        let added = self.emulator.world(|world| world.add_bot(token, username, name).map(drop));
        added.unwrap_or_else(|refusal| panic!("{}", refusal.text));
    }

    /// Compiled plugins are kept in this folder, which several houses may share.
    pub fn keeps_compiled_in(mut self, folder: &Path) -> Self {
        self.cache = folder.to_owned();
        self
    }

    /// The configuration of a house on this street: where its database is, its limits as lines of TOML, its plugins.
    pub fn configuration(&self, database: &(impl Display + ?Sized), limits: &str, plugins: &[Plugin]) -> String {
        let bot = format!("admins = [{ADMIN}]");
        self.configuration_for(database, limits, &bot, plugins)
    }

    pub(crate) fn configuration_for(
        &self,
        database: &(impl Display + ?Sized),
        limits: &str,
        bot: &str,
        plugins: &[Plugin],
    ) -> String {
        let plugins: String = plugins.iter().map(Plugin::toml).collect();
        let text = |text: String| toml::Value::from(text);
        format!(
            "[database]\nurl = {}\ncache = {}\n[limits]\n{limits}\n[[bot]]\nname = \"test\"\ntoken = {TOKEN:?}\n\
             api_url = \"http://{}\"\n{bot}\n{plugins}",
            text(database.to_string()),
            text(self.cache.to_string_lossy().into_owned()),
            self.address,
        )
    }

    /// Ends the emulator.
    ///
    /// # Panics
    ///
    /// If something in it did.
    pub async fn closes(self) {
        self.tasks.shutdown().begin();
        self.tasks.finish(Duration::from_secs(5)).await.unwrap_or_else(|crash| panic!("{crash}"));
    }
}

/// Where compiled plugins are kept, so that each is compiled once: `GUESTHOUSE_TEST_CACHE`, else a folder that is the user's
/// alone, as compiled code is trusted.
pub(crate) fn cache() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let users = || variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    let named = variable("GUESTHOUSE_TEST_CACHE").or_else(|| users().map(|folder| folder.join("guesthouse")));
    // Somebody without a home has at least a folder to work in.
    named.unwrap_or_else(|| "guesthouse-cache".into())
}
