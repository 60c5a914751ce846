//! What a guest logs: line by line into the host's log, so many lines a turn, each cut to a size. Both the `log`
//! interface and the guest's stdout and stderr end here. Next: `host/wasi`, which hands guests the streams.

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::PluginName;

/// Longest line, in bytes.
const LINE: usize = 2 << 10;
/// How much of what a guest wrote to stderr is kept to explain its trap.
const LAST_WORDS: usize = 600;

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// Which of its two streams a guest wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// The lines of one turn. Clones are the same lines.
#[derive(Clone)]
pub(super) struct Lines(Arc<Mutex<State>>);

struct State {
    plugin: PluginName,
    is_shadow: bool,
    left: u32,
    dropped: u32,
    out: Vec<u8>,
    err: Vec<u8>,
    last_words: String,
}

impl Lines {
    /// No lines yet, and `allowed` of them to come. Those of a shadow say so: nothing of what they tell has happened.
    pub(super) fn new(plugin: PluginName, is_shadow: bool, allowed: u32) -> Self {
        Self(Arc::new(Mutex::new(State {
            plugin,
            is_shadow,
            left: allowed,
            dropped: 0,
            out: Vec::new(),
            err: Vec::new(),
            last_words: String::new(),
        })))
    }

    /// Logs one message, whatever line ends it has.
    pub(super) fn write(&self, level: Level, message: &str) {
        self.state(|state| state.line(level, message));
    }

    /// Takes what a guest writes to a stream and logs the lines that are complete.
    pub(super) fn stream(&self, stream: Stream, bytes: &[u8]) {
        self.state(|state| state.take(stream, bytes));
    }

    /// Logs what stands on the streams without a line end, and says how many lines were dropped.
    pub(super) fn finish(&self) -> u32 {
        self.state(|state| {
            for stream in [Stream::Out, Stream::Err] {
                state.end_line(stream);
            }
            state.dropped
        })
    }

    /// The end of what the guest wrote to stderr: most toolchains say there why they trapped.
    pub(super) fn last_words(&self) -> String {
        self.state(|state| state.last_words.trim().to_owned())
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn line(&mut self, level: Level, message: &str) {
        let Some(left) = self.left.checked_sub(1) else {
            self.dropped = self.dropped.saturating_add(1);
            return;
        };
        self.left = left;
        let (message, plugin) = (cut(message, LINE), self.plugin.as_str());
        let (shadow, of) = if self.is_shadow { (Some(true), "shadow of ") } else { (None, "") };
        // A level has to be a constant where an event is declared.
        match level {
            Level::Debug => tracing::debug!(target: "guesthouse::guest", plugin, shadow, "{of}{plugin}: {message}"),
            Level::Info => tracing::info!(target: "guesthouse::guest", plugin, shadow, "{of}{plugin}: {message}"),
            Level::Warn => tracing::warn!(target: "guesthouse::guest", plugin, shadow, "{of}{plugin}: {message}"),
            Level::Error => tracing::error!(target: "guesthouse::guest", plugin, shadow, "{of}{plugin}: {message}"),
        }
    }

    fn take(&mut self, stream: Stream, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let buffer = self.buffer(stream);
            // What is beyond the cut is not kept: a guest that never ends its line costs no more than one line.
            let room = (LINE + 1).saturating_sub(buffer.len()).min(text.len());
            buffer.extend_from_slice(&text[..room]);
            if ends {
                self.end_line(stream);
            }
        }
    }

    fn end_line(&mut self, stream: Stream) {
        let line = std::mem::take(self.buffer(stream));
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        // Rust's advice after a panic is of no use here.
        if text.is_empty() || text.starts_with("note: run with `RUST_BACKTRACE") {
            return;
        }
        let level = match stream {
            Stream::Out => Level::Info,
            Stream::Err => {
                self.remember(text);
                Level::Warn
            }
        };
        self.line(level, text);
    }

    fn remember(&mut self, text: &str) {
        self.last_words.push_str(cut(text, LAST_WORDS));
        self.last_words.push('\n');
        if let Some(surplus) = self.last_words.len().checked_sub(LAST_WORDS) {
            let start = self.last_words.ceil_char_boundary(surplus);
            self.last_words.drain(..start);
        }
    }

    fn buffer(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        }
    }
}

/// The text up to `limit` bytes, not in the middle of a character.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(allowed: u32) -> Lines {
        Lines::new(PluginName::new("notes").unwrap(), false, allowed)
    }

    #[test]
    fn lines_beyond_the_limit_are_counted() {
        let lines = lines(2);
        lines.write(Level::Info, "one");
        lines.stream(Stream::Out, b"two\nthree\nfo");
        lines.stream(Stream::Out, b"ur");
        assert_eq!(lines.finish(), 2);
    }

    #[test]
    fn empty_lines_cost_nothing() {
        let lines = lines(1);
        lines.stream(Stream::Out, b"\n\r\n\none\n");
        assert_eq!(lines.finish(), 0);
    }

    #[test]
    fn a_shadow_is_told_from_the_plugin_that_works() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let writer = Arc::new(file.reopen().unwrap());
        let log = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).without_time().finish();
        tracing::subscriber::with_default(log, || {
            for is_shadow in [false, true] {
                let lines = Lines::new(PluginName::new("notes").unwrap(), is_shadow, 9);
                lines.write(Level::Warn, "sent");
                lines.stream(Stream::Out, b"written\n");
            }
        });
        let said = std::fs::read_to_string(file.path()).unwrap();
        let said: Vec<_> = said.lines().map(str::trim).collect();
        assert_eq!(
            said,
            [
                "WARN guesthouse::guest: notes: sent plugin=\"notes\"",
                "INFO guesthouse::guest: notes: written plugin=\"notes\"",
                "WARN guesthouse::guest: shadow of notes: sent plugin=\"notes\" shadow=true",
                "INFO guesthouse::guest: shadow of notes: written plugin=\"notes\" shadow=true",
            ]
        );
    }

    #[test]
    fn stderr_is_remembered_up_to_its_end() {
        let lines = lines(100);
        for number in 0..200 {
            lines.stream(Stream::Err, format!("line {number} é\n").as_bytes());
        }
        lines.stream(Stream::Err, b"panicked at src/lib.rs:1");
        lines.finish();
        let words = lines.last_words();
        assert!(words.ends_with("line 199 é\npanicked at src/lib.rs:1"), "{words}");
        assert!(words.len() <= LAST_WORDS);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let lines = lines(1);
        for _ in 0..100 {
            lines.stream(Stream::Out, &[b'x'; 1000]);
        }
        assert!(lines.0.lock().unwrap().out.len() <= LINE + 1);
        assert_eq!(lines.finish(), 0);
    }
}
