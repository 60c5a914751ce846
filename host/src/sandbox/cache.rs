//! Compiled plugins on disk, so that a second start compiles nothing. It decides which file may be loaded: only one that
//! this very version of guesthouse wrote for this component, these settings and this engine, and that is whole. Most plugins
//! ask for no setting in `describe`; then one file is for whatever is set, so that all bots, the dev house and scenarios
//! share it.
//!
//! Loading compiled code is trusting it: whoever can write the cache folder can run code as this process. The folder is
//! therefore the user's alone (0700, files 0600), and never a place for code from elsewhere. The checksum in each file
//! guards against truncation and rot, not against such a writer, who could compute it too.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::plugin::Settings;
use crate::model::manifest::Manifest;
use crate::model::{PluginName, hex};

/// First bytes of a file; another layout gets another number.
const MAGIC: &[u8; 16] = b"guesthouse-code1";
const CHECKSUM: usize = 32;
/// How files end, and how those do that are being written.
const ENDING: &str = "code";
const UNFINISHED: &str = "part";

/// A compiled plugin.
pub(super) struct Entry {
    pub(super) component: Component,
    pub(super) facts: Facts,
}

/// What was found out when the plugin was compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) manifest: Manifest,
    /// Whether the code starts from the memory that `describe` left behind.
    pub(super) snapshot: bool,
}

/// The folder.
pub(super) struct Cache {
    folder: PathBuf,
    /// Stands for the engine's version, its settings and the processor.
    engine: u64,
}

impl Cache {
    pub(super) fn new(folder: &Path, engine: &Engine) -> Self {
        let mut hasher = StableHasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self { folder: folder.to_owned(), engine: hasher.finish() }
    }

    /// The files for a component under these settings: all that `describe` can see is part of the name.
    pub(super) fn key(&self, plugin: &PluginName, digest: &str, settings: &Settings) -> Key {
        let file = |hasher: StableHasher| {
            let hash = hex(&hasher.0.finalize());
            self.folder.join(format!("{plugin}-{}.{ENDING}", &hash[..32]))
        };
        let mut hasher = StableHasher(Sha256::new());
        (env!("CARGO_PKG_VERSION"), self.engine, digest).hash(&mut hasher);
        let for_all = file(StableHasher(hasher.0.clone()));
        (&settings.config, &settings.admins).hash(&mut hasher);
        (settings.me.id, &settings.me.username, &settings.me.name).hash(&mut hasher);
        Key { plugin: plugin.clone(), for_all, for_these: file(hasher) }
    }

    /// The compiled plugin, if the cache has it whole.
    pub(super) fn load(&self, key: &Key, engine: &Engine) -> Option<Entry> {
        [&key.for_all, &key.for_these].into_iter().find_map(|file| self.load_file(key, file, engine))
    }

