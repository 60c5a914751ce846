//! What becomes of an event whose turn failed: a pure rule.
//!
//! 1. A plugin that says `give-up` knows best: the event is dead at once.
//! 2. Anything else may be different next time (a trap may come of data that have changed by then): the turn is run
//!    again after 1 s, 2 s, 4 s, 8 s, … at most 5 min, while the lane waits, so that the order of its events holds.
//! 3. After as many failures as `limits.attempts` allows the event is dead and the lane goes on. A poison event
//!    therefore holds up its own chat for about two minutes by default, and no other chat at all.
//! 4. A database that does not answer, that somebody keeps busy or whose machine fails is nobody's fault: such a failure
//!    is not counted, and the turn is run again every 5 s as long as the event is worth it, so that soon after the trouble
//!    is over nothing waits any more.
//! 5. A turn that would be run again only after its event's deadline is not worth waiting for: the event ends now, as
//!    expired. Eight failures take 127 s, so a message or a button on which a plugin always fails is a dead letter all
//!    the same; an inline query, which is worth 30 s, is not.

use std::time::Duration;

use crate::sandbox::TurnError;

/// The first pause; it doubles with every failure.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause: long enough to spare a broken service, short enough that a mended one is noticed.
const LONGEST: Duration = Duration::from_secs(300);

/// The pause while the database is in trouble.
const TROUBLE: Duration = Duration::from_secs(5);

/// What becomes of an event whose turn failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Run it again after this time.
    Retry(Duration),
    /// Never again.
    Dead,
    /// Never again, because nobody would be waiting.
    Expired,
}

/// Decides on an event that has failed `failures` times before this one and is worth something for the time `left`.
pub(super) fn decide(error: &TurnError, failures: u32, allowed: u32, left: Duration) -> Decision {
    let pause = match error {
        TurnError::GiveUp(_) => return Decision::Dead,
        TurnError::Unavailable(_) => TROUBLE,
        _ if failures + 1 >= allowed => return Decision::Dead,
        _ => FIRST.saturating_mul(1 << failures.min(16)).min(LONGEST),
    };
    if pause < left { Decision::Retry(pause) } else { Decision::Expired }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn trap() -> TurnError {
        TurnError::Trap("unreachable".into())
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let pauses: Vec<_> = (0..12)
            .map(|failures| match decide(&trap(), failures, 100, DAY) {
                Decision::Retry(pause) => pause.as_secs(),
                Decision::Dead | Decision::Expired => 0,
            })
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn the_last_allowed_failure_is_the_end() {
        assert_eq!(decide(&trap(), 1, 3, DAY), Decision::Retry(Duration::from_secs(2)));
        assert_eq!(decide(&trap(), 2, 3, DAY), Decision::Dead);
        assert_eq!(decide(&trap(), 2, 3, Duration::ZERO), Decision::Dead, "also if it was the last moment");
    }

    #[test]
    fn a_plugin_that_gives_up_is_believed() {
        assert_eq!(decide(&TurnError::GiveUp("no such card".into()), 0, 8, DAY), Decision::Dead);
    }

    #[test]
    fn a_silent_database_never_kills_an_event() {
        let silent = TurnError::Unavailable("connection refused".into());
        assert_eq!(decide(&silent, 50, 8, DAY), Decision::Retry(TROUBLE));
        assert_eq!(decide(&silent, 50, 8, TROUBLE), Decision::Expired);
    }

    #[test]
    fn what_nobody_would_wait_for_is_not_tried_again() {
        // An inline query: failures after 0, 1, 3, 7 and 15 s, and the next attempt would come after 31.
        let left = |after: u64| Duration::from_secs(30 - after);
        for (failures, after) in [(0, 0), (1, 1), (2, 3), (3, 7)] {
            assert!(matches!(decide(&trap(), failures, 8, left(after)), Decision::Retry(_)), "{after}");
        }
        assert_eq!(decide(&trap(), 4, 8, left(15)), Decision::Expired);
    }

    #[test]
    fn a_button_on_which_a_plugin_always_fails_is_a_dead_letter() {
        let mut left = 150;
        for failures in 0..7 {
            let Decision::Retry(pause) = decide(&trap(), failures, 8, Duration::from_secs(left)) else { panic!() };
            left -= pause.as_secs();
        }
        assert_eq!(decide(&trap(), 7, 8, Duration::from_secs(left)), Decision::Dead);
    }
}
