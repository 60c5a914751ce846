//! Bots: a token, a name, a queue of updates and what they told Telegram about themselves.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::updates::UpdateQueue;
use super::webhook::Webhook;
use super::{Refusal, Signal, World, commands};

/// A bot account.
pub struct Bot {
    /// The first part of the token.
    pub id: i64,
    /// The whole token.
    pub token: String,
    /// Without the `@`.
    pub username: String,
    /// The name shown.
    pub name: String,
    /// Whether it hears everything in groups. Off is what Telegram calls privacy mode.
    pub reads_all: bool,
    pub(super) last_message_id: i64,
    pub(super) queue: UpdateQueue,
    pub(super) webhook: Webhook,
    pub(super) commands: commands::Menus,
    /// Everybody whom the bot heard of. To write to a stranger is `chat not found`.
    pub(super) met: HashSet<i64>,
}

impl Bot {
    /// The Bot API's `User`.
    pub(super) fn user_json(&self) -> Value {
        json!({ "id": self.id, "is_bot": true, "first_name": self.name, "username": self.username })
    }

    /// What `getMe` answers.
    pub fn me_json(&self) -> Value {
        json!({
            "id": self.id, "is_bot": true, "first_name": self.name, "username": self.username,
            "can_join_groups": true, "can_read_all_group_messages": self.reads_all, "supports_inline_queries": false,
            "can_connect_to_business": false, "has_main_web_app": false,
        })
    }

    /// How many updates wait for this bot.
    pub fn pending(&self) -> usize {
        self.queue.len()
    }
}

impl World {
    /// Adds a bot. Its id is the number that the token begins with, as in Telegram.
    pub fn add_bot(&mut self, token: &str, username: &str, name: &str) -> Result<i64, Refusal> {
        let id = token.split_once(':').and_then(|(id, _)| id.parse::<i64>().ok()).filter(|id| *id > 0);
        let id = id.ok_or_else(|| Refusal::wrong("a token looks like `123456:secret`"))?;
        if self.bots.contains_key(&id) || self.people.contains_key(&id) {
            return Err(Refusal::wrong(format!(
                "the id {id} is taken; use a token with another number before the colon"
            )));
        }
        let username = username.trim_start_matches('@');
        if username.is_empty() || self.user_by_name(username).is_some() {
            return Err(Refusal::wrong(format!("the username `{username}` is empty or taken")));
        }
        let bot = Bot {
            id,
            token: token.to_owned(),
            username: username.to_owned(),
            name: if name.is_empty() { username.to_owned() } else { name.to_owned() },
            reads_all: false,
            last_message_id: 0,
            queue: UpdateQueue::default(),
            webhook: Webhook::default(),
            commands: commands::Menus::default(),
            met: HashSet::new(),
        };
        self.tokens.insert(token.to_owned(), id);
        self.bots.insert(id, bot);
        self.signal(Signal::People);
        Ok(id)
    }

    /// Gives a bot another username.
    pub fn rename_bot(&mut self, bot: i64, username: &str) -> Result<(), Refusal> {
        let username = username.trim_start_matches('@');
        if username.is_empty() || self.user_by_name(username).is_some_and(|id| id != bot) {
            return Err(Refusal::wrong(format!("the username `{username}` is empty or taken")));
        }
        self.bots.get_mut(&bot).ok_or_else(|| no_bot(&bot.to_string()))?.username = username.to_owned();
        self.signal(Signal::People);
        Ok(())
    }

    /// Whether the bot hears everything in groups, or only what is meant for it (the default, as in Telegram).
    pub fn set_reads_all(&mut self, bot: i64, reads_all: bool) -> Result<(), Refusal> {
        self.bots.get_mut(&bot).ok_or_else(|| no_bot(&bot.to_string()))?.reads_all = reads_all;
        self.signal(Signal::People);
        Ok(())
    }

    /// The id of the bot with this token.
    pub fn bot_by_token(&self, token: &str) -> Option<i64> {
        self.tokens.get(token).copied()
    }

    /// The bot with this username.
    pub fn bot_by_name(&self, username: &str) -> Option<&Bot> {
        let username = username.trim_start_matches('@');
        self.bots.values().find(|bot| bot.username.eq_ignore_ascii_case(username))
    }

    /// A bot by id.
    pub fn bot(&self, id: i64) -> Option<&Bot> {
        self.bots.get(&id)
    }

    /// Every bot, by id.
    pub fn bots(&self) -> impl Iterator<Item = &Bot> {
        self.bots.values()
    }
}

pub(super) fn no_bot(name: &str) -> Refusal {
    Refusal::missing(format!("there is no bot `{name}`; GET /emulator/state lists the bots"))
}
