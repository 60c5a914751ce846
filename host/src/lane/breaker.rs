//! When a plugin is left alone for a while: a pure state machine for each bot and plugin or processor, in the memory of one host.
//!
//! 1. *Closed*: turns run. So many failed turns in a row (`limits.breaker`), in three lanes or more and without a
//!    success between, open it: one chat whose data are broken is no reason to stop all others.
//! 2. *Open*: the plugin's lanes wait, unclaimed and without using up the attempts of their events. 30 s at first, and
//!    twice as long after each trial that failed, up to 5 min.
//! 3. *Half open*: one turn is tried, the other lanes wait for it. It works: closed, and all is forgotten. It fails: open.
//!    It says nothing, because the database did not answer: another one is tried.
//! 4. Every turn carries the number of the state that it began in, and only what belongs to the state of now is listened
//!    to: a turn from before the breaker opened neither closes it nor ends the trial of another one.
//!
//! A failed turn is one that trapped, was stopped at a limit or asks to be run again. A plugin that gives an event up has
//! looked at it and decided, so it works. Every host finds out for itself; a breaker that is too late costs some failed
//! turns, and one that outlived the repair would cost more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Millis;
use crate::model::{BotId, Part, PluginName};

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
    /// Yes; with what it says afterwards comes this.
    Go(Pass),
    /// Not before this time.
    Wait(Millis),
}

/// The state in which a turn began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass(u64);

/// What may be claimed for a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claims {
    /// As many lanes as there is room for.
    Any,
    /// One, to be tried.
    One,
    /// None before this time.
    NoneUntil(Millis),
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
pub(super) struct Breaker {
    state: State,
    /// Counts the states.
    number: u64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: State::CLOSED, number: 0 }
    }
}

impl State {
    const CLOSED: Self = Self::Closed { failures: 0, lanes: Vec::new() };
}

impl Breaker {
    /// Asks for a turn. Whoever may go says afterwards how it went.
    pub(super) fn permit(&mut self, now: Millis) -> Permit {
        match self.state {
            State::Closed { .. } => {}
            State::Open { until, .. } if now < until => return Permit::Wait(until),
            State::Trying { since, .. } if now < after(since, LOST) => return Permit::Wait(after(now, TRIAL)),
            State::Open { pause, .. } | State::Trying { pause, .. } => {
                self.becomes(State::Trying { since: now, pause })
            }
        }
        Permit::Go(Pass(self.number))
    }

    /// What may be claimed now.
    pub(super) fn claims(&self, now: Millis) -> Claims {
        match self.state {
            State::Closed { .. } => Claims::Any,
            State::Open { until, .. } if now < until => Claims::NoneUntil(until),
            State::Trying { since, .. } if now < after(since, LOST) => Claims::NoneUntil(after(since, LOST)),
            State::Open { .. } | State::Trying { .. } => Claims::One,
        }
    }

    /// A turn was committed, or the plugin gave its event up.
    pub(super) fn worked(&mut self, pass: Pass) -> Option<Change> {
        if pass.0 != self.number {
            return None;
        }
        match &mut self.state {
            State::Closed { failures, lanes } => {
                *failures = 0;
                lanes.clear();
                None
            }
            State::Open { .. } => None,
            State::Trying { .. } => {
                self.becomes(State::CLOSED);
                Some(Change::Closed)
            }
        }
    }

    /// A turn of this lane failed; so many in a row are `allowed`.
    pub(super) fn failed(&mut self, pass: Pass, now: Millis, lane: i64, allowed: u32) -> Option<Change> {
        if pass.0 != self.number {
            return None;
        }
        match &mut self.state {
            State::Closed { failures, lanes } => {
                *failures = failures.saturating_add(1);
                if lanes.len() < LANES && !lanes.contains(&lane) {
                    lanes.push(lane);
                }
                if *failures < allowed || lanes.len() < LANES {
                    return None;
                }
                let pause = PAUSES.0;
                self.becomes(State::Open { until: after(now, pause), pause });
                Some(Change::Opened(pause))
            }
            State::Open { .. } => None,
            State::Trying { pause, .. } => {
                let pause = (*pause * 2).min(PAUSES.1);
                self.becomes(State::Open { until: after(now, pause), pause });
                Some(Change::StillOpen(pause))
            }
        }
    }

    /// A turn ended without saying anything of its plugin. Whether it was the trial: then another one may be made at once.
    pub(super) fn unclear(&mut self, pass: Pass) -> bool {
        match &self.state {
            State::Trying { since, pause } if pass.0 == self.number => {
                self.becomes(State::Open { until: *since, pause: *pause });
                true
            }
            _ => false,
        }
    }

    fn becomes(&mut self, state: State) {
        (self.state, self.number) = (state, self.number + 1);
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

    /// Begins anew with a plugin and its processors. What its turns under way say afterwards is not listened to.
    pub(super) fn forget(&self, bot: BotId, plugin: &PluginName) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let those = all.iter_mut().filter(|((of, part), _)| *of == bot && part.plugin() == plugin);
        those.for_each(|(_, breaker)| breaker.becomes(State::CLOSED));
    }

    /// Who may be claimed for, now.
    pub(super) fn look(&self, now: Millis) -> Look {
        let mut look = Look::default();
        for (who, breaker) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            match breaker.claims(now) {
                Claims::Any => continue,
                Claims::One => look.trial = Some(who.clone()),
                Claims::NoneUntil(until) => look.next = Some(look.next.map_or(until, |next| next.min(until))),
            }
            look.without.push(who.clone());
        }
        look
    }
}

