//! What the bots hear: which of them gets an update about a message or a member.

use serde_json::{Value, json};

use super::{Author, Chat, ChatKind, ChatRef, Content, Member, Message, Viewer, World};

impl World {
    /// Tells the bots of a chat about a message that a person wrote or changed, or that the chat itself shows.
    pub(super) fn announce(&mut self, reference: ChatRef, message_id: i64, edited: bool) {
        let Some(chat) = self.chats.get(&reference) else { return };
        let Some(message) = chat.message(message_id) else { return };
        let kind = match (chat.kind, edited) {
            (ChatKind::Channel, false) => "channel_post",
            (ChatKind::Channel, true) => "edited_channel_post",
            (_, false) => "message",
            (_, true) => "edited_message",
        };
        let author = message.author.id();
        let mut heard: Vec<(i64, Value)> = Vec::new();
        for bot in self.bots_in(chat) {
            if self.hears(bot, chat, message) {
                heard.push((bot, self.message_json(chat, message, Viewer::Bot(bot))));
            }
        }
        for (bot, payload) in heard {
            self.meet(bot, author);
            self.enqueue(bot, kind, reference.api_id(), payload);
        }
    }

    /// Tells the bots that somebody's standing in a chat changed.
    pub(super) fn announce_member(&mut self, reference: ChatRef, id: i64, by: i64, old: Member, new: Member) {
        let Some(chat) = self.chats.get(&reference) else { return };
        let update = json!({
            "chat": self.chat_json(chat), "from": self.user_json(by), "date": self.seconds(),
            "old_chat_member": self.member_json(id, old), "new_chat_member": self.member_json(id, new),
        });
        // Others' comings and goings are told to administrators only, and only on request.
        let admins = chat.members().filter(|(other, member)| *other != id && member.is_admin()).map(|(id, _)| id);
        let admins: Vec<i64> = admins.filter(|id| self.bots.contains_key(id)).collect();
        let key = reference.api_id();
        if self.bots.contains_key(&id) {
            self.meet(id, Some(by));
            self.enqueue(id, "my_chat_member", key, update.clone());
        }
        for bot in admins {
            self.meet(bot, Some(id));
            self.enqueue(bot, "chat_member", key, update.clone());
        }
    }

    /// From now on the bot knows this person.
    pub(super) fn meet(&mut self, bot: i64, person: Option<i64>) {
        if let (Some(bot), Some(person)) = (self.bots.get_mut(&bot), person) {
            bot.met.insert(person);
        }
    }

    /// The bots that are in a chat.
    fn bots_in(&self, chat: &Chat) -> Vec<i64> {
        match chat.reference {
            ChatRef::Private { bot, .. } => vec![bot],
            ChatRef::Shared(_) => {
                let bots = self.bots.keys().copied();
                bots.filter(|bot| chat.member(*bot).is_some_and(Member::is_in)).collect()
            }
        }
    }

    /// Whether a bot gets to know of a message. Bots do not hear each other nor themselves.
    fn hears(&self, bot: i64, chat: &Chat, message: &Message) -> bool {
        let Some(state) = self.bots.get(&bot) else { return false };
        if matches!(message.author, Author::Bot(_)) {
            return false;
        }
        let is_admin = chat.member(bot).is_some_and(Member::is_admin);
        match chat.kind {
            ChatKind::Private => true,
            ChatKind::Channel => is_admin,
            ChatKind::Group | ChatKind::Supergroup => {
                let service = matches!(message.content, Content::Service(_));
                state.reads_all || is_admin || service || self.is_meant_for(bot, chat, message)
            }
        }
    }

    /// What gets through privacy mode: a command that names no other bot, the bot's name, and an answer to the bot.
    fn is_meant_for(&self, bot: i64, chat: &Chat, message: &Message) -> bool {
        let answered = message.reply_to.and_then(|id| chat.message(id));
        if answered.is_some_and(|answered| answered.author == Author::Bot(bot)) {
            return true;
        }
        let Some(name) = self.bots.get(&bot).map(|bot| bot.username.as_str()) else { return false };
        let text = match &message.content {
            Content::Text(text, _) => text,
            Content::Media(media) => &media.caption,
            Content::Plain(..) | Content::Service(_) => return false,
        };
        if text.all("mention").any(|mention| mention.trim_start_matches('@').eq_ignore_ascii_case(name)) {
            return true;
        }
        let Some(command) = text.first("bot_command") else { return false };
        match command.split_once('@') {
            Some((_, named)) => named.eq_ignore_ascii_case(name),
            None => true,
        }
    }
}
