//! From the model to the contract and back, value by value; nothing is decided here. An event is moved, not copied.
//! Rules for what a guest sends are in `outgoing`, for what it declares in `manifest`.

use super::bindings::guesthouse::plugin::{events, manifests, tables, types};
use crate::model::event::{
    Chat, ChatKind, Content, Entity, EntityKind, Event, File, MemberStatus, Message, Text, User,
};
use crate::model::manifest::{
    Column, ColumnKind, CommandSpec, ConfigKey, EventKind, Manifest, Processor, Route, RouteMethod, RouteParameter,
    Schedule, Table,
};
use crate::model::table::{Comparison, Row, Value};

/// What a plugin is called with.
pub(super) fn event(event: Event) -> events::Event {
    match event {
        Event::Message(it) => events::Event::Message(message(it)),
        Event::EditedMessage(it) => events::Event::EditedMessage(message(it)),
        Event::Command { name, argument, message: it } => {
            events::Event::Command(events::Command { name, argument, message: message(it) })
        }
        Event::DeepLink { payload, message: it } => {
            events::Event::DeepLink(events::DeepLink { payload, message: message(it) })
        }
        Event::Callback { id, sender, chat: place, message_id, topic, data } => {
            let (sender, chat) = (user(sender), chat(place));
            events::Event::Callback(events::Callback { id, sender, chat, message_id, topic, data })
        }
        Event::ChannelPost(it) => events::Event::ChannelPost(message(it)),
        Event::EditedChannelPost(it) => events::Event::EditedChannelPost(message(it)),
        Event::Album(all) => events::Event::Album(all.into_iter().map(message).collect()),
        Event::Member { chat: place, by, user: who, is_me, before, after, date } => {
            events::Event::Member(events::MemberChange {
                chat: chat(place),
                by: user(by),
                user: user(who),
                is_me,
                before: member_status(before),
                after: member_status(after),
                date,
            })
        }
        Event::Timer { key, data, due, chat } => events::Event::Timer(events::TimerFired { key, data, due, chat }),
        Event::Schedule { name, due, missed } => events::Event::Schedule(events::ScheduleTick { name, due, missed }),
        Event::Request { route, path, query, body } => {
            let (path, query) = (parameters(path), parameters(query));
            events::Event::Request(events::HttpRequest { route, path, query, body })
        }
        Event::Other { kind, json, chat, sender } => events::Event::Other(events::Other { kind, json, chat, sender }),
    }
}

fn parameters(all: Vec<(String, String)>) -> Vec<events::Parameter> {
    all.into_iter().map(|(name, value)| events::Parameter { name, value }).collect()
}

fn message(it: Message) -> types::Message {
    types::Message {
        id: it.id,
        chat: chat(it.chat),
        sender: it.sender.map(user),
        sender_chat: it.sender_chat.map(chat),
        date: it.date,
        edited: it.edited,
        topic: it.topic,
        reply_to: it.reply_to,
        album: it.album,
        forwarded: it.forwarded,
        text: text_out(it.text),
        content: content(it.content),
    }
}

fn user(it: User) -> types::User {
    types::User {
        id: it.id,
        is_bot: it.is_bot,
        first_name: it.first_name,
        last_name: it.last_name,
        username: it.username,
        language_code: it.language_code,
    }
}

fn chat(it: Chat) -> types::Chat {
    let kind = match it.kind {
        ChatKind::Private => types::ChatKind::Private,
        ChatKind::Group => types::ChatKind::Group,
        ChatKind::Supergroup => types::ChatKind::Supergroup,
        ChatKind::Channel => types::ChatKind::Channel,
    };
    types::Chat { id: it.id, kind, title: it.title, username: it.username }
}

fn content(it: Content) -> types::Content {
    match it {
        Content::Text => types::Content::Text,
        Content::Photo { file: it, width, height } => {
            types::Content::Photo(types::Photo { file: file(it), width, height })
        }
        Content::Document { file: it, name, mime_type } => {
            types::Content::Document(types::Document { file: file(it), name, mime_type })
        }
        Content::Contact { phone_number, first_name, last_name, user_id } => {
            types::Content::Contact(types::Contact { phone_number, first_name, last_name, user_id })
        }
        Content::Location { latitude, longitude } => types::Content::Location(types::Location { latitude, longitude }),
        Content::Other(json) => types::Content::Other(json),
    }
}

fn file(it: File) -> types::File {
    types::File { id: it.id, unique_id: it.unique_id, size: it.size }
}

