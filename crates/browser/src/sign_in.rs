//! Signing in: a passphrase becomes a signature and opens a slot; neither it nor a key derived from it leaves (protocol sections 6, 12.5).

use envelope::encoding::from_base64;
use envelope::mailbox::Nonce;
use keyring::passphrase::Passphrase;
use keyring::slot::SlotKeys;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::operator::Operator;
use crate::refusal::Refused;

/// The keys derived from one passphrase and the account's salt.
#[wasm_bindgen]
pub struct SignIn {
    keys: SlotKeys,
}

#[wasm_bindgen]
impl SignIn {
    /// Derives with Argon2id over 64 MiB. `salt` is base64 of 16 bytes.
    ///
    /// # Errors
    /// `sign-in` for a passphrase that cannot be one, `malformed` for a salt of another length.
    #[wasm_bindgen(constructor)]
    pub fn new(passphrase: &str, salt: &str) -> Result<Self, Refused> {
        let passphrase = Passphrase::parse(passphrase).map_err(|_| Refused::SIGN_IN)?;
        Ok(Self { keys: SlotKeys::derive(&passphrase, &from_base64(salt)?)? })
    }

    /// The signature over the server's challenge and the account's name, in base64.
    ///
    /// # Errors
    /// `malformed` nonce.
    pub fn sign(&self, nonce: &str, account: &str) -> Result<String, Refused> {
        let nonce = Nonce::from_slice(&from_base64(nonce)?)?;
        Ok(envelope::encoding::to_base64(self.keys.sign_in(&nonce, account).as_bytes()))
    }

    /// Opens the slot (base64) that the server gave for the signature.
    ///
    /// # Errors
    /// `slot` when it does not open with this passphrase, `malformed`.
    pub fn unlock(&self, slot: &str) -> Result<Operator, Refused> {
        let identity = self.keys.open(&from_base64(slot)?).map_err(|_| Refused::SLOT)?;
        Ok(Operator::of(identity))
    }
}
