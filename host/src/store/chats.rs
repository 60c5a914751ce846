//! What Telegram has said about a bot and its chats, and what follows from it for the calls that wait.
//!
//! 1. *A bot has to wait* (`bots.hold_until`): no host sends anything of it before that time. Whoever claims or marks
//!    learns of it, so it holds after a restart and for hosts that were not told themselves.
//! 2. *A chat cannot be written to* (`chats.suspended_at`): its waiting calls end at once, and so do those that come
//!    later, when their lane is claimed. It can again once an update from it is stored; the same transaction says so, and
//!    has alerts that ended there sent after all.
//! 3. *A group has become a supergroup* (`chats.moved_to`): what waits in its lane goes into the supergroup's when it is
//!    claimed, whoever put it there. Nobody else writes to a lane that is claimed, so each call goes over once.
//!
//! A chat without a row here is an ordinary one, and nearly all are.

use super::dialect::Sql;
use super::error::StoreError;
use super::leases::Lease;
use super::session::{Param, Session, Step, params};
use super::{Store, alerts, printable};
use crate::clock::Millis;
use crate::model::BotId;

/// What Telegram has said besides what became of the calls themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// Nothing of this bot may be sent before this time.
    pub hold_until: Option<Millis>,
    /// The chat cannot be written to: when the call was begun that was refused, and Telegram's words.
    pub gone: Option<(Millis, String)>,
    /// The group is this supergroup now.
    pub moved_to: Option<i64>,
}

/// What `chats` says on a chat that is about to be written to.
pub(super) struct Notes {
    suspended: Option<(Millis, String)>,
    moved_to: Option<i64>,
    /// The group that it was.
    pub(super) was: Option<i64>,
}

static HOLD: Sql = Sql::new("UPDATE bots SET hold_until = $2 WHERE bot_id = $1 AND hold_until < $2");
static SUSPEND: Sql = Sql::new(
    "INSERT INTO chats (bot_id, chat_id, suspended_at, reason) VALUES ($1, $2, $3, $4)
     ON CONFLICT (bot_id, chat_id) DO UPDATE SET suspended_at = excluded.suspended_at, reason = excluded.reason",
);
/// Answers to what somebody asked (a button, an inline query) go to that person and not into the chat.
static END_WAITING: Sql = Sql::new(
    "UPDATE outbox SET state = 2, ended_at = $2, reason = $3, attempt_at = NULL
     WHERE lane_id = $1 AND state = 0 AND method NOT LIKE 'answer%'",
);
static LIFT: Sql = Sql::new(
    "WITH item (chat_id) AS ({rows})
     DELETE FROM chats WHERE bot_id = $1 AND suspended_at IS NOT NULL AND moved_to IS NULL
         AND chat_id IN (SELECT chat_id FROM item)
     RETURNING chat_id, reason",
);
/// Calls that an event of this chat has asked for, stored after `$2`. That the bot itself came or went may be the very
/// reason why it cannot write there, and is no sign of the contrary.
static SPOKE_SINCE: Sql = Sql::new(
    "SELECT COUNT(*) FROM outbox o JOIN inbox i ON i.seq = o.inbox_seq JOIN lanes l ON l.id = i.lane_id
     JOIN updates u ON u.seq = i.update_seq
     WHERE o.lane_id = $1 AND o.state = 0 AND i.created_at > $2 AND l.chat_id = $3 AND u.kind <> 'my_chat_member'",
);
static MOVED: Sql = Sql::new(
    "INSERT INTO chats (bot_id, chat_id, moved_to) VALUES ($1, $2, $3)
     ON CONFLICT (bot_id, chat_id) DO UPDATE SET moved_to = excluded.moved_to",
);
static NOTES: Sql = Sql::new(
    "SELECT MAX(suspended_at), MAX(reason), MAX(moved_to),
            (SELECT MAX(w.chat_id) FROM chats w WHERE w.bot_id = $1 AND w.moved_to = $2)
     FROM chats WHERE bot_id = $1 AND chat_id = $2",
);
static TOUCH_LANE: Sql = Sql::new(
    "INSERT INTO lanes (kind, bot_id, plugin, chat_id, due_at, fence) VALUES (2, $1, '', $2, $3, 0)
     ON CONFLICT (kind, bot_id, plugin, chat_id) DO UPDATE SET due_at = COALESCE(lanes.due_at, excluded.due_at)
     RETURNING id",
);
/// What was in the air when its host died and is to be sent at most once ends here; the rest goes over.
static MOVE_CALLS: Sql = Sql::new(concat!(
    "UPDATE outbox SET lane_id = $2, attempt_at = NULL,
         state = CASE WHEN once = 1 AND attempt_at IS NOT NULL THEN 2 ELSE 0 END,
         ended_at = CASE WHEN once = 1 AND attempt_at IS NOT NULL THEN $3 END,
         reason = CASE WHEN once = 1 AND attempt_at IS NOT NULL THEN '",
    super::outbox::lost!(),
    "' ELSE reason END,
         ambiguous = ambiguous + CASE WHEN attempt_at IS NULL THEN 0 ELSE 1 END
     WHERE lane_id = $1 AND state = 0",
));
static SAME_CHATS: Sql = Sql::new(
    "SELECT moved_to FROM chats WHERE bot_id = $1 AND chat_id = $2 AND moved_to IS NOT NULL
     UNION SELECT chat_id FROM chats WHERE bot_id = $1 AND moved_to = $2",
);

