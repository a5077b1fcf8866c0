//! Signed documents and what they hold: roots, certificates, statements, bundles, published records (protocol sections 12.1, 12.6).
#![no_main]

use envelope::centre::CentreBundle;
use envelope::certificate::Certificate;
use envelope::publication::{EpochRecord, MemberRecord};
use envelope::root::Root;
use envelope::signature::SignedDocument;
use envelope::statement::Statement;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What was read can be written, and is then read as the same.
fn round<T: Serialize + DeserializeOwned + PartialEq + core::fmt::Debug>(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&value).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<T>(&written).expect("and read again"), value);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let _ = SignedDocument::parse(bytes);
    let _ = CentreBundle::parse(bytes);
    round::<Root>(bytes);
    round::<Certificate>(bytes);
    round::<Statement>(bytes);
    round::<MemberRecord>(bytes);
    round::<EpochRecord>(bytes);
});
