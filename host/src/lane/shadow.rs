//! Shadows: another build of a plugin is shown the turns that have ended, and what it would have done is compared with
//! what was done. Nothing that it does has any effect.
//!
//! 1. It is run from the record of the real turn, after that turn's commit, so that it reads what the turn has read and
//!    nobody waits for it.
//! 2. One runs at a time in this process, in a place that is no turn's, and a bounded number waits; what comes beyond it is
//!    counted and not run. A shadow that computes for ever is ended like any plugin, and holds up nobody but shadows.
//! 3. What came of it is counted here and written now and then, one row for each difference. A crash loses some counts.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::Records;
use crate::journal::diff::{self, Verdict};
use crate::journal::{body, play};
use crate::model::{BotId, hex};
use crate::sandbox::Plugin;
use crate::shutdown::Shutdown;
use crate::store::{Compared, NewShadow, Store};

/// Turns that may wait for their shadows.
const WAITING: usize = 256;
/// Bytes of records that may wait.
const BYTES: i64 = 16 << 20;
/// How often counts are written.
const WRITE: Duration = Duration::from_secs(2);
/// Differences that are told apart between two writes.
const DIFFERENT: usize = 500;

/// Another build of a plugin.
#[derive(Clone)]
pub struct Shadow {
    /// The bot.
    pub bot: BotId,
    /// The build, loaded under the plugin's own name, settings and grant.
    pub plugin: Plugin,
}

struct Turn {
    shadow: Shadow,
    /// The build that the turn was run with.
    plugin: Plugin,
    records: Records,
    event: i64,
    body: Bytes,
}

/// Bot, plugin and digest of a shadow.
type Whose = (BotId, crate::model::PluginName, String);

/// The shadows of one host. Cheap to clone.
#[derive(Clone)]
pub struct Shadows(Arc<Shared>);

struct Shared {
    turns: mpsc::Sender<Turn>,
    inbound: Mutex<Option<mpsc::Receiver<Turn>>>,
    bytes: AtomicI64,
    counts: Mutex<HashMap<(Whose, Compared), (i64, i64)>>,
}

impl Default for Shadows {
    fn default() -> Self {
        let (turns, inbound) = mpsc::channel(WAITING);
        let (inbound, bytes, counts) = (Mutex::new(Some(inbound)), AtomicI64::new(0), Mutex::default());
        Self(Arc::new(Shared { turns, inbound, bytes, counts }))
    }
}

impl Shadows {
    /// Shows a turn that has ended, if there is room.
    pub(super) fn show(&self, shadow: &Shadow, plugin: &Plugin, records: Records, (event, body): (i64, Bytes)) {
        let size = i64::try_from(body.len()).unwrap_or(BYTES);
        let fits = self.0.bytes.fetch_add(size, Ordering::AcqRel) + size <= BYTES;
        let turn = Turn { shadow: shadow.clone(), plugin: plugin.clone(), records, event, body };
        if !fits || self.0.turns.try_send(turn).is_err() {
            self.0.bytes.fetch_sub(size, Ordering::AcqRel);
            self.count(shadow, Compared::Dropped, event);
        }
    }

    fn count(&self, shadow: &Shadow, compared: Compared, event: i64) {
        let mut counts = self.0.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let whose = (shadow.bot, shadow.plugin.name().clone(), shadow.plugin.digest().to_owned());
        let compared = match counts.len() < DIFFERENT {
            true => compared,
            // As if nobody had run it: the database is away, or every turn differs in its own way.
            false => Compared::Dropped,
        };
        let (turns, latest) = counts.entry((whose, compared)).or_default();
        (*turns, *latest) = (*turns + 1, event);
    }

    /// Runs shadows until the shutdown.
    pub async fn run(self, store: Store, clock: Clock, shutdown: Shutdown) {
        let inbound = self.0.inbound.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut inbound) = inbound else { return };
        let writes = async {
            loop {
                clock.sleep(WRITE).await;
                self.write(&store, &clock).await;
            }
        };
        let runs = async {
            while let Some(turn) = inbound.recv().await {
                self.0.bytes.fetch_sub(i64::try_from(turn.body.len()).unwrap_or(BYTES), Ordering::AcqRel);
                let (shadow, event) = (turn.shadow.clone(), turn.event);
                // A panic of the host on a shadow's behalf is the shadow's difference, and nobody else's.
                let compared = AssertUnwindSafe(compare(turn)).catch_unwind().await;
                let panicked = |_| differs("the host panicked while it ran the shadow".into(), false);
                self.count(&shadow, compared.unwrap_or_else(panicked), event);
            }
        };
        tokio::select! {
            () = shutdown.begun() => {}
            () = writes => {}
            () = runs => {}
        }
        self.write(&store, &clock).await;
    }

    async fn write(&self, store: &Store, clock: &Clock) {
        let counts = std::mem::take(&mut *self.0.counts.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.is_empty() {
            return;
        }
        let at = clock.now();
        let rows = counts.into_iter().map(|(((bot, plugin, digest), compared), (turns, event))| NewShadow {
            bot,
            plugin,
            digest,
            compared,
            turns,
            event,
            at,
        });
        if let Err(error) = store.count_shadows(rows.collect()).await {
            tracing::warn!(error = %error, "what shadows did was not counted: {error}");
        }
    }
}

/// Runs a shadow on a turn.
async fn compare(Turn { shadow, plugin, records, body, .. }: Turn) -> Compared {
    let Ok(recorded) = aside(move || body::decode(&body)).await else { return Compared::Unreadable };
    let replayed = play::replay(&shadow.plugin, &recorded, &plugin.manifest().tables).await;
    let quotes = records == Records::All;
    let lines = aside(move || match diff::compare(&recorded, &replayed) {
        Verdict::Same => None,
        verdict if quotes => Some(verdict.lines().join("\n")),
        // The places of the differences, without what stood there.
        verdict => Some(verdict.lines().iter().map(|line| place(line)).collect::<Vec<_>>().join("\n")),
    });
    lines.await.map_or(Compared::Same, |words| differs(words, quotes))
}

/// What takes long where a turn was large is done where no turn waits for it.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn differs(words: String, quotes: bool) -> Compared {
    let signature = hex(&Sha256::digest(&words)[..16]);
    Compared::Differs { signature, words, quotes }
}

fn place(line: &str) -> String {
    line.split(':').next().unwrap_or_default().to_owned()
}
