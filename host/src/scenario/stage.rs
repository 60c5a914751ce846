//! The house of a scenario: what its header says, built.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::tz::TimeZone;

use super::form::{BotIs, ChatKind, Dialogue, Person};
use super::outside::{self, Unanswered};
use super::read::File;
use super::{eyes, when};
use crate::emulator::world::{self, ChatRef, Member, NewChat, NewPerson, World};
use crate::model::effect::DialogueState;
use crate::model::manifest::ColumnKind;
use crate::model::table::{Value, Write};
use crate::model::{BotId, DialogueKey, PluginName};
use crate::testing::{BOT, House, Plugin};

/// The first id for people who have none.
const FIRST_PERSON: i64 = 1001;
/// The house's name for its bot.
pub(super) const HOUSE_BOT: &str = "test";

/// What a scenario runs on besides its file.
#[derive(Debug, Clone, Default)]
pub(super) struct Ground {
    /// The plugin's source and name, found out already.
    pub(super) source: String,
    pub(super) name: String,
    /// Where other plugins' names are not given.
    pub(super) database: Option<String>,
    pub(super) cache: Option<PathBuf>,
}

/// A house that is open, and who lives there.
pub(super) struct Stage {
    pub(super) house: House,
    pub(super) zone: TimeZone,
    pub(super) people: BTreeMap<String, i64>,
    pub(super) chats: BTreeMap<String, ChatRef>,
    pub(super) unanswered: Unanswered,
    /// The file's plugin, by its name.
    pub(super) plugin: String,
}

impl Stage {
    /// Builds it. An error says what in the file cannot be.
    pub(super) async fn build(file: &File, ground: &Ground) -> Result<Self, String> {
        let scenario = &file.scenario;
        let folder = file.path.parent().unwrap_or(Path::new(""));
        let zone = when::zone(scenario.timezone.as_deref())?;
        let starts = when::start(scenario.starts.as_deref(), &zone)?;
        let ids = ids(&file.people);
        let admins: Vec<_> = file.people.iter().filter(|(_, person)| person.admin).map(|(name, _)| ids[name]).collect();
        let mut bot = format!("admins = {admins:?}");
        if let Some(zone) = &scenario.timezone {
            bot.push_str(&format!("\ntimezone = {}", toml::Value::from(zone.as_str())));
        }
        let main = Plugin::file(&ground.name, &ground.source);
        let main = with(main, scenario.grant.as_deref(), &scenario.read, 0, &scenario.config);
        let unanswered = Unanswered::default();
        let web = outside::web(scenario, folder, &unanswered).await;
        let mut builder =
            House::with(main).at(starts).seeded(scenario.seed).bot(bot).web(&web).limited(&limits(scenario));
        for (name, other) in &scenario.plugins {
            let plugin = match other.source.strip_prefix("bundled:") {
                Some(bundled) => Plugin::bundled(bundled).named(name),
                None => Plugin::file(name, folder.join(&other.source)),
            };
            builder = builder.and(with(plugin, other.grant.as_deref(), &other.read, other.priority, &other.config));
        }
        if let Some(model) = outside::llm(scenario, &unanswered).await {
            let is_late = scenario.llm.iter().any(|entry| entry.error == Some(super::form::Trouble::Timeout));
            builder = builder.llm_with(&model, if is_late { "timeout_s = 1" } else { "" });
        }
        if let Some(url) = &ground.database {
            builder = builder.on(url.as_str());
        }
        if let Some(cache) = &ground.cache {
            builder = builder.keeps_compiled_in(cache);
        }
        let house = builder.tries_to_open().await.map_err(|error| format!("{error:#}"))?;
        let plugin = ground.name.clone();
        let mut stage = Self { house, zone, people: ids, chats: BTreeMap::new(), unanswered, plugin };
        match stage.furnish(file).await {
            Ok(()) => Ok(stage),
            Err(problem) => {
                stage.house.closes([]).await;
                Err(problem)
            }
        }
    }

