//! The tables. `docs/profile.md` says what each column means; `facts` is what other plugins may read
//! (`read = ["profile.facts"]`), so its columns stay as they are.

use std::collections::BTreeMap;

use guesthouse_plugin::tables::{Table, TableSpec};
use guesthouse_plugin::{ChatId, Manifest, MessageId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::rules::Field;

/// What is known of people, merged: the latest that is believed.
pub(crate) const FACTS: Table<Fact> = Table::new("facts");
/// Everything that was said, as it was found.
pub(crate) const STATEMENTS: Table<Statement> = Table::new("statements");
/// What was known before.
pub(crate) const HISTORY: Table<Past> = Table::new("history");
/// What people talked about, week by week.
pub(crate) const WEEKS: Table<Week> = Table::new("weeks");
/// What a language model has still to look at for the week; deleted once it has.
pub(crate) const LINES: Table<Line> = Table::new("lines");
/// Whom the plugin has met.
pub(crate) const PEOPLE: Table<Person> = Table::new("people");
/// The groups in which it reads.
pub(crate) const CHATS: Table<Group> = Table::new("chats");
/// Who does not want to be read where.
pub(crate) const SWITCHES: Table<Switch> = Table::new("switches");
/// Who was forgotten, for ten minutes, so that what is under way brings nothing back.
pub(crate) const FORGOTTEN: Table<Forgotten> = Table::new("forgotten");

/// How something came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    /// By the rules.
    Rules,
    /// By the language model.
    Llm,
    /// The user has put it right.
    User,
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub(crate) user_id: UserId,
    pub(crate) field: Field,
    pub(crate) value: String,
    pub(crate) match_key: String,
    pub(crate) confidence: f64,
    pub(crate) method: Method,
    pub(crate) source_chat: ChatId,
    pub(crate) source_message: MessageId,
    pub(crate) source_link: Option<String>,
    pub(crate) quote: String,
    pub(crate) since: Timestamp,
    pub(crate) seen: Timestamp,
    pub(crate) times: i64,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Statement {
    pub(crate) user_id: UserId,
    pub(crate) field: Field,
    pub(crate) value: String,
    pub(crate) match_key: String,
    pub(crate) confidence: f64,
    pub(crate) method: Method,
    pub(crate) source_chat: ChatId,
    pub(crate) source_message: MessageId,
    pub(crate) source_link: Option<String>,
    pub(crate) quote: String,
    pub(crate) said: Timestamp,
    pub(crate) merged: bool,
}

/// What was known before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Past {
    pub(crate) user_id: UserId,
    pub(crate) field: Field,
    pub(crate) value: String,
    pub(crate) confidence: f64,
    pub(crate) quote: String,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) replaced_by: String,
}

/// A question that nothing has closed yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) chat: ChatId,
}

/// A user's week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Week {
    pub(crate) user_id: UserId,
    pub(crate) week: String,
    pub(crate) messages: i64,
    /// The sum of the moods of the messages that showed one.
    pub(crate) mood_sum: f64,
    pub(crate) mood_messages: i64,
    /// `good`, `bad`, `mixed` or `neutral`.
    pub(crate) mood: String,
    #[serde(with = "guesthouse_plugin::tables::json")]
    pub(crate) topics: BTreeMap<String, u32>,
    #[serde(with = "guesthouse_plugin::tables::json")]
    pub(crate) questions: Vec<Question>,
    pub(crate) method: Method,
    pub(crate) updated: Timestamp,
}

/// What a language model has still to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) user_id: UserId,
    pub(crate) chat_id: ChatId,
    pub(crate) message_id: MessageId,
    pub(crate) week: String,
    pub(crate) body: String,
}

/// Somebody whom the plugin has met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) user_id: UserId,
    pub(crate) since: Timestamp,
    /// Whether they were told, in private, what is kept.
    pub(crate) told: bool,
    /// The message that they were told upon; absent for those who were told before this was kept.
    pub(crate) told_upon: Option<MessageId>,
}

/// A group in which the plugin reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) chat_id: ChatId,
    /// Whether it was told what is kept.
    pub(crate) told: bool,
    /// Whether nobody is read there.
    pub(crate) off: bool,
    /// Who brought the bot there.
    pub(crate) brought_by: Option<UserId>,
}

/// Somebody does not want to be read in a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Switch {
    pub(crate) user_id: UserId,
    pub(crate) chat_id: ChatId,
    pub(crate) since: Timestamp,
}

/// Somebody was forgotten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    pub(crate) user_id: UserId,
    pub(crate) at: Timestamp,
}

/// Declares the tables.
pub(crate) fn with_tables(manifest: Manifest) -> Manifest {
    let said = |name: &str| {
        let spec = TableSpec::new(name).integer("user_id").text("field").text("value").text("match_key");
        let spec = spec.real("confidence").text("method").integer("source_chat").integer("source_message");
        spec.text("source_link").nullable().text("quote")
    };
    let facts = said("facts").timestamp("since").timestamp("seen").integer("times");
    let statements = said("statements").timestamp("said").boolean("merged");
    let history = TableSpec::new("history").integer("user_id").text("field").text("value").real("confidence");
    let history = history.text("quote").timestamp("since").timestamp("until").text("replaced_by");
    let weeks = TableSpec::new("weeks").integer("user_id").text("week").integer("messages").real("mood_sum");
    let weeks = weeks.integer("mood_messages").text("mood").text("topics").text("questions").text("method");
    let lines = TableSpec::new("lines").integer("user_id").integer("chat_id").integer("message_id").text("week");
    let chats = TableSpec::new("chats").integer("chat_id").boolean("told").boolean("off");
    let switches = TableSpec::new("switches").integer("user_id").integer("chat_id").timestamp("since");
    manifest
        .table(facts.unique(&["user_id", "field", "match_key"]))
        .table(statements.index(&["user_id", "merged"]).index(&["user_id", "said"]))
        .table(history.index(&["user_id", "until"]))
        .table(weeks.timestamp("updated").unique(&["user_id", "week"]))
        .table(lines.text("body").index(&["user_id"]))
        .table(
            TableSpec::new("people")
                .integer("user_id")
                .timestamp("since")
                .boolean("told")
                .integer("told_upon")
                .nullable()
                .unique(&["user_id"]),
        )
        .table(chats.integer("brought_by").nullable().unique(&["chat_id"]).index(&["brought_by"]))
        .table(switches.unique(&["user_id", "chat_id"]))
        .table(TableSpec::new("forgotten").integer("user_id").timestamp("at").unique(&["user_id"]))
}
