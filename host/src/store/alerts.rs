//! Alerts: what the admins of a bot are told in Telegram, folded so that a storm of failures is not a storm of messages.
//!
//! 1. The first alert of a cause is told at once. For ten minutes after, those of the same bot, plugin and cause are
//!    only counted. When the time is over, the count is told in one message, and the next ten minutes begin.
//! 2. The count is a row here, so it outlasts a restart and is one for all hosts. Whoever tells it changes the row under
//!    the condition that nobody else has, so it is told once.
//! 3. An alert is a row of the outbox like any message. One that cannot be delivered ends there, and makes no other alert.
//! 4. An admin who has not written to the bot yet, or has blocked it, cannot be told. Once something comes from that chat
//!    (`chats`), the last of what ended there for that reason is sent after all, as far as it is still worth it.

use std::collections::{BTreeSet, HashMap};

use super::Store;
use super::chats::Lifted;
use super::dialect::Sql;
use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::session::{Param, Session, params};
use super::{commit::NewCall, printable};
use crate::clock::Millis;
use crate::model::BotId;

/// How long repeated alerts are only counted: long enough for an admin to look, short enough to see that it goes on.
const WINDOW: Millis = 600_000;
/// Messages that an admin gets at most who could not be told before: the latest. All dead letters are in their list.
const AFTER_ALL: i64 = 10;

/// Something that the admins should know.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// The plugin that it is about; empty: the host itself.
    pub plugin: String,
    /// What repeated ones have in common. There must be few of them.
    pub cause: &'static str,
    /// The event that it is about.
    pub event: Option<i64>,
    /// Why.
    pub reason: String,
    /// The messages that tell it, one to each admin.
    pub calls: Vec<NewCall>,
}

/// Alerts of one cause that have been counted and not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntoldAlerts {
    /// The bot.
    pub bot: BotId,
    /// The plugin; empty: the host itself.
    pub plugin: String,
    /// What they have in common.
    pub cause: String,
    /// How many.
    pub count: i64,
    /// The event of the latest.
    pub event: Option<i64>,
    /// The reason of the latest.
    pub reason: String,
    /// When the admins were told last; with this the row is found unchanged, or not.
    told_at: Millis,
}

/// A cause that was never told was told in 1970.
static MEET: Sql = Sql::new(
    "INSERT INTO alerts (bot_id, plugin, cause, told_at, untold, reason) VALUES ($1, $2, $3, 0, 0, '')
     ON CONFLICT (bot_id, plugin, cause) DO NOTHING",
);
static LOCK: Sql =
    Sql::new("SELECT told_at, untold FROM alerts WHERE bot_id = $1 AND plugin = $2 AND cause = $3 {for_update}");
static NOTE: Sql = Sql::new(
    "UPDATE alerts SET told_at = $4, untold = $5, last_event = $6, reason = $7
     WHERE bot_id = $1 AND plugin = $2 AND cause = $3",
);
static UNTOLD: Sql = Sql::new(
    "SELECT bot_id, plugin, cause, untold, last_event, reason, told_at FROM alerts
     WHERE untold > 0 AND told_at <= $1 ORDER BY bot_id, plugin, cause",
);
static TELL: Sql = Sql::new(
    "UPDATE alerts SET told_at = $4, untold = untold - $6
     WHERE bot_id = $1 AND plugin = $2 AND cause = $3 AND told_at = $5 AND untold >= $6",
);
/// Rule 3 of `lanes`, and no more: whether something will wait there is not known yet.
static LOCK_CHATS: Sql = Sql::new(
    "WITH item (chat_id) AS ({rows})
     INSERT INTO lanes (kind, bot_id, plugin, chat_id, fence)
     SELECT 2, $1, '', chat_id, 0 FROM item WHERE chat_id IS NOT NULL ORDER BY chat_id
     ON CONFLICT (kind, bot_id, plugin, chat_id) DO UPDATE SET fence = lanes.fence
     RETURNING id, chat_id",
);
/// A held lane is set right when it is given back. Its time is set all the same: should its host be dead, it counts.
static SET_DUE: Sql = Sql::new(
    "WITH item (id) AS ({rows})
     UPDATE lanes SET due_at =
         (SELECT o.due_at FROM outbox o WHERE o.lane_id = lanes.id AND o.state = 0 ORDER BY o.seq LIMIT 1)
     WHERE id IN (SELECT id FROM item)",
);
/// Of no plugin and no event: the host itself speaks.
static INSERT_CALL: Sql = Sql::new(
    "INSERT INTO outbox (lane_id, bot_id, plugin, method, body, state, attempt, ambiguous, due_at, expires_at, created_at)
     VALUES ($1, $2, '', $3, $4, 0, 0, 0, $5, $6, $5)",
);
/// Of no event, so that it goes by their index.
static SEND_AFTER_ALL: Sql = Sql::new(
    "UPDATE outbox SET state = 0, ended_at = NULL, reason = NULL, due_at = $3 WHERE seq IN (
         SELECT seq FROM outbox
         WHERE inbox_seq IS NULL AND lane_id = $1 AND state = 2 AND reason = $2 AND expires_at > $3
         ORDER BY seq DESC LIMIT $4)",
);

