//! What a turn may read: the database and Telegram's files, asked when the plugin asks, outside of any transaction; and
//! what it may ask of the outside, which is in `outside`.
//!
//! One view serves all runs of one turn, so that a run after a conflict gets the files it has fetched before without
//! another call.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::outside::Outside;
use super::queue::{HeldRow, Queues};
use super::{Guest, Lanes};
use crate::config::Sites;
use crate::model::effect::DialogueState;
use crate::model::llm::{LlmAnswer, LlmError, Prompt};
use crate::model::table::{Filter, Query, Read, Row};
use crate::model::web::{WebBounds, WebError, WebRequest, WebResponse};
use crate::model::{BotId, DialogueKey, Part, PluginName};
use crate::sandbox::{FileError, View, ViewError};
use crate::store::{Lease, Store, StoreError, TableSet};
use crate::telegram::{self, Client};

/// Bytes of files that are remembered for the next run of a turn.
const MOST_REMEMBERED: usize = 64 << 20;

/// Table and id of a row, and the right to be the only one that changes it.
type QueuedRow = ((String, i64), Option<HeldRow>);

/// The view of one turn.
pub(super) struct TurnView {
    store: Store,
    telegram: Client,
    queues: Queues,
    bot: BotId,
    plugin: PluginName,
    tables: TableSet,
    dialogue: Option<DialogueKey>,
    files: Mutex<HashMap<String, Bytes>>,
    sent: Mutex<HashMap<i64, i64>>,
    /// The rows that it has queued for, held where the wait was not too long.
    rows: Mutex<Vec<QueuedRow>>,
    alone: Mutex<Option<String>>,
    /// The rows that it was refused for in earlier runs.
    refused: Mutex<BTreeSet<(String, i64)>>,
    outside: Outside,
}

impl TurnView {
    pub(super) fn new(
        lanes: &Lanes,
        guest: &Guest,
        lease: &Lease,
        dialogue: Option<DialogueKey>,
        outside: Outside,
    ) -> Self {
        Self {
            store: lanes.store.clone(),
            telegram: guest.telegram.clone(),
            queues: lanes.queues.clone(),
            bot: lease.bot(),
            plugin: guest.plugin.name().clone(),
            tables: guest.tables.clone(),
            dialogue,
            files: Mutex::default(),
            sent: Mutex::default(),
            rows: Mutex::default(),
            alone: Mutex::default(),
            refused: Mutex::default(),
            outside,
        }
    }

