//! What a plugin author starts with: the SDKs, the contract and a template in each language, embedded, so that an installed
//! guesthouse can begin a project without asking anybody for an unpublished crate.

/// All files: path from the root of the workspace, and content.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The files below a folder, with their paths from there.
pub fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let inside = move |path: &'static str| path.strip_prefix(folder)?.strip_prefix('/');
    FILES.iter().filter_map(move |(path, content)| Some((inside(path)?, *content)))
}

/// One file.
pub fn file(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == path).map(|(_, content)| *content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kit_is_whole() {
        assert!(below("wit").any(|(path, _)| path == "world.wit"));
        for folder in ["plugins/sdk", "plugins/sdk-js", "plugins/sdk-py", "plugins/templates/rust"] {
            assert!(below(folder).count() > 3, "{folder}");
        }
        assert!(file("Cargo.lock").is_some_and(|lock| lock.contains("guesthouse-plugin")));
        let strangers = ["node_modules", "__pycache__", "/target/"];
        assert!(FILES.iter().all(|(path, _)| strangers.iter().all(|stranger| !path.contains(stranger))));
    }
}
