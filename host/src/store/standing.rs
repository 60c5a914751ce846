//! How much there is to do just now, and when there will be more. It decides nothing in a host that works; those who test
//! one know by it that nothing more can come before a certain time.

use super::Store;
use super::dialect::Sql;
use super::error::StoreError;
use super::session::params;
use crate::clock::Millis;

/// What stands in the database at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Lanes whose turns are under way.
    pub turns: i64,
    /// Chats that are being sent to.
    pub sends: i64,
    /// Lanes, timers and schedules that are due and that nobody has begun with.
    pub due: i64,
    /// When something that is not due yet will be; `None`: never.
    pub next: Option<Millis>,
    /// When the first request is due that is to be tried again; `None`: there is none.
    pub request: Option<Millis>,
}

impl Standing {
    /// Whether nothing is due and nothing under way, but for so many turns that are known to wait.
    pub fn is_quiet(&self, waiting: usize) -> bool {
        self.due == 0 && self.sends == 0 && usize::try_from(self.turns).is_ok_and(|turns| turns <= waiting)
    }
}

static STANDING: Sql = Sql::new(
    "SELECT
         (SELECT COUNT(*) FROM lanes WHERE kind = 1 AND host_id IS NOT NULL),
         (SELECT COUNT(*) FROM lanes WHERE kind = 2 AND host_id IS NOT NULL),
         (SELECT COUNT(*) FROM lanes WHERE kind IN (1, 2) AND host_id IS NULL AND due_at <= $1),
         (SELECT COUNT(*) FROM timers WHERE due_at <= $1),
         (SELECT COUNT(*) FROM schedules WHERE due_at <= $1),
         (SELECT MIN(due_at) FROM lanes WHERE kind IN (1, 2) AND host_id IS NULL AND due_at > $1),
         (SELECT MIN(due_at) FROM timers WHERE due_at > $1),
         (SELECT MIN(due_at) FROM schedules WHERE due_at > $1),
         (SELECT MIN(l.due_at) FROM inbox i JOIN lanes l ON l.id = i.lane_id
          WHERE i.state = 0 AND i.payload LIKE '{\"request\"%' AND l.host_id IS NULL AND l.due_at > $1)",
);

impl Store {
    /// How things stand.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        let answer = self.shared.engine.read(STANDING.with(params![self.shared.clock.now()])).await?;
        let row = answer.rows.into_iter().next().ok_or_else(|| StoreError::unexpected("no standing"))?;
        let due = row.integer(2)? + row.integer(3)? + row.integer(4)?;
        let next = [row.maybe_integer(5)?, row.maybe_integer(6)?, row.maybe_integer(7)?].into_iter().flatten().min();
        // A schedule that has no next time stands at the end of all times.
        let next = next.filter(|next| *next < Millis::MAX);
        let (turns, sends, request) = (row.integer(0)?, row.integer(1)?, row.maybe_integer(8)?);
        Ok(Standing { turns, sends, due, next, request })
    }
}
