//! The audit log as a hostile server or a hostile witness could write it (protocol section 12.11): answers about a case, files of
//! checkpoints, proofs.
#![no_main]

use envelope::audit::openings::{MAGIC, OPENINGS_LENGTH, OpeningsPage};
use envelope::audit::proof::{verify_consistency, verify_inclusion};
use envelope::audit::witness;
use envelope::encoding::Hash;
use envelope::ids::CaseId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = OpeningsPage::parse(bytes);
    // With the right length and first bytes the parser gets past its first two questions.
    let mut page = MAGIC.to_vec();
    page.extend_from_slice(bytes.get(..OPENINGS_LENGTH - MAGIC.len()).unwrap_or(bytes));
    page.resize(OPENINGS_LENGTH, 0);
    if let Ok(read) = OpeningsPage::parse(&page) {
        assert_eq!(read.assemble().as_ref(), Some(&page), "one form alone");
        assert_eq!(read.check(CaseId::from_random_bytes([1; 16]).uuid()).count(), read.entries.len());
    }

    if let Ok(text) = core::str::from_utf8(bytes)
        && let Ok(chain) = witness::parse(text)
    {
        assert_eq!(witness::parse(&witness::to_text(&chain)), Ok(chain));
    }

    // Any hashes as a proof, of any sizes: decided, and never true of a root that they do not lead to.
    if let Some((numbers, rest)) = bytes.split_first_chunk::<16>() {
        let (old, new) = numbers.split_at(8);
        let number = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
        let proof: Vec<Hash> = rest.as_chunks::<32>().0.iter().map(|hash| Hash::from_bytes(*hash)).collect();
        let (leaf, root) = (Hash::of(b"leaf"), Hash::of(b"root"));
        assert!(!verify_inclusion(&leaf, number(old), number(new), &proof, &root));
        let _ = verify_consistency(number(old), number(new), &proof, &leaf, &root);
    }
});
