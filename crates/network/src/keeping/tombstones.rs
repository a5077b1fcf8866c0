//! The list of what was shredded, outside the database: an append-only file of lines `SHA-256 of the case id, ISO week`.
//!
//! Invariant I7: a line is on the disk before the first wrap is erased. So whatever backup is restored, this file alone says which of
//! its cases are gone. It names no case: the ids are random, and only who has one can compare.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::week::Week;

/// SHA-256 of the 16 bytes of a case id.
pub type CaseHash = [u8; 32];

/// The hash by which a tombstone names a case.
#[must_use]
pub fn hash_of(case: Uuid) -> CaseHash {
    Sha256::digest(case.as_bytes()).into()
}

/// A list of tombstones, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tombstones(BTreeMap<CaseHash, Week>);

impl Tombstones {
    /// Adds one; the earlier week stays.
    pub fn add(&mut self, hash: CaseHash, week: Week) {
        let kept = self.0.entry(hash).or_insert(week);
        *kept = week.min(*kept);
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: Self) {
        for (hash, week) in other.0 {
            self.add(hash, week);
        }
    }

    /// When the case of this hash was shredded.
    #[must_use]
    pub fn week_of(&self, hash: &CaseHash) -> Option<Week> {
        self.0.get(hash).copied()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&CaseHash, Week)> {
        self.0.iter().map(|(hash, week)| (hash, *week))
    }

    /// Those that another list lacks, or has later.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let is_new = |hash: &CaseHash, week: Week| other.week_of(hash).is_none_or(|known| known > week);
        Self(
            self.iter()
                .filter(|(hash, week)| is_new(hash, *week))
                .map(|(hash, week)| (*hash, week))
                .collect(),
        )
    }

    /// The lines of a file, one for each.
    #[must_use]
    pub fn to_text(&self) -> String {
        use std::fmt::Write as _;

        let mut text = String::new();
        for (hash, week) in self.iter() {
            // Writing into a text cannot fail.
            for byte in hash {
                let _ = write!(text, "{byte:02x}");
            }
            let _ = writeln!(text, " {week}");
        }
        text
    }

    /// Reads a file. The second number is of lines that are none: a file that was cut off has one at its end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path) -> std::io::Result<(Self, usize)> {
        let mut list = Self::default();
        let mut unreadable = 0;
        for line in String::from_utf8_lossy(&std::fs::read(path)?).lines().filter(|line| !line.is_empty()) {
            match parse_line(line) {
                Some((hash, week)) => list.add(hash, week),
                None => unreadable += 1,
            }
        }
        Ok((list, unreadable))
    }

    /// Adds lines to a file and waits until they are on the disk. A new file is for its owner alone.
    ///
    /// # Errors
    /// When the file cannot be written: then nothing may be shredded.
    pub fn append_to(&self, path: &Path) -> std::io::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let is_new = !path.exists();
        let mut file = private().read(true).append(true).create(true).open(path)?;
        let mut text = String::new();
        if !ends_with_a_whole_line(&mut file)? {
            text.push('\n');
        }
        text.push_str(&self.to_text());
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if is_new && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

fn ends_with_a_whole_line(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn parse_line(line: &str) -> Option<(CaseHash, Week)> {
    let (hex, week) = line.split_once(' ')?;
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let mut hash = [0; 32];
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some((hash, Week::parse(week.trim_end())?))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn list(numbers: &[u128]) -> Tombstones {
        let mut list = Tombstones::default();
        for number in numbers {
            list.add(hash_of(Uuid::from_u128(*number)), Week::parse("2026-W47").unwrap());
        }
        list
    }

    #[test]
    fn what_was_appended_is_read_also_after_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tombstones");
        list(&[1, 2]).append_to(&path).unwrap();
        list(&[2, 3]).append_to(&path).unwrap();
        assert_eq!(Tombstones::read(&path).unwrap(), (list(&[1, 2, 3]), 0));
        // The power went while a line was being written.
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 20]).unwrap();
        list(&[4]).append_to(&path).unwrap();
        let (read, unreadable) = Tombstones::read(&path).unwrap();
        assert_eq!((read.len(), unreadable), (3, 1), "the torn one is noticed, the next one is whole");
        assert!(read.week_of(&hash_of(Uuid::from_u128(4))).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tombstones");
        list(&[1]).append_to(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(list(&[1]).append_to(Path::new("/nowhere/at/all")).is_err());
    }

    #[test]
    fn the_earlier_week_stays() {
        let hash = hash_of(Uuid::from_u128(1));
        let mut list = Tombstones::default();
        for week in ["2026-W47", "2026-W40", "2027-W01"] {
            list.add(hash, Week::parse(week).unwrap());
        }
        assert_eq!(list.week_of(&hash).unwrap().to_string(), "2026-W40");
    }
}
