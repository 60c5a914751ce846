//! Which lanes an event goes to: pure rules over the event, all plugins of the bot and the stored button.
//!
//! 1. Whether and as what one plugin or processor gets an event is `Event::for_part`; the lane asks it again.
//! 2. A command that names another bot is for nobody here, also not for those who read along: a group with two bots
//!    would otherwise have both talk at once.
//! 3. A message, command or deep link is answered by one plugin. They are asked one after another until one does not pass:
//!    who declared the deep link, who declared the command, who has a conversation open with this user, then the others as
//!    the operator has put them. The lane of the first gets the event, and with it the names of the next.
//! 4. Processors read everything that they ask for, whoever answers. So do all plugins what nobody answers: edits, posts,
//!    members and the like.
//! 5. Of an album's messages each lane gets one event or several, as its plugin or processor asked.
//! 6. A button goes to the plugin that made it, in the chat it was made for, from the person it was made for.

use crate::model::event::{Content, EntityKind, Event, Message};
use crate::model::manifest::{EventKind, Manifest};
use crate::model::route::album_for;
use crate::model::{DialogueKey, Part, PluginName};
use crate::store::{Addressee, Album, StoredCallback};

/// The plugins of a bot, in the order in which they are asked.
type Plugins = [(PluginName, Manifest)];

/// Why a pressed button does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No plugin of this bot knows it (any more), or it stands where it was not sent.
    Gone,
    /// It is for somebody else.
    NotForYou,
}

/// The lanes of an event other than a button's. `talking` are the plugins that have a conversation open with its user.
pub(super) fn lanes(event: &Event, plugins: &Plugins, talking: &[PluginName]) -> Vec<Addressee> {
    if is_for_another_bot(event) {
        return Vec::new();
    }
    let chat = event.lane();
    let to = |part: Part| Addressee { part, chat, next: Vec::new() };
    let mut lanes = Vec::new();
    let mut asked = Vec::new();
    for (plugin, manifest) in plugins {
        if let Some(got) = event.clone().for_part(manifest, None) {
            match got {
                Event::DeepLink { .. } => asked.push((0, plugin)),
                Event::Command { .. } => asked.push((1, plugin)),
                Event::Message(_) if talking.contains(plugin) => asked.push((2, plugin)),
                Event::Message(_) => asked.push((3, plugin)),
                _ => lanes.push(to(plugin.clone().into())),
            }
        }
        let reads = |processor: &&str| event.clone().for_part(manifest, Some(processor)).is_some();
        let processors = manifest.processors.iter().map(|processor| processor.name.as_str()).filter(reads);
        lanes.extend(processors.map(|processor| to(Part::processor_of(plugin, processor))));
    }
    // Stable: among equals the operator's order.
    asked.sort_by_key(|(rank, _)| *rank);
    let mut asked = asked.into_iter().map(|(_, plugin)| plugin.clone());
    lanes.extend(asked.next().map(|first| Addressee { next: asked.collect(), ..to(first.into()) }));
    lanes
}

/// Whose conversation with which plugins may decide who is asked first; `None`: it makes no difference.
pub(super) fn talk(event: &Event, plugins: &Plugins) -> Option<DialogueKey> {
    let Event::Message(message) = event else { return None };
    let answering = plugins.iter().filter(|(_, manifest)| manifest.events.contains(&EventKind::Message));
    let user = message.sender.as_ref()?.id;
    (answering.count() > 1).then(|| DialogueKey { chat: message.chat.id, user, topic: message.topic.unwrap_or(0) })
}

/// The album that the event is a part of, and which of its lanes want it in one piece.
pub(super) fn album(event: &Event, lanes: &[Addressee], plugins: &Plugins) -> Option<Album> {
    let wants = |part: &Part| {
        let (_, manifest) = plugins.iter().find(|(plugin, _)| plugin == part.plugin())?;
        Some((part.clone(), album_for(event, manifest, part.processor())?))
    };
    let gathered: Vec<_> = lanes.iter().filter_map(|to| wants(&to.part)).collect();
    // Such a name cannot be stored, and is none of Telegram's.
    let id = gathered.first()?.1.to_owned();
    if id.contains('\0') {
        return None;
    }
    Some(Album { id, parts: gathered.into_iter().map(|(part, _)| part).collect() })
}

/// The plugin whose button was pressed in `chat` by `user`.
pub(super) fn button(
    stored: Option<StoredCallback>,
    chat: i64,
    user: i64,
    plugins: &Plugins,
) -> Result<PluginName, Refused> {
    let stored = stored.filter(|stored| stored.chat == chat).ok_or(Refused::Gone)?;
    if !plugins.iter().any(|(name, _)| *name == stored.plugin) {
        return Err(Refused::Gone);
    }
    match stored.only_for {
        Some(only) if only != user => Err(Refused::NotForYou),
        _ => Ok(stored.plugin),
    }
}

/// A text that begins with a command and yet is no command to this bot names another one.
fn is_for_another_bot(event: &Event) -> bool {
    // What was addressed to this bot has become a command by now.
    let is_ours = matches!(event, Event::Command { .. } | Event::DeepLink { .. });
    !is_ours && event.message().is_some_and(names_another_bot)
}

fn names_another_bot(message: &Message) -> bool {
    let names_a_bot = |length: u32| message.text.content.get(..length as usize).is_some_and(|call| call.contains('@'));
    message.content == Content::Text
        && message
            .text
            .entities
            .iter()
            .any(|entity| entity.offset == 0 && entity.kind == EntityKind::BotCommand && names_a_bot(entity.length))
}

/// Kinds that only plugins get which ask for `other`. Telegram sends some of them only to those who name them, and
/// ignores names it does not know.
const OTHERS: &[&str] = &[
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "managed_bot",
];

/// What to ask Telegram for. Never empty, because an empty list would mean something else: messages and buttons are what
/// every plugin can get without asking, and the bot's own coming and going tells the host where it can write again.
pub(super) fn allowed_updates(plugins: &Plugins) -> Vec<&'static str> {
    let wanted = |kind| plugins.iter().any(|(_, manifest)| manifest.wants(kind));
    let mut allowed = vec!["message", "callback_query", "my_chat_member"];
    for (kind, names) in [
        (EventKind::EditedMessage, &["edited_message"][..]),
        (EventKind::ChannelPost, &["channel_post"]),
        (EventKind::EditedChannelPost, &["edited_channel_post"]),
        (EventKind::Member, &["chat_member"]),
        (EventKind::Other, OTHERS),
    ] {
        if wanted(kind) {
            allowed.extend(names);
        }
    }
    allowed
}

#[cfg(test)]
mod tests;
