//! Until when an event is worth a turn: a pure rule over the Bot API's kind of its update.
//!
//! 1. Telegram itself drops what nobody fetches in time: an inline query after 30 s, because the person has typed on; a
//!    pressed button and the two questions of a payment after 150 s, because their answer is not taken any more; the
//!    choice of an inline result after 10 min; everything else after a day. What a host has fetched is worth no more.
//! 2. The time counts from when the update was stored. That is later than when it was sent, so an event may be run in
//!    vain, and what it answers then ends as expired in the outbox; none that is still wanted is thrown away.
//! 3. An operator who has a dead letter tried again says himself until when (`expires_at`).

use std::time::Duration;

use crate::clock::Millis;
use crate::store::Waiting;

/// How long an update of this kind is worth something.
fn worth(kind: &str) -> Duration {
    Duration::from_secs(match kind {
        "inline_query" => 30,
        "callback_query" | "shipping_query" | "pre_checkout_query" => 150,
        "chosen_inline_result" => 600,
        _ => 86_400,
    })
}

/// When an event is worthless.
pub(super) fn of(waiting: &Waiting) -> Millis {
    let after =
        || waiting.created_at.saturating_add(i64::try_from(worth(&waiting.kind).as_millis()).unwrap_or(i64::MAX));
    waiting.expires_at.unwrap_or_else(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(kind: &str, expires_at: Option<Millis>) -> Waiting {
        Waiting {
            seq: 1,
            attempt: 0,
            created_at: 1_000,
            expires_at,
            update_id: 1,
            kind: kind.into(),
            raw: "{}".into(),
            parts: None,
            payload: None,
            origin: crate::store::Origin::default(),
        }
    }

    #[test]
    fn each_kind_has_its_time() {
        for (kind, seconds) in [
            ("inline_query", 30),
            ("callback_query", 150),
            ("shipping_query", 150),
            ("pre_checkout_query", 150),
            ("chosen_inline_result", 600),
            ("message", 86_400),
            ("my_chat_member", 86_400),
            ("something_new", 86_400),
            ("", 86_400),
        ] {
            assert_eq!(of(&waiting(kind, None)), 1_000 + seconds * 1_000, "{kind}");
        }
    }

    #[test]
    fn an_operator_says_otherwise() {
        assert_eq!(of(&waiting("inline_query", Some(7_000_000))), 7_000_000);
    }
}
