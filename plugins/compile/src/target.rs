//! The standard library for components, which a fresh machine lacks.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Error, cargo_variable};

/// What guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Installs it for the toolchain in use if it is missing. One build script at a time: rustup takes no lock of its own.
pub(crate) fn install_if_missing(folder: &Path) -> Result<(), Error> {
    let rustc = cargo_variable("RUSTC")?;
    if is_installed(&rustc)? {
        return Ok(());
    }
    let path = folder.join("rustup.lock");
    let lock = File::create(&path).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(|error| Error::File(path, error))?;
    if is_installed(&rustc)? {
        return Ok(());
    }
    run_rustup()?;
    let elsewhere =
        || Error::NoTarget(format!("rustup did it for another toolchain than that of `{}`", rustc.display()));
    is_installed(&rustc)?.then_some(()).ok_or_else(elsewhere)
}

/// Whether the compiler has the standard library of the target.
fn is_installed(rustc: &OsString) -> Result<bool, Error> {
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let output = output.map_err(|error| Error::NoTarget(format!("`{}` was not started: {error}", rustc.display())))?;
    if !output.status.success() {
        return Err(Error::NoTarget(format!("`{}` does not know it", rustc.display())));
    }
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let files = fs::read_dir(folder).map(|files| files.flatten().any(|file| is_std(&file.file_name())));
    Ok(files.unwrap_or(false))
}

fn is_std(file: &std::ffi::OsStr) -> bool {
    file.to_str().is_some_and(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
}

fn run_rustup() -> Result<(), Error> {
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]);
    if let Some(toolchain) = env::var_os("RUSTUP_TOOLCHAIN") {
        command.arg("--toolchain").arg(toolchain);
    }
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::NoTarget(format!("`rustup` was not started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // Its last line that says anything, on one line of ours.
    let reason = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("`rustup` gave no reason");
    Err(Error::NoTarget(reason.trim_start_matches("error: ").to_owned()))
}
