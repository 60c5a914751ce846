//! Who is this user?

pub mod rules;
