//! What the admins are told in Telegram, and the loop that tells them what was only counted. Which alerts are told at
//! once and which are counted is decided where they are stored (`store/alerts`).

use std::time::Duration;

use super::turn::new_call;
use super::{DATABASE_PAUSE, Guest, Lanes};
use crate::clock::Millis;
use crate::config::CommandLine;
use crate::model::effect::{ChatEffect, Outgoing};
use crate::model::event::{Entity, EntityKind, Event, Text};
use crate::shutdown::Shutdown;
use crate::store::{NewAlert, NewCall, UntoldAlerts};
use crate::telegram::encode::{self, Origin};

/// How often to look whether counted alerts are due. They have waited ten minutes already.
const LOOK: Duration = Duration::from_secs(15);
/// How long an alert is worth being sent.
const WORTH: Millis = 86_400_000;
/// Characters of a message and of a reason that are shown: enough to know which, and all of it is in the database.
const LONGEST_MESSAGE: usize = 200;
const LONGEST_REASON: usize = 400;

/// A dead letter, as far as the admins are told.
pub(super) struct Letter<'a> {
    pub(super) seq: i64,
    pub(super) chat: i64,
    pub(super) event: &'a Event,
    pub(super) reason: &'a str,
}

/// The text about a dead letter.
fn dead(bot: &str, plugin: &str, letter: &Letter<'_>, command: &CommandLine) -> Text {
    let Letter { seq, chat, event, reason } = letter;
    let who = event.sender().map_or_else(|| format!("chat {chat}"), |user| format!("user {user} in chat {chat}"));
    let content = format!(
        "⚠️ Plugin {plugin} of bot {bot} has given up on an event.\n{who}: {}\n{}\nTo try it again:\n",
        said(event),
        shown(reason, LONGEST_REASON)
    );
    with_command(content, &command.with(&format!("dead retry {seq}")))
}

/// The text about alerts that were counted.
fn more(bot: &str, untold: &UntoldAlerts, command: &CommandLine) -> Text {
    let UntoldAlerts { plugin, count, event, reason, .. } = untold;
    let content = format!(
        "⚠️ … and {count} more of plugin {plugin} of bot {bot} since. The latest:\n{}\n",
        shown(reason, LONGEST_REASON)
    );
    match event {
        Some(seq) => with_command(
            format!("{content}All of them, and the latest:\n"),
            &[format!("dead list --plugin {plugin}"), format!("dead show {seq}")]
                .map(|words| command.with(&words))
                .join("\n"),
        ),
        None => Text { content: content.trim_end().to_owned(), entities: Vec::new() },
    }
}

/// What a person said or did, in a few words.
fn said(event: &Event) -> String {
    match event {
        Event::Callback { .. } => "pressed a button".into(),
        Event::Other { kind, .. } => format!("({kind})"),
        Event::Member { .. } => "(a change of members)".into(),
        Event::Timer { key, .. } => format!("(the timer {key})"),
        Event::Schedule { name, .. } => format!("(the schedule {name})"),
        Event::Request { route, .. } => format!("(a request of the route {route})"),
        _ => match event.message().map(|message| message.text.content.as_str()) {
            Some("") | None => "(a message without text)".into(),
            Some(text) => format!("“{}”", shown(text, LONGEST_MESSAGE)),
        },
    }
}

