//! The database for those who look and are no host: operators at a terminal, beside hosts that run or without any.
//!
//! A [`Desk`] holds no lane, takes no lock of a file and brings no schema up to date. What can be asked of it stands with
//! the tables: `dead`, `journal`, `why`, `shadows`.

use super::dead::Whose;
use super::dialect::Sql;
use super::engine::Engine;
use super::error::StoreError;
use super::{Store, migrate};

static BOTS: Sql = Sql::new("SELECT bot_id, username FROM bots ORDER BY bot_id");
static PLUGINS: Sql = Sql::new("SELECT DISTINCT plugin FROM lanes WHERE kind = 1 ORDER BY plugin");

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

    /// What is wrong with a question that has found nothing: that its bot or its plugin is not known here. `None`: both are,
    /// or there are too many lanes to say.
    pub async fn unknown(&self, whose: &Whose) -> Result<Option<String>, StoreError> {
        if let Some(bot) = &whose.bot {
            let asked = bot.trim_start_matches('@');
            let mut names = Vec::new();
            for mut row in self.engine.read(BOTS.with(vec![])).await?.rows {
                let (id, name) = (row.integer(0)?.to_string(), row.text(1)?);
                if id == asked || name.to_lowercase() == asked.to_lowercase() {
                    names.clear();
                    break;
                }
                names.push(format!("@{name} ({id})"));
            }
            if !names.is_empty() {
                return Ok(Some(format!("this database knows no bot `{bot}`, it knows {}", names.join(", "))));
            }
        }
        let Some(plugin) = &whose.plugin else { return Ok(None) };
        let mut rows = match self.engine.read(PLUGINS.with(vec![])).await {
            Ok(answer) => answer.rows,
            Err(StoreError::Slow) => return Ok(None),
            Err(error) => return Err(error),
        };
        let parts = rows.iter_mut().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
        let is_it = |part: &String| {
            part.strip_prefix(plugin.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if parts.is_empty() || parts.iter().any(is_it) {
            return Ok(None);
        }
        Ok(Some(format!("no event has come to a plugin `{plugin}`, but to {}", parts.join(", "))))
    }

    /// Lets go of the database.
    pub async fn close(&self) {
        if let Place::Own(engine) = &self.engine {
            engine.close().await;
        }
    }
}
