//! Whether somebody knows a passphrase (protocol sections 6 and 12.5): a signature over the challenge, by the key that it gives.

use envelope::mailbox::{Nonce, sign_in_payload};
use envelope::signature::{PublicKey, Signature, SignedType};

use super::model::Slot;

/// The Ed25519 base point. Nobody knows its secret: a signature for an unknown account is verified against it, and fails, in the
/// same time as one for a known account.
const NOBODYS_KEY: [u8; 32] = [
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
];

/// Whether the passphrase of a slot signed the challenge; for no slot, after the same work, never.
pub(super) fn is_signed(slot: Option<&Slot>, nonce: &Nonce, account: &str, signature: &Signature) -> bool {
    let known: Option<[u8; 32]> = slot.and_then(|slot| slot.login_key.as_slice().try_into().ok());
    let payload = sign_in_payload(nonce, account);
    let key = PublicKey::from_bytes(&known.unwrap_or(NOBODYS_KEY));
    key.is_ok_and(|key| key.verifies(SignedType::SignIn, &payload, signature)) && known.is_some()
}
