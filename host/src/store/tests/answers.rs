//! Answers from outside: kept for the event, gone with it; what they cost stays; one message grows for one question.

use bytes::Bytes;

use super::*;

fn answer(kind: AnswerKind, number: u32, question: &str) -> StoredAnswer {
    let answer = Bytes::from(format!("\"to {question} \\u0000\""));
    StoredAnswer { kind, number, attempt: 0, question: question.into(), answer }
}

const ROWS: &str = "SELECT COUNT(*) FROM answers";

#[tokio::test]
async fn answers_are_there_for_the_next_run_and_end_with_the_event() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &tables()).await.unwrap();
        let lane = begin_turn(&store, 1, 5).await;
        let event = lane.events[0].seq;
        assert_eq!(store.answers_of(event).await.unwrap(), []);
        let mut kept =
            vec![answer(AnswerKind::Http, 0, "a"), answer(AnswerKind::Http, 1, "b"), answer(AnswerKind::Llm, 0, "c")];
        for one in &kept {
            store.keep_answer(event, Some(one.clone()), None, None).await.unwrap();
        }
        store.keep_answer(event + 1, Some(answer(AnswerKind::Http, 0, "of another event")), None, None).await.unwrap();
        assert_eq!(store.answers_of(event).await.unwrap(), kept);
        // Another question under the same number takes its place.
        kept[1] = StoredAnswer { attempt: 3, ..answer(AnswerKind::Http, 1, "d") };
        store.keep_answer(event, Some(kept[1].clone()), None, None).await.unwrap();
        assert_eq!(store.answers_of(event).await.unwrap(), kept);

        // A turn that is tried again keeps them; a commit takes them along.
        let again = Failed::RetryAt { at: START, reason: "r".into(), digest: Some("ab".into()) };
        store.fail_turn(&lane.lease, event, again, Then::Release).await.unwrap();
        assert_eq!(place.number(&store, ROWS).await, 4);
        let lane = store.claim_turns(10, &loaded()).await.unwrap().lanes.remove(0);
        let commit = TurnCommit { asked: true, ..turn(event, &tables) };
        store.commit_turn(&lane.lease, commit, Then::Release).await.unwrap();
        assert_eq!(store.answers_of(event).await.unwrap(), []);
        assert_eq!(place.number(&store, ROWS).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_event_that_is_given_up_takes_them_along_and_the_rest_is_tidied() {
    each_database(async |place| {
        let store = place.open().await;
        let tables = store.declare(&cards(), &tables()).await.unwrap();
        let (dies, forgets, waits) =
            (begin_turn(&store, 1, 5).await, begin_turn(&store, 2, 6).await, begin_turn(&store, 3, 7).await);
        for lane in [&dies, &forgets, &waits] {
            let one = answer(AnswerKind::Llm, 0, "a");
            store.keep_answer(lane.events[0].seq, Some(one), None, None).await.unwrap();
        }
        store.fail_turn(&dies.lease, dies.events[0].seq, dead("r"), Then::Release).await.unwrap();
        assert_eq!(place.number(&store, ROWS).await, 2);
        store.commit_turn(&forgets.lease, turn(forgets.events[0].seq, &tables), Then::Release).await.unwrap();
        assert_eq!(place.number(&store, ROWS).await, 2);
        place.clock.advance(Duration::from_secs(3_500));
        store.tidy().await.unwrap();
        assert_eq!(place.number(&store, ROWS).await, 2, "it may just be being written");
        place.clock.advance(Duration::from_secs(200));
        store.tidy().await.unwrap();
        assert_eq!(store.answers_of(waits.events[0].seq).await.unwrap().len(), 1);
        assert_eq!(place.number(&store, ROWS).await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_used_up_is_counted_by_bot_chat_and_day() {
    each_database(async |place| {
        let store = place.open().await;
        for (bot, chat, day, tokens) in
            [(7, 1, 100, 10), (7, 1, 100, 5), (7, 2, 100, 3), (7, 1, 101, 7), (8, 1, 100, 90)]
        {
            let spent = Spent { bot: BotId(bot), chat, day, tokens };
            store.keep_answer(1, None, Some(spent), None).await.unwrap();
        }
        assert_eq!(store.spent(BOT, 1, 100).await.unwrap(), (18, 15));
        assert_eq!(store.spent(BOT, 2, 100).await.unwrap(), (18, 3));
        assert_eq!(store.spent(BOT, 3, 100).await.unwrap(), (18, 0));
        assert_eq!(store.spent(BOT, 1, 101).await.unwrap(), (7, 7));
        assert_eq!(store.spent(BOT, 1, 102).await.unwrap(), (0, 0));
        store.tidy().await.unwrap();
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM llm_usage").await, 0, "1970 is more than 60 days ago");
    })
    .await;
}

fn shown(event: i64, number: u32, reference: i64) -> ShownIn {
    ShownIn { bot: BOT, plugin: cards(), event, number, chat: 5, reference }
}

fn first(reference: i64) -> NewCall {
    NewCall { reference: Some(reference), ..call(5, "first") }
}

fn edit(reference: i64, text: &str) -> NewCall {
    NewCall { about: Some(reference), method: "editMessageText".into(), ..call(5, text) }
}

fn texts(lane: &ClaimedSends) -> Vec<String> {
    lane.calls.iter().map(|call| format!("{} {}", call.method, call.body)).collect()
}

#[tokio::test]
async fn one_message_grows_and_only_its_latest_edit_waits() {
    each_database(async |place| {
        let store = place.open().await;
        let event = begin_turn(&store, 1, 5).await.events[0].seq;
        assert!(store.show(shown(event, 0, 70), first(70)).await.unwrap());
        assert!(!store.show(shown(event, 0, 71), first(71)).await.unwrap(), "the question is shown already");
        assert!(store.show(shown(event, 1, 72), first(72)).await.unwrap(), "another one may be, too");
        let known = store.answers_of(event).await.unwrap();
        assert_eq!(known.iter().map(|one| one.kind).collect::<Vec<_>>(), [AnswerKind::Shown; 2]);
        assert_eq!(known[0].answer, "70");
        for text in ["one", "two", "three"] {
            assert!(store.show(shown(event, 0, 70), edit(70, text)).await.unwrap());
        }
        store.show(shown(event, 1, 72), edit(72, "of the other")).await.unwrap();
        let sends = claim_sends(&store, 10).await.remove(0);
        let edited = |text: &str| format!("editMessageText {{\"text\":\"{text}\"}}");
        let sent = "sendMessage {\"text\":\"first\"}".to_owned();
        assert_eq!(texts(&sends), [sent.clone(), sent, edited("three"), edited("of the other")]);
        assert_eq!(sends.calls[0].plugin, Some(cards()));
        // What is in the air stays as it is.
        store.show(shown(event, 0, 70), edit(70, "four")).await.unwrap();
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM outbox WHERE state = 0").await, 5);
        // The plugin can edit it from now on.
        let message = store.message_of(BOT, &cards(), 70).await.unwrap().unwrap();
        assert_eq!((message.chat, message.state), (5, SendState::Waiting));
    })
    .await;
}

#[tokio::test]
async fn an_answer_ends_what_was_shown_of_it() {
    each_database(async |place| {
        let store = place.open().await;
        let event = begin_turn(&store, 1, 5).await.events[0].seq;
        let waiting = "SELECT COUNT(*) FROM outbox WHERE state = 0";
        let delete = || NewCall { about: Some(70), method: "deleteMessage".into(), ..call(5, "") };

        // It is there: the message stays, and no edit comes between it and what the plugin makes of it.
        store.show(shown(event, 0, 70), first(70)).await.unwrap();
        store.show(shown(event, 0, 70), edit(70, "one")).await.unwrap();
        store.keep_answer(event, None, None, Some(ShownEnd::Stays(shown(event, 0, 70)))).await.unwrap();
        assert_eq!(place.number(&store, waiting).await, 1);
        assert_eq!(store.answers_of(event).await.unwrap().len(), 1);

        // There is none: a message that nobody has seen is not sent, and another one may be shown.
        let goes = || ShownEnd::Goes(shown(event, 0, 70), delete());
        store.keep_answer(event, None, None, Some(goes())).await.unwrap();
        assert_eq!(place.number(&store, waiting).await, 0);
        assert_eq!(store.answers_of(event).await.unwrap(), []);

        // One that may have been sent is deleted.
        store.show(shown(event, 0, 70), first(70)).await.unwrap();
        let sends = claim_sends(&store, 10).await.remove(0);
        store.show(shown(event, 0, 70), edit(70, "one")).await.unwrap();
        store.keep_answer(event, None, None, Some(goes())).await.unwrap();
        let mark =
            Mark { seq: sends.calls[0].seq, outcome: SendOutcome::Sent { message_id: Some(3) }, uploaded: vec![] };
        mark_sends(&store, &sends.lease, vec![mark], Then::Release).await;
        let sends = claim_sends(&store, 10).await.remove(0);
        assert_eq!(texts(&sends), ["deleteMessage {\"text\":\"\"}"]);
    })
    .await;
}
