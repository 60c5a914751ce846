use std::collections::{BTreeMap, VecDeque};

use super::*;

const BOT: BotId = BotId(1);
const GROUP: i64 = -5;

fn paces(pace: Pace) -> Paces {
    let mut paces = Paces::default();
    paces.set(BOT, pace);
    paces
}

fn only(set: impl FnOnce(&mut Pace)) -> Paces {
    let mut pace = Pace { burst_in_chat: 3, ..Pace::default() };
    set(&mut pace);
    paces(pace)
}

/// When a chat that always has something more to say gets its messages, up to `until`.
fn times(paces: &mut Paces, chat: i64, until: Millis) -> Vec<Millis> {
    let (mut now, mut times) = (1_000_000, Vec::new());
    let end = now + until;
    while now < end {
        match paces.chat_waits(now, BOT, chat) {
            Some(time) => now = time,
            None => {
                paces.sent(now, BOT, chat, 1);
                times.push(now - 1_000_000);
            }
        }
    }
    times
}

#[test]
fn a_place_is_paid_when_it_is_used() {
    let mut paces = only(|pace| pace.per_second = 30);
    // A claim that stands has paid for places; its chats come ten seconds later.
    assert_eq!(paces.places(1_000_000, BOT, 3), Places::Paid(3));
    paces.give_back(BOT, 3);
    paces.pay(1_010_000, BOT, 3);
    assert!(matches!(paces.places(1_010_000, BOT, 1), Places::NoneUntil(_)), "the line is as full as it can be");
    assert_eq!(paces.places(1_020_000, BOT, 9), Places::Paid(3), "and no fuller");
}

#[test]
fn a_chat_gets_a_burst_and_then_one_a_second() {
    let mut paces = only(|pace| pace.per_second_in_chat = 1);
    assert_eq!(times(&mut paces, 7, 3_500), [0, 0, 0, 1_000, 2_000, 3_000]);
    assert_eq!(paces.chat_waits(1_004_000, BOT, 8), None, "another chat has its own");
    assert_eq!(paces.chat_waits(1_004_000, BotId(2), 7), None, "and so has another bot");
}

#[test]
fn a_group_gets_so_many_in_any_minute_and_no_more() {
    let mut paces = only(|pace| pace.per_minute_in_group = 20);
    let times = times(&mut paces, GROUP, 600_000);
    for (index, first) in times.iter().enumerate() {
        let within = times[index..].iter().take_while(|time| **time < first + 60_000).count();
        assert!(within <= 20, "{within} in the minute from {first}");
    }
    assert!(times.len() >= 100, "half of them keep flowing: {}", times.len());
    assert_eq!(times[..11], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6_000]);
    assert_eq!(paces.chat_waits(1_000_000, BOT, 5), None, "a private chat is none");
}

#[test]
fn an_album_is_paid_afterwards() {
    let mut paces = only(|pace| pace.per_second_in_chat = 1);
    paces.sent(0, BOT, 7, 10);
    assert_eq!(paces.chat_waits(0, BOT, 7), Some(8_000), "ten at once are seven more than the burst, and the next");
}

#[test]
fn what_is_not_used_is_given_back() {
    let mut paces = only(|pace| pace.per_second = 30);
    assert_eq!(paces.places(1_000, BOT, 64), Places::Paid(3));
    assert_eq!(paces.places(1_000, BOT, 64), Places::NoneUntil(1_034));
    paces.give_back(BOT, 2);
    assert_eq!(paces.places(1_000, BOT, 64), Places::Paid(2));
    assert_eq!(only(|_| ()).places(0, BOT, 64), Places::Free);
}

