//! What an update says about its chat, whatever it is about. Pure.

use super::Fields;
use super::nouns::read;
use crate::model::event::{Event, MemberStatus};

/// The chat that shows with this event that it can be written to.
pub fn spoke(event: &Event) -> Option<i64> {
    match event {
        // The bot was thrown out, or a person blocked it.
        Event::Member { is_me: true, after: MemberStatus::Left | MemberStatus::Banned, .. } => None,
        event => event.chat(),
    }
}

/// The group that has become a supergroup, and that supergroup. Telegram says so in both of them.
pub fn moved(raw: &str) -> Option<(i64, i64)> {
    // As the name of a field it cannot stand inside of a text, where the quote would be escaped.
    if !raw.contains("\"migrate_") {
        return None;
    }
    let update = Fields::of(raw);
    let message = Fields::of(update.get("message").or_else(|| update.get("channel_post"))?.get());
    let here: i64 = Fields::of(message.get("chat")?.get()).get("id").and_then(read)?;
    let there = |name: &str| -> Option<i64> { message.get(name).and_then(read::<i64>) };
    let (from, to) = match (there("migrate_to_chat_id"), there("migrate_from_chat_id")) {
        (Some(to), _) => (here, to),
        (None, Some(from)) => (from, here),
        (None, None) => return None,
    };
    // Basic groups have ids between minus ten to the twelfth and zero, supergroups have lower ones.
    (from < 0 && from > -1_000_000_000_000 && to < -1_000_000_000_000).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::{Me, convert};

    #[test]
    fn both_notices_say_the_same() {
        let moved = |message: &str| moved(&format!(r#"{{"update_id":1,"message":{message}}}"#));
        let to = r#"{"message_id":1,"chat":{"id":-500,"type":"group"},"migrate_to_chat_id":-1000000000500}"#;
        let from = r#"{"message_id":1,"chat":{"id":-1000000000500,"type":"supergroup"},"migrate_from_chat_id":-500}"#;
        assert_eq!(moved(to), Some((-500, -1_000_000_000_500)));
        assert_eq!(moved(from), Some((-500, -1_000_000_000_500)));
        for other in [
            r#"{"message_id":1,"chat":{"id":-500},"text":"\"migrate_to_chat_id\":-1000000000500"}"#,
            r#"{"message_id":1,"chat":{"id":-500},"reply_to_message":{"migrate_to_chat_id":-1000000000500}}"#,
            r#"{"message_id":1,"chat":{"id":500},"migrate_to_chat_id":-1000000000500}"#,
            r#"{"message_id":1,"chat":{"id":-500},"migrate_to_chat_id":-501}"#,
            r#"{"message_id":1,"chat":{"id":-500},"migrate_to_chat_id":"x"}"#,
        ] {
            assert_eq!(moved(other), None, "{other}");
        }
    }

    #[test]
    fn a_chat_that_throws_the_bot_out_does_not_speak() {
        let me = Me { id: 7, username: "bot".into(), name: "Bot".into() };
        let member = |status: &str| {
            let raw = format!(
                r#"{{"update_id":1,"my_chat_member":{{"chat":{{"id":5,"type":"private"}},"date":1,
                "from":{{"id":5,"is_bot":false,"first_name":"A"}},
                "old_chat_member":{{"status":"member","user":{{"id":7,"is_bot":true,"first_name":"B"}}}},
                "new_chat_member":{{"status":"{status}","user":{{"id":7,"is_bot":true,"first_name":"B"}}}}}}}}"#
            );
            spoke(&convert::event(&raw, &me).1)
        };
        assert_eq!([member("kicked"), member("left"), member("member")], [None, None, Some(5)]);
        let raw = r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":9,"type":"private"},"text":"hi"}}"#;
        assert_eq!(spoke(&convert::event(raw, &me).1), Some(9));
    }
}
