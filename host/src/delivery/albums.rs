//! Albums: one call makes several messages, and each of them has a row of its own in the outbox. A pure rule.
//!
//! The first row is the call; the others, its parts (`telegram::encode::ALBUM_PART`), stand right behind it and get the
//! numbers of their messages from its answer, or share its end. They are marked in the same transaction as the call, so
//! a part is never without its album.

use std::collections::HashMap;

use crate::store::{SendOutcome, WaitingCall};
use crate::telegram::encode::ALBUM_PART;

/// The method that sends an album.
const ALBUM: &str = "sendMediaGroup";

/// What became of the albums of a chat, by the references of their first messages.
#[derive(Default)]
pub(super) struct Albums(HashMap<i64, Result<std::vec::IntoIter<i64>, String>>);

impl Albums {
    /// A call was made, and these are its messages.
    pub(super) fn sent(&mut self, call: &WaitingCall, messages: &[i64]) {
        if let Some(reference) = album(call) {
            let further: Vec<_> = messages.iter().skip(1).copied().collect();
            self.0.insert(reference, Ok(further.into_iter()));
        }
    }

    /// A call never will be made.
    pub(super) fn ended(&mut self, call: &WaitingCall, reason: &str) {
        if let Some(reference) = album(call) {
            self.0.insert(reference, Err(reason.to_owned()));
        }
    }

    /// What becomes of the next part of an album.
    pub(super) fn part(&mut self, call: &WaitingCall) -> SendOutcome {
        match call.about.and_then(|album| self.0.get_mut(&album)) {
            Some(Ok(numbers)) => SendOutcome::Sent { message_id: numbers.next() },
            Some(Err(reason)) => SendOutcome::Dead { reason: reason.clone(), ambiguous: false },
            None => SendOutcome::Dead { reason: "its album did not say its number".into(), ambiguous: false },
        }
    }
}

/// The reference of an album's first message. A plugin that calls the method by itself gets no references.
fn album(call: &WaitingCall) -> Option<i64> {
    call.reference.filter(|_| call.method == ALBUM)
}

/// Whether the rest may be left to the next claim: never between an album and its parts, at a shutdown everywhere else,
/// and always before an album whose parts do not all follow in this claim.
pub(super) fn may_stop_before(call: &WaitingCall, following: &[WaitingCall], is_shutdown: bool) -> bool {
    #[derive(serde::Deserialize)]
    struct Album {
        media: Vec<serde::de::IgnoredAny>,
    }
    match call.method.as_str() {
        ALBUM_PART => false,
        ALBUM if call.reference.is_some() => {
            let parts =
                serde_json::from_str::<Album>(&call.body).map_or(0, |album| album.media.len().saturating_sub(1));
            is_shutdown || following.len() < parts
        }
        _ => is_shutdown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, reference: Option<i64>, about: Option<i64>) -> WaitingCall {
        let body = r#"{"chat_id":1,"media":[{},{},{}]}"#.into();
        WaitingCall {
            seq: 1,
            plugin: None,
            event: None,
            reference,
            about,
            method: method.into(),
            body,
            attempt: 0,
            ambiguous: 0,
            once: false,
            created_at: 0,
            expires_at: None,
        }
    }

    #[test]
    fn an_album_is_not_torn_from_its_parts() {
        let (album, part, text) = (
            call("sendMediaGroup", Some(5), None),
            call(ALBUM_PART, Some(6), Some(5)),
            call("sendMessage", Some(9), None),
        );
        let foreign = call("sendMediaGroup", None, None);
        let parts = [part.clone(), part.clone()];
        for (call, following, is_shutdown, expected) in [
            (&album, &parts[..], false, false),
            (&album, &parts[..1], false, true),
            (&album, &parts[..], true, true),
            (&part, &[][..], true, false),
            (&text, &[][..], false, false),
            (&text, &[][..], true, true),
            // One that a plugin calls by itself has no parts here.
            (&foreign, &[][..], false, false),
        ] {
            assert_eq!(may_stop_before(call, following, is_shutdown), expected, "{} {is_shutdown}", call.method);
        }
    }

    #[test]
    fn parts_get_the_numbers_of_their_album_in_order() {
        let mut albums = Albums::default();
        albums.sent(&call("sendMediaGroup", Some(5), None), &[10, 11, 13]);
        albums.ended(&call("sendMediaGroup", Some(7), None), "chat not found");
        let mut end = |album| match albums.part(&call(ALBUM_PART, Some(1), Some(album))) {
            SendOutcome::Sent { message_id } => format!("{message_id:?}"),
            SendOutcome::Dead { reason, .. } => reason,
            other => format!("{other:?}"),
        };
        assert_eq!([end(5), end(5), end(5)], ["Some(11)", "Some(13)", "None"]);
        assert_eq!([end(7), end(8)], ["chat not found", "its album did not say its number"]);
    }
}
