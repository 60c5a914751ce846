//! Whether anything can still come, known without waiting for it.
//!
//! A house with a clock of its own is *quiet* when Telegram has no update that was not taken, no lane, timer or schedule is
//! due, nothing is being sent, and every turn under way waits for an answer that comes later on that clock. Then nothing
//! happens before the clock moves or a person does something. The order of the looks matters: an update is confirmed after it
//! was stored, so one that is not waiting at Telegram any more can be seen in the database.

use std::time::Duration;

use super::TOKEN;
use super::pause::Pauses;
use crate::clock::{Clock, Millis};
use crate::emulator::Emulator;
use crate::host::Host;

/// How often to look.
const LOOK: Duration = Duration::from_millis(1);
/// How long a turn may take on a slow machine, in real time, before something is wrong.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Knows when a house is quiet. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Quiet {
    pub(crate) host: Host,
    pub(crate) emulator: Emulator,
    pub(crate) clock: Clock,
    pub(crate) pauses: Pauses,
}

impl Quiet {
    /// Returns once the house is quiet, with the time when something will be due.
    pub(crate) async fn comes(&self) -> Result<Option<Millis>, String> {
        let settled = async {
            loop {
                let waiting = self.updates()?;
                let (pauses, answer) = self.pauses.left();
                let standing = match self.host.standing().await {
                    Ok(standing) => standing,
                    // A server that is late once is none that is gone.
                    Err(error) if error.is_transient() => {
                        tokio::time::sleep(LOOK).await;
                        continue;
                    }
                    Err(error) => return Err(error.to_string()),
                };
                if waiting == 0 && standing.is_quiet(pauses) {
                    return Ok([standing.next, answer].into_iter().flatten().min());
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        if let Ok(settled) = tokio::time::timeout(PATIENCE, settled).await {
            return settled;
        }
        let standing = self.host.standing().await;
        Err(format!(
            "the house did not come to rest within {} s: {} updates wait at Telegram, {standing:?}\nhint: the log says more, \
             with GUESTHOUSE_LOG=debug; a plugin that fails everywhere is left alone for a while (limits.breaker)",
            PATIENCE.as_secs(),
            self.updates()?
        ))
    }

    /// Lets so much time go by: everything comes in its time, one after another.
    pub(crate) async fn passes(&self, span: Duration) -> Result<(), String> {
        let end = self.clock.now().saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        loop {
            let next = self.comes().await?.map_or(end, |next| next.min(end));
            let step = next.saturating_sub(self.clock.now());
            if step <= 0 {
                return Ok(());
            }
            self.clock.advance(Duration::from_millis(step.unsigned_abs()));
        }
    }

    /// If all turns under way wait for answers that come later, or a request is to be tried again later, goes on to what comes
    /// first.
    pub(crate) async fn lets_answers_come(&self) -> Result<(), String> {
        let (pauses, answer) = self.pauses.left();
        let standing = self.host.standing().await.map_err(|error| error.to_string())?;
        let awaited = [answer.filter(|_| standing.turns > 0), standing.request].into_iter().flatten().min();
        if let Some(awaited) = awaited.filter(|_| standing.is_quiet(pauses)) {
            let next = standing.next.map_or(awaited, |next| next.min(awaited));
            self.clock.advance(Duration::from_millis(next.saturating_sub(self.clock.now()).max(0).unsigned_abs()));
        }
        Ok(())
    }

    /// How many updates the host has not taken.
    fn updates(&self) -> Result<u64, String> {
        let bot = TOKEN.split(':').next().and_then(|id| id.parse().ok()).unwrap_or_default();
        let info = self.emulator.world(|world| world.webhook_info(bot)).map_err(|error| error.description)?;
        Ok(info["pending_update_count"].as_u64().unwrap_or_default())
    }
}
