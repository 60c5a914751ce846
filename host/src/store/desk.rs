//! The database for those who look and are no host: operators at a terminal, beside hosts that run or without any.
//!
//! A [`Desk`] holds no lane, takes no lock of a file and brings no schema up to date. What can be asked of it stands with
//! the tables: `dead`, `journal`, `why`, `shadows`.

use super::dead::Whose;
use super::dialect::Sql;
use super::engine::Engine;
use super::error::StoreError;
use super::session::{Record, params};
use super::{Store, migrate};

static BOTS: Sql = Sql::new(
    "SELECT bot_id, username, CASE WHEN LOWER(username) = LOWER($1) OR CAST(bot_id AS TEXT) = $1 THEN 1 ELSE 0 END
     FROM bots ORDER BY bot_id",
);
static PLUGINS: Sql = Sql::new(
    "SELECT DISTINCT plugin, CASE WHEN plugin = $1 OR plugin LIKE $1 || '/%' THEN 1 ELSE 0 END
     FROM lanes WHERE kind = 1 ORDER BY plugin",
);

/// A place to look from.
pub struct Desk {
    pub(super) engine: Place,
}

/// Whose connections are used.
pub(super) enum Place {
    Own(Engine),
    Host(Store),
}

impl std::ops::Deref for Place {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        match self {
            Self::Own(engine) => engine,
            Self::Host(store) => &store.shared.engine,
        }
    }
}

impl Store {
    /// A desk in a host.
    pub fn desk(&self) -> Desk {
        Desk { engine: Place::Host(self.clone()) }
    }
}

impl Desk {
    /// Opens the database that a URL names, which some host has made, beside the hosts that use it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let engine = Engine::attach(url).await?;
        migrate::check(&engine).await?;
        Ok(Self { engine: Place::Own(engine) })
    }

    /// What is wrong with a question that has found nothing: that its bot or its plugin is not known here. `None`: both are.
    pub async fn unknown(&self, whose: &Whose) -> Result<Option<String>, StoreError> {
        if let Some(bot) = &whose.bot {
            let mut rows = self.engine.read(BOTS.with(params![bot.trim_start_matches('@')])).await?.rows;
            if !some_match(&rows, 2)? {
                let names = rows.iter_mut().map(|row| Ok(format!("@{} ({})", row.text(1)?, row.integer(0)?)));
                let names = names.collect::<Result<Vec<_>, StoreError>>()?;
                return Ok(Some(format!("this database knows no bot `{bot}`; it knows {}", listed(&names))));
            }
        }
        if let Some(plugin) = &whose.plugin {
            let mut rows = self.engine.read(PLUGINS.with(params![plugin.as_str()])).await?.rows;
            if !some_match(&rows, 1)? {
                let names = rows.iter_mut().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
                return Ok(Some(format!("no event has come to a plugin `{plugin}`; some came to {}", listed(&names))));
            }
        }
        Ok(None)
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        if let Place::Own(engine) = &self.engine {
            engine.close().await;
        }
    }
}

/// Whether a row says so in this column.
fn some_match(rows: &[Record], column: usize) -> Result<bool, StoreError> {
    rows.iter().try_fold(false, |found, row| Ok(found || row.integer(column)? == 1))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