    /// The chat of a message of an earlier turn that this turn has asked about.
    pub(super) fn chat_of(&self, reference: i64) -> Option<i64> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(&reference).copied()
    }

    /// Whether answers from outside are written down that end with the event.
    pub(super) fn has_asked(&self) -> bool {
        self.outside.has_written()
    }

    /// Lets the next turns have the rows that this one held: its commit has been answered.
    pub(super) fn let_go(&self) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.alone.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Queues for a row that the turn was refused for, and again for those before: all in one order, so that two turns
    /// which want the same rows do not wait for each other.
    pub(super) async fn queue_again(&self, table: &str, row: i64) {
        let rows = {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.insert((table.to_owned(), row));
            refused.clone()
        };
        for (table, row) in rows {
            if !self.has_queued_for(&table, row) {
                let held = self.queues.row_again(self.bot, &self.plugin, &table, row).await;
                self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(((table, row), held));
            }
        }
    }

    /// Whether it need not queue for this row in this run, or not again.
    fn has_queued_for(&self, table: &str, row: i64) -> bool {
        let alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner).as_deref() == Some(table);
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        alone || rows.iter().any(|((queued, id), _)| queued == table && *id == row)
    }

    /// The turn has this table alone in its next run.
    pub(super) fn has_alone(&self, table: &str) {
        *self.alone.lock().unwrap_or_else(PoisonError::into_inner) = Some(table.to_owned());
    }

    /// The first of these reads that has another answer now: its table, and the row if it is one.
    pub(super) async fn changed(&self, reads: &[Read]) -> Result<Option<(String, Option<i64>)>, StoreError> {
        let (store, tables, bot) = (&self.store, &self.tables, self.bot);
        // What is too large to be read now was not when it was.
        fn same<T: PartialEq>(answer: Result<T, StoreError>, seen: &T) -> Result<bool, StoreError> {
            match answer {
                Err(StoreError::TooLarge { .. }) => Ok(false),
                answer => answer.map(|now| now == *seen),
            }
        }
        for read in reads {
            let (table, row, same) = match read {
                Read::Get { table, id, columns, seen } => {
                    (table, Some(*id), same(store.get(tables, bot, table, *id, columns).await, seen)?)
                }
                Read::Find { query, seen } => match store.find(tables, bot, query).await {
                    Ok(now) => (&query.table, Read::row_behind(seen, &now), now == *seen),
                    Err(StoreError::TooLarge { .. }) => (&query.table, None, false),
                    Err(error) => return Err(error),
                },
                Read::Count { table, filter, seen } => {
                    (table, None, store.count(tables, bot, table, filter).await? == *seen)
                }
                Read::Sum { table, column, filter, seen } => {
                    (table, None, store.sum(tables, bot, table, column, filter).await? == *seen)
                }
            };
            if !same {
                return Ok(Some((table.clone(), row)));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl View for TurnView {
    async fn get(&self, table: &str, id: i64, columns: &[String]) -> Result<Option<Row>, ViewError> {
        self.store.get(&self.tables, self.bot, table, id, columns).await.map_err(unavailable)
    }

    async fn find(&self, query: &Query) -> Result<Vec<Row>, ViewError> {
        self.store.find(&self.tables, self.bot, query).await.map_err(unavailable)
    }

    async fn count(&self, table: &str, filter: &Filter) -> Result<u64, ViewError> {
        self.store.count(&self.tables, self.bot, table, filter).await.map_err(unavailable)
    }

    async fn sum(&self, table: &str, column: &str, filter: &Filter) -> Result<i64, ViewError> {
        self.store.sum(&self.tables, self.bot, table, column, filter).await.map_err(unavailable)
    }

    async fn queue_for(&self, table: &str, id: i64) {
        if !self.has_queued_for(table, id) {
            let held = self.queues.row(self.bot, &self.plugin, table, id).await;
            self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(((table.to_owned(), id), held));
        }
    }

    async fn dialogue(&self) -> Result<Option<DialogueState>, ViewError> {
        let Some(key) = self.dialogue else { return Ok(None) };
        self.store.dialogue(self.bot, &self.plugin, key).await.map_err(unavailable)
    }

    async fn sent_chat(&self, reference: i64) -> Result<Option<i64>, ViewError> {
        let sent = self.store.message_of(self.bot, &self.plugin, reference).await.map_err(unavailable)?;
        let chat = sent.map(|message| message.chat);
        if let Some(chat) = chat {
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(reference, chat);
        }
        Ok(chat)
    }

    async fn same_chats(&self, chat: i64) -> Result<Vec<i64>, ViewError> {
        self.store.same_chats(self.bot, chat).await.map_err(unavailable)
    }

    async fn timers(&self, processor: Option<&str>, chat: i64) -> Result<Vec<String>, ViewError> {
        let part = Part::of(&self.plugin, processor);
        self.store.timer_keys(self.bot, &part, chat).await.map_err(unavailable)
    }

    async fn file(&self, file_id: &str, max: u64) -> Result<Bytes, FileError> {
        if let Some(bytes) = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(file_id) {
            return Ok(bytes.clone());
        }
        let bytes = self.telegram.file(file_id, max).await.map_err(|error| match error {
            telegram::FileError::NotFound => FileError::NotFound,
            telegram::FileError::TooLarge => FileError::TooLarge,
            telegram::FileError::Unavailable(reason) => FileError::Unavailable(reason),
        })?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        // Every run may fetch anew as much as a turn may; a plugin that asks for others each time is not remembered for.
        if files.values().map(Bytes::len).sum::<usize>() + bytes.len() <= MOST_REMEMBERED {
            files.insert(file_id.to_owned(), bytes.clone());
        }
        Ok(bytes)
    }

    async fn fetch(
        &self,
        number: u32,
        request: WebRequest,
        sites: &Sites,
        bounds: WebBounds,
    ) -> Result<Result<WebResponse, WebError>, ViewError> {
        self.outside.fetch(number, &request, sites, bounds).await.map_err(unavailable)
    }

    async fn complete(
        &self,
        number: u32,
        prompt: Prompt,
        within: Duration,
        reference: Option<i64>,
    ) -> Result<Result<LlmAnswer, LlmError>, ViewError> {
        self.outside.complete(number, &prompt, within, reference).await.map_err(unavailable)
    }
}

fn unavailable(error: StoreError) -> ViewError {
    match error {
        StoreError::Slow => ViewError::Slow(error.to_string()),
        error if error.is_lasting() => ViewError::Refused(error.to_string()),
        error => ViewError::Unavailable(error.to_string()),
    }
}

/// Views are shared with the sandbox by reference count.
const _: fn(TurnView) -> Arc<dyn View> = |view| Arc::new(view);
