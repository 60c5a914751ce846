//! What a scenario file can say: types that are read from TOML and written as TOML, and no rule beyond them.
//!
//! A file has two parts. The header says what the house is like: plugins, people, chats, rows that are there already, what
//! sites and the language model answer. The steps are the conversation. Everything has a default, so the shortest file is a
//! plugin and one step:
//!
//! ```
//! use guesthouse::scenario::Scenario;
//!
//! let scenario: Scenario = toml::from_str(r#"
//!     plugin = "bundled:cards"
//!
//!     [[step]]
//!     says = "/stats"
//!     sees = ["To check a card, send me its code."]
//! "#)?;
//! assert_eq!(scenario.step[0].says.as_deref(), Some("/stats"));
//! // And the way back: nothing that stands at its default is written.
//! let text = toml::to_string_pretty(&scenario)?;
//! assert!(text.starts_with("plugin = \"bundled:cards\""));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// The plugin: `bundled:<name>`, or the path of a component relative to the file. The command line goes before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// What the operator calls the plugin. Absent: what it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may do, as in `guesthouse.toml`. Absent: all that it imports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Vec<toml::Value>>,
    /// Tables of other plugins that it may read, as in `guesthouse.toml`.
    #[serde(skip_serializing_if = "is_default")]
    pub read: Vec<String>,
    /// The date and time at which it begins, such as `2026-03-02 09:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts: Option<String>,
    /// The bot's time zone, such as `Europe/Berlin`. Absent: UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// What everything random follows from.
    #[serde(skip_serializing_if = "is_default")]
    pub seed: u64,
    /// Whether the bot hears everything in groups, as after `/setprivacy` with `@BotFather`.
    #[serde(skip_serializing_if = "is_default")]
    pub hears_all: bool,
    /// The plugin's settings.
    #[serde(skip_serializing_if = "is_default")]
    pub config: BTreeMap<String, toml::Value>,
    /// The `[limits]` of the house, where they are not the usual ones.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: toml::Table,
    /// Other plugins of the bot, by what the operator calls them.
    #[serde(skip_serializing_if = "is_default")]
    pub plugins: BTreeMap<String, Plugin>,
    /// The people, by their first names. Absent: there are `admin` and `user`.
    #[serde(skip_serializing_if = "is_default")]
    pub people: BTreeMap<String, Person>,
    /// Groups and channels, by their titles.
    #[serde(skip_serializing_if = "is_default")]
    pub chats: BTreeMap<String, Chat>,
    /// Rows that are in the plugin's tables already.
    #[serde(skip_serializing_if = "is_default")]
    pub rows: Vec<Row>,
    /// Conversations with the plugin that have begun already.
    #[serde(skip_serializing_if = "is_default")]
    pub dialogues: Vec<Dialogue>,
    /// What sites answer. The first that fits counts; what none fits has no answer, and the scenario fails.
    #[serde(skip_serializing_if = "is_default")]
    pub http: Vec<Site>,
    /// What the language model answers. As with `http`; without any there is no model.
    #[serde(skip_serializing_if = "is_default")]
    pub llm: Vec<Model>,
    /// The conversation.
    #[serde(skip_serializing_if = "is_default")]
    pub step: Vec<Step>,
}

/// Another plugin of the bot.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// `bundled:<name>`, or the path of a component relative to the file.
    pub source: String,
    /// What it may do. Absent: all that it imports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Vec<toml::Value>>,
    /// Tables of other plugins that it may read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub read: Vec<String>,
    /// Who is asked first about a message: the larger number.
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: i64,
    /// Its settings.
    #[serde(default, skip_serializing_if = "is_default")]
    pub config: BTreeMap<String, toml::Value>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// The Telegram user id. Absent: one from 1001 on, in the order of the names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// IETF tag of the language of this person's Telegram. Absent: `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether this is an admin of the bot.
    #[serde(skip_serializing_if = "is_default")]
    pub admin: bool,
    /// The rest of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Without `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// Which kind of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatKind {
    /// A basic group.
    #[default]
    Group,
    /// A supergroup.
    Supergroup,
    /// A channel.
    Channel,
}

/// What the bot is in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BotIs {
    /// A member; in a channel an administrator, as bots are nothing less there.
    #[default]
    Member,
    /// An administrator.
    Admin,
    /// Not in it.
    Absent,
}