/// Tells an alert or counts it, in the transaction of whoever raises it. Answers whether there is something to send.
pub(super) async fn raise(
    bot: BotId,
    alert: &NewAlert,
    now: Millis,
    session: &mut Session<'_>,
) -> Result<bool, StoreError> {
    let key = || params![bot.0, alert.plugin.as_str(), alert.cause];
    let answers = session.run(&[MEET.with(key()), LOCK.with(key())]).await?;
    let row = answers.last().and_then(|answer| answer.rows.first());
    let row = row.ok_or_else(|| StoreError::unexpected("an alert without a row"))?;
    let (told_at, untold) = (row.integer(0)?, row.integer(1)?);
    // If some are counted already, this one is told with them, which is due at the latest when the window is over.
    let tells = untold == 0 && told_at + WINDOW <= now;
    let (told_at, untold) = if tells { (now, 0) } else { (told_at, untold + 1) };
    let mut note = key();
    note.extend(params![told_at, untold, alert.event, printable(&alert.reason)]);
    session.one(NOTE.with(note)).await?;
    if tells {
        send(bot, &alert.calls, now, session).await?;
    }
    Ok(tells && !alert.calls.is_empty())
}

/// Puts messages of the host itself into the outbox.
pub(super) async fn send(
    bot: BotId,
    calls: &[NewCall],
    now: Millis,
    session: &mut Session<'_>,
) -> Result<(), StoreError> {
    let lanes = lock(bot, calls.iter().map(|call| call.chat), session).await?;
    let insert = |call: &NewCall| {
        let (method, body) = (call.method.as_str(), call.body.as_str());
        Ok(INSERT_CALL.with(params![lane_of(&lanes, call.chat)?, bot.0, method, body, now, call.expires_at]))
    };
    let steps: Vec<_> = calls.iter().map(insert).collect::<Result<_, StoreError>>()?;
    session.run(&steps).await?;
    set_due(lanes.into_values(), session).await
}

/// What ended in these chats because they could not be written to. Answers whether there is something to send.
pub(super) async fn send_after_all(
    bot: BotId,
    chats: &[Lifted],
    now: Millis,
    session: &mut Session<'_>,
) -> Result<bool, StoreError> {
    let lanes = lock(bot, chats.iter().map(|lifted| lifted.chat), session).await?;
    let mut filled = Vec::new();
    for Lifted { chat, reason } in chats {
        let lane = lane_of(&lanes, *chat)?;
        let sent = session.one(SEND_AFTER_ALL.with(params![lane, reason.as_str(), now, AFTER_ALL])).await?;
        filled.extend((sent.touched > 0).then_some(lane));
    }
    let sends = !filled.is_empty();
    set_due(filled.into_iter(), session).await?;
    Ok(sends)
}

/// Locks the sending lanes of these chats, in one order for all.
pub(super) async fn lock(
    bot: BotId,
    chats: impl Iterator<Item = i64>,
    session: &mut Session<'_>,
) -> Result<HashMap<i64, i64>, StoreError> {
    let chats: BTreeSet<_> = chats.collect();
    let rows = chats.into_iter().map(|chat| [Param::from(chat)]).collect();
    let steps: Vec<_> = LOCK_CHATS.with_rows(&[Param::from(bot.0)], rows).collect();
    let lanes = session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows);
    lanes.map(|row| Ok((row.integer(1)?, row.integer(0)?))).collect()
}

fn lane_of(lanes: &HashMap<i64, i64>, chat: i64) -> Result<i64, StoreError> {
    lanes.get(&chat).copied().ok_or_else(|| StoreError::unexpected("a chat without a lane"))
}

async fn set_due(lanes: impl Iterator<Item = i64>, session: &mut Session<'_>) -> Result<(), StoreError> {
    let steps: Vec<_> = SET_DUE.with_rows(&[], lanes.map(|lane| [Param::from(lane)]).collect()).collect();
    session.run(&steps).await?;
    Ok(())
}

struct Raise {
    bot: BotId,
    alert: NewAlert,
    now: Millis,
}

impl Job for Raise {
    type Output = bool;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, StoreError> {
        raise(self.bot, &self.alert, self.now, session).await.map(Verdict::Commit)
    }
}

struct Tell {
    untold: UntoldAlerts,
    calls: Vec<NewCall>,
    now: Millis,
}

impl Job for Tell {
    /// Whether nobody else had told them.
    type Output = bool;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, StoreError> {
        let UntoldAlerts { bot, plugin, cause, count, told_at, .. } = &self.untold;
        let tell = params![bot.0, plugin.as_str(), cause.as_str(), self.now, *told_at, *count];
        if session.one(TELL.with(tell)).await?.touched == 0 {
            return Ok(Verdict::Undo(false));
        }
        send(*bot, &self.calls, self.now, session).await?;
        Ok(Verdict::Commit(true))
    }
}

impl Store {
    /// Tells an alert or counts it. Answers whether there is something to send.
    pub async fn alert(&self, bot: BotId, alert: NewAlert) -> Result<bool, StoreError> {
        let sends = self.shared.engine.write(Raise { bot, alert, now: self.shared.clock.now() }).await?;
        if sends {
            self.shared.hints.give(Channel::Outbox);
        }
        Ok(sends)
    }

    /// The alerts whose time to be told together has come.
    pub async fn untold_alerts(&self) -> Result<Vec<UntoldAlerts>, StoreError> {
        let due = params![self.shared.clock.now() - WINDOW];
        let answer = self.shared.engine.read(UNTOLD.with(due)).await?;
        let untold = answer.rows.into_iter().map(|mut row| {
            Ok(UntoldAlerts {
                bot: BotId(row.integer(0)?),
                plugin: row.text(1)?,
                cause: row.text(2)?,
                count: row.integer(3)?,
                event: row.maybe_integer(4)?,
                reason: row.text(5)?,
                told_at: row.integer(6)?,
            })
        });
        untold.collect()
    }

    /// Tells counted alerts with these messages, unless another host has; answers whether it did.
    pub async fn tell_alerts(&self, untold: UntoldAlerts, calls: Vec<NewCall>) -> Result<bool, StoreError> {
        let told = self.shared.engine.write(Tell { untold, calls, now: self.shared.clock.now() }).await?;
        if told {
            self.shared.hints.give(Channel::Outbox);
        }
        Ok(told)
    }
}
