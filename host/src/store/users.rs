//! The people whom the bots have seen.
//!
//! Somebody is written down with the updates that show something new of them, and a host remembers whom it has written
//! down. So a message of somebody known costs nothing, and a start costs one look at each.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dialect::Sql;
use super::error::StoreError;
use super::inbox::NewUpdate;
use super::session::{Step, params};
use super::{Store, printable, rows};
use crate::clock::Millis;
use crate::model::BotId;

/// People that a host remembers at most, some 40 bytes each. Beyond it forgets all of them.
const REMEMBERED: usize = 200_000;

/// What somebody is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SeenUser {
    /// Telegram's id.
    pub id: i64,
    /// The first name.
    pub first_name: String,
    /// The last name; empty: none.
    pub last_name: String,
    /// The name without @; empty: none.
    pub username: String,
    /// The language of their Telegram; empty: not known.
    pub language: String,
}

/// Somebody whom a bot has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The bot.
    pub bot: BotId,
    /// What they were called last.
    pub user: SeenUser,
    /// When they were seen first.
    pub first_seen_at: Millis,
    /// When something of it was new last.
    pub changed_at: Millis,
}

static PAGE: Sql = Sql::new(
    "SELECT bot_id, user_id, first_name, last_name, username, language, first_seen_at, changed_at FROM users
     WHERE $1 = 0 OR bot_id = $1 ORDER BY bot_id, user_id LIMIT $2 OFFSET $3",
);
static COUNT: Sql = Sql::new("SELECT COUNT(*) FROM users WHERE $1 = 0 OR bot_id = $1");

/// Whom this host has written down, and as what.
#[derive(Default)]
pub(super) struct Known(Mutex<HashMap<(i64, i64), u64>>);

impl Known {
    /// Those behind these updates who are new or called otherwise, in the order of their ids.
    pub(super) fn new_among(&self, bot: BotId, updates: &[NewUpdate]) -> Vec<SeenUser> {
        let known = self.lock();
        let mut new = BTreeMap::new();
        for user in updates.iter().filter_map(|update| update.from.as_ref()) {
            if known.get(&(bot.0, user.id)) != Some(&digest(user)) {
                new.insert(user.id, user.clone());
            }
        }
        new.into_values().collect()
    }

    /// They have been written down.
    pub(super) fn learn(&self, bot: BotId, users: &[SeenUser]) {
        let mut known = self.lock();
        if known.len() + users.len() > REMEMBERED {
            known.clear();
        }
        known.extend(users.iter().map(|user| ((bot.0, user.id), digest(user))));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(i64, i64), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(user: &SeenUser) -> u64 {
    let mut hasher = DefaultHasher::new();
    user.hash(&mut hasher);
    hasher.finish()
}

/// Writes them down, each once and in the order of their ids.
pub(super) fn note(bot: BotId, users: &[SeenUser], now: Millis) -> impl Iterator<Item = Step> {
    rows::in_chunks(users, 5).map(move |some| {
        let values = rows::values(some.len(), &["$1", "?", "?", "?", "?", "?", "$2", "$2"], 2);
        let mut params = params![bot.0, now];
        for SeenUser { id, first_name, last_name, username, language } in some {
            let texts = [first_name, last_name, username, language].map(|text| printable(text));
            params.push((*id).into());
            params.extend(texts.map(Into::into));
        }
        let text = format!(
            "INSERT INTO users (bot_id, user_id, first_name, last_name, username, language, first_seen_at, changed_at)
             {values}
             ON CONFLICT (bot_id, user_id) DO UPDATE SET first_name = excluded.first_name,
                 last_name = excluded.last_name, username = excluded.username, language = excluded.language,
                 changed_at = excluded.changed_at
             WHERE (users.first_name, users.last_name, users.username, users.language)
                 <> (excluded.first_name, excluded.last_name, excluded.username, excluded.language)"
        );
        Step::made(text, params)
    })
}

impl Store {
    /// Some of the people whom a bot has seen, or any bot, and how many there are.
    pub async fn users(&self, bot: Option<BotId>, limit: i64, offset: i64) -> Result<(Vec<UserRow>, i64), StoreError> {
        let bot = bot.map_or(0, |bot| bot.0);
        let count = self.shared.engine.read(COUNT.with(params![bot])).await?;
        let total = count.rows.first().map_or(Ok(0), |row| row.integer(0))?;
        let answer = self.shared.engine.read(PAGE.with(params![bot, limit, offset])).await?;
        let user = |mut row: super::session::Record| {
            Ok(UserRow {
                bot: BotId(row.integer(0)?),
                user: SeenUser {
                    id: row.integer(1)?,
                    first_name: row.text(2)?,
                    last_name: row.text(3)?,
                    username: row.text(4)?,
                    language: row.text(5)?,
                },
                first_seen_at: row.integer(6)?,
                changed_at: row.integer(7)?,
            })
        };
        Ok((answer.rows.into_iter().map(user).collect::<Result<_, StoreError>>()?, total))
    }
}
