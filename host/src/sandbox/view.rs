//! What a turn may read, and ask of the outside. The sandbox asks, the lane answers; next: `rows`, which asks about tables.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::Sites;
use crate::model::effect::DialogueState;
use crate::model::llm::{LlmAnswer, LlmError, Prompt};
use crate::model::table::{Filter, Query, Row};
use crate::model::web::{WebBounds, WebError, WebRequest, WebResponse};

/// The world as one turn may see it: the rows of its plugin, the state of its user's conversation, Telegram's files.
///
/// Names and types have been checked against the manifest. `columns` is in the manifest's order, or empty for all, or
/// just `["id"]`: then rows without cells are wanted. An answer gives the cells in the manifest's order.
#[async_trait]
pub trait View: Send + Sync {
    /// A row.
    async fn get(&self, table: &str, id: i64, columns: &[String]) -> Result<Option<Row>, ViewError>;

    /// The rows that a query asks for.
    async fn find(&self, query: &Query) -> Result<Vec<Row>, ViewError>;

    /// How many rows pass a filter.
    async fn count(&self, table: &str, filter: &Filter) -> Result<u64, ViewError>;

    /// The sum of an integer column over the rows that pass a filter, nulls left out.
    async fn sum(&self, table: &str, column: &str, filter: &Filter) -> Result<i64, ViewError>;

    /// Waits behind the turns of this host that are about to change the row. A hint: it saves a conflict, no more.
    async fn queue_for(&self, table: &str, id: i64);

    /// The state of the conversation, if there is one and its time is not over.
    async fn dialogue(&self) -> Result<Option<DialogueState>, ViewError>;

    /// The chat of a message that this plugin asked to send in an earlier turn.
    async fn sent_chat(&self, reference: i64) -> Result<Option<i64>, ViewError>;

    /// The other ids of a chat: of a group that has become a supergroup, and the other way round.
    async fn same_chats(&self, chat: i64) -> Result<Vec<i64>, ViewError>;

    /// The keys of the timers that wait for a processor, or for the plugin itself, in the lane of a chat.
    async fn timers(&self, processor: Option<&str>, chat: i64) -> Result<Vec<String>, ViewError>;

    /// The content of a file, if it is not larger than `max` bytes.
    async fn file(&self, file_id: &str, max: u64) -> Result<Bytes, FileError>;

    /// The answer to a request, the `number`-th of this turn, from one of these sites.
    async fn fetch(
        &self,
        number: u32,
        request: WebRequest,
        sites: &Sites,
        bounds: WebBounds,
    ) -> Result<Result<WebResponse, WebError>, ViewError>;

    /// The answer to a question, the `number`-th of this turn. If it may be shown while it comes in, `reference` is the
    /// number under which the plugin knows that message, unless it has been shown before.
    async fn complete(
        &self,
        number: u32,
        prompt: Prompt,
        within: Duration,
        reference: Option<i64>,
    ) -> Result<Result<LlmAnswer, LlmError>, ViewError>;
}

/// Why a view has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ViewError {
    /// The database did not answer; it may later.
    #[error("the database did not answer: {0}")]
    Unavailable(String),
    /// The question took too long. It may be answered later; if not, it is the plugin's.
    #[error("{0}")]
    Slow(String),
    /// The question cannot be answered, however often it is asked: a sum that no 64-bit integer holds.
    #[error("{0}")]
    Refused(String),
}

/// Why a file was not fetched.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum FileError {
    /// Telegram has no such file, or not any more.
    #[error("Telegram has no such file")]
    NotFound,
    /// It is larger than allowed.
    #[error("the file is larger than allowed")]
    TooLarge,
    /// Telegram did not answer; it may later.
    #[error("Telegram did not answer: {0}")]
    Unavailable(String),
}
