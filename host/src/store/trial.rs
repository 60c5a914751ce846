//! What those need who try a plugin out: rows that are there already, why turns have failed, and a database of one's own.

use std::collections::BTreeSet;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::dialect::{Dialect, Sql};
use super::engine::{Job, Verdict};
use super::error::StoreError;
use super::session::{Session, Step};
use super::tables::{Moving, TableSet};
use super::{Store, records};
use crate::clock::Millis;
use crate::model::effect::{DialogueState, DialogueWrite};
use crate::model::table::Write;
use crate::model::{BotId, DialogueKey, PluginName};

/// Longer than a scenario lasts.
const MONTH: Millis = 30 * 86_400_000;

static TROUBLES: Sql = Sql::new(
    "SELECT i.seq, i.attempt, l.plugin, i.reason FROM inbox i JOIN lanes l ON l.id = i.lane_id
     WHERE i.reason IS NOT NULL AND i.state IN (0, 2) ORDER BY i.seq LIMIT 100",
);

/// A turn that has failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FailedTurn {
    /// The event, and the how many-th failure of it.
    pub turn: (i64, i64),
    /// The plugin or processor.
    pub part: String,
    /// Why.
    pub reason: String,
}

/// Puts rows into a plugin's tables, which move until it is dropped. That is after its commit: before it, who reads there
/// does not see the rows yet.
struct Fill {
    steps: Vec<Step>,
    _moving: Vec<Moving>,
}

impl Job for Fill {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        session.run(&self.steps).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// Puts rows into a plugin's tables, as if its turns had written them.
    pub async fn fill(&self, bot: BotId, tables: &TableSet, rows: &[Write]) -> Result<(), StoreError> {
        let steps = tables.write(bot, rows)?.into_iter().map(|(_, step)| step).collect();
        let written: BTreeSet<_> = rows.iter().map(Write::table).collect();
        let moving = written.into_iter().map(|table| Ok(tables.counter(table)?.moves()));
        let moving = moving.collect::<Result<_, StoreError>>()?;
        self.shared.engine.write(Fill { steps, _moving: moving }).await
    }

    /// Lets a conversation stand somewhere for a month, as if a turn had said so.
    pub async fn stand_at(
        &self,
        bot: BotId,
        plugin: &PluginName,
        key: DialogueKey,
        state: DialogueState,
    ) -> Result<(), StoreError> {
        let set = DialogueWrite::Set(state, self.shared.clock.now() + MONTH);
        let steps = vec![records::write_dialogue(bot, plugin.as_str(), key, &set)];
        self.shared.engine.write(Fill { steps, _moving: Vec::new() }).await
    }

    /// The events that have not ended well so far, up to a hundred, and why.
    pub async fn failed_turns(&self) -> Result<Vec<FailedTurn>, StoreError> {
        let answer = self.shared.engine.read(TROUBLES.with(vec![])).await?;
        let rows = answer.rows.into_iter().map(|mut row| {
            let turn = (row.integer(0)?, row.integer(1)?);
            Ok(FailedTurn { turn, part: row.text(2)?, reason: row.text(3)? })
        });
        rows.collect()
    }
}

/// A database on a PostgreSQL server that goes when it is dropped by [`Scratch::drop`].
pub struct Scratch {
    server: PgConnectOptions,
    name: String,
    url: String,
}

impl Scratch {
    /// Makes one of this name on the server of a URL, whose user may do so.
    pub async fn create(url: &str, name: &str) -> Result<Self, StoreError> {
        let server = PgConnectOptions::from_str(url).map_err(Dialect::classify)?.disable_statement_logging();
        let own = server.clone().database(name);
        let scratch = Self { server, name: name.to_owned(), url: own.to_url_lossy().to_string() };
        scratch.run(format!("CREATE DATABASE \"{name}\"")).await?;
        Ok(scratch)
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes it away, whoever is still connected.
    pub async fn drop(self) -> Result<(), StoreError> {
        self.run(format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name)).await
    }

    async fn run(&self, sql: String) -> Result<(), StoreError> {
        let mut connection = PgConnection::connect_with(&self.server).await.map_err(Dialect::classify)?;
        // Names are made here, of digits and letters.
        connection.execute(AssertSqlSafe(sql)).await.map_err(Dialect::classify)?;
        connection.close().await.map_err(Dialect::classify)
    }
}
