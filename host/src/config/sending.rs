//! How fast bots send of themselves, before Telegram tells them to wait. Each default carries its reason;
//! `guesthouse.example.toml` repeats them.

use serde::Deserialize;

use super::{ConfigError, telegram_url};

/// What `[sending]` says. What is left out is Telegram's guidance for bots on Telegram's own servers, and no limit for
/// bots elsewhere: an emulator or a server of one's own has none. 0 is no limit anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sending {
    /// Messages of one bot a second, all chats together.
    pub per_second: Option<u32>,
    /// Messages a second into one chat, after a short burst.
    pub per_second_in_chat: Option<u32>,
    /// How long that burst may be: messages that may follow each other at once in a chat that was quiet.
    pub burst_in_chat: Option<u32>,
    /// Messages a minute into one group or channel.
    pub per_minute_in_group: Option<u32>,
}

/// The pace of one bot; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "documented field by field in `Sending`")]
pub struct Pace {
    pub per_second: u32,
    pub per_second_in_chat: u32,
    pub burst_in_chat: u32,
    pub per_minute_in_group: u32,
}

impl Pace {
    /// What Telegram gives as guidance: "about" 30 messages a second, one a second in a chat with short bursts, 20 a
    /// minute in a group. It promises none of it; what it really wants it says with a 429.
    pub const TELEGRAM: Self =
        Self { per_second: 30, per_second_in_chat: 1, burst_in_chat: 3, per_minute_in_group: 20 };
}

impl Sending {
    /// The pace of a bot that lives at this address.
    pub fn pace(&self, api_url: &str) -> Pace {
        let is_telegram = api_url.trim_end_matches('/').eq_ignore_ascii_case(&telegram_url());
        let usual = if is_telegram { Pace::TELEGRAM } else { Pace::default() };
        Pace {
            per_second: self.per_second.unwrap_or(usual.per_second),
            per_second_in_chat: self.per_second_in_chat.unwrap_or(usual.per_second_in_chat),
            burst_in_chat: self.burst_in_chat.unwrap_or(Pace::TELEGRAM.burst_in_chat).max(1),
            per_minute_in_group: self.per_minute_in_group.unwrap_or(usual.per_minute_in_group),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        const MOST: u32 = 10_000;
        for (key, value) in [
            ("per_second", self.per_second),
            ("per_second_in_chat", self.per_second_in_chat),
            ("burst_in_chat", self.burst_in_chat),
            ("per_minute_in_group", self.per_minute_in_group),
        ] {
            if value.is_some_and(|value| value > MOST) {
                return Err(ConfigError::Refused {
                    problem: format!("sending.{key} is out of range"),
                    hint: format!("write a number from 1 to {MOST}, or 0 for no limit"),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guidance_is_for_telegram_and_for_whoever_asks() {
        let silent = Sending::default();
        assert_eq!(silent.pace("https://api.telegram.org"), Pace::TELEGRAM);
        assert_eq!(silent.pace("https://API.telegram.org/"), Pace::TELEGRAM);
        let free = Pace { burst_in_chat: 3, ..Pace::default() };
        assert_eq!(silent.pace("http://127.0.0.1:8081"), free);
        let some = Sending { per_second: Some(5), per_minute_in_group: Some(0), ..silent };
        assert_eq!(some.pace("http://127.0.0.1:8081"), Pace { per_second: 5, ..free });
        assert_eq!(
            some.pace("https://api.telegram.org"),
            Pace { per_second: 5, per_minute_in_group: 0, ..Pace::TELEGRAM }
        );
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Sending { per_second: Some(10_001), ..Sending::default() }.check().is_err());
        assert!(Sending { per_second: Some(0), ..Sending::default() }.check().is_ok());
    }
}
