use super::*;
use crate::model::effect::{Button, ButtonAction, Key, Keyboard, Media};
use crate::model::event::{Entity, EntityKind};

const ORIGIN: Origin = Origin { chat: 31, topic: None };

fn text(content: &str) -> Text {
    Text { content: content.into(), entities: Vec::new() }
}

fn outgoing(content: &str) -> Outgoing {
    Outgoing {
        text: text(content),
        keyboard: None,
        reply_to: None,
        silent: false,
        protect: false,
        link_preview: true,
        at_most_once: false,
    }
}

/// Message 5 of this plugin stands in chat -8.
fn encode(effect: ChatEffect) -> Encoded {
    calls(effect, ORIGIN, |reference| (reference == 5).then_some(-8))
}

fn only(effect: ChatEffect) -> Call {
    let mut encoded = encode(effect);
    assert_eq!(encoded.calls.len(), 1);
    encoded.calls.remove(0)
}

fn body(call: &Call) -> Value {
    serde_json::from_str(&call.body).expect("a body is JSON")
}

#[test]
fn a_text_is_one_call() {
    let call = only(ChatEffect::SendText { chat: 31, reference: 1, message: outgoing("Hi \"you\"") });
    assert_eq!(
        (call.chat, call.reference, call.about, &*call.method, call.expires),
        (31, Some(1), None, "sendMessage", None)
    );
    assert_eq!(call.body, r#"{"chat_id":31,"text":"Hi \"you\""}"#);
}

#[test]
fn everything_about_a_text_reaches_the_body() {
    let entity = |kind, offset, length| Entity { kind, offset, length };
    let entities = vec![
        entity(EntityKind::Bold, 0, 2),
        entity(EntityKind::TextLink("https://t.me/x?start=verify_a".into()), 0, 2),
        entity(EntityKind::TextMention(77), 1, 1),
        entity(EntityKind::Pre(Some("rust".into())), 2, 3),
        entity(EntityKind::Other("from_next_year".into()), 0, 1),
    ];
    let message = Outgoing {
        text: Text { content: "Hello".into(), entities },
        keyboard: Some(Keyboard::Inline(vec![vec![
            Button { label: "Do".into(), action: ButtonAction::Callback("t0ken".into()) },
            Button { label: "Open".into(), action: ButtonAction::Url("https://t.me/x?start=verify_a".into()) },
            Button { label: "Copy".into(), action: ButtonAction::Copy("code".into()) },
            Button { label: "Share".into(), action: ButtonAction::Share("https://t.me/x?start=v Look & see".into()) },
        ]])),
        reply_to: Some(MessageRef::Received { chat: 31, id: 9 }),
        silent: true,
        protect: true,
        link_preview: false,
        at_most_once: false,
    };
    let effect = ChatEffect::SendText { chat: 31, reference: 1, message };
    let call = calls(effect, Origin { chat: 31, topic: Some(4) }, |_| None).calls.remove(0);
    assert_eq!(
        body(&call),
        json!({
            "chat_id": 31, "text": "Hello", "message_thread_id": 4, "disable_notification": true, "protect_content": true,
            "link_preview_options": { "is_disabled": true },
            "reply_parameters": { "message_id": 9, "allow_sending_without_reply": true },
            "entities": [
                { "type": "bold", "offset": 0, "length": 2 },
                { "type": "text_link", "url": "https://t.me/x?start=verify_a", "offset": 0, "length": 2 },
                { "type": "text_mention", "user": { "id": 77, "is_bot": false, "first_name": "" }, "offset": 1, "length": 1 },
                { "type": "pre", "language": "rust", "offset": 2, "length": 3 },
            ],
            "reply_markup": { "inline_keyboard": [[
                { "text": "Do", "callback_data": "t0ken" },
                { "text": "Open", "url": "https://t.me/x?start=verify_a" },
                { "text": "Copy", "copy_text": { "text": "code" } },
                { "text": "Share", "url": "https://t.me/share/url?url=https%3A%2F%2Ft.me%2Fx%3Fstart%3Dv&text=Look%20%26%20see" },
            ]] },
        })
    );
}

#[test]
fn other_keyboards() {
    let with = |keyboard| {
        let message = Outgoing { keyboard: Some(keyboard), ..outgoing("x") };
        body(&only(ChatEffect::SendText { chat: 31, reference: 1, message }))["reply_markup"].take()
    };
    let key = |label: &str, request_contact| Key { label: label.into(), request_contact, request_location: false };
    let rows = vec![vec![key("Yes", false), key("My number", true)]];
    assert_eq!(
        with(Keyboard::Reply { rows, one_time: true, placeholder: Some("Choose".into()) }),
        json!({
            "keyboard": [[{ "text": "Yes" }, { "text": "My number", "request_contact": true }]],
            "resize_keyboard": true, "one_time_keyboard": true, "input_field_placeholder": "Choose",
        })
    );
    assert_eq!(with(Keyboard::Remove), json!({ "remove_keyboard": true }));
    assert_eq!(with(Keyboard::ForceReply), json!({ "force_reply": true }));
}

#[test]
fn a_long_text_answers_with_its_first_part_and_acts_with_its_last() {
    let message = Outgoing {
        keyboard: Some(Keyboard::Remove),
        reply_to: Some(MessageRef::Sent(5)),
        ..outgoing(&"word ".repeat(2_000))
    };
    let calls = encode(ChatEffect::SendText { chat: 31, reference: 2, message }).calls;
    let seen: Vec<_> = calls.iter().map(|call| (call.reference, call.about, body(call))).collect();
    assert_eq!(seen.len(), 3);
    let frame: Vec<_> = seen
        .iter()
        .map(|(reference, about, body)| {
            (*reference, *about, !body["reply_parameters"].is_null(), !body["reply_markup"].is_null())
        })
        .collect();
    assert_eq!(frame, [(None, Some(5), true, false), (None, None, false, false), (Some(2), None, false, true)]);
    // The message it answers has another number than 0, which delivery fills in, and stands in another chat.
    assert_eq!(
        seen[0].2["reply_parameters"],
        json!({ "message_id": 0, "chat_id": -8, "allow_sending_without_reply": true })
    );
}

#[test]
fn edits_go_in_the_order_of_the_message_they_are_about() {
    let sent = MessageRef::Sent(5);
    let keyboard =
        Some(Keyboard::Inline(vec![vec![Button { label: "Go".into(), action: ButtonAction::Callback("t".into()) }]]));
    for (effect, method, expected) in [
        (
            ChatEffect::EditText { message: sent, text: text("new"), keyboard },
            "editMessageText",
            json!({ "chat_id": -8, "message_id": 0, "text": "new",
                "reply_markup": { "inline_keyboard": [[{ "text": "Go", "callback_data": "t" }]] } }),
        ),
        (
            ChatEffect::EditCaption { message: sent, caption: text(""), keyboard: None },
            "editMessageCaption",
            json!({ "chat_id": -8, "message_id": 0, "caption": "" }),
        ),
        (
            ChatEffect::EditMedia {
                message: sent,
                kind: MediaKind::Photo,
                media: Media::FileId("id".into()),
                caption: text("c"),
                keyboard: None,
            },
            "editMessageMedia",
            json!({ "chat_id": -8, "message_id": 0, "media": { "type": "photo", "media": "id", "caption": "c" } }),
        ),
        (
            ChatEffect::EditKeyboard { message: sent, keyboard: None },
            "editMessageReplyMarkup",
            json!({ "chat_id": -8, "message_id": 0 }),
        ),
        (ChatEffect::Delete { message: sent }, "deleteMessage", json!({ "chat_id": -8, "message_id": 0 })),
    ] {
        let call = only(effect);
        assert_eq!((call.chat, call.about, &*call.method), (-8, Some(5), method));
        assert_eq!(body(&call), expected);
    }
    let received = only(ChatEffect::Delete { message: MessageRef::Received { chat: -3, id: 12 } });
    assert_eq!(
        (received.chat, received.about, body(&received)),
        (-3, None, json!({ "chat_id": -3, "message_id": 12 }))
    );
}

#[test]
fn files_are_named_by_their_bytes() {
    let media = Media::Upload { name: "a/b.png".into(), bytes: Bytes::from_static(b"abc") };
    let message = Outgoing { text: text("caption"), ..outgoing("") };
    let encoded = encode(ChatEffect::SendMedia { chat: 31, reference: 3, kind: MediaKind::Document, media, message });
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(encoded.blobs, [(digest.to_owned(), Bytes::from_static(b"abc"))]);
    let named = body(&encoded.calls[0]);
    assert_eq!((&named["caption"], &*encoded.calls[0].method), (&json!("caption"), "sendDocument"));
    let blob = BlobName::read(named["document"].as_str().expect("a name")).expect("a blob's name");
    assert_eq!(blob, BlobName { digest: digest.into(), kind: "document".into(), name: "a/b.png".into() });
    for forged in ["blob:x/photo/y", "https://intern/x", "blob:blob:"] {
        let effect = ChatEffect::SendMedia {
            chat: 31,
            reference: 3,
            kind: MediaKind::Photo,
            media: Media::FileId(forged.into()),
            message: outgoing(""),
        };
        assert!(!body(&only(effect))["photo"].as_str().expect("an id").contains([':', '/']));
    }
}

#[test]
fn an_album_is_one_call_and_its_other_messages_wait_for_their_numbers() {
    let item = |id: &str| AlbumItem { kind: MediaKind::Photo, media: Media::FileId(id.into()), caption: text("") };
    let items = vec![item("a"), item("b"), item("c")];
    let calls = encode(ChatEffect::SendAlbum {
        chat: 31,
        references: vec![7, 9, 8],
        items,
        reply_to: Some(MessageRef::Sent(5)),
        at_most_once: true,
    })
    .calls;
    assert_eq!(calls.iter().map(|call| call.once).collect::<Vec<_>>(), [true, false, false], "the album is the call");
    assert_eq!((calls[0].reference, calls[0].about, &*calls[0].method), (Some(7), Some(5), "sendMediaGroup"));
    assert_eq!(
        body(&calls[0])["media"],
        json!([{ "type": "photo", "media": "a" }, { "type": "photo", "media": "b" }, { "type": "photo", "media": "c" }])
    );
    let parts: Vec<_> = calls[1..].iter().map(|call| (call.reference, call.about, &*call.method)).collect();
    assert_eq!(parts, [(Some(9), Some(7), ALBUM_PART), (Some(8), Some(7), ALBUM_PART)]);
}

#[test]
fn every_message_of_a_text_is_made_at_most_once() {
    let message = |at_most_once| Outgoing { at_most_once, ..outgoing(&"long ".repeat(1_000)) };
    let once = |at_most_once| {
        let calls = encode(ChatEffect::SendText { chat: 31, reference: 1, message: message(at_most_once) }).calls;
        calls.iter().map(|call| call.once).collect::<Vec<_>>()
    };
    assert_eq!((once(true), once(false)), (vec![true, true], vec![false, false]));
    assert!(!only(ChatEffect::Delete { message: MessageRef::Sent(5) }).once, "a deletion can be repeated");
}

#[test]
fn what_soon_is_worthless_says_so() {
    let answer = only(ChatEffect::AnswerCallback { id: "77".into(), text: Some("Saved".into()), alert: true });
    assert_eq!((answer.chat, answer.expires), (31, Some(CALLBACK)));
    assert_eq!(body(&answer), json!({ "callback_query_id": "77", "text": "Saved", "show_alert": true }));
    assert_eq!(body(&answer_callback(31, "77", None)), json!({ "callback_query_id": "77" }));
    let action = only(ChatEffect::Action { chat: 31, action: "choose_sticker" });
    assert_eq!((action.expires, body(&action)), (Some(ACTION), json!({ "chat_id": 31, "action": "choose_sticker" })));
}

#[test]
fn raw_calls_keep_their_parameters_but_name_no_blobs() {
    let raw = |parameters: &str| {
        only(ChatEffect::Call { method: "setMessageReaction".into(), parameters: parameters.into() })
    };
    let call = raw(r#"{"chat_id":"-100","message_id":4,"reaction":[{"type":"emoji","emoji":"blob:blob:x"}]}"#);
    assert_eq!((call.chat, &*call.method), (-100, "setMessageReaction"));
    assert_eq!(
        body(&call),
        json!({ "chat_id": "-100", "message_id": 4, "reaction": [{ "type": "emoji", "emoji": "x" }] })
    );
    assert_eq!((raw(r#"{"chat_id":"@channel"}"#).chat, raw("{}").chat), (31, 31));
}