/// The beginning of a text from elsewhere on one line, without what would turn or hide the text around it.
pub(super) fn shown(text: &str, most: usize) -> String {
    let plain =
        |char: char| !matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut chars =
        text.trim().chars().filter(|char| plain(*char)).map(|char| if char.is_control() { ' ' } else { char });
    let mut shown: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A text with a last part that is copied by a touch.
fn with_command(mut content: String, command: &str) -> Text {
    let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    let entity = Entity { kind: EntityKind::Code, offset: units(&content), length: units(command) };
    content.push_str(command);
    Text { content, entities: vec![entity] }
}

/// The messages that carry a text to the admins, each to the private chat.
fn to_admins(admins: &[i64], text: &Text, now: Millis) -> Vec<NewCall> {
    let message = |chat: i64| {
        let (text, reply_to, keyboard) = (text.clone(), None, None);
        let message = Outgoing {
            text,
            keyboard,
            reply_to,
            silent: false,
            protect: false,
            link_preview: false,
            at_most_once: false,
        };
        ChatEffect::SendText { chat, reference: 0, message }
    };
    let calls = admins.iter().flat_map(|admin| encode::calls(message(*admin), Origin::default(), |_| None).calls);
    // No plugin knows these messages, so they have no number of their own.
    calls.map(|call| NewCall { reference: None, expires_at: Some(now + WORTH), ..new_call(call, now) }).collect()
}

impl Lanes {
    /// The alert about a dead letter; none if the bot has no admins.
    pub(super) fn alert_of(&self, guest: &Guest, cause: &'static str, letter: &Letter<'_>) -> Option<NewAlert> {
        let plugin = guest.plugin.name().as_str();
        let text = dead(&guest.bot, plugin, letter, &self.command);
        let calls = to_admins(&guest.admins, &text, self.clock.now());
        let (event, reason) = (Some(letter.seq), shown(letter.reason, LONGEST_REASON));
        (!calls.is_empty()).then(|| NewAlert { plugin: plugin.into(), cause, event, reason, calls })
    }

    /// Tells the admins something about a plugin that is about no event.
    pub(super) async fn tell_admins(&self, guest: &Guest, cause: &'static str, text: String) {
        let plugin = guest.plugin.name().as_str().to_owned();
        let calls = to_admins(&guest.admins, &Text { content: text.clone(), entities: Vec::new() }, self.clock.now());
        if calls.is_empty() {
            return;
        }
        let alert = NewAlert { plugin, cause, event: None, reason: shown(&text, LONGEST_REASON), calls };
        if let Err(error) = self.store.alert(crate::model::BotId(guest.me.id), alert).await {
            tracing::warn!(bot = %guest.bot, error = %error, "an alert of bot `{}` is not told: {error}", guest.bot);
        }
    }

    /// Tells what was counted when its time has come, until the shutdown begins. Several hosts may do this.
    pub async fn tell_counted_alerts(self, shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = self.clock.sleep(LOOK) => {}
                () = shutdown.begun() => return,
            }
            if let Err(error) = self.tell_counted().await {
                tracing::warn!(error = %error, "counted alerts are told later: {error}");
                self.clock.sleep(DATABASE_PAUSE).await;
            }
        }
    }

    async fn tell_counted(&self) -> Result<(), crate::store::StoreError> {
        for untold in self.store.untold_alerts().await? {
            // Another host may run this bot; nobody here knows its admins.
            let Some(guest) = self.guests.any_of(untold.bot) else { continue };
            let calls = to_admins(&guest.admins, &more(&guest.bot, &untold, &self.command), self.clock.now());
            self.store.tell_alerts(untold, calls).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_is_told_in_a_few_lines() {
        let event = Event::Other { kind: "poll".into(), json: "{}".into(), chat: None, sender: Some(7) };
        let letter = Letter { seq: 12, chat: 7, event: &event, reason: "it crashed:\nunreachable" };
        let text = dead("main", "cards", &letter, &CommandLine::default());
        assert_eq!(
            text.content,
            "⚠️ Plugin cards of bot main has given up on an event.\nuser 7 in chat 7: (poll)\nit crashed: unreachable\n\
             To try it again:\nguesthouse dead retry 12"
        );
        let [code] = &text.entities[..] else { panic!("{:?}", text.entities) };
        let units: Vec<u16> = text.content.encode_utf16().collect();
        let marked = &units[code.offset as usize..(code.offset + code.length) as usize];
        assert_eq!(String::from_utf16_lossy(marked), "guesthouse dead retry 12");
    }

    #[test]
    fn what_others_wrote_is_cut_and_cannot_turn_the_text_around() {
        assert_eq!(shown("a\u{202e}b\u{2066}c\nd\0e", 100), "abc d e");
        assert_eq!(shown("שלום עולם", 4), "שלום…");
        assert_eq!(shown("four", 4), "four");
    }

    #[test]
    fn nobody_to_tell_is_no_message() {
        assert!(to_admins(&[], &Text::default(), 0).is_empty());
        let calls = to_admins(&[1, 2], &Text { content: "x".into(), entities: vec![] }, 5);
        let told: Vec<_> = calls.iter().map(|call| (call.chat, call.method.as_str(), call.expires_at)).collect();
        assert_eq!(told, [(1, "sendMessage", Some(5 + WORTH)), (2, "sendMessage", Some(5 + WORTH))]);
        assert!(calls.iter().all(|call| call.reference.is_none()));
    }
}
