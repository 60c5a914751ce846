//! Lanes, for operators: which there are, which are due, who holds them.

use super::Store;
use super::dialect::Sql;
use super::error::StoreError;
use super::lanes::LaneKind;
use super::session::{Record, params};
use crate::clock::Millis;
use crate::model::BotId;

/// A lane as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneRow {
    /// Its number.
    pub id: i64,
    /// Which sort of work it holds.
    pub kind: LaneKind,
    /// The bot.
    pub bot: BotId,
    /// The plugin or processor; empty unless it is one of turns.
    pub part: String,
    /// The chat; the user where there is none; 0 for neither.
    pub chat: i64,
    /// When its head is due; `None`: nothing waits.
    pub due_at: Option<Millis>,
    /// The host that holds it.
    pub host: Option<i64>,
    /// How much waits in it, counted up to a thousand.
    pub waiting: i64,
}

/// Which lanes.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhichLanes {
    /// Of this bot.
    pub bot: Option<BotId>,
    /// Those that are due.
    pub due: bool,
    /// Those that a host holds.
    pub held: bool,
}

macro_rules! filter {
    () => {
        "($1 = 0 OR l.bot_id = $1) AND ($2 = 0 OR l.due_at <= $3) AND ($4 = 0 OR l.host_id IS NOT NULL)"
    };
}
static PAGE: Sql = Sql::new(concat!(
    "SELECT l.id, l.kind, l.bot_id, l.plugin, l.chat_id, l.due_at, l.host_id,
         CASE l.kind
             WHEN 1 THEN (SELECT COUNT(*) FROM (
                 SELECT 1 FROM inbox i WHERE i.lane_id = l.id AND i.state = 0 LIMIT 1000) AS waiting)
             WHEN 2 THEN (SELECT COUNT(*) FROM (
                 SELECT 1 FROM outbox o WHERE o.lane_id = l.id AND o.state = 0 LIMIT 1000) AS waiting)
             ELSE 0 END
     FROM lanes l WHERE ",
    filter!(),
    " ORDER BY l.id LIMIT $5 OFFSET $6"
));
static COUNT: Sql = Sql::new(concat!("SELECT COUNT(*) FROM lanes l WHERE ", filter!()));

impl Store {
    /// Some of the lanes, in the order of their numbers, and how many there are.
    pub async fn lanes(&self, which: WhichLanes, limit: i64, offset: i64) -> Result<(Vec<LaneRow>, i64), StoreError> {
        let WhichLanes { bot, due, held } = which;
        let now = self.shared.clock.now();
        let filter = params![bot.map_or(0, |bot| bot.0), i64::from(due), now, i64::from(held)];
        let count = self.shared.engine.read(COUNT.with(filter.clone())).await?;
        let total = count.rows.first().map_or(Ok(0), |row| row.integer(0))?;
        let page = PAGE.with(filter.into_iter().chain(params![limit, offset]).collect());
        let answer = self.shared.engine.read(page).await?;
        Ok((answer.rows.into_iter().map(lane).collect::<Result<_, _>>()?, total))
    }
}

fn lane(mut row: Record) -> Result<LaneRow, StoreError> {
    Ok(LaneRow {
        id: row.integer(0)?,
        kind: match row.integer(1)? {
            0 => LaneKind::Polling,
            1 => LaneKind::Turns,
            _ => LaneKind::Sending,
        },
        bot: BotId(row.integer(2)?),
        part: row.text(3)?,
        chat: row.integer(4)?,
        due_at: row.maybe_integer(5)?,
        host: row.maybe_integer(6)?,
        waiting: row.integer(7)?,
    })
}
