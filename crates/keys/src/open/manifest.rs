//! What a backup says of itself: `manifest.json` (docs/backup.md). The writer is the server's program; this is a parser of its own, so that the
//! offline tool links nothing of the server.
//!
//! Unlike a restore it does not refuse an altered manifest whose sense is clear: what is sealed proves itself, and in an emergency a flipped bit in
//! a list of lengths must not cost a case. It is told.

use envelope::encoding::Hash;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The only version so far.
const FORMAT: u64 = 1;
/// How the time stands in the names of a backup.
const STAMP: &str = "%Y%m%dT%H%M%SZ";

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) file: String,
    pub(super) bytes: u64,
    /// In hexadecimal.
    pub(super) sha256: String,
    rows: BTreeMap<String, u64>,
}

/// The fields in the order in which they are written: the hash covers them so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    program: String,
    pub(super) made_at: Timestamp,
    network: Option<String>,
    schema: Vec<String>,
    newest_week: Option<String>,
    pub(super) data: Part,
    pub(super) wraps: Part,
    pub(super) tombstones: Part,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    format: u64,
    sha256: String,
    backup: Manifest,
}

/// Read where the rest is not understood: a later version may have other fields.
#[derive(Deserialize)]
struct Versioned {
    format: u64,
}

/// Why a manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ManifestRefusal {
    /// Not the form of a manifest.
    #[error("it is not a manifest of a backup")]
    Form,
    /// A later version.
    #[error("the backup has form {0}, and this tool reads form 1: use the tool of the version that made it")]
    Version(u64),
    /// A file of another name than its time gives: another file could be meant, also one outside of the folder.
    #[error("it names other files than those of its time")]
    Names,
}

impl Manifest {
    /// Reads a manifest. The second value says whether it is as it was written.
    ///
    /// # Errors
    /// [`ManifestRefusal`]. Total: any text gives a manifest or a refusal.
    pub(super) fn parse(text: &str) -> Result<(Self, bool), ManifestRefusal> {
        let sealed: Sealed = serde_json::from_str(text).map_err(|_| match serde_json::from_str(text) {
            Ok(Versioned { format }) if format != FORMAT => ManifestRefusal::Version(format),
            _ => ManifestRefusal::Form,
        })?;
        if sealed.format != FORMAT {
            return Err(ManifestRefusal::Version(sealed.format));
        }
        let manifest = sealed.backup;
        let stamp = manifest.made_at.strftime(STAMP);
        let is_named = manifest.data.file == format!("data-{stamp}.db")
            && manifest.wraps.file == format!("wraps-{stamp}.db")
            && manifest.tombstones.file == format!("tombstones-{stamp}");
        if !is_named {
            return Err(ManifestRefusal::Names);
        }
        let inner = serde_json::to_string(&manifest).map_err(|_| ManifestRefusal::Form)?;
        let is_whole = Hash::of(inner.as_bytes()).to_string() == sealed.sha256;
        Ok((manifest, is_whole))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As `approdo backup` wrote it: the two programs share the document, not the code.
    const WRITTEN: &str = r#"{"format":1,"sha256":"HASH","backup":{"program":"0.1.0","made_at":"2026-11-24T03:10:00Z","network":null,"schema":["m0001_accounts"],"newest_week":"2026-W47","data":{"file":"data-20261124T031000Z.db","bytes":4096,"sha256":"07","rows":{"report":3}},"wraps":{"file":"wraps-20261124T031000Z.db","bytes":1,"sha256":"07","rows":{}},"tombstones":{"file":"tombstones-20261124T031000Z","bytes":0,"sha256":"07","rows":{"list":0}}}}"#;

    fn written() -> String {
        let inner = WRITTEN.split_once("\"backup\":").unwrap().1;
        let hash = Hash::of(inner.strip_suffix('}').unwrap().as_bytes());
        WRITTEN.replace("HASH", &hash.to_string())
    }

    #[test]
    fn a_manifest_is_read_and_a_changed_one_is_told() {
        let (manifest, is_whole) = Manifest::parse(&written()).unwrap();
        assert!(is_whole);
        assert_eq!(manifest.made_at, "2026-11-24T03:10:00Z".parse().unwrap());
        let (_, is_whole) = Manifest::parse(&written().replace("4096", "4097")).unwrap();
        assert!(!is_whole);
    }

    #[test]
    fn other_names_other_versions_and_other_texts_are_refused() {
        let outside = written().replace("data-20261124T031000Z.db", "../../data.db");
        assert_eq!(Manifest::parse(&outside), Err(ManifestRefusal::Names));
        assert_eq!(
            Manifest::parse(&written().replace("\"format\":1", "\"format\":2")),
            Err(ManifestRefusal::Version(2))
        );
        assert_eq!(Manifest::parse("{}"), Err(ManifestRefusal::Form));
    }

    proptest! {
        #[test]
        fn any_text_is_a_manifest_or_refused(text in ".{0,200}", cut in 0_usize..600, byte in any::<char>()) {
            let _ = Manifest::parse(&text);
            let whole = written();
            let cut = cut.min(whole.len());
            let mut changed = whole.get(..cut).unwrap_or_default().to_owned();
            changed.push(byte);
            changed.push_str(whole.get(cut..).unwrap_or_default());
            let _ = Manifest::parse(&changed);
        }
    }
}
