//! What people, operators and authors see, through the real host and an emulated Telegram.

#![allow(unreachable_pub, reason = "nobody is outside of a test binary")]

mod support;

mod cards;

mod checks;

mod crash;

mod guests;

mod hostile;

mod refusals;

mod tidy;
