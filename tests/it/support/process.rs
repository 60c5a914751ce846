//! The real binary as a child process, to be killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// The number of the signal, as `/proc` counts it.
const SIGTERM: u32 = 15;

/// A host in a process of its own.
pub struct HostProcess {
    child: Child,
    log: PathBuf,
    _folder: TempDir,
}

impl HostProcess {
    /// Starts `guesthouse run` on this configuration.
    pub fn starts(configuration: &str) -> Self {
        let folder = super::folder();
        let config = folder.path().join("guesthouse.toml");
        std::fs::write(&config, configuration).expect("the folder can be written");
        Self::starts_with(&config, folder)
    }

    /// Starts `guesthouse run` on the configuration in this file.
    pub fn starts_from(config: &Path) -> Self {
        Self::starts_with(config, super::folder())
    }

    fn starts_with(config: &Path, folder: TempDir) -> Self {
        let log = folder.path().join("log");
        let stderr = std::fs::File::create(&log).expect("the folder can be written");
        let child = Command::new(env!("CARGO_BIN_EXE_guesthouse"))
            .args(["run", "--config"])
            .arg(config)
            .env("GUESTHOUSE_LOG", "guesthouse=debug")
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("the binary starts");
        Self { child, log, _folder: folder }
    }

    /// `kill -9`.
    pub fn dies(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it has ended");
        self.kept_its_secrets();
    }

    /// Stands still until it [thaws](Self::thaws), and does not know it.
    pub fn freezes(&self) {
        self.signal("-STOP");
    }

    /// Goes on as if no time had passed.
    pub fn thaws(&self) {
        self.signal("-CONT");
    }

    /// `kill`, once the process is so far that it listens: before, the operating system ends it in its own way.
    async fn is_asked_to_stop(&self) {
        let listens = || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap_or("ffffffffffffffff");
            u64::from_str_radix(caught, 16).expect("a set of signals") >> (SIGTERM - 1) & 1 == 1
        };
        while !listens() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.signal("-TERM");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.expect("`kill` exists").success(), "the process is gone:\n{}", self.log());
    }

    /// No line of the log, at the finest level that operators use, holds the token.
    fn kept_its_secrets(&self) {
        assert!(!self.log().contains(super::TOKEN), "the token stands in the log");
    }

    /// Asks it to stop and waits; fails if it did not end well.
    pub async fn stops(mut self) {
        self.is_asked_to_stop().await;
        let status = self.ends().await;
        assert!(status.success(), "the host ended with {status}:\n{}", self.log());
        self.kept_its_secrets();
    }

    /// Waits until it has refused to start, and says why it did.
    pub async fn refuses(mut self) -> String {
        let status = self.ends().await;
        assert_eq!(status.code(), Some(1), "the host ended with {status}:\n{}", self.log());
        self.kept_its_secrets();
        let log = self.log();
        log[log.find("error: ").expect("an error")..].to_owned()
    }

    /// Waits without standing in the way of the emulator, which the last answers come from.
    async fn ends(&mut self) -> ExitStatus {
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The most memory that it has had so far, in MiB.
    pub fn peak_memory_mib(&self) -> i64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        line.trim().trim_end_matches(" kB").parse::<i64>().expect("a number") >> 10
    }

    /// Open files and threads, now.
    pub fn files_and_threads(&self) -> (usize, usize) {
        let count = |what: &str| {
            std::fs::read_dir(format!("/proc/{}/{what}", self.child.id())).expect("Linux, and it runs").count()
        };
        (count("fd"), count("task"))
    }

    /// Asks it to stop, and goes on.
    pub fn is_told_to_stop(&self) {
        self.signal("-TERM");
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("it can be asked").is_none()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for HostProcess {
    fn drop(&mut self) {
        // A test that failed must not leave a host behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the host's log:\n{}", self.log());
        }
    }
}
