//! The menu of commands that Telegram shows beside the input field.

use teloxide_core::payloads::{DeleteMyCommands, SetMyCommands};
use teloxide_core::types::{BotCommand, BotCommandScope, ChatId, Recipient};

use super::{Client, write};
use crate::telegram::error::CallError;

/// Whom a command menu is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandScope {
    /// Everybody.
    Default,
    /// The people in this chat.
    Chat(i64),
}

impl Client {
    /// Sets a command menu: names without `/`, and their descriptions.
    pub async fn set_my_commands(
        &self,
        commands: &[(&str, &str)],
        scope: CommandScope,
        language: Option<&str>,
    ) -> Result<(), CallError> {
        let commands: Vec<_> = commands.iter().map(|(name, text)| BotCommand::new(*name, *text)).collect();
        let mut payload = SetMyCommands::new(commands);
        payload.scope = Some(scope.into());
        payload.language_code = language.map(str::to_owned);
        self.call("setMyCommands", &write(&payload)).await.map(drop)
    }

    /// Takes a command menu away, so that the wider one shows.
    pub async fn delete_my_commands(&self, scope: CommandScope, language: Option<&str>) -> Result<(), CallError> {
        let mut payload = DeleteMyCommands::new();
        payload.scope = Some(scope.into());
        payload.language_code = language.map(str::to_owned);
        self.call("deleteMyCommands", &write(&payload)).await.map(drop)
    }
}

impl From<CommandScope> for BotCommandScope {
    fn from(scope: CommandScope) -> Self {
        match scope {
            CommandScope::Default => Self::Default,
            CommandScope::Chat(chat) => Self::Chat { chat_id: Recipient::Id(ChatId(chat)) },
        }
    }
}
