//! When Telegram may be called again: a pure rule over what it has answered so far.
//!
//! 1. A 429 holds its chat back for as long as it says.
//! 2. It does not say whether it means the chat or the bot. One chat alone is taken at its word; when a second chat is
//!    told to wait while the first still has to, and nothing has got through to any chat in between, it is the bot that
//!    is too fast, and all of it waits.
//! 3. A bot whose server cannot be reached, or which Telegram does not know any more, waits as a whole.
//!
//! What a 429 says is also written into the database, for a chat with the call (`SendOutcome::Retry`) and for a bot in
//! `bots.hold_until`, where it outlasts this process and holds for other hosts. The pauses of rule 3 are only here: that
//! the server cannot be reached is about this host, and a token that was repaired should work at the next start.

use std::collections::HashMap;

use crate::clock::Millis;
use crate::model::BotId;

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Permit {
    /// Now.
    Go,
    /// Not before this time.
    Wait(Millis),
}

/// Who has to wait until when.
#[derive(Debug, Default)]
pub(super) struct Limits {
    chats: HashMap<(BotId, i64), Millis>,
    bots: HashMap<BotId, Millis>,
    /// The chat that was told to wait last, if nothing of its bot has got through since.
    refused: HashMap<BotId, i64>,
}

impl Limits {
    /// Whether this chat may be written to.
    pub(super) fn permit(&self, now: Millis, bot: BotId, chat: i64) -> Permit {
        let until = self.bots.get(&bot).copied().max(self.chats.get(&(bot, chat)).copied());
        until.filter(|until| *until > now).map_or(Permit::Go, Permit::Wait)
    }

    /// The same for a bot, whichever chat it writes to.
    pub(super) fn permit_bot(&self, now: Millis, bot: BotId) -> Permit {
        self.bots.get(&bot).copied().filter(|until| *until > now).map_or(Permit::Go, Permit::Wait)
    }

    /// A call of this bot has got through.
    pub(super) fn passed(&mut self, bot: BotId) {
        if !self.refused.is_empty() {
            self.refused.remove(&bot);
        }
    }

    /// Telegram has answered a call to this chat with 429. Until when the whole bot has to wait, if it is the bot.
    pub(super) fn refuse_chat(&mut self, now: Millis, bot: BotId, chat: i64, until: Millis) -> Option<Millis> {
        self.forget(now);
        let before = self.refused.insert(bot, chat).filter(|before| *before != chat);
        let both_wait = before.is_some_and(|before| self.chats.contains_key(&(bot, before)));
        let known = self.chats.entry((bot, chat)).or_insert(until);
        *known = until.max(*known);
        let is_held = self.bots.contains_key(&bot);
        (both_wait || is_held).then(|| {
            self.hold_bot(now, bot, until);
            self.bots.get(&bot).copied().unwrap_or(until)
        })
    }

    /// No call of this bot makes sense before `until`. Whether it had been free to call till now.
    pub(super) fn hold_bot(&mut self, now: Millis, bot: BotId, until: Millis) -> bool {
        self.forget(now);
        let was_free = !self.bots.contains_key(&bot);
        let known = self.bots.entry(bot).or_insert(until);
        *known = until.max(*known);
        was_free
    }

    fn forget(&mut self, now: Millis) {
        self.chats.retain(|_, until| *until > now);
        self.bots.retain(|_, until| *until > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOT: BotId = BotId(1);
    const OTHER: BotId = BotId(2);

    #[test]
    fn a_chat_waits_alone() {
        let mut limits = Limits::default();
        limits.refuse_chat(1_000, BOT, 5, 4_000);
        assert_eq!(limits.permit(1_000, BOT, 5), Permit::Wait(4_000));
        assert_eq!(limits.permit(4_000, BOT, 5), Permit::Go);
        assert_eq!(limits.permit(1_000, BOT, 6), Permit::Go);
        assert_eq!(limits.permit(1_000, OTHER, 5), Permit::Go);
        limits.refuse_chat(1_500, BOT, 5, 2_000);
        assert_eq!(limits.permit(1_500, BOT, 5), Permit::Wait(4_000), "a shorter pause does not shorten a longer one");
    }

    #[test]
    fn two_chats_mean_the_bot() {
        let mut limits = Limits::default();
        assert_eq!(limits.refuse_chat(1_000, BOT, 5, 4_000), None);
        assert_eq!(limits.refuse_chat(1_500, BOT, 5, 4_500), None, "the same chat again says nothing new");
        assert_eq!(limits.refuse_chat(2_000, BOT, 6, 9_000), Some(9_000));
        assert_eq!(limits.permit(2_000, BOT, 7), Permit::Wait(9_000));
        assert_eq!(limits.permit_bot(2_000, BOT), Permit::Wait(9_000));
        assert_eq!(limits.permit(2_000, OTHER, 7), Permit::Go);
        // What was under way when the bot began to wait is refused, too.
        assert_eq!(limits.refuse_chat(2_100, BOT, 8, 3_000), Some(9_000));

        let mut limits = Limits::default();
        limits.refuse_chat(1_000, BOT, 5, 4_000);
        limits.refuse_chat(4_000, BOT, 6, 9_000);
        assert_eq!(limits.permit(4_000, BOT, 7), Permit::Go, "the first pause was over");
    }

    #[test]
    fn two_chats_mean_themselves_where_others_get_through() {
        let mut limits = Limits::default();
        limits.refuse_chat(1_000, BOT, 5, 40_000);
        limits.passed(BOT);
        assert_eq!(limits.refuse_chat(2_000, BOT, 6, 50_000), None);
        assert_eq!(limits.permit(2_000, BOT, 7), Permit::Go);
        assert_eq!(limits.permit(2_000, BOT, 6), Permit::Wait(50_000));
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let mut limits = Limits::default();
        for chat in 0..1_000 {
            limits.refuse_chat(chat, OTHER, chat, chat + 1);
        }
        assert!(limits.chats.len() <= 2 && limits.bots.len() <= 1);
    }
}
