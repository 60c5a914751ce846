//! The database for those who look and are no host: operators at a terminal, beside hosts that run or without any.
//!
//! A [`Desk`] holds no lane, takes no lock of a file and brings no schema up to date. What can be asked of it stands with
//! the tables: `dead`, `journal`, `why`, `shadows`.

use super::engine::Engine;
use super::error::StoreError;
use super::{Store, migrate};

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

    /// Lets go of the database.
    pub async fn close(&self) {
        if let Place::Own(engine) = &self.engine {
            engine.close().await;
        }
    }
}
