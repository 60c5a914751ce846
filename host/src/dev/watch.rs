//! Whether a component or a project has changed: looked at now and then, because that works on every file system, for files
//! that are replaced as well as for files that are rewritten. It knows nothing of what is in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::clock::Clock;

/// How often to look.
const LOOK: Duration = Duration::from_millis(250);
/// Files of a project that are looked at; what has more is not a plugin's sources.
const MOST: usize = 20_000;
/// Folders of a project that tools write to.
const WRITTEN: [&str; 6] = ["target", "dist", "build", "node_modules", "__pycache__", "sdk"];

/// What files looked like, by their paths: size and time of the last change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look(BTreeMap<PathBuf, (u64, Option<SystemTime>)>);

impl Look {
    /// At a file, or at all of a project's sources.
    pub(super) fn at(path: &Path) -> Self {
        let mut look = Self::default();
        look.add(path, true);
        look
    }

    fn add(&mut self, path: &Path, is_root: bool) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_hidden = name.starts_with('.') || WRITTEN.contains(&name.as_str());
        if self.0.len() >= MOST || (is_hidden && !is_root) {
            return;
        }
        let Ok(facts) = std::fs::metadata(path) else { return };
        if facts.is_dir() {
            let inside = std::fs::read_dir(path).into_iter().flatten().flatten();
            inside.for_each(|entry| self.add(&entry.path(), false));
        } else {
            self.0.insert(path.to_owned(), (facts.len(), facts.modified().ok()));
        }
    }
}

/// Returns once something looks otherwise than `last` and has looked the same twice since: whoever writes has finished.
pub(super) async fn changed(path: &Path, last: &Look, clock: &Clock) -> Look {
    let mut before = None;
    loop {
        clock.sleep(LOOK).await;
        let at = path.to_owned();
        // Only a panic in there could fail, and a look at files has none.
        let Ok(now) = tokio::task::spawn_blocking(move || Look::at(&at)).await else { continue };
        if now != *last && before.as_ref() == Some(&now) {
            return now;
        }
        before = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_write_is_no_change_of_a_project() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("src/lib.rs", "a");
        let first = Look::at(folder.path());
        assert_eq!(first.0.len(), 1);
        write("target/debug/x", "a");
        write("dist/shop.wasm", "a");
        write(".git/HEAD", "a");
        write("web/node_modules/x.js", "a");
        assert_eq!(Look::at(folder.path()), first);
        write("src/lib.rs", "ab");
        let second = Look::at(folder.path());
        assert_ne!(second, first);
        write("src/new.rs", "");
        assert_ne!(Look::at(folder.path()), second);
        // A single file counts whatever it is called.
        assert_eq!(Look::at(&folder.path().join("dist/shop.wasm")).0.len(), 1);
        assert_eq!(Look::at(&folder.path().join("nothing")), Look::default());
    }
}
