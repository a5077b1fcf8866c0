//! Short texts of the configuration, the console and the database: what was read is written, and then read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use network::accounts::AccountName;
use network::keeping::{Birth, Purpose, Terms, Week};
use platform::config::{AddressRange, PublicUrl};
use platform::mail::Address;

fuzz_target!(|text: &str| {
    if let Ok(range) = AddressRange::parse(text) {
        assert_eq!(AddressRange::parse(&range.to_string()), Ok(range));
        let first = text.split('/').next().and_then(|first| first.parse().ok()).expect("it was read");
        // An old address in new clothes is taken for the old one, which no range of new addresses holds.
        let core::net::IpAddr::V6(new) = first else { return assert!(range.holds(first)) };
        assert!(range.holds(first) || new.to_ipv4_mapped().is_some());
    }
    if let Ok(url) = PublicUrl::parse(text) {
        assert!(PublicUrl::parse(url.as_str()).is_ok_and(|again| again.as_str() == url.as_str()));
        assert!(!url.host().is_empty());
    }
    if let Some(address) = Address::parse(text) {
        assert!(Address::parse(address.as_str()).is_some_and(|again| again == address));
        assert!(!address.as_str().contains(['\r', '\n']), "an address is no way into a letter's headers");
    }
    if let Some(name) = AccountName::parse(text) {
        assert_eq!(AccountName::parse(name.as_str()).as_ref(), Some(&name));
    }
    let week = Week::parse(text);
    if let Some(week) = week {
        assert_eq!(week.to_string(), text, "a week has one spelling");
        assert!(week.first_day() <= week.last_day());
        assert!(week.plus_weeks(u16::MAX) >= week && week.plus_months(u16::MAX) >= week);
    }
    if let Ok(terms) = Terms::parse(text) {
        assert_eq!(Terms::parse(&terms.to_text()), Ok(terms.clone()));
        let today = Week::parse("2026-W47").expect("a week");
        for purpose in Purpose::ALL {
            assert!(terms.due(purpose, today, None) >= today);
        }
    }
    if let Some((year, month)) = text.split_once('-')
        && let Some(birth) = Birth::parse(year, month, "2026-11-24".parse().expect("a day"))
        && let Ok(terms) = Terms::proposed()
    {
        assert!(terms.birthday(birth).last_day().year() > 1_900);
    }
});
