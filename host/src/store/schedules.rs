//! When schedules are due next. What a time means is not known here; it comes from who asks.
//!
//! 1. A schedule that is new, or whose times are others now (`cron`), begins anew. One that is switched off is forgotten.
//! 2. A tick moves the due time on, under the condition that nobody else has, and puts its event into the inbox in the
//!    same transaction. So each comes once, on whichever host.
//! 3. Hosts of two configurations side by side: a host ticks what stands here as it knows it, and leaves the rest alone.

use super::dialect::Sql;
use super::engine::{Channel, Job, Verdict};
use super::error::StoreError;
use super::session::{Param, Session, params};
use super::{Store, events};
use crate::clock::Millis;
use crate::model::payload::Payload;
use crate::model::{BotId, Part};

/// A schedule that a host knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSchedule {
    /// The bot.
    pub bot: BotId,
    /// The plugin or processor that gets its ticks.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// What its times follow from.
    pub cron: String,
}

/// A tick of a schedule.
#[derive(Debug, Clone)]
pub struct NewTick {
    /// Whose.
    pub schedule: KnownSchedule,
    /// When it was due, as [`Store::schedules_due`] has said.
    pub was_due: Millis,
    /// What the event says.
    pub payload: Payload,
    /// When it is due next; `None`: never.
    pub next: Option<Millis>,
}

static KEEP: Sql = Sql::new(
    "INSERT INTO schedules (bot_id, plugin, name, cron, due_at) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (bot_id, plugin, name) DO UPDATE SET cron = excluded.cron, due_at = excluded.due_at
     WHERE schedules.cron <> excluded.cron",
);
static FORGET: Sql = Sql::new("DELETE FROM schedules WHERE bot_id = $1 AND plugin = $2 AND name = $3");
static DUE: Sql = Sql::new(
    "WITH item (number, bot_id, plugin, name, cron) AS ({rows})
     SELECT item.number, s.due_at FROM item JOIN schedules s
     ON s.bot_id = item.bot_id AND s.plugin = item.plugin AND s.name = item.name AND s.cron = item.cron",
);
static MOVE_ON: Sql = Sql::new(
    "UPDATE schedules SET due_at = $6
     WHERE bot_id = $1 AND plugin = $2 AND name = $3 AND cron = $4 AND due_at = $5 RETURNING due_at",
);

/// Takes note of the schedules of a plugin.
struct Keep {
    /// With the next due time each.
    on: Vec<(KnownSchedule, Millis)>,
    off: Vec<(BotId, Part, String)>,
}

impl Job for Keep {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        let keep = |(it, due): &(KnownSchedule, Millis)| {
            KEEP.with(params![it.bot.0, it.part.as_str(), it.name.as_str(), it.cron.as_str(), *due])
        };
        let forget =
            |(bot, part, name): &(BotId, Part, String)| FORGET.with(params![bot.0, part.as_str(), name.as_str()]);
        let steps: Vec<_> = self.on.iter().map(keep).chain(self.off.iter().map(forget)).collect();
        session.run(&steps).await?;
        Ok(Verdict::Commit(()))
    }
}

struct TickAll {
    ticks: Vec<NewTick>,
    now: Millis,
}

impl Job for TickAll {
    type Output = usize;

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<usize>, StoreError> {
        let mut count = 0;
        for NewTick { schedule: it, was_due, payload, next } in &self.ticks {
            let next = next.unwrap_or(i64::MAX);
            let (part, name, cron) = (it.part.as_str(), it.name.as_str(), it.cron.as_str());
            let moved = session.one(MOVE_ON.with(params![it.bot.0, part, name, cron, *was_due, next])).await?;
            if moved.rows.is_empty() {
                continue;
            }
            let lanes = events::lanes(it.bot.0, &[(part, 0)].into(), self.now, session).await?;
            let lane = lanes.into_values().next().ok_or_else(|| StoreError::unexpected("no lane"))?;
            events::insert(&[(lane, payload.to_json())], self.now, session).await?;
            count += 1;
        }
        Ok(if count > 0 { Verdict::Commit(count) } else { Verdict::Undo(0) })
    }
}

impl Store {
    /// Takes note of schedules, each with when it would be due if it began now, and forgets those that are off.
    pub async fn keep_schedules(
        &self,
        on: Vec<(KnownSchedule, Millis)>,
        off: Vec<(BotId, Part, String)>,
    ) -> Result<(), StoreError> {
        if on.is_empty() && off.is_empty() {
            return Ok(());
        }
        self.shared.engine.write(Keep { on, off }).await
    }

    /// When each of these is due; `None`: it has other times by now, or is off.
    pub async fn schedules_due(&self, known: &[KnownSchedule]) -> Result<Vec<Option<Millis>>, StoreError> {
        let row = |(number, it): (i64, &KnownSchedule)| -> [Param; 5] {
            [number.into(), it.bot.0.into(), it.part.as_str().into(), it.name.as_str().into(), it.cron.as_str().into()]
        };
        let mut due = vec![None; known.len()];
        for step in DUE.with_rows(&[], (0..).zip(known).map(row).collect()) {
            for row in self.shared.engine.read(step).await?.rows {
                let place = usize::try_from(row.integer(0)?).ok().and_then(|number| due.get_mut(number));
                *place.ok_or_else(|| StoreError::unexpected("a schedule that nobody asked for"))? =
                    row.maybe_integer(1)?;
            }
        }
        Ok(due)
    }

    /// Lets schedules tick. Answers how many did; the others have ticked elsewhere.
    pub async fn tick(&self, mut ticks: Vec<NewTick>) -> Result<usize, StoreError> {
        if ticks.is_empty() {
            return Ok(0);
        }
        // In one order on all hosts, so that no two wait for each other crosswise.
        ticks.sort_by(|one, other| {
            let key = |it: &NewTick| (it.schedule.bot, it.schedule.part.clone(), it.schedule.name.clone());
            key(one).cmp(&key(other))
        });
        let count = self.shared.engine.write(TickAll { ticks, now: self.shared.clock.now() }).await?;
        if count > 0 {
            self.shared.hints.give(Channel::Lanes);
        }
        Ok(count)
    }
}
