//! The two headers of an item (protocol section 12.2): what was read and written is read again as the same.
#![no_main]

use envelope::header::{ClearHeader, InnerHeader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let clear: Option<ClearHeader> = serde_json::from_slice(bytes).ok();
    if let Some(header) = &clear {
        let written = serde_json::to_vec(header).expect("a header can be written");
        assert_eq!(&serde_json::from_slice::<ClearHeader>(&written).expect("and read again"), header);
        let _ = header.is_consistent();
    }
    if let Ok(header) = serde_json::from_slice::<InnerHeader>(bytes) {
        let written = serde_json::to_vec(&header).expect("a header can be written");
        assert_eq!(serde_json::from_slice::<InnerHeader>(&written).expect("and read again"), header);
        if let Some(clear) = &clear {
            let _ = header.matches(clear);
        }
    }
});
