//! What a bot can look up: a chat in full, its members and administrators.

use serde_json::{Value, json};

use super::{ApiError, Chat, ChatId, ChatKind, ChatRef, Member, World};

impl World {
    /// What `getChat` answers: the `ChatFullInfo` with all fields that are never missing.
    pub fn full_chat(&self, bot: i64, id: &ChatId) -> Result<Value, ApiError> {
        let chat = self.chat_of(bot, id)?;
        let mut full = self.chat_json(chat);
        if let Some(map) = full.as_object_mut() {
            map.insert("accent_color_id".into(), json!(0));
            map.insert("max_reaction_count".into(), json!(11));
            let gifts = json!({ "unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false,
                "premium_subscription": false, "gifts_from_channels": false });
            map.insert("accepted_gift_types".into(), gifts);
            if let Some(username) = &chat.username {
                map.insert("active_usernames".into(), json!([username]));
            }
            if matches!(chat.kind, ChatKind::Group | ChatKind::Supergroup) {
                let permissions = PERMISSIONS.iter().map(|name| ((*name).to_owned(), json!(true)));
                map.insert("permissions".into(), Value::Object(permissions.collect()));
            }
        }
        Ok(full)
    }

    /// What `getChatMember` answers.
    pub fn chat_member(&self, bot: i64, id: &ChatId, user: i64) -> Result<Value, ApiError> {
        let chat = self.chat_of(bot, id)?;
        let member = match chat.reference {
            ChatRef::Private { bot, person } if user == bot || user == person => Member::Member,
            ChatRef::Private { .. } => return Err(ApiError::bad("member not found")),
            ChatRef::Shared(_) => match chat.member(user) {
                Some(member) => member,
                None if self.people.contains_key(&user) || self.bots.contains_key(&user) => Member::Left,
                None => return Err(ApiError::bad("PARTICIPANT_ID_INVALID")),
            },
        };
        Ok(self.member_json(user, member))
    }

    /// What `getChatAdministrators` answers; other bots are left out.
    pub fn administrators(&self, bot: i64, id: &ChatId) -> Result<Value, ApiError> {
        let chat = self.shared(bot, id, "there are no administrators in the private chat")?;
        let admins = chat.members().filter(|(_, member)| member.is_admin());
        let admins = admins.filter(|(id, _)| *id == bot || !self.bots.contains_key(id));
        Ok(Value::Array(admins.map(|(id, member)| self.member_json(id, member)).collect()))
    }

    /// What `getChatMemberCount` answers.
    pub fn member_count(&self, bot: i64, id: &ChatId) -> Result<usize, ApiError> {
        let chat = self.chat_of(bot, id)?;
        Ok(match chat.kind {
            ChatKind::Private => 2,
            _ => chat.members().filter(|(_, member)| member.is_in()).count(),
        })
    }

    /// A bot leaves a group, supergroup or channel.
    pub fn bot_leaves(&mut self, bot: i64, id: &ChatId) -> Result<(), ApiError> {
        let reference = self.shared(bot, id, "chat not found")?.reference;
        self.writable_chat(bot, id)?;
        self.leave(bot, reference, bot).map_err(|refusal| ApiError::bad(refusal.text))
    }

    fn shared(&self, bot: i64, id: &ChatId, private: &str) -> Result<&Chat, ApiError> {
        let chat = self.chat_of(bot, id)?;
        if chat.kind == ChatKind::Private { Err(ApiError::bad(private)) } else { Ok(chat) }
    }
}

const PERMISSIONS: [&str; 14] = [
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
];
