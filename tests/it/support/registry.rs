//! A registry of one test's own: Debian's `docker-registry`, on a free port, with its data in a folder that goes with the test.
//!
//! Where it is not installed the tests that need it are skipped, loudly; with `GUESTHOUSE_TEST_REQUIRE_REGISTRY=1` they fail
//! instead. A shell beside it ends it when the test process is gone, however that comes about.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

const REQUIRE: &str = "GUESTHOUSE_TEST_REQUIRE_REGISTRY";
/// Somebody who may log in where not everybody may.
pub const LOG_IN: (&str, &str) = ("ann", "house-key");
/// The same as Apache writes it: bcrypt, at the lowest cost.
const PASSWORDS: &str = "ann:$2b$04$abcdefghijklmnopqrstuuiRV4iO8kpFj8zDb4g9PIK1bwNzrRR9O\n";
/// Runs until its standard input ends; `$1` is the configuration.
const WATCH: &str =
    r#"docker-registry serve "$1" >/dev/null 2>"$1.log" & server=$!; cat >/dev/null; kill $server; wait $server"#;

/// A registry.
pub struct Registry {
    /// Host and port.
    pub address: String,
    folder: TempDir,
    shell: Child,
}

impl Registry {
    /// Opens one, for everybody or for those who log in; `None` if there is none to be had.
    pub async fn opens(for_everybody: bool) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        if !std::env::split_paths(&path).any(|folder| folder.join("docker-registry").is_file()) {
            let reason = "no docker-registry is installed";
            assert!(std::env::var_os(REQUIRE).is_none(), "{REQUIRE} is set, but {reason}");
            // Past the test harness, which swallows what a test that passes has printed.
            let skipped = format!("\n!!! REGISTRY TESTS SKIPPED: {reason}; install Debian's package docker-registry\n");
            let _ = std::io::stderr().write_all(skipped.as_bytes());
            return None;
        }
        // A port that was free may be taken a moment later.
        for _ in 0..5 {
            if let Some(registry) = Self::tries(for_everybody).await {
                return Some(registry);
            }
        }
        panic!("the registry did not start");
    }

    async fn tries(for_everybody: bool) -> Option<Self> {
        let folder = super::folder();
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let (config, passwords) = (folder.path().join("config.yml"), folder.path().join("passwords"));
        let auth = format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", passwords.display());
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: \
             127.0.0.1:{port}\n  secret: test\n{}",
            folder.path().join("data").display(),
            if for_everybody { "" } else { &auth },
        );
        std::fs::write(&passwords, PASSWORDS).expect("the folder can be written");
        std::fs::write(&config, text).expect("the folder can be written");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", WATCH, "guesthouse-registry"]).arg(&config);
        let shell = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell");
        let registry = Self { address: format!("127.0.0.1:{port}"), folder, shell };
        for _ in 0..500 {
            let log = std::fs::read_to_string(config.with_extension("yml.log")).unwrap_or_default();
            if log.contains("already in use") {
                return None;
            }
            // Its own answer, and not that of somebody else at this port.
            let answer = reqwest::get(format!("http://{}/v2/", registry.address)).await;
            if answer.is_ok_and(|answer| answer.headers().contains_key("docker-distribution-api-version")) {
                return Some(registry);
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        None
    }

    /// The name of a plugin there.
    pub fn name(&self, tail: &str) -> String {
        format!("oci://{}/{tail}", self.address)
    }

    /// The file in which it keeps a blob.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let folder = Path::new("data/docker/registry/v2/blobs/sha256").join(&digest[..2]).join(digest);
        self.folder.path().join(folder).join("data")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}
