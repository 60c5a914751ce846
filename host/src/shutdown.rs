//! Two ways to stop, and the tasks that have to.
//!
//! *Soft*: take no new work, finish what is under way. *Hard*: drop it; the database makes that safe. A second signal or
//! the time limit turns soft into hard. Every task runs under [`Tasks`]; one that ends by itself while nothing asked it
//! to is an error which stops the process, because a host that silently lost a loop looks alive and is not.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The tokens that tell the tasks to stop. Soft is a child of hard, so hard implies soft.
#[derive(Clone)]
pub struct Shutdown {
    hard: CancellationToken,
    soft: CancellationToken,
}

impl Default for Shutdown {
    fn default() -> Self {
        let hard = CancellationToken::new();
        let soft = hard.child_token();
        Self { hard, soft }
    }
}

impl Shutdown {
    /// Asks everything to finish what it is doing.
    pub fn begin(&self) {
        self.soft.cancel();
    }

    /// Drops everything.
    pub fn force(&self) {
        self.hard.cancel();
    }

    /// Whether a shutdown has begun.
    pub fn has_begun(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Returns once a shutdown has begun.
    pub async fn begun(&self) {
        self.soft.cancelled().await;
    }

    /// Returns once everything is to be dropped.
    pub async fn forced(&self) {
        self.hard.cancelled().await;
    }
}

/// Every task of the process, under one tracker.
#[derive(Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    /// What the other tasks need to the last: ends after them, by the hard shutdown.
    keepers: TaskTracker,
    shutdown: Shutdown,
    crashed: Arc<Mutex<Option<String>>>,
}

impl Tasks {
    /// The tokens of these tasks.
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// Runs work that ends by itself, such as one turn. A hard shutdown drops it.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = shutdown.forced() => {}
                () = work => {}
            }
        });
    }

    /// Runs a loop that must last until the shutdown. If it ends earlier, by returning or by a panic, everything stops
    /// and [`Tasks::finish`] names it.
    pub fn spawn_loop(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.watch(&self.tracker, name, work);
    }

    /// The same for a loop on which the others rely while they finish: it goes on until they have.
    pub fn spawn_keeper(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.watch(&self.keepers, name, work);
    }

    fn watch(&self, tracker: &TaskTracker, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        let inner = tracker.spawn(async move {
            tokio::select! {
                () = shutdown.forced() => {}
                () = work => {}
            }
        });
        let tasks = self.clone();
        tracker.spawn(async move {
            let ended = inner.await;
            if !tasks.shutdown.has_begun() {
                let how = if ended.is_err() { "panicked" } else { "ended by itself" };
                let text = format!("the {name} loop {how}");
                tracing::error!(task = name, "{text}; stopping");
                if let Ok(mut crashed) = tasks.crashed.lock() {
                    crashed.get_or_insert(text);
                }
                tasks.shutdown.begin();
            }
        });
    }

    /// Runs a watcher that nobody has to wait for: it ends with the process.
    #[expect(clippy::disallowed_methods, reason = "this is where spawning is decided")]
    pub fn spawn_detached(&self, work: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(work);
    }

    /// The loop that ended although nothing asked it to, if one has.
    pub fn crashed(&self) -> Option<String> {
        self.crashed.lock().map_or_else(|_| Some("a task panicked".into()), |crashed| crashed.clone())
    }

    /// Waits until a shutdown has begun and every task is done, at most `limit`; then drops what is left. Returns what
    /// crashed, if that was the cause.
    pub async fn finish(self, limit: Duration) -> Result<(), String> {
        self.shutdown.begun().await;
        self.tracker.close();
        self.keepers.close();
        tokio::select! {
            () = self.tracker.wait() => {}
            () = self.shutdown.forced() => {}
            () = tokio::time::sleep(limit) => {
                tracing::warn!("work was still under way after {limit:?}; dropping it, the database has it safe");
            }
        }
        self.shutdown.force();
        self.tracker.wait().await;
        self.keepers.wait().await;
        match self.crashed.lock() {
            Ok(mut crashed) => crashed.take().map_or(Ok(()), Err),
            Err(_) => Err("a task panicked".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loop_that_ends_is_named_and_stops_the_others() {
        let tasks = Tasks::default();
        assert_eq!(tasks.crashed(), None);
        tasks.spawn_loop("lane", async {});
        tasks.shutdown().begun().await;
        assert_eq!(tasks.crashed().as_deref(), Some("the lane loop ended by itself"));
        assert_eq!(tasks.finish(Duration::from_secs(5)).await, Err("the lane loop ended by itself".into()));
    }
}
