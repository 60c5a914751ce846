//! This host among the others: its row in `hosts` says until when its leases count.
//!
//! A host that stops renewing, because it died or hangs, loses its lanes to the others ten seconds later. It may not know
//! that yet; the fence of each lane refuses what it still tries to write. Times are those of the hosts' own clocks, so
//! hosts that share a database have to agree on the time to within a few seconds.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::dialect::{Dialect, Sql};
use super::engine::{self, Channel, Job, Verdict};
use super::error::StoreError;
use super::lanes::{self, LaneKind};
use super::leases::Leases;
use super::session::{Connection, Session, Step, params, within};
use super::{Shared, Store};
use crate::clock::{Clock, Millis};
use crate::shutdown::Shutdown;
use crate::wake::Wake;

/// How long a lease counts without renewal. Renewed thrice in this time, and each time given up before the next, it
/// survives two failures in a row.
const LEASE: Millis = 10_000;
const RENEW: Millis = 3_000;
const LONGEST_RENEWAL: Duration = Duration::from_millis(2_900);
/// Rows of hosts that died so long ago are of no interest.
const LONG_DEAD: Millis = 3_600_000;
/// How long to wait before the listener connects again: doubled each time, up to the second.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));
/// Hints of so long a time are told as one.
const HINT_PAUSE: Duration = Duration::from_millis(5);

static REGISTER: Sql = Sql::new(
    "INSERT INTO hosts (id, alive_until, started_at, version) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until",
);
static FORGET_OTHERS: Sql = Sql::new("DELETE FROM hosts WHERE id <> $1");
static FORGET_DEAD: Sql = Sql::new("DELETE FROM hosts WHERE alive_until < $1");
static FREE_LANES: Sql = Sql::new("UPDATE lanes SET host_id = NULL WHERE host_id = $1");
static FORGET: Sql = Sql::new("DELETE FROM hosts WHERE id = $1");
/// Tells all hosts to look, at `$1`. PostgreSQL only.
pub(super) static HINT: Sql = Sql::new("SELECT CAST(pg_notify($1, '') AS TEXT)");
/// A row that nobody ever sees. To set a value to what it is would be no change: SQLite writes nothing for it.
static PROBE: Sql = Sql::new("INSERT INTO hosts (id, alive_until, started_at, version) VALUES ($1, 0, 0, '')");

/// Puts the host's row there. On SQLite the file lock proves that no other host is alive, so their lanes are free.
pub(super) struct Register {
    pub(super) host: i64,
    pub(super) now: Millis,
}

impl Job for Register {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        let mut steps = vec![register(self.host, self.now)];
        if session.dialect() == Dialect::Sqlite {
            steps.push(FORGET_OTHERS.with(params![self.host]));
        }
        session.run(&steps).await?;
        Ok(Verdict::Commit(()))
    }
}

/// The host's row, renewed.
pub(super) fn register(host: i64, now: Millis) -> Step {
    REGISTER.with(params![host, now + LEASE, now, env!("CARGO_PKG_VERSION")])
}

/// Until when this host counts as alive, as far as it knows.
#[derive(Default)]
pub(super) struct Alive(AtomicI64);

impl Alive {
    /// A renewal of this time has been committed.
    pub(super) fn renewed(&self, now: Millis) {
        self.0.fetch_max(now + LEASE, Ordering::AcqRel);
    }

    /// Whether the renewals are late.
    pub(super) fn is_short(&self, now: Millis) -> bool {
        self.0.load(Ordering::Acquire) - now < LEASE - 2 * RENEW
    }
}

/// Renews the lease. Should others have taken this host for long dead, its row is there again afterwards.
struct Renew {
    host: i64,
    now: Millis,
}

impl Renew {
    fn steps(&self) -> [Step; 2] {
        [register(self.host, self.now), FORGET_DEAD.with(params![self.now - LONG_DEAD])]
    }
}

impl Job for Renew {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        session.run(&self.steps()).await?;
        Ok(Verdict::Commit(()))
    }
}

/// Gives all lanes back and takes the host's row away. What this host knows to have had in the air may have arrived; of a
/// chat that it only finds under its name, or claimed and came no further with, no call was made.
struct Leave {
    host: i64,
    leases: Arc<Leases>,
}

impl Job for Leave {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        lanes::free_unknown(self.host, LaneKind::Sending, &self.leases, session).await?;
        for lease in self.leases.dropped().into_iter().filter(|lease| lease.is_untouched) {
            lanes::free_landed(lease.lane, lease.fence, self.host, session).await?;
        }
        session.run(&[FREE_LANES.with(params![self.host]), FORGET.with(params![self.host])]).await?;
        Ok(Verdict::Commit(()))
    }
}

/// Finds out whether anything can be written.
struct Probe {
    host: i64,
}

impl Job for Probe {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        // Nobody else has this id, whoever else is asked at the same time.
        let id = !self.host;
        session.run(&[PROBE.with(params![id]), FORGET.with(params![id])]).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// Takes all that a change takes, and changes nothing: an error says why nothing can be written just now.
    pub async fn probe(&self) -> Result<(), StoreError> {
        self.shared.engine.write(Probe { host: self.shared.host }).await
    }

    /// Whether this host's lease is not renewed as it should be: the database does not answer.
    pub fn is_late(&self) -> bool {
        self.shared.alive.is_short(self.shared.clock.now())
    }

