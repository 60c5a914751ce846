//! Answers from outside that turns have got (TXN 2b: one for each call), what language models have used up, and the
//! messages in which an answer is shown while it comes in.
//!
//! 1. An answer is durable before the guest sees it, so whoever runs the event again finds it by its number and compares
//!    the question. Rows end with their event: a turn that asked says so at its commit (`TurnCommit::asked`), an event
//!    that is given up takes them along (`fail`), and `tidy` finds what is left.
//! 2. What an answer has cost is written with it, and stays whatever becomes of the turn.
//! 3. A message that grows is named by a row of its own, written with the message itself: whoever runs the event again
//!    goes on with that message. Only its latest edit waits; those that were not made yet give way to it.

use bytes::Bytes;

use super::Store;
use super::commit::NewCall;
use super::dialect::Sql;
use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::session::{Session, Step, params};
use crate::clock::Millis;
use crate::model::{BotId, PluginName};

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerKind {
    /// The Web.
    Http,
    /// A language model.
    Llm,
    /// None yet: the message in which one is shown. Its `answer` is the message's reference in digits.
    Shown,
}

impl AnswerKind {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Llm => "llm",
            Self::Shown => "shown",
        }
    }
}

/// An answer that a turn has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Where from.
    pub kind: AnswerKind,
    /// The how many-th of its kind in the turn, from 0.
    pub number: u32,
    /// The attempt of the event that asked.
    pub attempt: u32,
    /// The digest of what was asked.
    pub question: String,
    /// What was answered.
    pub answer: Bytes,
}

/// What a question to a language model has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// The bot.
    pub bot: BotId,
    /// The chat; the user where there is none.
    pub chat: i64,
    /// The day, counted from 1970-01-01.
    pub day: i64,
    /// Tokens, both ways.
    pub tokens: u64,
}

/// A message in which an answer is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownIn {
    /// The bot.
    pub bot: BotId,
    /// The plugin that may edit it.
    pub plugin: PluginName,
    /// The event.
    pub event: i64,
    /// The how many-th question of the turn.
    pub number: u32,
    /// The chat.
    pub chat: i64,
    /// The number under which the plugin knows it.
    pub reference: i64,
}

/// What becomes of a message in which an answer was shown.
#[derive(Debug, Clone)]
pub enum ShownEnd {
    /// It stays, for the plugin to bring it into its last form.
    Stays(ShownIn),
    /// It gets its last form by this call.
    Becomes(ShownIn, NewCall),
    /// There is no answer, so it goes, by this call if it stands in the chat already.
    Goes(ShownIn, NewCall),
}

static ANSWERS_OF: Sql =
    Sql::new("SELECT kind, number, attempt, question, answer FROM answers WHERE inbox_seq = $1 ORDER BY kind, number");
