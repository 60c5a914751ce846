//! Writes what a project begins with: the template's files with its name filled in, and the SDK with the contract inside.
//!
//! The SDK lies in the project, in `sdk/`, as long as no registry has it: an installed guesthouse needs nobody's permission to
//! begin a project, and a project builds the same in a year. A crate that is taken out of its workspace has to be told what it
//! had inherited, as `cargo package` does it; a lock file holds its dependencies to those that this version was tested with.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Language;

/// What stands for the project's name in a template.
const NAME: &str = "{{name}}";
/// Where the SDK lies in a project.
pub(super) const SDK: &str = "sdk";

/// The file, and why it was not written.
type Unwritten = (PathBuf, io::Error);

/// Writes the template.
pub(super) fn project(folder: &Path, name: &str, language: Language) -> Result<(), Unwritten> {
    let template = match language {
        Language::Rust => "plugins/templates/rust",
        Language::JavaScript => "plugins/templates/js",
        Language::Python => "plugins/templates/python",
    };
    for (path, content) in guesthouse_kits::below(template) {
        write(&folder.join(path), &content.replace(NAME, name))?;
    }
    match language {
        Language::Rust => write(&folder.join("Cargo.lock"), &lock_file()),
        Language::JavaScript | Language::Python => Ok(()),
    }
}

/// Writes the SDK and the contract.
pub(super) fn sdk(folder: &Path, language: Language) -> Result<(), Unwritten> {
    let (sdk, to) = match language {
        Language::Rust => ("plugins/sdk", folder.join(SDK)),
        Language::JavaScript => ("plugins/sdk-js", folder.join(SDK)),
        Language::Python => ("plugins/sdk-py", folder.join(SDK)),
    };
    for (path, content) in guesthouse_kits::below(sdk) {
        match (language, path) {
            (Language::Rust, "Cargo.toml") => write(&to.join(path), &crate_alone(content))?,
            _ => write(&to.join(path), content)?,
        }
    }
    for (path, content) in guesthouse_kits::below("wit") {
        write(&to.join("wit").join(path), content)?;
    }
    Ok(())
}

fn write(path: &Path, content: &str) -> Result<(), Unwritten> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).and_then(|()| fs::write(path, content)).map_err(|error| (path.to_owned(), error))
}

/// A manifest with what it inherits from its workspace written out, without the workspace's lints, and without the generator
/// of the bindings: they go along as they are.
fn crate_alone(manifest: &str) -> String {
    let mut manifest = parsed(manifest);
    let workspace = parsed(guesthouse_kits::file("Cargo.toml").unwrap_or_default());
    let section = |name: &str| workspace.get("workspace").and_then(|it| it.get(name)).cloned();
    manifest.remove("lints");
    for (here, there) in [("package", "package"), ("dependencies", "dependencies")] {
        let (Some(Value::Table(mine)), Some(shared)) = (manifest.get_mut(here), section(there)) else { continue };
        for (key, value) in mine.iter_mut() {
            let inherits = value.get("workspace").and_then(Value::as_bool) == Some(true);
            if let Some(shared) = shared.get(key).filter(|_| inherits) {
                *value = shared.clone();
            }
        }
    }
    let features = manifest
        .get_mut("dependencies")
        .and_then(|all| all.get_mut("wit-bindgen"))
        .and_then(|it| it.get_mut("features"));
    if let Some(features) = features.and_then(Value::as_array_mut) {
        features.retain(|feature| feature.as_str() != Some("macros"));
    }
    toml::to_string(&manifest).unwrap_or_default()
}

/// The packages that the SDK needs, as the workspace's lock file has them. Cargo adds the project itself.
fn lock_file() -> String {
    let lock = parsed(guesthouse_kits::file("Cargo.lock").unwrap_or_default());
    let all = lock.get("package").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |package: &Value, key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    // A dependency is written as `name`, or as `name version` where there are several.
    let is = |package: &Value, wanted: &str| {
        let (name, version) = wanted.split_once(' ').map_or((wanted, None), |(name, version)| (name, Some(version)));
        text(package, "name") == name && version.is_none_or(|version| text(package, "version") == version)
    };
    let mut wanted = vec!["guesthouse-plugin".to_owned()];
    let mut kept = BTreeSet::new();
    while let Some(next) = wanted.pop() {
        let Some(index) = all.iter().position(|package| is(package, &next)) else { continue };
        if kept.insert(index) {
            let needs = all[index].get("dependencies").and_then(Value::as_array).into_iter().flatten();
            wanted.extend(needs.filter_map(Value::as_str).map(str::to_owned));
        }
    }
    let packages = all.into_iter().enumerate().filter(|(index, _)| kept.contains(index)).map(|(_, package)| package);
    let mut file = Table::new();
    file.insert("version".into(), lock.get("version").cloned().unwrap_or(Value::Integer(4)));
    file.insert("package".into(), Value::Array(packages.collect()));
    toml::to_string(&file).unwrap_or_default()
}

/// A file of our own, which is TOML.
fn parsed(text: &str) -> Table {
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_its_workspace_inherits_nothing() {
        let manifest = crate_alone(guesthouse_kits::file("plugins/sdk/Cargo.toml").unwrap());
        assert!(!manifest.contains("workspace"), "{manifest}");
        let manifest = parsed(&manifest);
        assert_eq!(manifest["package"]["version"].as_str(), Some(env!("CARGO_PKG_VERSION")));
        assert!(manifest["dependencies"]["wit-bindgen"]["version"].is_str());
    }

    #[test]
    fn the_lock_file_has_what_the_sdk_needs_and_no_more() {
        let lock = parsed(&lock_file());
        let names: Vec<_> =
            lock["package"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
        for needed in ["guesthouse-plugin", "serde_derive", "wit-bindgen"] {
            assert!(names.iter().any(|name| name == needed), "{names:?}");
        }
        for other in ["tokio", "wasmtime", "guesthouse"] {
            assert!(!names.iter().any(|name| name == other), "{names:?}");
        }
    }

    #[test]
    fn a_project_need_not_generate_its_bindings() {
        let folder = tempfile::tempdir().unwrap();
        sdk(folder.path(), Language::Rust).map_err(|(_, error)| error).unwrap();
        let bindings = fs::read_to_string(folder.path().join("sdk/src/bindings.rs")).unwrap();
        assert!(bindings.contains("pub mod guesthouse") && !bindings.contains("wit_bindgen::generate!({"));
        assert!(!fs::read_to_string(folder.path().join("sdk/Cargo.toml")).unwrap().contains("macros"));
        assert!(folder.path().join("sdk/wit/world.wit").is_file());
    }
}
