//! Rust: cargo, with the target for components.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::process::Command;

use super::{BuildError, Said, numbers, place, read, restore_sdk, run, version};
use crate::author::Language;

const TARGET: &str = "wasm32-wasip2";
/// The oldest that builds the SDK.
const OLDEST: (u64, u64) = (1, 95);

pub(super) async fn build(folder: &Path, said: Said<'_>) -> Result<PathBuf, BuildError> {
    let name = name(folder)?;
    let missing = |problem: &str, hint: &str| BuildError::Missing { problem: problem.into(), hint: hint.into() };
    let Some(cargo) = version("cargo", folder).await else {
        return Err(missing("Rust is not installed: there is no `cargo`", "install it from https://rustup.rs"));
    };
    if numbers(&cargo) < OLDEST {
        let problem = format!("`{cargo}` is too old, {}.{} is needed", OLDEST.0, OLDEST.1);
        return Err(missing(&problem, "rustup update stable"));
    }
    if !has_target(folder).await {
        let problem = format!("the Rust target `{TARGET}` is not installed");
        return Err(missing(&problem, &format!("rustup target add {TARGET}")));
    }
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"]);
    command.current_dir(folder);
    let hint = "mend what the compiler names, or see docs/plugins.md for errors of the build itself";
    let messages = run(command, "`cargo build`", hint, true, said).await?;
    let artifact = artifact(&messages, &folder.join("Cargo.toml")).ok_or_else(|| BuildError::Project {
        file: folder.join("Cargo.toml"),
        problem: "cargo made no component of it".into(),
        hint: "write crate-type = [\"cdylib\"] under [lib]".into(),
    })?;
    let to = place(folder, &name)?;
    std::fs::copy(&artifact, &to).map_err(|error| BuildError::File(artifact, error))?;
    Ok(to)
}

/// The name of the package; also where the SDK is put back if the project means its own.
fn name(folder: &Path) -> Result<String, BuildError> {
    let file = folder.join("Cargo.toml");
    let wrong = |problem: String, hint: &str| BuildError::Project { file: file.clone(), problem, hint: hint.into() };
    let table: toml::Table = read(&file)?
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned(), "correct it; `cargo check` says where"))?;
    let sdk = table.get("dependencies").and_then(|all| all.get("guesthouse-plugin")).and_then(|it| it.get("path"));
    if sdk.and_then(toml::Value::as_str) == Some("sdk") {
        restore_sdk(folder, Language::Rust, &|_| {})?;
    }
    let name = table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
    name.map(str::to_owned).ok_or_else(|| wrong("it names no package".into(), "write name = \"…\" under [package]"))
}

/// Whether the compiler of this folder has the standard library for components.
async fn has_target(folder: &Path) -> bool {
    let mut command = Command::new("rustc");
    command.args(["--print", "target-libdir", "--target", TARGET]).current_dir(folder);
    let Ok(output) = command.output().await else { return false };
    let libraries = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let is_std = |name: &str| name.starts_with("libstd-") && name.ends_with(".rlib");
    std::fs::read_dir(libraries)
        .is_ok_and(|files| files.flatten().any(|file| file.file_name().to_str().is_some_and(is_std)))
}

/// The component that cargo says it has made of this manifest.
fn artifact(messages: &str, manifest: &Path) -> Option<PathBuf> {
    let manifest = manifest.canonicalize().ok()?;
    let of_it = |message: &Value| {
        let path = message["manifest_path"].as_str().map(PathBuf::from);
        message["reason"] == "compiler-artifact"
            && path.and_then(|path| path.canonicalize().ok()).as_ref() == Some(&manifest)
    };
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(of_it);
    let files = messages.filter_map(|message| message["filenames"].as_array().cloned()).flatten();
    files
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .rfind(|file| file.extension().is_some_and(|it| it == "wasm"))
}
