//! What a turn may use at most. Each default carries its reason; `guesthouse.example.toml` repeats them.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;

/// What a turn, a load and the whole sandbox may use at most.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Turns under way at once; each holds a slot of the instance pool. Waiting turns cost memory, not a thread. One
    /// plugin alone gets half of them, so that another one always finds some.
    pub concurrent_turns: u32,
    /// Computing time of one turn in milliseconds. Decoding a photo takes some 200 of them.
    pub cpu_ms: u64,
    /// A turn's time by the clock in milliseconds, waiting for the database and for files included, for the Web and for
    /// a language model not: those have `outside_s`.
    pub wall_ms: u64,
    /// Linear memory and tables of one instance together, in MiB. A JavaScript guest starts at 12, a Python guest at 30.
    pub memory_mib: u64,
    /// What one call from the guest may carry into the host, in KiB. It bounds an upload from guest memory too.
    pub call_kib: u64,
    /// Calls from a guest into the host in one turn.
    pub host_calls: u32,
    /// Rows that one turn may write.
    pub row_writes: u32,
    /// Rows that one turn may read.
    pub row_reads: u32,
    /// Calls to Telegram that one turn may ask for.
    pub messages: u32,
    /// Lines that one turn may log; each is cut at 2 KiB.
    pub log_lines: u32,
    /// Size of a file that a plugin may fetch, in MiB. Telegram gives bots no more than 20.
    pub file_mib: u64,
    /// Seconds that a turn may wait for the Web and for a language model, all its calls together.
    pub outside_s: u64,
    /// Requests to the Web in one turn, redirects not counted.
    pub http_calls: u32,
    /// Seconds that one of them may take, redirects and the body included.
    pub http_s: u64,
    /// Size of the body of one answer in MiB, after it was decompressed; a turn gets four times as much.
    pub http_mib: u64,
    /// Questions to a language model in one turn.
    pub llm_calls: u32,
    /// Size of a component, in MiB. A Python guest has 18.
    pub component_mib: u64,
    /// Time to compile a component, in seconds. A Python guest takes 14 on two cores.
    pub compile_s: u64,
    /// Turns of one event that may fail before it becomes a dead letter.
    pub attempts: u32,
    /// Turns of one plugin that may fail in a row, in three chats or more, before it is left alone for a while.
    pub breaker: u32,
    /// Events of one bot that may wait for their turns. Beyond it no more updates are taken: Telegram keeps them.
    pub waiting_events: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrent_turns: 128,
            cpu_ms: 2_000,
            wall_ms: 20_000,
            memory_mib: 64,
            call_kib: 1_024,
            host_calls: 10_000,
            row_writes: 1_000,
            row_reads: 10_000,
            messages: 100,
            log_lines: 100,
            file_mib: 20,
            outside_s: 300,
            http_calls: 50,
            http_s: 20,
            http_mib: 4,
            llm_calls: 10,
            component_mib: 32,
            compile_s: 120,
            attempts: 8,
            breaker: 20,
            waiting_events: 100_000,
        }
    }
}

impl Limits {
    /// A turn's computing time.
    pub fn cpu(&self) -> Duration {
        Duration::from_millis(self.cpu_ms)
    }

    /// A turn's time by the clock.
    pub fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms)
    }

    /// What a turn may wait for the Web and for a language model.
    pub fn outside(&self) -> Duration {
        Duration::from_secs(self.outside_s)
    }

    /// Reads nothing but this section of a file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        struct Only {
            #[serde(default)]
            limits: Limits,
        }
        let Only { limits } = super::load_section(path, "limits")?;
        limits.check()?;
        Ok(limits)
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let refused =
            |problem: &str, hint: &str| Err(ConfigError::Refused { problem: problem.into(), hint: hint.into() });
        if self.concurrent_turns == 0 || self.concurrent_turns > 1_000 {
            return refused(
                "limits.concurrent_turns is out of range",
                "write a number from 1 to 1000, or leave it out",
            );
        }
        if self.memory_mib == 0 || self.memory_mib > 1_024 {
            return refused("limits.memory_mib is out of range", "write a number from 1 to 1024, or leave it out");
        }
        if self.cpu_ms == 0 || self.wall_ms < self.cpu_ms {
            return refused(
                "limits.wall_ms is shorter than limits.cpu_ms, or cpu_ms is 0",
                "a turn cannot compute longer than it lasts: raise wall_ms or lower cpu_ms",
            );
        }
        for (key, value, most) in
            [("http_s", self.http_s, 600), ("http_mib", self.http_mib, 64), ("outside_s", self.outside_s, 3_600)]
        {
            if value == 0 || value > most {
                let hint = format!("write a number from 1 to {most}, or leave it out");
                return refused(&format!("limits.{key} is out of range"), &hint);
            }
        }
        if self.attempts == 0 {
            return refused("limits.attempts is 0", "write at least 1, or leave it out");
        }
        if self.breaker == 0 {
            return refused("limits.breaker is 0", "write at least 1, or leave it out");
        }
        if self.waiting_events == 0 {
            return refused("limits.waiting_events is 0", "write at least 1, or leave it out");
        }
        Ok(())
    }
}