    /// People, rows, chats. What bots say to that belongs to no step.
    async fn furnish(&mut self, file: &File) -> Result<(), String> {
        let refused = |refusal: world::Refusal| refusal.text;
        let emulator = self.house.street.emulator.clone();
        for (name, Person { id: _, language, admin, last_name, username }) in &file.people {
            let new = NewPerson {
                id: Some(self.people[name]),
                first_name: name.clone(),
                last_name: last_name.clone(),
                username: username.clone(),
                language_code: language.clone(),
                admin: *admin,
            };
            emulator
                .world(|world| world.add_person(new))
                .map_err(|refusal| format!("people.{name}: {}", refusal.text))?;
        }
        self.fill(file).await?;
        if file.scenario.hears_all {
            emulator.world(|world| world.set_reads_all(eyes::bot(), true)).map_err(refused)?;
        }
        for (title, chat) in &file.scenario.chats {
            let kind = match chat.kind {
                ChatKind::Group => world::ChatKind::Group,
                ChatKind::Supergroup => world::ChatKind::Supergroup,
                ChatKind::Channel => world::ChatKind::Channel,
            };
            let members: Vec<_> = chat.people.iter().map(|name| self.people[name]).collect();
            let owner = members.first().copied().unwrap_or_default();
            let bots = if chat.bot == BotIs::Absent { vec![] } else { vec![eyes::bot()] };
            let new = NewChat { kind, title: title.clone(), username: chat.username.clone(), members, bots };
            let opened = emulator.world(|world: &mut World| {
                let reference = world.add_chat(new)?;
                if chat.bot == BotIs::Admin {
                    world.promote(eyes::bot(), reference, Member::Administrator, owner)?;
                }
                Ok(reference)
            });
            let opened = opened.map_err(|refusal: world::Refusal| format!("chats.{title}: {}", refusal.text))?;
            self.chats.insert(title.clone(), opened);
        }
        self.converse(file).await?;
        self.house.quiet().comes().await.map(drop)
    }

    /// The rows that are there at the beginning.
    async fn fill(&self, file: &File) -> Result<(), String> {
        if file.scenario.rows.is_empty() {
            return Ok(());
        }
        let guests = self.house.host().guests(HOUSE_BOT).await;
        for (index, row) in file.scenario.rows.iter().enumerate() {
            let wrong = |text: String| format!("[[rows]] {}: {text}", index + 1);
            let owner = row.plugin.as_ref().unwrap_or(&self.plugin);
            let guest = guests.iter().find(|guest| guest.plugin.name().as_str() == owner);
            let guest = guest.ok_or_else(|| wrong(format!("there is no plugin `{owner}`")))?;
            let manifest = guest.plugin.manifest();
            let table = manifest.table(&row.table).ok_or_else(|| {
                let known: Vec<_> = manifest.tables.iter().map(|table| format!("`{}`", table.name)).collect();
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                wrong(format!("plugin `{owner}` has no table `{}`\nhint: its tables are: {known}", row.table))
            })?;
            let cells = row.row.iter().map(|(name, value)| {
                let column = table.column(name).ok_or_else(|| {
                    let known: Vec<_> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
                    format!("table `{}` has no column `{name}`\nhint: its columns are {}", table.name, known.join(", "))
                })?;
                cell(value, column.kind, &self.zone).map(|cell| (name.clone(), cell)).ok_or_else(|| {
                    format!("`{name} = {value}` does not fit into a column of the kind {:?}", column.kind)
                })
            });
            let cells = cells.collect::<Result<_, _>>().map_err(wrong)?;
            let id = row.id.unwrap_or_else(|| i64::try_from(index).unwrap_or(0) + 1);
            let write = Write::Insert { table: row.table.clone(), id, cells };
            let filled = self.house.host().store().fill(BotId(eyes::bot()), &guest.tables, &[write]).await;
            filled.map_err(|error| wrong(error.to_string()))?;
        }
        Ok(())
    }

