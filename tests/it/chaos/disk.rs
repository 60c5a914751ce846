//! A disk that is full: nothing is acknowledged that is not stored, and work goes on by itself once there is room.
//!
//! The disk is a small one in memory. Mounting it takes root; elsewhere the test says loudly that it was skipped, and
//! fails if `GUESTHOUSE_TEST_REQUIRE_MOUNT` is set.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Crowd, books};
use crate::support::process::HostProcess;
use crate::support::{Database, folder};

const REQUIRE: &str = "GUESTHOUSE_TEST_REQUIRE_MOUNT";

/// A file system of 24 MiB.
struct Disk {
    path: PathBuf,
}

impl Disk {
    fn mounts(path: &Path) -> Option<Self> {
        let mount = ["-t", "tmpfs", "-o", "size=24m", "guesthouse-test"];
        let mounted = Command::new("mount").args(mount).arg(path).output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self { path: path.to_owned() });
        }
        assert!(std::env::var_os(REQUIRE).is_none(), "{REQUIRE} is set, but nothing can be mounted: {mounted:?}");
        // Past the test harness, which swallows what a test that passes has printed.
        let skipped = "\n!!! THE TEST OF A FULL DISK WAS SKIPPED: mounting a file system takes root\n";
        let _ = std::io::stderr().write_all(skipped.as_bytes());
        None
    }

    /// Fills it to the last byte.
    fn fills_up(&self) {
        let mut file = std::fs::File::create(self.path.join("ballast")).expect("a file");
        for size in [64 * 1024, 4 * 1024, 512, 1] {
            let piece = vec![0; size];
            while file.write_all(&piece).is_ok() {}
        }
    }

    fn has_room_again(&self) {
        std::fs::remove_file(self.path.join("ballast")).expect("it was there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let place = folder();
    let Some(disk) = Disk::mounts(place.path()) else { return };
    let database = Database::Sqlite(place);
    let mut crowd = Crowd::gathers().await;
    let host = HostProcess::starts(&crowd.configuration(&database.url()));
    crowd.writes().await;
    books::wait_until_done(&database, crowd.written).await;

    disk.fills_up();
    for _ in 0..20 {
        crowd.writes().await;
    }
    while !host.log().contains("the disk of the database is full") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    disk.has_room_again();

    books::wait_until_done(&database, crowd.written).await;
    assert_eq!(database.text("PRAGMA integrity_check").await, "ok");
    crowd.balances(database, vec![host]).await;
    drop(disk);
}
