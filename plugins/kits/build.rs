//! Lists the files of the kits, so that none is forgotten. What tools leave behind in those folders is not among them.
//!
//! The Rust SDK goes along with its bindings generated: a project would otherwise compile the generator first, and wait for it
//! three times as long as for everything else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use wit_bindgen_core::WorldGenerator;
use wit_bindgen_core::wit_parser::Resolve;

/// Folders from the root of the workspace.
const FOLDERS: &[&str] = &["wit", "plugins/sdk", "plugins/sdk-js", "plugins/sdk-py", "plugins/templates"];
/// Single files.
const FILES: &[&str] = &["Cargo.toml", "Cargo.lock"];
/// Where the SDK has its bindings generated, and how.
const BINDINGS: &str = "plugins/sdk/src/bindings.rs";
const MACRO: &str = r#"wit_bindgen::generate!({
    path: "../../wit",
    world: "plugin",
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    pub_export_macro: true,
    export_macro_name: "__export_world",
    default_bindings_module: "guesthouse_plugin::__private",
});"#;
/// What tools leave behind, and what no plugin needs.
const LEFT_OUT: &[&str] = &["node_modules", "target", "dist", "test", "__pycache__", "package-lock.json"];
/// The only name with a dot in front that is meant.
const IGNORED: &str = ".gitignore";

fn main() -> io::Result<()> {
    // Asked for while it runs: a checkout that was moved keeps the program that was built where it stood before.
    let root = variable("CARGO_MANIFEST_DIR")?.join("../..").canonicalize()?;
    let mut files: Vec<_> = FILES.iter().map(|file| root.join(file)).collect();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        walk(&root.join(folder), &mut files)?;
    }
    files.sort();
    let out = variable("OUT_DIR")?;
    let generated = out.join("bindings.rs");
    fs::write(&generated, bindings(&root)?)?;
    let mut code = String::from("&[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&root).map_err(io::Error::other)?.display().to_string();
        let file = if name == BINDINGS { &generated } else { file };
        let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.display().to_string());
    }
    code.push_str("]\n");
    fs::write(out.join("files.rs"), code)
}

fn variable(name: &str) -> io::Result<PathBuf> {
    env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other("this is a build script"))
}

/// The bindings with the macro written out.
fn bindings(root: &Path) -> io::Result<String> {
    let text = fs::read_to_string(root.join(BINDINGS))?;
    let Some((before, after)) = text.split_once(MACRO) else {
        return Err(io::Error::other(format!("the macro in {BINDINGS} has other options: repeat them in this script")));
    };
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root.join("wit")).map_err(io::Error::other)?;
    let world = resolve.select_world(&[package], Some("plugin")).map_err(io::Error::other)?;
    let options = wit_bindgen_rust::Opts {
        format: true,
        additional_derive_attributes: ["PartialEq", "serde::Serialize", "serde::Deserialize"].map(str::to_owned).into(),
        pub_export_macro: true,
        export_macro_name: Some("__export_world".into()),
        default_bindings_module: Some("guesthouse_plugin::__private".into()),
        ..wit_bindgen_rust::Opts::default()
    };
    let mut made = wit_bindgen_core::Files::default();
    options.build().generate(&mut resolve, world, &mut made).map_err(io::Error::other)?;
    let made: Vec<_> = made.iter().map(|(_, text)| String::from_utf8_lossy(text).into_owned()).collect();
    Ok(format!("{before}{}{after}", made.join("\n")))
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
