//! A new project: a plugin that builds, with a scenario that it passes. It decides what a project may be called and where it
//! may be put; what is in it are the files of `plugins/templates`.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Language, kit};
use crate::model::PluginName;

/// Names that a crate cannot have beside those that it depends on.
const TAKEN: [&str; 9] =
    ["alloc", "core", "guesthouse-plugin", "proc-macro", "serde", "serde-json", "std", "test", "wit-bindgen"];

/// Why there is no project.
#[derive(Debug, Error)]
pub enum NewError {
    /// A host would not load a plugin of that name.
    #[error(
        "`{0}` is no name for a plugin\nhint: use 1 to 32 of a-z 0-9 -, beginning with a letter: guesthouse plugin new my-plugin"
    )]
    Name(String),
    /// A crate of that name is needed to build it.
    #[error("a crate cannot be called `{0}` beside the one of that name\nhint: choose another name, such as my-{0}")]
    Taken(String),
    /// Something is there.
    #[error("`{}` is there already\nhint: choose another name, or another place with --folder", .0.display())]
    Exists(PathBuf),
    /// A file was not written.
    #[error("cannot write `{}`: {}\nhint: choose another place with --folder", .0.display(), .1)]
    Write(PathBuf, io::Error),
}

/// Makes a project in a folder that is not there yet.
pub fn create(folder: &Path, name: &str, language: Language) -> Result<(), NewError> {
    PluginName::new(name).ok_or_else(|| NewError::Name(name.to_owned()))?;
    if language == Language::Rust && TAKEN.contains(&name) {
        return Err(NewError::Taken(name.to_owned()));
    }
    if folder.symlink_metadata().is_ok() {
        return Err(NewError::Exists(folder.to_owned()));
    }
    kit::project(folder, name, language).and_then(|()| kit::sdk(folder, language)).map_err(|(path, error)| {
        // Half a project helps nobody; that it cannot be removed either is the same trouble again.
        let _ = std::fs::remove_dir_all(folder);
        NewError::Write(path, error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str, language: Language) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project");
        let error = create(&path, name, language).expect_err("refused");
        assert!(!path.exists(), "nothing is left");
        error.to_string()
    }

    #[test]
    fn a_name_is_one_that_a_host_takes() {
        for name in ["", "Notes", "my_plugin", "1st", "../out", "a.b", &"a".repeat(33)] {
            assert!(
                refusal(name, Language::JavaScript).starts_with(&format!("`{name}` is no name for a plugin\nhint: "))
            );
        }
        assert!(refusal("serde", Language::Rust).ends_with("such as my-serde"));
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let error = create(folder.path(), "notes", Language::Python).expect_err("refused");
        assert!(matches!(error, NewError::Exists(_)), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_place_that_takes_no_files_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let error = create(&folder.path().join("file/notes"), "notes", Language::Rust).expect_err("refused");
        assert!(error.to_string().starts_with("cannot write `"), "{error}");
    }
}
