//! The nested cargo, in an environment that owes nothing to the outer one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::target::TARGET;
use crate::{Error, cargo_variable};

/// The profile of the workspace in which guests are compiled.
const PROFILE: &str = "guest";

/// What an outer cargo, clippy or a wrapper sets, and what is meant for the host and not for guests. Flags for the
/// host's target would break the guests; and whatever differs between `cargo run`, `cargo test` and `cargo clippy` would
/// compile them again each time.
const HOST_VARIABLES: &[&str] = &[
    "CARGO_ENCODED_RUSTDOCFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_PRIMARY_PACKAGE",
    "CLIPPY_ARGS",
    "CLIPPY_CONF_DIR",
    "DEBUG",
    "HOST",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
    "TARGET",
];

/// Beginnings of further ones: settings for one build, and what cargo tells a build script of its package.
const HOST_PREFIXES: &[&str] = &[
    "CARGO_BUILD_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CARGO_UNSTABLE_",
    "DEP_",
];

/// Builds the packages and says where their components are, in the same order.
pub(crate) fn build(target_dir: &Path, packages: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let manifest_dir = PathBuf::from(cargo_variable("CARGO_MANIFEST_DIR")?);
    let mut command = Command::new(cargo_variable("CARGO")?);
    command.args(["build", "--target", TARGET, "--profile", PROFILE]);
    // The outer cargo has just brought the lock file up to date for the same workspace.
    command.arg("--locked").arg("--target-dir").arg(target_dir).arg("--manifest-path");
    command.arg(manifest_dir.join("Cargo.toml"));
    packages.iter().for_each(|package| _ = command.args(["--package", package]));

    env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_for_host)).for_each(|(name, _)| {
        command.env_remove(name);
    });
    // This one also silences flags from configuration files, such as a linker for the host.
    command.env("CARGO_ENCODED_RUSTFLAGS", flags()).env("CARGO_TERM_PROGRESS_WHEN", "never");
    // Standard output belongs to what the build script tells the outer cargo.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(Error::Cargo(format!("`cargo build --target {TARGET}` ended with {status}"))),
        Err(error) => return Err(Error::Cargo(format!("`cargo` was not started: {error}"))),
    }

    let folder = target_dir.join(TARGET).join(PROFILE);
    let artifact = |package: &&str| {
        let path = folder.join(format!("{}.wasm", package.replace('-', "_")));
        let missing = || Error::Cargo(format!("`{package}` made no component; is its crate type `cdylib`?"));
        fs::exists(&path).unwrap_or(false).then_some(path).ok_or_else(missing)
    };
    packages.iter().map(artifact).collect()
}

fn is_for_host(variable: &str) -> bool {
    HOST_VARIABLES.contains(&variable) || HOST_PREFIXES.iter().any(|prefix| variable.starts_with(prefix))
}

/// Paths in panic messages lose the folder in which cargo keeps its crates, so that the same sources give the same bytes
/// on every machine.
fn flags() -> OsString {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let Some(home) = home else { return OsString::new() };
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(home.join("registry").join("src"));
    flag.push("=registry");
    flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_see_nothing_that_is_meant_for_the_host() {
        let removed = [
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO_TARGET_DIR",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
            "CARGO_BUILD_TARGET",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_FEATURE_DEFAULT",
            "OUT_DIR",
        ];
        assert!(removed.into_iter().all(is_for_host));
        let kept = [
            "PATH",
            "HOME",
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "CARGO_HTTP_PROXY",
            "CARGO_MAKEFLAGS",
            "RUSTC",
            "RUSTUP_TOOLCHAIN",
        ];
        assert!(!kept.into_iter().any(is_for_host));
    }
}
