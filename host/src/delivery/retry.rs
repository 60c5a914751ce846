//! What becomes of a call that failed: a pure rule over `telegram::Decision` and the attempts so far.
//!
//! 1. What Telegram cannot be reached for is tried until it can: 1 s, 2 s, 4 s, … at most 30 s, because an outage must
//!    not turn messages into dead letters, and once it is over the queue has to drain soon.
//! 2. A server that fails or does not answer may be failing on this very call, so that one is given up after an hour or
//!    so of such answers; until then its chat waits behind it, because order is promised.
//! 3. A 429 is no failure of the call: it is not counted against it.
//! 4. Everything else is decided at once.

use std::time::Duration;

use crate::telegram::{CallError, Decision};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// Attempts at a call on which the server fails: at 30 s each, about an hour.
const FAILURES: u32 = 120;
/// How long a bot rests whose token is refused: its operator has been told and may put it right.
const REFUSED_BOT: Duration = Duration::from_secs(60);

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It counts as done.
    Done,
    /// It has become worthless.
    Expired,
    /// Never again.
    Dead,
    /// This chat may be written to again after this time.
    PauseChat(Duration),
    /// This bot may call again after this time.
    PauseBot(Duration),
    /// Nothing of this bot will work until its operator has done something; it looks again after this time.
    StopBot(Duration),
    /// Again after this time.
    Again(Duration),
}

/// Decides on a call that has failed `attempt` times before this one, `ambiguous` of them perhaps not. What can be mended
/// by changing the call (`WrongFile`, `BadEntities`) has been tried already; what is about the chat as a whole
/// (`ChatGone`, `Migrate`) is asked for before.
pub(super) fn decide(error: &CallError, attempt: u32, ambiguous: u32) -> Next {
    let pause = pause(attempt);
    match error.decide() {
        Decision::Done => Next::Done,
        Decision::Expired => Next::Expired,
        Decision::RetryAfter(wait) => Next::PauseChat(wait),
        Decision::StopBot => Next::StopBot(REFUSED_BOT),
        Decision::Dead | Decision::ChatGone | Decision::WrongFile | Decision::BadEntities | Decision::Migrate(_) => {
            Next::Dead
        }
        Decision::Retry | Decision::Conflict => match error {
            CallError::NotSent(_) => Next::PauseBot(pause),
            _ if error.is_ambiguous() && ambiguous + 1 >= FAILURES => Next::Dead,
            _ => Next::Again(pause),
        },
    }
}

/// How long to wait after an attempt that failed, when `attempt` have failed before it.
pub(super) fn pause(attempt: u32) -> Duration {
    FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::Refusal;

    fn refused(code: u16, description: &str) -> CallError {
        let description = description.into();
        CallError::Refused(Refusal { code, description, retry_after: None, migrate_to: None, from_api: true })
    }

    #[test]
    fn failures_lead_on() {
        let (restart, lost) = (refused(500, "Internal Server Error: restart"), CallError::Ambiguous("reset".into()));
        let away = CallError::NotSent("connection refused".into());
        let seconds = Duration::from_secs;
        for (error, attempt, expected) in [
            (&away, 0, Next::PauseBot(seconds(1))),
            (&away, 3, Next::PauseBot(seconds(8))),
            (&away, 5_000, Next::PauseBot(seconds(30))),
            (&restart, 0, Next::Again(seconds(1))),
            (&restart, 118, Next::Again(seconds(30))),
            (&restart, 119, Next::Dead),
            (&lost, 1, Next::Again(seconds(2))),
            (&refused(429, "Too Many Requests: retry after 7"), 500, Next::PauseChat(seconds(7))),
            (&refused(403, "Forbidden: bot was blocked by the user"), 0, Next::Dead),
            (&refused(401, "Unauthorized"), 0, Next::StopBot(REFUSED_BOT)),
            (&refused(400, "Bad Request: message is not modified"), 0, Next::Done),
            (
                &refused(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
                0,
                Next::Expired,
            ),
            (&refused(400, "Bad Request: wrong file identifier/HTTP URL specified"), 0, Next::Dead),
        ] {
            assert_eq!(decide(error, attempt, attempt), expected, "{error} after {attempt}");
        }
    }
}
