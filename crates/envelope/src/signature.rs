//! Signed bytes and signed documents (protocol section 12.1): Ed25519 over the exact bytes sent, so no canonical JSON is needed.

use core::fmt;

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::encoding::{Base64, Hash, Malformed, from_base64, to_base64};
use crate::refusal::CentreRefusal;
use crate::sizes::SIGNATURE_LENGTH;

/// No document of ours needs more; a longer list is refused before anything is verified.
const MOST_SIGNATURES: usize = 16;

/// What a signature is about. It is part of the signed bytes, so a signature for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SignedType {
    /// A network root.
    #[serde(rename = "approdo/root/v1")]
    Root,
    /// A certificate.
    #[serde(rename = "approdo/certificate/v1")]
    Certificate,
    /// A statement of a centre's members.
    #[serde(rename = "approdo/statement/v1")]
    Statement,
    /// A frame, from the outside.
    #[serde(rename = "approdo/item/v1")]
    Item,
    /// Header and content of an item, inside the seal.
    #[serde(rename = "approdo/item-inner/v1")]
    ItemInner,
    /// The inside of a wrap.
    #[serde(rename = "approdo/wrap/v1")]
    Wrap,
    /// The keys of a receipt, inside the first item.
    #[serde(rename = "approdo/receipt/v1")]
    Receipt,
    /// A request for a mailbox page.
    #[serde(rename = "approdo/mailbox-page/v1")]
    MailboxPage,
    /// An operator's answer to the sign-in challenge.
    #[serde(rename = "approdo/sign-in/v1")]
    SignIn,
    /// The new key of a rotation, by itself.
    #[serde(rename = "approdo/rotation/v1")]
    Rotation,
    /// A request to burn a mailbox.
    #[serde(rename = "approdo/burn/v1")]
    Burn,
    /// The safe word inside a burn.
    #[serde(rename = "approdo/burn-word/v1")]
    BurnWord,
    /// One chunk of a file.
    #[serde(rename = "approdo/file-chunk/v1")]
    FileChunk,
    /// The question which chunks of a file are kept.
    #[serde(rename = "approdo/file-status/v1")]
    FileStatus,
}

impl SignedType {
    /// Every type.
    pub const ALL: [Self; 14] = [
        Self::Root,
        Self::Certificate,
        Self::Statement,
        Self::Item,
        Self::ItemInner,
        Self::Wrap,
        Self::Receipt,
        Self::MailboxPage,
        Self::SignIn,
        Self::Rotation,
        Self::Burn,
        Self::BurnWord,
        Self::FileChunk,
        Self::FileStatus,
    ];

    /// The name that is part of the signed bytes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "approdo/root/v1",
            Self::Certificate => "approdo/certificate/v1",
            Self::Statement => "approdo/statement/v1",
            Self::Item => "approdo/item/v1",
            Self::ItemInner => "approdo/item-inner/v1",
            Self::Wrap => "approdo/wrap/v1",
            Self::Receipt => "approdo/receipt/v1",
            Self::MailboxPage => "approdo/mailbox-page/v1",
            Self::SignIn => "approdo/sign-in/v1",
            Self::Rotation => "approdo/rotation/v1",
            Self::Burn => "approdo/burn/v1",
            Self::BurnWord => "approdo/burn-word/v1",
            Self::FileChunk => "approdo/file-chunk/v1",
            Self::FileStatus => "approdo/file-status/v1",
        }
    }
}

/// `u64 length of type ‖ type ‖ u64 length of payload ‖ payload`, little-endian: the bytes that are signed.
#[must_use]
pub fn signed_bytes(signed_type: SignedType, payload: &[u8]) -> Vec<u8> {
    let name = signed_type.name().as_bytes();
    let mut bytes = Vec::with_capacity(16 + name.len() + payload.len());
    bytes.extend_from_slice(&(name.len() as u64).to_le_bytes());
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// An Ed25519 public key: 32 bytes, a point on the curve, not one of the weak ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// [`Malformed`] when they are no point, or a weak one under which a signature would prove nothing.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Malformed> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| Malformed)?;
        if key.is_weak() { Err(Malformed) } else { Ok(Self(key)) }
    }

    /// Reads 43 characters of base64.
    ///
    /// # Errors
    /// [`Malformed`] for anything else, and for keys that [`PublicKey::from_bytes`] refuses.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bytes: [u8; 32] = from_base64(text)?.try_into().map_err(|_| Malformed)?;
        Self::from_bytes(&bytes)
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Whether `signature` is this key's over `payload` for the purpose `signed_type`. Strict: no malleable signatures.
    #[must_use]
    pub fn verifies(&self, signed_type: SignedType, payload: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(&signed_bytes(signed_type, payload), &signature).is_ok()
    }
}

impl core::hash::Hash for PublicKey {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&to_base64(self.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({self})")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// An Ed25519 signature: 64 bytes, base64 in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; SIGNATURE_LENGTH]);

impl Signature {
    /// A signature of 64 bytes; whether it verifies is asked of a [`PublicKey`].
    #[must_use]
    pub fn from_bytes(bytes: [u8; SIGNATURE_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its 64 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; SIGNATURE_LENGTH] {
        &self.0
    }

    /// Reads 86 characters of base64.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        from_base64(text)?.try_into().map(Self).map_err(|_| Malformed)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signature({})", to_base64(&self.0))
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_base64(&self.0))
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A signature with the key it is claimed to be by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyedSignature {
    /// The signer's key.
    pub key: PublicKey,
    /// Over the document's type and payload.
    pub signature: Signature,
}

/// `{"type", "payload": base64 of the exact bytes, "signatures": [{"key", "signature"}]}`: nothing in it is believed before
/// [`SignedDocument::signers`] was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedDocument {
    /// What the document is.
    #[serde(rename = "type")]
    pub signed_type: SignedType,
    /// The exact bytes that were signed (JSON).
    pub payload: Base64,
    /// Who signed.
    pub signatures: Vec<KeyedSignature>,
}

impl SignedDocument {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`CentreRefusal::Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self, CentreRefusal> {
        serde_json::from_slice(json).map_err(|_| CentreRefusal::Malformed)
    }

    /// SHA-256 of the payload: how other documents name this one.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.payload.0)
    }

    /// The keys that signed, each once, every signature verified.
    ///
    /// # Errors
    /// [`CentreRefusal::Place`] for another type than `expected`, [`CentreRefusal::Signature`] when one signature is wrong, a key
    /// is there twice, or there are more than sixteen.
    pub fn signers(&self, expected: SignedType) -> Result<Vec<PublicKey>, CentreRefusal> {
        if self.signed_type != expected {
            return Err(CentreRefusal::Place);
        }
        if self.signatures.len() > MOST_SIGNATURES {
            return Err(CentreRefusal::Signature);
        }
        let mut keys: Vec<PublicKey> = Vec::with_capacity(self.signatures.len());
        for signed in &self.signatures {
            if keys.contains(&signed.key)
                || !signed.key.verifies(expected, &self.payload.0, &signed.signature)
            {
                return Err(CentreRefusal::Signature);
            }
            keys.push(signed.key);
        }
        Ok(keys)
    }
}
