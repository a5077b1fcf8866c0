//! Codes as pages show them and as she types their end again (protocol section 7.1).

use envelope::ids::NetworkId;
use keyring::receipt::{Receipt, ReceiptCode};
use rand_core::OsRng;

use crate::refusal::Refused;

/// A new code and everything derived from it.
///
/// # Errors
/// `start` when the device has no memory for the derivation.
pub fn fresh(network: NetworkId) -> Result<(ReceiptCode, Receipt), Refused> {
    let code = ReceiptCode::generate(&mut OsRng);
    let receipt = keyring::receipt::derive(&code, network)?;
    Ok((code, receipt))
}

/// Her code (20 digits) and the indexes of its two words, as `{"code", "words"}`.
#[must_use]
pub fn shown(code: &ReceiptCode, receipt: &Receipt) -> String {
    let digits: String = code.groups().iter().map(|group| group.as_str()).collect();
    serde_json::json!({ "code": digits, "words": receipt.words() }).to_string()
}

/// Whether `typed` is the last group of the code, in digits of any script.
#[must_use]
pub fn ends_with(code: &ReceiptCode, typed: &str) -> bool {
    let groups = code.groups();
    let [first, second, third, fourth, _] = &groups;
    let whole = [first.as_str(), second, third, fourth, typed].concat();
    ReceiptCode::parse(&whole).is_ok_and(|code| code.groups() == groups)
}

/// What was typed into a field that may stay empty.
#[must_use]
pub fn given(typed: &str) -> Option<&str> {
    Some(typed).filter(|typed| !typed.trim().is_empty())
}
