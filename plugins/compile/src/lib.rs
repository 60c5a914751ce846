//! Compiles guest crates to components from a build script, and embeds them.
//!
//! A build script lists the guest crates of its workspace:
//!
//! ```no_run
//! # use std::process::ExitCode;
//! fn main() -> ExitCode {
//!     guesthouse_compile::embed("Bundled", &[("cards", "guesthouse-cards")])
//! }
//! ```
//!
//! and the crate includes what was written, a slice of that type:
//!
//! ```text
//! pub struct Bundled { pub name: &'static str, pub component: &'static [u8], pub digest: &'static str }
//! static ALL: &[Bundled] = include!(concat!(env!("OUT_DIR"), "/components.rs"));
//! ```
//!
//! One nested cargo builds all the crates in the profile `guest`, in a target folder of its own beneath the outer one:
//! the outer cargo holds a lock on its folder while build scripts run. The folder does not depend on the outer profile, so
//! that `cargo run`, `cargo test` and `cargo clippy` share what is compiled.

mod nested;
mod sources;
mod target;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fmt, fs, io};

use sha2::{Digest, Sha256};

/// A compiled component, copied into the build script's output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// What it is called where it is embedded.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub digest: String,
}

/// Why there are no components.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A variable that cargo sets for build scripts is missing.
    NoBuildScript(&'static str),
    /// The standard library for components is missing and was not installed.
    NoTarget(String),
    /// The nested cargo failed; what it says is in the build script's output.
    Cargo(String),
    /// A file was not read or written.
    File(PathBuf, io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBuildScript(variable) => write!(f, "`{variable}` is not set\nhint: call this from a build script"),
            Self::NoTarget(reason) => write!(
                f,
                "the Rust target `{target}` is missing and was not installed: {reason}\n\
                 hint: rustup target add {target}",
                target = target::TARGET
            ),
            Self::Cargo(reason) => write!(f, "the plugins were not compiled: {reason}\nhint: the reason stands below"),
            Self::File(path, _) => write!(f, "`{}` was not read or written", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, error) => Some(error),
            Self::NoBuildScript(_) | Self::NoTarget(_) | Self::Cargo(_) => None,
        }
    }
}

/// The whole build script: compiles the guest crates, given as names and packages, and writes `components.rs`, a slice of
/// structs of the type `item` with the fields `name`, `component` and `digest`.
#[expect(clippy::print_stdout, reason = "a build script talks to cargo on its standard output")]
pub fn embed(item: &str, guests: &[(&str, &str)]) -> ExitCode {
    let result = components(guests).and_then(|components| write_slice(item, &components));
    let Err(error) = result else { return ExitCode::SUCCESS };
    let mut lines = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        let _ = write!(lines, ": {error}");
        cause = error.source();
    }
    lines.lines().for_each(|line| println!("cargo::error={line}"));
    ExitCode::FAILURE
}

/// Compiles the guest crates, given as names and packages, and tells cargo what they depend on.
///
/// # Errors
///
/// If this is no build script, the target is missing, a crate does not compile, or a file is not read or written.
#[expect(clippy::print_stdout, reason = "a build script talks to cargo on its standard output")]
pub fn components(guests: &[(&str, &str)]) -> Result<Vec<Component>, Error> {
    let out_dir = PathBuf::from(cargo_variable("OUT_DIR")?);
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    // The documentation is built without network and without the target: the crate is documented with empty components.
    if env::var_os("DOCS_RS").is_some() {
        return guests.iter().map(|(name, _)| store(&out_dir, name, &[])).collect();
    }
    let target_dir = guest_target_dir(&out_dir);
    create_dir(&target_dir)?;
    target::install_if_missing(&target_dir)?;
    let packages: Vec<_> = guests.iter().map(|(_, package)| *package).collect();
    let artifacts = nested::build(&target_dir, &packages)?;
    sources::watch(&artifacts)?;
    let copy = |(artifact, (name, _)): (&PathBuf, &(&str, &str))| {
        let bytes = fs::read(artifact).map_err(|error| Error::File(artifact.clone(), error))?;
        store(&out_dir, name, &bytes)
    };
    artifacts.iter().zip(guests).map(copy).collect()
}

/// A folder beneath the outer cargo's target folder, which cargo tags as a cache.
fn guest_target_dir(out_dir: &Path) -> PathBuf {
    let root = out_dir.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    root.unwrap_or(out_dir).join("guests")
}

fn store(out_dir: &Path, name: &str, bytes: &[u8]) -> Result<Component, Error> {
    let path = out_dir.join(format!("{name}.wasm"));
    write_if_changed(&path, bytes)?;
    let mut digest = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(digest, "{byte:02x}");
    }
    Ok(Component { name: name.to_owned(), path, digest })
}

fn write_slice(item: &str, components: &[Component]) -> Result<(), Error> {
    let mut code = String::from("&[\n");
    for Component { name, digest, .. } in components {
        let bytes = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.wasm\"))");
        let _ = writeln!(code, "    {item} {{ name: \"{name}\", component: {bytes}, digest: \"{digest}\" }},");
    }
    code.push_str("]\n");
    write_if_changed(&PathBuf::from(cargo_variable("OUT_DIR")?).join("components.rs"), code.as_bytes())
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).map_err(|error| Error::File(path.to_owned(), error))
}

fn create_dir(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| Error::File(path.to_owned(), error))
}

fn cargo_variable(name: &'static str) -> Result<OsString, Error> {
    env::var_os(name).ok_or(Error::NoBuildScript(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_folder_is_the_same_for_all_profiles() {
        let root = tempfile::tempdir().expect("a folder");
        let outs = ["debug/build/bundled-1/out", "release/build/bundled-2/out", "x86_64/debug/build/bundled/3/out"];
        fs::write(root.path().join("CACHEDIR.TAG"), "").expect("a file");
        for out in outs.map(|out| root.path().join(out)) {
            create_dir(&out).expect("a folder");
            assert_eq!(guest_target_dir(&out), root.path().join("guests"));
        }
        let untagged = tempfile::tempdir().expect("a folder");
        assert_eq!(guest_target_dir(untagged.path()), untagged.path().join("guests"));
    }

    #[test]
    fn errors_end_with_what_to_do() {
        let error = Error::NoTarget("there is no rustup".into()).to_string();
        assert_eq!(error.lines().last(), Some("hint: rustup target add wasm32-wasip2"));
        assert_eq!(error.lines().count(), 2);
    }

    #[test]
    fn files_that_stay_the_same_are_not_written_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let component = store(folder.path(), "cards", b"abc").expect("a component");
        assert!(component.digest.starts_with("ba7816bf8f01cfea"), "{}", component.digest);
        let written = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).expect("a time");
        let before = written(&component.path);
        store(folder.path(), "cards", b"abc").expect("a component");
        assert_eq!(written(&component.path), before);
    }
}
