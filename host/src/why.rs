//! Why did that happen? What became of an update or an event, for a person who is not the author: who saw it, who passed
//! and why, who claimed it, how its turns ended, what was sent and when Telegram took it.
//!
//! One text serves `guesthouse why` and `/why` in Telegram. It is gathered from the database ([`Desk`]) and knows nothing of
//! who asks; whether somebody may, those who answer decide.

use std::fmt::Write as _;

use serde_json::Value;

use crate::clock::Millis;
use crate::model::BotId;
use crate::store::{CallRow, Desk, EventRow, StoreError, TurnEnd, TurnRow, UpdateRow};

/// Characters of what somebody wrote that are shown.
const SAID: usize = 120;
/// Kinds of updates with a message in them.
const MESSAGES: [&str; 6] =
    ["message", "edited_message", "channel_post", "edited_channel_post", "business_message", "edited_business_message"];

/// What became of an update, or of an event without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The update; `None`: there is none, or it is not kept any more.
    pub update: Option<UpdateRow>,
    /// Its events, in the order in which they were made.
    pub events: Vec<Fate>,
}

/// An event, its turns and its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// The event.
    pub event: EventRow,
    /// Its turns that are in the journal.
    pub turns: Vec<TurnRow>,
    /// What they sent.
    pub calls: Vec<CallRow>,
}

/// What is known of a message in a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfMessage {
    /// The event behind it, and the call that made it if it is the bot's.
    Known(Box<Why>),
    /// The host itself sent it.
    Host,
    /// Nothing.
    Unknown,
}

/// What became of an update.
pub async fn of_update(desk: &Desk, update: UpdateRow) -> Result<Why, StoreError> {
    let mut events = Vec::new();
    for event in desk.events_of(update.seq).await? {
        events.push(fate(desk, event).await?);
    }
    Ok(Why { update: Some(update), events })
}

/// What became of an event and of all that came of the same update; `None`: there is no such event.
pub async fn of_event(desk: &Desk, seq: i64) -> Result<Option<Why>, StoreError> {
    let Some(event) = desk.event(seq).await? else { return Ok(None) };
    let update = match event.update {
        Some(update) => desk.update_by_seq(update).await?,
        None => None,
    };
    match update {
        Some(update) => of_update(desk, update).await.map(Some),
        None => Ok(Some(Why { update: None, events: vec![fate(desk, event).await?] })),
    }
}

/// What is behind a message, the bot's or a person's.
pub async fn of_message(desk: &Desk, bot: BotId, chat: i64, message: i64) -> Result<OfMessage, StoreError> {
    if let Some(call) = desk.call_of(bot, chat, message).await? {
        let Some(event) = call.event else { return Ok(OfMessage::Host) };
        return Ok(of_event(desk, event).await?.map_or(OfMessage::Unknown, |why| OfMessage::Known(Box::new(why))));
    }
    let found = desk.updates_with(bot, chat, message).await?;
    // The oldest of them brought it; the others answer it or change it.
    match found.into_iter().rev().find(|update| brings(&update.raw, chat, message)) {
        Some(update) => Ok(OfMessage::Known(Box::new(of_update(desk, update).await?))),
        None => Ok(OfMessage::Unknown),
    }
}

/// Whether an update is about this message itself.
fn brings(raw: &str, chat: i64, message: i64) -> bool {
    let update: Value = serde_json::from_str(raw).unwrap_or_default();
    MESSAGES.iter().map(|kind| &update[*kind]).any(|it| it["message_id"] == message && it["chat"]["id"] == chat)
}

async fn fate(desk: &Desk, event: EventRow) -> Result<Fate, StoreError> {
    Ok(Fate { turns: desk.turns_of(event.seq).await?, calls: desk.calls_of(event.seq).await?, event })
}