static KEEP: Sql = Sql::new(
    "INSERT INTO answers (inbox_seq, kind, number, attempt, question, answer, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (inbox_seq, kind, number) DO UPDATE SET
         attempt = excluded.attempt, question = excluded.question, answer = excluded.answer, created_at = excluded.created_at",
);
static KEEP_SHOWN: Sql = Sql::new(
    "INSERT INTO answers (inbox_seq, kind, number, attempt, question, answer, created_at)
     VALUES ($1, 'shown', $2, 0, '', $3, $4) ON CONFLICT (inbox_seq, kind, number) DO NOTHING",
);
static FORGET: Sql = Sql::new("DELETE FROM answers WHERE inbox_seq = $1");
static FORGET_SHOWN: Sql = Sql::new("DELETE FROM answers WHERE inbox_seq = $1 AND kind = 'shown' AND number = $2");
static SPEND: Sql = Sql::new(
    "INSERT INTO llm_usage (bot_id, day, chat_id, calls, tokens) VALUES ($1, $2, $3, 1, $4)
     ON CONFLICT (bot_id, day, chat_id) DO UPDATE SET calls = llm_usage.calls + 1, tokens = llm_usage.tokens + excluded.tokens",
);
static SPENT: Sql = Sql::new(
    "SELECT CAST(COALESCE(SUM(tokens), 0) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN chat_id = $3 THEN tokens ELSE 0 END), 0) AS BIGINT)
     FROM llm_usage WHERE bot_id = $1 AND day = $2",
);
static TOUCH_CHAT: Sql = Sql::new(
    "INSERT INTO lanes (kind, bot_id, plugin, chat_id, due_at, fence) VALUES (2, $1, '', $2, $3, 0)
     ON CONFLICT (kind, bot_id, plugin, chat_id) DO UPDATE SET due_at = COALESCE(lanes.due_at, excluded.due_at)
     RETURNING id",
);
/// Edits that nobody has begun to make.
static SUPERSEDE: Sql = Sql::new(
    "UPDATE outbox SET state = 3, ended_at = $4, reason = 'a later edit takes its place'
     WHERE lane_id = $1 AND state = 0 AND attempt_at IS NULL AND about = $2 AND inbox_seq = $3 AND method = 'editMessageText'",
);
/// The message itself, if nobody has begun to send it.
static WITHDRAW: Sql = Sql::new(
    "UPDATE outbox SET state = 3, ended_at = $4, reason = 'there is no answer to be shown'
     WHERE lane_id = $1 AND state = 0 AND attempt_at IS NULL AND attempt = 0 AND reference = $2 AND inbox_seq = $3",
);
static SHOW: Sql = Sql::new(
    "INSERT INTO outbox (lane_id, bot_id, plugin, inbox_seq, reference, about, method, body, state, attempt, ambiguous,
                         due_at, expires_at, created_at, once)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, $9, $10, $9, 0)",
);

/// Ends the answers of an event.
pub(super) fn forget(event: i64) -> Step {
    FORGET.with(params![event])
}

impl ShownIn {
    async fn lane(&self, now: Millis, session: &mut Session<'_>) -> Result<i64, StoreError> {
        let touched = session.one(TOUCH_CHAT.with(params![self.bot.0, self.chat, now])).await?;
        touched.rows.first().ok_or_else(|| StoreError::unexpected("a chat without a lane"))?.integer(0)
    }

    fn supersede(&self, lane: i64, now: Millis) -> Step {
        SUPERSEDE.with(params![lane, self.reference, self.event, now])
    }

    fn call(&self, lane: i64, call: &NewCall, now: Millis) -> Step {
        let (plugin, method, body) = (self.plugin.as_str(), call.method.as_str(), call.body.as_str());
        let (reference, about) = (call.reference, call.about);
        SHOW.with(params![lane, self.bot.0, plugin, self.event, reference, about, method, body, now, call.expires_at])
    }
}

impl ShownEnd {
    /// What remains to be written, and whether there is something to send.
    pub(super) async fn settle(&self, now: Millis, session: &mut Session<'_>) -> Result<(Vec<Step>, bool), StoreError> {
        let (Self::Stays(shown) | Self::Becomes(shown, _) | Self::Goes(shown, _)) = self;
        // First the lane: rule 3 of `lanes`.
        let lane = shown.lane(now, session).await?;
        let supersede = shown.supersede(lane, now);
        Ok(match self {
            Self::Stays(_) => (vec![supersede], false),
            Self::Becomes(_, edit) => (vec![supersede, shown.call(lane, edit, now)], true),
            Self::Goes(_, delete) => {
                session.one(supersede).await?;
                let withdraw = WITHDRAW.with(params![lane, shown.reference, shown.event, now]);
                let sends = session.one(withdraw).await?.touched == 0;
                let forget = FORGET_SHOWN.with(params![shown.event, i64::from(shown.number)]);
                let call = sends.then(|| shown.call(lane, delete, now));
                (call.into_iter().chain([forget]).collect(), sends)
            }
        })
    }
}

struct Keep {
    event: i64,
    answer: Option<StoredAnswer>,
    spent: Option<Spent>,
    shown: Option<ShownEnd>,
    now: Millis,
}

