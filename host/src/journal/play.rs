//! A recorded turn run again: the same plugin or another build of it, with the clock, the seed and the answers of the
//! record. It reaches nothing: no database, no Telegram, no network.
//!
//! 1. A question that the turn asked gets the answer that it got. What a wider read saw answers a narrower question too, and
//!    a column that the recording's build did not have holds nothing (`columns`).
//! 2. A question that the record has no answer for is a *divergence*: it is named, the guest is told that there is no
//!    answer, and whatever it does then says nothing about the plugin.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use super::columns::Columns;
use super::record::{Answer, Recorded, asked};
use crate::config::Sites;
use crate::model::effect::{DialogueState, TurnEffects};
use crate::model::llm::{LlmAnswer, LlmError, Prompt};
use crate::model::manifest::Table;
use crate::model::table::{Filter, Query, Read, Row};
use crate::model::web::{WebBounds, WebError, WebRequest, WebResponse};
use crate::sandbox::{FileError, Plugin, Record, Turn, TurnError, View, ViewError};

/// Characters of an answer that a trace shows.
const SHOWN: usize = 400;

/// What a turn did when it was run again.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// What it asked for, as JSON.
    pub effects: Value,
    /// The same, for those who know what it means; nothing if it failed.
    pub asked_for: TurnEffects,
    /// Why it failed.
    pub failure: Option<TurnError>,
    /// What it asked and was answered, a line each, if it was [`traced`].
    pub steps: Vec<String>,
    /// The first question that the record has no answer for.
    pub divergence: Option<String>,
    /// Time spent computing.
    pub cpu: Duration,
}

/// Runs a recorded turn again. The build that it was recorded with had no columns but these.
pub async fn replay(plugin: &Plugin, recorded: &Recorded<'_>, had: &[Table]) -> Replayed {
    play(plugin, recorded, had, None).await
}

/// The same, writing down what it asks and is answered.
pub async fn traced(plugin: &Plugin, recorded: &Recorded<'_>, had: &[Table]) -> Replayed {
    play(plugin, recorded, had, Some(Mutex::default())).await
}

async fn play(plugin: &Plugin, recorded: &Recorded<'_>, had: &[Table], steps: Option<Mutex<Vec<String>>>) -> Replayed {
    let columns = Columns::of(&plugin.manifest().tables, &recorded.reads, had);
    let player = Arc::new(Player::new(recorded, columns, steps));
    let turn = Turn {
        event: recorded.event.clone().into_owned(),
        raw: recorded.raw.as_ref().into(),
        processor: recorded.processor.as_deref().map(Into::into),
        has_next: recorded.has_next,
        others: recorded.others.as_ref().into(),
        now: recorded.now,
        seed: seed(&recorded.seed),
        origin: recorded.origin,
        dialogue: recorded.dialogue,
    };
    let report = plugin.run(turn, Arc::clone(&player) as _).await;
    let (asked_for, failure) = match report.result {
        Ok(effects) => (effects, None),
        Err(error) => (TurnEffects::default(), Some(error)),
    };
    let effects = serde_json::to_value(&asked_for).unwrap_or_default();
    let written =
        |steps: &Mutex<Vec<String>>| std::mem::take(&mut *steps.lock().unwrap_or_else(PoisonError::into_inner));
    let steps = player.steps.as_ref().map(written).unwrap_or_default();
    let divergence = player.missing.lock().unwrap_or_else(PoisonError::into_inner).take();
    Replayed { effects, asked_for, failure, steps, divergence, cpu: report.cpu }
}

/// A seed as the sandbox wants it.
fn seed(hex: &str) -> [u8; 32] {
    std::array::from_fn(|index| {
        hex.get(index * 2..index * 2 + 2).and_then(|byte| u8::from_str_radix(byte, 16).ok()).unwrap_or(0)
    })
}

/// A view that answers from a record.
struct Player {
    reads: Vec<Read>,
    /// The same, for questions that were not asked in just this form.
    known: Record,
    columns: Columns,
    answers: Vec<super::record::Answered>,
    /// Those of them that have been given. A question may have been asked twice, with two answers.
    given: Mutex<HashSet<usize>>,
    steps: Option<Mutex<Vec<String>>>,
    missing: Mutex<Option<String>>,
}

impl Player {
    fn new(recorded: &Recorded<'_>, columns: Columns, steps: Option<Mutex<Vec<String>>>) -> Self {
        let mut known = Record::default();
        recorded.reads.iter().cloned().for_each(|read| known.push(read));
        let (reads, answers) = (recorded.reads.to_vec(), recorded.answers.to_vec());
        Self { reads, known, columns, answers, given: Mutex::default(), steps, missing: Mutex::default() }
    }

