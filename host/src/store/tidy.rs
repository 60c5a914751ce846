//! Deletes what nobody will ask for again, a little at a time.
//!
//! What is to go is looked up on a reading connection, so a long look never keeps the writer; it goes in small
//! transactions. Of the tables that count their rows the newest row stays, so that no number is given out twice.

use std::time::Duration;

use bytes::Bytes;

use super::Store;
use super::dialect::Sql;
use super::engine::{Job, Verdict};
use super::error::StoreError;
use super::journal::EMPTY;
use super::session::{Cell, Param, Record, Session, Step, params};
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
    /// Deletes by those keys.
    delete: Sql,
}

/// Finished rows are looked for among the oldest only: whatever still waits there is younger than its age. What may have
/// been renewed since it was looked up is deleted by its time as well.
static OLD: [Old; 13] = [
    Old {
        what: "events",
        age: 30 * DAY,
        find: Sql::new(
            "SELECT o.seq FROM (SELECT seq, state, ended_at FROM inbox ORDER BY seq LIMIT $2) AS o
             WHERE o.state <> 0 AND o.ended_at < $1 AND o.seq < (SELECT MAX(seq) FROM inbox)",
        ),
        delete: Sql::new("WITH old (seq) AS ({rows}) DELETE FROM inbox WHERE seq IN (SELECT seq FROM old)"),
    },
    Old {
        what: "parts of albums",
        // As old as their events, which are gone; no number of an event comes near a time.
        age: 0,
        find: Sql::new(
            "SELECT p.inbox_seq FROM parts p
             WHERE NOT EXISTS (SELECT 1 FROM inbox i WHERE i.seq = p.inbox_seq) AND p.inbox_seq < $1 LIMIT $2",
        ),
        delete: Sql::new("WITH old (seq) AS ({rows}) DELETE FROM parts WHERE inbox_seq IN (SELECT seq FROM old)"),
    },
    Old {
        what: "updates",
        age: 30 * DAY,
        find: Sql::new(
            "SELECT o.seq FROM (SELECT seq, received_at FROM updates ORDER BY seq LIMIT $2) AS o
             WHERE o.received_at < $1 AND o.seq < (SELECT MAX(seq) FROM updates)
               AND o.seq NOT IN (SELECT update_seq FROM inbox WHERE state = 0 AND update_seq IS NOT NULL)
               AND o.seq NOT IN (SELECT update_seq FROM inbox WHERE state = 2 AND update_seq IS NOT NULL)
               AND o.seq NOT IN (SELECT p.update_seq FROM inbox i JOIN parts p ON p.inbox_seq = i.seq
                                 WHERE i.state IN (0, 2) AND i.gathering <> 0)",
        ),
        delete: Sql::new("WITH old (seq) AS ({rows}) DELETE FROM updates WHERE seq IN (SELECT seq FROM old)"),
    },
    Old {
        what: "calls",
        age: 30 * DAY,
        find: Sql::new(
            "SELECT o.seq FROM (SELECT seq, state, ended_at FROM outbox ORDER BY seq LIMIT $2) AS o
             WHERE o.state <> 0 AND o.ended_at < $1 AND o.seq < (SELECT MAX(seq) FROM outbox)",
        ),
        delete: Sql::new("WITH old (seq) AS ({rows}) DELETE FROM outbox WHERE seq IN (SELECT seq FROM old)"),
    },
    Old {
        what: "answers",
        // Those that nobody has said good-bye to: a turn that asked and another one that did not, or an event that was
        // given up. An hour keeps clear of those that are just being written.
        age: DAY / 24,
        find: Sql::new(
            "SELECT DISTINCT inbox_seq FROM answers
             WHERE created_at < $1 AND inbox_seq NOT IN (SELECT seq FROM inbox WHERE state = 0) LIMIT $2",
        ),
        delete: Sql::new("WITH old (seq) AS ({rows}) DELETE FROM answers WHERE inbox_seq IN (SELECT seq FROM old)"),
    },
    Old {
        what: "used tokens",
        age: 60 * DAY,
        find: Sql::new("SELECT bot_id, day, chat_id FROM llm_usage WHERE day < $1 / 86400000 LIMIT $2"),
        delete: Sql::new(
            "WITH old (bot_id, day, chat_id) AS ({rows})
             DELETE FROM llm_usage WHERE (bot_id, day, chat_id) IN (SELECT bot_id, day, chat_id FROM old)",
        ),
    },
    Old {
        what: "timers",
        // Nobody has had their plugin in all the time.
        age: 30 * DAY,
        find: Sql::new("SELECT id FROM timers WHERE due_at < $1 LIMIT $2"),
        delete: Sql::new("WITH old (id) AS ({rows}) DELETE FROM timers WHERE id IN (SELECT id FROM old)"),
    },
    Old {
        what: "schedules",
        age: 30 * DAY,
        find: Sql::new("SELECT bot_id, plugin, name, due_at FROM schedules WHERE due_at < $1 LIMIT $2"),
        delete: Sql::new(
            "WITH old (bot_id, plugin, name, due_at) AS ({rows}) DELETE FROM schedules
             WHERE (bot_id, plugin, name, due_at) IN (SELECT bot_id, plugin, name, due_at FROM old)",
        ),
    },
    Old {
        what: "answers to requests",
        // Nobody has waited so long for any.
        age: DAY / 24,
        find: Sql::new("SELECT inbox_seq FROM replies WHERE created_at < $1 LIMIT $2"),
        delete: Sql::new("WITH old (seq) AS ({rows}) DELETE FROM replies WHERE inbox_seq IN (SELECT seq FROM old)"),
    },
    Old {
        what: "conversations",
        age: DAY,
        find: Sql::new(
            "SELECT bot_id, plugin, chat_id, user_id, topic_id, expires_at FROM dialogues
             WHERE expires_at < $1 LIMIT $2",
        ),
        delete: Sql::new(
            "WITH old (bot_id, plugin, chat_id, user_id, topic_id, expires_at) AS ({rows})
             DELETE FROM dialogues WHERE (bot_id, plugin, chat_id, user_id, topic_id, expires_at) IN
                 (SELECT bot_id, plugin, chat_id, user_id, topic_id, expires_at FROM old)",
        ),
    },
    Old {
        what: "buttons",
        age: 180 * DAY,
        find: Sql::new("SELECT token FROM callbacks WHERE created_at < $1 LIMIT $2"),
        delete: Sql::new("WITH old (token) AS ({rows}) DELETE FROM callbacks WHERE token IN (SELECT token FROM old)"),
    },
    Old {
        what: "shadows",
        age: 60 * DAY,
        find: Sql::new("SELECT bot_id, plugin, digest, signature FROM shadows WHERE at < $1 LIMIT $2"),
        delete: Sql::new(
            "WITH old (bot_id, plugin, digest, signature) AS ({rows}) DELETE FROM shadows
             WHERE (bot_id, plugin, digest, signature) IN (SELECT bot_id, plugin, digest, signature FROM old)",
        ),
    },
    Old {
        what: "files",
        age: 30 * DAY,
        find: Sql::new("SELECT digest, created_at FROM blobs WHERE created_at < $1 LIMIT $2"),
        delete: Sql::new(
            "WITH old (digest, created_at) AS ({rows})
             DELETE FROM blobs WHERE (digest, created_at) IN (SELECT digest, created_at FROM old)",
        ),
    },
];

