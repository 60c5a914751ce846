//! Events at a later time: [`Event::Timer`](crate::Event::Timer).
//!
//! ```no_run
//! use guesthouse_plugin::{Error, clock, timers};
//!
//! fn remind(text: &str) -> Result<(), Error> {
//!     timers::at("reminder", clock::now() + 3_600_000).data(text).set()
//! }
//! ```

use crate::bindings::guesthouse::plugin::timers as raw;
pub use crate::bindings::guesthouse::plugin::timers::{Error as TimerError, Timer};
use crate::{ChatId, Error, Timestamp};

/// Begins a timer. One with the same key in the same chat and processor is moved, not doubled.
pub fn at(key: impl Into<String>, at: Timestamp) -> Timer {
    Timer { key: key.into(), at, data: String::new(), chat: None, processor: None }
}

/// Takes a timer of this turn's chat away, if there is one.
///
/// # Errors
///
/// [`Error::Timer`] if the turn has asked for too much.
pub fn cancel(key: &str) -> Result<(), Error> {
    Ok(raw::cancel(key, None, None)?)
}

/// Building, and what becomes of it.
impl Timer {
    /// What its event carries, at most 16 KiB.
    pub fn data(mut self, data: impl Into<String>) -> Self {
        self.data = data.into();
        self
    }

    /// The chat in whose lane it fires, which has to be one that this turn may write to.
    pub fn chat(mut self, chat: ChatId) -> Self {
        self.chat = Some(chat);
        self
    }

    /// The processor that gets it.
    pub fn processor(mut self, processor: impl Into<String>) -> Self {
        self.processor = Some(processor.into());
        self
    }

    /// Sets or moves it, once the turn has committed.
    ///
    /// # Errors
    ///
    /// [`Error::Timer`] if the host does not take it.
    pub fn set(self) -> Result<(), Error> {
        Ok(raw::set(&self)?)
    }

    /// Takes the timer with this key, chat and processor away, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Timer`] if the turn has asked for too much.
    pub fn cancel(self) -> Result<(), Error> {
        Ok(raw::cancel(&self.key, self.chat, self.processor.as_deref())?)
    }
}
