//! Ed25519 signing keys (protocol section 12.1).

use ed25519_dalek::Signer;
use envelope::encoding::from_base64;
use envelope::signature::{PublicKey, Signature, SignedType, signed_bytes};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::refusal::SecretRefusal;

/// An Ed25519 signing key with its public half; wiped when dropped.
#[derive(Clone)]
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// A new key of 32 bytes of `rng`.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for a working generator; the signature keeps the library free of panics.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Result<Self, SecretRefusal> {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_seed(&seed)
    }

    /// The key of a seed of 32 bytes.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for a seed; the signature keeps the library free of panics.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SecretRefusal> {
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let public =
            PublicKey::from_bytes(key.verifying_key().as_bytes()).map_err(|_| SecretRefusal::Malformed)?;
        Ok(Self { key, public })
    }

    /// Reads a seed in base64.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] for anything but 32 bytes.
    pub fn parse_seed(text: &str) -> Result<Self, SecretRefusal> {
        let bytes = Zeroizing::new(from_base64(text.trim()).map_err(|_| SecretRefusal::Malformed)?);
        let seed =
            Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| SecretRefusal::Malformed)?);
        Self::from_seed(&seed)
    }

    /// The seed in base64, wiped when dropped.
    #[must_use]
    pub fn seed_base64(&self) -> Zeroizing<String> {
        Zeroizing::new(envelope::encoding::to_base64(Zeroizing::new(self.key.to_bytes()).as_slice()))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs `payload` for one purpose.
    #[must_use]
    pub fn sign(&self, signed_type: SignedType, payload: &[u8]) -> Signature {
        Signature::from_bytes(self.key.sign(&signed_bytes(signed_type, payload)).to_bytes())
    }
}
