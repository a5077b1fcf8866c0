//! An operator's identity (protocol section 4): born on her device, at rest only inside slots (section 6).

use envelope::recipient::Recipient;
use envelope::signature::PublicKey;
use rand_core::CryptoRngCore;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::identity::Identity;
use crate::refusal::{OpenRefusal, SecretRefusal};
use crate::signing::SigningKey;

const FIRST_LINE: &str = "# approdo operator v1";

/// X25519 to open epoch keys, Ed25519 to sign answers and statements. Wiped when dropped.
#[derive(Clone)]
pub struct OperatorIdentity {
    identity: Identity,
    signing: SigningKey,
}

impl OperatorIdentity {
    /// A new identity.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for a working generator.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Result<Self, SecretRefusal> {
        Ok(Self { identity: Identity::generate(rng)?, signing: SigningKey::generate(rng)? })
    }

    /// What epoch keys are sealed to.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        self.identity.recipient()
    }

    /// What answers and statements verify under.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.signing.public()
    }

    /// The X25519 half.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The Ed25519 half.
    #[must_use]
    pub fn signing_key(&self) -> &SigningKey {
        &self.signing
    }

    /// The plaintext of a slot (section 12.5): an age identity file that the stock `rage -i` takes as it is.
    #[must_use]
    pub fn to_file(&self) -> Zeroizing<String> {
        let secret = self.identity.to_secret_string();
        // Room for everything at once: a string that grows would leave copies of the secret behind.
        let mut text = Zeroizing::new(String::with_capacity(256));
        for part in [FIRST_LINE, "\n# ", &self.signing.seed_base64(), "\n", secret.expose_secret(), "\n"] {
            text.push_str(part);
        }
        text
    }

    /// Reads the plaintext of a slot.
    ///
    /// # Errors
    /// [`OpenRefusal::Malformed`] for anything else.
    pub fn parse_file(file: &[u8]) -> Result<Self, OpenRefusal> {
        let text = core::str::from_utf8(file).map_err(|_| OpenRefusal::Malformed)?;
        let mut lines = text.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(OpenRefusal::Malformed);
        }
        let seed = lines.next().and_then(|line| line.strip_prefix("# ")).ok_or(OpenRefusal::Malformed)?;
        let secret = lines.next().ok_or(OpenRefusal::Malformed)?;
        if lines.next().is_some() {
            return Err(OpenRefusal::Malformed);
        }
        Ok(Self {
            identity: Identity::parse(secret).map_err(|_| OpenRefusal::Malformed)?,
            signing: SigningKey::parse_seed(seed).map_err(|_| OpenRefusal::Malformed)?,
        })
    }
}
