//! The world on disk: one file with everything but the bytes of files, and those beside it, once each, by their digests.
//!
//! It is written a little after each change and at the end, to another name first, so that a crash leaves the old file or
//! the new one. One that cannot be read is put aside and the world begins anew: it is a toy Telegram, and somebody wants
//! to go on.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;

use super::Emulator;
use super::bell::Key;
use super::world::World;
use crate::clock::Clock;

/// The name of the file.
const FILE: &str = "telegram.json";
/// The folder of the bytes.
const FILES: &str = "telegram-files";
/// How long changes are gathered before they are written.
const PAUSE: Duration = Duration::from_millis(200);
/// Writing a large world takes so much of the time at most: one part in this many.
const SHARE: i64 = 10;

/// Where a world is kept.
pub struct Memory {
    file: PathBuf,
    files: PathBuf,
    /// The digests of the bytes that lie there.
    kept: HashSet<String>,
    /// What was written last.
    last: Vec<u8>,
    /// Whether the last attempt to write failed; it is said once.
    failing: bool,
}

impl Memory {
    /// Memory in a folder, which exists.
    pub fn in_folder(folder: &Path) -> Self {
        let (file, files) = (folder.join(FILE), folder.join(FILES));
        Self { file, files, kept: HashSet::new(), last: Vec::new(), failing: false }
    }

    /// The world that was kept, if one was. What cannot be read is put aside with a warning.
    ///
    /// # Errors
    ///
    /// If the file is there but cannot be opened, or cannot be put aside.
    pub fn recall(&mut self, clock: &Clock, seed: u64) -> io::Result<Option<World>> {
        let saved = match fs::read(&self.file) {
            Ok(saved) => saved,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let (files, kept) = (&self.files, &mut self.kept);
        let bytes_of = |digest: &str| {
            // The digest is a file's name here, and who wrote this file is not known.
            let plain = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
            let bytes = fs::read(files.join(digest)).ok().filter(|_| plain)?;
            kept.insert(digest.to_owned());
            Some(Bytes::from(bytes))
        };
        match World::resumed(clock.clone(), seed, &saved, bytes_of) {
            Ok(world) => {
                self.last = world.saved();
                Ok(Some(world))
            }
            Err(reason) => {
                let aside = self.file.with_extension(format!("json.{}.aside", clock.now()));
                fs::rename(&self.file, &aside)?;
                let (file, aside) = (self.file.display(), aside.display());
                tracing::warn!(
                    "`{file}` holds the emulated Telegram, but {reason}; it is `{aside}` now, and Telegram begins anew"
                );
                Ok(None)
            }
        }
    }

    /// Keeps what happens in the emulator while something is done, and how it stands after that.
    pub async fn keep_while<T>(mut self, emulator: &Emulator, work: impl Future<Output = T>) -> T {
        let done = {
            let mut work = pin!(work);
            tokio::select! {
                done = &mut work => done,
                never = self.keep(emulator) => match never {},
            }
        };
        self.write_changes(emulator);
        done
    }

    async fn keep(&mut self, emulator: &Emulator) -> Infallible {
        let clock = &emulator.0.clock;
        let ear = emulator.0.bell.listen(Key::Anything);
        loop {
            let mut rung = pin!(ear.rung());
            // Listening begins before the look, so that no change falls between the two.
            rung.as_mut().enable();
            let begun = clock.now();
            self.write_changes(emulator);
            let took = u64::try_from((clock.now() - begun) * SHARE).unwrap_or(0);
            clock.sleep(PAUSE.max(Duration::from_millis(took))).await;
            rung.await;
        }
    }

    /// Writes the world down, if that would be anything new. It is done at once and not on a thread of its own: a write
    /// that went on after this one was dropped could come after the last one.
    fn write_changes(&mut self, emulator: &Emulator) {
        let (saved, blobs) = emulator.world(|world| {
            let new: Vec<_> = world.blobs().filter(|(digest, _)| !self.kept.contains(digest)).collect();
            (world.saved(), new)
        });
        if saved == self.last {
            return;
        }
        match self.write(&saved, blobs) {
            Ok(()) => (self.last, self.failing) = (saved, false),
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    let file = self.file.display();
                    tracing::warn!(error = %error, "the emulated Telegram cannot be kept in `{file}`: {error}");
                }
            }
        }
    }

    fn write(&mut self, saved: &[u8], blobs: Vec<(String, Bytes)>) -> io::Result<()> {
        // The bytes come first: what the file names must be there.
        for (digest, bytes) in blobs {
            fs::create_dir_all(&self.files)?;
            replace(&self.files.join(&digest), &bytes)?;
            self.kept.insert(digest);
        }
        replace(&self.file, saved)
    }
}

/// Puts a file in the place of another one, whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests;
