//! The receipt (protocol sections 4, 7.1 and 12.4): 20 digits that are all she has to keep. From them come the key that opens
//! answers, the key that signs, two words that show a typing error, and the mailbox id.

use envelope::ids::{CaseId, NetworkId};
use envelope::mailbox::{MailboxId, Nonce, PageRequest};
use envelope::recipient::Recipient;
use envelope::signature::{PublicKey, SignedType};
use envelope::{content::ReceiptKeys, encoding::Hash};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::digits;
use crate::identity::Identity;
use crate::kdf::{Cost, Derived};
use crate::refusal::SecretRefusal;
use crate::signing::SigningKey;

/// Digits of a code. No check digit: any code is plausible.
pub const CODE_DIGITS: usize = 20;
/// Groups that a code is written in.
pub const CODE_GROUPS: usize = 5;
/// Words in each language's list.
pub const WORD_LIST_LENGTH: usize = 256;

/// A receipt code. Wiped when dropped; has no debug form.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ReceiptCode([u8; CODE_DIGITS]);

impl ReceiptCode {
    /// A new code: 20 evenly distributed digits of `rng`.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut code = Self([b'0'; CODE_DIGITS]);
        for digit in &mut code.0 {
            // 250 is the largest multiple of ten in a byte: bytes above would favour the low digits.
            let mut byte = [u8::MAX];
            while byte[0] >= 250 {
                rng.fill_bytes(&mut byte);
            }
            *digit = b'0' + byte[0] % 10;
        }
        code
    }

    /// Reads what a person typed: digits of any script; spaces, hyphens and direction marks anywhere.
    ///
    /// # Errors
    /// [`SecretRefusal::Character`] for any other character, [`SecretRefusal::Digits`] for another number of digits.
    pub fn parse(text: &str) -> Result<Self, SecretRefusal> {
        let mut code = Self([b'0'; CODE_DIGITS]);
        let mut digits = 0_usize;
        for character in text.chars() {
            if let Some(value) = digits::value(character) {
                if let Some(place) = code.0.get_mut(digits) {
                    *place = b'0' + value;
                }
                digits += 1;
            } else if !digits::is_separator(character) {
                return Err(SecretRefusal::Character);
            }
        }
        if digits == CODE_DIGITS { Ok(code) } else { Err(SecretRefusal::Digits { digits }) }
    }

    /// The five groups of four ASCII digits, as they are shown.
    #[must_use]
    pub fn groups(&self) -> [Zeroizing<String>; CODE_GROUPS] {
        let mut groups: [Zeroizing<String>; CODE_GROUPS] = Default::default();
        for (group, digits) in groups.iter_mut().zip(self.0.chunks(CODE_DIGITS / CODE_GROUPS)) {
            group.extend(digits.iter().map(|digit| char::from(*digit)));
        }
        groups
    }
}

/// The salt of every receipt of a network: the first 16 bytes of SHA-256 of `approdo/receipt/v1|` and the network id.
#[must_use]
pub fn salt(network: NetworkId) -> [u8; 16] {
    let hash = Hash::of(format!("approdo/receipt/v1|{network}").as_bytes());
    let mut salt = [0; 16];
    for (target, byte) in salt.iter_mut().zip(hash.as_bytes()) {
        *target = *byte;
    }
    salt
}

/// Derives the keys of a code: Argon2id with 64 MiB and three passes, about 0.2 s.
///
/// # Errors
/// [`SecretRefusal::Memory`] when the device has no 64 MiB.
pub fn derive(code: &ReceiptCode, network: NetworkId) -> Result<Receipt, SecretRefusal> {
    let derived = Derived::stretch(Cost::PRODUCTION, &code.0, &salt(network))?;
    Receipt::from_derived(&derived)
}

/// What a code gives. Secrets inside are wiped when dropped.
#[derive(Clone)]
pub struct Receipt {
    identity: Identity,
    signing: SigningKey,
    words: [u8; 2],
}

impl Receipt {
    /// The receipt of 32 bytes that are random already: for property tests, which could not wait for Argon2id a thousand times.
    /// No code leads to such a receipt.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for 32 bytes.
    pub fn from_random_bytes(random: &[u8; 32]) -> Result<Self, SecretRefusal> {
        Self::from_derived(&Derived::from_random(random))
    }

    fn from_derived(derived: &Derived) -> Result<Self, SecretRefusal> {
        Ok(Self {
            identity: Identity::from_secret_bytes(&*derived.expand("x25519")?)?,
            signing: SigningKey::from_seed(&*derived.expand("ed25519")?)?,
            words: *derived.expand("words")?,
        })
    }

    /// The two words, as indices into the list of [`WORD_LIST_LENGTH`] words of any language.
    #[must_use]
    pub fn words(&self) -> [u8; 2] {
        self.words
    }

    /// What answers are sealed to.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        self.identity.recipient()
    }

    /// The key she signs with.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.signing.public()
    }

    /// The mailbox.
    #[must_use]
    pub fn mailbox_id(&self) -> MailboxId {
        MailboxId::of_key(&self.public_key())
    }

    /// The signed request for a page of the mailbox, 164 bytes.
    #[must_use]
    pub fn page_request(&self, nonce: &Nonce, page: u32) -> Vec<u8> {
        let mut bytes = PageRequest::signed_payload(nonce, &self.public_key(), page);
        let signature = self.signing.sign(SignedType::MailboxPage, &bytes);
        bytes.extend_from_slice(signature.as_bytes());
        bytes
    }

    /// Her public keys, self-signed for one case: part of the first item.
    #[must_use]
    pub fn public_keys(&self, case: &CaseId) -> ReceiptKeys {
        let payload = ReceiptKeys::signed_payload(self.recipient(), case);
        ReceiptKeys {
            recipient: self.recipient().clone(),
            signing_key: self.public_key(),
            signature: self.signing.sign(SignedType::Receipt, &payload),
        }
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    pub(crate) fn signing_key(&self) -> &SigningKey {
        &self.signing
    }
}
