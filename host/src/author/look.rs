//! What a component is: what it says of itself, what it asks for, and the limits that it would run under. As text for a
//! person, as JSON for scripts.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use crate::config::Limits;
use crate::config::grant::Capability;
use crate::dev;
use crate::model::PluginName;
use crate::model::manifest::{EventKind, Manifest, Table};
use crate::sandbox::{Inspection, Sandbox, Source};

/// Reads a component and has it describe itself. Compiled code is kept in `cache`, where the dev house finds it.
pub async fn inspect(file: &Path, limits: &Limits, cache: &Path) -> anyhow::Result<Inspection> {
    let component = read(file).await?;
    let sandbox = Sandbox::new(limits, cache)?;
    let source = Source { name: called(file), component: component.into(), digest: None };
    Ok(sandbox.inspect(source, dev::settings()).await?)
}

/// Reads a component's file.
pub(super) async fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let hint = "hint: name a component; `guesthouse plugin build` makes one as dist/NAME.wasm";
    tokio::fs::read(file).await.map_err(|error| anyhow::anyhow!("cannot read `{}`: {error}\n{hint}", file.display()))
}

/// What a file's name says that the plugin in it is called, before it can say so itself.
pub(super) fn called(file: &Path) -> PluginName {
    PluginName::like(file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default())
}

/// For a person.
pub fn as_text(file: &Path, it: &Inspection, limits: &Limits) -> String {
    let manifest = &it.manifest;
    let mut text = format!("{} {}: {}\n", manifest.name, manifest.version, manifest.description);
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<14}{value}");
    };
    line("file", &format!("{}, {}", file.display(), size(it.size)));
    line("sha256", &it.digest);
    line("built for", &it.contract);
    line("asks for", &or_nothing(&names(&it.capabilities)));
    line("without grant", &or_nothing(&it.free.join(", ")));
    if !it.wasi.is_empty() {
        line("of WASI", &it.wasi.join(", "));
    }
    let start = if it.snapshot { "from the memory that `describe` leaves behind" } else { "from the beginning" };
    line("turns start", start);
    for (what, value) in said(manifest) {
        line(what, &value);
    }
    for (what, value) in bounds(limits) {
        line(what, &value);
    }
    text
}

/// For scripts.
pub fn as_json(it: &Inspection, limits: &Limits) -> anyhow::Result<Value> {
    let mut value = serde_json::to_value(&it.manifest).context("a manifest is JSON")?;
    let more = json!({
        "digest": it.digest,
        "size": it.size,
        "contract": it.contract,
        "capabilities": it.capabilities.iter().map(|capability| capability.name()).collect::<Vec<_>>(),
        "free": it.free,
        "wasi": it.wasi,
        "snapshot": it.snapshot,
        "limits": {
            "cpu_ms": limits.cpu_ms, "wall_ms": limits.wall_ms, "memory_mib": limits.memory_mib,
            "host_calls": limits.host_calls, "row_reads": limits.row_reads, "row_writes": limits.row_writes,
            "messages": limits.messages, "http_calls": limits.http_calls, "llm_calls": limits.llm_calls,
            "log_lines": limits.log_lines, "component_mib": limits.component_mib,
        },
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    Ok(value)
}

/// The grant that it asks for, as the configuration writes it; what is granted piece by piece is to be filled in.
pub fn grant(capabilities: &[Capability]) -> String {
    let word = |capability: &Capability| match capability {
        Capability::Http => "{ http = [\"example.org\"] }".to_owned(),
        Capability::Telegram => "{ telegram = [\"setMessageReaction\"] }".to_owned(),
        other => format!("\"{}\"", other.name()),
    };
    format!("[{}]", capabilities.iter().map(word).collect::<Vec<_>>().join(", "))
}

fn names(capabilities: &[Capability]) -> String {
    capabilities.iter().map(|capability| capability.name()).collect::<Vec<_>>().join(", ")
}

fn or_nothing(text: &str) -> String {
    if text.is_empty() { "nothing".into() } else { text.to_owned() }
}

/// A size as people say it.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{}.{} MiB", bytes >> 20, (bytes % (1 << 20)) * 10 / (1 << 20)),
    }
}

/// What the manifest says, a line for each thing.
fn said(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    for command in &manifest.commands {
        let admins = if command.admins_only { " (admins)" } else { "" };
        lines.push(("command", format!("/{}: {}{admins}", command.name, command.description)));
    }
    for prefix in &manifest.deep_links {
        lines.push(("deep link", format!("?start={prefix}…")));
    }
    if !manifest.events.is_empty() {
        lines.push(("answers", kinds(&manifest.events)));
    }
    for table in &manifest.tables {
        lines.push(("table", columns(table)));
    }
    for processor in &manifest.processors {
        lines.push(("processor", format!("{} reads {}", processor.name, or_nothing(&kinds(&processor.events)))));
    }
    for schedule in &manifest.schedules {
        lines.push(("schedule", format!("{}: {}", schedule.name, schedule.cron)));
    }
    for route in &manifest.routes {
        lines.push(("route", format!("{} {}: {}", route.method.name(), route.path, route.description)));
    }
    for key in &manifest.config {
        let default = key.default.as_ref().map_or("has to be set".to_owned(), |default| format!("= {default:?}"));
        lines.push(("setting", format!("{} {default}: {}", key.name, key.description)));
    }
    lines
}

fn kinds(kinds: &[EventKind]) -> String {
    let name = |kind: &EventKind| match kind {
        EventKind::Message => "messages",
        EventKind::EditedMessage => "edited messages",
        EventKind::ChannelPost => "channel posts",
        EventKind::EditedChannelPost => "edited channel posts",
        EventKind::Member => "changes of members",
        EventKind::Album => "albums",
        EventKind::Other => "all other updates",
    };
    kinds.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn columns(table: &Table) -> String {
    let kind = |kind| format!("{kind:?}").to_lowercase();
    let column = |it: &crate::model::manifest::Column| {
        format!("{} {}{}", it.name, kind(it.kind), if it.nullable { "?" } else { "" })
    };
    let columns: Vec<_> = table.columns.iter().map(column).collect();
    let unique: String = table.unique.iter().map(|columns| format!("; unique {}", columns.join(", "))).collect();
    format!("{} ({}{unique})", table.name, columns.join(", "))
}

/// The limits that an author meets first.
fn bounds(limits: &Limits) -> Vec<(&'static str, String)> {
    let Limits { cpu_ms, wall_ms, memory_mib, messages, row_reads, row_writes, host_calls, .. } = limits;
    vec![
        ("a turn may", format!("compute {cpu_ms} ms, last {wall_ms} ms, use {memory_mib} MiB")),
        (
            "",
            format!(
                "send {messages} messages, read {row_reads} rows, write {row_writes}, call the host {host_calls} times"
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        assert_eq!([size(12), size(2_049), size(14_387_481)], ["12 bytes", "3 KiB", "13.7 MiB"]);
    }

    #[test]
    fn a_file_is_called_by_its_name() {
        assert_eq!(called(Path::new("dist/my_plugin.wasm")).as_str(), "my-plugin");
        assert_eq!(called(Path::new("Был.wasm")).as_str(), "plugin");
    }

    #[test]
    fn a_grant_can_be_copied() {
        assert_eq!(grant(&[Capability::Chat, Capability::Http]), r#"["chat", { http = ["example.org"] }]"#);
    }
}