    fn load_file(&self, key: &Key, file: &Path, engine: &Engine) -> Option<Entry> {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => return key.refused(file, &error.to_string()),
        };
        let Some((facts, code)) = unpack(&bytes) else { return key.refused(file, "it is damaged") };
        // SAFETY: `unpack` found the file whole, and only `store` writes files of this form, from `Component::serialize`
        // of an engine with the same hash. wasmtime checks version and settings once more.
        #[expect(unsafe_code, reason = "the one place that trusts compiled code: own files only")]
        let component = unsafe { Component::deserialize(engine, code) };
        match component {
            Ok(component) => Some(Entry { component, facts }),
            Err(error) => key.refused(file, &error.to_string()),
        }
    }

    /// Keeps a compiled plugin. A cache that cannot be written costs time at the next start, nothing else.
    pub(super) fn store(&self, key: &Key, facts: &Facts, component: &Component, good_for: GoodFor) {
        let file = match good_for {
            GoodFor::AllSettings => &key.for_all,
            GoodFor::These => &key.for_these,
        };
        let written = component.serialize().map_err(io::Error::other).and_then(|code| {
            let bytes = pack(facts, &code)?;
            self.write(file, &bytes)
        });
        match written {
            Ok(()) => self.remove_others(key),
            Err(error) => {
                let (plugin, folder) = (&key.plugin, self.folder.display());
                tracing::warn!(%plugin, "plugin {plugin} will be compiled again at the next start: {folder}: {error}");
            }
        }
    }

    /// Written beside and renamed, so that nobody ever sees half a file; two writers leave one of two whole ones.
    fn write(&self, file: &Path, bytes: &[u8]) -> io::Result<()> {
        static WRITERS: AtomicU32 = AtomicU32::new(0);
        create_private_folder(&self.folder)?;
        let writer = WRITERS.fetch_add(1, Ordering::Relaxed);
        let unfinished = file.with_extension(format!("{}-{writer}.{UNFINISHED}", std::process::id()));
        let written = create_private_file(&unfinished).and_then(|mut file| file.write_all(bytes));
        let renamed = written.and_then(|()| fs::rename(&unfinished, file));
        if renamed.is_err() {
            // What is left of it is of no use; that it cannot be removed either is the same trouble again.
            let _ = fs::remove_file(&unfinished);
        }
        renamed
    }

    /// Removes what earlier versions of the plugin or the host have left, oldest first, beyond a handful: several bots
    /// may run one plugin with settings of their own.
    fn remove_others(&self, key: &Key) {
        const KEPT: usize = 8;
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let prefix = format!("{}-", key.plugin);
        let belongs = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let hash = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(&format!(".{ENDING}")));
            hash.is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        let mut files: Vec<_> = entries
            .flatten()
            .filter(|entry| belongs(&entry.path()))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort();
        let surplus = files.len().saturating_sub(KEPT);
        for (_, path) in files.into_iter().take(surplus) {
            // Another process may have removed it first.
            let _ = fs::remove_file(path);
        }
    }
}

/// Which settings a compiled plugin may be run with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoodFor {
    /// Any: `describe` has asked for none.
    AllSettings,
    /// Those that it was described with.
    These,
}

/// Files of the cache: a plugin is in one of them.
pub(super) struct Key {
    plugin: PluginName,
    for_all: PathBuf,
    for_these: PathBuf,
}

impl Key {
    fn refused(&self, file: &Path, reason: &str) -> Option<Entry> {
        let (plugin, file) = (&self.plugin, file.display());
        tracing::warn!(%plugin, "plugin {plugin} is compiled anew; {file} was not loaded: {reason}");
        None
    }
}

/// Magic, checksum of the rest, length of the facts, facts, code.
fn pack(facts: &Facts, code: &[u8]) -> io::Result<Vec<u8>> {
    let facts = serde_json::to_vec(facts)?;
    let mut rest = Vec::with_capacity(4 + facts.len() + code.len());
    rest.extend_from_slice(&u32::try_from(facts.len()).map_err(io::Error::other)?.to_le_bytes());
    rest.extend_from_slice(&facts);
    rest.extend_from_slice(code);
    let mut bytes = Vec::with_capacity(MAGIC.len() + CHECKSUM + rest.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&Sha256::digest(&rest));
    bytes.append(&mut rest);
    Ok(bytes)
}

