//! What a component may import: what its grant includes, and what this host has. Pure; the names come from `plugin`.

use super::plugin::LoadError;
use crate::config::Grant;
use crate::config::grant::Capability;
use crate::model::PluginName;

/// The contract's package, and the version of it that this host has.
const PACKAGE: &str = "guesthouse:plugin";
const VERSION: (u64, u64) = (0, 1);
/// Interfaces that need no grant.
const FREE: [&str; 9] = ["types", "events", "manifests", "config", "update", "routes", "log", "clock", "random"];
/// What is linked of WASI 0.2; see `host/wasi`.
const WASI: [&str; 6] = ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];

/// An import, such as `wasi:cli/stdout@0.2.3`.
struct Import<'a> {
    package: &'a str,
    interface: &'a str,
    version: Option<(u64, u64)>,
}

impl<'a> Import<'a> {
    fn of(name: &'a str) -> Option<Self> {
        let (path, version) = name.split_once('@').map_or((name, None), |(path, version)| (path, Some(version)));
        let (package, interface) = path.split_once('/')?;
        let version = version.and_then(|version| {
            let mut numbers = version.split(['.', '-', '+']);
            Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
        });
        Some(Self { package, interface, version })
    }
}

/// Checks all imports, and says which capabilities they make up.
pub(super) fn check<'a>(
    plugin: &PluginName,
    imports: impl Iterator<Item = &'a str>,
    grant: &Grant,
) -> Result<Vec<Capability>, LoadError> {
    let (mut capabilities, mut missing) = (Vec::new(), Vec::new());
    for name in imports {
        let unknown = |hint: &str| {
            Err(LoadError::Unknown { plugin: plugin.clone(), import: name.to_owned(), hint: hint.to_owned() })
        };
        let Some(Import { package, interface, version }) = Import::of(name) else {
            return unknown("build it for the world `guesthouse:plugin/plugin`");
        };
        match package {
            PACKAGE => {
                if version != Some(VERSION) {
                    return Err(other_version(plugin, version));
                }
                if let Some(capability) = Capability::named(interface) {
                    capabilities.push(capability);
                    missing.extend((!grant.includes(capability)).then_some(capability));
                } else if !FREE.contains(&interface) {
                    return unknown("it was built for a later version of the contract: update guesthouse");
                }
            }
            "wasi:http" => {
                return unknown(
                    "plugins reach no network by themselves; build it without, in JavaScript with `--disable http fetch-event`",
                );
            }
            _ if WASI.contains(&package) => {
                if version.is_none_or(|(major, minor)| (major, minor) != (0, 2)) {
                    return unknown("this host has WASI 0.2: build it for wasm32-wasip2");
                }
            }
            _ => return unknown("plugins import `guesthouse:plugin` and WASI 0.2, nothing else"),
        }
    }
    // All at once: whoever adds them would otherwise meet the next one each time.
    if missing.is_empty() { Ok(capabilities) } else { Err(LoadError::NotGranted { plugin: plugin.clone(), missing }) }
}

/// The imports of a component that passes, by what they mean for whoever looks at it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Of the contract, without capabilities and without interfaces that hold nothing but types.
    pub(super) free: Vec<String>,
    /// The packages of WASI.
    pub(super) wasi: Vec<String>,
    /// The contract with the version that it was built for.
    pub(super) contract: String,
}

/// Sorts imports for whoever looks at the component.
pub(super) fn sorted<'a>(imports: impl Iterator<Item = &'a str>) -> Asked {
    const TYPES: [&str; 3] = ["types", "events", "manifests"];
    let mut asked = Asked::default();
    for name in imports {
        let Some(Import { package, interface, .. }) = Import::of(name) else { continue };
        if package != PACKAGE {
            if !asked.wasi.iter().any(|known| known == package) {
                asked.wasi.push(package.to_owned());
            }
            continue;
        }
        if let Some((_, version)) = name.split_once('@') {
            asked.contract = format!("{PACKAGE}@{version}");
        }
        if FREE.contains(&interface) && !TYPES.contains(&interface) {
            asked.free.push(interface.to_owned());
        }
    }
    asked.free.sort();
    asked.wasi.sort();
    asked
}

/// Checks that the exports are those of a plugin.
pub(super) fn check_exports<'a>(plugin: &PluginName, exports: impl Iterator<Item = &'a str>) -> Result<(), LoadError> {
    let exports: Vec<_> = exports.collect();
    for needed in ["describe", "handle"] {
        if !exports.contains(&needed) {
            let found = match exports.as_slice() {
                [] => "nothing".to_owned(),
                found => found.iter().take(4).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            };
            return Err(LoadError::NotAPlugin { plugin: plugin.clone(), missing: needed, found });
        }
    }
    Ok(())
}

