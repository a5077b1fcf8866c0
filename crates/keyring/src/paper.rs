//! The paper identity of a centre's channel (protocol sections 4 and 6): printed and locked away, the way back when every
//! passphrase is lost. An ordinary age identity file, usable with the stock command.

use envelope::recipient::Recipient;
use rand_core::CryptoRngCore;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::identity::Identity;
use crate::refusal::SecretRefusal;

const FIRST_LINE: &str = "# approdo paper v1";

/// A paper identity. Wiped when dropped.
#[derive(Clone)]
pub struct PaperIdentity(Identity);

impl PaperIdentity {
    /// A new one.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for a working generator.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Result<Self, SecretRefusal> {
        Identity::generate(rng).map(Self)
    }

    /// The public half, for the certificate.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        self.0.recipient()
    }

    /// The identity itself.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0
    }

    /// The identity file.
    #[must_use]
    pub fn to_file(&self) -> Zeroizing<String> {
        let secret = self.0.to_secret_string();
        let mut text = Zeroizing::new(String::with_capacity(128));
        for part in [FIRST_LINE, "\n", secret.expose_secret(), "\n"] {
            text.push_str(part);
        }
        text
    }

    /// Reads an identity file; comments and empty lines may be missing, as on paper.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] unless exactly one secret key is there.
    pub fn parse(text: &str) -> Result<Self, SecretRefusal> {
        let mut secrets =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let secret = secrets.next().ok_or(SecretRefusal::Malformed)?;
        if secrets.next().is_some() {
            return Err(SecretRefusal::Malformed);
        }
        Identity::parse(secret).map(Self)
    }
}
