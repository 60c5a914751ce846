//! Messages, chats and members as the Bot API shows them.
//!
//! The page sees the same objects with file ids of its own, the reply keyboards that bots never get back, and the
//! version.

use serde_json::{Map, Value, json};

use super::text::Detail;
use super::{Author, Chat, ChatRef, Content, Entity, Formatted, Member, Message, World, files};

/// Who looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// A bot.
    Bot(i64),
    /// The page, and tests.
    Page,
}

impl Viewer {
    fn files(self) -> i64 {
        match self {
            Self::Bot(id) => id,
            Self::Page => files::PAGE,
        }
    }
}

impl World {
    /// What a person sees in a chat: its messages as the page gets them, oldest first, without the deleted ones.
    pub fn messages(&self, chat: ChatRef) -> Vec<Value> {
        let Some(chat) = self.chat(chat) else { return Vec::new() };
        chat.messages().map(|message| self.message_json(chat, message, Viewer::Page)).collect()
    }

    /// The Bot API's `Message`; for the page also deleted ones, by id only.
    pub fn message_json(&self, chat: &Chat, message: &Message, viewer: Viewer) -> Value {
        let mut shown = self.message_map(chat, message, viewer);
        if let Some(reply) = message.reply_to.and_then(|id| chat.message(id)).filter(|reply| !reply.deleted) {
            shown.insert("reply_to_message".into(), Value::Object(self.message_map(chat, reply, viewer)));
        }
        Value::Object(shown)
    }

    fn message_map(&self, chat: &Chat, message: &Message, viewer: Viewer) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("message_id".into(), json!(message.id));
        if viewer == Viewer::Page {
            map.insert("version".into(), json!(message.version));
            if message.deleted {
                map.insert("deleted".into(), json!(true));
                return map;
            }
        }
        map.insert("date".into(), json!(message.date));
        map.insert("chat".into(), self.chat_json(chat));
        match message.author {
            Author::Person(id) | Author::Bot(id) => map.insert("from".into(), self.user_json(id)),
            Author::Channel => map.insert("sender_chat".into(), self.chat_json(chat)),
        };
        if let Some(date) = message.edit_date {
            map.insert("edit_date".into(), json!(date));
        }
        if let Some(album) = &message.album {
            map.insert("media_group_id".into(), json!(album));
        }
        if message.protected {
            map.insert("has_protected_content".into(), json!(true));
        }
        if let Some(markup) = message.markup.as_deref().filter(|markup| markup.is_inline() || viewer == Viewer::Page) {
            map.insert("reply_markup".into(), markup.json().clone());
        }
        self.add_content(&mut map, &message.content, viewer);
        map
    }

    fn add_content(&self, map: &mut Map<String, Value>, content: &Content, viewer: Viewer) {
        match content {
            Content::Text(text, preview) => {
                map.insert("text".into(), json!(text.text));
                if !text.entities.is_empty() {
                    map.insert("entities".into(), self.entities_json(text));
                }
                if let Some(preview) = preview {
                    map.insert("link_preview_options".into(), preview.clone());
                }
            }
            Content::Media(media) => {
                if let Some(file) = self.files.get(media.file) {
                    map.insert(media.kind.word().into(), file.json(viewer.files()));
                }
                if !media.caption.text.is_empty() {
                    map.insert("caption".into(), json!(media.caption.text));
                }
                if !media.caption.entities.is_empty() {
                    map.insert("caption_entities".into(), self.entities_json(&media.caption));
                }
                if media.caption_above {
                    map.insert("show_caption_above_media".into(), json!(true));
                }
                if media.spoiler {
                    map.insert("has_media_spoiler".into(), json!(true));
                }
            }
            Content::Plain(field, value) => {
                map.insert((*field).into(), value.clone());
            }
            Content::Service(fields) => {
                for (name, value) in fields.as_object().into_iter().flatten() {
                    map.insert(name.clone(), value.clone());
                }
            }
        }
    }

    fn entities_json(&self, text: &Formatted) -> Value {
        Value::Array(text.entities.iter().map(|entity| self.entity_json(entity)).collect())
    }

    fn entity_json(&self, entity: &Entity) -> Value {
        let mut map = Map::new();
        map.insert("type".into(), json!(entity.kind));
        map.insert("offset".into(), json!(entity.offset));
        map.insert("length".into(), json!(entity.length));
        match &entity.detail {
            Detail::None => None,
            Detail::Url(url) => map.insert("url".into(), json!(url)),
            Detail::User(id) => map.insert("user".into(), self.user_json(*id)),
            Detail::Language(language) => map.insert("language".into(), json!(language)),
            Detail::Emoji(id) => map.insert("custom_emoji_id".into(), json!(id)),
        };
        Value::Object(map)
    }

    /// The Bot API's `Chat`.
    pub fn chat_json(&self, chat: &Chat) -> Value {
        let mut map = match chat.reference {
            ChatRef::Private { person, .. } => match self.people.get(&person) {
                Some(person) => person.name_json(),
                None => Map::from_iter([("id".into(), json!(person))]),
            },
            ChatRef::Shared(id) => Map::from_iter([("id".into(), json!(id)), ("title".into(), json!(chat.title))]),
        };
        if let Some(username) = &chat.username {
            map.insert("username".into(), json!(username));
        }
        map.insert("type".into(), json!(chat.kind.word()));
        Value::Object(map)
    }

    /// The Bot API's `ChatMember`.
    pub(super) fn member_json(&self, id: i64, member: Member) -> Value {
        let user = self.user_json(id);
        match member {
            Member::Creator => json!({ "status": "creator", "user": user, "is_anonymous": false }),
            Member::Administrator => {
                let mut shown = json!({ "status": "administrator", "user": user, "can_be_edited": false,
                    "is_anonymous": false });
                if let Some(map) = shown.as_object_mut() {
                    map.extend(ADMIN_RIGHTS.iter().map(|right| ((*right).to_owned(), json!(true))));
                }
                shown
            }
            Member::Member => json!({ "status": "member", "user": user }),
            Member::Left => json!({ "status": "left", "user": user }),
            Member::Kicked => json!({ "status": "kicked", "user": user, "until_date": 0 }),
        }
    }
}

/// Clients refuse an administrator without any of these, so the list follows the newest Bot API.
const ADMIN_RIGHTS: [&str; 15] = [
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_post_messages",
    "can_edit_messages",
    "can_pin_messages",
    "can_manage_topics",
    "can_send_welcome_messages",
];
