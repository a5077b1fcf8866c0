//! Short texts that people type or that stand in addresses and headers.
#![no_main]

use envelope::encoding::Hash;
use envelope::header::Language;
use envelope::ids::{CaseId, FileId};
use envelope::recipient::{Fingerprint, Recipient};
use envelope::signature::{PublicKey, Signature};
use keyring::identity::Identity;
use keyring::operator::OperatorIdentity;
use keyring::paper::PaperIdentity;
use keyring::passphrase::Passphrase;
use keyring::receipt::ReceiptCode;
use keyring::signing::SigningKey;
use libfuzzer_sys::fuzz_target;
use platform::config::DatabaseUrl;
use platform::web::IfMatch;

fuzz_target!(|bytes: &[u8]| {
    let _ = OperatorIdentity::parse_file(bytes);
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(code) = ReceiptCode::parse(text) {
        let digits: String = code.groups().iter().map(|group| group.as_str()).collect();
        assert_eq!(digits.len(), 20);
        assert!(ReceiptCode::parse(&digits).is_ok_and(|again| again.groups() == code.groups()));
    }
    if let Ok(passphrase) = Passphrase::parse(text) {
        let again = Passphrase::parse(passphrase.as_str()).expect("a normalised passphrase is one");
        assert_eq!(again.as_str(), passphrase.as_str());
    }
    let _ = PaperIdentity::parse(text);
    let _ = Identity::parse(text);
    let _ = SigningKey::parse_seed(text);
    if let Ok(recipient) = Recipient::parse(text) {
        assert_eq!(recipient.as_str(), text, "a key has one spelling");
    }
    if let Ok(key) = PublicKey::parse(text) {
        assert_eq!(key.to_string(), text, "a key has one spelling");
    }
    let _ = Fingerprint::parse(text);
    let _ = Signature::parse(text);
    let _ = Hash::parse(text);
    if let Ok(language) = Language::parse(text) {
        assert_eq!(language.as_str(), text);
    }
    let _ = CaseId::parse(text);
    let _ = FileId::parse(text);
    let _ = IfMatch::parse(text);
    let _ = DatabaseUrl::parse(text);
});
