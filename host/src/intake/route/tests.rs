use super::*;
use crate::model::event::{Chat, ChatKind, Entity, Text};
use crate::model::manifest::CommandSpec;

fn name(name: &str) -> PluginName {
    PluginName::new(name).expect("a name")
}

fn plugin(key: &str, commands: &[&str], links: &[&str], events: &[EventKind]) -> (PluginName, Manifest) {
    let command = |name: &&str| CommandSpec {
        name: (*name).into(),
        description: "…".into(),
        translations: Vec::new(),
        admins_only: false,
    };
    let manifest = Manifest {
        name: key.into(),
        version: "1.0.0".into(),
        description: String::new(),
        commands: commands.iter().map(command).collect(),
        deep_links: links.iter().map(|prefix| (*prefix).into()).collect(),
        events: events.to_vec(),
        tables: Vec::new(),
        config: Vec::new(),
        ..Manifest::default()
    };
    (name(key), manifest)
}

/// A shop with a command and links, a greeter whose only command is `/start`, and somebody who reads everything.
fn house() -> Vec<(PluginName, Manifest)> {
    use EventKind::{ChannelPost, EditedMessage, Member, Message, Other};
    vec![
        plugin("shop", &["buy"], &["item_"], &[]),
        plugin("greeter", &["start"], &[], &[]),
        plugin("reader", &[], &[], &[Message, EditedMessage, ChannelPost, Member, Other]),
    ]
}

fn message(content: &str) -> Message {
    let length = content.split(' ').next().map_or(0, str::len) as u32;
    let command = Entity { kind: EntityKind::BotCommand, offset: 0, length };
    let entities = if content.starts_with('/') { vec![command] } else { Vec::new() };
    Message {
        id: 1,
        chat: Chat { id: -40, kind: ChatKind::Group, title: "G".into(), username: None },
        sender: None,
        sender_chat: None,
        date: 0,
        edited: None,
        topic: None,
        reply_to: None,
        album: None,
        forwarded: false,
        text: Text { content: content.into(), entities },
        content: Content::Text,
    }
}

#[test]
fn events_find_their_lanes() {
    let command = |name: &str| Event::Command { name: name.into(), argument: String::new(), message: message("/x") };
    let link = |payload: &str| Event::DeepLink { payload: payload.into(), message: message("/start x") };
    let other = Event::Other { kind: "poll".into(), json: "{}".into(), chat: None, sender: None };
    for (event, expected) in [
        (command("buy"), &["shop"][..]),
        (command("start"), &["greeter"]),
        (command("unknown"), &["reader"]),
        (link("item_7"), &["shop"]),
        (link("else"), &["greeter"]),
        (Event::Message(message("hello")), &["reader"]),
        (Event::Message(message("/buy@other_bot")), &[]),
        (Event::Message(message("mail me@home")), &["reader"]),
        (Event::EditedMessage(message("hello")), &["reader"]),
        (Event::EditedMessage(message("/buy@other_bot")), &[]),
        (Event::ChannelPost(message("news")), &["reader"]),
        (Event::EditedChannelPost(message("news")), &[]),
        (other, &["reader"]),
    ] {
        let found = lanes(&event, &house(), &[]);
        let names: Vec<_> = found.iter().map(|to| to.part.as_str()).collect();
        assert_eq!(names, expected, "{event:?}");
        assert!(found.iter().all(|to| to.chat == event.lane()));
    }
}

/// Who is asked, in which order.
fn asked(event: &Event, plugins: &Plugins, talking: &[&str]) -> Vec<String> {
    let talking: Vec<_> = talking.iter().map(|plugin| name(plugin)).collect();
    let mut lanes = lanes(event, plugins, &talking);
    lanes.retain(|to| to.part.processor().is_none());
    assert!(lanes.len() < 2, "one plugin at a time: {lanes:?}");
    let names = lanes.iter().flat_map(|to| std::iter::once(to.part.plugin()).chain(&to.next));
    names.map(ToString::to_string).collect()
}

