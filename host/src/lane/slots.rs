//! How many turns of one plugin or processor run at once: a pure rule, and the slots it is about.
//!
//! 1. A plugin may begin a turn as long as it holds fewer slots than are free. So one that takes all it can get leaves
//!    half of the slots, a second one a quarter, a third one an eighth: whoever comes later always finds some. This is
//!    what switches do with their packet buffers ("dynamic threshold"); it needs no list of who might come.
//! 2. A processor counts by itself, because one that is slow must not hold up its plugin's answers. It may begin a turn as
//!    long as it holds less than an eighth of what is free: eight of them, as many as a plugin has at most, leave half.
//! 3. Lanes are claimed several at a time, the longest waiting first, and nobody knows before whose they are. Hence all of
//!    a claim must fit whichever plugin it turns out to be for: it is as large as the smallest allowance, and plugins
//!    whose allowance is small against what is free are left out of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::model::{BotId, Part};

/// A plugin of a bot, or a processor.
type Who = (BotId, Part);

/// Who could take only a part this small of what it could from the start is left out of a claim.
const COARSE: usize = 4;

/// How many more slots may be taken by who holds so many, of so many that are free: until it holds as many as are free
/// then, or an eighth of them.
fn allowance(is_processor: bool, held: usize, free: usize) -> usize {
    match is_processor {
        false => free.saturating_sub(held).div_ceil(2),
        true => free.saturating_sub(held * 8).div_ceil(9),
    }
}

/// The slots of a host. Clones are the same slots.
#[derive(Clone)]
pub(super) struct Slots(Arc<Shared>);

struct Shared {
    held: Mutex<Held>,
    freed: Notify,
}

struct Held {
    free: usize,
    by: HashMap<Who, usize>,
}

/// What may be claimed now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// So many lanes at most; 0 if no slot is free.
    pub(super) lanes: usize,
    /// None of these plugins.
    pub(super) without: Vec<Who>,
}

/// A slot in use.
pub(super) struct Slot {
    slots: Slots,
    who: Who,
}

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self(Arc::new(Shared { held: Mutex::new(Held { free: count, by: HashMap::new() }), freed: Notify::new() }))
    }

    /// Waits until a slot is free, and says what may be claimed then.
    pub(super) async fn room(&self, with_processors: bool) -> Room {
        loop {
            let freed = self.0.freed.notified();
            let room = self.lock().room(with_processors);
            if room.lanes > 0 {
                return room;
            }
            freed.await;
        }
    }

    /// Takes a slot for a lane that was claimed.
    pub(super) fn take(&self, bot: BotId, part: Part) -> Slot {
        let who = (bot, part);
        let mut held = self.lock();
        held.free = held.free.saturating_sub(1);
        *held.by.entry(who.clone()).or_default() += 1;
        Slot { slots: self.clone(), who }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn room(&self, with_processors: bool) -> Room {
        let of = |is_processor, held| allowance(is_processor, held, self.free);
        let fits = |(who, held): &(&Who, &usize)| {
            let is_processor = who.1.processor().is_some();
            of(is_processor, **held) >= of(is_processor, 0).div_ceil(COARSE)
        };
        let (fit, without): (Vec<_>, Vec<_>) = self.by.iter().partition(fits);
        let most = of(with_processors, 0);
        let lanes = fit.into_iter().map(|(who, held)| of(who.1.processor().is_some(), *held)).fold(most, usize::min);
        Room { lanes, without: without.into_iter().map(|(who, _)| who.clone()).collect() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.lock();
        held.free += 1;
        if let Some(count) = held.by.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                held.by.remove(&self.who);
            }
        }
        drop(held);
        self.slots.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(name: &str) -> Who {
        (BotId(1), Part::parse(name).unwrap())
    }

    fn take(slots: &Slots, name: &str, count: usize) -> Vec<Slot> {
        (0..count).map(|_| slots.take(who(name).0, who(name).1)).collect()
    }

    /// Claims for one plugin until it gets no more.
    fn fill(slots: &Slots, name: &str) -> Vec<Slot> {
        let mut taken = Vec::new();
        loop {
            let room = slots.lock().room(false);
            if room.lanes == 0 || room.without.contains(&who(name)) {
                return taken;
            }
            taken.extend(take(slots, name, room.lanes));
        }
    }

    #[test]
    fn whoever_comes_later_finds_some() {
        let slots = Slots::new(128);
        let (first, second) = (fill(&slots, "first"), fill(&slots, "second"));
        let (third, fourth) = (fill(&slots, "third"), fill(&slots, "fourth"));
        assert_eq!([first.len(), second.len(), third.len(), fourth.len()], [64, 32, 16, 8]);
        let room = slots.lock().room(false);
        assert_eq!(room.lanes, 4);
        assert_eq!(room.without.len(), 4);
    }

    #[test]
    fn processors_leave_the_answers_their_slots() {
        let slots = Slots::new(128);
        let mut held = Vec::new();
        for number in 0..8 {
            let name = format!("busy/{number}");
            loop {
                let room = slots.lock().room(true);
                if room.lanes == 0 || room.without.contains(&who(&name)) {
                    break;
                }
                held.extend(take(&slots, &name, room.lanes));
            }
        }
        assert!(slots.lock().free > 128 / 3, "{} free", slots.lock().free);
        assert!(fill(&slots, "busy").len() > 128 / 6);
    }

    #[test]
    fn a_plugin_that_is_served_leaves_large_claims_to_others() {
        let slots = Slots::new(128);
        let mut greedy = fill(&slots, "greedy");
        drop(greedy.split_off(60));
        // Four slots came back. The greedy plugin might have two of them, and then others would have to come in twos.
        assert_eq!(slots.lock().room(false), Room { lanes: 34, without: vec![who("greedy")] });
        drop(greedy.split_off(50));
        assert_eq!(slots.lock().room(false), Room { lanes: 14, without: vec![] });
    }

    #[test]
    fn few_slots_serve_everybody_in_turn() {
        let slots = Slots::new(1);
        assert_eq!(slots.lock().room(false), Room { lanes: 1, without: vec![] });
        let taken = take(&slots, "one", 1);
        assert_eq!(slots.lock().room(false).lanes, 0);
        drop(taken);
        assert_eq!(slots.lock().room(false), Room { lanes: 1, without: vec![] });
        assert!(slots.lock().by.is_empty(), "nothing is remembered of who is gone");
    }

    #[tokio::test]
    async fn room_is_waited_for() {
        let slots = Slots::new(1);
        let taken = take(&slots, "one", 1);
        let (room, ()) = tokio::join!(slots.room(false), async { drop(taken) });
        assert_eq!(room.lanes, 1);
    }
}
