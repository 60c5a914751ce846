//! The bots' command menus: set per scope and language, and which of them a person sees in a chat.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ApiError, Chat, ChatKind, ChatRef, Member, Refusal, World};

/// An entry of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotCommand {
    /// Without the slash.
    pub command: String,
    /// One line.
    pub description: String,
}

/// For whom a menu is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Everybody for whom there is nothing better.
    Default,
    /// All private chats.
    AllPrivate,
    /// All groups and supergroups.
    AllGroups,
    /// Their administrators.
    AllAdmins,
    /// One chat.
    Chat(i64),
    /// Its administrators.
    ChatAdmins(i64),
    /// One person in one chat.
    ChatMember(i64, i64),
}

/// The menus of a bot.
pub(super) type Menus = BTreeMap<(Scope, String), Vec<BotCommand>>;

impl World {
    /// Reads a `BotCommandScope`; its chat must be one that the bot may know.
    pub fn command_scope(&self, bot: i64, scope: Option<&Value>) -> Result<Scope, ApiError> {
        let Some(scope) = scope else { return Ok(Scope::Default) };
        let wrong = |text: &str| ApiError::bad(format!("can't parse BotCommandScope: {text}"));
        let kind = scope.get("type").and_then(Value::as_str).ok_or_else(|| wrong("Can't find field \"type\""))?;
        let chat = || {
            let id = match scope.get("chat_id") {
                Some(Value::String(text)) => match text.parse() {
                    Ok(id) => super::rights::ChatId::Id(id),
                    Err(_) => super::rights::ChatId::Name(text.clone()),
                },
                Some(number) => super::rights::ChatId::Id(number.as_i64().ok_or_else(|| wrong("Wrong chat_id"))?),
                None => return Err(wrong("Can't find field \"chat_id\"")),
            };
            self.chat_of(bot, &id).map(|chat| chat.reference.api_id())
        };
        Ok(match kind {
            "default" => Scope::Default,
            "all_private_chats" => Scope::AllPrivate,
            "all_group_chats" => Scope::AllGroups,
            "all_chat_administrators" => Scope::AllAdmins,
            "chat" => Scope::Chat(chat()?),
            "chat_administrators" => Scope::ChatAdmins(chat()?),
            "chat_member" => {
                let user = scope.get("user_id").and_then(Value::as_i64);
                Scope::ChatMember(chat()?, user.ok_or_else(|| wrong("Can't find field \"user_id\""))?)
            }
            _ => return Err(wrong("Unsupported type specified")),
        })
    }

    /// Sets a menu; an empty one is deleted.
    pub fn set_commands(
        &mut self,
        bot: i64,
        scope: Scope,
        language: &str,
        commands: Vec<BotCommand>,
    ) -> Result<(), ApiError> {
        check_language(language)?;
        if commands.len() > 100 {
            return Err(ApiError::bad("BOT_COMMANDS_TOO_MUCH"));
        }
        let mut clean = Vec::with_capacity(commands.len());
        for BotCommand { command, description } in commands {
            let command = command.strip_prefix('/').unwrap_or(&command).to_owned();
            let plain = command.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !plain || !(1..=32).contains(&command.len()) {
                return Err(ApiError::bad("BOT_COMMAND_INVALID"));
            }
            if !(1..=256).contains(&description.encode_utf16().count()) {
                return Err(ApiError::bad("BOT_COMMAND_DESCRIPTION_INVALID"));
            }
            clean.push(BotCommand { command, description });
        }
        let state = self.bots.get_mut(&bot).ok_or_else(ApiError::unauthorized)?;
        let key = (scope, language.to_owned());
        if clean.is_empty() {
            state.commands.remove(&key);
        } else {
            state.commands.insert(key, clean);
        }
        self.signal(super::Signal::People);
        Ok(())
    }

    /// The menu that was set for exactly this scope and language.
    pub fn commands(&self, bot: i64, scope: Scope, language: &str) -> Result<Vec<BotCommand>, ApiError> {
        check_language(language)?;
        let state = self.bots.get(&bot).ok_or_else(ApiError::unauthorized)?;
        Ok(state.commands.get(&(scope, language.to_owned())).cloned().unwrap_or_default())
    }

