//! Answers to requests, from the commit of the turn until the host that holds the connection has seen them.

use super::Store;
use super::dialect::Sql;
use super::engine::{Job, Verdict};
use super::error::StoreError;
use super::session::{Param, Session, Step, params};
use crate::clock::Millis;
use crate::model::effect::Reply;

/// How a request has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestEnd {
    /// Its turn has committed, with an answer or without.
    Done(Option<Reply>),
    /// It was given up, and why.
    Dead(String),
    /// It is something that nobody waits for: dropped, or expired.
    Gone,
}

/// Should an earlier attempt of this very commit have been committed, the answer is there.
static KEEP: Sql = Sql::new(
    "INSERT INTO replies (inbox_seq, status, body, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (inbox_seq) DO NOTHING",
);
static ENDED: Sql = Sql::new(
    "WITH item (seq) AS ({rows})
     SELECT i.seq, i.state, COALESCE(i.reason, '') FROM item JOIN inbox i ON i.seq = item.seq WHERE i.state <> 0",
);
static REPLY: Sql = Sql::new("SELECT status, body FROM replies WHERE inbox_seq = $1");
static FORGET: Sql =
    Sql::new("WITH item (seq) AS ({rows}) DELETE FROM replies WHERE inbox_seq IN (SELECT seq FROM item)");

/// Keeps the answer to a request.
pub(super) fn keep(event: i64, reply: &Reply, now: Millis) -> Step {
    KEEP.with(params![event, i64::from(reply.status), reply.body.as_str(), now])
}

struct Forget(Vec<i64>);

impl Job for Forget {
    type Output = ();

    async fn run(&self, session: &mut Session<'_>) -> Result<Verdict<()>, StoreError> {
        let rows = self.0.iter().map(|seq| [Param::from(*seq)]).collect();
        session.run(&FORGET.with_rows(&[], rows).collect::<Vec<_>>()).await?;
        Ok(Verdict::Commit(()))
    }
}

impl Store {
    /// Those of these requests that have ended, and how.
    pub async fn ended_requests(&self, seqs: &[i64]) -> Result<Vec<(i64, RequestEnd)>, StoreError> {
        let mut ended = Vec::new();
        for step in ENDED.with_rows(&[], seqs.iter().map(|seq| [Param::from(*seq)]).collect()) {
            for mut row in self.shared.engine.read(step).await?.rows {
                let seq = row.integer(0)?;
                let end = match row.integer(1)? {
                    // One by one: the answer to one question must not become too large.
                    1 => RequestEnd::Done(self.reply(seq).await?),
                    2 => RequestEnd::Dead(row.text(2)?),
                    _ => RequestEnd::Gone,
                };
                ended.push((seq, end));
            }
        }
        Ok(ended)
    }

    async fn reply(&self, seq: i64) -> Result<Option<Reply>, StoreError> {
        let mut answer = self.shared.engine.read(REPLY.with(params![seq])).await?;
        let Some(row) = answer.rows.first_mut() else { return Ok(None) };
        Ok(Some(Reply { status: u16::try_from(row.integer(0)?).unwrap_or(500), body: row.text(1)? }))
    }

    /// Forgets the answers to these requests: they have been seen, or nobody waits for them.
    pub async fn forget_replies(&self, seqs: Vec<i64>) -> Result<(), StoreError> {
        self.shared.engine.write(Forget(seqs)).await
    }
}
