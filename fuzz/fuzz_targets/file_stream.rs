//! A sealed file as a stream (protocol sections 5 and 12.8): whatever a server hands out, the opener gives the same in parts of any
//! size, never more than the length that the item names, and refuses without stumbling.
#![no_main]

use std::sync::OnceLock;

use envelope::content::{FileEntry, Track};
use envelope::encoding::Hash;
use envelope::ids::FileId;
use keyring::file::FileOpener;
use libfuzzer_sys::fuzz_target;

/// The key of the committed vectors, for which the seeds were sealed: `age` checks a code over the header before it reads on.
fn secret() -> &'static str {
    static SECRET: OnceLock<String> = OnceLock::new();
    SECRET.get_or_init(|| {
        let vectors = include_str!("../../crates/keyring/tests/vectors/files.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).expect("the vectors are JSON");
        vectors["files"][0]["entry"]["secret"].as_str().expect("a key").to_owned()
    })
}

fn open(entry: &FileEntry, sealed: &[u8], step: usize) -> Option<Vec<u8>> {
    let mut opener = FileOpener::new(entry).ok()?;
    let mut file = Vec::new();
    for part in sealed.chunks(step) {
        file.extend_from_slice(&opener.push(part).ok()?);
        assert!(file.len() as u64 <= entry.length);
    }
    file.extend_from_slice(&opener.finish().ok()?);
    assert_eq!(file.len() as u64, entry.length);
    Some(file)
}

fuzz_target!(|bytes: &[u8]| {
    // The first two bytes say how long the file is said to be, and in which parts it comes.
    let Some(([length, step], sealed)) = bytes.split_first_chunk::<2>() else { return };
    let entry = FileEntry {
        file: FileId::from_bytes([7; 16]),
        secret: secret().to_owned(),
        name: "x".to_owned(),
        media_type: String::new(),
        track: Track::Original,
        length: u64::from(*length),
        sealed_length: sealed.len() as u64,
        sealed_hash: Hash::of(sealed),
    };
    let whole = open(&entry, sealed, sealed.len().max(1));
    assert_eq!(whole, open(&entry, sealed, 1 + usize::from(*step)));
});
