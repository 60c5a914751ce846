//! What is remembered by key: bots, Telegram's ids of files, the bytes of files, buttons, conversations.

use std::collections::HashMap;

use bytes::Bytes;

use super::Store;
use super::dialect::Sql;
use super::engine::{Job, Verdict};
use super::error::StoreError;
use super::rows;
use super::session::{Param, Session, Step, params};
use crate::clock::Millis;
use crate::model::effect::{Callback, DialogueState, DialogueWrite};
use crate::model::{BotId, DialogueKey, PluginName};

/// What a button's token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCallback {
    /// The plugin that made the button.
    pub plugin: PluginName,
    /// The chat it was sent to.
    pub chat: i64,
    /// The only user who may press it; `None`: anybody in the chat.
    pub only_for: Option<i64>,
    /// What the plugin put in.
    pub data: String,
}

/// What the host knows of a bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotRow {
    /// Its name without @.
    pub username: String,
    /// What it is called.
    pub name: String,
    /// Digest of the command menu that Telegram was told last; empty: never told.
    pub commands: String,
}

static BOT: Sql = Sql::new("SELECT username, name, commands FROM bots WHERE bot_id = $1");
static REMEMBER_BOT: Sql = Sql::new(
    "INSERT INTO bots (bot_id, username, name, commands) VALUES ($1, $2, $3, '')
     ON CONFLICT (bot_id) DO UPDATE SET username = excluded.username, name = excluded.name",
);
static REMEMBER_COMMANDS: Sql = Sql::new("UPDATE bots SET commands = $2 WHERE bot_id = $1");
static FILE_ID: Sql = Sql::new("SELECT file_id FROM files WHERE bot_id = $1 AND digest = $2 AND kind = $3");
static BLOB: Sql = Sql::new("SELECT bytes FROM blobs WHERE digest = $1");
/// Bytes that are sent again are young again, but once a day is enough.
static KEEP_BLOB: Sql = Sql::new(
    "INSERT INTO blobs (digest, created_at, bytes) VALUES ($1, $2, $3)
     ON CONFLICT (digest) DO UPDATE SET created_at = excluded.created_at
     WHERE blobs.created_at < excluded.created_at - 86400000",
);
static CALLBACK: Sql =
    Sql::new("SELECT plugin, chat_id, only_for, data FROM callbacks WHERE token = $1 AND bot_id = $2");
static OPEN_DIALOGUES: Sql = Sql::new(
    "WITH item (chat_id, user_id, topic_id) AS ({rows})
     SELECT d.chat_id, d.user_id, d.topic_id, d.plugin FROM item
     JOIN dialogues d ON d.bot_id = $1 AND d.chat_id = item.chat_id AND d.user_id = item.user_id
         AND d.topic_id = item.topic_id AND d.expires_at > $2",
);
static DIALOGUE: Sql = Sql::new(
    "SELECT step, data FROM dialogues
     WHERE bot_id = $1 AND plugin = $2 AND chat_id = $3 AND user_id = $4 AND topic_id = $5 AND expires_at > $6",
);
static SET_DIALOGUE: Sql = Sql::new(
    "INSERT INTO dialogues (bot_id, plugin, chat_id, user_id, topic_id, step, data, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (bot_id, plugin, chat_id, user_id, topic_id)
     DO UPDATE SET step = excluded.step, data = excluded.data, expires_at = excluded.expires_at",
);
static CLEAR_DIALOGUE: Sql = Sql::new(
    "DELETE FROM dialogues WHERE bot_id = $1 AND plugin = $2 AND chat_id = $3 AND user_id = $4 AND topic_id = $5",
);

/// Writes what became of a conversation.
pub(super) fn write_dialogue(bot: BotId, plugin: &str, key: DialogueKey, write: &DialogueWrite) -> Step {
    let mut params = params![bot.0, plugin, key.chat, key.user, key.topic];
    match write {
        DialogueWrite::Set(state, until) => {
            params.extend(params![state.step.as_str(), state.data.as_str(), *until]);
            SET_DIALOGUE.with(params)
        }
        DialogueWrite::Clear => CLEAR_DIALOGUE.with(params),
    }
}

/// Writes what buttons stand for.
pub(super) fn write_callbacks(bot: BotId, plugin: &str, callbacks: &[Callback], now: Millis) -> Vec<Step> {
    let step = |some: &[Callback]| {
        let values = rows::values(some.len(), &["?", "$1", "$2", "?", "?", "?", "$3"], 3);
        let mut params = params![bot.0, plugin, now];
        for callback in some {
            params.extend(params![callback.token.as_str(), callback.chat, callback.only_for, callback.data.as_str()]);
        }
        let columns = "token, bot_id, plugin, chat_id, only_for, data, created_at";
        Step::made(format!("INSERT INTO callbacks ({columns}) {values}"), params)
    };
    rows::in_chunks(callbacks, 4).map(step).collect()
}

