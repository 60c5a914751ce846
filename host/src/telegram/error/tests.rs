use super::*;

fn refusal(code: u16, description: &str) -> Refusal {
    Refusal { code, description: description.into(), retry_after: None, migrate_to: None, from_api: true }
}

/// Code, description, decision: the texts that the Bot API and its public clients are known to have seen.
const SEEN: &[(u16, &str, Decision)] = &[
    (401, "Unauthorized", Decision::StopBot),
    (401, "Unauthorized: invalid token specified", Decision::StopBot),
    (401, "Unauthorized: invalid api-id/api-hash", Decision::StopBot),
    (404, "Not Found", Decision::StopBot),
    (404, "Not Found: method not found", Decision::Dead),
    (421, "Misdirected Request: unallowed token specified", Decision::StopBot),
    (400, "Logged out", Decision::StopBot),
    (
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
        Decision::Conflict,
    ),
    (
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        Decision::Conflict,
    ),
    (409, "Conflict: terminated by setWebhook request", Decision::Conflict),
    (429, "Too Many Requests: retry after 34", Decision::RetryAfter(Duration::from_secs(34))),
    (429, "Too Many Requests: retry after 18053", Decision::RetryAfter(Duration::from_secs(18053))),
    (429, "Too Many Requests", Decision::RetryAfter(UNSTATED_PAUSE)),
    (403, "Forbidden: bot was blocked by the user", Decision::ChatGone),
    (403, "Forbidden: user is deactivated", Decision::ChatGone),
    (403, "Forbidden: bot can't initiate conversation with a user", Decision::ChatGone),
    (403, "Forbidden: the bot can't send messages to the bot", Decision::ChatGone),
    (403, "Forbidden: bot was kicked from the supergroup chat", Decision::ChatGone),
    (403, "Forbidden: bot is not a member of the channel chat", Decision::ChatGone),
    (403, "Forbidden: the group chat was deleted", Decision::ChatGone),
    (403, "Forbidden: not enough rights to send text messages to the chat", Decision::Dead),
    (403, "Forbidden: CHAT_WRITE_FORBIDDEN", Decision::Dead),
    (401, "Unauthorized: bot can't initiate conversation with a user", Decision::ChatGone),
    (401, "Unauthorized: bot was kicked from a chat", Decision::ChatGone),
    (401, "Unauthorized: bot can't send messages to bots", Decision::ChatGone),
    (400, "Bad Request: chat not found", Decision::ChatGone),
    (400, "[Error]: Bad Request: chat not found", Decision::ChatGone),
    (400, "Bad Request: private chat not found", Decision::ChatGone),
    (400, "Bad Request: PEER_ID_INVALID", Decision::ChatGone),
    (400, "Bad Request: group is deactivated", Decision::ChatGone),
    (400, "Bad Request: chat_id is empty", Decision::Dead),
    (400, "Bad Request: message thread not found", Decision::Dead),
    (400, "Bad Request: TOPIC_CLOSED", Decision::Dead),
    (400, "Bad Request: CHAT_ADMIN_REQUIRED", Decision::Dead),
    (400, "Bad Request: not enough rights to send text messages to the chat", Decision::Dead),
    (400, "Bad Request: chat description is not modified", Decision::Done),
    (400, "Bad Request: message text is empty", Decision::Dead),
    (400, "Bad Request: message is too long", Decision::Dead),
    (400, "Bad Request: MESSAGE_TOO_LONG", Decision::Dead),
    (400, "Bad Request: message caption is too long", Decision::Dead),
    (
        400,
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a \
         current content and reply markup of the message",
        Decision::Done,
    ),
    (400, "Bad Request: message is not modified", Decision::Done),
    (400, "Bad Request: message to edit not found", Decision::Dead),
    (400, "Bad Request: message to delete not found", Decision::Done),
    (400, "Bad Request: message can't be edited", Decision::Dead),
    (400, "Bad Request: message can't be deleted", Decision::Dead),
    (400, "Bad Request: MESSAGE_ID_INVALID", Decision::Dead),
    (
        400,
        "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 582",
        Decision::BadEntities,
    ),
    (400, "Bad Request: can't parse entities: Unsupported start tag \"abac\" at byte offset 13", Decision::BadEntities),
    (
        400,
        "Bad Request: can't parse entities in message text: Can't find end of the entity starting at byte offset 9",
        Decision::BadEntities,
    ),
    (
        400,
        "Bad Request: entity beginning at UTF-16 offset 7 ends after the end of the text at UTF-16 offset 9",
        Decision::BadEntities,
    ),
    (400, "Bad Request: entity begins in a middle of a UTF-16 symbol at byte offset 3", Decision::BadEntities),
    (400, "Bad Request: ENTITY_MENTION_USER_INVALID", Decision::BadEntities),
    (400, "Bad Request: query is too old and response timeout expired or query ID is invalid", Decision::Expired),
    (400, "Bad Request: QUERY_ID_INVALID", Decision::Expired),
    (400, "Bad Request: BUTTON_DATA_INVALID", Decision::Dead),
    (400, "Bad Request: reply markup is too long", Decision::Dead),
    (400, "Bad Request: BOT_SCORE_NOT_MODIFIED", Decision::Done),
    (400, "Bad Request: file is too big", Decision::Dead),
    (413, "Request Entity Too Large", Decision::Dead),
    (400, "Bad Request: wrong file_id or the file is temporarily unavailable", Decision::WrongFile),
    (400, "Bad Request: invalid file id", Decision::WrongFile),
    (400, "Bad Request: wrong file identifier/HTTP URL specified", Decision::WrongFile),
    (400, "Bad Request: wrong remote file identifier specified: Wrong string length", Decision::WrongFile),
    (400, "Bad Request: wrong remote file id specified: Wrong padding in the string", Decision::WrongFile),
    (400, "Bad Request: IMAGE_PROCESS_FAILED", Decision::Dead),
    (400, "Bad Request: group send failed", Decision::Dead),
    (400, "Bad Request: something Telegram will invent next year", Decision::Dead),
    (418, "I'm a teapot", Decision::Dead),
    (500, "Internal Server Error: restart", Decision::Retry),
    (500, "Internal Server Error: closing", Decision::Retry),
    (500, "Internal Server Error: sent message was immediately deleted and can't be returned", Decision::Done),
    (502, "Bad Gateway", Decision::Retry),
];

