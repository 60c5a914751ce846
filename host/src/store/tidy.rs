//! Deletes what nobody will ask for again, a little at a time.
//!
//! What is to go is looked up on a reading connection, so a long look never keeps the writer; it goes in small
//! transactions. Of the tables that count their rows the newest row stays, so that no number is given out twice.

use super::dialect::Sql;
use super::engine::{Job, Verdict};
use super::error::StoreError;
use super::session::{Cell, Session, params};
use super::{Store, json};
use crate::clock::Millis;

const DAY: Millis = 86_400_000;
/// Rows that go in one transaction at most.
const BATCH: i64 = 500;
/// Transactions of one call and kind at most; the next call goes on.
const ROUNDS: usize = 200;

/// Something that gets old.
struct Old {
    what: &'static str,
    /// How old.
    age: Millis,
    /// The keys of what is older than `$1`, at most `$2`.
    find: Sql,
    /// Deletes by the keys in `$1`.
    delete: Sql,
}

/// Finished rows are looked for among the oldest only: whatever still waits there is younger than its age.
static OLD: [Old; 6] = [
    Old {
        what: "events",
        age: 30 * DAY,
        find: Sql::new(
            "SELECT o.seq FROM (SELECT seq, state, ended_at FROM inbox ORDER BY seq LIMIT $2) AS o
             WHERE o.state <> 0 AND o.ended_at < $1 AND o.seq < (SELECT MAX(seq) FROM inbox)",
        ),
        delete: Sql::new("DELETE FROM inbox WHERE seq IN (SELECT CAST(item.value AS BIGINT) FROM {each $1})"),
    },
    Old {
        what: "updates",
        age: 30 * DAY,
        find: Sql::new(
            "SELECT o.seq FROM (SELECT seq, received_at FROM updates ORDER BY seq LIMIT $2) AS o
             WHERE o.received_at < $1 AND o.seq < (SELECT MAX(seq) FROM updates)
               AND o.seq NOT IN (SELECT update_seq FROM inbox WHERE state = 0 AND update_seq IS NOT NULL)",
        ),
        delete: Sql::new("DELETE FROM updates WHERE seq IN (SELECT CAST(item.value AS BIGINT) FROM {each $1})"),
    },
    Old {
        what: "calls",
        age: 30 * DAY,
        find: Sql::new(
            "SELECT o.seq FROM (SELECT seq, state, ended_at FROM outbox ORDER BY seq LIMIT $2) AS o
             WHERE o.state <> 0 AND o.ended_at < $1 AND o.seq < (SELECT MAX(seq) FROM outbox)",
        ),
        delete: Sql::new("DELETE FROM outbox WHERE seq IN (SELECT CAST(item.value AS BIGINT) FROM {each $1})"),
    },
    Old {
        what: "conversations",
        age: DAY,
        find: Sql::new(
            "SELECT bot_id, plugin, chat_id, user_id, topic_id, expires_at FROM dialogues
             WHERE expires_at < $1 LIMIT $2",
        ),
        // It may have begun again since.
        delete: Sql::new(
            "DELETE FROM dialogues WHERE EXISTS (
                 SELECT 1 FROM {each $1}
                 WHERE dialogues.bot_id = CAST(item.value ->> 0 AS BIGINT) AND dialogues.plugin = item.value ->> 1
                   AND dialogues.chat_id = CAST(item.value ->> 2 AS BIGINT)
                   AND dialogues.user_id = CAST(item.value ->> 3 AS BIGINT)
                   AND dialogues.topic_id = CAST(item.value ->> 4 AS BIGINT)
                   AND dialogues.expires_at = CAST(item.value ->> 5 AS BIGINT))",
        ),
    },
    Old {
        what: "buttons",
        age: 180 * DAY,
        find: Sql::new("SELECT token FROM callbacks WHERE created_at < $1 LIMIT $2"),
        delete: Sql::new("DELETE FROM callbacks WHERE token IN (SELECT item.value ->> 0 FROM {each $1})"),
    },
    Old {
        what: "files",
        age: 30 * DAY,
        find: Sql::new("SELECT digest, created_at FROM blobs WHERE created_at < $1 LIMIT $2"),
        // They may have been sent again since.
        delete: Sql::new(
            "DELETE FROM blobs WHERE EXISTS (
                 SELECT 1 FROM {each $1} WHERE blobs.digest = item.value ->> 0
                    AND blobs.created_at = CAST(item.value ->> 1 AS BIGINT))",
        ),
    },
];

struct Delete {
    old: &'static Old,
    keys: String,
}

impl Job for Delete {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        session.one(self.old.delete.with(params![self.keys.as_str()])).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// Deletes what is old: events, updates and calls 30 days after their end, conversations a day after theirs, buttons
    /// after 180 days, the bytes of files 30 days after they were sent last. Call it now and then.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        for old in &OLD {
            let before = self.shared.clock.now() - old.age;
            for _ in 0..ROUNDS {
                let answer = self.shared.engine.read(old.find.with(params![before, BATCH])).await?;
                if answer.rows.is_empty() {
                    break;
                }
                let count = answer.rows.len();
                let keys = answer.rows.into_iter().map(|row| {
                    // One number is a key by itself, everything else is a list.
                    let key: Vec<_> = row.0.into_iter().map(key_part).collect();
                    if let [serde_json::Value::Number(number)] = &key[..] { number.clone().into() } else { key.into() }
                });
                let keys = json(&keys.collect::<Vec<serde_json::Value>>());
                self.shared.engine.write(Delete { old, keys }).await?;
                tracing::debug!(count, "tidied {count} old {}", old.what);
                if (count as i64) < BATCH {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn key_part(cell: Cell) -> serde_json::Value {
    match cell {
        Cell::Integer(number) => number.into(),
        Cell::Text(text) => text.into(),
        _ => serde_json::Value::Null,
    }
}
