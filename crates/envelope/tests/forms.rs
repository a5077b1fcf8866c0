//! The small text forms (protocol section 12): each has one spelling, and every other is refused.

use envelope::clock::Clock;
use envelope::duty::{Channel, Duties, Duty};
use envelope::encoding::{Base64, Hash, from_base64, to_base64};
use envelope::header::{ItemKind, Language};
use envelope::ids::{CaseId, NetworkId};
use envelope::mailbox::MailboxId;
use envelope::publication::WrapTarget;
use envelope::recipient::{Fingerprint, Recipient};
use envelope::refusal::CentreRefusal;
use envelope::signature::PublicKey;
use envelope::sizes::{CELL_LENGTH, FILE_CHUNK_LENGTH, LONGEST_FILE, MOST_FILE_CHUNKS, SizeClass, padme};
use jiff::{SignedDuration, Timestamp};

/// The recipient of the age specification's example.
const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

#[test]
fn ids_are_version_4_in_one_spelling() {
    let id = "0b0e3a3c-7a55-4c6d-9f52-3d1a54c0f5a7";
    assert_eq!(CaseId::parse(id).unwrap().to_string(), id);
    for wrong in [
        "0B0E3A3C-7A55-4C6D-9F52-3D1A54C0F5A7",
        "0b0e3a3c7a554c6d9f523d1a54c0f5a7",
        "{0b0e3a3c-7a55-4c6d-9f52-3d1a54c0f5a7}",
        "0b0e3a3c-7a55-7c6d-9f52-3d1a54c0f5a7",
        "00000000-0000-0000-0000-000000000000",
        "",
    ] {
        assert!(CaseId::parse(wrong).is_err(), "{wrong}");
    }
    let made = NetworkId::from_random_bytes([0xFF; 16]);
    assert_eq!(NetworkId::parse(&made.to_string()), Ok(made));
    assert_eq!(NetworkId::from_uuid(made.uuid()), Some(made));
}

