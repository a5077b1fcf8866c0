//! Files outside of the database that a server or a restore reads: the list of tombstones and a backup's manifest (protocol sections 9
//! and 12.10). Both are read through the file system, in a folder of this process.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use network::backup::read_manifest;
use network::keeping::Tombstones;

fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("approdo-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the files");
        folder
    })
}

fuzz_target!(|bytes: &[u8]| {
    let list = folder().join("list.tombstones");
    fs::write(&list, bytes).expect("writing the list");
    let (tombstones, unreadable) = Tombstones::read(&list).expect("a file of any bytes is read");
    assert!(tombstones.len() + unreadable <= bytes.len());
    // What it gives, written, is read again as the same, and nothing of it is unreadable.
    fs::write(&list, tombstones.to_text()).expect("writing the list");
    assert_eq!(Tombstones::read(&list).expect("reading the list"), (tombstones, 0));

    fs::write(folder().join("manifest.json"), bytes).expect("writing the manifest");
    if let Ok(manifest) = read_manifest(folder()) {
        let _ = (manifest.bytes(), manifest.rows_of("report"), manifest.newest_week());
    }
});
