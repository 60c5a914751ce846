//! Which chat a bot means, and whether it may write there.

use super::{Chat, ChatKind, ChatRef, Member, World, error::ApiError};

/// The parameter `chat_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatId {
    /// By number.
    Id(i64),
    /// By `@username`, which works for public supergroups and channels.
    Name(String),
}

impl From<i64> for ChatId {
    fn from(id: i64) -> Self {
        Self::Id(id)
    }
}

impl World {
    /// The chat that a bot means, if the bot may know of it.
    pub fn chat_of(&self, bot: i64, id: &ChatId) -> Result<&Chat, ApiError> {
        let not_found = || ApiError::bad("chat not found");
        let state = self.bots.get(&bot).ok_or_else(ApiError::unauthorized)?;
        let id = match id {
            ChatId::Id(id) => *id,
            ChatId::Name(name) => {
                let name = name.strip_prefix('@').ok_or_else(not_found)?;
                let same = |chat: &&Chat| chat.username.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name));
                return self.chats.values().find(same).ok_or_else(not_found);
            }
        };
        if self.bots.contains_key(&id) {
            return Err(ApiError::forbidden("the bot can't send messages to the bot"));
        }
        if self.people.contains_key(&id) {
            return self.chats.get(&ChatRef::private(bot, id)).ok_or_else(|| {
                // Somebody met in a group is known, but has to speak first.
                let met = state.met.contains(&id);
                if met { ApiError::forbidden("bot can't initiate conversation with a user") } else { not_found() }
            });
        }
        let chat = self.chats.get(&ChatRef::Shared(id)).ok_or_else(not_found)?;
        if chat.member(bot).is_none() && chat.username.is_none() {
            return Err(not_found());
        }
        Ok(chat)
    }

    /// The chat that a bot means, if the bot may write there.
    pub(super) fn writable_chat(&self, bot: i64, id: &ChatId) -> Result<ChatRef, ApiError> {
        let chat = self.chat_of(bot, id)?;
        if let Some(to) = chat.migrated_to {
            return Err(ApiError::migrated(to));
        }
        if let ChatRef::Private { person, .. } = chat.reference
            && self.people.get(&person).is_some_and(|person| person.deactivated)
        {
            return Err(ApiError::forbidden("user is deactivated"));
        }
        let kind = chat.kind.word();
        match (chat.kind, chat.member(bot)) {
            (ChatKind::Private, Some(Member::Kicked)) => Err(ApiError::forbidden("bot was blocked by the user")),
            (ChatKind::Private, _) => Ok(chat.reference),
            (_, Some(Member::Kicked)) => Err(ApiError::forbidden(format!("bot was kicked from the {kind} chat"))),
            (_, None | Some(Member::Left)) => {
                Err(ApiError::forbidden(format!("bot is not a member of the {kind} chat")))
            }
            (ChatKind::Channel, Some(Member::Member)) => {
                Err(ApiError::bad("need administrator rights in the channel chat"))
            }
            _ => Ok(chat.reference),
        }
    }
}
