//! What people, operators and authors see, through the real host and an emulated Telegram.

mod support;

mod cards;

mod crash;

mod guests;

mod refusals;

mod tidy;
