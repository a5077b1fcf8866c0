//! What her browser posts beside frames: page requests, burns, chunks of files, work tokens (protocol sections 7.4, 7.6, 12).
#![no_main]

use envelope::burn::{BURN_LENGTH, BurnRequest, BurnWord};
use envelope::file::{ChunkRequest, verify_status};
use envelope::ids::FileId;
use envelope::mailbox::{Nonce, PAGE_REQUEST_LENGTH, PageRequest};
use envelope::work::{Challenge, Token};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Nonce::from_slice(bytes);
    let mut page = bytes.to_vec();
    page.resize(PAGE_REQUEST_LENGTH, 0);
    let _ = PageRequest::parse(&page);

    let mut burn = bytes.to_vec();
    burn.resize(BURN_LENGTH, 0);
    for request in [bytes, &burn] {
        if let Ok(request) = BurnRequest::parse(request) {
            let _ = request.verify_signature();
            assert!(request.word().is_none_or(|word| word.len() < BURN_LENGTH));
        }
    }
    let _ = BurnWord::parse(bytes);

    let file = FileId::from_bytes([7; 16]);
    for number in [0, 1, u32::MAX] {
        if let Ok(chunk) = ChunkRequest::parse(bytes, &file, number) {
            assert!(number < chunk.count());
        }
    }
    let _ = verify_status(bytes, &file);

    let _ = Challenge::parse(bytes);
    if let Ok(token) = Token::parse(bytes) {
        let _ = token.is_solved_for(&[1; 32]);
    }
    if let Ok(text) = core::str::from_utf8(bytes) {
        let _ = Token::parse_header(text);
    }
});
