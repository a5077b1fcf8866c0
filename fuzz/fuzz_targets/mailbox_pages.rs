//! Pages of a mailbox (protocol section 12.4), as a hostile server could send them.
#![no_main]

use envelope::index::{MAGIC, Mailbox, PAGE_LENGTH, pages_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = pages_of(bytes);
    // With the right length and first bytes the parser gets past its first two questions.
    let mut first = MAGIC.to_vec();
    first.extend_from_slice(bytes.get(..PAGE_LENGTH - MAGIC.len()).unwrap_or(bytes));
    first.resize(PAGE_LENGTH, 0);
    let _ = pages_of(&first);
    let mut pages = vec![first];
    for rest in bytes.get(PAGE_LENGTH..).unwrap_or_default().chunks(PAGE_LENGTH).take(3) {
        let mut page = rest.to_vec();
        page.resize(PAGE_LENGTH, 0);
        pages.push(page);
    }
    if let Ok(mailbox) = Mailbox::read(&pages) {
        assert_eq!(u32::try_from(mailbox.entries.len()), Ok(mailbox.highest_seq()));
        let to_her = mailbox.entries.iter().filter(|entry| entry.size.is_some()).count();
        assert_eq!(mailbox.frames.len(), to_her);
    }
});