/// A group or a channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// Which kind.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kind: ChatKind,
    /// Who is in it. The first one owns it.
    pub people: Vec<String>,
    /// What the bot is in it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub bot: BotIs,
    /// The public name of a supergroup or channel, without `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// A row of a plugin's table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Whose table. Absent: that of the file's plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The table's name in the manifest.
    pub table: String,
    /// Its id. Absent: the next free one from 1 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// What it holds. Columns that are left out are null. Bytes are written in Base64, times as milliseconds since 1970 or
    /// as a date and time.
    pub row: toml::Table,
}

/// Where a conversation with the file's plugin stands at the beginning, as the plugin itself would say with `dialogue::set`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialogue {
    /// Who talks with it.
    pub who: String,
    /// In which group. Absent: in the private chat.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The step that the plugin waits at.
    pub step: String,
    /// What it keeps for that step.
    #[serde(default, skip_serializing_if = "is_default")]
    pub data: String,
}

/// What goes wrong instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trouble {
    /// Nobody is there.
    Unreachable,
    /// There is no answer in time. Such a scenario takes a real second.
    Timeout,
    /// What comes is no answer.
    Nonsense,
}

/// What a site answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The address; `*` stands for anything.
    pub url: String,
    /// Only requests by this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The status. Absent: 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<toml::Value>,
    /// The body, from a file beside this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Headers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub headers: BTreeMap<String, String>,
    /// What goes wrong instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
    /// How long it takes, on the scenario's clock: the answer comes in a step that waits so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How often it answers like this; then the next that fits counts. Absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// What the language model answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// Only if the question has this in it. Absent: to every question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// The answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The answer, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<toml::Value>,
    /// An HTTP status with which the endpoint refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What goes wrong instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Trouble>,
    /// How long it takes, on the scenario's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How often it answers like this; then the next that fits counts. Absent: always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// One step: one thing that happens, and all that is seen of it.
///
/// Exactly one of the keys from `says` to `requests` has to be there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Who does it. Absent: the same person as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// In which group or channel. Absent: in the private chat with the bot.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,

    /// Writes a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Sends something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends: Option<Sends>,
    /// Presses the button with this label, under the last message that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presses: Option<String>,
    /// Opens the link `https://t.me/<bot>?start=…` with this at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// Changes the last message of this person's that has this in it; `to` says into what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edits: Option<String>,
    /// Enters this group or channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joins: Option<String>,
    /// Leaves this group or channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaves: Option<String>,
    /// Brings somebody, or `bot`, into the chat `in`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adds: Option<String>,
    /// Throws somebody, or `bot`, out of the chat `in`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removes: Option<String>,
    /// Blocks the bot, or with `false` listens to it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<bool>,
    /// Posts a text in the channel `in`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posts: Option<String>,
    /// Lets time go by: `10m`, `1h 30m`, `2 days`, or `until 2026-03-02 18:00`, `until 18:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
    /// Asks a route of the plugin, `POST /users/7/parse`. The answer is what is seen, as `200 {"…":…}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<String>,

    /// With `says` and `sends`: as an answer to the last message that has this in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replies_to: Option<String>,
    /// With `presses`: under the last message that has this in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub under: Option<String>,
    /// With `edits`: the new text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// With `requests`: the body, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<toml::Value>,

    /// All that is seen afterwards, in its order. Absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sees: Option<Sees>,
}

/// What somebody sends that is no text. Exactly one of the keys but `caption` and `name` has to be there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sends {
    /// A picture: a file beside this one, or `red 32` for a square of that colour and so many pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
    /// Several pictures at once.
    #[serde(skip_serializing_if = "is_default")]
    pub album: Vec<String>,
    /// A file beside this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// A file that holds this text; `name` says how it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// A place on the map: latitude and longitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<[f64; 2]>,
    /// A contact: the phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// What stands below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The file's name, or the contact's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What is seen after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Sees {
    /// One thing, where the step took place.
    One(String),
    /// These things, where the step took place.
    Here(Vec<String>),
    /// These things in several places: a person's name is the private chat, a title is that chat, `answer` what a route
    /// said.
    In(BTreeMap<String, Vec<String>>),
}

/// By hand, because the error of an untagged type says nothing.
impl<'de> Deserialize<'de> for Sees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Sees;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a list of texts, or lists by the names of people and chats")
            }

            fn visit_str<E>(self, text: &str) -> Result<Sees, E> {
                Ok(Sees::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Sees, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(seq)).map(Sees::Here)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sees, A::Error> {
                Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Sees::In)
            }
        }
        deserializer.deserialize_any(Any)
    }
}
