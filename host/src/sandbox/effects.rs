//! What a turn asks for, gathered until it commits, and how much of it is allowed. Pure: it appends and counts, and says
//! in plain words which limit is reached. What may be asked for at all is decided before, by `rows` and `outgoing`.

use std::collections::BTreeMap;

use crate::config::Limits;
use crate::model::effect::{Callback, ChatEffect, DialogueWrite, Reply, TimerChange, TurnEffects};
use crate::model::table::{Filter, Read, Row, Value, Write};

/// What the host keeps for one turn in bytes: what it read, writes and sends. wasmtime bounds a single call only, and a
/// turn may make thousands. It has no key: a turn that needs more should be several.
const KEPT: usize = 16 << 20;
/// What is kept of why a plugin passed, in bytes.
const PASS_REASON: usize = 500;
/// What an entry costs besides its content.
const ENTRY: usize = 64;

/// The limit that a turn has reached, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exceeded(pub(super) String);

/// Processor, chat and key of a timer.
type TimerKey = (Option<String>, i64, String);

/// The effects of one turn so far.
pub(super) struct Effects {
    gathered: TurnEffects,
    /// By processor, chat and key: the last word on each timer.
    timers: BTreeMap<TimerKey, Option<(i64, String)>>,
    row_reads: Allowance,
    row_writes: Allowance,
    messages: Allowance,
    kept: usize,
    fetched: u64,
    file_mib: u64,
}

/// How much of something is left.
struct Allowance {
    left: u32,
    of: u32,
    key: &'static str,
}

impl Allowance {
    fn take(&mut self, count: usize) -> Result<(), Exceeded> {
        let left = u32::try_from(count).ok().and_then(|count| self.left.checked_sub(count));
        self.left = left.ok_or_else(|| Exceeded(format!("more than {} (limits.{})", self.of, self.key)))?;
        Ok(())
    }
}

impl Effects {
    pub(super) fn new(limits: &Limits) -> Self {
        let allowance = |of, key| Allowance { left: of, of, key };
        Self {
            gathered: TurnEffects::default(),
            timers: BTreeMap::new(),
            row_reads: allowance(limits.row_reads, "row_reads"),
            row_writes: allowance(limits.row_writes, "row_writes"),
            messages: allowance(limits.messages, "messages"),
            kept: 0,
            fetched: 0,
            file_mib: limits.file_mib,
        }
    }

    /// All that was gathered, with what the turn has read.
    pub(super) fn finish(self, reads: Vec<Read>) -> TurnEffects {
        let change = |((processor, chat, key), set)| TimerChange { processor, chat, key, set };
        TurnEffects { reads, timers: self.timers.into_iter().map(change).collect(), ..self.gathered }
    }

    /// Accounts for an answer of the database. A question costs a row even if there is none.
    pub(super) fn read(&mut self, rows: &[Row]) -> Result<(), Exceeded> {
        self.row_reads.take(rows.len().max(1))?;
        self.keep(rows.iter().map(|row| size_of_cells(&row.cells)).sum())
    }

    /// Accounts for a question that is remembered along with its answer, so that the commit can ask it again.
    pub(super) fn asked(&mut self, filter: &Filter) -> Result<(), Exceeded> {
        self.keep(size_of_filter(filter))
    }

    /// Whether so many rows may still be read.
    pub(super) fn may_read(&self, rows: u32) -> Result<(), Exceeded> {
        let Allowance { left, of, key } = self.row_reads;
        if rows > left { Err(Exceeded(format!("more than {of} (limits.{key})"))) } else { Ok(()) }
    }

    /// Appends a change of a row.
    pub(super) fn write(&mut self, write: Write) -> Result<(), Exceeded> {
        self.row_writes.take(1)?;
        self.keep(match &write {
            Write::Insert { cells, .. } | Write::Update { cells, .. } => size_of_cells(cells),
            Write::Increment { .. } | Write::Delete { .. } => ENTRY,
        })?;
        self.gathered.writes.push(write);
        Ok(())
    }

    /// Appends a call to Telegram that counts as so many messages and keeps so many bytes, with its buttons.
    pub(super) fn send(
        &mut self,
        effect: ChatEffect,
        messages: usize,
        bytes: usize,
        callbacks: Vec<Callback>,
    ) -> Result<(), Exceeded> {
        self.messages.take(messages)?;
        self.keep(bytes + callbacks.iter().map(|callback| callback.data.len() + ENTRY).sum::<usize>())?;
        self.gathered.chat.push(effect);
        self.gathered.callbacks.extend(callbacks);
        Ok(())
    }

    /// How many bytes the next file may have, or that there is to be none: a turn gets twice the size of one file.
    pub(super) fn may_fetch(&self) -> Result<u64, Exceeded> {
        let allowed = self.file_mib.saturating_mul(2);
        match (allowed << 20).saturating_sub(self.fetched) {
            0 => Err(Exceeded(format!("more than {allowed} MiB of files (twice limits.file_mib)"))),
            left => Ok(left.min(self.file_mib << 20)),
        }
    }

    /// Accounts for a file.
    pub(super) fn fetched(&mut self, bytes: u64) {
        self.fetched = self.fetched.saturating_add(bytes);
    }

    /// What the dialogue will be, as far as this turn has decided.
    pub(super) fn dialogue(&self) -> Option<&DialogueWrite> {
        self.gathered.dialogue.as_ref()
    }

