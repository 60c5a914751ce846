//! A record as bytes: JSON, so that a host of another version can read it, compressed with a dictionary of what every
//! record says. It is bounded while it is written: parts that are too large are left out, and the record says which.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::sync::LazyLock;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use zstd::bulk::Compressor;
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::record::{Answer, Recorded};
use super::shapes;
use crate::config::Records;
use crate::model::effect::TurnEffects;

/// The first byte of a body; another dictionary would be another form.
const FORM: u8 = 1;
/// How hard to compress: one is half as long as none, and three times as long as it takes would save a twentieth.
const LEVEL: i32 = 1;
/// Largest record before it is compressed.
const WHOLE: usize = 1 << 20;
/// What a record without its reads says is left out.
const READS: &str = "what it read";
/// More than any body becomes.
const MOST: u64 = 64 << 20;
/// What records have in common. It may never change: what was written with it is read with it.
const DICTIONARY: &[u8] = include_bytes!("dictionary-1.txt");

static ENCODER: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::with_prepared_dictionary(&ENCODER).ok());
}

/// Why there is nothing to run again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// Nobody's words were kept.
    #[error(
        "only the shapes of this turn were kept, and it cannot run again without its words\nhint: write journal = \"all\" for this plugin in {}, for the turns to come",
        crate::config::file::name()
    )]
    Shapes,
    /// It was too much.
    #[error("the turn was too large to be kept whole: {0}")]
    TooLarge(String),
    /// Another version wrote it.
    #[error("the record was written by a newer guesthouse, or is damaged: {0}\nhint: use the version that wrote it")]
    Damaged(String),
}

/// The bytes of a record. It never fails a turn: what cannot be written is empty.
pub fn encode(mut record: Recorded<'_, Option<&TurnEffects>>, how: Records) -> Bytes {
    if how == Records::Off {
        return Bytes::new();
    }
    let left_out = record.answers.iter().filter(|answered| matches!(answered.answer, Answer::LeftOut(_)));
    record.left_out = left_out.map(|answered| answered.question.clone().into()).collect();
    let mut json = bounded(record);
    if how == Records::Shapes {
        json = json.and_then(|json| {
            let mut value = serde_json::from_slice(&json).ok()?;
            shapes::without_words(&mut value);
            Some(value.to_string().into_bytes())
        });
    }
    json.and_then(|json| compressed(&json)).unwrap_or_default()
}

/// The record as JSON, without what makes it too long.
fn bounded(mut record: Recorded<'_, Option<&TurnEffects>>) -> Option<Vec<u8>> {
    if let Some(json) = json(&record) {
        return Some(json);
    }
    record.left_out.push(READS.into());
    record.reads = Vec::new().into();
    record.answers = Vec::new().into();
    if let Some(json) = json(&record) {
        return Some(json);
    }
    record.left_out.push("what it asked for".into());
    record.left_out.push("the update".into());
    record.raw = "".into();
    record.effects = None;
    // No more than an event can be.
    serde_json::to_vec(&record).ok()
}

/// The JSON, if it is not too long.
fn json(record: &impl Serialize) -> Option<Vec<u8>> {
    let mut json = Bounded(Vec::with_capacity(4 << 10));
    serde_json::to_writer(&mut json, record).ok()?;
    Some(json.0)
}

/// Refuses what would make it too long, so that nothing is written down whole only to be thrown away.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > WHOLE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn compressed(json: &[u8]) -> Option<Bytes> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressed = compressor.as_mut()?.compress(json).ok()?;
        let mut body = Vec::with_capacity(compressed.len() + 1);
        body.push(FORM);
        body.extend(compressed);
        Some(body.into())
    })
}

/// A body as JSON, whatever was kept of the turn.
pub fn as_json(body: &[u8]) -> Result<Value, Unreadable> {
    let damaged = |reason: String| Unreadable::Damaged(reason);
    let compressed = match body.split_first() {
        Some((&FORM, compressed)) => compressed,
        Some((form, _)) => return Err(damaged(format!("its form is {form}"))),
        None => return Err(damaged("it is empty".into())),
    };
    let reader = zstd::stream::read::Decoder::with_prepared_dictionary(compressed, &DECODER);
    let mut json = Vec::new();
    reader.and_then(|reader| reader.take(MOST).read_to_end(&mut json)).map_err(|error| damaged(error.to_string()))?;
    serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))
}

/// A record that can be run again.
pub fn decode(body: &[u8]) -> Result<Recorded<'static>, Unreadable> {
    let json = as_json(body)?;
    if json["shapes"] == true {
        return Err(Unreadable::Shapes);
    }
    let record: Recorded<'static> =
        serde_json::from_value(json).map_err(|error| Unreadable::Damaged(error.to_string()))?;
    match record.left_out.iter().any(|part| part == READS) {
        true => Err(Unreadable::TooLarge(format!("it was kept without {}", record.left_out.join(", ")))),
        false => Ok(record),
    }
}
