//! X25519 identities: the private halves that open age files.

use envelope::recipient::Recipient;
use rand_core::CryptoRngCore;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::refusal::SecretRefusal;

const SECRET_KEY_PREFIX: bech32::Hrp = bech32::Hrp::parse_unchecked("age-secret-key-");

/// An X25519 identity with its recipient. The key inside is wiped when dropped.
#[derive(Clone)]
pub struct Identity {
    age: age::x25519::Identity,
    recipient: Recipient,
}

impl Identity {
    /// A new identity of 32 bytes of `rng`.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for a working generator; the signature keeps the library free of panics.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Result<Self, SecretRefusal> {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *secret);
        Self::from_secret_bytes(&secret)
    }

    /// The identity of 32 secret bytes, as a derivation gives them.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for 32 bytes; the signature keeps the library free of panics.
    pub fn from_secret_bytes(secret: &[u8; 32]) -> Result<Self, SecretRefusal> {
        let mut text = Zeroizing::new(
            bech32::encode::<bech32::Bech32>(SECRET_KEY_PREFIX, secret)
                .map_err(|_| SecretRefusal::Malformed)?,
        );
        text.make_ascii_uppercase();
        Self::parse(&text)
    }

    /// Reads an `AGE-SECRET-KEY-1…` string.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, SecretRefusal> {
        let age: age::x25519::Identity = text.trim().parse().map_err(|_| SecretRefusal::Malformed)?;
        let recipient =
            Recipient::parse(&age.to_public().to_string()).map_err(|_| SecretRefusal::Malformed)?;
        Ok(Self { age, recipient })
    }

    /// The public half.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The `AGE-SECRET-KEY-1…` string, wiped when dropped.
    #[must_use]
    pub fn to_secret_string(&self) -> SecretString {
        self.age.to_string()
    }

    pub(crate) fn age(&self) -> &age::x25519::Identity {
        &self.age
    }
}
