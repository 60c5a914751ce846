//! The configuration, its lock file and the stored components, changed together: each file is written beside its place and
//! renamed into it, and one `guesthouse plugin` at a time does so.
//!
//! Components are stored under their digests, so that what a running host has read is never overwritten; they are never
//! deleted, as another configuration in the folder may name them too.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

use super::document::Document;
use crate::config::lock::{Installed, Lock};
use crate::fetch;

/// The first lines of a lock file.
const HEAD: &str = "\
# What `guesthouse plugin` has installed: each plugin is bound to the bytes with this SHA-256, and a host loads no others
# under its name. Keep this file, and the folder `plugins`, with the configuration. It holds no secret: of an address it has
# nothing that comes after the `?`.

";
/// Who may read a lock file that is new. It holds no secret.
const MODE: u32 = 0o644;

/// A configuration with its lock file, as they were read.
pub(super) struct Book {
    /// The configuration, behind all symbolic links.
    path: PathBuf,
    /// The lines of the configuration.
    pub(super) document: Document,
    /// What is pinned.
    pub(super) lock: Lock,
}

impl Book {
    /// Reads both.
    pub(super) fn read(config: &Path) -> anyhow::Result<Self> {
        let unreadable = |reason| crate::config::ConfigError::Unreadable { path: config.to_owned(), reason };
        let text = fs::read_to_string(config).map_err(unreadable)?;
        let path = fs::canonicalize(config).map_err(unreadable)?;
        let document = Document::parse(&text);
        let document = document.map_err(|error| anyhow::anyhow!("`{}`: {error:#}", config.display()))?;
        // Beside the name that the host is started with, where it looks as well.
        let lock = Lock::load(config)?;
        Ok(Self { path, document, lock })
    }

    /// Where a path that stands in the configuration leads to.
    pub(super) fn resolve(config: &Path, source: &str) -> PathBuf {
        config.parent().unwrap_or(Path::new("")).join(source)
    }
}

/// Reads both anew, has them changed, and writes them. `bot` and `name` say whose section may change.
pub(super) fn change(
    config: &Path,
    bot: &str,
    name: &str,
    component: Option<(&Installed, &[u8])>,
    edit: impl FnOnce(&mut Book) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let folder = config.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Held to the end of this function; who waits for it reads what is written here.
    let held = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
    let _held = held.with_context(|| format!("cannot lock `{}`", folder.display()))?;
    let mut book = Book::read(config)?;
    edit(&mut book)?;
    let text = book.document.text(bot, name)?;
    if let Some((installed, bytes)) = component {
        store(&folder.join(installed.path()), bytes)?;
    }
    let lock = book.lock.text().context("the lock file cannot be written")?;
    // Both are whole on the disk before one of them takes its place: what can fail has failed by then.
    let lock = prepared(&Lock::beside(config), &format!("{HEAD}{lock}"))?;
    let text = prepared(&book.path, &text)?;
    lock.into_place()?;
    text.into_place()
}

/// Keeps a component, unless it is there already, whole.
fn store(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let cannot = || format!("cannot keep the component as `{}`", path.display());
    if fs::read(path).is_ok_and(|kept| kept == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(cannot)?;
    let written = beside(path, bytes, MODE).with_context(cannot)?;
    written.persist(path).with_context(cannot)?;
    Ok(())
}

/// The component that is installed, if it is what its digest says.
pub(super) fn stored(config: &Path, installed: &Installed) -> anyhow::Result<Vec<u8>> {
    let path = Book::resolve(config, &installed.path().to_string_lossy());
    let bytes = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let digest = fetch::digest(&bytes);
    anyhow::ensure!(digest == installed.digest, "`{}` was changed: its sha256 is {digest}", path.display());
    Ok(bytes)
}

/// A file that is written and waits for its name.
struct Prepared {
    file: NamedTempFile,
    path: PathBuf,
}

impl Prepared {
    fn into_place(self) -> anyhow::Result<()> {
        let Self { file, path } = self;
        file.persist(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        // The renaming itself is on the disk when its folder is.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("cannot write `{}`", path.display()))
    }
}

/// Writes a text beside its place, with the owner and the rights of what stands there.
fn prepared(path: &Path, text: &str) -> anyhow::Result<Prepared> {
    let cannot = || format!("cannot write `{}`", path.display());
    let known = fs::metadata(path).ok();
    let mode = known.as_ref().map_or(MODE, |known| known.permissions().mode() & 0o7777);
    let file = beside(path, text.as_bytes(), mode).with_context(cannot)?;
    if let Some(known) = known {
        let mine = file.as_file().metadata().with_context(cannot)?;
        if (mine.uid(), mine.gid()) != (known.uid(), known.gid()) {
            let owner = std::os::unix::fs::fchown(file.as_file(), Some(known.uid()), Some(known.gid()));
            owner.with_context(|| format!("cannot leave `{}` to its owner", path.display()))?;
        }
    }
    Ok(Prepared { file, path: path.to_owned() })
}

fn beside(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_rights_and_its_links() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.toml"), folder.path().join("guesthouse.toml"));
        fs::write(&real, "[[bot]]\nname = \"a\"\n").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        change(&link, "a", "notes", None, |book| {
            book.document.add("a", "notes", "plugins/x.wasm", &toml_edit::Array::new(), &Default::default())
        })
        .unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().contains("[bot.plugins.notes]"));
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(folder.path().join("guesthouse.lock")).unwrap().starts_with("# What"));
    }

    #[test]
    fn nothing_is_written_if_the_edit_fails() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("guesthouse.toml");
        fs::write(&config, "# mine\n").unwrap();
        change(&config, "a", "notes", None, |_| anyhow::bail!("no")).unwrap_err();
        assert_eq!(fs::read_to_string(&config).unwrap(), "# mine\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_component_that_was_changed_is_stored_anew_and_never_handed_out() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("guesthouse.toml");
        let installed = Installed {
            source: "notes.wasm".into(),
            digest: fetch::digest(b"abc"),
            version: "0.1.0".into(),
            package: None,
            capabilities: Vec::new(),
            grant: "[]".into(),
            added: String::new(),
        };
        let path = folder.path().join(installed.path());
        store(&path, b"abc").unwrap();
        assert_eq!(stored(&config, &installed).unwrap(), b"abc");
        fs::write(&path, b"abd").unwrap();
        assert!(stored(&config, &installed).unwrap_err().to_string().contains("was changed"));
        store(&path, b"abc").unwrap();
        assert_eq!(stored(&config, &installed).unwrap(), b"abc");
    }
}