#[test]
fn base64_has_no_padding_and_no_trailing_bits() {
    assert_eq!(to_base64(&[0xFB, 0xFF]), "-_8");
    assert_eq!(from_base64("-_8").unwrap(), [0xFB, 0xFF]);
    for wrong in ["-_8=", "+/8", "-_9", "-_8 ", "a"] {
        assert!(from_base64(wrong).is_err(), "{wrong}");
    }
    assert_eq!(serde_json::to_string(&Base64(vec![1])).unwrap(), r#""AQ""#);
}

#[test]
fn hashes_are_lower_case() {
    let hash = Hash::of(b"");
    assert_eq!(hash.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(Hash::parse(&hash.to_string()), Ok(hash));
    assert!(Hash::parse(&hash.to_string().to_uppercase()).is_err());
    assert!(Hash::parse("e3b0").is_err());
}

#[test]
fn recipients_are_x25519_in_lower_case_with_a_right_checksum() {
    let recipient = Recipient::parse(RECIPIENT).unwrap();
    assert_eq!(recipient.as_str(), RECIPIENT);
    assert_eq!(Fingerprint::parse(recipient.fingerprint().as_str()).unwrap(), recipient.fingerprint());
    for wrong in [
        RECIPIENT.to_uppercase().as_str(),
        &RECIPIENT.replace("7pa", "7pq"),
        &RECIPIENT[..61],
        "age1pq1qqqq",
        "ssh-ed25519 AAAA",
        "",
    ] {
        assert!(Recipient::parse(wrong).is_err(), "{wrong}");
    }
    for wrong in ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdefg"] {
        assert!(Fingerprint::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn weak_keys_are_refused() {
    // The neutral element and a point of order 8: under them one signature verifies for many messages.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(PublicKey::from_bytes(&neutral).is_err());
    assert!(PublicKey::from_bytes(&[0; 32]).is_err());
    let not_a_point = {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        bytes
    };
    assert!(PublicKey::from_bytes(&not_a_point).is_err());
    assert!(PublicKey::parse("AAAA").is_err());
}

#[test]
fn languages_are_lower_case_tags() {
    for good in ["it", "en", "zh-hant", "pt-br"] {
        assert_eq!(Language::parse(good).unwrap().as_str(), good);
    }
    for wrong in ["", "i", "IT", "it_IT", "it-", "-it", "it--x", "it it", &"a".repeat(36)] {
        assert!(Language::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_not_stated_is_a_strong_duty() {
    let duties: Duties = serde_json::from_str("{}").unwrap();
    assert_eq!(duties, Duties { on_status: Duty::Strong, on_crime: Duty::Strong });
    assert!(serde_json::from_str::<Duties>(r#"{"on_status":"weak"}"#).is_err());
    assert!(serde_json::from_str::<Duties>(r#"{"on_statu":"none"}"#).is_err());
    assert_eq!("safe".parse(), Ok(Channel::Safe));
    assert!("Safe".parse::<Channel>().is_err());
}

#[test]
fn sizes_are_whole_cells() {
    for class in SizeClass::ALL {
        assert_eq!(class.length(), usize::from(class.cells()) * CELL_LENGTH);
        assert_eq!(SizeClass::of_length(class.length()), Some(class));
        assert_eq!(SizeClass::of_cells(class.cells()), Some(class));
        assert_eq!(SizeClass::of_length(class.length() + 1), None);
    }
    assert_eq!(SizeClass::of_cells(0), None);
}

/// Reckoned by hand from the formula of protocol section 12.8.
#[test]
fn a_padded_length_has_few_significant_bits() {
    for (length, padded) in [
        (0, 0),
        (1, 1),
        (2, 2),
        (8, 8),
        (9, 10),
        (100, 104),
        (1_000, 1_024),
        (1_025, 1_088),
        (1_000_000, 1_015_808),
    ] {
        assert_eq!(padme(length), padded, "{length}");
    }
    for length in 2..100_000_u64 {
        let padded = padme(length);
        assert!(length <= padded && (padded - length) * 100 <= length * 12, "{length}: {padded}");
        assert_eq!(padme(padded), padded);
    }
    // The longest file, with its header, nonce and tags, fits into the chunks that an upload may have.
    let sealed = padme(358 + 16 + LONGEST_FILE + 16 * LONGEST_FILE.div_ceil(65_536));
    assert_eq!(sealed.div_ceil(FILE_CHUNK_LENGTH as u64), u64::from(MOST_FILE_CHUNKS));
}

#[test]
fn clocks_have_an_edge() {
    let moment = |hours: i64| Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(hours)).unwrap();
    let exact = Clock::exact(moment(100));
    assert_eq!(exact.check_begun(moment(100)), Ok(()));
    assert_eq!(exact.check_begun(moment(101)), Err(CentreRefusal::NotYetValid));
    assert_eq!(exact.check_not_ended(moment(101)), Ok(()));
    assert_eq!(exact.check_not_ended(moment(100)), Err(CentreRefusal::Expired));
    let device = Clock::of_device(moment(0), moment(100));
    assert_eq!(device.now(), moment(100));
    assert_eq!(device.check_begun(moment(148)), Ok(()));
    assert_eq!(device.check_begun(moment(149)), Err(CentreRefusal::NotYetValid));
    assert_eq!(device.check_not_ended(moment(53)), Ok(()));
    assert_eq!(device.check_not_ended(moment(52)), Err(CentreRefusal::Expired));
}

#[test]
fn names_on_the_wire_and_in_json_are_the_same() {
    use ItemKind::{Acknowledgement, Answer, Closing, Message, Report};
    for kind in [Report, Message, Answer, Acknowledgement, Closing] {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
    assert_eq!(serde_json::from_str::<WrapTarget>(r#""paper""#).unwrap(), WrapTarget::Paper);
    assert!(serde_json::from_str::<WrapTarget>(r#""Paper""#).is_err());
}

#[test]
fn a_mailbox_id_leaves_no_trace_in_a_debug_form() {
    let mailbox = MailboxId::from_bytes([0xAB; 32]);
    assert!(!format!("{mailbox:?}").contains("ab"));
    assert_eq!(mailbox.to_string(), "ab".repeat(32));
}