fn member_status(it: MemberStatus) -> events::MemberStatus {
    match it {
        MemberStatus::Owner => events::MemberStatus::Owner,
        MemberStatus::Administrator => events::MemberStatus::Administrator,
        MemberStatus::Member => events::MemberStatus::Member,
        MemberStatus::Restricted => events::MemberStatus::Restricted,
        MemberStatus::Left => events::MemberStatus::Left,
        MemberStatus::Banned => events::MemberStatus::Banned,
    }
}

fn text_out(it: Text) -> types::Text {
    let entities = it.entities.into_iter().map(|entity| types::Entity {
        kind: entity_kind_out(entity.kind),
        offset: entity.offset,
        length: entity.length,
    });
    types::Text { entities: entities.collect(), content: it.content }
}

/// A text that a guest wrote; `outgoing` checks it.
pub(super) fn text_in(it: types::Text) -> Text {
    let entities = it.entities.into_iter().map(|entity| Entity {
        kind: entity_kind_in(entity.kind),
        offset: entity.offset,
        length: entity.length,
    });
    Text { entities: entities.collect(), content: it.content }
}

fn entity_kind_out(it: EntityKind) -> types::EntityKind {
    match it {
        EntityKind::Mention => types::EntityKind::Mention,
        EntityKind::Hashtag => types::EntityKind::Hashtag,
        EntityKind::Cashtag => types::EntityKind::Cashtag,
        EntityKind::BotCommand => types::EntityKind::BotCommand,
        EntityKind::Url => types::EntityKind::Url,
        EntityKind::Email => types::EntityKind::Email,
        EntityKind::PhoneNumber => types::EntityKind::PhoneNumber,
        EntityKind::Bold => types::EntityKind::Bold,
        EntityKind::Italic => types::EntityKind::Italic,
        EntityKind::Underline => types::EntityKind::Underline,
        EntityKind::Strikethrough => types::EntityKind::Strikethrough,
        EntityKind::Spoiler => types::EntityKind::Spoiler,
        EntityKind::Blockquote => types::EntityKind::Blockquote,
        EntityKind::ExpandableBlockquote => types::EntityKind::ExpandableBlockquote,
        EntityKind::Code => types::EntityKind::Code,
        EntityKind::Pre(language) => types::EntityKind::Pre(language),
        EntityKind::TextLink(url) => types::EntityKind::TextLink(url),
        EntityKind::TextMention(user) => types::EntityKind::TextMention(user),
        EntityKind::CustomEmoji(id) => types::EntityKind::CustomEmoji(id),
        EntityKind::Other(name) => types::EntityKind::Other(name),
    }
}

fn entity_kind_in(it: types::EntityKind) -> EntityKind {
    match it {
        types::EntityKind::Mention => EntityKind::Mention,
        types::EntityKind::Hashtag => EntityKind::Hashtag,
        types::EntityKind::Cashtag => EntityKind::Cashtag,
        types::EntityKind::BotCommand => EntityKind::BotCommand,
        types::EntityKind::Url => EntityKind::Url,
        types::EntityKind::Email => EntityKind::Email,
        types::EntityKind::PhoneNumber => EntityKind::PhoneNumber,
        types::EntityKind::Bold => EntityKind::Bold,
        types::EntityKind::Italic => EntityKind::Italic,
        types::EntityKind::Underline => EntityKind::Underline,
        types::EntityKind::Strikethrough => EntityKind::Strikethrough,
        types::EntityKind::Spoiler => EntityKind::Spoiler,
        types::EntityKind::Blockquote => EntityKind::Blockquote,
        types::EntityKind::ExpandableBlockquote => EntityKind::ExpandableBlockquote,
        types::EntityKind::Code => EntityKind::Code,
        types::EntityKind::Pre(language) => EntityKind::Pre(language),
        types::EntityKind::TextLink(url) => EntityKind::TextLink(url),
        types::EntityKind::TextMention(user) => EntityKind::TextMention(user),
        types::EntityKind::CustomEmoji(id) => EntityKind::CustomEmoji(id),
        types::EntityKind::Other(name) => EntityKind::Other(name),
    }
}

/// A value that a guest gives.
pub(super) fn value_in(it: tables::Value) -> Value {
    match it {
        tables::Value::Null => Value::Null,
        tables::Value::Integer(number) => Value::Integer(number),
        tables::Value::Real(number) => Value::Real(number),
        tables::Value::Text(text) => Value::Text(text),
        tables::Value::Bytes(bytes) => Value::Bytes(bytes),
        tables::Value::Boolean(truth) => Value::Boolean(truth),
    }
}

