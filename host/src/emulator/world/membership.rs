//! Who is where: groups and channels are made, people and bots come and go, bots are blocked, groups become
//! supergroups.

use rand::Rng;
use serde_json::{Value, json};

use super::chats::no_chat;
use super::{Author, ChatKind, ChatRef, Content, Member, NewChat, Refusal, World};

impl World {
    /// Makes a group, supergroup or channel. The first person is the owner; the bots are told that they were added.
    pub fn add_chat(&mut self, new: NewChat) -> Result<ChatRef, Refusal> {
        if new.kind == ChatKind::Private {
            return Err(Refusal::wrong("a private chat begins when the person writes to the bot"));
        }
        if new.title.trim().is_empty() {
            return Err(Refusal::wrong("give the chat a `title`"));
        }
        let Some(owner) = new.members.first().copied() else {
            return Err(Refusal::wrong("put at least one person into `members`; the first is the owner"));
        };
        for id in &new.members {
            self.person(*id)?;
        }
        if let Some(bot) = new.bots.iter().find(|id| !self.bots.contains_key(id)) {
            return Err(super::bots::no_bot(&bot.to_string()));
        }
        let reference = ChatRef::Shared(self.free_chat_id(new.kind));
        let username = new.username.filter(|name| !name.is_empty() && new.kind != ChatKind::Group);
        self.insert_chat(reference, new.kind, new.title, username.map(|name| name.trim_start_matches('@').to_owned()));
        if let Some(chat) = self.chats.get_mut(&reference) {
            chat.members.extend(new.members.iter().map(|id| (*id, Member::Member)));
            chat.members.insert(owner, Member::Creator);
        }
        // A bot in a channel is an administrator or nothing.
        let standing = if new.kind == ChatKind::Channel { Member::Administrator } else { Member::Member };
        for bot in new.bots {
            self.set_member(reference, bot, standing, owner);
        }
        if new.kind == ChatKind::Group {
            self.serve_notice(reference, owner, json!({ "group_chat_created": true }));
        }
        Ok(reference)
    }

    /// A person or bot enters a chat, brought by `by` or on their own.
    pub fn join(&mut self, id: i64, reference: ChatRef, by: i64) -> Result<(), Refusal> {
        let kind = self.shared_chat(reference)?;
        let is_bot = self.bots.contains_key(&id);
        if !is_bot {
            self.person(id)?;
        }
        if self.chats.get(&reference).and_then(|chat| chat.member(id)).is_some_and(Member::is_in) {
            return Err(Refusal::wrong(format!("{id} is in `{reference}` already")));
        }
        let standing = if is_bot && kind == ChatKind::Channel { Member::Administrator } else { Member::Member };
        self.set_member(reference, id, standing, by);
        let user = self.user_json(id);
        self.serve_notice(reference, by, json!({ "new_chat_members": [user] }));
        Ok(())
    }

    /// A person or bot goes, or is thrown out by somebody else. A bot still hears that it left.
    pub fn leave(&mut self, id: i64, reference: ChatRef, by: i64) -> Result<(), Refusal> {
        self.shared_chat(reference)?;
        if !self.chats.get(&reference).and_then(|chat| chat.member(id)).is_some_and(Member::is_in) {
            return Err(Refusal::wrong(format!("{id} is not in `{reference}`")));
        }
        let user = self.user_json(id);
        self.serve_notice(reference, by, json!({ "left_chat_member": user }));
        self.set_member(reference, id, if by == id { Member::Left } else { Member::Kicked }, by);
        Ok(())
    }

    /// Makes somebody an administrator or an ordinary member.
    pub fn promote(&mut self, id: i64, reference: ChatRef, standing: Member, by: i64) -> Result<(), Refusal> {
        self.shared_chat(reference)?;
        self.set_member(reference, id, standing, by);
        Ok(())
    }

    /// A person stops a bot or starts to listen to it again.
    pub fn block(&mut self, person: i64, bot: i64, blocked: bool) -> Result<(), Refusal> {
        self.person(person)?;
        let reference = ChatRef::private(bot, person);
        let chat = self.open_chat(reference)?;
        let was = chat.member(bot) == Some(Member::Kicked);
        if was == blocked {
            return Ok(());
        }
        let (old, new) = if blocked { (Member::Member, Member::Kicked) } else { (Member::Kicked, Member::Member) };
        chat.members.insert(bot, new);
        self.announce_member(reference, bot, person, old, new);
        self.signal(super::Signal::People);
        Ok(())
    }

