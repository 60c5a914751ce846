//! The world before and after: the same to look at, and no number twice.

use serde_json::json;

use super::*;
use crate::emulator::world::{
    ChatId, ChatKind, ChatRef, Draft, Formatted, Location, Markup, NewChat, Outgoing, ParseMode, Poll, PollRequest,
    Said,
};

const BOT: i64 = 7;
const BUYER: i64 = 1002;

fn png() -> Bytes {
    Bytes::from_static(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0\0\0\0\0IEND\xaeB`\x82")
}

fn world() -> (World, ChatRef, ChatRef) {
    let mut world = World::new(Clock::manual(1_700_000_000_000), 1);
    let people = world.dev_house();
    world.add_bot("7:x", "my_bot", "My Bot").unwrap();
    let (chat, _) = world.open_link(BUYER, "my_bot", "").unwrap();
    world.say(BUYER, chat, "see t.me/my_bot, #tag, @admin and /go").unwrap();
    world.send_photo(BUYER, chat, png(), "a picture").unwrap();
    world.send_document(BUYER, chat, "a.txt", "", Bytes::from_static(b"hello"), "").unwrap();
    world.speak(BUYER, chat, Said::Location(Location { latitude: 1.5, longitude: 2.5 }), None).unwrap();
    let text = Formatted::parse(
        "<b>a</b><i>b</i><a href=\"https://example.org\">c</a><pre><code class=\"language-rust\">d</code></pre>\
         <blockquote expandable>e</blockquote><tg-spoiler>f</tg-spoiler><u>g</u><s>h</s>",
        ParseMode::Html,
    );
    let markup = json!({ "inline_keyboard": [[{ "text": "Go", "callback_data": "go" }]] });
    let how = Outgoing { markup: Markup::read(&markup).unwrap().map(Arc::new), ..Outgoing::default() };
    world.send(BOT, &ChatId::Id(BUYER), Draft::Text(text.unwrap(), None), how).unwrap();
    let group = NewChat {
        kind: ChatKind::Supergroup,
        title: "Club".into(),
        username: Some("club".into()),
        members: people,
        bots: vec![BOT],
    };
    let group = world.add_chat(group).unwrap();
    world.say(BUYER, group, "/hello").unwrap();
    let menu = vec![BotCommand { command: "go".into(), description: "goes".into() }];
    world.set_commands(BOT, Scope::ChatMember(group.api_id(), BUYER), "en", menu).unwrap();
    (world, chat, group)
}

fn resumed(world: &World, saved: &[u8]) -> World {
    let blobs: BTreeMap<String, Bytes> = world.blobs().collect();
    World::resumed(Clock::manual(world.now()), 2, saved, |digest| blobs.get(digest).cloned()).unwrap()
}

fn updates(world: &mut World, offset: i64) -> Vec<(i64, serde_json::Value)> {
    let request = PollRequest { offset, limit: 100, waits: false };
    let Ok(Poll::Ready(batch)) = world.poll(BOT, request, None) else { panic!("a short poll waits for nothing") };
    let read = |json: &Arc<str>| serde_json::from_str::<serde_json::Value>(json).unwrap();
    batch.iter().map(read).map(|update| (update["update_id"].as_i64().unwrap(), update)).collect()
}

fn without_versions(mut messages: Vec<serde_json::Value>) -> Vec<serde_json::Value> {
    for message in &mut messages {
        message.as_object_mut().unwrap().remove("version");
    }
    messages
}

#[test]
fn everything_is_there_again() {
    let (mut world, chat, group) = world();
    let mut again = resumed(&world, &world.saved());
    for place in [chat, group] {
        assert_eq!(without_versions(again.messages(place)), without_versions(world.messages(place)));
        assert_eq!(again.chat_state(again.chat(place).unwrap()), world.chat_state(world.chat(place).unwrap()));
    }
    assert_eq!(again.people().collect::<Vec<_>>(), world.people().collect::<Vec<_>>());
    assert_eq!(again.visible_commands(BUYER, group), world.visible_commands(BUYER, group));
    assert_eq!(again.visible_commands(BUYER, group).unwrap().len(), 1);
    assert_eq!(updates(&mut again, 0), updates(&mut world, 0), "what waits for the bot waits still");
    let photo = &again.messages(chat)[2]["photo"][1]["file_id"];
    assert_eq!(again.file_bytes(photo.as_str().unwrap()).unwrap().0, png());
    assert_eq!(again.bot_by_token("7:x"), Some(BOT));
    // The button is still one, and the bot still knows the person.
    again.press_label(BUYER, chat, "Go").unwrap();
    let text = Draft::Text(Formatted::typed("hello"), None);
    assert!(again.send(BOT, &ChatId::Id(BUYER), text, Outgoing::default()).is_ok());
}

#[test]
fn no_number_is_given_twice() {
    let (mut world, chat, group) = world();
    let saved = world.saved();
    // The moment that a crash loses: others have seen these numbers.
    let lost = [world.say(BUYER, chat, "lost").unwrap(), world.say(BUYER, group, "/lost").unwrap()];
    let seen = updates(&mut world, 0).last().unwrap().0;
    let version = world.chat(chat).unwrap().version();

    let mut again = resumed(&world, &saved);
    let new = [again.say(BUYER, chat, "new").unwrap(), again.say(BUYER, group, "/new").unwrap()];
    assert!(new[0] > lost[0] && new[1] > lost[1], "{new:?} after {lost:?}");
    assert!(again.chat(chat).unwrap().version() > version, "a page that waits for changes sees them");
    // The host confirms what it has had, and gets what is new and nothing else.
    let heard = updates(&mut again, seen + 1);
    assert_eq!(heard.len(), 2);
    assert!(heard.iter().all(|(id, _)| *id > seen), "{heard:?} after {seen}");
    // The same with nothing left in the queue.
    let end = heard[1].0;
    updates(&mut again, end + 1);
    let mut third = resumed(&again, &again.saved());
    third.say(BUYER, chat, "third").unwrap();
    assert!(updates(&mut third, end + 1)[0].0 > end);
}

#[test]
fn a_file_whose_bytes_are_gone_is_lost_and_no_other() {
    let (world, chat, _) = world();
    for bytes in [None, Some(Bytes::from_static(b"something else"))] {
        let of = |digest: &str| match world.blobs().find(|(known, _)| known == digest) {
            Some((_, real)) if real == png() => bytes.clone(),
            found => found.map(|(_, real)| real),
        };
        let again = World::resumed(Clock::manual(world.now()), 2, &world.saved(), of).unwrap();
        let messages = again.messages(chat);
        assert_eq!((messages[2].get("photo"), &messages[2]["caption"]), (None, &json!("a picture")));
        assert_eq!(messages[3]["document"]["file_name"], "a.txt");
        assert_eq!(messages[3]["document"], world.messages(chat)[3]["document"], "under its old id");
    }
}

#[test]
fn every_kind_of_entity_is_read_again() {
    for name in ["bold", "blockquote", "expandable_blockquote", "mention", "bank_card_number", "contact", "location"] {
        assert_eq!(word(json!(name)).unwrap(), name);
    }
    assert!(word(json!("nonsense")).is_err());
}
