//! Channels and groups where the bot is: their posts come by themselves, edits included. The processor `monitor` sees every
//! message, and keeps those alone that somebody has subscribed to.

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{
    Chat, ChatKind, Content, EntityKind, Event, Failure, MemberChange, MemberStatus, Message, Text, clock, update,
};
use serde::Deserialize;
use serde_json::Value;

use crate::list;
use crate::model::{CHANNELS, Channel, POSTS, SUBSCRIPTIONS, State};
use crate::page::{Media, MediaKind};
use crate::store::{self, Fresh};
use crate::turn::Shared;

#[derive(Deserialize)]
struct Known {
    name: Option<String>,
    chat_id: Option<i64>,
    title: String,
    member: bool,
    readers: i64,
    version: i64,
    state: State,
}

#[derive(Deserialize)]
struct Whose {
    #[expect(dead_code, reason = "a row has to name a column")]
    channel: i64,
}

/// An event of the processor `monitor`.
pub(crate) fn handle(shared: &Shared, event: &Event) -> Result<(), Failure> {
    match event {
        Event::Member(change) if change.is_me => moved(change),
        Event::Member(change) => left(change),
        event => posts(shared, event),
    }
}

/// The bot came into a chat, or had to go.
fn moved(change: &MemberChange) -> Result<(), Failure> {
    if change.chat.kind == ChatKind::Private {
        return Ok(());
    }
    let is_in = |status| !matches!(status, MemberStatus::Left | MemberStatus::Banned);
    let (was_in, is_in) = (is_in(change.before), is_in(change.after));
    let row = place(&change.chat, is_in)?;
    if is_in && !was_in {
        CHANNELS.set(row.id, "added_by", change.by.id)?;
    }
    if !is_in {
        CHANNELS.set(row.id, "member", false)?;
        // A page can still be read of a public channel; of everything else nothing more comes.
        if row.name.is_none() || change.chat.kind != ChatKind::Channel {
            set_state(&row, State::Group)?;
        }
    }
    Ok(())
}

/// Somebody left a group that only its members may read.
fn left(change: &MemberChange) -> Result<(), Failure> {
    if !matches!(change.after, MemberStatus::Left | MemberStatus::Banned) || change.chat.username.is_some() {
        return Ok(());
    }
    let Some(channel) = CHANNELS.select::<Known>().first(col("chat_id").eq(change.chat.id))? else { return Ok(()) };
    let theirs = col("user_id").eq(change.user.id).and(col("channel").eq(channel.id));
    if let Some(subscription) = SUBSCRIPTIONS.select::<Whose>().first(theirs)? {
        list::end(subscription.id)?;
    }
    Ok(())
}

/// Posts of a channel, or messages of a group; those of an album are one.
fn posts(shared: &Shared, event: &Event) -> Result<(), Failure> {
    let messages = event.messages();
    let Some(first) = messages.first().filter(|first| first.chat.kind != ChatKind::Private) else { return Ok(()) };
    let row = place(&first.chat, true)?;
    // What nobody reads is not kept. Commands are said to the bot, not to the group.
    if row.readers <= 0 || first.text.content.starts_with('/') {
        return Ok(());
    }
    // An edit comes for each part of an album by itself; the album is kept under its first one.
    let is_edit = matches!(event, Event::EditedMessage(_) | Event::EditedChannelPost(_));
    if is_edit && json_text("media_group_id").is_some() {
        let known = col("channel").eq(row.id).and(col("number").eq(first.id));
        if POSTS.count(known)? == 0 {
            return Ok(());
        }
    }
    let now = clock::now();
    let stored = store::posts(shared, row.id, row.version, now, vec![fresh(messages)])?;
    store::note(row.id, row.version, stored)?;
    if stored.version != row.version {
        store::tell(row.id, 0, now)?;
    }
    Ok(())
}

/// The row of a chat where the bot is; one that is known by its public name alone becomes the same.
fn place(chat: &Chat, member: bool) -> Result<Row<Known>, Failure> {
    let name = chat.username.as_ref().map(|name| name.to_lowercase());
    let by_id = col("chat_id").eq(chat.id);
    let found = CHANNELS.select::<Known>();
    let row = match found.first(by_id)? {
        Some(row) => Some(row),
        None => match &name {
            Some(name) => found.first(col("name").eq(name.as_str()).and(col("chat_id").is_null()))?,
            None => None,
        },
    };
    let Some(row) = row else {
        let is_group = chat.kind != ChatKind::Channel;
        // Another chat may have had the name before.
        let taken = match &name {
            Some(name) => CHANNELS.count(col("name").eq(name.as_str()))? > 0,
            None => false,
        };
        let new = Channel::new(name.filter(|_| !taken), &chat.title);
        let channel = Channel { chat_id: Some(chat.id), is_group, member, state: State::Fine, ..new };
        let id = CHANNELS.insert(&channel)?;
        let Channel { name, chat_id, title, member, readers, version, state, .. } = channel;
        return Ok(Row { id, value: Known { name, chat_id, title, member, readers, version, state } });
    };
    if row.chat_id.is_none() {
        CHANNELS.set(row.id, "chat_id", chat.id)?;
        CHANNELS.set(row.id, "is_group", chat.kind != ChatKind::Channel)?;
    }
    if row.title != chat.title {
        CHANNELS.set(row.id, "title", chat.title.as_str())?;
    }
    if member && !row.member {
        CHANNELS.set(row.id, "member", true)?;
        set_state(&row, State::Fine)?;
    }
    Ok(row)
}

