//! Flood limits, to order: how fast bots may send before they are told to wait, as Telegram does it.
//!
//! New messages count, each one of an album; edits, answers and chat actions do not. Whoever is told to wait is refused
//! until that time, whatever else is free, and every call that comes too early is counted: a bot that obeys has none
//! but those that were under way when it was told.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ApiError, World};
use crate::clock::Millis;

/// How fast bots may send; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FloodLimits {
    /// Messages of one bot in any second, all chats together.
    pub per_second: u32,
    /// Messages of one bot in any second into one chat.
    pub per_second_in_chat: u32,
    /// Messages of one bot in any minute into one group, supergroup or channel.
    pub per_minute_in_group: u32,
    /// How many seconds a bot is told to wait; absent: until there is room, in whole seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
}

/// Whom a limit is about: a bot, and a chat if it is about one.
type Whom = (i64, Option<i64>);

/// The limits in force and how they were kept.
#[derive(Default)]
pub struct Flood {
    limits: FloodLimits,
    sent: HashMap<Whom, VecDeque<Millis>>,
    waits: HashMap<Whom, Millis>,
    refused: u64,
    early: u64,
}

impl Flood {
    /// The limits.
    pub fn limits(&self) -> FloodLimits {
        self.limits
    }

    /// How many calls were refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// How many of those came although the bot had been told to wait.
    pub fn early(&self) -> u64 {
        self.early
    }

    /// Whether a call that makes `count` messages is too fast: how many seconds it has to wait.
    fn strike(&mut self, now: Millis, bot: i64, chat: i64, count: usize) -> Option<i64> {
        if self.limits == FloodLimits::default() {
            return None;
        }
        let (all, one) = ((bot, None), (bot, Some(chat)));
        let told = self.waits.get(&all).copied().max(self.waits.get(&one).copied());
        if let Some(until) = told.filter(|until| *until > now) {
            self.early += 1;
            self.refused += 1;
            return Some((until - now + 999) / 1_000);
        }
        let FloodLimits { per_second, per_second_in_chat, per_minute_in_group, retry_after } = self.limits;
        let in_group = if chat < 0 { per_minute_in_group } else { 0 };
        let over = [(all, per_second, 1_000), (one, per_second_in_chat, 1_000), (one, in_group, 60_000)]
            .into_iter()
            .filter(|(_, most, _)| *most > 0)
            .find_map(|(whom, most, span)| Some((whom, self.free_at(whom, now, most, span, count)?)));
        if let Some((whom, free)) = over {
            let wait = retry_after.map_or((free - now + 999) / 1_000, i64::from).max(1);
            self.waits.insert(whom, now + wait * 1_000);
            self.refused += 1;
            return Some(wait);
        }
        for whom in [all, one] {
            let sent = self.sent.entry(whom).or_default();
            sent.extend(std::iter::repeat_n(now, count));
            while sent.front().is_some_and(|time| *time <= now - 60_000) {
                sent.pop_front();
            }
        }
        None
    }

    /// When there will be room for so many, if there is none now. More at once than there is ever room for wait for an
    /// empty span and then go.
    fn free_at(&self, whom: Whom, now: Millis, most: u32, span: Millis, count: usize) -> Option<Millis> {
        let times = self.sent.get(&whom)?;
        let recent: Vec<_> = times.iter().filter(|time| **time > now - span).collect();
        let surplus = (recent.len() + count).saturating_sub(most as usize).min(recent.len());
        (surplus > 0).then(|| recent[surplus - 1] + span)
    }
}

/// How many messages a method makes that count, of which `listed` are in its list.
fn messages_of(method: &str, listed: usize) -> usize {
    match method {
        "sendChatAction" => 0,
        "sendMediaGroup" => listed,
        _ => usize::from(method.starts_with("send")),
    }
}

impl World {
    /// Sets the flood limits and forgets what was sent so far.
    pub fn set_flood(&mut self, limits: FloodLimits) {
        self.flood = Flood { limits, ..Flood::default() };
    }

    /// The flood limits and how they were kept.
    pub fn flood(&self) -> &Flood {
        &self.flood
    }

    /// Whether a call comes too fast. `listed` is the length of its list of media.
    pub fn too_fast(&mut self, bot: i64, method: &str, chat: Option<i64>, listed: usize) -> Option<ApiError> {
        let count = messages_of(method, listed);
        if count == 0 {
            return None;
        }
        let wait = self.flood.strike(self.clock.now(), bot, chat?, count)?;
        let mut error = ApiError::new(429, format!("Too Many Requests: retry after {wait}"));
        error.parameters = Some(json!({ "retry_after": wait }));
        Some(error)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;

    fn wait(world: &mut World, chat: i64) -> Option<i64> {
        let error = world.too_fast(7, "sendMessage", Some(chat), 0)?;
        error.parameters?["retry_after"].as_i64()
    }

    #[test]
    fn a_bot_that_is_too_fast_has_to_wait_as_long_as_it_is_told() {
        let clock = Clock::manual(1_000_000);
        let mut world = World::new(clock.clone(), 1);
        assert_eq!(wait(&mut world, 5), None, "nothing was ordered");
        world.set_flood(FloodLimits { per_second_in_chat: 1, retry_after: Some(3), ..FloodLimits::default() });
        assert_eq!([wait(&mut world, 5), wait(&mut world, 5), wait(&mut world, 6)], [None, Some(3), None]);
        assert!(world.too_fast(7, "editMessageText", Some(5), 0).is_none());
        clock.advance(Duration::from_secs(2));
        assert_eq!(wait(&mut world, 5), Some(1), "too early, although the second is over");
        assert_eq!((world.flood().refused(), world.flood().early()), (2, 1));
        clock.advance(Duration::from_secs(1));
        assert_eq!(wait(&mut world, 5), None);
    }

    #[test]
    fn all_chats_of_a_bot_count_together_and_groups_by_the_minute() {
        let clock = Clock::manual(1_000_000);
        let mut world = World::new(clock.clone(), 1);
        world.set_flood(FloodLimits { per_second: 2, ..FloodLimits::default() });
        assert_eq!([1, 2, 3].map(|chat| wait(&mut world, chat)), [None, None, Some(1)]);
        world.set_flood(FloodLimits { per_minute_in_group: 4, ..FloodLimits::default() });
        assert!(world.too_fast(7, "sendMediaGroup", Some(-5), 3).is_none());
        clock.advance(Duration::from_secs(20));
        assert_eq!([wait(&mut world, -5), wait(&mut world, -5), wait(&mut world, 5)], [None, Some(40), None]);
    }
}
