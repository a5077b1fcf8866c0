//! The unlocked identity between two pages (protocol sections 6 and 12.5): ciphertext in the tab's session storage, its 32-byte
//! key only in the server's memory. Neither half opens anything alone, and sign-out deletes both.

use crate::age_file;
use crate::identity::Identity;
use crate::kdf::Derived;
use crate::operator::OperatorIdentity;
use crate::refusal::{OpenRefusal, SealRefusal};

/// Bytes of a session key.
pub const KEY_LENGTH: usize = 32;

/// Seals the identity under a session key.
///
/// # Errors
/// [`SealRefusal::Internal`].
pub fn seal(operator: &OperatorIdentity, key: &[u8; KEY_LENGTH]) -> Result<Vec<u8>, SealRefusal> {
    let session = identity(key).ok_or(SealRefusal::Internal)?;
    age_file::seal(session.recipient(), operator.to_file().as_bytes())
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`OpenRefusal::Key`] for another session's, [`OpenRefusal::Malformed`], [`OpenRefusal::Suite`].
pub fn open(sealed: &[u8], key: &[u8; KEY_LENGTH]) -> Result<OperatorIdentity, OpenRefusal> {
    let session = identity(key).ok_or(OpenRefusal::Key)?;
    OperatorIdentity::parse_file(&age_file::open(&session, sealed)?)
}

fn identity(key: &[u8; KEY_LENGTH]) -> Option<Identity> {
    let secret = Derived::from_random(key).expand("session").ok()?;
    Identity::from_secret_bytes(&secret).ok()
}
