//! The folder of backups: `FOLDER/backup-<time>/` with `manifest.json`, `data-<time>.db`, `wraps-<time>.db` and `tombstones-<time>`.
//!
//! Invariant: a folder without the ending `.part` was written to its end, read again, and is on the disk. What the program deletes it knows by
//! name; a folder that holds anything else stays.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use sha2::{Digest as _, Sha256};

use super::Failed;
use super::manifest::{Age, Manifest, age_of};

/// The manifest's name.
pub(super) const MANIFEST: &str = "manifest.json";

const FORM: &str = "%Y%m%dT%H%M%SZ";
const PREFIX: &str = "backup-";
const UNFINISHED: &str = ".part";
const LOCK: &str = "lock";

/// The names of a backup that was made at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) folder: String,
    pub(super) data: String,
    pub(super) wraps: String,
    pub(super) tombstones: String,
}

impl Names {
    pub(super) fn of(made_at: Timestamp) -> Self {
        let stamp = made_at.strftime(FORM);
        Self {
            folder: format!("{PREFIX}{stamp}"),
            data: format!("data-{stamp}.db"),
            wraps: format!("wraps-{stamp}.db"),
            tombstones: format!("tombstones-{stamp}"),
        }
    }
}

/// A backup in the folder, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// When it was made.
    pub made_at: Timestamp,
    /// Where it is.
    pub path: PathBuf,
}

/// The backups that a folder names: those in it, the oldest first, or the folder itself when it is one.
///
/// # Errors
/// [`Failed::NoBackup`], or when it cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Found>, Failed> {
    if folder.join(MANIFEST).is_file() {
        let made_at = read_manifest(folder)?.made_at;
        return Ok(vec![Found { made_at, path: folder.to_owned() }]);
    }
    let found = list_in(folder)?;
    if found.is_empty() { Err(Failed::NoBackup(folder.to_owned())) } else { Ok(found) }
}

/// As [`list`], of a folder that may hold none.
pub(super) fn list_in(folder: &Path) -> Result<Vec<Found>, Failed> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX));
        if let Some(made_at) = name.and_then(parse_stamp).filter(|_| path.is_dir()) {
            found.push(Found { made_at, path });
        }
    }
    found.sort_by_key(|found| found.made_at);
    Ok(found)
}

fn parse_stamp(text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime(FORM, text).ok()?;
    let time = Offset::UTC.to_timestamp(time).ok()?;
    // Only as we write it: another spelling would be another name.
    (time.strftime(FORM).to_string() == text).then_some(time)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    let listed = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    listed.map_err(|error| Failed::file(folder, error))
}

/// What a backup says of itself, before anything is verified.
///
/// # Errors
/// [`Failed::Manifest`], [`Failed::Format`], or when it cannot be read.
pub fn read_manifest(backup: &Path) -> Result<Manifest, Failed> {
    let path = backup.join(MANIFEST);
    let bytes = fs::read(&path).map_err(|error| Failed::file(&path, error))?;
    Manifest::parse(&String::from_utf8(bytes).map_err(|_| Failed::Manifest)?)
}

/// The folder while backups are made in it: nobody else makes one meanwhile.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
    _lock: File,
}

impl Shelf {
    /// Takes the folder, makes it when it is missing, and removes what an earlier run left unfinished.
    pub(super) fn take(folder: &Path) -> Result<Self, Failed> {
        make_private_folder(folder, true)?;
        let path = folder.join(LOCK);
        let lock = private().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|error| Failed::file(&path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(Failed::Running(folder.to_owned())),
            Err(fs::TryLockError::Error(error)) => return Err(Failed::file(&path, error)),
        }
        let shelf = Self { folder: folder.to_owned(), _lock: lock };
        for path in entries(folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let name = name.strip_suffix(UNFINISHED).and_then(|name| name.strip_prefix(PREFIX));
            if name.and_then(parse_stamp).is_some() {
                remove(&path)?;
            }
        }
        Ok(shelf)
    }

    /// A new folder that is not finished.
    pub(super) fn begin(&self, names: &Names) -> Result<PathBuf, Failed> {
        let last = self.folder.join(&names.folder);
        if last.exists() {
            return Err(Failed::There(last));
        }
        let path = self.folder.join(format!("{}{UNFINISHED}", names.folder));
        make_private_folder(&path, false)?;
        Ok(path)
    }

    /// Gives the folder its name, once all of it is on the disk.
    pub(super) fn finish(&self, names: &Names, unfinished: &Path) -> Result<PathBuf, Failed> {
        let path = self.folder.join(&names.folder);
        sync(unfinished)?;
        fs::rename(unfinished, &path).map_err(|error| Failed::file(&path, error))?;
        sync(&self.folder)?;
        Ok(path)
    }