/// Nobody has come for these in all the time: their plugin or their bot is not in any host's configuration any more. They
/// would fill the inbox, and be in the way of tidying what is younger. An update is worth a day at most, any other event
/// thirty, and an hour more passes in which a turn may still be under way.
static ABANDONED: [Sql; 2] = [
    Sql::new(
        "UPDATE inbox SET state = 3, ended_at = $2, reason = 'no host had its plugin as long as it was worth something'
         WHERE state = 0 AND COALESCE(expires_at, created_at + CASE WHEN payload IS NULL THEN 86400000 ELSE 2592000000 END) < $1",
    ),
    Sql::new(
        "UPDATE outbox SET state = 3, ended_at = $2, reason = 'no host had its bot for 30 days'
         WHERE state = 0 AND created_at < $1",
    ),
];

/// Turns of the journal. How old they get is the operator's to say.
static TURNS: Old = Old {
    what: "turns",
    age: 0,
    find: Sql::new(
        "SELECT o.seq FROM (SELECT seq, at FROM journal ORDER BY seq LIMIT $2) AS o
         WHERE o.at < $1 AND o.seq < (SELECT MAX(seq) FROM journal)",
    ),
    delete: Sql::new("WITH old (seq) AS ({rows}) DELETE FROM journal WHERE seq IN (SELECT seq FROM old)"),
};

