//! Mailbox requests (protocol sections 7.2 and 12.4): the id, the stateless nonce and the signed page request. The pages
//! themselves are in [`crate::index`].

use core::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::encoding::{Hash, Malformed, Reader};
use crate::refusal::MailboxRefusal;
use crate::signature::{PublicKey, Signature, SignedType};

/// Bytes of a nonce.
pub const NONCE_LENGTH: usize = 56;
/// Bytes of a page request.
pub const PAGE_REQUEST_LENGTH: usize = 164;
/// How long a nonce is good.
pub const NONCE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);

/// A mailbox: SHA-256 of the receipt's Ed25519 public key. No fast hash of the code exists anywhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailboxId(Hash);

impl MailboxId {
    /// The mailbox of a receipt's key.
    #[must_use]
    pub fn of_key(key: &PublicKey) -> Self {
        Self(Hash::of(key.as_bytes()))
    }

    /// A mailbox id read from storage.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Hash::from_bytes(bytes))
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for MailboxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A mailbox id in a log would be a trace of a victim: the debug form shows none of it.
impl fmt::Debug for MailboxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MailboxId(…)")
    }
}

/// What a nonce is for: part of what its code authenticates, so that one route's nonce is worth nothing on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceLabel {
    /// `POST /mailbox/nonce`.
    Mailbox,
    /// `POST /console/sign-in/challenge`.
    SignIn,
    /// `POST /mailbox/burn-nonce`.
    Burn,
    /// `POST /mailbox/openings-nonce`.
    Openings,
}

impl NonceLabel {
    /// The label that is authenticated.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::SignIn => "sign-in",
            Self::Burn => "burn",
            Self::Openings => "openings",
        }
    }
}

/// `u64 issue time in seconds ‖ 16 random bytes ‖ 32 bytes HMAC-SHA256`: a challenge that the server need not store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; NONCE_LENGTH]);

impl Nonce {
    /// What the server's key authenticates: `label ‖ u64 issue time ‖ random`.
    #[must_use]
    pub fn authenticated_bytes(label: NonceLabel, issued_seconds: u64, random: &[u8; 16]) -> Vec<u8> {
        [label.name().as_bytes(), &issued_seconds.to_le_bytes(), random].concat()
    }

    /// Puts a nonce together.
    #[must_use]
    pub fn assemble(issued_seconds: u64, random: &[u8; 16], code: &[u8; 32]) -> Self {
        let mut bytes = [0; NONCE_LENGTH];
        let source = issued_seconds.to_le_bytes().into_iter().chain(*random).chain(*code);
        for (target, byte) in bytes.iter_mut().zip(source) {
            *target = byte;
        }
        Self(bytes)
    }

    /// A nonce of 56 bytes, not checked yet.
    #[must_use]
    pub fn from_bytes(bytes: [u8; NONCE_LENGTH]) -> Self {
        Self(bytes)
    }

    /// A nonce of exactly 56 bytes.
    ///
    /// # Errors
    /// [`Malformed`] for another length.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.try_into().map(Self).map_err(|_| Malformed)
    }

    /// Its 56 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; NONCE_LENGTH] {
        &self.0
    }

    /// Issue time (Unix seconds), random bytes and code.
    #[must_use]
    pub fn fields(&self) -> (u64, [u8; 16], [u8; 32]) {
        let mut reader = Reader::new(&self.0);
        let issued = reader.u64().unwrap_or_default();
        let random = reader.array().unwrap_or_default();
        let code = reader.array().unwrap_or_default();
        (issued, random, code)
    }

    /// Whether it was issued at most 60 seconds before `now`, and not after.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let (issued, _, _) = self.fields();
        let Some(issued) =
            i64::try_from(issued).ok().and_then(|seconds| Timestamp::from_second(seconds).ok())
        else {
            return false;
        };
        let age = now.duration_since(issued);
        age <= NONCE_LIFETIME && age > SignedDuration::from_secs(-1)
    }
}

/// A request for one page of a mailbox: 164 bytes, signed by the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    nonce: Nonce,
    key: PublicKey,
    page: u32,
}

impl PageRequest {
    /// Everything before the signature: `nonce ‖ key ‖ u32 page ‖ 8 zero bytes`.
    #[must_use]
    pub fn signed_payload(nonce: &Nonce, key: &PublicKey, page: u32) -> Vec<u8> {
        [nonce.as_bytes().as_slice(), key.as_bytes(), &page.to_le_bytes(), &[0; 8]].concat()
    }

    /// Reads a request and verifies its signature. The nonce's code and freshness are the server's to check first.
    ///
    /// # Errors
    /// [`MailboxRefusal::Malformed`] for another length, a key that is none, or reserved bytes that are not zero;
    /// [`MailboxRefusal::Signature`] when the signature does not verify.
    pub fn parse(bytes: &[u8]) -> Result<Self, MailboxRefusal> {
        let (nonce, key, page, signature) =
            Self::read(bytes).map_err(|Malformed| MailboxRefusal::Malformed)?;
        let payload = Self::signed_payload(&nonce, &key, page);
        if !key.verifies(SignedType::MailboxPage, &payload, &signature) {
            return Err(MailboxRefusal::Signature);
        }
        Ok(Self { nonce, key, page })
    }

    fn read(bytes: &[u8]) -> Result<(Nonce, PublicKey, u32, Signature), Malformed> {
        if bytes.len() != PAGE_REQUEST_LENGTH {
            return Err(Malformed);
        }
        let mut reader = Reader::new(bytes);
        let nonce = Nonce(reader.array()?);
        let key = PublicKey::from_bytes(&reader.array()?)?;
        let page = reader.u32()?;
        if reader.array::<8>()? != [0; 8] {
            return Err(Malformed);
        }
        Ok((nonce, key, page, Signature::from_bytes(reader.array()?)))
    }

    /// The challenge it answers.
    #[must_use]
    pub fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    /// The receipt's key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Which mailbox it asks for.
    #[must_use]
    pub fn mailbox_id(&self) -> MailboxId {
        MailboxId::of_key(&self.key)
    }

    /// Which page, from 0.
    #[must_use]
    pub fn page(&self) -> u32 {
        self.page
    }
}

/// What an operator signs to sign in (section 12.5): `nonce ‖ account name`.
#[must_use]
pub fn sign_in_payload(nonce: &Nonce, account: &str) -> Vec<u8> {
    [nonce.as_bytes().as_slice(), account.as_bytes()].concat()
}
