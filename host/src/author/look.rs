//! What a component is: what it says of itself, what it asks for, and the limits that it would run under. As text for a
//! person (`summary` has the words), as JSON for scripts.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::summary;
use crate::config::Limits;
use crate::config::grant::Capability;
use crate::dev;
use crate::model::PluginName;
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
    let Limits { cpu_ms, wall_ms, memory_mib, messages, row_reads, row_writes, host_calls, .. } = limits;
    let free = if it.free.is_empty() { "nothing".to_owned() } else { it.free.join(", ") };
    let mut text = summary::page(it);
    let mut line = |label: &str, words: &str| text.push_str(&summary::line(label, words));
    line("for free", &free);
    if !it.wasi.is_empty() {
        line("of WASI", &it.wasi.join(", "));
    }
    let start = if it.snapshot { "from the memory that `describe` leaves behind" } else { "from the beginning" };
    line("turns start", start);
    // Those that an author meets first.
    line("a turn may", &format!("compute {cpu_ms} ms, last {wall_ms} ms, use {memory_mib} MiB"));
    let more = format!(
        "send {messages} messages, read {row_reads} rows, write {row_writes}, call the host {host_calls} times"
    );
    line("", &more);
    line("file", &file.display().to_string());
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

/// A size as people say it.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{}.{} MiB", bytes >> 20, (bytes % (1 << 20)) * 10 / (1 << 20)),
    }
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
