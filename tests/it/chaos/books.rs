//! What must be true after everything: the oracles of the crash suite.
//!
//! | | what | where it is seen |
//! |---|---|---|
//! | I1 | every update that Telegram was told was received is stored, once | `updates` |
//! | I2 | for each of them exactly one turn has left its traces | rows = counters = updates |
//! | I3 | every committed message arrived; one that came twice is on record as ambiguous | the chats, `outbox.ambiguous` |
//! | I4 | turns of a chat in the order of its messages, answers in the order of the turns | `ledger__steps`, the chats |
//! | I6 | memory, open files and threads stay within what is stated | `/proc` |
//! | I7 | all is done within a minute after the last fault | `inbox`, `outbox` |
//! | I8 | every row has an end and says which | `inbox`, `outbox` |
//!
//! I5 (latency) is a benchmark, I9 (pauses) is checked where sending is, I10 (secrets) at the end of each process.

use std::collections::BTreeMap;

use crate::support::process::HostProcess;
use crate::support::{Database, Person};

/// Waits until so many events are done and everything is sent.
pub async fn wait_until_done(database: &Database, written: i64) {
    database.comes_to("SELECT COUNT(*) FROM inbox WHERE state <> 0", written).await;
    database
        .comes_to(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE state = 0) THEN 0 ELSE 1 END FROM migrations LIMIT 1",
            1,
        )
        .await;
}

/// I6: what a host may have used by its end, on any number of faults. It holds about 60 MiB when idle, 40 connections to
/// PostgreSQL and as many to Telegram, and the runtime's threads.
pub fn measure(host: &HostProcess) {
    let (memory, (files, threads)) = (host.peak_memory_mib(), host.files_and_threads());
    assert!(memory <= 512, "I6: {memory} MiB");
    assert!(files <= 256, "I6: {files} open files");
    assert!(threads <= 128, "I6: {threads} threads");
}

/// Checks everything; says how many messages came twice.
pub async fn balance(database: &Database, people: &[Person], written: i64) -> i64 {
    let number = async |sql: &'static str| database.number(sql).await;
    let zero = async |what: &str, sql: &'static str| assert_eq!(database.number(sql).await, 0, "{what}");

    assert_eq!(number("SELECT COUNT(*) FROM updates").await, written, "I1: updates stored");

    assert_eq!(number("SELECT COUNT(*) FROM ledger__checks").await, written, "I2: rows");
    assert_eq!(number("SELECT CAST(SUM(checks) AS BIGINT) FROM ledger__cards").await, written, "I2: counters");
    assert_eq!(number("SELECT CAST(SUM(steps) AS BIGINT) FROM ledger__chats").await, written, "I2: steps");
    zero(
        "I2: a card whose checks are not 1, 2, 3, …",
        "SELECT COUNT(*) FROM (SELECT card, COUNT(*) AS n, MIN(number) AS low, MAX(number) AS high,
             COUNT(DISTINCT number) AS different FROM ledger__checks GROUP BY card) AS books
         WHERE low <> 1 OR high <> n OR different <> n",
    )
    .await;
    zero(
        "I2: a message that was counted twice",
        "SELECT COUNT(*) FROM (SELECT chat FROM ledger__steps GROUP BY chat, message HAVING COUNT(*) > 1) AS twice",
    )
    .await;
    zero(
        "I4: a turn before that of an earlier message",
        "SELECT COUNT(*) FROM ledger__steps a JOIN ledger__steps b ON a.chat = b.chat
         WHERE a.number < b.number AND a.message > b.message",
    )
    .await;

    assert_eq!(number("SELECT COUNT(*) FROM inbox WHERE state = 1").await, written, "I8: events done");
    zero("I8: an event without an end", "SELECT COUNT(*) FROM inbox WHERE state = 0 OR ended_at IS NULL").await;
    zero("I8: a call without an end", "SELECT COUNT(*) FROM outbox WHERE state = 0 OR ended_at IS NULL").await;
    zero("I3: a call that was given up", "SELECT COUNT(*) FROM outbox WHERE state <> 1").await;

    let ambiguous = number("SELECT CAST(COALESCE(SUM(ambiguous), 0) AS BIGINT) FROM outbox").await;
    let mut duplicates = 0;
    let mut answers = 0;
    for person in people {
        let mut seen: BTreeMap<i64, i64> = BTreeMap::new();
        for text in person.has_read().await {
            let step = text.rsplit(' ').next().and_then(|step| step.parse().ok());
            let step: i64 = step.unwrap_or_else(|| panic!("`{text}` is no answer of the ledger"));
            // Those of a host's last moment may come again, several in their order: 19, 20, 19, 20. New ones come in order.
            let newest = seen.last_key_value().map_or(0, |(step, _)| *step);
            assert!(step <= newest + 1, "I4: answer {step} after {newest}");
            *seen.entry(step).or_default() += 1;
        }
        let count = i64::try_from(seen.len()).expect("few");
        assert_eq!(seen.last_key_value().map_or(0, |(step, _)| *step), count, "I3: an answer that never came");
        duplicates += seen.values().map(|times| times - 1).sum::<i64>();
        answers += count;
    }
    assert_eq!(answers, written, "I3: answers");
    assert!(duplicates <= ambiguous, "I3: {duplicates} came twice, {ambiguous} attempts are on record as ambiguous");
    duplicates
}
