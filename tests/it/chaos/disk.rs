//! A disk that is full: nothing is acknowledged that is not stored, and work goes on by itself once there is room.

use std::time::Duration;

use super::{Crowd, books};
use crate::support::process::HostProcess;
use crate::support::relay::SmallDisk;
use crate::support::{Database, folder};

#[tokio::test]
async fn a_full_disk_is_waited_for() {
    let place = folder();
    let Some(disk) = SmallDisk::mounted(place.path(), 24) else { return };
    let database = Database::Sqlite(place);
    let mut crowd = Crowd::gathers().await;
    let host = HostProcess::starts(&crowd.configuration(&database.url()));
    crowd.writes().await;
    books::wait_until_done(&database, crowd.written).await;

    disk.fills();
    for _ in 0..20 {
        crowd.writes().await;
    }
    while !host.log().contains("the disk of the database is full") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    disk.is_cleared();

    books::wait_until_done(&database, crowd.written).await;
    assert_eq!(database.text("PRAGMA integrity_check").await, "ok");
    crowd.balances(&database, vec![host]).await;
    crowd.street.closes().await;
    drop(database);
    drop(disk);
}
