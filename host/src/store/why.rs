//! What became of an update: its events, their turns and their calls, for whoever asks why. Read only.
//!
//! A message is found by its number from the newest on, without an index: people ask about what has just happened, and
//! an index over every call and every update would be paid for by everybody. What takes too long ends as
//! [`StoreError::Slow`].

use super::desk::Desk;
use super::dialect::Sql;
use super::error::StoreError;
use super::session::{Record, params};
use crate::clock::Millis;
use crate::model::BotId;

/// An update as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateRow {
    /// Its place among all updates.
    pub seq: i64,
    /// The bot it is for.
    pub bot: BotId,
    /// The bot's name without @; empty if it is not known.
    pub username: String,
    /// Telegram's number.
    pub update_id: i64,
    /// The Bot API's name of its kind.
    pub kind: String,
    /// Its JSON.
    pub raw: String,
    /// When it was stored.
    pub received_at: Millis,
}

/// An event and how far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its number.
    pub seq: i64,
    /// The update behind it.
    pub update: Option<i64>,
    /// The plugin or processor.
    pub part: String,
    /// The chat; the user where there is none.
    pub chat: i64,
    /// 0 waiting, 1 done, 2 dead, 3 expired, 4 dropped.
    pub state: i64,
    /// How many turns have failed.
    pub attempts: i64,
    /// When it came.
    pub created_at: Millis,
    /// When it is due, as long as it waits.
    pub due_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// Why the last turn failed.
    pub reason: Option<String>,
    /// Why the plugin passed.
    pub passed: Option<String>,
    /// Who would have been asked next, by commas.
    pub chain: Option<String>,
    /// The event as the host's JSON, if no update is behind it.
    pub payload: Option<String>,
}

/// A call to Telegram and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    /// Its place in the outbox.
    pub seq: i64,
    /// The event whose turn asked; `None`: the host itself.
    pub event: Option<i64>,
    /// The chat.
    pub chat: i64,
    /// The Bot API method.
    pub method: String,
    /// Its parameters as JSON.
    pub body: String,
    /// 0 waiting, 1 sent, 2 dead, 3 expired.
    pub state: i64,
    /// How many calls have failed.
    pub attempts: i64,
    /// How many of them may have arrived all the same.
    pub ambiguous: i64,
    /// When the turn committed.
    pub created_at: Millis,
    /// When it was sent or given up.
    pub ended_at: Option<Millis>,
    /// Telegram's number of the message.
    pub message_id: Option<i64>,
    /// What Telegram said last, if it was no success.
    pub reason: Option<String>,
}

macro_rules! updates {
    ($filter:literal) => {
        concat!(
            "SELECT u.seq, u.bot_id, COALESCE(b.username, ''), u.update_id, u.kind, u.raw, u.received_at
             FROM updates u LEFT JOIN bots b ON b.bot_id = u.bot_id WHERE ",
            $filter
        )
    };
}
macro_rules! events {
    ($filter:literal) => {
        concat!(
            "SELECT i.seq, i.update_seq, l.plugin, l.chat_id, i.state, i.attempt, i.created_at, i.due_at, i.ended_at,
                    i.reason, i.passed, i.chain, i.payload
             FROM inbox i JOIN lanes l ON l.id = i.lane_id WHERE ",
            $filter
        )
    };
}
macro_rules! calls {
    ($filter:literal) => {
        concat!(
            "SELECT o.seq, o.inbox_seq, l.chat_id, o.method, o.body, o.state, o.attempt, o.ambiguous, o.created_at,
                    o.ended_at, o.message_id, o.reason
             FROM outbox o JOIN lanes l ON l.id = o.lane_id WHERE ",
            $filter
        )
    };
}
static UPDATE: Sql = Sql::new(updates!(
    "u.update_id = $1 AND ($2 = '' OR LOWER(b.username) = LOWER($2) OR CAST(u.bot_id AS TEXT) = $2)
     ORDER BY u.bot_id"
));
static UPDATE_BY_SEQ: Sql = Sql::new(updates!("u.seq = $1"));
static RECEIVED: Sql = Sql::new(updates!(
    "u.bot_id = $1 AND (u.raw LIKE $2 OR u.raw LIKE $4) AND u.raw LIKE $3 ORDER BY u.seq DESC LIMIT 50"
));
static EVENT: Sql = Sql::new(events!("i.seq = $1"));
static EVENTS: Sql = Sql::new(events!(
    "i.update_seq = $1 OR i.seq IN (SELECT p.inbox_seq FROM parts p WHERE p.update_seq = $1) ORDER BY i.seq"
));
static CALLS: Sql = Sql::new(calls!("o.inbox_seq = $1 ORDER BY o.seq"));
static SENT: Sql = Sql::new(calls!(
    "o.bot_id = $1 AND o.message_id = $3
     AND o.lane_id IN (SELECT id FROM lanes WHERE kind = 2 AND bot_id = $1 AND plugin = '' AND chat_id = $2)
     ORDER BY o.seq DESC LIMIT 1"
));

