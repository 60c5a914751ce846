//! What stands between a host and its data, and can fail: a relay before a PostgreSQL server, a disk that is soon full.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    /// Connections are closed, new ones too.
    Cut,
    /// They stay, and nothing comes through.
    Stalled,
    /// Those that were there stay like that for ever; new ones are let through.
    Replaced,
}

/// A relay to a server. It ends with the runtime of its test.
pub struct Relay {
    url: String,
    mode: Arc<watch::Sender<Mode>>,
    swallowed: Arc<AtomicUsize>,
}

impl Relay {
    /// Opens one to the server of this URL.
    pub async fn to(url: &str) -> Self {
        Self::opens(url, false).await
    }

    /// The same for one that lets everything through but what `NOTIFY` has to tell.
    pub async fn without_hints_to(url: &str) -> Self {
        Self::opens(url, true).await
    }

    async fn opens(url: &str, is_deaf: bool) -> Self {
        let (head, rest) = url.split_once('@').expect("user@host");
        let (server, database) = rest.split_once('/').expect("host/database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mode = Arc::new(watch::Sender::new(Mode::Open));
        let swallowed = Arc::new(AtomicUsize::new(0));
        let (server, modes, swallows) = (server.to_owned(), Arc::clone(&mode), Arc::clone(&swallowed));
        guesthouse::shutdown::Tasks::default().spawn_detached(async move {
            while let Ok((client, _)) = listener.accept().await {
                let swallows = is_deaf.then(|| Arc::clone(&swallows));
                let talk = relay(client, server.clone(), modes.subscribe(), swallows);
                guesthouse::shutdown::Tasks::default().spawn_detached(talk);
            }
        });
        Self { url: format!("{head}@{address}/{database}"), mode, swallowed }
    }

    /// How many hints nobody has heard.
    pub fn swallowed(&self) -> usize {
        self.swallowed.load(Ordering::Acquire)
    }

    /// Where the host finds it.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Closes everything.
    pub fn cuts(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// Lets nothing through.
    pub fn stalls(&self) {
        self.mode.send_replace(Mode::Stalled);
    }

    /// Stands before another server: whoever was connected to the old one never hears of it again.
    pub fn is_replaced(&self) {
        self.mode.send_replace(Mode::Replaced);
    }

    /// Is as it should be again. What was held up before is closed, as a server's restart would.
    pub fn goes_on(&self) {
        self.mode.send_replace(Mode::Open);
    }
}

async fn relay(
    mut client: TcpStream,
    server: String,
    mut mode: watch::Receiver<Mode>,
    swallows: Option<Arc<AtomicUsize>>,
) {
    let first = *mode.borrow_and_update();
    if matches!(first, Mode::Open | Mode::Replaced) {
        let Ok(mut server) = TcpStream::connect(server).await else { return };
        let talk = async {
            match swallows {
                None => copy_bidirectional(&mut client, &mut server).await.map(drop),
                Some(swallowed) => without_hints(&mut client, &mut server, &swallowed).await,
            }
        };
        tokio::select! {
            _ = talk => return,
            _ = mode.changed() => {}
        }
    }
    // Until it is over, or for ever.
    let _ = mode.wait_for(|mode| matches!(mode, Mode::Open | Mode::Cut)).await;
}

/// Passes on what PostgreSQL's protocol says, but for notifications: messages of the kind `A` from the server.
async fn without_hints(client: &mut TcpStream, server: &mut TcpStream, swallowed: &AtomicUsize) -> std::io::Result<()> {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.split(), server.split());
    let back = async {
        let mut kind = from_server.read_u8().await?;
        // Before its first message the server says in one byte that it has no TLS.
        if kind == b'N' {
            to_client.write_u8(kind).await?;
            kind = from_server.read_u8().await?;
        }
        loop {
            let length = from_server.read_u32().await?;
            let mut message = vec![0; length as usize - 4];
            from_server.read_exact(&mut message).await?;
            if kind == b'A' {
                swallowed.fetch_add(1, Ordering::AcqRel);
            } else {
                let mut whole = vec![kind];
                whole.extend(length.to_be_bytes());
                whole.extend(message);
                to_client.write_all(&whole).await?;
            }
            kind = from_server.read_u8().await?;
        }
    };
    tokio::select! {
        copied = copy(&mut from_client, &mut to_server) => copied.map(drop),
        passed = back => passed,
    }
}

/// Fails where a test would be skipped because it may not mount anything.
const REQUIRE: &str = "GUESTHOUSE_TEST_REQUIRE_MOUNT";

/// A disk of a few megabytes in memory, if the test may mount one, which takes root.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many MiB on a folder; `None` (said loudly) where that is not allowed.
    pub fn mounted(folder: &Path, mib: u32) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "guesthouse-test"]).arg(folder);
        let mounted = mount.output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self { folder: folder.to_owned() });
        }
        assert!(std::env::var_os(REQUIRE).is_none(), "{REQUIRE} is set, but nothing can be mounted: {mounted:?}");
        // Past the test harness, which swallows what a test that passes has printed.
        let skipped = "\n!!! THE TEST OF A FULL DISK WAS SKIPPED: mounting a file system takes root\n";
        let _ = std::io::stderr().write_all(skipped.as_bytes());
        None
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }

    /// Leaves no room.
    pub fn fills(&self) {
        let zeros = vec![0; 64 * 1024];
        let mut file = std::fs::File::options().create(true).append(true).open(self.filler()).expect("a file");
        for size in [zeros.len(), 4096, 1] {
            while file.write_all(&zeros[..size]).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn is_cleared(&self) {
        std::fs::remove_file(self.filler()).expect("it was full");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}