/// It in words.
pub fn text(why: &Why) -> String {
    let mut text = String::new();
    match &why.update {
        Some(update) => {
            let bot = if update.username.is_empty() { update.bot.to_string() } else { format!("@{}", update.username) };
            let kind = update.kind.replace('_', " ");
            let _ = writeln!(text, "Update {} of {bot}: {kind}, stored {}", update.update_id, time(update.received_at));
            if let Some(said) = said(&update.raw) {
                let _ = writeln!(text, "{said}");
            }
            if why.events.is_empty() {
                text.push_str("No plugin asked for it, or it was for somebody else's bot; nothing was done.\n");
            }
        }
        None => {
            for fate in &why.events {
                let what = fate.event.payload.as_deref().unwrap_or("the update is not kept any more");
                let _ =
                    writeln!(text, "Event {}, made {}: {}", fate.event.seq, time(fate.event.created_at), short(what));
            }
        }
    }
    for fate in &why.events {
        text.push('\n');
        one(&mut text, fate);
    }
    let claimed = why.events.iter().find(|fate| fate.event.chain.is_some() && fate.event.passed.is_none());
    if let Some(Fate { event, .. }) = claimed {
        let next = event.chain.as_deref().unwrap_or_default().replace(',', ", ");
        let because = if event.state == 0 { "have not been asked yet" } else { "were not asked" };
        let _ = writeln!(text, "\n{next}: {because}, as {} came before them", event.part);
    }
    text
}

fn one(text: &mut String, Fate { event, turns, calls }: &Fate) {
    let reads_along = event.part.contains('/');
    let took = event.ended_at.map(|end| span(end - event.created_at)).unwrap_or_default();
    let reason = event.reason.as_deref().map(short);
    let verdict = match (event.state, &event.passed) {
        (0, _) if event.attempts > 0 => {
            format!("failed {} and is tried again at {}", times(event.attempts), time(event.due_at))
        }
        (0, _) => "waits for its turn".to_owned(),
        (1, Some(passed)) => format!("passed after {took}: {}", short(passed)),
        (1, None) if reads_along => format!("read it, done after {took}"),
        (1, None) if calls.is_empty() => format!("claimed it and said nothing, done after {took}"),
        (1, None) => format!("claimed it, done after {took}"),
        (2, _) => format!("gave it up after {took}: a dead letter (`guesthouse dead retry {}`)", event.seq),
        (3, _) => format!("it expired after {took}"),
        _ => "gave it up, and an operator has put it away".to_owned(),
    };
    let _ = writeln!(text, "{}: {verdict}", event.part);
    // Once it was done, an old reason says nothing.
    if let (Some(reason), true) = (reason, event.state != 1) {
        let _ = writeln!(text, "  why: {reason}");
    }
    for turn in turns {
        let _ = writeln!(text, "  {}", turn_line(turn));
    }
    if turns.is_empty() && event.state != 0 {
        text.push_str("  its turns are not in the journal\n");
    }
    for call in calls {
        let _ = writeln!(text, "  {}", call_line(call));
    }
}

fn turn_line(turn: &TurnRow) -> String {
    let ms = |micros: i64| format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100);
    let conflicts = match turn.conflicts {
        0 => String::new(),
        count => format!(", ran again {} because what it had read changed", times(count)),
    };
    let verdict = match (turn.end, &turn.reason) {
        (TurnEnd::Committed | TurnEnd::Passed, _) => turn.end.word().to_owned(),
        (end, Some(reason)) => format!("{}, {}", end.word(), short(reason)),
        (end, None) => end.word().to_owned(),
    };
    format!(
        "turn {} at {}: {verdict} ({}, {} of it computing, {} KiB{conflicts})",
        turn.seq,
        time(turn.at),
        ms(turn.elapsed_us),
        ms(turn.cpu_us),
        turn.memory_kib
    )
}

fn call_line(call: &CallRow) -> String {
    let body: Value = serde_json::from_str(&call.body).unwrap_or_default();
    let words = body["text"].as_str().or(body["caption"].as_str()).map(|text| format!(" “{}”", short(text)));
    let what = format!("{}{} to chat {}", call.method, words.unwrap_or_default(), call.chat);
    let mut fate = match (call.state, call.ended_at) {
        (0, _) => "waits to be sent".to_owned(),
        (1, Some(end)) => match call.message_id {
            Some(message) => format!("Telegram took it {} as message {message}", time(end)),
            None => format!("Telegram took it {}", time(end)),
        },
        (2, _) => "was given up".to_owned(),
        (3, _) => "expired before it could be sent".to_owned(),
        _ => "sent".to_owned(),
    };
    if let Some(reason) = &call.reason {
        let _ = write!(fate, ": {}", short(reason));
    }
    if call.attempts > 0 {
        let _ = write!(fate, "; {} failed", count(call.attempts, "call"));
    }
    if call.ambiguous > 0 {
        let _ = write!(fate, "; {} may have arrived without an answer", count(call.ambiguous, "call"));
    }
    format!("{what}: {fate}")
}

