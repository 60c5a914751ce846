//! The configuration as a text that people have written: one plugin's section is put in, changed or taken out, and every
//! other line stays as it is, comments and all. Pure; `book` has the files.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value, value};

use crate::config::Grant;

/// What a section of a plugin says, as far as it matters here.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Where its component is.
    pub(super) source: String,
    /// Its grant, as it is written.
    pub(super) grant: Array,
    /// Its settings; `${NAME}` stands as it is.
    pub(super) settings: BTreeMap<String, String>,
}

/// A configuration to be edited.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// With line ends of one character.
    original: String,
    edited: DocumentMut,
    /// What ends its lines in the file.
    line_end: &'static str,
}

impl Document {
    /// Reads a text.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let text = text.replace("\r\n", "\n");
        let edited = text.parse::<DocumentMut>();
        let edited = edited.map_err(|error| anyhow::anyhow!("it is not TOML: {}", error.to_string().trim_end()))?;
        Ok(Self { original: text, edited, line_end })
    }

    /// The names of its bots.
    pub(super) fn bots(&self) -> Vec<String> {
        let bots = self.edited.get("bot").and_then(Item::as_array_of_tables).into_iter().flatten();
        bots.filter_map(|bot| Some(bot.get("name")?.as_str()?.to_owned())).collect()
    }

    /// The admins of a bot.
    pub(super) fn admins(&self, bot: &str) -> Vec<i64> {
        let admins = self.bot(bot).and_then(|bot| bot.get("admins")?.as_array());
        admins.into_iter().flatten().filter_map(Value::as_integer).collect()
    }

    /// The plugins of a bot.
    pub(super) fn plugins(&self, bot: &str) -> Vec<String> {
        let plugins = self.bot(bot).and_then(|bot| bot.get("plugins")?.as_table_like());
        plugins.into_iter().flat_map(|plugins| plugins.iter().map(|(name, _)| name.to_owned())).collect()
    }

    /// What a plugin's section says; `None` if there is none.
    pub(super) fn section(&self, bot: &str, name: &str) -> Option<Section> {
        let section = self.bot(bot)?.get("plugins")?.as_table_like()?.get(name)?.as_table_like()?;
        let text = |value: &Item| match value.as_value() {
            Some(Value::String(text)) => text.value().clone(),
            Some(other) => other.clone().decorated("", "").to_string(),
            None => String::new(),
        };
        let settings = section.get("config").and_then(Item::as_table_like);
        let settings = settings.into_iter().flat_map(|settings| settings.iter());
        Some(Section {
            source: section.get("source")?.as_str()?.to_owned(),
            grant: section.get("grant").and_then(Item::as_array).cloned().unwrap_or_default(),
            settings: settings.map(|(key, value)| (key.to_owned(), text(value))).collect(),
        })
    }

    /// Puts a new section in, behind those that the bot has.
    pub(super) fn add(
        &mut self,
        bot: &str,
        name: &str,
        source: &str,
        grant: &Array,
        settings: &BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        let mut section = Table::new();
        section.insert("source", value(source));
        section.insert("grant", value(grant.clone()));
        if !settings.is_empty() {
            let settings: InlineTable = settings.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
            section.insert("config", value(settings));
        }
        section.decor_mut().set_prefix("\n");
        let is_last = self.bots().last().is_some_and(|last| last == bot);
        if is_last {
            // What stands at the end was written below another section, and stays there.
            let end = self.edited.trailing().as_str().unwrap_or_default().to_owned();
            if !end.trim().is_empty() {
                section.decor_mut().set_prefix(format!("{}\n\n", end.trim_end_matches('\n')));
                self.edited.set_trailing("");
            }
        }
        let of_bot = self.bot_mut(bot).with_context(|| by_hand(bot, name, source, grant))?;
        let plugins = of_bot.entry("plugins").or_insert_with(|| {
            let mut plugins = Table::new();
            plugins.set_implicit(true);
            Item::Table(plugins)
        });
        let plugins = plugins.as_table_mut().with_context(|| by_hand(bot, name, source, grant))?;
        ensure!(!plugins.contains_key(name), "bot `{bot}` has a plugin `{name}` already");
        plugins.insert(name, Item::Table(section));
        Ok(())
    }

    /// Gives a section another component, and another grant if there is one.
    pub(super) fn change(&mut self, bot: &str, name: &str, source: &str, grant: Option<&Array>) -> anyhow::Result<()> {
        let section = self.section_mut(bot, name)?;
        put(section, "source", source.into());
        if let Some(grant) = grant {
            put(section, "grant", grant.clone().into());
        }
        Ok(())
    }

    /// Gives a plugin further settings.
    pub(super) fn set(&mut self, bot: &str, name: &str, settings: &BTreeMap<String, String>) -> anyhow::Result<()> {
        if settings.is_empty() {
            return Ok(());
        }
        let section = self.section_mut(bot, name)?;
        if !section.contains_key("config") {
            section.insert("config", value(InlineTable::new()));
        }
        let known = section.get_mut("config").and_then(Item::as_table_like_mut).context("`config` is no table")?;
        for (key, text) in settings {
            put(known, key, text.as_str().into());
        }
        Ok(())
    }

    /// Takes a section out. What is written right above it goes with it; what stands a line apart stays.
    pub(super) fn remove(&mut self, bot: &str, name: &str) -> anyhow::Result<()> {
        let plugins = self.bot_mut(bot).and_then(|bot| bot.get_mut("plugins")?.as_table_like_mut());
        let plugins = plugins.with_context(|| format!("bot `{bot}` has no plugins"))?;
        let removed = plugins.remove(name).with_context(|| format!("bot `{bot}` has no plugin `{name}`"))?;
        let Item::Table(removed) = removed else { return Ok(()) };
        let above = removed.decor().prefix().and_then(|above| above.as_str()).unwrap_or_default();
        let Some((stays, _)) = above.rsplit_once("\n\n").filter(|(stays, _)| !stays.trim().is_empty()) else {
            return Ok(());
        };
        match next_after(self.edited.as_table_mut(), removed.position()) {
            Some(next) => {
                let below = next.decor().prefix().and_then(|below| below.as_str()).unwrap_or_default();
                let both = format!("{stays}\n{below}");
                next.decor_mut().set_prefix(both);
            }
            None => {
                let below = self.edited.trailing().as_str().unwrap_or_default();
                self.edited.set_trailing(format!("{stays}\n{below}"));
            }
        }
        Ok(())
    }

    /// The text, if it says nothing else than before but for this plugin of this bot.
    pub(super) fn text(&self, bot: &str, name: &str) -> anyhow::Result<String> {
        let text = self.edited.to_string();
        let same = others(&self.original, bot, name)? == others(&text, bot, name)?;
        ensure!(same, "the configuration cannot be edited without changing more than `{name}`\nhint: edit it by hand");
        Ok(text.replace('\n', self.line_end))
    }

    fn all(&self) -> Option<&ArrayOfTables> {
        self.edited.get("bot")?.as_array_of_tables()
    }

    fn bot(&self, name: &str) -> Option<&Table> {
        self.all()?.iter().find(|bot| is_called(bot, name))
    }

    fn bot_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.edited.get_mut("bot")?.as_array_of_tables_mut()?.iter_mut().find(|bot| is_called(bot, name))
    }

    fn section_mut(&mut self, bot: &str, name: &str) -> anyhow::Result<&mut dyn TableLike> {
        let plugins = self.bot_mut(bot).and_then(|bot| bot.get_mut("plugins")?.as_table_like_mut());
        let section = plugins.and_then(|plugins| plugins.get_mut(name)?.as_table_like_mut());
        section.with_context(|| format!("bot `{bot}` has no plugin `{name}`"))
    }
}

