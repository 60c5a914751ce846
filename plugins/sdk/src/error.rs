//! Why the host did not do what it was asked, and what that means for the turn.

use std::fmt;

use crate::Failure;
use crate::chat::ChatError;
use crate::dialogue::DialogueError;
use crate::files::FileError;
use crate::http::HttpError;
use crate::llm::LlmError;
use crate::routes::RouteError;
use crate::tables::TableError;
use crate::telegram::TelegramError;
use crate::timers::TimerError;

/// Why the host did not do what it was asked, or a value could not be written down or read back.
///
/// `?` makes a [`Failure`] of it: to be retried where the database or Telegram did not answer, to be given up otherwise.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// Something to send was not taken.
    Chat(ChatError),
    /// A call of another Bot API method was not taken.
    Telegram(TelegramError),
    /// A table was not read or written.
    Table(TableError),
    /// A conversation's state was not read or written.
    Dialogue(DialogueError),
    /// A file was not fetched.
    File(FileError),
    /// A request over HTTP has no answer.
    Http(HttpError),
    /// The language model has no answer.
    Llm(LlmError),
    /// A timer was not set.
    Timer(TimerError),
    /// An answer to a request was not taken.
    Route(RouteError),
    /// A value cannot be written down.
    Encoding(String),
    /// What was written down is not the value expected.
    Decoding(String),
    /// A setting does not make sense.
    Config {
        /// Its name.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Error {
    /// Whether the same may work later: the database or Telegram did not answer.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Table(TableError::Unavailable(_))
                | Self::Dialogue(DialogueError::Unavailable(_))
                | Self::File(FileError::Unavailable(_))
                | Self::Http(HttpError::Timeout | HttpError::Unreachable(_))
                | Self::Llm(LlmError::Unavailable(_) | LlmError::Timeout)
                | Self::Timer(TimerError::Unavailable(_))
        )
    }

    /// Whether a row was refused because another one has the same value in a unique column.
    pub fn is_not_unique(&self) -> bool {
        matches!(self, Self::Table(TableError::NotUnique(_)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chat(error) => write_chat_error(f, error),
            Self::Telegram(error) => match error {
                TelegramError::MethodNotGranted(method) => write!(f, "the grant does not list the method `{method}`"),
                TelegramError::BadParameters(reason) => write!(f, "bad parameters: {reason}"),
                TelegramError::Limit(reason) | TelegramError::Other(reason) => f.write_str(reason),
            },
            Self::Table(error) => write_table_error(f, error),
            Self::Dialogue(error) => match error {
                DialogueError::NoUser => f.write_str("the event has no user whose conversation it could be"),
                DialogueError::Unavailable(reason) => write!(f, "the database did not answer: {reason}"),
                DialogueError::Limit(reason) | DialogueError::Other(reason) => f.write_str(reason),
            },
            Self::File(error) => match error {
                FileError::NotFound => f.write_str("Telegram has no such file"),
                FileError::TooLarge(limit) => write!(f, "the file is larger than {limit} bytes"),
                FileError::Unavailable(reason) => write!(f, "the file was not fetched: {reason}"),
                FileError::Other(reason) => f.write_str(reason),
            },
            Self::Http(error) => write_http_error(f, error),
            Self::Llm(error) => write_llm_error(f, error),
            Self::Timer(error) => match error {
                TimerError::NoSuchProcessor(name) => write!(f, "the manifest has no processor `{name}`"),
                TimerError::NotAllowed(reason) => write!(f, "a timer is not allowed: {reason}"),
                TimerError::Unavailable(reason) => write!(f, "the database did not answer: {reason}"),
                TimerError::Limit(reason) | TimerError::Other(reason) => f.write_str(reason),
            },
            Self::Route(error) => match error {
                RouteError::NoRequest => f.write_str("the event of this turn is no request"),
                RouteError::Answered => f.write_str("the request has been answered already"),
                RouteError::NotJson(reason) => write!(f, "the answer is not JSON: {reason}"),
                RouteError::Limit(reason) => f.write_str(reason),
            },
            Self::Encoding(reason) => write!(f, "a value cannot be written down: {reason}"),
            Self::Decoding(reason) => write!(f, "a value cannot be read back: {reason}"),
            Self::Config { key, reason } => write!(f, "the setting `{key}` does not make sense: {reason}"),
        }
    }
}

