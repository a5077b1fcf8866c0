//! Slices use each other in one direction only (docs/adr/0006-order-of-slices.md): read from their sources.

use std::path::Path;

/// From the one that uses no other to the one that may use all before it.
const ORDER: [&str; 4] = ["accounts", "guidance", "centres", "reports"];

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn no_slice_uses_a_later_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    for (place, slice) in ORDER.iter().enumerate() {
        let mut files = Vec::new();
        sources(&root.join(slice), &mut files);
        for (name, text) in &files {
            looked_at += 1;
            for later in &ORDER[place + 1..] {
                assert!(!text.contains(&format!("crate::{later}")), "{name} uses {later}");
            }
        }
    }
    assert!(looked_at > 20);
}

#[test]
fn every_slice_stands_in_the_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && name != "migrations" {
            assert!(ORDER.contains(&name.as_str()), "{name} is not in the decision record");
        }
    }
}
