//! Write plugins for Guesthouse, the Telegram bot host.
//!
//! A plugin is a WebAssembly component: plain synchronous Rust that asks its host for everything it needs. It is called
//! twice: [`Plugin::describe`] once, when the host loads it, and [`Plugin::handle`] for every event, each time in a fresh
//! copy of the memory that `describe` left behind. So nothing that a turn keeps in memory survives it: what must last goes
//! into [`tables`] or, for the length of a conversation, into [`dialogue`].
//!
//! What a turn asks for (messages, rows, states) takes effect together when `handle` returns `Ok`, and not at all when it
//! returns a [`Failure`] or panics.
//!
//! ```
//! use guesthouse_plugin::tables::{Table, TableSpec, col};
//! use guesthouse_plugin::{Button, CommandSpec, Event, Failure, Manifest, Plugin, Text, chat};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Note {
//!     author: i64,
//!     body: String,
//! }
//!
//! const NOTES: Table<Note> = Table::new("notes");
//!
//! /// What the buttons of this plugin mean.
//! #[derive(Serialize, Deserialize)]
//! enum Press {
//!     Forget(i64),
//! }
//!
//! struct Notes;
//!
//! impl Plugin for Notes {
//!     fn new() -> Self {
//!         Notes
//!     }
//!
//!     fn describe(&self) -> Manifest {
//!         Manifest::new("notes", env!("CARGO_PKG_VERSION"), "Keeps notes.")
//!             .command(CommandSpec::new("note", "Write something down").in_language("ru", "Записать"))
//!             .command(CommandSpec::new("notes", "Show the last five"))
//!             .table(TableSpec::new("notes").integer("author").text("body").index(&["author"]))
//!     }
//!
//!     fn handle(&self, event: Event) -> Result<(), Failure> {
//!         match event {
//!             Event::Command(command) => {
//!                 let chat = command.message.chat.id;
//!                 let Some(author) = command.message.sender.as_ref().map(|user| user.id) else { return Ok(()) };
//!                 if command.name == "note" {
//!                     let id = NOTES.insert(&Note { author, body: command.argument })?;
//!                     let forget = Button::call("Forget it", &Press::Forget(id)).only_for(author);
//!                     chat::message("Noted.").buttons([[forget]]).send(chat)?;
//!                 } else {
//!                     let mut text = Text::new().bold("Your notes");
//!                     for note in NOTES.find(col("author").eq(author).descending("id").limit(5))? {
//!                         text = text.plain("\n• ").plain(&note.body);
//!                     }
//!                     chat::message(text).send(chat)?;
//!                 }
//!             }
//!             Event::Callback(callback) => match callback.parse()? {
//!                 Press::Forget(id) => {
//!                     NOTES.delete(id)?;
//!                     chat::message("Forgotten.").edit(callback.reference())?;
//!                 }
//!             },
//!             _ => {}
//!         }
//!         Ok(())
//!     }
//! }
//!
//! guesthouse_plugin::export!(Notes);
//! # fn main() {}
//! ```
//!
//! The crate that holds it has `crate-type = ["cdylib"]` and is built with `cargo build --target wasm32-wasip2`.
//!
//! # Capabilities
//!
//! The component imports only what the plugin uses: one that never calls [`files`] needs no grant for it. [`config`],
//! [`log`], [`clock`], [`random`] and [`update`] need none in any case.
//!
//! # Units
//!
//! Ids are those of the Bot API. Offsets and lengths in a [`Text`] are UTF-16 code units. Times are milliseconds since
//! 1970-01-01T00:00:00Z.
//!
//! # Outside WebAssembly
//!
//! The crate compiles for any target, so that what a plugin computes can be tested natively. Calls to the host panic
//! there.

#![deny(missing_docs)]

mod bindings;
mod error;
mod event;
mod manifest;
mod plugin;
mod text;

pub mod chat;
pub mod clock;
pub mod config;
pub mod dialogue;
pub mod files;
pub mod http;
pub mod llm;
pub mod log;
pub mod random;
pub mod routes;
pub mod tables;
pub mod telegram;
pub mod timers;
pub mod update;

pub use bindings::guesthouse::plugin::events::{
    Callback, Command, DeepLink, Event, Failure, HttpRequest, MemberChange, MemberStatus, Other, Parameter,
    ScheduleTick, TimerFired,
};
pub use bindings::guesthouse::plugin::manifests::{
    Column, ColumnKind, CommandSpec, ConfigKey, EventKind, Localized, Manifest, Processor, Route, RouteMethod,
    RouteParameter, Schedule,
};
pub use bindings::guesthouse::plugin::types::{
    Chat, ChatId, ChatKind, Contact, Content, Document, Entity, EntityKind, File, Location, Message, MessageId, Photo,
    Text, Timestamp, User, UserId,
};
pub use chat::{Button, Key, Keyboard, Media, MessageRef, Outgoing};
pub use error::Error;
pub use plugin::Plugin;
/// The literal that makes parameters for [`telegram::call`]; that of the `serde_json` crate.
pub use serde_json::json;

/// For [`export!`] alone.
#[doc(hidden)]
pub mod __private {
    pub use crate::bindings::*;
}