fn write_chat_error(f: &mut fmt::Formatter<'_>, error: &ChatError) -> fmt::Result {
    match error {
        ChatError::ChatNotGranted(chat) => write!(f, "the grant does not include the chat `{chat}`"),
        ChatError::BadText(reason) => write!(f, "bad text: {reason}"),
        ChatError::BadKeyboard(reason) => write!(f, "bad keyboard: {reason}"),
        ChatError::BadMedia(reason) => write!(f, "bad file: {reason}"),
        ChatError::UnknownMessage => f.write_str("no message of this plugin has that number"),
        ChatError::Limit(reason) | ChatError::Other(reason) => f.write_str(reason),
    }
}

fn write_http_error(f: &mut fmt::Formatter<'_>, error: &HttpError) -> fmt::Result {
    match error {
        HttpError::NotAllowed(reason) => write!(f, "the request is not allowed: {reason}"),
        HttpError::BadRequest(reason) => write!(f, "bad request: {reason}"),
        HttpError::TooLarge(limit) => write!(f, "the answer is larger than {limit} bytes"),
        HttpError::Timeout => f.write_str("the answer took too long"),
        HttpError::Unreachable(reason) => write!(f, "no answer: {reason}"),
        HttpError::Limit(reason) | HttpError::Other(reason) => f.write_str(reason),
    }
}

fn write_llm_error(f: &mut fmt::Formatter<'_>, error: &LlmError) -> fmt::Result {
    match error {
        LlmError::Unavailable(reason) => write!(f, "the language model does not answer: {reason}"),
        LlmError::OverBudget(_) => f.write_str("the language model's budget of the day is used up"),
        LlmError::BadRequest(reason) => write!(f, "bad question: {reason}"),
        LlmError::NotJson(reason) => write!(f, "the model's answer does not follow the schema: {reason}"),
        LlmError::Timeout => f.write_str("the language model took too long"),
        LlmError::Limit(reason) | LlmError::Other(reason) => f.write_str(reason),
    }
}

fn write_table_error(f: &mut fmt::Formatter<'_>, error: &TableError) -> fmt::Result {
    match error {
        TableError::NoSuchTable(table) => write!(f, "the manifest has no table `{table}`"),
        TableError::NoSuchColumn(column) => write!(f, "the table has no column `{column}`"),
        TableError::WrongType(reason) => write!(f, "wrong type: {reason}"),
        TableError::BadFilter(reason) => write!(f, "bad filter: {reason}"),
        TableError::NotUnique(columns) => write!(f, "another row has the same `{}`", columns.join("`, `")),
        TableError::NoSuchRow(id) => write!(f, "there is no row `{id}`"),
        TableError::Unavailable(reason) => write!(f, "the database did not answer: {reason}"),
        TableError::Limit(reason) | TableError::Other(reason) => f.write_str(reason),
    }
}

impl std::error::Error for Error {}

impl From<ChatError> for Error {
    fn from(error: ChatError) -> Self {
        Self::Chat(error)
    }
}

impl From<TelegramError> for Error {
    fn from(error: TelegramError) -> Self {
        Self::Telegram(error)
    }
}

impl From<TableError> for Error {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl From<DialogueError> for Error {
    fn from(error: DialogueError) -> Self {
        Self::Dialogue(error)
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<HttpError> for Error {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<LlmError> for Error {
    fn from(error: LlmError) -> Self {
        Self::Llm(error)
    }
}

impl From<TimerError> for Error {
    fn from(error: TimerError) -> Self {
        Self::Timer(error)
    }
}

impl From<RouteError> for Error {
    fn from(error: RouteError) -> Self {
        Self::Route(error)
    }
}

impl Failure {
    /// It may work later: the host runs the turn again after a pause.
    pub fn retry(reason: impl fmt::Display) -> Self {
        Self::Retry(reason.to_string())
    }

    /// It will never work: the event becomes a dead letter.
    pub fn give_up(reason: impl fmt::Display) -> Self {
        Self::GiveUp(reason.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.is_temporary() { Self::retry(error) } else { Self::give_up(error) }
    }
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::GiveUp(reason)
    }
}

impl From<&str> for Failure {
    fn from(reason: &str) -> Self {
        Self::GiveUp(reason.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_did_not_come_is_retried() {
        let failure = |error: Error| Failure::from(error);
        assert!(matches!(failure(TableError::Unavailable("busy".into()).into()), Failure::Retry(_)));
        assert!(matches!(failure(DialogueError::Unavailable("busy".into()).into()), Failure::Retry(_)));
        assert!(matches!(failure(FileError::Unavailable("busy".into()).into()), Failure::Retry(_)));
        let failure = failure(TableError::NotUnique(vec!["code".into(), "shop".into()]).into());
        assert_eq!(failure, Failure::GiveUp("another row has the same `code`, `shop`".into()));
    }
}
