//! What a backup says of itself: when it was made, of which network, with which tables, and how long and what every file is.
//!
//! Invariant: a manifest is read only as it is written. Its text is made again from what was read and must be the same to the last byte, and a
//! hash of it stands in it: a changed byte is found wherever it is.

use std::collections::BTreeMap;

use envelope::encoding::Hash;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Failed;

/// The only version so far.
const FORMAT: u64 = 1;

/// Longest life of what opens a case, outside of the database (protocol section 9).
pub const WRAPS_LIVE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Clocks differ; a backup from further ahead is from a clock that was wrong.
const DRIFT: SignedDuration = SignedDuration::from_hours(1);

/// Whether the wraps of a backup may still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// They may.
    Usable,
    /// They are older than seven days.
    TooOld,
    /// They were made later than now, so nobody knows how old they are.
    FromTheFuture,
}

/// How old what was made at a moment is now.
#[must_use]
pub fn age_of(made_at: Timestamp, now: Timestamp) -> Age {
    let age = now.duration_since(made_at);
    if age > WRAPS_LIVE {
        Age::TooOld
    } else if age < -DRIFT {
        Age::FromTheFuture
    } else {
        Age::Usable
    }
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// Its name, beside the manifest.
    pub(super) file: String,
    /// Its length.
    pub(super) bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub(super) sha256: String,
    /// Rows of each of its tables.
    pub(super) rows: BTreeMap<String, u64>,
}

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of the program that made it.
    pub(super) program: String,
    /// When the look at the database was taken, whole seconds.
    pub(super) made_at: Timestamp,
    /// The network, once one was imported.
    pub(super) network: Option<Uuid>,
    /// The migrations that had run.
    pub(super) schema: Vec<String>,
    /// ISO week of the newest report.
    pub(super) newest_week: Option<String>,
    /// Everything but wraps.
    pub(super) data: Part,
    /// What opens cases.
    pub(super) wraps: Part,
    /// What was shredded.
    pub(super) tombstones: Part,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    format: u64,
    sha256: String,
    backup: Manifest,
}

/// Read first: a later version may have other fields.
#[derive(Deserialize)]
struct Versioned {
    format: u64,
}

impl Manifest {
    /// When the backup was made.
    #[must_use]
    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }

    /// The network, once one was imported.
    #[must_use]
    pub fn network(&self) -> Option<Uuid> {
        self.network
    }

    /// ISO week of the newest report.
    #[must_use]
    pub fn newest_week(&self) -> Option<&str> {
        self.newest_week.as_deref()
    }

    /// Rows of a table, in whichever file it is.
    #[must_use]
    pub fn rows_of(&self, table: &str) -> u64 {
        let parts = [&self.data, &self.wraps, &self.tombstones];
        parts.iter().find_map(|part| part.rows.get(table)).copied().unwrap_or_default()
    }

    /// Bytes of all files, as it says.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.data.bytes.saturating_add(self.wraps.bytes).saturating_add(self.tombstones.bytes)
    }

    /// The text of the file.
    pub(super) fn to_text(&self) -> Result<String, Failed> {
        let inner = serde_json::to_string(self).map_err(|_| Failed::Manifest)?;
        let sealed = Sealed {
            format: FORMAT,
            sha256: hex(Hash::of(inner.as_bytes()).as_bytes()),
            backup: self.clone(),
        };
        let mut text = serde_json::to_string_pretty(&sealed).map_err(|_| Failed::Manifest)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads the text of the file.
    pub(super) fn parse(text: &str) -> Result<Self, Failed> {
        let versioned: Versioned = serde_json::from_str(text).map_err(|_| Failed::Manifest)?;
        if versioned.format != FORMAT {
            return Err(Failed::Format(versioned.format));
        }
        let sealed: Sealed = serde_json::from_str(text).map_err(|_| Failed::Manifest)?;
        if sealed.backup.to_text()? != text {
            return Err(Failed::Manifest);
        }
        Ok(sealed.backup)
    }
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let part = |file: &str| Part {
            file: file.to_owned(),
            bytes: 4_096,
            sha256: hex(&[7; 32]),
            rows: BTreeMap::from([("report".to_owned(), 3)]),
        };
        Manifest {
            program: "0.1.0".to_owned(),
            made_at: "2026-11-24T03:10:00Z".parse().unwrap(),
            network: Some(Uuid::from_u128(5)),
            schema: vec!["m0001_accounts".to_owned()],
            newest_week: Some("2026-W47".to_owned()),
            data: part("data-20261124T031000Z.db"),
            wraps: part("wraps-20261124T031000Z.db"),
            tombstones: part("tombstones-20261124T031000Z"),
        }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let text = manifest().to_text().unwrap();
        assert_eq!(Manifest::parse(&text).unwrap(), manifest());
    }

    #[test]
    fn whatever_byte_is_changed_is_found() {
        let text = manifest().to_text().unwrap();
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Manifest::parse(&changed).is_err(), "byte {place}: {changed}");
        }
        assert!(Manifest::parse(&text[..text.len() - 1]).is_err());
        assert!(Manifest::parse(&format!("{text} ")).is_err());
    }

    /// Whoever writes a manifest can say anything: the sum of its lengths is then the largest number, not the end of the program.
    #[test]
    fn lengths_that_no_disk_holds_do_no_harm() {
        let mut manifest = manifest();
        manifest.data.bytes = u64::MAX;
        let text = manifest.to_text().unwrap();
        assert_eq!(Manifest::parse(&text).unwrap().bytes(), u64::MAX);
    }

    #[test]
    fn another_version_is_named() {
        let text = r#"{"format": 2, "something": "new"}"#;
        assert!(matches!(Manifest::parse(text), Err(Failed::Format(2))));
    }

    #[test]
    fn wraps_live_seven_days_and_not_a_second_longer() {
        let made: Timestamp = "2026-11-24T03:10:00Z".parse().unwrap();
        let after = |seconds: i64| age_of(made, made + SignedDuration::from_secs(seconds));
        let week = 7 * 24 * 60 * 60;
        assert_eq!(after(0), Age::Usable);
        assert_eq!(after(week), Age::Usable);
        assert_eq!(after(week + 1), Age::TooOld);
        assert_eq!(after(-3_600), Age::Usable);
        assert_eq!(after(-3_601), Age::FromTheFuture);
    }
}
