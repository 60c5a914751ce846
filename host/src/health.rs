//! What each bot is doing, put up where others can read it.
//!
//! Whoever runs a bot says here how it stands; who asks from outside (`http/health`) reads it. Nothing is decided by it:
//! a board that is wrong misleads a person, never the host.

use std::sync::{Arc, PoisonError, RwLock};

/// How updates reach a bot just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// They do not yet: it is being loaded, or Telegram does not answer.
    Waiting,
    /// This host asks Telegram for them.
    Polling,
    /// The same, and Telegram does not answer.
    Unanswered,
    /// Another host does.
    StandingBy,
    /// Telegram posts them.
    Webhook,
    /// Nobody asks for them until some of those that wait are done.
    Paused,
    /// They will not until the operator changes something: its token or one of its plugins.
    Refused,
}

impl State {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Polling => "polling",
            Self::Unanswered => "unanswered",
            Self::StandingBy => "standing by",
            Self::Webhook => "webhook",
            Self::Paused => "paused",
            Self::Refused => "refused",
        }
    }

    /// Whether the bot runs. One that Telegram leaves without an answer does: it sends and asks on, and no restart helps.
    pub fn runs(self) -> bool {
        !matches!(self, Self::Waiting | Self::Refused)
    }
}

/// Who calls Telegram for a bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// Who asks for its updates.
    Intake,
    /// Who sends its messages.
    Delivery,
}

/// A plugin that is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its name in the configuration.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// The component's SHA-256 in hexadecimal.
    pub digest: String,
}

/// How a bot stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// What the operator calls it.
    pub name: String,
    /// How updates reach it.
    pub state: State,
    /// To whom Telegram says that it does not take its token any more.
    pub barred: Vec<Caller>,
    /// Why updates cannot be stored, while they cannot.
    pub stuck: Option<&'static str>,
    /// Its plugins; none before it runs.
    pub plugins: Vec<Plugin>,
}

impl Bot {
    /// How it stands, all in all.
    pub fn standing(&self) -> State {
        if self.barred.is_empty() { self.state } else { State::Refused }
    }
}

/// All bots of a host. Cheap to clone; all clones show the same.
#[derive(Clone, Default)]
pub struct Board(Arc<RwLock<Vec<Bot>>>);

impl Board {
    /// Puts a bot up, as waiting.
    pub fn add(&self, name: &str) -> Place {
        let mut bots = self.0.write().unwrap_or_else(PoisonError::into_inner);
        bots.push(Bot {
            name: name.into(),
            state: State::Waiting,
            barred: Vec::new(),
            stuck: None,
            plugins: Vec::new(),
        });
        Place { board: self.clone(), index: bots.len() - 1 }
    }

    /// How all of them stand.
    pub fn bots(&self) -> Vec<Bot> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The place of one bot on the board.
#[derive(Clone)]
pub struct Place {
    board: Board,
    index: usize,
}

impl Place {
    /// How updates reach the bot now.
    pub fn is(&self, state: State) {
        self.change(|bot| bot.state = state);
    }

    /// What it has loaded.
    pub fn has(&self, plugins: Vec<Plugin>) {
        self.change(|bot| bot.plugins = plugins);
    }

    /// Why its updates cannot be stored, or that they can. Says whether that is news.
    pub fn is_stuck(&self, why: Option<&'static str>) -> bool {
        // On the way of every update: a change is rare, so a look comes first.
        let known = |bots: &[Bot]| bots.get(self.index).is_some_and(|bot| bot.stuck == why);
        if known(&self.board.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return false;
        }
        self.change(|bot| bot.stuck = why);
        true
    }

    /// Telegram does not take the bot's token. The alarm is raised once, whoever of those who call Telegram hears it first
    /// and however often: all of them go on asking now and then.
    pub fn token_is_refused(&self, caller: Caller, error: &impl std::fmt::Display) {
        if self.bars(caller, true) {
            let name = self.name();
            tracing::error!(
                bot = %name,
                "bot `{name}` is stopped, Telegram does not take its token: {error}; asking again every minute\nhint: compare \
                 the token of [[bot]] `{name}` with the one that @BotFather shows, and api_url with where the bot lives"
            );
        }
    }

    /// Telegram has done what this one asked for, so it takes the token.
    pub fn token_is_taken(&self, caller: Caller) {
        if self.bars(caller, false) {
            let name = self.name();
            tracing::info!(bot = %name, "Telegram takes the token of bot `{name}` again");
        }
    }

    /// Says whether that is news: that the first of them is barred, or that none is any more.
    fn bars(&self, caller: Caller, is_barred: bool) -> bool {
        let known = |bots: &[Bot]| bots.get(self.index).is_none_or(|bot| bot.barred.contains(&caller) == is_barred);
        if known(&self.board.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return false;
        }
        let mut is_news = false;
        self.change(|bot| {
            let before = bot.barred.is_empty();
            bot.barred.retain(|other| *other != caller);
            bot.barred.extend(is_barred.then_some(caller));
            is_news = bot.barred.is_empty() != before;
        });
        is_news
    }

    fn name(&self) -> String {
        let bots = self.board.0.read().unwrap_or_else(PoisonError::into_inner);
        bots.get(self.index).map(|bot| bot.name.clone()).unwrap_or_default()
    }

    fn change(&self, change: impl FnOnce(&mut Bot)) {
        let mut bots = self.board.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(bot) = bots.get_mut(self.index) {
            change(bot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_sees_what_a_bot_says_of_itself() {
        let board = Board::default();
        let (first, second) = (board.add("first"), board.add("second"));
        first.is(State::Polling);
        second.is(State::Refused);
        assert!(first.is_stuck(Some("full")) && !first.is_stuck(Some("full")), "news is news once");
        let shown = |board: &Board| board.bots().iter().map(|bot| (bot.state, bot.stuck)).collect::<Vec<_>>();
        assert_eq!(shown(&board), [(State::Polling, Some("full")), (State::Refused, None)]);
        assert!(first.is_stuck(None) && !first.is_stuck(None));
        assert!(first.bars(Caller::Intake, true) && !first.bars(Caller::Delivery, true));
        assert_eq!(board.bots()[0].standing(), State::Refused);
        first.is(State::StandingBy);
        assert_eq!(board.bots()[0].standing(), State::Refused, "whoever polls, the token is the same");
        assert!(!first.bars(Caller::Intake, false), "the other one still hears that it is refused");
        assert_eq!(board.bots()[0].standing(), State::Refused);
        assert!(first.bars(Caller::Delivery, false) && !first.bars(Caller::Delivery, false));
        assert_eq!(board.bots()[0].standing(), State::StandingBy);
    }
}