    /// The conversations that have begun.
    async fn converse(&self, file: &File) -> Result<(), String> {
        let plugin = PluginName::new(&self.plugin).ok_or("the plugin's name is none")?;
        for Dialogue { who, place, step, data } in &file.scenario.dialogues {
            let user = self.people[who];
            let chat = match self.chat(place.as_deref(), user) {
                ChatRef::Private { person, .. } => person,
                ChatRef::Shared(chat) => chat,
            };
            let key = DialogueKey { chat, user, topic: 0 };
            let state = DialogueState { step: step.clone(), data: data.clone() };
            let stands = self.house.host().store().stand_at(BotId(eyes::bot()), &plugin, key, state).await;
            stands.map_err(|error| format!("[[dialogues]] of `{who}`: {error}"))?;
        }
        Ok(())
    }

    /// The chat that a person or a title means.
    pub(super) fn chat(&self, place: Option<&str>, who: i64) -> ChatRef {
        place.and_then(|title| self.chats.get(title)).copied().unwrap_or(ChatRef::private(eyes::bot(), who))
    }

    /// What a chat is called in the file.
    pub(super) fn name_of(&self, chat: ChatRef) -> String {
        let found = match chat {
            ChatRef::Private { person, .. } => self.people.iter().find(|(_, id)| **id == person).map(|(name, _)| name),
            shared => self.chats.iter().find(|(_, known)| **known == shared).map(|(title, _)| title),
        };
        found.cloned().unwrap_or_else(|| chat.to_string())
    }
}

/// The name of the bot, for links.
pub(super) fn bot_name() -> &'static str {
    BOT
}

/// Everybody's id: the given one, or the next free one.
fn ids(people: &BTreeMap<String, Person>) -> BTreeMap<String, i64> {
    let given: Vec<_> = people.values().filter_map(|person| person.id).collect();
    let mut free = (FIRST_PERSON..).filter(|id| !given.contains(id));
    people.iter().map(|(name, person)| (name.clone(), person.id.or_else(|| free.next()).unwrap_or_default())).collect()
}

fn with(
    plugin: Plugin,
    grant: Option<&[toml::Value]>,
    read: &[String],
    priority: i64,
    config: &BTreeMap<String, toml::Value>,
) -> Plugin {
    let list = |all: Vec<toml::Value>| toml::Value::Array(all).to_string();
    let read: Vec<_> = read.iter().map(|table| toml::Value::from(table.as_str())).collect();
    let config: toml::Table = config.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let plugin = plugin.under(&format!("read = {}\npriority = {priority}", list(read))).with(&config.to_string());
    match grant {
        Some(grant) => plugin.granted(list(grant.to_vec())),
        None => plugin,
    }
}

/// The limits as lines; an answer that never comes is waited for as shortly as can be.
fn limits(scenario: &super::Scenario) -> String {
    let mut limits = scenario.limits.clone();
    if scenario.http.iter().any(|entry| entry.error == Some(super::form::Trouble::Timeout)) {
        limits.entry("http_s").or_insert(toml::Value::Integer(1));
    }
    limits.to_string()
}

/// A value for a column.
fn cell(value: &toml::Value, kind: ColumnKind, zone: &TimeZone) -> Option<Value> {
    let cell = match (value, kind) {
        (toml::Value::Integer(number), ColumnKind::Real) => {
            #[expect(clippy::cast_precision_loss, reason = "a person has written it")]
            let real = *number as f64;
            Value::Real(real)
        }
        (toml::Value::Integer(number), _) => Value::Integer(*number),
        (toml::Value::Float(number), _) => Value::Real(*number),
        (toml::Value::Boolean(truth), _) => Value::Boolean(*truth),
        (toml::Value::String(text), ColumnKind::Bytes) => Value::Bytes(STANDARD.decode(text).ok()?),
        (toml::Value::String(text), ColumnKind::Timestamp) => Value::Integer(when::point(text, zone)?),
        (toml::Value::Datetime(time), ColumnKind::Timestamp) => Value::Integer(when::point(&time.to_string(), zone)?),
        (toml::Value::String(text), _) => Value::Text(text.clone()),
        _ => return None,
    };
    cell.fits(kind).then_some(cell)
}
