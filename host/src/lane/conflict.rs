//! What a turn does before it runs again after a conflict, and what a commit waits for: the queues of `queue` put to use.

use super::Lanes;
use super::queue::HeldTable;
use super::view::TurnView;
use crate::model::table::Write;
use crate::store::{Lease, TurnCommit};

impl Lanes {
    /// Prepares another run after a conflict. The turn waits its turn on every row that it was refused for so far, and
    /// keeps them until its commit is answered; a table that was scanned in vain is taken alone.
    pub(super) async fn make_way(
        &self,
        lease: &Lease,
        view: &TurnView,
        table: String,
        row: Option<i64>,
    ) -> Option<(String, HeldTable)> {
        tracing::debug!(lane = %lease, table, row, "lane {lease}: `{table}` changed meanwhile; running again");
        view.let_go();
        if let Some(row) = row {
            view.queue_again(&table, row).await;
            return None;
        }
        let held = self.queues.table(lease.bot(), lease.plugin()?, &table).await?;
        // Nobody else commits to this table now, so queueing for its rows would only wait for those who wait for us.
        view.has_alone(&table);
        Some((table, held))
    }

    /// Waits while another turn has one of the tables alone that this commit writes to.
    pub(super) async fn pass_through(
        &self,
        lease: &Lease,
        commit: &TurnCommit,
        alone: Option<&(String, HeldTable)>,
    ) -> Vec<HeldTable> {
        let Some(plugin) = lease.plugin() else { return Vec::new() };
        let mut tables: Vec<&str> = commit.writes.iter().map(Write::table).collect();
        tables.sort_unstable();
        tables.dedup();
        let mut held = Vec::with_capacity(tables.len());
        for table in tables {
            if alone.is_none_or(|(mine, _)| mine != table) {
                held.extend(self.queues.share(lease.bot(), plugin, table).await);
            }
        }
        held
    }
}
