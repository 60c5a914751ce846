//! Which lanes an event goes to: pure rules over the event, all plugins of the bot and the stored button.
//!
//! 1. Whether and as what one plugin gets an event is `Event::for_plugin`; the lane asks it again.
//! 2. A command that names another bot is for nobody here, also not for those who read along: a group with two bots
//!    would otherwise have both talk at once.
//! 3. What one plugin has declared is for it alone: a command or deep link that somebody takes is not a message to those
//!    who read along, who would answer it a second time. One that nobody takes is.
//! 4. Of an album's messages each lane gets one event or several, as its plugin asked.
//! 5. A button goes to the plugin that made it, in the chat it was made for, from the person it was made for.

use crate::model::PluginName;
use crate::model::event::{Content, EntityKind, Event, Message};
use crate::model::manifest::{EventKind, Manifest};
use crate::model::route::album_for;
use crate::store::{Album, StoredCallback};

/// The plugins of a bot.
type Plugins = [(PluginName, Manifest)];

/// Why a pressed button does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// No plugin of this bot knows it (any more), or it stands where it was not sent.
    Gone,
    /// It is for somebody else.
    NotForYou,
}

/// The lanes of an event other than a button's: plugin and chat.
pub(super) fn lanes(event: &Event, plugins: &Plugins) -> Vec<(PluginName, i64)> {
    // What was addressed to this bot has become a command by now.
    let is_ours = matches!(event, Event::Command { .. } | Event::DeepLink { .. });
    if !is_ours && event.message().is_some_and(is_for_another_bot) {
        return Vec::new();
    }
    let gets: Vec<_> =
        plugins.iter().filter_map(|(name, manifest)| Some((name, event.clone().for_plugin(manifest)?))).collect();
    // A prefix beats `/start`, and a command beats reading along.
    let rank = |got: &Event| match got {
        Event::DeepLink { .. } => 2,
        Event::Command { .. } => 1,
        _ => 0,
    };
    let best = gets.iter().map(|(_, got)| rank(got)).max().unwrap_or(0);
    let stays = |got: &Event| rank(got) == best;
    let lane = event.lane();
    gets.into_iter().filter(|(_, got)| stays(got)).map(|(name, _)| (name.clone(), lane)).collect()
}

/// The album that the event is a part of, and which of its lanes want it in one piece.
pub(super) fn album(event: &Event, lanes: &[(PluginName, i64)], plugins: &Plugins) -> Option<Album> {
    let wants = |(name, manifest): &(PluginName, Manifest)| {
        let album = lanes.iter().any(|(lane, _)| lane == name).then(|| album_for(event, manifest)).flatten()?;
        Some((name.clone(), album))
    };
    let gathered: Vec<_> = plugins.iter().filter_map(wants).collect();
    // Such a name cannot be stored, and is none of Telegram's.
    let id = gathered.first()?.1.to_owned();
    if id.contains('\0') {
        return None;
    }
    Some(Album { id, plugins: gathered.into_iter().map(|(name, _)| name).collect() })
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
fn is_for_another_bot(message: &Message) -> bool {
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
    let wanted = |kind| plugins.iter().any(|(_, manifest)| manifest.events.contains(&kind));
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