impl Desk {
    /// The updates with this number, of this bot if one is named: by its id or its name without @.
    pub async fn updates(&self, update_id: i64, bot: &str) -> Result<Vec<UpdateRow>, StoreError> {
        let bot = bot.trim_start_matches('@');
        self.engine.read(UPDATE.with(params![update_id, bot])).await?.rows.into_iter().map(update).collect()
    }

    /// An update by its place.
    pub async fn update_by_seq(&self, seq: i64) -> Result<Option<UpdateRow>, StoreError> {
        self.engine.read(UPDATE_BY_SEQ.with(params![seq])).await?.rows.into_iter().next().map(update).transpose()
    }

    /// The newest updates that may have brought this message, newest first: their JSON has both numbers somewhere.
    pub async fn updates_with(&self, bot: BotId, chat: i64, message: i64) -> Result<Vec<UpdateRow>, StoreError> {
        let [message, last] = [',', '}'].map(|end| format!("%\"message_id\":{message}{end}%"));
        let chat = format!("%\"id\":{chat}%");
        self.engine
            .read(RECEIVED.with(params![bot.0, message, chat, last]))
            .await?
            .rows
            .into_iter()
            .map(update)
            .collect()
    }

    /// An event.
    pub async fn event(&self, seq: i64) -> Result<Option<EventRow>, StoreError> {
        self.engine.read(EVENT.with(params![seq])).await?.rows.into_iter().next().map(event).transpose()
    }

    /// The events that were made of an update.
    pub async fn events_of(&self, update: i64) -> Result<Vec<EventRow>, StoreError> {
        self.engine.read(EVENTS.with(params![update])).await?.rows.into_iter().map(event).collect()
    }

    /// The calls that the turns of an event asked for.
    pub async fn calls_of(&self, event: i64) -> Result<Vec<CallRow>, StoreError> {
        self.engine.read(CALLS.with(params![event])).await?.rows.into_iter().map(call).collect()
    }

    /// The call that made this message.
    pub async fn call_of(&self, bot: BotId, chat: i64, message: i64) -> Result<Option<CallRow>, StoreError> {
        let found = self.engine.read(SENT.with(params![bot.0, chat, message])).await?;
        found.rows.into_iter().next().map(call).transpose()
    }
}

fn update(mut row: Record) -> Result<UpdateRow, StoreError> {
    Ok(UpdateRow {
        seq: row.integer(0)?,
        bot: BotId(row.integer(1)?),
        username: row.text(2)?,
        update_id: row.integer(3)?,
        kind: row.text(4)?,
        raw: row.text(5)?,
        received_at: row.integer(6)?,
    })
}

fn event(mut row: Record) -> Result<EventRow, StoreError> {
    Ok(EventRow {
        seq: row.integer(0)?,
        update: row.maybe_integer(1)?,
        part: row.text(2)?,
        chat: row.integer(3)?,
        state: row.integer(4)?,
        attempts: row.integer(5)?,
        created_at: row.integer(6)?,
        due_at: row.integer(7)?,
        ended_at: row.maybe_integer(8)?,
        reason: row.maybe_text(9)?,
        passed: row.maybe_text(10)?,
        chain: row.maybe_text(11)?,
        payload: row.maybe_text(12)?,
    })
}

fn call(mut row: Record) -> Result<CallRow, StoreError> {
    Ok(CallRow {
        seq: row.integer(0)?,
        event: row.maybe_integer(1)?,
        chat: row.integer(2)?,
        method: row.text(3)?,
        body: row.text(4)?,
        state: row.integer(5)?,
        attempts: row.integer(6)?,
        ambiguous: row.integer(7)?,
        created_at: row.integer(8)?,
        ended_at: row.maybe_integer(9)?,
        message_id: row.maybe_integer(10)?,
        reason: row.maybe_text(11)?,
    })
}
