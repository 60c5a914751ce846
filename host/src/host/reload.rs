//! Another build of a plugin in a bot that runs.
//!
//! 1. The new build is read, compiled, described and checked, and its tables are declared, while the old one works on. If
//!    any of that fails, nothing has changed.
//! 2. Then all plugins of the bot are put in again in one step (`lane/guests`): turns under way end on the build that they
//!    began with, the next event is handled by the new one.
//! 3. What follows from manifests follows: which updates are asked for, the menu of commands, schedules, routes. That the
//!    old build failed (`lane/breaker`) is forgotten.

use anyhow::Context;

use super::{Host, load_plugin, plugins, put_guests};
use crate::config;
use crate::intake;
use crate::lane::Guest;
use crate::model::BotId;
use crate::store::Store;

/// A bot that runs.
pub(super) struct Running {
    /// What its configuration says by now.
    pub(super) config: config::Bot,
    /// Its intake.
    pub(super) intake: intake::Bot,
}

impl Host {
    /// Loads a plugin into a bot that runs, in place of the one of that name if it has one. An error says why the new one
    /// was refused; the old one goes on then.
    pub async fn load(&self, bot: &str, name: &str, plugin: config::Plugin) -> anyhow::Result<()> {
        // One after another: each puts in again what the one before has left.
        let mut running = self.parts.running.lock().await;
        let running = running.get_mut(bot).with_context(|| format!("bot `{bot}` does not run yet"))?;
        let mut config = running.config.clone();
        config.plugins.insert(name.to_owned(), plugin);
        let (me, telegram) = (&running.intake.me, &running.intake.telegram);
        let id = BotId(me.id);
        let loaded = load_plugin(&self.parts, &config, name, &config.plugins[name], me, telegram).await?;
        let mut guests = self.parts.guests.of(id);
        let is_it = |guest: &Guest| guest.plugin.name() == loaded.plugin.name();
        // Said once, and not again after each change of a file.
        if !guests.iter().any(|guest| is_it(guest) && plugins::may_ask_a_model(guest)) {
            plugins::miss_a_model(&config, std::slice::from_ref(&loaded), &self.parts.model_hint);
        }
        guests.retain(|guest| !is_it(guest));
        let plugin = loaded.plugin.name().clone();
        guests.push(loaded);
        // As at the start: among equals the name decides.
        guests.sort_by(|a, b| a.plugin.name().as_str().cmp(b.plugin.name().as_str()));
        put_guests(&self.parts, &config, me, (&running.intake.place, &running.intake.pressure), guests).await?;
        running.config = config;
        self.parts.lanes.trust(id, &plugin);
        Ok(())
    }

    /// The plugins of a bot that runs, in the order in which they are asked.
    pub(crate) async fn guests(&self, bot: &str) -> Vec<Guest> {
        let running = self.parts.running.lock().await;
        running.get(bot).map_or(vec![], |running| self.parts.guests.of(BotId(running.intake.me.id)))
    }

    /// The database.
    pub(crate) fn store(&self) -> &Store {
        &self.parts.store
    }

    /// What the plugin would be called by itself.
    pub async fn called(&self, bot: &config::Bot, plugin: &config::Plugin) -> anyhow::Result<String> {
        plugins::called(&self.parts.sandbox, bot, plugin).await
    }
}
