//! Which plugin or processor gets an event, and as what: a pure rule over the event and the manifest.
//!
//! 1. A command, deep link, button, timer, schedule or request reaches the plugin that declared or made it, without asking.
//! 2. A deep link that no prefix of a plugin takes is, for that plugin, `/start` with an argument.
//! 3. A command or deep link that is not the plugin's is a message like any other. (Intake offers it only once those who
//!    declared it have passed.) To a processor it is a message always.
//! 4. Everything else reaches those who asked for its kind.
//! 5. Who asked for albums too gets the messages of one together, if it asked for such messages.
//!
//! Intake asks this to know the lanes; the lane asks it again to make the event, because a plugin may have been changed
//! while the event waited.

use super::event::{ChatKind, Event, Message};
use super::manifest::{EventKind, Manifest};

impl Event {
    /// The event as this plugin, or this processor of it, gets it, or `None` if it does not.
    pub fn for_part(self, manifest: &Manifest, processor: Option<&str>) -> Option<Self> {
        let wanted = manifest.wanted_by(processor)?;
        let wants = |kind| wanted.contains(&kind);
        let has_command = |name: &str| manifest.commands.iter().any(|command| command.name == name);
        match self {
            Self::DeepLink { message, .. } | Self::Command { message, .. } if processor.is_some() => {
                Self::Message(message).for_part(manifest, processor)
            }
            Self::DeepLink { payload, message } => {
                if manifest.deep_links.iter().any(|prefix| payload.starts_with(prefix.as_str())) {
                    Some(Self::DeepLink { payload, message })
                } else {
                    Self::Command { name: "start".into(), argument: payload, message }.for_part(manifest, processor)
                }
            }
            Self::Command { name, argument, message } => {
                if has_command(&name) {
                    Some(Self::Command { name, argument, message })
                } else {
                    Self::Message(message).for_part(manifest, processor)
                }
            }
            // It was found out before whose they are.
            Self::Callback { .. } | Self::Timer { .. } | Self::Schedule { .. } | Self::Request { .. } => Some(self),
            Self::Message(_) => wants(EventKind::Message).then_some(self),
            Self::EditedMessage(_) => wants(EventKind::EditedMessage).then_some(self),
            Self::ChannelPost(_) => wants(EventKind::ChannelPost).then_some(self),
            Self::EditedChannelPost(_) => wants(EventKind::EditedChannelPost).then_some(self),
            // Gathered at intake for who asked then. Should the plugin have stopped asking, it has to take this one still:
            // one event cannot become several. The same holds for who gets it because another one passed.
            Self::Album(messages) => {
                let kind = match messages.first()?.chat.kind {
                    ChatKind::Channel => EventKind::ChannelPost,
                    _ => EventKind::Message,
                };
                wants(kind).then_some(Self::Album(messages))
            }
            Self::Member { .. } => wants(EventKind::Member).then_some(self),
            Self::Other { .. } => wants(EventKind::Other).then_some(self),
        }
    }
}