/// A grant in one line, as it stands in the lock file.
pub(super) fn in_one_line(grant: &Array) -> String {
    let mut line = Array::new();
    line.extend(grant.iter().map(|item| item.clone().decorated("", "")));
    line.fmt();
    line.to_string().trim().to_owned()
}

/// A grant from the line in the lock file.
pub(super) fn from_line(line: &str) -> anyhow::Result<Array> {
    let value: Value = line.parse().map_err(|_| anyhow::anyhow!("`{line}` is no grant"))?;
    let mut array = value.as_array().cloned().with_context(|| format!("`{line}` is no grant"))?;
    array.decor_mut().clear();
    Ok(array)
}

/// What a grant means.
pub(super) fn meaning(grant: &Array) -> anyhow::Result<Grant> {
    #[derive(serde::Deserialize)]
    struct Only {
        grant: Grant,
    }
    let line = format!("grant = {}", in_one_line(grant));
    let only: Only = toml::from_str(&line).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
    Ok(only.grant)
}

fn is_called(bot: &Table, name: &str) -> bool {
    bot.get("name").and_then(Item::as_str) == Some(name)
}

/// The table whose header comes next in the text.
fn next_after(tables: &mut Table, position: Option<isize>) -> Option<&mut Table> {
    let mut next: Option<&mut Table> = None;
    let mut left = vec![tables];
    while let Some(table) = left.pop() {
        let at = table.position();
        // Either this one is the next, or one of those in it, which come behind it.
        if at > position && !table.is_implicit() && !table.is_dotted() {
            if next.as_ref().is_none_or(|next| at < next.position()) {
                next = Some(table);
            }
            continue;
        }
        for (_, item) in table.iter_mut() {
            match item {
                Item::Table(inner) => left.push(inner),
                Item::ArrayOfTables(inner) => left.extend(inner.iter_mut()),
                Item::None | Item::Value(_) => {}
            }
        }
    }
    next
}

