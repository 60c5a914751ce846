//! What counts as a check, a picture, or something said.

use guesthouse_plugin::{Chat, ChatKind, Text};

use super::*;

fn with(content: Content, text: &str) -> Message {
    Message {
        id: 1,
        chat: Chat { id: 7, kind: ChatKind::Private, title: "Ada".into(), username: None },
        sender: None,
        sender_chat: None,
        date: 0,
        edited: None,
        topic: None,
        reply_to: None,
        album: None,
        forwarded: false,
        text: Text::from(text),
        content,
    }
}

#[test]
fn only_a_whole_code_interrupts_a_dialogue() {
    let code = Code::from_random("K7QF9M2XAB34CD56EF");
    assert!(is_check(&with(Content::Text, &format!(" {code}\n"))));
    assert!(is_check(&with(Content::Text, code.as_str())));
    assert!(!is_check(&with(Content::Text, &format!("The card with the code {code}"))));
    assert!(!is_check(&with(Content::Text, "K7QF-9M2X-AB34")), "may well be a name");
    assert!(!is_check(&with(Content::Text, "Dragon")));
    assert!(!is_check(&with(Content::Other(r#"{"sticker":{}}"#.into()), "")));
}

#[test]
fn what_telegram_says_is_not_answered() {
    for json in [r#"{"new_chat_title":"x"}"#, r#"{"pinned_message":{}}"#, r#"{"video_chat_started":{}}"#, "{}"] {
        assert!(!is_said(&with(Content::Other(json.into()), "")), "{json}");
    }
    for json in [r#"{"sticker":{}}"#, r#"{ "voice": {} }"#, r#"{"video":{}}"#] {
        assert!(is_said(&with(Content::Other(json.into()), "")), "{json}");
    }
    assert!(is_said(&with(Content::Text, "hello")));
}

#[test]
fn states_survive_being_written_down() {
    let talk = Talk::Adding(add::Draft {
        id: u64::MAX,
        until: 5,
        step: Step::Packaged,
        photo: Some(Picture::Document("a".into())),
        name: Some("Дракон".into()),
        description: None,
        packaged: None,
        album: Some("123".into()),
        refused: None,
        prompt: Some(MessageRef::Sent(9)),
    });
    let json = guesthouse_plugin::json!(talk).to_string();
    assert!(json.starts_with(r#"{"Adding":"#), "{json}");
    assert!(json.contains(r#""document:a""#), "{json}");
}
