//! PostgreSQL: any number of hosts, several writers each. `writer` has what one of them does.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, Executor};
use tokio::sync::Mutex;

use super::{Engine, READ_TIME, Readers};
use crate::store::dialect::Dialect;
use crate::store::error::StoreError;
use crate::store::session::{Connect, Connection, in_time, to_postgres};
use crate::wake::{Bell, Wake};

mod writer;

use writer::Writer;

/// Connections for writing: more than a server has cores to flush with, fewer than it would notice.
pub(super) const WRITERS: usize = 16;
/// Connections for reading.
const READERS: usize = 8;
/// Prepared statements a connection keeps.
const STATEMENTS: usize = 500;

/// What a server answers that is starting or stopping: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
const STARTING: &str = "57P03";
/// How often it is asked again, and after which pause: a minute.
const STARTS: u32 = 240;
const START_PAUSE: Duration = Duration::from_millis(250);

/// After so long without a hint the connection is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(30);

pub(super) async fn open(url: &str) -> Result<Engine, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(Dialect::classify)?
        .application_name("guesthouse")
        .statement_cache_capacity(STATEMENTS)
        .options([
            // A host that hangs, or a question without an index, must not keep the others out. A commit that waits for a
            // plugin's table holds its lane, and with it whoever writes to that chat.
            ("statement_timeout", "5s"),
            ("lock_timeout", "2s"),
            // Before the host gives the answer up: what it takes for lost must not be committed later.
            ("idle_in_transaction_session_timeout", "5s"),
            // Connections whose host is gone without a word go soon.
            ("tcp_keepalives_idle", "30"),
            ("tcp_keepalives_interval", "10"),
            ("tcp_keepalives_count", "3"),
            // A serializable transaction that reads a small table from end to end conflicts with everybody who writes
            // to it; read through an index it conflicts with those who write nearby.
            ("enable_seqscan", "off"),
            // The statements are few, small and prepared. Planning them anew would cost more than running them, and
            // the penalty that stands for enable_seqscan must not set the compiler off.
            ("plan_cache_mode", "force_generic_plan"),
            ("jit", "off"),
            // That a table is there already is no news.
            ("client_min_messages", "warning"),
        ])
        .disable_statement_logging();
    // As for SQLite: a guest waits for it, and one of few connections is gone for as long. Who waits for a lock gives up
    // earlier, and so it is known that not the question was slow, but somebody in the way.
    let millis = |time: Duration| format!("{}ms", time.as_millis());
    let times = [("statement_timeout", millis(READ_TIME)), ("lock_timeout", millis(READ_TIME / 2))];
    let reading = options.clone().options(times);
    let readers = Readers::new(Connect::Postgres(Box::new(reading)), READERS);
    let how = Connect::Postgres(Box::new(options.clone()));
    let first = first(&options).await?;
    let (engine, inbound) = Engine::new(Dialect::Postgres, how.clone(), readers, None);
    let inbound = Arc::new(Mutex::new(inbound));
    let (mut first, losses) = (Some(first), Arc::new(AtomicU64::new(0)));
    for _ in 0..WRITERS {
        let writer = Writer::new(how.clone(), first.take(), Arc::clone(&losses));
        engine.workers.spawn(writer.write(Arc::clone(&inbound)));
    }
    Ok(engine)
}

/// The first connection. A server that says that it is starting is waited for: after a power cut it starts together with
/// its hosts. Whatever else is wrong is told at once.
async fn first(options: &PgConnectOptions) -> Result<Connection, StoreError> {
    let mut attempt = 0;
    loop {
        match in_time(to_postgres(options)).await? {
            Ok(connection) => return Ok(Connection::Postgres(connection)),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(STARTING) && attempt < STARTS => {
                if attempt == 0 {
                    tracing::info!("waiting for the database: {}", error.message());
                }
                attempt += 1;
                tokio::time::sleep(START_PAUSE).await;
            }
            Err(error) => return Err(Dialect::classify(error)),
        }
    }
}

/// What a hint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Channel {
    Lanes,
    Outbox,
    Replies,
}

impl Channel {
    pub(in crate::store) const ALL: [Self; 3] = [Self::Lanes, Self::Outbox, Self::Replies];

    pub(in crate::store) fn bell(self, wake: &Wake) -> &Bell {
        match self {
            Self::Lanes => &wake.lanes,
            Self::Outbox => &wake.outbox,
            Self::Replies => &wake.replies,
        }
    }

    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Lanes => "guesthouse_lanes",
            Self::Outbox => "guesthouse_outbox",
            Self::Replies => "guesthouse_replies",
        }
    }
}

/// A connection that hears the hints of all hosts.
pub(in crate::store) struct Listener(PgListener);

/// None on SQLite, where there are no other hosts.
pub(in crate::store) async fn listener(how: &Engine) -> Result<Option<Listener>, StoreError> {
    let Connect::Postgres(options) = &how.connect else { return Ok(None) };
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with((**options).clone());
    let connect = async {
        let mut listener = PgListener::connect_with(&pool).await?;
        // What is said between two connections is lost, and whoever listens wants to know that it may be.
        listener.eager_reconnect(false);
        listener.listen_all(Channel::ALL.map(Channel::name)).await?;
        Ok(Some(Listener(listener)))
    };
    in_time(connect).await?.map_err(Dialect::classify)
}

impl Listener {
    /// The next hint; an error once the connection is lost, also without a word.
    pub(in crate::store) async fn hear(&mut self) -> Result<Channel, StoreError> {
        loop {
            let hint = match tokio::time::timeout(QUIET, self.0.try_recv()).await {
                Ok(Ok(Some(hint))) => hint,
                Ok(Ok(None)) => return Err(StoreError::Unreachable { reason: "the connection was lost".into() }),
                Ok(Err(error)) => return Err(Dialect::classify(error)),
                Err(_) => {
                    in_time((&mut self.0).execute("SELECT 1")).await?.map_err(Dialect::classify)?;
                    continue;
                }
            };
            if let Some(channel) = Channel::ALL.into_iter().find(|channel| channel.name() == hint.channel()) {
                return Ok(channel);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What a server answers to whoever connects: <https://www.postgresql.org/docs/current/protocol-message-formats.html>.
    fn refusal(code: &str) -> Vec<u8> {
        let fields = format!("SFATAL\0VFATAL\0C{code}\0Mno\0\0");
        let length = u32::try_from(fields.len() + 4).expect("short");
        [b"E", &length.to_be_bytes()[..], fields.as_bytes()].concat()
    }

    #[tokio::test]
    async fn a_server_that_starts_is_waited_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("postgres://u@{}/d?sslmode=disable", listener.local_addr().expect("bound"));
        let server = async {
            for code in [STARTING, STARTING, "28000"] {
                let (mut caller, _) = listener.accept().await.expect("somebody");
                let length = caller.read_u32().await.expect("a message");
                caller.read_exact(&mut vec![0; length as usize - 4]).await.expect("all of it");
                caller.write_all(&refusal(code)).await.expect("told");
            }
        };
        let (opened, ()) = futures_util::join!(open(&url), server);
        assert!(matches!(opened.map(drop), Err(StoreError::Denied { .. })), "the third answer is told");
    }
}
