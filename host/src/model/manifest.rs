//! What a plugin says of itself; `wit/manifests.wit` says what every field means.

use serde::{Deserialize, Serialize};

use super::{Part, PluginName};

/// A command people can choose from the bot's menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct CommandSpec {
    pub name: String,
    pub description: String,
    /// Language and text.
    pub translations: Vec<(String, String)>,
    pub admins_only: bool,
}

/// The events a plugin may ask for besides its own commands, deep links and buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented case by case in wit/manifests.wit")]
pub enum EventKind {
    Message,
    EditedMessage,
    ChannelPost,
    EditedChannelPost,
    Member,
    Album,
    Other,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "documented case by case in wit/manifests.wit")]
pub enum ColumnKind {
    Integer,
    Real,
    Text,
    Bytes,
    Boolean,
    Timestamp,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    pub nullable: bool,
}

/// A table of the plugin's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub unique: Vec<Vec<String>>,
    pub indexes: Vec<Vec<String>>,
}

impl Table {
    /// The column of that name; `id` is none of them.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A setting that the operator can give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct ConfigKey {
    pub name: String,
    pub description: String,
    pub default: Option<String>,
}

/// A part of the plugin that reads in the background, in lanes of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct Processor {
    pub name: String,
    pub events: Vec<EventKind>,
}

/// Something that happens again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct Schedule {
    pub name: String,
    pub cron: String,
    pub processor: Option<String>,
}

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented case by case in wit/manifests.wit")]
pub enum RouteMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl RouteMethod {
    /// The word for it in HTTP.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A parameter of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct RouteParameter {
    pub name: String,
    pub description: String,
    pub is_integer: bool,
    pub required: bool,
}

/// An address of the REST API that the plugin answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct Route {
    pub name: String,
    pub method: RouteMethod,
    pub path: String,
    pub description: String,
    pub parameters: Vec<RouteParameter>,
    pub request: Option<String>,
    pub response: Option<String>,
    pub processor: Option<String>,
}

impl Route {
    /// The parts of its path; `None` where a parameter stands.
    pub fn segments(&self) -> impl Iterator<Item = Option<&str>> {
        let inside = self.path.trim_start_matches('/');
        let parts = inside.split('/').filter(|part| !part.is_empty());
        parts.map(|part| (!part.starts_with('{')).then_some(part))
    }
}

/// The plugins of a bot with what they say of themselves, in the order in which they are asked.
pub type Roster = std::sync::Arc<[(PluginName, Manifest)]>;

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented field by field in wit/manifests.wit")]
pub struct Manifest {
    pub name: String,
    pub version: String,
    pub description: String,
    pub commands: Vec<CommandSpec>,
    pub deep_links: Vec<String>,
    pub events: Vec<EventKind>,
    pub tables: Vec<Table>,
    pub config: Vec<ConfigKey>,
    pub processors: Vec<Processor>,
    pub schedules: Vec<Schedule>,
    pub routes: Vec<Route>,
}

impl Manifest {
    /// All that has lanes of its own: the plugin, and its processors.
    pub fn parts(&self, plugin: &PluginName) -> impl Iterator<Item = Part> {
        let processors = self.processors.iter().map(|processor| Part::processor_of(plugin, &processor.name));
        std::iter::once(plugin.clone().into()).chain(processors)
    }

    /// The kinds of events that a processor reads, or that the plugin itself would answer. `None`: there is no such
    /// processor.
    pub fn wanted_by(&self, processor: Option<&str>) -> Option<&[EventKind]> {
        match processor {
            None => Some(&self.events),
            Some(name) => self.processors.iter().find(|it| it.name == name).map(|it| it.events.as_slice()),
        }
    }

    /// Whether the plugin or one of its processors wants events of this kind.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.events.contains(&kind) || self.processors.iter().any(|it| it.events.contains(&kind))
    }

    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}