/// Who wrote or did what.
fn said(raw: &str) -> Option<String> {
    let update: Value = serde_json::from_str(raw).ok()?;
    let what = update.as_object()?.iter().find(|(_, value)| value.is_object()).map(|(_, value)| value)?;
    let who = what["from"]["id"].as_i64().map(|id| format!("user {id}"));
    let chat = what["chat"]["id"].as_i64().or(what["message"]["chat"]["id"].as_i64());
    let place = chat.map(|chat| format!(" in chat {chat}")).unwrap_or_default();
    let words = what["text"].as_str().or(what["caption"].as_str());
    let words = words.map(|words| format!(": “{}”", short(words))).unwrap_or_default();
    Some(format!("{}{place}{words}", who.unwrap_or_else(|| "nobody in particular".into())))
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(SAID).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

fn times(number: i64) -> String {
    match number {
        1 => "once".into(),
        2 => "twice".into(),
        number => format!("{number} times"),
    }
}

fn count(number: i64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn span(millis: Millis) -> String {
    match millis {
        ..1_000 => format!("{} ms", millis.max(0)),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

fn time(millis: Millis) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| millis.to_string(), |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(part: &str, state: i64) -> EventRow {
        EventRow {
            seq: 5,
            update: Some(1),
            part: part.into(),
            chat: 7,
            state,
            attempts: 0,
            created_at: 0,
            due_at: 0,
            ended_at: Some(1_500),
            reason: None,
            passed: None,
            chain: None,
            payload: None,
        }
    }

    #[test]
    fn it_reads_like_a_story() {
        let raw = r#"{"update_id":9,"message":{"message_id":3,"from":{"id":7},"chat":{"id":7},"text":"who\nam I"}}"#;
        let update = UpdateRow {
            seq: 1,
            bot: BotId(1),
            username: "a_bot".into(),
            update_id: 9,
            kind: "message".into(),
            raw: raw.into(),
            received_at: 0,
        };
        let turn = TurnRow {
            seq: 12,
            event: 5,
            bot: BotId(1),
            username: "a_bot".into(),
            part: "profile".into(),
            chat: 7,
            user: Some(7),
            at: 1_000,
            end: TurnEnd::Committed,
            attempt: 0,
            conflicts: 1,
            cpu_us: 1_234,
            elapsed_us: 5_678,
            memory_kib: 1_088,
            reason: None,
            size: 1,
        };
        let call = CallRow {
            seq: 1,
            event: Some(5),
            chat: 7,
            method: "sendMessage".into(),
            body: r#"{"text":"You are Ann."}"#.into(),
            state: 1,
            attempts: 1,
            ambiguous: 0,
            created_at: 1_400,
            ended_at: Some(2_000),
            message_id: Some(44),
            reason: None,
        };
        let passed = EventRow { passed: Some("no card".into()), ..event("cards", 1) };
        let claimed = EventRow { chain: Some("assistant".into()), ..event("profile", 1) };
        let why = Why {
            update: Some(update),
            events: vec![
                Fate { event: passed, turns: vec![], calls: vec![] },
                Fate { event: claimed, turns: vec![turn], calls: vec![call] },
            ],
        };
        assert_eq!(
            text(&why),
            "Update 9 of @a_bot: message, stored 1970-01-01T00:00:00.000Z\n\
             user 7 in chat 7: “who am I”\n\n\
             cards: passed after 1.5 s: no card\n  its turns are not in the journal\n\n\
             profile: claimed it, done after 1.5 s\n  \
             turn 12 at 1970-01-01T00:00:01.000Z: committed (5.6 ms, 1.2 ms of it computing, 1088 KiB, ran again once because \
             what it had read changed)\n  \
             sendMessage “You are Ann.” to chat 7: Telegram took it 1970-01-01T00:00:02.000Z as message 44; 1 call failed\n\n\
             assistant: were not asked, as profile came before them\n"
        );
    }

    #[test]
    fn a_message_is_its_own() {
        let raw = r#"{"update_id":9,"message":{"message_id":8,"chat":{"id":7},"reply_to_message":{"message_id":3,"chat":{"id":7}}}}"#;
        assert!(brings(raw, 7, 8) && !brings(raw, 7, 3) && !brings(raw, 8, 8));
    }
}
