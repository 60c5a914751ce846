use super::*;
use crate::model::event::{ChatKind, Content, EntityKind};

fn me() -> Me {
    Me { id: 700, username: "KeeperBot".into(), name: "Keeper".into() }
}

fn convert(raw: &str) -> Event {
    event(raw, &me()).1
}

/// A message in the private chat of Noa, with these fields more.
fn said(fields: &str) -> Event {
    convert(&format!(
        r#"{{"update_id":5,"message":{{"message_id":11,"date":1750000000,
        "chat":{{"id":31,"type":"private","first_name":"Noa","last_name":"Levi"}},
        "from":{{"id":31,"is_bot":false,"first_name":"Noa","language_code":"he"}},{fields}}}}}"#
    ))
}

fn text_of(event: &Event) -> &str {
    event.message().map_or("", |message| &message.text.content)
}

#[test]
fn a_text_keeps_its_frame() {
    let Event::Message(message) = said(
        r#""text":"שלום 👋","entities":[{"type":"bold","offset":0,"length":4},{"type":"bold","offset":5,"length":9}],
        "reply_to_message":{"message_id":9,"text":{}},"forward_origin":{"type":"user"},"message_thread_id":4,
        "edit_date":1750000001,"media_group_id":"album","new_flag_of_2031":true"#,
    ) else {
        panic!("no message")
    };
    assert_eq!(
        (message.id, message.chat.id, message.date, message.edited),
        (11, 31, 1_750_000_000_000, Some(1_750_000_001_000))
    );
    assert_eq!((message.chat.kind, &*message.chat.title), (ChatKind::Private, "Noa Levi"));
    assert_eq!((message.reply_to, message.album.as_deref(), message.forwarded), (Some(9), Some("album"), true));
    assert_eq!(message.topic, None, "a thread of answers is not a topic");
    assert_eq!(message.text.entities.len(), 1, "an entity that leaves the text is dropped");
    assert_eq!(message.content, Content::Text);
    let Event::Message(in_topic) = said(r#""text":"x","message_thread_id":4,"is_topic_message":true"#) else {
        panic!("no message")
    };
    assert_eq!(in_topic.topic, Some(4));
}

