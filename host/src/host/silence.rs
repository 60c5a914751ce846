//! Who keeps a bot from being started just now, and what the operator is told about it: who does not answer, what was heard
//! last, and what to do. It decides nothing: whoever is silent is asked again.

use std::mem::{Discriminant, discriminant};

use crate::store::StoreError;
use crate::telegram::CallError;

/// Who does not answer.
#[derive(Debug)]
pub(super) enum Silent {
    /// Telegram, or whatever stands at the bot's `api_url`.
    Telegram(CallError),
    /// The database.
    Database(StoreError),
}

impl Silent {
    fn kind(&self) -> Kind {
        match self {
            Self::Telegram(error) => Kind::Telegram(discriminant(error)),
            Self::Database(error) => Kind::Database(discriminant(error)),
        }
    }

    /// What the operator is told of a bot that waits for it.
    pub(super) fn told(&self, bot: &str, api_url: &str) -> String {
        let (who, reason, hint) = match self {
            Self::Telegram(error) => {
                let hint = match error {
                    CallError::NotSent(_) => format!(
                        "check that this machine reaches `{api_url}`, which is api_url of [[bot]] `{bot}`, or leave that out \
                         for Telegram's own"
                    ),
                    _ => format!(
                        "there is nothing to do if it passes; else check api_url of [[bot]] `{bot}`: `{api_url}`"
                    ),
                };
                ("Telegram", error.to_string(), hint)
            }
            Self::Database(error) => {
                ("the database", error.to_string(), "look at what else uses the database of database.url".to_owned())
            }
        };
        let (reason, own_hint) = reason.split_once("\nhint: ").unwrap_or((&reason, ""));
        let hint = if own_hint.is_empty() { &hint } else { own_hint };
        format!("bot `{bot}` waits, {who} does not answer: {reason}; asking again at least once a minute\nhint: {hint}")
    }
}

/// Who is silent and in which way: its hint goes by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Telegram(Discriminant<CallError>),
    Database(Discriminant<StoreError>),
}

/// What the operator knows of a silence.
#[derive(Debug)]
pub(super) struct Told {
    told: Kind,
    /// What was heard last.
    last: Kind,
}

impl Told {
    /// The first thing, which is told at once.
    pub(super) fn first(silent: &Silent) -> Self {
        Self { told: silent.kind(), last: silent.kind() }
    }

    /// Whether this is to be told: something else than was told last, and heard twice in a row. So nobody reads every minute
    /// that it goes to and fro.
    pub(super) fn is_news(&mut self, now: &Silent) -> bool {
        let before = std::mem::replace(&mut self.last, now.kind());
        let is_news = self.last == before && self.last != self.told;
        if is_news {
            self.told = self.last;
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_silence_is_told_once_it_stays() {
        let away = || Silent::Telegram(CallError::NotSent("refused".into()));
        let broken = || Silent::Telegram(CallError::Ambiguous("502".into()));
        let busy = || Silent::Database(StoreError::Busy { reason: "locked".into() });
        let gone = || Silent::Database(StoreError::Unreachable { reason: "refused".into() });
        let mut told = Told::first(&broken());
        let mut are_news = |heard: &[Silent]| heard.iter().map(|now| told.is_news(now)).collect::<Vec<_>>();
        assert_eq!(are_news(&[broken(), away(), away(), away()]), [false, false, true, false]);
        assert_eq!(are_news(&[broken(), away(), broken(), away(), away()]), [false; 5]);
        assert_eq!(are_news(&[broken(), broken()]), [false, true]);
        assert_eq!(are_news(&[busy(), busy(), gone(), gone(), busy()]), [false, true, false, true, false]);
    }

    #[test]
    fn it_says_who_why_and_what_to_do() {
        let telegram = |error| Silent::Telegram(error).told("main", "http://127.0.0.1:1");
        assert_eq!(
            telegram(CallError::NotSent("connection refused".into())),
            "bot `main` waits, Telegram does not answer: not sent: connection refused; asking again at least once a minute\n\
             hint: check that this machine reaches `http://127.0.0.1:1`, which is api_url of [[bot]] `main`, or leave that \
             out for Telegram's own"
        );
        assert!(telegram(CallError::Ambiguous("it hung up".into())).contains("no answer: it hung up; "));
        let database = |error| Silent::Database(error).told("main", "");
        assert_eq!(
            database(StoreError::Unreachable { reason: "refused".into() }),
            "bot `main` waits, the database does not answer: the database cannot be reached: refused; asking again at least \
             once a minute\nhint: check that it runs, and host and port in database.url"
        );
        let busy = database(StoreError::Busy { reason: "locked".into() });
        assert!(busy.ends_with("\nhint: look at what else uses the database of database.url"), "{busy}");
        let machine = database(StoreError::Machine { reason: "disk I/O error".into() });
        assert!(machine.contains("\nhint: look at the disk, the memory and the log of the machine"), "{machine}");
    }
}
