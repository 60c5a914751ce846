//! The tables: what a card is, and what is kept of those who check one.

use guesthouse_plugin::tables::{Table, TableSpec};
use guesthouse_plugin::{Manifest, Media, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::code::Code;

/// The cards of the shop.
pub(crate) const CARDS: Table<Card> = Table::new("cards");
/// Every check of a card.
pub(crate) const CHECKS: Table<Check> = Table::new("checks");
/// Who has checked which card, once each.
pub(crate) const SEEN: Table<Seen> = Table::new("seen");
/// The wrong codes of everybody who sent some.
pub(crate) const ATTEMPTS: Table<Attempts> = Table::new("attempts");
/// In which language the admins want to be told things.
pub(crate) const ADMINS: Table<Admin> = Table::new("admins");

/// A card as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) code: Code,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) photo: Picture,
    pub(crate) packaged: Option<Picture>,
    pub(crate) active: bool,
    /// How often it was checked. Changed by `increment` alone.
    pub(crate) checks: i64,
    /// By how many different people. Changed by `increment` alone.
    pub(crate) users: i64,
    pub(crate) first_check: Option<Timestamp>,
    pub(crate) created: Timestamp,
    pub(crate) created_by: UserId,
    pub(crate) creator: String,
}

/// What a buyer sees of a card. It leaves out all that changes with every check: a check that read those columns would
/// run again whenever another one came first.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) photo: Picture,
    pub(crate) packaged: Option<Picture>,
    pub(crate) active: bool,
    pub(crate) first_check: Option<Timestamp>,
}

/// One check.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Check {
    pub(crate) card: i64,
    pub(crate) user_id: UserId,
    pub(crate) username: Option<String>,
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) time: Timestamp,
}

/// Somebody has checked a card.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) card: i64,
    pub(crate) user_id: UserId,
}

/// The wrong codes of one user; `guard.rs` says what they mean.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attempts {
    pub(crate) user_id: UserId,
    #[serde(with = "guesthouse_plugin::tables::json")]
    pub(crate) recent: Vec<(Timestamp, u32)>,
    pub(crate) level: i64,
    pub(crate) blocked_until: Timestamp,
}

/// What is remembered of an admin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Admin {
    pub(crate) user_id: UserId,
    pub(crate) language: String,
}

/// A picture that Telegram keeps. One that came as a file can only be sent again as a file, so how it came is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub(crate) enum Picture {
    /// By its file id.
    Photo(String),
    /// By its file id.
    Document(String),
}

const AS_DOCUMENT: &str = "document:";

impl From<Picture> for String {
    fn from(picture: Picture) -> Self {
        match picture {
            Picture::Photo(id) => id,
            Picture::Document(id) => format!("{AS_DOCUMENT}{id}"),
        }
    }
}

impl From<String> for Picture {
    fn from(column: String) -> Self {
        match column.strip_prefix(AS_DOCUMENT) {
            Some(id) => Self::Document(id.to_owned()),
            None => Self::Photo(column),
        }
    }
}

impl Picture {
    /// The file to send.
    pub(crate) fn media(&self) -> Media {
        let (Self::Photo(id) | Self::Document(id)) = self;
        Media::file(id)
    }
}

/// Declares the tables. `created_by` and `creator` say who added a card; the indexes serve the lists, the log and the
/// statistics, in this order.
pub(crate) fn with_tables(manifest: Manifest) -> Manifest {
    let cards = TableSpec::new("cards").text("code").text("name").text("description").nullable().text("photo");
    let cards = cards.text("packaged").nullable().boolean("active").integer("checks").integer("users");
    let cards = cards.timestamp("first_check").nullable().timestamp("created").integer("created_by").text("creator");
    let checks = TableSpec::new("checks").integer("card").integer("user_id").text("username").nullable();
    let checks = checks.text("first_name").text("last_name").nullable().timestamp("time");
    let attempts =
        TableSpec::new("attempts").integer("user_id").text("recent").integer("level").timestamp("blocked_until");
    manifest
        .table(cards.unique(&["code"]).index(&["active"]))
        .table(checks.index(&["card", "time"]).index(&["time"]))
        .table(TableSpec::new("seen").integer("card").integer("user_id").unique(&["card", "user_id"]))
        .table(attempts.unique(&["user_id"]))
        .table(TableSpec::new("admins").integer("user_id").text("language").unique(&["user_id"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_how_it_came() {
        for picture in [Picture::Photo("AgAC".into()), Picture::Document("BQAC".into())] {
            assert_eq!(Picture::from(String::from(picture.clone())), picture);
        }
    }
}
