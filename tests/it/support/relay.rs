//! What stands between a host and its data, and can fail: a relay before a PostgreSQL server, a disk that is soon full.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Open,
    /// Connections are closed, new ones too.
    Cut,
    /// They stay, and nothing comes through.
    Stalled,
}

/// A relay to a server. It ends with the runtime of its test.
pub struct Relay {
    url: String,
    mode: Arc<watch::Sender<Mode>>,
}

impl Relay {
    /// Opens one to the server of this URL.
    pub async fn to(url: &str) -> Self {
        let (head, rest) = url.split_once('@').expect("user@host");
        let (server, database) = rest.split_once('/').expect("host/database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mode = Arc::new(watch::Sender::new(Mode::Open));
        let (server, modes) = (server.to_owned(), Arc::clone(&mode));
        guesthouse::shutdown::Tasks::default().spawn_detached(async move {
            while let Ok((client, _)) = listener.accept().await {
                let talk = relay(client, server.clone(), modes.subscribe());
                guesthouse::shutdown::Tasks::default().spawn_detached(talk);
            }
        });
        Self { url: format!("{head}@{address}/{database}"), mode }
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

    /// Is as it should be again. What was held up before is closed, as a server's restart would.
    pub fn goes_on(&self) {
        self.mode.send_replace(Mode::Open);
    }
}

async fn relay(mut client: TcpStream, server: String, mut mode: watch::Receiver<Mode>) {
    if *mode.borrow_and_update() == Mode::Open {
        let Ok(mut server) = TcpStream::connect(server).await else { return };
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = mode.changed() => {}
        }
        if *mode.borrow() == Mode::Stalled {
            let _ = mode.changed().await;
        }
    } else if *mode.borrow() == Mode::Stalled {
        let _ = mode.changed().await;
    }
}

/// A disk of a few megabytes, if the test may mount one.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one; `None` (said loudly) where that is not allowed.
    pub fn mounted() -> Option<Self> {
        let folder = super::folder();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(folder.path()).stderr(std::process::Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self { folder });
        }
        eprintln!("\n!!! TEST OF A FULL DISK SKIPPED: only root may mount one\n");
        None
    }

    /// Where a database on it is.
    pub fn url(&self) -> String {
        format!("sqlite://{}/house.db", self.folder.path().display())
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }

    /// Leaves no room.
    pub fn fills(&self) {
        let zeros = vec![0; 64 * 1024];
        let mut file = std::fs::File::options().create(true).append(true).open(self.filler()).expect("a file");
        for size in [zeros.len(), 4096, 1] {
            while std::io::Write::write_all(&mut file, &zeros[..size]).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn is_cleared(&self) {
        std::fs::remove_file(self.filler()).expect("it was full");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