impl Learned {
    /// The statements that record it, and end what it makes hopeless.
    pub(super) fn steps(&self, lease: &Lease, now: Millis) -> Vec<Step> {
        let (lane, bot, chat) = (lease.lane, lease.bot.0, lease.chat);
        let mut steps = Vec::new();
        steps.extend(self.hold_until.map(|until| HOLD.with(params![bot, until])));
        if let Some((since, reason)) = &self.gone {
            let reason = printable(reason);
            steps.push(SUSPEND.with(params![bot, chat, *since, reason.as_str()]));
            steps.push(END_WAITING.with(params![lane, now, reason]));
        }
        steps.extend(self.moved_to.map(|to| moved(lease.bot, chat, to)));
        steps
    }
}

/// Records that a group has become a supergroup.
pub(super) fn moved(bot: BotId, from: i64, to: i64) -> Step {
    MOVED.with(params![bot.0, from, to])
}

/// A chat that could not be written to, and can.
pub(super) struct Lifted {
    pub(super) chat: i64,
    /// Why it could not.
    pub(super) reason: String,
}

/// Chats that have spoken can be written to. Answers those of them that could not.
pub(super) async fn lift(
    bot: BotId,
    chats: impl Iterator<Item = i64>,
    session: &mut Session<'_>,
) -> Result<Vec<Lifted>, StoreError> {
    let steps: Vec<_> =
        LIFT.with_rows(&[Param::from(bot.0)], chats.map(|chat| [Param::from(chat)]).collect()).collect();
    let rows = session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows);
    rows.map(|mut row| Ok(Lifted { chat: row.integer(0)?, reason: row.text(1)? })).collect()
}

/// Does to the waiting calls of a claimed chat what `chats` says. `None`: they have all gone elsewhere, and the lane is
/// to be given back.
pub(super) async fn apply_notes(
    lease: &Lease,
    now: Millis,
    session: &mut Session<'_>,
) -> Result<Option<Notes>, StoreError> {
    let (lane, bot, chat) = (lease.lane, lease.bot.0, lease.chat);
    let mut answer = session.one(NOTES.with(params![bot, chat])).await?;
    let Some(row) = answer.rows.first_mut() else { return Err(StoreError::unexpected("no notes")) };
    let suspended = match row.maybe_integer(0)? {
        Some(since) => Some((since, row.text(1)?)),
        None => None,
    };
    let notes = Notes { suspended, moved_to: row.maybe_integer(2)?, was: row.maybe_integer(3)? };
    if let Some(to) = notes.moved_to {
        let touched = session.one(TOUCH_LANE.with(params![bot, to, now])).await?;
        let there = touched.rows.first().ok_or_else(|| StoreError::unexpected("a chat without a lane"))?.integer(0)?;
        session.one(MOVE_CALLS.with(params![lane, there, now])).await?;
        return Ok(None);
    }
    if let Some((since, reason)) = &notes.suspended {
        // It may have spoken after the call that was refused and before that was recorded here.
        let spoke = session.one(SPOKE_SINCE.with(params![lane, *since, chat])).await?;
        if spoke.rows.first().map_or(Ok(0), |row| row.integer(0))? == 0 {
            session.one(END_WAITING.with(params![lane, now, reason.as_str()])).await?;
        } else {
            let lifted = lift(lease.bot, std::iter::once(chat), session).await?;
            alerts::send_after_all(lease.bot, &lifted, now, session).await?;
        }
    }
    Ok(Some(notes))
}

impl Store {
    /// The other ids of a chat: the supergroup that a group has become, and the other way round.
    pub async fn same_chats(&self, bot: BotId, chat: i64) -> Result<Vec<i64>, StoreError> {
        let answer = self.shared.engine.read(SAME_CHATS.with(params![bot.0, chat])).await?;
        answer.rows.iter().map(|row| row.integer(0)).collect()
    }
}
