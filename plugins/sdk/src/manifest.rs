//! Writing a manifest down.

use crate::{CommandSpec, ConfigKey, EventKind, Localized, Manifest, Processor, Route, Schedule, tables::TableSpec};

/// Building.
impl Manifest {
    /// A plugin that wants nothing yet. `name` is 1 to 32 of `a-z 0-9 -`, beginning with a letter; `version` is best
    /// `env!("CARGO_PKG_VERSION")`; `description` is one sentence for the operator.
    pub fn new(name: impl Into<String>, version: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            description: description.into(),
            commands: Vec::new(),
            deep_links: Vec::new(),
            events: Vec::new(),
            tables: Vec::new(),
            config: Vec::new(),
            processors: Vec::new(),
            schedules: Vec::new(),
            routes: Vec::new(),
        }
    }

    /// Adds a command.
    pub fn command(mut self, command: CommandSpec) -> Self {
        self.commands.push(command);
        self
    }

    /// Asks for the deep links (`t.me/<bot>?start=…`) whose payload has this prefix; all if it is empty.
    pub fn deep_link(mut self, prefix: impl Into<String>) -> Self {
        self.deep_links.push(prefix.into());
        self
    }

    /// Asks for events of this kind. The plugin's own commands, deep links and buttons need no asking.
    pub fn event(mut self, kind: EventKind) -> Self {
        self.events.push(kind);
        self
    }

    /// Adds a table.
    pub fn table(mut self, table: TableSpec) -> Self {
        self.tables.push(table);
        self
    }

    /// Adds a setting.
    pub fn config(mut self, key: ConfigKey) -> Self {
        self.config.push(key);
        self
    }

    /// Adds a part that reads events of these kinds in the background, in lanes of its own.
    pub fn processor(mut self, name: impl Into<String>, events: impl IntoIterator<Item = EventKind>) -> Self {
        self.processors.push(Processor { name: name.into(), events: events.into_iter().collect() });
        self
    }

    /// Adds something that happens again and again: `cron` is minute, hour, day of month, month and day of week, or
    /// `@config:KEY` to have the operator say it.
    pub fn schedule(self, name: impl Into<String>, cron: impl Into<String>) -> Self {
        self.add_schedule(Schedule { name: name.into(), cron: cron.into(), processor: None })
    }

    /// The same for a processor.
    pub fn schedule_for(self, processor: impl Into<String>, name: impl Into<String>, cron: impl Into<String>) -> Self {
        self.add_schedule(Schedule { name: name.into(), cron: cron.into(), processor: Some(processor.into()) })
    }

    fn add_schedule(mut self, schedule: Schedule) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// Adds an address of the REST API.
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }
}

/// Building.
impl CommandSpec {
    /// A command for everybody. `name` is 1 to 32 of `a-z 0-9 _`, without `/`; `description` is 1 to 256 characters.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), translations: Vec::new(), admins_only: false }
    }

    /// Adds the description in another language, an IETF tag of two letters.
    pub fn in_language(mut self, language: impl Into<String>, description: impl Into<String>) -> Self {
        self.translations.push(Localized { language: language.into(), text: description.into() });
        self
    }

    /// Shows it in the menus of the bot's admins only. Anybody can still type it: check with
    /// [`config::is_admin`](crate::config::is_admin).
    pub fn admins_only(mut self) -> Self {
        self.admins_only = true;
        self
    }
}

/// Building.
impl ConfigKey {
    /// A setting that the operator has to give.
    pub fn required(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), default: None }
    }

    /// A setting with a default. The description says what it does, with its unit.
    pub fn new(name: impl Into<String>, description: impl Into<String>, default: impl ToString) -> Self {
        Self { name: name.into(), description: description.into(), default: Some(default.to_string()) }
    }
}
