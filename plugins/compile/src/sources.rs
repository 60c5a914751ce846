//! What the guests were made of, so that the build script runs again when that changes and at no other time.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, cargo_variable};

/// Tells the outer cargo every file that the compiler read for these artifacts, the manifests of the crates they belong
/// to, and the workspace's manifest and lock file.
#[expect(clippy::print_stdout, reason = "a build script talks to cargo on its standard output")]
pub(crate) fn watch(artifacts: &[PathBuf]) -> Result<(), Error> {
    let manifest_dir = PathBuf::from(cargo_variable("CARGO_MANIFEST_DIR")?);
    let root = manifest_dir.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(&manifest_dir);
    let mut files = BTreeSet::from([root.join("Cargo.toml"), root.join("Cargo.lock")]);
    for artifact in artifacts {
        let path = artifact.with_extension("d");
        let dep_info = fs::read_to_string(&path).map_err(|error| Error::File(path, error))?;
        for source in parse_dep_info(&dep_info) {
            let source = root.join(source);
            files.extend(manifest_of(&source, root));
            files.insert(source);
        }
    }
    files.iter().for_each(|file| println!("cargo::rerun-if-changed={}", file.display()));
    Ok(())
}

/// The manifest of the crate that a file belongs to.
fn manifest_of(source: &Path, root: &Path) -> Option<PathBuf> {
    let folders = source.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    folders.map(|folder| folder.join("Cargo.toml")).find(|manifest| manifest.is_file())
}

/// The files after the colon of a line such as `target: a b\ c`, in which a space in a name is escaped.
fn parse_dep_info(dep_info: &str) -> Vec<String> {
    let Some((_, files)) = dep_info.lines().next().and_then(|line| line.split_once(": ")) else { return Vec::new() };
    let mut names: Vec<String> = Vec::new();
    let mut continues = false;
    for word in files.split(' ') {
        let (word, escaped) = word.strip_suffix('\\').map_or((word, false), |word| (word, true));
        match names.last_mut() {
            Some(name) if continues => {
                name.push(' ');
                name.push_str(word);
            }
            _ => names.push(word.to_owned()),
        }
        continues = escaped;
    }
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dep_info_is_read_with_its_escapes() {
        let names = parse_dep_info("/t/a.wasm: /src/lib.rs /my\\ plugins/a\\ b.rs /wit/chat.wit\n\n/src/lib.rs:\n");
        assert_eq!(names, ["/src/lib.rs", "/my plugins/a b.rs", "/wit/chat.wit"]);
        assert_eq!(parse_dep_info("/t/a.wasm:\n"), [""; 0]);
    }

    #[test]
    fn the_manifest_is_the_nearest_within_the_workspace() {
        let root = tempfile::tempdir().expect("a folder");
        let crate_dir = root.path().join("plugins/cards");
        fs::create_dir_all(crate_dir.join("src/menu")).expect("folders");
        fs::write(crate_dir.join("Cargo.toml"), "").expect("a file");
        let manifest = crate_dir.join("Cargo.toml");
        assert_eq!(manifest_of(&crate_dir.join("src/menu/add.rs"), root.path()), Some(manifest));
        assert_eq!(manifest_of(&root.path().join("wit/chat.wit"), root.path()), None);
    }
}