/// What the breakers of one host let be claimed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Nothing of these as long as there is more than one lane at stake.
    pub(super) without: Vec<(BotId, Part)>,
    /// One lane of this one.
    pub(super) trial: Option<(BotId, Part)>,
    /// When the next of those may be tried that may not now.
    pub(super) next: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Millis = 1_000;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn pass(breaker: &mut Breaker, now: Millis) -> Pass {
        match breaker.permit(now) {
            Permit::Go(pass) => pass,
            Permit::Wait(until) => panic!("it waits until {until}"),
        }
    }

    /// Twenty failures in four lanes at time zero.
    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        let pass = pass(&mut breaker, 0);
        let changes: Vec<_> = (0..20).filter_map(|turn| breaker.failed(pass, 0, turn % 4, 20)).collect();
        assert_eq!(changes, [Change::Opened(seconds(30))]);
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it() {
        let mut breaker = opened();
        assert_eq!(breaker.permit(0), Permit::Wait(30 * S));
        assert_eq!(breaker.permit(30 * S - 1), Permit::Wait(30 * S));
        assert_eq!(breaker.claims(30 * S - 1), Claims::NoneUntil(30 * S));
    }

    #[test]
    fn a_success_between_begins_the_count_anew() {
        let mut breaker = Breaker::default();
        for turn in 0..100 {
            let pass = pass(&mut breaker, 0);
            assert_eq!(breaker.failed(pass, 0, turn, 20), None);
            if turn % 19 == 18 {
                assert_eq!(breaker.worked(pass), None);
            }
        }
        assert_eq!(breaker.claims(0), Claims::Any);
    }

    #[test]
    fn one_or_two_chats_are_not_enough() {
        let mut breaker = Breaker::default();
        let pass = pass(&mut breaker, 0);
        for turn in 0..1_000 {
            assert_eq!(breaker.failed(pass, 0, turn % 2, 20), None);
        }
        assert!(matches!(breaker.permit(0), Permit::Go(_)));
        assert_eq!(breaker.failed(pass, 0, 2, 20), Some(Change::Opened(seconds(30))), "the third chat is");
    }

    #[test]
    fn one_turn_is_tried_and_the_others_wait_for_it() {
        let mut breaker = opened();
        assert_eq!(breaker.claims(30 * S), Claims::One);
        let trial = pass(&mut breaker, 30 * S);
        assert_eq!(breaker.permit(30 * S), Permit::Wait(32 * S));
        assert!(matches!(breaker.claims(30 * S), Claims::NoneUntil(_)));
        assert_eq!(breaker.worked(trial), Some(Change::Closed));
        assert_eq!(breaker.claims(30 * S), Claims::Any);
        let pass = pass(&mut breaker, 30 * S);
        assert_eq!(breaker.failed(pass, 30 * S, 1, 20), None, "what was before is forgotten");
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let mut breaker = opened();
        let mut now = 30 * S;
        for pause in [60, 120, 240, 300, 300] {
            let trial = self::pass(&mut breaker, now);
            assert_eq!(breaker.failed(trial, now, 1, 20), Some(Change::StillOpen(seconds(pause))));
            now = after(now, seconds(pause));
            assert_eq!(breaker.permit(now - 1), Permit::Wait(now));
        }
    }

    #[test]
    fn turns_that_began_before_are_not_listened_to() {
        let mut breaker = Breaker::default();
        let before = pass(&mut breaker, 0);
        for turn in 0..20 {
            breaker.failed(before, 0, turn, 20);
        }
        assert_eq!(breaker.worked(before), None);
        assert_eq!(breaker.failed(before, S, 9, 20), None);
        assert_eq!(breaker.permit(S), Permit::Wait(30 * S));
        // Nor while another one is tried.
        let trial = pass(&mut breaker, 30 * S);
        assert_eq!(breaker.worked(before), None);
        assert_eq!(breaker.failed(before, 31 * S, 9, 20), None);
        breaker.unclear(before);
        assert_eq!(breaker.permit(31 * S), Permit::Wait(33 * S), "the trial is still under way");
        assert_eq!(breaker.failed(trial, 31 * S, 1, 20), Some(Change::StillOpen(seconds(60))));
    }

    #[test]
    fn a_trial_that_says_nothing_is_followed_by_another() {
        let mut breaker = opened();
        let first = pass(&mut breaker, 31 * S);
        breaker.unclear(first);
        let second = pass(&mut breaker, 31 * S);
        assert_eq!(breaker.permit(151 * S - 1), Permit::Wait(153 * S - 1));
        assert_eq!(breaker.claims(151 * S), Claims::One, "the second was lost");
        let third = pass(&mut breaker, 151 * S);
        assert_eq!(breaker.worked(second), None, "it comes too late");
        assert_eq!(breaker.worked(third), Some(Change::Closed));
    }

    #[test]
    fn a_claim_leaves_out_what_would_not_run() {
        let breakers = Breakers::default();
        let (good, bad) = (Part::parse("good").unwrap(), Part::parse("bad").unwrap());
        breakers.of(BotId(1), &good, |_| ());
        breakers.of(BotId(1), &bad, |breaker| *breaker = opened());
        let without = vec![(BotId(1), bad.clone())];
        let open = Look { without: without.clone(), trial: None, next: Some(30 * S) };
        assert_eq!(breakers.look(S), open);
        let due = Look { without, trial: Some((BotId(1), bad)), next: None };
        assert_eq!(breakers.look(30 * S), due);
    }
}
