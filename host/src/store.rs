//! The only place that speaks SQL: what waits, what is done, who may do it, and the plugins' own tables.
//!
//! A [`Store`] is a handle to one database, SQLite or PostgreSQL, and to this host's place among the hosts that share
//! it. Every function is one statement outside of a transaction or one transaction that is over when it returns; none
//! ever waits for anything but the database. The transactions of a message on its way (TXN 1 to 4 in ARCHITECTURE.md)
//! are [`Store::accept`], [`Store::claim_turns`], [`Store::commit_turn`] and [`Store::mark_sends`].
//!
//! It knows nothing of Telegram, of WebAssembly or of what the rows mean. To read on, take the modules in their order.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::clock::Clock;

/// What can go wrong.
mod error;

/// All that differs between the two databases.
mod dialect;

/// One connection in use.
mod session;

/// Jobs, the workers that run them, and the connections for reading.
mod engine;

/// The schema.
mod migrate;

/// This host among the others.
mod hosts;

/// The right to run a lane.
mod leases;

/// Lanes: who may run them, and when they are due.
mod lanes;

/// Updates and events.
mod inbox;

/// Events that no update is behind.
mod events;

/// Timers.
mod timers;

/// Schedules.
mod schedules;

/// The people whom the bots have seen.
mod users;

/// The one commit of a turn.
mod commit;

/// Answers from outside.
mod answers;

/// Answers to requests.
mod replies;

/// Turns that failed.
mod fail;

/// Turns as they were.
mod journal;

mod handover;

/// Alerts to the admins.
mod alerts;

/// Dead letters, for operators.
mod dead;

/// The database for those who are no host.
mod desk;

/// What became of an update.
mod why;

/// What shadows did differently.
mod shadows;

/// Lanes, for operators.
mod overview;

/// How much there is to do.
mod standing;

/// Calls to Telegram.
mod outbox;

/// Chats that cannot be written to, or not any more under that id.
mod chats;

/// What is remembered by key.
mod records;

/// The plugins' own tables.
mod tables;

/// Inserting many rows at once.
mod rows;

/// Trying plugins out.
mod trial;

/// Deleting what is old.
mod tidy;

#[cfg(test)]
mod tests;

pub use alerts::{NewAlert, UntoldAlerts};
pub use answers::{AnswerKind, ShownEnd, ShownIn, Spent, StoredAnswer};
pub use chats::Learned;
pub use commit::{CommitOutcome, NewCall, TurnCommit};
pub use dead::{DeadLetter, DeadLetters, Undone, Whose};
pub use desk::Desk;
pub use error::StoreError;
pub use fail::Failed;
pub use handover::Handover;
pub use inbox::{Accepted, Addressee, Album, ClaimedTurns, DueTurns, NewUpdate, Origin, Waiting};
pub use journal::{FoundTurns, JournalSize, NewTurn, Purge, TurnEnd, TurnRow};
pub use lanes::{FenceOutcome, LaneKind, Then};
pub use leases::Lease;
pub use outbox::{Claimed, ClaimedSends, Mark, Marked, SendOutcome, SendState, SentMessage, WaitingCall};
pub use overview::{LaneRow, WhichLanes};
pub use records::{BotRow, StoredCallback};
pub use replies::RequestEnd;
pub use schedules::{KnownSchedule, NewTick};
pub use shadows::{Compared, NewShadow, ShadowRow};
pub use standing::Standing;
pub use tables::{Prospect, Since, TableSet};
pub use trial::{FailedTurn, Scratch};
pub use users::{SeenUser, UserRow};
pub use why::{CallRow, EventRow, UpdateRow};

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    engine: engine::Engine,
    clock: Clock,
    /// The number of this host's row in `hosts`.
    host: i64,
    leases: Arc<leases::Leases>,
    alive: Arc<hosts::Alive>,
    /// How often the plugins' tables were written to.
    counters: tables::Counters,
    hints: Arc<hosts::Hints>,
    /// Whom this host has written down.
    known: users::Known,
    /// How much was added to the journal.
    written: journal::Written,
}

impl Store {
    /// Opens the database that a URL names, brings its schema up to date and enters this host into it. Afterwards
    /// [`Store::keep_alive`] has to run, or the other hosts take this one for dead.
    pub async fn open(url: &str, clock: &Clock) -> Result<Self, StoreError> {
        let engine = engine::Engine::open(url).await?;
        // Two hosts that start in the same millisecond have to differ, so this cannot come from the clock.
        let host = StdRng::from_os_rng().random_range(1..i64::MAX);
        let now = clock.now();
        if engine.write(migrate::Migrate { now }).await? {
            // Of a file the URL is where it is; another one may hold a password.
            let place = if engine.dialect == dialect::Dialect::Sqlite { url } else { "that of database.url" };
            tracing::info!("the database was empty and is made anew: {place}");
        }
        engine.write(hosts::Register { host, now }).await?;
        let hints = Arc::new(hosts::Hints::new(engine.dialect));
        let (leases, alive) = (Arc::new(leases::Leases::new(&hints)), Arc::<hosts::Alive>::default());
        alive.renewed(now);
        let (clock, counters) = (clock.clone(), tables::Counters::default());
        let known = users::Known::default();
        Ok(Self {
            shared: Arc::new(Shared {
                engine,
                clock,
                host,
                leases,
                alive,
                counters,
                hints,
                known,
                written: journal::Written::default(),
            }),
        })
    }
}

/// A reason as it can be stored: what Telegram or a plugin says may contain anything.
fn printable(reason: &str) -> String {
    reason.replace('\0', "\u{fffd}")
}