impl Job for Keep {
    /// Whether there is something to send.
    type Output = bool;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, StoreError> {
        let (mut steps, sends) = match &self.shown {
            Some(shown) => shown.settle(self.now, session).await?,
            None => (Vec::new(), false),
        };
        steps.extend(self.spent.map(|spent| {
            let tokens = i64::try_from(spent.tokens).unwrap_or(i64::MAX / 2);
            SPEND.with(params![spent.bot.0, spent.day, spent.chat, tokens])
        }));
        steps.extend(self.answer.as_ref().map(|one| {
            let (kind, question, answer) = (one.kind.name(), one.question.as_str(), one.answer.clone());
            let (number, attempt) = (i64::from(one.number), i64::from(one.attempt));
            KEEP.with(params![self.event, kind, number, attempt, question, answer, self.now])
        }));
        session.run(&steps).await?;
        Ok(Verdict::Commit(sends))
    }
}

struct Show {
    shown: ShownIn,
    call: NewCall,
    now: Millis,
}

impl Job for Show {
    /// Whether it was put into the outbox; else another message is shown for this question.
    type Output = bool;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<bool>, StoreError> {
        let Self { shown, call, now } = self;
        let lane = shown.lane(*now, session).await?;
        if call.reference.is_some() {
            let name = Bytes::from(shown.reference.to_string());
            let keep = KEEP_SHOWN.with(params![shown.event, i64::from(shown.number), name, *now]);
            if session.one(keep).await?.touched == 0 {
                return Ok(Verdict::Undo(false));
            }
        }
        session.run(&[shown.supersede(lane, *now), shown.call(lane, call, *now)]).await?;
        Ok(Verdict::Commit(true))
    }
}

impl Store {
    /// The answers that an event has got so far.
    pub async fn answers_of(&self, event: i64) -> Result<Vec<StoredAnswer>, StoreError> {
        let answer = self.shared.engine.read(ANSWERS_OF.with(params![event])).await?;
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        let stored = answer.rows.into_iter().map(|mut row| {
            let kind = match row.text(0)?.as_str() {
                "http" => AnswerKind::Http,
                "llm" => AnswerKind::Llm,
                _ => AnswerKind::Shown,
            };
            let (number, attempt) = (count(row.integer(1)?), count(row.integer(2)?));
            Ok(StoredAnswer { kind, number, attempt, question: row.text(3)?, answer: row.bytes(4)? })
        });
        stored.collect()
    }

    /// Keeps an answer for the next run of an event, with what it has cost and what becomes of the message that showed it.
    pub async fn keep_answer(
        &self,
        event: i64,
        answer: Option<StoredAnswer>,
        spent: Option<Spent>,
        shown: Option<ShownEnd>,
    ) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        if self.shared.engine.write(Keep { event, answer, spent, shown, now }).await? {
            self.shared.hints.give(Channel::Outbox);
        }
        Ok(())
    }

    /// What a bot has used up in a day, and what one of its chats has.
    pub async fn spent(&self, bot: BotId, chat: i64, day: i64) -> Result<(u64, u64), StoreError> {
        let answer = self.shared.engine.read(SPENT.with(params![bot.0, day, chat])).await?;
        let row = answer.rows.first().ok_or_else(|| StoreError::unexpected("a sum without a row"))?;
        let tokens = |index| Ok::<_, StoreError>(u64::try_from(row.integer(index)?).unwrap_or(0));
        Ok((tokens(0)?, tokens(1)?))
    }

    /// Puts the message in which an answer is shown, or an edit of it, into the outbox. `false`: this question is shown in
    /// another message already.
    pub async fn show(&self, shown: ShownIn, call: NewCall) -> Result<bool, StoreError> {
        let now = self.shared.clock.now();
        let shows = self.shared.engine.write(Show { shown, call, now }).await?;
        if shows {
            self.shared.hints.give(Channel::Outbox);
        }
        Ok(shows)
    }
}
