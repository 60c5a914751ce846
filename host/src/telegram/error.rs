//! What a failed call means for whoever made it: a pure rule, read off the Bot API's answer.
//!
//! It decides on the code first and on the text only where the code is not enough, without regard to case, and it
//! expects texts nobody has seen yet: an unknown refusal is `Dead` with Telegram's own words as the reason. The texts
//! are Telegram's, not an interface it promises; teloxide's `ApiError` compares them whole and knows neither the codes
//! nor half of the texts, which is why the table here is our own.
//!
//! 1. **Not sent**: no connection came about. Nothing can have arrived; trying again is safe.
//! 2. **Refused**: Telegram answered with an error object. Nothing was done, except where the text says otherwise.
//! 3. **Ambiguous**: the request was written, and what came back was nothing, half an answer or a failing server's.
//!    Telegram knows no idempotency key, so trying again may do it twice; every such attempt is recorded.

use std::time::Duration;

use thiserror::Error;

/// Pause after a 429 that does not say how long: what Telegram itself answered when it left the number out.
const UNSTATED_PAUSE: Duration = Duration::from_secs(3);

/// Why a call brought no result. Its text never holds a URL, because URLs of the Bot API hold the token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// No connection: Telegram has seen nothing of it.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Telegram, or what stands before it, answered with an error.
    #[error("{0}")]
    Refused(Refusal),
    /// The request was written and no usable answer came.
    #[error("no answer: {0}")]
    Ambiguous(String),
}

/// The Bot API's error object.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code} {description}")]
pub struct Refusal {
    /// `error_code`, which is the HTTP status too.
    pub code: u16,
    /// `description`, or what stood in its place.
    pub description: String,
    /// `parameters.retry_after` in seconds, or the header of that name.
    pub retry_after: Option<u64>,
    /// `parameters.migrate_to_chat_id`.
    pub migrate_to: Option<i64>,
    /// Whether the body was the Bot API's own JSON; a proxy in between answers with a page of HTML.
    pub from_api: bool,
}

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is as it should be: it was done after all, or there was nothing left to do.
    Done,
    /// Not before this time, for any call of this kind.
    RetryAfter(Duration),
    /// It may work later.
    Retry,
    /// It will never work.
    Dead,
    /// It came too late; nobody waits for it any more.
    Expired,
    /// The chat cannot be reached until its people change that.
    ChatGone,
    /// The chat has this id now.
    Migrate(i64),
    /// The token is not valid (any more): no call of this bot will work.
    StopBot,
    /// Another program asks for this bot's updates, or a webhook is set.
    Conflict,
    /// The remembered id of a file is not valid: the file has to be uploaded again.
    WrongFile,
    /// The formatting was refused: the text can be sent without.
    BadEntities,
}

/// Texts of refusals with code 400, in lower case; the first that is contained decides.
const BAD_REQUESTS: &[(&str, Decision)] = &[
    // What was wanted holds already.
    ("message is not modified", Decision::Done),
    ("message to delete not found", Decision::Done),
    ("message to unpin not found", Decision::Done),
    ("chat description is not modified", Decision::Done),
    ("bot_score_not_modified", Decision::Done),
    ("poll has already been closed", Decision::Done),
    ("user_already_participant", Decision::Done),
    // Too late.
    ("query is too old", Decision::Expired),
    ("query_id_invalid", Decision::Expired),
    // Nobody there. Missing rights are not among these: they can be given at any time.
    ("private chat not found", Decision::ChatGone),
    ("chat not found", Decision::ChatGone),
    ("peer_id_invalid", Decision::ChatGone),
    ("group is deactivated", Decision::ChatGone),
    // Files.
    ("wrong file identifier", Decision::WrongFile),
    ("wrong remote file", Decision::WrongFile),
    ("wrong file_id", Decision::WrongFile),
    ("invalid file id", Decision::WrongFile),
    ("file reference", Decision::WrongFile),
    // Formatting.
    ("can't parse entities", Decision::BadEntities),
    ("entity beginning at", Decision::BadEntities),
    ("entity begins in a middle", Decision::BadEntities),
    ("entity_mention_user_invalid", Decision::BadEntities),
    ("entities too long", Decision::BadEntities),
    // The bot itself.
    ("logged out", Decision::StopBot),
];

/// Texts with code 403, and old ones with 401, that are about the chat: nothing can be sent there, by whatever method.
/// Other texts with 403 are about a right that is missing for this call.
const UNREACHABLE: &[&str] = &[
    "blocked by the user",
    "is deactivated",
    "can't initiate conversation",
    "can't send messages to",
    "was kicked",
    "not a member",
    "chat was deleted",
];

impl CallError {
    /// Whether Telegram may have done it although it looks failed.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::NotSent(_) => false,
            Self::Ambiguous(_) => true,
            // A server that fails may fail after it has passed the request on.
            Self::Refused(refusal) => refusal.code >= 500 && refusal.decide() == Decision::Retry,
        }
    }

    /// Whether the bot can do nothing until its operator has changed something.
    pub fn is_final(&self) -> bool {
        self.decide() == Decision::StopBot
    }

    /// What to do about it.
    pub fn decide(&self) -> Decision {
        match self {
            Self::NotSent(_) | Self::Ambiguous(_) => Decision::Retry,
            Self::Refused(refusal) => refusal.decide(),
        }
    }
}

impl Refusal {
    fn decide(&self) -> Decision {
        let text = self.description.to_lowercase();
        if let Some(chat) = self.migrate_to {
            return Decision::Migrate(chat);
        }
        match self.code {
            429 => Decision::RetryAfter(self.pause(&text)),
            413 => Decision::Dead,
            // A page of HTML says something about the way to Telegram, not about the call.
            _ if !self.from_api => Decision::Retry,
            400 => BAD_REQUESTS.iter().find(|(part, _)| text.contains(part)).map_or(Decision::Dead, |(_, then)| *then),
            401 if UNREACHABLE.iter().any(|part| text.contains(part)) => Decision::ChatGone,
            401 | 421 => Decision::StopBot,
            403 if UNREACHABLE.iter().any(|part| text.contains(part)) => Decision::ChatGone,
            404 if text.contains("method not found") => Decision::Dead,
            404 => Decision::StopBot,
            409 => Decision::Conflict,
            // It was sent, and gone before the server could look at it again: a second one would be a second one.
            500 if text.contains("sent message was immediately deleted") => Decision::Done,
            500.. => Decision::Retry,
            _ => Decision::Dead,
        }
    }

    fn pause(&self, text: &str) -> Duration {
        let written = || text.rsplit_once("retry after ")?.1.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
        self.retry_after.or_else(written).map_or(UNSTATED_PAUSE, Duration::from_secs)
    }
}

#[cfg(test)]
mod tests;
