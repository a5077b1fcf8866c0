//! An operator's wishes, and the code that shows that an address is hers. Pure functions of their arguments.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use platform::mail::Address;
use platform::random::Random;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// How long a code holds.
const HOLDS: SignedDuration = SignedDuration::from_hours(72);

/// Letters of a code: 80 bits, so that guessing is no way, on the page or with the hash at hand.
const LENGTH: usize = 16;

/// Without the signs that are mistaken for each other.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The code that is sent to an address; the database keeps its hash alone.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Code(String);

impl Code {
    /// A new code.
    pub(super) fn random(random: &Random) -> Self {
        let bytes: [u8; LENGTH] = random.bytes();
        let letters = bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte & 31)));
        Self(letters.map(|letter| char::from(*letter)).collect())
    }

    /// What was typed or pasted, whatever stands between the groups.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let letters: String = typed
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .collect();
        (letters.len() == LENGTH && letters.bytes().all(|letter| LETTERS.contains(&letter)))
            .then_some(Self(letters))
    }

    /// In groups of four, as it is sent.
    pub(super) fn in_groups(&self) -> String {
        let mut text = String::new();
        for (place, letter) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        text
    }

    /// What is kept of it: good for this person alone.
    pub(super) fn hash(&self, person: Uuid) -> [u8; 32] {
        Sha256::new()
            .chain_update(b"approdo/notice-code/v1|")
            .chain_update(person.as_bytes())
            .chain_update(self.0.as_bytes())
            .finalize()
            .into()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code")
    }
}

/// An address that waits to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) address: Address,
    hash: Vec<u8>,
    until: Timestamp,
}

impl Asked {
    /// Asks now; the code holds for 72 hours.
    pub(super) fn now(address: Address, code: &Code, person: Uuid, now: Timestamp) -> Self {
        let until = now.checked_add(HOLDS).unwrap_or(now);
        Self { address, hash: code.hash(person).to_vec(), until }
    }

    /// As the database holds it.
    pub(super) const fn stored(address: Address, hash: Vec<u8>, until: Timestamp) -> Self {
        Self { address, hash, until }
    }

    pub(super) fn hash(&self) -> &[u8] {
        &self.hash
    }

    pub(super) const fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether the code still holds.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

/// What an operator wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Where notices go: confirmed.
    pub(super) address: Option<Address>,
    /// To be told that a message waits.
    pub(super) wants: bool,
    /// To be told of a broken promise and of the end of a term.
    pub(super) supervises: bool,
    /// Whether the mail server refused the address for good.
    pub(super) refused: bool,
    /// What waits to be confirmed.
    pub(super) asked: Option<Asked>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { address: None, wants: true, supervises: false, refused: false, asked: None }
    }
}

/// A code that does not fit, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code does not fit")]
pub(super) struct WrongCode;

impl Wishes {
    /// Another address waits to be confirmed; a code that was sent before is void. The old address stays until then.
    pub(super) fn asking(self, asked: Asked) -> Self {
        Self { asked: Some(asked), ..self }
    }

    /// The code confirms the address that waits, once.
    ///
    /// # Errors
    /// [`WrongCode`] for another code, after 72 hours, and when nothing waits.
    pub(super) fn confirmed(self, code: &Code, person: Uuid, now: Timestamp) -> Result<Self, WrongCode> {
        let hash = code.hash(person);
        let asked = self.asked.filter(|asked| asked.holds(now) && asked.hash == hash).ok_or(WrongCode)?;
        Ok(Self { address: Some(asked.address), asked: None, refused: false, ..self })
    }

    /// Where a notice may be sent now.
    pub(super) fn reachable(&self) -> Option<&Address> {
        self.address.as_ref().filter(|_| !self.refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-24T07:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_code_is_read_however_it_was_copied() {
        let code = Code::random(&Random::system());
        let shown = code.in_groups();
        assert_eq!((shown.len(), shown.matches('-').count()), (19, 3));
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', " "),
            format!("\u{2068}{shown}\u{2069}\n"),
        ] {
            assert_eq!(Code::parse(&typed), Some(code.clone()), "{typed}");
        }
        for wrong in ["", "ABCD", "ABCD-EFGH-JKLM-NPQ1", "ABCD-EFGH-JKLM-NPQRS"] {
            assert_eq!(Code::parse(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{code:?}"), "Code");
    }

    #[test]
    fn a_code_confirms_once_for_one_person_within_72_hours() {
        let random = Random::system();
        let (code, other) = (Code::random(&random), Code::random(&random));
        let (anna, bea) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let address = Address::parse("anna@example.org").unwrap();
        let asking = Wishes { supervises: true, refused: true, ..Wishes::default() }.asking(Asked::now(
            address.clone(),
            &code,
            anna,
            now(),
        ));
        assert_eq!(asking.reachable(), None);
        assert_eq!(asking.clone().confirmed(&other, anna, now()), Err(WrongCode));
        assert_eq!(asking.clone().confirmed(&code, bea, now()), Err(WrongCode));
        let last = now() + SignedDuration::from_hours(72);
        assert_eq!(asking.clone().confirmed(&code, anna, last), Err(WrongCode));
        let confirmed = asking.confirmed(&code, anna, last - SignedDuration::from_secs(1)).unwrap();
        assert_eq!(confirmed.reachable(), Some(&address));
        assert!(confirmed.wants && confirmed.supervises);
        assert_eq!(confirmed.confirmed(&code, anna, now()), Err(WrongCode));
    }
}
