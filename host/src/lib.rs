//! Guesthouse.

pub mod model;

pub mod clock;

pub mod wake;

pub mod shutdown;

pub mod config;
