//! When a plugin is left alone for a while: a pure state machine for each bot and plugin or processor, in the memory of one host.
//!
//! 1. *Closed*: turns run. So many failed turns in a row (`limits.breaker`), in three lanes or more and without a
//!    success between, open it: one chat whose data are broken is no reason to stop all others.
//! 2. *Open*: the plugin's lanes wait, without using up the attempts of their events. 30 s at first, and twice as long
//!    after each trial that failed, up to 5 min. What turns say that began before is not listened to.
//! 3. *Half open*: one turn is tried, the other lanes wait for it. It works: closed, and all is forgotten. It fails: open.
//!    It says nothing, because the database did not answer: another one is tried.
//!
//! A failed turn is one that trapped, was stopped at a limit or asks to be run again. A plugin that gives an event up has
//! looked at it and decided, so it works. Every host finds out for itself; a breaker that is too late costs some failed
//! turns, and one that outlived the repair would cost more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Millis;
use crate::model::{BotId, Part};

/// Lanes that have to be concerned.
const LANES: usize = 3;
/// The pauses double between these.
const PAUSES: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(300));
/// How long the other lanes wait for the trial before they look again.
const TRIAL: Duration = Duration::from_secs(2);
/// A trial that has not said anything for so long never will: longer than a turn may last.
const LOST: Duration = Duration::from_secs(120);

/// Whether a turn may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permit {
    /// Yes.
    Go,
    /// Not before this time.
    Wait(Millis),
}

/// What the admins should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The plugin is left alone for so long.
    Opened(Duration),
    /// The trial failed: again for so long.
    StillOpen(Duration),
    /// It works again.
    Closed,
}

#[derive(Debug)]
enum State {
    Closed { failures: u32, lanes: Vec<i64> },
    Open { until: Millis, pause: Duration },
    Trying { since: Millis, pause: Duration },
}

/// The breaker of one plugin.
#[derive(Debug)]
pub(super) struct Breaker(State);

impl Default for Breaker {
    fn default() -> Self {
        Self(State::Closed { failures: 0, lanes: Vec::new() })
    }
}

impl Breaker {
    /// Asks for a turn. Whoever may go says afterwards how it went.
    pub(super) fn permit(&mut self, now: Millis) -> Permit {
        match self.0 {
            State::Closed { .. } => Permit::Go,
            State::Open { until, .. } if now < until => Permit::Wait(until),
            State::Trying { since, .. } if now < after(since, LOST) => Permit::Wait(after(now, TRIAL)),
            State::Open { pause, .. } | State::Trying { pause, .. } => {
                self.0 = State::Trying { since: now, pause };
                Permit::Go
            }
        }
    }

    /// A turn was committed, or the plugin gave its event up.
    pub(super) fn worked(&mut self) -> Option<Change> {
        match &mut self.0 {
            State::Closed { failures, lanes } => {
                *failures = 0;
                lanes.clear();
                None
            }
            State::Open { .. } => None,
            State::Trying { .. } => {
                *self = Self::default();
                Some(Change::Closed)
            }
        }
    }

    /// A turn of this lane failed; so many in a row are `allowed`.
    pub(super) fn failed(&mut self, now: Millis, lane: i64, allowed: u32) -> Option<Change> {
        match &mut self.0 {
            State::Closed { failures, lanes } => {
                *failures = failures.saturating_add(1);
                if lanes.len() < LANES && !lanes.contains(&lane) {
                    lanes.push(lane);
                }
                if *failures < allowed || lanes.len() < LANES {
                    return None;
                }
                let pause = PAUSES.0;
                self.0 = State::Open { until: after(now, pause), pause };
                Some(Change::Opened(pause))
            }
            State::Open { .. } => None,
            State::Trying { pause, .. } => {
                let pause = (*pause * 2).min(PAUSES.1);
                self.0 = State::Open { until: after(now, pause), pause };
                Some(Change::StillOpen(pause))
            }
        }
    }

    /// A turn ended without saying anything of its plugin.
    pub(super) fn unclear(&mut self) {
        if let State::Trying { since, pause } = self.0 {
            self.0 = State::Open { until: since, pause };
        }
    }
}

fn after(now: Millis, span: Duration) -> Millis {
    now.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

/// The breakers of one host.
#[derive(Clone, Default)]
pub(super) struct Breakers(Arc<Mutex<HashMap<(BotId, Part), Breaker>>>);

impl Breakers {
    /// Asks or tells the breaker of a plugin.
    pub(super) fn of<T>(&self, bot: BotId, part: &Part, act: impl FnOnce(&mut Breaker) -> T) -> T {
        let mut all: MutexGuard<'_, _> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(all.entry((bot, part.clone())).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Millis = 1_000;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// Twenty failures in four lanes at time zero.
    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        let changes: Vec<_> = (0..20).filter_map(|turn| breaker.failed(0, turn % 4, 20)).collect();
        assert_eq!(changes, [Change::Opened(seconds(30))]);
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it() {
        let mut breaker = opened();
        assert_eq!(breaker.permit(0), Permit::Wait(30 * S));
        assert_eq!(breaker.permit(30 * S - 1), Permit::Wait(30 * S));
    }

    #[test]
    fn a_success_between_begins_the_count_anew() {
        let mut breaker = Breaker::default();
        for turn in 0..100 {
            assert_eq!(breaker.failed(0, turn, 20), None);
            if turn % 19 == 18 {
                assert_eq!(breaker.worked(), None);
            }
        }
        assert_eq!(breaker.permit(0), Permit::Go);
    }

    #[test]
    fn one_or_two_chats_are_not_enough() {
        let mut breaker = Breaker::default();
        for turn in 0..1_000 {
            assert_eq!(breaker.failed(0, turn % 2, 20), None);
        }
        assert_eq!(breaker.permit(0), Permit::Go);
        assert_eq!(breaker.failed(0, 2, 20), Some(Change::Opened(seconds(30))), "the third chat is");
    }

    #[test]
    fn one_turn_is_tried_and_the_others_wait_for_it() {
        let mut breaker = opened();
        assert_eq!(breaker.permit(30 * S), Permit::Go);
        assert_eq!(breaker.permit(30 * S), Permit::Wait(32 * S));
        assert_eq!(breaker.worked(), Some(Change::Closed));
        assert_eq!(breaker.permit(30 * S), Permit::Go);
        assert_eq!(breaker.failed(30 * S, 1, 20), None, "what was before is forgotten");
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let mut breaker = opened();
        let mut now = 30 * S;
        for pause in [60, 120, 240, 300, 300] {
            assert_eq!(breaker.permit(now), Permit::Go);
            assert_eq!(breaker.failed(now, 1, 20), Some(Change::StillOpen(seconds(pause))));
            now = after(now, seconds(pause));
            assert_eq!(breaker.permit(now - 1), Permit::Wait(now));
        }
    }

    #[test]
    fn turns_that_began_before_are_not_listened_to() {
        let mut breaker = opened();
        assert_eq!(breaker.worked(), None);
        assert_eq!(breaker.failed(S, 9, 20), None);
        assert_eq!(breaker.permit(S), Permit::Wait(30 * S));
    }

    #[test]
    fn a_trial_that_says_nothing_is_followed_by_another() {
        let mut breaker = opened();
        assert_eq!(breaker.permit(31 * S), Permit::Go);
        breaker.unclear();
        assert_eq!(breaker.permit(31 * S), Permit::Go);
        assert_eq!(breaker.permit(151 * S - 1), Permit::Wait(153 * S - 1));
        assert_eq!(breaker.permit(151 * S), Permit::Go, "the second was lost");
    }
}
