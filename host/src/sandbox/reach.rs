//! To which chats a turn may write: those that its grant names and the one that its event came from, under each of their
//! ids. A basic group that becomes a supergroup gets another id, and is the same chat to whoever was granted it or wrote
//! its number down.

use super::effects::Exceeded;
use super::guest::Entered;
use super::view::ViewError;

/// Why it is not known whether a turn may write to a chat.
#[derive(Debug)]
pub(super) enum Unknown {
    /// The turn has asked for more than it may.
    Limit(String),
    /// The database did not answer.
    Unavailable(String),
}

impl Entered<'_> {
    /// Whether the turn may write to this chat.
    pub(super) async fn may_write_to(&mut self, chat: i64) -> Result<bool, Unknown> {
        if self.is_granted(chat) {
            return Ok(true);
        }
        // People keep their ids; for a group it is worth a look, which counts as a row that is read.
        if chat >= 0 {
            return Ok(false);
        }
        self.turn.effects.read(&[]).map_err(|Exceeded(limit)| Unknown::Limit(limit))?;
        match self.turn.view.same_chats(chat).await {
            Ok(same) => Ok(same.into_iter().any(|chat| self.is_granted(chat))),
            Err(error) => {
                if let ViewError::Unavailable(reason) = &error {
                    self.note_unavailable(reason);
                }
                Err(Unknown::Unavailable(error.to_string()))
            }
        }
    }

    fn is_granted(&self, chat: i64) -> bool {
        self.rules.grant.may_write(chat, self.turn.origin, &self.rules.settings.admins)
    }
}
