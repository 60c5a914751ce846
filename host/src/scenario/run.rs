//! A scenario, run: each step is done, and what is seen is compared with what was expected.
//!
//! Something that cannot be done ends the scenario; what is seen and not expected does not, so that all of it can be
//! written down. Whatever is seen counts: a step without `sees` is a step after which nobody sees anything.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::act::act;
use super::eyes::{Eyes, Seen};
use super::form::Sees;
use super::read::{Deed, Doing, File};
use super::stage::{Ground, Stage};
use crate::config::{self, Limits, Token};
use crate::host;
use crate::sandbox::Sandbox;
use crate::store::Scratch;
use crate::testing::{TOKEN, cache};

/// Databases that this process has made: several runners may share a server.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Runs scenarios, one after another. What is compiled for one is there for the next.
#[derive(Default)]
pub struct Runner {
    /// The component to test, before what files say.
    plugin: Option<PathBuf>,
    /// A PostgreSQL server to run on.
    database: Option<String>,
    cache: Option<PathBuf>,
    /// What plugins call themselves, by their sources.
    names: HashMap<String, String>,
    sandbox: Option<Sandbox>,
}

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The steps that were done, in their order.
    pub steps: Vec<StepReport>,
    /// How many the file has.
    pub planned: usize,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepReport {
    /// Its number, from 1.
    pub number: usize,
    /// The line of the file in which it stands.
    pub line: usize,
    /// What happens in it, in words.
    pub deed: String,
    /// Where it takes place: what a plain list of things seen is about.
    pub here: Option<String>,
    /// What was to be seen.
    pub expected: Seen,
    /// What was seen.
    pub seen: Seen,
    /// Why it could not be done, or what was asked of the outside in vain.
    pub problems: Vec<String>,
    /// Why turns have failed in it: no failure of the scenario by itself.
    pub failures: Vec<String>,
}

impl StepReport {
    /// Whether all was as expected.
    pub fn is_right(&self) -> bool {
        self.expected == self.seen && self.problems.is_empty()
    }
}

impl Report {
    /// Whether all was as expected.
    pub fn is_right(&self) -> bool {
        self.steps.len() == self.planned && self.steps.iter().all(StepReport::is_right)
    }
}

impl Runner {
    /// One that takes plugins from where files say.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with this component in place of what files say.
    pub fn plugin(mut self, plugin: Option<PathBuf>) -> Self {
        self.plugin = plugin;
        self
    }

    /// The same on a PostgreSQL server, in a database of its own for each scenario; the URL's user may make some.
    pub fn database(mut self, url: Option<String>) -> Self {
        self.database = url;
        self
    }

