//! What is kept of each turn, so that it can be run again, and for how long. Each default carries its reason;
//! `guesthouse.example.toml` repeats them.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::ConfigError;

/// How much of a turn is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Records {
    /// All that it takes to run it again.
    #[default]
    All,
    /// What happened, without anybody's words: kinds, tables, methods, sizes and times.
    Shapes,
    /// Nothing.
    Off,
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Item {
            Switch(bool),
            Word(String),
        }
        match Item::deserialize(deserializer)? {
            Item::Switch(true) => Ok(Self::All),
            Item::Switch(false) => Ok(Self::Off),
            Item::Word(word) => match word.as_str() {
                "all" => Ok(Self::All),
                "shapes" => Ok(Self::Shapes),
                "off" => Ok(Self::Off),
                _ => Err(D::Error::custom(format!(
                    "`{word}` is nothing that can be kept of a turn\nhint: write \"all\", \"shapes\" or \"off\""
                ))),
            },
        }
    }
}

/// What `[journal]` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Journal {
    /// How much of a turn is written down; a plugin may say otherwise.
    pub record: Records,
    /// Days after which a turn is forgotten. What it answered and why is asked within a week, if at all.
    pub keep_days: u32,
    /// MiB of the database that it may have; beyond them the oldest turns go. Some hundred thousand turns fit.
    pub max_mib: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self { record: Records::All, keep_days: 7, max_mib: 256 }
    }
}

impl Journal {
    /// How long a turn is kept.
    pub fn keep(&self) -> Duration {
        Duration::from_secs(u64::from(self.keep_days) * 86_400)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        // The updates behind the turns are kept for thirty days; a turn that outlives its update could not be explained.
        let problem = if !(1..=30).contains(&self.keep_days) {
            "journal.keep_days is out of range"
        } else if !(1..=1 << 20).contains(&self.max_mib) {
            "journal.max_mib is out of range"
        } else {
            return Ok(());
        };
        Err(ConfigError::Refused {
            problem: problem.into(),
            hint: "write 1 to 30 days and 1 to 1048576 MiB; record = \"off\" keeps nothing".into(),
        })
    }
}