#[test]
fn every_text_that_was_seen_leads_to_its_decision() {
    for (code, description, expected) in SEEN {
        assert_eq!(refusal(*code, description).decide(), *expected, "{code} {description}");
    }
}

#[test]
fn the_numbers_beside_the_text_win_over_the_text() {
    let flood = Refusal { retry_after: Some(6470), ..refusal(429, "Too Many Requests: retry after 3") };
    assert_eq!(flood.decide(), Decision::RetryAfter(Duration::from_secs(6470)));
    for text in [
        "Bad Request: group chat was upgraded to a supergroup chat",
        "Bad Request: group chat is migrated to supergroup chat",
    ] {
        let moved = Refusal { migrate_to: Some(-1_001_557), ..refusal(400, text) };
        assert_eq!(moved.decide(), Decision::Migrate(-1_001_557));
        assert_eq!(refusal(400, text).decide(), Decision::Dead, "without the new id there is nowhere to go");
    }
}

#[test]
fn a_page_of_html_is_about_the_way_and_not_about_the_call() {
    for code in [400, 401, 403, 404, 502, 504] {
        let page = Refusal { from_api: false, ..refusal(code, "an answer that is not the Bot API's") };
        assert_eq!(page.decide(), Decision::Retry, "{code}");
        assert_eq!(CallError::Refused(page).is_ambiguous(), code >= 500, "{code}");
    }
    let too_large = Refusal { from_api: false, ..refusal(413, "") };
    assert_eq!(too_large.decide(), Decision::Dead);
}

#[test]
fn only_what_may_have_arrived_is_ambiguous() {
    assert!(!CallError::NotSent("connection refused".into()).is_ambiguous());
    assert!(CallError::Ambiguous("connection reset".into()).is_ambiguous());
    for (code, description, ambiguous) in [
        (429, "Too Many Requests: retry after 1", false),
        (400, "Bad Request: chat not found", false),
        (500, "Internal Server Error: restart", true),
        (500, "Internal Server Error: sent message was immediately deleted and can't be returned", false),
    ] {
        assert_eq!(CallError::Refused(refusal(code, description)).is_ambiguous(), ambiguous, "{description}");
    }
}