    /// An answer may be long, and is put into words only for whoever reads them.
    fn step(&self, question: &str, answer: std::fmt::Arguments<'_>) {
        let Some(steps) = &self.steps else { return };
        let line = format!("{} → {}", shown(question), shown(&answer.to_string()));
        steps.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// The answer to a question about a table.
    fn table<T: std::fmt::Debug>(&self, question: String, answer: Option<T>) -> Result<T, ViewError> {
        if let Some(answer) = answer {
            self.step(&question, format_args!("{answer:?}"));
            return Ok(answer);
        }
        // It may have been answered with an error.
        self.recorded(&question)?;
        Err(self.diverges(question, ""))
    }

    /// The same with rows, which get the columns that are wanted.
    fn rows(
        &self,
        question: String,
        (table, columns): (&str, &[String]),
        rows: Option<Vec<Row>>,
    ) -> Result<Vec<Row>, ViewError> {
        let complete = |row| self.columns.completed(table, columns, row);
        match rows.map(|rows| rows.into_iter().map(complete).collect()).transpose() {
            Ok(rows) => self.table(question, rows),
            Err(column) => Err(self.diverges(question, &format!(" (the record has no column `{column}`)"))),
        }
    }

    /// The recorded answer to a question; an error if that is what was answered.
    fn recorded(&self, question: &str) -> Result<Option<Answer>, ViewError> {
        let key = asked::short(question.to_owned());
        let same = || self.answers.iter().enumerate().filter(|(_, answered)| answered.question == key);
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        // The first that was not given yet, or else the last: it holds still.
        let Some((index, answered)) = same().find(|(index, _)| !given.contains(index)).or_else(|| same().last()) else {
            return Ok(None);
        };
        given.insert(index);
        drop(given);
        if let Answer::Failed(error) = &answered.answer {
            self.step(question, format_args!("{error}"));
            return Err(error.clone());
        }
        Ok(Some(answered.answer.clone()))
    }

    /// The answer to any other question, in the form that it should have.
    fn answer<T: std::fmt::Debug>(
        &self,
        question: String,
        expected: impl FnOnce(Answer) -> Option<T>,
    ) -> Result<T, ViewError> {
        match self.recorded(&question)? {
            Some(Answer::LeftOut(bytes)) => {
                Err(self.diverges(question, &format!(" ({bytes} bytes were too much to be kept)")))
            }
            Some(answer) => match expected(answer) {
                Some(answer) => {
                    self.step(&question, format_args!("{answer:?}"));
                    Ok(answer)
                }
                None => Err(self.diverges(question, "")),
            },
            None => Err(self.diverges(question, "")),
        }
    }

    fn diverges(&self, question: String, why: &str) -> ViewError {
        let named = format!("{}{why}", shown(&question));
        self.step(&question, format_args!("the record has no answer"));
        self.missing.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(named);
        ViewError::Refused("the record of this turn has no answer to that".into())
    }
}

/// A text on one line, not too long.
fn shown(text: &str) -> String {
    let line: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(SHOWN).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}

#[async_trait]
impl View for Player {
    async fn get(&self, table: &str, id: i64, columns: &[String]) -> Result<Option<Row>, ViewError> {
        let exactly = self.reads.iter().find_map(|read| match read {
            Read::Get { table: of, id: row, columns: had, seen } if of == table && *row == id && had == columns => {
                Some(seen.clone())
            }
            _ => None,
        });
        let known = exactly.or_else(|| self.known.row(table, id, &self.columns.asked(table, columns)));
        let rows = known.map(|row| row.into_iter().collect());
        self.rows(asked::get(table, id, columns), (table, columns), rows).map(|mut rows| rows.pop())
    }

    async fn find(&self, query: &Query) -> Result<Vec<Row>, ViewError> {
        let wanted = Query { columns: self.columns.asked(&query.table, &query.columns), ..query.clone() };
        self.rows(asked::find(query), (&query.table, &query.columns), self.known.query(&wanted))
    }

    async fn count(&self, table: &str, filter: &Filter) -> Result<u64, ViewError> {
        self.table(asked::count(table, filter), self.known.count(table, filter))
    }

    async fn sum(&self, table: &str, column: &str, filter: &Filter) -> Result<i64, ViewError> {
        self.table(asked::sum(table, column, filter), self.known.sum(table, column, filter))
    }

    async fn queue_for(&self, _: &str, _: i64) {}

    async fn dialogue(&self) -> Result<Option<DialogueState>, ViewError> {
        self.answer(asked::dialogue(), |answer| match answer {
            Answer::Dialogue(state) => Some(state),
            _ => None,
        })
    }

    async fn sent_chat(&self, reference: i64) -> Result<Option<i64>, ViewError> {
        self.answer(asked::sent_chat(reference), |answer| match answer {
            Answer::Chat(chat) => Some(chat),
            _ => None,
        })
    }

    async fn same_chats(&self, chat: i64) -> Result<Vec<i64>, ViewError> {
        self.answer(asked::same_chats(chat), |answer| match answer {
            Answer::Chats(chats) => Some(chats),
            _ => None,
        })
    }

    async fn timers(&self, processor: Option<&str>, chat: i64) -> Result<Vec<String>, ViewError> {
        self.answer(asked::timers(processor, chat), |answer| match answer {
            Answer::Timers(keys) => Some(keys),
            _ => None,
        })
    }

    async fn file(&self, file_id: &str, max: u64) -> Result<Bytes, FileError> {
        let question = asked::file(file_id, max);
        let refused = |error: ViewError| FileError::Unavailable(error.to_string());
        match self.recorded(&question).map_err(refused)? {
            Some(Answer::File(bytes)) => {
                self.step(&question, format_args!("{} bytes", bytes.len()));
                Ok(bytes)
            }
            Some(Answer::NoFile(error)) => {
                self.step(&question, format_args!("{error}"));
                Err(error)
            }
            Some(Answer::LeftOut(bytes)) => {
                Err(refused(self.diverges(question, &format!(" ({bytes} bytes were too much to be kept)"))))
            }
            _ => Err(refused(self.diverges(question, ""))),
        }
    }

    async fn fetch(
        &self,
        number: u32,
        request: WebRequest,
        _: &Sites,
        _: WebBounds,
    ) -> Result<Result<WebResponse, WebError>, ViewError> {
        self.answer(asked::fetch(number, &request), |answer| match answer {
            Answer::Web(answer) => Some(answer),
            _ => None,
        })
    }

    async fn complete(
        &self,
        number: u32,
        prompt: Prompt,
        _: Duration,
        _: Option<i64>,
    ) -> Result<Result<LlmAnswer, LlmError>, ViewError> {
        self.answer(asked::complete(number, &prompt), |answer| match answer {
            Answer::Model(answer) => Some(answer),
            _ => None,
        })
    }
}