#[test]
fn plugins_are_asked_one_after_another() {
    use EventKind::Message as Messages;
    let house = [
        plugin("first", &[], &[], &[Messages]),
        plugin("shop", &["buy", "start"], &["item_"], &[Messages]),
        plugin("quiet", &["quiet"], &[], &[]),
        plugin("last", &["start"], &[], &[Messages]),
    ];
    let command = |name: &str| Event::Command { name: name.into(), argument: String::new(), message: message("/x") };
    let link = |payload: &str| Event::DeepLink { payload: payload.into(), message: message("/start x") };
    let said = Event::Message(message("hello"));
    assert_eq!(asked(&said, &house, &[]), ["first", "shop", "last"]);
    assert_eq!(asked(&said, &house, &["last"]), ["last", "first", "shop"]);
    assert_eq!(asked(&said, &house, &["quiet"]), ["first", "shop", "last"], "who does not take messages is not asked");
    assert_eq!(asked(&command("start"), &house, &[]), ["shop", "last", "first"]);
    assert_eq!(asked(&link("item_1"), &house, &[]), ["shop", "last", "first"]);
    assert_eq!(asked(&command("quiet"), &house, &["shop"]), ["quiet", "shop", "first", "last"]);
}

#[test]
fn processors_read_along() {
    let mut house = house();
    let reads = crate::model::manifest::Processor { name: "watch".into(), events: vec![EventKind::Message] };
    house[0].1.processors.push(reads);
    let found = lanes(&Event::Message(message("hello")), &house, &[]);
    assert_eq!(found.iter().map(|to| to.part.as_str()).collect::<Vec<_>>(), ["shop/watch", "reader"]);
    let bought = Event::Command { name: "buy".into(), argument: String::new(), message: message("/buy") };
    let found = lanes(&bought, &house, &[]);
    assert_eq!(found.iter().map(|to| to.part.as_str()).collect::<Vec<_>>(), ["shop/watch", "shop"]);
    assert_eq!(found[1].next, [name("reader")]);
}

#[test]
fn a_conversation_matters_where_several_answer() {
    let mut said = message("hello");
    said.topic = Some(3);
    said.sender = Some(crate::model::event::User {
        id: 7,
        is_bot: false,
        first_name: "Ada".into(),
        last_name: None,
        username: None,
        language_code: None,
    });
    let two = [plugin("a", &[], &[], &[EventKind::Message]), plugin("b", &[], &[], &[EventKind::Message])];
    let key = DialogueKey { chat: -40, user: 7, topic: 3 };
    assert_eq!(talk(&Event::Message(said.clone()), &two), Some(key));
    assert_eq!(talk(&Event::Message(said.clone()), &two[..1]), None);
    assert_eq!(talk(&Event::EditedMessage(said), &two), None);
}

#[test]
fn buttons_work_where_and_for_whom_they_were_made() {
    let stored =
        |plugin: &str, only_for| Some(StoredCallback { plugin: name(plugin), chat: -40, only_for, data: "d".into() });
    for (stored, chat, expected) in [
        (stored("shop", None), -40, Ok(name("shop"))),
        (stored("shop", Some(7)), -40, Ok(name("shop"))),
        (stored("shop", Some(8)), -40, Err(Refused::NotForYou)),
        (stored("shop", None), -41, Err(Refused::Gone)),
        (stored("removed", None), -40, Err(Refused::Gone)),
        (None, -40, Err(Refused::Gone)),
    ] {
        assert_eq!(button(stored, chat, 7, &house()), expected);
    }
}

#[test]
fn telegram_is_asked_for_what_the_plugins_want() {
    let always = ["message", "callback_query", "my_chat_member"];
    assert_eq!(allowed_updates(&[]), always, "never empty");
    assert_eq!(allowed_updates(&house()[..2]), always);
    let all = allowed_updates(&house());
    for kind in ["edited_message", "channel_post", "my_chat_member", "chat_member", "message_reaction", "inline_query"]
    {
        assert!(all.contains(&kind), "{kind}");
    }
    assert!(!all.contains(&"edited_channel_post"));
}

#[test]
fn an_album_is_gathered_for_the_lanes_that_want_it_so() {
    use EventKind::{Album as Albums, Message as Messages};
    let plugins = [
        plugin("whole", &[], &[], &[Messages, Albums]),
        plugin("single", &[], &[], &[Messages]),
        plugin("posts", &[], &[], &[EventKind::ChannelPost, Albums]),
    ];
    let of = |album: Option<&str>| {
        let event = Event::Message(Message { album: album.map(Into::into), ..message("a") });
        super::album(&event, &lanes(&event, &plugins, &[]), &plugins)
    };
    assert_eq!(of(Some("x")), Some(Album { id: "x".into(), parts: vec![name("whole").into()] }));
    assert_eq!(of(None), None);
    assert_eq!(of(Some("a\0")), None, "such a name cannot be stored, and the message has to be");
}