/// Keeps the bytes of a file.
pub(super) fn keep_blob(digest: &str, bytes: &Bytes, now: Millis) -> Step {
    KEEP_BLOB.with(params![digest, now, bytes.clone()])
}

struct Remember(Step);

impl Job for Remember {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        session.one(self.0.clone()).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// What is known of a bot.
    pub async fn bot(&self, bot: BotId) -> Result<Option<BotRow>, StoreError> {
        let mut answer = self.shared.engine.read(BOT.with(params![bot.0])).await?;
        let Some(row) = answer.rows.first_mut() else { return Ok(None) };
        Ok(Some(BotRow { username: row.text(0)?, name: row.text(1)?, commands: row.text(2)? }))
    }

    /// Remembers what a bot is called.
    pub async fn remember_bot(&self, bot: BotId, username: &str, name: &str) -> Result<(), StoreError> {
        self.shared.engine.write(Remember(REMEMBER_BOT.with(params![bot.0, username, name]))).await
    }

    /// Remembers the digest of the command menu that Telegram was told for a bot that is known.
    pub async fn remember_commands(&self, bot: BotId, digest: &str) -> Result<(), StoreError> {
        self.shared.engine.write(Remember(REMEMBER_COMMANDS.with(params![bot.0, digest]))).await
    }

    /// What Telegram calls a file that this bot has sent as this kind (`photo` or `document`).
    pub async fn file_id(&self, bot: BotId, digest: &str, kind: &str) -> Result<Option<String>, StoreError> {
        let mut answer = self.shared.engine.read(FILE_ID.with(params![bot.0, digest, kind])).await?;
        answer.rows.first_mut().map(|row| row.text(0)).transpose()
    }

    /// The bytes of a file, by their digest.
    pub async fn blob(&self, digest: &str) -> Result<Option<Bytes>, StoreError> {
        let mut answer = self.shared.engine.read(BLOB.with(params![digest])).await?;
        answer.rows.first_mut().map(|row| row.bytes(0)).transpose()
    }

    /// What a button's token stands for.
    pub async fn callback(&self, bot: BotId, token: &str) -> Result<Option<StoredCallback>, StoreError> {
        // A forged button may carry anything; no token of ours has a NUL.
        if token.contains('\0') {
            return Ok(None);
        }
        let mut answer = self.shared.engine.read(CALLBACK.with(params![token, bot.0])).await?;
        let Some(row) = answer.rows.first_mut() else { return Ok(None) };
        let plugin = PluginName::new(&row.text(0)?);
        let plugin = plugin.ok_or_else(|| StoreError::unexpected("a callback of no plugin"))?;
        Ok(Some(StoredCallback { plugin, chat: row.integer(1)?, only_for: row.maybe_integer(2)?, data: row.text(3)? }))
    }

    /// Which plugins are in a conversation with these users.
    pub async fn open_dialogues(
        &self,
        bot: BotId,
        keys: impl IntoIterator<Item = DialogueKey>,
    ) -> Result<HashMap<DialogueKey, Vec<PluginName>>, StoreError> {
        let rows = keys.into_iter().map(|key| [key.chat.into(), key.user.into(), key.topic.into()]).collect();
        let mut open: HashMap<_, Vec<_>> = HashMap::new();
        for step in OPEN_DIALOGUES.with_rows(&[Param::from(bot.0), Param::from(self.shared.clock.now())], rows) {
            for mut row in self.shared.engine.read(step).await?.rows {
                let key = DialogueKey { chat: row.integer(0)?, user: row.integer(1)?, topic: row.integer(2)? };
                open.entry(key).or_default().extend(PluginName::new(&row.text(3)?));
            }
        }
        Ok(open)
    }

    /// Where a conversation stands, if its time is not over.
    pub async fn dialogue(
        &self,
        bot: BotId,
        plugin: &PluginName,
        key: DialogueKey,
    ) -> Result<Option<DialogueState>, StoreError> {
        let now = self.shared.clock.now();
        let params = params![bot.0, plugin.as_str(), key.chat, key.user, key.topic, now];
        let mut answer = self.shared.engine.read(DIALOGUE.with(params)).await?;
        let Some(row) = answer.rows.first_mut() else { return Ok(None) };
        Ok(Some(DialogueState { step: row.text(0)?, data: row.text(1)? }))
    }
}
