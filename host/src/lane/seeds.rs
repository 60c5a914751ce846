//! Where the seed of a turn comes from, of which all that is random in it follows.
//!
//! In a host that works for people nobody can guess it. Where a conversation has to come out the same each time, it follows
//! from one number and from the how many-th run of its lane the turn is: lanes run side by side, so what is drawn must not
//! depend on which of them was quicker.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

use crate::model::{BotId, Part};

/// Seeds for turns. Cheap to clone; all clones draw from one source.
#[derive(Clone)]
pub struct Seeds(Arc<Mutex<Source>>);

enum Source {
    Unknown(Box<StdRng>),
    Fixed { seed: u64, runs: HashMap<(BotId, Part, i64), u64> },
}

impl Seeds {
    /// Seeds that nobody can guess.
    pub fn unknown() -> Self {
        // The one draw from the operating system; every turn's seed comes from here.
        Self(Arc::new(Mutex::new(Source::Unknown(Box::new(StdRng::from_os_rng())))))
    }

    /// Seeds that are the same whenever a conversation is the same.
    pub fn fixed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Source::Fixed { seed, runs: HashMap::new() })))
    }

    /// The seed for one run of a turn in this lane.
    pub(super) fn draw(&self, bot: BotId, part: Option<&Part>, chat: i64) -> [u8; 32] {
        let mut drawn = [0; 32];
        match (&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), part) {
            (Source::Unknown(random), _) => random.fill_bytes(&mut drawn),
            (Source::Fixed { seed, runs }, Some(part)) => {
                let run = runs.entry((bot, part.clone(), chat)).or_default();
                *run += 1;
                let text = format!("{seed} {} {part} {chat} {run}", bot.0);
                drawn = Sha256::digest(text).into();
            }
            (Source::Fixed { .. }, None) => {}
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PluginName;

    #[test]
    fn fixed_seeds_depend_on_their_lane_alone() {
        let part = |name| Part::from(PluginName::new(name).unwrap());
        let draw = |seeds: &Seeds, name, chat| seeds.draw(BotId(7), Some(&part(name)), chat);
        let (a, b) = (Seeds::fixed(1), Seeds::fixed(1));
        let first = [draw(&a, "cards", 1), draw(&a, "cards", 2), draw(&a, "cards", 1)];
        let second = [draw(&b, "cards", 1), draw(&b, "cards", 1), draw(&b, "cards", 2)];
        assert_eq!((first[0], first[2], first[1]), (second[0], second[1], second[2]));
        assert_ne!(first[0], first[2]);
        assert_ne!(draw(&Seeds::fixed(2), "cards", 1), first[0]);
        assert_ne!(draw(&Seeds::unknown(), "cards", 1), draw(&Seeds::unknown(), "cards", 1));
    }
}