    /// The menu that a person sees in a chat: each bot's narrowest one, in the person's language if there is such.
    pub fn visible_commands(&self, person: i64, reference: ChatRef) -> Result<Vec<(&str, &BotCommand)>, Refusal> {
        let language = self.person(person)?.language_code.split('-').next().unwrap_or_default();
        let chat = self.chats.get(&reference);
        let bots: Vec<i64> = match reference {
            ChatRef::Private { bot, .. } => vec![bot],
            ChatRef::Shared(_) => {
                let members = self.known_chat(reference)?.members().filter(|(_, member)| member.is_in());
                members.map(|(id, _)| id).filter(|id| self.bots.contains_key(id)).collect()
            }
        };
        let scopes = scopes_in(reference, chat, person);
        let mut shown = Vec::new();
        for bot in bots.iter().filter_map(|bot| self.bots.get(bot)) {
            let menu = scopes.iter().find_map(|scope| {
                let menu = |language: &str| bot.commands.get(&(scope.clone(), language.to_owned()));
                menu(language).or_else(|| menu(""))
            });
            shown.extend(menu.into_iter().flatten().map(|command| (bot.username.as_str(), command)));
        }
        Ok(shown)
    }
}

/// The scopes that fit, the narrowest first.
fn scopes_in(reference: ChatRef, chat: Option<&Chat>, person: i64) -> Vec<Scope> {
    let id = reference.api_id();
    if matches!(reference, ChatRef::Private { .. }) {
        return vec![Scope::Chat(id), Scope::AllPrivate, Scope::Default];
    }
    if chat.is_some_and(|chat| chat.kind == ChatKind::Channel) {
        return Vec::new();
    }
    let mut scopes = vec![Scope::ChatMember(id, person)];
    let is_admin = chat.and_then(|chat| chat.member(person)).is_some_and(Member::is_admin);
    if is_admin {
        scopes.push(Scope::ChatAdmins(id));
    }
    scopes.push(Scope::Chat(id));
    if is_admin {
        scopes.push(Scope::AllAdmins);
    }
    scopes.extend([Scope::AllGroups, Scope::Default]);
    scopes
}

fn check_language(language: &str) -> Result<(), ApiError> {
    let good = language.is_empty() || language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase());
    if good { Ok(()) } else { Err(ApiError::bad("invalid language code specified")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::emulator::world::{NewChat, NewPerson};

    fn menu(name: &str) -> Vec<BotCommand> {
        vec![BotCommand { command: name.into(), description: "does it".into() }]
    }

    #[test]
    fn the_narrowest_menu_in_ones_own_language_is_seen() {
        let mut world = World::new(Clock::manual(0), 1);
        let bot = world.add_bot("7:x", "my_bot", "").unwrap();
        let ids = world.dev_house();
        let (admin, russian) = (ids[0], ids[2]);
        let chat = NewChat {
            kind: ChatKind::Group,
            title: "Club".into(),
            username: None,
            members: vec![admin, russian],
            bots: vec![bot],
        };
        let group = world.add_chat(chat).unwrap();
        let private = ChatRef::private(bot, russian);
        let mut set = |scope, language, name| world.set_commands(bot, scope, language, menu(name)).unwrap();
        set(Scope::Default, "", "default");
        set(Scope::Default, "ru", "default_ru");
        set(Scope::AllPrivate, "en", "private_en");
        set(Scope::AllAdmins, "", "admins");
        set(Scope::Chat(group.api_id()), "ru", "group_ru");
        let seen = |world: &World, person, chat| {
            world.visible_commands(person, chat).unwrap().first().map(|(_, command)| command.command.clone())
        };
        assert_eq!(seen(&world, russian, private).as_deref(), Some("default_ru"));
        world.set_commands(bot, Scope::AllPrivate, "", menu("private")).unwrap();
        assert_eq!(seen(&world, russian, private).as_deref(), Some("private"), "a narrower scope beats the language");
        assert_eq!(seen(&world, russian, group).as_deref(), Some("group_ru"));
        assert_eq!(seen(&world, admin, group).as_deref(), Some("admins"));
        let german = world.add_person(NewPerson::named("Jemand", "de-AT")).unwrap().id;
        assert_eq!(seen(&world, german, ChatRef::private(bot, german)).as_deref(), Some("private"));
    }

    #[test]
    fn commands_are_checked() {
        let mut world = World::new(Clock::manual(0), 1);
        let bot = world.add_bot("7:x", "my_bot", "").unwrap();
        for name in ["Upper", "", "with space", &"x".repeat(33)] {
            let error = world.set_commands(bot, Scope::Default, "", menu(name)).unwrap_err();
            assert_eq!(error.description, "Bad Request: BOT_COMMAND_INVALID", "{name}");
        }
        world.set_commands(bot, Scope::Default, "", menu("/start")).unwrap();
        assert_eq!(world.commands(bot, Scope::Default, "").unwrap()[0].command, "start");
        assert!(world.set_commands(bot, Scope::Default, "english", menu("a")).is_err());
    }
}
