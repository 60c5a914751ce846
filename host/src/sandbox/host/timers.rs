//! `timers`: events at a later time. The turn's own decisions are laid over what the database has; the commit writes them.

use std::collections::BTreeSet;

use crate::model::effect::TimerChange;
use crate::sandbox::bindings::guesthouse::plugin::timers::{Error, Host, Timer};
use crate::sandbox::effects::Exceeded;
use crate::sandbox::guest::{Entered, Guest};
use crate::sandbox::reach::Unknown;
use crate::sandbox::view::ViewError;

/// Longest key, in bytes.
const KEY: usize = 128;
/// Longest data, in bytes.
const DATA: usize = 16 << 10;
/// Timers that may wait for one processor in one chat. More is a list that belongs into a table, with one timer for its
/// first entry.
const WAITING: usize = 1_000;

impl Host for Guest {
    async fn set(&mut self, timer: Timer) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("timers")?.set_timer(timer).await)
    }

    async fn cancel(
        &mut self,
        key: String,
        chat: Option<i64>,
        processor: Option<String>,
    ) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("timers")?.cancel_timer(key, chat, processor).await)
    }
}

impl Entered<'_> {
    async fn set_timer(&mut self, timer: Timer) -> Result<(), Error> {
        let Timer { key, at, data, chat, processor } = timer;
        check_text(&key, &data)?;
        let chat = self.timer_chat(chat, processor.as_deref()).await?;
        self.check_room(&key, chat, processor.as_deref()).await?;
        self.change(TimerChange { processor, chat, key, set: Some((at, data)) })
    }

    async fn cancel_timer(&mut self, key: String, chat: Option<i64>, processor: Option<String>) -> Result<(), Error> {
        check_text(&key, "")?;
        let chat = self.timer_chat(chat, processor.as_deref()).await?;
        self.change(TimerChange { processor, chat, key, set: None })
    }

    /// Keeps the last word on a timer.
    fn change(&mut self, change: TimerChange) -> Result<(), Error> {
        if let Some(waiting) = self.turn.timers.get_mut(&(change.processor.clone(), change.chat)) {
            match change.set {
                Some(_) => waiting.insert(change.key.clone()),
                None => waiting.remove(&change.key),
            };
        }
        self.turn.effects.change_timer(change).map_err(|Exceeded(limit)| Error::Limit(limit))
    }

    /// The chat in whose lane a timer fires, once it is known that it may.
    async fn timer_chat(&mut self, chat: Option<i64>, processor: Option<&str>) -> Result<i64, Error> {
        if let Some(unknown) = processor
            && self.rules.manifest.processors.iter().all(|known| known.name != unknown)
        {
            return Err(Error::NoSuchProcessor(unknown.to_owned()));
        }
        // Not the lane of a request: whoever asks over HTTP would lend the plugin a right that nobody has granted.
        let own = self.turn.origin.unwrap_or(0);
        let chat = chat.unwrap_or(own);
        if chat == own || chat == 0 {
            return Ok(chat);
        }
        match self.may_write_to(chat).await {
            Ok(true) => Ok(chat),
            Ok(false) => Err(Error::NotAllowed(format!("the plugin may not write to chat {chat}"))),
            Err(Unknown::Limit(limit)) => Err(Error::Limit(limit)),
            Err(Unknown::Unavailable(reason)) => Err(Error::Unavailable(reason)),
        }
    }

    /// Whether one more may wait there.
    async fn check_room(&mut self, key: &str, chat: i64, processor: Option<&str>) -> Result<(), Error> {
        let lane = (processor.map(str::to_owned), chat);
        if !self.turn.timers.contains_key(&lane) {
            self.turn.effects.read(&[]).map_err(|Exceeded(limit)| Error::Limit(limit))?;
            let stored = match self.turn.view.timers(processor, chat).await {
                Ok(stored) => stored,
                Err(error) => {
                    if let ViewError::Unavailable(reason) = &error {
                        self.note_unavailable(reason);
                    }
                    return Err(Error::Unavailable(error.to_string()));
                }
            };
            let mut waiting: BTreeSet<_> = stored.into_iter().collect();
            for (key, is_set) in self.turn.effects.timers(processor, chat) {
                if is_set {
                    waiting.insert(key.to_owned());
                } else {
                    waiting.remove(key);
                }
            }
            self.turn.timers.insert(lane.clone(), waiting);
        }
        let waiting = &self.turn.timers[&lane];
        if waiting.len() >= WAITING && !waiting.contains(key) {
            return Err(Error::Limit(format!("{WAITING} timers wait in this chat already; no more may")));
        }
        Ok(())
    }
}

fn check_text(key: &str, data: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > KEY {
        return Err(Error::Limit(format!("a key of {} bytes; 1 to {KEY} are taken", key.len())));
    }
    if data.len() > DATA {
        return Err(Error::Limit(format!("{} bytes of data; at most {DATA} are kept", data.len())));
    }
    if key.contains('\0') || data.contains('\0') {
        return Err(Error::Other("a timer with a NUL character cannot be stored".into()));
    }
    Ok(())
}
