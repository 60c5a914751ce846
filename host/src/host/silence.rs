//! Who keeps a bot from being started just now, and what the operator is told about it: who does not answer, what was heard
//! last, and what to do. It decides nothing: whoever is silent is asked again.

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
    /// Whether it is the same one that was silent before: that is no news.
    pub(super) fn is_as(&self, before: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(before)
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

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
