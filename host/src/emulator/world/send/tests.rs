//! Sending, editing, deleting, pressing: in Telegram's words.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::emulator::world::{CallbackAnswer, Edit, MessageTarget, Pressed};

const BOT: i64 = 7;
const BUYER: i64 = 1002;

struct Scene {
    world: World,
    clock: Clock,
    chat: ChatRef,
}

fn scene() -> Scene {
    let clock = Clock::manual(1_700_000_000_000);
    let mut world = World::new(clock.clone(), 1);
    world.dev_house();
    world.add_bot("7:x", "my_bot", "My Bot").unwrap();
    let (chat, _) = world.open_link(BUYER, "my_bot", "").unwrap();
    Scene { world, clock, chat }
}

fn png(width: u32, height: u32) -> Bytes {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(width.to_be_bytes());
    png.extend(height.to_be_bytes());
    png.extend_from_slice(b"\x08\x02\0\0\0\0\0\0\0\0\0\0\0IEND\xaeB`\x82");
    png.into()
}

fn photo(source: Source) -> DraftMedia {
    let kind = FileKind::Photo;
    DraftMedia { kind, source, caption: Formatted::default(), caption_above: false, spoiler: false }
}

fn new_photo() -> DraftMedia {
    photo(Source::New(NewFile::photo(png(640, 480)).unwrap()))
}

fn buttons(data: &str) -> Outgoing {
    let markup = Markup::read(&json!({ "inline_keyboard": [[{ "text": "go", "callback_data": data }]] })).unwrap();
    Outgoing { markup: markup.map(Arc::new), ..Outgoing::default() }
}

impl Scene {
    fn text(&mut self, text: &str, how: Outgoing) -> Result<Value, String> {
        let draft = Draft::Text(Formatted::typed(text), None);
        self.world.send(BOT, &BUYER.into(), draft, how).map_err(|error| error.description)
    }

    fn edit(&mut self, id: i64, edit: Edit, how: Outgoing) -> Result<Value, String> {
        let target = MessageTarget { chat: BUYER.into(), message_id: id };
        self.world.edit(BOT, &target, edit, how.markup).map_err(|error| error.description)
    }
}

#[test]
fn a_message_has_what_clients_need() {
    let mut scene = scene();
    let sent = scene.text("see example.com", buttons("x")).unwrap();
    assert_eq!(
        sent,
        json!({ "message_id": 2, "date": 1_700_000_000, "text": "see example.com",
            "from": { "id": 7, "is_bot": true, "first_name": "My Bot", "username": "my_bot" },
            "chat": { "id": BUYER, "type": "private", "first_name": "Buyer", "username": "buyer" },
            "entities": [{ "type": "url", "offset": 4, "length": 11 }],
            "reply_markup": { "inline_keyboard": [[{ "text": "go", "callback_data": "x" }]] } })
    );
}

#[test]
fn lengths_are_counted_in_utf16_units() {
    let mut scene = scene();
    assert!(scene.text(&"😀".repeat(2048), Outgoing::default()).is_ok());
    let error = scene.text(&"😀".repeat(2049), Outgoing::default()).unwrap_err();
    assert_eq!(error, "Bad Request: message is too long");
}

#[test]
fn a_reply_needs_its_message() {
    let mut scene = scene();
    let reply =
        |allow_missing| Outgoing { reply: Some(Reply { message_id: 99, allow_missing }), ..Outgoing::default() };
    assert_eq!(scene.text("a", reply(false)).unwrap_err(), "Bad Request: message to be replied not found");
    assert!(scene.text("a", reply(true)).unwrap().get("reply_to_message").is_none());
    let how = Outgoing { reply: Some(Reply { message_id: 1, allow_missing: false }), ..Outgoing::default() };
    assert_eq!(scene.text("a", how).unwrap()["reply_to_message"]["text"], "/start");
}

#[test]
fn a_photo_can_be_sent_again_by_its_id() {
    let mut scene = scene();
    let draft = Draft::Media(new_photo());
    let sent = scene.world.send(BOT, &BUYER.into(), draft, Outgoing::default()).unwrap();
    let sizes = sent["photo"].as_array().unwrap();
    assert_eq!((sizes.len(), &sizes[1]["width"]), (2, &json!(640)));
    let id = sizes[1]["file_id"].as_str().unwrap();
    let again = Draft::Media(photo(Source::Known(id.into())));
    let again = scene.world.send(BOT, &BUYER.into(), again, Outgoing::default()).unwrap();
    assert_eq!(again["photo"], sent["photo"]);
    let path = scene.world.file_info(BOT, id).unwrap()["file_path"].as_str().unwrap().to_owned();
    assert_eq!(scene.world.download(&path).unwrap().0, png(640, 480));
    assert_eq!(
        NewFile::photo(Bytes::from_static(b"text")).unwrap_err().description,
        "Bad Request: IMAGE_PROCESS_FAILED"
    );
}