    /// Renews this host's lease until the shutdown is forced; it has to outlive the turns that finish after the
    /// shutdown has begun. Ends earlier only when the database is closed or broken beyond repair.
    pub async fn keep_alive(&self, shutdown: &Shutdown) {
        let clock = &self.shared.clock;
        let mut own = None;
        let mut last = clock.now();
        loop {
            // From the last renewal on, not from its answer: a slow database must not stretch the interval.
            tokio::select! {
                () = clock.sleep_until(last + RENEW) => {}
                () = shutdown.forced() => return,
            }
            last = clock.now();
            match self.renew(&mut own, last).await {
                Ok(()) => {}
                Err(StoreError::Closed) => return,
                Err(error) => tracing::warn!(error = %error, "this host's lease was not renewed: {error}"),
            }
        }
    }

    /// On PostgreSQL over a connection of its own, past the queue of jobs: a busy host is not a dead one.
    async fn renew(&self, own: &mut Option<Connection>, now: Millis) -> Result<(), StoreError> {
        let Shared { engine, host, .. } = &*self.shared;
        let renew = Renew { host: *host, now };
        if engine.dialect == Dialect::Sqlite {
            engine.write(renew).await?;
            self.shared.alive.renewed(now);
            return Ok(());
        }
        let last = own.take();
        let renewed = async {
            let mut connection = match last {
                Some(connection) => connection,
                None => engine.connect().await?,
            };
            connection.session().run(&renew.steps()).await?;
            Ok::<_, StoreError>(connection)
        };
        *own = Some(within(LONGEST_RENEWAL, renewed).await.flatten()?);
        self.shared.alive.renewed(now);
        Ok(())
    }

    /// Rings these bells from now on where something may be due and no claim of this host has got it already.
    pub fn ring_at(&self, wake: &Wake) {
        // A host has one set of bells; another one would be the same.
        let _ = self.shared.hints.wake.set(wake.clone());
    }

    /// Passes hints from other hosts on, and ours to them, until a shutdown begins. Losing the connection costs latency
    /// only. On SQLite there are no other hosts and nothing to do.
    pub async fn listen(&self, wake: &Wake, shutdown: &Shutdown) {
        if self.shared.engine.dialect == Dialect::Sqlite {
            return shutdown.begun().await;
        }
        tokio::select! {
            () = self.hear(wake) => {}
            () = self.tell() => {}
            () = shutdown.begun() => {}
        }
    }

    async fn hear(&self, wake: &Wake) {
        let clock: &Clock = &self.shared.clock;
        let mut pause = RECONNECT.0;
        loop {
            let error = match engine::listener(&self.shared.engine).await {
                Ok(Some(mut listener)) => {
                    pause = RECONNECT.0;
                    // What was said while nobody listened is lost, so look everywhere once.
                    Channel::ALL.into_iter().for_each(|channel| channel.bell(wake).ring());
                    loop {
                        match listener.hear().await {
                            Ok(channel) => channel.bell(wake).ring(),
                            Err(error) => break error,
                        }
                    }
                }
                Ok(None) => return,
                Err(error) => error,
            };
            tracing::warn!(error = %error, "no hints from other hosts: {error}; connecting again in {pause:?}");
            clock.sleep(pause).await;
            pause = (pause * 2).min(RECONNECT.1);
        }
    }

    /// Hints are sent beside the transactions that give rise to them, and many as one: PostgreSQL lets transactions
    /// that notify commit only one after another.
    async fn tell(&self) {
        loop {
            self.shared.hints.wait().await;
            for channel in self.shared.hints.take() {
                if let Err(error) = self.shared.engine.read(HINT.with(params![channel.name()])).await {
                    tracing::debug!(error = %error, "a hint was lost: {error}");
                }
            }
            tokio::time::sleep(HINT_PAUSE).await;
        }
    }

    /// Ends softly: other hosts may take the lanes over at once. Call it when all tasks are done.
    pub async fn close(&self) {
        let Shared { engine, host, leases, .. } = &*self.shared;
        if let Err(error) = engine.write(Leave { host: *host, leases: Arc::clone(leases) }).await {
            tracing::warn!(error = %error, "this host's lanes stay leased for {LEASE} ms: {error}");
        }
        engine.close().await;
    }
}

/// Who is told that something may be due: this host by its bells, the others through the database.
pub(super) struct Hints {
    /// Whether what this host makes due goes to its claims without a bell (`engine/stand`).
    stands: bool,
    wake: OnceLock<Wake>,
    due: [AtomicBool; Channel::ALL.len()],
    bell: tokio::sync::Notify,
}

impl Hints {
    pub(super) fn new(dialect: Dialect) -> Self {
        let (wake, due, bell) = Default::default();
        Self { stands: dialect == Dialect::Sqlite, wake, due, bell }
    }

    /// Something may have become due that no claim has seen.
    pub(super) fn ring(&self, channel: Channel) {
        if let Some(wake) = self.wake.get() {
            channel.bell(wake).ring();
        }
    }

    /// This host may have something due that it has just written.
    pub(super) fn look(&self, channel: Channel) {
        if !self.stands {
            self.ring(channel);
        }
    }

    /// Something has become due, for any host.
    pub(super) fn give(&self, channel: Channel) {
        self.look(channel);
        self.due[channel as usize].store(true, Ordering::Release);
        self.bell.notify_one();
    }

    async fn wait(&self) {
        self.bell.notified().await;
    }

    fn take(&self) -> impl Iterator<Item = Channel> {
        let swap = |channel: &Channel| self.due[*channel as usize].swap(false, Ordering::AcqRel);
        Channel::ALL.into_iter().filter(swap)
    }
}
