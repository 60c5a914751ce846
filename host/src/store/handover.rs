//! Handing an event on: a plugin passed, and the next one is asked.
//!
//! The event gets a second row in the inbox, in the lane of the next plugin and in the transaction that ends the first one:
//! so it is asked once, or not at all. Everything the row needs comes with the event that was claimed, because a commit that
//! looked into `inbox` could not stand beside another one (see `commit`).

use super::inbox::{self, Waiting};
use super::session::{Step, params};
use crate::clock::Millis;
use crate::model::PluginName;

/// An event on its way to the next plugin.
#[derive(Debug, Clone)]
pub struct Handover {
    /// Who gets it.
    pub(super) to: PluginName,
    rest: Option<String>,
    update_seq: Option<i64>,
    album: Option<String>,
    payload: Option<String>,
    created_at: Millis,
    expires_at: Option<Millis>,
}

impl Handover {
    /// To whom an event goes whose plugin passes; `None`: nobody is left.
    pub fn of(waiting: &Waiting) -> Option<Self> {
        let (to, rest) = waiting.origin.next.split_first()?;
        Some(Self {
            to: to.clone(),
            rest: inbox::chain(rest),
            update_seq: waiting.origin.update_seq,
            album: waiting.origin.album.clone(),
            payload: waiting.payload.clone(),
            created_at: waiting.created_at,
            expires_at: waiting.expires_at,
        })
    }

    /// The rows of it in this lane, which is locked.
    pub(super) fn steps(&self, lane: i64, event: i64, now: Millis) -> Vec<Step> {
        let gathered = if self.album.is_some() { 2 } else { 0 };
        let insert = Step::made(
            "INSERT INTO inbox (lane_id, update_seq, state, attempt, due_at, created_at, expires_at, album, gathering,
                                payload, chain)
             VALUES ($1, $2, 0, 0, $3, $4, $5, $6, $7, $8, $9)"
                .into(),
            params![
                lane,
                self.update_seq,
                now,
                self.created_at,
                self.expires_at,
                self.album.clone(),
                gathered,
                self.payload.clone(),
                self.rest.clone()
            ],
        );
        let mut steps = vec![insert];
        if self.album.is_some() {
            // The lane is locked, so its last row is the one above.
            steps.push(Step::made(
                "INSERT INTO parts (inbox_seq, update_seq)
                 SELECT (SELECT MAX(seq) FROM inbox WHERE lane_id = $1), update_seq FROM parts WHERE inbox_seq = $2"
                    .into(),
                params![lane, event],
            ));
        }
        steps
    }
}
