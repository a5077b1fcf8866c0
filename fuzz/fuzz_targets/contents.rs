//! What lies inside a seal once it is open: bodies and contents of every kind (protocol section 12.2). A colleague, or whoever found a
//! code, may have written it.
#![no_main]

use envelope::body::Body;
use envelope::content::Content;
use envelope::header::ItemKind;
use libfuzzer_sys::fuzz_target;

const KINDS: [ItemKind; 7] = [
    ItemKind::Report,
    ItemKind::Message,
    ItemKind::Answer,
    ItemKind::Acknowledgement,
    ItemKind::Closing,
    ItemKind::Rotation,
    ItemKind::Undo,
];

fuzz_target!(|bytes: &[u8]| {
    let _ = Body::parse(bytes);
    for kind in KINDS {
        if let Ok(content) = Content::parse(kind, bytes) {
            assert!(content.is_of(kind));
            let written = content.to_json().expect("what was read can be written");
            assert!(Content::parse(kind, &written).expect("and read again") == content);
        }
    }
});