    /// A basic group becomes a supergroup with another id. Both chats say so; returns the new one.
    pub fn migrate(&mut self, reference: ChatRef) -> Result<ChatRef, Refusal> {
        if self.shared_chat(reference)? != ChatKind::Group {
            return Err(Refusal::wrong(format!("`{reference}` is no basic group")));
        }
        let to = ChatRef::Shared(self.free_chat_id(ChatKind::Supergroup));
        let old = self.chats.get(&reference).ok_or_else(|| no_chat(reference))?;
        let (title, members) = (old.title.clone(), old.members.clone());
        let owner = old.members().find(|(_, member)| *member == Member::Creator).map_or(0, |(id, _)| id);
        self.insert_chat(to, ChatKind::Supergroup, title, None);
        if let Some(chat) = self.chats.get_mut(&to) {
            chat.members = members;
        }
        self.serve_notice(reference, owner, json!({ "migrate_to_chat_id": to.api_id() }));
        self.serve_notice(to, owner, json!({ "migrate_from_chat_id": reference.api_id() }));
        if let Some(chat) = self.chats.get_mut(&reference) {
            chat.migrated_to = Some(to.api_id());
        }
        Ok(to)
    }

    fn shared_chat(&self, reference: ChatRef) -> Result<ChatKind, Refusal> {
        match self.known_chat(reference)?.kind {
            ChatKind::Private => Err(Refusal::wrong(format!("`{reference}` is a private chat; nobody comes or goes"))),
            kind => Ok(kind),
        }
    }

    fn set_member(&mut self, reference: ChatRef, id: i64, new: Member, by: i64) {
        let Some(chat) = self.chats.get_mut(&reference) else { return };
        let old = chat.members.insert(id, new).unwrap_or(Member::Left);
        if old != new {
            self.announce_member(reference, id, by, old, new);
            self.signal(super::Signal::People);
        }
    }

    /// Puts a message that nobody wrote into a chat. Channels keep silent about who comes and goes.
    fn serve_notice(&mut self, reference: ChatRef, by: i64, fields: Value) {
        if self.chats.get(&reference).is_none_or(|chat| chat.kind == ChatKind::Channel) {
            return;
        }
        let author = if self.bots.contains_key(&by) { Author::Bot(by) } else { Author::Person(by) };
        let id = self.post(reference, author, Content::Service(fields), |_| {});
        self.announce(reference, id, false);
    }

    fn free_chat_id(&mut self, kind: ChatKind) -> i64 {
        loop {
            let id = match kind {
                ChatKind::Group | ChatKind::Private => -self.rng.random_range(1_000_000..4_000_000_000_i64),
                // Supergroups and channels have ids below minus ten to the twelfth.
                _ => -1_000_000_000_000 - self.rng.random_range(1_000_000_000..4_000_000_000_i64),
            };
            if !self.chats.contains_key(&ChatRef::Shared(id)) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::emulator::world::updates::PollRequest;
    use crate::emulator::world::{ChatId, Poll};

    fn updates(world: &mut World, bot: i64) -> Vec<Value> {
        let request = PollRequest { offset: 0, limit: 100, waits: false };
        let Ok(Poll::Ready(batch)) = world.poll(bot, request, None) else { panic!("a short poll waits for nothing") };
        let list: Vec<Value> = batch.iter().map(|json| serde_json::from_str(json).unwrap()).collect();
        if let Some(last) = list.last() {
            let offset = last["update_id"].as_i64().unwrap() + 1;
            world.poll(bot, PollRequest { offset, ..request }, None).unwrap();
        }
        list
    }

    fn group(world: &mut World, kind: ChatKind) -> ChatRef {
        let chat = NewChat { kind, title: "Club".into(), username: None, members: vec![1001, 1002], bots: vec![7] };
        world.add_chat(chat).unwrap()
    }

    fn world() -> World {
        let mut world = World::new(Clock::manual(1_700_000_000_000), 1);
        world.dev_house();
        world.add_bot("7:x", "my_bot", "My Bot").unwrap();
        world
    }

    #[test]
    fn a_bot_hears_that_it_came_and_that_it_went() {
        let mut world = world();
        let chat = group(&mut world, ChatKind::Group);
        let heard = updates(&mut world, 7);
        assert_eq!(heard[0]["my_chat_member"]["new_chat_member"]["status"], "member");
        assert_eq!(heard[1]["message"]["group_chat_created"], true);
        world.leave(7, chat, 1001).unwrap();
        let heard = updates(&mut world, 7);
        assert_eq!(heard[0]["message"]["left_chat_member"]["id"], 7);
        assert_eq!(heard[1]["my_chat_member"]["new_chat_member"]["status"], "kicked");
        let error = world.writable_chat(7, &ChatId::Id(chat.api_id())).unwrap_err();
        assert_eq!(error.description, "Forbidden: bot was kicked from the group chat");
        world.say(1001, chat, "hello").unwrap();
        assert!(updates(&mut world, 7).is_empty());
    }

    #[test]
    fn members_are_told_to_administrators_who_asked() {
        let mut world = world();
        let chat = group(&mut world, ChatKind::Supergroup);
        world.allow_updates(7, &["chat_member".into()]);
        updates(&mut world, 7);
        world.join(1003, chat, 1003).unwrap();
        assert!(updates(&mut world, 7).is_empty(), "no administrator yet");
        world.promote(7, chat, Member::Administrator, 1001).unwrap();
        world.join(1004, chat, 1001).unwrap();
        let heard = updates(&mut world, 7);
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0]["chat_member"]["new_chat_member"]["user"]["id"], 1004);
    }

