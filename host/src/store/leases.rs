//! Leases: the right to run a lane, and what this host knows of those that it has.
//!
//! A lease that is dropped, say with a task that was cancelled, is given back at the next claim. So is what a claim took
//! whose answer was lost with the connection: this host holds the lane then without knowing, and as long as it lives
//! nobody else would run it. Claims of one kind come one after another, so after such a failure every lane of that kind
//! that stands under this host's name and is not known here is one of those. A claim that was given up can be committed
//! even later, when the server comes to itself, so once in a while they are looked for anyway.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::hosts::Hints;
use super::lanes::{FenceOutcome, LaneKind, Then};
use crate::clock::Millis;
use crate::model::{BotId, Part, PluginName};

/// How often lanes are looked for that this host holds and does not know of.
const SEARCH: Millis = 60_000;

/// The right to run a lane. Functions that write on behalf of a lane ask for it.
///
/// A lease that is dropped before it was given back, say with a task that was cancelled, is given back at the next claim.
pub struct Lease {
    pub(super) lane: i64,
    pub(super) fence: i64,
    pub(super) kind: LaneKind,
    pub(super) bot: BotId,
    pub(super) part: Option<Part>,
    pub(super) chat: i64,
    leases: Arc<Leases>,
    /// Whether there is anything to give back: its claim is committed, and it has neither been given back nor lost.
    live: AtomicBool,
    /// Whether a call was begun, of which nobody may know whether it was made.
    sends: AtomicBool,
}

impl Lease {
    /// One whose claim is not committed yet.
    pub(super) fn new(
        lane: i64,
        fence: i64,
        kind: LaneKind,
        bot: BotId,
        part: Option<Part>,
        chat: i64,
        leases: &Arc<Leases>,
    ) -> Self {
        let (leases, live, sends) = (Arc::clone(leases), AtomicBool::new(false), AtomicBool::new(false));
        Self { lane, fence, kind, bot, part, chat, leases, live, sends }
    }

    /// Its claim is committed: from now on it has to be given back.
    pub(super) fn begin(&mut self) {
        *self.live.get_mut() = true;
        self.leases.state().held.insert((self.lane, self.fence));
    }

    /// The bot.
    pub fn bot(&self) -> BotId {
        self.bot
    }

    /// The plugin or processor, if it is a lane of turns.
    pub fn part(&self) -> Option<&Part> {
        self.part.as_ref()
    }

    /// The plugin, if it is a lane of turns.
    pub fn plugin(&self) -> Option<&PluginName> {
        self.part.as_ref().map(Part::plugin)
    }

    /// The chat; the user where there is none; 0 for polling.
    pub fn chat(&self) -> i64 {
        self.chat
    }

    /// A call to Telegram begins. Until this is said, nothing that was claimed with the lease is in the air, and if it is
    /// dropped before, say by a hard shutdown, no call counts as one that may have arrived.
    pub fn sends(&self) {
        self.sends.store(true, Ordering::Release);
    }

    /// Marks it as given back or lost.
    pub(super) fn spend(&self) {
        if self.live.swap(false, Ordering::AcqRel) {
            self.leases.state().held.remove(&(self.lane, self.fence));
        }
    }

    /// Marks it after a write that ended like this.
    pub(super) fn after(&self, held: bool, then: Then) -> FenceOutcome {
        if !held || then == Then::Release {
            self.spend();
        }
        if held { FenceOutcome::Held } else { FenceOutcome::Lost }
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.part, self.kind) {
            (Some(part), _) => write!(f, "{}/{part}/{}", self.bot, self.chat),
            (None, LaneKind::Polling) => write!(f, "{}/polling", self.bot),
            (None, _) => write!(f, "{}/sending/{}", self.bot, self.chat),
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({self}, lane {}, fence {})", self.lane, self.fence)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if *self.live.get_mut() {
            let is_untouched = self.kind == LaneKind::Sending && !*self.sends.get_mut();
            let mut state = self.leases.state();
            state.held.remove(&(self.lane, self.fence));
            state.dropped.push(Dropped { lane: self.lane, fence: self.fence, is_untouched });
            drop(state);
            self.leases.hints.ring(self.kind.channel());
        }
    }
}

/// A lease that was dropped before it was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) lane: i64,
    pub(super) fence: i64,
    /// Whether it was for sending, and no call was begun.
    pub(super) is_untouched: bool,
}

/// What this host knows of the lanes it holds, by number and fence.
pub(super) struct Leases {
    state: Mutex<State>,
    /// Whoever drops a lease asks for the claim that gives it back.
    hints: Arc<Hints>,
}

#[derive(Default)]
struct State {
    held: HashSet<(i64, i64)>,
    /// Leases that were dropped before they were given back.
    dropped: Vec<Dropped>,
    /// Kinds of which a claim failed without saying whether it was committed.
    in_doubt: HashSet<LaneKind>,
    /// When lanes of a kind were looked for that this host may hold without knowing.
    searched: HashMap<LaneKind, Millis>,
}

impl Leases {
    pub(super) fn new(hints: &Arc<Hints>) -> Self {
        Self { state: Mutex::default(), hints: Arc::clone(hints) }
    }

    /// Whether this host has the lease, or had it and has dropped it since.
    pub(super) fn knows(&self, lane: i64, fence: i64) -> bool {
        let state = self.state();
        state.held.contains(&(lane, fence)) || state.dropped.iter().any(|it| (it.lane, it.fence) == (lane, fence))
    }

    pub(super) fn dropped(&self) -> Vec<Dropped> {
        self.state().dropped.clone()
    }

    pub(super) fn were_given_back(&self, leases: &[Dropped]) {
        self.state().dropped.retain(|lease| !leases.contains(lease));
    }

    /// A claim of this kind has failed; it may have been committed all the same.
    pub(super) fn doubt(&self, kind: LaneKind) {
        self.state().in_doubt.insert(kind);
    }

    pub(super) fn is_in_doubt(&self, kind: LaneKind) -> bool {
        self.state().in_doubt.contains(&kind)
    }

    /// Whether it is time to look for lanes of a kind that this host may hold without knowing.
    pub(super) fn has_to_search(&self, kind: LaneKind, now: Millis) -> bool {
        let mut state = self.state();
        let last = *state.searched.entry(kind).or_insert(now);
        state.in_doubt.contains(&kind) || now - last >= SEARCH
    }

    /// What a failed claim of this kind had taken has been given back.
    pub(super) fn is_sure(&self, kind: LaneKind, now: Millis) {
        let mut state = self.state();
        state.in_doubt.remove(&kind);
        state.searched.insert(kind, now);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
