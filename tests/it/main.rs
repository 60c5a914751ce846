//! What people, operators and authors see, through the real host and an emulated Telegram.

#![allow(unreachable_pub, reason = "nobody is outside of a test binary")]

mod support;

mod albums;

mod api;

mod assistant;

mod author;

mod cards;

mod channels;

mod claiming;

mod chaos;

mod checks;

mod complaints;

mod crash;

mod dead;

mod dev;

mod failures;

mod guests;

mod health;

mod hostile;

mod hosts;

mod install;

mod intake;

mod journal;

mod llm;

mod refusals;

mod reload;

mod scenario;

mod sending;

mod slow;

mod suspended;

mod pacing;

mod profile;

mod released;

mod tidy;

mod timers;

mod web;

mod webhook;