static NEWEST_TURN: Sql =
    Sql::new("SELECT seq FROM journal WHERE seq = (SELECT MAX(seq) FROM journal) AND at < $1 AND size > 0");

struct Delete(Vec<Step>);

impl Job for Delete {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        session.run(&self.0).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// Deletes what is old: events, updates and calls 30 days after their end, conversations a day after theirs, buttons
    /// after 180 days, what language models have used up after 60, the bytes of files 30 days after they were sent last. Call it now and then.
    pub async fn tidy(&self) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let [events, calls] = &ABANDONED;
        let abandoned = [events.with(params![now - DAY / 24, now]), calls.with(params![now - 30 * DAY, now])];
        let mut result = self.shared.engine.write(Delete(abandoned.to_vec())).await;
        for old in &OLD {
            // Where one kind takes too long to be looked for, the others go all the same.
            result = self.tidy_away(old, old.age).await.and(result);
        }
        result
    }

    /// Deletes turns of the journal that are as old as this. Call it now and then.
    pub async fn tidy_turns(&self, keep: Duration) -> Result<(), StoreError> {
        let age = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX / 2);
        self.tidy_away(&TURNS, age).await?;
        // The newest stays, so that numbers go on from there, but not what it says.
        let newest = self.shared.engine.read(NEWEST_TURN.with(params![self.shared.clock.now() - age])).await?.rows;
        let Some(newest) = newest.first() else { return Ok(()) };
        let nothing = [Param::from(Bytes::new())];
        let empty = EMPTY.with_rows(&nothing, vec![[newest.integer(0)?.into()]]).collect();
        self.shared.engine.write(Delete(empty)).await
    }

    async fn tidy_away(&self, old: &'static Old, age: Millis) -> Result<(), StoreError> {
        let before = self.shared.clock.now() - age;
        for _ in 0..ROUNDS {
            let keys = self.shared.engine.read(old.find.with(params![before, BATCH])).await?.rows;
            let count = keys.len();
            let delete = match keys.first().map_or(0, |key| key.0.len()) {
                0 => break,
                1 => by_keys::<1>(old, keys),
                2 => by_keys::<2>(old, keys),
                3 => by_keys::<3>(old, keys),
                4 => by_keys::<4>(old, keys),
                _ => by_keys::<6>(old, keys),
            };
            self.shared.engine.write(Delete(delete)).await?;
            tracing::debug!(count, "tidied {count} old {}", old.what);
            if (count as i64) < BATCH {
                break;
            }
        }
        Ok(())
    }
}

fn by_keys<const WIDTH: usize>(old: &'static Old, keys: Vec<Record>) -> Vec<Step> {
    let param = |cell| match cell {
        Cell::Text(text) => Param::from(text),
        Cell::Integer(number) => Param::from(number),
        _ => Param::Integer(None),
    };
    let keys = keys.into_iter().map(|key| {
        let mut cells = key.0.into_iter();
        std::array::from_fn(|_| param(cells.next().unwrap_or(Cell::Null)))
    });
    old.delete.with_rows::<WIDTH>(&[], keys.collect()).collect()
}
