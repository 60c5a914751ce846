//! What an event is made of: the update, or updates, as Telegram sent them, or what the host wrote down itself.

use crate::model::event::Event;
use crate::model::payload::Payload;
use crate::store::Waiting;
use crate::telegram::{self, Me};

/// The event as it came into the lane of this chat, before it is known what the plugin makes of it. `None`: a newer host
/// wrote it down, and only such a one can read it.
pub(super) fn event(waiting: &Waiting, me: &Me, chat: i64) -> Option<Event> {
    if let Some(payload) = &waiting.payload {
        return Payload::from_json(payload).map(|payload| payload.into_event(chat));
    }
    Some(match &waiting.parts {
        None => telegram::convert::event(&waiting.raw, me).1,
        Some(parts) => {
            let all = std::iter::once(&waiting.raw).chain(parts).map(String::as_str);
            telegram::convert::album(all, me)
        }
    })
}

/// What stands for an event that this host cannot read where a person is told of it.
pub(super) fn unreadable() -> Event {
    Event::Other { kind: "written by a newer guesthouse".into(), json: String::new(), chat: None, sender: None }
}
