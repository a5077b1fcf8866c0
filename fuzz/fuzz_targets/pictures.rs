//! Cleaning pictures (protocol section 5): total, the same whatever the parts, and clean stays clean.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::{Cleaner, Kind, clean};

/// Cleans in parts of `step` bytes.
fn in_parts(file: &[u8], step: usize) -> Option<Vec<u8>> {
    let kind = Kind::of(file)?;
    let mut out = Vec::new();
    let mut first = Cleaner::survey(kind);
    for part in file.chunks(step) {
        first.push(part, &mut out).ok()?;
    }
    let survey = first.finish().ok()?;
    out.clear();
    let mut second = Cleaner::of(&survey);
    for part in file.chunks(step) {
        second.push(part, &mut out).ok()?;
    }
    let again = second.finish().ok()?;
    assert_eq!(again.length(), out.len() as u64);
    Some(out)
}

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses how the file begins, so that the mutator need not find the signatures.
    let Some((choice, rest)) = bytes.split_first() else { return };
    let mut file = match choice % 4 {
        0 => vec![0xff, 0xd8, 0xff],
        1 => b"\x89PNG\r\n\x1a\n".to_vec(),
        2 => [b"RIFF".as_slice(), &(u32::try_from(rest.len()).unwrap_or(0) + 4).to_le_bytes(), b"WEBP"]
            .concat(),
        _ => Vec::new(),
    };
    file.extend_from_slice(rest);
    let whole = clean(&file).ok();
    assert_eq!(whole, in_parts(&file, 1 + usize::from(*choice)));
    if let Some(whole) = whole {
        assert_eq!(clean(&whole).ok().as_ref(), Some(&whole), "clean stays clean");
    }
});
