//! Schedules: what a manifest may say of them, and what they come to with the operator's settings. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{at_most, handle, known_processor};
use crate::model::PluginName;
use crate::model::cron::{Cron, Zone};
use crate::model::manifest::{Manifest, Schedule};
use crate::sandbox::plugin::LoadError;

/// Schedules of a plugin.
const SCHEDULES: usize = 32;
/// What stands before the name of a setting.
const CONFIG: &str = "@config:";
/// What says that it is never due.
const OFF: &str = "off";

/// A schedule with the operator's settings filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its name.
    pub name: String,
    /// The processor that gets it; `None`: the plugin itself.
    pub processor: Option<String>,
    /// When, as cron writes it; `None`: never.
    pub cron: Option<String>,
}

/// Checks what the manifest says by itself.
pub(super) fn check(manifest: &Manifest) -> Result<(), String> {
    at_most("schedules", manifest.schedules.len(), SCHEDULES)?;
    let mut seen = BTreeSet::new();
    for schedule in &manifest.schedules {
        let Schedule { name, cron, processor } = schedule;
        if !handle(name) {
            return Err(format!("schedule `{name}` is not 1 to 32 of a-z 0-9 _ -, beginning with a letter"));
        }
        if !seen.insert(name) {
            return Err(format!("schedule `{name}` is there twice"));
        }
        known_processor(manifest, processor.as_deref()).map_err(|problem| format!("schedule `{name}` {problem}"))?;
        match cron.strip_prefix(CONFIG) {
            Some(key) if manifest.config.iter().all(|known| known.name != key) => {
                return Err(format!("schedule `{name}` asks for the setting `{key}`, which is not there"));
            }
            Some(_) => {}
            None => read(cron).map(drop).map_err(|problem| format!("schedule `{name}`: `{cron}`: {problem}"))?,
        }
    }
    Ok(())
}

/// The schedules as they are with the plugin's settings, which are complete.
pub(in crate::sandbox) fn planned(
    plugin: &PluginName,
    manifest: &Manifest,
    config: &BTreeMap<String, String>,
) -> Result<Vec<Planned>, LoadError> {
    let one = |schedule: &Schedule| {
        let key = schedule.cron.strip_prefix(CONFIG);
        let cron = key.map_or(schedule.cron.as_str(), |key| config.get(key).map_or("", String::as_str)).trim();
        let cron = read(cron).map_err(|problem| LoadError::Schedule {
            plugin: plugin.clone(),
            key: key.unwrap_or_default().to_owned(),
            cron: cron.to_owned(),
            problem,
        })?;
        Ok(Planned { name: schedule.name.clone(), processor: schedule.processor.clone(), cron })
    };
    manifest.schedules.iter().map(one).collect()
}

/// An expression that is one, or `None` for never.
fn read(cron: &str) -> Result<Option<String>, String> {
    if cron == OFF {
        return Ok(None);
    }
    // Whether it is an expression is the same in every zone.
    Cron::new(cron, &Zone::default()).map(|_| Some(cron.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{manifest, problem};
    use super::*;
    use crate::model::manifest::Processor;

    fn schedule(name: &str, cron: &str, processor: Option<&str>) -> Schedule {
        Schedule { name: name.into(), cron: cron.into(), processor: processor.map(str::to_owned) }
    }

    #[test]
    fn each_rule_has_its_words() {
        let with = |schedules: &[Schedule]| {
            problem(|it| {
                it.schedules = schedules.to_vec();
                it.processors = vec![Processor { name: "facts".into(), events: vec![] }];
            })
        };
        let fine = schedule("daily", "0 9 * * *", None);
        assert_eq!(with(&[fine.clone(), schedule("often", "@config:limit", Some("facts"))]), "");
        assert_eq!(with(&[schedule("never", "off", None)]), "");
        for (schedules, expected) in [
            (
                &[schedule("1st", "0 9 * * *", None)][..],
                "schedule `1st` is not 1 to 32 of a-z 0-9 _ -, beginning with a letter",
            ),
            (&[fine.clone(), fine.clone()], "schedule `daily` is there twice"),
            (
                &[schedule("daily", "0 9 * * *", Some("talk"))],
                "schedule `daily` names the processor `talk`, which is not there",
            ),
            (
                &[schedule("daily", "@config:when", None)],
                "schedule `daily` asks for the setting `when`, which is not there",
            ),
            (&[schedule("daily", "9:00", None)], "schedule `daily`: `9:00`: it has 1 field(s), not five"),
        ] {
            assert_eq!(with(schedules), expected);
        }
        assert!(with(&[schedule("daily", "0 25 * * *", None)]).starts_with("schedule `daily`: `0 25 * * *`: "));
    }

    #[test]
    fn the_operator_says_when() {
        let mut manifest = manifest();
        manifest.schedules = vec![schedule("daily", "@config:limit", None)];
        let plugin = PluginName::new("notes").unwrap();
        let planned =
            |value: &str| planned(&plugin, &manifest, &BTreeMap::from([("limit".to_owned(), value.to_owned())]));
        assert_eq!(planned(" 0 9 * * * ").unwrap()[0].cron.as_deref(), Some("0 9 * * *"));
        assert_eq!(planned("off").unwrap()[0].cron, None);
        assert_eq!(
            planned("daily").unwrap_err().to_string(),
            "the setting `limit` of plugin `notes` says when, and `daily` is not a time: it has 1 field(s), not five\nhint: \
             write minute, hour, day of month, month and day of week, such as limit = \"0 9 * * *\", or \"off\""
        );
    }
}