    /// The same with compiled code in this folder.
    pub fn keeps_compiled_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Runs one. An error says why it could not begin.
    pub async fn run(&mut self, file: &File) -> Result<Report, String> {
        let source = self.source(file)?;
        let name = match &file.scenario.name {
            Some(name) => name.clone(),
            None => self.name_of(&source, file).await?,
        };
        let scratch = match &self.database {
            None => None,
            Some(url) => {
                let name =
                    format!("guesthouse_scenario_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
                Some(Scratch::create(url, &name).await.map_err(|error| error.to_string())?)
            }
        };
        let database = scratch.as_ref().map(|scratch| scratch.url().to_owned());
        let ground = Ground { source, name, database, cache: self.cache.clone() };
        let report = run(file, &ground).await;
        if let Some(scratch) = scratch {
            scratch.drop().await.map_err(|error| error.to_string())?;
        }
        report
    }

    fn source(&self, file: &File) -> Result<String, String> {
        if let Some(plugin) = &self.plugin {
            return Ok(plugin.to_string_lossy().into_owned());
        }
        let named = file.scenario.plugin.as_ref().ok_or(
            "no plugin is named\nhint: write plugin = \"…\" with the path of its component, or give --plugin FILE",
        )?;
        if named.starts_with("bundled:") {
            return Ok(named.clone());
        }
        let folder = file.path.parent().unwrap_or(Path::new(""));
        Ok(folder.join(named).to_string_lossy().into_owned())
    }

    /// What the plugin calls itself.
    async fn name_of(&mut self, source: &str, file: &File) -> Result<String, String> {
        if let Some(name) = self.names.get(source) {
            return Ok(name.clone());
        }
        let sandbox = match &self.sandbox {
            Some(sandbox) => sandbox.clone(),
            None => {
                let folder = self.cache.clone().unwrap_or_else(cache);
                let sandbox = Sandbox::new(&Limits::default(), &folder).map_err(|error| error.to_string())?;
                self.sandbox.insert(sandbox).clone()
            }
        };
        let config = file.scenario.config.clone();
        let plugin = config::Plugin { source: source.to_owned(), config, ..config::Plugin::default() };
        let bot = config::Bot::named("test", Token::new(TOKEN));
        let name = host::called(&sandbox, &bot, &plugin).await.map_err(|error| format!("{error:#}"))?;
        self.names.insert(source.to_owned(), name.clone());
        Ok(name)
    }
}

async fn run(file: &File, ground: &Ground) -> Result<Report, String> {
    let stage = Stage::build(file, ground).await?;
    let steps = play(file, &stage).await;
    let steps = match steps {
        Ok(steps) => steps,
        Err(problem) => {
            stage.house.closes([]).await;
            return Err(problem);
        }
    };
    stage.house.closes([]).await;
    Ok(Report { steps, planned: file.steps.len() })
}

async fn play(file: &File, stage: &Stage) -> Result<Vec<StepReport>, String> {
    let folder = file.path.parent().unwrap_or(Path::new(""));
    let emulator = &stage.house.street.emulator;
    let name_of = |chat| stage.name_of(chat);
    let mut eyes = Eyes::default();
    // What was said to the header belongs to no step.
    eyes.look(emulator, name_of);
    stage.unanswered.take();
    let mut known = failed(stage).await?;
    let mut reports = Vec::with_capacity(file.steps.len());
    for (index, doing) in file.steps.iter().enumerate() {
        let here = here(doing);
        let acted = act(stage, &mut eyes, doing, folder).await;
        let mut seen = Seen::new();
        let (mut problems, can_go_on) = match acted {
            Ok(answer) => {
                if let (Some(answer), Some(here)) = (answer, &here) {
                    seen.entry(here.clone()).or_default().push(answer);
                }
                (vec![], true)
            }
            Err(problem) => (vec![problem], false),
        };
        for (place, things) in eyes.look(emulator, name_of) {
            seen.entry(place).or_default().extend(things);
        }
        seen.values_mut().flatten().for_each(|thing| thing.truncate(thing.trim_end().len()));
        problems.extend(stage.unanswered.take());
        let now = failed(stage).await?;
        let failures = now.difference(&known).map(|turn| format!("a turn of `{}` failed: {}", turn.part, turn.reason));
        let failures = failures.collect();
        known = now;
        let expected = expected(file.scenario.step.get(index).and_then(|step| step.sees.as_ref()), here.as_deref());
        let (number, line, deed) = (index + 1, doing.line, in_words(doing));
        reports.push(StepReport { number, line, deed, here, expected, seen, problems, failures });
        if !can_go_on {
            break;
        }
    }
    Ok(reports)
}

async fn failed(stage: &Stage) -> Result<BTreeSet<crate::store::FailedTurn>, String> {
    let failed = stage.house.host().store().failed_turns().await.map_err(|error| error.to_string())?;
    Ok(failed.into_iter().collect())
}

/// Where a plain list of things seen is about.
fn here(doing: &Doing) -> Option<String> {
    match doing.deed {
        Deed::Requests { .. } => Some("answer".into()),
        _ => doing.place.clone().or_else(|| doing.who.clone()),
    }
}

fn expected(sees: Option<&Sees>, here: Option<&str>) -> Seen {
    let here = |things: Vec<String>| Seen::from([(here.unwrap_or_default().to_owned(), things)]);
    let mut expected = match sees {
        None => Seen::new(),
        Some(Sees::One(thing)) => here(vec![thing.clone()]),
        Some(Sees::Here(things)) => here(things.clone()),
        Some(Sees::In(places)) => places.clone(),
    };
    // Nobody sees how many line ends a text ends with.
    expected.values_mut().flatten().for_each(|thing| thing.truncate(thing.trim_end().len()));
    expected.retain(|_, things| !things.is_empty());
    expected
}

/// What happens in a step, for reports.
fn in_words(doing: &Doing) -> String {
    let who = doing.who.as_deref().unwrap_or("somebody");
    let place = doing.place.as_ref().map(|place| format!(" in {place}")).unwrap_or_default();
    match &doing.deed {
        Deed::Says { text, .. } => format!("{who} says {text:?}{place}"),
        Deed::Sends { .. } => format!("{who} sends something{place}"),
        Deed::Presses { label, .. } => format!("{who} presses {label:?}{place}"),
        Deed::Follows(payload) => format!("{who} follows the link with {payload:?}"),
        Deed::Edits { part, to } => format!("{who} edits {part:?} to {to:?}{place}"),
        Deed::Joins => format!("{who} joins{}", place.replacen(" in", "", 1)),
        Deed::Leaves => format!("{who} leaves{}", place.replacen(" in", "", 1)),
        Deed::Adds(name) => format!("{who} adds {name}{place}"),
        Deed::Removes(name) => format!("{who} removes {name}{place}"),
        Deed::Blocks(true) => format!("{who} blocks the bot"),
        Deed::Blocks(false) => format!("{who} unblocks the bot"),
        Deed::Waits(span) => format!("{span} go by"),
        Deed::Requests { method, path, .. } => format!("{method} {path}"),
    }
}
