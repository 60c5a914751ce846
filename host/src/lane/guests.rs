//! The plugins that this host has loaded: the one place that says which build of a plugin runs.
//!
//! All plugins of a bot are put in together, and take the place of those that were there in one step. A turn that has begun
//! keeps the guest that it began with; the next event is handled by the new one. Whoever sorts updates learns of the change
//! by the roster, which moves under the same lock.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::Guest;
use crate::model::manifest::Roster;
use crate::model::{BotId, Part, PluginName};

/// The plugins that this host has loaded; bots join as they become ready. Cheap to clone.
#[derive(Clone, Default)]
pub struct Guests(Arc<RwLock<Loaded>>);

#[derive(Default)]
struct Loaded {
    crews: HashMap<BotId, Crew>,
    /// All that has lanes: the plugins and their processors.
    parts: Vec<(BotId, Part)>,
    have_processors: bool,
}

/// The plugins of one bot, in the order in which they are asked.
struct Crew {
    guests: Vec<Arc<Guest>>,
    roster: watch::Sender<Roster>,
}

impl Guests {
    /// Lets turns of these plugins begin, and no turns of others that the bot had. They come in the order in which they
    /// are asked. What is handed out shows the bot's roster, now and after every change.
    pub fn put(&self, bot: BotId, guests: Vec<Guest>) -> watch::Receiver<Roster> {
        let roster: Roster =
            guests.iter().map(|guest| (guest.plugin.name().clone(), guest.plugin.manifest().clone())).collect();
        let guests = guests.into_iter().map(Arc::new).collect();
        let mut loaded = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let crew = loaded.crews.entry(bot).or_insert_with(|| Crew { guests: vec![], roster: watch::Sender::default() });
        crew.guests = guests;
        crew.roster.send_replace(roster);
        let shown = crew.roster.subscribe();
        let parts_of = |(bot, crew): (&BotId, &Crew)| {
            let parts = |guest: &Arc<Guest>| guest.plugin.manifest().parts(guest.plugin.name()).collect::<Vec<_>>();
            crew.guests.iter().flat_map(parts).map(|part| (*bot, part)).collect::<Vec<_>>()
        };
        loaded.parts = loaded.crews.iter().flat_map(parts_of).collect();
        loaded.have_processors = loaded.parts.iter().any(|(_, part)| part.processor().is_some());
        shown
    }

    /// The plugins of a bot, in the order in which they are asked.
    pub fn of(&self, bot: BotId) -> Vec<Guest> {
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        loaded.crews.get(&bot).map_or(vec![], |crew| crew.guests.iter().map(|guest| Guest::clone(guest)).collect())
    }

    /// Some plugin of a bot.
    pub(super) fn any_of(&self, bot: BotId) -> Option<Arc<Guest>> {
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        loaded.crews.get(&bot)?.guests.first().cloned()
    }

    /// What is loaded and has lanes, but for these.
    pub(super) fn all_but(&self, without: &[(BotId, Part)]) -> Vec<(BotId, Part)> {
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        loaded.parts.iter().filter(|part| !without.contains(part)).cloned().collect()
    }

    /// Whether some of them have processors.
    pub(super) fn have_processors(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).have_processors
    }

    pub(super) fn get(&self, bot: BotId, plugin: &PluginName) -> Option<Arc<Guest>> {
        let loaded = self.0.read().unwrap_or_else(PoisonError::into_inner);
        loaded.crews.get(&bot)?.guests.iter().find(|guest| guest.plugin.name() == plugin).cloned()
    }
}
