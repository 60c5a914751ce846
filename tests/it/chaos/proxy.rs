//! A way to PostgreSQL that loses answers: some commits are carried out, and the connection is cut before anybody hears.
//! It runs on a thread of its own, so that it goes on while the test waits for a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a client says to end a transaction: a simple query.
const COMMIT: &[u8] = b"COMMIT\0";
/// What the server says when it has.
const COMMITTED: &[u8] = b"COMMIT\0";

/// The proxy.
pub(crate) struct Proxy {
    /// The database through it.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    one_in: u32,
    behaves: AtomicBool,
    cuts: AtomicUsize,
}

impl Proxy {
    /// Cuts the connection at one commit in `one_in`.
    pub(crate) fn opens(url: &str, one_in: u32, seed: u64) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("an address").port();
        let (before, after) = url.rsplit_once(':').expect("a port");
        let server: u16 = after.split('/').next().and_then(|port| port.parse().ok()).expect("a port");
        let url = format!("{before}:{port}/{}", after.split_once('/').expect("a database").1);
        let shared = Arc::new(Shared { one_in, behaves: AtomicBool::new(false), cuts: AtomicUsize::new(0) });
        let passing = Arc::clone(&shared);
        let mut dice = StdRng::seed_from_u64(seed);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                while let Ok((client, _)) = listener.accept().await {
                    let (shared, dice) = (Arc::clone(&passing), StdRng::seed_from_u64(dice.random()));
                    tokio::spawn(async move {
                        if let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await {
                            pass(client, server, &shared, dice).await;
                        }
                    });
                }
            });
        });
        Self { url, shared }
    }

    /// From now on nothing is lost.
    pub(crate) fn behaves(&self) {
        self.shared.behaves.store(true, Ordering::Release);
    }

    /// From now on something is lost again.
    pub(crate) fn misbehaves(&self) {
        self.shared.behaves.store(false, Ordering::Release);
    }

    /// How many commits went without an answer.
    pub(crate) fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::Acquire)
    }
}

async fn pass(client: TcpStream, server: TcpStream, shared: &Shared, mut dice: StdRng) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let doomed = AtomicBool::new(false);
    let forth = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            let commits = buffer[..count].windows(COMMIT.len()).any(|bytes| bytes == COMMIT);
            if commits && dice.random_range(0..shared.one_in) == 0 && !shared.behaves.load(Ordering::Acquire) {
                doomed.store(true, Ordering::Release);
            }
            if to_server.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    let back = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            if doomed.load(Ordering::Acquire)
                && buffer[..count].windows(COMMITTED.len()).any(|bytes| bytes == COMMITTED)
            {
                shared.cuts.fetch_add(1, Ordering::AcqRel);
                return;
            }
            if to_client.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = forth => {}
        () = back => {}
    }
}
