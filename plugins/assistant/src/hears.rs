//! Whether somebody speaks to the bot, and what is said: everything in a private chat; in a group what names the bot or
//! answers it.

use guesthouse_plugin::{Command, Content, EntityKind, Message, User, config, update};

/// What somebody said to the bot.
pub(crate) struct Heard<'a> {
    pub(crate) message: &'a Message,
    pub(crate) user: &'a User,
    /// The words, without the bot's name; empty for a picture without any.
    pub(crate) said: String,
    /// Whether only the two of them talk.
    pub(crate) private: bool,
}

/// A message, if it is spoken to the bot.
pub(crate) fn spoken_to(message: &Message) -> Option<Heard<'_>> {
    let user = message.sender.as_ref().filter(|user| !user.is_bot)?;
    let private = message.is_private();
    let name = config::me().username;
    if !private && !names(message, &name) && !answers(&update::json(), config::me().id) {
        return None;
    }
    let said = without_name(&message.text.content, &name);
    (!said.is_empty() || has_picture(message)).then_some(Heard { message, user, said, private })
}

/// A command is always spoken to the bot.
pub(crate) fn command(command: &Command) -> Option<Heard<'_>> {
    let (message, user) = (&command.message, command.message.sender.as_ref()?);
    Some(Heard { message, user, said: command.argument.clone(), private: message.is_private() })
}

/// Whether there is something to see.
pub(crate) fn has_picture(message: &Message) -> bool {
    match &message.content {
        Content::Photo(_) => true,
        Content::Document(document) => document.mime_type.as_deref().is_some_and(|kind| kind.starts_with("image/")),
        _ => false,
    }
}

fn names(message: &Message, name: &str) -> bool {
    let is_name = |part: &str| part.strip_prefix('@').is_some_and(|part| part.eq_ignore_ascii_case(name));
    let mentions = message.text.entities.iter().filter(|entity| entity.kind == EntityKind::Mention);
    mentions.map(|entity| message.text.part(entity)).any(is_name)
}

/// Whether the update is an answer to a message of this bot.
fn answers(update: &str, me: i64) -> bool {
    serde_json::from_str::<serde_json::Value>(update)
        .is_ok_and(|update| update["message"]["reply_to_message"]["from"]["id"].as_i64() == Some(me))
}

fn without_name(said: &str, name: &str) -> String {
    let is_name = |word: &&str| {
        let word = word.trim_end_matches([',', ':', '!', '?']);
        word.strip_prefix('@').is_some_and(|word| word.eq_ignore_ascii_case(name))
    };
    match said.split_whitespace().find(is_name) {
        // Line breaks matter to a model, so the rest stays as it is.
        Some(word) => said.replacen(word, "", 1).trim().to_owned(),
        None => said.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_not_part_of_what_is_said() {
        for (said, heard) in [
            ("@Helper_bot, what is\na lane?", "what is\na lane?"),
            ("tell me @helper_bot", "tell me"),
            ("mail me@helper_bot.org", "mail me@helper_bot.org"),
            ("  hello ", "hello"),
            ("@helper_bot", ""),
        ] {
            assert_eq!(without_name(said, "helper_bot"), heard, "{said}");
        }
    }

    #[test]
    fn an_answer_to_the_bot_is_spoken_to_it() {
        assert!(answers(r#"{"message":{"reply_to_message":{"from":{"id":7}}}}"#, 7));
        assert!(!answers(r#"{"message":{"reply_to_message":{"from":{"id":8}}}}"#, 7));
        assert!(!answers(r#"{"message":{}}"#, 7));
        assert!(!answers("no JSON", 7));
    }
}
