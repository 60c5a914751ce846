//! How fast a bot sends of itself: token buckets, as a pure rule over the clock and what was sent.
//!
//! 1. A bucket gives one token for each message, so many at once and so many in a time. What is taken beyond that (an
//!    album is one call and several messages) is a debt that has to run in again first.
//! 2. A chat waits for its own buckets: some messages at once, then one a second; in a group at most so many in any
//!    minute, so half of them at once and the other half spread over it.
//! 3. A bot's own bucket is shared by its chats. They take turns, one message each, those who have waited longest
//!    first: a place in line is paid when a chat is claimed ([`Paces::places`]), and a chat that has sent its message
//!    goes to the end. So a chat with a thousand messages keeps another one waiting for as long as any chat does.
//! 4. New messages count, however they are made. Edits, deletions, answers to buttons and chat actions do not: Telegram
//!    names no number for them, and what it has against them it says with a 429.
//!
//! It is guidance, kept by each host for itself; what Telegram really wants is in `limits`, and that all hosts share.

use std::collections::HashMap;

use crate::clock::Millis;
use crate::config::Pace;
use crate::model::BotId;

/// Buckets of chats are looked through for full ones, which are like new, whenever so many more have come.
const SWEEP: usize = 1_024;

/// A rate: so many at once, then one in so many microseconds. As integers, so that it is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    every: i64,
    burst: i64,
}

impl Rate {
    fn of(count: u32, seconds: i64, burst: u32) -> Option<Self> {
        let every = (count > 0).then(|| seconds * 1_000_000 / i64::from(count))?;
        Some(Self { every, burst: i64::from(burst).max(1) })
    }
}

/// A bucket is the time at which it will be full, in microseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket(i64);

impl Bucket {
    /// How many tokens are in it.
    fn has(self, now: Millis, rate: Rate) -> usize {
        let missing = (self.0 - now * 1_000).max(0);
        usize::try_from((rate.every * rate.burst - missing).div_euclid(rate.every)).unwrap_or(0)
    }

    /// When it has one, in whole milliseconds.
    fn ready(self, rate: Rate) -> Millis {
        let time = self.0 - rate.every * (rate.burst - 1);
        time.div_euclid(1_000) + i64::from(time.rem_euclid(1_000) > 0)
    }

    fn take(&mut self, now: Millis, rate: Rate, count: i64) {
        self.0 = self.0.max(now * 1_000) + rate.every * count;
    }

    fn is_full(self, now: Millis) -> bool {
        self.0 <= now * 1_000
    }
}

/// The rates of one bot.
#[derive(Debug, Clone, Copy)]
struct Rates {
    bot: Option<Rate>,
    chat: Option<Rate>,
    group: Option<Rate>,
}

impl From<Pace> for Rates {
    fn from(pace: Pace) -> Self {
        Self {
            // A tenth of a second's worth at once: what comes together goes out together, and no second has more than
            // a tenth too many.
            bot: Rate::of(pace.per_second, 1, pace.per_second / 10),
            chat: Rate::of(pace.per_second_in_chat, 1, pace.burst_in_chat),
            group: Rate::of(pace.per_minute_in_group.div_ceil(2), 60, pace.per_minute_in_group / 2),
        }
    }
}

/// How many chats of a bot may be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    /// As many as there is room for; nobody counts.
    Free,
    /// So many, and they are paid. What is not used is to be given back.
    Paid(usize),
    /// None before this time.
    NoneUntil(Millis),
}

/// The buckets of a host.
#[derive(Debug, Default)]
pub(super) struct Paces {
    rates: HashMap<BotId, Rates>,
    bots: HashMap<BotId, Bucket>,
    /// The bucket of each chat, and the further one of a group.
    chats: HashMap<(BotId, i64), (Bucket, Bucket)>,
    swept: usize,
}

impl Paces {
    /// Sets the pace of a bot.
    pub(super) fn set(&mut self, bot: BotId, pace: Pace) {
        self.rates.insert(bot, pace.into());
    }

    /// Whether chats of this bot take turns, one message each.
    pub(super) fn take_turns(&self, bot: BotId) -> bool {
        self.rates.get(&bot).is_some_and(|rates| rates.bot.is_some())
    }

    /// Pays for up to `wanted` chats to be claimed.
    pub(super) fn places(&mut self, now: Millis, bot: BotId, wanted: usize) -> Places {
        let Some(rate) = self.rates.get(&bot).and_then(|rates| rates.bot) else { return Places::Free };
        let bucket = self.bots.entry(bot).or_default();
        match bucket.has(now, rate).min(wanted) {
            0 => Places::NoneUntil(bucket.ready(rate)),
            count => {
                bucket.take(now, rate, i64::try_from(count).unwrap_or(0));
                Places::Paid(count)
            }
        }
    }

    /// Pays for so many places that are being used.
    pub(super) fn pay(&mut self, now: Millis, bot: BotId, count: usize) {
        if let Some(rate) = self.rates.get(&bot).and_then(|rates| rates.bot) {
            self.bots.entry(bot).or_default().take(now, rate, i64::try_from(count).unwrap_or(0));
        }
    }

    /// Takes places back that were paid and not used.
    pub(super) fn give_back(&mut self, bot: BotId, count: usize) {
        let Some(rate) = self.rates.get(&bot).and_then(|rates| rates.bot) else { return };
        if let Some(bucket) = self.bots.get_mut(&bot) {
            bucket.0 -= rate.every * i64::try_from(count).unwrap_or(0);
        }
    }

    /// When this chat may get a message, if not now.
    pub(super) fn chat_waits(&self, now: Millis, bot: BotId, chat: i64) -> Option<Millis> {
        let (rates, (one, other)) = (self.rates.get(&bot)?, self.chats.get(&(bot, chat))?);
        let waits = |bucket: &Bucket, rate: Option<Rate>| Some(bucket.ready(rate?)).filter(|time| *time > now);
        waits(one, rates.chat).max(waits(other, rates.group))
    }

    /// This chat has got so many messages. One of them was paid with the chat's place in line.
    pub(super) fn sent(&mut self, now: Millis, bot: BotId, chat: i64, count: i64) {
        let Some(rates) = self.rates.get(&bot).copied() else { return };
        if let Some(rate) = rates.bot {
            self.bots.entry(bot).or_default().take(now, rate, count - 1);
        }
        if rates.chat.is_none() && rates.group.is_none() {
            return;
        }
        let (one, other) = self.chats.entry((bot, chat)).or_default();
        if let Some(rate) = rates.chat {
            one.take(now, rate, count);
        }
        // Groups and channels have negative ids.
        if let Some(rate) = rates.group.filter(|_| chat < 0) {
            other.take(now, rate, count);
        }
        if self.chats.len() > self.swept + SWEEP {
            self.chats.retain(|_, (one, other)| !(one.is_full(now) && other.is_full(now)));
            self.swept = self.chats.len();
        }
    }
}

/// How many messages a call makes that counts; 0 if it does not.
pub(super) fn messages_of(method: &str, body: &str) -> i64 {
    #[derive(serde::Deserialize)]
    struct Many {
        #[serde(alias = "message_ids")]
        media: Vec<serde::de::IgnoredAny>,
    }
    match method {
        "sendChatAction" => 0,
        "sendMediaGroup" | "forwardMessages" | "copyMessages" => serde_json::from_str::<Many>(body)
            .map_or(1, |many| i64::try_from(many.media.len()).unwrap_or(1).clamp(1, 100)),
        "forwardMessage" | "copyMessage" => 1,
        _ => i64::from(method.starts_with("send")),
    }
}

#[cfg(test)]
mod tests;