fn value_out(it: Value) -> tables::Value {
    match it {
        Value::Null => tables::Value::Null,
        Value::Integer(number) => tables::Value::Integer(number),
        Value::Real(number) => tables::Value::Real(number),
        Value::Text(text) => tables::Value::Text(text),
        Value::Bytes(bytes) => tables::Value::Bytes(bytes),
        Value::Boolean(truth) => tables::Value::Boolean(truth),
    }
}

/// A row that a guest asked for.
pub(super) fn row(it: Row) -> tables::Row {
    let cells = it.cells.into_iter().map(|(column, value)| tables::Cell { column, value: value_out(value) });
    tables::Row { id: it.id, cells: cells.collect() }
}

/// How a guest compares.
pub(super) fn comparison(it: tables::Comparison) -> Comparison {
    match it {
        tables::Comparison::Eq => Comparison::Eq,
        tables::Comparison::Ne => Comparison::Ne,
        tables::Comparison::Lt => Comparison::Lt,
        tables::Comparison::Le => Comparison::Le,
        tables::Comparison::Gt => Comparison::Gt,
        tables::Comparison::Ge => Comparison::Ge,
        tables::Comparison::Contains => Comparison::Contains,
        tables::Comparison::StartsWith => Comparison::StartsWith,
    }
}

/// What a plugin says of itself; `manifest` checks it.
pub(super) fn manifest(it: manifests::Manifest) -> Manifest {
    Manifest {
        name: it.name,
        version: it.version,
        description: it.description,
        commands: it.commands.into_iter().map(command).collect(),
        deep_links: it.deep_links,
        events: it.events.into_iter().map(event_kind).collect(),
        tables: it.tables.into_iter().map(table).collect(),
        config: it
            .config
            .into_iter()
            .map(|key| ConfigKey { name: key.name, description: key.description, default: key.default })
            .collect(),
        processors: it
            .processors
            .into_iter()
            .map(|it| Processor { name: it.name, events: it.events.into_iter().map(event_kind).collect() })
            .collect(),
        schedules: it
            .schedules
            .into_iter()
            .map(|it| Schedule { name: it.name, cron: it.cron, processor: it.processor })
            .collect(),
        routes: it.routes.into_iter().map(route).collect(),
    }
}

fn route(it: manifests::Route) -> Route {
    let parameter = |it: manifests::RouteParameter| RouteParameter {
        name: it.name,
        description: it.description,
        is_integer: it.is_integer,
        required: it.required,
    };
    Route {
        name: it.name,
        method: match it.method {
            manifests::RouteMethod::Get => RouteMethod::Get,
            manifests::RouteMethod::Post => RouteMethod::Post,
            manifests::RouteMethod::Put => RouteMethod::Put,
            manifests::RouteMethod::Patch => RouteMethod::Patch,
            manifests::RouteMethod::Delete => RouteMethod::Delete,
        },
        path: it.path,
        description: it.description,
        parameters: it.parameters.into_iter().map(parameter).collect(),
        request: it.request,
        response: it.response,
        processor: it.processor,
    }
}

fn command(it: manifests::CommandSpec) -> CommandSpec {
    CommandSpec {
        name: it.name,
        description: it.description,
        translations: it.translations.into_iter().map(|localized| (localized.language, localized.text)).collect(),
        admins_only: it.admins_only,
    }
}

fn event_kind(it: manifests::EventKind) -> EventKind {
    match it {
        manifests::EventKind::Message => EventKind::Message,
        manifests::EventKind::EditedMessage => EventKind::EditedMessage,
        manifests::EventKind::ChannelPost => EventKind::ChannelPost,
        manifests::EventKind::EditedChannelPost => EventKind::EditedChannelPost,
        manifests::EventKind::Member => EventKind::Member,
        manifests::EventKind::Album => EventKind::Album,
        manifests::EventKind::Other => EventKind::Other,
    }
}

fn table(it: manifests::Table) -> Table {
    let column = |column: manifests::Column| Column {
        name: column.name,
        kind: match column.kind {
            manifests::ColumnKind::Integer => ColumnKind::Integer,
            manifests::ColumnKind::Real => ColumnKind::Real,
            manifests::ColumnKind::Text => ColumnKind::Text,
            manifests::ColumnKind::Bytes => ColumnKind::Bytes,
            manifests::ColumnKind::Boolean => ColumnKind::Boolean,
            manifests::ColumnKind::Timestamp => ColumnKind::Timestamp,
        },
        nullable: column.nullable,
    };
    Table {
        name: it.name,
        columns: it.columns.into_iter().map(column).collect(),
        unique: it.unique,
        indexes: it.indexes,
    }
}
