//! The request to burn a mailbox (protocol sections 7.4 and 12.7): always 4,096 bytes, whether a word is in it or not, and answered
//! alike for every id.
//!
//! ```text
//! "APPRODOB" ‖ nonce 56 ‖ Ed25519 key 32 ‖ u32 word length (0 = none) ‖ word ‖ zero bytes ‖ signature 64
//! ```

use serde::{Deserialize, Serialize};

use crate::duty::Channel;
use crate::encoding::{Malformed, Reader};
use crate::header::Suite;
use crate::ids::{CaseId, CentreId};
use crate::mailbox::{MailboxId, NONCE_LENGTH, Nonce};
use crate::refusal::MailboxRefusal;
use crate::sealed_file;
use crate::signature::{PublicKey, Signature, SignedType};
use crate::sizes::SIGNATURE_LENGTH;

/// The first bytes of every request.
pub const MAGIC: &[u8; 8] = b"APPRODOB";
/// Bytes of a request.
pub const BURN_LENGTH: usize = 4_096;
/// Bytes before the word.
const BEFORE_WORD: usize = MAGIC.len() + NONCE_LENGTH + 32 + 4;
/// Bytes that a word can have.
const ROOM_FOR_WORD: usize = BURN_LENGTH - BEFORE_WORD - SIGNATURE_LENGTH;

/// A well-formed request. Its signature has **not** been verified yet: see [`BurnRequest::verify_signature`]. The nonce's code and
/// freshness are the server's to check first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnRequest {
    nonce: Nonce,
    key: PublicKey,
    word: Option<Vec<u8>>,
    signature: Signature,
}

impl BurnRequest {
    /// Everything before the signature; `None` for a word that does not fit.
    #[must_use]
    pub fn signed_payload(nonce: &Nonce, key: &PublicKey, word: Option<&[u8]>) -> Option<Vec<u8>> {
        let word = word.unwrap_or_default();
        let length = u32::try_from(word.len()).ok().filter(|_| word.len() <= ROOM_FOR_WORD)?;
        let mut bytes = Vec::with_capacity(BURN_LENGTH);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(nonce.as_bytes());
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(word);
        bytes.resize(BURN_LENGTH - SIGNATURE_LENGTH, 0);
        Some(bytes)
    }

    /// Reads a request. Total: any input gives a request or a refusal.
    ///
    /// # Errors
    /// [`MailboxRefusal::Malformed`] for another length or form, bytes that are not zero where they must be, or a word that is no age
    /// file for one X25519 recipient.
    pub fn parse(bytes: &[u8]) -> Result<Self, MailboxRefusal> {
        Self::read(bytes).map_err(|Malformed| MailboxRefusal::Malformed)
    }

    fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() != BURN_LENGTH {
            return Err(Malformed);
        }
        let mut reader = Reader::new(bytes);
        if &reader.array::<8>()? != MAGIC {
            return Err(Malformed);
        }
        let nonce = Nonce::from_bytes(reader.array()?);
        let key = PublicKey::from_bytes(&reader.array()?)?;
        let word = reader.counted_u32()?;
        let padding = reader.remaining().checked_sub(SIGNATURE_LENGTH).ok_or(Malformed)?;
        if reader.take(padding)?.iter().any(|byte| *byte != 0) {
            return Err(Malformed);
        }
        let signature = Signature::from_bytes(reader.array()?);
        if !word.is_empty() {
            sealed_file::check_suite(word).map_err(|_| Malformed)?;
        }
        let word = Some(word).filter(|word| !word.is_empty()).map(<[u8]>::to_vec);
        Ok(Self { nonce, key, word, signature })
    }

    /// Verifies the signature of the code over every byte before it.
    ///
    /// # Errors
    /// [`MailboxRefusal::Signature`].
    pub fn verify_signature(&self) -> Result<(), MailboxRefusal> {
        let payload = Self::signed_payload(&self.nonce, &self.key, self.word.as_deref());
        if payload.is_some_and(|payload| self.key.verifies(SignedType::Burn, &payload, &self.signature)) {
            Ok(())
        } else {
            Err(MailboxRefusal::Signature)
        }
    }

    /// The challenge it answers (label `burn`).
    #[must_use]
    pub fn nonce(&self) -> &[u8; NONCE_LENGTH] {
        self.nonce.as_bytes()
    }

    /// The code's key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Which mailbox is to burn.
    #[must_use]
    pub fn mailbox_id(&self) -> MailboxId {
        MailboxId::of_key(&self.key)
    }

    /// The safe word as she typed it, sealed to the centre's epoch; `None` when she could not seal one, because she had not opened
    /// the mailbox.
    #[must_use]
    pub fn word(&self) -> Option<&[u8]> {
        self.word.as_deref()
    }
}

/// What is sealed as the word of a burn: where it belongs, who signed the request, and what was typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurnWord {
    /// Always `approdo-1`.
    pub suite: Suite,
    /// The centre that can open it.
    pub centre: CentreId,
    /// The channel.
    pub channel: Channel,
    /// The case.
    pub case: CaseId,
    /// The number of the epoch that it is sealed to.
    pub epoch: u32,
    /// The key that signed the request.
    pub author: PublicKey,
    /// The safe word as it was typed; none when the field was left empty.
    pub safe_word: Option<String>,
}

/// A safe word must not reach a log through a debug form.
impl core::fmt::Debug for BurnWord {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("BurnWord(…)")
    }
}

impl BurnWord {
    /// Bytes of the plaintext, zero bytes and signature included: constant, so that the length says nothing about the word.
    pub const PLAINTEXT_LENGTH: usize = 1_024;

    /// Reads the opened plaintext without its signature (type `approdo/burn-word/v1`): JSON, then zero bytes.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(signed: &[u8]) -> Result<Self, Malformed> {
        if signed.len() + SIGNATURE_LENGTH != Self::PLAINTEXT_LENGTH {
            return Err(Malformed);
        }
        let end = signed.iter().rposition(|byte| *byte != 0).ok_or(Malformed)?;
        let json = signed.get(..=end).ok_or(Malformed)?;
        serde_json::from_slice(json).map_err(|_| Malformed)
    }
}
