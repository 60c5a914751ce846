//! Events that no update is behind, on their way into the inbox: timers that fire, ticks of schedules, requests.
//!
//! They come under the lock of their lanes like those of updates (rule 3 of `lanes`), so their order is that of their
//! numbers. Whoever takes them from somewhere, as timers, locks the lanes before what it takes: a turn that commits has
//! its lane first, too.

use std::collections::{BTreeSet, HashMap};

use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::inbox::INSERT_LANES;
use super::session::{Param, Session, Step, params};
use super::{Store, rows};
use crate::clock::Millis;
use crate::model::payload::Payload;
use crate::model::{BotId, Part};

/// The numbers of lanes by part and chat.
pub(super) type LaneIds = HashMap<(String, i64), i64>;

/// Makes these lanes of a bot due, and locks them.
pub(super) async fn lanes(
    bot: i64,
    names: &BTreeSet<(&str, i64)>,
    now: Millis,
    session: &mut Session<'_>,
) -> Result<LaneIds, StoreError> {
    let names = names.iter().map(|(part, chat)| [Param::from(*part), Param::from(*chat)]).collect();
    let steps: Vec<_> = INSERT_LANES.with_rows(&[Param::from(bot), Param::from(now)], names).collect();
    let rows = session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows);
    rows.map(|mut row| Ok(((row.text(1)?, row.integer(2)?), row.integer(0)?))).collect()
}

/// Puts events into lanes that are locked; answers their numbers.
pub(super) async fn insert(
    events: &[(i64, String)],
    now: Millis,
    session: &mut Session<'_>,
) -> Result<Vec<i64>, StoreError> {
    let step = |some: &[(i64, String)]| {
        let columns = "due_at, created_at, lane_id, state, attempt, payload";
        let values = rows::values(some.len(), &["$1", "$1", "?", "0", "0", "?"], 1);
        let mut params = params![now];
        params.extend(some.iter().flat_map(|(lane, payload)| params![*lane, payload.as_str()]));
        Step::made(format!("INSERT INTO inbox ({columns}) {values} RETURNING seq"), params)
    };
    let steps: Vec<_> = rows::in_chunks(events, 2).map(step).collect();
    let rows = session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows);
    rows.map(|row| row.integer(0)).collect()
}

/// Puts one event into the inbox.
struct Put {
    bot: BotId,
    part: Part,
    chat: i64,
    payload: String,
    now: Millis,
}

impl Job for Put {
    type Output = i64;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<i64>, StoreError> {
        let lanes = lanes(self.bot.0, &BTreeSet::from([(self.part.as_str(), self.chat)]), self.now, session).await?;
        let lane = lanes.into_values().next().ok_or_else(|| StoreError::unexpected("no lane"))?;
        let numbers = insert(&[(lane, self.payload.clone())], self.now, session).await?;
        numbers.first().copied().map(Verdict::Commit).ok_or_else(|| StoreError::unexpected("no event"))
    }
}

impl Store {
    /// Puts an event into the lane of a part and a chat; answers its number.
    pub async fn put_event(&self, bot: BotId, part: Part, chat: i64, payload: &Payload) -> Result<i64, StoreError> {
        let job = Put { bot, part, chat, payload: payload.to_json(), now: self.shared.clock.now() };
        let seq = self.shared.engine.write(job).await?;
        self.shared.hints.give(Channel::Lanes);
        Ok(seq)
    }
}
