//! The folder of a backup: which one, how old, whether its bytes are those that were written, and what must stay shredded.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use envelope::encoding::Hash;
use envelope::ids::CaseId;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::manifest::{Manifest, Part};
use crate::failure::Failure;
use crate::files;

const MANIFEST: &str = "manifest.json";
const PREFIX: &str = "backup-";
const LIST_PREFIX: &str = "tombstones-";
/// Length of a stamp such as `20261124T031000Z`.
const STAMP_LENGTH: usize = 16;
/// Longest life of what opens a case, outside of the database (protocol section 9).
const WRAPS_LIVE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Clocks differ.
const DRIFT: SignedDuration = SignedDuration::from_hours(1);

/// A backup that may be opened.
#[derive(Debug)]
pub(super) struct Backup {
    /// Name of its folder.
    pub(super) name: String,
    /// When it was made.
    pub(super) made_at: Timestamp,
    /// Everything but what opens cases.
    pub(super) data: PathBuf,
    /// What opens cases.
    pub(super) wraps: PathBuf,
    /// What is not as it was written.
    pub(super) findings: Vec<String>,
    shredded: BTreeSet<Hash>,
}

impl Backup {
    /// Finds the backup that a folder is, or the newest of those in it, and reads everything around its two databases.
    ///
    /// # Errors
    /// When there is none, its manifest cannot be used, a file is missing, or it is older than seven days: shredding counts on the end of every
    /// copy of what was shredded (docs/backup.md).
    pub(super) fn find(folder: &Path, lists: &[PathBuf], now: Timestamp) -> Result<Self, Failure> {
        let path = choose(folder)?;
        let manifest_path = path.join(MANIFEST);
        let invalid = |reason: String| Failure::Invalid(manifest_path.clone(), reason);
        let text =
            String::from_utf8(files::read(&manifest_path)?).map_err(|_| invalid("not UTF-8".to_owned()))?;
        let (manifest, is_whole) = Manifest::parse(&text).map_err(|refusal| invalid(refusal.to_string()))?;
        check_age(manifest.made_at, now)?;
        let mut findings = Vec::new();
        if !is_whole {
            findings.push("manifest.json is not as it was written".to_owned());
        }
        for part in [&manifest.data, &manifest.wraps, &manifest.tombstones] {
            if !is_as_written(&path.join(&part.file), part)? {
                findings.push(format!("{} is damaged: its bytes are not those that were written", part.file));
            }
        }
        let mut backup = Self {
            name: name_of(&path),
            made_at: manifest.made_at,
            data: path.join(&manifest.data.file),
            wraps: path.join(&manifest.wraps.file),
            findings,
            shredded: BTreeSet::new(),
        };
        backup.read_list(&path.join(&manifest.tombstones.file))?;
        for list in lists {
            backup.read_list(list)?;
        }
        // Lists of other backups are read where they can be: a second bad disk must not cost what is on this one.
        match lists_beside(&path) {
            Ok(beside) => {
                for list in beside {
                    if let Err(failure) = backup.read_list(&list) {
                        backup.findings.push(unread(&failure));
                    }
                }
            }
            Err(failure) => backup.findings.push(unread(&failure)),
        }
        Ok(backup)
    }

    /// Whether a case was shredded, by any list: such a case is opened no more (invariant I7).
    pub(super) fn is_shredded(&self, case: CaseId) -> bool {
        self.shredded.contains(&Hash::of(case.as_bytes()))
    }

    /// Protocol section 12.10: one hash a line; a line that is cut off is told.
    fn read_list(&mut self, path: &Path) -> Result<(), Failure> {
        let bytes = files::read(path)?;
        let mut unreadable = 0_usize;
        for line in String::from_utf8_lossy(&bytes).lines().filter(|line| !line.is_empty()) {
            match line.split(' ').next().map(Hash::parse) {
                Some(Ok(hash)) => {
                    self.shredded.insert(hash);
                }
                _ => unreadable += 1,
            }
        }
        if unreadable > 0 {
            let name = name_of(path);
            self.findings
                .push(format!("{unreadable} lines of the list of shredded cases {name} cannot be read"));
        }
        Ok(())
    }
}

fn choose(folder: &Path) -> Result<PathBuf, Failure> {
    // Looked at by its own name, so that what lies beside it is found also when it was called `.`.
    let folder = fs::canonicalize(folder).map_err(|error| Failure::Read(folder.into(), error))?;
    if folder.join(MANIFEST).is_file() {
        return Ok(folder);
    }
    backups_in(&folder)?.pop().ok_or_else(|| {
        Failure::Refused(format!(
            "there is no backup in {}: expected folders named backup-… or one of them",
            folder.display()
        ))
    })
}

/// The backups in a folder, the oldest first: their names have one length and sort by time.
fn backups_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_backup = |path: &PathBuf| {
        let name = name_of(path);
        name.strip_prefix(PREFIX).is_some_and(|stamp| stamp.len() == STAMP_LENGTH)
            && path.join(MANIFEST).is_file()
    };
    Ok(files::folders(folder)?.into_iter().filter(is_backup).collect())
}

/// The lists of the other backups beside this one: a later one knows what was shredded since.
fn lists_beside(backup: &Path) -> Result<Vec<PathBuf>, Failure> {
    let Some(shelf) = backup.parent() else { return Ok(Vec::new()) };
    let mut lists = Vec::new();
    for other in backups_in(shelf)? {
        let entries = fs::read_dir(&other).map_err(|error| Failure::Read(other.clone(), error))?;
        for entry in entries {
            let path = entry.map_err(|error| Failure::Read(other.clone(), error))?.path();
            if other != backup && name_of(&path).starts_with(LIST_PREFIX) {
                lists.push(path);
            }
        }
    }
    lists.sort();
    Ok(lists)
}

fn unread(failure: &Failure) -> String {
    format!("a list of shredded cases beside this backup was not read: {failure}")
}

fn check_age(made_at: Timestamp, now: Timestamp) -> Result<(), Failure> {
    let age = now.duration_since(made_at);
    if age > WRAPS_LIVE {
        return Err(Failure::Refused(format!(
            "the backup was made on {made_at}, more than seven days ago, and is not opened: what opens a report lives at most seven days outside \
             of the database, so that what was shredded cannot come back (docs/backup.md). Take a newer backup"
        )));
    }
    if age < -DRIFT {
        return Err(Failure::Refused(format!(
            "the backup says that it was made on {made_at}, which is yet to come by the clock of this computer, so nobody knows how old it is: \
             set the clock right, or take another backup"
        )));
    }
    Ok(())
}

fn is_as_written(path: &Path, part: &Part) -> Result<bool, Failure> {
    let read = || {
        let mut file = File::open(path)?;
        let (mut hasher, mut length, mut buffer) = (Sha256::new(), 0_u64, vec![0; 1 << 20]);
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                return Ok((length, Hash::from_bytes(hasher.finalize().into())));
            }
            hasher.update(buffer.get(..count).unwrap_or_default());
            length = length.saturating_add(count as u64);
        }
    };
    let read: std::io::Result<(u64, Hash)> = read();
    let (length, hash) = read.map_err(|error| Failure::Read(path.into(), error))?;
    Ok(length == part.bytes && hash.to_string() == part.sha256)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