    #[test]
    fn privacy_mode_lets_commands_and_answers_through() {
        let mut world = world();
        let chat = group(&mut world, ChatKind::Supergroup);
        updates(&mut world, 7);
        for (text, heard) in [
            ("hello", 0),
            ("/go", 1),
            ("/go@my_bot", 1),
            ("/go@other_bot", 0),
            ("hello @My_Bot", 1),
            ("@admin and @my_bot", 1),
            ("hello @other_bot", 0),
        ] {
            world.say(1001, chat, text).unwrap();
            assert_eq!(updates(&mut world, 7).len(), heard, "{text}");
        }
        let sent = world.post(chat, Author::Bot(7), Content::Text(Default::default(), None), |_| {});
        world.reply(1001, chat, sent, "hello").unwrap();
        assert_eq!(updates(&mut world, 7).len(), 1);
        // Who is told to hear everything, or is an administrator, does.
        world.set_reads_all(7, true).unwrap();
        world.say(1001, chat, "hello").unwrap();
        assert_eq!(updates(&mut world, 7).len(), 1);
        world.set_reads_all(7, false).unwrap();
        world.promote(7, chat, Member::Administrator, 1001).unwrap();
        updates(&mut world, 7);
        world.say(1001, chat, "hello").unwrap();
        assert_eq!(updates(&mut world, 7).len(), 1);
    }

    #[test]
    fn a_blocked_bot_knows_it_and_starting_it_again_unblocks() {
        let mut world = world();
        let (chat, _) = world.open_link(1002, "my_bot", "").unwrap();
        world.block(1002, 7, true).unwrap();
        assert_eq!(updates(&mut world, 7)[1]["my_chat_member"]["new_chat_member"]["status"], "kicked");
        let error = world.writable_chat(7, &ChatId::Id(1002)).unwrap_err();
        assert_eq!(error.description, "Forbidden: bot was blocked by the user");
        assert!(world.say(1002, chat, "hello").is_err());
        world.open_link(1002, "my_bot", "again").unwrap();
        let heard = updates(&mut world, 7);
        assert_eq!(heard[0]["my_chat_member"]["new_chat_member"]["status"], "member");
        assert_eq!(heard[1]["message"]["text"], "/start again");
    }

    #[test]
    fn a_deleted_account_cannot_be_written_to_and_says_nothing() {
        let mut world = world();
        let (chat, _) = world.open_link(1002, "my_bot", "").unwrap();
        world.deactivate(1002, true).unwrap();
        let error = world.writable_chat(7, &ChatId::Id(1002)).unwrap_err();
        assert_eq!(error.description, "Forbidden: user is deactivated");
        assert!(world.say(1002, chat, "hello").is_err());
        world.deactivate(1002, false).unwrap();
        world.say(1002, chat, "I am back").unwrap();
        assert!(world.writable_chat(7, &ChatId::Id(1002)).is_ok());
    }

    #[test]
    fn a_group_that_became_a_supergroup_says_where_it_is() {
        let mut world = world();
        let chat = group(&mut world, ChatKind::Group);
        let to = world.migrate(chat).unwrap();
        let error = world.writable_chat(7, &ChatId::Id(chat.api_id())).unwrap_err();
        assert_eq!(error.parameters, Some(json!({ "migrate_to_chat_id": to.api_id() })));
        assert!(world.writable_chat(7, &ChatId::Id(to.api_id())).is_ok());
    }

    #[test]
    fn strangers_cannot_be_written_to() {
        let mut world = world();
        let refused = |world: &World, id| world.writable_chat(7, &ChatId::Id(id)).unwrap_err().description;
        assert_eq!(refused(&world, 1002), "Bad Request: chat not found");
        assert_eq!(refused(&world, 5), "Bad Request: chat not found");
        let chat = group(&mut world, ChatKind::Group);
        world.say(1002, chat, "/hello").unwrap();
        assert_eq!(refused(&world, 1002), "Forbidden: bot can't initiate conversation with a user");
    }
}
