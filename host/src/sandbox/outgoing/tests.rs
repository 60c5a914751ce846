//! Each rule on texts, keyboards and files, with what Telegram or a person would have made of it.

use super::*;

fn text(content: &str, entities: &[(u32, u32)]) -> types::Text {
    let entity = |(offset, length): &(u32, u32)| types::Entity {
        kind: types::EntityKind::Bold,
        offset: *offset,
        length: *length,
    };
    types::Text { content: content.into(), entities: entities.iter().map(entity).collect() }
}

fn ids() -> Ids {
    Ids::new(0, &[1; 32])
}

fn button(label: &str, action: wit::ButtonAction) -> wit::Button {
    wit::Button { label: label.into(), action, only_for: None }
}

fn refused_button(action: wit::ButtonAction) -> bool {
    let keyboard = wit::Keyboard::Inline(vec![vec![button("x", action)]]);
    matches!(super::keyboard(keyboard, 5, &mut ids()), Err(Error::BadKeyboard(_)))
}

#[test]
fn a_message_says_something() {
    for empty in ["", " \n\t"] {
        assert!(matches!(message_text(text(empty, &[])), Err(Error::BadText(_))));
    }
    assert!(matches!(message_text(text("a\0b", &[])), Err(Error::BadText(_))));
    assert!(message_text(text(&"x".repeat(100_000), &[])).is_ok());
    assert!(caption(text("", &[])).is_ok());
}

#[test]
fn lengths_are_utf16_units() {
    assert!(caption(text(&"😀".repeat(512), &[])).is_ok());
    assert!(matches!(caption(text(&"😀".repeat(513), &[])), Err(Error::BadText(_))));
    assert!(single_text(text(&"ש".repeat(4096), &[])).is_ok());
    assert!(matches!(single_text(text(&"ש".repeat(4097), &[])), Err(Error::BadText(_))));
    assert!(answer(Some(&"x".repeat(200))).is_ok());
    assert!(answer(Some(&"x".repeat(201))).is_err());
    assert!(answer(None).is_ok());
}

#[test]
fn entities_lie_within_the_text_and_cut_no_character() {
    // a 😀 b: offsets 0, 1–2, 3, end 4.
    for fits in [(0, 1), (1, 2), (0, 4), (3, 1)] {
        assert!(message_text(text("a😀b", &[fits])).is_ok(), "{fits:?}");
    }
    for misfit in [(0, 0), (2, 1), (0, 2), (0, 5), (4, 1), (u32::MAX, 1), (1, u32::MAX)] {
        assert!(matches!(message_text(text("a😀b", &[misfit])), Err(Error::BadText(_))), "{misfit:?}");
    }
}

#[test]
fn links_lead_where_they_may() {
    let link = |url: &str| {
        let mut text = text("here", &[(0, 4)]);
        text.entities[0].kind = types::EntityKind::TextLink(url.into());
        message_text(text).is_ok()
    };
    for opens in ["https://t.me/x?start=y", "HTTP://example.org", "tg://user?id=5"] {
        assert!(link(opens), "{opens}");
    }
    for refused in ["javascript:alert(1)", "file:///etc/passwd", "https://", "example.org", "https://a b", ""] {
        assert!(!link(refused), "{refused}");
        assert!(refused_button(wit::ButtonAction::Url(refused.into())), "{refused}");
    }
}

#[test]
fn callbacks_become_tokens() {
    let mut mine = button("Delete", wit::ButtonAction::Callback("delete 7".into()));
    mine.only_for = Some(9);
    let keyboard = wit::Keyboard::Inline(vec![vec![mine, button("x", wit::ButtonAction::Callback(String::new()))]]);
    let (keyboard, callbacks) = super::keyboard(keyboard, 5, &mut ids()).unwrap();
    let Keyboard::Inline(rows) = keyboard else { panic!("{keyboard:?}") };
    assert_eq!(rows[0][0].action, ButtonAction::Callback(callbacks[0].token.clone()));
    assert_eq!((callbacks[0].chat, callbacks[0].only_for, callbacks[0].data.as_str()), (5, Some(9), "delete 7"));
    assert_ne!(callbacks[0].token, callbacks[1].token);
}

#[test]
fn buttons_that_telegram_would_refuse() {
    assert!(refused_button(wit::ButtonAction::Callback("x".repeat(4097))));
    assert!(refused_button(wit::ButtonAction::Copy("x".repeat(257))));
    assert!(refused_button(wit::ButtonAction::Copy(String::new())));
    assert!(refused_button(wit::ButtonAction::Share(String::new())));
    assert!(!refused_button(wit::ButtonAction::Share("Look".into())));
    let many = |count| wit::Keyboard::Inline(vec![vec![button("x", wit::ButtonAction::Share("y".into())); count]]);
    assert!(super::keyboard(many(100), 5, &mut ids()).is_ok());
    let error = super::keyboard(many(101), 5, &mut ids()).unwrap_err();
    assert_eq!(error.to_string(), "Error::BadKeyboard(\"101 buttons; at most 100 are allowed\")");
    let unlabelled = wit::Keyboard::Inline(vec![vec![button(" ", wit::ButtonAction::Share("y".into()))]]);
    assert!(super::keyboard(unlabelled, 5, &mut ids()).is_err());
}

#[test]
fn reply_keyboards() {
    let key = |label: &str, both| wit::Key { label: label.into(), request_contact: both, request_location: both };
    let reply = |key, placeholder: Option<&str>| {
        let placeholder = placeholder.map(str::to_owned);
        wit::Keyboard::Reply(wit::ReplyKeyboard { rows: vec![vec![key]], one_time: true, placeholder })
    };
    assert!(super::keyboard(reply(key("Yes", false), Some("Yes or no")), 5, &mut ids()).is_ok());
    assert!(super::keyboard(reply(key("Yes", true), None), 5, &mut ids()).is_err());
    assert!(super::keyboard(reply(key("", false), None), 5, &mut ids()).is_err());
    assert!(super::keyboard(reply(key("Yes", false), Some(&"x".repeat(65))), 5, &mut ids()).is_err());
    assert!(matches!(inline_keyboard(Some(reply(key("Yes", false), None)), 5, &mut ids()), Err(Error::BadKeyboard(_))));
}

#[test]
fn files() {
    let upload = |name: &str, size| wit::Media::Upload(wit::Upload { name: name.into(), bytes: vec![0; size] });
    assert!(media(wit::MediaKind::Photo, upload("qr.png", 10 << 20)).is_ok());
    assert!(media(wit::MediaKind::Photo, upload("qr.png", (10 << 20) + 1)).is_err());
    assert!(media(wit::MediaKind::Document, upload("qr.png", (10 << 20) + 1)).is_ok());
    assert!(media(wit::MediaKind::Document, upload("qr.png", 0)).is_err());
    for name in ["", "../x", "a\\b", "a\r\nb", "a\"b", "a\0"] {
        assert!(media(wit::MediaKind::Document, upload(name, 1)).is_err(), "{name}");
    }
    assert!(media(wit::MediaKind::Photo, wit::Media::FileId("AgACAgIAAxk-_1".into())).is_ok());
    for id in ["", "a b", "https://example.org/x.png", "attach://x"] {
        assert!(media(wit::MediaKind::Photo, wit::Media::FileId(id.into())).is_err(), "{id}");
    }
}
