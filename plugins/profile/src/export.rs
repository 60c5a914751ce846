//! `/export`: everything that is kept of a user, as a JSON file, in private.

use guesthouse_plugin::tables::{Row, Table, col};
use guesthouse_plugin::{ChatId, Error, Failure, Media, Message, Text, User, UserId, chat, clock, json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{FACTS, HISTORY, LINES, PEOPLE, STATEMENTS, SWITCHES, WEEKS};
use crate::texts::Language;
use crate::{Profile, show};

/// Answers `/export`.
pub(crate) fn command(plugin: &Profile, message: &Message, user: &User) -> Result<(), Failure> {
    if !show::lead_to_private(message, plugin.texts.words(Language::of(user)))? {
        send(user, message.chat.id)?;
    }
    Ok(())
}

/// Sends the file.
pub(crate) fn send(user: &User, chat: ChatId) -> Result<(), Error> {
    let all = json!({
        "user_id": user.id,
        "exported": clock::now(),
        "person": rows(PEOPLE, user.id)?,
        "facts": rows(FACTS, user.id)?,
        "statements": rows(STATEMENTS, user.id)?,
        "history": rows(HISTORY, user.id)?,
        "weeks": rows(WEEKS, user.id)?,
        "lines": rows(LINES, user.id)?,
        "turned_off_in": rows(SWITCHES, user.id)?,
    });
    let bytes = serde_json::to_vec_pretty(&all).map_err(|error| Error::Encoding(error.to_string()))?;
    chat::message(Text::new()).send_document(chat, Media::upload("profile.json", bytes))?;
    Ok(())
}

/// A user's rows as they stand, but for columns that hold JSON themselves.
fn rows<T: Serialize + DeserializeOwned>(table: Table<T>, user: UserId) -> Result<Vec<Value>, Error> {
    let rows = table.find(col("user_id").eq(user).ascending("id"))?;
    let value = |row: Row<T>| {
        let mut value = serde_json::to_value(row.value).map_err(|error| Error::Encoding(error.to_string()))?;
        for column in ["topics", "questions"] {
            let inner = value.get(column).and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
            if let (Some(inner), Some(place)) = (inner, value.get_mut(column)) {
                *place = inner;
            }
        }
        Ok(value)
    };
    rows.into_iter().map(value).collect()
}