fn set_state(row: &Row<Known>, state: State) -> Result<(), Failure> {
    if row.state != state {
        CHANNELS.set(row.id, "state", format!("{state:?}"))?;
        CHANNELS.set(row.id, "failures", 0)?;
        store::tell(row.id, 0, clock::now())?;
    }
    Ok(())
}

/// What Telegram sent, as a post.
fn fresh(messages: &[Message]) -> Fresh {
    let first = &messages[0];
    let text = messages.iter().map(|message| &message.text).find(|text| !text.content.is_empty());
    let text = text.cloned().unwrap_or_default();
    let parts: Vec<(Option<Media>, bool)> = messages.iter().map(|message| media(&message.content)).collect();
    let service = parts.iter().all(|(_, service)| *service);
    let author = first.sender.as_ref().map(guesthouse_plugin::User::full_name);
    let signature = || json_text("author_signature");
    Fresh {
        number: first.id,
        url: url(&first.chat, first.id),
        time: first.date,
        edited: messages.iter().any(|message| message.edited.is_some()),
        author: author.or_else(signature),
        views: None,
        links: links(&text),
        text,
        media: parts.into_iter().filter_map(|(media, _)| media).collect(),
        forwarded: first.forwarded.then(|| source().unwrap_or_default()),
        reply: first.reply_to,
        service,
        hidden: false,
    }
}

/// The link that members can follow.
fn url(chat: &Chat, id: i64) -> Option<String> {
    match &chat.username {
        Some(name) => Some(format!("https://t.me/{name}/{id}")),
        None => chat.id.to_string().strip_prefix("-100").map(|inner| format!("https://t.me/c/{inner}/{id}")),
    }
}

fn links(text: &Text) -> Vec<String> {
    let mut links = Vec::new();
    for entity in &text.entities {
        let link = match &entity.kind {
            EntityKind::TextLink(url) => url.clone(),
            EntityKind::Url => {
                let written = text.part(entity);
                if written.contains("://") { written.to_owned() } else { format!("https://{written}") }
            }
            _ => continue,
        };
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

/// What a message carries, and whether Telegram wrote it.
fn media(content: &Content) -> (Option<Media>, bool) {
    let media = match content {
        Content::Text => return (None, false),
        Content::Photo(_) => Media::of(MediaKind::Photo),
        Content::Document(document) => Media { title: document.name.clone(), ..Media::of(MediaKind::Document) },
        Content::Contact(contact) => Media {
            title: Some(contact.first_name.clone()),
            detail: Some(contact.phone_number.clone()),
            ..Media::of(MediaKind::Contact)
        },
        Content::Location(place) => {
            Media { detail: Some(format!("{},{}", place.latitude, place.longitude)), ..Media::of(MediaKind::Location) }
        }
        Content::Other(json) => return other(json),
    };
    (Some(media), false)
}

fn other(json: &str) -> (Option<Media>, bool) {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    // A GIF is a document, too; the first of these says what it is.
    let kinds = [
        ("animation", MediaKind::Gif),
        ("video_note", MediaKind::Round),
        ("video", MediaKind::Video),
        ("voice", MediaKind::Voice),
        ("audio", MediaKind::Audio),
        ("sticker", MediaKind::Sticker),
        ("poll", MediaKind::Poll),
        ("venue", MediaKind::Location),
        ("story", MediaKind::Story),
        ("game", MediaKind::Game),
        ("dice", MediaKind::Game),
        ("invoice", MediaKind::Invoice),
        ("paid_media", MediaKind::Unsupported),
        ("giveaway", MediaKind::Unsupported),
    ];
    let Some((field, kind)) = kinds.into_iter().find(|(field, _)| value.get(field).is_some()) else {
        return (None, true);
    };
    let title = ["title", "file_name", "question"].iter().find_map(|name| value[field][name].as_str());
    let media =
        Media { title: title.map(str::to_owned), seconds: value[field]["duration"].as_i64(), ..Media::of(kind) };
    (Some(media), false)
}

/// The message behind the event, as Telegram sent it; of an album the first.
fn raw() -> Value {
    let update: Value = serde_json::from_str(&update::json()).unwrap_or_default();
    let update = if update.is_array() { update[0].clone() } else { update };
    let kinds = ["channel_post", "edited_channel_post", "message", "edited_message"];
    kinds.iter().find_map(|kind| update.get(kind)).cloned().unwrap_or_default()
}

fn json_text(field: &str) -> Option<String> {
    raw()[field].as_str().map(str::to_owned)
}

/// The name of where a message was forwarded from.
fn source() -> Option<String> {
    let raw = raw();
    let origin = &raw["forward_origin"];
    let names = [
        &origin["chat"]["title"],
        &origin["sender_chat"]["title"],
        &origin["sender_user_name"],
        &origin["sender_user"]["first_name"],
        &raw["forward_from_chat"]["title"],
    ];
    names.into_iter().find_map(Value::as_str).map(str::to_owned)
}
