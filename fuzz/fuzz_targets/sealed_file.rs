//! The text header of an age file (protocol section 2): any other suite is refused, and nothing makes the reader stumble.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = envelope::sealed_file::check_suite(bytes);
    let mut whole = b"age-encryption.org/v1\n-> X25519 ".to_vec();
    whole.extend_from_slice(bytes);
    let _ = envelope::sealed_file::check_suite(&whole);
});
