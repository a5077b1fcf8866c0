//! The passphrase slot (protocol sections 6 and 12.5): the operator's identity sealed to what the passphrase gives, and the key
//! that answers the sign-in challenge. The server sees neither the passphrase nor anything it could test guesses against fast.

use envelope::encoding::Base64;
use envelope::mailbox::{Nonce, sign_in_payload};
use envelope::publication::SlotRecord;
use envelope::signature::{PublicKey, Signature, SignedType};
use rand_core::CryptoRngCore;

use crate::age_file;
use crate::identity::Identity;
use crate::kdf::{Cost, Derived};
use crate::operator::OperatorIdentity;
use crate::passphrase::Passphrase;
use crate::refusal::{OpenRefusal, SealRefusal, SecretRefusal};
use crate::signing::SigningKey;

/// What a passphrase and an account's salt give. Wiped when dropped.
pub struct SlotKeys {
    identity: Identity,
    login: SigningKey,
}

impl SlotKeys {
    /// Derives the keys: Argon2id with 64 MiB and three passes.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] for a salt of another length than 16 bytes, [`SecretRefusal::Memory`].
    pub fn derive(passphrase: &Passphrase, salt: &[u8]) -> Result<Self, SecretRefusal> {
        let salt: &[u8; 16] = salt.try_into().map_err(|_| SecretRefusal::Malformed)?;
        let derived = Derived::stretch(Cost::PRODUCTION, passphrase.as_str().as_bytes(), salt)?;
        Ok(Self {
            identity: Identity::from_secret_bytes(&*derived.expand("slot-x25519")?)?,
            login: SigningKey::from_seed(&*derived.expand("sign-in-ed25519")?)?,
        })
    }

    /// What the server verifies sign-ins with.
    #[must_use]
    pub fn login_key(&self) -> PublicKey {
        self.login.public()
    }

    /// The answer to the sign-in challenge.
    #[must_use]
    pub fn sign_in(&self, nonce: &Nonce, account: &str) -> Signature {
        self.login.sign(SignedType::SignIn, &sign_in_payload(nonce, account))
    }

    /// Seals an identity into a slot.
    ///
    /// # Errors
    /// [`SealRefusal::Internal`].
    pub fn seal(&self, operator: &OperatorIdentity) -> Result<Vec<u8>, SealRefusal> {
        age_file::seal(self.identity.recipient(), operator.to_file().as_bytes())
    }

    /// Opens a slot.
    ///
    /// # Errors
    /// [`OpenRefusal::Key`] for another passphrase's slot, [`OpenRefusal::Malformed`], [`OpenRefusal::Suite`].
    pub fn open(&self, blob: &[u8]) -> Result<OperatorIdentity, OpenRefusal> {
        OperatorIdentity::parse_file(&age_file::open(&self.identity, blob)?)
    }
}

/// Makes the slot of a new account: a salt of 16 bytes of `rng`, the login key, and the sealed identity.
///
/// # Errors
/// [`SealRefusal::Internal`] when the device has no 64 MiB.
pub fn create(
    passphrase: &Passphrase,
    operator: &OperatorIdentity,
    rng: &mut impl CryptoRngCore,
) -> Result<SlotRecord, SealRefusal> {
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let keys = SlotKeys::derive(passphrase, &salt).map_err(|_| SealRefusal::Internal)?;
    let blob = keys.seal(operator)?;
    Ok(SlotRecord { salt: Base64(salt.to_vec()), login_key: keys.login_key(), blob: Base64(blob) })
}
