//! What becomes of an event whose turn failed: a pure rule.
//!
//! 1. A plugin that says `give-up` knows best: the event is dead at once.
//! 2. Anything else may be different next time (a trap may come of data that have changed by then): the turn is run
//!    again after 1 s, 2 s, 4 s, 8 s, … at most 5 min, while the lane waits, so that the order of its events holds.
//! 3. After as many failures as `limits.attempts` allows the event is dead and the lane goes on. A poison event
//!    therefore holds up its own chat for about two minutes by default, and no other chat at all.
//! 4. A database that does not answer is nobody's fault: such a failure is retried without limit.

use std::time::Duration;

use crate::sandbox::TurnError;

/// The first pause; it doubles with every failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause: long enough to spare a broken service, short enough that a mended one is noticed.
const LONGEST: Duration = Duration::from_secs(300);

/// What becomes of an event whose turn failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Run it again after this time.
    Retry(Duration),
    /// Never again.
    Dead,
}

/// Decides on an event that has failed `failures` times before this one.
pub(super) fn decide(error: &TurnError, failures: u32, allowed: u32) -> Decision {
    match error {
        TurnError::GiveUp(_) => Decision::Dead,
        TurnError::Unavailable(_) => Decision::Retry(pause(failures)),
        _ if failures + 1 >= allowed => Decision::Dead,
        _ => Decision::Retry(pause(failures)),
    }
}

fn pause(failures: u32) -> Duration {
    FIRST.saturating_mul(1 << failures.min(16)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let trap = TurnError::Trap("unreachable".into());
        let pauses: Vec<_> = (0..12)
            .map(|failures| match decide(&trap, failures, 100) {
                Decision::Retry(pause) => pause.as_secs(),
                Decision::Dead => 0,
            })
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn the_last_allowed_failure_is_the_end() {
        let trap = TurnError::Trap("unreachable".into());
        assert_eq!(decide(&trap, 1, 3), Decision::Retry(Duration::from_secs(2)));
        assert_eq!(decide(&trap, 2, 3), Decision::Dead);
    }

    #[test]
    fn a_plugin_that_gives_up_is_believed() {
        assert_eq!(decide(&TurnError::GiveUp("no such card".into()), 0, 8), Decision::Dead);
    }

    #[test]
    fn a_silent_database_never_kills_an_event() {
        let silent = TurnError::Unavailable("connection refused".into());
        assert_eq!(decide(&silent, 50, 8), Decision::Retry(LONGEST));
    }
}