fn other_version(plugin: &PluginName, version: Option<(u64, u64)>) -> LoadError {
    let (major, minor) = VERSION;
    LoadError::OtherVersion {
        plugin: plugin.clone(),
        needs: version.map_or_else(|| "without a version".into(), |(major, minor)| format!("{major}.{minor}")),
        has: format!("{major}.{minor}"),
        hint: if version > Some(VERSION) { "update guesthouse" } else { "build the plugin with a current SDK" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(imports: &[&str], granted: &[Capability]) -> String {
        let grant = Grant { capabilities: granted.iter().copied().collect(), ..Grant::default() };
        match check(&PluginName::new("notes").unwrap(), imports.iter().copied(), &grant) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn missing_grants_are_named_with_their_key() {
        insta::assert_snapshot!(problem(&["guesthouse:plugin/files@0.1.0"], &[Capability::Chat]), @r#"
        plugin `notes` imports `guesthouse:plugin/files`, which its grant does not include
        hint: add "files" to bot.plugins.notes.grant in guesthouse.toml
        "#);
        let both =
            ["guesthouse:plugin/telegram@0.1.0", "guesthouse:plugin/chat@0.1.0", "guesthouse:plugin/files@0.1.0"];
        insta::assert_snapshot!(problem(&both, &[Capability::Chat]), @r#"
        plugin `notes` imports `guesthouse:plugin/telegram` and `guesthouse:plugin/files`, which its grant does not include
        hint: add { telegram = ["<method>"] }, "files" to bot.plugins.notes.grant in guesthouse.toml
        "#);
    }

    #[test]
    fn what_the_host_does_not_have_is_named() {
        insta::assert_snapshot!(problem(&["wasi:http/outgoing-handler@0.2.3"], &[]), @"
        plugin `notes` imports `wasi:http/outgoing-handler@0.2.3`, which this host does not have
        hint: plugins reach no network by themselves; build it without, in JavaScript with `--disable http fetch-event`
        ");
        insta::assert_snapshot!(problem(&["guesthouse:plugin/payments@0.1.0"], &[]), @"
        plugin `notes` imports `guesthouse:plugin/payments@0.1.0`, which this host does not have
        hint: it was built for a later version of the contract: update guesthouse
        ");
        insta::assert_snapshot!(problem(&["wasi:cli/stdout@0.3.0"], &[]), @"
        plugin `notes` imports `wasi:cli/stdout@0.3.0`, which this host does not have
        hint: this host has WASI 0.2: build it for wasm32-wasip2
        ");
        insta::assert_snapshot!(problem(&["log"], &[]), @"
        plugin `notes` imports `log`, which this host does not have
        hint: build it for the world `guesthouse:plugin/plugin`
        ");
    }

    #[test]
    fn another_version_of_the_contract_is_refused() {
        insta::assert_snapshot!(problem(&["guesthouse:plugin/chat@0.2.0"], &Capability::ALL), @"
        plugin `notes` needs `guesthouse:plugin` 0.2, this host has 0.1
        hint: update guesthouse
        ");
        insta::assert_snapshot!(problem(&["guesthouse:plugin/chat@0.0.9"], &Capability::ALL), @"
        plugin `notes` needs `guesthouse:plugin` 0.0, this host has 0.1
        hint: build the plugin with a current SDK
        ");
    }

    #[test]
    fn imports_are_sorted_for_whoever_looks() {
        let imports = [
            "guesthouse:plugin/types@0.1.7",
            "guesthouse:plugin/log@0.1.7",
            "guesthouse:plugin/chat@0.1.7",
            "guesthouse:plugin/clock@0.1.7",
            "wasi:io/streams@0.2.6",
            "wasi:io/error@0.2.6",
            "wasi:cli/exit@0.2.6",
        ];
        let asked = sorted(imports.into_iter());
        assert_eq!(asked.free, ["clock", "log"]);
        assert_eq!(asked.wasi, ["wasi:cli", "wasi:io"]);
        assert_eq!(asked.contract, "guesthouse:plugin@0.1.7");
    }

    #[test]
    fn ordinary_imports_pass() {
        let imports = [
            "guesthouse:plugin/types@0.1.0",
            "guesthouse:plugin/chat@0.1.0",
            "guesthouse:plugin/log@0.1.7",
            "wasi:cli/environment@0.2.6",
            "wasi:sockets/tcp@0.2.0",
        ];
        assert_eq!(problem(&imports, &[Capability::Chat]), "");
    }

    #[test]
    fn a_component_for_another_world_is_told_so() {
        let name = PluginName::new("notes").unwrap();
        let error = check_exports(&name, ["wasi:http/incoming-handler@0.2.0"].into_iter()).unwrap_err();
        insta::assert_snapshot!(error, @"
        the component of plugin `notes` does not export `describe`; it exports `wasi:http/incoming-handler@0.2.0`
        hint: build it for the world `guesthouse:plugin/plugin`, in Rust with the crate `guesthouse-plugin`
        ");
        assert!(check_exports(&name, ["describe", "handle"].into_iter()).is_ok());
    }
}