/// The album of which an event is a part, if the plugin or processor wants albums in one piece.
pub fn album_for<'e>(event: &'e Event, manifest: &Manifest, processor: Option<&str>) -> Option<&'e str> {
    let part: &Message = match event {
        Event::Message(message) | Event::ChannelPost(message) => message,
        _ => return None,
    };
    let wants = manifest.wanted_by(processor)?.contains(&EventKind::Album);
    part.album.as_deref().filter(|_| wants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::{Chat, Content, Text};
    use crate::model::manifest::{CommandSpec, Processor};

    fn message() -> Message {
        Message {
            id: 1,
            chat: Chat { id: 5, kind: ChatKind::Private, title: "Buyer".into(), username: None },
            sender: None,
            sender_chat: None,
            date: 0,
            edited: None,
            topic: None,
            reply_to: None,
            album: None,
            forwarded: false,
            text: Text::default(),
            content: Content::Text,
        }
    }

    fn manifest(commands: &[&str], deep_links: &[&str], events: &[EventKind]) -> Manifest {
        Manifest {
            name: "test".into(),
            version: "1.0.0".into(),
            description: String::new(),
            commands: commands
                .iter()
                .map(|name| CommandSpec {
                    name: (*name).into(),
                    description: "…".into(),
                    translations: Vec::new(),
                    admins_only: false,
                })
                .collect(),
            deep_links: deep_links.iter().map(|prefix| (*prefix).into()).collect(),
            events: events.to_vec(),
            tables: Vec::new(),
            config: Vec::new(),
            ..Manifest::default()
        }
    }

    fn link(payload: &str) -> Event {
        Event::DeepLink { payload: payload.into(), message: message() }
    }

    fn command(name: &str, argument: &str) -> Event {
        Event::Command { name: name.into(), argument: argument.into(), message: message() }
    }

    #[test]
    fn commands_and_links_find_their_plugin() {
        let cards = manifest(&["start", "verify"], &["verify_"], &[]);
        assert_eq!(link("verify_1").for_part(&cards, None), Some(link("verify_1")));
        assert_eq!(link("other").for_part(&cards, None), Some(command("start", "other")));
        assert_eq!(command("verify", "1").for_part(&cards, None), Some(command("verify", "1")));
        assert_eq!(command("profile", "").for_part(&cards, None), None);
    }

    #[test]
    fn who_reads_along_reads_what_is_not_its_own_as_messages() {
        let reader = manifest(&[], &[], &[EventKind::Message]);
        assert_eq!(command("verify", "1").for_part(&reader, None), Some(Event::Message(message())));
        assert_eq!(link("verify_1").for_part(&reader, None), Some(Event::Message(message())));
        assert_eq!(Event::EditedMessage(message()).for_part(&reader, None), None);
    }

    #[test]
    fn processors_read_what_others_answer() {
        let mut profile = manifest(&["profile"], &["p_"], &[]);
        profile.processors.push(Processor { name: "extract".into(), events: vec![EventKind::Message] });
        for said in [command("profile", ""), command("verify", "1"), link("p_1"), Event::Message(message())] {
            assert_eq!(said.for_part(&profile, Some("extract")), Some(Event::Message(message())));
        }
        assert_eq!(Event::Message(message()).for_part(&profile, None), None);
        assert_eq!(Event::EditedMessage(message()).for_part(&profile, Some("extract")), None);
        assert_eq!(Event::Message(message()).for_part(&profile, Some("gone")), None);
    }

    #[test]
    fn albums_are_for_those_who_want_them_in_one_piece() {
        let part = || Message { album: Some("a".into()), ..message() };
        let post = || Message { chat: Chat { kind: ChatKind::Channel, ..message().chat }, ..part() };
        let both = manifest(&[], &[], &[EventKind::Message, EventKind::Album]);
        let single = manifest(&[], &[], &[EventKind::Message]);
        assert_eq!(album_for(&Event::Message(part()), &both, None), Some("a"));
        assert_eq!(album_for(&Event::ChannelPost(post()), &both, None), Some("a"));
        assert_eq!(album_for(&Event::Message(message()), &both, None), None);
        assert_eq!(album_for(&Event::EditedMessage(part()), &both, None), None, "an edit is one message's");
        assert_eq!(album_for(&Event::Message(part()), &single, None), None);

        let album = |message: fn() -> Message| Event::Album(vec![message(), message()]);
        let (message_album, post_album) = (album(message), Event::Album(vec![post()]));
        assert_eq!(message_album.clone().for_part(&both, None), Some(message_album.clone()));
        assert_eq!(message_album.clone().for_part(&single, None), Some(message_album), "it was gathered before");
        assert_eq!(post_album.clone().for_part(&both, None), None, "it did not ask for posts");
        let posts = manifest(&[], &[], &[EventKind::ChannelPost, EventKind::Album]);
        assert_eq!(post_album.clone().for_part(&posts, None), Some(post_album));
        assert_eq!(Event::Album(vec![]).for_part(&both, None), None);
    }

    #[test]
    fn an_empty_prefix_takes_every_link() {
        assert_eq!(link("x").for_part(&manifest(&[], &[""], &[]), None), Some(link("x")));
    }
}