#[test]
fn new_messages_count_and_nothing_else() {
    for (method, body, count) in [
        ("sendMessage", "{}", 1),
        ("sendPhoto", "{}", 1),
        ("sendMediaGroup", r#"{"media":[{},{},{}]}"#, 3),
        ("sendMediaGroup", "nonsense", 1),
        ("copyMessages", r#"{"message_ids":[1,2]}"#, 2),
        ("forwardMessage", "{}", 1),
        ("sendChatAction", "{}", 0),
        ("editMessageText", "{}", 0),
        ("deleteMessage", "{}", 0),
        ("answerCallbackQuery", "{}", 0),
    ] {
        assert_eq!(messages_of(method, body), count, "{method}");
    }
}

#[test]
fn quiet_chats_are_forgotten() {
    let mut paces = only(|pace| pace.per_second_in_chat = 1);
    for chat in 0..100_000 {
        paces.sent(chat, BOT, chat, 1);
    }
    assert!(paces.chats.len() <= 2 * SWEEP + 1_000, "{}", paces.chats.len());
}

/// A simulation of the line: chats with something to say, by when they began to wait, as the database has them.
/// Returns when each message went out.
fn line(
    paces: &mut Paces,
    mut waiting: BTreeMap<(Millis, i64), VecDeque<Millis>>,
    until: Millis,
) -> Vec<(Millis, i64)> {
    let mut sent = Vec::new();
    for now in 0..until {
        let due: Vec<_> = waiting.range(..=(now, i64::MAX)).map(|(key, _)| *key).collect();
        let Places::Paid(places) = paces.places(now, BOT, due.len().max(1)) else { continue };
        for key in due.iter().take(places) {
            let mut messages = waiting.remove(key).unwrap();
            match paces.chat_waits(now, BOT, key.1) {
                None => {
                    messages.pop_front();
                    paces.sent(now, BOT, key.1, 1);
                    sent.push((now, key.1));
                }
                Some(_) => paces.give_back(BOT, 1),
            }
            if !messages.is_empty() {
                // To the end of the line, or to where its own bucket lets it stand.
                let next = paces.chat_waits(now, BOT, key.1).unwrap_or(now).max(now + 1);
                waiting.insert((next, key.1), messages);
            }
        }
        paces.give_back(BOT, places - due.len().min(places));
    }
    sent
}

#[test]
fn a_chat_with_a_thousand_messages_does_not_delay_another_one() {
    for in_chat in [0, 1] {
        let mut paces = only(|pace| (pace.per_second, pace.per_second_in_chat) = (30, in_chat));
        let mut waiting = BTreeMap::from([((0, 1), VecDeque::from(vec![0; 1_000]))]);
        // Others come later, one message each.
        for chat in 2..=11 {
            waiting.insert((500 + chat, chat), VecDeque::from(vec![0]));
        }
        let sent = line(&mut paces, waiting, 20_000);
        for chat in 2..=11 {
            let (time, _) = sent.iter().find(|(_, to)| *to == chat).unwrap();
            // Ten others and the loud one: eleven places in line at 33 ms each.
            assert!(*time <= 500 + chat + 11 * 34, "chat {chat} had to wait until {time}");
        }
        let in_a_second = |from| sent.iter().filter(|(time, _)| (from..from + 1_000).contains(time)).count();
        assert!((0..19_000).all(|from| in_a_second(from) <= 33), "never faster than allowed");
        let loud = sent.iter().filter(|(_, to)| *to == 1).count();
        if in_chat == 0 {
            assert!(loud >= 570, "whoever is alone has it all: {loud}");
        } else {
            assert_eq!(loud, 22, "three and then one a second");
        }
    }
}

#[test]
fn everybody_gets_a_message_before_anybody_gets_two() {
    let mut paces = only(|pace| pace.per_second = 30);
    let waiting = (1..=50).map(|chat| ((0, chat), VecDeque::from(vec![0; 20]))).collect();
    let sent = line(&mut paces, waiting, 10_000);
    for round in sent.chunks_exact(50).take(5) {
        let mut chats: Vec<_> = round.iter().map(|(_, chat)| *chat).collect();
        chats.sort_unstable();
        assert_eq!(chats, (1..=50).collect::<Vec<_>>());
    }
}
