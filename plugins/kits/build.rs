//! Lists the files of the kits, so that none is forgotten. What tools leave behind in those folders is not among them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders from the root of the workspace.
const FOLDERS: &[&str] = &["wit", "plugins/sdk", "plugins/sdk-js", "plugins/sdk-py", "plugins/templates"];
/// Single files.
const FILES: &[&str] = &["Cargo.toml", "Cargo.lock"];
/// What tools leave behind, and what no plugin needs.
const LEFT_OUT: &[&str] = &["node_modules", "target", "dist", "test", "__pycache__", "package-lock.json"];
/// The only name with a dot in front that is meant.
const IGNORED: &str = ".gitignore";

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mut files: Vec<_> = FILES.iter().map(|file| root.join(file)).collect();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        walk(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut code = String::from("&[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root).map_err(io::Error::other)?.display().to_string();
        let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.display().to_string());
    }
    code.push_str("]\n");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("this is a build script"))?;
    fs::write(out.join("files.rs"), code)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&&*name) || (name.starts_with('.') && name != IGNORED) {
            continue;
        }
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
