//! JavaScript: esbuild and componentize-js, which npm installs into the project once. What they are told is in the SDK's
//! `build.mjs`.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::process::Command;

use super::{BuildError, Said, numbers, place, read, restore_sdk, run, version};
use crate::author::Language;

/// The oldest Node.js that componentize-js takes.
const OLDEST: u64 = 20;
/// What has to be there after `npm install`, beside the SDK.
const TOOLS: [&str; 2] = ["@bytecodealliance/componentize-js", "esbuild"];

pub(super) async fn build(folder: &Path, said: Said<'_>) -> Result<PathBuf, BuildError> {
    let file = folder.join("package.json");
    let wrong = |problem: String, hint: &str| BuildError::Project { file: file.clone(), problem, hint: hint.into() };
    let package: Value =
        serde_json::from_str(&read(&file)?).map_err(|error| wrong(error.to_string(), "correct it; it is JSON"))?;
    let name = package["name"].as_str().ok_or_else(|| wrong("it has no name".into(), "write \"name\": \"…\""))?;
    // A scope is a folder's name for npm, and no part of a plugin's.
    let name = name.rsplit('/').next().unwrap_or(name);
    if package["dependencies"]["guesthouse-plugin"].as_str() == Some("file:./sdk") {
        restore_sdk(folder, Language::JavaScript, said)?;
    }
    has_node(folder).await?;
    let modules = folder.join("node_modules");
    let driver = modules.join("guesthouse-plugin").join("build.mjs");
    let is_there = || driver.is_file() && TOOLS.iter().all(|tool| modules.join(tool).is_dir());
    if !is_there() {
        said("installing componentize-js and esbuild with npm, once for this project");
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-fund", "--no-audit", "--loglevel=error"]).current_dir(folder);
        let hint = "npm needs its registry once; behind a proxy, set `npm config set proxy …`, then build again";
        run(npm, "`npm install`", hint, false, said).await?;
        if !is_there() {
            let hint = "write \"guesthouse-plugin\": \"file:./sdk\" under \"dependencies\", and build again";
            return Err(wrong("it does not depend on `guesthouse-plugin`".into(), hint));
        }
    }
    let to = place(folder, name)?;
    let mut node = Command::new("node");
    node.arg(&driver).arg(folder).arg("--out").arg(&to).current_dir(folder);
    let hint = "mend what it names; docs/plugins.md lists the usual errors";
    run(node, "building the component", hint, false, said).await?;
    Ok(to)
}

async fn has_node(folder: &Path) -> Result<(), BuildError> {
    let missing = |problem: String| {
        let hint =
            format!("install Node.js {OLDEST} or later with npm, from https://nodejs.org or your system's packages");
        BuildError::Missing { problem, hint }
    };
    let node =
        version("node", folder).await.ok_or_else(|| missing("Node.js is not installed: there is no `node`".into()))?;
    if numbers(&node).0 < OLDEST {
        return Err(missing(format!("Node.js {node} is too old")));
    }
    version("npm", folder).await.map(drop).ok_or_else(|| missing("npm is not installed".into()))
}
