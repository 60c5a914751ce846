//! `/why` as an answer to a message, from an admin: the host itself says what became of that message.
//!
//! 1. It is the host's only where an admin of the bot writes it as an answer. Everything else called `/why` is the
//!    plugins', and theirs also in the end if they have such a command: they do not see the admin's.
//! 2. The answer is put into the outbox in the transaction that stores the question, so it is given once. It goes into the
//!    private chat with the admin, whatever chat the question was asked in: it may tell what others wrote.

use super::Bot;
use crate::clock::Millis;
use crate::model::effect::{ChatEffect, Outgoing};
use crate::model::event::{Event, Text};
use crate::store::NewCall;
use crate::telegram::encode::{self, Origin};
use crate::why::{self, OfMessage};

/// How long an answer is worth being sent.
const WORTH: Millis = 3_600_000;
/// UTF-16 units of an answer; the command line has no limit.
const LONGEST: usize = 3_500;

/// The admin who asks, and about which message of which chat.
pub(super) fn question(event: &Event, admins: &[i64]) -> Option<(i64, i64, i64)> {
    let Event::Command { name, message, .. } = event else { return None };
    // In a topic every message answers the one that opened it, if nothing else.
    let about = message.reply_to.filter(|about| message.topic != Some(*about))?;
    let admin = message.sender.as_ref()?.id;
    (name == "why" && admins.contains(&admin)).then_some((admin, message.chat.id, about))
}

/// The messages that answer.
pub(super) async fn answer(bot: &Bot, (admin, chat, about): (i64, i64, i64)) -> Vec<NewCall> {
    let text = match why::of_message(&bot.store.desk(), bot.id(), chat, about).await {
        Ok(OfMessage::Known(why)) => why::text(&why),
        Ok(OfMessage::Host) => "The host itself sent that, not a plugin.".into(),
        Ok(OfMessage::Unknown) => {
            "Nothing is known of that message: it is older than what is kept, or this bot never got it.".into()
        }
        // It must not keep updates from being stored.
        Err(error) => format!("The database could not say: {error}"),
    };
    let mut units = 0;
    let fits = |char: &char| {
        units += char.len_utf16();
        units <= LONGEST
    };
    let mut content: String = text.chars().take_while(fits).collect();
    if content.len() < text.len() {
        content.push('…');
    }
    let message = Outgoing {
        text: Text { content, entities: Vec::new() },
        keyboard: None,
        reply_to: None,
        silent: false,
        protect: false,
        link_preview: false,
        at_most_once: false,
    };
    let effect = ChatEffect::SendText { chat: admin, reference: 0, message };
    let expires = bot.clock.now() + WORTH;
    let calls = encode::calls(effect, Origin::default(), |_| None).calls.into_iter();
    let call = |call: encode::Call| NewCall {
        chat: call.chat,
        reference: None,
        about: None,
        method: call.method.into(),
        body: call.body,
        once: false,
        expires_at: Some(expires),
    };
    calls.map(call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::{Chat, ChatKind, Content, Message, User};

    #[test]
    fn only_an_admin_asks_and_only_about_a_message() {
        let asks = |name: &str, user: i64, reply_to: Option<i64>| {
            let sender = User {
                id: user,
                is_bot: false,
                first_name: "A".into(),
                last_name: None,
                username: None,
                language_code: None,
            };
            let message = Message {
                id: 9,
                chat: Chat { id: -5, kind: ChatKind::Group, title: "g".into(), username: None },
                sender: Some(sender),
                sender_chat: None,
                date: 0,
                edited: None,
                topic: None,
                reply_to,
                album: None,
                forwarded: false,
                text: Text::default(),
                content: Content::Text,
            };
            question(&Event::Command { name: name.into(), argument: String::new(), message }, &[1])
        };
        assert_eq!(asks("why", 1, Some(3)), Some((1, -5, 3)));
        assert_eq!(asks("why", 2, Some(3)), None);
        assert_eq!(asks("why", 1, None), None);
        assert_eq!(asks("start", 1, Some(3)), None);
    }
}
