//! What plugin authors need besides a host that runs: a project to begin with, a component made of it, and a plain answer to
//! what a component is and whether it would load.
//!
//! 1. [`new`]: a project from a template, with the SDK inside, because no registry has it. `kit` writes the files.
//! 2. [`build`]: the language's own tool, and what is missing for it.
//! 3. [`look`]: what a component is, in the words of `summary`, which says what two versions differ in, too. [`verdict`]: would
//!    it load under this configuration?
//!
//! The commands are in `cli/plugin`. What loads a component is `sandbox`, here as in a host.

pub mod build;

mod kit;

pub mod look;

pub mod new;

pub(crate) mod summary;

pub mod verdict;

use std::path::Path;

/// The languages that have an SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Rust, built by cargo.
    Rust,
    /// JavaScript or TypeScript, built by componentize-js.
    #[value(name = "js", alias = "javascript")]
    JavaScript,
    /// Python, built by componentize-py.
    #[value(name = "python", alias = "py")]
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rust, Self::JavaScript, Self::Python];

    /// The language of a project, by the file that its tool reads.
    pub fn of(folder: &Path) -> Option<Self> {
        Self::ALL.into_iter().find(|language| folder.join(language.manifest()).is_file())
    }

    /// The file by which a project is known.
    pub fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "package.json",
            Self::Python => "pyproject.toml",
        }
    }

    /// As a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }
}
