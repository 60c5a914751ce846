//! Telegram: the Bot API's words turned into ours and back. The only place that knows teloxide; it must know neither the
//! database nor the sandbox. What it offers is called by `intake` (updates in), `lane` (events and bodies) and
//! `delivery` (calls out), in that order of reading: `client`, `convert`, `encode`.
//!
//! # What teloxide does here, and what it must not do
//!
//! Its payload and type structs write the request bodies (`encode`, `commands`): every field name and every nesting of
//! keyboards, entities and media is theirs, so a typing error is a compile error.
//!
//! Its `Bot`, its answers and its errors are not used, each for a reason that was read in its source (0.13):
//!
//! - `getUpdates` deserialises into strict types and hands on what they keep. A host that promises to lose nothing stores
//!   the bytes first and interprets them afterwards, as often as it has to. One new kind of update, or one field that
//!   changed its type, must cost that update its type and nothing else.
//! - A call takes a payload and builds the body at the moment of sending. Here the body is written once, when the turn
//!   commits, and stored; delivery sends the stored bytes, possibly from another host, possibly days later.
//! - After a 5xx the call sleeps ten seconds before it returns, on whichever task made it.
//! - `RequestError` does not tell a request that never left from one that may have arrived. The difference decides
//!   whether a second attempt can make a second message.
//! - `ApiError` compares whole sentences, and the code that Telegram sends beside them is thrown away.
//! - An answer is parsed into the full `Message`; delivery wants its number and perhaps a file id, and must not fail on
//!   a message that was sent only because its echo looks new.

pub mod client;

pub mod answer;

pub mod error;

pub mod convert;

pub mod encode;

pub use client::{Client, CommandScope, FileError, Me, Pool, RawUpdate, Upload, WebhookInfo};
pub use error::{CallError, Decision, Refusal};