#[test]
fn commands_and_deep_links_are_told_apart() {
    let marked = |text: &str, length: usize| {
        let text = serde_json::to_string(text).expect("a string");
        said(&format!(r#""text":{text},"entities":[{{"type":"bot_command","offset":0,"length":{length}}}]"#))
    };
    // Text, length of the entity, what it is.
    for (text, length, expected) in [
        ("/Help", 5, "command help []"),
        ("/help@keeperbot  two words ", 15, "command help [two words]"),
        ("/help@OtherBot x", 14, "message"),
        ("/start", 6, "command start []"),
        ("/start verify_aB-9", 6, "link verify_aB-9"),
        ("/start@KEEPERBOT verify_1", 16, "link verify_1"),
        ("/start two words", 6, "command start [two words]"),
        ("/start ünsafe", 6, "command start [ünsafe]"),
        ("/start\nx", 6, "link x"),
        ("/", 1, "message"),
        ("/héllo", 6, "message"),
        ("/help", 3, "command he [lp]"),
        ("/help", 50, "message"),
    ] {
        let said = match marked(text, length) {
            Event::Command { name, argument, .. } => format!("command {name} [{argument}]"),
            Event::DeepLink { payload, .. } => format!("link {payload}"),
            Event::Message(_) => "message".into(),
            other => format!("{other:?}"),
        };
        assert_eq!(said, expected, "{text}");
    }
    let long = format!("/start {}", "x".repeat(65));
    assert!(matches!(marked(&long, 6), Event::Command { .. }), "65 characters are no payload");
    assert!(matches!(said(r#""text":"/help""#), Event::Message(_)), "nothing is marked as a command");
    let caption = r#""caption":"/help","caption_entities":[{"type":"bot_command","offset":0,"length":5}],"photo":[]"#;
    assert!(matches!(said(caption), Event::Message(_)), "a caption describes its picture");
}

#[test]
fn content_is_typed_or_kept_as_json() {
    let carried = |fields: &str| said(fields).message().map(|message| message.content.clone());
    let Some(Content::Photo { file, width, .. }) = carried(
        r#""photo":[{"file_id":"s","width":90,"height":60},{"file_id":"l","file_unique_id":"u","width":900,"height":600,"file_size":77},{"broken":1}]"#,
    ) else {
        panic!("no photo")
    };
    assert_eq!((&*file.id, &*file.unique_id, file.size, width), ("l", "u", Some(77), 900));
    assert!(matches!(
        carried(r#""document":{"file_id":"d","file_name":5,"mime_type":"image/png","thumb":{}}"#),
        Some(Content::Document { name: None, mime_type: Some(_), .. })
    ));
    assert!(matches!(
        carried(r#""contact":{"phone_number":"+97250","user_id":31}"#),
        Some(Content::Contact { user_id: Some(31), .. })
    ));
    assert!(matches!(carried(r#""location":{"latitude":31.7,"longitude":35}"#), Some(Content::Location { .. })));
    // What somebody sends, and all that says what it is.
    for (fields, json) in [
        (r#""dice":{"emoji":"🎲","value":4}"#, r#"{"dice":{"emoji":"🎲","value":4}}"#),
        (
            r#""venue":{"title":"x"},"location":{"latitude":1,"longitude":2}"#,
            r#"{"venue":{"title":"x"},"location":{"latitude":1,"longitude":2}}"#,
        ),
        (
            r#""animation":{"file_id":"a"},"document":{"file_id":"a"}"#,
            r#"{"animation":{"file_id":"a"},"document":{"file_id":"a"}}"#,
        ),
        (r#""photo":"none""#, r#"{"photo":"none"}"#),
        (r#""text":5"#, r#"{"text":5}"#),
        (r#""via_bot":{"id":1}"#, "{}"),
        (r#""odd \"name\"":1"#, r#"{"odd \"name\"":1}"#),
    ] {
        assert_eq!(carried(fields), Some(Content::Other(json.into())), "{fields}");
    }
    let lone = said(r#""text":"half \ud83d of it""#);
    assert!(text_of(&lone).starts_with("half ") && text_of(&lone).ends_with(" of it"));
}

#[test]
fn buttons_need_a_chat_and_data() {
    let pressed = |rest: &str| {
        convert(&format!(
            r#"{{"update_id":1,"callback_query":{{"id":"77","from":{{"id":31}},"chat_instance":"c",{rest}}}}}"#
        ))
    };
    let gone = pressed(
        r#""data":"t0ken","message":{"chat":{"id":-100,"type":"supergroup","title":"G"},"message_id":4,"date":0,"message_thread_id":8,"is_topic_message":true}"#,
    );
    assert!(
        matches!(&gone, Event::Callback { id, data, message_id: 4, topic: Some(8), .. } if id == "77" && data == "t0ken")
    );
    for rest in [
        r#""data":"x","inline_message_id":"i""#,
        r#""data":"x","message":null"#,
        r#""game_short_name":"g","message":{"chat":{"id":31,"type":"private"},"message_id":4}"#,
    ] {
        assert!(matches!(pressed(rest), Event::Other { sender: Some(31), .. }), "{rest}");
    }
}

#[test]
fn members_change() {
    let changed = |kind: &str, user: i64, old: &str, new: &str| {
        convert(&format!(
            r#"{{"update_id":1,"{kind}":{{"chat":{{"id":-5,"type":"group","title":"G"}},"from":{{"id":1}},"date":2,
            "old_chat_member":{{"user":{{"id":{user}}},{old}}},"new_chat_member":{{"user":{{"id":{user}}},{new}}}}}}}"#
        ))
    };
    use MemberStatus::{Banned, Left, Member, Owner, Restricted};
    for (user, old, new, expected) in [
        (700, r#""status":"member""#, r#""status":"kicked","until_date":0"#, (true, Member, Banned)),
        (8, r#""status":"creator""#, r#""status":"left""#, (false, Owner, Left)),
        (
            8,
            r#""status":"restricted","is_member":false"#,
            r#""status":"restricted","is_member":true"#,
            (false, Left, Restricted),
        ),
    ] {
        let Event::Member { is_me, before, after, date: 2_000, .. } = changed("chat_member", user, old, new) else {
            panic!("no change")
        };
        assert_eq!((is_me, before, after), expected);
    }
    let odd = changed("chat_member", 8, r#""status":"member""#, r#""status":"emperor""#);
    assert!(matches!(odd, Event::Other { chat: Some(-5), sender: Some(1), .. }));
}

#[test]
fn whatever_has_no_type_is_kept_with_its_chat_and_sender() {
    // Update without its number, kind, chat, sender.
    for (rest, kind, chat, sender) in [
        (
            r#""message_reaction":{"chat":{"id":-7},"user":{"id":3},"new_reaction":[]}"#,
            "message_reaction",
            Some(-7),
            Some(3),
        ),
        (
            r#""business_message":{"message_id":1,"chat":{"id":9,"type":"private"},"from":{"id":9},"text":"x"}"#,
            "business_message",
            Some(9),
            Some(9),
        ),
        (r#""inline_query":{"id":"1","from":{"id":3},"query":""}"#, "inline_query", None, Some(3)),
        (
            r#""business_connection":{"id":"b","user":{"id":3},"user_chat_id":33}"#,
            "business_connection",
            Some(33),
            Some(3),
        ),
        (
            r#""chat_boost":{"chat":{"id":-7},"boost":{"source":{"source":"premium","user":{"id":3}}}}"#,
            "chat_boost",
            Some(-7),
            Some(3),
        ),
        (
            r#""message":{"message_id":1,"chat":{"id":9,"type":"hypergroup"},"date":1,"from":{"id":2}}"#,
            "message",
            Some(9),
            Some(2),
        ),
        (r#""message":{"nothing":"known"}"#, "message", None, None),
        (r#""poll":17"#, "poll", None, None),
        (r#""from_next_year":[[]]"#, "from_next_year", None, None),
    ] {
        let raw = format!(r#"{{"update_id":1,{rest}}}"#);
        let (found, event) = event(&raw, &me());
        assert_eq!(found, kind);
        let json = rest.split_once(':').expect("a field").1.to_owned();
        assert_eq!(event, Event::Other { kind: kind.into(), json, chat, sender }, "{rest}");
    }
    for raw in [r#"{"update_id":8}"#, "17", "", "null", "\"x\""] {
        assert_eq!(
            event(raw, &me()),
            (String::new(), Event::Other { kind: String::new(), json: raw.into(), chat: None, sender: None })
        );
    }
}

#[test]
fn depth_is_no_matter() {
    let deep = format!("{}{}", "{\"a\":".repeat(20_000), format_args!("1{}", "}".repeat(20_000)));
    let Event::Message(message) = said(&format!(r#""text":"x","poll":{deep},"entities":{deep}"#)) else {
        panic!("no message")
    };
    assert_eq!(message.content, Content::Text);
    assert!(matches!(said(&format!(r#""from":{deep}"#)), Event::Message(_)));
    assert!(matches!(convert(&format!(r#"{{"update_id":1,"poll":{deep}}}"#)), Event::Other { .. }));
}

/// Every update that public bot libraries have in their tests, where that collection lies beside the workspace.
#[test]
fn real_updates_lose_nothing() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/updates");
    let Ok(files) = std::fs::read_dir(folder) else { return };
    let mut seen = 0;
    for file in files.filter_map(Result::ok).filter(|file| file.path().extension().is_some_and(|end| end == "jsonl")) {
        let lines = std::fs::read_to_string(file.path()).expect("readable");
        for (line, raw) in lines.lines().enumerate() {
            seen += 1;
            check(raw, &format!("{}:{}", file.file_name().to_string_lossy(), line + 1));
        }
    }
    assert!(seen > 400, "{seen}");
}

/// What an event must have kept of its update, judged by another reader of JSON.
fn check(raw: &str, place: &str) {
    let update: serde_json::Value = serde_json::from_str(raw).expect(place);
    let (kind, event) = event(raw, &me());
    let value = &update[&kind];
    match &event {
        Event::Other { json, chat, .. } => {
            let kept: serde_json::Value = serde_json::from_str(json).expect(place);
            assert_eq!(if kind.is_empty() { &update } else { value }, &kept, "{place}");
            assert_eq!(
                *chat,
                value["chat"]["id"]
                    .as_i64()
                    .or(value["message"]["chat"]["id"].as_i64())
                    .or(value["user_chat_id"].as_i64()),
                "{place}"
            );
            let plain =
                matches!(&*kind, "message" | "edited_message" | "channel_post" | "my_chat_member" | "chat_member");
            assert!(!plain || value["date"].is_null(), "{place}: {kind} has a type");
        }
        Event::Callback { id, sender, data, .. } => {
            assert_eq!(
                (id.as_str(), Some(sender.id), data.as_str()),
                (
                    value["id"].as_str().expect(place),
                    value["from"]["id"].as_i64(),
                    value["data"].as_str().expect(place)
                ),
                "{place}"
            );
        }
        Event::Member { chat, by, .. } => {
            assert_eq!(
                (Some(chat.id), Some(by.id)),
                (value["chat"]["id"].as_i64(), value["from"]["id"].as_i64()),
                "{place}"
            );
        }
        spoken => {
            let message = spoken.message().expect(place);
            assert_eq!(
                (Some(message.id), Some(message.chat.id)),
                (value["message_id"].as_i64(), value["chat"]["id"].as_i64()),
                "{place}"
            );
            assert_eq!(message.sender.as_ref().map(|user| user.id), value["from"]["id"].as_i64(), "{place}");
            let words = value["text"].as_str().or(value["caption"].as_str()).unwrap_or("");
            assert_eq!(message.text.content, words, "{place}");
            let marks = value["entities"].as_array().or(value["caption_entities"].as_array()).map_or(0, Vec::len);
            let kept = message.text.entities.len();
            assert!(
                kept == marks
                    || words.encode_utf16().count() < 4
                    || message.text.entities.iter().all(|e| e.kind != EntityKind::Bold),
                "{place}: {kept} of {marks}"
            );
            match &message.content {
                Content::Other(json) => {
                    let kept: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).expect(place);
                    assert!(kept.iter().all(|(name, kept)| &value[name] == kept), "{place}: {json}");
                    for name in [
                        "poll",
                        "dice",
                        "sticker",
                        "voice",
                        "video",
                        "gift",
                        "rich_message",
                        "live_photo",
                        "checklist",
                        "invoice",
                    ] {
                        assert_eq!(value.get(name).is_some(), kept.contains_key(name), "{place}: {name}");
                    }
                }
                Content::Text => assert!(value["text"].is_string(), "{place}: {value}"),
                Content::Photo { file, .. } => {
                    assert!(
                        value["photo"].as_array().expect(place).iter().any(|size| size["file_id"] == *file.id),
                        "{place}"
                    );
                }
                Content::Document { file, .. } => assert_eq!(value["document"]["file_id"], *file.id, "{place}"),
                Content::Contact { phone_number, .. } => {
                    assert_eq!(value["contact"]["phone_number"], **phone_number, "{place}")
                }
                Content::Location { latitude, .. } => {
                    assert_eq!(value["location"]["latitude"].as_f64(), Some(*latitude), "{place}")
                }
            }
        }
    }
}

#[test]
fn an_album_has_its_messages_in_their_order() {
    let part = |number: i64| {
        format!(
            r#"{{"update_id":{number},"message":{{"message_id":{number},"date":1,"media_group_id":"a",
            "chat":{{"id":31,"type":"private","first_name":"Noa"}},"caption":"{number}"}}}}"#
        )
    };
    let album_of = |parts: &[String]| album(parts.iter().map(String::as_str), &me());
    let numbers = |event: &Event| match event {
        Event::Album(messages) => messages.iter().map(|message| message.id).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(numbers(&album_of(&[part(12), part(11), part(13)])), [11, 12, 13]);
    assert_eq!(numbers(&album_of(&[part(12)])), [12]);
    assert_eq!(numbers(&album_of(&[part(12), "no JSON".into()])), [12]);
    assert!(matches!(album_of(&["no JSON".into()]), Event::Other { .. }));
}