/// The parts of a file that is whole.
fn unpack(bytes: &[u8]) -> Option<(Facts, &[u8])> {
    let (checksum, rest) = bytes.strip_prefix(MAGIC)?.split_at_checked(CHECKSUM)?;
    if *Sha256::digest(rest) != *checksum {
        return None;
    }
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (facts, code) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((serde_json::from_slice(facts).ok()?, code))
}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(unix)]
fn create_private_file(file: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn create_private_file(file: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create_new(true).open(file)
}

/// `Hash` into SHA-256: the standard hashers do not promise to stay the same.
struct StableHasher(Sha256);

impl Hasher for StableHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let manifest = Manifest {
            name: "notes".into(),
            version: "1.0.0".into(),
            description: "Keeps notes.".into(),
            commands: vec![],
            deep_links: vec![],
            events: vec![],
            tables: vec![],
            config: vec![],
            ..Manifest::default()
        };
        Facts { manifest, snapshot: true }
    }

    /// The smallest component: magic, version, layer.
    const NOTHING: &[u8] = b"\0asm\x0d\0\x01\0";

    fn settings() -> Settings {
        let me = super::super::plugin::Me { id: 7, username: "notes_bot".into(), name: "Notes".into() };
        Settings { config: [("limit".to_owned(), "5".to_owned())].into(), admins: vec![1], me }
    }

    #[test]
    fn what_was_compiled_is_loaded_and_what_was_touched_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let cache = Cache::new(&folder.path().join("cache"), &engine);
        let key = cache.key(&PluginName::new("notes").unwrap(), "00", &settings());
        assert!(cache.load(&key, &engine).is_none());
        let file = &key.for_these;
        cache.store(&key, &facts(), &Component::from_binary(&engine, NOTHING).unwrap(), GoodFor::These);
        assert_eq!(cache.load(&key, &engine).unwrap().facts, facts());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }

        let mut bytes = fs::read(file).unwrap();
        bytes.pop();
        fs::write(file, &bytes).unwrap();
        assert!(cache.load(&key, &engine).is_none());
        fs::write(file, pack(&facts(), b"not code").unwrap()).unwrap();
        assert!(cache.load(&key, &engine).is_none());
        // What is good for all settings is not sought among those for these.
        cache.store(&key, &facts(), &Component::from_binary(&engine, NOTHING).unwrap(), GoodFor::AllSettings);
        assert!(cache.load(&key, &engine).is_some());
        let others = Settings { admins: vec![2], ..settings() };
        assert!(cache.load(&cache.key(&key.plugin, "00", &others), &engine).is_some());
        assert!(cache.load(&cache.key(&key.plugin, "01", &others), &engine).is_none());
    }

    #[test]
    fn whatever_describe_can_see_is_part_of_the_name() {
        let cache = Cache::new(Path::new("cache"), &Engine::default());
        let name = PluginName::new("notes").unwrap();
        let file = |digest: &str, change: fn(&mut Settings)| {
            let mut settings = settings();
            change(&mut settings);
            cache.key(&name, digest, &settings).for_these
        };
        let same = file("00", |_| ());
        assert_eq!(same, file("00", |_| ()));
        for other in [
            file("01", |_| ()),
            file("00", |it| it.me.username.push('x')),
            file("00", |it| it.me.id = 8),
            file("00", |it| it.admins.push(2)),
            file("00", |it| it.config.clear()),
            file("00", |it| it.config = [("limit5".to_owned(), String::new())].into()),
        ] {
            assert_ne!(same, other);
        }
    }

    #[test]
    fn old_files_go() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::default();
        let cache = Cache::new(folder.path(), &engine);
        let component = Component::from_binary(&engine, NOTHING).unwrap();
        fs::write(folder.path().join("notes-of-mine.code"), "not ours").unwrap();
        for number in 0..12 {
            let key = cache.key(&PluginName::new("notes").unwrap(), &number.to_string(), &settings());
            cache.store(&key, &facts(), &component, GoodFor::These);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 8 + 1);
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let bytes = pack(&facts(), b"code").unwrap();
        assert_eq!(unpack(&bytes), Some((facts(), b"code".as_slice())));
    }

    #[test]
    fn a_file_that_is_not_whole_is_not_loaded() {
        let bytes = pack(&facts(), b"code").unwrap();
        for end in 0..bytes.len() {
            assert_eq!(unpack(&bytes[..end]), None, "cut at {end}");
        }
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1;
            assert_eq!(unpack(&flipped), None, "flipped at {place}");
        }
    }
}
