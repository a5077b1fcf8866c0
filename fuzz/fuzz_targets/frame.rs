//! Frames (protocol section 12.2): what is read is written back byte for byte, and its stored parts are read like it.
#![no_main]

use envelope::frame::Frame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The three lengths are rare in random input, so each is tried with the input as its beginning.
    for length in [bytes.len(), 4_096, 16_384] {
        let mut whole = bytes.to_vec();
        whole.resize(length, 0);
        if let Ok(frame) = Frame::parse(&whole) {
            assert_eq!(frame.to_bytes(), whole);
            assert!(frame.clear().is_consistent());
            let _ = frame.verify_signature();
            let _ = envelope::index::IndexEntry::of_frame(&frame);
        }
    }
});