#[test]
fn an_album_is_sent_whole_or_not_at_all() {
    let mut scene = scene();
    let parts = vec![new_photo(), photo(Source::Known("unknown".into()))];
    let error = scene.world.send_group(BOT, &BUYER.into(), parts, Outgoing::default()).unwrap_err();
    assert_eq!(error.description, "Bad Request: wrong file identifier/HTTP URL specified");
    assert_eq!(scene.world.chat(scene.chat).unwrap().messages().count(), 1);
    let parts = vec![new_photo(), new_photo(), new_photo()];
    let sent = scene.world.send_group(BOT, &BUYER.into(), parts, Outgoing::default()).unwrap();
    let albums: Vec<_> = sent.as_array().unwrap().iter().map(|message| &message["media_group_id"]).collect();
    assert!(albums.len() == 3 && albums[0].is_string() && albums.iter().all(|album| album == &albums[0]));
}

#[test]
fn edits_follow_the_rules() {
    let mut scene = scene();
    scene.text("one", buttons("x")).unwrap();
    let text = |text| Edit::Text(Formatted::typed(text), None);
    assert!(
        scene.edit(2, text("one"), buttons("x")).unwrap_err().starts_with("Bad Request: message is not modified: ")
    );
    let edited = scene.edit(2, text("one"), Outgoing::default()).unwrap();
    assert!(edited.get("reply_markup").is_none(), "an edit without a keyboard takes it away");
    assert!(scene.edit(2, text("two"), Outgoing::default()).unwrap()["edit_date"].is_i64());
    assert_eq!(scene.edit(1, text("x"), Outgoing::default()).unwrap_err(), "Bad Request: message can't be edited");
    assert_eq!(scene.edit(9, text("x"), Outgoing::default()).unwrap_err(), "Bad Request: message to edit not found");
    let caption = Edit::Caption(Formatted::typed("c"), false);
    let error = scene.edit(2, caption, Outgoing::default()).unwrap_err();
    assert_eq!(error, "Bad Request: there is no caption in the message to edit");
    let photo = scene.edit(2, Edit::Media(Box::new(new_photo())), Outgoing::default()).unwrap();
    assert!(photo["photo"].is_array() && photo.get("text").is_none());
    let error = scene.edit(2, text("x"), Outgoing::default()).unwrap_err();
    assert_eq!(error, "Bad Request: there is no text in the message to edit");
}

#[test]
fn what_is_old_or_gone_cannot_be_deleted() {
    let mut scene = scene();
    let target = |id| MessageTarget { chat: BUYER.into(), message_id: id };
    assert!(scene.world.delete(BOT, &target(1)).is_ok(), "in a private chat also the person's");
    let again = scene.world.delete(BOT, &target(1)).unwrap_err();
    assert_eq!(again.description, "Bad Request: message to delete not found");
    scene.text("old", Outgoing::default()).unwrap();
    assert!(scene.world.delete_many(BOT, &BUYER.into(), &[1, 9]).is_ok(), "what is gone does not matter");
    scene.clock.advance(Duration::from_secs(49 * 3600));
    let late = scene.world.delete(BOT, &target(2)).unwrap_err();
    assert_eq!(late.description, "Bad Request: message can't be deleted");
}

#[test]
fn a_query_is_answered_once_and_in_time() {
    let mut scene = scene();
    scene.text("press", buttons("payload")).unwrap();
    let Pressed::Asked(first) = scene.world.press(BUYER, scene.chat, 2, 0, 0).unwrap() else { panic!("no query") };
    let answer = CallbackAnswer { text: "done".into(), alert: true, url: String::new() };
    let too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    assert_eq!(scene.world.callback_answer(&first), Ok(None));
    scene.world.answer_callback(BOT, &first, answer.clone()).unwrap();
    assert_eq!(scene.world.callback_answer(&first), Ok(Some(&answer)));
    let twice = scene.world.answer_callback(BOT, &first, answer.clone()).unwrap_err();
    assert_eq!(twice.description, too_old);
    let Pressed::Asked(second) = scene.world.press_label(BUYER, scene.chat, "go").unwrap() else { panic!("no query") };
    scene.clock.advance(Duration::from_secs(151));
    assert_eq!(scene.world.answer_callback(BOT, &second, answer).unwrap_err().description, too_old);
    assert!(scene.world.press(BUYER, scene.chat, 2, 0, 1).unwrap_err().text.contains("no button"));
}

#[test]
fn changes_are_versioned_and_old_messages_forgotten() {
    let mut scene = scene();
    scene.text("one", Outgoing::default()).unwrap();
    let version = scene.world.chat(scene.chat).unwrap().version();
    scene.edit(2, Edit::Text(Formatted::typed("two"), None), Outgoing::default()).unwrap();
    scene.world.delete(BOT, &MessageTarget { chat: BUYER.into(), message_id: 1 }).unwrap();
    let chat = scene.world.chat(scene.chat).unwrap();
    assert_eq!(chat.changed_after(version).map(|message| message.id).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(chat.changed_after(0).count(), 2, "each message only once");
    scene.world.keep_messages(10);
    for _ in 0..50 {
        scene.text("more", Outgoing::default()).unwrap();
    }
    let chat = scene.world.chat(scene.chat).unwrap();
    assert_eq!((chat.messages().count(), chat.changed_after(0).count()), (10, 10));
}
