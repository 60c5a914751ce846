//! Timers that wait, and those whose time has come.
//!
//! 1. A turn sets and cancels timers in its commit. One that is set again is moved.
//! 2. To fire is to take the timer away and put its event into the inbox, in one transaction. So each fires once, on
//!    whichever host comes first, and what was due while no host was up fires when one is.
//! 3. A timer that a commit is just moving is left out: it may not be due any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::dialect::Sql;
use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::events;
use super::session::{Param, Session, Step, params};
use super::{Store, rows};
use crate::clock::Millis;
use crate::model::effect::TimerChange;
use crate::model::payload::Payload;
use crate::model::{BotId, Part, PluginName};

/// Timers that fire in one transaction at most.
const BATCH: usize = 100;
/// Keys that are answered at most; a plugin may not have so many in one lane.
const KEYS: i64 = 2_000;

static CANCEL: Sql = Sql::new("DELETE FROM timers WHERE bot_id = $1 AND plugin = $2 AND chat_id = $3 AND name = $4");
static KEYS_OF: Sql =
    Sql::new("SELECT name FROM timers WHERE bot_id = $1 AND plugin = $2 AND chat_id = $3 ORDER BY name LIMIT $4");
static NEXT: Sql = Sql::new(
    "WITH item (bot_id, plugin) AS ({rows})
     SELECT MIN((SELECT t.due_at FROM timers t WHERE t.bot_id = item.bot_id AND t.plugin = item.plugin
                 ORDER BY t.due_at LIMIT 1)) FROM item",
);
static DUE: Sql = Sql::new(
    "WITH item (bot_id, plugin) AS ({rows})
     SELECT t.id, t.bot_id, t.plugin, t.chat_id
     FROM item JOIN timers t ON t.bot_id = item.bot_id AND t.plugin = item.plugin AND t.due_at <= $1
     ORDER BY t.due_at, t.id LIMIT $2",
);
static TAKE: Sql = Sql::new(
    "WITH item (id) AS ({rows}), free AS MATERIALIZED (
         SELECT id FROM timers WHERE id IN (SELECT id FROM item) AND due_at <= $1 ORDER BY id {skip_locked})
     DELETE FROM timers WHERE id IN (SELECT id FROM free)
     RETURNING id, bot_id, plugin, chat_id, name, due_at, data",
);

/// Writes what a turn wants of timers; one change for each.
pub(super) fn change(bot: BotId, plugin: Option<&PluginName>, changes: Vec<TimerChange>) -> Vec<Step> {
    let Some(plugin) = plugin else { return vec![] };
    let part = |change: &TimerChange| Part::of(plugin, change.processor.as_deref());
    let (set, cancelled): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| change.set.is_some());
    let cancel =
        |change: &TimerChange| CANCEL.with(params![bot.0, part(change).as_str(), change.chat, change.key.as_str()]);
    let mut steps: Vec<_> = cancelled.iter().map(cancel).collect();
    for some in rows::in_chunks(&set, 5) {
        let values = rows::values(some.len(), &["$1", "?", "?", "?", "?", "?"], 1);
        let mut params = params![bot.0];
        for change in some {
            let (at, data) = change.set.as_ref().map_or((0, ""), |(at, data)| (*at, data.as_str()));
            params.extend(params![part(change).as_str(), change.chat, change.key.as_str(), at, data]);
        }
        let text = format!(
            "INSERT INTO timers (bot_id, plugin, chat_id, name, due_at, data) {values}
             ON CONFLICT (bot_id, plugin, chat_id, name) DO UPDATE SET due_at = excluded.due_at, data = excluded.data"
        );
        steps.push(Step::made(text, params));
    }
    steps
}

/// Lets timers fire.
struct Fire {
    now: Millis,
    parts: Vec<[Param; 2]>,
}

impl Job for Fire {
    type Output = usize;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<usize>, StoreError> {
        let (now, batch) = (self.now, i64::try_from(BATCH).unwrap_or(i64::MAX));
        let steps: Vec<_> = DUE.with_rows(&[Param::from(now), Param::from(batch)], self.parts.clone()).collect();
        let (mut ids, mut wanted) = (Vec::new(), BTreeMap::<i64, BTreeSet<(String, i64)>>::new());
        for mut row in session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows) {
            ids.push([Param::from(row.integer(0)?)]);
            wanted.entry(row.integer(1)?).or_default().insert((row.text(2)?, row.integer(3)?));
        }
        if ids.is_empty() {
            return Ok(Verdict::Undo(0));
        }
        let mut lanes = HashMap::new();
        for (bot, names) in &wanted {
            let names = names.iter().map(|(part, chat)| (part.as_str(), *chat)).collect();
            let found = events::lanes(*bot, &names, now, session).await?;
            lanes.extend(found.into_iter().map(|((part, chat), lane)| ((*bot, part, chat), lane)));
        }
        let mut fired = Vec::new();
        let steps: Vec<_> = TAKE.with_rows(&[Param::from(now)], ids).collect();
        for mut row in session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows) {
            let lane = lanes.get(&(row.integer(1)?, row.text(2)?, row.integer(3)?)).copied();
            let lane = lane.ok_or_else(|| StoreError::unexpected("a timer without a lane"))?;
            let (due, key, data) = (row.integer(5)?, row.text(4)?, row.text(6)?);
            fired.push((due, row.integer(0)?, (lane, Payload::Timer { key, data, due }.to_json())));
        }
        // Another host was quicker; what its transaction did to the lanes is right.
        if fired.is_empty() {
            return Ok(Verdict::Undo(0));
        }
        fired.sort_by_key(|(due, id, _)| (*due, *id));
        let fired: Vec<_> = fired.into_iter().map(|(_, _, event)| event).collect();
        events::insert(&fired, now, session).await?;
        Ok(Verdict::Commit(fired.len()))
    }
}

impl Store {
    /// Puts the timers of these parts whose time has come into the inbox, some at a time; answers how many, and whether
    /// there may be more.
    pub async fn fire_timers(&self, parts: &[(BotId, Part)]) -> Result<(usize, bool), StoreError> {
        let job = Fire { now: self.shared.clock.now(), parts: rows_of(parts) };
        let fired = self.shared.engine.write(job).await?;
        if fired > 0 {
            self.shared.hints.give(Channel::Lanes);
        }
        Ok((fired, fired >= BATCH))
    }

    /// When the next timer of these parts is due.
    pub async fn next_timer(&self, parts: &[(BotId, Part)]) -> Result<Option<Millis>, StoreError> {
        let mut next = None;
        for step in NEXT.with_rows(&[], rows_of(parts)) {
            let answer = self.shared.engine.read(step).await?;
            let due = answer.rows.first().map_or(Ok(None), |row| row.maybe_integer(0))?;
            next = [next, due].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// The keys of the timers that wait for a part in the lane of a chat.
    pub async fn timer_keys(&self, bot: BotId, part: &Part, chat: i64) -> Result<Vec<String>, StoreError> {
        let answer = self.shared.engine.read(KEYS_OF.with(params![bot.0, part.as_str(), chat, KEYS])).await?;
        answer.rows.into_iter().map(|mut row| row.text(0)).collect()
    }
}

fn rows_of(parts: &[(BotId, Part)]) -> Vec<[Param; 2]> {
    parts.iter().map(|(bot, part)| [bot.0.into(), part.as_str().into()]).collect()
}