    /// Decides what the dialogue will be.
    pub(super) fn set_dialogue(&mut self, write: DialogueWrite) {
        self.gathered.dialogue = Some(write);
    }

    /// Decides what becomes of a timer. It costs as much as a row that is written.
    pub(super) fn change_timer(&mut self, change: TimerChange) -> Result<(), Exceeded> {
        self.row_writes.take(1)?;
        let TimerChange { processor, chat, key, set } = change;
        let data = set.as_ref().map_or(0, |(_, data)| data.len());
        self.keep(key.len() + processor.as_ref().map_or(0, String::len) + data)?;
        self.timers.insert((processor, chat, key), set);
        Ok(())
    }

    /// The timers of this processor and chat that the turn has decided on, and whether each is set.
    pub(super) fn timers(&self, processor: Option<&str>, chat: i64) -> impl Iterator<Item = (&str, bool)> {
        let here = move |(of, there, _): &(Option<String>, i64, String)| of.as_deref() == processor && *there == chat;
        self.timers.iter().filter(move |(key, _)| here(key)).map(|((_, _, key), set)| (key.as_str(), set.is_some()))
    }

    /// Answers the request; `false` if it has been answered.
    pub(super) fn reply(&mut self, reply: Reply) -> Result<bool, Exceeded> {
        if self.gathered.reply.is_some() {
            return Ok(false);
        }
        self.keep(reply.body.len())?;
        self.gathered.reply = Some(reply);
        Ok(true)
    }

    /// The event is nothing for this plugin, and why.
    pub(super) fn pass(&mut self, mut reason: String) {
        reason.truncate(reason.floor_char_boundary(PASS_REASON));
        self.gathered.passed = Some(reason);
    }

    /// What is refused is not kept, so that a guest that is told so can still answer.
    fn keep(&mut self, bytes: usize) -> Result<(), Exceeded> {
        let kept = self.kept.saturating_add(bytes).saturating_add(ENTRY);
        if kept > KEPT {
            return Err(Exceeded(format!("more than {} MiB read, written and sent in one turn", KEPT >> 20)));
        }
        self.kept = kept;
        Ok(())
    }
}

fn size_of_value(value: &Value) -> usize {
    let content = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Null | Value::Integer(_) | Value::Real(_) | Value::Boolean(_) => 0,
    };
    content + size_of::<Value>()
}

/// As deep as filters may be, and no deeper.
fn size_of_filter(filter: &Filter) -> usize {
    size_of::<Filter>()
        + match filter {
            Filter::Is(column, _, value) => column.len() + size_of_value(value),
            Filter::All(of) | Filter::Any(of) => of.iter().map(size_of_filter).sum(),
            Filter::Not(of) => size_of_filter(of),
        }
}

fn size_of_cells(cells: &[(String, Value)]) -> usize {
    let size = |(column, value): &(String, Value)| column.len() + size_of_value(value);
    ENTRY + cells.iter().map(size).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::table::Comparison;

    fn effects() -> Effects {
        Effects::new(&Limits { row_reads: 3, row_writes: 2, messages: 2, ..Limits::default() })
    }

    fn delete(id: i64) -> Write {
        Write::Delete { table: "cards".into(), id }
    }

    #[test]
    fn the_limit_is_named() {
        let mut effects = effects();
        effects.write(delete(1)).unwrap();
        effects.write(delete(2)).unwrap();
        assert_eq!(effects.write(delete(3)), Err(Exceeded("more than 2 (limits.row_writes)".into())));
        let kept = effects.finish(vec![]).writes;
        assert_eq!(kept, [delete(1), delete(2)]);
    }

    #[test]
    fn an_empty_answer_costs_a_read() {
        let mut effects = effects();
        for _ in 0..3 {
            effects.read(&[]).unwrap();
        }
        assert_eq!(effects.read(&[]), Err(Exceeded("more than 3 (limits.row_reads)".into())));
        assert!(effects.may_read(1).is_err());
    }

    #[test]
    fn a_long_text_counts_as_the_messages_it_becomes() {
        let mut effects = effects();
        let call = || ChatEffect::Call { method: "m".into(), parameters: "{}".into() };
        assert!(effects.send(call(), 3, 10, vec![]).is_err());
        effects.send(call(), 2, 10, vec![]).unwrap();
        assert!(effects.send(call(), 1, 10, vec![]).is_err());
        assert_eq!(effects.finish(vec![]).chat.len(), 1);
    }

    #[test]
    fn files_are_bounded_together() {
        let mut effects = Effects::new(&Limits { file_mib: 1, ..Limits::default() });
        assert_eq!(effects.may_fetch(), Ok(1 << 20));
        effects.fetched((1 << 20) + 5);
        assert_eq!(effects.may_fetch(), Ok((1 << 20) - 5));
        effects.fetched((1 << 20) - 5);
        assert_eq!(effects.may_fetch(), Err(Exceeded("more than 2 MiB of files (twice limits.file_mib)".into())));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut effects = effects();
        let long = Filter::Is("name".into(), Comparison::Eq, Value::Text("x".repeat(KEPT / 4)));
        for _ in 0..3 {
            effects.asked(&Filter::Not(Box::new(Filter::Any(vec![long.clone()])))).unwrap();
        }
        assert!(effects.asked(&long).is_err());
        let cells = vec![("photo".to_owned(), Value::Bytes(vec![0; KEPT]))];
        assert!(effects.write(Write::Update { table: "cards".into(), id: 1, cells }).is_err());
    }
}