    /// All backups, the oldest first.
    pub(super) fn list(&self) -> Result<Vec<Found>, Failed> {
        list_in(&self.folder)
    }

    /// Overwrites and deletes the wraps of every backup that may not be used any more. Returns how many there were. A clock that was wrong
    /// is found by them too: what is from the future would never grow old.
    pub(super) fn erase_old_wraps(&self, now: Timestamp) -> Result<usize, Failed> {
        let mut erased = 0;
        for found in self.list()? {
            let wraps = found.path.join(Names::of(found.made_at).wraps);
            if age_of(found.made_at, now) != Age::Usable && wraps.exists() {
                erase(&wraps)?;
                erased += 1;
            }
        }
        Ok(erased)
    }

    /// Deletes all but the newest `keep` backups, and returns how many went. One whose time is yet to come is from a clock that was wrong: it
    /// goes before all others, so that it does not push out those that are newer in truth.
    pub(super) fn prune(&self, keep: usize, now: Timestamp) -> Result<usize, Failed> {
        let mut found = self.list()?;
        found.sort_by_key(|found| (age_of(found.made_at, now) != Age::FromTheFuture, found.made_at));
        let spare = found.len().saturating_sub(keep);
        for old in found.iter().take(spare) {
            remove(&old.path)?;
        }
        Ok(spare)
    }
}

/// Removes a backup, its wraps first. Files that no backup has stay, and the folder with them.
pub(super) fn remove(backup: &Path) -> Result<(), Failed> {
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name == MANIFEST || ["wraps-", "data-", "tombstones-"].iter().any(|prefix| name.starts_with(prefix))
    };
    let mut files: Vec<PathBuf> = entries(backup)?.into_iter().filter(ours).collect();
    files.sort_by_key(|path| !is_wraps(path));
    for path in files {
        if is_wraps(&path) {
            erase(&path)?;
        } else {
            fs::remove_file(&path).map_err(|error| Failed::file(&path, error))?;
        }
    }
    fs::remove_dir(backup).map_err(|error| Failed::file(backup, error))
}

fn is_wraps(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("wraps-"))
}

/// Overwrites a file before it is deleted, as `secure_delete` does in the database: deleting alone only frees its place.
fn erase(path: &Path) -> Result<(), Failed> {
    let overwrite = || {
        let mut file = OpenOptions::new().write(true).open(path)?;
        let mut left = file.metadata()?.len();
        let nothing = vec![0; 1 << 20];
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(nothing.len()).min(nothing.len());
            file.write_all(nothing.get(..step).unwrap_or_default())?;
            left -= u64::try_from(step).unwrap_or(left);
        }
        file.sync_all()
    };
    // Where it cannot be overwritten it is deleted all the same.
    let overwritten: std::io::Result<()> = overwrite();
    fs::remove_file(path).map_err(|error| Failed::file(path, error))?;
    overwritten.map_err(|error| Failed::file(path, error))
}

/// Writes a new file with mode 0600 and waits until it is on the disk.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    let written = private().write(true).create_new(true).open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| Failed::file(path, error))
}

/// Waits until a file or a folder is on the disk.
pub(super) fn sync(path: &Path) -> Result<(), Failed> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| Failed::file(path, error))
}

/// Length and SHA-256 of a file.
pub(super) fn measure(path: &Path) -> Result<(u64, [u8; 32]), Failed> {
    let read = || {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        let mut bytes = 0_u64;
        loop {
            let length = file.read(&mut buffer)?;
            if length == 0 {
                return Ok((bytes, hash.finalize().into()));
            }
            hash.update(buffer.get(..length).unwrap_or_default());
            bytes += u64::try_from(length).unwrap_or_default();
        }
    };
    let read: std::io::Result<(u64, [u8; 32])> = read();
    read.map_err(|error| Failed::file(path, error))
}

#[cfg(unix)]
fn make_private_folder(path: &Path, may_exist: bool) -> Result<(), Failed> {
    use std::os::unix::fs::DirBuilderExt as _;

    // With `recursive` one that exists is no error, and keeps its mode: whoever widened it meant it.
    let made = fs::DirBuilder::new().recursive(may_exist).mode(0o700).create(path);
    made.map_err(|error| Failed::file(path, error))
}

#[cfg(not(unix))]
fn make_private_folder(path: &Path, may_exist: bool) -> Result<(), Failed> {
    fs::DirBuilder::new().recursive(may_exist).create(path).map_err(|error| Failed::file(path, error))
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}
