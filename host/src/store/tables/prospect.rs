//! What the database would say to the tables of a plugin that is not loaded yet. It looks and writes nothing, beside hosts
//! that run. The rules are those of `declare`.

use std::collections::HashMap;

use super::declare::{self, DECLARED, Key};
use super::quoted;
use crate::model::PluginName;
use crate::model::manifest::Table;
use crate::store::engine::Engine;
use crate::store::error::StoreError;
use crate::store::migrate;
use crate::store::session::Step;

/// The tables of all plugins as a database has them.
pub struct Prospect {
    engine: Engine,
    existing: HashMap<Key, Table>,
}

impl Prospect {
    /// Looks at the database that a URL names; `None` if no host has made one yet.
    pub async fn open(url: &str) -> Result<Option<Self>, StoreError> {
        let engine = match Engine::attach(url).await {
            Err(StoreError::NotThere { .. }) => return Ok(None),
            engine => engine?,
        };
        match migrate::check(&engine).await {
            Err(StoreError::OlderSchema { found: 0, .. }) => return Ok(None),
            checked => checked?,
        }
        let existing = declare::existing(engine.read(DECLARED.with(vec![])).await?)?;
        Ok(Some(Self { engine, existing }))
    }

    /// Why tables could not be made or extended, one reason for each table at most.
    pub async fn refusals(&self, plugin: &PluginName, tables: &[Table]) -> Result<Vec<StoreError>, StoreError> {
        let mut refusals = Vec::new();
        for table in tables {
            let changed = declare::check(plugin, table)
                .and_then(|()| declare::change(&self.existing, plugin, table, self.engine.dialect));
            match changed {
                Ok(None) => {}
                Ok(Some((table, _))) => refusals.extend(self.repeated(plugin, &table).await?),
                Err(refusal) => refusals.push(refusal),
            }
        }
        Ok(refusals)
    }

    /// Why a unique key could not be added, because rows that are there have the same in it. Nulls never collide.
    async fn repeated(&self, plugin: &PluginName, table: &Table) -> Result<Option<StoreError>, StoreError> {
        let Some(old) = self.existing.get(&declare::key(plugin.as_str(), &table.name)) else { return Ok(None) };
        let is_old = |columns: &[String]| columns.iter().all(|column| old.column(column).is_some());
        for columns in table.unique.iter().filter(|columns| !old.unique.contains(columns) && is_old(columns)) {
            let names: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
            let held: Vec<_> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
            let name = quoted(&declare::table_name(plugin.as_str(), &table.name));
            let (names, held) = (names.join(", "), held.join(" AND "));
            let question = format!(
                "SELECT COUNT(*) FROM (SELECT 1 FROM {name} WHERE {held} GROUP BY bot_id, {names} HAVING COUNT(*) > 1) \
                 AS repeated"
            );
            let answer = self.engine.read(Step::made(question, vec![])).await?;
            if answer.rows.first().map_or(Ok(0), |row| row.integer(0))? > 0 {
                let problem = format!("rows that are there already are not unique in {}", columns.join(", "));
                let hint = "change those rows first, or leave the unique key out".into();
                return Ok(Some(declare::refusal(plugin, table, problem, hint)));
            }
        }
        Ok(None)
    }

    /// Lets the database go.
    pub async fn close(self) {
        self.engine.close().await;
    }
}