/// Replaces a value and leaves what stands around it.
fn put(table: &mut dyn TableLike, key: &str, mut new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => _ = table.insert(key, value(new)),
    }
}

/// What a text says besides one plugin of one bot.
fn others(text: &str, bot: &str, name: &str) -> anyhow::Result<toml::Table> {
    let mut all: toml::Table = text.parse().context("the edited configuration is not TOML any more")?;
    let bots = all.get_mut("bot").and_then(toml::Value::as_array_mut).into_iter().flatten();
    for one in bots.filter_map(toml::Value::as_table_mut) {
        if one.get("name").and_then(toml::Value::as_str) != Some(bot) {
            continue;
        }
        if let Some(plugins) = one.get_mut("plugins").and_then(toml::Value::as_table_mut) {
            plugins.remove(name);
            if plugins.is_empty() {
                one.remove("plugins");
            }
        }
    }
    Ok(all)
}

/// For configurations of a form that is not edited here.
fn by_hand(bot: &str, name: &str, source: &str, grant: &Array) -> String {
    format!(
        "the plugins of bot `{bot}` are not written as [[bot]] and [bot.plugins.NAME]\nhint: write them so, or add by hand: \
         {name} = {{ source = {source:?}, grant = {} }}",
        in_one_line(grant)
    )
}

/// The bot that is meant: the one that is named, or the only one.
pub(super) fn choose_bot(document: &Document, named: Option<&str>) -> anyhow::Result<String> {
    let bots = document.bots();
    let all = || bots.iter().map(|bot| format!("`{bot}`")).collect::<Vec<_>>().join(", ");
    match (named, bots.as_slice()) {
        (_, []) => bail!("the configuration has no bot\nhint: add a [[bot]] with a name and a token"),
        (Some(named), _) => match bots.iter().filter(|bot| *bot == named).count() {
            1 => Ok(named.to_owned()),
            0 => bail!("the configuration has no bot `{named}`\nhint: it has {}", all()),
            _ => bail!("the configuration has several bots `{named}`\nhint: give each [[bot]] a name of its own"),
        },
        (None, [only]) => Ok(only.clone()),
        (None, _) => bail!("which bot?\nhint: add --bot and one of {}", all()),
    }
}

#[cfg(test)]
mod tests;
