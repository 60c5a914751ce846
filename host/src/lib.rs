//! A Telegram bot host where every plugin is a sandboxed WebAssembly guest.
//!
//! The modules in reading order; `ARCHITECTURE.md` follows one message through them.

/// The words of the whole host, as plain data.
pub mod model;

/// The only place that reads the time.
pub mod clock;

/// Whether JSON follows a plugin's schema.
pub mod schema;

/// Dataless wake-ups.
pub mod wake;

/// Two ways to stop, and the tasks that have to.
pub mod shutdown;

/// What the operating system says of threads, and is told of them.
pub mod threads;

/// How each bot stands, for whoever asks.
pub mod health;

/// What the configuration file can say.
pub mod config;

/// Telegram in: updates become inbox rows before Telegram is told that they arrived.
pub mod intake;

/// The Web for plugins.
pub mod web;

/// Components from elsewhere.
pub mod fetch;

/// The language model for plugins.
pub mod llm;

/// What is due by the clock becomes an event: timers, schedules.
pub mod agenda;

/// Turns: one event, one plugin, one commit.
pub mod lane;

/// Where plugins run.
pub mod sandbox;

/// What became of an update, in words.
pub mod why;

/// Turns written down, to be explained and run again.
pub mod journal;

/// The database, and everything that is said to it.
pub mod store;

/// Telegram out: outbox rows become calls, in order.
pub mod delivery;

/// The Bot API: its client, its JSON, its errors.
pub mod telegram;

/// The host's own listener, and the REST API.
pub mod http;

/// The wiring.
pub mod host;

/// A Telegram of one's own, for people without a token.
pub mod emulator;

/// The dev house.
pub mod dev;

/// Tests of plugins, for `cargo test`.
pub mod testing;

/// What plugin authors need besides.
pub mod author;

/// Conversations as files, which are tests.
pub mod scenario;

/// The commands.
pub mod cli;
