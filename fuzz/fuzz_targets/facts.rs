//! What a centre publishes about itself (`centre.json`), as `approdo network import` reads it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use network::centres::PublishedFacts;

fuzz_target!(|text: &str| {
    if let Ok((facts, _)) = PublishedFacts::parse(text) {
        let written = serde_json::to_string(&facts).expect("what was read can be written");
        assert!(PublishedFacts::parse(&written).is_ok_and(|(again, _)| again == facts));
    }
});
