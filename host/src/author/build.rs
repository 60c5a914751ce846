//! From a project to a component, by the language's own tool. It decides what is missing and says how to install it; what the
//! tool says goes through line by line. Whether the outcome is a plugin is for `look` to say.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use super::{Language, kit};

mod javascript;

mod python;

mod rust;

/// Lines that an error repeats of what a tool has said.
const REPEATED: usize = 40;

/// Why there is no component. Each says what to do about it.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The folder is none, or has none of the files by which a project is known.
    #[error(
        "`{}` is no plugin project: it has neither Cargo.toml nor package.json nor pyproject.toml\nhint: begin one with `guesthouse plugin new NAME --lang rust|js|python`",
        .0.display()
    )]
    NoProject(PathBuf),
    /// A program is not installed, or too old.
    #[error("{problem}\nhint: {hint}")]
    Missing {
        /// What is missing.
        problem: String,
        /// How to get it.
        hint: String,
    },
    /// The tool has refused.
    #[error("{what} failed\n{said}\nhint: {hint}")]
    Tool {
        /// What was tried.
        what: String,
        /// The last that it said.
        said: String,
        /// What to do.
        hint: String,
    },
    /// The project does not say what it has to.
    #[error("`{}`: {problem}\nhint: {hint}", file.display())]
    Project {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What to write.
        hint: String,
    },
    /// A file was not written or read.
    #[error("cannot read or write `{}`: {}\nhint: let this user read and write in the project's folder", .0.display(), .1)]
    File(PathBuf, std::io::Error),
}

/// Who hears what the tools say, line by line.
pub type Said<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Builds the project in a folder, and says where its component is: `dist/NAME.wasm` there.
pub async fn build(folder: &Path, said: Said<'_>) -> Result<PathBuf, BuildError> {
    // Tools are run in the project's folder, so a relative path would mean another place there.
    let absolute = std::path::absolute(folder).map_err(|error| BuildError::File(folder.to_owned(), error))?;
    let language = Language::of(&absolute).ok_or_else(|| BuildError::NoProject(folder.to_owned()))?;
    let built = match language {
        Language::Rust => rust::build(&absolute, said).await,
        Language::JavaScript => javascript::build(&absolute, said).await,
        Language::Python => python::build(&absolute, said).await,
    };
    // As the caller wrote it, where that is shorter.
    built.map(|path| path.strip_prefix(&absolute).map_or(path.clone(), |inside| folder.join(inside)))
}

/// Puts the SDK into a project that was made with one and has lost it, such as one that does not keep it in git.
fn restore_sdk(folder: &Path, language: Language, said: Said<'_>) -> Result<(), BuildError> {
    if folder.join(kit::SDK).is_dir() {
        return Ok(());
    }
    said("putting the SDK of this guesthouse into `sdk/`");
    kit::sdk(folder, language).map_err(|(path, error)| BuildError::File(path, error))
}

/// The component's place, with its folder made.
fn place(folder: &Path, name: &str) -> Result<PathBuf, BuildError> {
    let dist = folder.join("dist");
    std::fs::create_dir_all(&dist).map_err(|error| BuildError::File(dist.clone(), error))?;
    Ok(dist.join(format!("{name}.wasm")))
}

fn read(file: &Path) -> Result<String, BuildError> {
    std::fs::read_to_string(file).map_err(|error| BuildError::File(file.to_owned(), error))
}

/// What a program says of its version; `None` if it cannot be started.
async fn version(program: &str, folder: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").current_dir(folder).stdin(Stdio::null()).output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Major and minor number of a version such as `v20.1.0` or `Python 3.11.7`.
fn numbers(version: &str) -> (u64, u64) {
    let from = version.find(|char: char| char.is_ascii_digit()).unwrap_or(version.len());
    let mut numbers = version[from..].split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Runs a tool to its end. What it says goes to `said`; what it writes to standard output is the answer if `quiet`.
async fn run(mut command: Command, what: &str, hint: &str, quiet: bool, said: Said<'_>) -> Result<String, BuildError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let failed = |said: String| BuildError::Tool { what: what.into(), said, hint: hint.into() };
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let hush = |_: &str| {};
    let heard: Said<'_> = if quiet { &hush } else { said };
    let (out, err) = tokio::join!(listen(out, heard), listen(err, said));
    let status = child.wait().await.map_err(|error| failed(error.to_string()))?;
    if status.success() {
        return Ok(out.join("\n"));
    }
    let lines: Vec<_> = if quiet { err } else { out.into_iter().chain(err).collect() };
    let last = lines.len().saturating_sub(REPEATED);
    Err(failed(lines[last..].join("\n")))
}

async fn listen(from: Option<impl AsyncRead + Unpin>, said: Said<'_>) -> Vec<String> {
    let mut heard = Vec::new();
    let Some(from) = from else { return heard };
    let (mut from, mut line) = (BufReader::new(from), Vec::new());
    // To the end, or the tool would wait for ever to be heard: compilers repeat what stands in a source, text or not.
    while let Ok(1..) = from.read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        said(text);
        heard.push(text.to_owned());
        line.clear();
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_write_them() {
        assert_eq!(numbers("v20.20.2"), (20, 20));
        assert_eq!(numbers("Python 3.11.7"), (3, 11));
        assert_eq!(numbers("cargo 1.95.0 (59807616e 2026-04-14)"), (1, 95));
        assert_eq!(numbers("no version"), (0, 0));
    }

    #[tokio::test]
    async fn a_folder_without_a_project_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let error = build(folder.path(), &|_| {}).await.expect_err("no project").to_string();
        assert!(
            error.ends_with("\nhint: begin one with `guesthouse plugin new NAME --lang rust|js|python`"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn what_a_tool_says_is_heard_and_repeated() {
        let heard = std::sync::Mutex::new(Vec::new());
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two >&2; exit 3"]);
        let said = |line: &str| heard.lock().unwrap().push(line.to_owned());
        let error = run(command, "`sh`", "try again", false, &said).await.expect_err("it fails").to_string();
        assert_eq!(error, "`sh` failed\none\ntwo\nhint: try again");
        heard.lock().unwrap().sort();
        assert_eq!(*heard.lock().unwrap(), ["one", "two"]);
    }

    #[tokio::test]
    async fn what_is_no_text_is_heard_as_well_as_can_be() {
        let heard = std::sync::Mutex::new(Vec::new());
        let mut command = Command::new("sh");
        // More after it than a pipe holds.
        command.args(["-c", "printf 'caf\\351\\r\\n'; yes | head -c 200000; echo end"]);
        let said = |line: &str| heard.lock().unwrap().push(line.to_owned());
        let out = run(command, "`sh`", "try again", false, &said).await.expect("it ends well");
        assert!(out.starts_with("caf\u{fffd}\ny\n") && out.ends_with("\nend"), "{}", out.len());
        assert_eq!(heard.lock().unwrap().len(), 100_002);
    }
}
