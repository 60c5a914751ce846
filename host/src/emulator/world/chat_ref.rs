//! The names of chats.
//!
//! A private chat belongs to a bot and a person; everywhere else the plain chat id names it. In the Bot API the private
//! chat's id is the person's id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Refusal;

/// Names a chat among all bots: `p:<bot>:<person>` or the plain id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChatRef {
    /// The private chat of a bot and a person.
    Private {
        /// The bot's id.
        bot: i64,
        /// The person's id.
        person: i64,
    },
    /// A group, supergroup or channel.
    Shared(i64),
}

impl fmt::Display for ChatRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private { bot, person } => write!(f, "p:{bot}:{person}"),
            Self::Shared(id) => write!(f, "{id}"),
        }
    }
}

impl FromStr for ChatRef {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let private = text.strip_prefix("p:").and_then(|rest| rest.split_once(':'));
        let parsed = match private {
            Some((bot, person)) => bot.parse().ok().zip(person.parse().ok()).map(|(b, p)| Self::private(b, p)),
            None => text.parse().ok().map(Self::Shared),
        };
        parsed
            .ok_or_else(|| Refusal::wrong(format!("`{text}` is no chat; write `p:<bot id>:<person id>` or a chat id")))
    }
}

impl ChatRef {
    /// The private chat of a bot and a person.
    pub fn private(bot: i64, person: i64) -> Self {
        Self::Private { bot, person }
    }

    /// The `chat.id` that the Bot API shows.
    pub fn api_id(self) -> i64 {
        match self {
            Self::Private { person, .. } => person,
            Self::Shared(id) => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back() {
        for reference in [ChatRef::private(7, 1001), ChatRef::Shared(-1_001_234)] {
            assert_eq!(reference.to_string().parse(), Ok(reference));
        }
        for wrong in ["", "p:", "p:1", "p:x:2", "chat", "1:2"] {
            assert!(wrong.parse::<ChatRef>().is_err(), "{wrong}");
        }
    }
}
